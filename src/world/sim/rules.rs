//! What a simulated run may leave out, because no step of this script can tell.

use crate::code::Program;
use crate::code::live::Liveness;
use crate::explore::{Reductions, Time};

/// Facts about a program, and what was asked for. The same for all states of an exploration.
#[derive(Debug)]
pub struct Rules {
    pub time: Time,
    pub liveness: Option<Liveness>,
    /// Names and ids of threads belong to the state.
    pub names: bool,
    /// The time belongs to the state.
    pub clock: bool,
    /// Somebody asks what other threads do: who waits is seen to wait, and who ends does it in a step of its own.
    pub watched: bool,
    /// A release is part of the step before it.
    pub merge: bool,
    /// What one thread alone can reach is no reason to stop before it.
    pub private: bool,
    /// The order of what is printed matters.
    pub prints: bool,
    /// The script's own arguments.
    pub arguments: Vec<String>,
}

/// Names whose use tells equal threads apart.
const NAMES: [&str; 6] = ["name", "id", "thread", "threads", "current_thread", "main_thread"];
/// Names whose use tells what other threads do at the moment.
const STATES: [&str; 6] = ["alive", "state", "waiting_on", "threads", "active_count", "daemon"];
/// Names whose use tells whether a lock or a permit is free without waiting for it.
const LOCKS: [&str; 8] =
    ["try_acquire", "locked", "owner", "depth", "permits", "timeout", "waiting", "readers"];

impl Rules {
    pub fn of(program: &Program, reductions: Reductions, time: Time, prints: bool) -> Rules {
        let uses = |names: &[&str]| {
            program.symbols.iter().any(|symbol| names.contains(&&**symbol))
                || program.rows.iter().any(|row| names.contains(&row.name))
        };
        let selects = program.functions.iter().flat_map(|function| &function.code).any(|instruction| {
            matches!(
                instruction,
                crate::code::Instruction::Select { .. } | crate::code::Instruction::EnterTimed { .. }
            )
        });
        Rules {
            time,
            liveness: reductions.liveness.then(|| Liveness::of(program)),
            names: uses(&NAMES) || !reductions.symmetry,
            clock: uses(&["now", "clock"]),
            watched: uses(&STATES),
            merge: reductions.merge && !selects && !uses(&LOCKS),
            private: reductions.private,
            prints,
            arguments: Vec::new(),
        }
    }
}
