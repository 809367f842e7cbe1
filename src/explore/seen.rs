//! Which states have been met: tables of hashes with the numbers of their states (open addressing, by lines of a few), each
//! for a part of all hashes, so that several workers can look at once.
//!
//! 96 bits of a hash are kept. That two of a thousand million states have the same has a chance of less than one in 10^11.

use super::places::{Order, Places};

/// By what a state is known: its hash, and the status with which the script has ended itself there.
pub fn key(hash: u128, exited: Option<i32>) -> u128 {
    match exited {
        Some(status) => hash ^ (0x9e37_79b9_7f4a_7c15_u128 << 64 | (status as u32 as u128) << 32 | 1 << 127),
        None => hash,
    }
}

/// A hash and a number in each word, 0 where nothing is; in the order in which they came. One line of the processor's cache:
/// what is looked for stands in the first line that is asked, or all of that are taken.
#[repr(align(64))]
#[derive(Debug, Clone, Copy, Default)]
struct Line([u128; LINE]);

const LINE: usize = 4;

#[derive(Debug)]
struct Table {
    lines: Vec<Line>,
    count: usize,
}

/// The bits of a slot that are the number, which is kept plus one.
const NUMBER: u128 = u32::MAX as u128;
/// Marks the place of a state among those of its shard that wait for their numbers.
const WAITS: u32 = 1 << 31;
/// The most states that can have numbers.
pub const MOST: u64 = WAITS as u64 - 1;
/// So many are looked for at once: their slots come from memory at the same time.
const AHEAD: usize = 16;

/// Those of the states whose hashes it is meant for. New ones get their numbers later, all at once. Each worker has cache
/// lines of its own.
#[repr(align(128))]
#[derive(Debug)]
pub struct Shard {
    table: Table,
    /// The states that were new in the last round: their hashes, where these are in the table, and the place of the first
    /// edge to each, which tells its number.
    new: Vec<u128>,
    slots: Vec<u32>,
    places: Vec<u32>,
    /// What each of the hashes that were asked for last is: a number, or which of those that are new, with `WAITS`.
    answers: Vec<u32>,
}

/// All of them.
#[derive(Debug)]
pub struct Seen {
    pub shards: Vec<Shard>,
    /// The numbers of those that were new in the last round.
    pub order: Order,
}

/// The number of shards does not depend on that of workers, so nothing else does.
pub const SHARDS: usize = 16;

/// Which shard a hash belongs to.
#[inline]
pub fn shard_of(hash: u128) -> usize {
    (hash >> 124) as usize
}

/// A hash with the edge that leads to its state, in place of the bits that no table keeps.
#[inline]
pub fn noted(hash: u128, edge: u32) -> u128 {
    hash & !NUMBER | u128::from(edge)
}

#[inline]
fn edge_of(noted: u128) -> u32 {
    (noted & NUMBER) as u32
}

impl Table {
    fn of(lines: usize) -> Table {
        Table { lines: vec![Line::default(); lines], count: 0 }
    }

    /// The line where a hash belongs, if there is room: hashes are in their order, so that a larger table is filled from one
    /// end to the other. (All hashes of a shard begin with the same four bits.)
    #[inline]
    fn home(&self, hash: u128) -> usize {
        let fraction = (hash >> 60) as u64;
        ((u128::from(fraction) * self.lines.len() as u128) >> 64) as usize
    }

    #[inline]
    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() { 0 } else { line + 1 }
    }

    /// Where the hash is, or where it belongs: the number of a slot.
    #[inline]
    fn find(&self, hash: u128) -> usize {
        let mut at = self.home(hash);
        loop {
            let Line(slots) = &self.lines[at];
            let here = slots.iter().position(|slot| *slot == 0 || is_for(*slot, hash));
            if let Some(here) = here {
                return at * LINE + here;
            }
            at = self.after(at);
        }
    }

    #[inline]
    fn number(&self, at: usize) -> Option<u32> {
        let slot = self.lines[at / LINE].0[at % LINE];
        (slot != 0).then(|| number_in(slot))
    }

    #[inline]
    fn put(&mut self, at: usize, hash: u128, number: u32) {
        self.lines[at / LINE].0[at % LINE] = hash & !NUMBER | (u128::from(number) + 1);
    }

    /// Adds a state that is not there, whose place is free. Whether all have other places now.
    #[inline]
    fn insert(&mut self, at: usize, hash: u128, number: u32) -> bool {
        self.put(at, hash, number);
        self.count += 1;
        let full = self.count * 5 >= self.lines.len() * LINE * 4;
        if full {
            self.grow();
        }
        full
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Table { count: self.count, ..Table::of(self.lines.len() * 3 / 2) };
        let old = std::mem::replace(self, larger);
        for slot in old.lines.iter().flat_map(|line| line.0).filter(|slot| *slot != 0) {
            let at = self.find(slot);
            self.lines[at / LINE].0[at % LINE] = slot;
        }
    }
}

