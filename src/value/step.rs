//! The lock that makes one operation on a variable or a container one step.
//!
//! It is held for a few instructions and never while anything waits, so whoever finds it taken looks again, and
//! after a while lets others run first. Not at once: two threads that use one value all the time get more done when one
//! stands back for some of the other's steps, than when their cores fetch the value from each other for each.
//!
//! Measured: taking and releasing it costs half of what a lock costs that can park (one locked instruction instead of
//! two), and every read of a shared variable pays it.
//!
//! # Sequential consistency
//!
//! Taking is a compare-and-exchange, a full barrier. Releasing is a plain store: it may become visible late, but
//! until then everybody else finds the lock taken, and waits for it. So two steps of one thread are never seen the
//! other way round by the steps of another.
//!
//! # While a script has one thread only
//!
//! A locked instruction also keeps the processor from going on to the next element while the memory brings this one:
//! it was 40% of the time of a loop that goes through a long list. An OS thread that is `alone` (it runs the only
//! thread of its script) takes the lock with a plain load and a plain store. This is sound, because
//!
//! - nobody else takes or releases any lock that it takes, from the beginning of `alone` on until it calls `share`: a
//!   value that it can reach is reached by nobody else before it has started a second thread, and it calls `share`
//!   before. So between its load and its store nobody can come, and what it reads nobody writes;
//! - what was done to the values before came with the start of the OS thread that is alone, and what it has done
//!   itself goes with the start of the second one: both are "happens before";
//! - the lock's word is true while the lock is held, however it was taken. A guard that is alive when `share` is called
//!   keeps everybody else out as any other does, and releasing is the same for both.
//!
//! Each OS thread has a mark of its own, and it is not set unless `alone` says so: several runs in one process know
//! nothing of each other, and whoever else touches a value (the thread that attends a run, a test) locks in full.

use crate::race::shadow;
use parking_lot::lock_api;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Does something that takes locks without a locked instruction until it calls `share`, or ends.
///
/// # Safety
/// Until this thread calls `share`, or `body` has returned, no other OS thread takes, holds or releases the lock of a
/// `Stepped` that `body` takes, or that it gives away. Whoever does so later does it after something that this thread
/// has done since (starting that thread, sending to it, releasing a mutex).
pub unsafe fn alone<R>(body: impl FnOnce() -> R) -> R {
    struct Share;
    impl Drop for Share {
        fn drop(&mut self) {
            share();
        }
    }
    let _share = Share;
    ALONE.set(true);
    body()
}

/// Whether this thread takes them so. What else takes a locked instruction for the sake of other threads of the script, and
/// of nobody else, can do without by the same argument (`sync::owner`).
#[inline(always)]
pub fn is_alone() -> bool {
    ALONE.get()
}

/// From here on this thread locks in full: to be called before another thread can come to its values.
pub fn share() {
    ALONE.set(false);
}

/// A value that is read and written under a step's lock.
pub type Stepped<T> = lock_api::Mutex<Step, T>;
pub type StepGuard<'a, T> = lock_api::MutexGuard<'a, Step, T>;

/// Beside the lock's own byte are bytes that a value's alignment leaves unused: there is a mark for whoever owns the value
/// (`value::cell`), and the number of the value's shadow, where races are looked for; else 0.
#[derive(Debug)]
pub struct Step {
    taken: AtomicBool,
    mark: AtomicBool,
    shadow: AtomicU32,
}

/// The place for a mark, which means what the value's owner says.
#[inline(always)]
pub(crate) fn mark_of<T>(stepped: &Stepped<T>) -> &AtomicBool {
    // SAFETY: only the mark is given away; nothing can be unlocked by it.
    unsafe { &stepped.raw().mark }
}

/// The place for the number of a value's shadow.
#[inline(always)]
pub fn shadow_of<T>(stepped: &Stepped<T>) -> &AtomicU32 {
    // SAFETY: only the number is given away; nothing can be unlocked by it.
    unsafe { &stepped.raw().shadow }
}

impl Drop for Step {
    #[inline]
    fn drop(&mut self) {
        let number = *self.shadow.get_mut();
        if number != 0 {
            shadow::forget(number);
        }
    }
}

/// How many turns it pauses before it looks again, at first; and after how many it lets others run.
const PAUSE: u32 = 16;
const LONGEST: u32 = 64;

