//! What one route demands: names of the policy, as its attributes say them.
//!
//! The macros write it as a constant beside the route; the engine resolves its names against the policy once, at
//! ignition, so that a request meets numbers.

use crate::rate_limit::Cost;

/// What one route demands.
#[derive(Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The route, by module and name: `vault::pages::login`.
    pub route: &'static str,
    /// The rate limits; all of them are charged.
    pub limits: &'static [Charge],
    /// Who may call it.
    pub access: Access,
}

/// A rate limit that a route charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Its name in `[rate_limits]`.
    pub limit: &'static str,
    /// How much one request counts, if not what the policy says.
    pub cost: Option<Cost>,
}

/// Who may call a route.
#[derive(Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// Whoever is signed in, and satisfies all of this.
    User {
        /// Whether a second factor must have been verified.
        mfa: Mfa,
        /// Names of `[roles]`, each of which one must hold, itself or a role that inherits it.
        roles: &'static [&'static str],
        /// Permissions, each clause of which one must hold.
        permissions: &'static [Clause],
    },
}

/// Whether a second factor must have been verified in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mfa {
    /// It need not.
    NotRequired,
    /// At any time in it.
    Required,
    /// Within so many seconds (step-up, RFC 9470).
    Within(u64),
}

/// Permissions of which one must be held.
#[derive(Debug, PartialEq, Eq)]
pub struct Clause(pub &'static [&'static str]);
