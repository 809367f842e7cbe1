//! What a step did.

use super::rules::{Assumption, Rules};
use crate::event::deeds::Deed;
use crate::machine::Watch;
use crate::machine::touch::{Act, Touch};
use crate::report::runtime::Deadlock;
use crate::source::Span;
use crate::sync::named;
use crate::value::error::Error;
use std::sync::Arc;

/// What a step did, for races, reports and outcomes.
#[derive(Debug)]
pub struct Log {
    /// What its operation touched.
    pub touches: Vec<Touch>,
    /// The same for whoever tells the step, also when nobody else was there who could have noticed.
    pub told: Vec<Touch>,
    pub act: Act,
    /// The operation was part of what runs as one step.
    pub atomic: bool,
    /// Where the operation stands.
    pub line: u32,
    pub span: Span,
    /// It was an arm of a `select`, which stands there.
    pub selected: bool,
    /// Written to standard output, and to standard error.
    pub output: String,
    pub errors: String,
    /// What went wrong in it.
    pub faults: Vec<Fault>,
    /// Which of how many, at each choice.
    pub choices: Vec<(u32, u32)>,
    /// It ran for very long without anything that others could tell.
    pub long: bool,
    /// It has taken more memory than it may, and was stopped there.
    pub beyond: Option<Arc<Error>>,
    /// Everything that it met, in the order of meeting it: what it did depends on nothing else.
    pub met: Vec<Met>,
    /// What it did may depend on more than that.
    pub opaque: bool,
    /// How many threads were started.
    pub starts: u32,
    /// What was taken for granted, and is not so.
    pub refuted: Option<Assumption>,
    /// The thread stood at a `join`.
    pub joins: bool,
    /// The signal that came in its place: of which its process has died, or that has stopped it.
    pub struck: Option<i32>,
    /// It closed ends of pipes that nobody can use any more.
    pub lets_go: bool,
    /// What was done with things to wait for, in a run that is drawn (`Universe::drawn`).
    pub deeds: Vec<Deed>,
    /// After its operation it has passed a `join` that nobody could tell from waiting there.
    pub passed_join: bool,
}

/// Something that a step looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Met {
    /// A variable of the top level.
    Global(u32),
    /// An object, by its address.
    Object(usize),
}

/// An error that ended a thread, or an `invariant` or `ensure` that does not hold.
#[derive(Debug, Clone)]
pub enum Fault {
    Uncaught {
        thread: Arc<str>,
        /// The thread's process; None for the first.
        process: Option<Arc<str>>,
        error: Arc<Error>,
        holds: Vec<(String, u32)>,
    },
    /// The condition, and why: it is false, or its evaluation raised an error. The process that has stated it; None for the
    /// first.
    Watch { watch: Watch, process: Option<Arc<str>>, error: Arc<Error>, raised: bool },
    /// Threads of a process other than the first wait for ever, and it has ended with that.
    Deadlock { process: Arc<str>, deadlock: Deadlock },
}

impl Default for Log {
    fn default() -> Log {
        Log {
            touches: Vec::new(),
            told: Vec::new(),
            act: Act::Plain,
            atomic: false,
            line: 0,
            span: Span::default(),
            selected: false,
            output: String::new(),
            errors: String::new(),
            faults: Vec::new(),
            choices: Vec::new(),
            long: false,
            beyond: None,
            met: Vec::new(),
            opaque: false,
            starts: 0,
            refuted: None,
            joins: false,
            struck: None,
            lets_go: false,
            deeds: Vec::new(),
            passed_join: false,
        }
    }
}

impl Log {
    /// Whether names were told, where they are taken not to be.
    pub(super) fn told_names(&mut self, rules: &Rules) {
        let told = named::take();
        if told.of_state {
            // That depends on where the thread stands.
            self.opaque = true;
            if rules.assumed.unseen {
                self.refuted = Some(Assumption::Unseen);
                return;
            }
        }
        if rules.assumed.nameless && (told.in_text || told.in_error && rules.reads_errors) {
            self.refuted = Some(Assumption::Nameless);
        }
    }
}
