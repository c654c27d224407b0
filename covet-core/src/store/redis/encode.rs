//! Steps and entries as the bytes that the script understands; their layouts are told there.
//!
//! The rule: numbers are big-endian and end at 2^48 - 1, which Lua keeps exactly and which as milliseconds is the year
//! 10889. What is later or larger counts as that.
//!
//! Packed, because it was the fastest of what was measured: for a window of 32 groups a charge takes the server 1.4 µs
//! when only the groups at its ends are unpacked, 4.0 when all are, 4.6 as MessagePack and 21 as JSON.

use std::sync::Arc;

use crate::store::{State, Step, Versioned, Write};
use crate::time::Timestamp;
use crate::window::Window;
use crate::{lockout, mfa, rate_limit, session};

/// The largest number of six bytes.
const MAX: u64 = (1 << 48) - 1;

/// What kind of value an entry has. A letter stands for a layout: another layout takes another letter.
const LIMIT: u8 = b'W';
const SESSION: u8 = b'S';
const LOCKOUT: u8 = b'A';
const TOTP: u8 = b'T';

/// What all steps of a run share. Without a time, the server's counts.
pub(super) fn run(nonce: u64, now: Option<Timestamp>) -> Vec<u8> {
    Bytes::default().put(&nonce.to_be_bytes()).long(now.map_or(0, Timestamp::millis)).0
}

/// A step.
pub(super) fn step(step: &Step<'_>, indexed: bool) -> Vec<u8> {
    match step {
        Step::Charge { policy, cost, .. } => {
            policy.limits().as_slice().iter().fold(begin(b'C', indexed).int(*cost), |bytes, rate| {
                bytes.int(rate.count()).int(seconds(rate.seconds()))
            })
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
            .long(policy.duration_millis),
        Step::Totp { step, remember_millis, .. } => begin(b'T', indexed).long(*step).long(*remember_millis),
    }
    .0
}

/// To read an entry.
pub(super) fn read() -> Vec<u8> {
    begin(b'R', false).0
}

/// To replace an entry.
///
/// # Errors
///
/// When a session cannot be written as JSON.
pub(super) fn swap(expected: Option<u64>, new: Option<&Write>, indexed: bool) -> serde_json::Result<Vec<u8>> {
    let swap = begin(b'X', indexed).byte(expected.is_some().into()).put(&expected.unwrap_or(0).to_be_bytes());
    let Some(Write { state, expires }) = new else { return Ok(swap.byte(0).0) };
    let (kind, value) = value(state)?;
    Ok(swap.byte(1).byte(kind).long(expires.millis()).put(&value).0)
}

/// An entry that was read; `None` when it is not one.
pub(super) fn entry(bytes: &[u8]) -> Option<Versioned> {
    let mut entry = Reader(bytes);
    let [kind] = entry.take()?;
    let version = u64::from_be_bytes(entry.take()?);
    let _expires = entry.long()?;
    let state = match kind {
        LIMIT => State::Limit(entry.limit()?),
        SESSION => {
            let (seen, _created, _stage) = (entry.long()?, entry.long()?, entry.take::<1>()?);
            State::Session(record(Timestamp::from_millis(seen), entry.0)?)
        }
        LOCKOUT => State::Lockout(lockout::State::from(entry.window()?)),
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

fn value(state: &State) -> serde_json::Result<(u8, Vec<u8>)> {
    Ok(match state {
        State::Limit(state) => {
            let newest = state.windows_by_seconds().filter_map(|(_, window)| window.newest()).max().unwrap_or(0);
            let add = |bytes: Bytes, (length, window): (u64, &Window)| bytes.int(seconds(length)).window(window);
            (LIMIT, state.windows_by_seconds().fold(Bytes::default().long(newest), add).0)
        }
        State::Session(record) => {
            let pending = record.stage == session::Stage::PendingMfa;
            let head = Bytes::default().long(record.seen.millis()).long(record.created.millis()).byte(pending.into());
            (SESSION, head.put(&serde_json::to_vec(record)?).0)
        }
        State::Lockout(state) => (LOCKOUT, Bytes::default().window(state.attempts()).0),
        State::Totp(state) => (TOTP, Bytes::default().long(state.last_step).0),
    })
}

fn begin(letter: u8, indexed: bool) -> Bytes {
    Bytes::default().byte(letter).byte(indexed.into())
}

fn seconds(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

#[derive(Default)]
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

    fn window(self, window: &Window) -> Self {
        let groups = Vec::from(window.clone());
        let head = self.int(window.total()).byte(u8::try_from(groups.len()).expect("a window has at most 33 groups"));
        groups.into_iter().fold(head, |bytes, (newest, count)| bytes.long(newest).int(count))
    }
}

/// What has not been read yet.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn int(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        let [a, b, c, d, e, f] = self.take()?;
        Some(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    fn window(&mut self) -> Option<Window> {
        let _total = self.int()?;
        let [groups] = self.take()?;
        (0..groups).map(|_| Some((self.long()?, self.int()?))).collect::<Option<Vec<_>>>().map(Window::from)
    }

    fn limit(&mut self) -> Option<rate_limit::State> {
        let _newest = self.long()?;
        let mut windows = Vec::new();
        while !self.0.is_empty() {
            windows.push((u64::from(self.int()?), self.window()?));
        }
        Some(rate_limit::State::from_windows(windows))
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
        let mut window = Window::default();
        window.add(70, 100, 5, 1000);
        let write = Write { state: State::Lockout(window.into()), expires: Timestamp::from_millis(9) };
        let swap = swap(None, Some(&write), false).unwrap();
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
