//! How to explore.

use super::flaw::Flaw;
use super::verdict::Property;
use crate::world::MAX_THREADS;

/// What to look for, how far, and with which reductions.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the script sees as `args`.
    pub arguments: Vec<String>,
    pub limits: Limits,
    /// How many cores to search on. What comes out is the same.
    pub cores: usize,
    pub reductions: Reductions,
    pub time: Time,
    /// So many threads of a process may live beside its first: it is refused another.
    pub max_threads: usize,
    pub extent: Extent,
    /// What is to be told of; of everything when none is named.
    pub properties: Vec<Property>,
    /// Collect every distinct outcome.
    pub outcomes: bool,
    /// Of which of them to tell a schedule that leads there.
    pub schedules: Schedules,
    /// The top-level variables whose final values belong to an outcome.
    pub variables: Vec<String>,
    /// Where random numbers begin: the script's own, and those of a sample.
    pub seed: u64,
    /// For tests of the tests.
    #[doc(hidden)]
    pub flaw: Option<Flaw>,
    /// For tests: rounds of few states, each on all cores.
    #[doc(hidden)]
    pub small_rounds: bool,
}

/// How much of the space is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    #[default]
    Everything,
    /// Runs drawn at random.
    Sample(Sampling),
    /// Every run with at most so many preemptions.
    Preemptions(u32),
}

/// How to draw runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    pub runs: u64,
    pub strategy: Strategy,
    /// A run that is longer is cut.
    pub most_steps: u64,
}

impl Sampling {
    /// Enough for programs that end, and an endless run is over in a moment.
    pub const MOST_STEPS: u64 = 100_000;
}

/// The outcomes of which a schedule is to be told: a run has to be made again for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedules {
    /// Of all, in their order, until a limit of time or Ctrl-C comes.
    pub all: bool,
    /// Of these, by their numbers from 1, whatever that takes.
    pub numbers: Vec<usize>,
}

impl Schedules {
    pub const ALL: Schedules = Schedules { all: true, numbers: Vec::new() };
    pub const NONE: Schedules = Schedules { all: false, numbers: Vec::new() };
}

/// Who moves next in a run that is drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Each thread that can move is as likely as the others.
    Walk,
    /// The more steps a thread has before it, the likelier: each interleaving is as likely as the others.
    Uniform,
    /// Random priorities of steps, drawn again where steps meet in a race.
    Pos,
    /// Random priorities of threads, changed at `depth - 1` moments.
    Pct { depth: u32 },
    /// `Uniform`, `Pos` and `Pct` in turn.
    Turns,
}

impl Strategy {
    /// Three pairs of steps in the right order: most bugs that were ever studied need no more.
    pub const DEPTH: u32 = 3;
    pub const PCT: Strategy = Strategy::Pct { depth: Strategy::DEPTH };

    /// The word on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::Walk => "walk",
            Strategy::Uniform => "uniform",
            Strategy::Pos => "pos",
            Strategy::Pct { .. } => "pct",
            Strategy::Turns => "turns",
        }
    }

    /// For how many pairs of steps in the right order it gives a guarantee; None when it gives none of that kind.
    pub fn depth(self) -> Option<u32> {
        match self {
            Strategy::Pct { depth } => Some(depth),
            Strategy::Turns => Some(Strategy::DEPTH),
            Strategy::Walk | Strategy::Uniform | Strategy::Pos => None,
        }
    }
}

/// The numbers at which an exploration ends with what is known; its time is kept by whoever asked for it, through the
/// progress that is told (nothing in here reads a clock).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub states: u64,
    /// Bytes.
    pub memory: u64,
}

/// Each can be switched off; the verdicts are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reductions {
    /// Threads of the same kind are interchangeable.
    pub symmetry: bool,
    /// A release is part of the step before it, where nobody can tell.
    pub merge: bool,
    /// What only one thread can reach is no reason to stop before it.
    pub private: bool,
    /// The same thread state meeting the same shared values takes the same step: computed once.
    pub memo: bool,
    /// Registers that will not be read again do not tell states apart.
    pub liveness: bool,
}

/// When sleepers wake and timeouts pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Never early, and as late as a busy system pleases.
    Any,
    /// Only when nothing else can move, the earliest first.
    Idle,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            arguments: Vec::new(),
            limits: Limits { states: 50_000_000, memory: 2 << 30 },
            cores: 1,
            reductions: Reductions::ALL,
            time: Time::Any,
            max_threads: MAX_THREADS,
            extent: Extent::Everything,
            properties: Vec::new(),
            outcomes: false,
            schedules: Schedules::ALL,
            variables: Vec::new(),
            seed: 0,
            flaw: None,
            small_rounds: false,
        }
    }
}

impl Options {
    /// The properties that are asked for, in the order of `Property::ALL`.
    pub fn asked(&self) -> impl Iterator<Item = Property> {
        let all = Property::ALL.into_iter();
        all.filter(|property| self.properties.is_empty() || self.properties.contains(property))
    }
}

impl Reductions {
    pub const ALL: Reductions =
        Reductions { symmetry: true, merge: true, private: true, memo: true, liveness: true };
    pub const NONE: Reductions =
        Reductions { symmetry: false, merge: false, private: false, memo: false, liveness: false };
}

/// How far an exploration has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Of a sample: the runs that were made.
    pub runs: Option<u64>,
    pub states: u64,
    pub steps: u64,
    pub depth: u32,
    /// States found and not yet looked at.
    pub open: u64,
    /// Bytes.
    pub memory: u64,
}
