//! The one door to everything outside a thread of the machine: other threads, waiting, time, text in and out.
//!
//! There will be two worlds behind it; nothing above them knows which one runs.

mod copying;
pub(crate) mod graph;
mod knot;
pub mod legs;
mod marks;
pub mod real;
mod sealed;
pub mod sim;

use crate::mapped::Memory;
use crate::sync::outside::{Outside, Way};
use crate::sync::pool::copied::{self, Copies};
use crate::sync::{Sync, process::Born, thread::Thread};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use std::sync::Arc;

/// So many threads may live at once beside `main`, unless told.
pub const MAX_THREADS: usize = 10_000;

/// How many processes beside the first may live at once, unless the command says otherwise.
pub const MAX_PROCESSES: usize = 1_000;

/// That a thread is refused, as so many live.
fn too_many_threads(thread: &Thread, limit: usize) -> Error {
    let name = thread.name();
    let message = match limit {
        1 => format!("thread \"{name}\" cannot be started: 1 thread lives already"),
        _ => format!("thread \"{name}\" cannot be started: {limit} threads live already"),
    };
    Error::new(Kind::Refused, message)
        .hint("allow more with --max-threads, or share the work among fewer threads (pool)")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// What asking for a line of standard input comes to.
#[derive(Debug)]
pub enum Read {
    /// Without its newline.
    Line(String),
    /// There are no more.
    End,
    /// Somebody has ended the thread meanwhile.
    Ended,
}

/// What builtins may ask for. One `World` value belongs to one thread of the script.
pub trait World {
    /// The thread that asks.
    fn thread(&self) -> &Arc<Thread>;

    /// A number for a new thread or thing to wait for; never given twice.
    fn next_id(&mut self) -> u32;

    /// Makes a thing to wait for known, so that reports can find what a thread holds. Keeps no strong reference.
    fn register(&mut self, sync: &Arc<Sync>);

    /// A task of a pool has ended with this error. It is reported at the end of the run unless somebody has asked for
    /// it by then, so it is kept for so long (those asked for may be forgotten).
    fn task_failed(&mut self, failure: Arc<crate::sync::future::Failure>);

    /// The locks that a thread holds now, with the line where each was acquired.
    fn held_by(&self, thread: &Thread) -> Vec<(Arc<Sync>, u32)>;

    /// Threads that have started and not ended, `main` first, then by id.
    fn threads(&self) -> Vec<Arc<Thread>>;

    /// A thread that lives in another process of the run, as messages name it: `"main" of process "w-1" (pid 12)`; None where
    /// it is not known by its number.
    fn thread_elsewhere(&self, _thread: u32) -> Option<String> {
        None
    }

    /// Somebody asks what another thread does, maybe in the condition of an `await`: from now on who comes to wait in one
    /// itself tells it.
    fn asks_for_states(&self);

    /// What is asked for may become another without anybody being told: the time, a file, a program. An `await` looks again
    /// by itself.
    fn looks_outside(&self);

    /// The thread that runs the script's top level, ended or not.
    fn main(&self) -> Arc<Thread>;

    /// Starts a thread that has not been started. Its `entry` is taken.
    fn start(&mut self, thread: &Arc<Thread>) -> Result<(), Error>;

    /// The next number for a thread of this name: `teller-1`, `teller-2`.
    fn count_name(&mut self, base: &str) -> u32;

    /// Nanoseconds since the run began.
    fn now(&self) -> i64;

    /// The wall clock's time as text, `14:03:59.250`.
    fn clock(&self) -> String;

    /// Which of several that are equally entitled goes first: a number below `count`. The real world takes the first;
    /// a check tries each.
    fn pick(&mut self, count: usize) -> usize;

    /// One of `count`, at random: a number below it. A check tries each.
    fn choose(&mut self, count: u64) -> u64;

    /// 64 random bits from the run's generator.
    fn random(&mut self) -> u64;

    /// Begins the run's generator anew from a seed.
    fn seed(&mut self, seed: u64);

    /// Whether those who are notified, and have to take this lock again, may be woken only when the thread, which holds it,
    /// gives it up. Then the world sees to it that they are also woken before the thread rests, or ends.
    fn wakes_at_release(&mut self, lock: &Arc<Sync>) -> bool {
        let _ = lock;
        false
    }

    /// Writes a whole piece of output at once.
    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Error>;

    /// The next line of standard input.
    fn read_line(&mut self) -> Result<Read, Error>;

    /// The script's own arguments.
    fn arguments(&self) -> Vec<String>;

    /// Calls a function of the program around the script.
    fn host(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        let _ = arguments;
        let message = format!("{name} is a function of the program around the script, which is not there");
        Err(Error::new(Kind::Refused, message).hint("run the script in that program"))
    }

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;

    /// Refused with `Kind::Refused` unless the run allows reading (or writing) this path.
    fn allow_file(&self, path: &str, write: bool) -> Result<(), Error>;

    /// What is outside the program; refused where it cannot be used in this `way` at all.
    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error>;

    /// Makes something that was declared `shared`, and is new, one for all processes of the run: what is to be used in
    /// its place. Where nobody can start a process, that is the thing itself.
    fn share(&mut self, thing: &Value) -> Result<Value, Error> {
        Ok(thing.clone())
    }

    /// Copies of values for a process of the same run; `what` tells people what they are: `the task fetch`.
    ///
    /// # Errors
    /// When something that they lead to cannot be copied.
    fn copied(&mut self, values: &[Value], what: &str) -> Result<Copies, Error> {
        copied::pack(values, what).map(Copies::Packed)
    }

    /// Memory by which the workers of process pools find their tasks themselves; None where each is sent to one of them.
    fn memory_for_tasks(&self) -> Option<Arc<Memory>> {
        None
    }

    /// Whether all that a run consists of can be written as a state, and made again from it.
    fn writes_states(&self) -> bool {
        false
    }

    /// Of the threads of a `parallel` several have failed: whoever learns of it learns in which order it had them.
    fn several_fail(&mut self) {}

    fn cpu_count(&self) -> usize;

    /// The numbers of this process and of its parent. Err in a world without processes.
    fn pids(&self) -> Result<Born, Error>;

    /// The processes that this one has started and that have not ended, in the order of their starts.
    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error>;

    /// Whether a process that has started is still there: also for one that another process has started.
    fn process_lives(&self, process: &Arc<Thread>) -> bool;

    /// Sends a signal to a process that has started; to one that has ended it is nothing.
    fn send_signal(&self, process: &Arc<Thread>, signal: i32) -> Result<(), Error>;
}
