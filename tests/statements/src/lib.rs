//! Nothing of its own: the tests are beside it.
