//! Threads of a process other than the first that wait for ever, for what is that process's alone. A real run finds that within
//! the process, which ends with the status of a deadlock while the others go on; so it does here.
//!
//! Who waits for what processes share, or for another process, is no matter of one process: that is a deadlock of the run, where
//! nobody can go on.

use super::copy;
use super::stuck::deadlock_among;
use crate::machine::Space;
use crate::state::Shared;
use crate::sync::pipe::End;
use crate::sync::{Op, Releasers, Who};
use crate::world::graph::{self, Blocked};
use crate::world::sim::{Ends, Fault, Rules, Sides, Universe, Way};
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
fn stuck_in_process(universe: &Universe, rules: &Rules, space: &Arc<Space>) -> Vec<usize> {
    let seats = (0..universe.seats.len()).filter(|at| universe.seats[*at].is_in(Some(space)));
    let mut copied = None;
    let mut waiting: Vec<usize> =
        seats.filter(|at| waits(universe, rules, *at, &mut copied).is_some()).collect();
    // Only in a copy in which nobody has moved all have the same names.
    loop {
        match stuck_among(&mut copy(universe, rules).0, rules, &waiting) {
            Ok(stuck) => return stuck,
            Err(moves) => waiting.retain(|at| *at != moves),
        }
    }
}

/// The same of these, all of its threads that wait without end, in a universe that is of no use for anything else afterwards. An
/// error is the seat of one of them that does not wait.
pub fn stuck_among(universe: &mut Universe, rules: &Rules, waiting: &[usize]) -> Result<Vec<usize>, usize> {
    let Some(process) = waiting.first().and_then(|at| universe.seats[*at].space.clone()) else {
        return Ok(Vec::new());
    };
    let mut blocked = Blocked::from([(ABSENT, Releasers::All(vec![ABSENT]))]);
    let (mut awaiting, mut idle, mut sides) = (Blocked::new(), Vec::new(), Sides::default());
    for at in waiting {
        let Ends::Blocked(op) = universe.step(*at, Way::Run, Vec::new(), rules).ends else { return Err(*at) };
        let id = universe.seats[*at].thread.id;
        if op.is_idle() {
            idle.push(id);
        }
        match within(universe, *at, &op).or_else(|| universe.released_within(rules, *at, &op, &mut sides)) {
            Some(releasers) => drop(blocked.insert(id, releasers)),
            None if matches!(op, Op::Change) => drop(awaiting.insert(id, Releasers::Anyone(Vec::new()))),
            None => {}
        }
    }
    let others = |but: &dyn Fn(&u32) -> bool| {
        let mut seats = universe.seats.iter().filter(|seat| seat.is_in(Some(&process)));
        seats.any(|seat| !but(&seat.thread.id))
    };
    let all_wait = !others(&|id| blocked.contains_key(id));
    let one_goes_on = others(&|id| blocked.contains_key(id) || awaiting.contains_key(id));
    // By name first: what each of those who go on may touch is looked at afterwards.
    let mut stuck = graph::stuck(&blocked, &|_, _, freed| !all_wait || !freed.is_empty());
    if (one_goes_on || !awaiting.is_empty()) && stuck == [ABSENT] {
        blocked.append(&mut awaiting);
        if blocked.values().any(is_for_anyone) {
            stuck = universe.knot_within(rules, &process, &blocked, &sides);
        }
    }
    let seat = |at: &usize| &universe.seats[*at];
    let is_stuck = |at: &usize| stuck.contains(&seat(at).thread.id);
    let stuck: Vec<usize> = waiting.iter().copied().filter(is_stuck).collect();
    // Whom the process does not wait for it may leave where they are, but for workers who have something to do.
    let is_missed = |at: &usize| {
        let thread = &seat(at).thread;
        let is_waited_for = !thread.daemon.load(Ordering::SeqCst) || universe.does_a_task(thread);
        is_waited_for && !idle.contains(&thread.id)
    };
    Ok(if stuck.iter().any(is_missed) { stuck } else { Vec::new() })
}

