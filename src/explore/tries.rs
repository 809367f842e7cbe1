//! All steps from a state, and what shows in them.

use super::outcome::{Effect, Outcome, Touched};
use super::patience::Patience;
use super::pieces::Pieces;
use super::state::Graph;
use super::steps::Steps;
use super::verdict::Property;
use crate::world::sim::{Fault, Way, next_choices};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// A step that was tried in a state.
pub struct Tried<O = Arc<Outcome>> {
    pub seat: usize,
    pub way: Way,
    pub choices: Vec<u32>,
    pub outcome: O,
}

/// Who can tell what comes of steps.
pub trait Tries {
    type Found: Deref<Target = Outcome> + Clone;

    /// What comes of a step; None when it is not known.
    fn take(&mut self, graph: &Graph, seat: usize, way: Way, choices: &[u32]) -> Option<Self::Found>;

    fn pieces(&self) -> &Pieces;

    /// How many roots come before the threads.
    fn common(&self) -> usize;

    /// Time passes only when nothing else can move.
    fn is_idle(&self) -> bool;

    /// Whether there may be other processes than the first.
    fn has_processes(&self) -> bool;

    /// Of threads of other processes that wait without end: one of each process that ends because some of its own wait for
    /// ever. None when it is not known.
    fn ends_stuck(&mut self, graph: &Graph, waiting: &[usize]) -> Option<Vec<usize>>;

    /// Whether there is time for one step more.
    #[inline]
    fn goes_on(&mut self) -> bool {
        true
    }

    /// How long until a thread gives up waiting, if it does.
    fn deadline(&self, graph: &Graph, seat: usize) -> Option<i64> {
        self.pieces().seat(graph, seat, self.common()).deadline
    }
}

/// Whoever has steps, and computes what is not known of them.
pub trait Computes {
    fn steps(&self) -> &Steps;

    fn steps_mut(&mut self) -> &mut Steps;

    /// Whether there is time for one step more.
    fn has_time(&mut self) -> bool;
}

impl<C: Computes> Tries for C {
    type Found = Arc<Outcome>;

    fn take(&mut self, graph: &Graph, seat: usize, way: Way, choices: &[u32]) -> Option<Arc<Outcome>> {
        Some(self.steps_mut().take(graph, seat, way, choices))
    }

    fn pieces(&self) -> &Pieces {
        &self.steps().pieces
    }

    fn common(&self) -> usize {
        self.steps().common
    }

    fn is_idle(&self) -> bool {
        self.steps().rules.is_idle()
    }

    fn has_processes(&self) -> bool {
        self.steps().rules.processes
    }

    fn ends_stuck(&mut self, graph: &Graph, waiting: &[usize]) -> Option<Vec<usize>> {
        Some(self.steps_mut().ends_stuck(graph, waiting))
    }

    fn goes_on(&mut self) -> bool {
        self.has_time()
    }
}

impl Computes for Steps {
    fn steps(&self) -> &Steps {
        self
    }

    fn steps_mut(&mut self) -> &mut Steps {
        self
    }

    fn has_time(&mut self) -> bool {
        self.budget > 0
    }
}

/// Somebody who asks whether to go on.
struct Asking<'a, 'w> {
    steps: &'a mut Steps,
    patience: &'a mut Patience<'w>,
}

impl Computes for Asking<'_, '_> {
    fn steps(&self) -> &Steps {
        self.steps
    }

    fn steps_mut(&mut self) -> &mut Steps {
        self.steps
    }

    fn has_time(&mut self) -> bool {
        self.patience.lasts(self.steps)
    }
}

/// All steps from a state: those that can be taken, and what each thread's operation would touch. False when they are
/// not all: then there are more than the steps' budget allows.
pub fn tries(steps: &mut Steps, graph: &Graph, out: &mut Vec<Tried>) -> bool {
    try_all(steps, graph, out).is_some()
}

/// The same, as long as patience lasts.
pub fn tries_with(
    steps: &mut Steps,
    patience: &mut Patience<'_>,
    graph: &Graph,
    out: &mut Vec<Tried>,
) -> bool {
    patience.turn();
    try_all(&mut Asking { steps, patience }, graph, out).is_some()
}

/// The same; None when something is not known, or there is no time for it.
#[inline]
pub fn try_all<T: Tries>(by: &mut T, graph: &Graph, out: &mut Vec<Tried<T::Found>>) -> Option<()> {
    out.clear();
    let idle = by.is_idle();
    let mut before = 0;
    for seat in 0..graph.seats {
        let first = out.len();
        if is_like_the_last(graph, seat) && try_as_the_last(by, before, seat, out)? {
            before = first;
            continue;
        }
        before = first;
        let moved = try_way(by, graph, seat, Way::Run, out)?;
        if !moved && !idle && gives_up(by, graph, seat) {
            try_way(by, graph, seat, Way::TimeOut, out)?;
        }
    }
    if by.has_processes() {
        end_stuck(by, graph, out)?;
    }
    if idle { let_time_pass(by, graph, out) } else { Some(()) }
}

