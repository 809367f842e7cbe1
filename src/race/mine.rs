//! What the thread that asks knows of the others: one for each OS thread that runs a thread of a script.
//!
//! It is found through the OS thread, as operations on things to wait for have no way to the world; nobody else uses it.

use super::clock::{Clock, Known, Lore, Stamp};
use super::common::Common;
use super::found::Detector;
use super::shadow::{self, Access, Met};
use crate::machine::touch::Touch;
use crate::sync::Sync;
use crate::sync::untold::{self, Untold};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

thread_local! {
    static MINE: RefCell<Option<Box<Mine>>> = const { RefCell::new(None) };
}

/// So often a thread that is alone may take a lock before it is noted again.
const OFTEN: u32 = 1 << 30;

#[derive(Debug)]
pub struct Mine {
    pub detector: Arc<Detector>,
    pub slot: u16,
    clock: Clock,
    /// Its time when it learnt something last.
    since: u32,
    /// The clock as stamps have it, if one was made since.
    known: Option<Known>,
    /// What it holds, in the order in which it was acquired: the thing, how often, and the number of what is held up to it.
    held: Vec<(u32, u32, u32)>,
    /// The number of what is held when this is acquired as well.
    with: HashMap<(u32, u32), u32, foldhash::fast::FixedState>,
    /// The latest of these.
    latest: (u32, u32, u32),
    /// What other processes are told of who holds what, by the number of what is held.
    told: HashMap<u32, u32, foldhash::fast::FixedState>,
    /// It evaluates the condition of an `await`, or runs in `atomically`.
    atomic: bool,
    /// What an access of this moment is, but for its place.
    now: Access,
    /// The place in the code of what it is doing, where that reads more than can be told before it is done.
    place: u32,
    /// What such reads race with, not told yet.
    met: Vec<(Met, Touch)>,
    /// The lock that it has given back, and not told so yet by going on in another time.
    given_back: Option<u32>,
}

/// Does something with what this OS thread knows, if it runs a thread of a script that is watched.
#[inline]
pub fn with(what: impl FnOnce(&mut Mine)) {
    // Things may be dropped, and their operations noted, while the OS thread is on its way out.
    let _ = MINE.try_with(|mine| {
        if let Some(mine) = mine.borrow_mut().as_deref_mut() {
            if untold::with(Untold::is_allowed) {
                mine.note_what_is_held();
            }
            what(mine);
        }
    });
}

/// The calling OS thread runs a thread of this name from here on, that knows what the stamp tells.
pub fn begin(detector: &Arc<Detector>, name: &Arc<str>, born: Option<Stamp>) {
    let mut clock = Clock::default();
    born.iter().for_each(|stamp| {
        clock.learn(stamp);
    });
    let slot = detector.sit_down(&mut clock, name);
    let mut mine = Mine {
        detector: detector.clone(),
        slot,
        since: clock.of(slot),
        clock,
        known: None,
        held: Vec::new(),
        with: HashMap::default(),
        latest: (0, 0, 0),
        told: HashMap::default(),
        atomic: false,
        now: Access::default(),
        place: 0,
        met: Vec::new(),
        given_back: None,
    };
    mine.renew();
    untold::with(Untold::end);
    MINE.with(|place| *place.borrow_mut() = Some(Box::new(mine)));
}

/// What a thread that is started now knows.
pub fn birth() -> Option<Stamp> {
    let mut stamp = None;
    with(|mine| {
        mine.detector.begin();
        stamp = Some(mine.release());
    });
    stamp
}

/// The thread has ended: what whoever joins it learns. Others may have its slot.
pub fn end() -> Option<Stamp> {
    let mine = MINE.try_with(|place| place.borrow_mut().take()).ok().flatten();
    mine.map(|mut mine| {
        untold::with(Untold::end);
        let stamp = mine.release();
        mine.detector.get_up(&stamp);
        stamp
    })
}

