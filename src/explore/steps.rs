//! The steps that lead from a state to others, each computed once: the same thread in the same state of its own, meeting
//! the same shared values, takes the same step (memoised steps, as in Harmony: van Renesse, 2020).
//!
//! What a step met is known only after it has been taken. So a tree of questions is kept for each way in which a thread
//! can begin: "what is node 7?", and for each answer the next question, down to what came of the step.

use super::canonical::Canonical;
use super::flaw::Flaw;
use super::growth::{Cell, Growth};
use super::labels::{Facts, Labels};
use super::options::Options;
use super::state::{Graph, SHARED};
use crate::code::verify::Verified;
use crate::machine::Image;
use crate::machine::touch::{Part, Place};
use crate::state::Shared;
use crate::state::graph::Node;
use crate::world::sim::{Ends, Fault, Log, Met, Rules, Universe, Way};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// The roots before the top level's variables: the world, and the names that are written once.
const FIRST_GLOBAL: usize = 2;
/// The root of the names that are written once.
pub const NAMES: usize = 1;
/// Marks the number of a node that the step has made.
const NEW: u32 = 1 << 30;

/// What came of a step, in terms of the numbers that nodes have in the state where it was taken.
#[derive(Debug)]
pub struct Outcome {
    pub kind: Effect,
    /// What its operation touched that is no thing to wait for: for races.
    pub touches: Vec<Touched>,
    pub atomic: bool,
    /// The thread stood at a `join`.
    pub joins: bool,
    /// After its operation the thread has passed a `join`.
    pub passed_join: bool,
    pub output: String,
    pub faults: Vec<Arc<Fault>>,
    pub choices: Vec<(u32, u32)>,
    /// The script has called `exit`.
    pub exited: Option<i32>,
    /// It proves wrong that this container never changes.
    pub thawed: Option<u32>,
    /// What it depends on: the nodes that it met; and whether that may not be all.
    pub met: Box<[u32]>,
    pub opaque: bool,
}

#[derive(Debug)]
pub enum Effect {
    /// It could not be taken.
    Blocked,
    Change(Change),
}

#[derive(Debug, Default)]
pub struct Change {
    /// The thread has ended.
    ended: bool,
    /// Nodes whose content is another now.
    writes: Vec<(u32, u32, Vec<u32>)>,
    /// Nodes that are new, and threads that are (each refers to its handle first).
    new: Vec<(u32, Vec<u32>)>,
    seats: Vec<(u32, Vec<u32>)>,
}

/// A variable or object that an operation touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Touched {
    pub node: u32,
    pub part: Part,
    pub write: bool,
}

/// A question in the tree, or what all its answers led to.
#[derive(Debug, Clone, Copy)]
enum Question {
    Node(u32),
    Known(u32),
}

/// Makes steps.
pub struct Steps {
    pub image: Image,
    pub rules: Rules,
    pub labels: Labels,
    /// How many roots come before the threads.
    pub common: usize,
    pub canonical: Canonical,
    symmetry: bool,
    memo: bool,
    seed: u64,
    flaw: Option<Flaw>,
    questions: Vec<Question>,
    beginnings: HashMap<[u64; 2], u32, FixedState>,
    answers: HashMap<(u32, u64), u32, FixedState>,
    outcomes: Vec<Arc<Outcome>>,
    nothing: Arc<Outcome>,
    /// A container that was taken not to change does.
    pub thawed: Option<u32>,
    /// How many forms things took.
    pub growth: Growth,
    /// How many steps were computed, and how many were known.
    pub computed: u64,
    pub known: u64,
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
        let hash = || FixedState::with_seed(11);
        Steps {
            common: FIRST_GLOBAL + program.globals.len(),
            image: Image::new(program),
            symmetry: options.reductions.symmetry && !rules.names,
            rules,
            labels: Labels::default(),
            canonical: Canonical::default(),
            // Who looks at threads may learn more than a step is known to meet.
            memo: options.reductions.memo && !watched,
            seed: options.seed,
            flaw: options.flaw,
            questions: Vec::new(),
            beginnings: HashMap::with_hasher(hash()),
            answers: HashMap::with_hasher(hash()),
            outcomes: Vec::new(),
            nothing: Arc::new(Outcome::blocked(Log::default(), Vec::new())),
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
        let mut graph = Graph::default();
        graph.clear();
        graph.seats = snapshot.seats;
        for (number, node) in snapshot.nodes.iter().enumerate() {
            let object = number.checked_sub(snapshot.roots).map(|at| &objects[at]);
            let label = self.label(node, object, &universe, number, snapshot.seats);
            graph.push(label, &node.refs);
        }
        let mut canonical = Graph::default();
        self.canonical.form(&mut graph, self.common, self.symmetry, &self.labels, &mut canonical);
        canonical
    }

