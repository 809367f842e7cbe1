//! Futures: the results of tasks given to a pool.
//!
//! A future also carries its task until a worker begins it. Its end is set once: a value, an error, or cancelled.

mod saved;
mod several;

use super::pool::Crew;
use super::queue::Queue;
use super::thread::{Arguments, Entry};
use super::wait::WaitQueue;
use super::{Kind, Releasers, Sync, Who};
use crate::mapped::Board;
use crate::report::runtime::Unasked;
use crate::value::{
    Value,
    error::{self, Error},
    release,
    step::Brief,
};
pub use several::Several;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

#[derive(Debug)]
pub struct Future {
    origin: Arc<Origin>,
    state: Brief<State>,
    /// Where a worker may take its task by itself, if it was put there. In a box, as all that few futures have: there may be
    /// many, and most of what a pool costs where tasks are small is to get their memory from the system.
    offer: OnceLock<Box<Offer>>,
    pub done: WaitQueue,
}

/// What many futures have in common.
#[derive(Debug)]
pub struct Origin {
    /// The name of the function that the task calls.
    pub what: Arc<str>,
    /// The workers that will do it.
    pub crew: Weak<Sync>,
}

/// A task on a board.
#[derive(Debug)]
pub struct Offer {
    pub board: Arc<Board>,
    pub number: u64,
}

/// Who has taken an offer that was taken back: no thread has this id.
pub const NOBODY: u32 = u32::MAX;

#[derive(Debug)]
struct State {
    stage: Stage,
    task: Task,
    watchers: Option<Box<Watchers>>,
}

/// There is at least one.
#[derive(Debug, Default)]
struct Watchers(Vec<Watcher>);

#[derive(Debug)]
enum Task {
    /// What to call.
    Given(Entry),
    /// The same, as a copy for a process.
    Packed(Vec<u8>),
    /// A worker calls it, or nobody will. The arguments were moved out, and the room they had (if they had any) stays
    /// here: it is given back with the future, by whoever has made both. Freeing what another thread has allocated costs
    /// several times as much.
    Taken(#[expect(dead_code, reason = "only its memory is of interest")] Arguments),
}

#[derive(Debug)]
enum Stage {
    Pending,
    /// Which thread does it.
    Running(u32),
    Done(Value),
    Failed(Arc<Failure>),
    Cancelled,
}

/// An error that ended a task; reported at the end of the run if nobody has asked for it.
#[derive(Debug)]
pub struct Failure {
    /// `future of fetch (line 12)`.
    pub what: String,
    pub error: Arc<Error>,
    pub asked: AtomicBool,
}

/// Where a future puts itself when it has ended: the queue of an `as_completed`, closed after the last.
#[derive(Debug)]
struct Watcher {
    queue: Weak<Sync>,
    left: Arc<AtomicUsize>,
}

/// How a future has ended.
#[derive(Debug)]
pub enum End {
    Done(Value),
    Failed(Arc<Failure>),
    Cancelled,
}

impl State {
    fn watchers(&self) -> &[Watcher] {
        self.watchers.as_ref().map_or(&[], |watchers| &watchers.0)
    }
}

impl Task {
    fn given(&self) -> Option<&Entry> {
        if let Task::Given(entry) = self { Some(entry) } else { None }
    }

    /// All of it.
    fn take(&mut self) -> Task {
        std::mem::replace(self, Task::Taken(Arguments::new()))
    }

    /// What to call, if nobody has taken it. The list itself stays, for the thread that made it to free.
    fn hand_out(&mut self) -> Option<Entry> {
        let Task::Given(entry) = self else { return None };
        let callee = std::mem::replace(&mut entry.callee, Value::Nil);
        let mut room = std::mem::take(&mut entry.arguments);
        let arguments = if room.spilled() { room.drain(..).collect() } else { std::mem::take(&mut room) };
        *self = Task::Taken(room);
        Some(Entry { callee, arguments })
    }
}

impl Future {
    pub fn new(what: &Arc<str>, crew: &Arc<Sync>, task: Entry) -> Future {
        Future::with(what, crew, Task::Given(task))
    }

