//! Stop-the-world: one thread takes steps while all others stand still, for `atomically`; or nobody does, for who
//! looks at what all of them hold (`knot`).
//!
//! A thread is *still* when it is parked, reads, has not begun, or has met the flag at a safe point. It says
//! so in its seat and then looks at the flag; the holder sets the flag and then looks at the seats. So either
//! the thread meets the flag, or the holder waits for it. For `knot` each has to tell where it stands, too.

use super::run::{ASK, GIL, HOLD, STOP, Shared};
use super::standing::Here;
use super::threads::Table;
use super::{RealWorld, wake_notified};
use crate::machine::Stopped;
use crate::report::runtime::Left;
use crate::sync::thread::Thread;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the holder looks at the others before it sleeps: most stand still in less than a microsecond.
const LOOKS: u32 = 200;

/// The number of no thread: nobody takes steps.
const NOBODY: u32 = 0;

#[derive(Default)]
pub(super) struct Hold {
    holder: Mutex<Option<Holder>>,
    /// Somebody who is no thread of the script waits to hold all: no thread begins to, or it might wait for ever behind
    /// threads that hold again and again. Written with the mutex.
    wanted: AtomicBool,
    /// For the holder: a thread has become still, or the run has ended.
    one_still: Condvar,
    /// For those held: the hold is over, or the run has ended.
    over: Condvar,
}

struct Holder {
    thread: u32,
    /// How many times it has begun and not ended.
    depth: u32,
}

type Guard<'a> = MutexGuard<'a, Option<Holder>>;

impl Hold {
    /// Something has happened that a holder or those held may wait for.
    pub fn tell(&self) {
        // With the mutex, so that nobody misses it between looking and sleeping.
        let _holder = self.holder.lock();
        self.one_still.notify_all();
        self.over.notify_all();
    }

    pub fn is_held_by(&self, thread: u32) -> bool {
        is(&self.holder.lock(), thread)
    }

    pub fn release(&self, shared: &Shared, thread: u32) {
        let mut holder = self.holder.lock();
        if let Some(held) = &mut *holder
            && held.thread == thread
        {
            held.depth -= 1;
            if held.depth == 0 {
                self.let_go(shared, &mut holder);
            }
        }
    }

    /// However often the thread has begun: it ends.
    pub fn release_all(&self, shared: &Shared, thread: u32) {
        if shared.trap.load(Ordering::SeqCst) & HOLD != 0 {
            let mut holder = self.holder.lock();
            if is(&holder, thread) {
                self.let_go(shared, &mut holder);
            }
        }
    }

    fn let_go(&self, shared: &Shared, holder: &mut Guard<'_>) {
        **holder = None;
        shared.trap.fetch_and(!(HOLD | ASK), Ordering::SeqCst);
        self.over.notify_all();
    }
}

fn is(holder: &Guard<'_>, thread: u32) -> bool {
    holder.as_ref().is_some_and(|holder| holder.thread == thread)
}

impl Shared {
    fn others_still(&self, thread: u32) -> bool {
        let table = self.table.lock();
        table.seats.iter().all(|(id, seat)| *id == thread || seat.still.load(Ordering::SeqCst))
    }

    /// Looks at the table while every thread stands still and has told where. None if they did not come to that in
    /// that time, in which all are kept waiting, or a thread holds all others itself.
    pub(super) fn while_all_stand<T>(&self, patience: Duration, look: impl FnOnce(&Table) -> T) -> Option<T> {
        let mut holder = self.hold.holder.lock();
        if holder.is_some() || self.stopping() {
            return None;
        }
        *holder = Some(Holder { thread: NOBODY, depth: 1 });
        self.trap.fetch_or(HOLD | ASK, Ordering::SeqCst);
        // Those that stand since an earlier hold, and those that are parked, look at the flag again.
        self.hold.over.notify_all();
        self.table.lock().seats.values().for_each(|seat| seat.waiter.nudge());
        let until = Instant::now() + patience;
        let mut told = self.all_have_told();
        while !told && !self.stopping() {
            let late = self.hold.one_still.wait_until(&mut holder, until).timed_out();
            told = self.all_have_told();
            if late {
                break;
            }
        }
        // No seat is taken or left meanwhile by a thread that takes steps.
        let answer = (told && !self.stopping()).then(|| look(&self.table.lock()));
        self.hold.let_go(self, &mut holder);
        answer
    }

