//! One run of a program: what its threads share, how it starts, and the ways in which it ends.

use super::awaits;
use super::carriers::Carriers;
use super::clock::Clock;
use super::ensure::Ensures;
use super::forced::{self, Baton};
use super::gil::Gil;
use super::hold::Hold;
use super::ids::Ids;
use super::interrupt::{Bell, Ring};
use super::jitter::Delays;
use super::occasion::Knots;
use super::options::Options;
use super::outside::Doors;
use super::process::{self, Processes, Side};
use super::register::Register;
use super::session::Desk;
use super::stats::Tally;
use super::things::Things;
use super::threads::Table;
use super::{RealWorld, threads};
use crate::code::live::Liveness;
use crate::code::reach::{self, Reach};
use crate::code::verify::Verified;
use crate::machine::{Exit, Image};
use crate::mapped::{Memory, Roll};
use crate::race::{Common, Detector, Watched};
use crate::report::runtime::{Astray, Deadlock, Ending, Event, Happened, Left};
use crate::sync::apart::Apart;
use crate::sync::outside::Thing;
use crate::sync::thread::{Entry, Thread};
use crate::sync::wait::{Awake, WaitQueue, Waiter};
use crate::sync::{Kind, Sync};
use crate::value::Value;
use crate::world::legs::Legs;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long a run that has ended waits for threads that are in the middle of a system call or a long builtin.
const PATIENCE: Duration = Duration::from_secs(1);

/// The run has ended; every thread stops at its next safe point.
pub(super) const STOP: u8 = 1;
/// One thread holds all others still.
pub(super) const HOLD: u8 = 2;
/// With `HOLD`: every thread is to tell where it stands.
pub(super) const ASK: u8 = 4;
/// Some thread has gone beyond the limit of memory, and has not come to a safe point since.
pub(super) const MEMORY: u8 = 8;
/// Somebody ends some thread.
pub(super) const END: u8 = 16;
/// Some thread asks the holder of the interpreter's lock to give it up.
pub(super) const GIL: u8 = 32;

/// Why a run has ended.
pub(super) enum Cause {
    /// Every thread that keeps the program alive has ended.
    Done,
    Exit(i32),
    Deadlock(Deadlock),
    Interrupted,
    TimedOut,
    /// The threads cannot do what they are forced to.
    Astray(Astray),
    /// Nobody reads the output any more: `conc … | head`.
    NobodyReads,
}

/// What the threads of one run share.
pub(super) struct Shared {
    /// The program, as it is now: in a session it grows.
    code: Mutex<Arc<Code>>,
    pub options: Options,
    pub main: Arc<Thread>,
    /// What every thread looks at often: `STOP`, `HOLD`, `ASK`, `MEMORY`, `END`, `GIL`.
    pub trap: Arc<AtomicU8>,
    pub hold: Hold,
    pub table: Mutex<Table>,
    pub carriers: Arc<Carriers>,
    /// How many threads have started and not ended, by what they have made known.
    pub alive: AtomicUsize,
    /// How many threads can go on by themselves: those that live, without those parked until somebody wakes them.
    /// A waker may count the thread it has woken a moment late, never twice.
    pub awake: Awake,
    pub things: Things,
    pub names: Mutex<HashMap<Box<str>, u32>>,
    pub next_id: Arc<Ids>,
    /// Things that processes share.
    pub there: Mutex<Vec<Arc<Sync>>>,
    /// Where those are.
    memory: Option<Arc<Memory>>,
    pub clock: Clock,
    pub random: Mutex<fastrand::Rng>,
    /// How many threads are in an `await`; and `awaits::ELSEWHERE`, if some may be in other processes. What every change looks at.
    pub awaiting: Apart<AtomicU32>,
    /// A condition has found somebody in a monitor that it asks, who may have been there to look only.
    pub turned_away: AtomicBool,
    /// Somebody has asked for the state of a thread.
    pub states_asked: AtomicBool,
    /// How many changes there have been since the first `await`, and those who wait for one.
    pub changes: AtomicU64,
    pub changed: WaitQueue,
    /// Set once.
    pub cause: OnceLock<Cause>,
    /// Threads that stopped where they stood.
    pub left: Mutex<Vec<(u32, Left)>>,
    /// Processes that were ended with the run.
    pub ended_processes: Mutex<Vec<Left>>,
    /// For `--stats`.
    pub tally: Tally,
    pub failed: AtomicU32,
    pub started: AtomicU32,
    pub knots: Knots,
    pub ensures: Mutex<Ensures>,
    pub bell: Arc<Bell>,
    /// Whose turn it is, if the run is forced.
    pub forced: Option<Arc<Baton>>,
    /// If the run looks for races.
    pub detector: Option<Arc<Detector>>,
    /// If one thread at a time holds the interpreter.
    pub gil: Option<Gil>,
    /// If its threads are delayed.
    pub delays: Option<Arc<Delays>>,
    pub doors: Doors,
    pub processes: Processes,
    /// Told when the last thread has ended after the run has.
    pub gone: Condvar,
    /// Where `main` gets what it is to do next, in a session.
    pub desk: Option<Desk>,
}

