//! Who has used a cell last: kept beside the cell, found by a number in the word of its lock (`value::step`), and gone
//! with it. A cell that was used by nobody since there are several threads has none.
//!
//! A container has one shadow for the whole, and one for each element, key and for its shape that was used by itself.

use super::clock::Stamp;
use super::mine::Mine;
use crate::machine::touch::Part;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// One access: by whom (a slot, and its time then), at which place of the code, holding what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    pub time: u32,
    pub place: u32,
    pub held: u32,
    pub slot: u16,
    /// In `atomically`, or in the condition of an `await`.
    pub atomic: bool,
}

/// Of a cell: its last write, and the reads since that are not known to each other.
#[derive(Debug, Default)]
struct Shadow {
    /// Time 0 for none.
    write: Access,
    read: Access,
    more: Option<Box<More>>,
}

#[derive(Debug, Default)]
struct More {
    /// All the reads, when there are several.
    reads: Vec<Access>,
    /// What the last write in `atomically` hands to those who read it in such a step.
    given: Option<Stamp>,
}

#[derive(Debug, Default)]
struct Entry {
    whole: Shadow,
    parts: Option<Box<Parts>>,
}

/// So many elements have their shadows together.
const PAGE: usize = 16;

#[derive(Debug, Default)]
struct Parts {
    shape: Shadow,
    elements: Vec<Option<Box<[Shadow; PAGE]>>>,
    others: HashMap<Part, Shadow, foldhash::fast::FixedState>,
}

impl Access {
    fn is_none(&self) -> bool {
        self.time == 0
    }

    /// Whether this is not known to have happened before what `mine` does.
    #[inline]
    fn unknown(&self, mine: &Mine) -> bool {
        self.time > mine.clock().of(self.slot)
    }
}

impl Shadow {
    /// Notes an access; the earlier one that it races with, if there is one.
    #[inline]
    fn touch(&mut self, now: Access, write: bool, mine: &mut Mine) -> Option<(Access, bool)> {
        let same = if write { self.write } else { self.read };
        if same.time == now.time && same.slot == now.slot && same.atomic == now.atomic && !now.atomic {
            return None;
        }
        if now.atomic {
            let given = self.more.as_ref().and_then(|more| more.given.clone());
            given.iter().for_each(|stamp| mine.learn(stamp));
        }
        let apart = |before: &Access| before.unknown(mine) && !(before.atomic && now.atomic);
        let mut race = Some((self.write, true)).filter(|(before, _)| apart(before));
        if write {
            let reads = self.more.as_ref().map_or(&[][..], |more| &more.reads);
            let read = reads.iter().chain([&self.read]).find(|before| apart(before));
            race = race.or(read.map(|before| (*before, false)));
            (self.write, self.read, self.more) = (now, Access::default(), None);
            if now.atomic {
                let given = Some(mine.stamp());
                self.more = Some(Box::new(More { reads: Vec::new(), given }));
            }
        } else {
            self.add_read(now, mine);
        }
        race
    }

    fn add_read(&mut self, now: Access, mine: &Mine) {
        let replaces = |before: &Access| before.is_none() || before.slot == now.slot || !before.unknown(mine);
        let several = self.more.as_ref().is_some_and(|more| !more.reads.is_empty());
        if !several && replaces(&self.read) {
            self.read = now;
            return;
        }
        let more = self.more.get_or_insert_default();
        if !several {
            more.reads.push(self.read);
        }
        more.reads.retain(|before| !replaces(before));
        more.reads.push(now);
        self.read = now;
    }
}

impl Entry {
    fn touch(&mut self, part: Part, write: bool, now: Access, mine: &mut Mine) -> Option<(Access, bool)> {
        if part == Part::All {
            let mut race = self.whole.touch(now, write, mine);
            if let Some(parts) = &mut self.parts {
                for shadow in parts.all() {
                    race = race.or(shadow.touch(now, write, mine));
                }
            }
            if write {
                self.parts = None; // what comes next is held against the whole
            }
            return race;
        }
        // The whole is not used by this: a read of a part is no read of another.
        let race = self.whole.meets(now, write, mine);
        let shadow = self.parts.get_or_insert_default().of(part);
        let own = shadow.touch(now, write, mine);
        race.or(own)
    }
}

