//! The slow and obvious store, and random numbers that come back.

use std::collections::BTreeMap;

use crate::store::{Key, Outcome, State, Step, Write};
use crate::time::Timestamp;

/// The slow and obvious store: a map and [`Step::apply`].
#[derive(Default)]
pub(in crate::store) struct Model(pub(super) BTreeMap<Key, Write>);

impl Model {
    pub(in crate::store) fn read(&self, key: &Key, now: Timestamp) -> Option<&State> {
        self.0.get(key).filter(|entry| entry.expires > now).map(|entry| &entry.state)
    }

    pub(in crate::store) fn set(&mut self, key: Key, new: Option<Write>) {
        match new {
            Some(write) => self.0.insert(key, write),
            None => self.0.remove(&key),
        };
    }

    pub(in crate::store) fn run(&mut self, steps: &[Step<'_>], now: Timestamp) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for step in steps {
            let Some(step) = step.for_whom(&outcomes) else {
                outcomes.push(Outcome::Exempt);
                continue;
            };
            let change = step.apply(self.read(step.key(), now), now);
            if change.write.is_some() {
                self.set(*step.key(), change.write);
            }
            outcomes.push(change.outcome);
            if outcomes.last().is_some_and(Outcome::is_refusal) {
                break;
            }
        }
        outcomes
    }
}

/// Numbers that are the same in every run (xorshift), so that a failure comes back.
pub(in crate::store) struct Numbers(pub(in crate::store) u64);

impl Numbers {
    pub(in crate::store) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    pub(in crate::store) fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        choices.get(self.below(choices.len() as u64) as usize).expect("a number is below the number of choices")
    }
}
