//! A run as it is told: its threads with their names, what each step did in words of the source, and a log of it for whoever
//! draws one. What the run consists of is the universe's to know.

use super::log::Watching;
use super::words;
use crate::explore::verdict::{Moment, Story};
use crate::machine::touch::Act;
use crate::machine::{Image, Space};
use crate::sync::Op;
use crate::sync::atomic::Atomic;
use crate::sync::outside::signal::Signal;
use crate::sync::process::STOP;
use crate::sync::thread::Thread;
use crate::value::{Value, show};
use crate::world::sim::{Fault, Log, Universe, Way};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// What has been told of a run.
pub struct Told {
    /// Every thread that was ever started, in the order of starts.
    pub(super) known: Vec<Arc<Thread>>,
    /// Where they stand there, by their ids.
    pub(super) numbers: HashMap<u32, usize>,
    /// The process of each; None for the first.
    pub(super) spaces: Vec<Option<Arc<Space>>>,
    pub(super) story: Story,
    /// A log of it, if somebody wants one.
    pub(super) watching: Option<Watching>,
}

/// What can be seen of a step before it is made.
pub struct Ahead {
    /// How the wait comes to its end that it begins with.
    waited: Option<String>,
    /// The top level's variables.
    values: Vec<(String, String)>,
}

impl Told {
    /// Of a run that is about to begin.
    pub fn new(universe: &Universe) -> Told {
        let (known, numbers, spaces) = (Vec::new(), HashMap::new(), Vec::new());
        let mut told = Told { known, numbers, spaces, story: Story::default(), watching: None };
        told.meet(universe);
        told
    }

    /// Gives numbers to threads that have started.
    pub fn meet(&mut self, universe: &Universe) {
        for seat in &universe.seats {
            if let Entry::Vacant(entry) = self.numbers.entry(seat.thread.id) {
                entry.insert(self.known.len());
                self.known.push(seat.thread.clone());
                self.spaces.push(seat.space.clone());
            }
        }
    }

    /// Which of the known threads it is.
    pub fn number(&self, thread: &Thread) -> Option<usize> {
        self.numbers.get(&thread.id).copied()
    }

    /// The index, among the living threads, of one that was started.
    pub(super) fn seat_of(&self, universe: &Universe, known: usize) -> Option<usize> {
        universe.seats.iter().position(|seat| Arc::ptr_eq(&seat.thread, &self.known[known]))
    }

    /// What a thread waits to enter.
    fn enters(&self, universe: &Universe, known: usize) -> Option<String> {
        let wait = universe.seats[self.seat_of(universe, known)?].wait.as_ref()?;
        matches!(wait.op, Op::Acquire(_) | Op::Enter(_)).then(|| wait.op.describe())
    }

    /// The line where a thread stands; 0 when it has ended.
    fn line_of(&self, universe: &Universe, known: usize) -> u32 {
        let seat = self.seat_of(universe, known).map(|seat| &universe.seats[seat]);
        let fiber = seat.and_then(|seat| seat.fiber.as_ref());
        fiber.map_or(0, |fiber| fiber.next_line(&universe.image.program))
    }

    /// What reports call a thread.
    pub(super) fn label(&self, known: usize) -> Arc<str> {
        let thread = &self.known[known];
        self.spaces[known].as_ref().map_or_else(|| thread.name(), |space| space.label(thread))
    }

    /// The variables that a thread sees.
    fn image<'u>(&'u self, universe: &'u Universe, known: usize) -> &'u Arc<Image> {
        self.spaces[known].as_ref().map_or(&universe.image, |space| &space.image)
    }

    /// To be asked before a thread takes a step.
    pub fn ahead(&self, universe: &Universe, who: usize, seat: usize, way: Way) -> Ahead {
        let waited = universe.seats[seat].wait.as_ref().map(|wait| waited(&wait.op, way));
        Ahead { waited, values: values(self.image(universe, who)) }
    }

