//! The event log: what the threads of one run did, and when, as data; and what is made of it.
//!
//! In reading order: this (what an event is), `tape` (where the events of a run on real threads go while it runs), `ticks`
//! (their times), `recorder` (one thread's way there), `counting` and `breath` (what it need not look at the clock for each
//! time), `collect` (a tape as a `Log`), `spans` (a log as what is drawn: stretches of time and arrows between threads), `json`
//! (for Perfetto and chrome://tracing), `svg` (a picture), `page` (the same for a browser). A run in the simulated world makes
//! its `Log` by itself (`explore::story`), from what its steps did (`deeds`): from there on nothing knows where a log comes
//! from.

pub mod breath;
pub mod collect;
mod counting;
pub mod deeds;
pub mod json;
pub mod page;
pub mod recorder;
pub mod spans;
pub mod svg;
pub mod tape;
mod ticks;

use crate::sync::Sync;

/// What happened in a run, in the order of time.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub unit: Unit,
    /// The first is the one that began the run.
    pub processes: Vec<Process>,
    /// Every thread that has told anything.
    pub lanes: Vec<Lane>,
    /// Every thing to wait for that was told of.
    pub things: Vec<Thing>,
    pub events: Vec<Event>,
    /// When the run, or what is told of it, ended.
    pub end: u64,
    /// What was not kept.
    pub lost: Lost,
}

/// What times are counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    /// Since the run began.
    #[default]
    Nanoseconds,
    /// Of the simulated world, since its beginning.
    Steps,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    pub name: String,
    pub pid: i32,
    /// An index of `Log::processes`.
    pub parent: Option<usize>,
    /// When it began, if that is known.
    pub began: Option<u64>,
    /// When its parent learnt of its end, and how it ended: its exit status, or minus the signal's number.
    pub ended: Option<(u64, i32)>,
}

/// A thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    /// An index of `Log::processes`.
    pub process: usize,
    /// Its number in the process.
    pub thread: u32,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thing {
    /// With its type: `lock m`, `queue (line 3)`.
    pub label: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub time: u64,
    /// Who did it: an index of `Log::lanes`.
    pub lane: usize,
    /// Where; 0 when that is not known.
    pub line: u32,
    pub what: What,
}

/// Lanes and things are indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Begins,
    Ends {
        failed: bool,
    },
    /// None when that thread has told nothing.
    Starts(Option<usize>),
    /// It has seen that the other has ended.
    Joins(Option<usize>),
    /// An index of `Log::processes`.
    StartsProcess(Option<usize>),
    Blocks(Wait),
    GoesOn,
    Acquires(usize),
    Releases(usize),
    /// Since what it told before, it has taken and given back the same thing so many times, each time at once.
    Repeats {
        thing: usize,
        times: u32,
    },
    /// Lets others go on: notifies, sets, counts down, gives a result.
    Signals(usize),
    Puts {
        thing: usize,
        /// How many values the queue holds now.
        size: u64,
        /// Whether the oldest is taken first.
        oldest: bool,
    },
    Gets(usize),
    /// A step of the simulated world, that has ended now: `reads n = 3`.
    Does(String),
}

/// What a thread waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub kind: Waiting,
    /// `waits for m`, `joins "teller-1"`.
    pub text: String,
    pub thing: Option<usize>,
    /// Who has to do something first, as far as that is one thread: the holder, the one that is joined.
    pub whom: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// For another thread.
    Blocked,
    Sleeps,
    /// For what is outside the program: input, a program, another host, a child.
    Outside,
    /// A worker of a pool without a task.
    Idle,
    /// For the interpreter (`--gil`).
    Interpreter,
}

impl Waiting {
    pub const ALL: [Waiting; 5] =
        [Waiting::Blocked, Waiting::Sleeps, Waiting::Outside, Waiting::Idle, Waiting::Interpreter];
}

/// What a log does not have: there is room for so much only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// So many events: the first of a run are kept, and the last.
    pub events: u64,
    /// The time in which they were.
    pub from: u64,
    pub to: u64,
    /// So often a name.
    pub names: u64,
}

impl Log {
    /// What a reader has to be told that the picture does not show; empty when it shows everything.
    pub fn shortened(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.lost.events > 0 {
            told.push(format!(
                "{} events between {} and {} are not in it: it has room for the first {} and the last {}",
                self.lost.events,
                time(self.unit, self.lost.from),
                time(self.unit, self.lost.to),
                tape::FIRST_EVENTS,
                tape::EVENTS - tape::FIRST_EVENTS,
            ));
        }
        if self.lost.names > 0 {
            told.push(format!("{} times a name is missing in it: there were too many", self.lost.names));
        }
        told
    }
}

/// What a thing is called in a log: with its type.
pub fn label(sync: &Sync) -> String {
    let (word, label) = (sync.kind.kind().word(), sync.label());
    if label.starts_with(word) { label } else { format!("{word} {label}") }
}

/// A time as people read it: `1.250 ms`, `step 12`.
pub fn time(unit: Unit, time: u64) -> String {
    match unit {
        Unit::Steps => format!("step {time}"),
        Unit::Nanoseconds if time >= 1_000_000_000 => format!("{:.3} s", time as f64 / 1e9),
        Unit::Nanoseconds if time >= 1_000_000 => format!("{:.3} ms", time as f64 / 1e6),
        Unit::Nanoseconds => format!("{:.3} us", time as f64 / 1e3),
    }
}
