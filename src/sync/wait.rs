//! Where threads of the real world wait: a queue of waiters in each thing to wait for.
//!
//! Where every interleaving is explored the queues stay empty, and waking costs one load; where one run is simulated, who is
//! woken is put on a list. How long to spin and when to park is not decided here but in `world::real`; what makes an operation possible is the thing's own matter.
//!
//! # Why no wake-up is lost
//!
//! A waiter registers, and only then asks whether its operation is possible now. Whoever changes a thing makes
//! the change, and only then looks for waiters. Both steps touch the thing's state under its mutex (or by
//! sequentially consistent operations), so one comes first. If the change does, the waiter sees it. If the
//! question does, the waiter had registered before, and the changer finds it. (Where the question is asked without the
//! mutex, the waiter takes and releases it in between: `Op::pass`.)
//!
//! That also holds for a lock that is given back by a plain store (`value::step`), which may be seen late: the changer looks for
//! waiters after it has *taken* the lock, and takings have one order. If its taking is the second, the waiter had registered before,
//! and is found; if it is the first, the waiter finds the lock taken until the change is there to be seen.
//!
//! A wake-up is a message: "what you wait for may be possible". The changer takes the waiter out of the queue
//! when it gives it one. So a waiter that leaves a queue and is not in it any more knows that it was given a
//! wake-up there: it must ask again after that, or pass the wake-up on.
//!
//! # One is enough
//!
//! Of many waiters, where each change serves one, it is a waste to wake a second while the first is on its way: it
//! often finds nothing left. So `offer` wakes nobody as long as some thread *looks*: it was woken and has not asked
//! yet, or it looks for a while without having registered. In return, whoever has looked and got what it wanted
//! offers what is left over to the next. No offer is lost: a thread ceases to look, and then asks. So if an
//! offer saw it looking, it asks after the change.
//!
//! # Not before it is of use
//!
//! Who waits for a condition can do nothing, once it is notified, until the notifier gives up the lock. So it is not woken
//! there and then, but taken over by the lock's queue (`wake_all_by`), which wakes it with whatever wakes or is offered
//! next. It belongs to none of the lock's waiters meanwhile: it has left the one queue, and has not joined the other.

use super::apart::Apart;
use crate::mapped::{Call, Elsewhere, Place};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicIsize, AtomicU8, AtomicU32, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Instant;

#[derive(Debug, Default)]
pub struct WaitQueue {
    /// How many waiters there are; written under the mutex. With `ELSEWHERE`, there may be some in other processes; with
    /// `LATER`, some of other queues are to be woken by this one.
    count: AtomicU32,
    /// How many threads look, in the sense explained above: `SPINNING`s, and `COMING`s.
    looking: AtomicU32,
    /// Made when somebody waits: of most things, futures above all, nobody ever does, and there may be many.
    waiters: Mutex<Option<Box<Waiters>>>,
}

#[derive(Debug, Default)]
struct Waiters {
    /// The longest first.
    here: VecDeque<Arc<Waiter>>,
    /// Of other queues, out of which they have been taken.
    later: Vec<Arc<Waiter>>,
    /// Of a thing that processes share. Set before anybody else can come to it.
    elsewhere: Option<Arc<Elsewhere>>,
}

const ELSEWHERE: u32 = 1 << 31;
const LATER: u32 = 1 << 30;

