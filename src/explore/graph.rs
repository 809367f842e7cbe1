//! What only the shape of the whole space tells: loops from which no good end can be reached.
//!
//! A bottom component (a strongly connected component that nothing leaves, Tarjan 1972) without an end is one. A thread
//! of it that never moves there waits for ever: that is a deadlock among some; if all move, it is a livelock. What the
//! branches of a `parallel` have failed with whose thread never moves there is raised by nobody.

use super::search::Search;
use super::shortest::end;
use super::state::Graph;
use super::steps::{Effect, Steps};
use super::still;
use super::tries::tries;
use super::verdict::Property;
use crate::state::Shared;
use crate::sync::{Op, Who};
use crate::world::graph::named;
use crate::world::sim::{Ends, Way};
use std::collections::{HashMap, HashSet};

#[derive(Debug, Default)]
pub struct Shape {
    /// The nearest state where each of these begins.
    pub signs: Vec<(Property, u32)>,
    /// The hashes of all states that show it.
    pub states: HashMap<Property, HashSet<u128>>,
}

/// What a bottom component tells.
pub struct Judged {
    pub failing: Vec<Property>,
    /// The hashes of its states.
    pub states: HashSet<u128>,
    /// The seats, in the state where it was begun, whose threads never move there.
    pub resting: Vec<usize>,
    /// Those of them that wait for none that does.
    pub stuck: Vec<usize>,
}

/// Looks at the whole space of a search that has covered it.
pub fn shape(search: &mut Search<'_>) -> Shape {
    let count = search.states() as usize;
    let all = std::mem::take(&mut search.edges);
    let mut starts = std::mem::take(&mut search.edge_starts);
    starts.resize(count + 1, all.len() as u32);
    let edges = |state: u32| {
        let at = state as usize;
        &all[starts[at] as usize..starts[at + 1] as usize]
    };
    let good = good(count, &edges, &search.finals);
    if good.iter().all(|good| *good) {
        return Shape::default();
    }
    let mut shape = Shape::default();
    for component in bottoms(count, &edges, &good) {
        // The nearest of its states: they are numbered by their distance.
        let Some(&state) = component.iter().min() else { continue };
        let path = search.path(state);
        let first =
            end(&mut search.steps, &path).unwrap_or_else(|| unreachable!("the search has gone that way"));
        let judged = judge(&mut search.steps, &first);
        for property in judged.failing {
            shape.add(property, state);
            shape.states.entry(property).or_default().extend(&judged.states);
        }
    }
    shape
}

/// The bottom components without an end of what is known of a space: `edges` of each of so many states, and which are `open`:
/// they have ended, or not all that can be done there is known.
pub(super) fn rounds<'e>(count: usize, edges: &impl Fn(u32) -> &'e [u32], open: &[u32]) -> Vec<Vec<u32>> {
    let good = good(count, edges, open);
    bottoms(count, edges, &good)
}

/// From which states an end can be reached. A state where nothing can move is an end too, if a bad one: it is reported
/// as what it is.
fn good<'e>(count: usize, edges: &impl Fn(u32) -> &'e [u32], finals: &[u32]) -> Vec<bool> {
    let mut good = vec![false; count];
    finals.iter().for_each(|state| good[*state as usize] = true);
    (0..count as u32).for_each(|state| good[state as usize] |= edges(state).is_empty());
    // Most steps lead away from the start, to states with greater numbers: going backward a few times finds most, and
    // needs no room.
    for _ in 0..SWEEPS {
        let mut found = false;
        for state in (0..count as u32).rev() {
            let at = state as usize;
            if !good[at] && edges(state).iter().any(|to| good[*to as usize]) {
                (good[at], found) = (true, true);
            }
        }
        if !found {
            return good;
        }
    }
    backward(count, edges, &mut good);
    good
}

/// So many times the states are gone through before the edges are turned round.
const SWEEPS: usize = 6;

