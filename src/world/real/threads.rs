//! Threads of the script: the table of those that live, the start of one, its body, and its end.

use super::RealWorld;
use super::awaits::Awaits;
use super::eyes;
use super::forced;
use super::options::UncaughtReport;
use super::run::{Cause, Shared};
use super::standing::{Here, Standing};
use super::things::Things;
use crate::event::recorder;
use crate::machine::{Exit, Fiber, Scheduler};
use crate::race::{clock::Stamp, found::MOST_THREADS, mine};
use crate::report::runtime::{Happened, Left, status};
use crate::sync::Op;
use crate::sync::thread::{Entry, State, Thread, Timer};
use crate::sync::wait::Waiter;
use crate::value::error::{Error, Kind};
use crate::value::{Value, step};
use crate::world::too_many_threads;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Enough for the machine, which keeps calls of the script elsewhere, and for reading JSON of 128 levels, which without
/// optimization takes several times as much.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 1024 * 1024 } else { 256 * 1024 };

/// The threads that live.
#[derive(Default)]
pub(super) struct Table {
    /// By id, so that `main` comes first.
    pub seats: BTreeMap<u32, Arc<Seat>>,
    /// How many of them keep the program alive.
    pub foreground: usize,
}

/// A living thread, as the world sees it.
pub(super) struct Seat {
    pub thread: Arc<Thread>,
    pub daemon: bool,
    /// Where it stands while it is still, as far as it has been asked.
    pub standing: Mutex<Standing>,
    pub waiter: Arc<Waiter>,
    /// Another number each time that it rests for something new; so others can tell whether it has rested all the time.
    pub rests: AtomicU64,
    pub awaits: Awaits,
    /// It takes no step of the script: it is parked, held, reads, or has not begun.
    pub still: AtomicBool,
    /// It may never come back from the system call it is in.
    pub reads_input: AtomicBool,
    /// Its code has ended: it only frees what it held, which takes a while for large values.
    pub frees: AtomicBool,
    /// What it waits for while it is parked. It stays here so that others can look at it.
    pub blocked: Mutex<Option<Blocked>>,
    /// Somebody ends it; taken back by the thread when it has noticed.
    pub ending: AtomicBool,
    /// Other processes have been told what it waits for.
    pub told: AtomicBool,
    /// The program has grown while it stood still.
    pub outgrown: AtomicBool,
}

/// An operation whose thread is parked.
pub(super) struct Blocked {
    pub op: Op,
    pub line: u32,
    /// For `Op::Change`.
    pub changes_seen: u64,
    pub afar_seen: u64,
}

impl Seat {
    /// What it does at this moment.
    pub fn left(&self, things: &Things) -> Left {
        let (thread, holds) = (self.thread.name(), things.labels_held_by(&self.thread));
        match &*self.thread.waiting.lock() {
            Some(waiting) => Left { thread, doing: waiting.text.to_string(), line: waiting.line, holds },
            None => Left { thread, doing: "runs".into(), line: 0, holds },
        }
    }
}

