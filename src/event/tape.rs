//! Where the events of a run on real threads go while it runs: memory that all processes of the run have in common.
//!
//! It is made before the run, so it is at the same address in every process, and what a process has told is there for the
//! first one to read, however that process ended. Each thread writes into a *chunk* of its own, without a lock: an event is
//! four words, made known by the count of such slots in the chunk's head. A full chunk is given up for the next one. When
//! all chunks have been used, the oldest full ones are used again, but for the first quarter: so a long run keeps its
//! beginning and its end, and how many events were lost in between is known.
//!
//! # The same again
//!
//! A thread that puts one value after the other into a queue tells the same each time, but for the time. Then the slots behind
//! the event have these times, in 16 bits each of what has passed since the one before, and how many there are stands in the
//! event. What is written for each is a sixteenth of an event: it was the memory that most of an event's time went to. So there
//! may be more events on the tape than anybody reads, and of those, too, the first are read and the last.

use super::recorder::SIZED;
use super::ticks::{Scale, Ticks};
use crate::mapped::{Memory, Names};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// How many events are read at most; of those that have a slot each there is room for no more: 8 MiB.
pub const EVENTS: usize = CHUNKS * CHUNK;
/// How many of them are the first of a run.
pub const FIRST_EVENTS: usize = FIRST * CHUNK;

/// Slots of a chunk.
pub(super) const CHUNK: usize = 32;
pub(super) const CHUNKS: usize = 8192;
/// Chunks that are never used again.
const FIRST: usize = CHUNKS / 4;
/// Words of an event: time in ticks, kind and line, thing and text, a number.
pub(super) const EVENT: usize = 4;
/// Times in a word, and in a slot.
const IN_A_WORD: usize = 4;
const IN_A_SLOT: usize = IN_A_WORD * EVENT;
/// In an event's second word: how often it comes again.
const AGAIN: u64 = 1 << 20;
const AGAIN_MASK: u64 = (1 << 32) - AGAIN;
/// Words of a chunk's head: state, thread and process, the thread's name, of the events that were here before and are lost
/// how many they are, when the first was and when the last, and of a full one when the first of its events was and when the
/// last. So a head is a cache line.
const HEAD: usize = 8;
const OWNER: usize = 1;
const NAME: usize = 2;
const GONE: usize = 3;
const GONE_FROM: usize = 4;
const GONE_TO: usize = 5;
const FROM: usize = 6;
const TO: usize = 7;
/// Words for names.
const NAMES: usize = 1 << 20;

/// The first words: chunks taken, events lost for which there was no chunk (how many, from, to), processes.
const TAKEN: usize = 0;
const LOST: usize = 1;
const LOST_FROM: usize = 2;
const LOST_TO: usize = 3;
const PROCESSES: usize = 4;
const COMMON: usize = 8;
/// Words of a cache line.
const LINE: usize = 8;

/// A chunk's state, above the count of its slots, and of its events when it is done.
const OPEN: u64 = 1 << 32;
const DONE: u64 = 2 << 32;
const TOLD: u64 = 1 << 16;
const COUNT: u64 = TOLD - 1;

#[derive(Debug)]
pub struct Tape {
    memory: Arc<Memory>,
    /// Where the words of the tape begin.
    base: usize,
    ticks: Ticks,
    /// Which process this is, by its number on the tape; taken when it first tells something.
    own: OnceLock<u32>,
    names: Names,
    /// More than half of the chunks have been used: threads that wait give theirs up.
    scarce: AtomicBool,
}

/// A chunk that a thread writes into.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    head: usize,
    /// How many slots are used, and how many events there are.
    count: usize,
    events: u64,
    /// When the first and the last of them was.
    from: u64,
    to: u64,
    /// Where the latest is that has a slot, what is written there beside its time and number, and how often it came again.
    latest: usize,
    second: u64,
    third: u64,
    again: usize,
    /// The latest word of times.
    times: u64,
}

impl Chunk {
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == CHUNK
    }
}

