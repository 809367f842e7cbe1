//! `--gil`: one thread at a time holds the interpreter, by the rules of CPython's global interpreter lock
//! (`ceval_gil.c`).
//!
//! A thread takes it before its first step and after everything that it has waited for, and gives it up before it
//! waits. Who waits for the lock itself and has not got it within the interval, while nobody else has either, asks for
//! it; the holder meets that at its next safe point or before its next write of something shared, gives it up, and goes
//! on only after another has taken it. So `n += 1` can still be lost: a switch may come between its read and its write.
//!
//! A thread that waits for the lock stands still, as one that is parked does; it can go on, so it is part of no deadlock.
//! In `atomically` the lock is not given up: all others stand still anyway.

use super::RealWorld;
use super::run::{ASK, GIL, Shared};
use super::standing::Here;
use crate::event::Waiting;
use crate::report::gil::{Gil as Report, GilThread};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

pub(super) struct Gil {
    interval: Duration,
    state: Mutex<State>,
    /// Nobody holds it.
    free: Condvar,
    /// Another thread has taken it.
    taken: Condvar,
    /// Of threads that have ended, with their ids.
    ended: Mutex<Vec<(u32, GilThread)>>,
}

#[derive(Default)]
struct State {
    holder: Option<u32>,
    /// Who has held it last.
    last: u32,
    switches: u64,
}

/// What one thread does with the lock, and since when.
pub(super) struct Times {
    now: Cell<Doing>,
    since: Cell<Instant>,
    /// Without the lock, waiting for it, holding it.
    spent: [Cell<Duration>; 3],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Without,
    Waits,
    Holds,
}

impl Times {
    pub fn new() -> Times {
        Times {
            now: Cell::new(Doing::Without),
            since: Cell::new(Instant::now()),
            spent: std::array::from_fn(|_| Cell::new(Duration::ZERO)),
        }
    }

    fn turn(&self, next: Doing) {
        let now = Instant::now();
        let spent = &self.spent[self.now.replace(next) as usize];
        spent.set(spent.get() + now.saturating_duration_since(self.since.replace(now)));
    }
}

impl Gil {
    pub fn new(interval: Duration) -> Gil {
        Gil {
            interval,
            state: Mutex::default(),
            free: Condvar::new(),
            taken: Condvar::new(),
            ended: Mutex::default(),
        }
    }

    /// The run has ended: nobody waits for it any more.
    pub fn tell(&self) {
        let _state = self.state.lock();
        self.free.notify_all();
        self.taken.notify_all();
    }

    /// How it was used.
    pub fn report(&self) -> Report {
        let mut threads = std::mem::take(&mut *self.ended.lock());
        threads.sort_by_key(|(id, _)| *id);
        let threads = threads.into_iter().map(|(_, thread)| thread).collect();
        Report { interval: self.interval, switches: self.state.lock().switches, threads }
    }

    /// `while_waiting` is called now and then. False when the run has ended.
    fn take(
        &self,
        (thread, times): (u32, &Times),
        trap: &AtomicU8,
        stopping: &dyn Fn() -> bool,
        while_waiting: &dyn Fn(),
    ) -> bool {
        let mut state = self.state.lock();
        while state.holder.is_some() {
            if stopping() {
                return false;
            }
            let switches = state.switches;
            let late = self.free.wait_for(&mut state, self.interval).timed_out();
            if late && state.holder.is_some() && state.switches == switches {
                trap.fetch_or(GIL, Ordering::SeqCst);
            }
            MutexGuard::unlocked(&mut state, while_waiting);
        }
        state.holder = Some(thread);
        times.turn(Doing::Holds);
        if state.last != thread {
            state.last = thread;
            state.switches += 1;
        }
        trap.fetch_and(!GIL, Ordering::SeqCst);
        self.taken.notify_all();
        true
    }

    /// When another has asked for it, this waits until another has it.
    fn give_up(&self, (thread, times): (u32, &Times), trap: &AtomicU8, stopping: &dyn Fn() -> bool) {
        let mut state = self.state.lock();
        // As long as nobody else can have it: so no moment is told of two.
        times.turn(Doing::Without);
        if state.holder != Some(thread) {
            return;
        }
        state.holder = None;
        self.free.notify_one();
        while trap.load(Ordering::SeqCst) & GIL != 0 && state.last == thread && !stopping() {
            self.taken.wait_for(&mut state, self.interval);
        }
    }
}

impl Shared {
    pub fn tell_gil(&self) {
        if let Some(gil) = &self.gil {
            gil.tell();
        }
    }
}

impl RealWorld {
    /// Before it takes steps of the script. It stands still.
    pub(super) fn take_gil(&self, here: Here<'_>) {
        let Some(gil) = &self.shared.gil else { return };
        self.gil.turn(Doing::Waits);
        // Whoever gets it at once has not waited.
        let waits = gil.state.lock().holder.is_some();
        if waits {
            self.trace_wait_for(Waiting::Interpreter, "waits for the interpreter");
        }
        let stopping = || self.shared.stopping();
        // Who wants to know where all threads stand must not wait for one that waits.
        let tell = || {
            if self.trap.load(Ordering::SeqCst) & ASK != 0 {
                self.tell_where(here);
                self.shared.hold.tell();
            }
        };
        if !gil.take((self.seat.thread.id, &self.gil), &self.trap, &stopping, &tell) {
            self.gil.turn(Doing::Without);
        }
        if waits {
            self.trace_goes_on();
        }
    }

    /// It stands still from here on.
    pub(super) fn give_up_gil(&self) {
        let Some(gil) = &self.shared.gil else { return };
        gil.give_up((self.seat.thread.id, &self.gil), &self.trap, &|| self.shared.stopping());
    }

    /// A safe point: another thread has asked for the lock.
    #[cold]
    pub(super) fn pass_gil(&self, here: Here<'_>) {
        if self.shared.gil.is_none() || self.shared.hold.is_held_by(self.seat.thread.id) {
            return;
        }
        self.keep_still();
        self.move_again(here);
    }

    /// The thread has ended.
    pub(super) fn leave_gil(&self) {
        let Some(gil) = &self.shared.gil else { return };
        self.give_up_gil();
        let [without, waited, held] = [0, 1, 2].map(|doing: usize| self.gil.spent[doing].get());
        let name = self.seat.thread.name().to_string();
        gil.ended.lock().push((self.seat.thread.id, GilThread { name, held, waited, without }));
    }
}