    /// Of a task that a process will do, packed.
    pub fn packed(what: &Arc<str>, crew: &Arc<Sync>, task: Vec<u8>) -> Future {
        Future::with(what, crew, Task::Packed(task))
    }

    fn with(what: &Arc<str>, crew: &Arc<Sync>, task: Task) -> Future {
        Future {
            origin: Crew::origin(crew, what),
            state: Brief::new(State { stage: Stage::Pending, task, watchers: None }),
            offer: OnceLock::new(),
            done: WaitQueue::new(),
        }
    }

    /// The name of the function that the task calls.
    pub fn what(&self) -> &Arc<str> {
        &self.origin.what
    }

    pub fn of(sync: &Sync) -> Result<&Future, Error> {
        if let Kind::Future(future) = &sync.kind { Ok(future) } else { Err(sync.is_no("future")) }
    }

    /// A worker begins the task; false when it was cancelled (or begun).
    pub fn begin(&self, worker: u32) -> bool {
        let mut state = self.state.lock();
        let pending = matches!(state.stage, Stage::Pending);
        if pending {
            state.stage = Stage::Running(worker);
        }
        pending
    }

    /// Whether processes do the tasks of its pool.
    pub fn is_of_processes(&self) -> bool {
        self.origin.crew.upgrade().is_some_and(|crew| Crew::of(&crew).is_ok_and(|crew| crew.processes))
    }

    /// What the worker that has begun the task calls; once.
    pub fn take_task(&self) -> Option<Entry> {
        self.state.lock().task.hand_out()
    }

    /// The same, left where it is.
    pub fn task(&self) -> Option<Entry> {
        let copy = |entry: &Entry| Entry { callee: entry.callee.clone(), arguments: entry.arguments.clone() };
        self.state.lock().task.given().map(copy)
    }

    /// What is to be sent to the process that does it; once.
    pub fn take_packed(&self) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        match state.task.take() {
            Task::Packed(bytes) => Some(bytes),
            other => {
                state.task = other;
                None
            }
        }
    }

    /// Puts the task, packed, on a board, where `oldest` is the oldest that still matters. False when there is no room.
    pub fn offer(&self, board: &Arc<Board>, oldest: Option<u64>) -> bool {
        let state = self.state.lock();
        let Task::Packed(bytes) = &state.task else { return false };
        let Some(number) = board.put(bytes, oldest) else { return false };
        self.offer.set(Box::new(Offer { board: board.clone(), number })).is_ok() // once only
    }

    pub fn offered(&self) -> Option<&Offer> {
        self.offer.get().map(|offer| &**offer)
    }

    /// Whether a worker has begun it by itself.
    fn is_taken(&self) -> bool {
        let taken = |offer: &Offer| offer.board.taken_by(offer.number);
        self.offered().and_then(taken).is_some_and(|worker| worker != NOBODY)
    }

    pub fn finish(&self, sync: &Arc<Sync>, value: Value) {
        self.settle(sync, Stage::Done(value), |_| true);
    }

    pub fn fail(&self, sync: &Arc<Sync>, failure: Arc<Failure>) {
        self.settle(sync, Stage::Failed(failure), |_| true);
    }

    /// Cancels a task that no worker has begun; false when one has.
    pub fn cancel(&self, sync: &Arc<Sync>) -> bool {
        // From then on no worker begins it by itself.
        let take_back =
            || self.offered().is_none_or(|offer| offer.board.take_this(offer.number, NOBODY).is_some());
        let open = |stage: &Stage| matches!(stage, Stage::Pending) && take_back();
        let cancelled = self.settle(sync, Stage::Cancelled, open);
        if cancelled && let Some(crew) = self.origin.crew.upgrade() {
            Crew::forget(&crew, sync);
        }
        cancelled
    }

