//! One thread's way to the tape: found through the OS thread, as operations on things to wait for have no way to the world.
//!
//! # Locks that are taken again and again
//!
//! Looking at the clock costs more than taking a lock that is free. So a thread that has taken and given back the same
//! lock within `QUICK`, and does so again with nothing else to tell in between, only counts: at most `MOST` times, twice
//! as many each time, as long as the average stays below `QUICK`. What was counted is told as one event (`Repeats`). Whatever
//! else the thread has to tell, that it waits above all, comes after what was counted, and a lock that it holds then is told.

use super::tape::{Chunk, EVENT, Tape};
use super::{Waiting, label};
use crate::sync::process::Process;
use crate::sync::thread::Thread;
use crate::sync::{Kind, Sync};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Nanoseconds.
const QUICK: u64 = 2_000;
const MOST: u32 = 64;

/// What is kept with a thing whose events are told.
#[derive(Debug, Default)]
pub struct Traced {
    /// Where its label is on the tape; 0 before its first event.
    name: AtomicU32,
}

/// The kinds of events on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    Begins = 1,
    Ends,
    Fails,
    Starts,
    Joins,
    StartsProcess,
    ProcessBegins,
    ProcessEnds,
    Blocks,
    GoesOn,
    Acquires,
    Releases,
    Repeats,
    Signals,
    Puts,
    Gets,
}

impl Code {
    pub(super) const ALL: [Code; 16] = [
        Code::Begins,
        Code::Ends,
        Code::Fails,
        Code::Starts,
        Code::Joins,
        Code::StartsProcess,
        Code::ProcessBegins,
        Code::ProcessEnds,
        Code::Blocks,
        Code::GoesOn,
        Code::Acquires,
        Code::Releases,
        Code::Repeats,
        Code::Signals,
        Code::Puts,
        Code::Gets,
    ];
}

/// In an event's second word: the thing is one for all processes.
pub(super) const SHARED: u64 = 1 << 16;

/// A value is put that is not taken in the order of the puts.
pub(super) const ANY: u64 = 1 << 18;
/// The number is how much the queue holds.
pub(super) const SIZED: u64 = 1 << 19;
/// The number is that of a process.
pub(super) const PROCESS: u64 = 1 << 17;

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
    static COUNTING: Counting = const { Counting::nothing() };
}

struct Recorder {
    tape: Arc<Tape>,
    thread: u32,
    /// Where its name is.
    name: u32,
    chunk: Option<Chunk>,
    /// What it waited for last, and where that is: most often it waits for the same again.
    waited: (String, u32),
    /// The queue of which the last put in this chunk, if there was any, has told how much it holds, or need not tell it.
    sized: Option<u32>,
    /// `QUICK`, in ticks.
    quick: u64,
}

/// A lock that is taken again and again.
struct Counting {
    /// Its number plus one; 0 for none.
    thing: Cell<u32>,
    /// How often it may still be taken and given back before the clock is looked at: two for each time, so it is odd while the
    /// lock is held.
    left: Cell<u32>,
    /// How often it might be taken since what was told last, and the last time that it might be at all.
    begun: Cell<u32>,
    allowed: Cell<u32>,
    since: Cell<u64>,
}

impl Counting {
    const fn nothing() -> Counting {
        Counting {
            thing: Cell::new(0),
            left: Cell::new(0),
            begun: Cell::new(0),
            allowed: Cell::new(0),
            since: Cell::new(0),
        }
    }

    /// Counts this thing from now on, which may be taken so often before the clock is looked at.
    fn begin(&self, thing: u32, allowed: u32, left: u32, since: u64) {
        self.thing.set(thing + 1);
        self.allowed.set(allowed);
        self.begun.set(left);
        self.left.set(2 * left);
        self.since.set(since);
    }

    #[inline]
    fn forget(&self) {
        self.thing.set(0);
        self.begun.set(0);
        self.left.set(0);
    }

    #[inline(always)]
    fn is(&self, sync: &Sync) -> bool {
        self.thing.get() == sync.id + 1
    }

    /// Counts a step of this thing, if what is left allows it.
    #[inline(always)]
    fn counts(&self, sync: &Sync, allows: impl FnOnce(u32) -> bool) -> bool {
        let left = self.left.get();
        let counts = allows(left) && self.is(sync);
        if counts {
            self.left.set(left - 1);
        }
        counts
    }

    fn held(&self) -> bool {
        self.left.get() % 2 == 1
    }

    /// How often it was taken without having been told.
    fn counted(&self) -> u32 {
        self.begun.get() - self.left.get() / 2
    }
}

/// What a thread that waits has to tell.
pub struct Blocks<'a> {
    pub kind: Waiting,
    pub text: &'a str,
    pub thing: Option<&'a Sync>,
    pub whom: Option<u32>,
    pub line: u32,
}

fn with(what: impl FnOnce(&mut Recorder)) {
    // Things may be dropped while the OS thread is on its way out.
    let _ = RECORDER.try_with(|place| {
        if let Ok(mut place) = place.try_borrow_mut()
            && let Some(recorder) = &mut *place
        {
            what(recorder);
        }
    });
}

