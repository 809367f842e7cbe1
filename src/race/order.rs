//! What orders: for each thing to wait for, what one thread hands to another through it.
//!
//! The operations in `sync` say which kind of step they are (`released`, `acquired`, `put` …); what that means for the
//! clocks stands here. An operation that is not one atomic step with what is noted is done while the `Order` is held,
//! so that what is noted has the order of what happened.
//!
//! Who only looks (`q.size`, `try_acquire` in vain) has seen what others have done with the thing, and so is after it.

use super::again::Again;
use super::clock::Clock;
use super::mine::{self, Mine};
use super::notes::{Held, Kept, Notes};
use super::places::Places;
use crate::event::recorder::Traced;
use crate::machine::touch::Touch;
use crate::mapped::Place;
use crate::sync::{Kind, Sync, untold};
use std::hint::cold_path;

/// Of one thing to wait for. Not there unless the run looks for races, or traces what happens.
#[derive(Debug)]
pub struct Watched {
    /// For `--race`.
    notes: Option<Kept>,
    /// Of a lock, what need not be noted there.
    again: Again,
    /// Of a queue with a ring, the values that need not be noted there.
    places: Option<Places>,
    /// For `--trace`.
    traced: Option<Traced>,
}

impl Watched {
    /// `there`: where the notes are that processes share, of a thing that they share.
    pub fn new(races: bool, traced: bool, there: Option<Place>) -> Watched {
        Watched {
            notes: races.then(|| Kept::new(there)),
            again: Again::default(),
            places: None,
            traced: traced.then(|| Traced::new(races)),
        }
    }

    /// Of a thing of the simulated world, in a run that is drawn.
    pub fn simulated() -> Watched {
        Watched { notes: None, again: Again::default(), places: None, traced: Some(Traced::simulated()) }
    }

    /// Of a queue in whose ring there is room for so many.
    pub fn with_places(mut self, capacity: Option<usize>) -> Watched {
        self.places = capacity.filter(|_| self.notes.is_some()).and_then(Places::new);
        self
    }

    /// A lock is held now.
    #[inline(never)]
    fn locked(&self, sync: &Sync) {
        if let Some(traced) = &self.traced {
            traced.acquired(sync);
        }
        let Some(notes) = &self.notes else { return };
        mine::with(|mine| {
            // What one thread has done alone is before whatever it starts.
            if mine.detector.many() && !self.again.acquired(sync.id, mine) {
                self.note(notes, |notes| {
                    notes.acquire(mine);
                    mine.release_to(&mut notes.latest.taker);
                });
            }
            mine.holds(sync);
        });
    }

    #[inline(never)]
    fn unlocked(&self, sync: &Sync) {
        if let Some(traced) = &self.traced {
            traced.released(sync);
        }
        let Some(notes) = &self.notes else { return };
        mine::with(|mine| {
            if mine.detector.many() && !self.again.released(sync.id, mine) {
                self.note(notes, |notes| notes.release(mine));
            }
            mine.holds_no_more(sync);
            // Who traces is told of each time.
            if self.traced.is_none() {
                mine.may_take_alone(sync.id);
            }
        });
    }

    /// Of a lock that this thread holds.
    #[cold]
    fn note(&self, notes: &Kept, what: impl FnOnce(&mut Notes)) {
        let mut notes = notes.lock();
        self.again.write_back(&mut notes.latest);
        what(&mut notes);
        // Of what processes share, others would not see the times that are kept here.
        if let Held::Here(notes) = &notes {
            self.again.take_over(&notes.latest);
        }
    }
}

/// The notes of a thing while something is done with it, and whoever is told of it; nothing where nobody looks.
pub struct Order<'a> {
    notes: Option<Held<'a>>,
    traced: Option<&'a Traced>,
    sync: &'a Sync,
}

/// Which of the values in a queue is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Oldest,
    Newest,
    /// One that only the queue knows: who takes it is after all who have put.
    Any,
}

