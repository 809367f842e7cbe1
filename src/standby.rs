//! Threads of the system that stand by for pieces of work which need nothing of each other. To start one for each piece of
//! a millisecond would take longer than to do it: where the other core has nothing to do it takes a tenth of that to wake.

use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle, Thread};

/// So often one looks whether there is something to do, or whether the others are done, before one lets the system wake it:
/// about as long as it takes to be woken. Every so many times others may have the core.
const LOOKS: u32 = 3000;
const LOOKS_IN_A_ROW: u32 = 100;

/// Those who stand by. None do until there is work for several.
#[derive(Default)]
pub struct Standby {
    threads: Vec<JoinHandle<()>>,
    gate: Arc<Gate>,
}

/// Where they wait.
#[derive(Default)]
struct Gate {
    /// How many times there has been something to do.
    turn: AtomicUsize,
    /// What; None when nothing ever comes again.
    task: Mutex<Option<Task>>,
    /// So many have not done it yet.
    left: AtomicUsize,
    /// What the first of them has panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// What is to be done, and who waits for its end.
#[derive(Clone)]
struct Task {
    work: Work,
    asks: Thread,
}

/// Lives as long as somebody has it to do: see `Standby::all`.
#[derive(Clone, Copy)]
struct Work(*const (dyn Fn() + Sync));

// SAFETY: what it points to is `Sync`, and whoever sends it waits until nobody uses it any more.
unsafe impl Send for Work {}

impl Standby {
    /// Does each piece of the work, on so many threads. With one, and where the system gives no more, it is done here.
    pub fn each<T: Send>(&mut self, threads: usize, work: &mut [T], one: impl Fn(&mut T) + Sync) {
        if threads.min(work.len()) < 2 {
            return work.iter_mut().for_each(one);
        }
        self.grow(threads - 1);
        let work = Mutex::new(work.iter_mut());
        let next = || lock(&work).next();
        self.all(&|| {
            while let Some(piece) = next() {
                one(piece);
            }
        });
    }

    fn grow(&mut self, count: usize) {
        while self.threads.len() < count {
            let (gate, turn) = (self.gate.clone(), self.gate.turn.load(Ordering::Relaxed));
            let Ok(thread) = Builder::new().spawn(move || gate.serve(turn)) else { return };
            self.threads.push(thread);
        }
    }

    /// Does the same on all of them and here; it returns, or panics, when all have done it.
    fn all(&mut self, work: &(dyn Fn() + Sync)) {
        let gate = &*self.gate;
        // SAFETY: only the lifetime is another. Each thread uses it before it has counted itself off `left`, and nobody
        // leaves this function before all have: `Wait` waits for that also where the work panics here.
        let work_for_all = Work(unsafe {
            std::mem::transmute::<*const (dyn Fn() + Sync + '_), *const (dyn Fn() + Sync + 'static)>(work)
        });
        gate.left.store(self.threads.len(), Ordering::Relaxed);
        *lock(&gate.panic) = None;
        *lock(&gate.task) = Some(Task { work: work_for_all, asks: thread::current() });
        let wait = Wait(gate);
        self.call();
        work();
        drop(wait);
        if let Some(panic) = lock(&gate.panic).take() {
            resume_unwind(panic);
        }
    }

    fn call(&self) {
        self.gate.turn.fetch_add(1, Ordering::Release);
        self.threads.iter().for_each(|thread| thread.thread().unpark());
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        *lock(&self.gate.task) = None;
        self.call();
        for thread in self.threads.drain(..) {
            // Nothing in it panics but work, and that has been told.
            let _ = thread.join();
        }
    }
}

impl Gate {
    /// Does what comes after this turn, until nothing comes any more.
    fn serve(&self, mut turn: usize) {
        loop {
            wait_until(|| self.turn.load(Ordering::Acquire) != turn);
            turn = self.turn.load(Ordering::Acquire);
            let Some(Task { work, asks }) = lock(&self.task).clone() else { return };
            // SAFETY: this thread has not counted itself off `left`, so `all` has not returned, and its work lives.
            let done = catch_unwind(AssertUnwindSafe(|| unsafe { (*work.0)() }));
            if let Err(panic) = done {
                lock(&self.panic).get_or_insert(panic);
            }
            if self.left.fetch_sub(1, Ordering::Release) == 1 {
                asks.unpark();
            }
        }
    }
}

/// Waits until all others are done, when it is dropped.
struct Wait<'g>(&'g Gate);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        wait_until(|| self.0.left.load(Ordering::Acquire) == 0);
    }
}

/// Whoever makes it so unparks this thread afterwards.
fn wait_until(is_so: impl Fn() -> bool) {
    for look in 1..LOOKS {
        if is_so() {
            return;
        }
        if look.is_multiple_of(LOOKS_IN_A_ROW) { thread::yield_now() } else { spin_loop() }
    }
    while !is_so() {
        thread::park();
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_piece_is_done_once() {
        for threads in 0..4 {
            let mut standby = Standby::default();
            for count in 0..20 {
                let mut work: Vec<u32> = (0..count).collect();
                standby.each(threads, &mut work, |piece| *piece += 10);
                assert_eq!(work, (10..10 + count).collect::<Vec<_>>());
            }
        }
    }

    /// Whether it stands by already, has been waiting for long, or has not come to its wait yet.
    #[test]
    fn whoever_stands_by_is_woken() {
        let mut standby = Standby::default();
        for pause in [0, 0, 20, 0, 0, 3, 0] {
            thread::sleep(Duration::from_millis(pause));
            let work = &mut [1, 2, 3];
            standby.each(3, work, |piece| *piece *= 2);
            assert_eq!(work, &[2, 4, 6]);
        }
    }

    #[test]
    fn what_panics_in_a_piece_is_not_lost_and_others_go_on_later() {
        let mut standby = Standby::default();
        for bad in 0..8 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                standby
                    .each(2, &mut [0, 1, 2, 3, 4, 5, 6, 7], |piece| assert!(*piece != bad, "not this one"));
            }));
            assert!(panicked.is_err());
            let mut work = [1; 8];
            standby.each(2, &mut work, |piece| *piece = 2);
            assert_eq!(work, [2; 8]);
        }
    }
}
