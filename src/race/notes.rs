//! What is noted of one thing to wait for: the clocks that its releases leave for who acquires it, and the like. Here, or in
//! memory that processes share. What steps do with them is in `order`.

use super::again::Latest;
use super::clock::{Clock, Lore, Stamp};
use super::line::Line;
use super::mine::Mine;
use crate::mapped::Place;
use crate::mapped::record::{Open, Record};
use parking_lot::{Mutex, MutexGuard};
use std::ops::{Deref, DerefMut};

/// Where the notes are.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are here, and in a box each use would cost a look further"
)]
pub enum Kept {
    Here(Mutex<Notes>),
    There(Record),
}

/// The notes, while nobody else changes them.
pub enum Held<'a> {
    Here(MutexGuard<'a, Notes>),
    There(Box<There<'a>>),
}

pub struct There<'a> {
    notes: Notes,
    changed: bool,
    open: Open<'a>,
}

impl Kept {
    /// In the place, if there is one, that processes share.
    pub fn new(there: Option<Place>) -> Kept {
        there.map_or_else(|| Kept::Here(Mutex::default()), |place| Kept::There(Record::at(place)))
    }

    #[inline]
    pub fn lock(&self) -> Held<'_> {
        match self {
            Kept::Here(notes) => Held::Here(Notes::lock(notes)),
            Kept::There(record) => {
                let open = record.open();
                let notes = Notes::read(&open.words().unwrap_or_default(), record.memory());
                Held::There(Box::new(There { notes, changed: false, open }))
            }
        }
    }
}

impl Deref for Held<'_> {
    type Target = Notes;

    #[inline]
    fn deref(&self) -> &Notes {
        match self {
            Held::Here(notes) => notes,
            Held::There(there) => &there.notes,
        }
    }
}

impl DerefMut for Held<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Notes {
        match self {
            Held::Here(notes) => notes,
            Held::There(there) => {
                there.changed = true;
                &mut there.notes
            }
        }
    }
}

impl Drop for There<'_> {
    fn drop(&mut self) {
        if self.changed {
            self.open.put(&self.notes.write());
            self.notes.given.known();
            self.notes.room.known();
        }
    }
}

#[derive(Debug, Default)]
pub struct Notes {
    pub latest: Latest,
    /// What releases that add up (a count-down, a reader's leaving, a task's end) tell together.
    pub sum: Sum,
    /// All that was done with it otherwise, for those who look.
    pub all: Sum,
    /// Stamps in the order in which they are taken: those of permits given (so many of each), of values put.
    pub given: Line,
    /// Those of values taken from a queue of limited size: of the room that they left.
    pub room: Line,
    /// How many permits, or places, were taken that were there from the beginning.
    pub taken: u64,
    /// Of a barrier, each meeting that somebody has not left: its number, what those who came knew, how many are there.
    pub meetings: Vec<(usize, Clock, u32)>,
}

/// What several stamps tell together.
#[derive(Debug, Default)]
pub struct Sum {
    pub clock: Clock,
    /// What the latest of them knows, apart from its time.
    latest: Option<Lore>,
}

impl Sum {
    pub fn of(clock: Clock) -> Sum {
        Sum { clock, latest: None }
    }

    pub fn learn(&mut self, stamp: &Stamp) {
        let lore = stamp.lore();
        if lore.is_some() && lore == self.latest {
            self.clock.set(stamp.slot, stamp.time);
        } else {
            self.clock.learn(stamp);
            self.latest = lore;
        }
    }
}

/// For so many turns who finds the notes locked waits before each look, at first.
const PAUSES: [u32; 3] = [16, 32, 64];

impl Notes {
    /// They are locked for a moment only, again and again by threads that use one thing: to let others run, or to park, takes
    /// much longer than that.
    #[inline]
    fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
        for turns in PAUSES {
            if let Some(locked) = notes.try_lock() {
                return locked;
            }
            (0..turns).for_each(|_| std::hint::spin_loop());
        }
        notes.lock()
    }

    pub fn release(&mut self, mine: &mut Mine) {
        // It knows of all releases before it that anybody has acquired.
        mine.release_to(&mut self.latest.release);
    }

    pub fn acquire(&mut self, mine: &mut Mine) {
        self.latest.release.iter().for_each(|stamp| mine.learn(stamp));
    }

    pub fn add(&mut self, mine: &mut Mine) {
        let stamp = mine.release();
        self.sum.learn(&stamp);
        self.all.learn(&stamp);
    }

    pub fn seen(&mut self, mine: &mut Mine) {
        self.all.learn(&mine.release());
    }
}
