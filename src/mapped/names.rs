//! Texts that all processes can read: each is written once, and found by the number of the word where it begins.

use super::Memory;
use crate::value::error::Error;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first words: how many are taken, and how often a text has found no room.
const TAKEN: usize = 0;
const LOST: usize = 1;
/// Where the first text is. So none is at 0.
const FIRST: u64 = 2;

#[derive(Debug)]
pub struct Names {
    memory: Arc<Memory>,
    base: usize,
    words: usize,
    /// What this process has written.
    known: Mutex<HashMap<String, u32>>,
}

impl Names {
    /// With room for so many words.
    pub fn new(memory: &Arc<Memory>, words: usize) -> Result<Names, Error> {
        Ok(Names::at(memory, memory.take(words)?, words))
    }

    /// Those that have this room, which began with zeros.
    pub fn at(memory: &Arc<Memory>, base: usize, words: usize) -> Names {
        Names { memory: memory.clone(), base, words, known: Mutex::default() }
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        self.memory.word(self.base + at)
    }

    /// Where a text is written; 0 when there is no more room.
    pub fn name(&self, text: &str) -> u32 {
        let mut known = self.known.lock();
        if let Some(known) = known.get(text) {
            return *known;
        }
        let written = self.write(text);
        if written == 0 {
            self.word(LOST).fetch_add(1, Ordering::Relaxed);
        } else {
            known.insert(text.to_string(), written);
        }
        written
    }

    /// A word for the length, then the bytes.
    fn write(&self, text: &str) -> u32 {
        let words = 1 + text.len().div_ceil(8) as u64;
        let room = |taken: u64| Some(taken.max(FIRST) + words).filter(|end| *end <= self.words as u64);
        let Ok(before) = self.word(TAKEN).fetch_update(Ordering::SeqCst, Ordering::SeqCst, room) else {
            return 0;
        };
        let at = before.max(FIRST) as usize;
        for (word, bytes) in text.as_bytes().chunks(8).enumerate() {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            self.word(at + 1 + word).store(u64::from_le_bytes(eight), Ordering::Relaxed);
        }
        self.word(at).store(text.len() as u64, Ordering::Release);
        at as u32
    }

    pub fn text(&self, name: u32) -> Option<String> {
        let at = name as usize;
        if name == 0 || at >= self.words {
            return None;
        }
        let length = self.word(at).load(Ordering::Acquire) as usize;
        let words = length.div_ceil(8).min(self.words - at - 1);
        let bytes = (1..=words).flat_map(|word| self.word(at + word).load(Ordering::Relaxed).to_le_bytes());
        let bytes: Vec<u8> = bytes.take(length).collect();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// How often a text has found no room.
    pub fn lost(&self) -> u64 {
        self.word(LOST).load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_once_while_there_is_room() {
        let memory = Memory::new(0).expect("memory");
        let names = Names::new(&memory, 12).expect("room");
        let first = names.name("互斥锁 m");
        assert_eq!((names.name("互斥锁 m"), names.text(first).as_deref()), (first, Some("互斥锁 m")));
        let second = names.name("");
        assert_eq!(names.text(second).as_deref(), Some(""));
        assert_eq!((names.name(&"x".repeat(100)), names.lost()), (0, 1));
        assert_eq!((names.text(0), names.text(4000)), (None, None));
    }
}
