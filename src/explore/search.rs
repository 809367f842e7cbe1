//! Every state that can be reached, the nearest first.
//!
//! What is kept of a state is a hash, the state it was reached from and by which step, and where its steps lead: some 60
//! bytes. Whole states are kept only until they have been looked at. That is done in rounds (`round.rs`).

use super::ends::status_of;
use super::growth;
use super::moves::{Move, Moves, Outputs};
use super::options::{Options, Progress};
use super::queue::{Piece, Queue};
use super::rings::Rings;
use super::sample::{self, Dived};
use super::seen::Seen;
use super::slice::{Sign, Signed, Slice, bit};
use super::state::Graph;
use super::steps::Steps;
use super::tries::property_of;
use super::verdict::{Advice, Limit, Property};
use super::workers::Workers;
use crate::code::verify::Verified;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How a run ended: the number of its output, its status, and the final values that were asked for.
pub type End = (u32, i32, Vec<(String, String)>);

/// The whole space, as far as it was covered.
pub struct Search<'o> {
    pub steps: Steps,
    pub options: &'o Options,
    pub(super) seen: Seen,
    /// The state before, and the number of the move that leads from it.
    pub(super) parents: Vec<(u32, u32)>,
    /// How far the states are from the start that are looked at, and those that are furthest.
    level: u32,
    pub(super) deepest: u32,
    pub(super) moves: Moves,
    /// The successors of each state, in the order of states, and where those of each begin.
    pub edges: Vec<u32>,
    pub edge_starts: Vec<u32>,
    /// States where the program has ended.
    pub finals: Vec<u32>,
    /// One where it has called `exit` while threads waited for each other in a ring.
    pub(super) exit_in_ring: Option<u32>,
    rings: Rings,
    pub outputs: Outputs,
    pub ends: HashMap<End, u32>,
    /// The first sign of each property that fails.
    pub signs: HashMap<Property, (u32, Sign)>,
    pub taken: u64,
    pub limit: Option<Limit>,
    /// All that is asked for has failed, so the rest was left.
    pub answered: bool,
    /// What a few runs have shown, made when the space proved large: for what is not found before a limit.
    pub(super) dived: Option<Dived<'o>>,
    pub(super) open: Queue,
    /// Room for a round, kept for the next: for each piece, and for what is learnt.
    pub(super) slices: Vec<Slice>,
    pub(super) learnt: Slice,
    pub(super) workers: Workers,
}

/// So many pieces are looked at in a round, whatever the number of workers: more of a larger space, as there what a round
/// learns is of use to less of what comes after it.
const PIECES: (usize, usize) = (4, 32);

/// From so many states on a space is large.
const LARGE: usize = 2000;

/// Whoever is told of the progress may end the search.
pub type Watch<'w> = &'w mut dyn FnMut(&Progress) -> ControlFlow<Limit>;

