//! The check against a slow and obvious one that keeps every event.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use proptest::prelude::*;

use super::{Algorithm, Answer, Burst, Policy, Rates, Scope, State, charge, charge_mut, expires, kept_until, refund};
use crate::time::{DISORDER_MILLIS, Timestamp};
use crate::units::{Count, Rate};

/// The rule of an algorithm, word by word.
trait Slow: Default {
    /// The clock may have been set back since the last request.
    fn turn_to(&mut self, policy: &Policy, now: u64);

    /// Whether there is room for `cost`, without the last `slack` of each rate.
    fn fits(&self, policy: &Policy, cost: u32, now: u64, slack: impl Fn(Rate) -> u32) -> bool;

    fn spend(&mut self, policy: &Policy, cost: u32, now: u64);

    /// When a request that read `now` is judged, after [`Slow::turn_to`].
    fn judged_at(&self, policy: &Policy, now: u64) -> u64;
}

/// Every event there was.
#[derive(Default)]
struct Events(Vec<u64>);

impl Slow for Events {
    fn turn_to(&mut self, _: &Policy, now: u64) {
        let ahead = self.0.last().map_or(0, |newest| newest.saturating_sub(now));
        let ahead = if ahead <= DISORDER_MILLIS { 0 } else { ahead };
        self.0.iter_mut().for_each(|event| *event = event.saturating_sub(ahead));
    }

    fn fits(&self, policy: &Policy, cost: u32, now: u64, slack: impl Fn(Rate) -> u32) -> bool {
        let count = |length| u32::try_from(self.0.iter().filter(|event| now - **event < length).count()).unwrap();
        let fits = |rate: &Rate| count(rate.millis()) + cost + slack(*rate) <= rate.count();
        policy.limits().as_slice().iter().all(fits)
    }

    fn spend(&mut self, _: &Policy, cost: u32, now: u64) {
        self.0.extend(std::iter::repeat_n(now, cost as usize));
    }

    fn judged_at(&self, _: &Policy, now: u64) -> u64 {
        self.0.last().map_or(now, |newest| now.max(*newest))
    }
}

/// What each bucket lacks, a token being as many parts as its window has milliseconds, and as of when. One that is
/// full lacks less than nothing: by as much as the clock must be set back for it to seem to lack anything.
#[derive(Default)]
struct Buckets {
    lacking: Vec<i128>,
    now: u64,
}

fn capacity(policy: &Policy, rate: Rate) -> u32 {
    policy.burst().map_or(rate.count(), Count::get)
}

impl Slow for Buckets {
    fn turn_to(&mut self, policy: &Policy, now: u64) {
        let rates = policy.limits().as_slice();
        self.lacking.resize(rates.len(), -(1 << 100));
        for (rate, lacking) in rates.iter().zip(&mut self.lacking) {
            let passed = i128::from(now) - i128::from(self.now);
            let full = i128::from(capacity(policy, *rate)) * i128::from(rate.millis());
            let disorder = i128::from(DISORDER_MILLIS) * i128::from(rate.count());
            *lacking -= passed * i128::from(rate.count());
            *lacking = if *lacking > full + disorder { full } else { *lacking };
        }
        self.now = now;
    }

    fn fits(&self, policy: &Policy, cost: u32, _: u64, slack: impl Fn(Rate) -> u32) -> bool {
        let fits = |(rate, lacking): (&Rate, &i128)| {
            let tokens = i128::from(capacity(policy, *rate)) - i128::from(cost) - i128::from(slack(*rate));
            (*lacking).max(0) <= tokens * i128::from(rate.millis())
        };
        policy.limits().as_slice().iter().zip(&self.lacking).all(fits)
    }

    fn spend(&mut self, policy: &Policy, cost: u32, _: u64) {
        for (rate, lacking) in policy.limits().as_slice().iter().zip(&mut self.lacking) {
            if cost > 0 {
                *lacking = (*lacking).max(0) + i128::from(cost) * i128::from(rate.millis());
            }
        }
    }