/// A program with its variables, and what has been found out about it.
pub(super) struct Code {
    pub image: Image,
    /// Made at the first search: most runs have ended by then.
    reach: OnceLock<Reach>,
    /// Made at the first `fork`.
    liveness: OnceLock<Liveness>,
}

impl Code {
    pub fn new(image: Image) -> Code {
        Code { image, reach: OnceLock::new(), liveness: OnceLock::new() }
    }

    pub fn reach(&self) -> &Reach {
        self.reach.get_or_init(|| Reach::of(&self.image.program))
    }

    pub fn liveness(&self) -> &Liveness {
        self.liveness.get_or_init(|| Liveness::of(&self.image.program))
    }
}

impl Shared {
    /// The program. A thread of the script asks by `RealWorld::code`.
    pub fn code(&self) -> Arc<Code> {
        self.code.lock().clone()
    }

    /// Another program from here on. Only while nobody takes a step.
    pub fn replace_code(&self, code: Code) {
        let before = std::mem::replace(&mut *self.code.lock(), Arc::new(code));
        drop(before); // outside the lock
    }

    /// Whether the run has ended.
    pub fn stopping(&self) -> bool {
        self.trap.load(Ordering::SeqCst) & STOP != 0
    }

    /// Tells whoever wants to know what a thread does.
    pub fn tell_event(&self, thread: &Thread, line: u32, happened: impl FnOnce() -> Happened) {
        if let Some(tell) = &self.options.events {
            let since_start = Duration::from_nanos(self.clock.now().unsigned_abs());
            let event = Event { since_start, thread: thread.name(), line, happened: happened() };
            // A listener that panics is not the script's mistake: its thread goes on. (The panic has been told already.)
            let _ = catch_unwind(AssertUnwindSafe(|| tell(&event)));
        }
    }

    /// What this process shares with others of the run.
    #[inline]
    pub fn memory(&self) -> Option<&Arc<Memory>> {
        self.memory.as_ref()
    }

    /// Makes a thing to wait for known.
    pub fn register(&self, sync: &Arc<Sync>) {
        if sync.is_there() {
            self.there.lock().push(sync.clone());
        }
        match sync.outside() {
            Some(Thing::Stream(_)) => return self.doors.add_socket(sync),
            Some(Thing::Server(server)) => {
                server.known_as(sync.id);
                self.doors.add_socket(sync);
            }
            Some(Thing::Command(_)) | None => {}
        }
        self.things.add(sync);
        if let Some(desk) = &self.desk {
            desk.add(sync);
        }
        if let Some(ledger) = &self.options.stats {
            self.tally.add(sync, ledger);
        }
        let (races, traced) = (self.detector.is_some(), self.options.trace.is_some());
        if traced {
            sync.each_end(&mut |end| {
                end.watch(|| Watched::new(false, true, None));
            });
        }
        if races || traced {
            let there = || self.memory.as_ref().and_then(|memory| sync.notes_there(memory));
            let ring = if let Kind::Queue(queue) = &sync.kind { queue.ring_capacity() } else { None };
            let watched = || Watched::new(races, traced, there()).with_places(ring);
            sync.watch(watched);
        }
    }

