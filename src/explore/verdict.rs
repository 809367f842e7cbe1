//! What an exploration found, as data: a verdict for each property, counterexamples, outcomes. Text is made of it
//! elsewhere (`report::render`).

use super::covered::Covered;
pub use crate::report::race::{Access, Race};
use crate::report::runtime::{Deadlock, status};
use crate::source::Span;
use crate::value::error::{Error, Kind};
use std::sync::Arc;

/// What is checked of every script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Property {
    /// Nobody, or nobody among some threads, can go on.
    Deadlock,
    /// An error that nothing caught, misuse of things to wait for included.
    Error,
    /// A failed `assert` that nothing caught.
    Assertion,
    Invariant,
    Ensure,
    /// A loop of states from which no good end can be reached.
    Livelock,
    /// Two accesses of one cell, one of them a write, that nothing orders.
    Race,
}

impl Property {
    /// Which an error breaks that nobody catches.
    pub fn of(error: &Error) -> Property {
        if error.kind == Kind::Assertion { Property::Assertion } else { Property::Error }
    }

    /// In the order in which an exit status is chosen.
    pub const ALL: [Property; 7] = [
        Property::Deadlock,
        Property::Error,
        Property::Assertion,
        Property::Invariant,
        Property::Ensure,
        Property::Livelock,
        Property::Race,
    ];

    /// The word in reports and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Property::Deadlock => "deadlock",
            Property::Error => "error",
            Property::Assertion => "assertion",
            Property::Invariant => "invariant",
            Property::Ensure => "ensure",
            Property::Livelock => "livelock",
            Property::Race => "race",
        }
    }

    /// The exit status when it fails.
    pub fn status(self) -> i32 {
        match self {
            Property::Deadlock => 3,
            Property::Error | Property::Assertion | Property::Invariant | Property::Ensure => 1,
            Property::Livelock => 5,
            Property::Race => 4,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Verdict {
    /// In every state that can be reached (a proof, for this script).
    Holds,
    Fails(Box<Failure>),
    /// A limit was hit before it could be told.
    Unknown,
}

/// Whether the story of a failure is the one with the fewest preemptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plainest {
    /// No other takes fewer.
    OfAll,
    /// None of those with as many steps, or fewer, does. Longer ones were not looked for, as not all that can happen is known.
    OfShort,
    /// There are too many to tell.
    Unknown,
}

/// One way in which a property fails: the story with the fewest preemptions, then the fewest steps.
#[derive(Debug, Clone)]
pub struct Failure {
    pub property: Property,
    /// One sentence without a full stop: `balance is 100 at the end`, `data race on count`.
    pub what: String,
    /// The `invariant` or `ensure`, or where the error was raised.
    pub place: Option<Span>,
    pub deadlock: Option<Deadlock>,
    /// The thread whose error nothing caught, the error, and what the thread held.
    pub error: Option<Uncaught>,
    pub race: Option<Race>,
    pub story: Story,
    pub plainest: Plainest,
    /// For a livelock: the moment of the story from which the loop goes round.
    pub loop_from: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct Uncaught {
    pub thread: Arc<str>,
    /// The thread's process; None for the first.
    pub process: Option<Arc<str>>,
    pub error: Arc<Error>,
    /// Label and line of acquisition.
    pub holds: Vec<(String, u32)>,
}

/// A run in the simulated world, told step by step.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// The threads' names in the order of their starts, `main` first.
    pub threads: Vec<String>,
    pub moments: Vec<Moment>,
    /// What comes next where the story ends, if that is what fails: the accesses that race.
    pub ahead: Vec<Ahead>,
    pub schedule: Schedule,
}

/// What a thread has not done yet.
#[derive(Debug, Clone)]
pub struct Ahead {
    /// An index of `Story::threads`.
    pub thread: usize,
    pub line: u32,
    /// In words of the source: `is about to write balance`.
    pub does: String,
}

/// One step of one thread.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    /// An index of `Story::threads`.
    pub thread: usize,
    pub line: u32,
    pub span: Span,
    /// What it did, in words of the source: `reads balance = 100`, `acquires guard`, `starts teller-1`.
    pub did: Vec<String>,
    /// What the thread will do next, when it is put aside here: `is about to store balance = 101`.
    pub next: Option<String>,
    /// The thread that moved before could have gone on, and was not at a `join`: a preemption.
    pub preempts: bool,
    /// Variables, fields and elements that changed, with their new values.
    pub changed: Vec<(String, String)>,
    /// What it wrote to standard output.
    pub output: String,
}

