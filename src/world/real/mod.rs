//! The real world: an OS thread for each thread of the script, which parks while it waits.
//!
//! In reading order: `run` (what a run shares; its start and end), `threads` (start and end of one thread), `carriers`
//! (its OS thread), `wait` (spin, register, park), `spin` (how long), `deadlock` and `knot` (nothing hangs in
//! silence), `hold` (stop-the-world), `ensure` and `ending` (what is tested and said at the end), `interrupt` (Ctrl-C,
//! `--timeout`), `stats`, `trace`, then what scripts see of the outside: `output`, `input`, `host`, `clock`, `files`,
//! `outside`, `sides`; `process` has OS processes, `far` what they say to the first; `forced` (threads that keep to a schedule);
//! at last `eyes`, `jitter` and `gil` (`--race`, `--jitter`, `--gil`). What a lock or a queue does is not here but in
//! `sync`.
//!
//! Locks are taken in this order: who holds the others still (`Hold`), the table of threads, a seat's blocked operation, the state of
//! a thing. None is held while a thread of the script runs or parks.

mod awaits;
mod beside;
mod cancel;
mod carriers;
mod children;
mod claim;
mod clock;
mod deadlock;
mod ending;
mod ensure;
mod eyes;
pub mod far;
mod files;
mod forced;
mod gil;
mod ground;
mod hold;
mod host;
mod ids;
mod input;
mod interrupt;
mod jitter;
mod knot;
mod local_sockets;
mod memory;
mod occasion;
mod options;
mod output;
mod outside;
mod poller;
mod process;
mod register;
mod run;
mod session;
mod sides;
mod signals;
mod sockets;
mod spin;
mod standing;
mod stats;
#[cfg(test)]
mod tests;
mod things;
mod threads;
mod trace;
mod wait;

pub use cancel::Cancel;
pub use files::Allowed;
pub use ground::Ground;
pub use host::HostFunctions;
pub use input::Input;
pub use options::{Listener, Options, UncaughtReport};
pub use output::Sink;
pub use outside::Programs;
pub use process::{Follow, Growth};
pub use run::run;
pub use session::{Answer, Handle, OnDeadlock, OnEnd, Session};

use super::{Read, Stream, World};
use crate::builtin::{Wait, random};
use crate::code::Program;
use crate::machine::{Fiber, Interrupted, Scheduler, Stopped, Waited, Watch};
use crate::mapped::{Memory, ledger::Row};
use crate::source::Span;
use crate::sync::outside::{Outside, Way};
use crate::sync::queue::{Handful, Queue};
use crate::sync::{Op, Sync, future::Failure, process::Born, thread::Thread};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use run::Shared;
use spin::Spin;
use standing::Here;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use threads::Seat;

/// What one thread of the script sees of the real world.
pub struct RealWorld {
    shared: Arc<Shared>,
    /// That of `shared`, at hand.
    trap: Arc<AtomicU8>,
    seat: Arc<Seat>,
    /// Nobody counts its waits, and it needs no interpreter's lock: known from the beginning, and asked before each of these.
    plain: bool,
    spin: Spin,
    /// For its joins: how short the threads are that it starts says nothing of what it does together with others.
    joins: Spin,
    /// It has just looked for a handful in vain.
    expected: bool,
    /// The lock that wakes those whom this thread has notified.
    notified: Cell<Option<Arc<Sync>>>,
    /// What it has seen in its `await`.
    looks: awaits::Looks,
    /// Other than before each time that it rests for something new.
    rests: u64,
    /// What the thread held when the error was raised that has ended it: label and line of acquisition.
    held: Vec<(String, u32)>,
    /// Where the outermost of its calls stood when an error left it.
    left: Option<Span>,
    /// When it began, and where its row is, for `--stats`.
    began: Instant,
    row: Option<Row>,
    /// How often it was parked, and how long in all.
    waits: u64,
    waited: Duration,
    /// How much of that it slept, or waited for its time.
    slept: Duration,
    /// The run has ended: this is for testing what the script wants to hold then.
    after: bool,
    /// Whether `seat.standing` tells something that will not be true when the thread moves.
    told: Cell<bool>,
    /// What it will call after the calls in progress: the body of a timer, or of a handler of signals.
    begins_again: Vec<Value>,
    /// Somebody has ended the thread: it does what is left to clean up.
    ended: bool,
    /// What it does with the interpreter's lock.
    gil: gil::Times,
    /// Where it has come to rest while some thread seemed to wait for ever.
    rested: occasion::Places,
}

