//! Error values: what `throw` raises and `catch` receives, and what every failing operation makes.

use super::Value;
use super::superseded::Superseded;
use crate::report::Code;
use crate::source::Span;
use crate::state::{Reader, Shared, Writer};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// The word that `catch "timeout" e` looks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `throw "text"`.
    Error,
    Timeout,
    Closed,
    Full,
    Empty,
    Broken,
    Abandoned,
    Cancelled,
    Assertion,
    Type,
    Value,
    Index,
    Key,
    Zero,
    Overflow,
    Recursion,
    Memory,
    NotFound,
    NotOwner,
    State,
    Refused,
    Deadlock,
    /// The condition of an `invariant` or `ensure` is false: no thread of a script ever sees these.
    Invariant,
    Ensure,
    /// `throw error("mine", "text")`.
    Other(Arc<str>),
}

/// An error, made where it happened; the machine adds the place when it is first raised.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    /// The message is the script's own, not a sentence of conc's.
    pub of_script: bool,
    /// What to do about it; shown in reports.
    pub hints: Vec<String>,
    /// What is related: `held by thread "b" since line 7`.
    pub notes: Vec<String>,
    /// Set once, when it is first raised.
    pub place: OnceLock<Place>,
    /// The errors of other branches of a `parallel`.
    pub attached: Mutex<Vec<Value>>,
    /// What it has taken the place of.
    pub superseded: Option<Box<Superseded>>,
    /// Set when this stands for an error that was raised before (the result of a failed task): that one is raised
    /// again, with its place.
    pub again: Option<Arc<Error>>,
}

/// Where an error was raised.
#[derive(Debug, Clone)]
pub struct Place {
    pub thread: Arc<str>,
    pub span: Span,
    pub line: u32,
    /// The calls that led there, innermost first: function name and line of the place in it.
    pub calls: Vec<(Arc<str>, u32)>,
    /// How many calls are not among them: they were between those and the last `OUTERMOST`.
    pub left_out: u32,
}

/// Of a long chain of calls the outermost ones are kept, too: so many.
pub const OUTERMOST: usize = 5;

impl Kind {
    /// What a script can catch by its word.
    pub const ALL: [(&'static str, Kind, Code); 22] = [
        ("error", Kind::Error, Code::Thrown),
        ("timeout", Kind::Timeout, Code::Timeout),
        ("closed", Kind::Closed, Code::Closed),
        ("full", Kind::Full, Code::Full),
        ("empty", Kind::Empty, Code::Empty),
        ("broken", Kind::Broken, Code::Broken),
        ("abandoned", Kind::Abandoned, Code::Abandoned),
        ("cancelled", Kind::Cancelled, Code::Cancelled),
        ("assertion", Kind::Assertion, Code::Assertion),
        ("type", Kind::Type, Code::Type),
        ("value", Kind::Value, Code::Value),
        ("index", Kind::Index, Code::Index),
        ("key", Kind::Key, Code::Key),
        ("zero", Kind::Zero, Code::Zero),
        ("overflow", Kind::Overflow, Code::Overflow),
        ("recursion", Kind::Recursion, Code::Recursion),
        ("memory", Kind::Memory, Code::Memory),
        ("not_found", Kind::NotFound, Code::NotFound),
        ("not_owner", Kind::NotOwner, Code::NotOwner),
        ("state", Kind::State, Code::State),
        ("refused", Kind::Refused, Code::Refused),
        ("deadlock", Kind::Deadlock, Code::Deadlock),
    ];

    /// The kind of that name; a kind of the script's own when conc has none such.
    pub fn from_word(word: &str) -> Kind {
        match Kind::ALL.iter().find(|(known, _, _)| *known == word) {
            Some((_, kind, _)) => kind.clone(),
            None => Kind::Other(word.into()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            Kind::Other(word) => word,
            Kind::Invariant => "invariant",
            Kind::Ensure => "ensure",
            known => Kind::ALL.iter().find(|(_, kind, _)| kind == known).map_or("error", |(word, _, _)| word),
        }
    }

    pub fn code(&self) -> Code {
        match self {
            Kind::Other(_) => Code::Thrown,
            Kind::Invariant => Code::Invariant,
            Kind::Ensure => Code::Ensure,
            known => {
                Kind::ALL.iter().find(|(_, kind, _)| kind == known).map_or(Code::Thrown, |(_, _, code)| *code)
            }
        }
    }
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            of_script: false,
            hints: Vec::new(),
            notes: Vec::new(),
            place: OnceLock::new(),
            attached: Mutex::new(Vec::new()),
            superseded: None,
            again: None,
        }
    }

