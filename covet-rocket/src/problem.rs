//! Problems as RFC 9457 writes them, for programs.

use covet_core::causes::Causes;
use covet_core::denial::Denial;
use covet_core::engine::LimitError;
use covet_core::flow::{ChangePasswordError, Failure, LockoutError, RegisterError, SecondFactorError, SignInError};
#[cfg(feature = "sql")]
use covet_core::sql::BindError;
use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};
use serde::Serialize;

/// A response of the type `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    violated: Vec<&'static str>,
    #[serde(skip)]
    challenge: Option<String>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem with a status, a stable name for programs, and a title for people.
    #[must_use]
    pub fn new(status: Status, code: &'static str, title: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: title.into(),
            status: status.code,
            detail: None,
            code,
            errors: Vec::new(),
            violated: Vec::new(),
            challenge: (status == Status::Unauthorized).then(|| "Session".to_owned()),
            retry_after: None,
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with everything that is wrong, a sentence each.
    #[must_use]
    pub fn errors(self, errors: impl IntoIterator<Item = String>) -> Self {
        Self { errors: errors.into_iter().collect(), ..self }
    }

    /// The same with how many seconds to wait before trying again, where that is known.
    #[must_use]
    pub fn retry_after(self, seconds: Option<u64>) -> Self {
        Self { retry_after: seconds, ..self }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::new(self.status)
    }
}

impl From<&Denial> for Problem {
    fn from(denial: &Denial) -> Self {
        let violated = match denial {
            Denial::RateLimited { limit, .. } => vec![*limit],
            _ => Vec::new(),
        };
        let problem = Self::new(Status::new(denial.status()), denial.code(), denial.title()).detail(denial.detail());
        Self {
            kind: denial.problem_type(),
            violated,
            challenge: denial.challenge(),
            retry_after: denial.retry_after(),
            ..problem
        }
    }
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Reached(seen) => Self::from(&Denial::RateLimited { limit: seen.name, answer: seen.answer }),
            error => {
                tracing::error!(error = %Causes(&error), "a limit could not be counted");
                Self::from(&Denial::Unavailable)
            }
        }
    }
}

impl From<LockoutError> for Problem {
    fn from(error: LockoutError) -> Self {
        match error {
            LockoutError::Failed(failure) => failure.into(),
            LockoutError::Locked { retry_after } => {
                Self::new(Status::TooManyRequests, "too_many_attempts", "Too many attempts")
                    .detail("Wait before you try again.")
                    .retry_after(Some(retry_after))
            }
            error => Self::new(Status::TooManyRequests, "too_many_attempts", error.to_string()),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        tracing::error!(error = %Causes(&failure), "a request could not be served");
        let problem = Self::from(&Denial::Unavailable);
        Self { retry_after: Some(failure.retry_after()), ..problem }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        let title = "The account was not made";
        match error {
            RegisterError::Failed(failure) => failure.into(),
            RegisterError::Taken => Self::new(Status::Conflict, "taken", title).detail(error.to_string()),
            RegisterError::Name(_) => {
                Self::new(Status::UnprocessableEntity, "invalid_name", title).detail(error.to_string())
            }
            RegisterError::Password(faults) => unacceptable(title, &faults),
            _ => Self::new(Status::UnprocessableEntity, "refused", title).detail(error.to_string()),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let problem = Self::new(Status::Unauthorized, "invalid_credentials", "Not signed in").detail(error.to_string());
        match error {
            SignInError::Failed(failure) => failure.into(),
            SignInError::Refused { retry_after } => problem.retry_after(retry_after),
            _ => problem,
        }
    }
}

impl From<SecondFactorError> for Problem {
    fn from(error: SecondFactorError) -> Self {
        let mut wait = None;
        let detail = error.to_string();
        let (status, code) = match error {
            SecondFactorError::Failed(failure) => return failure.into(),
            SecondFactorError::NotSignedIn => return Self::from(&Denial::Unauthenticated),
            SecondFactorError::NotEnrolled => (Status::Conflict, "not_enrolled"),
            SecondFactorError::AlreadyEnrolled => (Status::Conflict, "already_enrolled"),
            SecondFactorError::Refused { retry_after } => {
                wait = retry_after;
                (Status::UnprocessableEntity, "invalid_code")
            }
            _ => (Status::UnprocessableEntity, "invalid_code"),
        };
        Self::new(status, code, "The second factor was not accepted").detail(detail).retry_after(wait)
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        let title = "The password was not changed";
        let refused = Self::new(Status::UnprocessableEntity, "invalid_credentials", title).detail(error.to_string());
        match error {
            ChangePasswordError::Failed(failure) => failure.into(),
            ChangePasswordError::NotSignedIn => Self::from(&Denial::Unauthenticated),
            ChangePasswordError::Password(faults) => unacceptable(title, &faults),
            ChangePasswordError::Refused { retry_after } => refused.retry_after(retry_after),
            _ => refused,
        }
    }
}

#[cfg(feature = "sql")]
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        // What the client sent cannot be bound: that is no failure of the database.
        if let sqlx::Error::Encode(source) = &error
            && let Some(refused) = source.downcast_ref::<BindError>()
        {
            return Self::new(Status::BadRequest, "unacceptable_value", "A value cannot be used")
                .detail(refused.to_string());
        }
        tracing::error!(error = %Causes(&error), "the database failed");
        Self::from(&Denial::Unavailable)
    }
}

fn unacceptable(title: &str, faults: &[covet_core::password::Fault]) -> Problem {
    let faults = faults.iter().map(ToString::to_string);
    Problem::new(Status::UnprocessableEntity, "unacceptable_password", title).errors(faults)
}

impl<'r> Responder<'r, 'static> for Problem {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let body = serde_json::to_string(&self).map_err(|_| Status::InternalServerError)?;
        let mut response = Response::build();
        response.status(self.status()).header(ContentType::new("application", "problem+json"));
        response.header(Header::new("Cache-Control", "no-store"));
        if let Some(challenge) = self.challenge {
            response.header(Header::new("WWW-Authenticate", challenge));
        }
        if let Some(seconds) = self.retry_after {
            response.header(Header::new("Retry-After", seconds.to_string()));
        }
        response.sized_body(body.len(), std::io::Cursor::new(body)).ok()
    }
}