/// Takes it when it is free again.
#[cold]
fn lock_taken(taken: &AtomicBool) {
    let mut pause = PAUSE;
    loop {
        (0..pause.min(LONGEST)).for_each(|_| std::hint::spin_loop());
        if !taken.load(Ordering::Relaxed)
            && taken.compare_exchange_weak(false, true, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        {
            return;
        }
        if pause > LONGEST {
            std::thread::yield_now();
        } else {
            pause *= 2;
        }
    }
}

/// The same lock for what is no value, of which others know than the threads of the script: who watches a run looks at it,
/// also while the script has one thread only. So it is always taken by a locked instruction.
pub type Brief<T> = lock_api::Mutex<Taken, T>;
pub type BriefGuard<'a, T> = lock_api::MutexGuard<'a, Taken, T>;

#[derive(Debug)]
pub struct Taken(AtomicBool);

// SAFETY: `lock` and `try_lock` return only after this thread has changed `false` to `true` by an exchange, which only one
// can do until `unlock` stores `false`; the exchange acquires what the store releases.
unsafe impl lock_api::RawMutex for Taken {
    const INIT: Taken = Taken(AtomicBool::new(false));

    type Guard = lock_api::GuardNoSend;

    #[inline(always)]
    fn lock(&self) -> lock_api::GuardNoSend {
        match self.try_lock() {
            Some(guard) => guard,
            None => {
                lock_taken(&self.0);
                lock_api::GuardNoSend::new()
            }
        }
    }

    #[inline(always)]
    fn try_lock(&self) -> Option<lock_api::GuardNoSend> {
        let taken = self.0.compare_exchange(false, true, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        taken.then(lock_api::GuardNoSend::new)
    }

    #[inline(always)]
    unsafe fn unlock(&self, _: lock_api::GuardNoSend) {
        self.0.store(false, Ordering::Release);
    }

    #[inline(always)]
    fn is_locked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Step {
    /// Takes it if it is free.
    #[inline(always)]
    fn take(&self) -> bool {
        if ALONE.get() {
            let free = !self.taken.load(Ordering::Relaxed);
            self.taken.store(true, Ordering::Relaxed);
            free
        } else {
            self.taken.compare_exchange(false, true, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        }
    }
}

// SAFETY: `lock` and `try_lock` return only after this thread has changed `false` to `true`, which only one can do
// until `unlock` stores `false`; the exchange acquires what the store releases. For a thread that is alone the change
// is as good as one step: by the contract of `alone` nobody else looks at the word meanwhile, and what has been
// released by others before comes with a "happens before" of its own.
unsafe impl lock_api::RawMutex for Step {
    const INIT: Step =
        Step { taken: AtomicBool::new(false), mark: AtomicBool::new(false), shadow: AtomicU32::new(0) };

    type Guard = lock_api::GuardSend;

    #[inline(always)]
    fn lock(&self) -> lock_api::GuardSend {
        if !self.take() {
            lock_taken(&self.taken);
        }
        lock_api::GuardSend::new()
    }

    #[inline(always)]
    fn try_lock(&self) -> Option<lock_api::GuardSend> {
        self.take().then(lock_api::GuardSend::new)
    }

    #[inline(always)]
    unsafe fn unlock(&self, _: lock_api::GuardSend) {
        self.taken.store(false, Ordering::Release);
    }

    /// In one order with all takings: who finds it free is before whoever takes it next.
    #[inline(always)]
    fn is_locked(&self) -> bool {
        self.taken.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn nothing_is_lost_under_it() {
        loses_nothing(Stepped::new(0));
        loses_nothing(Brief::new(0));
        let brief = Brief::new(0);
        let _taken = brief.lock();
        // SAFETY: the lock is none of those that are taken otherwise.
        unsafe { alone(|| assert!(brief.try_lock().is_none())) };
    }

    fn loses_nothing<R: lock_api::RawMutex + Send + Sync + 'static>(count: lock_api::Mutex<R, usize>) {
        let rounds = if cfg!(miri) { 50 } else { 20_000 };
        let count = Arc::new(count);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let count = count.clone();
                std::thread::spawn(move || (0..rounds).for_each(|_| *count.lock() += 1))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("it only counts"));
        assert_eq!(*count.lock(), 4 * rounds);
    }

    /// The way of a script: alone at first, then with others, and with a guard from before.
    #[test]
    fn nothing_is_lost_when_others_come() {
        let rounds = if cfg!(miri) { 50 } else { 20_000 };
        let count = Arc::new(Stepped::new(0));
        let others = AtomicBool::new(false);
        let body = || {
            (0..rounds).for_each(|_| *count.lock() += 1);
            let mut before = count.lock();
            assert!(count.try_lock().is_none(), "it is taken, and known to be");
            share();
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let count = count.clone();
                    std::thread::spawn(move || {
                        assert!(*count.lock() > rounds);
                        (0..rounds).for_each(|_| *count.lock() += 1);
                    })
                })
                .collect();
            std::thread::yield_now();
            *before += 1;
            drop(before);
            (1..rounds).for_each(|_| *count.lock() += 1);
            threads.into_iter().for_each(|thread| thread.join().expect("it only counts"));
            others.store(true, Ordering::Relaxed);
        };
        // SAFETY: nobody else has `count` before `share` is called.
        unsafe { alone(body) };
        assert!(others.into_inner());
        assert_eq!(*count.lock(), 5 * rounds);
    }

    /// What is alone is one OS thread, and only while its body runs.
    #[test]
    fn each_thread_is_alone_for_itself() {
        let begun = ALONE.get();
        // SAFETY: no lock is taken.
        let inside = unsafe {
            alone(|| {
                let elsewhere = std::thread::spawn(|| ALONE.get()).join().expect("it only looks");
                (ALONE.get(), elsewhere)
            })
        };
        assert_eq!((begun, inside, ALONE.get()), (false, (true, false), false));
        // SAFETY: no lock is taken.
        let failed = std::panic::catch_unwind(|| unsafe { alone(|| panic!("a failing body")) });
        assert!(failed.is_err() && !ALONE.get());
    }

    /// Peterson's and Dekker's locks rest on this: of two threads that each write one variable and read the other,
    /// one at least sees the other's write.
    #[test]
    fn steps_are_sequentially_consistent() {
        let rounds = if cfg!(miri) { 20 } else { 20_000 };
        for _ in 0..rounds {
            let cells = Arc::new([Stepped::new(0), Stepped::new(0)]);
            let other = cells.clone();
            let thread = std::thread::spawn(move || {
                *other[0].lock() = 1;
                *other[1].lock()
            });
            *cells[1].lock() = 1;
            let mine = *cells[0].lock();
            assert!(mine + thread.join().expect("it only reads") > 0);
        }
    }
}