/// The decisions that make a run: who moves at each step, and what was chosen in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The names written once whose container changes while there are several threads: to read it is a step, and to
    /// read the containers of other such names is none.
    pub changing: Vec<String>,
    pub seen: Seen,
    pub turns: Vec<Turn>,
}

/// What some run of the script may look at, though not this one: then it is a step of its own wherever it comes about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether a lock or a permit is free, told by something else than waiting for it: a release is a step.
    pub locks: bool,
    /// How a thread is, told by a text: that it begins to wait, and that it ends, are steps.
    pub threads: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The thread, by the order of starts: 0 is `main`.
    pub thread: u32,
    /// Its wait ends because its time is over, not because it can be done.
    pub times_out: bool,
    /// Each `choose`, `select` and choice among waiters in the step: which of how many, from 0.
    pub choices: Vec<u32>,
}

/// What a run can come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// All that it wrote to standard output.
    pub output: String,
    /// The final values asked for with `--vars`, by name, as `print` shows them.
    pub variables: Vec<(String, String)>,
    pub status: i32,
    /// It leads there. None when it was not asked for (`Options::schedules`), or there was no time to make it.
    pub schedule: Option<Schedule>,
    /// Of a sample: how many of its runs came to it.
    pub runs: Option<u64>,
}

/// Which limit ended an exploration before it was complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    States,
    Time,
    Memory,
    /// Ctrl-C, or whoever embeds conc has had enough.
    Stopped,
}

/// Something that makes a space large, or another way to look at a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// A variable or container of the top level took so many different values.
    Values { name: String, values: u64 },
    /// Threads stood in the loop that begins at this line in so many different ways: they had come round so often, or had
    /// so many different values.
    Loop { line: u32, ways: u64 },
    /// A step of a thread, at this line (0 when it is not known), takes more than so many bytes by itself.
    Large { thread: String, line: u32, bytes: u64 },
    /// To look at a part of all runs.
    Part,
}

/// What is known at the end of an exploration.
#[derive(Debug, Clone)]
pub struct Findings {
    /// One for each property that was asked for, in the order of `Property::ALL`.
    pub verdicts: Vec<(Property, Verdict)>,
    /// Distinct states met.
    pub states: u64,
    /// Steps taken between them.
    pub steps: u64,
    /// The most steps from the start to a state, by the shortest way.
    pub depth: u32,
    /// None when all that was asked for was done.
    pub limit: Option<Limit>,
    pub covered: Covered,
    /// When asked for; a set: each distinct outcome once.
    pub outcomes: Option<Vec<Outcome>>,
    /// What makes the space large and what to try, when a limit was hit; the weightiest first.
    pub advice: Vec<Advice>,
}

impl Findings {
    /// Whether every state was covered.
    pub fn complete(&self) -> bool {
        self.limit.is_none() && self.covered == Covered::Everything
    }

    /// The exit status: 130 when the search was stopped, else the first of 3, 1, 5, 4, 6 that applies, else 0.
    pub fn status(&self) -> i32 {
        if self.limit == Some(Limit::Stopped) {
            return status::INTERRUPTED;
        }
        let fails = |status: i32| {
            let mut all = self.verdicts.iter();
            all.any(|(property, verdict)| property.status() == status && matches!(verdict, Verdict::Fails(_)))
        };
        let known = [3, 1, 5, 4].into_iter().find(|&status| fails(status));
        let unknown = self.verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Unknown));
        known.unwrap_or(if unknown { 6 } else { 0 })
    }

    /// The failures, in the order of `Property::ALL`.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.verdicts.iter().filter_map(|(_, verdict)| match verdict {
            Verdict::Fails(failure) => Some(&**failure),
            Verdict::Holds | Verdict::Unknown => None,
        })
    }
}