/// Whether it is a matter of who can come to a thing.
fn is_for_anyone(releasers: &Releasers) -> bool {
    match releasers {
        Releasers::Anyone(_) | Releasers::Unless(..) => true,
        Releasers::Either(ways) => ways.iter().any(is_for_anyone),
        Releasers::All(_) | Releasers::Outside => false,
    }
}

/// What a thread waits for without end; None where it may go on. It is tried in a copy, which serves others too as long as nobody
/// moves in it.
fn waits(universe: &Universe, rules: &Rules, seat: usize, kept: &mut Option<Universe>) -> Option<Op> {
    if universe.deadline(seat).is_some() || universe.is_stopped(seat) {
        return None;
    }
    let mut there = kept.take().unwrap_or_else(|| copy(universe, rules).0);
    match there.step(seat, Way::Run, Vec::new(), rules).ends {
        Ends::Blocked(op) => {
            *kept = Some(there);
            Some(op)
        }
        Ends::Moved | Ends::Waits => None,
    }
}

/// Who could end the wait of this thread; None where that is not for its own process alone to do.
fn within(universe: &Universe, seat: usize, op: &Op) -> Option<Releasers> {
    let seat = &universe.seats[seat];
    let other = |id: u32| universe.seats.iter().find(|seat| seat.thread.id == id);
    let is_here = |id: u32| other(id).is_none_or(|other| other.is_in(seat.space.as_ref()));
    if !is_of_process(op, universe.image.program.shares(), &is_here) {
        return None;
    }
    let name = |id: u32| if other(id).is_some() { id } else { ABSENT };
    Some(by_name(op.releasers(Who { thread: &seat.thread, line: seat.line }), &name))
}

/// The same with other names for the threads.
fn by_name(releasers: Releasers, name: &dyn Fn(u32) -> u32) -> Releasers {
    match releasers {
        Releasers::All(threads) => Releasers::All(threads.into_iter().map(name).collect()),
        Releasers::Either(ways) => {
            Releasers::Either(ways.into_iter().map(|way| by_name(way, name)).collect())
        }
        Releasers::Unless(these, things) => Releasers::Unless(Box::new(by_name(*these, name)), things),
        Releasers::Anyone(things) => Releasers::Anyone(things),
        Releasers::Outside => Releasers::Outside,
    }
}

/// Whether only threads of its own process can end a wait. `shares`: there are variables that other processes change; `is_here`:
/// whether a thread is of this process.
fn is_of_process(op: &Op, shares: bool, is_here: &dyn Fn(u32) -> bool) -> bool {
    match op {
        Op::Sleep | Op::Beat(_) | Op::Fork | Op::Outside(_) => return false,
        Op::Change => return !shares,
        Op::Pipe(wait) => return End::of(wait.end()).is_ok_and(End::is_at_home),
        Op::Select(select) => return select.arms.iter().all(|arm| is_of_process(arm, shares, is_here)),
        Op::Join(_)
        | Op::JoinAll(_)
        | Op::ThreadResult(_)
        | Op::Acquire(_)
        | Op::Enter(_)
        | Op::Condition(_)
        | Op::Event(_)
        | Op::Barrier(_)
        | Op::Latch(_)
        | Op::Put(_)
        | Op::Get(_)
        | Op::Next(_)
        | Op::Finished(_)
        | Op::Result(_)
        | Op::FutureError(_)
        | Op::Ended(_)
        | Op::Several(_)
        | Op::Task(_)
        | Op::Idle(_) => {}
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
            // Parts of things, which are their process's if these are; and what no process has in common with another.
            Shared::Cell(_)
            | Shared::List(_)
            | Shared::Map(_)
            | Shared::Set(_)
            | Shared::Object(_)
            | Shared::Closure(_)
            | Shared::Bound(_)
            | Shared::Error(_)
            | Shared::File(_)
            | Shared::Ticket(_)
            | Shared::Round(_)
            | Shared::Failure(_)
            | Shared::Left(_)
            | Shared::Space(_) => true,
        };
    });
    own
}
