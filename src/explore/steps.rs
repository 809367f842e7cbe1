//! The steps that lead from a state to others, each computed once: the same thread in the same state of its own, meeting
//! the same shared values, takes the same step (memoised steps, as in Harmony: van Renesse, 2020).
//!
//! What a step met is known only after it has been taken: so what is known is asked for question by question (`memo.rs`),
//! and what is not known is tried in a living universe (`trial.rs`). What came of it (`outcome.rs`) is told in terms that
//! fit every state where the same is met, so the next state follows from the one before without looking at the rest
//! (`successor.rs`).

use super::alone::Alone;
use super::canonical::Canonical;
use super::flat::{Flat, Told};
use super::flaw::Flaw;
use super::growth::Growth;
use super::known::{Job, Known, Present};
use super::labels::Stands;
use super::layout::Layout;
use super::memo::Memo;
use super::options::Options;
pub use super::outcome::{Change, Effect, Outcome};
use super::pieces::Pieces;
use super::state::Graph;
use super::verdict::{Limit, Seen, Uncaught};
use super::ways_out::WaysOut;
use crate::code::verify::Verified;
use crate::machine::Image;
use crate::report::runtime::status;
use crate::state::{Shared, rows::Rows};
use crate::world::sim::{Assumption, Assumptions, Log, Rules, Universe, Way};
use std::sync::Arc;

/// The roots before the top level's variables: the world, and the names that are written once.
pub(super) const FIRST_GLOBAL: usize = 2;
/// One state of the script may take this part of the memory; it is copied when it is stored.
const SHARE: usize = 4;
/// So many steps are computed to find the plainest story of each thing that was found; as many as there may be states, if these
/// are fewer.
const AFTER_A_LIMIT: u64 = 20_000;
/// Each time so many steps have been computed it is asked whether that was of use.
const NOW_AND_THEN: u64 = if cfg!(test) { 100 } else { 20_000 };
/// The root of the names that are written once.
pub(super) const NAMES: usize = 1;

/// Makes steps.
pub struct Steps {
    pub image: Image,
    pub rules: Rules,
    pub pieces: Pieces,
    /// How many roots come before the threads.
    pub common: usize,
    pub canonical: Canonical,
    pub(super) memo: Option<Memo>,
    seed: u64,
    pub(super) flaw: Option<Flaw>,
    /// So many states may be looked at.
    pub(super) limit: u64,
    nothing: Arc<Outcome>,
    pub(super) ways_out: WaysOut,
    present: Present,
    pub(super) alone: Alone,
    pub(super) keyed: Vec<(u32, u32)>,
    pub(super) layout: Layout,
    pub(super) work: Flat,
    /// Room for the numbers of a part's nodes; none has one but while a part is written.
    pub(super) numbers: Vec<u32>,
    /// Where a step's changes are written.
    pub(super) room: Rows,
    /// What was taken for granted, and is not so. What was computed since may be wrong.
    pub refuted: Option<Assumption>,
    /// How many forms things took.
    pub growth: Growth,
    /// A step that was tried takes more memory than a simulated script may: what came of it is not known.
    pub beyond: Option<Uncaught>,
    /// So many steps more may be computed.
    pub budget: u64,
    /// That many to find a plainer story of what is known.
    spare: u64,
    /// How many steps were computed, and how many were known.
    pub computed: u64,
    pub known: u64,
    /// How many had been computed, and had been taken, when it was last asked whether to remember them.
    asked_at: (u64, u64),
}

impl Steps {
    pub fn new(program: Arc<Verified>, options: &Options) -> Steps {
        let mut rules = Rules::of(&program, options.reductions, options.time, options.outcomes);
        rules.arguments.clone_from(&options.arguments);
        rules.max_threads = options.max_threads;
        rules.memory = usize::try_from(options.limits.memory).unwrap_or(usize::MAX) / SHARE;
        rules.kept = Some(Arc::default());
        let watched = rules.watched();
        // Their final values are looked at, and a daemon or `exit` may cut a thread short anywhere.
        for name in &options.variables {
            if let Some(index) = program.globals.iter().position(|known| **known == **name) {
                rules.shared_globals[index] = true;
            }
            if let Some(index) = program.fixed.iter().position(|known| **known == **name) {
                rules.assumed.frozen[index] = false;
            }
        }
        if let Some(flaw) = options.flaw {
            flaw.spoil(&mut rules);
        }
        Steps {
            common: FIRST_GLOBAL + program.globals.len(),
            image: Image::new(program),
            ways_out: WaysOut::new(rules.pools || rules.pipes),
            rules,
            pieces: Pieces::default(),
            canonical: Canonical::default(),
            // Who looks at threads may learn more than a step is known to meet.
            memo: (options.reductions.memo && !watched).then(Memo::default),
            seed: options.seed,
            flaw: options.flaw,
            limit: options.limits.states,
            nothing: Arc::new(Outcome::blocked(Log::default(), Vec::new())),
            present: Present::default(),
            alone: Alone::default(),
            keyed: Vec::new(),
            layout: Layout::default(),
            work: Flat::default(),
            numbers: Vec::new(),
            room: Rows::default(),
            refuted: None,
            beyond: None,
            budget: u64::MAX,
            spare: u64::MAX,
            growth: Growth::default(),
            computed: 0,
            known: 0,
            asked_at: (0, 0),
        }
    }

