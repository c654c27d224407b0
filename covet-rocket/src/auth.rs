//! The guard through which a handler signs people in and out: the flows of `covet-core`, with their cookies.

use covet_core::account::AccountId;
use covet_core::accounts::Account;
use covet_core::engine::{Facts, Grant};
use covet_core::flow::{
    ChangePasswordError, Failure, Guesses, Issued, RegisterError, Registration, SecondFactorError, SessionInfo, SignIn,
    SignInError,
};
use covet_core::lockout::DeviceCookie;
use covet_core::mfa::Enrollment;
use covet_core::password::Review;
use covet_core::session::{self, SameSite};
use rocket::http::{Cookie, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Request, Sentinel};

use crate::guard::Denied;
use crate::password::Password;
use crate::ready::Ready;
use crate::slot::Slot;

/// What somebody who registers has typed.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The user name.
    pub username: &'a str,
    /// The e-mail address; empty for none.
    pub email: &'a str,
    /// The password.
    pub password: Password,
    /// Names of `[roles]`.
    pub roles: &'a [&'a str],
}

/// What a right password leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// Signed in.
    Done,
    /// The second factor is awaited: send them to its page.
    SecondFactor,
}

/// How far whoever calls is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not at all.
    Anonymous,
    /// The password was right, the second factor is awaited.
    PendingMfa,
    /// Signed in.
    SignedIn,
}

/// Signs people in and out. As a guard it admits everyone; the route's attributes say who may call.
#[derive(Debug)]
pub struct Auth<'r> {
    request: &'r Request<'r>,
    ready: &'r Ready,
    facts: Facts,
    guesses: Option<Guesses>,
}

