//! Tasks of a process pool that its workers take by themselves, in their order: who has done one need not wait until the
//! pool's own process has learnt it, and has sent another.
//!
//! The pool's process puts them there; each has a number, one more than the one before. Whose a task is, is one word: it
//! is taken by one exchange, by a worker, or by the pool's process (to send it to a worker, or since it was cancelled).
//! How far they are taken is another word, which whoever comes next puts right: so a worker may die in between.

use super::{Memory, Place};
use crate::value::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// No more are there at once.
const ROOM: u64 = 64;
/// A larger task goes over the line to a worker: blocks are not given back to the system.
const MOST_BYTES: usize = 1 << 16;

/// The number of the next one that nobody has taken, as far as it is known; one more than the last.
const NEXT: usize = 0;
const END: usize = 1;
const SLOTS: usize = 2;
/// The words of a slot: its task's number and who has taken it, and its bytes.
const STATE: usize = 0;
const BLOCK: usize = 1;
const LENGTH: usize = 2;
const SLOT: usize = 3;
const WORDS: usize = SLOTS + SLOT * ROOM as usize;

/// Nobody has taken it.
const OPEN: u32 = 0;

#[derive(Debug)]
pub struct Board {
    place: Place,
}

impl Board {
    /// A new one.
    ///
    /// # Errors
    /// When there is no room.
    pub fn make(memory: &Arc<Memory>) -> Result<Board, Error> {
        let place = Place { memory: memory.clone(), at: memory.take_zeroed(WORDS)? };
        Ok(Board { place })
    }

    /// The one that is in this place.
    pub fn at(place: Place) -> Board {
        Board { place }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    fn word(&self, word: usize) -> &AtomicU64 {
        self.place.memory.word(self.place.at + word)
    }

    fn slot(&self, number: u64, word: usize) -> &AtomicU64 {
        self.word(SLOTS + SLOT * (number % ROOM) as usize + word)
    }

    /// Puts a task there; its number. None when it is too large, or there is no room: `oldest` is the number of the oldest of
    /// which somebody will ask who has taken it. By one thread at a time of the pool's process.
    pub fn put(&self, task: &[u8], oldest: Option<u64>) -> Option<u64> {
        let number = self.word(END).load(Ordering::SeqCst);
        if task.len() > MOST_BYTES || oldest.is_some_and(|oldest| number - oldest >= ROOM) {
            return None;
        }
        let memory = &self.place.memory;
        let block = memory.take(words(task.len())).ok()?;
        for (chunk, at) in task.chunks(8).zip(block..) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            memory.word(at).store(u64::from_le_bytes(word), Ordering::Relaxed);
        }
        self.slot(number, BLOCK).store(block as u64, Ordering::SeqCst);
        self.slot(number, LENGTH).store(task.len() as u64, Ordering::SeqCst);
        self.slot(number, STATE).store(state(number, OPEN), Ordering::SeqCst);
        self.word(END).store(number + 1, Ordering::SeqCst);
        Some(number)
    }

    /// Whether there seems to be one that nobody has taken.
    pub fn has_some(&self) -> bool {
        self.word(NEXT).load(Ordering::SeqCst) < self.word(END).load(Ordering::SeqCst)
    }

    /// The next task, which is from now on that of `who` (not 0).
    pub fn take(&self, who: u32) -> Option<Vec<u8>> {
        loop {
            let next = self.word(NEXT).load(Ordering::SeqCst);
            if next >= self.word(END).load(Ordering::SeqCst) {
                return None;
            }
            if let Some(task) = self.take_this(next, who) {
                return Some(task);
            }
            self.pass(next);
        }
    }

    /// This task, if nobody has taken it.
    pub fn take_this(&self, number: u64, who: u32) -> Option<Vec<u8>> {
        let (open, taken) = (state(number, OPEN), state(number, who));
        // Those of another task, if this one's slot has become that one's; then the exchange fails.
        let block = self.slot(number, BLOCK).load(Ordering::SeqCst) as usize;
        let length = self.slot(number, LENGTH).load(Ordering::SeqCst) as usize;
        let word = self.slot(number, STATE);
        word.compare_exchange(open, taken, Ordering::SeqCst, Ordering::SeqCst).ok()?;
        self.pass(number);
        let memory = &self.place.memory;
        let mut task = Vec::with_capacity(8 * words(length));
        for at in block..block + words(length) {
            task.extend(memory.word(at).load(Ordering::Relaxed).to_le_bytes());
        }
        task.truncate(length);
        memory.give(block, words(length));
        Some(task)
    }

