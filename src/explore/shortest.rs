//! The story with the fewest preemptions, then the fewest steps: a search over states together with the thread that
//! moved last, where moving another thread costs one if the last was in the middle of something (0-1 search: Dial,
//! CACM 1969).

use super::expand::quick_for;
use super::moves::Move;
use super::rings::Rings;
use super::slice::Sign;
use super::state::{Graph, State, hash_of};
use super::steps::{Change, Effect, Steps};
use super::tries::{Tried, property_of, race, stuck, tries};
use super::verdict::Property;
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// So many nodes are looked at; if none of them shows the failure, the path that is known has to do.
const MOST_NODES: usize = 200_000;
/// A state is as many nodes as there are threads that can have moved last, and no more than these where few states are to be
/// looked at.
const NODES_OF_A_STATE: u64 = 10;

fn most_nodes(steps: &Steps) -> usize {
    let few = steps.limit.saturating_mul(NODES_OF_A_STATE);
    usize::try_from(few).unwrap_or(MOST_NODES).min(MOST_NODES)
}

struct Node {
    state: State,
    /// The threads by their places in the state, each with a number in the order of the starts; and how many have started.
    who: Box<[u32]>,
    started: u32,
    /// The thread that moved last, by its place in the state; None when nobody minds who moves next.
    last: Option<u32>,
    parent: u32,
    step: Option<Move>,
    /// The failure shows in this step, from the parent's state.
    goal: bool,
}

/// What a path is to lead to.
pub enum Goal<'s> {
    /// A state or step in which the property fails.
    Sign(Property),
    /// One of the states with these hashes.
    States(&'s HashSet<u128>),
    /// A state where threads wait for each other in a ring, after so many steps at most.
    Ring(&'s RefCell<Rings>, usize),
}

/// What a search has come to.
pub enum Least {
    /// A path, and how the failure shows at its end.
    Path(Vec<Move>, Sign),
    /// There are too many paths; or some lead where what is taken for granted is not so.
    GivenUp,
}

/// The path to a goal with the fewest preemptions, then the fewest steps; of several the one in which threads move in the
/// order of their starts.
pub fn find(steps: &mut Steps, goal: &Goal<'_>) -> Least {
    let graph = steps.initial();
    let who: Box<[u32]> = (0..graph.seats as u32).collect();
    let started = who.len() as u32;
    let first =
        Node { state: graph.store(), who, started, last: None, parent: u32::MAX, step: None, goal: false };
    let mut search = Shortest {
        goal,
        best: HashMap::with_hasher(FixedState::with_seed(4)),
        open: BinaryHeap::from([Reverse((0, 0, 0))]),
        nodes: vec![first],
        next: Graph::default(),
    };
    search.best.insert((graph.hash(), None), (0, 0));
    let mut graph = graph;
    let mut tried = Vec::new();
    let most = most_nodes(steps);
    // Of equals the first that was met comes first.
    while let Some(Reverse((switches, length, at))) = search.open.pop() {
        let Node { last, goal, parent, .. } = search.nodes[at as usize];
        if goal {
            let step = search.nodes[at as usize].step.clone();
            let step = step.unwrap_or_else(|| unreachable!("it shows in a step"));
            return Least::Path(path(&search.nodes, parent), Sign::Step(step));
        }
        graph.load(&search.nodes[at as usize].state);
        let key = (graph.hash(), last);
        if search.best.get(&key).is_some_and(|known| *known < (switches, length)) {
            continue;
        }
        let over = steps.is_over(&graph);
        if search.is_there(steps, &graph, over) {
            return Least::Path(path(&search.nodes, at), Sign::Here);
        }
        if over || matches!(search.goal, Goal::Ring(_, most) if length as usize >= *most) {
            continue;
        }
        if !tries(steps, &graph, &mut tried) || steps.beyond.is_some() || steps.refuted.is_some() {
            return Least::GivenUp;
        }
        if let Goal::Sign(property) = search.goal
            && shows(steps, *property, &graph, &tried)
        {
            return Least::Path(path(&search.nodes, at), Sign::Here);
        }
        search.follow(steps, &graph, at, (switches, length), &mut tried);
        if search.nodes.len() >= most {
            return Least::GivenUp;
        }
    }
    Least::GivenUp
}

struct Shortest<'g> {
    goal: &'g Goal<'g>,
    nodes: Vec<Node>,
    /// The fewest preemptions and steps to each state with its last thread.
    best: HashMap<(u128, Option<u32>), (u32, u32), FixedState>,
    open: BinaryHeap<Reverse<(u32, u32, u32)>>,
    next: Graph,
}

