//! In memory, beside `governor` by string keys: the time of a decision, the bytes of a key, several limits of a request.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use covet::store::{Key, MemoryStore, Outcomes, Step, Store, Tag};
use covet::time::{Clock, SystemClock};
use covet_benches::{Error, allocations, median, median_ratio, thread_time};
use covet_core::keys::BegunTag;
use covet_core::rate_limit::Policy;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::subject::{self, Numbers};

const ROUNDS: usize = 11;
const DECISIONS: u32 = 200_000;
const KEYS: u32 = 100_000;

/// Something that decides by a string.
trait Decides: Sync {
    /// Whether there is room for one more of an address.
    #[expect(clippy::ptr_arg, reason = "`governor` is asked by a reference to what it keeps")]
    fn admits(&self, address: &String) -> bool;
}

impl Decides for DefaultKeyedRateLimiter<String> {
    fn admits(&self, address: &String) -> bool {
        self.check_key(address).is_ok()
    }
}

struct Ours {
    store: MemoryStore,
    policy: Policy,
    begun: BegunTag,
}

impl Ours {
    fn new(policy: Policy) -> Result<Self, Error> {
        Ok(Self { store: MemoryStore::default(), policy, begun: subject::begun()? })
    }
}

impl Decides for Ours {
    fn admits(&self, address: &String) -> bool {
        admits(&self.store, &[subject::charge(subject::key(self.begun, address), &self.policy)])
    }
}

