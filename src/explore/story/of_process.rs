//! Threads of a process other than the first that wait for ever, for what is that process's alone. A real run finds that within
//! the process, which ends with the status of a deadlock while the others go on; so it does here.
//!
//! Who waits for what processes share, or for another process, is no matter of one process: that is a deadlock of the run, where
//! nobody can go on.

use super::copy;
use super::stuck::deadlock_among;
use crate::machine::Space;
use crate::state::Shared;
use crate::sync::{Op, Releasers, Who};
use crate::world::graph::{self, Blocked};
use crate::world::sim::{Ends, Fault, Rules, Universe, Way};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// In place of a thread that exists in another process only: nobody brings it back.
const ABSENT: u32 = u32::MAX;

/// The deadlock with which the process of the thread in this seat ends, if it does.
pub fn end_of_process(universe: &Universe, rules: &Rules, seat: usize) -> Option<Fault> {
    let space = universe.seats.get(seat)?.space.as_ref()?;
    let stuck = stuck_in_process(universe, rules, space);
    let deadlock = || deadlock_among(universe, rules, &|at| stuck.contains(&at));
    (!stuck.is_empty()).then(|| Fault::Deadlock { process: space.handle.name(), deadlock: deadlock() })
}

/// The seats of the threads that wait for ever within a process, if the process does not end without them.
pub fn stuck_in_process(universe: &Universe, rules: &Rules, space: &Arc<Space>) -> Vec<usize> {
    // What a pool's workers do for others is not looked at.
    if rules.pools {
        return Vec::new();
    }
    let seats = || (0..universe.seats.len()).filter(|at| universe.seats[*at].is_in(Some(space)));
    let (mut blocked, mut copied, mut goes_on) = (Blocked::new(), None, false);
    for at in seats() {
        match waits_within(universe, rules, at, &mut copied) {
            Some(releasers) => drop(blocked.insert(universe.seats[at].thread.id, releasers)),
            None => goes_on = true,
        }
    }
    blocked.insert(ABSENT, Releasers::All(vec![ABSENT]));
    // What each of those who go on may touch is not looked at: they may release whoever waits for a thing.
    let stuck = graph::stuck(&blocked, &|_, _, freed| goes_on || !freed.is_empty());
    let stuck: Vec<usize> = seats().filter(|at| stuck.contains(&universe.seats[*at].thread.id)).collect();
    let is_daemon = |at: &usize| universe.seats[*at].thread.daemon.load(Ordering::SeqCst);
    if stuck.iter().all(is_daemon) { Vec::new() } else { stuck }
}

/// Who of its own process could release a thread that waits without end. None for one that may go on by itself, or because of
/// what another process does.
fn waits_within(
    universe: &Universe,
    rules: &Rules,
    seat: usize,
    kept: &mut Option<Universe>,
) -> Option<Releasers> {
    if universe.deadline(seat).is_some() || universe.is_stopped(seat) {
        return None;
    }
    let mut there = kept.take().unwrap_or_else(|| copy(universe, rules).0);
    // A step that cannot be taken changes nothing.
    let Ends::Blocked(op) = there.step(seat, Way::Run, Vec::new(), rules).ends else { return None };
    let thread = there.seats[seat].thread.clone();
    let places: HashMap<u32, usize> =
        there.seats.iter().enumerate().map(|(at, seat)| (seat.thread.id, at)).collect();
    let space = there.seats[seat].space.clone();
    let is_here = |id: u32| places.get(&id).is_none_or(|at| there.seats[*at].is_in(space.as_ref()));
    let within = is_of_process(&op, universe.image.program.shares(), &is_here);
    let releasers = op.releasers(Who { thread: &thread, line: universe.seats[seat].line });
    let here = |id: u32| places.get(&id).map_or(ABSENT, |at| universe.seats[*at].thread.id);
    let releasers = by_name(releasers, &here);
    *kept = Some(there);
    within.then_some(releasers)
}

/// The same with other names for the threads.
fn by_name(releasers: Releasers, name: &dyn Fn(u32) -> u32) -> Releasers {
    match releasers {
        Releasers::All(threads) => Releasers::All(threads.into_iter().map(name).collect()),
        Releasers::Either(ways) => {
            Releasers::Either(ways.into_iter().map(|way| by_name(way, name)).collect())
        }
        Releasers::Anyone(things) => Releasers::Anyone(things),
        Releasers::Outside => Releasers::Outside,
    }
}

/// Whether only threads of its own process can end a wait. `shares`: there are variables that other processes change; `is_here`:
/// whether a thread is of this process.
fn is_of_process(op: &Op, shares: bool, is_here: &dyn Fn(u32) -> bool) -> bool {
    match op {
        Op::Sleep | Op::Beat(_) | Op::Fork | Op::Pipe(_) | Op::Outside(_) => return false,
        Op::Change => return !shares,
        Op::Select(select) => return select.arms.iter().all(|arm| is_of_process(arm, shares, is_here)),
        _ => {}
    }
    // Whoever has a lock, its holder gives it up.
    if let Some(owner) = op.lock().filter(|lock| lock.is_shared()).and_then(|lock| lock.owner()) {
        return owner.holder().is_some_and(|(holder, _)| is_here(holder));
    }
    let mut own = true;
    op.touches(&mut |object| {
        own &= match &object {
            Shared::Sync(sync) => !sync.is_shared(),
            Shared::Thread(thread) => thread.process.is_none(),
            Shared::Between(_) | Shared::Wire(_) => false,
            _ => true, // parts of things, which are their process's if these are
        };
    });
    own
}
