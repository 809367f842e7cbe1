//! OS threads that have carried a thread of the script to its end, and wait a moment for the next one.
//!
//! To make an OS thread and to take it down costs several times as much as to wake one that is there: a script that starts
//! one short thread after the other spent two thirds of its time on that. Only a few wait, and not for long.
//!
//! To wake one costs several times as much as what such a thread does, and how much depends on the core where the system
//! lets it go on: measured, 10 or 40 microseconds for the same script. So who waits looks for a while before it parks
//! (`spin`), as many at a time as leave a core to others; and who has one to carry while another ends waits for that one
//! a moment, since whoever knows that a thread has ended knows it a little before its OS thread is back.

use super::spin::{self, Spin};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// So many wait at most: what they have used of their stacks stays in use.
const MOST: usize = 8;
/// So long each waits.
const PATIENCE: Duration = Duration::from_millis(100);

/// So many looks, of so many turns each, for one that is about to come back: two microseconds in all.
const LOOKS_FOR_COMING: u32 = 20;
const TURNS_FOR_COMING: u32 = 4;

/// A thread of the script, from its first step to its last.
pub(super) type Load = Box<dyn FnOnce() + Send>;

pub(super) struct Carriers {
    waiting: Mutex<Waiting>,
    patience: Duration,
    /// How many are about to come back.
    coming: AtomicU32,
    /// How many look for a load all the time.
    looking: AtomicU32,
}

struct Waiting {
    /// The last one that came is the first to go: its stack is at hand.
    idle: Vec<Arc<Carrier>>,
    most: usize,
}

struct Carrier {
    os_thread: Thread,
    /// Written under the mutex of `waiting`, when it is taken from there.
    load: Mutex<Option<Load>>,
    /// Whether there is one.
    loaded: AtomicBool,
}

impl Carriers {
    pub fn new() -> Carriers {
        Carriers::with(MOST, PATIENCE)
    }

    /// For a run where each thread of the script is to have an OS thread of its own.
    pub fn none() -> Carriers {
        Carriers::with(0, PATIENCE)
    }

    fn with(most: usize, patience: Duration) -> Carriers {
        Carriers {
            waiting: Mutex::new(Waiting { idle: Vec::new(), most }),
            patience,
            coming: AtomicU32::new(0),
            looking: AtomicU32::new(0),
        }
    }

    /// Gives it to one that waits, or makes a new one, with a stack of so many bytes.
    pub fn carry(self: &Arc<Carriers>, stack: usize, load: Load) -> std::io::Result<()> {
        self.let_come();
        let mut waiting = self.waiting.lock();
        let Some(carrier) = waiting.idle.pop() else {
            drop(waiting);
            let carriers = self.clone();
            return std::thread::Builder::new().stack_size(stack).spawn(move || carriers.go(load)).map(drop);
        };
        *carrier.load.lock() = Some(load);
        carrier.loaded.store(true, Ordering::Release);
        drop(waiting);
        carrier.os_thread.unpark();
        Ok(())
    }

    /// Nobody waits from here on.
    pub fn close(&self) {
        let mut waiting = self.waiting.lock();
        waiting.most = 0;
        let idle = std::mem::take(&mut waiting.idle);
        drop(waiting);
        idle.iter().for_each(|carrier| carrier.os_thread.unpark());
    }

