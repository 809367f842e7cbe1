//! The words, and blocks of them.
//!
//! Blocks have sizes of powers of two. A block that is given back goes to the list of its size; taking and giving are one
//! exchange each, so whoever dies in the middle loses one block and disturbs nobody.

use crate::value::error::{Error, Kind};
use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// How much address space is asked for, the first that the system gives. Memory is used by what is written alone, but
/// under Miri, which fills all of it.
const SIZES: [usize; 4] = if cfg!(miri) { [256 << 20; 4] } else { [64 << 30, 16 << 30, 4 << 30, 1 << 30] };
/// Miri knows one process, and so no shared mappings.
const MAPPING: libc::c_int =
    libc::MAP_ANONYMOUS | if cfg!(miri) { libc::MAP_PRIVATE } else { libc::MAP_SHARED | libc::MAP_NORESERVE };

const ALONE: libc::c_int =
    libc::MAP_ANONYMOUS | libc::MAP_PRIVATE | if cfg!(miri) { 0 } else { libc::MAP_NORESERVE };

/// The first words: where the next new block begins, then the lists of blocks, by the logarithm of their size.
const NEXT: usize = 1;
const LISTS: usize = 2;
/// Then what belongs to all: see `directory`.
pub(super) const COMMON: usize = 64;
/// A list's head is the first block's number in the low bits; above, how often it has changed.
const NUMBER_BITS: u32 = 40;
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;

/// One mapping.
#[derive(Debug)]
pub struct Memory {
    base: *mut AtomicU64,
    /// How many there are.
    words: usize,
    /// Which process this is.
    pub(super) own: AtomicUsize,
}

// SAFETY: the words are only lent as shared references to atomics, which any thread may use.
unsafe impl Send for Memory {}
// SAFETY: likewise.
unsafe impl Sync for Memory {}

impl Memory {
    /// For a run of so many variables of the top level.
    ///
    /// # Errors
    /// When the system gives no address space.
    pub fn new(variables: usize) -> io::Result<Arc<Memory>> {
        Memory::mapped(variables, MAPPING)
    }

    /// For a run that has one process only: a copy of it would have memory of its own.
    ///
    /// # Errors
    /// As of `new`.
    pub fn alone() -> io::Result<Arc<Memory>> {
        Memory::mapped(0, ALONE)
    }

