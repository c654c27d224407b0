//! Which TOTP step may still be used: each only once (RFC 6238 section 5.2, ASVS v5.0.0-6.5.1).

use serde::{Deserialize, Serialize};

/// What is remembered of an account's codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct State {
    /// The newest accepted step.
    pub last_step: u64,
}

/// Accepts `step` if it is newer than every accepted one, so that neither a code nor an older one works afterwards.
/// The state is `None` when it has not changed.
#[must_use]
pub fn claim_step(state: Option<&State>, step: u64) -> (Option<State>, bool) {
    let accepted = state.is_none_or(|state| step > state.last_step);
    (accepted.then_some(State { last_step: step }), accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn accepted_steps_only_rise(steps in proptest::collection::vec(0_u64..20, 0..50)) {
            let mut state = None;
            let mut accepted = Vec::new();
            for step in steps {
                let (new, yes) = claim_step(state.as_ref(), step);
                accepted.extend(yes.then_some(step));
                state = new.or(state);
            }
            assert!(accepted.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn a_step_is_accepted_only_after_every_accepted_one() {
        let used = |last_step| Some(State { last_step });
        for (state, step, answer) in [
            (None, 0, (used(0), true)),
            (used(7), 6, (None, false)),
            (used(7), 7, (None, false)),
            (used(7), 8, (used(8), true)),
        ] {
            assert_eq!(claim_step(state.as_ref(), step), answer, "{state:?} {step}");
        }
    }
}
