//! What a bounded queue in the plain order keeps its values in: a ring with a lock at each end.
//!
//! A put or a get is one step: the lock of its end is taken, all of it is done, and the lock is given back by a plain store
//! (`value::step`). Those who put and those who get have different locks, and each end remembers how far it has seen the
//! other come: it looks there, at what the other core writes, only when that is used up. So values go from one core to the
//! other in handfuls, and not each by itself, which costs more than all the rest.
//!
//! Nearly all of what is left is the memory of the values, of which each cache line comes to the core that takes them, and
//! goes back to the one that puts. So whoever has seen how far the other end has come sends for the next lines at once: one
//! after the other, when each is needed, they cost three times as much as a value does otherwise.
//!
//! # Why each place has one user at a time
//!
//! Values are numbered as they are put, and the one with the number `n` has the place `n % places.len()`. Those from
//! `taken` to `put` are there. `put` is changed under the lock of the back only, and `taken` under that of the front.
//!
//! - Who puts writes the place of `put`, which is that of no value that is there: there are fewer than `capacity`, by a
//!   `taken` that was read after whoever took the last value from this place had written it, and so had left it.
//! - Who gets takes the value with the number `taken`, by a `put` that was read after the value had been written.
//!
//! Each number is written last (`Release`) and read first (`Acquire`).

use super::Got;
use super::along::Passing;
use crate::sync::apart::Apart;
use crate::value::Value;
use crate::value::step::Stepped;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The most that anybody waits for; and the capacity from which on.
const MOST: u64 = 32;
const LEAST_CAPACITY: u64 = 16;
/// For so many places the memory is sent for at once, of which so many lie in a cache line.
const AHEAD: u64 = 32;
const IN_A_LINE: u64 = 64 / size_of::<Value>() as u64;

#[derive(Debug)]
pub struct Ring {
    /// A power of two.
    places: Box<[UnsafeCell<MaybeUninit<Value>>]>,
    capacity: u64,
    back: Apart<Back>,
    front: Apart<Front>,
}

/// Where values are put.
#[derive(Debug, Default)]
struct Back {
    /// How many are known to have been taken.
    lock: Stepped<u64>,
    /// How many were put, ever.
    put: AtomicU64,
    /// Changed under the lock, so that nobody puts after it.
    closed: AtomicBool,
}

/// Where they are taken.
#[derive(Debug, Default)]
struct Front {
    /// How many are known to have been put.
    lock: Stepped<u64>,
    /// How many were taken, ever.
    taken: AtomicU64,
    /// How many were reported by `task_done`, or dropped.
    done: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Done,
    Full,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Get {
    Done,
    Empty,
    /// Closed, and nothing is left.
    End,
}

// SAFETY: the places are used under locks, each by one thread at a time, as said above; values may go to any thread.
unsafe impl Sync for Ring {}

impl Ring {
    pub fn new(capacity: usize) -> Ring {
        let places = (0..capacity.next_power_of_two()).map(|_| UnsafeCell::new(MaybeUninit::uninit()));
        Ring {
            places: places.collect(),
            capacity: capacity as u64,
            back: Apart::default(),
            front: Apart::default(),
        }
    }

    #[inline(always)]
    fn place(&self, number: u64) -> *mut MaybeUninit<Value> {
        self.places[number as usize & (self.places.len() - 1)].get()
    }

    /// Lets this core have the memory of the places from number `first` on, before they are written. They are the back's
    /// own: to be called under its lock.
    #[inline]
    fn fetch_room(&self, first: u64, end: u64) {
        for number in ahead(first, end) {
            // SAFETY: by the lock and the number nobody else uses the place, and nothing is there. (Written as volatile, so
            // that it is written although nobody reads it.)
            unsafe { self.place(number).cast::<MaybeUninit<u8>>().write_volatile(MaybeUninit::new(0)) };
        }
    }