/// What this thread has done so far; its next steps are not part of it.
pub fn so_far() -> Option<Stamp> {
    let mut stamp = None;
    with(|mine| stamp = Some(mine.release()));
    stamp
}

/// This thread has seen what the stamp tells.
pub fn learn(stamp: &Stamp) {
    with(|mine| mine.learn(stamp));
}

impl Mine {
    #[inline]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The time that its accesses have.
    #[inline]
    fn time(&self) -> u32 {
        self.clock.of(self.slot)
    }

    /// What it knows of the others.
    #[inline]
    pub fn lore(&self) -> Option<Lore> {
        Lore::new(self.slot, self.since)
    }

    #[inline]
    pub fn learn(&mut self, stamp: &Stamp) {
        if self.clock.learn(stamp) {
            self.has_learnt();
        }
    }

    pub fn join(&mut self, clock: &Clock) {
        if self.clock.join(clock) {
            self.has_learnt();
        }
    }

    #[inline]
    fn has_learnt(&mut self) {
        self.known = None;
        self.settle();
        self.since = self.time();
    }

    /// What it has done until now.
    pub fn stamp(&mut self) -> Stamp {
        self.settle();
        Stamp { known: self.known(), slot: self.slot, time: self.time(), since: self.since }
    }

    /// The clock as stamps have it.
    fn known(&mut self) -> Known {
        self.known.get_or_insert_with(|| self.clock.times().into()).clone()
    }

    /// The same in the place of an earlier one. Of this thread, while it has learnt nothing since, only the time is another.
    #[inline]
    pub fn release_to(&mut self, place: &mut Option<Stamp>) {
        self.settle();
        match place {
            Some(before) => {
                if before.lore() != self.lore() && !before.known.become_few(self.clock.times()) {
                    before.known = self.known();
                }
                (before.slot, before.time, before.since) = (self.slot, self.time(), self.since);
            }
            None => *place = Some(self.stamp()),
        }
        self.has_told();
    }

    /// The time until now: what it does from here on has another. None when its slot is used up.
    #[inline]
    pub fn tick(&mut self) -> Option<u32> {
        self.settle();
        let time = self.time();
        self.goes_on_at(time.checked_add(1)?);
        Some(time)
    }

    #[inline]
    fn goes_on_at(&mut self, time: u32) {
        self.clock.set(self.slot, time);
        self.now = self.now.later();
    }

    /// It gives a lock back at this time, and what it does from here on has another, unless it takes the lock back first.
    #[inline]
    pub fn gives_back(&mut self, lock: u32) -> Option<u32> {
        self.settle();
        let time = self.time();
        self.given_back = (time < u32::MAX).then_some(lock);
        self.given_back.map(|_| time)
    }

    /// Whether it has done nothing since it gave this lock back. If nobody else has had the lock meanwhile, it goes on in the
    /// same time.
    #[inline]
    pub fn takes_back(&mut self, lock: u32) -> bool {
        let takes = self.given_back == Some(lock);
        if takes {
            self.given_back = None;
        }
        takes
    }

    /// What it has given back is given back.
    #[inline]
    fn settle(&mut self) {
        if self.given_back.take().is_some() {
            self.goes_on_at(self.time() + 1);
        }
    }

    /// The same, and what it does from now on is not part of it.
    pub fn release(&mut self) -> Stamp {
        let stamp = self.stamp();
        self.has_told();
        stamp
    }

    /// What it does from now on is not part of what it has told.
    #[inline]
    fn has_told(&mut self) {
        if self.tick().is_none() {
            self.goes_on_in_another_slot();
        }
    }

    /// And knows all that it did in this one.
    #[cold]
    fn goes_on_in_another_slot(&mut self) {
        let name = self.detector.name_at(self.slot, self.time());
        self.slot = self.detector.sit_down(&mut self.clock, &name);
        self.has_learnt();
        self.renew();
    }

    /// An access at this place of the code.
    #[inline(always)]
    pub fn access(&mut self, place: u32) -> Access {
        self.settle();
        self.now.at(place)
    }