    /// Whether equal threads are taken one for another.
    pub(super) fn symmetry(&self) -> bool {
        !self.rules.names()
    }

    /// Takes for granted what others do that have begun again.
    pub(super) fn take_for_granted(&mut self, assumed: &Assumptions) {
        self.rules.assumed.clone_from(assumed);
        if self.rules.watched() {
            self.memo = None; // as above
        }
    }

    /// The same program and options from the beginning.
    pub fn anew(&self, options: &Options) -> Steps {
        Steps::new(self.image.program.clone(), options)
    }

    /// The names whose containers are not taken for granted to stay as they are, where others are.
    pub fn changing(&self) -> Vec<String> {
        let names = self.image.program.fixed.iter().zip(&self.rules.assumed.frozen);
        let changing = names.filter(|(_, frozen)| self.rules.private && !**frozen);
        changing.map(|(name, _)| name.to_string()).collect()
    }

    /// What it is not taken for granted that nobody sees.
    pub fn seen(&self) -> Seen {
        let assumed = &self.rules.assumed;
        Seen { locks: !assumed.locks_apart, threads: !assumed.unseen }
    }

    /// What was found is told from here on. After a limit was hit not much more is computed to tell it in a plainer way.
    pub fn forget_limits(&mut self, hit: Option<Limit>) {
        self.beyond = None;
        self.spare = if hit.is_some() { AFTER_A_LIMIT.min(self.limit) } else { u64::MAX };
    }

    /// Computes no more than is to spare. (Whatever is to be told is computed in any case.)
    pub fn sparing<T>(&mut self, find: impl FnOnce(&mut Steps) -> T) -> T {
        (self.beyond, self.budget) = (None, self.spare);
        let found = find(self);
        (self.beyond, self.budget) = (None, u64::MAX);
        found
    }

    /// The containers of these names are not taken for granted to stay as they are.
    pub fn take_as_changing(&mut self, changing: &[String]) {
        for (name, frozen) in self.image.program.fixed.iter().zip(&mut self.rules.assumed.frozen) {
            *frozen &= !changing.iter().any(|changing| **changing == **name);
        }
    }

    /// It is not taken for granted that nobody sees this.
    pub fn take_as_seen(&mut self, seen: Seen) {
        let mut assumed = self.rules.assumed.clone();
        if seen.locks {
            assumed.give_up(Assumption::LocksApart);
        }
        if seen.threads {
            assumed.give_up(Assumption::Unseen);
        }
        self.take_for_granted(&assumed);
    }

    /// The first state, in canonical form: `main` before the script's first instruction.
    pub fn initial(&mut self) -> Graph {
        let universe = Universe::new(self.image.program.clone(), self.seed);
        self.graph_of(&universe)
    }

    /// A universe at rest, in canonical form.
    pub fn graph_of(&mut self, universe: &Universe) -> Graph {
        let (snapshot, objects) = universe.snapshot(&self.rules);
        let mut flat = Flat::default();
        flat.clear();
        flat.seats = snapshot.seats;
        for (number, node) in snapshot.nodes.nodes().enumerate() {
            let object = number.checked_sub(snapshot.roots).map(|at| &objects[at]);
            let seat = number.checked_sub(self.common).filter(|seat| *seat < snapshot.seats);
            let stands = seat.map(|seat| Stands::of(universe, seat));
            let label = self.pieces.labels.of(node, object, stands);
            flat.push(label, node.refs.iter().copied());
        }
        let (mut graph, symmetry) = (Graph::default(), self.symmetry());
        self.canonical.form(&flat, self.common, symmetry, &mut self.pieces, &mut graph);
        graph
    }