    fn judged_at(&self, policy: &Policy, now: u64) -> u64 {
        let at = |(rate, lacking): (&Rate, &i128)| {
            let excess = lacking - i128::from(capacity(policy, *rate)) * i128::from(rate.millis());
            now + u64::try_from(excess.max(0)).unwrap().div_ceil(u64::from(rate.count()))
        };
        policy.limits().as_slice().iter().zip(&self.lacking).map(at).max().unwrap()
    }
}

/// Every event there was, counted from one full window of the clock to the next.
#[derive(Default)]
struct Calendar(Vec<u64>);

impl Slow for Calendar {
    fn turn_to(&mut self, _: &Policy, _: u64) {}

    fn fits(&self, policy: &Policy, cost: u32, now: u64, slack: impl Fn(Rate) -> u32) -> bool {
        let count = |length: u64| self.0.iter().filter(|event| **event / length == now / length).count();
        let fits = |rate: &Rate| u32::try_from(count(rate.millis())).unwrap() + cost + slack(*rate) <= rate.count();
        policy.limits().as_slice().iter().all(fits)
    }

    fn spend(&mut self, _: &Policy, cost: u32, now: u64) {
        self.0.extend(std::iter::repeat_n(now, cost as usize));
    }

    fn judged_at(&self, _: &Policy, now: u64) -> u64 {
        now
    }
}

fn group(rate: Rate) -> u32 {
    rate.count().div_ceil(32)
}

fn policy(rates: &[(u32, u64)]) -> Policy {
    let rates: Vec<_> = rates.iter().map(|(count, seconds)| Rate::new(*count, *seconds).unwrap()).collect();
    Policy::new(Rates::new(rates).unwrap(), Scope::Ip, Count::of(1)).unwrap()
}

