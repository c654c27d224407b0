//! The circuit against a slow model that keeps all calls and counts anew each time.

use proptest::prelude::*;

use super::*;

/// A moment of a test: so many milliseconds after its beginning.
fn at(start: Instant, millis: u64) -> Instant {
    start + Duration::from_millis(millis)
}

fn transition(to: Condition, after: Option<u64>) -> Option<Transition> {
    Some(Transition { to, after: after.map(Duration::from_millis) })
}

/// What becomes of calls that each begin when the one before has ended.
fn in_a_row(signs: &[Sign], start: Instant) -> (Circuit, Vec<Option<Transition>>) {
    let mut circuit = Circuit::default();
    let mut told = Vec::new();
    for (sign, number) in signs.iter().zip(0..) {
        let (next, transition) = circuit.saw(*sign, at(start, number * 50), at(start, number * 50 + 50), 255);
        circuit = next;
        told.push(transition);
    }
    (circuit, told)
}

#[test]
fn three_failures_in_a_row_open_it_and_two_do_not() {
    use Sign::{Answered, Silent, Trouble, Wrote};
    let start = Instant::now();
    let table: [(&[Sign], bool); 7] = [
        (&[Silent, Silent], false),
        (&[Silent, Silent, Silent], true),
        (&[Silent, Silent, Wrote, Silent, Silent], false),
        (&[Silent, Answered, Silent, Answered, Silent], true),
        (&[Trouble(Condition::Full); 9], false),
        (&[Silent, Silent, Trouble(Condition::Full)], false),
        (&[Wrote, Answered, Wrote], false),
    ];
    for (signs, opens) in table {
        let (circuit, told) = in_a_row(signs, start);
        assert_eq!(matches!(circuit, Circuit::Open(_)), opens, "{signs:?}");
        let told: Vec<_> = told.iter().flatten().map(|told| told.to).collect();
        assert_eq!(told.contains(&Condition::Away), opens, "{signs:?}: {told:?}");
    }
}

#[test]
fn failures_that_lie_far_apart_are_no_row() {
    let start = Instant::now();
    for (pause, opens) in [(9_949, true), (9_950, false), (86_400_000, false)] {
        let mut circuit = Circuit::default();
        for number in 0..5 {
            let began = number * (50 + pause);
            circuit = circuit.saw(Sign::Silent, at(start, began), at(start, began + 50), 0).0;
        }
        assert_eq!(matches!(circuit, Circuit::Open(_)), opens, "{pause}");
    }
}

#[test]
fn a_thousand_calls_that_waited_at_once_are_one_failure() {
    let start = Instant::now();
    let (mut circuit, mut opened) = (Circuit::default(), Vec::new());
    for round in 0..4 {
        for call in 0..1000 {
            let ended = at(start, round * 50 + 50) + Duration::from_micros(call);
            let (next, told) = circuit.saw(Sign::Silent, at(start, round * 50), ended, 0);
            circuit = next;
            opened.extend(told.map(|_| (round, call)));
        }
    }
    assert_eq!(opened, [(2, 0)]);
}

#[test]
fn one_call_tries_and_the_others_fail_at_once_until_it_has_succeeded() {
    let start = Instant::now();
    let (circuit, _) = in_a_row(&[Sign::Silent; 3], start);
    let (_, early) = circuit.admit(at(start, 199));
    let (trying, due) = circuit.admit(at(start, 200));
    let (trying, next) = trying.admit(at(start, 201));
    assert_eq!((early, due, next), (Admission::Refuse, Admission::Try, Admission::Refuse));

    let (open, told) = trying.tried(Sign::Silent, at(start, 250), 255);
    assert_eq!(
        (told, open.admit(at(start, 349)).1, open.admit(at(start, 350)).1),
        (None, Admission::Refuse, Admission::Try)
    );

    let (closed, told) = open.tried(Sign::Wrote, at(start, 1150), 0);
    assert_eq!((closed.admit(at(start, 1150)).1, told), (Admission::Pass, transition(Condition::Working, Some(1000))));
    let (full, told) = open.tried(Sign::Trouble(Condition::Full), at(start, 1150), 0);
    assert_eq!((full.admit(at(start, 1150)).1, told), (Admission::Pass, transition(Condition::Full, Some(1000))));
}

