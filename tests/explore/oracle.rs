//! Explores a program breadth first, without any reduction, and tells what can happen.

use crate::code::Kind;
use crate::machine::{Access, Flaw, Life, Machine, State};
use crate::model::Program;
use indexmap::IndexSet;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How a run can end well: what it wrote, the final values of its variables, its exit status.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    pub output: String,
    pub vars: Vec<i64>,
    pub list: Vec<i64>,
    pub status: i32,
}

/// What can go wrong: the fewest preemptions that lead to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub states: usize,
    pub deadlock: Option<u32>,
    /// Some threads can never go on although others move for ever; the others do not count as a livelock then.
    pub partial: bool,
    pub livelock: bool,
    /// Some threads can never go on where others move for ever, but they might if time passed, which it does not (`idle`).
    /// Whether they are in a deadlock depends on what those would do who wait for time.
    pub unclear_partial: bool,
    /// By kind; assertions among them.
    pub errors: BTreeMap<Kind, u32>,
    pub invariant: Option<u32>,
    pub ensure: Option<u32>,
    pub race: Option<u32>,
    /// There is a pair of accesses of which language.md does not say clearly whether it is a race.
    pub unclear_race: bool,
    pub outcomes: BTreeSet<Outcome>,
}

struct Graph {
    states: IndexSet<State, foldhash::fast::FixedState>,
    /// Thread, whether by time, and the state it leads to.
    edges: Vec<Vec<(usize, bool, usize)>>,
}

/// None when there are more states than that.
pub fn explore(program: &Program, most: usize, flaw: Flaw) -> Option<Answer> {
    let machine = Machine::new(program, flaw);
    let mut graph = Graph { states: IndexSet::default(), edges: Vec::new() };
    graph.states.insert(machine.first());
    while graph.edges.len() < graph.states.len() {
        let moves = machine.moves(&graph.states[graph.edges.len()]);
        let mut edges = Vec::with_capacity(moves.len());
        for step in moves {
            edges.push((step.thread, step.timed, graph.states.insert_full(step.state).0));
        }
        graph.edges.push(edges);
        if graph.states.len() > most {
            return None;
        }
    }
    Some(answer(program, &machine, &graph))
}

fn answer(program: &Program, machine: &Machine, graph: &Graph) -> Answer {
    let mut answer = Answer { states: graph.states.len(), ..Answer::default() };
    let distances = preemptions(machine, graph);
    let least = |so_far: &mut Option<u32>, new: u32| *so_far = Some(so_far.map_or(new, |old| old.min(new)));
    for (number, state) in graph.states.iter().enumerate() {
        let distance = distances[number];
        let over = machine.is_over(state);
        let mut failed = false;
        for (number, thread) in state.threads.iter().enumerate() {
            if let Life::Failed(kind) = thread.life {
                let least = answer.errors.entry(kind).or_insert(distance);
                *least = distance.min(*least);
                // The exit code of a process is its parent's affair.
                failed |= !machine.is_process(number);
            }
        }
        if program.invariants.iter().any(|test| !machine.test(state, 0, test)) {
            least(&mut answer.invariant, distance);
        }
        if over {
            let ensured = program.ensures.iter().all(|test| machine.test(state, 0, test));
            if !ensured {
                least(&mut answer.ensure, distance);
            }
            let (output, vars, list) = (state.output.clone(), state.vars.clone(), state.list.clone());
            let status = i32::from(failed || !ensured);
            answer.outcomes.insert(Outcome { output, vars, list, status });
        } else if graph.edges[number].is_empty()
            || (0..state.threads.len()).any(|thread| machine.waits_for_itself(state, thread))
        {
            least(&mut answer.deadlock, distance);
        }
        match race(machine, state) {
            Race::No => {}
            Race::Unclear => answer.unclear_race = true,
            Race::Yes => least(&mut answer.race, distance),
        }
    }
    for component in bottom_components(graph) {
        judge(machine, graph, &component, &mut answer);
    }
    answer
}

enum Race {
    No,
    Unclear,
    Yes,
}

/// Whether two threads are about to access one cell.
fn race(machine: &Machine, state: &State) -> Race {
    if machine.is_over(state) {
        return Race::No;
    }
    let accesses: Vec<Vec<Access>> = (0..state.threads.len()).map(|i| machine.accesses(state, i)).collect();
    let mut found = Race::No;
    for (i, mine) in accesses.iter().enumerate() {
        for (a, b) in mine.iter().flat_map(|a| accesses[i + 1..].iter().flatten().map(move |b| (a, b))) {
            if a.cell == b.cell && (a.write || b.write) && !(a.atomic && b.atomic) {
                if a.certain && b.certain {
                    return Race::Yes;
                }
                found = Race::Unclear;
            }
        }
    }
    found
}