    /// Sets how it ends, if it has not ended and `may` allows it; tells those who wait for it.
    fn settle(&self, sync: &Arc<Sync>, end: Stage, may: impl FnOnce(&Stage) -> bool) -> bool {
        let mut state = self.state.lock();
        let open = matches!(state.stage, Stage::Pending | Stage::Running(_));
        if !open || !may(&state.stage) {
            return false;
        }
        sync.order().added();
        state.stage = end;
        let task = match &state.task {
            Task::Given(_) | Task::Packed(_) => Some(state.task.take()),
            Task::Taken(_) => None,
        };
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        drop(task); // of one that was cancelled; outside the lock
        self.done.wake_all();
        for watcher in watchers.map_or_else(Vec::new, |watchers| watchers.0) {
            watcher.tell(sync);
        }
        true
    }

    pub fn end(&self) -> Option<End> {
        match &self.state.lock().stage {
            Stage::Pending | Stage::Running(_) => None,
            Stage::Done(value) => Some(End::Done(value.clone())),
            Stage::Failed(failure) => Some(End::Failed(failure.clone())),
            Stage::Cancelled => Some(End::Cancelled),
        }
    }

    /// Its value; the error of its task; or that it was cancelled. None while it has not ended.
    pub fn result(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        let end = self.end();
        if end.is_some() {
            sync.order().met();
        }
        match end {
            None => Ok(None),
            Some(End::Done(value)) => Ok(Some(value)),
            Some(End::Failed(failure)) => {
                failure.asked.store(true, Ordering::Relaxed);
                Err(Error::again(&failure.error))
            }
            Some(End::Cancelled) => Err(cancelled(sync)),
        }
    }

    /// The error of its task, or nil. None while it has not ended.
    pub fn error(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        let end = self.end();
        if end.is_some() {
            sync.order().met();
        }
        match end {
            None => Ok(None),
            Some(End::Done(_)) => Ok(Some(Value::Nil)),
            Some(End::Failed(failure)) => {
                failure.asked.store(true, Ordering::Relaxed);
                Ok(Some(Value::Error(failure.error.clone())))
            }
            Some(End::Cancelled) => Err(cancelled(sync)),
        }
    }

    /// Calls `each` with every value that can be reached from it: its task, its end, the queues it puts itself into.
    pub fn values(&self, each: &mut dyn FnMut(Value)) {
        let state = self.state.lock();
        if let Task::Given(task) = &state.task {
            each(task.callee.clone());
            task.arguments.iter().cloned().for_each(&mut *each);
        }
        match &state.stage {
            Stage::Pending | Stage::Running(_) | Stage::Cancelled => {}
            Stage::Done(value) => each(value.clone()),
            Stage::Failed(failure) => each(Value::Error(failure.error.clone())),
        }
        state.watchers().iter().filter_map(|watcher| watcher.queue.upgrade()).map(Value::Sync).for_each(each);
    }

    pub fn is_done(&self) -> bool {
        !matches!(self.state.lock().stage, Stage::Pending | Stage::Running(_))
    }

    /// How much its pool does, by a number.
    pub fn steps_of_its_pool(&self) -> u64 {
        let crew = self.origin.crew.upgrade();
        crew.and_then(|crew| Some(Crew::of(&crew).ok()?.steps())).unwrap_or_default()
    }

    pub fn is_running(&self) -> bool {
        match self.state.lock().stage {
            Stage::Running(_) => true,
            Stage::Pending => self.is_taken(),
            Stage::Done(_) | Stage::Failed(_) | Stage::Cancelled => false,
        }
    }

    pub fn is_cancelled(&self) -> bool {
        matches!(self.state.lock().stage, Stage::Cancelled)
    }

