//! What is said of a run while and after it goes on, as data: deadlocks, abandoned threads, errors nobody asked for.

use super::gil::Gil;
use super::race::Race;
use super::stats::Stats;
use crate::value::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// The exit statuses of language.md. Where several apply, a deadlock comes before an error.
pub mod status {
    pub const FINE: i32 = 0;
    /// An uncaught error, a failed assertion, or an `ensure` that does not hold.
    pub const FAILED: i32 = 1;
    /// The script or the command line cannot be understood.
    pub const MISUNDERSTOOD: i32 = 2;
    pub const DEADLOCK: i32 = 3;
    pub const RACE: i32 = 4;
    pub const TIMEOUT: i32 = 124;
    pub const INTERRUPTED: i32 = 130;
}

/// Threads that would wait for ever.
#[derive(Debug, Clone)]
pub struct Deadlock {
    pub threads: Vec<Stuck>,
    /// They wait for each other in a ring (or one for itself), in this order; otherwise nobody who could still run could release them.
    pub cycle: bool,
    /// Why, and what to do: "all 1 workers of pool p wait for tasks queued behind them".
    pub notes: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Stuck {
    pub thread: Arc<str>,
    /// The label and the line of acquisition of everything it holds.
    pub holds: Vec<(String, u32)>,
    /// `waits for right`, `waits in jobs.get()`, `joins "teller-1"`.
    pub waits: String,
    pub line: u32,
}

/// A run was forced to keep to a schedule, and could not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Astray {
    /// Which step of the schedule could not be made, from 1, and how many there are.
    pub step: usize,
    pub steps: usize,
    pub thread: Arc<str>,
    /// Where it stands, if that is known; else 0.
    pub line: u32,
    /// `waits where it was to end`.
    pub what: String,
}

/// A thread that was still there when the run ended.
#[derive(Debug, Clone)]
pub struct Left {
    pub thread: Arc<str>,
    /// `waits for right`, `sleeps`, `runs`.
    pub doing: String,
    pub line: u32,
    /// The label and the line of acquisition of everything it holds.
    pub holds: Vec<(String, u32)>,
}

/// A future whose error nobody asked for; or a thread of a `parallel` that has failed, where the error was not raised
/// since another one had not ended.
#[derive(Debug, Clone)]
pub struct Unasked {
    /// `future of fetch (line 12)`, `thread \"w-2\"`.
    pub what: String,
    pub error: Arc<Error>,
    pub in_parallel: bool,
}

impl Unasked {
    /// Of a thread of a `parallel`.
    pub fn branch(name: &str, error: &Arc<Error>) -> Unasked {
        Unasked { what: format!("thread \"{name}\""), error: error.clone(), in_parallel: true }
    }

    /// For the notes of a deadlock.
    pub fn note(&self) -> String {
        let (what, said) = (&self.what, &self.error.message);
        let line = self.error.place.get().map_or(0, |place| place.line);
        format!("{what} failed with \"{said}\" (line {line}), and its `parallel` waits for the others")
    }
}

/// Something that a thread does, as it does it.
#[derive(Debug, Clone)]
pub struct Event {
    /// How long the run has gone on.
    pub since_start: Duration,
    pub thread: Arc<str>,
    /// Where it stands; 0 where that is not known.
    pub line: u32,
    pub happened: Happened,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    Started,
    /// It is about to be parked: `waits for guard`, which these threads hold.
    Waits {
        what: String,
        held_by: Vec<Arc<str>>,
    },
    /// It was parked for so long.
    GoesOn {
        waited: Duration,
    },
    /// With an error that nothing caught, or without.
    Ended {
        failed: bool,
    },
}

/// How a run came to its end.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// One of `status`, or what the script gave to `exit(n)`.
    pub status: i32,
    pub deadlock: Option<Deadlock>,
    pub astray: Option<Astray>,
    /// Threads that were stopped where they stood: daemons, or after `exit(n)` any.
    pub abandoned: Vec<Left>,
    /// The script called `exit(n)`.
    pub exited: bool,
    pub unasked: Vec<Unasked>,
    /// For each `ensure` that does not hold: the error that says so, or that was raised in it.
    pub unmet: Vec<Arc<Error>>,
    /// Processes that were ended with the run: daemons, or whatever lived when it ended before its time.
    pub processes: Vec<Left>,
    /// Locks and queues that this process got as copies, and used.
    pub copies: Vec<String>,
    /// The process whose end it is, `"worker-1" (pid 1234)`, if the script has started that.
    pub process: Option<String>,
    /// After Ctrl-C or `--timeout`: where every thread stood.
    pub interrupted: Vec<Left>,
    /// How many threads ended with an uncaught error (each has been reported when it happened), of how many.
    pub failed: usize,
    /// With `main`.
    pub started: usize,
    /// Other programs that the run had started and that had not ended: they were ended with it.
    pub programs: Vec<String>,
    /// For `--race`: what was found, and how many more than are told.
    pub races: Vec<Race>,
    pub more_races: usize,
    /// How many uses of what processes share, and threads that use it, could not be looked at.
    pub unseen_uses: u64,
    /// For `--gil`.
    pub gil: Option<Gil>,
    /// For `--stats`.
    pub stats: Option<Stats>,
}
