//! In memory, what a flood of keys leaves behind, and how long anybody waits meanwhile.

use covet::store::{MemoryStore, Outcomes, Store};
use covet::time::Timestamp;
use covet_benches::{Error, allocations, thread_time};
use covet_core::rate_limit::Policy;

use crate::subject;

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
const FLOOD: u32 = 10_000_000;

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// How long a window is, in milliseconds.
const WINDOW: u64 = 60_000;

/// The decisions on this many addresses, each timed apart, in CPU time of this thread in ns, the longest last.
fn decide(
    store: &MemoryStore,
    policy: &Policy,
    numbers: std::ops::Range<u32>,
    now: Timestamp,
) -> Result<Vec<u32>, Error> {
    let begun = subject::begun()?;
    let mut times = Vec::with_capacity(numbers.len());
    for number in numbers {
        let step = [subject::charge(subject::key(begun, &subject::address(number)), policy)];
        let mut outcomes = Outcomes::new();
        let start = thread_time();
        store.run_now(&step, now, &mut outcomes)?;
        times.push(u32::try_from((thread_time() - start).as_nanos()).unwrap_or(u32::MAX));
    }
    times.sort_unstable();
    Ok(times)
}

fn longest(times: &[u32]) -> String {
    let at = |place: usize| f64::from(times.get(place).copied().unwrap_or_default()) / 1000.0;
    format!("longest {:.1} us, 99.9 % under {:.1} us", at(times.len() - 1), at(times.len() / 1000 * 999))
}

pub(crate) fn measure() -> Result<(), Error> {
    let policy = subject::window(100, WINDOW / 1000)?;
    println!("\nIn memory, a flood of keys; the CPU time of a decision and of the clock that tells it:");
    let few = MemoryStore::default();
    let (result, base) = allocations::during(|| decide(&few, &policy, 0..FEW, START).map(drop));
    result?;
    let base = base.held() as f64;
    println!("  {base:9.0} bytes   {FEW} keys");

    let store = MemoryStore::default();
    // Held by what tells the times, not by the store, and given back before the count ends.
    let (times, held) = allocations::during(|| decide(&store, &policy, 0..MANY, START).map(|times| longest(&times)));
    let mut held = held.held();
    println!("  {held:9} bytes   {MANY} keys; {}", times?);

    let later = START.plus_millis(2 * WINDOW);
    let (result, swept) = allocations::during(|| sweep(&store, &policy, later));
    let (sweeps, turn, times) = result?;
    held += swept.held();
    let ratio = held as f64 / base;
    println!("  {held:9} bytes   {ratio:.2} x the first, when they have expired, after {sweeps} sweeps; {times}");
    println!("                    the longest turn of a sweep {:.1} us", f64::from(turn) / 1000.0);

    let full = MemoryStore::default();
    let mut held = 0;
    for part in 0..2 {
        let half = FLOOD / 2;
        let flood = || decide(&full, &policy, part * half..(part + 1) * half, START).map(|times| longest(&times));
        let (times, more) = allocations::during(flood);
        held += more.held();
        let stats = full.stats();
        println!(
            "  {held:9} bytes   {} keys; {} kept, {} evicted; {}",
            (part + 1) * half,
            stats.entries,
            stats.evictions,
            times?
        );
    }
    Ok(())
}

/// Sweeps as the engine does each second, until all is forgotten but what is charged between, which is after each turn
/// that a sweep lets others have: how many sweeps it took, the longest turn of one, and the decisions.
fn sweep(store: &MemoryStore, policy: &Policy, now: Timestamp) -> Result<(u32, u32, String), Error> {
    let (mut sweeps, mut turns, mut longest_turn, mut times) = (0, 0, 0, Vec::new());
    while store.stats().entries > 2 * FEW as usize {
        sweeps += 1;
        let mut sweep = std::pin::pin!(store.sweep(now));
        let mut pending = true;
        while pending {
            let start = thread_time();
            let polled = sweep.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
            longest_turn = longest_turn.max(u32::try_from((thread_time() - start).as_nanos()).unwrap_or(u32::MAX));
            pending = polled.is_pending();
            turns += 1;
            let asked = turns * 7 % FEW;
            times.extend(decide(store, policy, asked..asked + 7, now)?);
        }
    }
    times.sort_unstable();
    Ok((sweeps, longest_turn, longest(&times)))
}
