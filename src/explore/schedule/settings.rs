//! What was asked of the exploration that found a schedule, as far as it decides what a step is: a run is the same
//! again only with the same settings. Limits (but that of threads) and workers are not among them.

use super::words;
use crate::explore::{Options, Reductions, Time};
use crate::world::MAX_THREADS;
use std::fmt::Write;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What the script sees as `args`.
    pub arguments: Vec<String>,
    pub seed: u64,
    pub time: Time,
    pub reductions: Reductions,
    pub max_threads: usize,
    /// Every distinct outcome was asked for, so that each `print` is a step of its own.
    pub outcomes: bool,
    /// `--vars`.
    pub variables: Vec<String>,
}

impl Settings {
    pub fn of(options: &Options) -> Settings {
        Settings {
            arguments: options.arguments.clone(),
            seed: options.seed,
            time: options.time,
            reductions: options.reductions,
            max_threads: options.max_threads,
            outcomes: options.outcomes,
            variables: options.variables.clone(),
        }
    }

    pub fn options(&self) -> Options {
        Options {
            arguments: self.arguments.clone(),
            seed: self.seed,
            time: self.time,
            reductions: self.reductions,
            max_threads: self.max_threads,
            outcomes: self.outcomes,
            variables: self.variables.clone(),
            ..Options::default()
        }
    }

    /// The lines of the header; those that would say nothing are left out.
    pub(super) fn write(&self, text: &mut String) {
        if !self.arguments.is_empty() {
            let _ = writeln!(text, "args    {}", words(&self.arguments));
        }
        let _ = writeln!(text, "seed    {}", self.seed);
        let _ = writeln!(text, "time    {}", word(self.time));
        let mut reductions = self.reductions;
        let off: Vec<&str> =
            switches(&mut reductions).into_iter().filter(|(_, on)| !**on).map(|(n, _)| n).collect();
        if !off.is_empty() {
            let _ = writeln!(text, "without {}", off.join(" "));
        }
        if self.max_threads != MAX_THREADS {
            let _ = writeln!(text, "limit   {}", self.max_threads);
        }
        if self.outcomes {
            let names = words(&self.variables);
            let space = if names.is_empty() { "" } else { " " };
            let _ = writeln!(text, "asked   {OUTCOMES}{space}{names}");
        }
    }
}

/// The word behind `asked`.
pub const OUTCOMES: &str = "outcomes";

pub fn word(time: Time) -> &'static str {
    match time {
        Time::Any => "any",
        Time::Idle => "idle",
    }
}

/// The reductions by the names that they have on the command line (`--no-merge`).
pub fn switches(reductions: &mut Reductions) -> [(&'static str, &mut bool); 5] {
    let Reductions { symmetry, merge, private, memo, liveness } = reductions;
    [("symmetry", symmetry), ("merge", merge), ("private", private), ("memo", memo), ("liveness", liveness)]
}
