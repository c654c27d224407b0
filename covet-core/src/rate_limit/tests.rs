//! The check against a slow and obvious one that keeps every event.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use proptest::prelude::*;

use super::{Answer, Policy, Rates, Scope, State, charge, charge_mut, expires};
use crate::time::Timestamp;
use crate::units::{Count, Rate};

/// Every event there was.
#[derive(Default)]
struct Exact(Vec<u64>);

impl Exact {
    fn count(&self, now: u64, length: u64) -> u32 {
        u32::try_from(self.0.iter().filter(|event| now - **event < length).count()).unwrap()
    }

    /// By how much each rate would be overstepped, without the last `slack` of it.
    fn fits(&self, policy: &Policy, cost: u32, now: u64, slack: impl Fn(Rate) -> u32) -> bool {
        let fits = |rate: &Rate| self.count(now, rate.millis()) + cost + slack(*rate) <= rate.count();
        policy.limits().as_slice().iter().all(fits)
    }

    fn now(&self, clock: u64) -> u64 {
        self.0.last().map_or(clock, |newest| clock.max(*newest))
    }
}

fn group(rate: Rate) -> u32 {
    rate.count().div_ceil(32)
}

fn policy(rates: &[(u32, u64)]) -> Policy {
    let rates: Vec<_> = rates.iter().map(|(count, seconds)| Rate::new(*count, *seconds).unwrap()).collect();
    Policy::new(Rates::new(rates).unwrap(), Scope::Ip, Count::of(1)).unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// One request: how far the clock moves, perhaps back, and what it costs.
fn requests() -> impl Strategy<Value = Vec<(i64, u32)>> {
    let step = prop_oneof![4 => 0..40_i64, 4 => 0..1000_i64, 1 => 0..9000_i64, 1 => -3000..0_i64];
    proptest::collection::vec((step, prop_oneof![5 => Just(1_u32), 1 => 0..9_u32]), 1..400)
}

fn policies(max: u32) -> impl Strategy<Value = Policy> {
    proptest::collection::vec((1..=max, 1..8_u64), 1..=4).prop_map(|rates| policy(&rates))
}

/// Runs the requests against both and hands each decision, with what was counted before it, to `judge`.
fn compare(
    policy: &Policy,
    requests: &[(i64, u32)],
    judge: impl Fn(&Exact, u32, u64, &Answer) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let (mut exact, mut state, mut clock) = (Exact::default(), None, 100_000_u64);
    for (step, cost) in requests {
        clock = clock.saturating_add_signed(*step);
        let (next, answer) = charge(policy, state.as_ref(), *cost, at(clock));
        prop_assert_eq!(next.is_some(), *cost > 0 && !answer.is_refused());
        let now = exact.now(clock);
        judge(&exact, *cost, now, &answer)?;

        let mut in_place = state.clone().unwrap_or_else(|| State::new(policy));
        prop_assert_eq!(charge_mut(policy, &mut in_place, *cost, at(clock)), answer);
        if let Some(state) = &state.clone().filter(|_| answer.is_refused()) {
            prop_assert_eq!(&in_place, state, "a refusal changes nothing");
            let wait = answer.retry_after_millis.unwrap();
            let possible = policy.limits().as_slice().iter().all(|rate| *cost <= rate.count());
            prop_assert_eq!(!charge(policy, Some(state), *cost, at(clock + wait)).1.is_refused(), possible);
            prop_assert!(charge(policy, Some(state), *cost, at(clock + wait - 1)).1.is_refused());
        }

        if !answer.is_refused() {
            exact.0.extend(std::iter::repeat_n(now, *cost as usize));
        }
        if let Some(next) = next {
            prop_assert_eq!(expires(policy, &next).millis(), now + policy.longest_millis());
            let text = serde_json::to_string(&next).unwrap();
            prop_assert_eq!(&serde_json::from_str::<State>(&text).unwrap(), &next);
            state = Some(next);
        }
    }
    for rate in policy.limits().as_slice() {
        for first in &exact.0 {
            let window = exact.0.iter().filter(|event| (*first..first + rate.millis()).contains(event));
            prop_assert!(window.count() <= rate.count() as usize, "more than {rate} after {first}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_small_limit_is_exact(policy in policies(32), requests in requests()) {
        compare(&policy, &requests, |exact, cost, now, answer| {
            prop_assert_eq!(!answer.is_refused(), cost == 0 || exact.fits(&policy, cost, now, |_| 0));
            Ok(())
        })?;
    }

    #[test]
    fn a_large_limit_errs_only_by_refusing_and_by_less_than_a_group(policy in policies(300), requests in requests()) {
        compare(&policy, &requests, |exact, cost, now, answer| {
            if answer.is_refused() {
                prop_assert!(!exact.fits(&policy, cost, now, |rate| group(rate) - 1));
            } else {
                prop_assert!(exact.fits(&policy, cost, now, |_| 0));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_changed_policy_forgets_nothing_it_still_counts(before in policies(64), count in 1..64_u32, requests in requests()) {
        let longest = before.limits().as_slice().iter().max_by_key(|rate| rate.seconds()).unwrap();
        let after = policy(&[(count, longest.seconds().div_ceil(2)), (count, longest.seconds())]);
        let (mut events, mut state, mut clock) = (Exact::default(), None, 100_000_u64);
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
        let answer = charge_mut(&policy, &mut state, 1, Timestamp::from_seconds(seconds));
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
fn a_clock_set_back_does_not_empty_the_window() {
    let policy = policy(&[(1, 60)]);
    let (state, _) = charge(&policy, None, 1, Timestamp::from_seconds(1000));
    for (seconds, wait) in [(1000, Some(60_000)), (100, Some(960_000)), (1059, Some(1000)), (1060, None)] {
        let answer = charge(&policy, state.as_ref(), 1, Timestamp::from_seconds(seconds)).1;
        assert_eq!(answer.retry_after_millis, wait, "{seconds}");
    }
}

#[test]
fn a_cost_over_the_limit_never_fits() {
    let policy = policy(&[(5, 60)]);
    let (state, answer) = charge(&policy, None, 6, Timestamp::from_seconds(0));
    assert_eq!((state, answer.retry_after_millis), (None, Some(60_000)));
    assert!(charge(&policy, None, u32::MAX, Timestamp::from_seconds(0)).1.is_refused());
}
