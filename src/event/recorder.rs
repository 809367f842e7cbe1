//! One thread's way to the tape: found through the OS thread, as operations on things to wait for have no way to the world.

mod traced;

pub use traced::Traced;

use super::counting::{self, Counted};
use super::deeds;
use super::tape::{Chunk, EVENT, Tape};
use super::{Waiting, breath};
use crate::sync::Sync;
use crate::sync::process::Process;
use crate::sync::thread::Thread;
use std::cell::RefCell;
use std::sync::Arc;

/// Nanoseconds.
const QUICK: u64 = 2_000;

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

/// In an event's second word: its kind.
pub(super) const CODE: u64 = 0xff;
/// The thing is one for all processes.
pub(super) const SHARED: u64 = 1 << 16;

/// A value is put that is not taken in the order of the puts.
pub(super) const ANY: u64 = 1 << 18;
/// The number is how much the queue holds.
pub(super) const SIZED: u64 = 1 << 19;
/// The number is that of a process.
pub(super) const PROCESS: u64 = 1 << 17;

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

struct Recorder {
    tape: Arc<Tape>,
    thread: u32,
    /// Where its name is.
    name: u32,
    chunk: Option<Chunk>,
    /// What it waited for last, and where that is: most often it waits for the same again.
    waited: (String, u32),
    /// When its latest event was, and which it was, but for its number.
    latest: (u64, u64, u64),
    /// The queue of which the last put in this chunk, if there was any, has told how much it holds, or need not tell it.
    sized: Option<u32>,
    /// `QUICK`, in ticks: what is done again within that is counted (`counting`, `breath`).
    quick: u64,
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
    counting::end();
    breath::end();
    RECORDER.set(Some(Recorder::new(tape, thread, name)));
    with(|recorder| recorder.tell(Code::Begins, 0, 0, 0));
}

/// It has ended, by an error or not; None: it has stopped where it stood, since the run has ended.
pub fn end(failed: Option<bool>) {
    with(|recorder| {
        if let Some(failed) = failed {
            recorder.tell(if failed { Code::Fails } else { Code::Ends }, 0, 0, 0);
        }
        recorder.moment();
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
    deeds::joins(thread);
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
        let (id, shared) = wait.thing.map_or((0, 0), traced::identity);
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

impl Recorder {
    fn new(tape: &Arc<Tape>, thread: u32, name: u32) -> Recorder {
        Recorder {
            tape: tape.clone(),
            thread,
            name,
            chunk: None,
            waited: (String::new(), 0),
            latest: (0, 0, 0),
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
        let time = self.moment();
        self.tell_at(code, time, (second, third, number));
    }

    /// The time. What was counted before has been told.
    #[inline]
    fn moment(&mut self) -> u64 {
        let time = self.tape.now();
        if let Some(counted) = counting::end()
            && counted.times > 0
        {
            self.tell_counted(&counted, time);
        }
        let (again, at_once) = breath::end();
        if again > 0 {
            self.tell_again(again.into(), at_once, time);
        }
        time
    }

    /// The latest event has come again so often since, in one breath. `at_once`: and the thread has done nothing else.
    #[inline(never)]
    fn tell_again(&mut self, times: u64, at_once: bool, now: u64) {
        let (latest, second, third) = self.latest;
        let passed = now.saturating_sub(latest);
        let gets = second & CODE == Code::Gets as u64;
        let (from, each) = match passed < self.quick {
            true => (latest, passed / (times + 1)),
            false if gets && at_once => (now, 0),
            false => (latest, 0),
        };
        (1..=times).for_each(|number| self.write_again(from + number * each, second, third));
    }

    #[inline(always)]
    fn tell_at(&mut self, code: Code, time: u64, (second, third, number): (u64, u64, u64)) {
        let second = code as u64 | second;
        self.latest = (time, second & !SIZED, third);
        match number {
            0 => self.write_again(time, second, third),
            number => self.write([time, second, third, number]),
        }
    }

    /// An event without a number, which may be the latest one again.
    #[inline(always)]
    fn write_again(&mut self, time: u64, second: u64, third: u64) {
        if let Some(chunk) = &mut self.chunk
            && self.tape.write_again(chunk, second, third, time)
        {
            return;
        }
        self.write([time, second, third, 0]);
    }

    /// What was counted of a lock; that it is held, if it is.
    #[cold]
    fn tell_counted(&mut self, counted: &Counted, time: u64) {
        let whole = counted.times - u32::from(counted.held);
        if whole > 0 {
            self.write([time, Code::Repeats as u64, counted.lock.into(), whole.into()]);
        }
        if counted.held {
            self.write([time, Code::Acquires as u64, counted.lock.into(), 0]);
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

#[cfg(test)]
mod tests {
    use super::super::{What, collect::collect};
    use super::*;
    use crate::sync::Kind;
    use crate::sync::queue::{Order, Queue};
    use std::thread::sleep;
    use std::time::Duration;

    /// The times of a thing's puts, or gets, that a thread does while the system lets others run in the middle, or while it
    /// does something else there.
    fn times(gets: bool, away: bool) -> Vec<u64> {
        let tape = Arc::new(Tape::new(true).expect("there is memory"));
        let sync = Sync::new(1, 1, Kind::Queue(Queue::new(Some(64), Order::Fifo)));
        let traced = Traced::new(false);
        let does = || if gets { traced.got(&sync) } else { traced.put(&sync, || 1, true) };
        begin(&tape, 1, "main");
        does();
        does();
        if away {
            breath::goes_away();
        }
        sleep(Duration::from_millis(2));
        (0..3).for_each(|_| does());
        end(Some(false));
        let log = collect(&tape);
        let does = |what: &What| matches!(what, What::Puts { .. } | What::Gets(_));
        log.events.iter().filter(|event| does(&event.what)).map(|event| event.time).collect()
    }

    #[test]
    fn no_get_seems_to_come_before_its_put() {
        let [puts, gets] = [false, true].map(|gets| times(gets, false));
        assert!(puts.len() == 5 && puts[1..4].iter().all(|time| *time == puts[0]), "early: {puts:?}");
        assert!(gets.len() == 5 && gets[1..4].iter().all(|time| *time == gets[4]), "late: {gets:?}");
        for gets in [false, true] {
            let times = times(gets, true);
            assert_eq!(times.len(), 5);
            assert!(times[1] == times[0] && times[2] > times[1] + 2_000_000, "before it was away: {times:?}");
        }
    }
}