    /// The load of this OS thread ends: it is about to come back. To be called by each load, once, before others can know.
    pub fn comes_back(&self) {
        self.coming.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits a moment for one that is about to come back.
    fn let_come(&self) {
        for _ in 0..LOOKS_FOR_COMING {
            if self.coming.load(Ordering::Acquire) == 0 {
                return;
            }
            (0..TURNS_FOR_COMING).for_each(|_| std::hint::spin_loop());
        }
    }

    /// What the OS thread of a carrier does.
    fn go(&self, first: Load) {
        first();
        let carrier = Arc::new(Carrier {
            os_thread: std::thread::current(),
            load: Mutex::new(None),
            loaded: AtomicBool::new(false),
        });
        let mut spin = Spin::new();
        while let Some(load) = self.next(&carrier, &mut spin) {
            load();
        }
    }

    /// None when it has waited for long, or need not.
    fn next(&self, carrier: &Arc<Carrier>, spin: &mut Spin) -> Option<Load> {
        let mut waiting = self.waiting.lock();
        let waits = waiting.idle.len() < waiting.most;
        if waits {
            waiting.idle.push(carrier.clone());
        }
        // Under the mutex: who sees that none is coming finds it there.
        self.coming.fetch_sub(1, Ordering::Release);
        drop(waiting);
        if !waits {
            return None;
        }
        if self.looking.fetch_add(1, Ordering::Relaxed) < spin::most_at_once() {
            spin.until(|| carrier.loaded.load(Ordering::Acquire), &|| 0);
        }
        self.looking.fetch_sub(1, Ordering::Relaxed);
        if carrier.loaded.swap(false, Ordering::Acquire) {
            return carrier.load.lock().take();
        }
        let until = Instant::now() + self.patience;
        loop {
            // Whatever unparks it, a waker of the thread that it carried before too, is no more than a reason to look.
            std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
            let late = Instant::now() >= until;
            let mut waiting = self.waiting.lock();
            let place = waiting.idle.iter().position(|other| Arc::ptr_eq(other, carrier));
            match place {
                None => {
                    carrier.loaded.store(false, Ordering::Relaxed);
                    return carrier.load.lock().take();
                }
                Some(place) if late => {
                    waiting.idle.remove(place);
                    return None;
                }
                Some(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::sync::mpsc::{Sender, channel};
    use std::thread::ThreadId;

    const STACK: usize = 256 * 1024;
    /// Longer than any machine keeps a thread from running.
    const LONG: Duration = Duration::from_secs(100);

    fn carriers(most: usize, patience: Duration) -> Arc<Carriers> {
        Arc::new(Carriers::with(most, patience))
    }

    /// Says which OS thread carries it.
    fn tell(carriers: &Arc<Carriers>, told: &Sender<ThreadId>) {
        let told = told.clone();
        let mine = carriers.clone();
        let load = move || {
            mine.comes_back();
            told.send(std::thread::current().id()).expect("somebody listens");
        };
        carriers.carry(STACK, Box::new(load)).expect("the system starts one");
    }

    fn wait_for(carriers: &Carriers, idle: usize) {
        while carriers.waiting.lock().idle.len() != idle {
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_waits_is_taken_and_each_load_is_carried_once() {
        let carriers = carriers(2, LONG);
        let (told, tells) = channel();
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            tell(&carriers, &told);
            seen.insert(tells.recv().expect("it is carried"));
            wait_for(&carriers, 1);
        }
        assert_eq!(seen.len(), 1);
        carriers.close();
        assert!(tells.try_recv().is_err());
        assert_eq!(carriers.coming.load(Ordering::Relaxed), 0);
    }

    /// One after the other as fast as that goes: some are given to one that looks, some to one that is parked, some to one
    /// that was about to come back.
    #[test]
    fn none_is_lost_between_looking_and_parking() {
        let carriers = carriers(3, LONG);
        let (told, tells) = channel();
        let mut seen = HashSet::new();
        for round in 0..5000_u64 {
            tell(&carriers, &told);
            seen.insert(tells.recv_timeout(LONG).expect("it is carried"));
            // At about the time when it parks.
            let pause = Duration::from_micros(if round % 4 == 0 { round % 61 } else { 0 });
            let began = Instant::now();
            while began.elapsed() < pause {}
        }
        assert!(seen.len() < 5000, "nobody waited for a load");
        carriers.close();
        wait_for(&carriers, 0);
    }

    #[test]
    fn no_more_wait_than_may() {
        let carriers = carriers(2, LONG);
        let (told, tells) = channel();
        for _ in 0..20 {
            (0..10).for_each(|_| tell(&carriers, &told));
            assert_eq!(tells.iter().take(10).count(), 10);
            assert!(carriers.waiting.lock().idle.len() <= 2);
        }
        wait_for(&carriers, 2);
        carriers.close();
        wait_for(&carriers, 0);
    }

    #[test]
    fn none_waits_for_ever_and_nothing_is_lost_when_one_leaves() {
        let carriers = carriers(4, Duration::from_micros(50));
        let (told, tells) = channel();
        for round in 0..2000 {
            tell(&carriers, &told);
            tells.recv().expect("it is carried");
            // At about the time when it leaves.
            let pause = Duration::from_micros(round % 150);
            let began = Instant::now();
            while began.elapsed() < pause {}
        }
        wait_for(&carriers, 0);
    }

    #[test]
    fn where_none_may_wait_each_has_its_own() {
        let carriers = Arc::new(Carriers::none());
        let (told, tells) = channel();
        let mut seen = HashSet::new();
        for _ in 0..10 {
            tell(&carriers, &told);
            assert!(seen.insert(tells.recv().expect("it is carried")));
        }
    }

    #[test]
    fn a_late_unpark_is_no_load() {
        let carriers = carriers(1, LONG);
        let (told, tells) = channel();
        tell(&carriers, &told);
        tells.recv().expect("it is carried");
        wait_for(&carriers, 1);
        let os_thread = carriers.waiting.lock().idle[0].os_thread.clone();
        (0..100).for_each(|_| os_thread.unpark());
        tell(&carriers, &told);
        assert_eq!(tells.recv().expect("it is carried"), os_thread.id());
        carriers.close();
    }

    #[test]
    fn after_the_end_nobody_waits() {
        let carriers = carriers(4, LONG);
        let (told, tells) = channel();
        tell(&carriers, &told);
        tells.recv().expect("it is carried");
        carriers.close();
        tell(&carriers, &told);
        tells.recv().expect("it is carried all the same");
        assert!(carriers.waiting.lock().idle.is_empty());
        while Arc::strong_count(&carriers) > 1 {
            std::thread::yield_now(); // the last one is on its way out
        }
    }
}