    /// The same of places that will be read, under the lock of the front.
    #[inline]
    fn fetch_values(&self, first: u64, end: u64) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        for number in ahead(first, end) {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: it is a hint, which reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(self.place(number).cast()) };
        }
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let _ = (first, end);
    }

    /// Puts a copy of it if there is room.
    #[inline(always)]
    pub fn put(&self, value: &Value) -> Put {
        self.put_noted(value, &())
    }

    /// The same, with what goes with it.
    #[inline(always)]
    pub fn put_noted(&self, value: &Value, with: &impl Passing) -> Put {
        let back = &self.back.0;
        let mut taken = back.lock.lock();
        let put = back.put.load(Ordering::Relaxed);
        if back.closed.load(Ordering::Relaxed) {
            return Put::Closed;
        }
        if put - *taken >= self.capacity {
            *taken = self.front.0.taken.load(Ordering::Acquire);
            if put - *taken >= self.capacity {
                return Put::Full;
            }
            self.fetch_room(put, *taken + self.capacity);
            numbers_ahead(put, *taken + self.capacity).for_each(|number| with.fetch(number));
        }
        // SAFETY: by the lock and the number, nobody else uses the place; what was there has been taken.
        value.copy_into(unsafe { &mut *self.place(put) });
        with.passes(put);
        back.put.store(put + 1, Ordering::Release);
        Put::Done
    }

    /// Takes the oldest if there is one.
    pub fn get(&self) -> Got {
        let mut value = Value::Nil;
        match self.get_noted(&mut value, &()) {
            Get::Done => Got::Value(value),
            Get::Empty => Got::Empty,
            Get::End => Got::End,
        }
    }

    /// Takes the oldest if there is one, and writes it over what is in `slot`: a value that is returned would be moved in pieces,
    /// each time before the processor has them together. With what goes with it.
    #[inline(always)]
    pub fn get_noted(&self, slot: &mut Value, with: &impl Passing) -> Get {
        let front = &self.front.0;
        let mut put = front.lock.lock();
        let taken = front.taken.load(Ordering::Relaxed);
        if *put == taken {
            // In this order: once it is closed, nothing more is put.
            let closed = self.back.0.closed.load(Ordering::Acquire);
            *put = self.back.0.put.load(Ordering::Acquire);
            if *put == taken {
                return if closed { Get::End } else { Get::Empty };
            }
            self.fetch_values(taken, *put);
            numbers_ahead(taken, *put).for_each(|number| with.fetch(number));
        }
        with.passes(taken);
        let old = if slot.is_plain() { None } else { Some(std::mem::replace(slot, Value::Nil)) };
        // SAFETY: the value was written before its number was counted in `put`, and by the lock nobody else takes it.
        let value = unsafe { self.place(taken).read().assume_init() };
        // What is there is plain now.
        std::mem::forget(std::mem::replace(slot, value));
        front.taken.store(taken + 1, Ordering::Release);
        drop(put);
        if let Some(old) = old {
            std::hint::cold_path();
            drop(old); // without the lock: it may be large
        }
        Get::Done
    }

    /// One value has been dealt with: how many have not; None when that is one too many.
    pub fn task_done(&self) -> Option<u64> {
        let done = &self.front.0.done;
        let one_more = |done: u64| (self.put_so_far() != done).then(|| done.wrapping_add(1));
        let before = done.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).ok()?;
        Some(self.put_so_far().wrapping_sub(before.wrapping_add(1)))
    }

    /// Nothing is put any more.
    pub fn close(&self) {
        let _taken = self.back.0.lock.lock();
        self.back.0.closed.store(true, Ordering::SeqCst);
    }

    /// Drops all that is there, of a closed one; it counts as dealt with.
    pub fn drain(&self) {
        while let Got::Value(_) = self.get() {
            self.task_done();
        }
    }

    /// A thread has made itself known as one that waits for a value, and is about to ask. Whoever puts has had the lock
    /// before, and what it put is seen then; or has it later, and sees who waits.
    pub fn pass_back(&self) {
        drop(self.back.0.lock.lock());
    }

    /// The same of one that waits for room, and those who get.
    pub fn pass_front(&self) {
        drop(self.front.0.lock.lock());
    }

    fn put_so_far(&self) -> u64 {
        self.back.0.put.load(Ordering::SeqCst)
    }

    fn taken(&self) -> u64 {
        self.front.0.taken.load(Ordering::SeqCst)
    }

    /// How many it held at one moment.
    pub fn size(&self) -> usize {
        let mut put = self.put_so_far();
        loop {
            let taken = self.taken();
            let later = self.put_so_far();
            if later == put {
                return (put - taken) as usize;
            }
            put = later;
        }
    }

    pub fn closed(&self) -> bool {
        self.back.0.closed.load(Ordering::SeqCst)
    }

    /// In this order: there are never more done than put.
    pub fn unfinished(&self) -> u64 {
        let done = self.front.0.done.load(Ordering::SeqCst);
        self.put_so_far().wrapping_sub(done)
    }

    /// For how many values there is room, as far as can be seen; any number when it is closed, since a put need not wait.
    pub fn room(&self) -> u64 {
        let put = self.put_so_far();
        let held = put.saturating_sub(self.taken());
        if self.closed() { u64::MAX } else { self.capacity.saturating_sub(held) }
    }

    /// How many there are to be taken, likewise.
    pub fn held(&self) -> u64 {
        let taken = self.taken();
        let put = self.put_so_far();
        if self.closed() { u64::MAX } else { put - taken }
    }

    /// How many are worth waiting for when the other side is at work. None of a short one: it is there for handing over.
    pub fn handful(&self) -> Option<u64> {
        (self.capacity >= LEAST_CAPACITY).then_some(MOST.min(self.capacity / 2))
    }

    /// A copy of all it holds.
    pub fn values(&self) -> Vec<Value> {
        let (_taken, _put) = (self.back.0.lock.lock(), self.front.0.lock.lock());
        let held = self.taken()..self.put_so_far();
        // SAFETY: those values are there, and by the locks nobody comes to them meanwhile.
        held.map(|number| unsafe { (*self.place(number)).assume_init_ref().clone() }).collect()
    }

    /// It is new, and nobody else has it.
    pub fn fill(&self, closed: bool, unfinished: u64, values: &[Value]) {
        values.iter().for_each(|value| _ = self.put(value));
        self.front.0.done.store((values.len() as u64).wrapping_sub(unfinished), Ordering::SeqCst);
        self.back.0.closed.store(closed, Ordering::SeqCst);
    }

    /// Takes all out of it.
    pub fn take_all(&self) -> Vec<Value> {
        std::iter::from_fn(|| if let Got::Value(value) = self.get() { Some(value) } else { None }).collect()
    }
}