    /// Ends the run, for the first cause that is given. To be called without holding any lock.
    pub fn finish(&self, cause: Cause) {
        if self.cause.set(cause).is_err() {
            return;
        }
        self.trap.fetch_or(STOP, Ordering::SeqCst);
        self.hold.tell();
        self.tell_gil();
        if let Some(Cause::Deadlock(_)) = self.cause.get() {
            // Those that wait for what threads here, or each other, have would learn that it is no more, and go on.
            let first = |memory: &&Arc<Memory>| memory.own().number == 0;
            self.memory().filter(first).into_iter().for_each(|memory| memory.say_it_is_over());
            self.processes.kill_all();
        }
        let waiters: Vec<Arc<Waiter>> =
            self.table.lock().seats.values().map(|seat| seat.waiter.clone()).collect();
        for waiter in waiters {
            waiter.wake();
        }
        if let Some(baton) = &self.forced {
            baton.tell();
        }
        if let Some(desk) = &self.desk {
            desk.tell();
        }
        self.bell.ring();
    }

    /// Waits until the run has ended, interrupted or not, and its threads are gone.
    pub fn attend(&self) {
        let deadline = self.options.timeout.map(|timeout| Instant::now() + timeout);
        while !self.stopping() {
            let until = [deadline, self.knots.due()].into_iter().flatten().min();
            match self.bell.wait(until) {
                // The end, or a reason to look for knots.
                Ring::Rung => {}
                Ring::Interrupted => self.finish(Cause::Interrupted),
                Ring::TimedOut if deadline.is_some() && until == deadline => self.finish(Cause::TimedOut),
                Ring::TimedOut => self.see_to_knots(),
            }
        }
        let patience = Instant::now() + PATIENCE;
        let mut table = self.table.lock();
        while table.seats.values().any(|seat| !seat.reads_input.load(Ordering::SeqCst)) {
            if self.gone.wait_until(&mut table, patience).timed_out() {
                break;
            }
        }
        drop(table);
        self.carriers.close();
        *self.ended_processes.lock() = self.processes.end();
    }
}

/// Runs a program to its end.
///
/// A script that starts processes is for a thread of the caller that lives as long as the run: with it they would end.
/// It begins with a `fork`, so it is best begun while no other run of this program starts or ends threads: what those
/// hold in the C library at that moment stays held in the processes, which could then hang at their beginning. What
/// processes write goes to the standard output of this program, unless the sink writes to something that they share.
pub fn run(program: Arc<Verified>, options: Options) -> Ending {
    match options.forced {
        None => run_body(program, options, threads::script_body),
        Some(_) => run_body(program, options, forced::main_body),
    }
}

/// What a run begins with.
pub(super) struct Beginning {
    /// The program, with its variables as they are.
    pub image: Image,
    pub options: Options,
    pub main: Arc<Thread>,
    pub next_id: Ids,
    pub clock: Clock,
    pub processes: Processes,
    pub doors: Doors,
}

/// The same with another body for `main`.
pub(super) fn run_body(
    program: Arc<Verified>,
    options: Options,
    body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static,
) -> Ending {
    let clock = Clock::start();
    let mut image = Image::new(program);
    if image.program.process().is_some() && reach::may_meet(&image.program) {
        match Memory::new(image.program.globals.len()) {
            Ok(memory) => {
                if options.race {
                    // Without room for it, each process sees its own threads.
                    let _ = Common::begin(&memory);
                }
                image.memory = Some(memory);
            }
            Err(error) => return cannot_start(&options, &error.to_string()),
        }
    }
    let several = image.program.process().is_some() && reach::makes_connections(&image.program);
    let register = match several.then(Register::new) {
        None => None,
        Some(Ok(register)) => Some(Arc::new(register)),
        Some(Err(error)) => return cannot_start(&options, &error.to_string()),
    };
    let roll = match image.program.process().map(|_| Roll::new(options.max_processes)) {
        None => None,
        Some(Ok(roll)) => Some(Arc::new(roll)),
        Some(Err(error)) => return cannot_start(&options, &error.to_string()),
    };
    // Before there is any other thread.
    let server = match image.program.process().map(|_| process::make()) {
        None => None,
        Some(Ok(Side::Maker(server))) => Some(Arc::new(server)),
        Some(Ok(Side::Child(line, mask))) => {
            process::live((line, mask), image, options, clock, (register, roll))
        }
        Some(Err(error)) => return cannot_start(&options, &error.to_string()),
    };
    let image_ids = match &image.memory {
        Some(memory) => process::first(memory),
        None => Ids::from(MAIN + 1),
    };
    let entry = Entry::to_call(Value::Function(0));
    let beginning = Beginning {
        image,
        options,
        main: Arc::new(Thread::new(MAIN, "main", false, entry)),
        next_id: image_ids,
        clock,
        processes: Processes::new(server, None).with_roll(roll),
        doors: Doors::new(register),
    };
    live(beginning, Vec::new(), body)
}

