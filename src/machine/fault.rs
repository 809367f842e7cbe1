//! What interrupts the flow of a fiber, and where it goes on: handlers, `finally`, the end of the thread.

use super::Fiber;
use crate::code::Program;
use crate::value::{
    Value,
    error::{Error, Kind, Place},
};
use crate::world::World;
use std::sync::Arc;

/// Calls named in an error's report, at most.
const CALLS_SHOWN: usize = 50;

#[derive(Debug)]
pub(super) enum Fault {
    /// An error that happens here.
    Error(Error),
    /// An error that was raised before and goes on.
    Raised(Arc<Error>),
    /// `exit(n)`.
    Exit(i32),
    /// The run has ended.
    Stopped,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Error(error)
    }
}

impl From<super::Stopped> for Fault {
    fn from(_: super::Stopped) -> Fault {
        Fault::Stopped
    }
}

/// Sends the fault to the innermost handler that takes it. Err when there is none: how the fiber ends.
///
/// The frames' `pc`s must be up to date.
pub(super) fn raise(
    fiber: &mut Fiber,
    program: &Program,
    world: &dyn World,
    fault: Fault,
) -> Result<(), super::Exit> {
    let (value, exit) = match fault {
        Fault::Stopped => return Err(super::Exit::Stopped),
        Fault::Exit(status) => {
            fiber.exiting = Some(status);
            (Value::Unset, true)
        }
        Fault::Error(error) => {
            let error = error.raise();
            note_place(fiber, program, world, &error);
            (Value::Error(error), false)
        }
        Fault::Raised(error) => {
            note_place(fiber, program, world, &error);
            (Value::Error(error), false)
        }
    };
    if !exit && !is_caught(fiber, program) {
        note_held(fiber, world);
    }
    while let Some(frame) = fiber.frames.last_mut() {
        let function = &program.functions[frame.function as usize];
        let at = frame.pc.saturating_sub(1);
        let takes = |handler: &&crate::code::Handler| {
            handler.start <= at && at < handler.end && (handler.cleanup || !exit)
        };
        if let Some(handler) = function.handlers.iter().find(takes) {
            frame.pc = handler.target;
            let register = frame.base as usize + handler.error as usize;
            fiber.stack[register] = value;
            return Ok(());
        }
        fiber.frames.pop();
    }
    Err(match (value, fiber.exiting) {
        (Value::Error(error), _) => super::Exit::Failed(error),
        (_, Some(status)) => super::Exit::Exited(status),
        (_, None) => super::Exit::Stopped,
    })
}

/// Whether some `catch` stands between the error and the end of the thread (it may still not take this kind).
fn is_caught(fiber: &Fiber, program: &Program) -> bool {
    fiber.frames.iter().any(|frame| {
        let at = frame.pc.saturating_sub(1);
        let function = &program.functions[frame.function as usize];
        function.handlers.iter().any(|handler| !handler.cleanup && handler.start <= at && at < handler.end)
    })
}

/// What the thread holds, before unwinding lets it go.
fn note_held(fiber: &mut Fiber, world: &dyn World) {
    let held = world.held_by(world.thread().id);
    if !held.is_empty() || fiber.held.is_empty() {
        fiber.held = held.into_iter().map(|(sync, line)| (sync.label(), line)).collect();
    }
}

/// Notes where an error was raised, unless it was raised before.
fn note_place(fiber: &Fiber, program: &Program, world: &dyn World, error: &Error) {
    if error.place.get().is_some() {
        return;
    }
    let mut calls = Vec::new();
    for frame in fiber.frames.iter().rev() {
        let function = &program.functions[frame.function as usize];
        if !function.internal && calls.len() < CALLS_SHOWN {
            let at = (frame.pc as usize).saturating_sub(1).min(function.lines.len() - 1);
            calls.push((function.name.clone(), function.lines[at]));
        }
    }
    let span = fiber.span(program);
    let thread = world.thread().name.lock().clone();
    // Somebody else may have noted it in the meantime: the first place counts.
    let _ = error.place.set(Place { thread, span, line: program.source.line(span.start), calls });
}

/// The error that `throw value` raises.
pub(super) fn thrown(value: &Value) -> Fault {
    match value {
        Value::Error(error) => Fault::Raised(error.clone()),
        Value::Short(_) | Value::Long(_) => {
            Fault::Error(Error::new(Kind::Error, value.as_text().unwrap_or_default()))
        }
        other => Fault::Error(
            Error::new(Kind::Type, format!("`throw` takes a text or an error, not {}", other.kind().word()))
                .hint("write `throw \"what happened\"` or `throw error(\"kind\", \"what happened\")`"),
        ),
    }
}
