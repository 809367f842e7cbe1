//! OS threads that have carried a thread of the script to its end, and wait a moment for the next one.
//!
//! To make an OS thread and to take it down costs several times as much as to wake one that is there: a script that starts
//! one short thread after the other spent two thirds of its time on that. Only a few wait, and not for long.

use parking_lot::Mutex;
use std::sync::Arc;
use std::thread::Thread;
use std::time::{Duration, Instant};

/// So many wait at most: what they have used of their stacks stays in use.
const MOST: usize = 8;
/// So long each waits.
const PATIENCE: Duration = Duration::from_millis(100);

/// A thread of the script, from its first step to its last.
pub(super) type Load = Box<dyn FnOnce() + Send>;

pub(super) struct Carriers {
    waiting: Mutex<Waiting>,
    patience: Duration,
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
        Carriers { waiting: Mutex::new(Waiting { idle: Vec::new(), most }), patience }
    }

    /// Gives it to one that waits, or makes a new one, with a stack of so many bytes.
    pub fn carry(self: &Arc<Carriers>, stack: usize, load: Load) -> std::io::Result<()> {
        let mut waiting = self.waiting.lock();
        let Some(carrier) = waiting.idle.pop() else {
            drop(waiting);
            let carriers = self.clone();
            return std::thread::Builder::new().stack_size(stack).spawn(move || carriers.go(load)).map(drop);
        };
        *carrier.load.lock() = Some(load);
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

    /// What the OS thread of a carrier does.
    fn go(&self, first: Load) {
        first();
        let carrier = Arc::new(Carrier { os_thread: std::thread::current(), load: Mutex::new(None) });
        while let Some(load) = self.next(&carrier) {
            load();
        }
    }

    /// None when it has waited for long, or need not.
    fn next(&self, carrier: &Arc<Carrier>) -> Option<Load> {
        let mut waiting = self.waiting.lock();
        if waiting.idle.len() >= waiting.most {
            return None;
        }
        waiting.idle.push(carrier.clone());
        drop(waiting);
        let until = Instant::now() + self.patience;
        loop {
            // Whatever unparks it, a waker of the thread that it carried before too, is no more than a reason to look.
            std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
            let late = Instant::now() >= until;
            let mut waiting = self.waiting.lock();
            let place = waiting.idle.iter().position(|other| Arc::ptr_eq(other, carrier));
            match place {
                None => return carrier.load.lock().take(),
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
        let load = move || told.send(std::thread::current().id()).expect("somebody listens");
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