/// The calling OS thread runs a thread of this number and name from here on.
pub fn begin(tape: &Arc<Tape>, thread: u32, name: &str) {
    let name = tape.name(name);
    COUNTING.with(Counting::forget);
    RECORDER.set(Some(Recorder::new(tape, thread, name)));
    with(|recorder| recorder.tell(Code::Begins, 0, 0, 0));
}

/// It has ended, by an error or not; None: it has stopped where it stood, since the run has ended.
pub fn end(failed: Option<bool>) {
    with(|recorder| {
        if let Some(failed) = failed {
            recorder.tell(if failed { Code::Fails } else { Code::Ends }, 0, 0, 0);
        }
        recorder.give_up_chunk();
    });
    let _ = RECORDER.try_with(|place| place.take());
}

/// It has started this thread.
pub fn starts(thread: u32) {
    with(|recorder| recorder.tell(Code::Starts, 0, 0, u64::from(thread)));
}

/// It has seen that this thread, or process, has ended.
pub fn joins(thread: &Thread) {
    with(|recorder| {
        let born = thread.process.as_ref().and_then(Process::born);
        let (process, number) = born.map_or((0, thread.id), |born| (PROCESS, born.pid as u32));
        recorder.tell(Code::Joins, process, 0, u64::from(number));
    });
}

/// It has started this process.
pub fn starts_process(pid: i32) {
    with(|recorder| recorder.tell(Code::StartsProcess, 0, 0, u64::from(pid as u32)));
}

/// This process begins; told by its first thread.
pub fn process_begins(name: &str, pid: i32, parent: i32) {
    with(|recorder| {
        let name = u64::from(recorder.tape.name(name));
        let pids = u64::from(pid as u32) << 32 | u64::from(parent as u32);
        recorder.tell(Code::ProcessBegins, 0, name << 32, pids);
    });
}

/// A child of this process has ended; told by whoever learns of it, which is no thread of the script.
pub fn process_ends(tape: &Arc<Tape>, pid: i32, exit: i32) {
    let mut recorder = Recorder::new(tape, 0, 0);
    let how = u64::from(pid as u32) << 32 | u64::from(exit as u32);
    recorder.tell(Code::ProcessEnds, 0, 0, how);
    recorder.give_up_chunk();
}

pub fn blocks(wait: &Blocks<'_>) {
    with(|recorder| {
        let text = u64::from(recorder.wait_named(wait.text));
        let (id, shared) = wait.thing.map_or((0, 0), identity);
        let kind = Waiting::ALL.iter().position(|kind| *kind == wait.kind).unwrap_or_default() as u64;
        let second = kind << 8 | shared | u64::from(wait.line) << 32;
        recorder.tell(Code::Blocks, second, id | text << 32, wait.whom.map_or(0, |whom| u64::from(whom) + 1));
        if recorder.tape.is_scarce() {
            recorder.give_up_chunk();
        }
    });
}

pub fn goes_on() {
    with(|recorder| recorder.tell(Code::GoesOn, 0, 0, 0));
}

/// A thing's number, and `SHARED` when it is one for all processes.
fn identity(sync: &Sync) -> (u64, u64) {
    // A side of an rwlock stands for the rwlock.
    let sync = if let Kind::Side(side) = &sync.kind { &side.lock } else { sync };
    match sync.is_there() {
        // Each process numbers what it has found by itself, but it is in one place.
        true => (sync.place() & u64::from(u32::MAX), SHARED),
        false => (u64::from(sync.id), 0),
    }
}

impl Traced {
    /// Whether it need only be counted that it is taken.
    #[inline(always)]
    pub fn counts_acquired(&self, sync: &Sync) -> bool {
        COUNTING.with(|counting| counting.counts(sync, |left| left > 0 && left % 2 == 0))
    }

    pub fn acquired(&self, sync: &Sync) {
        if !self.counts_acquired(sync) {
            self.acquired_told(sync);
        }
    }

    #[cold]
    fn acquired_told(&self, sync: &Sync) {
        with(|recorder| {
            let line = sync.owner().and_then(|owner| owner.holder()).map_or(0, |(_, line)| u64::from(line));
            // What is told now ends the counting.
            let allowed = COUNTING.with(|before| if before.is(sync) { before.allowed.get() } else { 0 });
            let time = self.tell(recorder, sync, Code::Acquires, line << 32, 0);
            if sync.owner().is_some() && !sync.is_there() {
                COUNTING.with(|counting| counting.begin(sync.id, allowed, 0, time));
            }
        });
    }

    /// The same of giving it back: the last time is told.
    #[inline(always)]
    pub fn counts_released(&self, sync: &Sync) -> bool {
        COUNTING.with(|counting| counting.counts(sync, |left| left > 1 && left % 2 == 1))
    }

    pub fn released(&self, sync: &Sync) {
        if !self.counts_released(sync) {
            self.released_told(sync);
        }
    }

