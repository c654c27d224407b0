//! The security of a [Rocket](rocket) application in one file, `security.toml`, with a compiler that checks the code
//! against it.
//!
//! # The tour
//!
//! `security.toml`, beside `Cargo.toml`, says what is allowed:
//!
//! ```toml
//! [application]
//! name = "Vault"
//!
//! [permissions]
//! "write:notes" = "Create, change and delete one's own notes"
//!
//! [roles.member]
//! permissions = ["write:notes"]
//!
//! [rate_limits.login]
//! limits = ["5/5m", "50/1d"]
//! ```
//!
//! Attributes above a route say which part of it applies. A name that is not in the file does not compile, nor does a
//! route without a policy:
//!
//! ```
//! use covet::{Auth, Covet, Json, Password, Problem, User, rate_limit, require_permission};
//! use rocket::serde::Deserialize;
//! use rocket::{get, post};
//!
//! covet::policy!(); // makes the module `policy`
//!
//! #[derive(Deserialize)]
//! #[serde(crate = "rocket::serde")]
//! struct Login {
//!     name: String,
//!     password: Password,
//! }
//!
//! #[rate_limit("login")]
//! #[post("/login", data = "<login>")]
//! async fn login(mut auth: Auth<'_>, login: Json<Login>) -> Result<(), Problem> {
//!     let Json(Login { name, password }) = login;
//!     auth.sign_in(&name, password).await?;
//!     Ok(())
//! }
//!
//! #[require_permission("write:notes")]
//! #[get("/notes/new")]
//! fn new_note(user: &User) -> String {
//!     format!("A new note by {}", user.name)
//! }
//!
//! # fn rocket() -> rocket::Rocket<rocket::Build> {
//! rocket::build()
//!     .attach(Covet::fairing(policy::EMBEDDED))
//!     .mount("/", covet::routes![login, new_note])
//! # }
//! ```
//!
//! The guard of a route runs before its path, query and body are read, in a fixed order, cheapest and least trusting
//! first: limits by address, the session, limits by user, the second factor, roles and permissions. A refusal is
//! `application/problem+json` for programs; for browsers it is a page, or the way to the sign-in page.
//!
//! SQL is written inline and bound, or does not compile: see [`safe_sql!`]; a search with many optional conditions on one
//! table is put together of the columns of the migrations: see [`schema!`].
//!
//! # At run time
//!
//! The compiled-in policy is the base. A `security.toml` found from the working directory upwards (or named by
//! `COVET_CONFIG`) and variables such as `COVET_SESSIONS__IDLE_TIMEOUT=15m` change its values, never its names.
//! Secrets and addresses come from the environment: `COVET_SECRET_KEY`, `COVET_DATABASE_URL` and, with the
//! feature `redis`, `COVET_REDIS_URL`, each also as a file that `…_FILE` names.
//!
//! Launch is refused, with the reason, when anything is wrong that can be known by then.

extern crate self as covet;

pub use covet_core::account::AccountId;
pub use covet_core::accounts::{Account, Accounts, NameError};
#[cfg(feature = "sqlite")]
pub use covet_core::audit::StoredEvent;
pub use covet_core::causes::Causes;
pub use covet_core::engine::LimitError;
pub use covet_core::flow::{
    ChangePasswordError, Failure, Failures, Guesses, LockoutError, LockoutStatus, RegisterError, SecondFactorError,
    SessionInfo, SignInError,
};
pub use covet_core::mfa::Enrollment;
#[doc(no_inline)]
pub use covet_core::password::Fault;
pub use covet_core::policy::Embedded;
pub use covet_core::sql::{LikePattern, validate_identifier};
pub use covet_core::time::Timestamp;
pub use covet_core::{store, time};
pub use covet_macros::{
    policy, public, rate_limit, require_auth, require_mfa, require_permission, require_role, routes, safe_sql, schema,
    trusted,
};
/// A guard through which a handler counts by what only it knows: by the address that a mail is sent to, or how much
/// somebody writes.
///
/// ```toml
/// [rate_limits.writing]
/// limits = ["1024/1h"]
/// scope = "key"
/// ```
///
/// ```
/// use covet::{Limiter, Problem, User, require_permission};
/// use rocket::post;
///
/// covet::policy!(); // makes a type of each limit by key
///
/// #[require_permission("write:notes")]
/// #[post("/notes", data = "<text>")]
/// async fn create(user: &User, limiter: Limiter<'_>, text: String) -> Result<String, Problem> {
///     let kibibytes = text.len().div_ceil(1024) as u32;
///     limiter.check::<policy::limits::Writing>(user.id.as_str(), kibibytes).await?;
///     Ok(format!("{kibibytes} KiB more"))
/// }
/// # let _ = covet::routes![create];
/// ```
pub use covet_rocket::Limiter;
/// A guard for credentials that a handler verifies itself: it counts each attempt before it is judged, and makes whoever
/// fails too often wait, by the rule of `[lockout]`. For administrators it also unlocks accounts.
///
/// ```
/// use covet::{Lockout, Problem, User, require_auth};
/// use rocket::http::Status;
/// use rocket::post;
///
/// # fn pin_is_right(_: &User, pin: &str) -> bool { pin == "1234" }
/// #[require_auth]
/// #[post("/safe", data = "<pin>")]
/// async fn open(user: &User, lockout: Lockout<'_>, pin: &str) -> Result<&'static str, Problem> {
///     let attempt = lockout.attempt("pin", user.id.as_str()).await?;
///     if !pin_is_right(user, pin) {
///         let wrong = Problem::new(Status::UnprocessableEntity, "wrong_pin", "This is not the PIN");
///         return Err(wrong.retry_after(attempt.retry_after()));
///     }
///     attempt.succeeded().await?;
///     Ok("open")
/// }
/// # covet::policy!();
/// # let _ = covet::routes![open];
/// ```
pub use covet_rocket::Lockout;
pub use covet_rocket::{
    Attempt, Auth, Covered, Covet, Denied, Direction, Json, Limit, NewAccount, Password, Permission, Problem, ReturnTo,
    Session, Settings, SettingsError, SignedIn, Stage, Unreadable, User,
};
#[cfg(feature = "sqlite")]
pub use covet_rocket::{Db, Migration};

/// What statements of [`safe_sql!`] take, and what they fail with.
pub mod sql {
    pub use covet_core::sql::filter;
    pub use covet_core::sql::statement::{Answer, Answers, Execute, Rows};
    pub use covet_core::sql::{
        BindError, Dialect, Identifier, Item, LikePattern, ListItem, Order, UnknownIdentifier, validate_identifier,
    };
}

/// What generated code names. Nothing here is for people.
#[doc(hidden)]
pub mod __private {
    pub use std::borrow::Cow;
    pub use std::clone::Clone;
    pub use std::convert::From;
    pub use std::default::Default;
    pub use std::fmt::{self, Display, Formatter};
    pub use std::option::Option;
    pub use std::primitive::{bool, f32, f64, i16, i32, i64, str, u8, u32, usize};
    pub use std::result::Result;
    pub use std::str::FromStr;
    pub use std::string::String;
    pub use std::vec::Vec;
    pub use std::{assert, concat, include_bytes, include_str, module_path, option_env};

    pub use covet_core;
    pub use covet_core::rate_limit::Cost;
    pub use covet_core::requirement::{Access, Charge, Clause, Mfa, Requirement};
    pub use covet_rocket::{Covered, Guard, choice, route};
    pub use rocket::{self, Route};
    pub use sqlx;
}
