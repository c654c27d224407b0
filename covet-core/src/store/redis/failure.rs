//! Why Redis did not answer, told without what must not be told.
//!
//! The rule: of what a server says only its code is passed on. A server that does not know a command repeats its
//! arguments, and those of a sign-in are a password.

use std::error::Error;
use std::io;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::answer::BadAnswer;
use super::encode::TooLong;
use crate::store::StoreError;

/// What went wrong with Redis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the server refused with {code}{}", line.as_deref().map(|line| format!(" at {line}")).unwrap_or_default())]
    Refused {
        code: String,
        /// Where in the script.
        line: Option<String>,
    },
    #[error("the connection failed: {0}")]
    Io(io::ErrorKind),
    #[error("{0}")]
    Other(String),
    #[error(transparent)]
    Answer(#[from] BadAnswer),
    #[error(transparent)]
    TooLong(#[from] TooLong),
    #[error("there are several addresses, but the server at the first is not of a cluster")]
    NotACluster,
    #[error(
        "the server at `{address}` has the role `{role}`, where what is written is lost; write the address of its primary"
    )]
    Replica { address: String, role: &'static str },
    #[error("the server is too old: Redis 6 is needed")]
    TooOld,
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::Io => Self::Io(io_kind(&error)),
            ErrorKind::AuthenticationFailed => {
                Self::Refused { code: error.code().unwrap_or("AUTH").to_owned(), line: None }
            }
            ErrorKind::RESP3NotSupported => Self::TooOld,
            _ => match error.code() {
                Some(code) => Self::Refused { code: code.to_owned(), line: error.detail().and_then(line_of_script) },
                None => Self::Other(error.category().to_owned()),
            },
        }
    }
}

impl Failure {
    /// Whether it says nothing of what other calls will meet: this one is too long, or the script failed at its entry.
    fn is_of_one_call(&self) -> bool {
        match self {
            Self::Answer(_) | Self::TooLong(_) => true,
            Self::Refused { code, line } => line.is_some() && matches!(code.as_str(), "ERR" | "WRONGTYPE"),
            Self::Timeout(_)
            | Self::Io(_)
            | Self::Other(_)
            | Self::NotACluster
            | Self::Replica { .. }
            | Self::TooOld => false,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { code, .. } if code == "OOM" => Self::Full { store: "redis" },
            other if other.is_of_one_call() => Self::Failed { store: "redis", source: other.into() },
            other => Self::Unavailable { store: "redis", source: other.into() },
        }
    }
}

impl From<BadAnswer> for StoreError {
    fn from(answer: BadAnswer) -> Self {
        Failure::from(answer).into()
    }
}

/// Whether the server does not have the script.
pub(super) fn lacks_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Whether only another connection can help. A server that may not be written to any more, or not read without its
/// primary, has lost an election, and its name may lead to the winner.
pub(super) fn needs_reconnect(error: &RedisError) -> bool {
    let lost_election =
        matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown));
    error.is_unrecoverable_error() || lost_election
}

fn io_kind(error: &RedisError) -> io::ErrorKind {
    let source = error.source().and_then(|source| source.downcast_ref::<std::sync::Arc<dyn Error + Send + Sync>>());
    let io = source.and_then(|source| source.downcast_ref::<io::Error>());
    io.or_else(|| error.source()?.downcast_ref()).map_or(io::ErrorKind::Other, io::Error::kind)
}

/// `user_script:12` of an error inside of the script.
fn line_of_script(detail: &str) -> Option<String> {
    let (_, rest) = detail.split_once("user_script:")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("line {digits} of the script"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_is_not_passed_on() {
        let said = "unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'ada' 'hunter2'";
        let error = redis::make_extension_error("ERR".to_owned(), Some(said.to_owned()));
        let failure = Failure::from(error);
        assert_eq!(failure.to_string(), "the server refused with ERR");
        let store = StoreError::from(failure);
        assert!(!format!("{store} {store:?}").contains("hunter2"));
    }

    #[test]
    fn an_error_in_the_script_tells_its_line() {
        let said = "user_script:12: attempt to index a nil value script: 0f, on @user_script:12.";
        let error = redis::make_extension_error("ERR".to_owned(), Some(said.to_owned()));
        assert_eq!(Failure::from(error).to_string(), "the server refused with ERR at line 12 of the script");
    }

    #[test]
    fn a_lost_connection_tells_how() {
        let error = RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(Failure::from(error).to_string(), "the connection failed: connection refused");
    }

    #[test]
    fn what_a_server_says_is_of_itself_or_of_one_call_and_may_want_another_connection() {
        let in_script = "script: 0f, on @user_script:12.";
        for (said, expected, reconnects) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", "full", false),
            ("READONLY You can't write against a read only replica.", "away", true),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "away", true),
            ("NOREPLICAS Not enough good replicas to write.", "away", false),
            ("MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.", "away", false),
            ("LOADING Redis is loading the dataset in memory", "away", false),
            ("BUSY Redis is busy running a script.", "away", false),
            ("NOAUTH Authentication required.", "away", false),
            ("NOPERM User default has no permissions to run the 'evalsha' command", "away", false),
            ("CLUSTERDOWN The cluster is down", "away", false),
            ("ERR unknown command 'EVALSHA'", "away", false),
            (&format!("READONLY You can't write against a read only replica. {in_script}"), "away", true),
            (&format!("ERR user_script:12: attempt to index a nil value {in_script}"), "failed", false),
            ("ERR user_script:12: attempt to index a nil value", "failed", false),
        ] {
            let said = format!("-{said}\r\n");
            let error = redis::parse_redis_value(said.as_bytes()).and_then(redis::Value::extract_error).unwrap_err();
            assert_eq!(needs_reconnect(&error), reconnects, "{said}");
            let found = match StoreError::from(Failure::from(error)) {
                StoreError::Unavailable { .. } => "away",
                StoreError::Failed { .. } => "failed",
                StoreError::Full { .. } => "full",
                StoreError::Contended { .. } => "contended",
            };
            assert_eq!(found, expected, "{said}");
        }
    }

    #[test]
    fn what_is_wrong_with_one_call_says_nothing_of_others() {
        for (failure, of_one) in [
            (Failure::from(BadAnswer), true),
            (Failure::from(TooLong), true),
            (Failure::Timeout(Duration::from_millis(50)), false),
            (Failure::Io(io::ErrorKind::ConnectionRefused), false),
            (Failure::Other("parse error".to_owned()), false),
        ] {
            assert_eq!(matches!(StoreError::from(failure.clone()), StoreError::Failed { .. }), of_one, "{failure:?}");
        }
    }
}