#[inline]
fn is_for(slot: u128, hash: u128) -> bool {
    slot & !NUMBER == hash & !NUMBER
}

#[inline]
fn number_in(slot: u128) -> u32 {
    (slot & NUMBER) as u32 - 1
}

impl Shard {
    fn new() -> Shard {
        let table = Table::of(16);
        let (new, slots, places, answers) = Default::default();
        Shard { table, new, slots, places, answers }
    }

    /// Looks for these hashes, with the edges that are noted in them and where these stand, and adds those that are new.
    /// Before, those that were new last get their numbers, which are in this order.
    pub fn ask<'h>(&mut self, order: &Order, asked: impl Iterator<Item = (&'h [u128], &'h Places)>) {
        self.settle(order);
        self.answers.clear();
        for (hashes, places) in asked {
            for some in hashes.chunks(AHEAD) {
                let mut slots = [0; AHEAD];
                for (slot, hash) in slots.iter_mut().zip(some) {
                    *slot = self.table.lines[self.table.home(*hash)].0[0];
                }
                for (slot, hash) in slots.iter().zip(some) {
                    let known = (*slot != 0 && is_for(*slot, *hash)).then(|| number_in(*slot));
                    let answer = known.unwrap_or_else(|| self.find_or_add(*hash, places));
                    if answer & WAITS != 0 {
                        let first = &mut self.places[(answer & !WAITS) as usize];
                        *first = places.of(edge_of(*hash)).min(*first);
                    }
                    self.answers.push(answer);
                }
            }
        }
    }

    #[inline]
    fn find_or_add(&mut self, hash: u128, places: &Places) -> u32 {
        let at = self.table.find(hash);
        self.table.number(at).unwrap_or_else(|| self.add(at, hash, places))
    }

    fn add(&mut self, at: usize, hash: u128, places: &Places) -> u32 {
        let waits = WAITS | self.new.len() as u32;
        self.new.push(hash);
        self.slots.push(at as u32);
        self.places.push(places.of(edge_of(hash)));
        if self.table.insert(at, hash, waits) {
            self.slots.clear();
            self.slots.extend(self.new.iter().map(|hash| self.table.find(*hash) as u32));
        }
        waits
    }

    /// How many hashes were asked for.
    pub fn asked(&self) -> usize {
        self.answers.len()
    }

    /// Puts in the numbers that states were given.
    fn settle(&mut self, order: &Order) {
        for ((hash, at), place) in self.new.iter().zip(&self.slots).zip(&self.places) {
            self.table.put(*at as usize, *hash, order.of(*place));
        }
        self.new.clear();
        self.slots.clear();
        self.places.clear();
    }
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { shards: (0..SHARDS).map(|_| Shard::new()).collect(), order: Order::default() }
    }
}

impl Seen {
    /// Meets the first state: its number is 0.
    pub fn begin(&mut self, hash: u128) {
        let mut places = Places::default();
        places.go_on(0, 0);
        self.shards[shard_of(hash)].ask(&self.order, [(&[noted(hash, 0)][..], &places)].into_iter());
        self.number(0, 1);
    }

    /// Numbers those that were new, from `base` on, in the order of the first edges to them; there are so many places.
    pub fn number(&mut self, base: u32, places: u32) {
        self.order.renew(base, places, self.shards.iter().flat_map(|shard| &shard.places));
    }

