//! A batch on a cluster: the steps of each slot are a script of their own, and all scripts run at once.
//!
//! So a batch is still one round trip of time. What follows a refusal in another slot may have been done all the same:
//! an account may be charged for a request that the limit of its address refused. It is never charged too little, and
//! only by its own session, for both are in its slot. For that reason too the tier of a limit is known only where the
//! session is of the same owner.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use redis::cluster_routing::Slot;

use super::script::Prepared;
use crate::store::Outcome;

/// The steps of one slot.
pub(super) struct Part {
    slot: Slot,
    /// Which of the steps of the batch they are.
    pub(super) places: Vec<usize>,
    pub(super) steps: Vec<Prepared>,
}

/// The steps by their slots, in order.
pub(super) fn split(steps: Vec<Prepared>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (place, step) in steps.into_iter().enumerate() {
        let slot = Slot::for_key(&step.key);
        match parts.iter_mut().find(|part| part.slot == slot) {
            Some(part) => {
                part.places.push(place);
                part.steps.push(step);
            }
            None => parts.push(Part { slot, places: vec![place], steps: vec![step] }),
        }
    }
    parts
}

/// The outcomes of the batch: those of its parts by their places, up to and including the first refusal.
pub(super) fn merge(outcomes: impl IntoIterator<Item = (usize, Outcome)>) -> Vec<Outcome> {
    let mut outcomes: Vec<_> = outcomes.into_iter().collect();
    outcomes.sort_by_key(|(place, _)| *place);
    let refused = outcomes.iter().position(|(_, outcome)| outcome.is_refusal());
    outcomes.truncate(refused.map_or(outcomes.len(), |place| place + 1));
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Waits for all at once.
pub(super) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in running.iter_mut().zip(&mut outputs).filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *output = Some(value);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
