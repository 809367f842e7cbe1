//! Who waits for whom, when nobody or not everybody can go on.

use super::copy;
use super::log::thing_of;
use crate::event::deeds::Named;
use crate::report::runtime::{Deadlock, Stuck, Unasked};
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Who};
use crate::world::sim::{Ends, Rules, Seat, Universe, Way};
use std::sync::Arc;

/// Who waits for what, in the present state: a ring of threads that wait for each other if there is one, else all that
/// cannot go on.
pub fn deadlock(universe: &Universe, rules: &Rules) -> Deadlock {
    deadlock_among(universe, rules, &|_| true)
}

/// The errors of branches that no `parallel` will raise whose thread is in one of these seats.
pub(super) fn unraised_in<'u>(
    universe: &'u Universe,
    among: &dyn Fn(usize) -> bool,
) -> impl Iterator<Item = (&'u Arc<Thread>, Unasked)> {
    let seats = (0..universe.seats.len()).filter(|at| among(*at));
    let waited_for: Vec<_> = seats.flat_map(|at| universe.branches_of(at)).collect();
    let failed = universe.branches.iter().filter_map(|thread| Some((thread, thread.unraised()?)));
    failed.filter(move |(thread, _)| waited_for.iter().any(|branch| Arc::ptr_eq(branch, thread)))
}

/// Those who wait for each other in a ring while others go on: nobody who goes on can end that. None where there is no such
/// ring, or something outside could end one: a signal, the end of a process.
pub fn ring(universe: &Universe, rules: &Rules) -> Option<Deadlock> {
    if rules.processes || rules.signals {
        return None;
    }
    let waits_on = |at: usize| {
        let seat = &universe.seats[at];
        !seat.is_daemon() && seat.wait.as_ref().is_none_or(|wait| wait.deadline.is_none())
    };
    Some(deadlock_among(universe, rules, &waits_on)).filter(|found| found.cycle)
}

/// Those who wait for ever while others go on, in a run that goes on: nobody who goes on can end that. `rests`: whether the
/// thread in this seat, which waits, has been found to do so in vain since anything has changed.
pub fn knot(universe: &Universe, rules: &Rules, rests: &dyn Fn(usize) -> bool) -> Option<Deadlock> {
    let stuck = universe.knot(rules, rests);
    // The keeper of a worker process waits for what that does.
    let idle = |op: &Op| op.is_idle() || matches!(op, Op::Pipe(wait) if wait.is_for_an_answer());
    let idles = |seat: &Seat| seat.wait.as_ref().is_some_and(|wait| idle(&wait.op));
    let shown = |at: usize| stuck.contains(&at) && !idles(&universe.seats[at]);
    (!stuck.is_empty()).then(|| deadlock_among(universe, rules, &shown))
}

/// The same of those in some seats.
pub(super) fn deadlock_among(universe: &Universe, rules: &Rules, among: &dyn Fn(usize) -> bool) -> Deadlock {
    let (mut stuck, mut copy) = (Vec::new(), None);
    for at in (0..universe.seats.len()).filter(|at| among(*at)) {
        let seat = &universe.seats[at];
        let (thread, name) = (seat.thread.clone(), seat.label());
        // Who stands before its operation may have waited elsewhere earlier.
        let line = match (&seat.wait, &seat.fiber) {
            (None, Some(fiber)) => fiber.next_line(&universe.image.program),
            (Some(_), _) | (None, None) => seat.line,
        };
        let Some(vain) = waits_in(universe, rules, at, &mut copy) else { continue };
        let Vain { waits, releasers, why, .. } = vain;
        let holds = universe.held_by(&thread).into_iter();
        let holds = holds.map(|(sync, line)| (sync.label(), line)).collect();
        stuck.push((thread.id, releasers, Stuck { thread: name, holds, waits, line }, why));
    }
    let next = |at: usize| match &stuck[at].1 {
        Releasers::All(all) if all.len() == 1 => stuck.iter().position(|(id, ..)| *id == all[0]),
        Releasers::All(_)
        | Releasers::Anyone(_)
        | Releasers::Either(_)
        | Releasers::Unless(..)
        | Releasers::Outside => None,
    };
    let ring = (0..stuck.len()).find_map(|from| {
        let mut ring = vec![from];
        while let Some(to) = next(ring[ring.len() - 1]) {
            if to == from {
                return Some(ring);
            }
            if ring.contains(&to) {
                return None;
            }
            ring.push(to);
        }
        None
    });
    let cycle = ring.is_some();
    let shown = ring.unwrap_or_else(|| (0..stuck.len()).collect());
    let mut notes: Vec<String> = Vec::new();
    for note in shown.iter().flat_map(|at| &stuck[*at].3) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    notes.extend(unraised_in(universe, among).map(|(_, error)| error.note()));
    let threads = shown.into_iter().map(|at| stuck[at].2.clone()).collect();
    Deadlock { threads, cycle, notes }
}

/// What a thread waits for in vain.
pub(super) struct Vain {
    pub waits: String,
    /// Who could end that.
    pub releasers: Releasers,
    /// The thing that it is about.
    pub on: Option<Named>,
    /// Why, and what to do.
    why: Vec<String>,
}

impl Vain {
    fn new(op: &Op, who: Who<'_>) -> Vain {
        let mut why = Vec::new();
        op.explain(who, &mut |note| why.push(note));
        Vain { waits: op.describe(), releasers: op.releasers(who), on: thing_of(op), why }
    }
}

/// None when it could go on.
pub(super) fn waits_for(universe: &Universe, rules: &Rules, seat: usize) -> Option<Vain> {
    waits_in(universe, rules, seat, &mut None)
}

/// The same. What it is about to do is tried in a copy, which serves others too as long as nothing changes in it.
fn waits_in(universe: &Universe, rules: &Rules, seat: usize, kept: &mut Option<Universe>) -> Option<Vain> {
    if universe.is_stopped(seat) {
        return Some(Vain {
            waits: "is stopped, and waits for the signal CONT".into(),
            releasers: Releasers::Outside,
            on: None,
            why: Vec::new(),
        });
    }
    let it = &universe.seats[seat];
    let (thread, line) = (it.thread.clone(), it.line);
    if let Some(wait) = &it.wait {
        return Some(Vain::new(&wait.op, Who { thread: &thread, line }));
    }
    let mut copy = kept.take().unwrap_or_else(|| named_copy(universe, rules));
    let Ends::Blocked(op) = copy.step(seat, Way::Run, Vec::new(), rules).ends else {
        return None;
    };
    let copied = copy.seats[seat].thread.clone();
    let mut vain = Vain::new(&op, Who { thread: &copied, line });
    // Its things have other numbers, and so have its threads: those are told by their places.
    vain.on.iter_mut().for_each(|thing| thing.id = None);
    let here = |id: u32| {
        let seat = copy.seats.iter().position(|seat| seat.thread.id == id)?;
        Some(universe.seats[seat].thread.id)
    };
    if let Releasers::All(all) = vain.releasers {
        vain.releasers = Releasers::All(all.into_iter().filter_map(here).collect());
    }
    *kept = Some(copy);
    Some(vain)
}

/// A copy whose threads have the names of those here.
fn named_copy(universe: &Universe, rules: &Rules) -> Universe {
    let (copy, _) = copy(universe, rules);
    for (other, seat) in copy.seats.iter().zip(&universe.seats) {
        *other.thread.name.lock() = seat.thread.name();
    }
    copy
}
