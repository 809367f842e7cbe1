//! `queue`: values from those who put to those who get, in order of coming, last first, or smallest first.
//!
//! Storing never waits: crossbeam's non-blocking operations for the plain order, a vector under a mutex for the
//! others. Waiting is conc's, by two queues of waiters. Why no wake-up is lost on the way without a mutex: who
//! changes the store passes a sequentially consistent fence, or read-modify-write, before it looks whether somebody
//! waits; who waits makes itself known, passes such a fence (`WaitQueue::register`), then looks into the store.
//! Whichever of the two comes second in their one order sees what the other did.
//!
//! A successful put touches nothing that a successful get writes, save the store itself, nor the other way round, and
//! what the two sides write is kept apart in memory: what one core writes, another has to fetch.

use super::heap::Heap;
use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::mapped::{self, ELSEWHERE_WORDS, Leaving, Place, PutAway, STORE_WORDS};
use crate::race::order::Taken;
use crate::state::{Reader, Writer};
use crate::value::{
    Value,
    error::{self, Error},
    release,
};
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering, fence};

#[derive(Debug)]
pub struct Queue {
    store: Store,
    pub capacity: Option<usize>,
    shared: Box<Shared>,
    /// In place of the store and the state, of a queue that processes share.
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

/// In cache lines of its own: two, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// Longer bounded queues do not reserve their room.
const MOST_RESERVED: usize = 1 << 16;

const CLOSED: u64 = 1;
const DROPPED: u64 = 2;
const PUTTING: u64 = 4;
const PUTTING_MASK: u64 = UNFINISHED - PUTTING;
const UNFINISHED: u64 = 1 << 22;

#[derive(Debug)]
enum Store {
    Fifo(Sender<Value>, Receiver<Value>),
    Long(Mutex<VecDeque<Value>>),
    Lifo(Mutex<Vec<Value>>),
    Priority(Mutex<Heap>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Fifo,
    Lifo,
    Priority,
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

impl Drop for Queue {
    fn drop(&mut self) {
        let values: Vec<Value> = match &mut self.store {
            Store::Fifo(_, receiver) => receiver.try_iter().filter(release::nests).collect(),
            Store::Long(values) => std::mem::take(values.get_mut()).into(),
            Store::Lifo(values) => std::mem::take(values.get_mut()),
            Store::Priority(heap) => std::mem::take(heap.get_mut()).into_values(),
        };
        release::release(values);
    }
}

impl Queue {
    /// A capacity of 0 or less is none.
    pub fn new(capacity: Option<i64>, order: Order) -> Queue {
        let capacity = capacity.filter(|n| *n > 0).and_then(|n| usize::try_from(n).ok());
        let store = match (order, capacity) {
            // crossbeam reserves the room of a bounded channel at once.
            (Order::Fifo, Some(n)) if n > MOST_RESERVED => Store::Long(Mutex::default()),
            (Order::Fifo, Some(n)) => {
                let (sender, receiver) = crossbeam_channel::bounded(n);
                Store::Fifo(sender, receiver)
            }
            (Order::Fifo, None) => {
                let (sender, receiver) = crossbeam_channel::unbounded();
                Store::Fifo(sender, receiver)
            }
            (Order::Lifo, _) => Store::Lifo(Mutex::default()),
            (Order::Priority, _) => Store::Priority(Mutex::default()),
        };
        Queue { store, capacity, shared: Box::default(), there: None }
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
        match &self.store {
            Store::Fifo(..) | Store::Long(_) => Leaving::FirstFirst,
            Store::Lifo(_) => Leaving::LastFirst,
            Store::Priority(_) => Leaving::SmallestFirst,
        }
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

    pub fn of(sync: &Sync) -> Result<&Queue, Error> {
        if let Kind::Queue(queue) = &sync.kind { Ok(queue) } else { Err(sync.is_no("queue")) }
    }

    /// Puts the value if there is room.
    pub fn put(&self, sync: &Sync, value: Value) -> Result<Put, Error> {
        if let Some(there) = &self.there {
            return match there.put(&value, self.capacity)? {
                PutAway::Done(bytes) => {
                    sync.order().put_there(there.size(), self.which());
                    sync.count_put(|| there.size());
                    sync.count_sent(bytes);
                    self.getters().offer();
                    Ok(Put::Done)
                }
                PutAway::Full => Ok(Put::Full(value)),
                PutAway::Closed => Err(closed(sync, "put")),
            };
        }
        let mut order = sync.order();
        // Announced before it is stored: so a `task_done` for it always finds it counted, and a getter that
        // sees the queue closed and empty knows whether something is still to come.
        let before = self.state().fetch_add(PUTTING + UNFINISHED, Ordering::SeqCst);
        if before & CLOSED != 0 {
            self.take_back();
            return Err(closed(sync, "put"));
        }
        match self.push(value) {
            Ok(None) => {
                order.put(self.which(), self.capacity, || self.size());
                drop(order);
                sync.count_put(|| self.size());
                let before = self.state().fetch_sub(PUTTING, Ordering::SeqCst);
                if before & (CLOSED | DROPPED) == 0 {
                    self.getters().offer();
                } else {
                    self.closed_meanwhile(before);
                }
                Ok(Put::Done)
            }
            Ok(Some(value)) => {
                self.take_back();
                Ok(Put::Full(value))
            }
            Err(error) => {
                self.take_back();
                Err(error)
            }
        }
    }

    /// Takes a value if there is one.
    pub fn get(&self, sync: &Sync) -> Result<Got, Error> {
        if let Some(value) = self.take(sync)? {
            return Ok(Got::Value(value));
        }
        if let Some(there) = &self.there {
            if !there.closed() {
                return Ok(Got::Empty);
            }
            return Ok(self.take(sync)?.map_or(Got::End, Got::Value));
        }
        // Once it is closed with no put in progress, nothing comes after what the store holds then.
        let state = self.state().load(Ordering::SeqCst);
        if state & CLOSED == 0 || state & PUTTING_MASK != 0 {
            return Ok(Got::Empty);
        }
        let last = self.take(sync)?;
        if last.is_none() {
            sync.looked_at();
        }
        Ok(last.map_or(Got::End, Got::Value))
    }

    fn take(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        let mut order = sync.order();
        let Some(value) = self.pop(sync)? else { return Ok(None) };
        order.got(self.which(), self.capacity.is_some());
        drop(order);
        sync.count_got(|| self.size());
        if self.capacity.is_some() {
            fence(Ordering::SeqCst);
            self.putters().offer();
        }
        Ok(Some(value))
    }

    /// One value has been dealt with.
    pub fn task_done(&self, sync: &Sync) -> Result<(), Error> {
        if let Some(there) = &self.there {
            let left = there.task_done().ok_or_else(|| too_many(sync))?;
            if left == 0 {
                self.joiners().wake_all();
            }
            return Ok(());
        }
        let mut order = sync.order();
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
        match &self.store {
            Store::Fifo(..) | Store::Long(_) => Taken::Oldest,
            Store::Lifo(_) => Taken::Newest,
            Store::Priority(_) => Taken::Any,
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
        self.state().fetch_or(if drop { CLOSED | DROPPED } else { CLOSED }, Ordering::SeqCst);
        if drop {
            self.drain();
        }
        self.getters().wake_all();
        self.putters().wake_all();
    }

    pub fn closed(&self) -> bool {
        let here = || self.state().load(Ordering::SeqCst) & CLOSED != 0;
        self.there.as_ref().map_or_else(here, mapped::Store::closed)
    }

    pub fn size(&self) -> usize {
        if let Some(there) = &self.there {
            return there.size();
        }
        match &self.store {
            Store::Fifo(sender, _) => sender.len(),
            Store::Long(values) => values.lock().len(),
            Store::Lifo(values) => values.lock().len(),
            Store::Priority(heap) => heap.lock().len(),
        }
    }

    /// A copy of all it holds; None when that is more than `most`. Nobody else may use the queue meanwhile: to look
    /// into a channel its values have to be taken out and put back.
    pub fn values_at_rest(&self, most: usize) -> Option<Vec<Value>> {
        if self.size() > most {
            return None;
        }
        if let Some(there) = &self.there {
            return Some(there.values());
        }
        Some(match &self.store {
            Store::Fifo(sender, receiver) => {
                let values: Vec<Value> = receiver.try_iter().collect();
                for value in &values {
                    // There was room for it before.
                    let _ = sender.try_send(value.clone());
                }
                values
            }
            Store::Long(values) => values.lock().iter().cloned().collect(),
            Store::Lifo(values) => values.lock().clone(),
            Store::Priority(heap) => heap.lock().values().cloned().collect(),
        })
    }

    /// How many values were put and not reported by `task_done`.
    pub fn unfinished(&self) -> u64 {
        let here = || self.state().load(Ordering::SeqCst) / UNFINISHED;
        self.there.as_ref().map_or_else(here, mapped::Store::unfinished)
    }

    /// Whether a put need not wait (or fails).
    pub fn put_ready(&self) -> bool {
        !self.full() || self.closed()
    }

    /// Whether a get need not wait (or fails).
    pub fn get_ready(&self) -> bool {
        if let Some(there) = &self.there {
            return there.size() > 0 || there.closed();
        }
        let closed = |state: u64| state & CLOSED != 0 && state & PUTTING_MASK == 0;
        self.size() > 0 || closed(self.state().load(Ordering::SeqCst))
    }

    /// What a report adds when a thread waits for a value, and nobody will put one.
    pub fn note_of_get(&self, sync: &Sync) -> Option<String> {
        let label = sync.label();
        (self.size() == 0 && !self.closed()).then(|| {
            format!("{label} is empty and not closed: each get needs a put of its own, and {label}.close() after the last put ends a `for` over it")
        })
    }

    /// What a report adds when a thread waits for room.
    pub fn note_of_put(&self, sync: &Sync) -> Option<String> {
        let most = self.capacity?;
        self.full().then(|| format!("{} holds {most} of {most}, and nobody takes any", sync.label()))
    }

    /// What a report adds when a thread waits in `join`.
    pub fn note(&self, sync: &Sync) -> Option<String> {
        let (label, unfinished, held) = (sync.label(), self.unfinished(), self.size() as u64);
        (unfinished > held).then(|| {
            let taken = unfinished - held;
            format!(
                "{taken} taken from {label} and not yet reported done: call {label}.task_done() after each"
            )
        })
    }

    fn full(&self) -> bool {
        self.capacity.is_some_and(|most| self.size() >= most)
    }

    /// Stores a value, or gives it back when there is no room.
    fn push(&self, value: Value) -> Result<Option<Value>, Error> {
        let most = self.capacity.unwrap_or(usize::MAX);
        match &self.store {
            Store::Fifo(sender, _) => match sender.try_send(value) {
                Ok(()) => Ok(None),
                // Both ends live as long as the queue.
                Err(TrySendError::Full(value) | TrySendError::Disconnected(value)) => Ok(Some(value)),
            },
            Store::Long(values) => {
                let mut values = values.lock();
                if values.len() >= most {
                    return Ok(Some(value));
                }
                values.push_back(value);
                Ok(None)
            }
            Store::Lifo(values) => {
                let mut values = values.lock();
                if values.len() >= most {
                    return Ok(Some(value));
                }
                values.push(value);
                Ok(None)
            }
            Store::Priority(heap) => {
                let mut heap = heap.lock();
                if heap.len() >= most {
                    return Ok(Some(value));
                }
                heap.push(value).map(|()| None)
            }
        }
    }

    fn pop(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        if let Some(there) = &self.there {
            let Some((value, bytes)) = there.get()? else { return Ok(None) };
            sync.count_received(bytes);
            return Ok(Some(value));
        }
        match &self.store {
            Store::Fifo(_, receiver) => match receiver.try_recv() {
                Ok(value) => Ok(Some(value)),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(None),
            },
            Store::Long(values) => Ok(values.lock().pop_front()),
            Store::Lifo(values) => Ok(values.lock().pop()),
            Store::Priority(heap) => heap.lock().pop(),
        }
    }

    /// A put that was announced does not take place.
    #[cold]
    fn take_back(&self) {
        // A script's `task_done` too many may have counted it down already.
        let back = |state: u64| {
            Some(if state >= UNFINISHED { state - PUTTING - UNFINISHED } else { state - PUTTING })
        };
        let before = self.state().fetch_update(Ordering::SeqCst, Ordering::SeqCst, back).unwrap_or_default();
        if before < 2 * UNFINISHED {
            self.joiners().wake_all();
        }
        if before & CLOSED != 0 {
            self.getters().wake_all();
        }
    }

    /// The queue was closed while a put was under way: those who get learn that nothing comes after it.
    #[cold]
    fn closed_meanwhile(&self, state: u64) {
        if state & DROPPED != 0 {
            self.drain();
        }
        self.getters().wake_all();
    }

    fn drain(&self) {
        // Values are dropped without the store's lock: what they hold may be large.
        let dropped = match &self.store {
            Store::Fifo(_, receiver) => receiver.try_iter().count(),
            Store::Long(values) => {
                let dropped = std::mem::take(&mut *values.lock());
                dropped.len()
            }
            Store::Lifo(values) => {
                let dropped = std::mem::take(&mut *values.lock());
                dropped.len()
            }
            Store::Priority(heap) => {
                let dropped = std::mem::take(&mut *heap.lock());
                dropped.len()
            }
        } as u64;
        let done = |state: u64| Some(state - dropped.min(state / UNFINISHED) * UNFINISHED);
        let before = self.state().fetch_update(Ordering::SeqCst, Ordering::SeqCst, done).unwrap_or_default();
        if before / UNFINISHED <= dropped {
            self.joiners().wake_all();
        }
    }
}

#[cold]
fn too_many(sync: &Sync) -> Error {
    let message = format!("{}.task_done() called too many times", sync.label());
    Error::new(error::Kind::Value, message).hint("call it once for each value that `get` returned")
}

/// The one error for using a closed queue.
#[cold]
pub fn closed(sync: &Sync, operation: &str) -> Error {
    let label = sync.label();
    let (why, hint) = match operation {
        "put" => ("no more values can be put", "close it after the last put"),
        "submit" | "enter" => ("it takes no more tasks", "close it after the last submit"),
        _ => ("nothing is left in it", "`for x in q { }` ends when a queue is closed and empty"),
    };
    let what = match operation {
        "enter" => format!("`with {label}`"),
        _ => format!("{label}.{operation}()"),
    };
    Error::new(error::Kind::Closed, format!("{what}: {label} is closed, and {why}")).hint(hint)
}

impl Queue {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.byte(match self.leaving() {
            Leaving::FirstFirst => 0,
            Leaving::LastFirst => 1,
            Leaving::SmallestFirst => 2,
        });
        w.option(self.capacity, |w, capacity| w.count(capacity as u64));
    }

    pub fn load(r: &mut Reader<'_>) -> Queue {
        let order = match r.byte() {
            0 => Order::Fifo,
            1 => Order::Lifo,
            2 => Order::Priority,
            order => unreachable!("no queue has the order {order}"),
        };
        Queue::new(r.option(|r| r.count() as i64), order)
    }

    /// Nobody may put or get meanwhile. Whether what was left at the close was dropped has no effect any more then.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.closed());
        // Where nobody reports, the count would only tell how often the queue was used: that something was taken is
        // enough.
        let most = if w.numbering.counts_tasks() { u64::MAX } else { self.size() as u64 + 1 };
        w.count(self.unfinished().min(most));
        match &self.store {
            Store::Fifo(sender, receiver) => {
                let values: Vec<Value> = receiver.try_iter().collect();
                w.values(&values);
                for value in values {
                    let _ = sender.try_send(value); // there is room: it was taken out just now
                }
            }
            Store::Long(values) => w.values(values.lock().make_contiguous()),
            Store::Lifo(values) => w.values(&values.lock()),
            Store::Priority(heap) => heap.lock().save(w),
        }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let closed = if r.flag() { CLOSED } else { 0 };
        self.word().store((r.count() * UNFINISHED) | closed, Ordering::SeqCst);
        match &self.store {
            Store::Fifo(sender, _) => {
                for value in r.values() {
                    let _ = sender.try_send(value); // it is empty, and as large as the one that was written
                }
            }
            Store::Long(values) => *values.lock() = r.values().into(),
            Store::Lifo(values) => *values.lock() = r.values(),
            Store::Priority(heap) => *heap.lock() = Heap::load(r),
        }
    }

    /// The values that putting and getting compare with others.
    pub fn compared(&self) -> Vec<Value> {
        match &self.store {
            Store::Fifo(..) | Store::Long(_) | Store::Lifo(_) => Vec::new(),
            Store::Priority(heap) => heap.lock().values().cloned().collect(),
        }
    }

    fn word(&self) -> &AtomicU64 {
        self.state()
    }
}