    fn mapped(variables: usize, mapping: libc::c_int) -> io::Result<Arc<Memory>> {
        let mut error = io::Error::from(io::ErrorKind::OutOfMemory);
        for size in SIZES {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            // SAFETY: a new mapping wherever the system likes, which takes nothing away from anybody.
            let base = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, mapping, -1, 0) };
            if base == libc::MAP_FAILED {
                error = io::Error::last_os_error();
                continue;
            }
            let words = size / size_of::<AtomicU64>();
            let memory = Memory { base: base.cast(), words, own: AtomicUsize::new(0) };
            let first = (memory.first_free() + variables) as u64;
            memory.word(NEXT).store(first, Ordering::SeqCst);
            return Ok(Arc::new(memory));
        }
        Err(error)
    }

    /// One word.
    ///
    /// # Panics
    /// When there is no such word: numbers come from here only, so that is a mistake in conc.
    #[inline(always)]
    pub fn word(&self, number: usize) -> &AtomicU64 {
        assert!(number < self.words);
        // SAFETY: it lies within the mapping, which lives as long as `self` and was filled with zeros by the system; it
        // is aligned, since the mapping is and words are equally long; and no reference to the memory of another kind
        // exists in any process.
        unsafe { &*self.base.add(number) }
    }

    /// Asks the system to give so many words from this one on in large pages, if it has any: page by page, those who write them
    /// first would wait for it thousands of times. It does so for memory that is `alone`.
    ///
    /// # Panics
    /// When there are no such words.
    pub fn take_in_large_pages(&self, number: usize, count: usize) {
        assert!(number + count <= self.words);
        let page = rustix::param::page_size() / size_of::<AtomicU64>();
        let first = number / page * page;
        #[cfg(not(miri))]
        // SAFETY: it lies within the mapping, from the beginning of a page on; and what is there stays what it is.
        unsafe {
            let bytes = (number + count - first) * size_of::<AtomicU64>();
            // Where there are none, the pages are small.
            let _ = libc::madvise(self.base.add(first).cast(), bytes, libc::MADV_HUGEPAGE);
        }
        #[cfg(miri)]
        let _ = first;
    }

    /// Sends for the memory of so many words from this one on, which are about to be written: one cache line after the other,
    /// each when it is needed, they would take longer.
    ///
    /// # Panics
    /// When there are no such words.
    #[inline]
    pub fn fetch(&self, number: usize, count: usize) {
        assert!(number + count <= self.words);
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        for at in (number..number + count).step_by(64 / size_of::<AtomicU64>()) {
            use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
            // SAFETY: it lies within the mapping; and this is a hint, which neither reads nor writes.
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(self.base.add(at).cast()) };
        }
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Where the word of a `shared var` is, by its number among the variables of the top level.
    #[inline]
    pub fn variable(&self, number: u32) -> usize {
        self.first_free() + number as usize
    }

    /// A block of at least so many words. They hold anything.
    pub fn take(&self, words: usize) -> Result<usize, Error> {
        let block = self.block(class_of(words))?;
        // Who reads what the block's new owner writes, having come by a word that led to it before, sees as well that
        // this word has changed: it had when the block was given back.
        fence(Ordering::Release);
        Ok(block)
    }

    fn block(&self, class: u32) -> Result<usize, Error> {
        let list = self.word(LISTS + class as usize);
        let mut head = list.load(Ordering::SeqCst);
        while head & NUMBER != 0 {
            let block = (head & NUMBER) as usize;
            // Somebody else may have taken it, and written into it, meanwhile: then the exchange fails.
            let next = self.word(block).load(Ordering::SeqCst) & NUMBER;
            match list.compare_exchange(head, changed(head) | next, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Ok(block),
                Err(now) => head = now,
            }
        }
        let size = 1u64 << class;
        let enough = |next: u64| next.checked_add(size).filter(|end| *end < self.words as u64);
        match self.word(NEXT).fetch_update(Ordering::SeqCst, Ordering::SeqCst, enough) {
            Ok(block) => Ok(block as usize),
            Err(_) => Err(full()),
        }
    }

    /// The same, all zero.
    pub fn take_zeroed(&self, words: usize) -> Result<usize, Error> {
        let block = self.take(words)?;
        for word in block..block + words {
            // A page that is zero need not come into being.
            if self.word(word).load(Ordering::Relaxed) != 0 {
                self.word(word).store(0, Ordering::Relaxed);
            }
        }
        Ok(block)
    }

    /// Gives a block back that was taken as one of so many words.
    pub fn give(&self, block: usize, words: usize) {
        let list = self.word(LISTS + class_of(words) as usize);
        let mut head = list.load(Ordering::SeqCst);
        loop {
            self.word(block).store(head & NUMBER, Ordering::SeqCst);
            match list.compare_exchange(
                head,
                changed(head) | block as u64,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was mapped by `new` with this length, and nobody borrows a word any more. Other processes have
        // mappings of their own of the same memory.
        unsafe { libc::munmap(self.base.cast(), self.words * size_of::<AtomicU64>()) };
    }
}

fn class_of(words: usize) -> u32 {
    words.max(2).next_power_of_two().trailing_zeros()
}

fn changed(head: u64) -> u64 {
    ((head >> NUMBER_BITS) + 1) << NUMBER_BITS
}

#[cold]
fn full() -> Error {
    Error::new(Kind::Memory, "the memory that processes share is full")
        .hint("take out of shared queues, lists and maps what is no longer needed")
}

/// A word of a mapping, kept with it.
#[derive(Debug, Clone)]
pub struct Place {
    pub memory: Arc<Memory>,
    pub at: usize,
}

impl Place {
    #[inline(always)]
    pub fn word(&self) -> &AtomicU64 {
        self.memory.word(self.at)
    }

    /// The one so many words further on.
    pub fn plus(&self, words: usize) -> Place {
        Place { memory: self.memory.clone(), at: self.at + words }
    }
}

thread_local! {
    static HERE: RefCell<Option<Arc<Memory>>> = const { RefCell::new(None) };
}

/// Does something with a mapping at hand for what is brought to life.
pub fn within<T>(memory: Option<Arc<Memory>>, body: impl FnOnce() -> T) -> T {
    let before = HERE.replace(memory);
    let answer = body();
    HERE.set(before);
    answer
}

/// The mapping at hand.
pub fn here() -> Option<Arc<Memory>> {
    HERE.with_borrow(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_once_and_again_when_they_were_given_back() {
        let memory = Memory::new(3).expect("there is address space");
        let blocks: Vec<usize> = (1..100).map(|words| memory.take(words).expect("there is room")).collect();
        for (one, words) in blocks.iter().zip(1..) {
            let meets = |(other, length): (&usize, usize)| {
                other != one && *one < other + length && *other < one + words
            };
            assert!(!blocks.iter().zip(1..).any(meets), "blocks do not overlap");
        }
        memory.give(blocks[6], 7);
        assert_eq!(memory.take(8).ok(), Some(blocks[6]));
        assert!(memory.take(memory.words()).is_err(), "more than there is");
    }

    #[test]
    fn threads_never_get_the_same_block() {
        let memory = Memory::new(0).expect("there is address space");
        let rounds = if cfg!(miri) { 20 } else { 20_000 };
        std::thread::scope(|scope| {
            for mark in 1..5 {
                let memory = &memory;
                scope.spawn(move || {
                    for _ in 0..rounds {
                        let block = memory.take(4).expect("there is room");
                        (0..4).for_each(|word| memory.word(block + word).store(mark, Ordering::SeqCst));
                        std::hint::spin_loop();
                        for word in 0..4 {
                            assert_eq!(memory.word(block + word).load(Ordering::SeqCst), mark);
                        }
                        memory.give(block, 4);
                    }
                });
            }
        });
    }
}