#[test]
fn a_store_that_stays_away_is_tried_after_longer_pauses_up_to_half_a_second() {
    let start = Instant::now();
    let (mut circuit, _) = in_a_row(&[Sign::Silent; 3], start);
    let (mut last, mut pauses) = (150, Vec::new());
    for now in 151..3000 {
        let (next, admission) = circuit.admit(at(start, now));
        circuit = next;
        if admission == Admission::Try {
            circuit = circuit.tried(Sign::Silent, at(start, now), 255).0;
            pauses.push(now - last);
            last = now;
        }
    }
    assert_eq!(pauses.split_off(4), [500, 500, 500, 500]);
    assert_eq!(pauses, [50, 100, 200, 400]);
}

#[test]
fn a_call_that_tries_and_is_never_heard_of_again_keeps_nobody_from_trying() {
    let start = Instant::now();
    let (circuit, _) = in_a_row(&[Sign::Silent; 3], start);
    let (trying, _) = circuit.admit(at(start, 200));
    assert_eq!(trying.admit(at(start, 699)).1, Admission::Refuse);
    assert_eq!(trying.admit(at(start, 700)).1, Admission::Try);
}

#[test]
fn an_answer_to_who_tries_is_not_enough_for_a_server_that_may_not_be_written_to_answers() {
    let start = Instant::now();
    let (circuit, _) = in_a_row(&[Sign::Silent; 3], start);
    let (trying, _) = circuit.admit(at(start, 200));
    let (open, told) = trying.tried(Sign::Answered, at(start, 201), 0);
    assert!(matches!(open, Circuit::Open(_)) && told.is_none());
}

#[test]
fn a_full_store_is_told_of_once_and_has_room_again_when_it_wrote_after_a_while_without_refusing() {
    let start = Instant::now();
    let full = Sign::Trouble(Condition::Full);
    let mut circuit = Circuit::default();
    for (millis, sign, expected) in [
        (0, full, transition(Condition::Full, None)),
        (100, full, None),
        (1000, Sign::Wrote, None),
        (4000, Sign::Trouble(Condition::Failing), None),
        (8999, Sign::Wrote, None),
        (9001, Sign::Answered, None),
        (9002, Sign::Wrote, transition(Condition::Working, Some(9002))),
        (9003, full, transition(Condition::Full, None)),
    ] {
        let (next, told) = circuit.saw(sign, at(start, millis), at(start, millis), 0);
        assert_eq!(told, expected, "at {millis}");
        assert_eq!(next.admit(at(start, millis)).1, Admission::Pass);
        circuit = next;
    }
}

#[test]
fn a_store_that_comes_and_goes_is_left_alone_for_longer_each_time() {
    let start = Instant::now();
    let (mut circuit, mut millis, mut pauses) = (Circuit::default(), 0, Vec::new());
    for _ in 0..6 {
        while matches!(circuit, Circuit::Closed(_)) {
            circuit = circuit.saw(Sign::Silent, at(start, millis), at(start, millis), 255).0;
        }
        let opened = millis;
        while circuit.admit(at(start, millis)).1 == Admission::Refuse {
            millis += 1;
        }
        pauses.push(millis - opened);
        circuit = circuit.tried(Sign::Wrote, at(start, millis), 0).0;
    }
    assert_eq!(pauses, [50, 100, 200, 400, 500, 500]);
}

/// What happens in a test.
#[derive(Clone, Debug)]
enum Move {
    Wait(u64),
    Begin,
    /// One of the calls that are under way ends.
    End(prop::sample::Index, Sign),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let sign = prop_oneof![
        4 => Just(Sign::Silent),
        2 => Just(Sign::Wrote),
        1 => Just(Sign::Answered),
        1 => Just(Sign::Trouble(Condition::Full)),
        1 => Just(Sign::Trouble(Condition::Failing)),
    ];
    let one = prop_oneof![
        2 => (0_u64..60).prop_map(Move::Wait),
        1 => (0_u64..16_000).prop_map(Move::Wait),
        4 => Just(Move::Begin),
        4 => (any::<prop::sample::Index>(), sign).prop_map(|(which, sign)| Move::End(which, sign)),
    ];
    prop::collection::vec(one, 0..200)
}