/// From the beginning to the end of a run. `things` are those that are there already.
pub(super) fn live(
    beginning: Beginning,
    things: Vec<Arc<Sync>>,
    body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static,
) -> Ending {
    let bell = match Bell::new(beginning.options.signals) {
        Ok(bell) => Arc::new(bell),
        Err(error) => return cannot_start(&beginning.options, &error.to_string()),
    };
    let shared = share(beginning, bell, None);
    things.iter().for_each(|sync| shared.register(sync));
    if let Some(cancel) = &shared.options.cancel {
        cancel.attend_to(&shared);
    }
    let relay = process::relay(&shared);
    if let Err(error) = shared.start(&shared.main, body) {
        return cannot_start(&shared.options, &error.message);
    }
    // What it tells them is of a process that has a thread.
    shared.answers_its_family();
    let ending = shared.see_it_end();
    if let Some(relay) = relay {
        relay.end();
    }
    ending
}

pub(super) fn share(beginning: Beginning, bell: Arc<Bell>, desk: Option<Desk>) -> Arc<Shared> {
    let Beginning { image, options, main, next_id, clock, processes, doors } = beginning;
    let random = match options.seed {
        Some(seed) => fastrand::Rng::with_seed(seed),
        None => fastrand::Rng::new(),
    };
    let knots = Knots::new(&image.program);
    let common = || image.memory.as_ref().and_then(Common::of);
    let detector = options.race.then(|| Arc::new(Detector::new(&image.program, common())));
    let awake = Awake::default();
    // What is told of an OS thread, or kept with it, is told of one thread of the script.
    let watched =
        options.stats.is_some() || options.trace.is_some() || options.race || options.jitter.is_some();
    let carriers = if watched { Carriers::none() } else { Carriers::new() };
    let delays = options.jitter.map(|seed| Arc::new(Delays::new(seed, &awake)));
    // A forced run has an order of its own.
    let asked = options.gil.or(image.program.gil).filter(|_| options.forced.is_none());
    let gil = asked.map(Gil::new);
    let baton = |legs: &Arc<Legs>| Baton::new(legs.clone(), main.clone(), options.seed.unwrap_or_default());
    let forced = options.forced.as_ref().map(baton).map(Arc::new);
    let awaiting = if image.memory.is_some() { awaits::ELSEWHERE } else { 0 };
    Arc::new(Shared {
        memory: image.memory.clone(),
        code: Mutex::new(Arc::new(Code::new(image))),
        options,
        main: main.clone(),
        trap: Arc::new(AtomicU8::new(0)),
        hold: Hold::default(),
        table: Mutex::new(Table::default()),
        carriers: Arc::new(carriers),
        alive: AtomicUsize::new(0),
        awake,
        things: Things::default(),
        names: Mutex::new(HashMap::new()),
        next_id: Arc::new(next_id),
        there: Mutex::new(Vec::new()),
        clock,
        random: Mutex::new(random),
        awaiting: Apart(AtomicU32::new(awaiting)),
        turned_away: AtomicBool::new(false),
        states_asked: AtomicBool::new(false),
        changes: AtomicU64::new(0),
        changed: WaitQueue::new(),
        cause: OnceLock::new(),
        left: Mutex::new(Vec::new()),
        ended_processes: Mutex::new(Vec::new()),
        tally: Tally::default(),
        failed: AtomicU32::new(0),
        started: AtomicU32::new(0),
        knots,
        ensures: Mutex::new(Ensures::default()),
        bell,
        forced,
        detector,
        gil,
        delays,
        doors,
        processes,
        gone: Condvar::new(),
        desk,
    })
}

/// The id of the thread `main`.
pub(super) const MAIN: u32 = 1;

/// The system refuses what every run needs.
pub(super) fn cannot_start(options: &Options, why: &str) -> Ending {
    let text = format!("conc: the program cannot be started: {why}\n");
    // There is nobody left to tell when this fails too.
    let _ = options.sink.write(super::Stream::Err, &text);
    Ending { status: 1, ..Ending::default() }
}
