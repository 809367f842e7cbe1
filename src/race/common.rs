//! What the processes of one run have in common that looks for races: who has which slot, what is known through pipes,
//! signals and changes, who has used what is shared last, and what was found.
//!
//! It lives in memory that they share (`mapped`). There a cell has one record, found by its place: for a variable, a list
//! or a map what `shadow` keeps of it; of an array one for so many elements, and one for accesses of the whole.

use super::channels::{Channel, Connection, Side};
use super::clock::{Clock, Stamp};
use super::connections::Sides;
use super::mine::Mine;
use super::passage::{Passage, Way};
use super::shadow::{Access, Entry, Met, PAGE};
use super::written::{In, Out};
use crate::machine::touch::Part;
use crate::mapped::{Memory, Names, record};
use crate::report::race::{self, Race};
use crate::source::Span;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The parts of it: a word for how many slots were given, and records.
const SLOTS: usize = 0;
const OUTSIDE: usize = 1;
const CHANGES: usize = OUTSIDE + record::WORDS;
const FOUND: usize = CHANGES + record::WORDS;
/// Where the rest is, which is found at the beginning by each process.
const OWNERS: usize = FOUND + record::WORDS;
const CELLS: usize = OWNERS + 1;
const NAMES: usize = CELLS + 1;
/// How many uses and threads found no room; how many races.
const UNSEEN: usize = NAMES + 1;
const UNKEPT: usize = UNSEEN + 1;
const WORDS: usize = UNKEPT + 1;
/// Of each slot, the number of its process, plus one.
const MOST_SLOTS: usize = 1 << 16;
/// Cells: a key, and a record. Beyond so many nothing is noted, and that is told.
const MOST_CELLS: usize = 1 << 20;
/// So many of them are looked at for a key: where these are full, there is no room.
const MOST_STEPS: usize = 1 << 10;
const CELL: usize = 4;
/// Texts: who has used a cell, and holding what.
const TEXTS: usize = 1 << 18;
/// So many races are kept.
const MOST_FOUND: usize = 1_000;
/// The bits of a key for the page of an array.
const PAGE_BITS: u32 = 24;

#[derive(Debug)]
pub struct Common {
    memory: Arc<Memory>,
    base: usize,
    owners: usize,
    cells: usize,
    names: Names,
}

/// Where something is that processes share, and how long it is if it is an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct There {
    pub place: usize,
    pub len: usize,
}

impl Common {
    /// Makes it, before there is a second process.
    pub fn begin(memory: &Arc<Memory>) -> Option<()> {
        let base = memory.take_zeroed(WORDS).ok()?;
        // The system has filled it with zeros, and nothing was given back yet: nobody has to touch all of it.
        for (at, words) in [(OWNERS, MOST_SLOTS), (CELLS, MOST_CELLS * CELL), (NAMES, TEXTS)] {
            memory.word(base + at).store(memory.take(words).ok()? as u64, Ordering::SeqCst);
        }
        memory.races().store(base as u64, Ordering::SeqCst);
        Some(())
    }

    /// If the run looks for races.
    pub fn of(memory: &Arc<Memory>) -> Option<Common> {
        let base = memory.races().load(Ordering::SeqCst) as usize;
        let part = |at: usize| memory.word(base + at).load(Ordering::SeqCst) as usize;
        (base != 0).then(|| Common {
            memory: memory.clone(),
            base,
            owners: part(OWNERS),
            cells: part(CELLS),
            names: Names::at(memory, part(NAMES), TEXTS),
        })
    }

    /// Whether this is the first process.
    pub fn is_of_the_first(&self) -> bool {
        self.memory.own().number == 0
    }

