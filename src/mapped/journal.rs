//! What is changed piece by piece: a whole, and what has been changed of it since.
//!
//! One word leads to the last change, each change to the one before, and the first to the whole. So a change is made
//! known by one exchange of the word, however large the whole is, and who has seen an earlier change reads only what came
//! after it. When the changes have become as long as the whole, a new whole takes the place of all of it.
//!
//! Reading takes no lock: blocks are copied, then the word is looked at again. As long as it leads to the same whole, all
//! that it has led to is still there, since blocks are given back only by whoever has put a new whole in their place. (A
//! block that was given back can hold anything; and a word never leads to the same block twice with the same mark.)

use super::slot::{block_with, bytes_in, bytes_of, first_bytes_in, free, is_block};
use super::{Memory, Place};
use crate::value::error::Error;
use std::sync::atomic::{Ordering, fence};

/// What the first byte of a block tells.
const WHOLE: u8 = 0;
const CHANGE: u8 = 1;
/// The bytes of a change before its own.
const HEAD: usize = 25;
/// Changes of fewer bytes do not ask for a new whole.
const LEAST: usize = 1024;

/// The word, with its mapping.
#[derive(Debug)]
pub struct Journal {
    place: Place,
}

/// What has been written since.
#[derive(Debug, Default)]
pub struct News {
    /// What has been seen then.
    pub word: u64,
    /// A new whole, to which the changes belong.
    pub whole: Option<Vec<u8>>,
    /// The oldest first.
    pub changes: Vec<Vec<u8>>,
}

/// What came of a change.
#[derive(Debug, PartialEq, Eq)]
pub enum Appended {
    /// This has been seen then.
    Done(u64),
    /// Somebody else was faster.
    Outdated,
    /// The changes are as long as the whole: it is to be written anew.
    TooLong,
}

/// What stands before the bytes of a change.
#[derive(Debug, Clone, Copy)]
struct Head {
    /// The word that led to what was there before it.
    before: u64,
    /// The word that led to the whole.
    whole: u64,
    /// How many changes there are, and how many bytes.
    depth: u32,
    size: u32,
}

impl Journal {
    /// What no word is: nothing has been seen.
    pub const NOTHING: u64 = 0;

    pub fn at(place: Place) -> Journal {
        Journal { place }
    }

    /// The number of its word.
    pub fn number(&self) -> usize {
        self.place.at
    }

    fn memory(&self) -> &Memory {
        &self.place.memory
    }

    pub fn now(&self) -> u64 {
        self.place.word().load(Ordering::SeqCst)
    }

    /// What has been written after what has been seen.
    pub fn news(&self, seen: u64) -> Option<News> {
        loop {
            if self.now() == seen {
                return None;
            }
            let (now, whole) = self.whole_now();
            if let Some(news) = self.read(now, seen)
                && self.whole_now().1 == whole
            {
                return Some(news);
            }
        }
    }

    /// None when the blocks have been given back meanwhile; what it gives may be wrong then, too.
    fn read(&self, now: u64, seen: u64) -> Option<News> {
        let mut news = News { word: now, ..News::default() };
        let (mut word, mut depth) = (now, None);
        while word != seen {
            let mut bytes = bytes_in(self.memory(), word).filter(|_| is_block(word))?;
            let Some(head) = Head::of(&bytes)? else {
                bytes.remove(0);
                news.whole = Some(bytes);
                break;
            };
            // What was read too late might lead round and round.
            if depth.is_some_and(|above: u32| head.depth.checked_add(1) != Some(above)) {
                return None;
            }
            (word, depth) = (head.before, Some(head.depth));
            news.changes.push(bytes.split_off(HEAD));
        }
        news.changes.reverse();
        Some(news)
    }

    /// The word, and the one that leads to the whole behind it; None where nothing was ever written.
    fn whole_now(&self) -> (u64, Option<u64>) {
        fence(Ordering::SeqCst);
        let mut now = self.now();
        loop {
            let whole = self.head(now).map(|head| head.map_or(now, |head| head.whole));
            fence(Ordering::SeqCst);
            match self.now() {
                still if still == now => return (now, whole),
                other => now = other,
            }
        }
    }

    /// What stands before a change; inside, None for a whole. None when it is neither.
    fn head(&self, word: u64) -> Option<Option<Head>> {
        if !is_block(word) {
            return None;
        }
        Head::of(&first_bytes_in::<HEAD>(self.memory(), word)?)
    }

    /// Adds a change to what has been seen.
    pub fn append(&self, seen: u64, change: &[u8]) -> Result<Appended, Error> {
        let Some(last) = self.head(seen) else { return Ok(Appended::Outdated) };
        let (whole, depth, size) = last.map_or((seen, 0, 0), |last| (last.whole, last.depth, last.size));
        let size = size as usize + HEAD + change.len();
        let (Some(depth), Ok(size_in_all)) = (depth.checked_add(1), u32::try_from(size)) else {
            return Ok(Appended::TooLong);
        };
        let Some(length) = bytes_of(self.memory(), whole) else { return Ok(Appended::Outdated) };
        if size > length.max(LEAST) {
            return Ok(Appended::TooLong);
        }
        let head = Head { before: seen, whole, depth, size: size_in_all };
        let word = block_with(self.memory(), &[&head.bytes(), change].concat())?;
        if !self.exchange(seen, word) {
            free(self.memory(), word);
            return Ok(Appended::Outdated);
        }
        Ok(Appended::Done(word))
    }

    /// Puts a new whole in place of what has been seen; None when that is no longer there.
    pub fn begin_anew(&self, seen: u64, whole: &[u8]) -> Result<Option<u64>, Error> {
        let word = block_with(self.memory(), &[&[WHOLE], whole].concat())?;
        if !self.exchange(seen, word) {
            free(self.memory(), word);
            return Ok(None);
        }
        let mut old = seen;
        while is_block(old) {
            let before = self.head(old).flatten().map_or(Self::NOTHING, |head| head.before);
            free(self.memory(), old);
            old = before;
        }
        Ok(Some(word))
    }

