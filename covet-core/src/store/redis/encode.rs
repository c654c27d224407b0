//! Steps and entries as the bytes that the script understands; their layouts are told there.
//!
//! The rule: numbers are big-endian and end at 2^48 - 1, which Lua keeps exactly and which as milliseconds is the year
//! 10889. What is later or larger counts as that.
//!
//! Packed, because it was the fastest of what was measured: for a window of 32 groups a charge takes the server 1.4 µs
//! when only the groups at its ends are unpacked, 4.0 when all are, 4.6 as MessagePack and 21 as JSON.

use std::sync::Arc;

use super::script::Kinds;
use crate::rate_limit::{self, Algorithm, Bucket, Counter, Fixed, RemoteRefill};
use crate::store::{State, Step, Tier, Versioned, Write};
use crate::time::Timestamp;
use crate::window::Window;
use crate::{lockout, mfa, session};

/// The largest number of six bytes.
const MAX: u64 = (1 << 48) - 1;

/// What kind of value an entry has. A letter stands for a layout: another layout takes another letter.
const WINDOWS: u8 = b'W';
const BUCKETS: u8 = b'B';
const FIXED: u8 = b'F';
const SESSION: u8 = b'S';
const LOCKOUT: u8 = b'L';
const TOTP: u8 = b'T';

/// What the second byte of a step says.
const INDEXED: u8 = 1;
const SHADOW: u8 = 2;

/// What all steps of a run share. Without a time, the server's counts.
pub(super) fn run(nonce: u64, now: Option<Timestamp>) -> Vec<u8> {
    Bytes::default().put(&nonce.to_be_bytes()).long(now.map_or(0, Timestamp::millis)).0
}

/// A step, and the kinds of steps that it is made of.
///
/// # Errors
///
/// [`TooLong`] when its tiers have more roles than can be told.
pub(super) fn step(step: &Step<'_>, indexed: bool) -> Result<(Vec<u8>, Kinds), TooLong> {
    let bytes = match step {
        Step::Charge { policy, tiers, cost, shadow, .. } => {
            let base = charge(policy, *cost, if *shadow { SHADOW } else { 0 });
            if tiers.is_empty() { base } else { tiered(tiers, &base, *cost, *shadow)? }
        }
        Step::Session { policy, .. } => begin(b'S', indexed)
            .long(policy.idle_timeout.millis())
            .long(session::lifetime_millis(policy, session::Stage::Full))
            .long(session::lifetime_millis(policy, session::Stage::PendingMfa))
            .long(session::touch_millis(policy)),
        Step::Lockout { policy, event, .. } => begin(b'A', indexed)
            .byte(match event {
                lockout::Event::Look => 0,
                lockout::Event::Attempt => 1,
                lockout::Event::Success => 2,
            })
            .int(policy.max_attempts.max(1))
            .long(policy.window_millis)
            .long(policy.delay.base_millis)
            .int(policy.delay.factor.max(1))
            .long(policy.delay.max_millis)
            .int(policy.cap.map_or(0, |(attempts, _)| attempts.max(1)))
            .long(policy.cap.map_or(0, |(_, millis)| millis)),
        Step::Totp { step, remember_millis, .. } => begin(b'T', indexed).long(*step).long(*remember_millis),
    };
    Ok((bytes.0, kinds(step)))
}

fn kinds(step: &Step<'_>) -> Kinds {
    match step {
        Step::Charge { policy, tiers, .. } => {
            let tiers = tiers.iter().map(|tier| tier.policy.as_ref().map_or(Kinds::NONE, letter_of));
            let tiered = if tiers.len() == 0 { Kinds::NONE } else { Kinds::of(b'V') };
            tiers.fold(letter_of(policy).and(tiered), Kinds::and)
        }
        Step::Session { .. } => Kinds::of(b'S'),
        Step::Lockout { .. } => Kinds::of(b'A'),
        Step::Totp { .. } => Kinds::of(b'T'),
    }
}

fn letter_of(policy: &rate_limit::Policy) -> Kinds {
    Kinds::of(letter(policy))
}

fn letter(policy: &rate_limit::Policy) -> u8 {
    match policy.algorithm() {
        Algorithm::SlidingWindow => b'C',
        Algorithm::TokenBucket => b'B',
        Algorithm::FixedWindow => b'F',
    }
}

