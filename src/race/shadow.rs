//! Who has used a cell last: kept beside the cell, found by a number in the word of its lock (`value::step`), and gone
//! with it. A cell that was used by nobody since there are several threads has none.
//!
//! A container has one shadow for the whole, and one for each element, key and for its shape that was used by itself.

mod written;

use super::clock::Stamp;
use super::mine::Mine;
use crate::machine::touch::Part;
use crate::value::step::Stepped;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// One access: by whom (a slot, and its time then), at which place of the code, holding what.
///
/// Two words, as it is read and written all the time: fields that are written one by one cannot be read together before they
/// have come to memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// The time in the upper half, then `ATOMIC`, then the slot.
    who: u64,
    /// The place in the upper half, what is held in the lower.
    what: u64,
}

const ATOMIC: u64 = 1 << 16;

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
pub struct Entry {
    whole: Shadow,
    parts: Option<Box<Parts>>,
}

/// So many elements have their shadows together.
pub const PAGE: usize = 16;

#[derive(Debug, Default)]
struct Parts {
    shape: Shadow,
    elements: Vec<Option<Box<[Shadow; PAGE]>>>,
    /// Who has read so many of the first elements, with nothing written since: the thread and its time, as in an `Access`.
    /// Then it has nothing to add when it reads them again. 0 for nobody.
    read_again: (u64, u64),
    others: HashMap<Part, Shadow, foldhash::fast::FixedState>,
}

impl Access {
    /// By a thread at a time of its slot.
    #[inline(always)]
    pub fn new((slot, time): (u16, u32), atomic: bool, place: u32, held: u32) -> Access {
        let atomic = if atomic { ATOMIC } else { 0 };
        Access {
            who: u64::from(time) << 32 | atomic | u64::from(slot),
            what: u64::from(place) << 32 | u64::from(held),
        }
    }

    pub fn time(&self) -> u32 {
        (self.who >> 32) as u32
    }

    pub fn slot(&self) -> u16 {
        self.who as u16
    }

    /// In `atomically`, or in the condition of an `await`.
    fn is_atomic(&self) -> bool {
        self.who & ATOMIC != 0
    }

    pub fn place(&self) -> u32 {
        (self.what >> 32) as u32
    }

    pub fn held(&self) -> u32 {
        self.what as u32
    }

    /// The same, holding what has this number.
    #[inline]
    pub fn holding(self, held: u32) -> Access {
        Access { what: self.what >> 32 << 32 | u64::from(held), ..self }
    }

    /// One at no place, at this place.
    #[inline]
    pub fn at(self, place: u32) -> Access {
        Access { what: self.what | u64::from(place) << 32, ..self }
    }

    /// The same at the slot's next time.
    #[inline]
    pub fn later(self) -> Access {
        Access { who: self.who + (1 << 32), ..self }
    }

    fn is_none(&self) -> bool {
        self.time() == 0
    }

    /// Whether both are of one thread, which has released nothing in between.
    #[inline]
    fn is_in_epoch_of(&self, other: Access) -> bool {
        self.who == other.who
    }

    /// Whether this is not known to have happened before what `mine` does.
    #[inline]
    fn unknown(&self, mine: &Mine) -> bool {
        self.slot() != mine.slot && self.time() > mine.clock().of(self.slot())
    }
}

impl Shadow {
    /// Notes an access that is known to be after all others, of a cell that is read by one thread at a time. False for any
    /// other, which `touch` then sees to.
    #[inline(always)]
    fn follows(&mut self, now: Access, write: bool, mine: &Mine) -> bool {
        if now.is_atomic() || self.more.is_some() || self.write.unknown(mine) || self.read.unknown(mine) {
            return false;
        }
        // Of several in one epoch the first is told of.
        match write {
            true if self.write.is_in_epoch_of(now) => {}
            true => (self.write, self.read) = (now, Access::default()),
            false if self.read.is_in_epoch_of(now) => {}
            false => self.read = now,
        }
        true
    }