/// One place of each cache line of those from number `first` on, but not the first one, which is used at once.
fn ahead(first: u64, end: u64) -> impl Iterator<Item = u64> {
    (first + IN_A_LINE..end.min(first + AHEAD)).step_by(IN_A_LINE as usize)
}

/// Each of them, but not the first one.
fn numbers_ahead(first: u64, end: u64) -> impl Iterator<Item = u64> {
    first + 1..end.min(first + AHEAD)
}

impl Drop for Ring {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::wait::{WaitQueue, Waiter};
    use std::sync::Arc;
    use std::thread;

    fn number(got: Got) -> Option<i64> {
        match got {
            Got::Value(Value::Int(n)) => Some(n),
            Got::Value(other) => panic!("{other:?}"),
            Got::Empty | Got::End => None,
        }
    }

    #[test]
    fn it_holds_so_many_and_gives_them_in_order() {
        // Three have four places.
        for capacity in [1, 2, 3, 4] {
            let ring = Ring::new(capacity);
            for round in 0..5 {
                assert!(ring.room() > 0 && ring.held() == 0);
                let numbers = round..round + capacity as i64;
                for n in numbers.clone() {
                    assert_eq!(ring.put(&Value::Int(n)), Put::Done);
                }
                assert!(ring.room() == 0 && ring.held() > 0);
                assert_eq!((ring.put(&Value::Nil), ring.size()), (Put::Full, capacity));
                numbers.for_each(|n| assert_eq!(number(ring.get()), Some(n)));
                assert!(matches!(ring.get(), Got::Empty));
            }
            assert_eq!(ring.unfinished(), 5 * capacity as u64);
        }
    }

    #[test]
    fn what_is_done_is_counted_down_to_nothing_and_no_further() {
        let ring = Ring::new(4);
        assert_eq!(ring.task_done(), None);
        (1..=2).for_each(|n| _ = ring.put(&Value::Int(n)));
        assert_eq!([ring.task_done(), ring.task_done(), ring.task_done()], [Some(1), Some(0), None]);
        // More was put before, and less reported.
        let ring = Ring::new(4);
        ring.fill(false, 1, &[]);
        assert_eq!((ring.unfinished(), ring.task_done(), ring.task_done()), (1, Some(0), None));
    }