fn by(algorithm: Algorithm, rates: &[(u32, u64)]) -> Policy {
    policy(rates).counted_by(algorithm, None).unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// One request: how far the clock moves, perhaps back, and what it costs.
fn requests() -> impl Strategy<Value = Vec<(i64, u32)>> {
    let step = prop_oneof![4 => 0..40_i64, 4 => 0..1000_i64, 1 => 0..9000_i64, 1 => -3000..0_i64, 1 => -30_000..0_i64];
    proptest::collection::vec((step, prop_oneof![5 => Just(1_u32), 1 => 0..9_u32]), 1..400)
}

fn policies(max: u32) -> impl Strategy<Value = Policy> {
    proptest::collection::vec((1..=max, 1..8_u64), 1..=4).prop_map(|rates| policy(&rates))
}

fn buckets() -> impl Strategy<Value = Policy> {
    let burst = proptest::option::of(1..40_u32);
    (proptest::collection::vec((1..=40_u32, 1..8_u64), 1..=4), burst).prop_map(|(rates, burst)| {
        let burst = burst.filter(|_| rates.len() == 1).map(Burst::of);
        policy(&rates).counted_by(Algorithm::TokenBucket, burst).unwrap()
    })
}

fn calendars() -> impl Strategy<Value = Policy> {
    policies(40).prop_map(|policy| policy.counted_by(Algorithm::FixedWindow, None).unwrap())
}

/// Runs the requests against both and hands each decision, with what was counted before it, to `judge`.
fn compare<S: Slow>(
    policy: &Policy,
    requests: &[(i64, u32)],
    judge: impl Fn(&S, u32, u64, &Answer) -> Result<(), TestCaseError>,
) -> Result<S, TestCaseError> {
    let (mut slow, mut state, mut clock) = (S::default(), None, 10_000_000_u64);
    for (step, cost) in requests {
        clock = clock.saturating_add_signed(*step);
        slow.turn_to(policy, clock);
        let (next, answer) = charge(policy, state.as_ref(), *cost, at(clock));
        let judged = slow.judged_at(policy, clock);
        judge(&slow, *cost, judged, &answer)?;

        let mut in_place = state.clone().unwrap_or_else(|| State::new(policy));
        let charged = charge_mut(policy, &mut in_place, *cost, at(clock));
        prop_assert_eq!(charged.answer, answer);
        prop_assert_eq!(charged.changed, next.is_some());
        prop_assert!(next.as_ref().is_none_or(|next| *next == in_place));
        prop_assert_eq!(charge(policy, Some(&in_place), 0, at(clock)).0, None, "nothing is brought back twice");
        state = if next.is_some() { next } else { state };
        if let Some(state) = state.as_ref().filter(|_| answer.is_refused()) {
            let longest = policy.limits().as_slice().iter().map(|rate| rate.millis()).max().unwrap();
            let wait = answer.retry_after_millis.unwrap();
            prop_assert!(policy.algorithm() == Algorithm::TokenBucket || wait <= longest, "{wait} of {longest}");
            let room = |rate: &Rate| *cost <= capacity(policy, *rate);
            let possible = policy.limits().as_slice().iter().all(room);
            let after = |wait| charge(policy, Some(state), *cost, at(judged + wait)).1;
            prop_assert_eq!(!after(wait).is_refused(), possible);
            // Of several buckets that are ahead of the clock each has a time of its own.
            let several = policy.algorithm() == Algorithm::TokenBucket && judged > clock;
            prop_assert!(several || after(wait - 1).is_refused());
        }
        if !answer.is_refused() {
            slow.spend(policy, *cost, judged);
        }
        if let Some(state) = &state {
            let text = serde_json::to_string(state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<State>(&text).unwrap(), state);
            if let Some(packed) = state.pack() {
                prop_assert_eq!(&State::unpack(policy, packed), state);
                let mut unknown = State::unpack_unknown(packed);
                let charged = charge_mut(policy, &mut unknown, 1, at(clock));
                prop_assert_eq!(charged, charge_mut(policy, &mut state.clone(), 1, at(clock)));
            } else {
                let several = policy.limits().as_slice().len() > 1;
                prop_assert!(several || policy.algorithm() == Algorithm::SlidingWindow);
            }
            let forgotten = expires(policy, state);
            if forgotten.millis() > clock {
                let (with, without) = (charge(policy, Some(state), 1, forgotten), charge(policy, None, 1, forgotten));
                prop_assert_eq!(with.1, without.1, "what is forgotten is not missed");
            }
        }
    }
    Ok(slow)
}

proptest! {
    #[test]
    fn a_small_limit_is_exact(policy in policies(32), requests in requests()) {
        let events = compare(&policy, &requests, |events: &Events, cost, now, answer| {
            prop_assert_eq!(!answer.is_refused(), cost == 0 || events.fits(&policy, cost, now, |_| 0));
            Ok(())
        })?;
        for rate in policy.limits().as_slice() {
            for first in &events.0 {
                let window = events.0.iter().filter(|event| (*first..first + rate.millis()).contains(event));
                prop_assert!(window.count() <= rate.count() as usize, "more than {rate} after {first}");
            }
        }
    }

    #[test]
    fn a_bucket_is_exact(policy in buckets(), requests in requests()) {
        compare(&policy, &requests, |buckets: &Buckets, cost, now, answer| {
            prop_assert_eq!(!answer.is_refused(), cost == 0 || buckets.fits(&policy, cost, now, |_| 0));
            let least = |(rate, lacking): (&Rate, &i128)| {
                let tokens = i128::from(capacity(&policy, *rate)) * i128::from(rate.millis()) - (*lacking).max(0);
                tokens.max(0) / i128::from(rate.millis())
            };
            let left = policy.limits().as_slice().iter().zip(&buckets.lacking).map(least).min().unwrap();
            if !answer.is_refused() {
                prop_assert_eq!(i128::from(answer.remaining), left - i128::from(cost));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_fixed_window_counts_by_the_clock(policy in calendars(), requests in requests()) {
        let forward: Vec<_> = requests.iter().map(|(step, cost)| (step.abs(), *cost)).collect();
        compare(&policy, &forward, |calendar: &Calendar, cost, now, answer| {
            prop_assert_eq!(!answer.is_refused(), cost == 0 || calendar.fits(&policy, cost, now, |_| 0));
            Ok(())
        })?;
    }

    #[test]
    fn whatever_the_clock_does_it_gives_at_most_one_fresh_allowance_a_jump_and_locks_no_longer_than_its_length(
        algorithm in prop_oneof![
            Just(Algorithm::SlidingWindow), Just(Algorithm::TokenBucket), Just(Algorithm::FixedWindow)
        ],
        rate in (1..40_u32, 1..100_u64),
        jumps in proptest::collection::vec(
            prop_oneof![Just(3_600_000_i64), Just(-7_200_000), Just(34_560_000_000), -5000..5000_i64], 1..12,
        ),
    ) {
        let policy = by(algorithm, &[rate]);
        let (mut state, mut clock, mut disorder) = (State::new(&policy), 1_700_000_000_000_u64, 0);
        for jump in jumps {
            clock = clock.saturating_add_signed(jump);
            // What was counted a little ahead is judged by its own time.
            disorder = if (-5000..0).contains(&jump) { DISORDER_MILLIS } else { disorder };
            let admitted = (0..100).filter(|_| !charge_mut(&policy, &mut state, 1, at(clock)).answer.is_refused());
            prop_assert!(admitted.count() <= rate.0 as usize);
            let wait = charge_mut(&policy, &mut state, 1, at(clock)).answer.retry_after_millis.unwrap();
            prop_assert!(wait <= rate.1 * 1000);
            prop_assert!(!charge_mut(&policy, &mut state.clone(), 1, at(clock + wait + disorder)).answer.is_refused());
        }
    }

    #[test]
    fn a_large_limit_errs_only_by_refusing_and_by_less_than_a_group(policy in policies(300), requests in requests()) {
        compare(&policy, &requests, |events: &Events, cost, now, answer| {
            if answer.is_refused() {
                prop_assert!(!events.fits(&policy, cost, now, |rate| group(rate) - 1));
            } else {
                prop_assert!(events.fits(&policy, cost, now, |_| 0));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_changed_policy_forgets_nothing_it_still_counts(before in policies(64), count in 1..64_u32, requests in requests()) {
        let longest = before.limits().as_slice().iter().max_by_key(|rate| rate.seconds()).unwrap();
        let after = policy(&[(count, longest.seconds().div_ceil(2)), (count, longest.seconds())]);
        let (mut events, mut state, mut clock) = (Events::default(), None, 100_000_u64);
        for (index, (step, _)) in requests.iter().enumerate() {
            clock += step.unsigned_abs();
            let policy = if index < requests.len() / 2 { &before } else { &after };
            let (next, answer) = charge(policy, state.as_ref(), 1, at(clock));
            if !answer.is_refused() {
                prop_assert!(events.fits(policy, 1, clock, |_| 0));
                events.0.push(clock);
                state = next;
            }
        }
    }
}

#[test]
fn the_answer_tells_the_tightest_rate() {
    let policy = policy(&[(3, 60), (4, 3600)]);
    let mut state = State::new(&policy);
    let mut charge = |seconds| {
        let answer = charge_mut(&policy, &mut state, 1, Timestamp::from_seconds(seconds)).answer;
        let Answer { retry_after_millis, quota, window_seconds, remaining, reset_millis } = answer;
        (retry_after_millis, quota, window_seconds, remaining, reset_millis)
    };
    assert_eq!(charge(1000), (None, 3, 60, 2, 60_000));
    assert_eq!(charge(1010), (None, 3, 60, 1, 50_000));
    assert_eq!(charge(1020), (None, 3, 60, 0, 40_000));
    assert_eq!(charge(1030), (Some(30_000), 3, 60, 0, 30_000));
    assert_eq!(charge(1060), (None, 4, 3600, 0, 3_540_000));
    assert_eq!(charge(1070), (Some(3_530_000), 4, 3600, 0, 3_530_000));
}

#[test]
fn a_clock_set_back_neither_empties_the_window_nor_locks_until_it_has_caught_up() {
    let policy = policy(&[(1, 60)]);
    let mut state = State::new(&policy);
    let mut charge =
        |seconds| charge_mut(&policy, &mut state, 1, Timestamp::from_seconds(seconds)).answer.retry_after_millis;
    assert_eq!(charge(1000), None);
    assert_eq!(charge(1010), Some(50_000));
    assert_eq!(charge(100), Some(60_000));
    assert_eq!(charge(159), Some(1000));
    assert_eq!(charge(160), None);
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let policy = policy(&[(60, 60)]).counted_by(Algorithm::TokenBucket, Some(Count::of(3))).unwrap();
    let mut state = State::new(&policy);
    let mut charge = |millis| {
        let answer = charge_mut(&policy, &mut state, 1, at(millis)).answer;
        let Answer { retry_after_millis, quota, window_seconds, remaining, reset_millis } = answer;
        (retry_after_millis, quota, window_seconds, remaining, reset_millis)
    };
    assert_eq!(charge(10_000), (None, 3, 3, 2, 1000));
    assert_eq!(charge(10_000), (None, 3, 3, 1, 1000));
    assert_eq!(charge(10_400), (None, 3, 3, 0, 600));
    assert_eq!(charge(10_400), (Some(600), 3, 3, 0, 600));
    assert_eq!(charge(11_000), (None, 3, 3, 0, 1000));
    assert_eq!(charge(99_000), (None, 3, 3, 2, 1000));
}

/// In any others it has more parts than can be told exactly, and would be refused.
#[test]
fn a_large_bucket_is_counted_in_the_lowest_terms_of_its_rate() {
    let policy = policy(&[(1_000_000, 31_536_000)]).counted_by(Algorithm::TokenBucket, None).unwrap();
    let (state, answer) = charge(&policy, None, 1_000_000, at(0));
    assert_eq!((answer.retry_after_millis, answer.remaining), (None, 0));
    let (_, answer) = charge(&policy, state.as_ref(), 1, at(0));
    assert_eq!(answer.retry_after_millis, Some(31_536), "a millionth of a year");
}

#[test]
fn a_fixed_window_begins_anew_at_the_turn() {
    let policy = by(Algorithm::FixedWindow, &[(2, 60)]);
    let mut state = State::new(&policy);
    let mut charge = |millis| {
        let answer = charge_mut(&policy, &mut state, 1, at(millis)).answer;
        (answer.retry_after_millis, answer.remaining, answer.reset_millis)
    };
    assert_eq!(charge(59_000), (None, 1, 1000));
    assert_eq!(charge(59_500), (None, 0, 500));
    assert_eq!(charge(59_999), (Some(1), 0, 1));
    assert_eq!(charge(60_000), (None, 1, 60_000));
}

/// A store writes what a refusal has brought into the present: else the next begins from the future again, and refuses
/// until the clock has caught up.
#[test]
fn a_refusal_after_the_clock_was_set_back_is_written_if_it_brings_anything_into_the_present() {
    for algorithm in [Algorithm::SlidingWindow, Algorithm::TokenBucket, Algorithm::FixedWindow] {
        let policy = by(algorithm, &[(1, 60)]);
        let (ahead, _) = charge(&policy, None, 1, Timestamp::from_seconds(600_000));
        let (written, answer) = charge(&policy, ahead.as_ref(), 1, Timestamp::from_seconds(60));
        assert!(answer.is_refused(), "{algorithm:?}");
        let (_, answer) = charge(&policy, written.as_ref().or(ahead.as_ref()), 1, Timestamp::from_seconds(120));
        assert!(!answer.is_refused(), "{algorithm:?}");
    }
}

#[test]
fn what_fits_no_eight_bytes_is_not_packed() {
    let policy = policy(&[(1, 60)]);
    for (time, fits) in [((1 << 42) - 1, true), (1 << 42, false)] {
        let (state, _) = charge(&policy, None, 1, at(time));
        let packed = state.as_ref().unwrap().pack();
        assert_eq!(packed.map(|packed| State::unpack(&policy, packed)), state.filter(|_| fits));
    }
    let most = (1 << 20) - 1;
    for (count, fits) in [(most, true), (most + 1, false)] {
        let policy = by(Algorithm::FixedWindow, &[(Rate::MAX_COUNT, 60)]);
        let (state, _) = charge(&policy, None, count, at(1_700_000_000_000));
        let packed = state.as_ref().unwrap().pack();
        assert_eq!(packed.map(|packed| State::unpack(&policy, packed)), state.filter(|_| fits));
    }
    let (state, _) = charge(&by(Algorithm::FixedWindow, &[(5, 60)]), None, 1, at((1 << 42) + 60_000));
    assert_eq!(state.unwrap().pack(), None);
}

#[test]
fn another_algorithm_begins_with_nothing_counted() {
    let (window, bucket) = (policy(&[(1, 60)]), by(Algorithm::TokenBucket, &[(1, 60)]));
    let (state, _) = charge(&window, None, 1, at(0));
    assert!(charge(&window, state.as_ref(), 1, at(0)).1.is_refused());
    let (state, answer) = charge(&bucket, state.as_ref(), 1, at(0));
    assert!(!answer.is_refused());
    assert!(charge(&bucket, state.as_ref(), 1, at(0)).1.is_refused());
}

#[test]
fn who_is_refused_is_kept_as_long_as_if_just_counted_and_who_is_admitted_until_the_end() {
    for (algorithm, rates, admitted, refused) in [
        (Algorithm::SlidingWindow, &[(1, 60), (5, 10)][..], 60_000, 90_000),
        (Algorithm::SlidingWindow, &[(5, 10), (1, 60)], 60_000, 90_000),
        (Algorithm::TokenBucket, &[(1, 60)], 60_000, 90_000),
        (Algorithm::FixedWindow, &[(1, 60)], 60_000, 90_000),
    ] {
        let policy = by(algorithm, rates);
        let mut state = State::new(&policy);
        for (millis, kept) in [(0, admitted), (30_000, refused)] {
            let answer = charge_mut(&policy, &mut state, 1, at(millis)).answer;
            assert_eq!(kept_until(&policy, &state, &answer, at(millis)), at(kept), "{algorithm:?} {rates:?} {millis}");
        }
    }
}

#[test]
fn a_cost_over_the_limit_never_fits() {
    let policy = policy(&[(5, 60)]);
    let (state, answer) = charge(&policy, None, 6, Timestamp::from_seconds(0));
    assert_eq!((state, answer.retry_after_millis), (None, Some(60_000)));
    assert!(charge(&policy, None, u32::MAX, Timestamp::from_seconds(0)).1.is_refused());
}

proptest! {
    /// What is given back is never more than what was charged: of those that were not given back no more are admitted
    /// than the limit says, in any window; and where all are, none is refused.
    #[test]
    fn what_is_given_back_lets_nobody_exceed_the_limit(
        rates in proptest::collection::vec((1..80_u32, 1..4_u64), 1..3),
        events in proptest::collection::vec((0..400_u64, proptest::bool::ANY), 1..300),
        all_succeed in proptest::bool::ANY,
    ) {
        let rates: Vec<_> = rates.into_iter().map(|(count, seconds)| Rate::new(count, seconds).unwrap()).collect();
        let policy = Policy::new(Rates::new(rates).unwrap(), Scope::Ip, Count::of(1)).unwrap();
        let (mut state, mut kept, mut now, mut open) = (None, Vec::new(), 1_000_000, 0);
        for (step, succeeds) in events {
            now += step;
            let at = Timestamp::from_millis(now);
            let (next, answer) = charge(&policy, state.as_ref(), 1, at);
            state = next.or(state);
            prop_assert!(!(all_succeed && answer.is_refused()));
            if answer.is_refused() {
                continue;
            }
            kept.push(now);
            for rate in policy.limits().as_slice() {
                // The one that is about to be given back counts until it is.
                let in_window = kept.iter().filter(|event| now - **event < rate.millis()).count();
                prop_assert!(in_window <= rate.count() as usize, "{in_window} in {rate}");
            }
            if succeeds || all_succeed {
                kept.pop();
                open += 1;
                state = state.and_then(|state| refund(&policy, &state, 1).or(Some(state)));
            }
        }
        prop_assert!(open > 0 || !all_succeed);
    }

    /// Buckets and fixed windows give nothing back.
    #[test]
    fn only_a_sliding_window_gives_back(cost in 1..9_u32) {
        let now = Timestamp::from_seconds(1_000_000);
        for algorithm in [Algorithm::TokenBucket, Algorithm::FixedWindow] {
            let rates = Rates::new([Rate::new(9, 60).unwrap()]).unwrap();
            let policy = Policy::new(rates, Scope::Ip, Count::of(1)).unwrap().counted_by(algorithm, None).unwrap();
            let (state, _) = charge(&policy, None, cost, now);
            prop_assert_eq!(refund(&policy, &state.unwrap(), cost), None);
        }
    }
}