impl Shared {
    /// Starts a thread that was never started.
    pub fn start(
        self: &Arc<Shared>,
        thread: &Arc<Thread>,
        body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static,
    ) -> Result<(), Error> {
        // Whoever starts a thread of a script is one itself, but for the start of `main`.
        step::share();
        let (new, running) = (State::New as u8, State::Running as u8);
        if thread.state.compare_exchange(new, running, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(Error::new(
                Kind::State,
                format!("thread \"{}\" has been started already", thread.name()),
            )
            .hint("a thread runs once; make a new one to run it again"));
        }
        if let Some(memory) = self.memory() {
            memory.name_thread(thread.id, &thread.name());
        }
        let seat = Arc::new(Seat {
            thread: thread.clone(),
            daemon: thread.daemon.load(Ordering::SeqCst),
            standing: Mutex::new(Standing::Begins),
            rests: AtomicU64::new(0),
            awaits: Awaits::default(),
            waiter: Arc::new(Waiter::new(self.awake.clone())),
            still: AtomicBool::new(true),
            reads_input: AtomicBool::new(false),
            frees: AtomicBool::new(false),
            blocked: Mutex::new(None),
            ending: AtomicBool::new(false),
            told: AtomicBool::new(false),
            outgrown: AtomicBool::new(false),
        });
        let started = self.sit_down(&seat).and_then(|()| {
            let mut world = RealWorld::new(self.clone(), seat.clone());
            let born = mine::birth();
            let delays = self.delays.clone();
            delays.iter().for_each(|delays| delays.started(1));
            let load = move || {
                delays.iter().for_each(|delays| delays.started(-1));
                world.begin_to_see(born);
                world.begin_stats();
                world.shared.trace_begin(&world.seat.thread);
                world.live(body);
            };
            // The OS thread is not joined: the thread has left the table when it is gone.
            self.carriers.carry(STACK_BYTES, Box::new(load)).map_err(|error| {
                self.alive.fetch_sub(1, Ordering::SeqCst);
                self.delays.iter().for_each(|delays| delays.started(-1));
                self.get_up(&seat);
                Error::new(Kind::Refused, format!("the system starts no more threads: {error}"))
                    .hint("let some threads end first, or share the work among fewer of them (pool)")
            })
        });
        match &started {
            Ok(()) => {
                self.started.fetch_add(1, Ordering::Relaxed);
                recorder::starts(thread.id);
            }
            Err(_) => thread.state.store(new, Ordering::SeqCst),
        }
        started
    }

    fn sit_down(&self, seat: &Arc<Seat>) -> Result<(), Error> {
        let races = self.detector.as_ref().map_or(usize::MAX, |_| MOST_THREADS);
        let limit = self.options.max_threads.min(races);
        let mut table = self.table.lock();
        if self.alive.load(Ordering::SeqCst) > limit {
            return Err(too_many_threads(&seat.thread, limit));
        }
        self.alive.fetch_add(1, Ordering::SeqCst);
        table.seats.insert(seat.thread.id, seat.clone());
        table.foreground += usize::from(!seat.daemon);
        self.awake.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Whether the program is at its end: what keeps it alive are threads and
    /// processes that are no daemons, and tasks given to pools.
    pub fn nothing_left_to_do(&self, table: &Table) -> bool {
        table.foreground == 0 && !self.things.have_tasks() && !self.processes.have_plain()
    }

    /// A thread has ended: the run too, if it was the last that kept it alive, or if all others wait for ever.
    fn get_up(self: &Arc<Shared>, seat: &Arc<Seat>) {
        let mut table = self.table.lock();
        table.seats.remove(&seat.thread.id);
        table.foreground -= usize::from(!seat.daemon);
        let nobody_awake = self.awake.fetch_sub(1, Ordering::SeqCst) <= 1;
        let done = self.nothing_left_to_do(&table);
        let deadlock = if nobody_awake && !done { self.find_deadlock(&table) } else { None };
        let none_is_left = table.seats.is_empty();
        if none_is_left || self.stopping() {
            self.gone.notify_all();
        }
        drop(table);
        if none_is_left && !done {
            self.doors.close_ends();
        }
        if !done && self.processes.may_be_several {
            self.rests_in_family();
        }
        if done {
            self.finish(Cause::Done);
        } else if let Some(deadlock) = deadlock {
            self.deadlocked(deadlock);
        } else {
            self.a_thread_has_ended();
        }
    }
}

impl RealWorld {
    /// Before its first step, where races are looked for; `born` is what whoever started it has done.
    fn begin_to_see(&self, born: Option<Stamp>) {
        if let Some(detector) = &self.shared.detector {
            mine::begin(detector, &self.seat.thread.name(), born);
            // What has started this process: nothing can be known to be its only thread.
            if self.shared.processes.own.is_some()
                && let Some(common) = detector.common()
            {
                detector.begin();
                if Arc::ptr_eq(&self.seat.thread, &self.shared.main) {
                    mine::with(|mine| mine.join(&common.birth()));
                }
            }
        }
    }