/// A thread that looks all the time.
const SPINNING: u32 = 1;
/// One that was woken, or looks when it has let others run.
const COMING: u32 = 1 << 12;

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

    /// Something has come that one waiter can use: wakes one, unless a thread looks already.
    #[inline]
    pub fn offer(&self) {
        let count = self.count.load(Ordering::SeqCst);
        if count != 0 && (self.looking.load(Ordering::SeqCst) == 0 || count & LATER != 0) {
            self.offer_some();
        }
    }

    /// Like `wake_all`, but that those who wait are woken by the other queue, when that next wakes somebody or is offered
    /// something. Whoever calls it sees to that.
    pub(crate) fn wake_all_by(&self, other: &WaitQueue) {
        if self.has_waiters() {
            let woken = self.take(usize::MAX);
            other.change(|waiters| waiters.later.extend(woken));
        }
    }

    /// Wakes those whom other queues have left to this one.
    pub(crate) fn wake_later_ones(&self) {
        if self.count.load(Ordering::SeqCst) & LATER != 0 {
            let woken = self.change(|waiters| std::mem::take(&mut waiters.later));
            woken.iter().for_each(|waiter| waiter.wake());
        }
    }

    pub(crate) fn has_waiters(&self) -> bool {
        self.count.load(Ordering::SeqCst) & !LATER != 0
    }

    /// The thread begins to look all the time, without registering; false when as many as `most` do already. It must ask
    /// after `end_looking`, and offer what is left over.
    pub(crate) fn begin_looking(&self, most: u32) -> bool {
        let one_more = |looking: u32| (looking % COMING < most).then_some(looking + SPINNING);
        self.looking.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    pub(crate) fn end_looking(&self) {
        self.looking.fetch_sub(SPINNING, Ordering::SeqCst);
    }

    /// Likewise, of a thread that lets others run and looks in between, of which there may be any number.
    pub(crate) fn begin_giving_way(&self) {
        self.looking.fetch_add(COMING, Ordering::SeqCst);
    }

    pub(crate) fn end_giving_way(&self) {
        self.looking.fetch_sub(COMING, Ordering::SeqCst);
    }

    /// It is that of a shared thing: whoever waits in another process is woken too.
    pub fn spread(&self, place: Place) {
        self.count.fetch_or(ELSEWHERE, Ordering::SeqCst);
        self.change(|waiters| waiters.elsewhere = Some(Arc::new(Elsewhere::at(place))));
    }

    fn elsewhere(&self) -> Option<Arc<Elsewhere>> {
        let spread = self.count.load(Ordering::SeqCst) & ELSEWHERE != 0;
        spread.then(|| self.change(|waiters| waiters.elsewhere.clone())).flatten()
    }

    /// Wakes those whom other processes have called; all if all are to look again.
    pub fn relay(&self, all: bool) {
        let Some(elsewhere) = self.elsewhere() else { return };
        let call = elsewhere.heard();
        if all || call == Call::All {
            self.wake_here(usize::MAX);
        } else if call == Call::One {
            if !self.has_waiters_here() {
                // Who had waited has gone.
                elsewhere.call(false);
                return;
            }
            self.wake_here(1);
            if self.has_waiters_here() {
                elsewhere.arm();
                self.wake_here(1);
            }
        }
    }

    fn has_waiters_here(&self) -> bool {
        self.count.load(Ordering::SeqCst) & !(ELSEWHERE | LATER) != 0
    }

    #[cold]
    fn offer_some(&self) {
        self.wake_later_ones();
        if self.has_waiters() && self.looking.load(Ordering::SeqCst) == 0 {
            self.wake_some(1);
        }
    }

    #[cold]
    fn wake_some(&self, n: usize) {
        self.wake_later_ones();
        if let Some(elsewhere) = self.elsewhere() {
            elsewhere.call(n > 1);
        }
        if self.has_waiters_here() {
            self.wake_here(n);
        }
    }

    fn wake_here(&self, n: usize) {
        // Woken outside the mutex, which those woken may want at once.
        if n == 1 {
            let first = self.change(|waiters| {
                let first = waiters.here.pop_front();
                self.looking.fetch_add(if first.is_some() { COMING } else { 0 }, Ordering::SeqCst);
                first
            });
            if let Some(waiter) = first {
                waiter.wake();
            }
        } else {
            for waiter in self.take(n) {
                waiter.wake();
            }
        }
    }

    /// Takes out at most `n` waiters, each of which is to be woken.
    fn take(&self, n: usize) -> VecDeque<Arc<Waiter>> {
        self.change(|waiters| {
            let rest = waiters.here.split_off(n.min(waiters.here.len()));
            let woken = std::mem::replace(&mut waiters.here, rest);
            self.looking.fetch_add(woken.len() as u32 * COMING, Ordering::SeqCst);
            woken
        })
    }

    /// Joins the queue, at its end. The waiter must ask after this whether it still has to wait.
    pub(crate) fn register(&self, waiter: &Arc<Waiter>) {
        self.change(|waiters| waiters.here.push_back(waiter.clone()));
        if let Some(elsewhere) = self.elsewhere() {
            elsewhere.arm();
        }
        fence(Ordering::SeqCst);
    }

    /// Leaves the queue: whether the waiter was still in it, which means that it was given no wake-up here.
    pub(crate) fn leave(&self, waiter: &Arc<Waiter>) -> bool {
        // Alone in most queues, and most waiters leave because they were woken.
        let left = self.has_waiters_here()
            && self.change(|waiters| {
                let place = waiters.here.iter().position(|other| Arc::ptr_eq(other, waiter));
                place.is_some_and(|place| waiters.here.remove(place).is_some())
            });
        if !left {
            self.end_giving_way();
        }
        left
    }

    /// Of those who wait, and this one, which was woken and has not left: one is drawn, which is woken instead, unless it is
    /// that one itself. Its number, if it is another.
    pub(crate) fn exchange(&self, waiter: &Arc<Waiter>, draw: impl FnOnce(usize) -> usize) -> Option<u32> {
        self.change(|waiters| {
            let drawn = waiters.here.get_mut(draw(waiters.here.len() + 1))?;
            waiter.begin();
            let other = std::mem::replace(drawn, waiter.clone());
            other.state.store(WOKEN, Ordering::SeqCst);
            other.list.as_ref().map(|(_, number)| *number)
        })
    }

    fn change<T>(&self, act: impl FnOnce(&mut Waiters) -> T) -> T {
        let mut made = self.waiters.lock();
        let waiters = made.get_or_insert_default();
        let answer = act(waiters);
        let elsewhere = self.count.load(Ordering::SeqCst) & ELSEWHERE;
        let later = if waiters.later.is_empty() { 0 } else { LATER };
        self.count.store(waiters.here.len() as u32 | elsewhere | later, Ordering::SeqCst);
        answer
    }
}

