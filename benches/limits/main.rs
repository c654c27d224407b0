//! What a rate limit costs, beside those of others: `cargo run --release -p covet-benches --bin limits`.
//!
//! Everything is measured in one run, in turns, and told as medians and ratios: on a machine shared with others only
//! those mean anything. `-- memory`, `-- bounds` and `-- redis` measure one part.

mod bounds;
mod memory;
mod redis;
mod subject;

use covet_benches::Error;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => memory::measure().and_then(|()| bounds::measure()).and_then(|()| redis::measure()),
        ["memory"] => memory::measure(),
        ["bounds"] => bounds::measure(),
        ["redis"] => redis::measure(),
        _ => Err("expected nothing, `memory`, `bounds` or `redis`".into()),
    }
}
