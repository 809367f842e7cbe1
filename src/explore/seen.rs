//! Which states have been met: a table of hashes with the numbers of their states (open addressing, linear probing).
//!
//! 96 bits of a hash are kept. That two of a thousand million states have the same has a chance of less than one in 10^11.

/// A hash and a number in one word; 0 where nothing is.
#[derive(Debug)]
pub struct Seen {
    slots: Vec<u128>,
    count: usize,
}

/// The bits of a slot that are the number, which is kept plus one.
const NUMBER: u128 = u32::MAX as u128;

impl Default for Seen {
    fn default() -> Seen {
        Seen { slots: vec![0; 1024], count: 0 }
    }
}

impl Seen {
    fn place(&self, hash: u128) -> usize {
        (hash >> 64) as usize & (self.slots.len() - 1)
    }

    /// The number of the state with this hash.
    #[inline]
    pub fn find(&self, hash: u128) -> Option<u32> {
        let mut at = self.place(hash);
        loop {
            let slot = self.slots[at];
            if slot & !NUMBER == hash & !NUMBER && slot != 0 {
                return Some((slot & NUMBER) as u32 - 1);
            }
            if slot == 0 {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds a state that is not there.
    pub fn insert(&mut self, hash: u128, number: u32) {
        if self.count * 5 >= self.slots.len() * 4 {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![0; old.len() * 2];
            old.into_iter().filter(|slot| *slot != 0).for_each(|slot| self.put(slot));
        }
        self.put(hash & !NUMBER | (u128::from(number) + 1));
        self.count += 1;
    }

    fn put(&mut self, slot: u128) {
        let mut at = self.place(slot);
        while self.slots[at] != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    /// How many bytes it takes.
    pub fn memory(&self) -> usize {
        self.slots.len() * size_of::<u128>()
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn what_was_added_is_found_and_nothing_else() {
        let hash = |n: u128| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mut seen = Seen::default();
        for n in 0..5000u32 {
            assert_eq!(seen.find(hash(n.into())), None);
            seen.insert(hash(n.into()), n);
        }
        for n in 0..5000u32 {
            assert_eq!(seen.find(hash(n.into())), Some(n));
        }
        assert_eq!(seen.find(hash(5000)), None);
        assert!(seen.memory() >= 5000 * 16);
    }
}
