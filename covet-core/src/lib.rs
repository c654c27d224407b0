//! The policy, the pure checks and the engine of Covet; knows no web framework.
//!
//! Without features only what the macros need is built: the [`policy`], the [`requirement`] of a route and the [`sql`]
//! checker. The feature `runtime` adds the engine and everything it decides with.

pub mod audit;
pub mod http;
pub mod lockout;
pub mod mfa;
pub mod name;
pub mod network;
pub mod password;
pub mod policy;
pub mod rate_limit;
pub mod requirement;
pub mod session;
pub mod sql;
pub mod tables;
pub mod units;

#[cfg(feature = "runtime")]
pub mod account;
#[cfg(feature = "runtime")]
pub mod accounts;
#[cfg(feature = "runtime")]
pub mod causes;
#[cfg(feature = "runtime")]
pub mod denial;
#[cfg(feature = "runtime")]
pub mod engine;
#[cfg(feature = "runtime")]
pub mod flow;
#[cfg(feature = "runtime")]
pub mod keys;
#[cfg(feature = "runtime")]
mod metric;
#[cfg(feature = "sql")]
pub mod migrate;
#[cfg(feature = "sql")]
pub mod pool;
#[cfg(feature = "runtime")]
pub mod random;
#[cfg(feature = "runtime")]
pub mod store;
#[cfg(feature = "runtime")]
pub mod tag;
#[cfg(feature = "runtime")]
pub mod time;
#[cfg(feature = "runtime")]
mod window;
