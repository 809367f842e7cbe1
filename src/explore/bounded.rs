//! Every run with at most so many preemptions: switches away from a thread that was in the middle of something (Musuvathi
//! and Qadeer, PLDI 2007; what counts is decided in `shortest.rs`). Most bugs need few.
//!
//! A node is a state together with the thread that moved last, since that decides which step costs a preemption. Nodes are
//! looked at by the number of preemptions that they take, the fewest first, then by their distance (0-1 search: Dial, CACM
//! 1969). So each is met first with the fewest, and never has to be looked at again; the number used is no part of the key.
//!
//! A step that would cost one too many is cut, but where it leads is noted. When all these states were met within the bound
//! as well, then every state was: the bound has cut nothing.

use super::check::{explain, round_after, schedule};
use super::covered::{Bound, Covered};
use super::ends::{numbered, status_of};
use super::graph::judge;
use super::growth;
use super::moves::{Move, Outputs};
use super::options::{Options, Progress};
use super::patience::{Patience, within};
use super::rings::{self, Rings};
use super::search::End;
use super::seen::key;
use super::shortest::{end, is_cut_short};
use super::slice::Sign;
use super::state::{Graph, State};
use super::steps::{Effect, Steps};
use super::tries::{Tried, property_of, race, stuck, tries_with};
use super::verdict::{Findings, Limit, Outcome, Plainest, Property, Verdict};
use crate::code::verify::Verified;
use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

mod known;

use known::Known;

/// Explores all runs with at most `most` preemptions. None when the bound has cut nothing: then the whole space is no
/// larger than what was met, and can be covered.
///
/// `progress` is told now and then how far it has come, and may end it: with `Limit::Time` or `Limit::Stopped`.
pub fn check(
    program: Arc<Verified>,
    options: &Options,
    most: u32,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Option<Findings> {
    let mut steps = Steps::new(program, options);
    loop {
        let mut search = Bounded::new(steps, options, most);
        search.cover(progress);
        match search.steps.refuted.take() {
            Some(wrong) => {
                // An assumption has proved wrong: all is done again without it.
                let mut assumed = search.steps.rules.assumed.clone();
                assumed.give_up(wrong);
                steps = search.steps.anew(options);
                steps.take_for_granted(&assumed);
            }
            None if search.limit.is_none() && !search.answered && search.has_cut_nothing() => return None,
            None => {
                search.find_rounds();
                return Some(search.findings(progress));
            }
        }
    }
}

/// A state and who moved last, and how it was reached.
struct Node {
    parent: u32,
    step: Option<Move>,
    preemptions: u32,
    depth: u32,
    last: Option<u32>,
    /// Until it has been looked at.
    state: Option<State>,
}

/// How a property fails: after which node.
struct Failing {
    /// Preemptions, then steps.
    cost: (u32, u32),
    node: u32,
    sign: Sign,
}

struct Bounded<'o> {
    steps: Steps,
    options: &'o Options,
    most: u32,
    nodes: Vec<Node>,
    /// The fewest preemptions and steps to each state with its last thread.
    met: HashMap<(u128, Option<u32>), (u32, u32), FixedState>,
    /// The states that were met within the bound, and those to which steps lead that cost too much.
    space: Known,
    open: BinaryHeap<Reverse<(u32, u32, u32)>>,
    outputs: Outputs,
    ends: HashMap<End, u32>,
    signs: HashMap<Property, Failing>,
    /// Where threads wait for each other in a ring, and either the script calls `exit` or a step is cut, so that nobody knows
    /// what else can be reached.
    in_ring: Option<u32>,
    rings: Rings,
    rings_at_cuts: Rings,
    taken: u64,
    words: usize,
    deepest: u32,
    finished: Option<u32>,
    limit: Option<Limit>,
    /// All that is asked for has failed, so the rest was left.
    answered: bool,
    next: Graph,
}