fn charge(policy: &rate_limit::Policy, cost: u32, how: u8) -> Bytes {
    policy.remote_rates().fold(Bytes::default().byte(letter(policy)).byte(how).int(cost), |bytes, rate| {
        let bytes = bytes.int(seconds(rate.seconds)).int(rate.quota);
        match rate.refill {
            Some(RemoteRefill { parts, token_parts }) => bytes.long(parts).long(token_parts),
            None => bytes,
        }
    })
}

fn tiered(tiers: &[Tier], base: &Bytes, cost: u32, shadow: bool) -> Result<Bytes, TooLong> {
    let how = if shadow { SHADOW } else { 0 };
    let count = u8::try_from(tiers.len()).map_err(|_| TooLong)?;
    let bytes = Bytes::default().byte(b'V').byte(how).byte(count);
    let bytes = tiers.iter().try_fold(bytes, |bytes, tier| {
        let own = tier.policy.as_ref().map(|policy| charge(policy, cost, how)).unwrap_or_default();
        bytes.text(&names(&tier.roles)?.0)?.text(&own.0)
    })?;
    Ok(bytes.put(&base.0))
}

fn names(names: &[String]) -> Result<Bytes, TooLong> {
    names.iter().try_fold(Bytes::default(), |bytes, name| bytes.text(name.as_bytes()))
}

/// A list of names that is longer than 65535 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a list of roles is too long to be kept")]
pub(super) struct TooLong;

/// To read an entry.
pub(super) fn read() -> (Vec<u8>, Kinds) {
    (begin(b'R', false).0, Kinds::of(b'R'))
}

/// To replace an entry.
///
/// # Errors
///
/// [`TooLong`] when a session has more roles than can be told.
pub(super) fn swap(expected: Option<u64>, new: Option<&Write>, indexed: bool) -> Result<(Vec<u8>, Kinds), TooLong> {
    let swap = begin(b'X', indexed).byte(expected.is_some().into()).put(&expected.unwrap_or(0).to_be_bytes());
    let swap = match new {
        None => swap.byte(0),
        Some(Write { state, expires }) => {
            let (kind, value) = value(state)?;
            swap.byte(1).byte(kind).long(expires.millis()).put(&value.0)
        }
    };
    Ok((swap.0, Kinds::of(b'X')))
}

/// An entry that was read; `None` when it is not one.
pub(super) fn entry(bytes: &[u8]) -> Option<Versioned> {
    let mut entry = Reader(bytes);
    let [kind] = entry.take()?;
    let version = u64::from_be_bytes(entry.take()?);
    let _expires = entry.long()?;
    let state = match kind {
        WINDOWS => State::Limit(entry.limit(|counter| Some(Counter::Window(counter.window()?)))?),
        BUCKETS => State::Limit(
            entry.limit(|counter| Some(Counter::Bucket(Bucket { full_at: counter.long()?, part: counter.int()? })))?,
        ),
        FIXED => State::Limit(
            entry.limit(|counter| Some(Counter::Fixed(Fixed { start: counter.long()?, count: counter.int()? })))?,
        ),
        SESSION => {
            let (seen, _created, _stage) = (entry.long()?, entry.long()?, entry.take::<1>()?);
            let _roles = entry.text()?;
            State::Session(record(Timestamp::from_millis(seen), entry.rest())?)
        }
        LOCKOUT => State::Lockout(lockout::State { attempts: entry.int()?, last: entry.long()? }),
        TOTP => State::Totp(mfa::State { last_step: entry.long()? }),
        _ => return None,
    };
    Some(Versioned { state, version })
}

/// A session from its JSON; its last use is noted apart, so that the script need not understand JSON.
pub(super) fn record(seen: Timestamp, json: &[u8]) -> Option<Arc<session::Record>> {
    let record: session::Record = serde_json::from_slice(json).ok()?;
    Some(Arc::new(session::Record { seen, ..record }))
}

fn value(state: &State) -> Result<(u8, Bytes), TooLong> {
    Ok(match state {
        State::Limit(state) => limit(state)?,
        State::Session(record) => {
            let pending = record.stage == session::Stage::PendingMfa;
            let head = Bytes::default().long(record.seen.millis()).long(record.created.millis()).byte(pending.into());
            let json = serde_json::to_vec(record).expect("a session has no map with keys that JSON lacks");
            (SESSION, head.text(&names(&record.user.roles)?.0)?.put(&json))
        }
        State::Lockout(state) => (LOCKOUT, Bytes::default().int(state.attempts).long(state.last)),
        State::Totp(state) => (TOTP, Bytes::default().long(state.last_step)),
    })
}

