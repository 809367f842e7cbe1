//! Every state that can be reached, the nearest first.
//!
//! What is kept of a state is a hash, the state it was reached from and by which step, and where its steps lead: some 60
//! bytes. Whole states are kept only until they have been looked at.

use super::growth;
use super::options::{Options, Progress};
use super::queue::Queue;
use super::seen::Seen;
use super::state::{Graph, hash_of};
use super::steps::{Change, Effect, Outcome, Steps, Touched};
use super::verdict::{Advice, Limit, Property};
use crate::code::verify::Verified;
use crate::value::error;
use crate::world::sim::{Fault, Way, next_choices};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// One step, as a path to a state keeps it: the thread by its place in the canonical state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Move {
    pub seat: u32,
    pub way: Way,
    pub choices: Vec<u32>,
}

/// How a property fails in a state, or in a step from it.
#[derive(Debug, Clone)]
pub enum Sign {
    /// In the state itself.
    Here,
    /// In this step from it.
    Step(Move),
}

/// How a run ended: the number of its output, its status, and the final values that were asked for.
pub type End = (u32, i32, Vec<(String, String)>);

/// The whole space, as far as it was covered.
pub struct Search<'o> {
    pub steps: Steps,
    pub options: &'o Options,
    seen: Seen,
    /// The state before, and the number of the move that leads from it.
    pub parents: Vec<(u32, u32)>,
    /// How far the state is from the start that is looked at, and the first state that is further.
    level: (u32, u32),
    moves: HashMap<Move, u32, FixedState>,
    pub known_moves: Vec<Move>,
    /// The successors of each state, in the order of states, and where those of each begin.
    pub edges: Vec<u32>,
    pub edge_starts: Vec<u32>,
    /// States where the program has ended.
    pub finals: Vec<u32>,
    pub outputs: Outputs,
    pub ends: HashMap<End, u32>,
    /// The first sign of each property that fails.
    pub signs: HashMap<Property, (u32, Sign)>,
    pub taken: u64,
    pub limit: Option<Limit>,
    open: Queue,
    next: Graph,
}

