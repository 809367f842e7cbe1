//! Loops in which time stands still, with `--time idle`: some sleep, or wait with a deadline, and others go round without ever
//! letting time pass. Who would go on with time waits for those who go round; it is no deadlock, and with real time they do
//! go on.

use super::state::Graph;
use super::steps::Steps;
use crate::world::sim::{Ends, Universe, Waiting, Way};

/// Of each thread in a loop, by its seat in this state of it, whether it would wait for ever even if time passed; None where
/// nobody there waits for time. `moved`: whether it takes a step in the loop.
///
/// What is out of reach for all who go on, or would with time, stays so (`world::knot`). Where that cannot be told, those in
/// rings are meant alone.
pub fn for_ever(steps: &mut Steps, first: &Graph, moved: &[bool]) -> Option<Vec<bool>> {
    let (mut universe, _) = steps.universe(first);
    let sleeps = |universe: &Universe, at: usize| {
        !moved[at] && universe.deadline(at).is_some() && !universe.is_stopped(at)
    };
    if !(0..moved.len()).any(|at| sleeps(&universe, at)) {
        return None;
    }
    let mut waiting = Waiting::default();
    for (at, moves) in moved.iter().enumerate() {
        if *moves || sleeps(&universe, at) {
            waiting.free.push(universe.seats[at].thread.id);
            continue;
        }
        if let Some(wait) = universe.seats[at].wait.take() {
            universe.waits(at, &wait.op, &mut waiting);
            universe.seats[at].wait = Some(wait);
            continue;
        }
        // Who cannot take a step changes nothing, so it is the same for all.
        match universe.step(at, Way::Run, Vec::new(), &steps.rules).ends {
            Ends::Blocked(op) => universe.waits(at, &op, &mut waiting),
            Ends::Moved | Ends::Waits => waiting.free.push(universe.seats[at].thread.id),
        }
    }
    let ids = || universe.seats.iter().map(|seat| seat.thread.id);
    let stuck: Vec<u32> = match universe.for_ever(&steps.rules, &waiting) {
        Some(seats) => seats.into_iter().map(|at| universe.seats[at].thread.id).collect(),
        None => waiting.in_rings(),
    };
    Some(ids().map(|id| stuck.contains(&id)).collect())
}