    /// With a message of the script's own.
    pub fn of_script(kind: Kind, message: impl Into<String>) -> Error {
        Error { of_script: true, ..Error::new(kind, message) }
    }

    /// To raise an error again in another thread: the same error, with the place where it happened first.
    pub fn again(error: &Arc<Error>) -> Error {
        Error {
            again: Some(error.clone()),
            of_script: error.of_script,
            ..Error::new(error.kind.clone(), error.message.clone())
        }
    }

    /// The error to raise: the earlier one, when this stands for it.
    pub fn raise(self) -> Arc<Error> {
        match self.again {
            Some(earlier) => earlier,
            None => Arc::new(self),
        }
    }

    /// A copy of it that was raised already, with one more note.
    pub fn noted(&self, text: String) -> Error {
        let notes = self.notes.iter().cloned().chain([text]).collect();
        Error { notes, ..self.copied() }
    }

    /// A copy of it that has taken the place of another one.
    pub fn superseding(&self, lost: &Error) -> Error {
        let so_far = self.superseded.as_deref().cloned().unwrap_or_default();
        Error { superseded: Some(Box::new(so_far.with(lost))), ..self.copied() }
    }

    fn copied(&self) -> Error {
        Error {
            kind: self.kind.clone(),
            message: self.message.clone(),
            of_script: self.of_script,
            hints: self.hints.clone(),
            notes: self.notes.clone(),
            place: self.place.clone(),
            attached: Mutex::new(self.attached.lock().clone()),
            superseded: self.superseded.clone(),
            again: self.again.clone(),
        }
    }

    pub fn hint(mut self, text: impl Into<String>) -> Error {
        self.hints.push(text.into());
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Error {
        self.notes.push(text.into());
        self
    }
}

impl Error {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.text(self.kind.word());
        w.text(&self.message);
        w.flag(self.of_script);
        for texts in [&self.hints, &self.notes] {
            w.count(texts.len() as u64);
            texts.iter().for_each(|text| w.text(text));
        }
        w.option(self.superseded.as_deref(), |w, superseded| superseded.save(w));
        w.option(self.again.as_ref(), |w, earlier| w.shared(Shared::Error(earlier.clone())));
        w.option(self.place.get(), |w, place| place.save(w));
        w.values(&self.attached.lock());
    }

    pub fn load(r: &mut Reader<'_>) -> Error {
        let kind = Kind::from_word(r.text());
        let mut error = Error::new(kind, r.text());
        error.of_script = r.flag();
        for texts in [&mut error.hints, &mut error.notes] {
            *texts = (0..r.count()).map(|_| r.text().to_string()).collect();
        }
        error.superseded = r.option(Superseded::load).map(Box::new);
        error.again = r.option(Reader::error);
        error
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        if let Some(place) = r.option(Place::load) {
            let _ = self.place.set(place); // it is new
        }
        let attached = r.values();
        *self.attached.lock() = attached;
    }
}

impl Place {
    fn save(&self, w: &mut Writer<'_>) {
        w.name(&self.thread);
        w.count(u64::from(self.span.start));
        w.count(u64::from(self.span.end));
        w.line(self.line);
        w.count(self.calls.len() as u64);
        for (name, line) in &self.calls {
            w.text(name);
            w.line(*line);
        }
        w.count(u64::from(self.left_out));
    }

    fn load(r: &mut Reader<'_>) -> Place {
        Place {
            thread: r.text().into(),
            span: Span { start: r.count() as u32, end: r.count() as u32 },
            line: r.line(),
            calls: (0..r.count()).map(|_| (r.text().into(), r.line())).collect(),
            left_out: r.count() as u32,
        }
    }
}