/// All calls since the store was last known to work.
#[derive(Default)]
struct Model {
    /// When each began and ended, and what it showed.
    calls: Vec<(u64, u64, Sign)>,
    /// Since when it is open, and when somebody last tried, and whether nothing was heard of them.
    open: Option<(u64, u64, bool)>,
}

impl Model {
    /// The failures in a row, each of a call that began when the one before had failed.
    fn failures(&self) -> usize {
        let written = self.calls.iter().rposition(|(.., sign)| *sign == Sign::Wrote).map_or(0, |at| at + 1);
        let mut counted: Vec<u64> = Vec::new();
        for (began, ended, sign) in self.calls.iter().skip(written) {
            if *sign == Sign::Silent && counted.last().is_none_or(|last| began >= last) {
                // One that is long ago begins no row.
                if counted.last().is_some_and(|last| ended - last >= 10_000) {
                    counted.clear();
                }
                counted.push(*ended);
            }
        }
        counted.len()
    }

    fn trouble(&self) -> Option<Condition> {
        let (mut first, mut last) = (None, 0);
        for (_, ended, sign) in &self.calls {
            match sign {
                Sign::Trouble(condition) => (first, last) = (first.or(Some(*condition)), *ended),
                Sign::Wrote if ended - last >= 5000 => first = None,
                _ => {}
            }
        }
        first
    }

    fn condition(&self) -> Condition {
        match self.open {
            Some(_) => Condition::Away,
            None => self.trouble().unwrap_or(Condition::Working),
        }
    }
}

proptest! {
    #[test]
    fn it_is_open_when_and_only_when_a_count_of_all_calls_says_so(moves in moves(), lot: u8) {
        let start = Instant::now();
        let (mut circuit, mut model, mut now) = (Circuit::default(), Model::default(), 0);
        // When each began, and whether it tries.
        let mut under_way: Vec<(u64, bool)> = Vec::new();
        for one in moves {
            let before = model.condition();
            let mut told = None;
            match one {
                Move::Wait(millis) => now += millis,
                Move::Begin => {
                    let (next, admission) = circuit.admit(at(start, now));
                    circuit = next;
                    match (&mut model.open, admission) {
                        (None, Admission::Pass) => under_way.push((now, false)),
                        (Some((_, last, awaited)), Admission::Try) => {
                            // Never sooner than half of the shortest pause, nor while another tries.
                            let shortest = if *awaited { 500 } else { 25 };
                            prop_assert!(now - *last >= shortest);
                            (*last, *awaited) = (now, true);
                            under_way.push((now, true));
                        }
                        // Never later than the longest pause.
                        (Some((_, last, _)), Admission::Refuse) => prop_assert!(now - *last < 500),
                        (open, admission) => prop_assert!(false, "{admission:?} while open: {open:?}"),
                    }
                }
                Move::End(which, sign) if !under_way.is_empty() => {
                    let (began, tries) = under_way.remove(which.index(under_way.len()));
                    let (next, transition) = if tries {
                        circuit.tried(sign, at(start, now), lot)
                    } else {
                        circuit.saw(sign, at(start, began), at(start, now), lot)
                    };
                    (circuit, told) = (next, transition);
                    match (&mut model.open, tries, sign) {
                        (Some(_), true, Sign::Wrote) => model = Model::default(),
                        (Some(_), true, Sign::Trouble(_)) => {
                            model = Model { calls: vec![(now, now, sign)], open: None };
                        }
                        (Some((_, last, awaited)), true, _) => (*last, *awaited) = (now, false),
                        (None, false, _) => {
                            model.calls.push((began, now, sign));
                            model.open = (model.failures() == 3).then_some((now, now, false));
                        }
                        (Some(_), false, _) | (None, true, _) => {}
                    }
                }
                Move::End(..) => {}
            }
            let after = model.condition();
            prop_assert_eq!(told.map(|told| told.to), (before != after).then_some(after));
            prop_assert_eq!(matches!(circuit, Circuit::Closed(_)), model.open.is_none());
        }
    }
}
