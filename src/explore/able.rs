//! Who may be able to move, in a run that goes on: kept up to date by what changes, so that nobody is asked who waits for
//! something that has not changed. A thread that may be able is asked when it is its turn, and waits for something then
//! if it cannot.
//!
//! Who waits stands in the queues of what it waits for, as in the real world. But any of several might be the first: when
//! one is woken from a queue, so are all. Only where all want the same, and one gets it, is one of them drawn in place of
//! who was woken: those who wait for a lock. The others would be woken in vain each time that it changes hands.

use crate::sync::Op;
use crate::sync::owner::Owner;
use crate::sync::wait::{List, Waiter};
use crate::world::sim::Seat;
use fastrand::Rng;
use foldhash::fast::FixedState;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// Numbers stand for threads as long as they live; they move from seat to seat when others end.
pub struct Able {
    /// Those that may be able to move.
    may: Vec<u32>,
    threads: Vec<Thread>,
    /// The number of the thread in each seat.
    numbers: Vec<u32>,
    /// Numbers of threads that have ended.
    free: Vec<u32>,
    /// Those that have been woken from a queue.
    woken: List,
    /// Who waits for a change of which variable of the top level; each with its turn then. Those that have been woken
    /// meanwhile are left there.
    globals: HashMap<u32, Vec<(u32, u32)>, FixedState>,
    /// How many stand there.
    registered: usize,
    /// Who waits for whatever may change.
    any: Vec<(u32, u32)>,
    /// When somebody gives up, the earliest first: those that still wait for that time.
    times: BinaryHeap<Reverse<(i64, u32)>>,
}

struct Thread {
    seat: u32,
    /// Its place in `may`.
    place: Option<u32>,
    /// Another each time that it is woken, and when it has ended.
    turn: u32,
    waiter: Arc<Waiter>,
    /// It stands in the queues of its operation.
    queued: bool,
}

