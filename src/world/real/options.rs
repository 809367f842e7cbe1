//! What whoever starts a run may say of it. How a run begins and ends is in `run.rs`.

use super::cancel::Cancel;
use super::files::Allowed;
use super::host::HostFunctions;
use super::input::Input;
use super::output::{Process, Sink};
use super::outside::Programs;
use crate::event::tape::Tape;
use crate::mapped::ledger::Ledger;
use crate::report::runtime::{Ending, Event};
use crate::value::error::Error;
use crate::world::legs::Legs;
use crate::world::{MAX_PROCESSES, MAX_THREADS};
use std::sync::Arc;
use std::time::Duration;

/// Whoever is told what threads do.
pub type Listener = Arc<dyn Fn(&Event) + Send + std::marker::Sync>;

/// How to run a program.
pub struct Options {
    /// What the script sees as `args`.
    pub arguments: Vec<String>,
    /// After so long the run ends with status 124.
    pub timeout: Option<Duration>,
    /// How many threads may live at once, beside `main`.
    pub max_threads: usize,
    /// How many processes that the script has started, or they, may live at once.
    pub max_processes: usize,
    pub read: Allowed,
    pub write: Allowed,
    /// Which other programs the script may start.
    pub run: Programs,
    /// Whether it may talk with other hosts.
    pub net: bool,
    pub sink: Arc<dyn Sink>,
    pub input: Input,
    /// Called at once, by the thread itself, when a thread ends with an error that nothing caught.
    pub reporter: Arc<dyn Fn(&UncaughtReport) + Send + std::marker::Sync>,
    /// Where the random numbers begin; None for elsewhere each time.
    pub seed: Option<u64>,
    /// Whether Ctrl-C (and SIGTERM) end the run rather than the process.
    pub signals: bool,
    /// Whether the ending tells how long each thread ran and waited, and how things to wait for were used.
    /// What processes of the run tell of it goes there.
    pub stats: Option<Arc<Ledger>>,
    /// Where threads tell what they do, and when. Processes of the run use the same.
    pub trace: Option<Arc<Tape>>,
    /// Whether to look for data races.
    pub race: bool,
    /// Delays threads, so that rare interleavings are common; the delays begin with this seed.
    pub jitter: Option<u64>,
    /// One thread at a time holds the interpreter; who waits for it asks for it after so long. Else as the script says.
    pub gil: Option<Duration>,
    /// A recorded run that the threads are to repeat. Its random numbers begin with `seed`.
    pub forced: Option<Arc<Legs>>,
    /// Functions of the program around, that the script may call.
    pub host: Option<HostFunctions>,
    /// Called, by the thread itself, when one starts, waits, goes on or ends.
    pub events: Option<Listener>,
    /// Ends the run from outside.
    pub cancel: Option<Cancel>,
    /// Called by a process that the script has started, at its end: what is to be said of it. The first process's
    /// ending is what `run` gives back.
    pub ended: Arc<dyn Fn(&Ending) + Send + std::marker::Sync>,
}

/// A thread has ended with an error that nothing caught.
pub struct UncaughtReport {
    pub thread: Arc<str>,
    /// The process that it belongs to, `"worker-1" (pid 1234)`, if the script has started that.
    pub process: Option<String>,
    pub error: Arc<Error>,
    /// The locks that it still held, which are abandoned now, with the line where each was acquired.
    pub holds: Vec<(String, u32)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            arguments: Vec::new(),
            timeout: None,
            max_threads: MAX_THREADS,
            max_processes: MAX_PROCESSES,
            read: Allowed::Nothing,
            write: Allowed::Nothing,
            run: Programs::None,
            net: false,
            sink: Arc::new(Process::new()),
            input: Input::process(),
            reporter: Arc::new(|_| {}),
            seed: None,
            signals: false,
            stats: None,
            trace: None,
            race: false,
            jitter: None,
            gil: None,
            forced: None,
            host: None,
            events: None,
            cancel: None,
            ended: Arc::new(|_| {}),
        }
    }
}
