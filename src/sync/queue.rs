//! `queue`: values from those who put to those who get, in order of coming, last first, or smallest first.
//!
//! Storing never waits: a `ring` for the plain order, crossbeam's non-blocking operations where that has no limit, a
//! vector under a mutex for the others. Waiting is conc's, by two queues of waiters. Why no wake-up is lost on the way
//! without a mutex: who changes the store passes a sequentially consistent fence, or read-modify-write, before it looks
//! whether somebody waits; who waits makes itself known, passes such a fence (`WaitQueue::register`), then looks into the
//! store. Whichever of the two comes second in their one order sees what the other did. Of a ring it is the locks of its
//! ends that order the two: who waits passes the other one (`Op::pass`) before it looks.
//!
//! A successful put touches nothing that a successful get writes, save the store itself, nor the other way round, and
//! what the two sides write is kept apart in memory: what one core writes, another has to fetch.

mod along;
mod at_once;
mod notes;
mod passing;
mod ring;
mod state;
mod store;

use super::apart::Apart;
use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::mapped::{self, ELSEWHERE_WORDS, Leaving, Place, STORE_WORDS};
use crate::race::order::Taken;
use crate::value::{
    Value,
    error::{self, Error},
    release,
};
pub use notes::closed;
use notes::too_many;
use ring::Ring;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use store::Store;

#[derive(Debug)]
pub struct Queue {
    store: Store,
    pub capacity: Option<usize>,
    shared: Box<Shared>,
    /// In place of the store and the state, of a bounded queue in the plain order.
    ring: Option<Box<Ring>>,
    /// Likewise, of a queue that processes share.
    there: Option<mapped::Store>,
}

/// What is written often. In a box, so that other things to wait for need not be as large.
#[derive(Debug, Default)]
struct Shared {
    putting: Apart<Putting>,
    /// Written by those who get, when they wait.
    getters: Apart<WaitQueue>,
    putters: Apart<WaitQueue>,
}

/// Written by those who put.
#[derive(Debug, Default)]
struct Putting {
    /// Bit 0: closed. Bit 1: what is left is dropped. Then `PUTTING`s: puts in progress. Then `UNFINISHED`s:
    /// values put and not yet reported by `task_done`.
    state: AtomicU64,
    joiners: WaitQueue,
}

/// Longer bounded queues do not reserve their room.
const MOST_RESERVED: usize = 1 << 16;

const CLOSED: u64 = 1;
const DROPPED: u64 = 2;
const PUTTING: u64 = 4;
const PUTTING_MASK: u64 = UNFINISHED - PUTTING;
const UNFINISHED: u64 = 1 << 22;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Fifo,
    Lifo,
    Priority,
}

/// What a thread wants of a queue through which values go in handfuls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handful {
    Values,
    Room,
}

/// What came of trying to put.
#[derive(Debug)]
pub enum Put {
    Done,
    /// The queue is full: the value comes back.
    Full(Value),
}

/// What came of trying to get.
#[derive(Debug)]
pub enum Got {
    Value(Value),
    Empty,
    /// Closed, and nothing is left.
    End,
}

fn limit(capacity: Option<i64>) -> Option<usize> {
    capacity.filter(|n| *n > 0).and_then(|n| usize::try_from(n).ok())
}

impl Drop for Queue {
    fn drop(&mut self) {
        let ring = self.ring.as_ref().map(|ring| ring.take_all());
        release::release(ring.unwrap_or_else(|| self.store.take_all()));
    }
}

impl Queue {
    /// A capacity of 0 or less is none.
    /// How many a queue is to hold that a script asks for: any number where it says 0.
    pub fn with_capacity(capacity: i64) -> Result<i64, Error> {
        if capacity < 0 {
            let message = format!("a queue cannot hold {capacity} values");
            return Err(Error::new(error::Kind::Value, message)
                .hint("`queue q` holds any number of them, `queue q(10)` at most ten"));
        }
        Ok(capacity)
    }

