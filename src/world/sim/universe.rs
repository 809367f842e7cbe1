//! What a simulated run consists of at a moment between two steps.

use super::course::Course;
use super::record::Record;
use crate::builtin::Wait;
use crate::code::verify::Verified;
use crate::machine::space::Handlers;
use crate::machine::{Fiber, Image, Space, Watch};
use crate::state::addresses::SomeAddresses;
use crate::sync::future::Failure;
use crate::sync::outside::simulated::Wire;
use crate::sync::thread::{Entry, State, Thread};
use crate::sync::{Kind, Op, Sync, Who};
use crate::value::Value;
use crate::value::error::Error;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

/// The variables, the threads, and everything they can reach.
pub struct Universe {
    pub image: Arc<Image>,
    /// Those that have started and not ended, in the order of their starts.
    pub seats: Vec<Seat>,
    pub main: Arc<Thread>,
    /// `invariant`s and `ensure`s, in the order in which they were stated.
    pub watches: Vec<Watch>,
    /// Nanoseconds.
    pub now: i64,
    pub random: u64,
    pub next_id: u32,
    /// The number of the next process.
    pub next_pid: i32,
    pub names: HashMap<String, u32>,
    /// Things that can be held, and crews.
    pub things: Vec<Weak<Sync>>,
    /// Errors that ended tasks.
    pub failures: Vec<Arc<Failure>>,
    /// Threads of a `parallel` that have failed, in a run that is told: no part of the state.
    pub branches: Vec<Arc<Thread>>,
    /// Threads that locks may name although they do not live: left behind by forks.
    pub absent: Vec<Arc<Thread>>,
    /// Signals that have come to the first process and have done nothing yet, and what they do there.
    pub signals: u64,
    pub handlers: Handlers,
    /// Where servers listen, in the order of their places.
    pub servers: Vec<(String, Arc<Wire>)>,
    /// Of all threads but one nothing is here but that they are.
    pub left_out: bool,
    /// A thread has ended with an error that nothing caught.
    pub failed: bool,
    /// How it has ended, once it has: the status that `exit(n)` gave, else None.
    pub ended: Option<Option<i32>>,
    /// The addresses of objects that more than one thread can reach.
    pub shared: SomeAddresses,
    /// What its threads do from here on, if somebody wants to know.
    pub record: Option<Record>,
    /// A log of it is made: things that are made from here on tell what is done with them (`Log::deeds`).
    pub drawn: bool,
    /// It goes on from one step to the next, and nothing of it is stored meanwhile.
    pub course: Option<Course>,
}

/// A thread that has started and not ended.
pub struct Seat {
    pub thread: Arc<Thread>,
    /// None while a timer waits for its time.
    pub fiber: Option<Fiber>,
    /// What it waits for; None when it stands before an instruction.
    pub wait: Option<Wait>,
    /// The line of the operation that it waits in.
    pub line: u32,
    /// The error that has ended it, when its end is still to be made known.
    pub failing: Option<Arc<Error>>,
    /// It has called `exit` with this status, when that is still to be made known.
    pub exiting: Option<i32>,
    /// What it held when an error was raised; for reports, so it belongs to no state.
    pub held: Vec<(String, u32)>,
    /// It has taken a step. Not so a timer that was started and does not wait for its time yet, where that may be seen.
    pub begun: bool,
    /// What a timer runs each time.
    pub body: Option<Entry>,
    /// When a timer that repeats was due, while its body runs.
    pub due: Option<i64>,
    /// Its process; None for the first.
    pub space: Option<Arc<Space>>,
    /// The signal that it handles.
    pub handles: Option<i32>,
    /// It has given up ends of pipes that nobody else has: closing them is its next step.
    pub lets_go: bool,
    /// It has just come to be by a fork: that returns this.
    pub answer: Option<Value>,
}

impl Seat {
    /// A thread that has just been started.
    pub fn new(thread: Arc<Thread>) -> Seat {
        Seat {
            thread,
            fiber: None,
            wait: None,
            line: 0,
            begun: true,
            failing: None,
            exiting: None,
            held: Vec::new(),
            body: None,
            due: None,
            space: None,
            handles: None,
            lets_go: false,
            answer: None,
        }
    }

    /// Whether the program does not wait for it.
    pub fn is_daemon(&self) -> bool {
        let process = self.space.as_ref().is_some_and(|space| space.is_daemon());
        process || self.thread.daemon.load(Ordering::SeqCst)
    }

    /// Whether it belongs to this process (None: the first).
    pub fn is_in(&self, space: Option<&Arc<Space>>) -> bool {
        self.space.as_ref().map(Arc::as_ptr) == space.map(Arc::as_ptr)
    }

    /// What reports call its thread.
    pub fn label(&self) -> Arc<str> {
        self.space.as_ref().map_or_else(|| self.thread.name(), |space| space.label(&self.thread))
    }
}