/// What there is of a chunk: where it is, how many slots and events it has, and when the first was and when the last, in ticks.
#[derive(Debug, Clone, Copy)]
struct Extent {
    head: usize,
    slots: usize,
    events: u64,
    from: u64,
    to: u64,
}

/// A chunk as it is read.
pub(super) struct Read {
    pub process: u32,
    pub thread: u32,
    pub name: u32,
    pub events: Vec<[u64; EVENT]>,
}

impl Tape {
    /// `alone`: the run is one process and stays one. Then its memory costs much less.
    ///
    /// # Errors
    /// When the system gives no memory for it.
    pub fn new(alone: bool) -> io::Result<Tape> {
        let memory = if alone { Memory::alone() } else { Memory::new(0) }?;
        let words = COMMON + CHUNKS * (HEAD + CHUNK * EVENT);
        let full = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        let block = memory.take(words + LINE).map_err(full)?;
        if alone {
            // A block is as long as a power of two.
            memory.take_in_large_pages(block, (words + LINE).next_power_of_two());
        }
        // From where a cache line begins: then two events are one, and a head is one.
        let base = block.next_multiple_of(LINE);
        let names = Names::new(&memory, NAMES).map_err(full)?;
        Ok(Tape {
            memory,
            base,
            ticks: Ticks::start(),
            own: OnceLock::new(),
            names,
            scarce: AtomicBool::new(false),
        })
    }

    /// In ticks, as in events.
    #[inline(always)]
    pub(super) fn now(&self) -> u64 {
        self.ticks.now()
    }

    pub(super) fn scale(&self) -> Scale {
        self.ticks.scale()
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        self.memory.word(self.base + at)
    }

    /// This process's number on the tape. (A process that has told something already is never copied.)
    pub(super) fn process(&self) -> u32 {
        *self.own.get_or_init(|| self.word(PROCESSES).fetch_add(1, Ordering::SeqCst) as u32)
    }

    /// Where a text is written; 0 when there is no more room.
    pub fn name(&self, text: &str) -> u32 {
        self.names.name(text)
    }

    pub(super) fn text(&self, name: u32) -> Option<String> {
        self.names.text(name)
    }

    /// An empty chunk for a thread; None when all are in use by threads that live.
    pub(super) fn chunk(&self, thread: u32, name: u32) -> Option<Chunk> {
        for _ in 0..CHUNKS {
            let taken = self.word(TAKEN).fetch_add(1, Ordering::SeqCst) as usize;
            let number = if taken < CHUNKS { taken } else { FIRST + (taken - FIRST) % (CHUNKS - FIRST) };
            // Written once: it stands beside what everybody reads for each event.
            if taken >= CHUNKS / 2 && !self.is_scarce() {
                self.scarce.store(true, Ordering::Relaxed);
            }
            let head = COMMON + number * (HEAD + CHUNK * EVENT);
            let state = self.word(head).load(Ordering::Acquire);
            if state & OPEN != 0 {
                continue;
            }
            if self.word(head).compare_exchange(state, OPEN, Ordering::SeqCst, Ordering::SeqCst).is_err() {
                continue;
            }
            self.lose(head, state / TOLD % TOLD);
            let process = u64::from(self.process());
            self.word(head + OWNER).store(u64::from(thread) << 32 | process, Ordering::Relaxed);
            self.word(head + NAME).store(u64::from(name), Ordering::Relaxed);
            self.memory.fetch(self.base + head + HEAD, CHUNK * EVENT);
            return Some(Chunk { head, ..Chunk::default() });
        }
        None
    }