    #[cold]
    fn released_told(&self, sync: &Sync) {
        let before = COUNTING.with(|counting| {
            let told = (counting.counted(), counting.held(), counting.since.get(), counting.allowed.get());
            counting.is(sync).then_some(told)
        });
        with(|recorder| {
            let Some((counted, held, since, allowed)) = before else {
                self.tell(recorder, sync, Code::Releases, 0, 0);
                return;
            };
            let time = if held {
                COUNTING.with(Counting::forget);
                self.tell(recorder, sync, Code::Repeats, 0, u64::from(counted))
            } else {
                self.tell(recorder, sync, Code::Releases, 0, 0)
            };
            let each = time.saturating_sub(since) / u64::from(counted.max(1));
            let allowed = if each < recorder.quick { (allowed * 2).clamp(1, MOST) } else { 0 };
            COUNTING.with(|counting| counting.begin(sync.id, allowed, allowed, time));
        });
    }

    pub fn signalled(&self, sync: &Sync) {
        with(|recorder| {
            self.tell(recorder, sync, Code::Signals, 0, 0);
        });
    }

    /// How much it holds now is asked once in each chunk only: those who put would have to fetch what those who get write. In
    /// between it can be counted. `oldest`: values are taken in the order of the puts.
    pub fn put(&self, sync: &Sync, size: impl FnOnce() -> usize, oldest: bool) {
        with(|recorder| {
            let order = if oldest { 0 } else { ANY };
            let room = recorder.chunk.as_ref().is_some_and(|chunk| !chunk.is_full());
            let (sized, size) = match room && recorder.sized == Some(sync.id) {
                true => (0, 0),
                false => (SIZED, size() as u64),
            };
            self.tell(recorder, sync, Code::Puts, order | sized, size);
            recorder.sized = Some(sync.id);
        });
    }

    pub fn got(&self, sync: &Sync) {
        with(|recorder| {
            self.tell(recorder, sync, Code::Gets, 0, 0);
        });
    }

    #[inline(always)]
    fn tell(&self, recorder: &mut Recorder, sync: &Sync, code: Code, second: u64, number: u64) -> u64 {
        let mut name = self.name.load(Ordering::Relaxed);
        if name == 0 {
            name = recorder.tape.name(&label(sync));
            self.name.store(name, Ordering::Relaxed);
        }
        let (id, shared) = identity(sync);
        recorder.tell_at(code, second | shared, id | u64::from(name) << 32, number)
    }
}

impl Recorder {
    fn new(tape: &Arc<Tape>, thread: u32, name: u32) -> Recorder {
        Recorder {
            tape: tape.clone(),
            thread,
            name,
            chunk: None,
            waited: (String::new(), 0),
            sized: None,
            quick: tape.scale().ticks(QUICK),
        }
    }

    /// Where a wait's text is written.
    fn wait_named(&mut self, text: &str) -> u32 {
        if self.waited.1 == 0 || self.waited.0 != text {
            self.waited = (text.to_string(), self.tape.name(text));
        }
        self.waited.1
    }

    #[cold]
    fn tell(&mut self, code: Code, second: u64, third: u64, number: u64) {
        self.tell_at(code, second, third, number);
    }

    /// Tells an event of this moment, after what was counted before; its time.
    #[inline(always)]
    fn tell_at(&mut self, code: Code, second: u64, third: u64, number: u64) -> u64 {
        let time = self.tape.now();
        COUNTING.with(|counting| {
            if counting.thing.get() != 0 {
                if counting.counted() > 0 {
                    self.tell_counted(counting, time);
                }
                counting.forget();
            }
        });
        let second = code as u64 | second;
        if number == 0
            && let Some(chunk) = &mut self.chunk
            && self.tape.write_again(chunk, second, third, time)
        {
            return time;
        }
        self.write([time, second, third, number]);
        time
    }

    /// What was counted of a lock; that it is held, if it is.
    #[cold]
    fn tell_counted(&mut self, counting: &Counting, time: u64) {
        let held = counting.held();
        let whole = counting.counted() - u32::from(held);
        let thing = u64::from(counting.thing.get() - 1);
        if whole > 0 {
            self.write([time, Code::Repeats as u64, thing, u64::from(whole)]);
        }
        if held {
            self.write([time, Code::Acquires as u64, thing, 0]);
        }
    }

    #[inline(always)]
    fn write(&mut self, event: [u64; EVENT]) {
        if let Some(chunk) = &mut self.chunk
            && self.tape.write(chunk, event)
        {
            return;
        }
        self.write_into_next(event);
    }

    #[cold]
    fn write_into_next(&mut self, event: [u64; EVENT]) {
        self.give_up_chunk();
        self.sized = None;
        self.chunk = self.tape.chunk(self.thread, self.name);
        match &mut self.chunk {
            Some(chunk) => {
                self.tape.write(chunk, event);
            }
            None => self.tape.lose_one(event[0]),
        }
    }

    fn give_up_chunk(&mut self) {
        if let Some(chunk) = self.chunk.take() {
            self.tape.done(&chunk);
        }
    }
}
