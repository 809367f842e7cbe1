//! Threads of the system that stand by for pieces of work which need nothing of each other. To start one for each piece of
//! a millisecond would take longer than to do it: where the other core has nothing to do it takes a tenth of that to wake.

mod apart;
mod worth;

use apart::Taken;
use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle, Thread};
use std::time::Instant;
use worth::Worth;

/// So often one looks whether there is something to do, or whether the others are done, before one lets the system wake it:
/// about as long as it takes to be woken. Nobody else gets the core meanwhile: whoever did would keep it for a millisecond
/// or more, and all wait for the last.
const LOOKS: u32 = 3000;

/// Those who stand by. None do until there is work for several.
#[derive(Default)]
pub struct Standby {
    threads: Vec<JoinHandle<()>>,
    gate: Arc<Gate>,
    worth: Worth,
}

/// Where they wait.
#[derive(Default)]
struct Gate {
    /// How many times there has been something to do.
    turn: AtomicUsize,
    /// What, and on which cores it has been begun; None when nothing ever comes again.
    task: Mutex<Option<(Task, Taken)>>,
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
struct Work(*const (dyn Fn() -> usize + Sync));

// SAFETY: what it points to is `Sync`, and whoever sends it waits until nobody uses it any more.
unsafe impl Send for Work {}

impl Standby {
    /// Does each piece of the work, on so many threads. With one, where the system gives no more, and where others would be in
    /// the way, it is done here.
    pub fn each<T: Send>(&mut self, threads: usize, work: &mut [T], one: impl Fn(&mut T) + Sync) {
        if threads.min(work.len()) < 2 || self.worth.is_none() {
            return work.iter_mut().for_each(one);
        }
        self.grow(threads - 1);
        let all = work.len();
        let work = Mutex::new(work.iter_mut());
        let next = || lock(&work).next();
        self.all(all, &|| {
            let mut done = 0;
            while let Some(piece) = next() {
                one(piece);
                done += 1;
            }
            done
        });
    }

    fn grow(&mut self, count: usize) {
        while self.threads.len() < count {
            let (gate, turn) = (self.gate.clone(), self.gate.turn.load(Ordering::Relaxed));
            let Ok(thread) = Builder::new().spawn(move || gate.serve(turn)) else { return };
            self.threads.push(thread);
        }
    }

    /// Does the same on all of them and here; it returns, or panics, when all have done it. `work` gives how many pieces it
    /// has done, of so many.
    fn all(&mut self, pieces: usize, work: &(dyn Fn() -> usize + Sync)) {
        let gate = &*self.gate;
        // SAFETY: only the lifetime is another. Each thread uses it before it has counted itself off `left`, and nobody
        // leaves this function before all have: `Wait` waits for that also where the work panics here.
        let work_for_all = Work(unsafe {
            std::mem::transmute::<
                *const (dyn Fn() -> usize + Sync + '_),
                *const (dyn Fn() -> usize + Sync + 'static),
            >(work)
        });
        gate.left.store(self.threads.len(), Ordering::Relaxed);
        *lock(&gate.panic) = None;
        let mut taken = Taken::default();
        taken.begin();
        *lock(&gate.task) = Some((Task { work: work_for_all, asks: thread::current() }, taken));
        let wait = Wait(gate);
        self.call();
        let began = Instant::now();
        let mine = work();
        let own = began.elapsed();
        drop(wait);
        let whole = began.elapsed();
        if let Some(panic) = lock(&gate.panic).take() {
            resume_unwind(panic);
        }
        self.worth.note((mine, pieces), own, whole);
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
            let Some(Task { work, asks }) = self.begin() else { return };
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

    /// What is to be done; each of those who do it has a core of its own, as far as there are so many.
    fn begin(&self) -> Option<Task> {
        let mut task = lock(&self.task);
        let (task, taken) = task.as_mut()?;
        taken.begin();
        Some(task.clone())
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
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        spin_loop();
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
