//! `cargo covet`: what the compiler cannot see of a project's security.

pub mod breach;
pub mod cli;
pub mod report;
pub mod scan;
pub mod sql;
