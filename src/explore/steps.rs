//! The steps that lead from a state to others, each computed once: the same thread in the same state of its own, meeting
//! the same shared values, takes the same step (memoised steps, as in Harmony: van Renesse, 2020).
//!
//! What a step met is known only after it has been taken: so what is known is asked for question by question (`memo.rs`),
//! and what is not known is tried in a living universe (`trial.rs`). What came of it (`outcome.rs`) is told in terms that
//! fit every state where the same is met, so the next state follows from the one before without looking at the rest
//! (`successor.rs`).

use super::canonical::Canonical;
use super::flat::Flat;
use super::flaw::Flaw;
use super::growth::Growth;
use super::labels::{Daemon, Facts, Stands};
use super::layout::Layout;
use super::memo::Memo;
use super::options::Options;
pub use super::outcome::{Change, Effect, Outcome, Touched};
use super::pieces::Pieces;
use super::state::Graph;
use crate::code::verify::Verified;
use crate::machine::Image;
use crate::state::Shared;
use crate::state::graph::Node;
use crate::world::sim::{Log, Rules, Universe, Way};
use std::sync::Arc;

/// The roots before the top level's variables: the world, and the names that are written once.
pub(super) const FIRST_GLOBAL: usize = 2;
/// The root of the names that are written once.
pub(super) const NAMES: usize = 1;
/// Marks that `main` begins a step: its cell follows, not a part.
const MAIN: u32 = 1 << 31;

/// Makes steps.
pub struct Steps {
    pub image: Image,
    pub rules: Rules,
    pub pieces: Pieces,
    /// How many roots come before the threads.
    pub common: usize,
    pub canonical: Canonical,
    pub(super) symmetry: bool,
    pub(super) memo: Option<Memo>,
    seed: u64,
    pub(super) flaw: Option<Flaw>,
    nothing: Arc<Outcome>,
    present: Present,
    row: Vec<u32>,
    pub(super) layout: Layout,
    pub(super) work: Flat,
    /// A container that was taken not to change does.
    pub thawed: Option<u32>,
    /// How many forms things took.
    pub growth: Growth,
    /// How many steps were computed, and how many were known.
    pub computed: u64,
    pub known: u64,
}

/// What the steps from one state have in common; kept because many are asked for in a row.
#[derive(Default)]
struct Present {
    /// The sum of that state; None before the first.
    of: Option<u128>,
    /// The first cells, and whether there are several threads.
    roots: [u32; 3],
    /// A number for the roots, and for the most common ways to begin: `Way::Run` and `Way::TimeOut`.
    base: u32,
    ways: [u32; 2],
    /// Some thread remembers what others do.
    remembers: bool,
}

/// What is asked for in a state.
#[derive(Clone, Copy)]
pub(super) enum Job<'a> {
    Step { seat: usize, way: Way, choices: &'a [u32] },
    Look { ensure: bool },
}

impl Steps {
    pub fn new(program: Arc<Verified>, options: &Options) -> Steps {
        let mut rules = Rules::of(&program, options.reductions, options.time, options.outcomes);
        rules.arguments.clone_from(&options.arguments);
        let watched = rules.watched;
        // Their final values are looked at, and a daemon or `exit` may cut a thread short anywhere.
        for name in &options.variables {
            if let Some(index) = program.globals.iter().position(|known| **known == **name) {
                rules.shared_globals[index] = true;
            }
            if let Some(index) = program.fixed.iter().position(|known| **known == **name) {
                rules.frozen[index] = false;
            }
        }
        if let Some(flaw) = options.flaw {
            flaw.spoil(&mut rules);
        }
        Steps {
            common: FIRST_GLOBAL + program.globals.len(),
            image: Image::new(program),
            symmetry: options.reductions.symmetry && !rules.names,
            rules,
            pieces: Pieces::default(),
            canonical: Canonical::default(),
            // Who looks at threads may learn more than a step is known to meet.
            memo: (options.reductions.memo && !watched).then(Memo::default),
            seed: options.seed,
            flaw: options.flaw,
            nothing: Arc::new(Outcome::blocked(Log::default(), Vec::new())),
            present: Present::default(),
            row: Vec::new(),
            layout: Layout::default(),
            work: Flat::default(),
            thawed: None,
            growth: Growth::default(),
            computed: 0,
            known: 0,
        }
    }

    /// The same program and options from the beginning.
    pub fn anew(&self, options: &Options) -> Steps {
        Steps::new(self.image.program.clone(), options)
    }