    fn label(
        &mut self,
        node: &Node,
        object: Option<&Shared>,
        universe: &Universe,
        at: usize,
        seats: usize,
    ) -> u32 {
        let seat = at.checked_sub(self.common).filter(|seat| *seat < seats);
        let waits = seat.and_then(|seat| {
            let wait = universe.seats[seat].wait.as_ref()?;
            let deadline = wait.deadline.map(|deadline| (deadline - universe.now).max(0));
            Some((deadline, wait.op.remembers()))
        });
        self.labels.of(node, object, waits)
    }

    /// What is known of a thread's own state.
    pub fn seat_facts(&self, graph: &Graph, seat: usize) -> &Facts {
        self.labels.facts(graph.label(self.common + seat))
    }

    /// Whether nothing keeps the program alive any more.
    pub fn is_over(&self, graph: &Graph) -> bool {
        let handles = self.common + graph.seats;
        let daemons =
            (handles..handles + graph.seats).all(|node| self.labels.facts(graph.label(node)).daemon);
        daemons
            && (handles + graph.seats..graph.len())
                .all(|node| !self.labels.facts(graph.label(node)).unfinished)
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
        if !self.memo {
            return self.compute(graph, job).0;
        }
        let key = self.beginning(graph, job);
        let mut place = match self.beginnings.get(&key) {
            Some(&place) => place,
            None => {
                let place = self.questions.len() as u32;
                let (outcome, met, opaque) = self.compute(graph, job);
                if opaque {
                    return outcome;
                }
                self.beginnings.insert(key, place);
                self.learn(graph, None, &met, outcome.clone());
                return outcome;
            }
        };
        let mut asked = 0;
        loop {
            match self.questions[place as usize] {
                Question::Known(outcome) => {
                    self.known += 1;
                    return self.outcomes[outcome as usize].clone();
                }
                Question::Node(node) => {
                    let answer = self.answer(graph, node);
                    asked += 1;
                    match self.answers.get(&(place, answer)) {
                        Some(&next) => place = next,
                        None => {
                            let (outcome, met, opaque) = self.compute(graph, job);
                            if !opaque {
                                debug_assert_eq!(met.get(asked - 1), Some(&node), "steps are deterministic");
                                self.learn(graph, Some((place, answer)), &met[asked..], outcome.clone());
                            }
                            return outcome;
                        }
                    }
                }
            }
        }
    }

    /// Adds questions for what was met, in their order, and at their end the outcome.
    fn learn(&mut self, graph: &Graph, from: Option<(u32, u64)>, met: &[u32], outcome: Arc<Outcome>) {
        let mut from = from;
        for &node in met {
            let place = self.questions.len() as u32;
            if let Some(key) = from {
                self.answers.insert(key, place);
            }
            self.questions.push(Question::Node(node));
            from = Some((place, self.answer(graph, node)));
        }
        let place = self.questions.len() as u32;
        if let Some(key) = from {
            self.answers.insert(key, place);
        }
        self.questions.push(Question::Known(self.outcomes.len() as u32));
        self.outcomes.push(outcome);
    }