    /// Notes an access; the earlier one that it races with, if there is one.
    fn touch(&mut self, now: Access, write: bool, mine: &mut Mine) -> Option<(Access, bool)> {
        let before = if write { self.write } else { self.read };
        if !now.is_atomic() && before.is_in_epoch_of(now) {
            return None;
        }
        if now.is_atomic() {
            let given = self.more.as_ref().and_then(|more| more.given.clone());
            given.iter().for_each(|stamp| mine.learn(stamp));
        }
        let apart = |before: &Access| before.unknown(mine) && !(before.is_atomic() && now.is_atomic());
        let mut race = Some((self.write, true)).filter(|(before, _)| apart(before));
        if write {
            let reads = self.more.as_ref().map_or(&[][..], |more| &more.reads);
            let read = reads.iter().chain([&self.read]).find(|before| apart(before));
            race = race.or(read.map(|before| (*before, false)));
            (self.write, self.read, self.more) = (now, Access::default(), None);
            if now.is_atomic() {
                let given = Some(mine.stamp());
                self.more = Some(Box::new(More { reads: Vec::new(), given }));
            }
        } else {
            self.add_read(now, mine);
        }
        race
    }

    fn add_read(&mut self, now: Access, mine: &Mine) {
        let replaces =
            |before: &Access| before.is_none() || before.slot() == now.slot() || !before.unknown(mine);
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
    #[inline(never)]
    pub fn touch(&mut self, part: Part, write: bool, now: Access, mine: &mut Mine) -> Option<(Access, bool)> {
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
        let parts = self.parts.get_or_insert_default();
        if write {
            parts.read_again = (0, 0);
        }
        let own = parts.of(part).touch(now, write, mine);
        race.or(own)
    }

    /// The same of many elements: those that race, each with the earlier access.
    fn touch_elements(
        &mut self,
        elements: Range<u64>,
        write: bool,
        now: Access,
        mine: &mut Mine,
    ) -> Vec<(u64, (Access, bool))> {
        let whole = self.whole.meets(now, write, mine);
        let parts = self.parts.get_or_insert_default();
        let plain = !now.is_atomic();
        if write {
            parts.read_again = (0, 0);
        } else if plain && parts.read_again.0 == now.who && parts.read_again.1 >= elements.end {
            return Vec::new();
        }
        // What races with the whole is one race, and not one for each element.
        let mut met: Vec<_> = whole.into_iter().map(|earlier| (elements.start, earlier)).collect();
        for element in elements.clone() {
            let shadow = parts.of(Part::Element(element));
            if plain && shadow.follows(now, write, mine) {
                continue;
            }
            let own = shadow.touch(now, write, mine);
            if whole.is_none() {
                met.extend(own.map(|earlier| (element, earlier)));
            }
        }
        if !write && plain && elements.start == 0 && met.is_empty() {
            parts.read_again = (now.who, elements.end);
        }
        met
    }
}

impl Entry {
    /// What an access of a part that is kept elsewhere races with.
    pub fn meets(&mut self, now: Access, write: bool, mine: &mut Mine) -> Option<(Access, bool)> {
        self.whole.meets(now, write, mine)
    }
}

impl Shadow {
    /// What an access that it does not note races with.
    #[inline]
    fn meets(&self, now: Access, write: bool, mine: &mut Mine) -> Option<(Access, bool)> {
        if now.is_atomic() {
            let given = self.more.as_ref().and_then(|more| more.given.clone());
            given.iter().for_each(|stamp| mine.learn(stamp));
        }
        let apart = |before: &Access| before.unknown(mine) && !(before.is_atomic() && now.is_atomic());
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

/// Two accesses that race, each with whether it writes. It is handed on in a box: most accesses race with none.
#[derive(Debug, Clone, Copy)]
pub struct Met {
    pub earlier: (Access, bool),
    pub now: (Access, bool),
    /// The address of the cell's word, or its place in memory that processes share.
    pub cell: usize,
    pub there: bool,
}

/// Notes an access of a part of what has this word; with what it races.
#[inline(always)]
pub fn touch(word: &AtomicU32, part: Part, write: bool, now: Access, mine: &mut Mine) -> Option<Box<Met>> {
    let number = match word.load(Ordering::Acquire) {
        0 => SHADOWS.give(word),
        number => number,
    };
    let line = SHADOWS.line(number);
    let whole = matches!(part, Part::All);
    if whole && line.latest.has(now, write) {
        return None;
    }
    let mut entry = line.entry.lock();
    if whole && entry.parts.is_none() && entry.whole.follows(now, write, mine) {
        line.latest.add(now, write);
        return None;
    }
    line.latest.clear();
    let earlier = entry.touch(part, write, now, mine)?;
    Some(Box::new(Met { earlier, now: (now, write), cell: std::ptr::from_ref(word).addr(), there: false }))
}

/// The same of many elements of a list: those that race, each with what it races with.
pub fn touch_elements(
    word: &AtomicU32,
    elements: Range<u64>,
    write: bool,
    now: Access,
    mine: &mut Mine,
) -> Vec<(u64, Met)> {
    let number = match word.load(Ordering::Acquire) {
        0 => SHADOWS.give(word),
        number => number,
    };
    let line = SHADOWS.line(number);
    let mut entry = line.entry.lock();
    line.latest.clear();
    let all = entry.touch_elements(elements, write, now, mine);
    let cell = std::ptr::from_ref(word).addr();
    let met = |earlier| Met { earlier, now: (now, write), cell, there: false };
    all.into_iter().map(|(element, earlier)| (element, met(earlier))).collect()
}

/// What has this number is no more.
#[cold]
pub fn forget(number: u32) {
    SHADOWS.take_back(number);
}

/// All shadows of the process, by number. The table grows by pieces, each twice as large as the one before.
///
/// An entry is used by those who come to its cell and by nobody else: so it has a lock of the cell's kind, also for a thread that
/// is alone with the cell.
struct Shadows {
    pieces: [OnceLock<Box<[Line]>>; PIECES],
    /// Numbers that are free, and the first that was never used.
    free: Mutex<(Vec<u32>, u32)>,
}

/// In a cache line of its own: what one core writes, another has to fetch.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Line {
    entry: Stepped<Entry>,
    latest: Latest,
}

/// By whom a cell was used last, and how, if all that it was used for in that time is noted: who and when as in an `Access`,
/// `READ` and `WRITTEN`. Else 0.
///
/// It is changed while the entry is locked, and looked at without that: who finds itself here has nothing to add. Should
/// another use the cell at the same moment, that one meets what is noted of this thread already, at the same time.
#[derive(Debug, Default)]
struct Latest(AtomicU64);

const READ: u64 = 1 << 17;
const WRITTEN: u64 = 1 << 18;

impl Latest {
    fn kind(write: bool) -> u64 {
        if write { WRITTEN } else { READ }
    }

    #[inline(always)]
    fn has(&self, now: Access, write: bool) -> bool {
        let latest = self.0.load(Ordering::Relaxed);
        latest & !(READ | WRITTEN) == now.who && latest & Latest::kind(write) != 0
    }

    /// Of one that is known to be after all others.
    #[inline(always)]
    fn add(&self, now: Access, write: bool) {
        let latest = self.0.load(Ordering::Relaxed);
        let before = if latest & !(READ | WRITTEN) == now.who { latest } else { now.who };
        self.0.store(before | Latest::kind(write), Ordering::Relaxed);
    }

    #[inline]
    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
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
    fn line(&self, number: u32) -> &Line {
        let (piece, at) = place(number);
        let entries = self.pieces[piece].get_or_init(|| {
            let size = FIRST << piece;
            (0..size).map(|_| Line::default()).collect()
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
        let line = self.line(number);
        let entry = std::mem::take(&mut *line.entry.lock());
        line.latest.clear();
        drop(entry);
        self.free.lock().0.push(number);
    }
}