impl Shadow {
    /// What an access that it does not note races with.
    #[inline]
    fn meets(&self, now: Access, write: bool, mine: &mut Mine) -> Option<(Access, bool)> {
        if now.atomic {
            let given = self.more.as_ref().and_then(|more| more.given.clone());
            given.iter().for_each(|stamp| mine.learn(stamp));
        }
        let apart = |before: &Access| before.unknown(mine) && !(before.atomic && now.atomic);
        if apart(&self.write) {
            return Some((self.write, true));
        }
        if !write {
            return None;
        }
        let reads = self.more.as_ref().map_or(&[][..], |more| &more.reads);
        let read = reads.iter().chain([&self.read]).find(|before| apart(before));
        read.map(|before| (*before, false))
    }
}

impl Parts {
    fn of(&mut self, part: Part) -> &mut Shadow {
        match part {
            Part::Shape => &mut self.shape,
            Part::Element(index) if usize::try_from(index).is_ok() => {
                let (page, at) = (index as usize / PAGE, index as usize % PAGE);
                if self.elements.len() <= page {
                    self.elements.resize_with(page + 1, || None);
                }
                &mut self.elements[page].get_or_insert_default()[at]
            }
            Part::Element(_) | Part::Field(_) | Part::Key(_) | Part::Variable(_) | Part::All => {
                self.others.entry(part).or_default()
            }
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Shadow> {
        let elements = self.elements.iter_mut().flatten().flat_map(|page| page.iter_mut());
        [&mut self.shape].into_iter().chain(elements).chain(self.others.values_mut())
    }
}

/// Two accesses that race, each with whether it writes.
#[derive(Debug, Clone, Copy)]
pub struct Met {
    pub earlier: (Access, bool),
    pub now: (Access, bool),
    /// The address of the cell's word.
    pub cell: usize,
}

/// Notes an access of a part of what has this word; with what it races.
#[inline]
pub fn touch(word: &AtomicU32, part: Part, write: bool, now: Access, mine: &mut Mine) -> Option<Met> {
    let number = match word.load(Ordering::Acquire) {
        0 => SHADOWS.give(word),
        number => number,
    };
    let earlier = SHADOWS.entry(number).lock().touch(part, write, now, mine)?;
    Some(Met { earlier, now: (now, write), cell: std::ptr::from_ref(word).addr() })
}

/// What has this number is no more.
#[cold]
pub fn forget(number: u32) {
    SHADOWS.take_back(number);
}

/// All shadows of the process, by number. The table grows by pieces, each twice as large as the one before.
struct Shadows {
    pieces: [OnceLock<Box<[Mutex<Entry>]>>; PIECES],
    /// Numbers that are free, and the first that was never used.
    free: Mutex<(Vec<u32>, u32)>,
}

const FIRST: u32 = 1 << 10;
const PIECES: usize = 22;

static SHADOWS: Shadows =
    Shadows { pieces: [const { OnceLock::new() }; PIECES], free: Mutex::new((Vec::new(), 1)) };

/// In which piece an entry is, and where in it.
#[inline]
fn place(number: u32) -> (usize, usize) {
    let piece = (number + FIRST).ilog2() - FIRST.ilog2();
    (piece as usize, (number + FIRST - (FIRST << piece)) as usize)
}

impl Shadows {
    #[inline]
    fn entry(&self, number: u32) -> &Mutex<Entry> {
        let (piece, at) = place(number);
        let entries = self.pieces[piece].get_or_init(|| {
            let size = FIRST << piece;
            (0..size).map(|_| Mutex::new(Entry::default())).collect()
        });
        &entries[at]
    }

    #[cold]
    fn give(&self, word: &AtomicU32) -> u32 {
        let number = {
            let (free, next) = &mut *self.free.lock();
            free.pop().unwrap_or_else(|| {
                let number = *next;
                // A cell takes more memory than a number tells: the last number is never reached.
                *next = (number + 1).min(u32::MAX - 2 * FIRST);
                number
            })
        };
        match word.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => number,
            Err(other) => {
                self.free.lock().0.push(number);
                other
            }
        }
    }

    fn take_back(&self, number: u32) {
        let entry = std::mem::take(&mut *self.entry(number).lock());
        drop(entry);
        self.free.lock().0.push(number);
    }
}