    /// A number for everything that a step which meets this node can learn from it.
    fn answer(&self, graph: &Graph, node: u32) -> u64 {
        if node as usize >= graph.len() {
            return 0;
        }
        let mut hasher = FixedState::with_seed(5).build_hasher();
        self.content(graph, node as usize, 0, &mut hasher);
        hasher.finish()
    }

    fn content(&self, graph: &Graph, node: usize, depth: u32, hasher: &mut impl Hasher) {
        hasher.write_u32(graph.labels[node]);
        for &to in graph.refs(node) {
            hasher.write_u32(to);
            let facts = self.labels.facts(graph.label(to as usize));
            hasher.write_u64(facts.shape);
            // What never changes is read without anybody being told.
            if facts.constant && depth < 8 {
                self.content(graph, to as usize, depth + 1, hasher);
            }
        }
    }

    /// A number for how a thread begins a step: its own state, the roots, and what it does.
    fn beginning(&self, graph: &Graph, job: Job<'_>) -> [u64; 2] {
        let half = |seed: u64| {
            let mut hasher = FixedState::with_seed(seed).build_hasher();
            self.content(graph, 0, 0, &mut hasher);
            self.content(graph, 1, 0, &mut hasher);
            // Nodes are numbered after the threads.
            hasher.write_usize(graph.seats);
            match job {
                Job::Look { ensure } => hasher.write_u8(10 + u8::from(ensure)),
                Job::Step { seat, way, choices } => {
                    let node = self.common + seat;
                    hasher.write_usize(seat);
                    self.content(graph, node, 0, &mut hasher);
                    self.content(graph, graph.refs(node)[0] as usize, 0, &mut hasher);
                    hasher.write_u8(way as u8);
                    choices.iter().for_each(|choice| hasher.write_u32(*choice));
                    for other in self.rememberers(graph).filter(|other| *other != node) {
                        hasher.write_usize(other);
                        self.content(graph, other, 0, &mut hasher);
                    }
                }
            }
            hasher.finish()
        };
        [half(3), half(7)]
    }

    /// The threads whose own state may change when others move.
    fn rememberers(&self, graph: &Graph) -> impl Iterator<Item = usize> {
        let seats = self.common..self.common + graph.seats;
        seats.filter(|seat| self.labels.facts(graph.label(*seat)).remembers)
    }

    /// The universe of a state, and the living object of each node.
    pub fn universe(&self, graph: &Graph) -> (Universe, Vec<Option<Shared>>) {
        let contents: Vec<&[u8]> =
            (0..graph.len()).map(|node| self.labels.content(graph.label(node))).collect();
        let refs: Vec<&[u32]> = (0..graph.len()).map(|node| graph.refs(node)).collect();
        Universe::load(&self.image, &contents, &refs, graph.seats, &self.rules)
    }

    /// Does it for real: what came of it, the numbers of the nodes that it met, and whether it may depend on more.
    fn compute(&mut self, graph: &Graph, job: Job<'_>) -> (Arc<Outcome>, Vec<u32>, bool) {
        let mut done = self.compute_now(graph, job);
        self.thawed = self.thawed.or(done.0.thawed);
        if self.flaw == Some(Flaw::MetForgotten) {
            done.1.retain(|node| *node != FIRST_GLOBAL as u32);
        }
        done
    }

    fn compute_now(&mut self, graph: &Graph, job: Job<'_>) -> (Arc<Outcome>, Vec<u32>, bool) {
        self.computed += 1;
        let (mut universe, objects) = self.universe(graph);
        let mut numbers: Numbers = HashMap::with_hasher(FixedState::with_seed(2));
        for (node, object) in objects.iter().enumerate() {
            if let Some(object) = object {
                numbers.insert(object.address(), node as u32);
            }
        }
        match job {
            Job::Step { seat, way, choices } => {
                self.step(graph, universe, &numbers, &objects, seat, way, choices)
            }
            Job::Look { ensure } => {
                let (faults, log) = universe.look(ensure, &self.rules);
                let met = self.close(graph, numbers_of(&log, &numbers));
                let opaque = log.opaque;
                let mut outcome = Outcome::blocked(log, Vec::new());
                outcome.faults = faults.into_iter().map(Arc::new).collect();
                (Arc::new(outcome), met, opaque)
            }
        }
    }

