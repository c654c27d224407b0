//! A counter in eight bytes, where it fits: most do.

use super::Policy;
use super::bucket::Bucket;
use super::check::{Counted, Counter, State};
use super::fixed::Fixed;
use crate::window::Window;

/// A time in milliseconds has 42 bits, until the year 2109; the kind of the counter 2; its number 20.
const KIND: u32 = 20;
const TIME: u32 = 22;

impl State {
    /// The state of a single rate, if it is one time and one number.
    pub(crate) fn pack(&self) -> Option<u64> {
        if !self.rest.is_empty() {
            return None;
        }
        let (kind, time, number) = match &self.first.counter {
            Counter::Window(window) => window.single().map(|(newest, count)| (0, newest, count))?,
            Counter::Bucket(Bucket { full_at, part }) => (1, *full_at, *part),
            Counter::Fixed(Fixed { start, count }) => (2, *start, *count),
        };
        let fits = time < 1 << (64 - TIME) && number < 1 << KIND;
        fits.then_some(time << TIME | kind << KIND | u64::from(number))
    }

    /// What [`State::pack`] packed, of a policy with a single rate.
    pub(crate) fn unpack(policy: &Policy, packed: u64) -> Self {
        Counted { seconds: policy.limits().split_first().0.seconds(), ..Counted::unpack(packed) }.into()
    }

    /// The same where the policy is not known: it fits none until [`charge_mut`](super::charge_mut) has fitted it.
    pub(crate) fn unpack_unknown(packed: u64) -> Self {
        Counted::unpack(packed).into()
    }
}

impl Counted {
    fn unpack(packed: u64) -> Self {
        let (time, number) = (packed >> TIME, (packed & ((1 << KIND) - 1)) as u32);
        let counter = match packed >> KIND & 3 {
            0 => Counter::Window(Window::of_single(time, number)),
            1 => Counter::Bucket(Bucket { full_at: time, part: number }),
            _ => Counter::Fixed(Fixed { start: time, count: number }),
        };
        Self { seconds: 0, counter }
    }
}

impl From<Counted> for State {
    fn from(first: Counted) -> Self {
        Self { first, rest: Box::default() }
    }
}