impl Sync {
    /// To note what is done with it until this is dropped.
    #[inline]
    pub fn order(&self) -> Order<'_> {
        let watched = self.watched();
        Order {
            notes: watched.and_then(|watched| watched.notes.as_ref()).map(Kept::lock),
            traced: watched.and_then(|watched| watched.traced.as_ref()),
            sync: self,
        }
    }

    /// Whoever is told of it, where that is all that is to be done.
    #[inline(always)]
    pub fn only_traced(&self) -> Option<&Traced> {
        let watched = self.watched()?;
        if watched.notes.is_some() { None } else { watched.traced.as_ref() }
    }

    /// The same for a value that is put into a ring or taken: where its place notes what orders, the rest.
    #[inline]
    pub fn order_in_ring(&self) -> (Order<'_>, Option<&Places>) {
        match self.watched().and_then(|watched| Some((watched, watched.places.as_ref()?))) {
            Some((watched, places)) => {
                (Order { notes: None, traced: watched.traced.as_ref(), sync: self }, Some(places))
            }
            None => (self.order(), None),
        }
    }

    /// A message was sent at this end of a pipe. (What orders is told with the message: `channels`.)
    pub fn sent(&self) {
        if let Some(traced) = self.watched().and_then(|watched| watched.traced.as_ref()) {
            traced.sent(self);
        }
    }

    /// One was received there.
    pub fn received(&self) {
        if let Some(traced) = self.watched().and_then(|watched| watched.traced.as_ref()) {
            traced.received(self);
        }
    }

    /// A lock is held now.
    #[inline(always)]
    pub fn locked(&self) {
        if !untold::with(|untold| untold.takes(self.id)) {
            cold_path();
            if let Some(watched) = self.watched() {
                watched.locked(self);
            }
        }
    }

    /// It is given back.
    #[inline(always)]
    pub fn unlocked(&self) {
        if !untold::with(|untold| untold.gives_back(self.id)) {
            cold_path();
            if let Some(watched) = self.watched() {
                watched.unlocked(self);
            }
        }
    }

    /// Somebody has looked at what others have done with it.
    #[inline]
    pub fn looked_at(&self) {
        let Some(watched) = self.watched() else { return };
        self.order().note(|notes, mine, _| {
            let latest = watched.again.seen(&notes.latest);
            latest.release.iter().chain(&latest.taker).for_each(|stamp| mine.learn(stamp));
            mine.join(&notes.all.clock);
        });
        watched.places.iter().for_each(Places::looked_at);
        // What scripts hold of a pool is not what does the work.
        if let Kind::Pool(pool) = &self.kind {
            pool.crew.looked_at();
        }
    }
}

