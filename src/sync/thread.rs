//! Threads (and processes), as handles that scripts hold.
//!
//! Starting one, and what it means to run, is the world's; this is what others can see of it.

use super::named;
use super::permits::Permits;
use super::process::Process;
use super::wait::WaitQueue;
use super::{Sync, Who};
use crate::event::recorder;
use crate::race::{clock::Stamp, mine};
use crate::report::runtime::Unasked;
use crate::source::Span;
use crate::state::{Reader, Shared, Writer};
use crate::value::{
    Value,
    error::{self, Error},
    object::Object,
    release,
};
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Thread {
    pub id: u32,
    pub name: Mutex<Arc<str>>,
    /// The name it has when the script gives it none.
    pub default_name: Arc<str>,
    pub daemon: AtomicBool,
    /// A `State`.
    pub state: AtomicU8,
    /// What it will run; taken at the start.
    pub entry: Mutex<Option<Entry>>,
    /// Where it was made, for one that calls a builtin: its own calls stand in no line of the script.
    pub origin: OnceLock<Span>,
    /// Its members, for a template with members.
    pub object: Option<Arc<Object>>,
    /// Set for a timer.
    pub timer: Option<Timer>,
    /// Set for a process: it runs in an OS process of its own.
    pub process: Option<Process>,
    /// The value it returned, or the error that ended it.
    pub outcome: OnceLock<Result<Value, Arc<Error>>>,
    /// Whether anybody has asked for the outcome.
    pub asked: AtomicBool,
    /// Whoever started it raises its error: it is not one that nobody caught.
    pub raised_elsewhere: AtomicBool,
    /// Those who join it.
    pub done: WaitQueue,
    /// How many locks it holds (each level of a reentrant one counts); written by the thread alone.
    pub held: AtomicU32,
    pub permits: Permits,
    /// What it waits for, while it is blocked: set by the world before it blocks.
    pub waiting: Mutex<Option<Waiting>>,
    /// What it has done, for those who see that it waits or has ended: for `--race`.
    pub stamp: Mutex<Option<Stamp>>,
}

impl Thread {
    /// It waits no more.
    pub fn goes_on(&self) {
        *self.waiting.lock() = None;
        self.state.store(State::Running as u8, Ordering::SeqCst);
    }

    /// Its error, as long as the `parallel` that it is part of has not raised it.
    pub fn unraised(&self) -> Option<Unasked> {
        let error = self.outcome.get()?.as_ref().err()?;
        let waits = self.raised_elsewhere.load(Ordering::SeqCst) && !self.asked.load(Ordering::SeqCst);
        waits.then(|| Unasked::branch(&named::aside(|| self.name()), error))
    }

    /// Whether it is a timer that was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.timer.as_ref().is_some_and(|timer| timer.cancelled.load(Ordering::SeqCst))
    }
}

/// What a new thread calls, and with what.
#[derive(Debug)]
pub struct Entry {
    pub callee: Value,
    pub arguments: Arguments,
}

/// What something is called with. Most tasks of a pool, and most threads, have one argument at most: that needs no memory of its
/// own, which would be asked for by one thread and given back by another.
pub type Arguments = SmallVec<[Value; 1]>;

/// A timer is a thread that waits before it runs its body.
#[derive(Debug)]
pub struct Timer {
    /// Nanoseconds.
    pub delay: i64,
    pub repeats: bool,
    pub cancelled: AtomicBool,
    /// Woken by `cancel`.
    pub changed: WaitQueue,
}

/// What a blocked thread waits for, for reports and for `t.waiting_on`.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The thing, thread, list of things (for `select`), or nil.
    pub on: Value,
    pub text: Text,
    pub line: u32,
    /// Gives up by itself.
    pub timed: bool,
}