    fn exchange(&self, old: u64, new: u64) -> bool {
        self.place.word().compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

impl Head {
    /// What stands before a change; inside, None before a whole. None when it is neither.
    fn of(bytes: &[u8]) -> Option<Option<Head>> {
        if *bytes.first()? == WHOLE {
            return Some(None);
        }
        let head = bytes.get(..HEAD).filter(|head| head[0] == CHANGE)?;
        let eight = |at: usize| head[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let four = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        Some(Some(Head { before: eight(1)?, whole: eight(9)?, depth: four(17)?, size: four(21)? }))
    }

    fn bytes(&self) -> [u8; HEAD] {
        let mut bytes = [CHANGE; HEAD];
        bytes[1..9].copy_from_slice(&self.before.to_le_bytes());
        bytes[9..17].copy_from_slice(&self.whole.to_le_bytes());
        bytes[17..21].copy_from_slice(&self.depth.to_le_bytes());
        bytes[21..25].copy_from_slice(&self.size.to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn journal(memory: &Arc<Memory>) -> Journal {
        let at = memory.take_zeroed(1).expect("there is room");
        Journal::at(Place { memory: memory.clone(), at })
    }

    /// All bytes, as who has seen so much knows them then.
    fn follow(journal: &Journal, seen: &mut u64, known: &mut Vec<u8>) {
        if let Some(news) = journal.news(*seen) {
            if let Some(whole) = news.whole {
                *known = whole;
            }
            news.changes.iter().for_each(|change| known.extend(change));
            *seen = news.word;
        }
    }

    fn add(journal: &Journal, seen: &mut u64, known: &mut Vec<u8>, byte: u8) {
        loop {
            follow(journal, seen, known);
            let appended = journal.append(*seen, &[byte]).expect("there is room");
            let word = match appended {
                Appended::Done(word) => Some(word),
                Appended::Outdated => None,
                Appended::TooLong => {
                    let whole = [&known[..], &[byte]].concat();
                    journal.begin_anew(*seen, &whole).expect("there is room")
                }
            };
            if let Some(word) = word {
                *seen = word;
                known.push(byte);
                return;
            }
        }
    }

    #[test]
    fn each_follows_from_what_it_has_seen() {
        let memory = Memory::new(0).expect("there is address space");
        let journal = journal(&memory);
        let first = journal.begin_anew(Journal::NOTHING, &[]).expect("there is room");
        let (mut mine, mut known) = (first.expect("nobody else"), Vec::new());
        let (mut other, mut known_there) = (Journal::NOTHING, Vec::new());
        for round in 0..300u32 {
            add(&journal, &mut mine, &mut known, round as u8);
            if round % 7 == 0 {
                follow(&journal, &mut other, &mut known_there);
                assert_eq!(known, known_there);
            }
        }
        let expected: Vec<u8> = (0..300u32).map(|round| round as u8).collect();
        assert_eq!(known, expected);
        assert_eq!(journal.append(first.expect("nobody else"), &[0]).expect("room"), Appended::Outdated);
    }

    /// The block of what has been seen may be somebody else's by now, with anything in it.
    #[test]
    fn what_leads_nowhere_is_outdated() {
        let memory = Memory::new(0).expect("there is address space");
        let journal = journal(&memory);
        journal.begin_anew(Journal::NOTHING, &[]).expect("there is room").expect("nobody else");
        for whole in [0, u64::MAX << 3] {
            let head = Head { before: u64::MAX << 3, whole, depth: 7, size: 7 };
            let seen = block_with(&memory, &head.bytes()).expect("there is room");
            assert_eq!(journal.append(seen, &[0]).expect("there is room"), Appended::Outdated);
        }
        assert_eq!(journal.append(u64::MAX << 3, &[0]).expect("there is room"), Appended::Outdated);
    }

    /// Whatever others write meanwhile, nobody sees what nobody has written; and nothing is lost.
    #[test]
    fn nothing_is_torn_or_lost() {
        let memory = Memory::new(0).expect("there is address space");
        let journal = journal(&memory);
        journal.begin_anew(Journal::NOTHING, &[]).expect("there is room").expect("nobody else");
        let rounds = if cfg!(miri) { 9 } else { 6_000 };
        let (journal, orderly) = (&journal, |known: &[u8]| {
            (0..3u8).all(|mark| {
                let own: Vec<u8> = known.iter().filter(|byte| **byte % 3 == mark).copied().collect();
                own.iter().enumerate().all(|(at, byte)| *byte == (at % 80) as u8 * 3 + mark)
            })
        });
        std::thread::scope(|scope| {
            for mark in 0..3u8 {
                scope.spawn(move || {
                    let (mut seen, mut known) = (Journal::NOTHING, Vec::new());
                    for round in 0..rounds {
                        add(journal, &mut seen, &mut known, (round % 80) as u8 * 3 + mark);
                    }
                });
            }
            scope.spawn(move || {
                let (mut seen, mut known) = (Journal::NOTHING, Vec::new());
                while known.len() < 3 * rounds {
                    follow(journal, &mut seen, &mut known);
                    assert!(orderly(&known));
                    if known.len() % 5 == 0 {
                        (seen, known) = (Journal::NOTHING, Vec::new());
                        follow(journal, &mut seen, &mut known);
                    }
                }
            });
        });
        let (mut seen, mut known) = (Journal::NOTHING, Vec::new());
        follow(journal, &mut seen, &mut known);
        assert!(known.len() == 3 * rounds && orderly(&known));
    }
}