impl RealWorld {
    fn new(shared: Arc<Shared>, seat: Arc<Seat>) -> RealWorld {
        RealWorld {
            trap: shared.trap.clone(),
            plain: shared.options.stats.is_none() && shared.gil.is_none(),
            shared,
            seat,
            spin: Spin::new(),
            joins: Spin::new(),
            expected: false,
            notified: Cell::default(),
            looks: awaits::Looks::default(),
            rests: 0,
            held: Vec::new(),
            left: None,
            began: Instant::now(),
            row: None,
            waits: 0,
            waited: Duration::ZERO,
            slept: Duration::ZERO,
            after: false,
            told: Cell::new(true),
            begins_again: Vec::new(),
            ended: false,
            gil: gil::Times::new(),
            rested: occasion::Places::default(),
        }
    }

    /// Whether the threads of the run take turns.
    #[inline(always)]
    fn has_gil(&self) -> bool {
        !self.plain && self.shared.gil.is_some()
    }

    /// The program as it is now: the thread goes on in it.
    fn code(&self) -> Arc<run::Code> {
        self.seat.outgrown.store(false, Ordering::Relaxed);
        self.shared.code()
    }
}

/// Wakes those who were notified and wait for this lock to be given up.
fn wake_notified(lock: &Sync) {
    lock.owner().into_iter().for_each(|owner| owner.waiters.wake_later_ones());
}

impl World for RealWorld {
    fn thread(&self) -> &Arc<Thread> {
        &self.seat.thread
    }

    fn looks_outside(&self) {
        self.looks.outside.set(true);
    }

    fn asks_for_states(&self) {
        if !self.shared.states_are_asked() {
            self.shared.states_asked.store(true, Ordering::SeqCst);
        }
    }

    fn main(&self) -> Arc<Thread> {
        self.shared.main.clone()
    }

    fn next_id(&mut self) -> u32 {
        self.shared.next_id.next()
    }

    fn register(&mut self, sync: &Arc<Sync>) {
        self.shared.register(sync);
    }

    fn task_failed(&mut self, failure: Arc<Failure>) {
        self.shared.things.add_failure(failure);
    }

    fn held_by(&self, thread: &Thread) -> Vec<(Arc<Sync>, u32)> {
        self.shared.things.held_by(thread)
    }

    fn threads(&self) -> Vec<Arc<Thread>> {
        let table = self.shared.table.lock();
        // A thread that has made its end known is still on its way out.
        let threads = table.seats.values().map(|seat| &seat.thread);
        threads.filter(|thread| thread.outcome.get().is_none()).cloned().collect()
    }

    fn start(&mut self, thread: &Arc<Thread>) -> Result<(), Error> {
        if self.after {
            let message = format!("thread \"{}\" cannot be started in an `ensure`", thread.name());
            return Err(Error::new(Kind::State, message).hint("the program has ended by then"));
        }
        match thread.process {
            Some(_) => self.start_process(thread),
            None => self.shared.start(thread, threads::script_body),
        }
    }

    fn count_name(&mut self, base: &str) -> u32 {
        let mut names = self.shared.names.lock();
        let count = names.entry(base.into()).or_insert(0);
        *count += 1;
        *count
    }

    fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    fn clock(&self) -> String {
        clock::wall_clock()
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }

    fn choose(&mut self, count: u64) -> u64 {
        random::below(self, count)
    }

    fn random(&mut self) -> u64 {
        self.shared.random.lock().u64(..)
    }

    fn seed(&mut self, seed: u64) {
        *self.shared.random.lock() = fastrand::Rng::with_seed(seed);
    }

    fn wakes_at_release(&mut self, lock: &Arc<Sync>) -> bool {
        // A forced run wakes nobody, and one with delays draws who goes on first.
        if self.shared.forced.is_some() || self.shared.delays.is_some() {
            return false;
        }
        let before = self.notified.take();
        let same = before.as_ref().is_some_and(|before| Arc::ptr_eq(before, lock));
        if !same {
            before.iter().for_each(|before| wake_notified(before));
        }
        self.notified.set(before.filter(|_| same).or_else(|| Some(lock.clone())));
        true
    }

    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        self.shared.write(stream, text)
    }

    fn read_line(&mut self) -> Result<Read, Error> {
        self.read_input()
    }

    fn arguments(&self) -> Vec<String> {
        self.shared.options.arguments.clone()
    }

    fn host(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        self.call_host(name, arguments)
    }

    fn variable(&self, name: &str) -> Option<String> {
        // A name that no variable can have makes the standard library panic.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn allow_file(&self, path: &str, write: bool) -> Result<(), Error> {
        files::allow(&self.shared.options, path, write)
    }

    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error> {
        if self.after {
            return Err(Error::new(Kind::State, format!("{way} cannot be used in an `ensure`"))
                .hint("the program has ended by then"));
        }
        Ok(self)
    }

    fn share(&mut self, thing: &Value) -> Result<Value, Error> {
        let Some(memory) = self.shared.memory() else { return Ok(thing.clone()) };
        Ok(match thing {
            Value::Sync(sync) => {
                let there = Arc::new(sync.there(memory)?);
                self.shared.register(&there);
                Value::Sync(there)
            }
            Value::List(list) => Value::List(Arc::new(list.there(memory)?)),
            Value::Map(map) => Value::Map(Arc::new(map.there(memory)?)),
            other => other.clone(),
        })
    }

    fn memory_for_tasks(&self) -> Option<Arc<Memory>> {
        // What orders is told by the lines to the workers.
        self.shared.memory().filter(|_| self.shared.detector.is_none()).cloned()
    }

    fn cpu_count(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    fn pids(&self) -> Result<Born, Error> {
        Ok(process::pids())
    }

    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error> {
        Ok(self.shared.processes.living())
    }

    fn process_lives(&self, handle: &Arc<Thread>) -> bool {
        process::lives(handle)
    }

    fn send_signal(&self, handle: &Arc<Thread>, signal: i32) -> Result<(), Error> {
        self.shared.send_signal(handle, signal)
    }
}