/// Adds the states from which good ones can be reached.
fn backward<'e>(count: usize, edges: &impl Fn(u32) -> &'e [u32], good: &mut [bool]) {
    let mut into = vec![0u32; count + 1];
    for state in 0..count as u32 {
        edges(state).iter().for_each(|to| into[*to as usize + 1] += 1);
    }
    for at in 0..count {
        into[at + 1] += into[at];
    }
    let mut fill = into.clone();
    let mut back = vec![0u32; into[count] as usize];
    for state in 0..count as u32 {
        for &to in edges(state) {
            back[fill[to as usize] as usize] = state;
            fill[to as usize] += 1;
        }
    }
    let mut pending: Vec<u32> = (0..count as u32).filter(|state| good[*state as usize]).collect();
    while let Some(state) = pending.pop() {
        for &from in &back[into[state as usize] as usize..into[state as usize + 1] as usize] {
            if !std::mem::replace(&mut good[from as usize], true) {
                pending.push(from);
            }
        }
    }
}

impl Shape {
    fn add(&mut self, property: Property, state: u32) {
        match self.signs.iter_mut().find(|(known, _)| *known == property) {
            Some((_, nearest)) => *nearest = state.min(*nearest),
            None => self.signs.push((property, state)),
        }
    }
}

/// The strongly connected components, of the states that are not good, that nothing leaves (Tarjan, SIAM J. Comput.
/// 1972, without recursion).
fn bottoms<'e>(count: usize, edges: &impl Fn(u32) -> &'e [u32], good: &[bool]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let mut index = vec![NEW; count];
    let mut low = vec![0u32; count];
    let mut on_stack = vec![false; count];
    let (mut next, mut stack, mut found) = (0u32, Vec::new(), Vec::new());
    for root in 0..count as u32 {
        if good[root as usize] || index[root as usize] != NEW {
            continue;
        }
        let mut calls: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some(&mut (state, ref mut at)) = calls.last_mut() {
            let me = state as usize;
            if *at == 0 {
                (index[me], low[me]) = (next, next);
                next += 1;
                stack.push(state);
                on_stack[me] = true;
            }
            // What is not good leads to nothing good.
            if let Some(&to) = edges(state).get(*at) {
                *at += 1;
                let there = to as usize;
                if index[there] == NEW {
                    calls.push((to, 0));
                } else if on_stack[there] {
                    low[me] = low[me].min(index[there]);
                }
                continue;
            }
            calls.pop();
            if let Some(&(parent, _)) = calls.last() {
                low[parent as usize] = low[parent as usize].min(low[me]);
            }
            if low[me] == index[me] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member as usize] = false;
                    component.push(member);
                    if member == state {
                        break;
                    }
                }
                let inside: HashSet<u32> = component.iter().copied().collect();
                if component.iter().all(|member| edges(*member).iter().all(|to| inside.contains(to))) {
                    found.push(component);
                }
            }
        }
    }
    found
}

/// What fails in a bottom component: walks through it from one of its states, with an eye on which thread is which. It is a
/// deadlock when a thread that the program waits for can never move again and waits for none that does, and a livelock when
/// one goes round for ever, or is waited for; so it is where nothing but time would let a thread go on, which does not pass
/// as long as others go round. The errors of branches whose `parallel` never goes on break what they break.
pub(super) fn judge(steps: &mut Steps, first: &Graph) -> Judged {
    judge_within(steps, first, usize::MAX).unwrap_or_else(|| unreachable!("there are fewer states"))
}

