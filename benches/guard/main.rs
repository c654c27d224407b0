//! What a guarded route keeps of a bare one: `cargo run --release -p covet-benches --bin guard`.
//!
//! Everything is measured in one run, in turns, and told as medians and ratios: on a machine shared with others only
//! those mean anything. `-- in-process` and `-- http` measure one half.

mod allocations;
mod app;
mod count;
mod dispatch;
mod http;
mod load;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => http::measure().and_then(|()| dispatch::measure()),
        ["http"] => http::measure(),
        ["in-process"] => dispatch::measure(),
        [load::ARGUMENT, port, path, millis, cookie @ ..] => {
            load::run(port.parse()?, path, Duration::from_millis(millis.parse()?), cookie.first().copied())
        }
        _ => Err("expected nothing, `http` or `in-process`".into()),
    }
}

/// The CPU time of this process so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