impl Shortest<'_> {
    /// Whether the state itself is what is looked for.
    fn is_there(&self, steps: &mut Steps, graph: &Graph, over: bool) -> bool {
        match *self.goal {
            Goal::States(hashes) => hashes.contains(&graph.hash()),
            Goal::Ring(rings, _) => !over && rings.borrow_mut().is_in(steps, graph, true),
            Goal::Sign(property) if over => shows_at_end(steps, property, graph, None),
            Goal::Sign(property) => {
                property == Property::Invariant && !steps.look(graph, false).faults.is_empty()
            }
        }
    }

    /// Whether it shows in a step, or in the end that the step makes.
    fn is_in(&self, steps: &mut Steps, one: &Tried, after: &Graph) -> bool {
        let Goal::Sign(property) = *self.goal else { return false };
        one.outcome.faults.iter().any(|fault| property_of(fault) == property)
            || (one.outcome.exited.is_some() && shows_at_end(steps, property, after, one.outcome.exited))
    }

    /// Whether a step leads where others have led as well: most do, and that is seen without making the state.
    fn is_in_vain(
        &self,
        steps: &mut Steps,
        graph: &Graph,
        one: &Tried,
        change: &Change,
        now: (u32, u32),
    ) -> bool {
        let Some(quick) = quick_for(graph, change) else { return false };
        if one.outcome.exited.is_some() || !one.outcome.faults.is_empty() {
            return false;
        }
        let moved = (!change.ended).then(|| steps.place_after(graph, one.seat, quick) as u32);
        let last = moved.filter(|_| !one.outcome.passed_join);
        let hash = hash_of(steps.sum_after(graph, quick), graph.output);
        self.best.get(&(hash, last)).is_some_and(|known| *known <= now)
    }

    /// Adds what the steps of a state lead to.
    fn follow(
        &mut self,
        steps: &mut Steps,
        graph: &Graph,
        at: u32,
        (switches, length): (u32, u32),
        tried: &mut [Tried],
    ) {
        let Node { last, started, .. } = self.nodes[at as usize];
        let who = self.nodes[at as usize].who.clone();
        tried.sort_by_key(|one| who[one.seat]);
        let costs =
            last.is_some_and(|seat| tried.iter().any(|one| one.seat == seat as usize && is_cut_short(one)));
        let mut next = std::mem::take(&mut self.next);
        for one in tried.iter() {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            let now = (switches + u32::from(costs && last != Some(one.seat as u32)), length + 1);
            if self.is_in_vain(steps, graph, one, change, now) {
                continue;
            }
            let moved = steps.apply(graph, one.seat, change, &mut next);
            let goal = self.is_in(steps, one, &next);
            if one.outcome.exited.is_some() && !goal {
                continue;
            }
            let last = moved.map(|seat| seat as u32).filter(|_| !goal && !one.outcome.passed_join);
            if !goal {
                let known = self.best.entry((next.hash(), last)).or_insert((u32::MAX, 0));
                if *known <= now {
                    continue;
                }
                *known = now;
            }
            let mut started = started;
            let who = steps.carry(
                &who,
                |at| !change.ends(at, one.seat),
                next.seats,
                || {
                    started += 1;
                    started - 1
                },
            );
            let step = Some(Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() });
            self.open.push(Reverse((now.0, now.1, self.nodes.len() as u32)));
            let (state, who) = (next.store(), who.into());
            self.nodes.push(Node { state, who, started, last, parent: at, step, goal });
        }
        self.next = next;
    }
}