    #[expect(clippy::too_many_arguments)]
    fn step(
        &mut self,
        graph: &Graph,
        mut universe: Universe,
        numbers: &Numbers,
        objects: &[Option<Shared>],
        seat: usize,
        way: Way,
        choices: &[u32],
    ) -> (Arc<Outcome>, Vec<u32>, bool) {
        let blocked_before = way == Way::Run && !universe.is_ready(seat);
        if blocked_before {
            // It depends on what the operation waits for.
            let mut met: Vec<u32> = Vec::new();
            if let Some(wait) = &universe.seats[seat].wait {
                wait.op.touches(&mut |object| met.extend(numbers.get(&object.address())));
            }
            let met = self.close(graph, met);
            return (Arc::new(Outcome::blocked(Log::default(), Vec::new())), met, false);
        }
        let handles: Vec<usize> =
            universe.seats.iter().map(|seat| Shared::Thread(seat.thread.clone()).address()).collect();
        let step = universe.step(seat, way, choices.to_vec(), &self.rules);
        let log = step.log;
        let met = self.close(graph, numbers_of(&log, numbers));
        // Time that passes changes what every sleeper has left.
        let opaque = log.opaque || (way == Way::TimeOut && (self.rules.is_idle() || self.rules.clock));
        let touches = log
            .touches
            .iter()
            .filter_map(|touch| {
                let node = match &touch.place {
                    Place::Global(index) => FIRST_GLOBAL as u32 + index,
                    Place::Object(Shared::Sync(_) | Shared::Thread(_)) => return None,
                    Place::Object(object) => *numbers.get(&object.address())?,
                    Place::Fixed(_) | Place::Threads | Place::Random | Place::Clock => return None,
                };
                Some(Touched { node, part: touch.part, write: touch.write })
            })
            .collect();
        if let Ends::Blocked(_) = step.ends {
            return (Arc::new(Outcome::blocked(log, touches)), met, opaque);
        }
        // Somewhere else others may still lead to what nothing leads to here.
        let own = graph.refs(self.common + seat)[0];
        let kept = met.iter().chain([&own]).filter_map(|node| objects[*node as usize].clone());
        let kept: Vec<Shared> = kept.collect();
        let mut change = self.change(graph, &universe, numbers, &handles, &kept);
        if self.memo && !opaque {
            // What was not met has not changed: at most it is written in another order now.
            let constant = |node: u32| {
                let refs = |met: &&u32| graph.refs(**met as usize).contains(&node);
                self.labels.facts(graph.label(node as usize)).constant
                    && met.iter().chain([&own]).any(|met| refs(&met))
            };
            change.writes.retain(|(node, _, _)| {
                let node = *node;
                node < FIRST_GLOBAL as u32
                    || node == (self.common + seat) as u32
                    || node == own
                    || self.rememberers(graph).any(|seat| seat == node as usize)
                    || met.contains(&node)
                    || constant(node)
            });
        }
        self.note_growth(graph, &universe, seat, &change);
        let outcome = Outcome {
            kind: Effect::Change(change),
            touches,
            atomic: log.atomic,
            joins: log.joins,
            passed_join: log.passed_join,
            output: log.output,
            faults: log.faults.into_iter().map(Arc::new).collect(),
            choices: log.choices,
            exited: universe.ended.flatten(),
            thawed: log.thawed,
            met: met.clone().into(),
            opaque,
        };
        (Arc::new(outcome), met, opaque)
    }

