//! Who holds a lock, since which line: one word, so that both are read together.
//!
//! The plain and the reentrant lock are made of it. Taking it is one compare-and-exchange, giving it back one
//! store; all of them are sequentially consistent, as are the waiter counts, so that a waiter that has made
//! itself known either finds the lock free or is seen by the one who frees it.
//!
//! While its script has one thread only, nobody else takes it or waits for it, so that a plain load and plain stores do
//! the same (`value::step` says from when until when that is so). Not where processes share it.

use super::wait::WaitQueue;
use super::{Sync, Who, name_of};
use crate::mapped::{ELSEWHERE_WORDS, Place, Word};
use crate::state::{Reader, Writer};
use crate::value::error::{Error, Kind};
use crate::value::step;
use crate::world::World;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// The holder's id plus one in the high half, the line of acquisition in the low half; 0 when it is free.
#[derive(Debug, Default)]
pub struct Owner {
    word: Word,
    pub waiters: WaitQueue,
    /// The name of the thread that ended while it held it. (Of a shared one, its id is beside the word.)
    ended: OnceLock<Arc<str>>,
}

/// What came of trying to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// The thread that asks holds it already.
    Mine,
    Others,
    Abandoned,
}

const FREE: u64 = 0;
/// In place of the holder: it has ended without releasing. No thread has this number.
const ENDED: u32 = u32::MAX;

#[inline]
fn word(thread: u32, line: u32) -> u64 {
    (u64::from(thread) + 1) << 32 | u64::from(line)
}

/// The holder's id and the line of acquisition, as the word of a lock tells them.
pub fn holder_by(word: u64) -> Option<(u32, u32)> {
    let holder = (word >> 32) as u32;
    (holder != 0 && holder != ENDED).then(|| (holder - 1, word as u32))
}

impl Owner {
    #[inline(always)]
    pub fn take(&self, thread: u32, line: u32) -> Taken {
        let word = word(thread, line);
        match self.take_free(word) {
            Ok(_) => Taken::Yes,
            Err(now) if now >> 32 == word >> 32 => Taken::Mine,
            Err(now) if now >> 32 == u64::from(ENDED) => Taken::Abandoned,
            Err(_) => Taken::Others,
        }
    }

    /// The word, while no other thread can come to it.
    #[inline(always)]
    fn alone(&self) -> Option<&AtomicU64> {
        if let Word::Here(word) = &self.word
            && step::is_alone()
        {
            return Some(word);
        }
        None
    }

    /// Puts a word in the place of `FREE`, or tells what is there.
    #[inline(always)]
    fn take_free(&self, word: u64) -> Result<u64, u64> {
        let Some(alone) = self.alone() else {
            return self.word.compare_exchange(FREE, word, Ordering::SeqCst, Ordering::SeqCst);
        };
        let now = alone.load(Ordering::Relaxed);
        if now != FREE {
            return Err(now);
        }
        alone.store(word, Ordering::Relaxed);
        Ok(FREE)
    }

    /// How many words it has in memory that processes share: who holds it, who has ended with it, its depth (of an
    /// rlock), and that somebody waits.
    pub const WORDS: usize = 3 + ELSEWHERE_WORDS;

    /// The same in that memory.
    pub fn there(place: &Place) -> Owner {
        let owner =
            Owner { word: Word::There(place.clone()), waiters: WaitQueue::new(), ended: OnceLock::new() };
        owner.waiters.spread(place.plus(3));
        owner
    }

    /// What was held by threads that are gone is abandoned.
    pub fn sweep(&self, gone: &dyn Fn(u32) -> bool) {
        if let Some((holder, line)) = self.holder()
            && gone(holder)
        {
            self.leave_behind(holder, line);
        }
    }

    fn leave_behind(&self, holder: u32, line: u32) {
        if let Some(place) = self.word.place() {
            place.plus(1).word().store(u64::from(holder) + 1, Ordering::SeqCst);
        }
        let ended = u64::from(ENDED) << 32 | u64::from(line);
        // A process that is found dead by two others is seen to by both.
        let left = self.word.compare_exchange(word(holder, line), ended, Ordering::SeqCst, Ordering::SeqCst);
        if left.is_ok() {
            self.waiters.wake_all();
        }
    }

    /// Who has ended with it, of a shared one.
    fn ended_there(&self) -> Option<Arc<str>> {
        let place = self.word.place()?;
        let holder = place.plus(1).word().load(Ordering::SeqCst) as u32;
        Some(place.memory.describe_thread(holder.wrapping_sub(1)).into())
    }

