//! What came of a step, in terms that fit every state in which the same thread meets the same.

use super::labels::Label;
use super::state::{OWN, of_part};
use crate::machine::touch::Part;
use crate::state::graph::NEW;
use crate::world::sim::{Assumption, Fault, Log};
use std::sync::Arc;

#[derive(Debug)]
pub struct Outcome {
    pub kind: Effect,
    /// What its operation touched that is no thing to wait for: for races.
    pub touches: Vec<Touched>,
    pub atomic: bool,
    /// The thread stood at a `join`.
    pub joins: bool,
    /// After its operation the thread has passed a `join`.
    pub passed_join: bool,
    pub output: String,
    pub faults: Vec<Arc<Fault>>,
    pub choices: Vec<(u32, u32)>,
    /// Its process has died of a signal, whatever the thread was about to do.
    pub died: bool,
    /// The script has called `exit`.
    pub exited: Option<i32>,
    /// How many threads it starts.
    pub starts: u32,
    /// What it proves wrong of what was taken for granted.
    pub refuted: Option<Assumption>,
    /// What it depends on: the cells that it met; and whether it depends on more, or changes what is another thread's.
    pub met: Box<[u32]>,
    pub opaque: bool,
}

#[derive(Debug)]
pub enum Effect {
    /// It could not be taken.
    Blocked,
    Change(Change),
}

/// A variable or object that an operation touched: the number of its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Touched {
    pub node: u32,
    pub part: Part,
    pub write: bool,
}

/// Marks a node that is known by who refers to it: an index of `Change::via`.
pub const VIA: u32 = 1 << 31;

/// What a step changes. A node is a cell's number, or one marked as `OWN`, `NEW` or `VIA`; a write goes to a cell, to
/// what is the thread's own, or to another thread that remembers what happens (`OTHER`).
#[derive(Debug, Default)]
pub struct Change {
    /// The thread has ended.
    pub ended: bool,
    /// Others that have ended with it (their process has): by their places, in the one state that it is meant for.
    pub gone: Vec<usize>,
    /// The numbers are those of the flat form of the one state that it is meant for.
    pub raw: bool,
    /// Nodes whose content is another now.
    pub writes: Vec<Written>,
    /// Nodes that are new, and threads that are (each refers to its handle first).
    pub new: Vec<(Label, Vec<u32>)>,
    pub seats: Vec<(Label, Vec<u32>)>,
    /// Nodes by a cell that leads there.
    pub via: Vec<Via>,
    /// The cells among what is written, whatever the numbers of the writes are; None when it changes what is another
    /// thread's own as well.
    pub cells: Option<Box<[u32]>>,
    /// The same for a state that is not tangled, when nothing gets another number.
    pub quick: Option<Box<Quick>>,
}

/// A reference of a cell that leads to another thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The cell, and which of its references.
    Reference(u32, u32),
    /// The cell, the first reference of a group, and which of the others that have no number, but for the thread itself.
    /// A step that tells of one of them tells of all.
    Group(u32, u32, u32),
}

pub type Written = (u32, Label, Vec<u32>);

/// Marks a write to a thread that remembers: its place among those.
pub const OTHER: u32 = 1 << 30;

/// A change that leaves every number as it is: a few cells and parts are replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Quick {
    /// The cells that change, and what to.
    pub cells: Vec<(u32, u32)>,
    /// The thread's part before and after; None for `main`, and when it has ended.
    pub before: Option<u32>,
    pub after: Option<u32>,
    /// The parts of threads that it has started.
    pub more: Vec<u32>,
    /// The groups that it leaves by ending: the cell, the group, and the label that is left.
    pub leaves: Vec<(u32, u32, Label)>,
    /// What is added to the state's sum, but for the groups.
    pub sum: u128,
}

impl Change {
    /// Whether the thread at this place has ended, when that at `seat` has made the change.
    #[inline]
    pub fn ends(&self, at: usize, seat: usize) -> bool {
        self.ended && at == seat || self.gone.contains(&at)
    }

    /// The cells whose content is another after the step.
    pub fn written(&self) -> impl Iterator<Item = u32> {
        self.cells.iter().flatten().copied()
    }
}

impl Outcome {
    /// Whether what it changes is told for one thread in one state only.
    #[inline]
    pub fn is_for_one_state(&self) -> bool {
        self.opaque || matches!(&self.kind, Effect::Change(change) if change.raw)
    }

    pub fn blocked(log: Log, touches: Vec<Touched>) -> Outcome {
        Outcome {
            kind: Effect::Blocked,
            touches,
            atomic: log.atomic,
            joins: log.joins,
            passed_join: log.passed_join,
            output: String::new(),
            faults: Vec::new(),
            choices: log.choices,
            died: false,
            exited: None,
            starts: log.starts,
            refuted: log.refuted,
            met: Box::default(),
            opaque: log.opaque,
        }
    }
}

impl Quick {
    /// What the parts add to the sum.
    pub fn sum_of_parts(&self) -> u128 {
        let before = self.before.map_or(0, of_part);
        let after =
            self.after.iter().chain(&self.more).fold(0u128, |sum, part| sum.wrapping_add(of_part(*part)));
        after.wrapping_sub(before)
    }
}

const _: () = assert!(OWN < NEW);