/// All counters of a limit are of one kind; what another algorithm has counted says nothing to it.
fn limit(state: &rate_limit::State) -> Result<(u8, Bytes), TooLong> {
    let kind = state.by_seconds().map(|(_, counter)| kind_of(counter)).next().unwrap_or(WINDOWS);
    let counters = state.by_seconds().filter(|(_, counter)| kind_of(counter) == kind);
    let add = |bytes: Bytes, (length, counter): (u64, &Counter)| bytes.int(seconds(length)).text(&bytes_of(counter).0);
    Ok((kind, counters.into_iter().try_fold(Bytes::default(), add)?))
}

fn kind_of(counter: &Counter) -> u8 {
    match counter {
        Counter::Window(_) => WINDOWS,
        Counter::Bucket(_) => BUCKETS,
        Counter::Fixed(_) => FIXED,
    }
}

fn bytes_of(counter: &Counter) -> Bytes {
    match counter {
        Counter::Window(window) => Bytes::default().window(window),
        Counter::Bucket(Bucket { full_at, part }) => Bytes::default().long(*full_at).int(*part),
        Counter::Fixed(Fixed { start, count }) => Bytes::default().long(*start).int(*count),
    }
}

fn begin(letter: u8, indexed: bool) -> Bytes {
    Bytes::default().byte(letter).byte(if indexed { INDEXED } else { 0 })
}

fn seconds(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

struct Bytes(Vec<u8>);

impl Bytes {
    fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn byte(self, byte: u8) -> Self {
        self.put(&[byte])
    }

    fn int(self, int: u32) -> Self {
        self.put(&int.to_be_bytes())
    }

    fn long(self, long: u64) -> Self {
        let [_, _, bytes @ ..] = long.min(MAX).to_be_bytes();
        self.put(&bytes)
    }

    /// Its length, and the text.
    fn text(self, text: &[u8]) -> Result<Self, TooLong> {
        let length = u16::try_from(text.len()).map_err(|_| TooLong)?;
        Ok(self.put(&length.to_be_bytes()).put(text))
    }

    fn window(self, window: &Window) -> Self {
        let groups = Vec::from(window.clone()).into_iter();
        groups.fold(self.int(window.total()), |bytes, (newest, count)| bytes.long(newest).int(count))
    }
}

impl Default for Bytes {
    /// With room for what most steps are.
    fn default() -> Self {
        Self(Vec::with_capacity(48))
    }
}

/// What has not been read yet.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn int(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        let [a, b, c, d, e, f] = self.take()?;
        Some(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(u16::from_be_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    /// To the end.
    fn window(&mut self) -> Option<Window> {
        let total = self.int()?;
        let mut groups = Vec::new();
        while !self.0.is_empty() {
            groups.push((self.long()?, self.int()?));
        }
        Some(Window::from(groups)).filter(|window| window.total() == total)
    }

    fn limit(&mut self, counter: impl Fn(&mut Reader<'a>) -> Option<Counter>) -> Option<rate_limit::State> {
        let mut counters = Vec::new();
        while !self.0.is_empty() {
            let seconds = self.int()?;
            counters.push((u64::from(seconds), counter(&mut Reader(self.text()?))?));
        }
        Some(rate_limit::State::from_counters(counters))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn a_number_too_large_counts_as_the_largest() {
        assert_eq!(Bytes::default().long(u64::MAX).0, [0xff; 6]);
        assert_eq!(Bytes::default().long(1_700_000_000_123).0, [1, 0x8b, 0xcf, 0xe5, 0x68, 0x7b]);
        assert_eq!(Reader(&[0xff; 6]).long(), Some(MAX));
        assert_eq!(seconds(u64::MAX), u32::MAX);
    }

    #[test]
    fn what_is_cut_short_or_of_no_known_kind_is_no_entry() {
        let state = lockout::State { attempts: 70, last: 5 };
        let write = Write { state: State::Lockout(state), expires: Timestamp::from_millis(9) };
        let (swap, _) = swap(None, Some(&write), false).unwrap();
        let whole = [&[LOCKOUT], &[7; 8][..], &swap[13..]].concat();
        let read = entry(&whole).unwrap();
        assert_eq!((read.state, read.version), (write.state, u64::from_be_bytes([7; 8])));
        for length in 0..whole.len() {
            assert_eq!(entry(&whole[..length]), None, "{length}");
        }
        assert_eq!(entry(&[b'?'; 40]), None);
        assert_eq!(entry(b""), None);
    }
}
