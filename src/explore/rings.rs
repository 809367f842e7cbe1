//! Threads that wait for each other in a ring while others go on, maybe for ever. None of them can ever move again, whatever
//! the others do, and as long as they live the program does not end: so this is known to be a deadlock, without knowing
//! what else can be reached from there. It is asked where a limit has ended a search, of states that it has not looked at
//! any more: what goes on for ever is still there; and of the states in which a bound on preemptions has cut a step. (A space that was
//! covered tells all of it: `graph.rs`.)
//!
//! A script that may `exit` can end all the same, and then nothing is told of states that were not looked at. But where one
//! exits in such a state, a real run had ended before, with the deadlock: that is asked of each state in which a script exits.

use super::check::explain;
use super::known::{Job, Present, begins};
use super::moves::Move;
use super::options::Options;
use super::queue::Queue;
use super::search::Search;
use super::shortest::{self, Goal, Least};
use super::slice::Sign;
use super::state::Graph;
use super::steps::{Effect, Steps};
use super::story::ring;
use super::verdict::{Plainest, Property, Verdict};
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::cell::RefCell;
use std::collections::HashMap;

/// So many of the states that were not looked at are asked, by what is known of their steps.
pub const MOST_STATES: usize = 200_000;
/// And so many also by steps that have to be computed first: which of these are not remembered may be those that wait.
const MOST_COMPUTED: usize = 1000;

/// To look at a state takes as long as to compute some steps. So many are looked at, and all others where the same threads wait for
/// the same: a ring that others cannot end is soon in many states, so where there are more ways to wait than these it is likely
/// that some ring is among them, and if not, it is not known.
const MOST_LOOKS: u32 = 500;

/// In which states there is a ring.
pub struct Rings {
    /// By who waits, and how the things to wait for are: nothing else decides it.
    known: HashMap<Vec<u32>, bool, FixedState>,
    /// So many more are looked at.
    looks: u32,
    present: Present,
    key: Vec<u32>,
}

impl Default for Rings {
    fn default() -> Rings {
        let known = HashMap::with_hasher(FixedState::with_seed(31));
        Rings { known, looks: MOST_LOOKS, present: Present::default(), key: Vec::new() }
    }
}

impl Rings {
    /// Looks at as many states as there are.
    pub fn all() -> Rings {
        Rings { looks: u32::MAX, ..Rings::default() }
    }

    /// Whether there is one in this state. Steps that are not known are computed if `computes`; else whoever would take
    /// them counts as one that goes on.
    pub fn is_in(&mut self, steps: &mut Steps, graph: &Graph, computes: bool) -> bool {
        if steps.rules.processes || steps.rules.signals {
            return false;
        }
        self.key.clear();
        for seat in 0..graph.seats {
            if self.waits(steps, graph, seat, computes) {
                self.key.push(begins(graph, steps.common, seat));
            }
        }
        if self.key.len() < 2 {
            return false;
        }
        let is_to_wait_for = |cell: u32| steps.pieces.labels.facts(steps.pieces.label(cell)).waits;
        let things = (0..).zip(&graph.cells).filter(|(_, cell)| is_to_wait_for(**cell));
        self.key.extend(things.flat_map(|(at, cell)| [at, *cell]));
        if let Some(known) = self.known.get(&self.key) {
            return *known;
        }
        if self.looks == 0 {
            return false;
        }
        self.looks -= 1;
        let found = ring(&steps.universe(graph).0, &steps.rules).is_some();
        self.known.insert(self.key.clone(), found);
        found
    }

    /// Whether a thread cannot do its operation.
    fn waits(&mut self, steps: &mut Steps, graph: &Graph, seat: usize, computes: bool) -> bool {
        let job = Job::Step { seat, way: Way::Run, choices: &[] };
        let known = steps.read();
        if let Some(number) = known.find(&mut self.present, graph, job) {
            return known.outcome(number).is_some_and(|outcome| matches!(outcome.kind, Effect::Blocked));
        }
        computes && steps.budget > 0 && matches!(steps.take(graph, seat, Way::Run, &[]).kind, Effect::Blocked)
    }
}

/// What a search knows of deadlocks that has hit a limit, and has met no state in which nobody can go on.
pub fn verdict(search: &mut Search<'_>) -> Verdict {
    let ahead = if search.steps.rules.exits { None } else { ahead(search) };
    match ahead {
        Some(state) => {
            let path = search.path(state);
            told(&mut search.steps, search.options, path, false)
        }
        None => Verdict::Unknown,
    }
}

/// A state with a ring, among those that were not looked at.
fn ahead(search: &mut Search<'_>) -> Option<u32> {
    let (mut rings, open) = (Rings::default(), &search.open);
    search.steps.sparing(|steps| {
        let looks = [(false, MOST_STATES), (true, MOST_COMPUTED)];
        looks.into_iter().find_map(|(computes, most)| among(steps, &mut rings, open, computes, most))
    })
}

/// The same among so many of them.
fn among(steps: &mut Steps, rings: &mut Rings, open: &Queue, computes: bool, most: usize) -> Option<u32> {
    let (mut graph, mut looked) = (Graph::default(), 0);
    // Pieces from everywhere: all of one may come from one state.
    for piece in open.pieces().step_by(open.len().div_ceil(most).max(1)) {
        let mut at = 0;
        while let Some(state) = piece.read(&mut at, &mut graph) {
            if rings.is_in(steps, &graph, computes) {
                return Some(state);
            }
            looked += 1;
            if looked == most || steps.budget == 0 || steps.beyond.is_some() || steps.refuted.is_some() {
                return None;
            }
        }
    }
    None
}

/// The story of a ring that stands at the end of a path. `covered`: the space is, so it is finite.
pub fn told(steps: &mut Steps, options: &Options, path: Vec<Move>, covered: bool) -> Verdict {
    let rings = RefCell::new(Rings::all());
    let Some(path) = until_there(steps, &rings, path) else { return Verdict::Unknown };
    rings.borrow_mut().looks = MOST_LOOKS;
    // Who goes on may do so for ever without being interrupted: then no path is longer than the one that is known.
    let goal = Goal::Ring(&rings, if covered { usize::MAX } else { path.len() });
    let (path, least) = match steps.sparing(|steps| shortest::find(steps, &goal)) {
        Least::Path(path, _) if covered => (path, Plainest::OfAll),
        Least::Path(path, _) => (path, Plainest::OfShort),
        Least::GivenUp => (path, Plainest::Unknown),
    };
    explain(steps, options, Property::Deadlock, (&path, &Sign::Here, least), &[])
}

/// The path to the first state where the ring stands: once it is there it stays. None where there is none after all.
fn until_there(steps: &mut Steps, rings: &RefCell<Rings>, mut path: Vec<Move>) -> Option<Vec<Move>> {
    let (mut graph, mut next) = (steps.initial(), Graph::default());
    for made in 0..=path.len() {
        if rings.borrow_mut().is_in(steps, &graph, true) {
            path.truncate(made);
            return Some(path);
        }
        let step = path.get(made)?;
        let outcome = steps.take(&graph, step.seat as usize, step.way, &step.choices);
        let Effect::Change(change) = &outcome.kind else { return None };
        steps.apply(&graph, step.seat as usize, change, &mut next);
        std::mem::swap(&mut graph, &mut next);
    }
    None
}