/// What a thread waits for.
pub enum For<'w> {
    /// That its operation may be possible.
    Op(&'w Op),
    /// A change of one of these variables.
    Globals(&'w [u32]),
    /// Any change.
    Any,
}

/// Below that many, what is out of date is not worth tidying up.
const FEW: usize = 64;

impl Able {
    /// Of so many threads, each of which may be able.
    pub fn new(seats: usize) -> Able {
        let mut able = Able {
            may: Vec::new(),
            threads: Vec::new(),
            numbers: Vec::new(),
            free: Vec::new(),
            woken: List::default(),
            globals: HashMap::with_hasher(FixedState::with_seed(5)),
            registered: 0,
            any: Vec::new(),
            times: BinaryHeap::new(),
        };
        (0..seats).for_each(|_| able.begins());
        able
    }

    /// A thread has started, in the last seat.
    pub fn begins(&mut self) {
        let seat = self.numbers.len() as u32;
        let number = self.free.pop().unwrap_or_else(|| {
            let number = self.threads.len() as u32;
            let waiter = Arc::new(Waiter::listed(&self.woken, number));
            self.threads.push(Thread { seat, place: None, turn: 0, waiter, queued: false });
            number
        });
        self.threads[number as usize].seat = seat;
        self.numbers.push(number);
        self.put_in(number);
    }

    /// A thread that did not wait has ended: who sat in the last seat has its seat now.
    pub fn ends(&mut self, seat: usize) {
        let number = self.numbers.swap_remove(seat);
        self.put_aside(number);
        self.threads[number as usize].turn += 1;
        self.free.push(number);
        if let Some(moved) = self.numbers.get(seat) {
            self.threads[*moved as usize].seat = seat as u32;
        }
    }

    /// The seat of one of those that may be able, each as likely as the others.
    pub fn pick(&self, dice: &mut Rng) -> Option<usize> {
        let number = match self.may.len() {
            0 => return None,
            count => self.may[dice.usize(..count)],
        };
        Some(self.threads[number as usize].seat as usize)
    }

    /// Whether the thread in this seat may be able to move, or has not been asked.
    pub fn may_move(&self, seat: usize) -> bool {
        self.threads[self.numbers[seat] as usize].place.is_some()
    }

    /// The thread in this seat is not able to move: it waits.
    pub fn waits(&mut self, seat: usize, what: &For<'_>) {
        let number = self.numbers[seat];
        self.put_aside(number);
        let thread = &mut self.threads[number as usize];
        let turn = thread.turn;
        match *what {
            For::Op(op) => {
                thread.waiter.begin();
                op.queues(&mut |queue| queue.register(&thread.waiter));
                thread.queued = true;
            }
            For::Globals(globals) => {
                self.registered += globals.len();
                globals
                    .iter()
                    .for_each(|global| self.globals.entry(*global).or_default().push((number, turn)));
                if self.registered > 4 * self.numbers.len() + FEW {
                    self.tidy();
                }
            }
            For::Any => self.any.push((number, turn)),
        }
    }

    /// It gives up waiting at this time, if it still waits then.
    pub fn gives_up(&mut self, seat: usize, time: i64, still: impl Fn(usize) -> Option<i64>) {
        self.times.push(Reverse((time, self.numbers[seat])));
        if self.times.len() > 2 * self.numbers.len() + FEW {
            let mut times = std::mem::take(&mut self.times).into_vec();
            times.retain(|Reverse((time, number))| self.is_due(*number, *time, &still));
            times.sort_unstable();
            times.dedup();
            self.times = times.into();
        }
    }

    /// The seats of those who give up waiting next, and when: of those that `may` do.
    pub fn next_to_give_up(
        &mut self,
        still: impl Fn(usize) -> Option<i64>,
        may: impl Fn(usize) -> bool,
    ) -> Option<(i64, Vec<usize>)> {
        let (mut seats, mut first, mut later) = (Vec::new(), None, Vec::new());
        while let Some(&Reverse((time, number))) = self.times.peek()
            && first.is_none_or(|first| first == time)
        {
            self.times.pop();
            let seat = self.threads[number as usize].seat as usize;
            if !self.is_due(number, time, &still) {
                continue;
            }
            if may(seat) {
                first = Some(time);
                seats.push(seat);
            } else {
                later.push(Reverse((time, number)));
            }
        }
        self.times.extend(later);
        first.map(|time| (time, seats))
    }

    /// Whether a thread lives that gives up waiting then.
    fn is_due(&self, number: u32, time: i64, still: impl Fn(usize) -> Option<i64>) -> bool {
        let seat = self.threads[number as usize].seat as usize;
        self.numbers.get(seat) == Some(&number) && still(seat) == Some(time)
    }

    /// The thread in this seat may be able to move.
    pub fn wake(&mut self, seat: usize, seats: &[Seat]) {
        let number = self.numbers[seat];
        self.leave(number, seats);
        self.put_in(number);
    }

    /// So may everybody whose operation may have become possible.
    pub fn wake_queued(&mut self, seats: &[Seat], dice: &mut Rng) {
        loop {
            let woken = std::mem::take(&mut *self.woken.lock());
            if woken.is_empty() {
                return;
            }
            for number in woken {
                let number = self.one_like(number, seats, dice);
                self.leave(number, seats);
                self.put_in(number);
            }
        }
    }

    /// The thread itself, or one of those who wait for the same lock and nothing else: then that one was woken, and it
    /// was not.
    fn one_like(&self, number: u32, seats: &[Seat], dice: &mut Rng) -> u32 {
        let thread = &self.threads[number as usize];
        let wait = seats.get(thread.seat as usize).and_then(|seat| seat.wait.as_ref());
        let lock = wait.and_then(|wait| lock_alone(&wait.op)).filter(|_| thread.queued);
        let other =
            lock.and_then(|owner| owner.waiters.exchange(&thread.waiter, |count| dice.usize(..count)));
        other.unwrap_or(number)
    }

    /// So may everybody who waits for a change of this variable of the top level.
    pub fn changed(&mut self, global: u32) {
        if self.registered > 0
            && let Some(waiting) = self.globals.remove(&global)
        {
            self.registered -= waiting.len();
            self.put_those_in(waiting);
        }
    }

    /// So may everybody who waits for whatever may change.
    pub fn something_changed(&mut self) {
        let waiting = std::mem::take(&mut self.any);
        self.put_those_in(waiting);
    }

    /// Leaves the queues of its operation, if it stands there; and whoever stands there with it is woken, unless one of
    /// those who wait for it is enough.
    fn leave(&mut self, number: u32, seats: &[Seat]) {
        let thread = &mut self.threads[number as usize];
        if std::mem::take(&mut thread.queued)
            && let Some(wait) = &seats[thread.seat as usize].wait
        {
            let others = lock_alone(&wait.op).is_none();
            wait.op.queues(&mut |queue| {
                if !queue.leave(&thread.waiter) && others {
                    queue.wake_all();
                }
            });
        }
    }

    fn put_those_in(&mut self, waiting: Vec<(u32, u32)>) {
        for (number, turn) in waiting {
            if self.threads[number as usize].turn == turn {
                self.put_in(number);
            }
        }
    }

    fn put_in(&mut self, number: u32) {
        let thread = &mut self.threads[number as usize];
        if thread.place.is_none() {
            thread.place = Some(self.may.len() as u32);
            thread.turn += 1;
            self.may.push(number);
        }
    }

    fn put_aside(&mut self, number: u32) {
        if let Some(place) = self.threads[number as usize].place.take() {
            self.may.swap_remove(place as usize);
            if let Some(moved) = self.may.get(place as usize) {
                self.threads[*moved as usize].place = Some(place);
            }
        }
    }

    /// Forgets who waited for a change of something and has been woken by that of something else.
    fn tidy(&mut self) {
        let threads = &self.threads;
        self.globals.retain(|_, waiting| {
            waiting.retain(|(number, turn)| threads[*number as usize].turn == *turn);
            !waiting.is_empty()
        });
        self.registered = self.globals.values().map(Vec::len).sum();
    }
}

/// The lock that an operation waits for, and for nothing else.
fn lock_alone(op: &Op) -> Option<&Owner> {
    if let Op::Acquire(sync) = op { sync.owner() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seats that are picked, of so many tries.
    fn picked(able: &Able) -> Vec<usize> {
        let mut dice = Rng::with_seed(1);
        let mut seats: Vec<usize> = (0..200).filter_map(|_| able.pick(&mut dice)).collect();
        seats.sort_unstable();
        seats.dedup();
        seats
    }

    #[test]
    fn who_waits_is_picked_again_after_what_it_waits_for_has_changed() {
        let mut able = Able::new(3);
        assert_eq!(picked(&able), [0, 1, 2]);
        able.waits(0, &For::Globals(&[1, 8]));
        able.waits(2, &For::Globals(&[8]));
        able.waits(1, &For::Any);
        assert!(picked(&able).is_empty());
        able.changed(9);
        assert!(picked(&able).is_empty());
        able.changed(1);
        assert_eq!(picked(&able), [0]);
        able.changed(8);
        assert_eq!(picked(&able), [0, 2]);
        able.something_changed();
        assert_eq!(picked(&able), [0, 1, 2]);
    }

    #[test]
    fn who_has_ended_is_not_woken_and_its_seat_is_another_s() {
        let mut able = Able::new(3);
        able.waits(2, &For::Globals(&[2]));
        able.ends(0);
        assert_eq!(picked(&able), [1]);
        able.begins();
        able.waits(2, &For::Globals(&[3]));
        able.changed(2);
        assert_eq!(picked(&able), [0, 1]);
        able.waits(0, &For::Globals(&[0]));
        able.changed(0);
        able.ends(0);
        able.changed(0);
        assert_eq!(picked(&able), [1]);
    }

    #[test]
    fn time_is_up_for_those_who_still_wait_for_it() {
        let mut able = Able::new(4);
        let still = |seat: usize| [Some(5), Some(7), Some(5), Some(9)][seat];
        for (seat, time) in [(0, 5), (0, 3), (1, 7), (2, 5), (3, 9)] {
            able.gives_up(seat, time, still);
        }
        assert_eq!(able.next_to_give_up(still, |seat| seat != 2), Some((5, vec![0])));
        assert_eq!(able.next_to_give_up(still, |seat| seat != 0), Some((5, vec![2])));
        able.ends(1);
        let still = |seat: usize| [None, Some(9), None][seat];
        assert_eq!(able.next_to_give_up(still, |_| true), Some((9, vec![1])));
        assert_eq!(able.next_to_give_up(still, |_| true), None);
    }

    #[test]
    fn what_is_out_of_date_is_forgotten() {
        let mut able = Able::new(1);
        for n in 0..10_000 {
            able.waits(0, &For::Globals(&[0, 1 + n]));
            able.changed(0);
            able.gives_up(0, i64::from(n), |_| None);
        }
        assert!(able.registered < 200 && able.globals.len() < 200 && able.times.len() < 200);
    }
}
