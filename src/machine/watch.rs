//! The conditions of `invariant` and `ensure`: data for the world, and how it evaluates one.
//!
//! When that is, the world decides.

use super::{Exit, Fiber, Image, Scheduler};
use crate::code::{FunctionKind, Program};
use crate::source::Span;
use crate::state::{Reader, Writer};
use crate::sync::thread::Entry;
use crate::value::{
    Value,
    error::{Error, Kind},
};
use std::sync::Arc;

/// An `invariant` or `ensure` that has been met.
#[derive(Debug, Clone)]
pub struct Watch {
    /// A function without parameters: it returns true, or raises an error of kind `ensure` or `invariant`.
    pub body: Value,
    pub ensure: bool,
    /// The statement.
    pub span: Span,
    /// The program's function that the body is.
    pub function: u32,
}

/// What an evaluation came to.
#[derive(Debug)]
pub enum Judged {
    Holds,
    /// The condition is false.
    Fails(Arc<Error>),
    /// Evaluating it raised an error.
    Raised(Arc<Error>),
    /// The world stopped it.
    Stopped,
}

impl Watch {
    /// A fiber about to evaluate it. Whatever would wait in it is an error.
    pub fn fiber(&self, image: &Image) -> Result<Fiber, Error> {
        let mut fiber = Fiber::new(image, Entry::to_call(self.body.clone()))?;
        fiber.holding = 1;
        Ok(fiber)
    }

    /// Evaluates it from beginning to end.
    pub fn evaluate<S: Scheduler>(&self, image: &Image, world: &mut S) -> Judged {
        match self.fiber(image) {
            Ok(mut fiber) => self.judge(super::run(image, &mut fiber, world)),
            Err(error) => Judged::Raised(error.raise()),
        }
    }

    /// What its fiber's end says.
    pub fn judge(&self, exit: Exit) -> Judged {
        match exit {
            Exit::Finished(_) => Judged::Holds,
            Exit::Failed(error) if error.kind == kind(self.ensure) => Judged::Fails(error),
            Exit::Failed(error) => Judged::Raised(error),
            Exit::Exited(_) => {
                let message = format!("`exit` was called in an `{}`", word(self.ensure));
                Judged::Raised(Arc::new(Error::new(Kind::State, message)))
            }
            Exit::Suspended(_) | Exit::Paused | Exit::Stopped => Judged::Stopped,
        }
    }

    pub fn word(&self) -> &'static str {
        word(self.ensure)
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.ensure);
        w.count(u64::from(self.span.start));
        w.count(u64::from(self.span.end));
        w.count(u64::from(self.function));
        w.value(&self.body);
    }

    pub fn load(r: &mut Reader<'_>) -> Watch {
        let ensure = r.flag();
        let span = Span { start: r.count() as u32, end: r.count() as u32 };
        let function = r.count() as u32;
        Watch { body: r.value(), ensure, span, function }
    }
}

fn word(ensure: bool) -> &'static str {
    if ensure { "ensure" } else { "invariant" }
}

fn kind(ensure: bool) -> Kind {
    if ensure { Kind::Ensure } else { Kind::Invariant }
}

/// The function that a value of `Instruction::Watch` is.
pub(super) fn function_of(body: &Value) -> u32 {
    match body {
        Value::Function(function) => *function,
        Value::Closure(closure) => closure.function,
        other => unreachable!("a condition is a function, not {other:?}"),
    }
}

/// The kind of the error that a false condition in this function is, and what it says when the script says nothing.
pub(super) fn failure(program: &Program, function: u32) -> (Kind, String) {
    match program.functions[function as usize].kind {
        FunctionKind::Watch { ensure } => match ensure {
            true => (Kind::Ensure, "the `ensure` does not hold at the end of the program".into()),
            false => (Kind::Invariant, "the `invariant` does not hold".into()),
        },
        FunctionKind::Plain
        | FunctionKind::Class(_)
        | FunctionKind::Thread { .. }
        | FunctionKind::ThreadWithMembers { .. } => (Kind::Assertion, "the assertion failed".into()),
    }
}

/// Of a fiber that evaluates a condition, or else none: `an `ensure``.
pub(super) fn evaluated_by(fiber: &Fiber, program: &Program) -> Option<&'static str> {
    // Every such fiber holds the others.
    let frames = if fiber.holding > 0 { &fiber.frames[..] } else { &[] };
    frames.iter().find_map(|frame| match program.functions[frame.function as usize].kind {
        FunctionKind::Watch { ensure: true } => Some("an `ensure`"),
        FunctionKind::Watch { ensure: false } => Some("an `invariant`"),
        FunctionKind::Plain
        | FunctionKind::Class(_)
        | FunctionKind::Thread { .. }
        | FunctionKind::ThreadWithMembers { .. } => None,
    })
}