    #[test]
    fn a_closed_one_gives_what_it_holds_and_then_its_end() {
        let ring = Ring::new(2);
        ring.put(&Value::Int(1));
        ring.close();
        assert!(ring.closed() && (ring.room() > 0) && (ring.held() > 0));
        assert_eq!((ring.put(&Value::Int(2)), number(ring.get())), (Put::Closed, Some(1)));
        assert!((ring.held() > 0) && matches!(ring.get(), Got::End));
        let ring = Ring::new(2);
        ring.put(&Value::Int(1));
        ring.close();
        ring.drain();
        assert_eq!((ring.unfinished(), ring.size()), (0, 0));
    }

    #[test]
    fn what_is_left_in_it_is_let_go_of_once() {
        let ring = Ring::new(3);
        let text = || Value::text("a text that is too long for a value of its own");
        let list = Value::list(vec![text()]);
        (0..5).for_each(|_| {
            ring.put(&list);
            ring.get();
        });
        ring.put(&list);
        ring.put(&list);
        let Value::List(held) = &list else { panic!("{list:?}") };
        assert_eq!((Arc::strong_count(held), ring.values().len()), (3, 2));
        drop(ring);
        assert_eq!(Arc::strong_count(held), 1);
    }

    /// Values that own memory, so that one taken twice, or lost, is seen by Miri too.
    #[test]
    fn each_is_taken_once_in_the_order_of_each_who_puts() {
        let each = if cfg!(miri) { 20 } else { 20_000 };
        for capacity in [1, 3, 64] {
            let ring = Arc::new(Ring::new(capacity));
            let putting = (0..2).map(|who| {
                let ring = ring.clone();
                thread::spawn(move || {
                    for n in 0..each {
                        let value = Value::list(vec![Value::Int(who), Value::Int(n)]);
                        while ring.put(&value) == Put::Full {
                            thread::yield_now();
                        }
                    }
                })
            });
            let putting: Vec<_> = putting.collect();
            let getting = (0..2).map(|_| {
                let ring = ring.clone();
                thread::spawn(move || {
                    let mut taken = [Vec::new(), Vec::new()];
                    loop {
                        match ring.get() {
                            Got::Value(Value::List(pair)) => match pair.snapshot()[..] {
                                [Value::Int(who), Value::Int(n)] => taken[who as usize].push(n),
                                ref other => panic!("{other:?}"),
                            },
                            Got::Value(other) => panic!("{other:?}"),
                            Got::Empty => thread::yield_now(),
                            Got::End => return taken,
                        }
                    }
                })
            });
            let getting: Vec<_> = getting.collect();
            putting.into_iter().for_each(|thread| thread.join().expect("it only puts"));
            ring.close();
            let mut all = [Vec::new(), Vec::new()];
            for thread in getting {
                for (all, taken) in all.iter_mut().zip(thread.join().expect("it only gets")) {
                    assert!(taken.is_sorted());
                    all.extend(taken);
                }
            }
            for mut all in all {
                all.sort_unstable();
                assert_eq!(all, (0..each).collect::<Vec<_>>());
            }
        }
    }

    /// Of one that puts and then looks who waits, and one that makes itself known and then looks what is there, one at
    /// least sees the other, although nothing but the lock is between.
    #[test]
    fn who_waits_is_seen_or_sees() {
        let rounds = if cfg!(miri) { 20 } else { 20_000 };
        for round in 0..rounds {
            let shared = Arc::new((Ring::new(1), WaitQueue::new()));
            let gets = round % 2 == 0;
            if !gets {
                shared.0.put(&Value::Nil);
            }
            let other = shared.clone();
            let waiter = Arc::new(Waiter::new(Arc::default()));
            let mine = waiter.clone();
            let thread = thread::spawn(move || {
                (0..round % 50).for_each(|_| std::hint::spin_loop());
                other.1.register(&mine);
                if gets {
                    other.0.pass_back();
                    other.0.held() > 0
                } else {
                    other.0.pass_front();
                    other.0.room() > 0
                }
            });
            if gets {
                shared.0.put(&Value::Nil);
            } else {
                shared.0.get();
            }
            shared.1.offer();
            let seen = thread.join().expect("it only looks");
            assert!(seen || waiter.woken(), "in round {round}");
        }
    }
}
