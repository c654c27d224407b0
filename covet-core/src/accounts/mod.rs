//! Accounts: who may sign in, by user name or e-mail address.
//!
//! Against: two accounts that look like one, and a profile page that prints a password hash. The rule: a name belongs to
//! one account however it is written (RFC 8266), decided by the database; and secrets of an account are sealed or hashed before they
//! come here, and never shown.
//!
//! An application with its own users implements [`Accounts`]; the others use `SqlAccounts`:
//!
//! ```
//! # #[cfg(feature = "sqlite")] {
//! use covet_core::accounts::{Accounts, AccountsError, Email, NewAccount, SqlAccounts, Username};
//! use covet_core::password::PasswordHash;
//! use covet_core::time::Timestamp;
//!
//! # async fn example(pool: sqlx::SqlitePool, hash: PasswordHash, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! let accounts = SqlAccounts::new(pool);
//! let new = NewAccount {
//!     username: Username::new("ada")?,
//!     email: Some(Email::new("ada@example.com")?),
//!     password_hash: hash,
//!     roles: vec!["member".into()],
//! };
//! match accounts.create(new, now).await {
//!     Ok(account) => println!("welcome, {}", account.username),
//!     Err(AccountsError::UsernameTaken) => println!("choose another name"),
//!     Err(error) => return Err(error.into()),
//! }
//! assert!(accounts.find("ADA@example.com").await?.is_some());
//! # Ok(())
//! # }
//! # }
//! ```

mod name;
#[cfg(feature = "sql")]
mod sql;

use std::fmt;

use async_trait::async_trait;

pub use self::name::{Email, NameError, Username, login_key};
#[cfg(feature = "sql")]
pub use self::sql::SqlAccounts;
use crate::account::AccountId;
use crate::password::PasswordHash;
use crate::random::RandomError;
use crate::time::Timestamp;

/// An account as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The user name as it was typed.
    pub username: String,
    /// The e-mail address as it was typed.
    pub email: Option<String>,
    /// Names of roles in the policy; one that the policy does not know grants nothing.
    pub roles: Vec<String>,
    /// The hash of the password.
    pub password_hash: PasswordHash,
    /// The second factor.
    pub totp: Option<SealedTotp>,
    /// Whether signing in is refused, and every session of the account with it.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Account {
    /// Whether a second factor is asked for.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.confirmed)
    }
}

/// A TOTP secret as it is kept: sealed by [`Secret::seal`](crate::mfa::Secret::seal).
#[derive(Clone, PartialEq, Eq)]
pub struct SealedTotp {
    /// The sealed secret.
    pub sealed: String,
    /// Whether the user has shown a code of it. Before that it is not asked for.
    pub confirmed: bool,
}

impl fmt::Debug for SealedTotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTotp").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

/// An account to be created.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The user name; belongs to one account.
    pub username: Username,
    /// The e-mail address, if there is one; belongs to one account.
    pub email: Option<Email>,
    /// The hash of the password.
    pub password_hash: PasswordHash,
    /// Names of roles in the policy.
    pub roles: Vec<String>,
}

/// Accounts did not answer, or refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// Another account has the user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// Another account has the e-mail address. Telling a stranger so tells that the account exists.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// No account has the id.
    #[error("there is no account with the id `{0}`")]
    Unknown(AccountId),
    /// No id could be drawn.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Where the accounts are kept failed.
    #[error("the accounts are not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where accounts are kept. An account that is disabled is found all the same; refusing it is the caller's.
#[async_trait]
pub trait Accounts: Send + Sync + fmt::Debug {
    /// The account with this user name or, if there is an `@` in it, e-mail address, however it is
    /// written ([`login_key`]).
    async fn find(&self, login: &str) -> Result<Option<Account>, AccountsError>;

    /// The account with this id.
    async fn get(&self, id: &AccountId) -> Result<Option<Account>, AccountsError>;

    /// Creates an account. Of several at once with one name, one succeeds: [`AccountsError::UsernameTaken`] or
    /// [`AccountsError::EmailTaken`] for the others.
    async fn create(&self, new: NewAccount, now: Timestamp) -> Result<Account, AccountsError>;

    /// Replaces the password hash if it is still `expected`, and says whether it was. So a rehash at sign-in never
    /// undoes a change of the password at the same moment.
    async fn set_password_hash(
        &self,
        id: &AccountId,
        expected: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, AccountsError>;

    /// Replaces the second factor, or removes it, if it is still `expected`, and says whether it was. So an enrolment
    /// that is begun anew never undoes one that is confirmed at the same moment.
    async fn set_totp(
        &self,
        id: &AccountId,
        expected: Option<&SealedTotp>,
        new: Option<SealedTotp>,
    ) -> Result<bool, AccountsError>;

    /// Replaces the roles.
    async fn set_roles(&self, id: &AccountId, roles: &[String]) -> Result<(), AccountsError>;

    /// Disables or enables signing in. Ending the sessions is the caller's.
    async fn set_disabled(&self, id: &AccountId, disabled: bool) -> Result<(), AccountsError>;

    /// A page of all accounts in the order of their user names.
    async fn list(&self, limit: u32, offset: u32) -> Result<Vec<Account>, AccountsError>;

    /// How many accounts there are.
    async fn count(&self) -> Result<u64, AccountsError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_an_account_tells_no_secret() {
        let account = Account {
            id: AccountId::from("7".to_owned()),
            username: "ada".into(),
            email: None,
            roles: vec![],
            password_hash: PasswordHash::from("$argon2id$secret".to_owned()),
            totp: Some(SealedTotp { sealed: "v1.secret".into(), confirmed: true }),
            disabled: false,
            created_at: Timestamp::from_millis(0),
        };
        let text = format!("{account:?}");
        assert!(text.contains("ada") && text.contains("confirmed") && !text.contains("secret"), "{text}");
    }
}