    pub fn new(capacity: Option<i64>, order: Order) -> Queue {
        let capacity = limit(capacity);
        // A ring reserves its room at once.
        let ring = capacity.filter(|n| order == Order::Fifo && *n <= MOST_RESERVED);
        let ring = ring.map(|n| Box::new(Ring::new(n)));
        let store = Store::new(order, capacity.is_some());
        Queue { store, capacity, shared: Box::default(), ring, there: None }
    }

    /// One in the plain order for threads that take turns.
    fn plain(capacity: Option<i64>) -> Queue {
        let store = Store::Long(Default::default());
        Queue { store, capacity: limit(capacity), shared: Box::default(), ring: None, there: None }
    }

    /// How many words it has in memory that processes share.
    pub const WORDS: usize = STORE_WORDS + 3 * ELSEWHERE_WORDS;

    /// The same, new and empty, in that memory.
    pub fn there(&self, place: &Place) -> Result<Queue, Error> {
        Ok(self.with(mapped::Store::make(place.clone(), self.leaving())?))
    }

    /// Likewise, of a queue that is there already.
    pub fn found(&self, place: &Place) -> Queue {
        self.with(mapped::Store::at(place.clone(), self.leaving()))
    }

    fn with(&self, store: mapped::Store) -> Queue {
        let waiters = store.place().plus(STORE_WORDS);
        // What is kept here is of no use then.
        let mut queue = Queue::new(None, Order::Lifo);
        queue.capacity = self.capacity;
        queue.there = Some(store);
        queue.getters().spread(waiters.clone());
        queue.putters().spread(waiters.plus(ELSEWHERE_WORDS));
        queue.joiners().spread(waiters.plus(2 * ELSEWHERE_WORDS));
        queue
    }

    fn leaving(&self) -> Leaving {
        if let Some(there) = &self.there {
            return there.leaving();
        }
        self.store.leaving()
    }

    /// Whether it holds its values against each other, and not copies of them.
    pub fn compares(&self) -> bool {
        self.there.is_none() && self.leaving() == Leaving::SmallestFirst
    }

    fn state(&self) -> &AtomicU64 {
        &self.shared.putting.0.state
    }

    pub fn getters(&self) -> &WaitQueue {
        &self.shared.getters.0
    }

    pub fn putters(&self) -> &WaitQueue {
        &self.shared.putters.0
    }

    pub fn joiners(&self) -> &WaitQueue {
        &self.shared.putting.0.joiners
    }

    /// How many values its ring holds, if it has one.
    pub fn ring_capacity(&self) -> Option<usize> {
        self.ring.as_ref().and(self.capacity)
    }

    pub fn of(sync: &Sync) -> Result<&Queue, Error> {
        if let Kind::Queue(queue) = &sync.kind { Ok(queue) } else { Err(sync.is_no("queue")) }
    }

    /// One value has been dealt with.
    pub fn task_done(&self, sync: &Sync) -> Result<(), Error> {
        if let Some(there) = &self.there {
            let mut order = sync.order();
            let left = there.task_done().ok_or_else(|| too_many(sync))?;
            order.added();
            drop(order);
            if left == 0 {
                self.joiners().wake_all();
            }
            return Ok(());
        }
        let mut order = sync.order();
        if let Some(ring) = &self.ring {
            let left = ring.task_done().ok_or_else(|| too_many(sync))?;
            order.added();
            if left == 0 {
                self.joiners().wake_all();
            }
            return Ok(());
        }
        let done = |state: u64| (state >= UNFINISHED).then(|| state - UNFINISHED);
        match self.state().fetch_update(Ordering::SeqCst, Ordering::SeqCst, done) {
            Ok(before) => {
                order.added();
                if before < 2 * UNFINISHED {
                    self.joiners().wake_all();
                }
                Ok(())
            }
            Err(_) => Err(too_many(sync)),
        }
    }

