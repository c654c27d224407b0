//! What stands outside of handlers needs no prelude, and is not misled by one of its own. (Rocket's attributes do.)
#![no_implicit_prelude]
#![expect(dead_code, unused_macros, reason = "they only have to be in the way")]

use super::meanings;

struct Some;
struct None;
struct Ok;
struct Err;
struct Option;
struct Clone;
struct Debug;
mod std {}
mod core {}
macro_rules! concat {
    () => {};
}
macro_rules! module_path {
    () => {};
}
macro_rules! include_bytes {
    () => {};
}
macro_rules! include_str {
    () => {};
}

::covet::policy!();

#[::core::prelude::v1::test]
fn generated_code_needs_no_prelude() {
    let routes = ::covet::routes![meanings::open, meanings::limited];
    ::std::assert_eq!(super::names(&routes), ["meanings::open", "meanings::limited"]);
    ::std::assert_eq!(policy::EMBEDDED.name, "security.toml");
    ::std::assert_eq!(<policy::limits::Writing as ::covet::Limit>::NAME, "writing");
    ::std::assert_eq!(<policy::permissions::ReadNotes as ::covet::Permission>::NAME, "read:notes");
}
