//! What the benchmarks have in common: time, medians, and an allocator that counts.

pub mod allocations;
mod children;

use std::time::Duration;

pub use self::children::children_time;
use rustix::time::{ClockId, clock_gettime};

/// Whatever ends a benchmark early.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The CPU time of this process so far.
#[must_use]
pub fn cpu_time() -> Duration {
    time_of(ClockId::ProcessCPUTime)
}

/// The CPU time of this thread so far: what other programs take meanwhile is not in it.
#[must_use]
pub fn thread_time() -> Duration {
    time_of(ClockId::ThreadCPUTime)
}

fn time_of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The value in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of the ratios of each pair, measured beside each other: what slows a machine down slows both.
#[must_use]
pub fn median_ratio(values: &[f64], bases: &[f64]) -> f64 {
    median(values.iter().zip(bases).map(|(value, base)| value / base).collect())
}
