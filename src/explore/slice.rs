//! What the states of a piece lead to: edges, and signs of what goes wrong.

use super::moves::Move;
use super::outcome::Outcome;
use super::places::Places;
use super::seen::{SHARDS, noted, shard_of};
use super::tries::{Tried, property_of};
use super::verdict::Property;
use std::ops::Deref;

/// How a property fails in a state, or in a step from it.
#[derive(Debug, Clone)]
pub enum Sign {
    /// In the state itself.
    Here,
    /// In this step from it.
    Step(Move),
}

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Known(u32),
    /// What this shard answers to a hash that it is asked for: which one of the slice's.
    Asked {
        shard: u8,
        at: u32,
    },
}

/// It is asked for; of whom, is found when the edge is added.
pub const ASKED: To = To::Asked { shard: 0, at: 0 };

/// A step that can be taken.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub to: To,
    /// The number of its move.
    pub step: u32,
    /// What has been printed after it.
    pub output: u32,
    /// The number of what came of it; or, where that was learnt just now, of the state among those that were made.
    pub outcome: u32,
}

/// A state that has been looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    pub id: u32,
    /// Where it begins in its piece.
    pub at: usize,
    /// How many steps can be taken, and where its edges end; None when something is not known of it yet.
    pub found: Option<(u32, u32)>,
}

/// A set of properties.
pub type Signed = u8;

/// What the states of a piece lead to. Each worker has cache lines of its own.
#[repr(align(128))]
#[derive(Debug, Default)]
pub struct Slice {
    pub states: Vec<Looked>,
    pub edges: Vec<Edge>,
    /// The hashes that each shard is asked for, in the order of edges; of which edge is noted in each.
    pub asked: [Vec<u128>; SHARDS],
    /// How many of the states are not known.
    pub unknown: usize,
    /// Where the edges stand in the round.
    pub places: Places,
    /// The first sign of each property that had none before: in which state.
    pub signs: Vec<(u32, Property, Sign)>,
    pub signed: Signed,
}

impl Slice {
    /// Forgets everything. Of properties that have been `signed` nothing has to be told.
    pub fn clear(&mut self, signed: Signed) {
        self.states.clear();
        self.edges.clear();
        self.asked.iter_mut().for_each(Vec::clear);
        self.unknown = 0;
        self.places.clear();
        self.signs.clear();
        self.signed = signed;
    }

    /// Adds an edge, which leads to a state that has a number, or one with this hash.
    #[inline]
    pub fn add(&mut self, mut edge: Edge, hash: u128) {
        if let To::Asked { shard, at } = &mut edge.to {
            let asked = &mut self.asked[shard_of(hash)];
            (*shard, *at) = (shard_of(hash) as u8, asked.len() as u32);
            asked.push(noted(hash, self.edges.len() as u32));
        }
        self.edges.push(edge);
    }

    /// Takes back all but the first edges.
    pub fn take_back(&mut self, first: usize) {
        for edge in self.edges.drain(first..) {
            if let To::Asked { shard, .. } = edge.to {
                self.asked[shard as usize].pop();
            }
        }
    }

    pub fn lacks(&self, property: Property) -> bool {
        self.signed & bit(property) == 0
    }

    pub fn sign(&mut self, id: u32, property: Property, sign: Sign) {
        self.signed |= bit(property);
        self.signs.push((id, property, sign));
    }

    /// So many steps can be taken in a state: if there are none, these fail.
    #[inline]
    pub fn sign_stuck(&mut self, id: u32, taken: Option<u32>, failing: impl FnOnce() -> Vec<Property>) {
        if taken == Some(0) {
            for property in failing() {
                if self.lacks(property) {
                    self.sign(id, property, Sign::Here);
                }
            }
        }
    }

    /// What goes wrong in a step from a state.
    pub fn sign_faults<O: Deref<Target = Outcome>>(&mut self, id: u32, one: &Tried<O>) {
        for fault in &one.outcome.faults {
            let property = property_of(fault);
            if self.lacks(property) {
                let step = Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() };
                self.sign(id, property, Sign::Step(step));
            }
        }
    }

    pub fn looked(&mut self, id: u32, at: usize, taken: Option<u32>) {
        let found = taken.map(|taken| (taken, self.edges.len() as u32));
        self.unknown += usize::from(found.is_none());
        self.states.push(Looked { id, at, found });
    }
}

pub fn bit(property: Property) -> Signed {
    1 << property as u8
}