/// `waits for right`. Where it can be, it is made only when somebody asks: most waits end before.
#[derive(Debug, Clone)]
pub enum Text {
    Said(Cow<'static, str>),
    Of(Arc<Sync>, fn(&Sync) -> String),
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Text {
        Text::Said(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::Said(text.into())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Said(text) => f.write_str(text),
            Text::Of(thing, text) => f.write_str(&text(thing)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    New,
    Running,
    Blocked,
    Sleeping,
    Finished,
    Failed,
}

impl State {
    pub const ALL: [State; 6] =
        [State::New, State::Running, State::Blocked, State::Sleeping, State::Finished, State::Failed];

    /// The word that `t.state` tells.
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Running => "running",
            State::Blocked => "blocked",
            State::Sleeping => "sleeping",
            State::Finished => "finished",
            State::Failed => "failed",
        }
    }
}

impl Entry {
    /// To call this without arguments.
    pub fn to_call(callee: Value) -> Entry {
        Entry { callee, arguments: Arguments::new() }
    }

    /// What to call, then its arguments.
    pub fn of(parts: Vec<Value>) -> Entry {
        let mut parts = parts.into_iter();
        Entry { callee: parts.next().unwrap_or(Value::Nil), arguments: parts.collect() }
    }

    /// As `of` takes it.
    pub fn into_parts(self) -> Vec<Value> {
        [self.callee].into_iter().chain(self.arguments).collect()
    }

    /// All it holds, to be dropped.
    pub fn into_values(self) -> Vec<Value> {
        let mut values = self.arguments.into_vec();
        values.push(self.callee);
        values
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        let mut values = self.entry.get_mut().take().map_or_else(Vec::new, Entry::into_values);
        if let Some(Ok(value)) = self.outcome.take() {
            values.push(value);
        }
        values.extend(self.object.take().map(Value::Object));
        release::release(values);
    }
}

impl Thread {
    /// A thread that has not started.
    pub fn new(id: u32, name: &str, daemon: bool, entry: Entry) -> Thread {
        let name: Arc<str> = name.into();
        Thread::named(id, (name.clone(), name), daemon, Some(entry))
    }

    /// One with a name and a default name.
    fn named(
        id: u32,
        (name, default_name): (Arc<str>, Arc<str>),
        daemon: bool,
        entry: Option<Entry>,
    ) -> Thread {
        Thread {
            id,
            name: Mutex::new(name),
            default_name,
            daemon: AtomicBool::new(daemon),
            state: AtomicU8::new(State::New as u8),
            entry: Mutex::new(entry),
            origin: OnceLock::new(),
            object: None,
            timer: None,
            process: None,
            outcome: OnceLock::new(),
            asked: AtomicBool::new(false),
            raised_elsewhere: AtomicBool::new(false),
            done: WaitQueue::new(),
            held: AtomicU32::new(0),
            permits: Permits::default(),
            waiting: Mutex::new(None),
            stamp: Mutex::new(None),
        }
    }

    /// What stands for a thread of which only the number is known: it has ended.
    pub fn absent(id: u32) -> Thread {
        let thread = Thread::new(id, &format!("thread {id}"), true, Entry::to_call(Value::Nil));
        *thread.entry.lock() = None;
        let _ = thread.outcome.set(Ok(Value::Nil)); // it is new
        thread.state.store(State::Finished as u8, Ordering::SeqCst);
        thread
    }

    /// Its name, to be put into words: if only for a report, `named::aside`.
    pub fn name(&self) -> Arc<str> {
        named::in_error();
        self.name.lock().clone()
    }

    pub fn state(&self) -> State {
        let state = usize::from(self.state.load(Ordering::SeqCst));
        State::ALL.get(state).copied().unwrap_or(State::Running) // only `State`s are ever stored
    }

    pub fn started(&self) -> bool {
        self.state() != State::New
    }

    /// Started, and not ended.
    pub fn alive(&self) -> bool {
        match self.state() {
            State::Running | State::Blocked | State::Sleeping => true,
            State::New | State::Finished | State::Failed => false,
        }
    }

    /// Whether this process learns how it ends: all but processes that another has started.
    pub fn is_ours(&self) -> bool {
        self.process.as_ref().is_none_or(|process| process.not_ours("").is_none())
    }

    pub fn ended(&self) -> bool {
        matches!(self.state(), State::Finished | State::Failed)
    }

    /// Counts levels of locks that it holds. Only the thread itself writes the count.
    #[inline]
    pub fn hold(&self, levels: u32) {
        self.held.store(self.held.load(Ordering::Relaxed).wrapping_add(levels), Ordering::Relaxed);
    }

    #[inline]
    pub fn let_go(&self, levels: u32) {
        self.held.store(self.held.load(Ordering::Relaxed).wrapping_sub(levels), Ordering::Relaxed);
    }

    /// Whoever sees what it is at is after this.
    pub fn published(&self, stamp: Option<Stamp>) {
        if stamp.is_some() {
            *self.stamp.lock() = stamp;
        }
    }

    /// Somebody has seen what it is at.
    pub fn looked_at(&self) {
        self.stamp.lock().iter().for_each(mine::learn);
    }

    /// For joining it, or asking its result: whether it has ended, unless that could never be.
    pub fn join(&self, who: Who<'_>) -> Result<bool, Error> {
        if self.ended() {
            self.looked_at();
            recorder::joins(self);
            return Ok(true);
        }
        if let Some(refused) = self.process.as_ref().and_then(|process| process.not_ours(&self.name())) {
            return Err(refused);
        }
        if self.id == who.thread.id {
            let message = format!("\"{}\" cannot join itself: it would wait for ever", self.name());
            return Err(Error::new(error::Kind::State, message)
                .hint("pass over it: `if t != current_thread() { join t }`"));
        }
        if !self.started() {
            if self.is_cancelled() {
                return Ok(true);
            }
            let message = format!("\"{}\" cannot be joined: it was never started", self.name());
            return Err(Error::new(error::Kind::State, message).hint("start it first: `start t`"));
        }
        Ok(false)
    }

    /// Its value, or the error that ended it. None while it runs.
    pub fn result(&self, who: Who<'_>) -> Result<Option<Value>, Error> {
        if !self.join(who)? {
            return Ok(None);
        }
        self.asked.store(true, Ordering::Relaxed);
        match self.outcome.get() {
            Some(Ok(value)) => Ok(Some(value.clone())),
            Some(Err(error)) => Err(Error::again(error)),
            // A timer that was cancelled before it was started.
            None => Ok(Some(Value::Nil)),
        }
    }

    /// Whether a join waits for its end, or finds that it has ended, and raises no error.
    pub fn can_be_joined(&self, who: Who<'_>) -> bool {
        self.ended() || self.is_ours() && self.id != who.thread.id && self.started()
    }

    pub fn join_ready(&self, who: Who<'_>) -> bool {
        let elsewhere = self.process.as_ref().is_some_and(|process| process.not_ours("").is_some());
        self.ended() || self.id == who.thread.id || !self.started() || elsewhere
    }
}

impl Timer {
    pub fn new(delay: i64, repeats: bool) -> Timer {
        Timer { delay, repeats, cancelled: AtomicBool::new(false), changed: WaitQueue::new() }
    }

    /// When a timer beats that was due at this time, and is ready for the next one now: it keeps its beat, and skips what
    /// it has missed.
    pub fn next_beat(&self, due: i64, now: i64) -> i64 {
        let period = self.delay.max(1);
        let mut next = due.saturating_add(period);
        if next < now {
            next += (now - next) / period * period;
            if next < now {
                next = next.saturating_add(period);
            }
        }
        next
    }

    /// It will not run its body again; a body that runs goes on to its end.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        self.changed.wake_all();
    }
}

impl Thread {
    /// Name, default name and id are written whole where they belong to the state; else only what threads of its kind
    /// have in common, so that messages stay readable. What it waits for is not written: the world knows.
    pub fn save(&self, w: &mut Writer<'_>) {
        if w.numbering.names() {
            w.count(u64::from(w.numbering.id(self.id)));
            w.text(&self.name());
        }
        w.name(&self.default_name);
        w.option(self.object.as_ref(), |w, object| w.shared(Shared::Object(object.clone())));
        w.option(self.timer.as_ref(), |w, timer| {
            w.int(timer.delay);
            w.flag(timer.repeats);
        });
        w.option(self.process.as_ref(), |w, process| process.save(w));
        w.option(self.origin.get(), |w, origin| {
            w.count(u64::from(origin.start));
            w.count(u64::from(origin.end));
        });
        w.byte(self.state() as u8);
        w.flag(self.daemon.load(Ordering::SeqCst));
        w.option(self.entry.lock().as_ref(), |w, entry| entry.save(w));
        w.flag(self.is_cancelled());
        w.option(self.outcome.get(), |w, outcome| {
            w.option(outcome.as_ref().err(), |w, error| w.shared(Shared::Error(error.clone())));
            w.option(outcome.as_ref().ok(), |w, value| w.value(value));
        });
        w.flag(self.asked.load(Ordering::Relaxed));
        w.flag(self.raised_elsewhere.load(Ordering::Relaxed));
        w.count(u64::from(self.held.load(Ordering::Relaxed)));
    }