    /// Whether this thread holds it. A thread's own writes are never out of date, so relaxed is enough.
    #[inline]
    pub fn is(&self, thread: u32) -> bool {
        self.word.load(Ordering::Relaxed) >> 32 == u64::from(thread) + 1
    }

    /// Makes it free and lets one waiter try. Only for the holder.
    #[inline(always)]
    pub fn free(&self) {
        match self.alone() {
            Some(word) => word.store(FREE, Ordering::Relaxed),
            None => {
                self.word.store(FREE, Ordering::SeqCst);
                self.waiters.offer();
            }
        }
    }

    /// The holder's id and the line of acquisition.
    pub fn holder(&self) -> Option<(u32, u32)> {
        holder_by(self.word.load(Ordering::SeqCst))
    }

    /// Held, or abandoned.
    pub fn locked(&self) -> bool {
        self.word.load(Ordering::SeqCst) != FREE
    }

    /// The name of the thread that ended with it, and the line where it had acquired it.
    pub fn abandoned(&self) -> Option<(Arc<str>, u32)> {
        let word = self.word.load(Ordering::SeqCst);
        let ended = (word >> 32) as u32 == ENDED;
        ended.then(|| {
            let there = || self.ended_there().unwrap_or_default();
            (self.ended.get().cloned().unwrap_or_else(there), word as u32)
        })
    }

    /// The thread has ended: if it held this, nobody can have it any more, and those who wait learn it.
    pub fn abandon(&self, thread: u32, name: &Arc<str>) {
        if let Some((holder, line)) = self.holder()
            && holder == thread
        {
            if !self.word.is_there() {
                // It cannot be set: an abandoned lock has no holder again.
                let _ = self.ended.set(format!("\"{name}\"").into());
            }
            self.leave_behind(holder, line);
        }
    }

    /// A holder's name, in quotes.
    fn name_of(&self, world: &dyn World, holder: u32) -> String {
        match self.word.place() {
            Some(Place { memory, .. }) if memory.process_of(holder).number != memory.own().number => {
                memory.describe_thread(holder)
            }
            Some(_) | None => name_of(world, holder),
        }
    }

    /// Why a release by this thread is refused.
    #[cold]
    pub fn refuse(&self, sync: &Sync, who: Who<'_>, world: &dyn World) -> Error {
        let holder = match (self.holder(), self.abandoned()) {
            (Some((holder, line)), _) => {
                Some(format!("{} holds it since line {line}", self.name_of(world, holder)))
            }
            (None, Some((name, line))) => Some(format!("{name} ended while it held it since line {line}")),
            (None, None) => None,
        };
        not_owner(&sync.label(), who, holder.as_deref())
    }
}

/// The one error for a release by a thread that does not hold it; `holder` says who does, and since when.
#[cold]
pub fn not_owner(label: &str, who: Who<'_>, holder: Option<&str>) -> Error {
    let me = who.thread.name();
    let (holder, hint) = match holder {
        Some(holder) => (
            holder,
            "only the thread that acquired it may release it; what one takes and another gives back is a `semaphore s(1)`",
        ),
        None => (
            "nobody holds it",
            "only the thread that acquired it may release it, once for each time; `with` does both",
        ),
    };
    Error::new(Kind::NotOwner, format!("release of {label} by \"{me}\", but {holder}")).hint(hint)
}

/// The one error for acquiring what a thread that has ended still holds; `name` is in quotes.
#[cold]
pub fn abandoned(label: &str, name: &str, line: u32) -> Error {
    Error::new(Kind::Abandoned, format!("{label} is abandoned: {name} ended while it held it"))
        .note(format!("{name} acquired it in line {line}"))
        .hint(format!("`with {label} {{ }}` releases however its block ends"))
}

impl Owner {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.option(self.holder().filter(|_| w.numbering.holders()), |w, (holder, line)| {
            w.thread_id(holder);
            w.line(line);
        });
        w.option(self.abandoned(), |w, (name, line)| {
            w.name(name.trim_matches('"'));
            w.line(line);
        });
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let held = r.option(|r| word(r.thread_id(), r.line()));
        let abandoned = r.option(|r| {
            let _ = self.ended.set(format!("\"{}\"", r.text()).into()); // it is new
            u64::from(ENDED) << 32 | u64::from(r.line())
        });
        self.word.store(held.or(abandoned).unwrap_or(FREE), Ordering::SeqCst);
    }
}
