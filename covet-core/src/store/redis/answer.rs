//! What the script answered, as outcomes.

use redis::Value;

use super::encode::{self, Reader};
use crate::store::{Outcome, Step};
use crate::time::Timestamp;
use crate::{lockout, rate_limit, session};

/// An answer that the script cannot give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's answer is not that of the script")]
pub(super) struct BadAnswer;

/// The values that the script answered, not read yet.
pub(super) struct Answers(std::vec::IntoIter<Value>);

impl Answers {
    pub(super) fn new(value: Value) -> Self {
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        Self(values.into_iter())
    }

    /// The outcomes of the steps, up to and including the first refusal.
    pub(super) fn outcomes<'s>(
        &mut self,
        steps: impl IntoIterator<Item = &'s Step<'s>>,
    ) -> Result<Vec<Outcome>, BadAnswer> {
        let mut outcomes = Vec::new();
        for step in steps {
            let outcome = match step.for_whom(&outcomes) {
                Some(step) => self.outcome(&step)?,
                None => Outcome::Exempt,
            };
            let refused = outcome.is_refusal();
            outcomes.push(outcome);
            if refused {
                break;
            }
        }
        Ok(outcomes)
    }

    /// An entry; `None` when there is none.
    pub(super) fn entry(&mut self) -> Result<Option<Vec<u8>>, BadAnswer> {
        match self.0.next() {
            Some(Value::BulkString(entry)) => Ok(Some(entry)),
            Some(Value::Nil) => Ok(None),
            _ => Err(BadAnswer),
        }
    }

    /// Whether something was done.
    pub(super) fn yes(&mut self) -> Result<bool, BadAnswer> {
        Ok(self.int()? == 1)
    }

    fn outcome(&mut self, step: &Step<'_>) -> Result<Outcome, BadAnswer> {
        Ok(match step {
            Step::Charge { policy, shadow: false, .. } => Outcome::Charge(self.charge(policy)?),
            Step::Charge { policy, shadow: true, .. } => Outcome::Shadow(self.charge(policy)?),
            Step::Session { .. } => Outcome::Session(self.session()?),
            Step::Lockout { .. } => Outcome::Lockout(self.lockout()?),
            Step::Totp { .. } => Outcome::Totp(self.yes()?),
        })
    }

    fn charge(&mut self, policy: &rate_limit::Policy) -> Result<rate_limit::Answer, BadAnswer> {
        let bytes = self.bytes()?;
        read_charge(Reader(&bytes), policy).ok_or(BadAnswer)
    }

    /// A record that cannot be read is of no session: it has ended.
    fn session(&mut self) -> Result<session::Answer, BadAnswer> {
        let bytes = self.bytes()?;
        read_session(Reader(&bytes)).ok_or(BadAnswer)
    }

    fn lockout(&mut self) -> Result<lockout::Answer, BadAnswer> {
        match self.int()? {
            0 => Ok(lockout::Answer::Open { attempts: self.number()?, wait_millis: self.number()? }),
            1 => Ok(lockout::Answer::Locked { attempts: self.number()?, retry_after_millis: self.number()? }),
            _ => Err(BadAnswer),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, BadAnswer> {
        self.entry()?.ok_or(BadAnswer)
    }

    fn int(&mut self) -> Result<i64, BadAnswer> {
        if let Some(Value::Int(int)) = self.0.next() { Ok(int) } else { Err(BadAnswer) }
    }

    fn number<T: TryFrom<i64>>(&mut self) -> Result<T, BadAnswer> {
        self.int()?.try_into().map_err(|_| BadAnswer)
    }
}

fn read_charge(mut answer: Reader<'_>, policy: &rate_limit::Policy) -> Option<rate_limit::Answer> {
    let [number] = answer.take()?;
    let rate = policy.remote_rates().nth(usize::from(number).checked_sub(1)?)?;
    Some(rate_limit::Answer {
        quota: rate.quota,
        window_seconds: rate.window_seconds,
        retry_after_millis: answer.long()?.checked_sub(1),
        remaining: answer.int()?,
        reset_millis: answer.long()?,
    })
}

fn read_session(mut answer: Reader<'_>) -> Option<session::Answer> {
    match answer.take()? {
        [0] => Some(session::Answer::Missing),
        [1] => {
            let seen = Timestamp::from_millis(answer.long()?);
            let record = encode::record(seen, answer.rest());
            Some(record.map_or(session::Answer::Missing, session::Answer::Live))
        }
        [2] => Some(session::Answer::Expired(session::Expired::Absolute)),
        [3] => Some(session::Answer::Expired(session::Expired::Idle)),
        _ => None,
    }
}
