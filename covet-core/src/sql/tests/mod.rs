//! A corpus of good statements, a table of bad ones, and properties of any text.

mod bad;
mod dynamic;
mod good;
mod properties;
mod reference;