    /// Which of its values is taken next.
    fn which(&self) -> Taken {
        match self.leaving() {
            Leaving::FirstFirst => Taken::Oldest,
            Leaving::LastFirst => Taken::Newest,
            Leaving::SmallestFirst => Taken::Any,
        }
    }

    /// No more values can be put. With `drop` those still there are dropped, and count as done.
    pub fn close(&self, drop: bool) {
        if let Some(there) = &self.there {
            there.close(drop);
            self.getters().wake_all();
            self.putters().wake_all();
            self.joiners().wake_all();
            return;
        }
        if let Some(ring) = &self.ring {
            ring.close();
            if drop {
                ring.drain();
                self.joiners().wake_all();
            }
            fence(Ordering::SeqCst);
            self.getters().wake_all();
            self.putters().wake_all();
            return;
        }
        self.state().fetch_or(if drop { CLOSED | DROPPED } else { CLOSED }, Ordering::SeqCst);
        if drop {
            self.drain();
        }
        self.getters().wake_all();
        self.putters().wake_all();
    }

    /// How many values are worth waiting for, of a queue through which they may go in handfuls.
    pub fn handful(&self) -> Option<u64> {
        self.ring.as_ref()?.handful()
    }

    /// Of such a queue: how many can be taken, or put, as far as can be seen.
    pub fn seen(&self, what: Handful) -> u64 {
        self.ring.as_ref().map_or(0, |ring| match what {
            Handful::Values => ring.held(),
            Handful::Room => ring.room(),
        })
    }

    /// A thread that waits for a value is about to ask whether there is one.
    pub fn pass_putters(&self) {
        self.ring.iter().for_each(|ring| ring.pass_back());
    }

    /// The same of one that waits for room.
    pub fn pass_getters(&self) {
        self.ring.iter().for_each(|ring| ring.pass_front());
    }

    pub fn closed(&self) -> bool {
        if let Some(ring) = &self.ring {
            return ring.closed();
        }
        let here = || self.state().load(Ordering::SeqCst) & CLOSED != 0;
        self.there.as_ref().map_or_else(here, mapped::Store::closed)
    }

    pub fn size(&self) -> usize {
        if let Some(there) = &self.there {
            return there.size();
        }
        if let Some(ring) = &self.ring {
            return ring.size();
        }
        self.store.len()
    }

    /// How many values were put and not reported by `task_done`.
    pub fn unfinished(&self) -> u64 {
        if let Some(ring) = &self.ring {
            return ring.unfinished();
        }
        let here = || self.state().load(Ordering::SeqCst) / UNFINISHED;
        self.there.as_ref().map_or_else(here, mapped::Store::unfinished)
    }

    /// Whether a put need not wait (or fails).
    pub fn put_ready(&self) -> bool {
        if let Some(ring) = &self.ring {
            return ring.room() > 0;
        }
        !self.full() || self.closed()
    }

    /// Whether a get need not wait (or fails).
    pub fn get_ready(&self) -> bool {
        if let Some(ring) = &self.ring {
            return ring.held() > 0;
        }
        if let Some(there) = &self.there {
            return there.size() > 0 || there.closed();
        }
        let closed = |state: u64| state & CLOSED != 0 && state & PUTTING_MASK == 0;
        self.size() > 0 || closed(self.state().load(Ordering::SeqCst))
    }

    fn full(&self) -> bool {
        self.capacity.is_some_and(|most| self.size() >= most)
    }

    fn drain(&self) {
        let dropped = self.store.drain() as u64;
        let done = |state: u64| Some(state - dropped.min(state / UNFINISHED) * UNFINISHED);
        let before = self.state().fetch_update(Ordering::SeqCst, Ordering::SeqCst, done).unwrap_or_default();
        if before / UNFINISHED <= dropped {
            self.joiners().wake_all();
        }
    }
}
