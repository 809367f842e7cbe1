//! A lock for the few instructions in which several words change together; one word, the number of its holder's process.
//!
//! If the holder's process is dead, the next who wants it takes it: what the holder had made known is complete, and
//! nobody has seen the rest.

use super::Memory;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often it looks again before others may run, and how often it lets them before it sleeps and asks.
const LOOKS: u32 = 100;
const YIELDS: u32 = 200;
const A_MOMENT: Duration = Duration::from_micros(50);

pub struct Section<'m>(&'m AtomicU64);

impl<'m> Section<'m> {
    #[inline]
    pub fn enter(memory: &'m Memory, at: usize) -> Section<'m> {
        let word = memory.word(at);
        let mine = memory.own.load(Ordering::Relaxed) as u64 + 1;
        if word.compare_exchange(0, mine, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            wait(memory, word, mine);
        }
        Section(word)
    }
}

impl Drop for Section<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

#[cold]
fn wait(memory: &Memory, word: &AtomicU64, mine: u64) {
    let mut tries = 0;
    loop {
        let now = word.load(Ordering::SeqCst);
        let free = now == 0 || tries > LOOKS + YIELDS && memory.process(now as usize - 1).has_died();
        if free && word.compare_exchange(now, mine, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            return;
        }
        tries += 1;
        match tries {
            ..=LOOKS => std::hint::spin_loop(),
            _ if tries <= LOOKS + YIELDS => std::thread::yield_now(),
            _ => std::thread::sleep(A_MOMENT),
        }
    }
}
