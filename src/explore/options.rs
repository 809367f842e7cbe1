//! How to explore.

use super::flaw::Flaw;

/// What to look for, how far, and with which reductions.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the script sees as `args`.
    pub arguments: Vec<String>,
    pub limits: Limits,
    pub reductions: Reductions,
    pub time: Time,
    /// Collect every distinct outcome.
    pub outcomes: bool,
    /// The top-level variables whose final values belong to an outcome.
    pub variables: Vec<String>,
    /// Where random numbers begin.
    pub seed: u64,
    /// For tests of the tests.
    #[doc(hidden)]
    pub flaw: Option<Flaw>,
}

/// The numbers at which an exploration ends with what is known; its time is kept by whoever asked for it, through the
/// progress that is told (nothing in here reads a clock).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub states: u64,
    /// Bytes.
    pub memory: u64,
}

/// Each can be switched off; the verdicts are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reductions {
    /// Threads of the same kind are interchangeable.
    pub symmetry: bool,
    /// A release is part of the step before it, where nobody can tell.
    pub merge: bool,
    /// What only one thread can reach is no reason to stop before it.
    pub private: bool,
    /// The same thread state meeting the same shared values takes the same step: computed once.
    pub memo: bool,
    /// Registers that will not be read again do not tell states apart.
    pub liveness: bool,
}

/// When sleepers wake and timeouts pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Never early, and as late as a busy system pleases.
    Any,
    /// Only when nothing else can move, the earliest first.
    Idle,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            arguments: Vec::new(),
            limits: Limits { states: 50_000_000, memory: 2 << 30 },
            reductions: Reductions::ALL,
            time: Time::Any,
            outcomes: false,
            variables: Vec::new(),
            seed: 0,
            flaw: None,
        }
    }
}

impl Reductions {
    pub const ALL: Reductions =
        Reductions { symmetry: true, merge: true, private: true, memo: true, liveness: true };
    pub const NONE: Reductions =
        Reductions { symmetry: false, merge: false, private: false, memo: false, liveness: false };
}

/// How far an exploration has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub states: u64,
    pub steps: u64,
    pub depth: u32,
    /// States found and not yet looked at.
    pub open: u64,
    /// Bytes.
    pub memory: u64,
}