impl<'o> Bounded<'o> {
    fn new(steps: Steps, options: &'o Options, most: u32) -> Bounded<'o> {
        let hash = || FixedState::with_seed(17);
        let mut outputs = Outputs::default();
        outputs.number(String::new());
        Bounded {
            steps,
            options,
            most,
            nodes: Vec::new(),
            met: HashMap::with_hasher(hash()),
            space: Known::default(),
            open: BinaryHeap::new(),
            outputs,
            ends: HashMap::new(),
            signs: HashMap::new(),
            in_ring: None,
            rings: Rings::all(),
            rings_at_cuts: Rings::default(),
            taken: 0,
            words: 0,
            deepest: 0,
            finished: None,
            limit: None,
            answered: false,
            next: Graph::default(),
        }
    }

    fn cover(&mut self, progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>) {
        let mut graph = self.steps.initial();
        self.meet(&graph, None, (0, 0), None, None);
        let mut tried = Vec::new();
        let mut looked = 0u64;
        while let Some(Reverse((preemptions, depth, number))) = self.open.pop() {
            if looked.is_multiple_of(64)
                && let ControlFlow::Break(limit) = self.goes_on(depth, progress)
            {
                self.limit = Some(limit);
                return;
            }
            looked += 1;
            self.finished = preemptions.checked_sub(1);
            self.answered = self.is_answered((preemptions, depth));
            if self.answered {
                return;
            }
            let Some(state) = self.nodes[number as usize].state.take() else { continue };
            self.words -= state.len();
            graph.load(&state);
            let last = self.nodes[number as usize].last;
            if self
                .met
                .get(&(key(graph.hash(), None), last))
                .is_some_and(|fewest| *fewest < (preemptions, depth))
            {
                continue;
            }
            self.expand(number, &graph, &mut tried, progress);
            if self.steps.refuted.is_some() || self.limit.is_some() {
                return;
            }
        }
        self.limit = self.steps.beyond.is_some().then_some(Limit::Memory);
        // No run takes more.
        self.finished = Some(self.most).filter(|_| self.limit.is_none());
    }

    /// Whether all that is asked for has failed, in ways than which no node from here on shows any plainer.
    fn is_answered(&self, here: (u32, u32)) -> bool {
        let fails = |property| self.signs.get(&property).is_some_and(|failing| failing.cost <= here);
        !self.options.outcomes && self.options.asked().all(fails)
    }

    fn goes_on(
        &self,
        depth: u32,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
    ) -> ControlFlow<Limit> {
        let now = self.progress(depth);
        if now.states > self.options.limits.states {
            return ControlFlow::Break(Limit::States);
        }
        if now.memory > self.options.limits.memory {
            return ControlFlow::Break(Limit::Memory);
        }
        progress(&now)
    }

    fn progress(&self, depth: u32) -> Progress {
        Progress {
            runs: None,
            states: self.space.met,
            steps: self.taken,
            depth,
            open: self.open.len() as u64,
            memory: self.memory() as u64,
        }
    }

    /// About how many bytes it takes.
    fn memory(&self) -> usize {
        self.nodes.len() * size_of::<Node>()
            + self.met.capacity() * 48
            + self.space.memory()
            + self.words * 4
            + self.open.capacity() * 12
            + self.steps.memory()
    }

    fn expand(
        &mut self,
        number: u32,
        graph: &Graph,
        tried: &mut Vec<Tried>,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
    ) {
        let Node { preemptions, depth, last, .. } = self.nodes[number as usize];
        let mut watch = within(self.progress(depth), &self.steps, self.options.limits, progress);
        let mut patience = Patience::new(&mut watch);
        tries_with(&mut self.steps, &mut patience, graph, tried);
        self.limit = patience.ended;
        // What there is no time to follow may fail all the same.
        let follows = matches!(self.limit, None | Some(Limit::States));
        if race(tried).is_some() {
            self.fails(Property::Race, (preemptions, depth), number, Sign::Here);
        }
        let from = self.space.number(key(graph.hash(), None));
        let first = self.space.begin(from, follows);
        let goes_on =
            last.is_some_and(|seat| tried.iter().any(|one| one.seat == seat as usize && is_cut_short(one)));
        let (mut moves, mut cuts) = (false, false);
        for one in tried.iter() {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            moves = true;
            let seat = one.seat as u32;
            let cost = (preemptions + u32::from(goes_on && last != Some(seat)), depth + 1);
            let step = Move { seat, way: one.way, choices: one.choices.clone() };
            cuts |= cost.0 > self.most;
            if cost.0 <= self.most {
                for fault in &one.outcome.faults {
                    self.fails(property_of(fault), cost, number, Sign::Step(step.clone()));
                }
            }
            if !follows {
                continue;
            }
            let mut next = std::mem::take(&mut self.next);
            let place = self.steps.apply(graph, one.seat, change, &mut next);
            if self.options.outcomes {
                next.output = self.outputs.after(graph.output, &one.outcome.output);
            }
            let to = self.space.number(key(next.hash(), one.outcome.exited));
            if first {
                self.space.edges.push((from, to));
            }
            if cost.0 <= self.most {
                self.taken += 1;
                let place = place.map(|seat| seat as u32).filter(|_| !one.outcome.passed_join);
                self.meet(&next, place, cost, Some((number, step)), one.outcome.exited);
            }
            self.next = next;
        }
        if !moves && self.limit.is_none() {
            for property in stuck(&self.steps.pieces, graph) {
                self.fails(property, (preemptions, depth), number, Sign::Here);
            }
        }
        if cuts && self.looks_for_rings() && self.rings_at_cuts.is_in(&mut self.steps, graph, true) {
            self.in_ring = Some(number);
        }
    }

    /// Whether a ring would tell something that is not known: who may `exit` can end the program all the same.
    fn looks_for_rings(&self) -> bool {
        let unknown = self.in_ring.is_none() && !self.signs.contains_key(&Property::Deadlock);
        unknown && !self.steps.rules.exits && self.options.asked().any(|it| it == Property::Deadlock)
    }

    /// A node with a ring among those that a limit has kept from being looked at.
    fn ring_ahead(&mut self) -> Option<u32> {
        if !self.looks_for_rings() {
            return None;
        }
        let mut graph = Graph::default();
        let (nodes, rings) = (&self.nodes, &mut self.rings_at_cuts);
        self.steps.sparing(|steps| {
            let open = (0..).zip(nodes).filter_map(|(number, node)| Some((number, node.state.as_ref()?)));
            open.take(rings::MOST_STATES).find_map(|(number, state)| {
                graph.load(state);
                let goes_on = steps.budget > 0 && steps.beyond.is_none() && steps.refuted.is_none();
                (goes_on && rings.is_in(steps, &graph, true)).then_some(number)
            })
        })
    }

    fn fails(&mut self, property: Property, cost: (u32, u32), node: u32, sign: Sign) {
        if self.signs.get(&property).is_none_or(|known| cost < known.cost) {
            self.signs.insert(property, Failing { cost, node, sign });
        }
    }

    /// A state has been reached, at the cost of so many preemptions and steps.
    fn meet(
        &mut self,
        graph: &Graph,
        last: Option<u32>,
        cost: (u32, u32),
        from: Option<(u32, Move)>,
        exited: Option<i32>,
    ) {
        let hash = key(graph.hash(), exited);
        let over = exited.is_some() || self.steps.is_over(graph);
        // Nobody moves after the end.
        let last = last.filter(|_| !over);
        if self.met.get(&(hash, last)).is_some_and(|fewest| *fewest <= cost) {
            return;
        }
        self.met.insert((hash, last), cost);
        let number = self.nodes.len() as u32;
        self.space.meet(hash, number, cost);
        self.deepest = self.deepest.max(cost.1);
        let (parent, step) = from.map_or((u32::MAX, None), |(parent, step)| (parent, Some(step)));
        let state = (!over).then(|| graph.store());
        self.words += state.as_ref().map_or(0, |state| state.len());
        self.nodes.push(Node { parent, step, preemptions: cost.0, depth: cost.1, last, state });
        for fault in &self.steps.look(graph, false).faults {
            self.fails(property_of(fault), cost, number, Sign::Here);
        }
        if over {
            self.finish(number, graph, cost, exited);
        } else {
            self.open.push(Reverse((cost.0, cost.1, number)));
        }
    }

    /// The program has ended.
    fn finish(&mut self, number: u32, graph: &Graph, cost: (u32, u32), exited: Option<i32>) {
        if exited.is_some() && self.in_ring.is_none() && self.rings.is_in(&mut self.steps, graph, true) {
            self.in_ring = Some(number);
        }
        let looked = self.steps.look_at_end(graph, exited);
        for fault in &looked.faults {
            self.fails(property_of(fault), cost, number, Sign::Here);
        }
        if self.options.outcomes {
            let (universe, _) = self.steps.universe(graph);
            let status = status_of(exited, universe.failed, !looked.faults.is_empty());
            let variables = super::story::variables(&universe, &self.options.variables);
            self.ends.entry((graph.output, status, variables)).or_insert(number);
        }
    }

    /// What fails in loops that were seen whole and have no end.
    fn find_rounds(&mut self) {
        for states in self.space.rounds() {
            let nodes = states.iter().map(|state| self.space.nodes[*state as usize]);
            let cost =
                |node: &u32| (self.nodes[*node as usize].preemptions, self.nodes[*node as usize].depth);
            let Some(node) = nodes.min_by_key(cost) else { continue };
            let (path, cost) = (self.path(node), cost(&node));
            let Some(first) = end(&mut self.steps, &path) else { continue };
            for property in judge(&mut self.steps, &first).failing {
                self.fails(property, cost, node, Sign::Here);
            }
        }
    }

    /// Whether all states were met, also those to which runs with more preemptions lead.
    fn has_cut_nothing(&self) -> bool {
        self.space.met == self.space.nodes.len() as u64
    }

    /// The moves from the start to a node.
    fn path(&self, to: u32) -> Vec<Move> {
        let mut path = Vec::new();
        let mut at = to;
        while let Some(node) = self.nodes.get(at as usize) {
            path.extend(node.step.clone());
            at = node.parent;
        }
        path.reverse();
        path
    }

    fn findings(mut self, progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>) -> Findings {
        let advice = growth::beyond(&self.steps);
        self.steps.forget_limits(self.limit);
        let mut verdicts = Vec::new();
        for property in self.options.asked() {
            let verdict = match self.signs.remove(&property) {
                None if property != Property::Deadlock => Verdict::Unknown,
                None => match self.in_ring.or_else(|| self.ring_ahead()) {
                    Some(node) => {
                        let path = self.path(node);
                        rings::told(&mut self.steps, self.options, path, false)
                    }
                    None => Verdict::Unknown,
                },
                Some(failing) => {
                    let path = self.path(failing.node);
                    let round = round_after(&mut self.steps, property, &path);
                    explain(
                        &mut self.steps,
                        self.options,
                        property,
                        (&path, &failing.sign, Plainest::OfAll),
                        &round,
                    )
                }
            };
            verdicts.push((property, verdict));
        }
        let outcomes = self.options.outcomes.then(|| self.outcomes(progress));
        Findings {
            verdicts,
            states: self.space.met,
            steps: self.taken,
            depth: self.deepest,
            limit: self.limit,
            covered: Covered::Preemptions(Bound { asked: self.most, finished: self.finished }),
            outcomes,
            advice,
        }
    }

    /// Every distinct outcome, with the schedules that are asked for.
    fn outcomes(&mut self, progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>) -> Vec<Outcome> {
        let outcome = |((output, status, variables), node): (End, u32)| {
            let output = self.outputs.texts[output as usize].clone();
            (Outcome { output, variables, status, schedule: None, runs: None }, node)
        };
        let found = std::mem::take(&mut self.ends).into_iter().map(outcome).collect();
        let now = self.progress(self.deepest);
        let mut lasts = || progress(&now).is_continue();
        numbered(found, self.options, &mut lasts, &mut |node| {
            let path = self.path(*node);
            schedule(&mut self.steps, self.options, &path)
        })
    }
}