    /// This one is taken.
    fn pass(&self, number: u64) {
        // Somebody else may have said so.
        let _ = self.word(NEXT).compare_exchange(number, number + 1, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Who has taken a task; None if nobody has.
    pub fn taken_by(&self, number: u64) -> Option<u32> {
        let who = self.slot(number, STATE).load(Ordering::SeqCst) as u32;
        (who != OPEN).then_some(who)
    }
}

fn words(bytes: usize) -> usize {
    bytes.div_ceil(8)
}

fn state(number: u64, who: u32) -> u64 {
    number << 32 | u64::from(who)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        Board::make(&Memory::new(0).expect("there is address space")).expect("there is room")
    }

    #[test]
    fn tasks_are_taken_once_and_in_their_order() {
        let board = board();
        assert_eq!((board.has_some(), board.take(1)), (false, None));
        let numbers: Vec<u64> =
            (0..4u8).filter_map(|n| board.put(&vec![n; usize::from(n) * 7], None)).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
        assert_eq!(board.take_this(1, 9), Some(vec![1; 7]), "out of its turn");
        assert_eq!(board.take_this(1, 8), None);
        assert_eq!(board.take(1), Some(vec![]));
        assert_eq!(board.take(2), Some(vec![2; 14]));
        assert_eq!(
            (0..4).map(|number| board.taken_by(number)).collect::<Vec<_>>(),
            [Some(1), Some(9), Some(2), None]
        );
        assert!(board.has_some());
        assert_eq!(board.take(3), Some(vec![3; 21]));
        assert!(!board.has_some());
    }

    #[test]
    fn there_is_no_room_while_somebody_will_ask_for_a_task() {
        let board = board();
        let put = |oldest| board.put(b"a task", oldest);
        assert!((0..ROOM).all(|number| put(Some(0)) == Some(number)));
        assert_eq!(put(Some(0)), None);
        assert_eq!(board.take(1), Some(b"a task".to_vec()));
        assert_eq!(put(Some(0)), None);
        assert_eq!(put(Some(1)), Some(ROOM));
        assert_eq!(board.take_this(0, 2), None, "its slot is another one's");
        assert_eq!(board.put(&vec![0; MOST_BYTES + 1], Some(5)), None);
    }

    #[test]
    fn of_several_that_take_each_gets_others() {
        let board = board();
        let rounds: u64 = if cfg!(miri) { 200 } else { 50_000 };
        let mut taken: Vec<u64> = std::thread::scope(|scope| {
            let takes = |who| {
                let board = &board;
                scope.spawn(move || {
                    let mut taken = Vec::new();
                    loop {
                        match board.take(who) {
                            Some(task) if task.is_empty() => return taken,
                            Some(task) => {
                                taken.push(u64::from_le_bytes(task.try_into().expect("eight bytes")))
                            }
                            None => std::thread::yield_now(),
                        }
                    }
                })
            };
            let takers = [takes(1), takes(2), takes(3)];
            let mut oldest = 0;
            let mut put = |task: &[u8]| {
                while board.put(task, Some(oldest)).is_none() {
                    while board.taken_by(oldest).is_some() && oldest < board.word(END).load(Ordering::SeqCst)
                    {
                        oldest += 1;
                    }
                    std::thread::yield_now();
                }
            };
            (0..rounds).for_each(|number| put(&number.to_le_bytes()));
            (0..takers.len()).for_each(|_| put(&[]));
            let each = takers.into_iter().map(|taker| taker.join().expect("it does not fail"));
            each.inspect(|taken| assert!(taken.is_sorted(), "in their order")).flatten().collect()
        });
        taken.sort_unstable();
        assert!(taken.into_iter().eq(0..rounds), "each once");
    }
}