    /// Whether nothing keeps the program alive any more.
    pub fn is_over(&self, graph: &Graph) -> bool {
        self.pieces.is_over(graph, self.common)
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

    /// Evaluates every `ensure` where the program has ended, as a run does: not after an `exit` that says itself that something
    /// is wrong.
    pub fn look_at_end(&mut self, graph: &Graph, exited: Option<i32>) -> Arc<Outcome> {
        match exited {
            None | Some(status::FINE) => self.look(graph, true),
            Some(_) => self.nothing.clone(),
        }
    }

    fn known_or(&mut self, graph: &Graph, job: Job<'_>) -> Arc<Outcome> {
        let Some(memo) = &mut self.memo else { return self.compute(graph, job).outcome };
        let (pieces, present) = (&self.pieces, &mut self.present);
        let way = |row: &[u32]| Some(memo.way(row));
        let begins = present.beginning(pieces, self.common, graph, job, way);
        let (begins, way) = begins.unwrap_or_else(|| unreachable!("each way gets a number"));
        if let Some(number) = memo.find(begins, way, |cell| present.answer(pieces, graph, cell)) {
            let known = memo.outcome(number).clone();
            if self.rules.may_refuse(graph.seats, known.starts) {
                return self.compute(graph, job).outcome;
            }
            self.known += 1;
            return known;
        }
        let done = self.compute(graph, job);
        if let (Some(met), Some(memo)) = (done.met, &mut self.memo) {
            let (pieces, present) = (&self.pieces, &mut self.present);
            let answer = |cell| present.answer(pieces, graph, cell);
            memo.learn((begins, way), &met, done.outcome.clone(), answer);
        }
        done.outcome
    }

    /// Forgets the steps that are known when hardly any of them comes again, as where the state keeps what has happened: they
    /// take more room than states do. So many have been taken so far.
    pub fn forget_useless(&mut self, taken: u64) {
        let (computed_before, taken_before) = self.asked_at;
        let computed = self.computed - computed_before;
        if computed < NOW_AND_THEN {
            return;
        }
        self.asked_at = (self.computed, taken);
        let hardly_more = computed + computed / 8;
        if taken - taken_before < hardly_more
            && let Some(memo) = &mut self.memo
        {
            *memo = Memo::default();
            self.present = Present::default();
        }
    }

    /// What is known, to be read by several at once.
    pub fn read(&self) -> Known<'_> {
        let (pieces, ways_out) = (&self.pieces, &self.ways_out);
        Known { pieces, memo: self.memo.as_ref(), common: self.common, rules: &self.rules, ways_out }
    }

    /// The universe of a state, and the living object of each node.
    pub fn universe(&mut self, graph: &Graph) -> (Universe, Vec<Option<Shared>>) {
        self.universe_for(None, graph)
    }

    /// The same for a step of one thread alone (see `Universe::load_for`).
    pub(super) fn universe_for(
        &mut self,
        alone: Option<usize>,
        graph: &Graph,
    ) -> (Universe, Vec<Option<Shared>>) {
        self.layout.of(graph, &self.pieces, self.common);
        self.layout.look_at(&self.pieces);
        let (shared, ends) = self.layout.shared_and_ends();
        // Who has one end can ask for the other.
        let ends = if self.rules.pipes { ends } else { &[] };
        let alone = alone.map(|seat| (seat, ends));
        let nodes = Told { flat: &self.layout.flat, labels: &self.pieces.labels };
        Universe::load_for(alone, &self.image, &nodes, shared, graph.seats, &self.rules)
    }

    /// Where the thread that stood at a place before the last step stands after it; new threads follow those that were
    /// there and have not ended.
    pub fn seat_of(&self, seat: usize) -> usize {
        self.canonical.seat_of(seat)
    }

    /// What is known of each thread, by its place after the last step; `who` is that by the places before, `stays` whether the
    /// thread at one of them has not ended in it, and `new` gives what is known of one that it has started.
    pub fn carry<T: Copy>(
        &self,
        who: &[T],
        stays: impl Fn(usize) -> bool,
        seats: usize,
        mut new: impl FnMut() -> T,
    ) -> Vec<T> {
        let mut all: Vec<T> = Vec::with_capacity(seats);
        all.extend(who.iter().enumerate().filter(|(at, _)| stays(*at)).map(|(_, who)| *who));
        all.resize_with(seats, &mut new);
        let mut placed = all.clone();
        for (place, who) in all.into_iter().enumerate() {
            placed[self.seat_of(place)] = who;
        }
        placed
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
        let kept = self.rules.kept.as_ref().map_or(0, |kept| kept.memory());
        let memo = self.memo.as_ref().map_or(0, Memo::memory);
        self.pieces.memory() + memo + self.ways_out.memory() + kept
    }
}