/// Whether there is room in all of them, by the clock that the engine reads once a request.
fn admits(store: &MemoryStore, steps: &[Step<'_>]) -> bool {
    let mut outcomes = Outcomes::new();
    let done = store.run_now(steps, SystemClock.now(), &mut outcomes);
    matches!(done, Ok(true)) && !outcomes.last().is_some_and(covet::store::Outcome::is_refusal)
}

/// One of those who are measured beside each other, and its name.
type Subject = (&'static str, Box<dyn Decides>);

/// All of them, with the same rate.
fn subjects(count: u32, seconds: u64) -> Result<[Subject; 3], Error> {
    let burst = NonZeroU32::new(count).ok_or("a limit of nothing")?;
    let period = Duration::from_secs(seconds) / count;
    let quota = Quota::with_period(period).ok_or("a limit without an end")?.allow_burst(burst);
    Ok([
        ("governor", Box::new(RateLimiter::<String, _, _>::keyed(quota))),
        ("token bucket", Box::new(Ours::new(subject::bucket(count, seconds)?)?)),
        ("sliding window", Box::new(Ours::new(subject::window(count, seconds)?)?)),
    ])
}

pub(crate) fn measure() -> Result<(), Error> {
    let addresses: Vec<String> = (0..KEYS).map(subject::address).collect();
    bytes(&addresses)?;
    println!("\nIn memory, ns CPU of a decision (ns by the clock), median of {ROUNDS} rounds; ratios to governor:");
    for (keys, threads) in [(1, 1), (1, 2), (addresses.len(), 1), (addresses.len(), 2)] {
        let keys = addresses.get(..keys).unwrap_or_default();
        // As much as no key uses here, and as little as every key has used at once.
        times("admitted", keys, threads, &subjects(if keys.len() == 1 { 100_000_000 } else { 1000 }, 60)?)?;
        times("refused", keys, threads, &subjects(1, 86_400)?)?;
    }
    several(&addresses)
}

/// What is held for each key after its first request, and when half of its limit is used.
fn bytes(addresses: &[String]) -> Result<(), Error> {
    println!("\nIn memory, bytes of each of {} keys, limit 100 in a minute:", addresses.len());
    let mut base = None;
    for (name, subject) in subjects(100, 60)? {
        let mut held = Vec::new();
        let mut total = 0;
        for requests in [1, 49] {
            let ask = || (0..requests).all(|_| addresses.iter().all(|address| subject.admits(address)));
            let (admitted, allocated) = allocations::during(ask);
            if !admitted {
                return Err(format!("{name} refuses whom it should admit").into());
            }
            total += allocated.held();
            held.push(total as f64 / addresses.len() as f64);
        }
        let [first, half] = held.as_slice() else { continue };
        let base = *base.get_or_insert(*first);
        println!("  {first:6.1}  {:.2}   after 50 requests {half:6.1}   {name}", first / base);
    }
    Ok(())
}

fn times(answer: &str, keys: &[String], threads: usize, subjects: &[Subject]) -> Result<(), Error> {
    let mut rounds: Vec<(Vec<f64>, Vec<f64>)> = subjects.iter().map(|_| Default::default()).collect();
    for (name, subject) in subjects {
        let first = keys.iter().all(|key| subject.admits(key));
        let second = keys.iter().all(|key| subject.admits(key));
        if !first || second != (answer == "admitted") {
            return Err(format!("{name} does not do as it should").into());
        }
    }
    for round in 0..=ROUNDS {
        for ((_, subject), (cpu, wall)) in subjects.iter().zip(&mut rounds) {
            let one = decide(&**subject, keys, threads, round as u64);
            if round > 0 {
                cpu.push(one.0);
                wall.push(one.1);
            }
        }
    }
    let (base_cpu, base_wall) = rounds.first().cloned().unwrap_or_default();
    println!("  {} keys, {threads} threads, {answer}", keys.len());
    for ((name, _), (cpu, wall)) in subjects.iter().zip(rounds) {
        let (ratio, wall_ratio) = (median_ratio(&cpu, &base_cpu), median_ratio(&wall, &base_wall));
        println!("    {:6.1}  {ratio:.2}   ({:6.1}  {wall_ratio:.2})   {name}", median(cpu), median(wall));
    }
    Ok(())
}

/// The CPU time and the time by the clock of a decision, in ns, of as many threads at once.
fn decide(subject: &dyn Decides, keys: &[String], threads: usize, seed: u64) -> (f64, f64) {
    let barrier = Barrier::new(threads);
    let run = |thread: usize| {
        let mut numbers = Numbers(seed << 8 | thread as u64);
        barrier.wait();
        let (start, began) = (thread_time(), Instant::now());
        for _ in 0..DECISIONS {
            let key = keys.get(numbers.below(keys.len()));
            black_box(key.map(|key| subject.admits(key)));
        }
        ((thread_time() - start).as_secs_f64(), began.elapsed().as_secs_f64())
    };
    let times: Vec<(f64, f64)> = std::thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(move || run(thread))).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    let each = 1e9 / f64::from(DECISIONS) / times.len() as f64;
    (times.iter().map(|time| time.0).sum::<f64>() * each, times.iter().map(|time| time.1).sum::<f64>() * each)
}

/// One limit of a request, and three: of its address, of its user, of its route.
fn several(addresses: &[String]) -> Result<(), Error> {
    let (store, policy, begun) = (MemoryStore::default(), subject::window(1000, 60)?, subject::begun()?);
    let everybody = subject::window(100_000_000, 60)?;
    let route = subject::key(begun, "GET /");
    // Of users the engine has the tags: their cookies told them.
    let users: Vec<Tag> = addresses.iter().map(|name| subject::key(begun, &format!("user {name}")).id).collect();
    let request = |number: usize, limits: usize| {
        let (Some(address), Some(user)) = (addresses.get(number), users.get(number)) else { return false };
        let address = subject::key(begun, address);
        let user = Key { owner: *user, id: route.id, ..address };
        let charge = |key| subject::charge(key, &policy);
        match limits {
            1 => admits(&store, &[charge(address)]),
            _ => admits(&store, &[charge(address), charge(user), subject::charge(route, &everybody)]),
        }
    };
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (limits, times) in [1, 3].into_iter().zip(&mut rounds) {
            let mut numbers = Numbers(round as u64);
            let start = thread_time();
            for _ in 0..DECISIONS {
                black_box(request(numbers.below(addresses.len()), limits));
            }
            if round > 0 {
                times.push((thread_time() - start).as_secs_f64() * 1e9 / f64::from(DECISIONS));
            }
        }
    }
    let [one, three] = rounds;
    println!("  {} keys, 1 thread, several limits of one request; ratio to one", addresses.len());
    println!("    {:6.1}  {:.2}   three limits", median(three.clone()), median_ratio(&three, &one));
    println!("    {:6.1}  1.00   one limit", median(one));
    Ok(())
}