    /// From the first to the last step of the thread.
    fn live(mut self, body: impl FnOnce(&mut RealWorld) -> Exit) {
        self.watch_memory();
        self.move_again(Here::inside(None));
        self.shared.tell_event(&self.seat.thread, 0, || Happened::Started);
        // A mistake in conc itself ends the thread with a report, and not the run in silence.
        let exit = catch_unwind(AssertUnwindSafe(|| body(&mut self))).unwrap_or_else(|_| failed());
        self.end(exit);
    }

    fn end(&mut self, exit: Exit) {
        let thread = self.seat.thread.clone();
        let (shared, seat) = (self.shared.clone(), self.seat.clone());
        shared.carriers.comes_back();
        let failed = matches!(exit, Exit::Failed(_));
        let traced = if let Exit::Stopped = exit { None } else { Some(failed) };
        shared.tell_event(&thread, 0, || Happened::Ended { failed });
        match exit {
            Exit::Finished(value) => self.settle(State::Finished, Ok(value)),
            Exit::Failed(error) => {
                // What `parallel` started raises its error there.
                if !thread.raised_elsewhere.load(Ordering::SeqCst) {
                    shared.failed.fetch_add(1, Ordering::SeqCst);
                    let mut holds = std::mem::take(&mut self.held);
                    if holds.is_empty() {
                        holds = shared.things.labels_held_by(&thread);
                    }
                    let report = UncaughtReport {
                        thread: thread.name(),
                        process: shared.process_label(),
                        error: error.clone(),
                        holds,
                    };
                    (shared.options.reporter)(&report);
                } else {
                    // Before others see that it has ended, and perhaps that nobody can go on.
                    shared.things.add_branch(thread.clone());
                }
                self.settle(State::Failed, Err(error));
            }
            Exit::Exited(_) if self.ended => self.settle(State::Failed, Err(Arc::new(ended(&thread)))),
            Exit::Exited(status) => {
                // The run ends before anybody is woken by the end of the thread.
                shared.finish(Cause::Exit(status));
                self.settle(State::Finished, Ok(Value::Nil));
            }
            // The real world puts no fiber aside; one that stopped has ended with the run.
            Exit::Stopped | Exit::Suspended(_) | Exit::Paused => {}
        }
        self.tell_stats();
        shared.trace_end(traced);
        shared.hold.release_all(&shared, thread.id);
        self.forget_memory();
        *seat.standing.lock() = Standing::Ended;
        self.leave_gil();
        self.keep_still();
        shared.get_up(&seat);
        forced::gone(&shared, thread.id);
    }

