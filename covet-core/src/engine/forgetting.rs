//! Whether the store forgets what it should not have to: it is at its bound, and somebody floods it.
//!
//! The rule: told once when it begins, and once when nothing was forgotten for a minute; how much it is, is a metric.
//! Pure: how much was forgotten by now, and the time, go in.

use super::Engine;
use crate::audit::{Event, Kind};
use crate::metric;
use crate::time::Timestamp;

/// It is over when nothing was forgotten for so long.
const QUIET_MILLIS: u64 = 60_000;

/// What is known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Forgetting {
    forgotten: u64,
    /// When it was last seen, while it is not over.
    last: Option<Timestamp>,
}

/// What has become of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Begun,
    Over,
}

impl Forgetting {
    /// How much is new of what was forgotten, and whether that begins it, or nothing ends it.
    fn look(&mut self, forgotten: u64, now: Timestamp) -> (u64, Option<Change>) {
        let new = forgotten.saturating_sub(self.forgotten);
        self.forgotten = forgotten;
        match self.last {
            _ if new > 0 => (new, self.last.replace(now).is_none().then_some(Change::Begun)),
            Some(last) if now.millis_since(last) >= QUIET_MILLIS => {
                self.last = None;
                (0, Some(Change::Over))
            }
            _ => (0, None),
        }
    }
}

impl Engine {
    /// Tells when the store begins to forget for want of room, and when that is over.
    pub(super) async fn look_at_forgetting(&self, forgotten: u64, now: Timestamp) {
        let (new, change) = self.forgetting.lock().look(forgotten, now);
        metric::forgotten(new);
        let (kind, condition) = match change {
            None => return,
            Some(Change::Begun) => (Kind::StoreFailure, "forgetting"),
            Some(Change::Over) => (Kind::StoreRecovered, "working"),
        };
        self.tell(Event::new(kind, now).detail("condition", condition)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_once_and_is_over_after_a_quiet_minute() {
        let begin = Timestamp::from_seconds(1_700_000_000);
        let table = [
            (0, 0, (0, None)),
            (1, 5, (5, Some(Change::Begun))),
            (2, 5, (0, None)),
            (3, 9, (4, None)),
            (62, 9, (0, None)),
            (63, 9, (0, Some(Change::Over))),
            (64, 9, (0, None)),
            (500, 10, (1, Some(Change::Begun))),
            // A clock set back ends nothing.
            (0, 10, (0, None)),
        ];
        let mut forgetting = Forgetting::default();
        for (seconds, forgotten, expected) in table {
            assert_eq!(forgetting.look(forgotten, begin.plus_millis(seconds * 1000)), expected, "{seconds}");
        }
    }
}
