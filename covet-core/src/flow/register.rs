//! Making an account.

use super::Failure;
use crate::accounts::{Account, AccountsError, Email, NameError, NewAccount, Username};
use crate::audit::{Event, Kind};
use crate::engine::{Engine, Facts};
use crate::password::{Fault, Password};
use crate::time::Timestamp;

/// What somebody who registers has typed.
#[derive(Debug)]
pub struct Registration<'a> {
    /// The user name.
    pub username: &'a str,
    /// The e-mail address, if one is asked for.
    pub email: Option<&'a str>,
    /// The password.
    pub password: Password,
    /// The roles that the application gives: names of `[roles]`.
    pub roles: &'a [&'a str],
}

/// An account that was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name or the address is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another account has the name or the address.
    #[error("this user name or e-mail address is taken")]
    Taken,
    /// The password is not acceptable; everything that is wrong with it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Password(Vec<Fault>),
    /// The policy has no role of that name.
    #[error("the policy has no role `{0}`")]
    UnknownRole(String),
    /// It could not be found out.
    #[error("registering is not possible just now")]
    Failed(#[from] Failure),
}

impl Engine {
    /// Makes an account; it is not signed in by that.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] says what is wrong with what was typed, or what failed.
    pub async fn register(
        &self,
        registration: Registration<'_>,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Account, RegisterError> {
        let username = Username::new(registration.username)?;
        let email = registration.email.map(Email::new).transpose()?;
        if let Some(role) = registration.roles.iter().find(|role| !self.policy().roles.contains_key(**role)) {
            return Err(RegisterError::UnknownRole((*role).to_owned()));
        }
        let context: Vec<&str> =
            [Some(username.as_str()), email.as_ref().map(Email::as_str)].into_iter().flatten().collect();
        let review = self.review_password(&registration.password, &context, false).await?;
        review.into_result().map_err(RegisterError::Password)?;
        let password_hash = self.hasher().hash(registration.password).await.map_err(Failure::from)?;
        let roles = registration.roles.iter().map(|&role| role.to_owned()).collect();
        let account = match self.accounts().create(NewAccount { username, email, password_hash, roles }, now).await {
            Ok(account) => account,
            Err(AccountsError::UsernameTaken | AccountsError::EmailTaken) => return Err(RegisterError::Taken),
            Err(error) => return Err(Failure::from(error).into()),
        };
        self.tell(Event::new(Kind::AuthnRegister, now).account(Some(&account.id)).ip(facts.client)).await;
        Ok(account)
    }
}