    /// The queue gets it when it has ended (now, if it has), and is closed when `left` comes to zero.
    pub fn watch(&self, sync: &Arc<Sync>, queue: &Arc<Sync>, left: &Arc<AtomicUsize>) {
        let watcher = Watcher { queue: Arc::downgrade(queue), left: left.clone() };
        let mut state = self.state.lock();
        if matches!(state.stage, Stage::Pending | Stage::Running(_)) {
            state.watchers.get_or_insert_default().0.push(watcher);
            return;
        }
        drop(state);
        watcher.tell(sync);
    }

    /// Who could end it: who does the task, and until somebody has begun it whoever can cancel it, alone or with all tasks
    /// of its pool. `id`: its own, as a thing to wait for.
    pub fn releasers(&self, id: u32) -> Releasers {
        // The crew is asked without the future's lock: a crew that gives out a task takes the locks the other way.
        let worker = match &self.state.lock().stage {
            Stage::Running(worker) => Some(*worker),
            Stage::Pending => None,
            Stage::Done(_) | Stage::Failed(_) | Stage::Cancelled => return Releasers::Either(Vec::new()),
        };
        match (worker, self.origin.crew.upgrade()) {
            (Some(worker), _) => Releasers::All(vec![worker]),
            // Whichever worker is free first will do it.
            (None, Some(crew)) => {
                let workers = Crew::workers(&crew).into_iter();
                let any = Releasers::Either(workers.map(|worker| Releasers::All(vec![worker])).collect());
                Releasers::Unless(Box::new(any), vec![id, crew.id])
            }
            (None, None) => Releasers::Anyone(vec![id]),
        }
    }

    /// What a report adds when this thread waits for it.
    pub fn note(&self, who: Who<'_>) -> Option<String> {
        if self.is_running() || self.is_done() {
            return None;
        }
        let crew = self.origin.crew.upgrade()?;
        Crew::starved(&crew, who.thread.id)
    }
}

impl Future {
    /// What a report says that a thread waits for the result of: `fetch (line 12)`.
    pub fn subject(sync: &Sync) -> String {
        match Future::of(sync) {
            Ok(future) => format!("{} (line {})", future.what(), sync.line),
            Err(_) => sync.label(),
        }
    }

    /// The error of its task, if that has ended it; not counted as asked for.
    pub fn failure(&self) -> Option<Arc<Failure>> {
        if let Stage::Failed(failure) = &self.state.lock().stage { Some(failure.clone()) } else { None }
    }
}

impl Drop for Future {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let mut values = match state.task.take() {
            Task::Given(task) => task.into_values(),
            Task::Packed(_) | Task::Taken(_) => Vec::new(),
        };
        if let Stage::Done(value) = &mut state.stage
            && release::nests(value)
        {
            values.push(std::mem::replace(value, Value::Nil));
        }
        if !values.is_empty() {
            release::release(values);
        }
    }
}

impl Failure {
    pub fn new(future: &Sync, error: Arc<Error>) -> Failure {
        Failure { what: future.label(), error, asked: AtomicBool::new(false) }
    }

    /// What is to be reported, as long as nobody has asked for it.
    pub fn unasked(&self) -> Option<Unasked> {
        let unasked = || Unasked { what: self.what.clone(), error: self.error.clone(), in_parallel: false };
        (!self.asked.load(Ordering::Relaxed)).then(unasked)
    }
}

impl Watcher {
    fn tell(self, future: &Arc<Sync>) {
        let Some(sync) = self.queue.upgrade() else { return };
        let Ok(queue) = Queue::of(&sync) else { return };
        // Fails only when the script has closed the queue: then it does not want it.
        let _ = queue.put(&sync, Value::Sync(future.clone()));
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            queue.close(false);
        }
    }
}

#[cold]
fn cancelled(sync: &Sync) -> Error {
    Error::new(error::Kind::Cancelled, format!("{} was cancelled", sync.label()))
        .hint("`f.cancelled` tells before asking for its result")
}