    /// Keeps which variables and containers of the top level a step has changed, and where its thread stands now.
    fn note_growth(&mut self, graph: &Graph, universe: &Universe, seat: usize, change: &Change) {
        let held = |root: usize, node: u32| graph.refs(root).iter().position(|to| *to == node);
        for &(node, label, _) in &change.writes {
            let at = node as usize;
            let cell = if (FIRST_GLOBAL..self.common).contains(&at) {
                Some(Cell::Global((at - FIRST_GLOBAL) as u32))
            } else if at == self.common + seat && !change.ended {
                let fiber = universe.seats.get(seat).and_then(|seat| seat.fiber.as_ref());
                fiber.map(|fiber| Cell::Place(fiber.next_span(&self.image.program)))
            } else if at >= self.common + graph.seats {
                let named = held(NAMES, node).map(|place| Cell::Named(place as u32));
                let global = || (FIRST_GLOBAL..self.common).find(|root| held(*root, node).is_some());
                named.or_else(|| global().map(|root| Cell::Global((root - FIRST_GLOBAL) as u32)))
            } else {
                None
            };
            if let Some(cell) = cell {
                self.growth.note(cell, label);
            }
        }
    }

    /// What an operation on a thing to wait for may read beyond the thing itself: the things that it leads to.
    fn close(&self, graph: &Graph, met: Vec<u32>) -> Vec<u32> {
        let mut all: Vec<u32> = Vec::with_capacity(met.len());
        let mut pending: Vec<u32> = met.into_iter().rev().collect();
        while let Some(node) = pending.pop() {
            if all.contains(&node) {
                continue;
            }
            all.push(node);
            if self.labels.facts(graph.label(node as usize)).waits {
                let refs = graph.refs(node as usize).iter().rev();
                pending.extend(refs.filter(|to| self.labels.facts(graph.label(**to as usize)).waits));
            }
        }
        all
    }

    /// The difference between the state and the universe after a step.
    fn change(
        &mut self,
        graph: &Graph,
        universe: &Universe,
        numbers: &Numbers,
        handles: &[usize],
        kept: &[Shared],
    ) -> Change {
        let (snapshot, objects) = universe.snapshot_keeping(&self.rules, kept);
        let first_object = snapshot.roots;
        let mut change = Change::default();
        let mut new_nodes = 0;
        let mut new_seats = 0;
        let mut stays = vec![false; graph.seats];
        // What each node of the snapshot is called.
        let mut names: Vec<u32> = Vec::with_capacity(snapshot.nodes.len());
        for at in 0..snapshot.nodes.len() {
            names.push(if at < self.common {
                at as u32
            } else if at < first_object {
                let handle = Shared::Thread(universe.seats[at - self.common].thread.clone()).address();
                match handles.iter().position(|known| *known == handle) {
                    Some(seat) => {
                        stays[seat] = true;
                        (self.common + seat) as u32
                    }
                    None => {
                        new_seats += 1;
                        u32::MAX - (new_seats - 1)
                    }
                }
            } else {
                match numbers.get(&objects[at - first_object].address()) {
                    Some(&number) => number,
                    None => {
                        new_nodes += 1;
                        NEW | (new_nodes - 1)
                    }
                }
            });
        }
        change.ended = stays.iter().any(|stays| !stays);
        for (at, node) in snapshot.nodes.iter().enumerate() {
            let object = at.checked_sub(first_object).map(|at| &objects[at]);
            let label = self.label(node, object, universe, at, snapshot.seats);
            let refs: Vec<u32> = node.refs.iter().map(|to| names[*to as usize]).collect();
            let name = names[at];
            if at >= self.common && at < first_object && name > u32::MAX - 1_000_000 {
                change.seats.push((label, refs));
            } else if name & NEW != 0 {
                change.new.push((label, refs));
            } else if graph.label(name as usize) != label || graph.refs(name as usize) != refs {
                change.writes.push((name, label, refs));
            }
        }
        change
    }

