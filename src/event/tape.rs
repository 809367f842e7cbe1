//! Where the events of a run on real threads go while it runs: memory that all processes of the run have in common.
//!
//! It is made before the run, so it is at the same address in every process, and what a process has told is there for the
//! first one to read, however that process ended. Each thread writes into a *chunk* of its own, without a lock: an event is
//! four words, made known by the count of events in the chunk's head. A full chunk is given up for the next one. When
//! all chunks have been used, the oldest full ones are used again, but for the first quarter: so a long run keeps its
//! beginning and its end, and how many events were lost in between is known.

use super::ticks::{Scale, Ticks};
use crate::mapped::{Memory, Names};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// How many events there is room for: 8 MiB.
pub const EVENTS: usize = CHUNKS * CHUNK;
/// How many of them are the first of a run.
pub const FIRST_EVENTS: usize = FIRST * CHUNK;

/// Events of a chunk.
pub(super) const CHUNK: usize = 32;
pub(super) const CHUNKS: usize = 8192;
/// Chunks that are never used again.
const FIRST: usize = CHUNKS / 4;
/// Words of an event: time in ticks, kind and line, thing and text, a number.
pub(super) const EVENT: usize = 4;
/// Words of a chunk's head: state, thread and process, the thread's name, and of the events that were here before and are lost
/// how many they are, when the first was and when the last. So a head is a cache line.
const HEAD: usize = 8;
const OWNER: usize = 1;
const NAME: usize = 2;
const GONE: usize = 3;
const GONE_FROM: usize = 4;
const GONE_TO: usize = 5;
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

/// A chunk's state, above the count of its events.
const OPEN: u64 = 1 << 32;
const DONE: u64 = 2 << 32;
const COUNT: u64 = OPEN - 1;

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
#[derive(Debug)]
pub(super) struct Chunk {
    head: usize,
    count: usize,
}

impl Chunk {
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == CHUNK
    }
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
            self.lose(head, state & COUNT);
            let process = u64::from(self.process());
            self.word(head + OWNER).store(u64::from(thread) << 32 | process, Ordering::Relaxed);
            self.word(head + NAME).store(u64::from(name), Ordering::Relaxed);
            self.memory.fetch(self.base + head + HEAD, CHUNK * EVENT);
            return Some(Chunk { head, count: 0 });
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
        let time = |event: usize| self.word(head + HEAD + event * EVENT).load(Ordering::Relaxed) + 1;
        if self.word(head + GONE).load(Ordering::Relaxed) == 0 {
            self.word(head + GONE_FROM).store(time(0), Ordering::Relaxed);
        }
        add(GONE, count);
        self.word(head + GONE_TO).store(time(count as usize - 1), Ordering::Relaxed);
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
        chunk.count += 1;
        self.word(chunk.head).store(OPEN | chunk.count as u64, Ordering::Release);
        true
    }

    /// Nothing more comes into the chunk.
    pub(super) fn done(&self, chunk: &Chunk) {
        self.word(chunk.head).store(DONE | chunk.count as u64, Ordering::Release);
    }

    /// Whether threads that wait are to give up their chunks.
    pub(super) fn is_scarce(&self) -> bool {
        self.scarce.load(Ordering::Relaxed)
    }

    /// What is on it, in nanoseconds. Threads that are still on their way out may go on writing: what they write is not met.
    pub(super) fn read(&self, scale: Scale) -> Vec<Read> {
        let mut read = Vec::new();
        let taken = (self.word(TAKEN).load(Ordering::SeqCst) as usize).min(CHUNKS);
        for number in 0..taken {
            let head = COMMON + number * (HEAD + CHUNK * EVENT);
            let count = (self.word(head).load(Ordering::Acquire) & COUNT) as usize;
            if count == 0 {
                continue;
            }
            let owner = self.word(head + OWNER).load(Ordering::Relaxed);
            let event = |at: usize| {
                let word = |word| self.word(head + HEAD + at * EVENT + word).load(Ordering::Relaxed);
                let [ticks, rest @ ..]: [u64; EVENT] = std::array::from_fn(word);
                let mut event = [scale.nanoseconds(ticks); EVENT];
                event[1..].copy_from_slice(&rest);
                event
            };
            read.push(Read {
                process: owner as u32,
                thread: (owner >> 32) as u32,
                name: self.word(head + NAME).load(Ordering::Relaxed) as u32,
                events: (0..count.min(CHUNK)).map(event).collect(),
            });
        }
        read
    }

    /// Of what was not kept, by when `read` has been asked.
    pub(super) fn lost(&self, scale: Scale) -> super::Lost {
        let read = |word: usize| self.word(word).load(Ordering::Relaxed);
        let taken = (read(TAKEN) as usize).min(CHUNKS);
        let heads = (FIRST..taken).map(|number| COMMON + number * (HEAD + CHUNK * EVENT));
        let gone = heads.map(|head| [GONE, GONE_FROM, GONE_TO].map(|word| read(head + word)));
        let (mut events, mut from, mut to) = (0, u64::MAX, 0);
        for [more, first, last] in
            gone.chain([[LOST, LOST_FROM, LOST_TO].map(read)]).filter(|[more, ..]| *more > 0)
        {
            events += more;
            from = from.min(first);
            to = to.max(last);
        }
        let time = |time: u64| scale.nanoseconds(time.saturating_sub(1));
        let from = if events > 0 { time(from) } else { 0 };
        super::Lost { events, from, to: time(to), names: self.names.lost() }
    }
}