    /// The names whose containers are not taken for granted to stay as they are, where others are.
    pub fn changing(&self) -> Vec<String> {
        let names = self.image.program.fixed.iter().zip(&self.rules.frozen);
        let changing = names.filter(|(_, frozen)| self.rules.private && !**frozen);
        changing.map(|(name, _)| name.to_string()).collect()
    }

    /// The containers of these names are not taken for granted to stay as they are.
    pub fn take_as_changing(&mut self, changing: &[String]) {
        for (name, frozen) in self.image.program.fixed.iter().zip(&mut self.rules.frozen) {
            *frozen &= !changing.iter().any(|changing| **changing == **name);
        }
    }

    /// The first state, in canonical form: `main` before the script's first instruction.
    pub fn initial(&mut self) -> Graph {
        let universe = Universe::new(self.image.program.clone(), self.seed);
        let (snapshot, objects) = universe.snapshot(&self.rules);
        let mut flat = Flat::default();
        flat.clear();
        flat.seats = snapshot.seats;
        for (number, node) in snapshot.nodes.iter().enumerate() {
            let object = number.checked_sub(snapshot.roots).map(|at| &objects[at]);
            let label = self.label(node, object, &universe, number, snapshot.seats);
            flat.push(label, node.refs.iter().copied());
        }
        let mut graph = Graph::default();
        self.canonical.form(&flat, self.common, self.symmetry, &mut self.pieces, &mut graph);
        graph
    }

    pub(super) fn label(
        &mut self,
        node: &Node,
        object: Option<&Shared>,
        universe: &Universe,
        at: usize,
        seats: usize,
    ) -> u32 {
        let seat = at.checked_sub(self.common).filter(|seat| *seat < seats);
        let stands = seat.map(|seat| {
            let seat = &universe.seats[seat];
            let wait = seat.wait.as_ref();
            let deadline = wait.and_then(|wait| wait.deadline);
            Stands {
                deadline: deadline.map(|deadline| (deadline - universe.now).max(0)),
                remembers: wait.is_some_and(|wait| wait.op.remembers()),
                process: seat.space.as_ref().map(|space| Daemon(space.is_daemon())),
            }
        });
        self.pieces.labels.of(node, object, stands)
    }

    /// What is known of a thread's own state.
    pub fn seat_facts(&self, graph: &Graph, seat: usize) -> &Facts {
        self.pieces.seat(graph, seat, self.common)
    }

    /// Whether nothing keeps the program alive any more.
    pub fn is_over(&self, graph: &Graph) -> bool {
        (0..graph.seats).all(|seat| self.pieces.is_daemon(graph, seat, self.common))
            && !self.pieces.has_tasks(graph, self.common)
    }

    /// Lets a thread take a step.
    pub fn take(&mut self, graph: &Graph, seat: usize, way: Way, choices: &[u32]) -> Arc<Outcome> {
        self.known_or(graph, Job::Step { seat, way, choices })
    }

    /// Evaluates every `invariant` (or, at the end, every `ensure`): what fails.
    pub fn look(&mut self, graph: &Graph, ensure: bool) -> Arc<Outcome> {
        if !self.rules.watches {
            return self.nothing.clone();
        }
        self.known_or(graph, Job::Look { ensure })
    }

    fn known_or(&mut self, graph: &Graph, job: Job<'_>) -> Arc<Outcome> {
        if self.memo.is_none() {
            return self.compute(graph, job).outcome;
        }
        let (begins, way) = self.beginning(graph, job);
        let Some(memo) = &self.memo else { unreachable!("it was asked just now") };
        let pieces = &self.pieces;
        let mut shared = None;
        let from = match memo.find(begins, way, |cell| answer(pieces, graph, &mut shared, cell)) {
            Ok(outcome) => {
                self.known += 1;
                return outcome.clone();
            }
            Err(from) => from,
        };
        let done = self.compute(graph, job);
        if let (Some(met), Some(memo)) = (done.met, &mut self.memo) {
            let pieces = &self.pieces;
            memo.learn(from, &met, done.outcome.clone(), |cell| answer(pieces, graph, &mut shared, cell));
        }
        done.outcome
    }

    /// How a thread begins a step: its own state, and a number for the roots and for what it does.
    #[inline]
    fn beginning(&mut self, graph: &Graph, job: Job<'_>) -> (u32, u32) {
        if self.present.of != Some(graph.sum) {
            self.prepare(graph);
        }
        let begins = |seat: usize| graph.part(seat).unwrap_or_else(|| MAIN | graph.cells[self.common]);
        if let Job::Step { seat, way, choices: [] } = job
            && !self.present.remembers
        {
            return (begins(seat), self.present.ways[way as usize]);
        }
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.extend([self.present.base, u32::MAX]);
        let first = match job {
            Job::Look { ensure } => {
                row.push(10 + u32::from(ensure));
                0
            }
            Job::Step { seat, way, choices } => {
                row.push(way as u32);
                row.extend_from_slice(choices);
                row.push(u32::MAX);
                row.extend(rememberers(&self.pieces, graph, self.common, seat).map(begins));
                begins(seat)
            }
        };
        let way = self.memo.as_mut().map_or(0, |memo| memo.way(&row));
        self.row = row;
        (first, way)
    }

