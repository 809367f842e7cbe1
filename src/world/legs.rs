//! A run cut into legs: what one thread does while nobody else moves, counted in instructions of the machine. The
//! simulated world makes a record of them, the real world forces its threads to keep to it.

use std::sync::Arc;

/// All legs of a run, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Legs {
    /// The names of the threads, in the order of their starts: `main`, then everyone, however short its life.
    pub threads: Vec<Arc<str>>,
    pub legs: Vec<Leg>,
    /// How many steps of the schedule they make up.
    pub steps: usize,
}

/// What one thread does without another. A step of the simulated world is one leg, and one more for each thread that
/// is started in it: that goes on to its first operation that others can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// An index of `Legs::threads`.
    pub thread: usize,
    /// The step that it is a part of, from 0.
    pub step: usize,
    /// It begins with the end of a wait whose time is over.
    pub times_out: bool,
    /// How many instructions it begins; the last of them may be what it waits in, or what raises the error that ends it.
    pub instructions: u64,
    /// Each choice that is made in it: which, of how many.
    pub choices: Vec<(u32, u32)>,
    pub end: End,
}

/// How a leg ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The thread stands before its next instruction.
    Stands,
    /// It waits in the last one. A timer waits for its next time.
    Waits,
    /// An error or an `exit` has ended it, and nobody knows yet.
    Fails,
    /// It has ended.
    Over,
}
