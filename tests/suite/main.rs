//! Covet as an application sees it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

mod addresses;
mod attributes;
mod audit;
mod changes;
mod choices;
mod enforcement;
#[cfg(feature = "redis")]
mod faults;
mod filters;
mod launch;
mod light_macros;
mod limits;
mod lockout;
#[cfg(feature = "redis")]
mod redis;
mod reference;
mod second_factor;
mod sessions;
mod sign_in;
mod sql_classes;
mod support;