impl Auth<'_> {
    /// How far whoever calls is signed in.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match Slot::of(self.request).grant().and_then(|grant| grant.session).map(|record| record.stage) {
            None => Stage::Anonymous,
            Some(session::Stage::PendingMfa) => Stage::PendingMfa,
            Some(session::Stage::Full) => Stage::SignedIn,
        }
    }

    /// Whether whoever calls has a second factor.
    #[must_use]
    pub fn second_factor_enrolled(&self) -> bool {
        Slot::of(self.request).grant().and_then(|grant| grant.session).is_some_and(|record| record.mfa_enrolled)
    }

    /// What whoever has just signed in by this guard should be told: that so many wrong passwords and codes came since
    /// they last did. If those were not theirs, they had better change their password.
    #[must_use]
    pub const fn guesses(&self) -> Option<Guesses> {
        self.guesses
    }

    /// Makes an account; it is not signed in by that.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] says what is wrong with what was typed, or what failed.
    pub async fn register(&self, new: NewAccount<'_>) -> Result<AccountId, RegisterError> {
        let email = Some(new.email).filter(|email| !email.is_empty());
        let registration =
            Registration { username: new.username, email, password: new.password.into_core(), roles: new.roles };
        Ok(self.ready.engine.register(registration, &self.facts, self.ready.engine.now()).await?.id)
    }

    /// How many accounts there are.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts do not answer.
    pub async fn count_accounts(&self) -> Result<u64, Failure> {
        Ok(self.ready.engine.accounts().count().await?)
    }

    /// Signs in with a name and a password, and gives the browser its session.
    ///
    /// # Errors
    ///
    /// [`SignInError::Refused`] for whatever was not right, or what failed.
    pub async fn sign_in(&mut self, login: &str, password: Password) -> Result<SignedIn, SignInError> {
        let signed_in =
            self.ready.engine.sign_in(login, password.into_core(), &self.facts, self.ready.engine.now()).await?;
        let (issued, next) = match signed_in {
            SignIn::Done(issued) => (issued, SignedIn::Done),
            SignIn::SecondFactor(issued) => (issued, SignedIn::SecondFactor),
        };
        self.give(issued);
        Ok(next)
    }

    /// Begins the enrolment of an authenticator application.
    ///
    /// # Errors
    ///
    /// [`SecondFactorError`] says why not.
    pub async fn enroll_totp(&self) -> Result<Enrollment, SecondFactorError> {
        self.ready.engine.enroll_totp(&self.facts, self.ready.engine.now()).await
    }

    /// Ends the enrolment with a first code.
    ///
    /// # Errors
    ///
    /// [`SecondFactorError`] says why not.
    pub async fn confirm_totp(&mut self, code: &str) -> Result<(), SecondFactorError> {
        let issued = self.ready.engine.confirm_totp(code, &self.facts, self.ready.engine.now()).await?;
        self.give(issued);
        Ok(())
    }

    /// Proves the second factor: ends a sign-in that awaits it, or makes the session fresh.
    ///
    /// # Errors
    ///
    /// [`SecondFactorError`] says why not.
    pub async fn verify_totp(&mut self, code: &str) -> Result<(), SecondFactorError> {
        let issued = self.ready.engine.verify_totp(code, &self.facts, self.ready.engine.now()).await?;
        self.give(issued);
        Ok(())
    }

    /// What is to be said of a new password of somebody who is called by these names: for a page that helps to choose.
    /// It takes some milliseconds, so whoever asks it at will should be limited.
    ///
    /// # Errors
    ///
    /// [`Failure`] when too many are being judged.
    pub async fn review_password(&self, password: Password, names: &[&str]) -> Result<Review, Failure> {
        let second_factor = self.second_factor_enrolled();
        self.ready.engine.review_password(&password.into_core(), names, second_factor).await
    }

    /// Changes the password; all other sessions of the account end.
    ///
    /// # Errors
    ///
    /// [`ChangePasswordError`] says why not.
    pub async fn change_password(&mut self, current: Password, new: Password) -> Result<(), ChangePasswordError> {
        let issued = self
            .ready
            .engine
            .change_password(current.into_core(), new.into_core(), &self.facts, self.ready.engine.now())
            .await?;
        self.give(issued);
        Ok(())
    }

    /// Ends this session.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails; the session may then still be live.
    pub async fn sign_out(&mut self) -> Result<(), Failure> {
        self.ready.engine.sign_out(&self.facts, self.ready.engine.now()).await?;
        self.take();
        Ok(())
    }

    /// Ends all sessions of whoever calls; says how many.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails; some may then still be live.
    pub async fn sign_out_everywhere(&mut self) -> Result<usize, Failure> {
        let ended = self.ready.engine.sign_out_everywhere(&self.facts, self.ready.engine.now()).await?;
        self.take();
        Ok(ended)
    }

    /// The sessions of whoever calls.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, Failure> {
        self.ready.engine.sessions(&self.facts, self.ready.engine.now()).await
    }

    /// Ends one session of whoever calls, by its handle; false if there is none.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the store fails.
    pub async fn revoke(&self, handle: &str) -> Result<bool, Failure> {
        self.ready.engine.revoke(handle, &self.facts, self.ready.engine.now()).await
    }

    /// The first accounts in the order of their names, for pages of administrators.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts do not answer.
    pub async fn accounts(&self, limit: u32) -> Result<Vec<Account>, Failure> {
        Ok(self.ready.engine.accounts().list(limit, 0).await?)
    }

    /// Gives an account other roles, names of `[roles]`; its sessions have them from their next request on.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts or the store fail.
    pub async fn set_roles(&self, account: &AccountId, roles: &[&str]) -> Result<(), Failure> {
        let roles: Vec<_> = roles.iter().map(|&role| role.to_owned()).collect();
        self.ready.engine.set_roles(account, &roles, self.ready.engine.now()).await
    }

    /// Disables an account and ends its sessions; says how many.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the accounts or the store fail.
    pub async fn disable(&self, account: &AccountId) -> Result<usize, Failure> {
        self.ready.engine.disable(account, self.ready.engine.now()).await
    }

    /// The last audit events, the latest first, for pages of administrators.
    ///
    /// # Errors
    ///
    /// [`covet_core::audit::SinkError`] when the database fails.
    #[cfg(feature = "sql")]
    pub async fn recent_events(
        &self,
        limit: u32,
    ) -> Result<Vec<covet_core::audit::StoredEvent>, covet_core::audit::SinkError> {
        match &self.ready.events {
            Some(events) => events.recent(limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// Gives the browser a session.
    fn give(&mut self, issued: Issued) {
        let mut cookie = self.cookie(&self.ready.cookie);
        cookie.set_value(issued.cookie.expose().to_owned());
        self.request.cookies().add(cookie);
        if let Some(device) = &issued.device {
            let mut cookie = self.cookie(&self.ready.device_cookie);
            cookie.set_value(device.expose().to_owned());
            let lifetime = self.ready.engine.policy().lockout.known_device.duration();
            cookie.set_max_age(rocket::time::Duration::try_from(lifetime).ok());
            self.request.cookies().add(cookie);
        }
        self.guesses = issued.guesses;
        self.facts.session = Some(issued.presented());
        Slot::of(self.request).set_facts(self.facts.clone(), Grant { session: Some(issued.record) });
    }

    /// Takes the session from the browser.
    fn take(&mut self) {
        self.request.cookies().remove(self.cookie(&self.ready.cookie));
        self.facts.session = None;
        Slot::of(self.request).set_facts(self.facts.clone(), Grant { session: None });
    }

    /// A cookie without a value: `Secure`, `HttpOnly`, for the whole site and nobody else (RFC 6265bis section 4.1.3).
    fn cookie(&self, name: &str) -> Cookie<'static> {
        let same_site = match self.ready.engine.policy().sessions.cookie.same_site {
            SameSite::Lax => rocket::http::SameSite::Lax,
            SameSite::Strict => rocket::http::SameSite::Strict,
        };
        Cookie::build(name.to_owned()).path("/").secure(true).http_only(true).same_site(same_site).build()
    }
}

/// As much of a user agent as is kept.
const MAX_USER_AGENT_CHARS: usize = 200;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Auth<'r> {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        let (Some(ready), Some(mut facts)) = (Ready::of(request), Slot::of(request).facts()) else {
            return Outcome::Error((Status::ServiceUnavailable, Denied("the route is not guarded by covet")));
        };
        let user_agent = request.headers().get_one("user-agent");
        facts.user_agent =
            user_agent.map(|text| text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT_CHARS).collect());
        facts.device =
            request.cookies().get(&ready.device_cookie).and_then(|cookie| DeviceCookie::parse(cookie.value()));
        Outcome::Success(Self { request, ready, facts, guesses: None })
    }
}

impl Sentinel for Auth<'_> {
    fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
        rocket.state::<Ready>().is_none()
    }
}