    /// Tells a step that has been made; which threads it has started is known already.
    pub fn tell(&mut self, universe: &Universe, who: usize, log: &Log, before: Ahead, preempts: bool) {
        let image = self.image(universe, who);
        let after = values(image);
        let of = self.spaces[who].as_ref().map(|space| format!("{}'s ", space.handle.name()));
        let whose = |name: &String| of.clone().filter(|_| !is_shared(name, image)).unwrap_or_default();
        let changed = after.iter().filter(|pair| !before.values.contains(pair));
        let changed = changed.map(|(name, value)| (whose(name) + name, value.clone())).collect();
        let in_deadlock = log.faults.iter().any(|fault| matches!(fault, Fault::Deadlock { .. }));
        let did = match before.waited {
            _ if in_deadlock => vec!["waits for ever, and ends its process".into()],
            _ if log.struck == Some(STOP) => vec!["is stopped".into()],
            _ if log.struck.is_some() => {
                vec![format!("dies of {}", Signal::numbered(log.struck.unwrap_or_default()))]
            }
            _ if log.lets_go => words::did(log, &before.values, &after, image),
            Some(wait) if !log.selected => vec![wait],
            // What comes before the first operation that others can tell.
            _ if self.story.moments.is_empty() && log.line == 0 => vec!["begins".into()],
            // Where `with` stands, and what it enters is not free.
            None if log.act == Act::Enter && self.enters(universe, who).is_some() => {
                self.enters(universe, who).into_iter().collect()
            }
            _ => words::did(log, &before.values, &after, image),
        };
        self.story.threads = (0..self.known.len()).map(|known| self.label(known).to_string()).collect();
        self.story.moments.push(Moment {
            thread: who,
            line: match log.act {
                // The end of a thread stands nowhere.
                Act::End => 0,
                // Nothing that others can tell: it stands in a loop.
                Act::Plain if log.line == 0 && did.is_empty() => self.line_of(universe, who),
                _ => log.line,
            },
            span: log.span,
            did,
            next: None,
            preempts,
            changed,
            output: log.output.clone(),
        });
    }
}

/// The top level's variables, as a reader would see them.
pub(super) fn values(image: &Image) -> Vec<(String, String)> {
    let program = &image.program;
    let globals = program.globals.iter().enumerate();
    // What an atomic holds changes, though its name always means the same.
    let fixed =
        program.fixed.iter().enumerate().filter_map(|(index, name)| match image.fixed(index as u32)? {
            Value::Sync(sync) => Some((name.to_string(), show::repr(&Atomic::of(sync).ok()?.get(), program))),
            _ => None,
        });
    globals
        .filter(|(_, name)| !name.starts_with("__"))
        .filter_map(|(index, name)| match image.global(index as u32).unwrap_or(Value::Unset) {
            Value::Unset => None,
            value => Some((name.to_string(), show::repr(&value, program))),
        })
        .chain(fixed)
        .collect()
}

/// Whether a variable or an atomic of the top level is one for all processes.
fn is_shared(name: &str, image: &Image) -> bool {
    let program = &image.program;
    let number = program.globals.iter().position(|known| **known == *name);
    let fixed = program.fixed.iter().position(|known| **known == *name);
    let thing = fixed.and_then(|number| image.fixed(number as u32));
    number.is_some_and(|number| program.is_shared(number as u32))
        || matches!(thing, Some(Value::Sync(sync)) if sync.is_shared())
}

/// How a wait comes to its end.
fn waited(op: &Op, way: Way) -> String {
    match (op, way) {
        (Op::Beat(_), Way::TimeOut) => "its time has come".into(),
        (Op::Beat(timer), Way::Run) if timer.is_cancelled() => "is cancelled".into(),
        (Op::Beat(_), Way::Run) => op.describe(),
        (Op::Sleep, _) => "has slept".into(),
        (Op::Change, _) => "looks at its condition again".into(),
        (op, Way::TimeOut) => format!("{}: its time is over", op.describe()),
        (op, Way::Run) => format!("{}: goes on", op.describe()),
    }
}