    /// What it does next stands at this place of the code.
    pub fn stands(&mut self, place: u32) {
        self.place = place;
    }

    /// An operation, at the place where it stands, reads this.
    pub fn reads(&mut self, touch: Touch) {
        let now = self.access(self.place);
        let Some(word) = touch.container() else { return };
        if let Some(met) = shadow::touch(word, touch.part, false, now, self) {
            self.met.push((*met, touch));
        }
    }

    /// What it has read so that it races.
    pub fn take_met(&mut self) -> Vec<(Met, Touch)> {
        std::mem::take(&mut self.met)
    }

    fn renew(&mut self) {
        self.settle();
        self.now = Access::new((self.slot, self.time()), self.atomic, 0, self.holding());
    }

    /// The number of all that it holds.
    #[inline]
    fn holding(&self) -> u32 {
        self.held.last().map_or(0, |(_, _, number)| *number)
    }

    /// The same as it is told to other processes: `held` is the number of a text that tells the thread, too.
    pub fn access_there(&mut self, place: u32, common: &Common) -> Access {
        let now = self.access(place);
        let (detector, told) = (&self.detector, &mut self.told);
        let who = || common.who(&detector.name_at(now.slot(), now.time()), &detector.labels_of(now.held()));
        now.holding(*told.entry(now.held()).or_insert_with(who))
    }

    /// From here on it is, or is not, in `atomically` or in the condition of an `await`.
    pub fn set_atomic(&mut self, atomic: bool) {
        // All that is done in one step has one time: who sees a part of it sees the whole.
        if self.atomic && !atomic {
            self.release();
        }
        self.atomic = atomic;
        self.renew();
    }

    #[inline]
    pub fn holds(&mut self, sync: &Sync) {
        if let Some((_, times, _)) = self.held.iter_mut().find(|(id, ..)| *id == sync.id) {
            *times += 1;
            return;
        }
        let before = self.holding();
        if (self.latest.0, self.latest.1) != (before, sync.id) {
            let detector = &self.detector;
            let with = self.with.entry((before, sync.id)).or_insert_with(|| detector.held_with(before, sync));
            self.latest = (before, sync.id, *with);
        }
        self.held.push((sync.id, 1, self.latest.2));
        self.now = self.now.holding(self.latest.2);
    }

    /// It has given this lock back: as long as it is alone, and does nothing else that is noted, it may take it again without
    /// noting that either. What it holds is not noted for that before somebody asks.
    pub fn may_take_alone(&mut self, lock: u32) {
        // What it holds with it is known then.
        if !self.detector.many() && (self.latest.0, self.latest.1) == (self.holding(), lock) {
            untold::with(|untold| untold.allow(lock, OFTEN));
        }
    }

    /// What it has taken alone.
    #[cold]
    fn note_what_is_held(&mut self) {
        if untold::with(Untold::end) % 2 == 1 {
            let (_, lock, number) = self.latest;
            self.held.push((lock, 1, number));
            self.now = self.now.holding(number);
        }
    }

    /// False when it did not hold it.
    #[inline]
    pub fn holds_no_more(&mut self, sync: &Sync) -> bool {
        // What was acquired last is given back first, most often.
        if self.held.pop_if(|(id, times, _)| *id == sync.id && *times == 1).is_some() {
            self.now = self.now.holding(self.holding());
            return true;
        }
        self.holds_once_less(sync)
    }

    #[cold]
    fn holds_once_less(&mut self, sync: &Sync) -> bool {
        let Some(at) = self.held.iter().rposition(|(id, ..)| *id == sync.id) else { return false };
        self.held[at].1 -= 1;
        if self.held[at].1 > 0 {
            return true;
        }
        self.held.remove(at);
        let mut before = if at == 0 { 0 } else { self.held[at - 1].2 };
        for (_, _, number) in &mut self.held[at..] {
            *number = self.detector.held_without(before, *number);
            before = *number;
        }
        self.now = self.now.holding(self.holding());
        true
    }
}