/// Adds the ends of the processes some of whose threads wait for ever, for what is their process's alone.
#[cold]
fn end_stuck<T: Tries>(by: &mut T, graph: &Graph, out: &mut Vec<Tried<T::Found>>) -> Option<()> {
    let moves = |one: &Tried<T::Found>| matches!(one.outcome.kind, Effect::Change(_)) && !one.outcome.died;
    let elsewhere = |seat: &usize| graph.part(*seat).is_some_and(|part| by.pieces().traits(part).elsewhere);
    let waiting: Vec<usize> = (graph.first_part()..graph.seats)
        .filter(elsewhere)
        .filter(|seat| !gives_up(by, graph, *seat) && !out.iter().any(|one| one.seat == *seat && moves(one)))
        .collect();
    if waiting.is_empty() {
        return Some(());
    }
    for seat in by.ends_stuck(graph, &waiting)? {
        try_way(by, graph, seat, Way::TimeOut, out)?;
    }
    Some(())
}

/// Equal threads stand side by side.
#[inline]
fn is_like_the_last(graph: &Graph, seat: usize) -> bool {
    seat > graph.first_part() && graph.part(seat) == graph.part(seat - 1)
}

/// Adds the steps of the thread before, which begin at `from`, for an equal one: the same comes of them. False, and nothing is
/// added, where it was found for that thread only.
#[inline]
fn try_as_the_last<T: Tries>(
    by: &mut T,
    from: usize,
    seat: usize,
    out: &mut Vec<Tried<T::Found>>,
) -> Option<bool> {
    let (first, end) = (from, out.len());
    if out[first..].iter().any(|one| one.outcome.is_for_one_state()) {
        return Some(false);
    }
    for at in first..end {
        let Tried { way, choices, outcome, .. } = &out[at];
        let one = Tried { seat, way: *way, choices: choices.clone(), outcome: outcome.clone() };
        out.push(one);
        if !by.goes_on() {
            return None;
        }
    }
    Some(true)
}

/// Whether a thread gives up waiting some time.
#[inline]
pub fn gives_up<T: Tries>(by: &T, graph: &Graph, seat: usize) -> bool {
    match graph.part(seat) {
        Some(part) => by.pieces().traits(part).gives_up,
        None => by.deadline(graph, seat).is_some(),
    }
}

/// Whose time is over already may say so at any moment; otherwise time goes on when nothing else does.
#[cold]
fn let_time_pass<T: Tries>(by: &mut T, graph: &Graph, out: &mut Vec<Tried<T::Found>>) -> Option<()> {
    let can = |one: &Tried<T::Found>| matches!(one.outcome.kind, Effect::Change(_));
    let mut moves = out.iter().any(can);
    for seat in 0..graph.seats {
        let runs =
            |one: &Tried<T::Found>| one.seat == seat && one.way == Way::Run && can(one) && !one.outcome.died;
        if by.deadline(graph, seat).is_some_and(|left| left <= 0) && !out.iter().any(runs) {
            moves |= try_way(by, graph, seat, Way::TimeOut, out)?;
        }
    }
    if moves {
        return Some(());
    }
    let ahead = (0..graph.seats).filter_map(|seat| by.deadline(graph, seat)).filter(|left| *left > 0);
    let ahead: BTreeSet<i64> = ahead.collect();
    // Of a process that is stopped nobody gives up when its time comes.
    for next in ahead {
        let mut moved = false;
        for seat in 0..graph.seats {
            if by.deadline(graph, seat) == Some(next) {
                moved |= try_way(by, graph, seat, Way::TimeOut, out)?;
            }
        }
        if moved {
            break;
        }
    }
    Some(())
}

/// Tries each choice of a step. Whether it can be taken; None when that is not known, or there is no time for all.
#[inline]
fn try_way<T: Tries>(
    by: &mut T,
    graph: &Graph,
    seat: usize,
    way: Way,
    out: &mut Vec<Tried<T::Found>>,
) -> Option<bool> {
    let mut choices = Vec::new();
    let mut moved = false;
    loop {
        let outcome = by.take(graph, seat, way, &choices)?;
        let next = next_choices(&outcome.choices);
        // Whoever may die of a signal in place of going on may also give up a wait.
        moved |= matches!(outcome.kind, Effect::Change(_)) && !outcome.died;
        out.push(Tried { seat, way, choices, outcome });
        if !by.goes_on() {
            return None;
        }
        match next {
            Some(more) => choices = more,
            None => return Some(moved),
        }
    }
}

/// Which property a fault breaks.
pub fn property_of(fault: &Fault) -> Property {
    match fault {
        Fault::Uncaught { error, .. } => Property::of(error),
        Fault::Watch { watch, .. } => {
            if watch.ensure {
                Property::Ensure
            } else {
                Property::Invariant
            }
        }
        Fault::Deadlock { .. } => Property::Deadlock,
    }
}

/// What fails in a state where nothing can be done any more: it is a deadlock, and the errors of branches are caught by
/// nobody whose `parallel` waits for others.
pub fn stuck(pieces: &Pieces, graph: &Graph) -> Vec<Property> {
    let mut failing = pieces.unraised(graph);
    failing.insert(0, Property::Deadlock);
    failing
}

/// Two operations that stand next to each other and touch one cell, one of them to write it.
pub fn race<O: Deref<Target = Outcome>>(tried: &[Tried<O>]) -> Option<(usize, usize, Touched)> {
    for (i, a) in tried.iter().enumerate() {
        if a.outcome.touches.is_empty() {
            continue;
        }
        for (j, b) in tried.iter().enumerate().skip(i + 1) {
            if a.seat == b.seat || (a.outcome.atomic && b.outcome.atomic) {
                continue;
            }
            for x in &a.outcome.touches {
                let meets = |y: &&Touched| x.node == y.node && (x.write || y.write) && x.part.meets(y.part);
                if b.outcome.touches.iter().any(|y| meets(&y)) {
                    return Some((i, j, *x));
                }
            }
        }
    }
    None
}