impl Scheduler for RealWorld {
    #[inline(always)]
    fn trapped(&self) -> bool {
        self.trap.load(Ordering::Relaxed) != 0
    }

    fn safepoint(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Interrupted> {
        self.stand(Here::before(fiber), &|| fiber.line(program))?;
        if self.is_ended() {
            return Err(Interrupted::Ended);
        }
        if self.outgrown() {
            return Err(Interrupted::Outgrown);
        }
        self.keep_within_memory(fiber, program).map_err(|error| Interrupted::Failed(Box::new(error)))
    }

    fn let_others_look(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped> {
        self.stand(Here::before(fiber), &|| fiber.line(program))
    }

    fn expects(&mut self, queue: &Queue, what: Handful) -> bool {
        // Nobody could change the queue while this thread holds the interpreter.
        let found = !self.has_gil() && self.spin.handful_of(queue, what);
        self.expected = !found;
        found
    }

    fn wait(&mut self, wait: Wait, fiber: &Fiber, program: &Program) -> Waited {
        if let Op::Fork = wait.op {
            return match self.fork(fiber) {
                Ok(handle) => Waited::Done(handle),
                Err(error) => Waited::Failed(error),
            };
        }
        let wait = wait.looks_again(self.looks.outside.get(), || self.shared.clock.now());
        let line = fiber.line(program);
        let measured = self.measure(&wait);
        let waited = self.wait_at(wait, line, Some(fiber));
        if let Some(measured) = measured {
            measured.over(line);
        }
        waited
    }

    fn outgrown(&self) -> bool {
        self.seat.outgrown.load(Ordering::Relaxed)
    }

    fn yield_now(&mut self) {
        if self.has_gil() && !self.shared.hold.is_held_by(self.seat.thread.id) {
            self.keep_still();
            std::thread::yield_now();
            self.move_again(Here::inside(None));
        }
        std::thread::yield_now();
    }

    fn hold_others(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped> {
        self.hold(Here::inside(Some(fiber)), &|| fiber.line(program))
    }

    fn resume_others(&mut self) {
        self.shared.hold.release(&self.shared, self.seat.thread.id);
    }

    // In one order with the counting in `await_begin`, and with the takings of a cell's lock and the looks at it
    // (`value::cell`): either the condition read the new value, or it found the lock free before the writer took it;
    // then the thread had been counted before, and this load sees it.
    #[inline(always)]
    fn awaited(&self) -> bool {
        self.shared.awaited()
    }

    fn changed(&mut self) {
        if let Some(memory) = self.shared.memory() {
            memory.changed();
        }
        self.shared.changes.fetch_add(1, Ordering::SeqCst);
        self.shared.changed.wake_all();
    }

    fn turn_away(&mut self) {
        self.shared.turned_away.store(true, Ordering::SeqCst);
    }

    fn turned_away(&mut self) -> bool {
        self.shared.turned_away.swap(false, Ordering::SeqCst)
    }

    fn await_begin(&mut self) {
        if let Some(memory) = self.shared.memory() {
            memory.awaiting().fetch_add(1, Ordering::SeqCst);
        }
        self.begin_to_look();
    }

    fn await_end(&mut self) {
        if let Some(memory) = self.shared.memory() {
            memory.awaiting().fetch_sub(1, Ordering::SeqCst);
        }
        self.end_looking();
    }

    fn watch(&mut self, watch: Watch) {
        self.shared.ensures.lock().add(watch);
    }
}
