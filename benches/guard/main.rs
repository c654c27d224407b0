//! What a guarded route keeps of a bare one: `cargo run --release -p covet-benches --bin guard`.
//!
//! Everything is measured in one run, in turns, and told as medians and ratios: on a machine shared with others only
//! those mean anything. `-- http`, `-- redis` and `-- in-process` measure one part.

mod app;
mod count;
mod dispatch;
mod http;
mod load;

use std::time::Duration;

use covet_benches::Error;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => http::measure().and_then(|()| http::measure_on_redis()).and_then(|()| dispatch::measure()),
        ["http"] => http::measure(),
        ["redis"] => http::measure_on_redis(),
        ["in-process"] => dispatch::measure(),
        [load::ARGUMENT, port, path, millis, cookie @ ..] => {
            load::run(port.parse()?, path, Duration::from_millis(millis.parse()?), cookie.first().copied())
        }
        _ => Err("expected nothing, `http`, `redis` or `in-process`".into()),
    }
}