/// A set of states that is never left and in which threads move without end.
fn judge(machine: &Machine, graph: &Graph, component: &[usize], answer: &mut Answer) {
    if component.iter().all(|state| graph.edges[*state].is_empty()) {
        return; // the end, or a deadlock
    }
    let movers: BTreeSet<usize> =
        component.iter().flat_map(|s| graph.edges[*s].iter().map(|edge| edge.0)).collect();
    let state = &graph.states[component[0]];
    let stuck = |thread: usize| {
        let waits = !movers.contains(&thread) && machine.is_waited_for(state, thread);
        waits && state.threads[thread].life == Life::Alive
    };
    // Time does not pass as long as somebody moves: who needs it waits for that one.
    let needs_time = |thread: usize| !movers.contains(&thread) && machine.waits_for_time(state, thread);
    let time_stands = (0..state.threads.len()).any(needs_time);
    // Who joins a thread that moves waits for that one; what is wrong is that it never ends. So it is with a task.
    let joins =
        |thread: usize| [machine.joins(state, thread), machine.waits_for_tasks(state, thread)].concat();
    let joins_mover = |thread: usize| {
        let mut pending = joins(thread);
        let mut known = BTreeSet::new();
        if needs_time(thread) {
            return true;
        }
        while let Some(next) = pending.pop() {
            if movers.contains(&next) || needs_time(next) {
                return true;
            }
            if known.insert(next) {
                pending.extend(joins(next));
            }
        }
        false
    };
    let partial = (0..state.threads.len()).any(|thread| stuck(thread) && !joins_mover(thread));
    match time_stands {
        true => answer.unclear_partial |= partial,
        false => answer.partial |= partial,
    }
    // Daemons may move for ever, unless somebody who is none waits for their end.
    let waits_for_mover = |thread: usize| stuck(thread) && joins_mover(thread);
    answer.livelock |= movers.iter().any(|thread| machine.is_waited_for(state, *thread));
    answer.livelock |= (0..state.threads.len()).any(waits_for_mover);
}

/// For each state the fewest preemptions by which it can be reached: a switch away from a thread that could have
/// gone on (other than by its time, or from a `join`, where it has nothing to do) is one.
fn preemptions(machine: &Machine, graph: &Graph) -> Vec<u32> {
    let threads = graph.states[0].threads.len();
    let mut best = vec![u32::MAX; graph.states.len() * threads];
    let mut open = VecDeque::from([(0usize, 0usize, 0u32)]);
    best[0] = 0;
    while let Some((state, last, cost)) = open.pop_front() {
        if best[state * threads + last] < cost {
            continue;
        }
        let edges = &graph.edges[state];
        let could_go_on = edges.iter().any(|(thread, timed, _)| *thread == last && !timed)
            && machine.joins(&graph.states[state], last).is_empty();
        for &(thread, _, to) in edges {
            let extra = u32::from(thread != last && could_go_on);
            let known = &mut best[to * threads + thread];
            if cost + extra < *known {
                *known = cost + extra;
                match extra {
                    0 => open.push_front((to, thread, cost)),
                    _ => open.push_back((to, thread, cost + 1)),
                }
            }
        }
    }
    best.chunks(threads).map(|each| each.iter().copied().min().unwrap_or(u32::MAX)).collect()
}

/// Strongly connected components that no edge leaves (Tarjan's algorithm, without recursion).
fn bottom_components(graph: &Graph) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let count = graph.edges.len();
    let (mut index, mut low, mut component) = (vec![NEW; count], vec![0; count], vec![NEW; count]);
    let (mut stack, mut calls, mut next) = (Vec::new(), vec![(0, 0)], 0);
    let mut components: Vec<Vec<usize>> = Vec::new();
    // Every state can be reached from the first.
    while let Some((state, edge)) = calls.pop() {
        if edge == 0 {
            (index[state], low[state]) = (next, next);
            next += 1;
            stack.push(state);
        }
        if let Some(&(_, _, to)) = graph.edges[state].get(edge) {
            calls.push((state, edge + 1));
            if index[to] == NEW {
                calls.push((to, 0));
            } else if component[to] == NEW {
                low[state] = low[state].min(index[to]);
            }
            continue;
        }
        if low[state] == index[state] {
            let mut members = Vec::new();
            while let Some(member) = stack.pop() {
                component[member] = components.len();
                members.push(member);
                if member == state {
                    break;
                }
            }
            components.push(members);
        }
        if let Some(&(parent, _)) = calls.last() {
            low[parent] = low[parent].min(low[state]);
        }
    }
    let leaves = |members: &Vec<usize>| {
        let mut edges =
            members.iter().flat_map(|state| graph.edges[*state].iter().map(move |edge| (state, edge.2)));
        edges.any(|(from, to)| component[*from] != component[to])
    };
    components.into_iter().filter(|members| !leaves(members)).collect()
}
