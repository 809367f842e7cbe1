//! Which states have been met: tables of hashes with the numbers of their states (open addressing, linear probing), each
//! for a part of all hashes, so that several workers can look at once.
//!
//! 96 bits of a hash are kept. That two of a thousand million states have the same has a chance of less than one in 10^11.

/// A hash and a number in one word; 0 where nothing is.
#[derive(Debug)]
struct Table {
    slots: Vec<u128>,
    count: usize,
}

/// The bits of a slot that are the number, which is kept plus one.
const NUMBER: u128 = u32::MAX as u128;
/// Marks the place of a state among those of its shard that wait for their numbers.
const WAITS: u32 = 1 << 31;
/// The most states that can have numbers.
pub const MOST: u64 = WAITS as u64 - 1;
/// It waits for its number.
const NONE: u32 = u32::MAX;

/// Those of the states whose hashes it is meant for. New ones get their numbers later, all at once. Each worker has cache
/// lines of its own.
#[repr(align(128))]
#[derive(Debug)]
pub struct Shard {
    table: Table,
    /// The states that were new since the last numbers were put in: their hashes, and their numbers as far as they have any.
    new: Vec<u128>,
    numbers: Vec<u32>,
    /// What each of the hashes that were asked for last is: a number, or a place with `WAITS`.
    answers: Vec<u32>,
}

/// All of them.
#[derive(Debug)]
pub struct Seen {
    pub shards: Vec<Shard>,
}

/// The number of shards does not depend on that of workers, so nothing else does.
pub const SHARDS: usize = 16;

/// Which shard a hash belongs to.
#[inline]
pub fn shard_of(hash: u128) -> usize {
    (hash >> 124) as usize
}

impl Table {
    fn place(&self, hash: u128) -> usize {
        (hash >> 64) as usize & (self.slots.len() - 1)
    }

    /// Where the hash is, or where it belongs.
    #[inline]
    fn find(&self, hash: u128) -> usize {
        let mut at = self.place(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 || slot & !NUMBER == hash & !NUMBER {
                return at;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[inline]
    fn number(&self, at: usize) -> Option<u32> {
        let slot = self.slots[at];
        (slot != 0).then(|| (slot & NUMBER) as u32 - 1)
    }

    #[inline]
    fn put(&mut self, at: usize, hash: u128, number: u32) {
        self.slots[at] = hash & !NUMBER | (u128::from(number) + 1);
    }

    /// Adds a state that is not there, whose place is free.
    fn insert(&mut self, at: usize, hash: u128, number: u32) {
        self.put(at, hash, number);
        self.count += 1;
        if self.count * 5 >= self.slots.len() * 4 {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![0; old.len() * 2];
            for slot in old.into_iter().filter(|slot| *slot != 0) {
                let at = self.find(slot);
                self.slots[at] = slot;
            }
        }
    }
}

impl Shard {
    fn new() -> Shard {
        let table = Table { slots: vec![0; 64], count: 0 };
        Shard { table, new: Vec::new(), numbers: Vec::new(), answers: Vec::new() }
    }

    /// Looks for these hashes, and adds those that are new.
    pub fn ask<'h>(&mut self, hashes: impl Iterator<Item = &'h [u128]>) {
        self.settle();
        self.answers.clear();
        for hash in hashes.flatten() {
            let at = self.table.find(*hash);
            let known = self.table.number(at);
            let answer = known.unwrap_or_else(|| {
                let waits = WAITS | self.new.len() as u32;
                self.table.insert(at, *hash, waits);
                self.new.push(*hash);
                waits
            });
            self.answers.push(answer);
        }
        self.numbers.resize(self.new.len(), NONE);
    }

    /// What the hash that was asked for at this place is: the number of its state. `new` gives one to a state that has none.
    #[inline]
    pub fn answer(&mut self, at: usize, new: impl FnOnce() -> u32) -> u32 {
        let answer = self.answers[at];
        if answer & WAITS == 0 {
            return answer;
        }
        let number = &mut self.numbers[(answer & !WAITS) as usize];
        if *number == NONE {
            *number = new();
        }
        *number
    }

    /// Puts in the numbers that states were given.
    fn settle(&mut self) {
        for (hash, number) in self.new.iter().zip(&self.numbers) {
            let at = self.table.find(*hash);
            self.table.put(at, *hash, *number);
        }
        self.new.clear();
        self.numbers.clear();
    }
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { shards: (0..SHARDS).map(|_| Shard::new()).collect() }
    }
}

impl Seen {
    /// The number of the state with this hash, if it has one.
    pub fn find(&self, hash: u128) -> Option<u32> {
        let shard = &self.shards[shard_of(hash)];
        let number = shard.table.number(shard.table.find(hash))?;
        match number & WAITS {
            0 => Some(number),
            _ => Some(shard.numbers[(number & !WAITS) as usize]).filter(|number| *number != NONE),
        }
    }

    /// How many bytes it takes.
    pub fn memory(&self) -> usize {
        self.shards.iter().map(|shard| shard.table.slots.len() * size_of::<u128>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u128) -> u128 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    #[test]
    fn what_was_added_is_found_and_nothing_else() {
        let mut seen = Seen::default();
        let mut next = 0;
        // Each round asks for a thousand hashes, half of which are known, and some twice.
        for round in 0..10u128 {
            let asked: Vec<u128> = (round * 500..round * 500 + 1000).map(hash).collect();
            let mut of = vec![Vec::new(); SHARDS];
            asked.iter().chain(&asked[..10]).for_each(|hash| of[shard_of(*hash)].push(*hash));
            for (shard, hashes) in of.iter().enumerate() {
                seen.shards[shard].ask([&hashes[..]].into_iter());
                for (at, hash) in hashes.iter().enumerate() {
                    let new = || {
                        next += 1;
                        next - 1
                    };
                    let number = seen.shards[shard].answer(at, new);
                    assert_eq!(seen.find(*hash), Some(number));
                }
            }
        }
        assert_eq!(next, 5500);
        let mut numbers: Vec<u32> = (0..5500).filter_map(|n| seen.find(hash(n))).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..5500).collect::<Vec<_>>());
        assert_eq!(seen.find(hash(5500)), None);
        assert!(seen.memory() >= 5500 * 16);
    }

    #[test]
    fn a_state_without_a_number_is_not_found_until_it_has_one() {
        let mut seen = Seen::default();
        let hash = hash(3);
        let shard = shard_of(hash);
        seen.shards[shard].ask([&[hash][..]].into_iter());
        assert_eq!(seen.find(hash), None);
        assert_eq!(seen.shards[shard].answer(0, || 7), 7);
        assert_eq!(seen.find(hash), Some(7));
        seen.shards[shard].ask([&[hash][..]].into_iter());
        assert_eq!((seen.shards[shard].answer(0, || 8), seen.find(hash)), (7, Some(7)));
    }
}