    /// Makes the outcome known, and wakes those who wait for it or for locks that nobody will release now.
    fn settle(&mut self, state: State, outcome: Result<Value, Arc<Error>>) {
        let thread = &self.seat.thread;
        if thread.held.load(Ordering::SeqCst) != 0 {
            self.shared.things.abandon_held_by(thread);
        }
        thread.published(mine::end());
        // Set here only, and a thread ends once.
        let _ = thread.outcome.set(outcome);
        thread.state.store(state as u8, Ordering::SeqCst);
        self.shared.alive.fetch_sub(1, Ordering::SeqCst);
        thread.done.wake_all();
        if self.awaited() {
            self.changed();
        }
    }
}

/// How a thread ends in which conc has panicked.
pub(super) fn failed() -> Exit {
    let error = Error::new(Kind::State, "the interpreter has failed in this thread")
        .hint("this is a mistake in conc, not in the script: please report it");
    Exit::Failed(Arc::new(error))
}

/// What who asks for its result gets.
fn ended(thread: &Thread) -> Error {
    Error::new(Kind::Cancelled, format!("thread \"{}\" was ended from outside", thread.name()))
}

/// What a thread of a script runs.
pub(super) fn script_body(world: &mut RealWorld) -> Exit {
    if !Arc::ptr_eq(&world.seat.thread, &world.shared.main) {
        return steps(world);
    }
    // SAFETY: `main` is the first thread of its run, and the values of a run are its own: the image's variables are made
    // for it, and the program's constants hold no container. Only threads of the run start others, so that the second
    // one is started by `main`, with `Shared::start`, which calls `share` first. Until then two OS threads more know
    // the run: the one that attends it looks at values only when two threads are in the table (`find_knot`), and the
    // one that ends it after the run drops them, which takes no lock.
    unsafe {
        step::alone(|| match world.begin_handlers() {
            Ok(()) => steps(world),
            Err(error) => Exit::Failed(Arc::new(error)),
        })
    }
}

/// What `main` of a fork's child runs: it goes on after its call of `fork`, whose value here is 0.
pub(super) fn forked_body(world: &mut RealWorld, mut fiber: Fiber) -> Exit {
    let code = world.code();
    // SAFETY: as for `main` in `script_body`: it is the first thread of its run, whose values were made for it.
    let exit = unsafe {
        step::alone(|| match world.begin_handlers() {
            Ok(()) => eyes::run(world, &code.image, &mut fiber, Some(Ok(Value::Int(0)))),
            Err(error) => Exit::Failed(Arc::new(error)),
        })
    };
    world.held = std::mem::take(&mut fiber.held);
    exit
}

fn steps(world: &mut RealWorld) -> Exit {
    let thread = world.seat.thread.clone();
    let Some(entry) = thread.entry.lock().take() else {
        return Exit::Finished(Value::Nil);
    };
    match &thread.timer {
        None => call(world, entry),
        Some(timer) => beat(world, timer, entry),
    }
}

pub(super) fn call(world: &mut RealWorld, entry: Entry) -> Exit {
    let mut code = world.code();
    match Fiber::new(&code.image, entry) {
        Ok(mut fiber) => {
            fiber.starts_at(&world.seat.thread);
            world.seat.frees.store(false, Ordering::Relaxed);
            let mut exit = eyes::run(world, &code.image, &mut fiber, None);
            while let Exit::Paused = exit {
                code = world.code();
                fiber.goes_on_in(&code.image);
                exit = eyes::run(world, &code.image, &mut fiber, None);
            }
            world.held = std::mem::take(&mut fiber.held);
            world.left = fiber.left.take();
            world.seat.frees.store(true, Ordering::Relaxed);
            exit
        }
        Err(error) => Exit::Failed(Arc::new(error)),
    }
}

/// A timer: waits, runs the body, and if it repeats keeps its beat and skips what it has missed.
fn beat(world: &mut RealWorld, timer: &Timer, entry: Entry) -> Exit {
    world.begins_again_with(entry.arguments.iter().chain([&entry.callee]).cloned().collect());
    let first = world.shared.clock.now().saturating_add(timer.delay);
    beat_from(world, timer, entry, first)
}

/// The same from the time `next` on.
pub(super) fn beat_from(world: &mut RealWorld, timer: &Timer, entry: Entry, mut next: i64) -> Exit {
    loop {
        match world.wait_for_beat(next) {
            Beat::Due => {}
            Beat::Cancelled => return Exit::Finished(Value::Nil),
            Beat::Ended => return Exit::Exited(status::INTERRUPTED),
            Beat::Stopped => return Exit::Stopped,
        }
        let again = Entry { callee: entry.callee.clone(), arguments: entry.arguments.clone() };
        match call(world, again) {
            Exit::Finished(_) if timer.repeats => {}
            other => return other,
        }
        next = timer.next_beat(next, world.shared.clock.now());
    }
}

/// How a timer's wait came to its end.
pub(super) enum Beat {
    Due,
    Cancelled,
    /// From outside.
    Ended,
    Stopped,
}
