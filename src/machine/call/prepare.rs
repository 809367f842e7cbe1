//! What `start` makes of what it is given: a thread that has not begun.

use super::{Callee, Flow, bound, call_builtin, callee, enter, instance, place_receiver};
use crate::builtin::Context;
use crate::builtin::sync::threads::{Kindred, Naming};
use crate::code::{FunctionKind, Shape};
use crate::machine::fault::Fault;
use crate::machine::{Fiber, Image, Scheduler, arguments};
use crate::resolve::{ANONYMOUS, BLOCK};
use crate::sync::thread::Entry;
use crate::value::object::Method;
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::Arc;

/// A thread, not started, that will call what is at `at` with the arguments after it; it comes to `at`.
pub(in crate::machine) fn prepare<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
) -> Result<Flow, Fault> {
    let program = &image.program;
    let line = fiber.line(program);
    let start = at + 1;
    let (function, captured) = match callee(&fiber.stack[at], image)? {
        Callee::Function { function, captured, .. } => (function, captured),
        // It makes what is started.
        Callee::Builtin { row, .. } if row.name == "command" => {
            return call_builtin(image, fiber, world, at, shape, row, None);
        }
        Callee::Builtin { row, .. } => return prepare_builtin(image, fiber, world, at, shape, row.name),
    };
    let known = &program.functions[function as usize];
    fiber.reserve(start + known.registers + shape.count as usize);
    if known.internal {
        return prepare_builtin(image, fiber, world, at, shape, &known.name);
    }
    match known.kind {
        FunctionKind::Class(_) => {
            return Err(Error::new(error::Kind::Type, format!("{} is a class, not a thread", known.name))
                .hint(format!("make an object with `{}(…)`, and start one of its methods", known.name))
                .into());
        }
        FunctionKind::ThreadWithMembers { class, daemon, process } => {
            let object = Arc::new(instance(image, fiber, world, class, captured.clone()));
            let run = program.classes[class as usize].run.expect("a template with members has a run block");
            let mut context = Context { world, program, line };
            let entry = Entry::to_call(Value::Nil);
            let naming = Naming::Counted(&known.name);
            let kind = Kindred { daemon: kept_alive(daemon, process), process };
            let thread = context.new_thread(naming, kind, entry, Some(object));
            // What it runs is a method of the handle itself; the cycle ends when the entry is taken.
            let handle = Value::Thread(thread.clone());
            let callee = bound(&handle, Method::Function(run));
            *thread.entry.lock() = Some(Entry::to_call(callee));
            let start = place_receiver(fiber, at, Some(Value::Thread(thread)));
            return enter(image, fiber, function, captured, start, at, shape);
        }
        FunctionKind::Plain | FunctionKind::Watch { .. } | FunctionKind::Thread { .. } => {}
    }
    arguments::bind(known, &mut fiber.stack, start, shape, program)?;
    let arguments = fiber.stack[start..start + known.parameters.len()].into();
    let callee = fiber.stack[at].clone();
    let (naming, kind) = match known.kind {
        FunctionKind::Thread { daemon, process } => {
            (Naming::Counted(&known.name), Kindred { daemon: kept_alive(daemon, process), process })
        }
        FunctionKind::Plain
        | FunctionKind::Watch { .. }
        | FunctionKind::Class(_)
        | FunctionKind::ThreadWithMembers { .. } => (naming(&known.name), Kindred::default()),
    };
    let mut context = Context { world, program, line };
    let thread = context.new_thread(naming, kind, Entry { callee, arguments }, None);
    fiber.stack[at] = Value::Thread(thread);
    Ok(Flow::Next)
}

/// Whether it is a daemon, as its template says. A thread of a template that does not say is one when its maker is; a
/// process is a daemon only when it is declared so, since a daemon process has no children.
fn kept_alive(daemon: bool, process: bool) -> Option<bool> {
    (daemon || process).then_some(daemon)
}

/// A thread is called after the function that it calls; of a method (`Account.deposit`) after the method. Words
/// that are no names stand for blocks and functions without one.
fn naming(function: &str) -> Naming<'_> {
    let name = function.rsplit('.').next().unwrap_or(function);
    if name == ANONYMOUS || name == BLOCK { Naming::Block } else { Naming::Counted(name) }
}

/// `start q.put(1)`: a builtin in a thread of its own.
fn prepare_builtin<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
    name: &str,
) -> Result<Flow, Fault> {
    if !shape.names.is_empty() {
        return Err(Error::new(
            error::Kind::Type,
            "a builtin that is started takes its arguments by position only",
        )
        .hint("write `start { … }` with the call inside")
        .into());
    }
    let arguments = fiber.stack[at + 1..at + 1 + shape.count as usize].into();
    let callee = fiber.stack[at].clone();
    let (line, origin) = (fiber.line(&image.program), fiber.span(&image.program));
    let mut context = Context { world, program: &image.program, line };
    let thread =
        context.new_thread(Naming::Counted(name), Kindred::default(), Entry { callee, arguments }, None);
    let _ = thread.origin.set(origin); // it is new
    fiber.stack[at] = Value::Thread(thread);
    Ok(Flow::Next)
}