/// How many threads of the run can go on by themselves. Each that parks, and each that wakes one, writes it.
pub(crate) type Awake = Arc<Apart<AtomicIsize>>;

/// What one thread waits with; used again for each of its waits.
#[derive(Debug)]
pub struct Waiter {
    state: AtomicU8,
    /// Known when it first parks.
    os_thread: OnceLock<Thread>,
    /// How many threads of the run can go on by themselves: a waker counts the thread before it can block itself.
    awake: Awake,
    /// Of a thread that no thread of the system runs: where it is put down, by its number, that it was woken.
    list: Option<(List, u32)>,
}

/// The numbers of those who were woken.
pub(crate) type List = Arc<Mutex<Vec<u32>>>;

/// Not woken, and looking: to wake it needs no system call.
const WATCHING: u8 = 0;
/// Parked until it is woken, and not counted as awake.
const PARKED: u8 = 1;
/// Parked, but something outside the program (time, input) will end it too: still counted as awake.
const DOZING: u8 = 2;
const WOKEN: u8 = 3;

impl Waiter {
    pub(crate) fn new(awake: Awake) -> Waiter {
        Waiter { state: AtomicU8::new(WATCHING), os_thread: OnceLock::new(), awake, list: None }
    }

    /// That of a simulated thread.
    pub(crate) fn listed(list: &List, number: u32) -> Waiter {
        Waiter { list: Some((list.clone(), number)), ..Waiter::new(Arc::default()) }
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

    /// Whether it sleeps and has not been woken.
    pub(crate) fn rests(&self) -> bool {
        matches!(self.state.load(Ordering::SeqCst), PARKED | DOZING)
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
        if let Some((list, number)) = &self.list
            && before != WOKEN
        {
            list.lock().push(*number);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn waiters<const N: usize>(queue: &WaitQueue) -> [Arc<Waiter>; N] {
        let waiters = std::array::from_fn(|_| Arc::new(Waiter::new(Arc::default())));
        for waiter in &waiters {
            queue.register(waiter);
        }
        waiters
    }

    #[test]
    fn an_offer_wakes_nobody_while_one_that_was_woken_has_not_left() {
        let queue = WaitQueue::new();
        let [first, second] = waiters(&queue);
        queue.offer();
        queue.offer();
        assert!(first.woken() && !second.woken());
        assert!(!queue.leave(&first));
        queue.offer();
        assert!(second.woken());
    }

    #[test]
    fn who_is_woken_is_put_on_the_list_once() {
        let (list, queues) = (List::default(), [WaitQueue::new(), WaitQueue::new()]);
        let listed = [4, 7].map(|number| Arc::new(Waiter::listed(&list, number)));
        listed.iter().for_each(|waiter| queues.iter().for_each(|queue| queue.register(waiter)));
        queues[0].wake_all();
        queues[1].wake_one();
        assert_eq!(*list.lock(), [4, 7]);
        assert!(!queues[1].leave(&listed[0]) && queues[1].leave(&listed[1]));
    }

    #[test]
    fn an_offer_wakes_nobody_while_somebody_looks_and_wake_does() {
        let queue = WaitQueue::new();
        let [first, second, third] = waiters(&queue);
        assert!(queue.begin_looking(1));
        assert!(!queue.begin_looking(1));
        queue.offer();
        assert!(!first.woken());
        queue.wake_one();
        assert!(first.woken() && !second.woken());
        queue.wake_all();
        assert!(third.woken());
        for waiter in [&first, &second, &third] {
            assert!(!queue.leave(waiter));
        }
        assert!(!queue.begin_looking(1));
        queue.end_looking();
        assert!(queue.begin_looking(1));
    }

    #[test]
    fn who_gives_way_and_who_was_woken_keep_nobody_from_looking() {
        let queue = WaitQueue::new();
        let [first, second] = waiters(&queue);
        queue.offer();
        queue.begin_giving_way();
        queue.begin_giving_way();
        assert!(first.woken() && queue.begin_looking(1) && !queue.begin_looking(1));
        assert!(!queue.leave(&first));
        queue.end_giving_way();
        queue.end_looking();
        queue.offer();
        assert!(!second.woken(), "one gives way");
        queue.end_giving_way();
        queue.offer();
        assert!(second.woken());
    }

    #[test]
    fn who_is_left_to_another_queue_is_woken_with_what_that_is_offered_next() {
        let (first, second) = (WaitQueue::new(), WaitQueue::new());
        let [one, two] = waiters(&first);
        let [other] = waiters(&second);
        first.wake_all_by(&second);
        assert!(!one.woken() && !two.woken() && !first.has_waiters());
        assert!(second.begin_looking(1));
        second.offer();
        assert!(one.woken() && two.woken(), "also while somebody looks there");
        assert!(!other.woken(), "who looks is enough for the offer");
        assert!(!first.leave(&one) && !first.leave(&two) && second.leave(&other));
        second.end_looking();
        assert!(first.begin_looking(1) && second.begin_looking(1), "all have been counted and have left");
    }

    #[test]
    fn who_is_left_to_another_queue_is_none_of_its_waiters() {
        let (first, second) = (WaitQueue::new(), WaitQueue::new());
        let [late, woken] = waiters(&first);
        first.wake_all_by(&second);
        assert!(!second.has_waiters());
        // The time of one is over before.
        assert!(!first.leave(&late), "it was given a wake-up");
        second.wake_later_ones();
        assert!(woken.woken());
        let [next] = waiters(&second);
        second.wake_one();
        assert!(next.woken());
    }

    #[test]
    fn who_leaves_without_having_been_woken_does_not_count_as_looking() {
        let queue = WaitQueue::new();
        let [first, second] = waiters(&queue);
        assert!(queue.leave(&first));
        queue.offer();
        assert!(second.woken());
    }
}
