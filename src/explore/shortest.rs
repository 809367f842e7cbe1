//! The story with the fewest preemptions, then the fewest steps: a search over states together with the thread that
//! moved last, where moving another thread costs one if the last was in the middle of something (0-1 search: Dial,
//! CACM 1969).

use super::expand::{Move, Sign};
use super::state::{Graph, State};
use super::steps::{Effect, Steps};
use super::tries::{Tried, property_of, race, tries};
use super::verdict::Property;
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// So many nodes are looked at; if none of them shows the failure, the path that is known has to do.
const MOST_NODES: usize = 200_000;

struct Node {
    state: State,
    /// The thread that moved last, by its place in the state; None when nobody minds who moves next.
    last: Option<u32>,
    parent: u32,
    step: Option<Move>,
    /// The failure shows in this step, from the parent's state.
    goal: bool,
}

/// A path to a failure of this property, and how it shows.
pub fn find(steps: &mut Steps, property: Property) -> Option<(Vec<Move>, Sign)> {
    let graph = steps.initial();
    let mut nodes =
        vec![Node { state: graph.store(), last: None, parent: u32::MAX, step: None, goal: false }];
    let mut best: HashMap<(u128, Option<u32>), (u32, u32), FixedState> =
        HashMap::with_hasher(FixedState::with_seed(4));
    best.insert((graph.hash(), None), (0, 0));
    let mut open = BinaryHeap::from([(Reverse((0u32, 0u32)), 0u32)]);
    let (mut graph, mut next) = (graph, Graph::default());
    let mut tried = Vec::new();
    while let Some((Reverse((switches, length)), at)) = open.pop() {
        let last = nodes[at as usize].last;
        if nodes[at as usize].goal {
            let step = nodes[at as usize].step.clone()?;
            return Some((path(&nodes, nodes[at as usize].parent), Sign::Step(step)));
        }
        graph.load(&nodes[at as usize].state);
        let key = (graph.hash(), last);
        if best.get(&key).is_some_and(|known| *known < (switches, length)) {
            continue;
        }
        if steps.is_over(&graph) {
            if shows_at_end(steps, property, &graph) {
                return Some((path(&nodes, at), Sign::Here));
            }
            continue;
        }
        if property == Property::Invariant && !steps.look(&graph, false).faults.is_empty() {
            return Some((path(&nodes, at), Sign::Here));
        }
        tries(steps, &graph, &mut tried);
        if shows(property, &tried) {
            return Some((path(&nodes, at), Sign::Here));
        }
        let costs =
            last.is_some_and(|seat| tried.iter().any(|one| one.seat == seat as usize && is_cut_short(one)));
        for one in &tried {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            let moved = steps.apply(&graph, one.seat, change, &mut next);
            let cost = switches + u32::from(costs && last != Some(one.seat as u32));
            let step = Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() };
            let exits = one.outcome.exited.is_some();
            let faults = one.outcome.faults.iter().any(|fault| property_of(fault) == property);
            let goal = faults || (exits && shows_at_end(steps, property, &next));
            if goal {
                let number = nodes.len() as u32;
                nodes.push(Node { state: next.store(), last: None, parent: at, step: Some(step), goal });
                open.push((Reverse((cost, length + 1)), number));
                continue;
            }
            if exits {
                continue;
            }
            let last = moved.map(|seat| seat as u32).filter(|_| !one.outcome.passed_join);
            let key = (next.hash(), last);
            let now = (cost, length + 1);
            if best.get(&key).is_some_and(|known| *known <= now) {
                continue;
            }
            best.insert(key, now);
            if nodes.len() >= MOST_NODES {
                return None;
            }
            let number = nodes.len() as u32;
            nodes.push(Node { state: next.store(), last, parent: at, step: Some(step), goal: false });
            open.push((Reverse(now), number));
        }
    }
    None
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
fn shows(property: Property, tried: &[Tried]) -> bool {
    match property {
        Property::Deadlock => !tried.iter().any(|one| matches!(one.outcome.kind, Effect::Change(_))),
        Property::Race => race(tried).is_some(),
        Property::Error
        | Property::Assertion
        | Property::Invariant
        | Property::Ensure
        | Property::Livelock => false,
    }
}

fn shows_at_end(steps: &mut Steps, property: Property, graph: &Graph) -> bool {
    match property {
        Property::Ensure => !steps.look(graph, true).faults.is_empty(),
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

/// The shortest way from the state at the end of a path back to it; empty when there is none.
pub fn cycle(steps: &mut Steps, path: &[Move]) -> Vec<Move> {
    let (mut graph, mut next) = (steps.initial(), Graph::default());
    for step in path {
        let outcome = steps.take(&graph, step.seat as usize, step.way, &step.choices);
        let Effect::Change(change) = &outcome.kind else { return Vec::new() };
        steps.apply(&graph, step.seat as usize, change, &mut next);
        std::mem::swap(&mut graph, &mut next);
    }
    let start = graph.hash();
    let mut nodes =
        vec![Node { state: graph.store(), last: None, parent: u32::MAX, step: None, goal: false }];
    let mut seen = std::collections::HashSet::from([start]);
    let mut tried = Vec::new();
    let mut at = 0;
    while at < nodes.len() && nodes.len() < MOST_NODES {
        graph.load(&nodes[at].state);
        tries(steps, &graph, &mut tried);
        for one in &tried {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            steps.apply(&graph, one.seat, change, &mut next);
            let step = Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() };
            let hash = next.hash();
            let node =
                Node { state: next.store(), last: None, parent: at as u32, step: Some(step), goal: false };
            if hash == start {
                nodes.push(node);
                let end = nodes.len() as u32 - 1;
                return self::path(&nodes, end);
            }
            if seen.insert(hash) {
                nodes.push(node);
            }
        }
        at += 1;
    }
    Vec::new()
}