impl<'o> Search<'o> {
    pub fn new(program: Arc<Verified>, options: &'o Options) -> Search<'o> {
        let mut outputs = Outputs::default();
        outputs.number(String::new());
        Search {
            steps: Steps::new(program, options),
            options,
            seen: Seen::default(),
            parents: Vec::new(),
            level: 0,
            deepest: 0,
            moves: Moves::default(),
            edges: Vec::new(),
            edge_starts: Vec::new(),
            finals: Vec::new(),
            exit_in_ring: None,
            rings: Rings::all(),
            outputs,
            ends: HashMap::new(),
            signs: HashMap::new(),
            taken: 0,
            limit: None,
            answered: false,
            dived: None,
            open: Queue::default(),
            slices: Vec::new(),
            learnt: Slice::default(),
            workers: Workers::default(),
        }
    }

    /// Covers the space, until it is covered, a limit is hit or everything that is asked for has failed. An assumption that
    /// proves wrong is dropped, and the search begins again.
    pub fn cover(&mut self, progress: Watch<'_>) {
        loop {
            self.cover_once(progress);
            if !self.begins_again() {
                return;
            }
        }
    }

    /// Drops an assumption that has proved wrong, and all that was found with it; whether there was one.
    pub fn begins_again(&mut self) -> bool {
        let Some(wrong) = self.steps.refuted.take() else { return false };
        let mut assumed = self.steps.rules.assumed.clone();
        assumed.give_up(wrong);
        *self = Search::new(self.steps.image.program.clone(), self.options);
        self.steps.take_for_granted(&assumed);
        true
    }

    /// Whether every property that is asked for has failed, and nothing else is asked: then no other state can change
    /// what is told. (The story of a failure is looked for by itself, from the start.)
    fn is_answered(&self) -> bool {
        !self.options.outcomes && self.options.asked().all(|property| self.signs.contains_key(&property))
    }

    fn cover_once(&mut self, progress: Watch<'_>) {
        self.begin();
        loop {
            let pieces = self.open.pop(self.round_size());
            let Some(first) = pieces.first() else {
                self.limit = self.steps.beyond.is_some().then_some(Limit::Memory);
                return;
            };
            self.level = first.depth;
            self.dive(progress);
            let ended = match self.goes_on(progress) {
                ControlFlow::Continue(()) => self.round(&pieces, progress),
                ended => ended,
            };
            if let ControlFlow::Break(limit) = ended {
                self.limit = Some(limit);
                self.open.put_back(pieces);
                // The limit may have been met before it was known how large the space is.
                self.dive(progress);
                return;
            }
            if self.steps.refuted.is_some() {
                return;
            }
            self.answered = self.is_answered() && self.open.len() > 0;
            if self.answered {
                return;
            }
            self.steps.forget_useless(self.taken);
        }
    }

    /// Makes a few runs to the end, once, when the space proves large: what shows only there is far from the start.
    fn dive(&mut self, progress: Watch<'_>) {
        if self.parents.len() < LARGE || self.dived.is_some() {
            return;
        }
        let mut steps = self.steps.anew(self.options);
        steps.take_for_granted(&self.steps.rules.assumed);
        let before = self.progress();
        self.dived = Some(sample::dive(steps, self.options, &mut |_| progress(&before)));
    }

    /// How many states are looked at in a round.
    fn round_size(&self) -> usize {
        let known = self.parents.len() / (self.piece() * PIECES.1);
        known.clamp(PIECES.0, PIECES.1) * self.piece()
    }

    /// How many states are put together in a piece.
    pub(super) fn piece(&self) -> usize {
        if self.options.small_rounds { 3 } else { 256 }
    }

    /// Meets the first state.
    fn begin(&mut self) {
        let graph = self.steps.initial();
        let id = 0;
        self.seen.begin(graph.hash());
        self.parents.push((u32::MAX, u32::MAX));
        let mut piece = Piece::new(0);
        piece.push(id, &graph);
        self.open.push(piece, 1);
        if self.steps.rules.watches {
            self.look(id, &graph);
        }
    }

    pub(super) fn goes_on(&self, progress: Watch<'_>) -> ControlFlow<Limit> {
        progress(&self.progress())?;
        match self.memory() as u64 > self.options.limits.memory || self.steps.beyond.is_some() {
            true => ControlFlow::Break(Limit::Memory),
            false => ControlFlow::Continue(()),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            runs: None,
            states: self.parents.len() as u64,
            steps: self.taken,
            depth: self.level,
            open: self.open.len() as u64,
            memory: self.memory() as u64,
        }
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        let lists = self.parents.capacity() * 8 + (self.edges.capacity() + self.edge_starts.capacity()) * 4;
        self.seen.memory() + lists + self.open.memory() + self.outputs.memory() + self.steps.memory()
    }

    /// Evaluates every `invariant` in a state.
    pub(super) fn look(&mut self, id: u32, graph: &Graph) {
        let looked = self.steps.look(graph, false);
        for fault in &looked.faults {
            self.sign(property_of(fault), id, Sign::Here);
        }
    }

    pub(super) fn sign(&mut self, property: Property, id: u32, sign: Sign) {
        self.signs.entry(property).or_insert((id, sign));
    }

    /// The properties that have a sign.
    pub(super) fn signed(&self) -> Signed {
        self.signs.keys().fold(0, |signed, property| signed | bit(*property))
    }

    /// The program has ended in this state.
    pub(super) fn finish(&mut self, id: u32, graph: &Graph, exited: Option<i32>) {
        self.finals.push(id);
        if exited.is_some() && self.exit_in_ring.is_none() && self.rings.is_in(&mut self.steps, graph, true) {
            self.exit_in_ring = Some(id);
        }
        let looked = self.steps.look_at_end(graph, exited);
        for fault in &looked.faults {
            self.sign(property_of(fault), id, Sign::Here);
        }
        if self.options.outcomes {
            let (universe, _) = self.steps.universe(graph);
            let status = status_of(exited, universe.failed, !looked.faults.is_empty());
            let variables = super::story::variables(&universe, &self.options.variables);
            self.ends.entry((graph.output, status, variables)).or_insert(id);
        }
    }

    /// What makes the space so large; asked when a limit was hit.
    pub fn advice(&mut self) -> Vec<Advice> {
        // The state that was found last: as many threads live there as in any, for most scripts.
        let mut advice = growth::beyond(&self.steps);
        if let (true, Some(graph)) = (advice.is_empty(), self.open.last()) {
            advice = growth::advice(&mut self.steps, &graph);
        }
        advice
    }

    /// How many states were met.
    pub fn states(&self) -> u64 {
        self.parents.len() as u64
    }

    /// How far the furthest of them are from the start.
    pub fn depth(&self) -> u32 {
        self.deepest
    }

    /// The moves from the start to a state.
    pub fn path(&self, state: u32) -> Vec<Move> {
        let mut path = Vec::new();
        let mut at = state;
        while let (parent, step) = self.parents[at as usize]
            && parent != u32::MAX
        {
            path.push(self.moves.step(step));
            at = parent;
        }
        path.reverse();
        path
    }
}