    /// What a chunk holds is lost: written beside it, by who has taken it.
    fn lose(&self, head: usize, count: u64) {
        if count == 0 {
            return;
        }
        let add = |word: usize, more: u64| {
            let word = self.word(head + word);
            word.store(word.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        };
        // Times are kept plus one, so that 0 is none.
        let time = |word: usize| self.word(head + word).load(Ordering::Relaxed) + 1;
        if self.word(head + GONE).load(Ordering::Relaxed) == 0 {
            self.word(head + GONE_FROM).store(time(FROM), Ordering::Relaxed);
        }
        add(GONE, count);
        self.word(head + GONE_TO).store(time(TO), Ordering::Relaxed);
    }

    /// An event that nobody has room for.
    pub(super) fn lose_one(&self, time: u64) {
        self.word(LOST).fetch_add(1, Ordering::Relaxed);
        let earlier = |known: u64| (known == 0 || time + 1 < known).then_some(time + 1);
        let _ = self.word(LOST_FROM).fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
        self.word(LOST_TO).fetch_max(time + 1, Ordering::Relaxed);
    }

    /// False when the chunk is full.
    #[inline(always)]
    pub(super) fn write(&self, chunk: &mut Chunk, event: [u64; EVENT]) -> bool {
        if chunk.is_full() {
            return false;
        }
        let at = chunk.head + HEAD + chunk.count * EVENT;
        for (word, value) in event.into_iter().enumerate() {
            self.word(at + word).store(value, Ordering::Relaxed);
        }
        let [time, second, third, _] = event;
        if chunk.events == 0 {
            chunk.from = time;
        }
        (chunk.latest, chunk.second, chunk.third, chunk.again) = (at, second, third, 0);
        self.takes_slot(chunk);
        self.has_told(chunk, time);
        true
    }

    /// Tells that the latest event of the chunk has come again, with no number. False when the latest is another one, lies too
    /// far back, or the chunk is full.
    #[inline(always)]
    pub(super) fn write_again(&self, chunk: &mut Chunk, second: u64, third: u64, time: u64) -> bool {
        if (chunk.second & !SIZED, chunk.third) != (second, third) {
            return false;
        }
        let Ok(later) = u16::try_from(time.wrapping_sub(chunk.to)) else { return false };
        let first = chunk.again.is_multiple_of(IN_A_SLOT);
        if first && chunk.is_full() {
            return false;
        }
        let before = if chunk.again.is_multiple_of(IN_A_WORD) { 0 } else { chunk.times };
        chunk.times = before | u64::from(later) << (16 * (chunk.again % IN_A_WORD));
        let word = chunk.latest + EVENT + chunk.again / IN_A_WORD;
        self.word(word).store(chunk.times, Ordering::Relaxed);
        chunk.again += 1;
        // What a reader finds of it before it knows of the slot it leaves out.
        let second = chunk.second | (chunk.again as u64 * AGAIN);
        self.word(chunk.latest + 1).store(second, Ordering::Release);
        if first {
            self.takes_slot(chunk);
        }
        self.has_told(chunk, time);
        true
    }

    #[inline(always)]
    fn takes_slot(&self, chunk: &mut Chunk) {
        chunk.count += 1;
        self.word(chunk.head).store(OPEN | chunk.count as u64, Ordering::Release);
    }

    #[inline(always)]
    fn has_told(&self, chunk: &mut Chunk, time: u64) {
        chunk.events += 1;
        chunk.to = time;
    }

    /// Nothing more comes into the chunk.
    pub(super) fn done(&self, chunk: &Chunk) {
        self.word(chunk.head + FROM).store(chunk.from, Ordering::Relaxed);
        self.word(chunk.head + TO).store(chunk.to, Ordering::Relaxed);
        let told = (chunk.events * TOLD) | chunk.count as u64;
        self.word(chunk.head).store(DONE | told, Ordering::Release);
    }

    /// Whether threads that wait are to give up their chunks.
    pub(super) fn is_scarce(&self) -> bool {
        self.scarce.load(Ordering::Relaxed)
    }

    /// What is on it, in nanoseconds, and what was not kept. Threads that are still on their way out may go on writing: what
    /// they write is not met.
    pub(super) fn read(&self, scale: Scale) -> (Vec<Read>, super::Lost) {
        let taken = (self.word(TAKEN).load(Ordering::SeqCst) as usize).min(CHUNKS);
        let head = |number: usize| COMMON + number * (HEAD + CHUNK * EVENT);
        let all = (0..taken).filter_map(|number| self.extent(head(number))).collect();
        let (kept, left_out) = first_and_last(all);
        let read = kept.into_iter().map(|extent| self.read_chunk(&extent, scale)).collect();

        let word = |word: usize| self.word(word).load(Ordering::Relaxed);
        let heads = (FIRST..taken).map(head);
        let gone = heads.map(|head| [GONE, GONE_FROM, GONE_TO].map(|at| word(head + at)));
        let left_out = left_out.iter().map(|extent| [extent.events, extent.from + 1, extent.to + 1]);
        let lost = [[LOST, LOST_FROM, LOST_TO].map(word)];
        let (mut events, mut from, mut to) = (0, u64::MAX, 0);
        for [more, first, last] in gone.chain(left_out).chain(lost).filter(|[more, ..]| *more > 0) {
            events += more;
            from = from.min(first);
            to = to.max(last);
        }
        let time = |time: u64| scale.nanoseconds(time.saturating_sub(1));
        let from = if events > 0 { time(from) } else { 0 };
        (read, super::Lost { events, from, to: time(to), names: self.names.lost() })
    }

    /// What a chunk has; None when that is nothing.
    fn extent(&self, head: usize) -> Option<Extent> {
        let state = self.word(head).load(Ordering::Acquire);
        let slots = ((state & COUNT) as usize).min(CHUNK);
        let mut extent = Extent { head, slots, events: 0, from: u64::MAX, to: 0 };
        self.each(head, slots, |event| {
            extent.events += 1;
            extent.from = extent.from.min(event[0]);
            extent.to = extent.to.max(event[0]);
        });
        (extent.events > 0).then_some(extent)
    }

    /// The events in so many slots, each as if it had one for itself.
    fn each(&self, head: usize, slots: usize, mut what: impl FnMut([u64; EVENT])) {
        let word = |slot: usize, word: usize| self.word(head + HEAD + slot * EVENT + word);
        let mut slot = 0;
        while slot < slots {
            let mut event: [u64; EVENT] = std::array::from_fn(|at| {
                word(slot, at).load(if at == 1 { Ordering::Acquire } else { Ordering::Relaxed })
            });
            let again = (event[1] & AGAIN_MASK) / AGAIN;
            // Whoever was killed in the middle may have told of a time before it has taken the slot for it.
            let again = (again as usize).min((slots - slot - 1) * IN_A_SLOT);
            event[1] &= !AGAIN_MASK;
            what(event);
            event[1] &= !SIZED;
            event[3] = 0;
            for at in 0..again {
                let times = word(slot + 1, at / IN_A_WORD).load(Ordering::Relaxed);
                event[0] += times >> (16 * (at % IN_A_WORD)) & 0xffff;
                what(event);
            }
            slot += 1 + again.div_ceil(IN_A_SLOT);
        }
    }

    fn read_chunk(&self, extent: &Extent, scale: Scale) -> Read {
        let owner = self.word(extent.head + OWNER).load(Ordering::Relaxed);
        let mut events = Vec::with_capacity(extent.events as usize);
        self.each(extent.head, extent.slots, |[ticks, second, third, number]| {
            events.push([scale.nanoseconds(ticks), second, third, number]);
        });
        Read {
            process: owner as u32,
            thread: (owner >> 32) as u32,
            name: self.word(extent.head + NAME).load(Ordering::Relaxed) as u32,
            events,
        }
    }
}

/// Of the chunks those that have the first events and the last, as many as are to be read; and the others.
fn first_and_last(mut all: Vec<Extent>) -> (Vec<Extent>, Vec<Extent>) {
    let fits = |extents: &mut dyn Iterator<Item = &Extent>, most: usize| {
        let mut events = 0;
        extents
            .take_while(|extent| {
                events += extent.events as usize;
                events <= most
            })
            .count()
    };
    all.sort_by_key(|extent| extent.from);
    let first = fits(&mut all.iter(), FIRST_EVENTS);
    let mut rest = all.split_off(first);
    rest.sort_by_key(|extent| extent.to);
    let last = fits(&mut rest.iter().rev(), EVENTS - FIRST_EVENTS);
    all.extend(rest.split_off(rest.len() - last));
    (all, rest)
}

#[cfg(test)]
mod tests;
