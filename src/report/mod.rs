//! What conc says to people: diagnostics as data, and (in `render`) as text.
//!
//! Codes and kinds are data here; when something is an error is decided where it happens.

mod code;
mod explain;
pub mod gil;
mod hints;
pub mod language;
pub mod race;
pub mod render;
pub mod runtime;
pub mod stats;
mod style;

pub use code::Code;
pub use language::Language;
pub use style::Style;

use crate::source::Span;

/// Something to say about a place in a script before it runs.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    pub level: Level,
    pub code: Code,
    /// What happened, without a full stop: `undefined name "cuont"`.
    pub message: String,
    /// The place, and what to write under the caret (may be empty).
    pub span: Span,
    pub label: String,
    /// Other places that explain it: `first declared here`.
    pub others: Vec<(Span, String)>,
    /// Why it is so.
    pub notes: Vec<String>,
    /// What to do: `did you mean "count"?`.
    pub hints: Vec<String>,
}

/// The gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    /// Most likely a mistake, but it does not keep the script from running.
    Warning,
    /// No mistake, but good to know.
    Note,
}

impl Diagnostic {
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            level: Level::Error,
            code,
            message: message.into(),
            span,
            label: String::new(),
            others: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(code, span, message) }
    }

    pub fn remark(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Note, ..Diagnostic::error(code, span, message) }
    }

    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = text.into();
        self
    }

    pub fn other(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.others.push((span, text.into()));
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    pub fn hint(mut self, text: impl Into<String>) -> Diagnostic {
        self.hints.push(text.into());
        self
    }
}