impl Order<'_> {
    #[inline]
    fn note(&mut self, what: impl FnOnce(&mut Notes, &mut Mine, &Sync)) {
        if let Some(notes) = &mut self.notes {
            mine::with(|mine| what(notes, mine, self.sync));
        }
    }

    #[inline]
    fn tell(&self, what: impl FnOnce(&Traced, &Sync)) {
        if let Some(traced) = self.traced {
            what(traced, self.sync);
        }
    }

    /// Some of those who wait for it are let go, which orders nothing by itself: a lock does, or what is put.
    #[inline]
    pub fn notified(&mut self) {
        self.tell(Traced::signalled);
    }

    /// Whoever acquires next is after this.
    #[inline]
    pub fn released(&mut self) {
        self.note(|notes, mine, _| {
            notes.release(mine);
            notes.latest.release.iter().for_each(|stamp| notes.all.learn(stamp));
        });
    }

    /// This is after the last release.
    #[inline]
    pub fn acquired(&mut self) {
        self.note(|notes, mine, _| notes.acquire(mine));
    }

    /// It is both, in one step.
    #[inline]
    pub fn exchanged(&mut self) {
        self.note(|notes, mine, _| {
            notes.acquire(mine);
            notes.release(mine);
        });
    }

    /// An rwlock is entered: after all writers, and a writer after all readers.
    #[inline]
    pub fn entered(&mut self, write: bool) {
        self.tell(Traced::acquired);
        self.note(|notes, mine, sync| {
            notes.acquire(mine);
            if write {
                mine.join(&notes.sum.clock);
            }
            notes.seen(mine);
            mine.holds(sync);
        });
    }

    #[inline]
    pub fn left(&mut self, write: bool) {
        self.tell(Traced::released);
        self.note(|notes, mine, sync| {
            match write {
                true => notes.release(mine),
                false => notes.add(mine),
            }
            mine.holds_no_more(sync);
        });
    }

    /// As `released`, while others do the same: whoever finds it done is after all of them.
    #[inline]
    pub fn added(&mut self) {
        self.tell(Traced::signalled);
        self.note(|notes, mine, _| notes.add(mine));
    }

    /// This is after all that was added.
    #[inline]
    pub fn met(&mut self) {
        self.note(|notes, mine, _| mine.join(&notes.sum.clock));
    }

    /// Who looks from now on has seen this.
    #[inline]
    pub fn changed(&mut self) {
        self.note(|notes, mine, _| notes.seen(mine));
    }

    #[inline]
    pub fn gave_permits(&mut self, count: u64) {
        self.tell(Traced::released);
        self.note(|notes, mine, sync| {
            let stamp = mine.release();
            notes.all.learn(&stamp);
            notes.given.push(stamp, count);
            if !mine.holds_no_more(sync) {
                mine.detector.is_signal(sync.id);
            }
        });
    }

    /// A permit is taken; so many were there at the beginning. They are taken in the order in which they were given:
    /// all that a script can rely on is that so many were.
    #[inline]
    pub fn permit(&mut self, initial: u64) {
        self.tell(Traced::acquired);
        self.note(|notes, mine, sync| {
            if notes.taken < initial {
                notes.taken += 1;
            } else if let Some(stamp) = notes.given.take() {
                mine.learn(&stamp);
            }
            notes.seen(mine);
            mine.holds(sync);
        });
    }

    /// Values of a queue are held against each other, which reads this, after all who have put.
    pub fn compares(&mut self, read: impl FnOnce() -> Vec<Touch>) {
        self.note(|notes, mine, _| {
            if mine.detector.many() {
                mine.join(&notes.sum.clock);
                read().into_iter().for_each(|touch| mine.reads(touch));
            }
        });
    }

    /// A value was put, where there is room for so many: after whoever has made the room.
    #[inline(always)]
    pub fn put(&mut self, which: Taken, capacity: Option<usize>, size: impl FnOnce() -> usize) {
        self.tell(|traced, sync| traced.put(sync, size, which == Taken::Oldest));
        self.note(|notes, mine, _| {
            if let Some(capacity) = capacity {
                if notes.taken < capacity as u64 {
                    notes.taken += 1;
                } else if let Some(stamp) = notes.room.take() {
                    mine.learn(&stamp);
                }
            }
            let stamp = mine.release();
            if which == Taken::Any {
                notes.sum.learn(&stamp);
            }
            notes.all.learn(&stamp);
            notes.given.push(stamp, 1);
        });
    }

    /// A value is taken.
    #[inline(always)]
    pub fn got(&mut self, which: Taken, limited: bool) {
        self.tell(Traced::got);
        self.note(|notes, mine, _| {
            let given = match which {
                Taken::Oldest | Taken::Any => notes.given.take(),
                Taken::Newest => notes.given.take_newest(),
            };
            match which {
                Taken::Oldest | Taken::Newest => given.iter().for_each(|stamp| mine.learn(stamp)),
                Taken::Any => mine.join(&notes.sum.clock),
            }
            let stamp = mine.release();
            notes.all.learn(&stamp);
            if limited {
                notes.room.push(stamp, 1);
            }
        });
    }

    /// A queue was closed, and perhaps emptied.
    pub fn closed(&mut self, emptied: bool) {
        self.note(|notes, mine, _| {
            notes.seen(mine);
            if emptied {
                notes.given.clear();
            }
        });
    }

    /// Comes to a meeting, known by a number.
    #[inline]
    pub fn came(&mut self, meeting: usize) {
        self.tell(Traced::signalled);
        self.note(|notes, mine, _| {
            let stamp = mine.release();
            notes.all.learn(&stamp);
            let known = notes.meetings.iter().position(|(number, ..)| *number == meeting);
            let at = known.unwrap_or_else(|| {
                notes.meetings.push((meeting, Clock::default(), 0));
                notes.meetings.len() - 1
            });
            notes.meetings[at].1.learn(&stamp);
            notes.meetings[at].2 += 1;
        });
    }

    /// Leaves a meeting that all have come to, or that has failed.
    #[inline]
    pub fn parted(&mut self, meeting: usize) {
        self.note(|notes, mine, _| {
            let Some(at) = notes.meetings.iter().position(|(number, ..)| *number == meeting) else { return };
            mine.join(&notes.meetings[at].1);
            notes.meetings[at].2 -= 1;
            if notes.meetings[at].2 == 0 {
                notes.meetings.swap_remove(at);
            }
        });
    }
}
