//! How much memory the process has asked for, and the limit above which scripts get an error instead of more.
//!
//! The `conc` command counts with `Counting`, its global allocator; a process that has another one counts nothing, and
//! has no limit. Nothing is refused here: Rust ends a process that is refused memory. Instead, a thread that goes
//! beyond the limit raises its world's trap, and gets an error at its next safe point (`world::real`); and who is
//! about to make something large asks first whether there is room (`value::operate::check_size`). So what is in use may be
//! more than the limit for a moment, by what one instruction of each thread makes.
//!
//! # Cost
//!
//! Each thread counts for itself, and tells the others when it has asked for, or given back, `BATCH` bytes more: a
//! handful of instructions for each allocation. The sum that the others see is less exact by a batch a thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, OnceCell};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicU8, Ordering};

/// The system's allocator, counted.
pub struct Counting;

/// Bytes in use, as far as threads have told.
static USED: AtomicIsize = AtomicIsize::new(0);
/// Bytes.
static LIMIT: AtomicIsize = AtomicIsize::new(isize::MAX);

/// Bytes.
const BATCH: isize = 64 * 1024;
/// What is asked for in pieces of less comes in many of them. Bytes.
const SMALL: isize = 1024;

/// What one thread of the process knows.
struct Local {
    /// Bytes asked for, less those given back, that it has not told.
    untold: Cell<isize>,
    /// The same that it has told.
    told: Cell<isize>,
    /// Where a limit of its own ends, by the sum of both, and how many bytes that limit allows; None when it has none.
    own: Cell<Option<(isize, usize)>>,
    /// It was refused what would have gone beyond that.
    refused: Cell<bool>,
    /// It went beyond the limit, and has not been asked since.
    beyond: Cell<bool>,
    trap: OnceCell<(Arc<AtomicU8>, u8)>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            untold: Cell::new(0),
            told: Cell::new(0),
            own: Cell::new(None),
            refused: Cell::new(false),
            beyond: Cell::new(false),
            trap: OnceCell::new(),
        }
    };
}

impl Local {
    fn sum(&self) -> isize {
        self.told.get() + self.untold.get()
    }
}

impl Drop for Local {
    /// What the thread does after this, it tells at once.
    fn drop(&mut self) {
        USED.fetch_add(self.untold.get(), Ordering::Relaxed);
    }
}

