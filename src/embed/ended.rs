//! What came of a script: reports as data, and as text.

use crate::report::runtime::{self, Ending, status};
use crate::report::{Diagnostic, Level, Style, render};
use crate::source::Source;
use crate::value::error::Error;
use std::io;

/// A run that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit status that the command `conc` would have: 0 fine, 1 an error, 3 a deadlock, 124 the limit of time, 130
    /// cancelled, or what the script gave to `exit(n)`.
    pub status: i32,
    /// What the script wrote, as far as the limit allowed.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
    /// For each thread that an error has ended: which, and why.
    pub uncaught: Vec<Report>,
    /// The threads that waited for ever, if that ended the run.
    pub deadlock: Vec<Stuck>,
    /// An `ensure` that did not hold.
    pub unmet: Vec<Report>,
    /// Threads that were stopped where they stood: daemons, or all others after a limit or `exit(n)`.
    pub stopped: Vec<String>,
    /// All of that as the command `conc` shows it, and what has gone wrong in processes.
    pub text: String,
}

/// Something to say about a script or its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub severity: Severity,
    /// `E0301`: the same mistake always has the same code.
    pub code: String,
    pub message: String,
    pub place: Option<Place>,
    /// The thread that an error has ended.
    pub thread: Option<String>,
    /// Why it is so.
    pub notes: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// From 1; the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// A thread of a deadlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    pub thread: String,
    /// What it waits for, `waits for right`, and in which line.
    pub waits: String,
    pub line: u32,
    /// What it holds, and the lines where it has taken it.
    pub holds: Vec<(String, u32)>,
}

impl Report {
    pub(super) fn of_diagnostic(diagnostic: &Diagnostic, source: &Source) -> Report {
        let (line, column) = source.line_column(diagnostic.span.start);
        Report {
            severity: match diagnostic.level {
                Level::Error => Severity::Error,
                Level::Warning => Severity::Warning,
                Level::Note => Severity::Note,
            },
            code: diagnostic.code.to_string(),
            message: diagnostic.message.clone(),
            place: Some(Place { line, column }),
            thread: None,
            notes: diagnostic.notes.clone(),
            hints: diagnostic.hints.clone(),
        }
    }

    pub(super) fn of_error(error: &Error, thread: Option<&str>, source: &Source) -> Report {
        let place = error.place.get().map(|place| source.line_column(place.span.start));
        Report {
            severity: Severity::Error,
            code: error.kind.code().to_string(),
            message: error.message.clone(),
            place: place.map(|(line, column)| Place { line, column }),
            thread: thread.map(str::to_string),
            notes: error.notes.clone(),
            hints: error.hints.clone(),
        }
    }
}

impl Ended {
    /// The system refuses what a run with processes needs.
    pub(super) fn not_begun(error: &io::Error) -> Ended {
        Ended {
            status: status::FAILED,
            output: String::new(),
            errors: String::new(),
            uncaught: Vec::new(),
            deadlock: Vec::new(),
            unmet: Vec::new(),
            stopped: Vec::new(),
            text: format!("error: the run cannot begin: {error}\n"),
        }
    }

    pub(super) fn new(ending: &Ending, source: &Source, uncaught: Vec<(Report, String)>) -> Ended {
        let (uncaught, texts): (Vec<Report>, Vec<String>) = uncaught.into_iter().unzip();
        let left = ending.abandoned.iter().chain(&ending.interrupted);
        Ended {
            status: ending.status,
            output: String::new(),
            errors: String::new(),
            uncaught,
            deadlock: ending.deadlock.iter().flat_map(|deadlock| &deadlock.threads).map(stuck).collect(),
            unmet: ending.unmet.iter().map(|error| Report::of_error(error, None, source)).collect(),
            stopped: left.map(|left| left.thread.to_string()).collect(),
            text: texts.concat() + &render::ending(ending, source, &Style::plain()),
        }
    }
}

fn stuck(stuck: &runtime::Stuck) -> Stuck {
    Stuck {
        thread: stuck.thread.to_string(),
        waits: stuck.waits.clone(),
        line: stuck.line,
        holds: stuck.holds.clone(),
    }
}