    /// Does something while no thread of the script takes a step. None when the run has ended.
    pub(super) fn while_nobody_moves<T>(&self, act: impl FnOnce(&Table) -> T) -> Option<T> {
        let mut holder = self.hold.holder.lock();
        self.hold.wanted.store(true, Ordering::SeqCst);
        while holder.is_some() && !self.stopping() {
            self.hold.over.wait(&mut holder);
        }
        self.hold.wanted.store(false, Ordering::SeqCst);
        if self.stopping() {
            return None;
        }
        *holder = Some(Holder { thread: NOBODY, depth: 1 });
        self.trap.fetch_or(HOLD, Ordering::SeqCst);
        while !self.others_still(NOBODY) && !self.stopping() {
            self.hold.one_still.wait(&mut holder);
        }
        let answer = (!self.stopping()).then(|| act(&self.table.lock()));
        self.hold.let_go(self, &mut holder);
        answer
    }

    fn all_have_told(&self) -> bool {
        let table = self.table.lock();
        table.seats.values().all(|seat| seat.still.load(Ordering::SeqCst) && seat.has_told())
    }

    /// A thread stops because the run has ended.
    pub(super) fn stopped_here(&self, thread: &Thread, doing: &str, line: u32) {
        if self.things.idles(thread.id) {
            return;
        }
        let holds = self.things.labels_held_by(thread);
        let left = Left { thread: thread.name(), doing: doing.into(), line, holds };
        self.left.lock().push((thread.id, left));
    }
}

impl RealWorld {
    /// A safe point: stays here while another thread holds this one.
    pub(super) fn stand(&mut self, here: Here<'_>, line: &dyn Fn() -> u32) -> Result<(), Stopped> {
        if self.after {
            return self.stand_after();
        }
        let trap = self.shared.trap.load(Ordering::SeqCst);
        if trap & HOLD != 0 && trap & STOP == 0 {
            self.wait_until_let_go(here);
        }
        if trap & GIL != 0 && trap & STOP == 0 {
            self.pass_gil(here);
        }
        match self.shared.stopping() {
            true => {
                self.shared.stopped_here(&self.seat.thread, "runs", line());
                Err(Stopped)
            }
            false => Ok(()),
        }
    }

    pub(super) fn hold(&mut self, here: Here<'_>, line: &dyn Fn() -> u32) -> Result<(), Stopped> {
        if !self.take_hold(here) {
            return self.stand(here, line);
        }
        Ok(())
    }

    /// False when the run has ended.
    pub(super) fn take_hold(&mut self, here: Here<'_>) -> bool {
        let shared = &self.shared;
        let id = self.seat.thread.id;
        let mut holder = shared.hold.holder.lock();
        loop {
            if shared.stopping() {
                return false;
            }
            match &mut *holder {
                None if !shared.hold.wanted.load(Ordering::SeqCst) => break,
                Some(held) if held.thread == id => {
                    held.depth += 1;
                    return true;
                }
                Some(_) | None => self.stay(&mut holder, here),
            }
        }
        *holder = Some(Holder { thread: id, depth: 1 });
        shared.trap.fetch_or(HOLD, Ordering::SeqCst);
        for _ in 0..LOOKS {
            if shared.others_still(id) {
                return true;
            }
            std::hint::spin_loop();
        }
        while !shared.others_still(id) {
            if shared.stopping() {
                shared.hold.let_go(shared, &mut holder);
                return false;
            }
            shared.hold.one_still.wait(&mut holder);
        }
        true
    }

    /// Stands still until nobody holds. The mutex keeps the next hold from beginning until it moves again.
    fn stay(&self, holder: &mut Guard<'_>, here: Here<'_>) {
        self.seat.still.store(true, Ordering::SeqCst);
        let hold = &self.shared.hold;
        let held = |holder: &Guard<'_>| holder.is_some() || hold.wanted.load(Ordering::SeqCst);
        while held(holder) && !self.shared.stopping() {
            self.tell_where(here);
            self.shared.hold.one_still.notify_all();
            self.shared.hold.over.wait(holder);
        }
        self.seat.still.store(false, Ordering::SeqCst);
        self.no_longer_there();
    }

    #[cold]
    fn wait_until_let_go(&self, here: Here<'_>) {
        let mut holder = self.shared.hold.holder.lock();
        if !is(&holder, self.seat.thread.id) {
            self.stay(&mut holder, here);
        }
    }

    /// The thread takes no step of the script from here to `move_again`.
    pub(super) fn keep_still(&self) {
        // Whoever it has notified is no longer waiting for a moment only.
        self.notified.take().iter().for_each(|lock| wake_notified(lock));
        self.seat.still.store(true, Ordering::SeqCst);
        if self.shared.trap.load(Ordering::SeqCst) & HOLD != 0 {
            self.shared.hold.tell();
        }
        self.give_up_gil();
    }

    /// It may take steps again, when nobody holds it.
    pub(super) fn move_again(&self, here: Here<'_>) {
        self.take_gil(here);
        self.seat.still.store(false, Ordering::SeqCst);
        if self.shared.trap.load(Ordering::SeqCst) & HOLD != 0 {
            self.wait_until_let_go(here);
        }
        self.no_longer_there();
    }
}
