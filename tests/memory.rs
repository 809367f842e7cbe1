//! Counting memory, in a process of its own: its limit is the whole process's. One test, so that nobody else allocates.

use conc::memory;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

const MEGABYTE: usize = 1 << 20;

#[test]
fn memory_is_counted_and_whoever_goes_beyond_the_limit_is_trapped() {
    what_threads_allocate_for_others_is_not_lost();

    let trap = Arc::new(AtomicU8::new(1));
    memory::set_limit((memory::used() + 64 * MEGABYTE) as u64);
    assert!(memory::has_room_for(60 * MEGABYTE) && !memory::has_room_for(70 * MEGABYTE));
    // Much, but never much at once.
    let small = in_a_thread(&trap, || (0..1000).all(|n| vec![n as u8; MEGABYTE].len() == MEGABYTE));
    assert_eq!((small, trap.load(Ordering::SeqCst)), (false, 1));
    let large = in_a_thread(&trap, || {
        let mut kept = vec![1_u8; 60 * MEGABYTE];
        assert!(!memory::went_beyond());
        // It grows and shrinks where it is.
        kept.resize(100 * MEGABYTE, 1);
        assert!(!memory::has_room_for(0));
        kept.truncate(MEGABYTE);
        kept.shrink_to_fit();
        memory::has_room_for(0) && kept[MEGABYTE - 1] == 1
    });
    assert_eq!((large, trap.load(Ordering::SeqCst)), (true, 5));
    // The flag was the thread's own, and no other knows of it.
    assert!(!memory::went_beyond() && memory::has_room_for(60 * MEGABYTE));
    let many =
        in_a_thread(&trap, || !(0..1_000_000).map(|n| vec![n as u8; 100]).collect::<Vec<_>>().is_empty());
    assert!(many, "small ones count too");
    memory::set_limit(u64::MAX);
}

/// Runs it in a thread with the trap; whether the thread has gone beyond the limit.
fn in_a_thread(trap: &Arc<AtomicU8>, act: impl FnOnce() -> bool + Send) -> bool {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            memory::trap_with(trap, 4);
            assert!(act());
            memory::went_beyond()
        });
        thread.join().expect("what it asserts holds")
    })
}

/// Each thread tells at its end what it has not told, though it is less than is worth telling.
fn what_threads_allocate_for_others_is_not_lost() {
    let before = memory::used();
    for _ in 0..2000 {
        let made = std::thread::spawn(|| vec![1_u8; 10_000]).join().expect("it only allocates");
        assert_eq!(made.len(), 10_000);
    }
    let after = memory::used();
    assert!(after.abs_diff(before) < MEGABYTE, "{before} bytes before, {after} bytes after");
}