    /// A slot that no thread of any process has had; None when there are no more.
    pub fn new_slot(&self) -> Option<u16> {
        let one_more = |n: u64| (n < MOST_SLOTS as u64).then_some(n + 1);
        let slots = self.memory.word(self.base + SLOTS);
        let Ok(slot) = slots.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more) else {
            self.count(UNSEEN);
            return None;
        };
        let own = self.memory.own().number as u64;
        self.memory.word(self.owners + slot as usize).store(own + 1, Ordering::SeqCst);
        Some(slot as u16)
    }

    fn count(&self, what: usize) {
        self.memory.word(self.base + what).fetch_add(1, Ordering::Relaxed);
    }

    /// How many uses of what processes share, and threads that use it, found no room.
    pub fn unseen(&self) -> u64 {
        self.memory.word(self.base + UNSEEN).load(Ordering::Relaxed)
    }

    fn learn(&self, at: usize, stamp: &Stamp) {
        let open = record::open(&self.memory, at);
        let mut clock = clock_of(open.words());
        if clock.learn(stamp) {
            open.put(&words_of(clock));
        }
    }

    fn clock_at(&self, at: usize) -> Clock {
        clock_of(record::open(&self.memory, at).words())
    }

    pub fn give_to_the_outside(&self, stamp: &Stamp) {
        self.learn(self.base + OUTSIDE, stamp);
    }

    pub fn outside(&self) -> Clock {
        self.clock_at(self.base + OUTSIDE)
    }

    /// Without room for it, all such are one with the outside.
    fn channel(&self, channel: Channel) -> usize {
        let (kind, number) = match channel {
            Channel::Pipe(number) => (0, number),
            Channel::Signals(pid) => (1, pid as u32),
            Channel::Connection(Connection(number)) => (2, number),
        };
        self.cell(key(kind, number), true).unwrap_or(self.base + OUTSIDE)
    }

    /// A process of the run has a side of a connection. Without room for that it may lead outside.
    pub fn has_side(&self, connection: Connection, side: Side, stamp: &Stamp) {
        if side == Side::Connects {
            let Some(begun) = self.cell(key(6, connection.0), true) else { return };
            let mut clock = Clock::default();
            clock.learn(stamp);
            record::open(&self.memory, begun).put(&words_of(clock));
        }
        let Some(at) = self.cell(key(3, connection.0), true) else { return };
        let open = record::open(&self.memory, at);
        let mut sides = sides_of(open.words());
        sides.add(side);
        open.put(&[u64::from(sides.connected) << 32 | u64::from(sides.accepted)]);
    }

    /// What who has connected knew when it began to.
    pub fn begun(&self, connection: Connection) -> Clock {
        self.cell(key(6, connection.0), false).map_or_else(Clock::default, |at| self.clock_at(at))
    }

    /// None without room for it.
    pub fn passage<T>(&self, way: Way, what: impl FnOnce(&mut Passage) -> T) -> Option<T> {
        let at = self.cell(key(4 + u64::from(way.first), way.connection.0), true)?;
        let open = record::open(&self.memory, at);
        let mut passage = open.words().map_or_else(Passage::default, |words| Passage::read(&words));
        let done = what(&mut passage);
        open.put(&passage.write());
        Some(done)
    }

    pub fn is_within(&self, connection: Connection) -> bool {
        let at = self.cell(key(3, connection.0), false);
        at.is_some_and(|at| sides_of(record::open(&self.memory, at).words()).are_both())
    }

    pub fn give_to(&self, channel: Channel, stamp: &Stamp) {
        self.learn(self.channel(channel), stamp);
    }

    pub fn through(&self, channel: Channel) -> Clock {
        self.clock_at(self.channel(channel))
    }

    pub fn signalled(&self) -> Clock {
        self.through(Channel::Signals(self.memory.own().pid()))
    }

    /// What each process has told that it did when it ended. (Of one that lives, what it knew when it began.)
    pub fn add_all_ended(&self, all: &mut Clock) {
        for process in self.memory.processes() {
            all.join(&self.clock_at(process.clock()));
        }
    }

    pub fn give_to_who_awaits(&self, stamp: &Stamp) {
        self.learn(self.base + CHANGES, stamp);
    }

    pub fn changes(&self) -> Clock {
        self.clock_at(self.base + CHANGES)
    }

    /// What a process that begins now knows.
    pub fn born(&self, process: usize, stamp: &Stamp) {
        self.learn(self.memory.process(process).clock(), stamp);
    }

    /// What this process knows at its beginning.
    pub fn birth(&self) -> Clock {
        self.clock_at(self.memory.own().clock())
    }

    /// What this process has done, which ends.
    pub fn ended(&self, clock: &Clock) {
        let open = record::open(&self.memory, self.memory.own().clock());
        let mut all = clock_of(open.words());
        all.join(clock);
        open.put(&words_of(all));
    }

    /// What whoever learns of the end of a process knows: all that it did, also if it could not tell.
    pub fn after(&self, process: usize) -> Option<Stamp> {
        let mut known = self.clock_at(self.memory.process(process).clock());
        let count = self.memory.word(self.base + SLOTS).load(Ordering::SeqCst) as usize;
        let owner = |slot: &usize| self.memory.word(self.owners + slot).load(Ordering::SeqCst);
        let mut last = None;
        for slot in (0..count).filter(|slot| owner(slot) == process as u64 + 1) {
            known.set(slot as u16, u32::MAX);
            last = Some(slot as u16);
        }
        last.map(|slot| Stamp { known: known.times().into(), slot, time: u32::MAX, since: 0 })
    }

    /// Notes an access; with what it races.
    pub fn touch(&self, cell: There, part: Part, write: bool, place: u32, mine: &mut Mine) -> Option<Met> {
        let now = mine.access_there(place, self);
        let earlier = match part {
            Part::Element(index) if cell.len > 0 => {
                let whole = self.note(cell.place, 0, false, |entry| entry.meets(now, write, mine));
                let page = index as usize / PAGE + 1;
                let part = Part::Element(index % PAGE as u64);
                let own = self.note(cell.place, page, true, |entry| entry.touch(part, write, now, mine));
                whole.or(own)
            }
            _ if cell.len > 0 => (0..=cell.len.div_ceil(PAGE)).fold(None, |race, page| {
                let all = |entry: &mut Entry| entry.touch(Part::All, write, now, mine);
                let own = self.note(cell.place, page, page == 0, all);
                race.or(own)
            }),
            _ => self.note(cell.place, 0, true, |entry| entry.touch(part, write, now, mine)),
        };
        Some(Met { earlier: earlier?, now: (now, write), cell: cell.place, there: true })
    }

    /// Changes what is kept of a cell, if there is something, or if it is to begin.
    fn note(
        &self,
        place: usize,
        page: usize,
        begin: bool,
        change: impl FnOnce(&mut Entry) -> Option<(Access, bool)>,
    ) -> Option<(Access, bool)> {
        let Some(at) = self.cell((place as u64) << PAGE_BITS | page as u64, begin) else {
            if begin {
                self.count(UNSEEN);
            }
            return None;
        };
        let open = record::open(&self.memory, at);
        let before = open.words();
        let mut entry = before.as_ref().map_or_else(Entry::default, |words| Entry::read(words));
        let race = change(&mut entry);
        let words = entry.write();
        if before.as_ref() != Some(&words) {
            open.put(&words);
        }
        race
    }

    /// Where the record of a cell is, by open addressing.
    fn cell(&self, key: u64, begin: bool) -> Option<usize> {
        let first = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        for step in 0..MOST_STEPS {
            let at = self.cells + (first + step) % MOST_CELLS * CELL;
            let word = self.memory.word(at);
            let mut now = word.load(Ordering::SeqCst);
            if now == 0 {
                if !begin {
                    return None;
                }
                now = word.compare_exchange(0, key, Ordering::SeqCst, Ordering::SeqCst).err().unwrap_or(key);
            }
            if now == key {
                return Some(at + 1);
            }
        }
        None
    }

    /// The number of a text that tells who uses something, and what it holds.
    pub fn who(&self, thread: &str, holds: &[String]) -> u32 {
        let own = self.memory.own();
        let thread = match own.number {
            0 => thread.to_string(),
            _ => format!("{} (pid {}): {thread}", own.name(), own.pid()),
        };
        self.names.name(&json!({"thread": thread, "holds": holds}).to_string())
    }

    /// The same as it was told.
    pub fn told(&self, who: u32) -> (Arc<str>, Vec<String>) {
        let json = self.names.text(who).and_then(|text| serde_json::from_str(&text).ok());
        let json: Json = json.unwrap_or_default();
        let holds = json["holds"].as_array().into_iter().flatten();
        (text(&json["thread"]).into(), holds.map(text).collect())
    }

    /// Keeps a race for the first process, which tells it.
    pub fn found(&self, race: &Race) {
        let access = |access: &race::Access| {
            json!({
                "thread": &*access.thread, "line": access.line, "start": access.span.start, "end": access.span.end,
                "write": access.write, "holds": access.holds,
            })
        };
        let told = json!({"cell": race.cell, "accesses": race.accesses.each_ref().map(access)});
        let number = u64::from(self.names.name(&told.to_string()));
        let open = record::open(&self.memory, self.base + FOUND);
        let mut all = open.words().unwrap_or_default();
        if number == 0 || all.len() == MOST_FOUND && !all.contains(&number) {
            self.count(UNKEPT);
        } else if !all.contains(&number) {
            all.push(number);
            open.put(&all);
        }
    }

    /// What any process has found, and how many races found no room.
    pub fn races(&self) -> (Vec<Race>, usize) {
        let all = record::open(&self.memory, self.base + FOUND).words().unwrap_or_default();
        let number = |json: &Json| json.as_u64().unwrap_or_default() as u32;
        let access = |json: &Json| race::Access {
            thread: text(&json["thread"]).into(),
            line: number(&json["line"]),
            span: Span { start: number(&json["start"]), end: number(&json["end"]) },
            write: json["write"].as_bool().unwrap_or_default(),
            holds: json["holds"].as_array().into_iter().flatten().map(text).collect(),
        };
        let race = |told: String| {
            let json: Json = serde_json::from_str(&told).ok()?;
            let accesses = [access(&json["accesses"][0]), access(&json["accesses"][1])];
            Some(Race { cell: text(&json["cell"]), shared: true, accesses })
        };
        let races = all.iter().filter_map(|number| self.names.text(*number as u32)).filter_map(race);
        (races.collect(), self.memory.word(self.base + UNKEPT).load(Ordering::Relaxed) as usize)
    }
}