#[inline(always)]
fn count(bytes: isize) {
    let counted = LOCAL.try_with(|local| {
        let untold = local.untold.get() + bytes;
        local.untold.set(untold);
        if untold.unsigned_abs() >= BATCH as usize {
            tell(local, bytes);
        }
    });
    if counted.is_err() {
        USED.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// After so many `bytes` more. It runs inside the allocator: it must not panic, and allocates nothing that is counted.
#[cold]
fn tell(local: &Local, bytes: isize) {
    let untold = local.untold.replace(0);
    local.told.set(local.told.get() + untold);
    let used = USED.fetch_add(untold, Ordering::Relaxed).wrapping_add(untold);
    if untold > 0 && bytes < SMALL {
        make_room();
    }
    if untold > 0
        && used > LIMIT.load(Ordering::Relaxed)
        && let Some((trap, bit)) = local.trap.get()
    {
        local.beyond.set(true);
        trap.fetch_or(*bit, Ordering::SeqCst);
    }
}

/// The thread makes ever more small values: its heap gets the room for the next of them at once.
///
/// glibc gives each thread a heap of its own, and makes it longer by no more than what is asked for: page by page, with a
/// system call for each, and another way into the system when the page is written to first. What was asked for in one
/// piece stays the heap's when it is given back. Measured: a quarter of the time of a script that makes many futures.
fn make_room() {
    const ROOM: Layout = Layout::new::<[u64; BATCH as usize / 8]>();
    const PAGE: usize = 4096;
    // SAFETY: its size is not 0, and it is given back as it was asked for. Pages that lie wholly within it are this
    // thread's alone meanwhile; what is in them does not change, whether the system does it or refuses.
    unsafe {
        let room = black_box(System.alloc(ROOM));
        if room.is_null() {
            return;
        }
        let skipped = room.addr().wrapping_neg() % PAGE;
        let pages = (ROOM.size() - skipped) / PAGE * PAGE;
        libc::madvise(room.add(skipped).cast(), pages, libc::MADV_POPULATE_WRITE);
        System.dealloc(room, ROOM);
    }
}

// SAFETY: every call is handed on to the system's allocator as it came, and its answer is given back. Counting neither
// allocates nor unwinds. (That an allocator may have thread-local variables, even with a `Drop`, is promised by the
// standard library since Rust 1.93.)
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract of `dealloc`, and all that was allocated here came from `System`.
        unsafe { System.dealloc(place, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: as for `dealloc`, with the contract of `realloc`.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Bytes in use, less exact by `BATCH` for each thread that lives.
pub fn used() -> usize {
    usize::try_from(USED.load(Ordering::Relaxed)).unwrap_or(0)
}

/// Sets the limit of this process, in bytes.
pub fn set_limit(bytes: u64) {
    LIMIT.store(isize::try_from(bytes).unwrap_or(isize::MAX), Ordering::Relaxed);
}

/// In bytes: this thread's own limit where it has one, else that of the process.
pub fn limit() -> usize {
    let own = LOCAL.try_with(|local| local.own.get()).ok().flatten();
    own.map_or_else(|| LIMIT.load(Ordering::Relaxed).unsigned_abs(), |(_, bytes)| bytes)
}

/// Whether so many bytes more would keep within the limit.
pub fn has_room_for(bytes: usize) -> bool {
    let bytes = isize::try_from(bytes).unwrap_or(isize::MAX);
    let own = LOCAL.try_with(|local| {
        let (end, _) = local.own.get()?;
        let room = local.sum().saturating_add(bytes) <= end;
        local.refused.set(local.refused.get() || !room);
        Some(room)
    });
    if let Ok(Some(room)) = own {
        return room;
    }
    USED.load(Ordering::Relaxed).saturating_add(bytes) <= LIMIT.load(Ordering::Relaxed)
}

/// From here on this OS thread sets `bit` in `trap` each time that it goes beyond the limit. Once for each thread.
pub fn trap_with(trap: &Arc<AtomicU8>, bit: u8) {
    // A thread that has a trap already keeps it.
    let _ = LOCAL.try_with(|local| local.trap.set((trap.clone(), bit)));
}

/// Whether this thread has gone beyond the limit since it was last asked.
pub fn went_beyond() -> bool {
    LOCAL.try_with(|local| local.beyond.replace(false)).unwrap_or(false)
}

/// While it lives, its OS thread has a limit of its own.
#[derive(Debug)]
pub struct Confined {
    _private: (),
}

/// From here on this OS thread may ask for so many bytes more than it gives back: `has_room_for` and `limit` answer for
/// that. Whether it keeps to it is for `is_beyond` to tell: who simulates a script asks before each instruction. Other threads
/// have no part in it, so a simulated run stops at the same place each time.
pub fn confine(bytes: usize) -> Confined {
    let _ = LOCAL.try_with(|local| {
        let end = local.sum().saturating_add(isize::try_from(bytes).unwrap_or(isize::MAX));
        local.own.set(Some((end, bytes)));
        local.refused.set(false);
    });
    Confined { _private: () }
}

impl Drop for Confined {
    fn drop(&mut self) {
        let _ = LOCAL.try_with(|local| {
            local.own.set(None);
            local.refused.set(false);
        });
    }
}

/// Whether this thread is beyond its own limit, or was refused what would have led there.
#[inline]
pub fn is_beyond() -> bool {
    let beyond =
        |local: &Local| local.refused.get() || local.own.get().is_some_and(|(end, _)| local.sum() > end);
    LOCAL.try_with(beyond).unwrap_or(false)
}

/// `64 MB`, as messages tell sizes.
pub fn shown(bytes: usize) -> String {
    for (unit, size) in [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{} {unit}", bytes / size);
        }
    }
    format!("{bytes} bytes")
}

/// Counting itself is tested where it is the allocator: in `tests/memory.rs`.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_largest_whole_unit() {
        for (bytes, text) in
            [(1 << 31, "2 GB"), (64 << 20, "64 MB"), (1536 << 10, "1536 KB"), (1000, "1000 bytes")]
        {
            assert_eq!(shown(bytes), text);
        }
    }
}
