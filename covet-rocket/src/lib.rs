//! Covet on Rocket: the fairing, the guards, the catchers. It translates between HTTP and `covet-core`, and decides
//! nothing; use it through the crate `covet`.

mod auth;
mod backend;
mod catch;
#[doc(hidden)]
pub mod choice;
#[cfg(feature = "sql")]
mod db;
mod debug_key;
mod fairing;
mod guard;
mod ignite;
mod json;
mod limit_fields;
mod limiter;
mod lockout;
mod page;
mod password;
mod principal;
mod problem;
mod ready;
mod return_to;
mod settings;
mod slot;

pub use self::auth::{Auth, NewAccount, SignedIn, Stage};
pub use self::choice::Direction;
#[cfg(feature = "sql")]
pub use self::db::{Db, Migration};
pub use self::fairing::Covet;
pub use self::guard::{Covered, Denied, Guard, route};
pub use self::json::{Json, Unreadable};
pub use self::limiter::{Limit, Limiter};
pub use self::lockout::{Attempt, Lockout};
pub use self::password::Password;
pub use self::principal::{Permission, Session, User};
pub use self::problem::Problem;
pub use self::return_to::ReturnTo;
pub use self::settings::{Settings, SettingsError};
