//! Whether the store is asked at all.
//!
//! Against: a store that is away and makes every request wait for it. The rule: three failures in a row open the
//! circuit, each within ten seconds of the one before, and of a call that began after that had failed: so a thousand
//! calls that wait at once are one failure, and a hiccup is none. While it is open nobody asks; after a pause one call
//! tries, and a write that succeeds closes it. Reads prove nothing: a server that has lost an election still answers them.
//!
//! A store that answers but cannot do its work, for it is full, is asked all the same: some of what it is asked it still
//! can. That is told, once, and so is its end.
//!
//! Pure: state, what a call showed, now and a random number go in; the new state and what is to be told come out.

use std::time::{Duration, Instant};

/// So many failures in a row open the circuit. A call waits 50 ms unless configured otherwise, so a store that is silent
/// for less than 100 ms opens it for nobody, and one that is away has made nobody wait more than once.
const FAILURES: u32 = 3;

/// How long nobody asks, at first and at most, before it is drawn by lot. With the half second at most between two
/// attempts to connect, a store that is back is used within two seconds.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// A failure that is longer ago is not of the same row. And a circuit that was closed for less is not taken for sound: its
/// next pause goes on from the last one, so that a store that comes and goes is told of a few times a second at most.
const SETTLED: Duration = Duration::from_secs(10);

/// Trouble is over when a write succeeds and there was none for so long: a store at its bound now refuses, now not.
const QUIET: Duration = Duration::from_secs(5);

/// What is known of the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Circuit {
    /// Calls go through.
    Closed(Closed),
    /// Nobody asks before the time comes.
    Open(Away),
    /// One call tries; if nothing is heard of it, the next one after a time.
    Trying(Away),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Closed {
    /// How many failures there were in a row, and when the last of them.
    failures: u32,
    failed: Option<Instant>,
    trouble: Option<Trouble>,
    /// When it was last closed, and what the pause before was.
    closed: Option<(Instant, Duration)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Away {
    since: Instant,
    pause: Duration,
    /// When the next call may try.
    next: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Trouble {
    condition: Condition,
    since: Instant,
    last: Instant,
}

/// How the store is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    /// It does its work.
    Working,
    /// It does not answer.
    Away,
    /// It answers, but is at its bound.
    Full,
    /// It answers, but fails at something.
    Failing,
}

impl Condition {
    /// Its name in the log and in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Away => "away",
            Self::Full => "full",
            Self::Failing => "failing",
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    /// It goes through.
    Pass,
    /// It tries, and goes through if that succeeds.
    Try,
    /// It fails at once.
    Refuse,
}

/// What a call showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// The store wrote.
    Wrote,
    /// The store answered.
    Answered,
    /// The store did not answer.
    Silent,
    /// The store is full, or fails at something.
    Trouble(Condition),
}

/// The store is otherwise than it was: to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Transition {
    /// How it is now.
    pub(super) to: Condition,
    /// How long it was as it was before, unless it worked.
    pub(super) after: Option<Duration>,
}

impl Default for Circuit {
    fn default() -> Self {
        Self::Closed(Closed::default())
    }
}

impl Circuit {
    /// What becomes of a call now.
    pub(super) fn admit(self, now: Instant) -> (Self, Admission) {
        match self {
            Self::Closed(_) => (self, Admission::Pass),
            Self::Open(away) | Self::Trying(away) if now < away.next => (self, Admission::Refuse),
            Self::Open(away) | Self::Trying(away) => {
                (Self::Trying(Away { next: now + PAUSES.1, ..away }), Admission::Try)
            }
        }
    }

    /// What a call that went through showed; it began at a time. `lot` is a random number.
    pub(super) fn saw(self, sign: Sign, began: Instant, now: Instant, lot: u8) -> (Self, Option<Transition>) {
        let Self::Closed(closed) = self else {
            // It began before the circuit opened, or passed a moment ago; whoever tries knows better.
            return (self, None);
        };
        match sign {
            Sign::Answered => (self, None),
            Sign::Wrote => closed.wrote(now),
            Sign::Trouble(condition) => closed.in_trouble(condition, now),
            Sign::Silent => closed.silent(began, now, lot),
        }
    }

    /// What the call that tried showed.
    pub(super) fn tried(self, sign: Sign, now: Instant, lot: u8) -> (Self, Option<Transition>) {
        let (Self::Open(away) | Self::Trying(away)) = self else { return (self, None) };
        let back = Closed { closed: Some((now, away.pause)), ..Closed::default() };
        let lasted = now.saturating_duration_since(away.since);
        match sign {
            Sign::Wrote => (Self::Closed(back), Some(Transition { to: Condition::Working, after: Some(lasted) })),
            Sign::Trouble(condition) => {
                let trouble = Some(Trouble { condition, since: now, last: now });
                (Self::Closed(Closed { trouble, ..back }), Some(Transition { to: condition, after: Some(lasted) }))
            }
            Sign::Answered | Sign::Silent => {
                let pause = longer(away.pause);
                (Self::Open(Away { pause, next: now + drawn(pause, lot), ..away }), None)
            }
        }
    }
}

impl Closed {
    fn wrote(self, now: Instant) -> (Circuit, Option<Transition>) {
        let over = self.trouble.filter(|trouble| now.saturating_duration_since(trouble.last) >= QUIET);
        let trouble = if over.is_some() { None } else { self.trouble };
        let working = |trouble: Trouble| Transition {
            to: Condition::Working,
            after: Some(now.saturating_duration_since(trouble.since)),
        };
        (Circuit::Closed(Self { failures: 0, failed: None, trouble, ..self }), over.map(working))
    }

    fn in_trouble(self, condition: Condition, now: Instant) -> (Circuit, Option<Transition>) {
        let (trouble, told) = match self.trouble {
            Some(trouble) => (Trouble { last: now, ..trouble }, None),
            None => (Trouble { condition, since: now, last: now }, Some(Transition { to: condition, after: None })),
        };
        (Circuit::Closed(Self { trouble: Some(trouble), ..self }), told)
    }

    fn silent(self, began: Instant, now: Instant, lot: u8) -> (Circuit, Option<Transition>) {
        if self.failed.is_some_and(|failed| began < failed) {
            return (Circuit::Closed(self), None);
        }
        let recent = self.failed.is_some_and(|failed| now.saturating_duration_since(failed) < SETTLED);
        let failures = if recent { self.failures + 1 } else { 1 };
        if failures < FAILURES {
            return (Circuit::Closed(Self { failures, failed: Some(now), ..self }), None);
        }
        let settled = |closed: &(Instant, Duration)| now.saturating_duration_since(closed.0) >= SETTLED;
        let pause = self.closed.filter(|closed| !settled(closed)).map_or(PAUSES.0, |(_, pause)| longer(pause));
        let after = self.trouble.map(|trouble| now.saturating_duration_since(trouble.since));
        let away = Away { since: now, pause, next: now + drawn(pause, lot) };
        (Circuit::Open(away), Some(Transition { to: Condition::Away, after }))
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(PAUSES.1)
}

/// Between half the pause and all of it, so that not all processes try at the same moment.
fn drawn(pause: Duration, lot: u8) -> Duration {
    pause / 2 + pause / 2 * u32::from(lot) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests;
