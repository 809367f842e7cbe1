//! Which processes of a run live, so that there are never more than so many.
//!
//! A place is for one process: its number at the system. Whoever starts one takes a place for it, and gives it back when it
//! learns of its end. Of those whose parent was killed nobody learns that: when all places are taken, they are looked for.

use super::Memory;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Debug)]
pub struct Roll {
    memory: Arc<Memory>,
    base: usize,
    /// How many may live beside the first.
    most: usize,
}

/// A place that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat(usize);

impl Roll {
    /// # Errors
    /// When the system gives no memory for it.
    pub fn new(most: usize) -> io::Result<Roll> {
        let memory = Memory::new(0)?;
        // It is new, and so zero: nobody has to touch all of it.
        let base = memory.take(most + 1).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Roll { memory, base, most })
    }

    pub fn most(&self) -> usize {
        self.most
    }

    /// A place for a process that the one with this number is about to start; None when all are taken by such as live.
    pub fn enter(&self, starter: i32, lives: impl Fn(i32) -> bool) -> Option<Seat> {
        let starter = starter as u64;
        // Where one was found last: the next is mostly free.
        let hint = self.memory.word(self.base).load(Ordering::Relaxed) as usize;
        let all = || (0..self.most).map(|at| Seat((hint + at) % self.most));
        let free = all().find(|seat| self.change(*seat, 0, starter));
        let seat = free.or_else(|| {
            all().find(|seat| {
                let now = self.word(*seat).load(Ordering::SeqCst);
                !lives(now as i32) && self.change(*seat, now, starter)
            })
        })?;
        self.memory.word(self.base).store(seat.0 as u64 + 1, Ordering::Relaxed);
        Some(seat)
    }

    /// It is this process's.
    pub fn sits(&self, seat: Seat, process: i32) {
        self.word(seat).store(process as u64, Ordering::SeqCst);
    }

    /// This process, or the one that was to start another, has it no more.
    pub fn leave(&self, seat: Seat, process: i32) {
        self.change(seat, process as u64, 0);
    }

    fn change(&self, seat: Seat, from: u64, to: u64) -> bool {
        self.word(seat).compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn word(&self, seat: Seat) -> &std::sync::atomic::AtomicU64 {
        self.memory.word(self.base + 1 + seat.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_and_the_dead_make_room() {
        let roll = Roll::new(3).expect("there is memory");
        let all = |_| true;
        let seats: Vec<Seat> = (0..3).filter_map(|_| roll.enter(1, all)).collect();
        assert_eq!(seats.len(), 3);
        seats.iter().zip(10..).for_each(|(seat, process)| roll.sits(*seat, process));
        assert_eq!(roll.enter(1, all), None);
        assert_eq!(roll.enter(1, |process| process != 11), Some(seats[1]));
        // Whoever had it before does not give it back.
        roll.leave(seats[1], 11);
        assert_eq!(roll.enter(1, all), None);
        roll.leave(seats[2], 12);
        assert_eq!((roll.enter(1, all), roll.enter(1, all)), (Some(seats[2]), None));
        assert_eq!(Roll::new(0).expect("there is memory").enter(1, all), None);
    }

    #[test]
    fn a_place_is_for_one() {
        let roll = Roll::new(50).expect("there is memory");
        let taken = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(Seat(seat)) = roll.enter(1, |_| true) {
                        taken.lock().expect("nobody panics").push(seat);
                    }
                });
            }
        });
        let mut taken = taken.into_inner().expect("nobody panics");
        taken.sort_unstable();
        assert_eq!(taken, (0..50).collect::<Vec<_>>());
    }
}