    /// The state after a step, in canonical form; returns where the thread has gone (None when it has ended).
    pub fn apply(
        &mut self,
        graph: &Graph,
        seat: usize,
        change: &Change,
        work: &mut Graph,
        out: &mut Graph,
    ) -> Option<usize> {
        let (common, seats) = (self.common, graph.seats);
        let kept = seats - usize::from(change.ended);
        let seats_now = kept + change.seats.len();
        // Where the old nodes after the threads go, and where the new ones.
        let shift = |node: u32| -> u32 {
            let node = node as usize;
            if node & NEW as usize != 0 {
                (common + seats_now + (graph.len() - common - seats) + (node & !(NEW as usize))) as u32
            } else if node < common {
                node as u32
            } else if node < common + seats {
                (if change.ended && node > common + seat { node - 1 } else { node }) as u32
            } else {
                (node - seats + seats_now) as u32
            }
        };
        work.clear();
        work.seats = seats_now;
        work.output = graph.output;
        let mut add = |label: u32, refs: &[u32]| {
            work.labels.push(label & !SHARED);
            work.refs.extend(refs.iter().map(|to| shift(*to)));
            work.starts.push(work.refs.len() as u32);
        };
        let mut node_of = |node: usize| {
            let written = change.writes.iter().find(|(number, _, _)| *number as usize == node);
            match written {
                Some((_, label, refs)) => add(*label, refs),
                None => add(graph.labels[node], graph.refs(node)),
            }
        };
        for node in 0..common + seats {
            if !(change.ended && node == common + seat) {
                node_of(node);
            }
        }
        for (label, refs) in &change.seats {
            work.labels.push(*label);
            work.refs.extend(refs.iter().map(|to| shift(*to)));
            work.starts.push(work.refs.len() as u32);
        }
        for node in common + seats..graph.len() {
            let written = change.writes.iter().find(|(number, _, _)| *number as usize == node);
            let (label, refs) = match written {
                Some((_, label, refs)) => (*label, &refs[..]),
                None => (graph.labels[node] & !SHARED, graph.refs(node)),
            };
            work.labels.push(label);
            work.refs.extend(refs.iter().map(|to| shift(*to)));
            work.starts.push(work.refs.len() as u32);
        }
        for (label, refs) in &change.new {
            work.labels.push(*label);
            work.refs.extend(refs.iter().map(|to| shift(*to)));
            work.starts.push(work.refs.len() as u32);
        }
        self.canonical.form(work, common, self.symmetry, &self.labels, out);
        (!change.ended).then(|| self.canonical.seat_of(seat, common) as usize)
    }

    /// Where the threads of the first state stand, before any has moved: in the order of their starts.
    pub fn places(&self, seats: usize) -> Vec<usize> {
        let mut who = vec![0; seats];
        for at in 0..seats {
            who[self.canonical.seat_of(at, self.common) as usize] = at;
        }
        who
    }

    /// About how many bytes the tables take.
    pub fn memory(&self) -> usize {
        self.labels.memory() + self.questions.len() * 8 + self.answers.len() * 40 + self.outcomes.len() * 300
    }
}

/// The numbers of the nodes whose living objects have these addresses.
type Numbers = HashMap<usize, u32, FixedState>;

/// What is asked for in a state.
#[derive(Clone, Copy)]
enum Job<'a> {
    Step { seat: usize, way: Way, choices: &'a [u32] },
    Look { ensure: bool },
}

fn numbers_of(log: &Log, numbers: &Numbers) -> Vec<u32> {
    let number = |thing: &Met| match thing {
        Met::Global(index) => Some(FIRST_GLOBAL as u32 + index),
        Met::Object(address) => numbers.get(address).copied(),
    };
    log.met.iter().filter_map(number).collect()
}

impl Change {
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The nodes whose content is another after the step.
    pub fn written(&self) -> impl Iterator<Item = u32> {
        self.writes.iter().map(|(node, _, _)| *node)
    }
}

impl Outcome {
    fn blocked(log: Log, touches: Vec<Touched>) -> Outcome {
        Outcome {
            kind: Effect::Blocked,
            touches,
            atomic: log.atomic,
            joins: log.joins,
            passed_join: log.passed_join,
            output: String::new(),
            faults: Vec::new(),
            choices: log.choices,
            exited: None,
            thawed: log.thawed,
            met: Box::default(),
            opaque: log.opaque,
        }
    }
}
