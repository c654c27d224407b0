//! Why a request is refused: one row a reason, with two texts, what the client may know and what the log must know.

use crate::rate_limit::Answer;

/// Why a request is refused. Exhaustive: a new reason must break whoever answers it.
#[derive(Clone, Debug, PartialEq)]
pub enum Denial {
    /// Nobody is signed in.
    Unauthenticated,
    /// Somebody is signed in whose second factor is still awaited.
    SecondFactorPending,
    /// Somebody is signed in whose second factor was not verified, or too long ago.
    SecondFactorRequired {
        /// Whether they have one.
        enrolled: bool,
        /// Within how many seconds it must have been verified.
        max_age: Option<u64>,
    },
    /// Somebody is signed in who may not do this.
    Forbidden {
        /// What they lack: a permission or a role.
        missing: &'static str,
    },
    /// A rate limit is reached.
    RateLimited {
        /// Which one.
        limit: &'static str,
        /// When it will admit the request.
        answer: Answer,
    },
    /// The answer could not be found out: a refusal, for doubt is a denial.
    Unavailable,
}

impl Denial {
    /// The status of the response (RFC 9110, RFC 6585).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated | Self::SecondFactorPending | Self::SecondFactorRequired { .. } => 401,
            Self::Forbidden { .. } => 403,
            Self::RateLimited { .. } => 429,
            Self::Unavailable => 503,
        }
    }

    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::SecondFactorPending => "second_factor_pending",
            Self::SecondFactorRequired { .. } => "second_factor_required",
            Self::Forbidden { .. } => "forbidden",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }

    /// The problem type (RFC 9457); the one of a reached limit is registered for all services.
    #[must_use]
    pub const fn problem_type(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "https://iana.org/assignments/http-problem-types#quota-exceeded",
            _ => "about:blank",
        }
    }

    /// What happened, for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "Sign in to continue",
            Self::SecondFactorPending | Self::SecondFactorRequired { .. } => "A second factor is needed",
            Self::Forbidden { .. } => "You may not do this",
            Self::RateLimited { .. } => "Too many requests",
            Self::Unavailable => "Not available just now",
        }
    }

    /// What to do about it, for people. Tells nothing that the client does not know.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "This needs an account, and you are not signed in.",
            Self::SecondFactorPending => "Enter the code of your authenticator application to finish signing in.",
            Self::SecondFactorRequired { enrolled: true, max_age: None } => {
                "Enter the code of your authenticator application."
            }
            Self::SecondFactorRequired { enrolled: true, max_age: Some(_) } => {
                "It was a while ago: enter the code of your authenticator application again."
            }
            Self::SecondFactorRequired { enrolled: false, .. } => {
                "This needs a second factor, and your account has none yet."
            }
            Self::Forbidden { .. } => "Your account does not have the permission that this needs.",
            Self::RateLimited { .. } => "You have done this too often. Wait a little, then try again.",
            Self::Unavailable => "Try again in a moment.",
        }
    }

    /// After how many seconds to try again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { answer, .. } => answer.retry_after_millis.map(|millis| millis.div_ceil(1000).max(1)),
            Self::Unavailable => Some(1),
            _ => None,
        }
    }

    /// The challenge of a 401 (RFC 9110 section 11.6.1, RFC 9470 for a second factor).
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        const STEP_UP: &str = "Session error=\"insufficient_user_authentication\"";
        match self {
            Self::Unauthenticated => Some("Session".to_owned()),
            Self::SecondFactorPending | Self::SecondFactorRequired { max_age: None, .. } => Some(STEP_UP.to_owned()),
            Self::SecondFactorRequired { max_age: Some(seconds), .. } => Some(format!("{STEP_UP}, max_age={seconds}")),
            Self::Forbidden { .. } | Self::RateLimited { .. } | Self::Unavailable => None,
        }
    }
}