/// Whether to let another thread move instead of this step is a preemption: the thread could take it, without giving up
/// a wait. Standing at a `join` it has nothing else to do, and nobody can tell how long the other takes to come to its
/// end after its last step, so to let others move there interrupts nothing. (The same where it has passed such a `join`
/// since its last operation: it might as well stand there.)
pub fn is_cut_short(instead: &Tried) -> bool {
    let can = matches!(instead.outcome.kind, Effect::Change(_));
    can && instead.way == Way::Run && !instead.outcome.joins
}

/// Whether the property fails in a state with these steps.
fn shows(steps: &Steps, property: Property, graph: &Graph, tried: &[Tried]) -> bool {
    let is_stuck = || !tried.iter().any(|one| matches!(one.outcome.kind, Effect::Change(_)));
    match property {
        Property::Deadlock | Property::Error | Property::Assertion => {
            is_stuck() && stuck(&steps.pieces, graph).contains(&property)
        }
        Property::Race => race(tried).is_some(),
        Property::Invariant | Property::Ensure | Property::Livelock => false,
    }
}

fn shows_at_end(steps: &mut Steps, property: Property, graph: &Graph, exited: Option<i32>) -> bool {
    match property {
        Property::Ensure => !steps.look_at_end(graph, exited).faults.is_empty(),
        Property::Invariant => !steps.look(graph, false).faults.is_empty(),
        Property::Deadlock | Property::Error | Property::Assertion | Property::Livelock | Property::Race => {
            false
        }
    }
}

fn path(nodes: &[Node], to: u32) -> Vec<Move> {
    let mut path = Vec::new();
    let mut at = to;
    while at != u32::MAX {
        let node = &nodes[at as usize];
        path.extend(node.step.clone());
        at = node.parent;
    }
    path.reverse();
    path
}

/// The state at the end of a path.
pub fn end(steps: &mut Steps, path: &[Move]) -> Option<Graph> {
    let (mut graph, mut next) = (steps.initial(), Graph::default());
    for step in path {
        let outcome = steps.take(&graph, step.seat as usize, step.way, &step.choices);
        let Effect::Change(change) = &outcome.kind else { return None };
        steps.apply(&graph, step.seat as usize, change, &mut next);
        std::mem::swap(&mut graph, &mut next);
    }
    Some(graph)
}

/// The shortest way from the state at the end of a path back to it; empty when there is none.
pub fn cycle(steps: &mut Steps, path: &[Move]) -> Vec<Move> {
    let Some(mut graph) = end(steps, path) else { return Vec::new() };
    let mut next = Graph::default();
    let start = graph.hash();
    // Each with where it was reached from, and by which step.
    let mut nodes: Vec<(State, u32, Option<Move>)> = vec![(graph.store(), u32::MAX, None)];
    let mut seen = HashSet::from([start]);
    let mut tried = Vec::new();
    let most = most_nodes(steps);
    let mut at = 0;
    while at < nodes.len() && nodes.len() < most {
        graph.load(&nodes[at].0);
        if !tries(steps, &graph, &mut tried) {
            return Vec::new();
        }
        for one in &tried {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            steps.apply(&graph, one.seat, change, &mut next);
            let step = Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() };
            if next.hash() == start {
                return round(&nodes, at, step);
            }
            if seen.insert(next.hash()) {
                nodes.push((next.store(), at as u32, Some(step)));
            }
        }
        at += 1;
    }
    Vec::new()
}

/// The moves to a node, and one more.
fn round(nodes: &[(State, u32, Option<Move>)], mut at: usize, last: Move) -> Vec<Move> {
    let mut path = vec![last];
    while let (_, before, Some(step)) = &nodes[at] {
        path.push(step.clone());
        at = *before as usize;
    }
    path.reverse();
    path
}