/// The same of a component of so many states at most; None when there are more.
pub(super) fn judge_within(steps: &mut Steps, first: &Graph, most: usize) -> Option<Judged> {
    let (mut graph, mut next) = (Graph::default(), Graph::default());
    let mut moved = vec![false; first.seats];
    let mut seen = HashSet::new();
    let mut pending = vec![(first.store(), (0..first.seats).collect::<Vec<usize>>())];
    let mut tried = Vec::new();
    while let Some((stored, who)) = pending.pop() {
        graph.load(&stored);
        tries(steps, &graph, &mut tried);
        for one in &tried {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            if let Some(known) = who.get(one.seat).and_then(|seat| moved.get_mut(*seat)) {
                *known = true;
            }
            steps.apply(&graph, one.seat, change, &mut next);
            // Threads that come and go inside the component move; only those that were there from the start are asked.
            let there = steps.carry(&who, |at| !change.ends(at, one.seat), next.seats, || usize::MAX);
            let key = (next.hash(), there.clone());
            if seen.insert(key) {
                if seen.len() > most {
                    return None;
                }
                pending.push((next.store(), there));
            }
        }
    }
    let (universe, objects) = steps.universe(first);
    drop(objects);
    let joined: Vec<Vec<usize>> = (0..first.seats).map(|seat| joins(steps, first, seat)).collect();
    let leads_to_a_mover = |seat: usize| {
        let (mut pending, mut known) = (vec![seat], HashSet::from([seat]));
        while let Some(at) = pending.pop() {
            if moved[at] {
                return true;
            }
            pending.extend(joined[at].iter().filter(|to| known.insert(**to)));
        }
        false
    };
    let for_ever = still::for_ever(steps, first, &moved);
    // Where time stands still, who would go on with it waits for those who go round.
    let needs_time = |seat: usize| for_ever.as_ref().is_some_and(|them| !them[seat]);
    let waits_for_a_mover = |seat: usize| leads_to_a_mover(seat) || needs_time(seat);
    let rests = |seat: usize| !moved[seat] && (leads_to_a_mover(seat) || !needs_time(seat));
    let resting: Vec<usize> = (0..first.seats).filter(|seat| rests(*seat)).collect();
    let branches = resting.iter().flat_map(|seat| universe.branches_of(*seat));
    let mut failing: Vec<Property> =
        branches.filter_map(|branch| Some(Property::of(&branch.unraised()?.error))).collect();
    for seat in (0..first.seats).filter(|seat| universe.is_waited_for(&universe.seats[*seat])) {
        failing.push(match waits_for_a_mover(seat) {
            true => Property::Livelock,
            false => Property::Deadlock,
        });
    }
    failing.sort_unstable();
    failing.dedup();
    let stuck = resting.iter().copied().filter(|seat| !waits_for_a_mover(*seat)).collect();
    Some(Judged { failing, states: seen.into_iter().map(|(hash, _)| hash).collect(), resting, stuck })
}

/// Whose end a thread waits for, or whose doing of a task.
fn joins(steps: &mut Steps, graph: &Graph, seat: usize) -> Vec<usize> {
    let (mut universe, _) = steps.universe(graph);
    let handles: Vec<usize> =
        universe.seats.iter().map(|seat| std::sync::Arc::as_ptr(&seat.thread).addr()).collect();
    let tried;
    let op = match universe.seats[seat].wait.take() {
        Some(wait) => {
            tried = wait.op;
            &tried
        }
        None => match universe.step(seat, Way::Run, Vec::new(), &steps.rules).ends {
            Ends::Blocked(op) => {
                tried = op;
                &tried
            }
            Ends::Moved | Ends::Waits => return Vec::new(),
        },
    };
    let mut found = Vec::new();
    match op {
        Op::Join(_) | Op::JoinAll(_) | Op::ThreadResult(_) => op.touches(&mut |object| {
            if let Shared::Thread(_) = &object {
                found.extend(handles.iter().position(|handle| *handle == object.address()));
            }
        }),
        Op::Result(_) | Op::FutureError(_) | Op::Ended(_) | Op::Several(_) | Op::Idle(_) => {
            let who = Who { thread: &universe.seats[seat].thread, line: 0 };
            named(&op.releasers(who), &mut |id| {
                found.extend(universe.seats.iter().position(|seat| seat.thread.id == id));
            });
        }
        Op::Pipe(wait) if wait.is_for_an_answer() => found.extend(universe.process_kept_by(seat)),
        // Whoever can may end these.
        Op::Pipe(_)
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
        | Op::Task(_)
        | Op::Select(_)
        | Op::Sleep
        | Op::Beat(_)
        | Op::Fork
        | Op::Change
        | Op::Outside(_) => {}
    }
    found
}
