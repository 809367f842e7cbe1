//! A map from addresses of objects. Those come from the allocator and from nobody who could choose them, so a cheap hash
//! does: a copy of a process asks once for each object.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

pub type Addresses<T> = HashMap<usize, T, BuildHasherDefault<Hash>>;
/// A set of them.
pub type SomeAddresses = HashSet<usize, BuildHasherDefault<Hash>>;

#[derive(Debug, Default)]
pub struct Hash(u64);

/// 2^64 divided by the golden ratio (Knuth).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Hash {
    fn write_usize(&mut self, address: usize) {
        // The upper half of the product depends on all of the address, its lowest bits on none but the lowest.
        self.0 = (address as u64).wrapping_mul(SPREAD).rotate_left(32);
    }

    fn write(&mut self, bytes: &[u8]) {
        unreachable!("{bytes:?} is no address")
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