/// The id of the thread `main`, as in the real world.
pub const MAIN: u32 = 1;
/// The number of the first process, and of the one that has started it.
pub const FIRST_PID: i32 = 2;
pub const OUTER_PID: i32 = 1;

impl Universe {
    /// A run that is about to begin: `main` stands before the script's first instruction.
    pub fn new(program: Arc<Verified>, seed: u64) -> Universe {
        Universe::of(Arc::new(Image::new(program)), seed)
    }

    /// The same with an image of its own whose variables are not set.
    pub fn of(image: Arc<Image>, seed: u64) -> Universe {
        let entry = Entry::to_call(Value::Function(0));
        let main = Arc::new(Thread::new(MAIN, "main", false, entry));
        main.state.store(State::Running as u8, Ordering::SeqCst);
        *main.entry.lock() = None;
        let fiber = Fiber::main(&image);
        let seat = Seat { fiber: Some(fiber), begun: false, ..Seat::new(main.clone()) };
        Universe { seats: vec![seat], ..Universe::empty(image, main, seed) }
    }

    /// A run without a thread in it; `main` has ended, or is going to be there.
    pub(super) fn empty(image: Arc<Image>, main: Arc<Thread>, seed: u64) -> Universe {
        Universe {
            seats: Vec::new(),
            image,
            main,
            watches: Vec::new(),
            now: 0,
            random: seed,
            next_id: MAIN + 1,
            next_pid: FIRST_PID + 1,
            names: HashMap::new(),
            things: Vec::new(),
            failures: Vec::new(),
            branches: Vec::new(),
            absent: Vec::new(),
            signals: 0,
            handlers: Handlers::new(),
            servers: Vec::new(),
            left_out: false,
            failed: false,
            ended: None,
            shared: SomeAddresses::default(),
            record: None,
            drawn: false,
            course: None,
        }
    }

    /// What a thread holds, with the line where each was acquired, in the order of lines.
    pub fn held_by(&self, thread: &Thread) -> Vec<(Arc<Sync>, u32)> {
        let things = self.things.iter().filter_map(Weak::upgrade);
        let mut held: Vec<(Arc<Sync>, u32)> =
            things.filter_map(|sync| sync.held_since(thread).map(|line| (sync, line))).collect();
        held.sort_by_key(|(sync, line)| (*line, sync.id));
        held
    }

    /// Whether the thread is a worker of a pool that has no task.
    pub fn is_idle_worker(&self, thread: &Thread) -> bool {
        let mut things = self.things.iter().filter_map(Weak::upgrade);
        things.any(|thing| matches!(&thing.kind, Kind::Crew(crew) if crew.idles(thread.id)))
    }

    /// Whether the program waits for this thread, or for the task that it does for a pool.
    pub fn is_waited_for(&self, seat: &Seat) -> bool {
        !seat.is_daemon() || self.does_a_task(&seat.thread)
    }

    /// Whether the thread is a worker of a pool that has a task.
    pub fn does_a_task(&self, thread: &Thread) -> bool {
        let works = |thing: Arc<Sync>| matches!(&thing.kind, Kind::Crew(crew) if crew.works(thread.id));
        self.things.iter().filter_map(Weak::upgrade).any(works)
    }

    /// Whether nothing keeps the program alive any more.
    pub fn nothing_left_to_do(&self) -> bool {
        let foreground = self.seats.iter().any(|seat| !seat.is_daemon());
        let tasks = || self.things.iter().filter_map(Weak::upgrade).any(|sync| sync.unfinished_tasks() > 0);
        !foreground && !tasks()
    }

    /// The threads of the `parallel`s that the thread in this seat waits in.
    pub fn branches_of(&self, seat: usize) -> Vec<Arc<Thread>> {
        let Some(fiber) = &self.seats[seat].fiber else { return Vec::new() };
        let snapshot = fiber.snapshot(&self.image.program, usize::MAX);
        snapshot.map_or_else(Vec::new, |snapshot| snapshot.branches())
    }

    /// Whether a thread that waits could go on now.
    pub fn is_ready(&self, seat: usize) -> bool {
        let Seat { thread, wait, line, handles, lets_go, begun, .. } = &self.seats[seat];
        if *lets_go || !begun {
            return true;
        }
        if let (Some(signal), Some(wait)) = (handles, wait)
            && wait.op.is_for_a_signal()
        {
            return self.signal_comes(seat, *signal);
        }
        // Whether a condition holds is known when it has been evaluated.
        wait.as_ref()
            .is_none_or(|wait| matches!(wait.op, Op::Change) || wait.op.ready(Who { thread, line: *line }))
    }

    /// When a thread that waits gives up.
    pub fn deadline(&self, seat: usize) -> Option<i64> {
        self.seats[seat].wait.as_ref().and_then(|wait| wait.deadline)
    }
}
