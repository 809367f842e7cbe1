//! `semaphore`: a number of permits, which any thread may take and any thread may give.

use super::thread::Thread;
use super::wait::WaitQueue;
use super::{Kind, Sync, Who};
use crate::mapped::{ELSEWHERE_WORDS, Place, Word};
use crate::state::{Reader, Writer};
use crate::value::error::{self, Error};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug)]
pub struct Semaphore {
    /// An `i64`.
    permits: Word,
    initial: i64,
    bounded: bool,
    pub waiters: WaitQueue,
    /// A thread gave a permit that it had not taken: it is used as a signal, and taking is not holding.
    signal: AtomicBool,
}

/// So long a thread stands back that has met another one at the permits (some tenths of a microsecond). The other one gets
/// much done meanwhile; if both went on at once, their cores would do little but fetch the permits from each other.
const STAND_BACK: u32 = 16;

impl Semaphore {
    pub fn new(initial: i64, bounded: bool) -> Result<Semaphore, Error> {
        if initial < 0 {
            let message = format!("a semaphore cannot begin with {initial} permits");
            return Err(Error::new(error::Kind::Value, message).hint("give a number from 0 up"));
        }
        Ok(Semaphore {
            permits: Word::new(initial as u64),
            initial,
            bounded,
            waiters: WaitQueue::new(),
            signal: AtomicBool::new(false),
        })
    }

    pub fn of(sync: &Sync) -> Result<&Semaphore, Error> {
        if let Kind::Semaphore(semaphore) = &sync.kind { Ok(semaphore) } else { Err(sync.is_no("semaphore")) }
    }

    /// How many words it has in memory that processes share.
    pub const WORDS: usize = 1 + ELSEWHERE_WORDS;

    /// The same in that memory, where its permits are. Each process knows only of its own threads that have taken some.
    pub fn there(&self, place: &Place) -> Semaphore {
        let semaphore = Semaphore {
            permits: Word::There(place.clone()),
            initial: self.initial,
            bounded: self.bounded,
            waiters: WaitQueue::new(),
            signal: AtomicBool::new(false),
        };
        semaphore.waiters.spread(place.plus(1));
        semaphore
    }

    /// Takes a permit if there is one.
    #[inline]
    pub fn try_acquire(&self, sync: &Sync, thread: &Thread, line: u32) -> bool {
        let taken = self.change(|permits| (permits as i64 > 0).then(|| permits - 1));
        match self.signal.load(Ordering::Relaxed) {
            _ if !taken => {}
            false => thread.permits.add(sync.id, line),
            // What others gave back for it takes no room from other semaphores.
            true => thread.permits.forget(sync.id),
        }
        taken
    }

    /// Makes other permits of those there are, unless `change` refuses.
    #[inline]
    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        let mut permits = self.permits.load(Ordering::SeqCst);
        while let Some(changed) = change(permits) {
            match self.permits.compare_exchange_weak(permits, changed, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return true,
                Err(_) => permits = self.stand_back(),
            }
        }
        false
    }

    #[cold]
    fn stand_back(&self) -> u64 {
        (0..STAND_BACK).for_each(|_| std::hint::spin_loop());
        self.permits.load(Ordering::SeqCst)
    }

    /// Gives `n` permits.
    #[inline]
    pub fn release(&self, sync: &Sync, who: Who<'_>, n: i64) -> Result<(), Error> {
        if n < 1 {
            return Err(Error::new(error::Kind::Value, format!("{}.release({n}): at least 1", sync.label())));
        }
        let mut order = sync.order();
        if !self.give(sync, who.thread, n) {
            return Err(self.too_many(sync));
        }
        order.gave_permits(n.unsigned_abs());
        drop(order);
        sync.count_given(n.unsigned_abs());
        self.tell(n);
        Ok(())
    }

    /// Gives one where nobody notes what it orders, nor counts; false when that is an error, which `release` tells.
    #[inline]
    pub fn release_one(&self, sync: &Sync, thread: &Thread) -> bool {
        let given = self.give(sync, thread, 1);
        if given {
            self.tell(1);
        }
        given
    }

    #[inline]
    fn give(&self, sync: &Sync, thread: &Thread, n: i64) -> bool {
        let most = if self.bounded { self.initial } else { i64::MAX };
        let more =
            |permits: u64| (permits as i64).checked_add(n).filter(|sum| *sum <= most).map(|sum| sum as u64);
        let given = self.change(more);
        let signal = &self.signal;
        if given && !signal.load(Ordering::Relaxed) && !(0..n).all(|_| thread.permits.remove(sync.id)) {
            signal.store(true, Ordering::Relaxed);
        }
        given
    }

    /// Tells those who wait that so many were given.
    #[inline]
    fn tell(&self, n: i64) {
        match n {
            1 => self.waiters.offer(),
            n => self.waiters.wake(usize::try_from(n).unwrap_or(usize::MAX)),
        }
    }

    pub fn initial(&self) -> u64 {
        self.initial.unsigned_abs()
    }

    /// Whether giving too many permits is an error.
    pub fn is_bounded(&self) -> bool {
        self.bounded
    }

    pub fn permits(&self) -> i64 {
        self.permits.load(Ordering::SeqCst) as i64
    }

    pub fn ready(&self) -> bool {
        self.permits() > 0
    }

    /// The line where this thread took a permit that it has not given back.
    pub fn held_since(&self, sync: &Sync, thread: &Thread) -> Option<u32> {
        let signal = self.signal.load(Ordering::Relaxed);
        if signal { None } else { thread.permits.line(sync.id) }
    }

    #[cold]
    fn too_many(&self, sync: &Sync) -> Error {
        let label = sync.label();
        if !self.bounded {
            return Error::new(error::Kind::Overflow, format!("{label} has too many permits to count"));
        }
        Error::new(error::Kind::Value, format!("{label} released too many times"))
            .note(format!("it began with {}, and as many are there now", self.initial))
            .hint("every release needs an acquire before it; `with` does both")
    }
}

impl Semaphore {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.int(self.initial);
        w.flag(self.bounded);
    }

    pub fn load(r: &mut Reader<'_>) -> Semaphore {
        let (initial, bounded) = (r.int(), r.flag());
        let permits = Word::new(initial as u64);
        Semaphore { permits, initial, bounded, waiters: WaitQueue::new(), signal: AtomicBool::new(false) }
    }

    /// Who has taken permits is for reports only, and tells no states apart.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.int(self.permits());
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.permits.store(r.int() as u64, Ordering::SeqCst);
    }
}