    /// The id is the given one, unless ids belong to the state: then it is the one that was written.
    pub fn load(id: u32, r: &mut Reader<'_>) -> Thread {
        let named = r.objects.names().then(|| (r.count() as u32, Arc::<str>::from(r.text())));
        let default_name: Arc<str> = r.text().into();
        let ids = r.objects.ids();
        let (id, name) = match named {
            Some((known, name)) => (if ids { known } else { id }, name),
            None => (id, default_name.clone()),
        };
        let object = r.option(|r| match r.shared() {
            Shared::Object(object) => object,
            other => unreachable!("{other:?} was written as the members of a thread"),
        });
        let timer = r.option(|r| Timer::new(r.int(), r.flag()));
        let process = r.option(Process::load);
        let origin = r.option(|r| Span { start: r.count() as u32, end: r.count() as u32 });
        let mut thread = Thread::named(id, (name, default_name), false, None);
        thread.object = object;
        thread.timer = timer;
        thread.process = process;
        thread.origin = origin.map_or_else(OnceLock::new, OnceLock::from);
        thread
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.state.store(r.byte(), Ordering::SeqCst);
        self.daemon.store(r.flag(), Ordering::SeqCst);
        let entry = r.option(Entry::load);
        *self.entry.lock() = entry;
        let cancelled = r.flag();
        if let Some(timer) = &self.timer {
            timer.cancelled.store(cancelled, Ordering::SeqCst);
        }
        let outcome = r.option(|r| {
            let error = r.option(Reader::error);
            let value = r.option(Reader::value);
            error.map_or(Ok(value.unwrap_or(Value::Nil)), Err)
        });
        if let Some(outcome) = outcome {
            let _ = self.outcome.set(outcome); // it is new
        }
        self.asked.store(r.flag(), Ordering::Relaxed);
        self.raised_elsewhere.store(r.flag(), Ordering::Relaxed);
        self.held.store(r.count() as u32, Ordering::Relaxed);
    }
}

impl Entry {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.value(&self.callee);
        w.values(&self.arguments);
    }

    pub fn load(r: &mut Reader<'_>) -> Entry {
        Entry { callee: r.value(), arguments: r.values().into() }
    }
}
