//! The texts, and their meaning on each database.

mod properties;
mod schema;
mod texts;
