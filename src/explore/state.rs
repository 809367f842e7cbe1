//! A state as a row of numbers, in a form that is the same for all states that differ in names only.
//!
//! Nodes are numbered in this order: the roots (the world, the names written once, the top level's variables), the
//! threads that live, their handles, then objects in the order in which they are reached. A node is written as its
//! label (the highest bit tells whether more than one thread can reach it), then what it refers to.

use super::labels::{Label, Labels};
use std::hash::{BuildHasher, Hasher};

/// More than one thread can reach the node.
pub const SHARED: u32 = 1 << 31;

/// A state, ready to be stored or hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub words: Box<[u32]>,
}

/// The words before the first node.
const HEADER: usize = 2;

/// A graph while it is worked on: nodes with their labels and what each refers to.
#[derive(Debug, Default, Clone)]
pub struct Graph {
    /// How many threads live.
    pub seats: usize,
    /// The number of what has been printed, when that belongs to the state.
    pub output: u32,
    pub labels: Vec<u32>,
    /// Where each node's references begin; one more at the end.
    pub starts: Vec<u32>,
    pub refs: Vec<u32>,
}

impl Graph {
    pub fn clear(&mut self) {
        self.labels.clear();
        self.starts.clear();
        self.starts.push(0);
        self.refs.clear();
    }

    pub fn push(&mut self, label: u32, refs: &[u32]) {
        self.labels.push(label);
        self.refs.extend_from_slice(refs);
        self.starts.push(self.refs.len() as u32);
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    #[inline]
    pub fn refs(&self, node: usize) -> &[u32] {
        &self.refs[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    #[inline]
    pub fn label(&self, node: usize) -> Label {
        self.labels[node] & !SHARED
    }

    /// The stored form of a graph that is in its final order.
    pub fn store(&self) -> State {
        let mut words = Vec::with_capacity(HEADER + self.labels.len() + self.refs.len());
        words.push(self.seats as u32);
        words.push(self.output);
        for node in 0..self.len() {
            words.push(self.labels[node]);
            words.extend_from_slice(self.refs(node));
        }
        State { words: words.into() }
    }

    /// The graph of a stored state.
    pub fn load(&mut self, state: &State, labels: &Labels) {
        self.clear();
        let words = &state.words;
        self.seats = words[0] as usize;
        self.output = words[1];
        let mut at = HEADER;
        while at < words.len() {
            let label = words[at];
            let count = labels.facts(label & !SHARED).refs as usize;
            self.push(label, &words[at + 1..at + 1 + count]);
            at += 1 + count;
        }
    }

    /// A number for the state that (with overwhelming likelihood) no other has.
    pub fn hash(&self) -> u128 {
        let half = |seed: u64| {
            let mut hasher = foldhash::fast::FixedState::with_seed(seed).build_hasher();
            hasher.write_u64((self.seats as u64) << 32 | u64::from(self.output));
            let write = |hasher: &mut foldhash::fast::FoldHasher<'_>, words: &[u32]| {
                let pairs = words.chunks_exact(2);
                let rest = pairs.remainder();
                pairs.for_each(|pair| hasher.write_u64(u64::from(pair[0]) << 32 | u64::from(pair[1])));
                rest.iter().for_each(|word| hasher.write_u32(*word));
            };
            write(&mut hasher, &self.labels);
            write(&mut hasher, &self.refs);
            hasher.finish()
        };
        u128::from(half(0x5eed)) << 64 | u128::from(half(0xfeed))
    }
}