    /// What one of the hashes that a shard was asked for is, for the edge that stands at this place: the number of its state,
    /// and whether this is the first edge to a new one.
    #[inline]
    pub fn answer(&self, shard: u8, at: u32, place: u32) -> (u32, bool) {
        let shard = &self.shards[shard as usize];
        let answer = shard.answers[at as usize];
        if answer & WAITS == 0 {
            return (answer, false);
        }
        let first = shard.places[(answer & !WAITS) as usize];
        (self.order.of(first), first == place)
    }

    /// The number of the state with this hash, if it was met in a round before.
    pub fn find(&self, hash: u128) -> Option<u32> {
        let shard = &self.shards[shard_of(hash)];
        let number = shard.table.number(shard.table.find(hash))?;
        match number & WAITS {
            0 => Some(number),
            _ => Some(self.order.of(shard.places[(number & !WAITS) as usize])),
        }
    }

    /// How many bytes it takes.
    pub fn memory(&self) -> usize {
        self.shards.iter().map(|shard| shard.table.lines.len() * size_of::<Line>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u128) -> u128 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    /// Asks for the hashes of two slices, whose edges stand from the places with them on; so many states have numbers. The
    /// answers to each.
    fn ask(seen: &mut Seen, known: u32, slices: [(&[u128], u32); 2]) -> Vec<(u32, bool)> {
        let asked = slices.map(|(hashes, first)| {
            let (mut of, mut places) = (vec![Vec::new(); SHARDS], Places::default());
            places.go_on(0, first);
            (0..).zip(hashes).for_each(|(edge, hash)| of[shard_of(*hash)].push(noted(*hash, edge)));
            (of, places)
        });
        let Seen { shards, order } = &mut *seen;
        for (at, shard) in shards.iter_mut().enumerate() {
            shard.ask(order, asked.iter().map(|(of, places)| (&of[at][..], places)));
        }
        seen.number(known, slices.iter().map(|(hashes, _)| hashes.len() as u32).sum());
        let mut next = [0; SHARDS];
        let edges = slices.iter().flat_map(|(hashes, first)| (*first..).zip(*hashes));
        let answers = edges.map(|(place, hash)| {
            let shard = shard_of(*hash);
            next[shard] += 1;
            seen.answer(shard as u8, next[shard] - 1, place)
        });
        answers.collect()
    }

    #[test]
    fn what_was_added_is_found_and_nothing_else() {
        let mut seen = Seen::default();
        let mut next = 0;
        // Each round asks for a thousand hashes, half of which are known, and some twice.
        for round in 0..10u128 {
            let asked: Vec<u128> = (round * 500..round * 500 + 1000).map(hash).collect();
            let answers = ask(&mut seen, next, [(&asked, 0), (&asked[..10], 1000)]);
            for (at, (hash, (number, first))) in asked.iter().chain(&asked[..10]).zip(answers).enumerate() {
                assert_eq!(seen.find(*hash), Some(number));
                assert_eq!(first, number >= next && at < 1000);
            }
            next = round as u32 * 500 + 1000;
        }
        for n in 0..5500 {
            assert_eq!(seen.find(hash(n)), Some(n as u32), "numbers follow the places");
        }
        assert_eq!(seen.find(hash(5500)), None);
        assert!(seen.memory() >= 5500 * 16);
    }

    #[test]
    fn numbers_follow_the_places_whoever_asks_first() {
        let mut seen = Seen::default();
        let [a, b, c] = [1, 2, 3].map(hash);
        // What is asked for last stands first.
        let answers = ask(&mut seen, 7, [(&[a, b], 2), (&[c, b], 0)]);
        assert_eq!(answers, [(9, true), (8, false), (7, true), (8, true)]);
        assert_eq!([a, b, c].map(|hash| seen.find(hash)), [Some(9), Some(8), Some(7)]);
        assert_eq!(ask(&mut seen, 10, [(&[b], 0), (&[a], 1)]), [(8, false), (9, false)]);
    }

    #[test]
    fn the_first_state_has_the_first_number() {
        let mut seen = Seen::default();
        seen.begin(hash(3));
        assert_eq!((seen.find(hash(3)), seen.find(hash(4))), (Some(0), None));
    }
}
