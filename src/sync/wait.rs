//! Where threads of the real world wait: a queue of waiters in each thing to wait for.
//!
//! In the simulated world the queues stay empty, and waking costs one load. How long to spin and when to park
//! is not decided here but in `world::real`; what makes an operation possible is the thing's own matter.
//!
//! # Why no wake-up is lost
//!
//! A waiter registers, and only then asks whether its operation is possible now. Whoever changes a thing makes
//! the change, and only then looks for waiters. Both steps touch the thing's state under its mutex (or by
//! sequentially consistent operations), so one comes first. If the change does, the waiter sees it. If the
//! question does, the waiter had registered before, and the changer finds it.
//!
//! A wake-up is a message: "what you wait for may be possible". The changer takes the waiter out of the queue
//! when it gives it one. So a waiter that leaves a queue and is not in it any more knows that it was given a
//! wake-up there: it must ask again after that, or pass the wake-up on.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicIsize, AtomicU8, AtomicU32, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Instant;

#[derive(Debug, Default)]
pub struct WaitQueue {
    /// How many waiters there are; written under the mutex.
    count: AtomicU32,
    waiters: Mutex<VecDeque<Arc<Waiter>>>,
}

impl WaitQueue {
    pub fn new() -> WaitQueue {
        WaitQueue::default()
    }

    /// Wakes the waiter that has waited longest, if there is one. Call it after the change, never before.
    #[inline]
    pub fn wake_one(&self) {
        self.wake(1);
    }

    #[inline]
    pub fn wake_all(&self) {
        self.wake(usize::MAX);
    }

    /// Wakes at most `n` waiters.
    #[inline]
    pub fn wake(&self, n: usize) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.wake_some(n);
        }
    }

    #[cold]
    fn wake_some(&self, n: usize) {
        // Woken outside the mutex, which those woken may want at once.
        if n == 1 {
            let first = self.change(VecDeque::pop_front);
            if let Some(waiter) = first {
                waiter.wake();
            }
        } else {
            let woken = self.change(|waiters| {
                let rest = waiters.split_off(n.min(waiters.len()));
                std::mem::replace(waiters, rest)
            });
            for waiter in woken {
                waiter.wake();
            }
        }
    }

    /// Joins the queue, at its end. The waiter must ask after this whether it still has to wait.
    pub(crate) fn register(&self, waiter: &Arc<Waiter>) {
        self.change(|waiters| waiters.push_back(waiter.clone()));
        fence(Ordering::SeqCst);
    }

    /// Leaves the queue: whether the waiter was still in it, which means that it was given no wake-up here.
    pub(crate) fn leave(&self, waiter: &Arc<Waiter>) -> bool {
        // Alone in most queues, and most waiters leave because they were woken.
        if self.count.load(Ordering::SeqCst) == 0 {
            return false;
        }
        self.change(|waiters| match waiters.iter().position(|other| Arc::ptr_eq(other, waiter)) {
            Some(place) => waiters.remove(place).is_some(),
            None => false,
        })
    }

    fn change<T>(&self, act: impl FnOnce(&mut VecDeque<Arc<Waiter>>) -> T) -> T {
        let mut waiters = self.waiters.lock();
        let answer = act(&mut waiters);
        self.count.store(waiters.len() as u32, Ordering::SeqCst);
        answer
    }
}

/// What one thread waits with; used again for each of its waits.
#[derive(Debug)]
pub struct Waiter {
    state: AtomicU8,
    /// Known when it first parks.
    os_thread: OnceLock<Thread>,
    /// How many threads of the run can go on by themselves: a waker counts the thread before it can block itself.
    awake: Arc<AtomicIsize>,
}

/// Not woken, and looking: to wake it needs no system call.
const WATCHING: u8 = 0;
/// Parked until it is woken, and not counted as awake.
const PARKED: u8 = 1;
/// Parked, but something outside the program (time, input) will end it too: still counted as awake.
const DOZING: u8 = 2;
const WOKEN: u8 = 3;

impl Waiter {
    pub(crate) fn new(awake: Arc<AtomicIsize>) -> Waiter {
        Waiter { state: AtomicU8::new(WATCHING), os_thread: OnceLock::new(), awake }
    }

    /// Forgets earlier wake-ups. To be called before registering.
    pub(crate) fn begin(&self) {
        self.state.store(WATCHING, Ordering::SeqCst);
    }

    #[inline]
    pub(crate) fn woken(&self) -> bool {
        self.state.load(Ordering::SeqCst) == WOKEN
    }

    /// Whether it waits without any end but a wake-up, and has not been woken.
    pub(crate) fn parked(&self) -> bool {
        self.state.load(Ordering::SeqCst) == PARKED
    }

    /// From here on whoever wakes it makes the system call. False if it has been woken already.
    pub(crate) fn lie_down(&self, dozing: bool) -> bool {
        self.os_thread.get_or_init(std::thread::current);
        let state = if dozing { DOZING } else { PARKED };
        self.state.compare_exchange(WATCHING, state, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Sleeps, after `lie_down`, until it is woken or the deadline has passed. Whether it was woken.
    ///
    /// Each time before it goes to sleep, also after a nudge, it calls `before`.
    pub(crate) fn park(&self, deadline: Option<Instant>, before: &mut dyn FnMut()) -> bool {
        while !self.woken() {
            before();
            match deadline {
                None => std::thread::park(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return self.state.swap(WATCHING, Ordering::SeqCst) == WOKEN;
                    }
                    std::thread::park_timeout(left);
                }
            }
        }
        true
    }

    /// Lets the thread call what it was given to call before it sleeps, if it sleeps. It is not woken by this.
    pub(crate) fn nudge(&self) {
        let state = self.state.load(Ordering::SeqCst);
        if (state == PARKED || state == DOZING)
            && let Some(thread) = self.os_thread.get()
        {
            thread.unpark();
        }
    }

    pub(crate) fn wake(&self) {
        let before = self.state.swap(WOKEN, Ordering::SeqCst);
        if before == PARKED {
            self.awake.fetch_add(1, Ordering::SeqCst);
        }
        if (before == PARKED || before == DOZING)
            && let Some(thread) = self.os_thread.get()
        {
            thread.unpark();
        }
    }
}