/// What has been printed so far, each distinct text with a number.
#[derive(Debug, Default)]
pub struct Outputs {
    pub texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Outputs {
    pub fn number(&mut self, text: String) -> u32 {
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    pub fn after(&mut self, before: u32, more: &str) -> u32 {
        if more.is_empty() {
            return before;
        }
        let text = format!("{}{more}", self.texts[before as usize]);
        self.number(text)
    }
}

/// By what a state is known: its hash, and the status with which the script has ended itself there.
pub fn key(hash: u128, exited: Option<i32>) -> u128 {
    match exited {
        Some(status) => hash ^ (0x9e37_79b9_7f4a_7c15_u128 << 64 | (status as u32 as u128) << 32 | 1 << 127),
        None => hash,
    }
}

/// A step that was tried in a state.
pub struct Tried {
    pub seat: usize,
    pub way: Way,
    pub choices: Vec<u32>,
    pub outcome: Arc<Outcome>,
}

/// All steps from a state: those that can be taken, and what each thread's operation would touch.
pub fn tries(steps: &mut Steps, graph: &Graph, out: &mut Vec<Tried>) {
    out.clear();
    for seat in 0..graph.seats {
        let moved = try_way(steps, graph, seat, Way::Run, out);
        if !moved && !steps.rules.is_idle() && steps.seat_facts(graph, seat).deadline.is_some() {
            try_way(steps, graph, seat, Way::TimeOut, out);
        }
    }
    if !steps.rules.is_idle() {
        return;
    }
    let moves = out.iter().any(|tried| matches!(tried.outcome.kind, Effect::Change(_)));
    // Whose time is over already may say so at any moment; otherwise time goes on when nothing else does.
    for seat in 0..graph.seats {
        if steps.seat_facts(graph, seat).deadline.is_some_and(|left| left <= 0) && !runs(out, seat) {
            try_way(steps, graph, seat, Way::TimeOut, out);
        }
    }
    if !moves {
        let deadlines = (0..graph.seats).filter_map(|seat| steps.seat_facts(graph, seat).deadline);
        let Some(first) = deadlines.min().filter(|first| *first > 0) else { return };
        for seat in 0..graph.seats {
            if steps.seat_facts(graph, seat).deadline == Some(first) {
                try_way(steps, graph, seat, Way::TimeOut, out);
            }
        }
    }
}

/// Whether a thread can do its operation, without giving up a wait.
fn runs(tried: &[Tried], seat: usize) -> bool {
    let can = |one: &Tried| matches!(one.outcome.kind, Effect::Change(_));
    tried.iter().any(|one| one.seat == seat && one.way == Way::Run && can(one))
}

/// Tries each choice of a step. Whether it can be taken.
fn try_way(steps: &mut Steps, graph: &Graph, seat: usize, way: Way, out: &mut Vec<Tried>) -> bool {
    let mut choices = Vec::new();
    let mut moved = false;
    loop {
        let outcome = steps.take(graph, seat, way, &choices);
        let next = next_choices(&outcome.choices);
        moved |= matches!(outcome.kind, Effect::Change(_));
        out.push(Tried { seat, way, choices, outcome });
        match next {
            Some(more) => choices = more,
            None => return moved,
        }
    }
}

/// Which property a fault breaks.
pub fn property_of(fault: &Fault) -> Property {
    match fault {
        Fault::Uncaught { error, .. } if error.kind == error::Kind::Assertion => Property::Assertion,
        Fault::Uncaught { .. } => Property::Error,
        Fault::Watch { watch, .. } => {
            if watch.ensure {
                Property::Ensure
            } else {
                Property::Invariant
            }
        }
    }
}

/// Two operations that stand next to each other and touch one cell, one of them to write it.
pub fn race(tried: &[Tried]) -> Option<(usize, usize, Touched)> {
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

impl<'o> Search<'o> {
    pub fn new(program: Arc<Verified>, options: &'o Options) -> Search<'o> {
        let mut outputs = Outputs::default();
        outputs.number(String::new());
        Search {
            steps: Steps::new(program, options),
            options,
            seen: Seen::default(),
            parents: Vec::new(),
            level: (0, 1),
            moves: HashMap::with_hasher(FixedState::with_seed(9)),
            known_moves: Vec::new(),
            edges: Vec::new(),
            edge_starts: Vec::new(),
            finals: Vec::new(),
            outputs,
            ends: HashMap::new(),
            signs: HashMap::new(),
            taken: 0,
            limit: None,
            open: Queue::default(),
            next: Graph::default(),
        }
    }

    /// Covers the space, until it is covered or a limit is hit. An assumption that proves wrong is dropped, and the
    /// search begins again.
    pub fn cover(&mut self, progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>) {
        loop {
            self.cover_once(progress);
            let Some(wrong) = self.steps.thawed.take() else { return };
            let mut rules = std::mem::take(&mut self.steps.rules.frozen);
            rules[wrong as usize] = false;
            *self = Search::new(self.steps.image.program.clone(), self.options);
            self.steps.rules.frozen = rules;
        }
    }

    fn cover_once(&mut self, progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>) {
        let mut graph = self.steps.initial();
        self.meet(&graph, None, None);
        let mut tried = Vec::new();
        while let Some(id) = self.open.pop(&mut graph) {
            if id >= self.level.1 {
                self.level = (self.level.0 + 1, self.parents.len() as u32);
            }
            if self.taken.is_multiple_of(256)
                && let ControlFlow::Break(limit) = progress(&self.progress())
            {
                self.limit = Some(limit);
                return;
            }
            if self.parents.len() as u64 > self.options.limits.states {
                self.limit = Some(Limit::States);
                return;
            }
            if self.taken.is_multiple_of(1024) && self.memory() as u64 > self.options.limits.memory {
                self.limit = Some(Limit::Memory);
                return;
            }
            self.expand(id, &graph, &mut tried);
            if self.steps.thawed.is_some() {
                return;
            }
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            runs: None,
            states: self.parents.len() as u64,
            steps: self.taken,
            depth: self.level.0,
            open: self.open.len() as u64,
            memory: self.memory() as u64,
        }
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        let lists = self.parents.capacity() * 8 + (self.edges.capacity() + self.edge_starts.capacity()) * 4;
        self.seen.memory() + lists + self.open.memory() + self.steps.memory()
    }

    fn expand(&mut self, id: u32, graph: &Graph, tried: &mut Vec<Tried>) {
        tries(&mut self.steps, graph, tried);
        // States where the program has ended are not looked at: nothing leads on from them.
        self.edge_starts.resize(id as usize + 1, self.edges.len() as u32);
        if race(tried).is_some() {
            self.signs.entry(Property::Race).or_insert((id, Sign::Here));
        }
        let mut moves = false;
        for one in tried.iter() {
            let Effect::Change(change) = &one.outcome.kind else { continue };
            moves = true;
            self.taken += 1;
            for fault in &one.outcome.faults {
                let step = Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() };
                self.signs.entry(property_of(fault)).or_insert((id, Sign::Step(step)));
            }
            // Equal threads stand side by side, and lead to equal states.
            if one.seat > graph.first_part() && graph.part(one.seat) == graph.part(one.seat - 1) {
                continue;
            }
            let to = self.follow(id, graph, one, change);
            self.edges.push(to);
        }
        if !moves {
            self.signs.entry(Property::Deadlock).or_insert((id, Sign::Here));
        }
    }

    /// The number of the state to which a step leads.
    fn follow(&mut self, id: u32, graph: &Graph, one: &Tried, change: &Change) -> u32 {
        let output = match self.options.outcomes {
            true => self.outputs.after(graph.output, &one.outcome.output),
            false => graph.output,
        };
        let step = (id, one.seat, one.way, &one.choices[..]);
        // Most steps lead where others have led before: that is seen without making the state.
        if let Some(quick) = change.quick.as_ref().filter(|_| !graph.is_tangled()) {
            let sum = self.steps.sum_after(graph, quick);
            if let Some(known) = self.seen.find(key(hash_of(sum, output), one.outcome.exited)) {
                return known;
            }
        }
        let mut next = std::mem::take(&mut self.next);
        self.steps.apply(graph, one.seat, change, &mut next);
        next.output = output;
        let to = self.meet(&next, Some(step), one.outcome.exited);
        self.next = next;
        to
    }

    /// A state has been reached: its number. A new one is put aside to be looked at.
    fn meet(&mut self, graph: &Graph, from: Option<(u32, usize, Way, &[u32])>, exited: Option<i32>) -> u32 {
        let hash = key(graph.hash(), exited);
        let id = self.parents.len() as u32;
        if let Some(known) = self.seen.find(hash) {
            return known;
        }
        self.seen.insert(hash, id);
        let (parent, step) = match from {
            None => (u32::MAX, u32::MAX),
            Some((parent, seat, way, choices)) => {
                let step = Move { seat: seat as u32, way, choices: choices.to_vec() };
                let next = self.known_moves.len() as u32;
                let number = *self.moves.entry(step.clone()).or_insert(next);
                if number == next {
                    self.known_moves.push(step);
                }
                (parent, number)
            }
        };
        self.parents.push((parent, step));
        if self.steps.rules.watches {
            let looked = self.steps.look(graph, false);
            for fault in &looked.faults {
                self.signs.entry(property_of(fault)).or_insert((id, Sign::Here));
            }
        }
        if exited.is_some() || self.steps.is_over(graph) {
            self.finish(id, graph, exited);
        } else {
            self.open.push(id, graph);
        }
        id
    }

    /// The program has ended in this state.
    fn finish(&mut self, id: u32, graph: &Graph, exited: Option<i32>) {
        self.finals.push(id);
        let looked = self.steps.look(graph, true);
        for fault in &looked.faults {
            self.signs.entry(property_of(fault)).or_insert((id, Sign::Here));
        }
        if self.options.outcomes {
            let (universe, _) = self.steps.universe(graph);
            let failed = universe.failed || !looked.faults.is_empty();
            let status = exited.unwrap_or(i32::from(failed));
            let variables = super::story::variables(&universe, &self.options.variables);
            self.ends.entry((graph.output, status, variables)).or_insert(id);
        }
    }

    /// What makes the space so large; asked when a limit was hit.
    pub fn advice(&mut self) -> Vec<Advice> {
        // The state that was found last: as many threads live there as in any, for most scripts.
        match self.open.last() {
            Some(graph) => growth::advice(&mut self.steps, &graph),
            None => Vec::new(),
        }
    }

    /// How many states were met.
    pub fn states(&self) -> u64 {
        self.parents.len() as u64
    }

    pub fn depth(&self) -> u32 {
        // The last state that was found is one of the furthest.
        self.level.0 + u32::from(self.parents.len() as u32 > self.level.1)
    }

    /// The moves from the start to a state.
    pub fn path(&self, state: u32) -> Vec<Move> {
        let mut path = Vec::new();
        let mut at = state;
        while let (parent, step) = self.parents[at as usize]
            && parent != u32::MAX
        {
            path.push(self.known_moves[step as usize].clone());
            at = parent;
        }
        path.reverse();
        path
    }
}