/// The key of something that is no cell: no cell has such a one.
fn key(kind: u64, number: u32) -> u64 {
    1 << 63 | kind << 32 | u64::from(number)
}

fn sides_of(words: Option<Vec<u64>>) -> Sides {
    let word = words.and_then(|words| words.first().copied()).unwrap_or_default();
    Sides { connected: (word >> 32) as u32, accepted: word as u32 }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_string()
}

fn clock_of(words: Option<Vec<u64>>) -> Clock {
    words.map_or_else(Clock::default, |words| In::new(&words).clock())
}

fn words_of(clock: Clock) -> Vec<u64> {
    let mut w = Out::default();
    w.clock(&clock);
    w.words()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common() -> Common {
        let memory = Memory::new(0).expect("there is address space");
        Common::begin(&memory).expect("there is room");
        Common::of(&memory).expect("it has begun")
    }

    #[test]
    fn uses_and_threads_without_room_are_counted() {
        let common = common();
        let places = 1..=MOST_CELLS;
        let noted = |place: usize| common.note(place, 0, true, |_| None);
        places.clone().for_each(|place| {
            common.cell((place as u64) << PAGE_BITS, true);
        });
        assert_eq!(common.unseen(), 0);
        (0..3).for_each(|more| assert!(noted(MOST_CELLS + 1 + more).is_none()));
        let seen = |place: &usize| common.cell((*place as u64) << PAGE_BITS, false).is_some();
        assert!(places.filter(seen).count() > MOST_CELLS / 2);
        assert_eq!(common.unseen(), 3);
        assert!((0..MOST_SLOTS).all(|slot| common.new_slot() == Some(slot as u16)));
        assert_eq!((common.new_slot(), common.unseen()), (None, 4));
    }

    #[test]
    fn races_without_room_are_counted() {
        let common = common();
        let race = |line: u32| {
            let access = |thread: &str| race::Access {
                thread: thread.into(),
                line,
                span: Span { start: 1, end: 2 },
                write: true,
                holds: Vec::new(),
            };
            Race { cell: "n".into(), shared: true, accesses: [access("a"), access("b")] }
        };
        (0..MOST_FOUND as u32 + 2).for_each(|line| common.found(&race(line)));
        common.found(&race(0));
        let (races, more) = common.races();
        assert_eq!((races.len(), more), (MOST_FOUND, 2));
        assert_eq!(races[7].accesses[1].line, 7);
    }
}