    /// Whether there are several threads, and whether the first process has several.
    fn company(&self, graph: &Graph) -> u32 {
        let several = u32::from(graph.seats > 1);
        if !self.rules.processes {
            return several;
        }
        let here = graph.parts.iter().filter(|part| !self.pieces.part(**part).elsewhere).count();
        several | u32::from(here + graph.first_part() > 1) << 1
    }

    fn prepare(&mut self, graph: &Graph) {
        self.present.of = Some(graph.sum);
        let roots = [graph.cells[0], graph.cells[1], self.company(graph)];
        self.present.remembers = graph.parts.iter().any(|part| self.pieces.part(*part).remembers)
            || graph.main && self.pieces.seat(graph, 0, self.common).remembers;
        if self.present.roots == roots {
            return;
        }
        self.present.roots = roots;
        let Some(memo) = &mut self.memo else { return };
        let base = memo.way(&roots);
        self.present.base = base;
        self.present.ways =
            [Way::Run, Way::TimeOut].map(|way| memo.way(&[base, u32::MAX, way as u32, u32::MAX]));
    }

    /// The universe of a state, and the living object of each node.
    pub fn universe(&mut self, graph: &Graph) -> (Universe, Vec<Option<Shared>>) {
        self.layout.of(graph, &self.pieces, self.common);
        let flat = &self.layout.flat;
        let labels = &self.pieces.labels;
        let contents: Vec<&[u8]> = (0..flat.len()).map(|node| labels.content(flat.label(node))).collect();
        let refs: Vec<&[u32]> = (0..flat.len()).map(|node| flat.refs(node)).collect();
        Universe::load(&self.image, &contents, &refs, graph.seats, &self.rules)
    }

    /// Where the thread that stood at a place before the last step stands after it; new threads follow those that were
    /// there and have not ended.
    pub fn seat_of(&self, seat: usize) -> usize {
        self.canonical.seat_of(seat)
    }

    /// Where the threads of the first state stand, before any has moved: in the order of their starts.
    pub fn places(&self, seats: usize) -> Vec<usize> {
        let mut who = vec![0; seats];
        for at in 0..seats {
            who[self.seat_of(at)] = at;
        }
        who
    }

    /// About how many bytes the tables take.
    pub fn memory(&self) -> usize {
        self.pieces.memory() + self.memo.as_ref().map_or(0, Memo::memory)
    }
}

/// The threads, other than the one that moves, whose own state may change when others move.
pub(super) fn rememberers(
    pieces: &Pieces,
    graph: &Graph,
    common: usize,
    moves: usize,
) -> impl Iterator<Item = usize> {
    (0..graph.seats).filter(move |seat| *seat != moves && pieces.seat(graph, *seat, common).remembers)
}

/// Everything that a step which meets this cell can learn from it: the cell, and whether other threads reach it.
fn answer(pieces: &Pieces, graph: &Graph, shared: &mut Option<Vec<bool>>, cell: u32) -> u32 {
    let Some(&content) = graph.cells.get(cell as usize) else { return u32::MAX };
    if cell < graph.near || cell >= graph.far {
        return content << 1 | 1;
    }
    let shared = shared.get_or_insert_with(|| reached_by_others(pieces, graph));
    content << 1 | u32::from(shared[(cell - graph.near) as usize])
}

/// Which of the cells that only `main` leads to other threads lead to as well.
fn reached_by_others(pieces: &Pieces, graph: &Graph) -> Vec<bool> {
    let mut reached = vec![false; (graph.far - graph.near) as usize];
    let between = graph.near..graph.far;
    let mut pending: Vec<u32> = Vec::new();
    let tangled = graph.cells[graph.far as usize..].iter().flat_map(|cell| pieces.refs(*cell));
    let parts = graph.parts.iter().flat_map(|part| &pieces.part(*part).cells);
    pending.extend(parts.chain(tangled).filter(|cell| between.contains(cell)));
    while let Some(cell) = pending.pop() {
        if !std::mem::replace(&mut reached[(cell - graph.near) as usize], true) {
            let refs = pieces.refs(graph.cells[cell as usize]).iter();
            pending.extend(refs.filter(|cell| between.contains(cell)));
        }
    }
    reached
}
