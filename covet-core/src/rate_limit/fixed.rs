//! A fixed window: so many from one full window of the clock to the next.
//!
//! The rule: windows begin at multiples of their length since 1970 (UTC), and each admits the whole limit. So about
//! the turn of a window up to twice the limit may pass within one length; who cannot bear that takes the sliding
//! window.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::units::Rate;

/// What the window counts that was last written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Fixed {
    /// When it began, in milliseconds.
    pub(crate) start: u64,
    pub(crate) count: u32,
}

impl Fixed {
    /// A window that begins later than now was counted before the clock was set back: its count is that of the window
    /// now, so that the clock gives nothing twice.
    pub(super) fn rewind(&mut self, rate: Rate, now: u64) -> bool {
        let rewound = self.start > now;
        if rewound {
            self.start = begin(rate, now);
        }
        rewound
    }

    pub(super) fn weigh(&self, rate: Rate, cost: u32, now: u64) -> Answer {
        let Self { start, count } = self.at(rate, now);
        let quota = rate.count();
        let fits = count.checked_add(cost).is_some_and(|count| count <= quota);
        let left = start.saturating_add(rate.millis()).saturating_sub(now);
        let remaining = quota.saturating_sub(if fits { count + cost } else { count });
        Answer {
            retry_after_millis: (!fits).then_some(left),
            quota,
            window_seconds: rate.seconds(),
            remaining,
            reset_millis: left,
        }
    }

    pub(super) fn spend(&mut self, rate: Rate, cost: u32, now: u64) {
        let Self { start, count } = self.at(rate, now);
        *self = Self { start, count: count.saturating_add(cost) };
    }

    pub(super) fn ends(&self, rate: Rate) -> u64 {
        self.start.saturating_add(rate.millis())
    }

    /// The window now: the one that was written in until its length has passed, even if the length has changed.
    fn at(&self, rate: Rate, now: u64) -> Self {
        let lasts = now.checked_sub(self.start).is_some_and(|age| age < rate.millis());
        if lasts { *self } else { Self { start: begin(rate, now), count: 0 } }
    }
}

fn begin(rate: Rate, now: u64) -> u64 {
    now - now % rate.millis()
}
