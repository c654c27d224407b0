//! Nothing: the tests beside it are all of this package, which has a policy with tables of its own.
