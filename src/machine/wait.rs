//! Operations that wait: handing them to the world, and what their value is for.

use super::call::Flow;
use super::fault::Fault;
use super::{Exit, Fiber, Image, Scheduler, Waited, field};
use crate::builtin::Wait;
use crate::code::{Instruction, Program};
use crate::sync::{Op, Who};
use crate::value::{
    Type, Value,
    error::{Error, Kind},
    show,
};
use std::sync::Arc;

/// What became of an operation.
pub(super) enum Done {
    /// It is complete, and the fiber goes on.
    Complete,
    Fault(Fault),
    /// The fiber is put aside.
    Rest(Exit),
}

/// Lets the world do the operation that the instruction before `pc` of the innermost frame stands at.
pub(super) fn perform<S: Scheduler>(image: &Image, fiber: &mut Fiber, world: &mut S, mut wait: Wait) -> Done {
    if fiber.holding > 0 || fiber.in_condition {
        let line = super::call::line_of(fiber, &image.program);
        if fiber.in_condition && wait.op.enters_monitor() {
            return look_into_monitor(image, fiber, world, wait, line);
        }
        wait.op.abandon(Who { thread: world.thread(), line });
        return Done::Fault(waits_in_one_step(image, fiber).into());
    }
    if image.has_ends() {
        fiber.clear_rest(&image.program, true);
    }
    let awaits = matches!(wait.op, Op::Change);
    let waited = world.wait(wait, fiber, &image.program);
    if S::EYES {
        super::look::done(image, world);
    }
    // What it waited for it has done, also where that has changed something; and others see that it waits no more. (Those
    // who await would wake each other for ever.)
    let tells = !awaits && world.awaited();
    match waited {
        Waited::Done(value) => match complete(image, fiber, world, value) {
            Ok(()) if tells => match changed(fiber, world, &image.program) {
                Ok(()) if world.outgrown() => Done::Rest(Exit::Paused),
                Ok(()) => Done::Complete,
                Err(fault) => Done::Fault(fault),
            },
            Ok(()) if world.outgrown() => Done::Rest(Exit::Paused),
            Ok(()) => Done::Complete,
            Err(fault) => Done::Fault(fault),
        },
        Waited::Failed(error) => {
            if tells {
                world.changed();
            }
            Done::Fault(error.into())
        }
        Waited::Suspended(wait) => Done::Rest(Exit::Suspended(wait)),
        Waited::Stopped => Done::Fault(Fault::Stopped),
        Waited::Ended => Done::Fault(Fault::ended()),
    }
}

/// The condition of an `await` asks a monitor in which somebody is: it does not hold yet, and is looked at again when they
/// leave. That may be another condition, which has changed nothing; so the monitor is tried once more after `turn_away`.
fn look_into_monitor<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    mut wait: Wait,
    line: u32,
) -> Done {
    world.turn_away();
    let who = Who { thread: world.thread(), line };
    let entered = if wait.op.ready(who) { wait.op.poll(who) } else { Ok(None) };
    match entered {
        Ok(Some(value)) => match complete(image, fiber, world, value) {
            Ok(()) => Done::Complete,
            Err(fault) => Done::Fault(fault),
        },
        Ok(None) => {
            wait.op.abandon(who);
            Done::Fault(Fault::NotYet)
        }
        Err(error) => Done::Fault(error.into()),
    }
}

/// Something has changed, and somebody awaits that: lets those look who want to, before the next step. A condition that reads
/// several things holds all others while it looks; if these could be held at the ends of their loops only, it would never
/// see what is so in the middle.
#[cold]
#[inline(never)]
pub(super) fn changed<S: Scheduler>(fiber: &Fiber, world: &mut S, program: &Program) -> Result<(), Fault> {
    world.changed();
    let_others_look(fiber, world, program)
}

/// Stands still if somebody wants that; not within a step of several instructions, nor while it looks itself.
#[cold]
pub(super) fn let_others_look<S: Scheduler>(
    fiber: &Fiber,
    world: &mut S,
    program: &Program,
) -> Result<(), Fault> {
    if fiber.in_condition || fiber.holding > 0 || !world.trapped() {
        return Ok(());
    }
    world.let_others_look(fiber, program)?;
    if world.outgrown() { Err(Fault::Paused) } else { Ok(()) }
}

/// A thread has entered or left something, and somebody awaits a change. What a condition enters it leaves again, and has
/// changed nothing: it would wake itself for ever. But it may have been in the way of another's look.
#[cold]
#[inline(never)]
pub(super) fn passed<S: Scheduler>(fiber: &Fiber, world: &mut S, program: &Program) -> Result<(), Fault> {
    if !fiber.in_condition || world.turned_away() {
        return changed(fiber, world, program);
    }
    Ok(())
}

/// What happens in one step cannot wait for anybody: nobody else could move.
fn waits_in_one_step(image: &Image, fiber: &Fiber) -> Error {
    let span = fiber.span(&image.program);
    let text = image.program.source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let what = text.lines().next().unwrap_or_default();
    let otherwise = if fiber.in_condition { "the condition of `await`" } else { "`atomically`" };
    let place = super::watch::evaluated_by(fiber, &image.program).unwrap_or(otherwise);
    Error::new(Kind::State, format!("`{what}` would have to wait inside {place}"))
        .note("what runs as one step cannot wait: nobody else could move meanwhile")
        .hint("wait before it, or use what does not wait (try_acquire, try_get)")
}

/// Puts the value of an operation where its instruction wants it.
pub(super) fn complete<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    value: Value,
) -> Result<(), Fault> {
    let Some(frame) = fiber.frames.last_mut() else { return Ok(()) };
    let base = frame.base as usize;
    let function = &image.program.functions[frame.function as usize];
    match function.code[frame.pc as usize - 1] {
        Instruction::Call { at, .. }
        | Instruction::CallMethod { at, .. }
        | Instruction::CallMethodOf { at, .. }
        | Instruction::CallMethodFixed { at, .. }
        | Instruction::CallBuiltin { at, .. }
        | Instruction::CallBuiltinOn { at, .. }
        | Instruction::CallSpread { at } => fiber.stack[base + at as usize] = value,
        Instruction::GetField { d, object, name } => {
            let (object, d) = (base + object as usize, base + d as usize);
            if field::is_locked_read(image, fiber, object, name) {
                return field::finish_locked_read(image, fiber, world, object, name, d);
            }
            fiber.stack[d] = value;
        }
        Instruction::LoopItems { at, to } => {
            if !matches!(value, Value::Unset) {
                frame.pc = to;
                fiber.stack[base + at as usize + 2] = value;
            }
        }
        Instruction::EnterTimed { d, .. } => fiber.stack[base + d as usize] = value,
        Instruction::Select { d, .. } => super::select::chosen(image, fiber, world, base + d as usize, value),
        Instruction::LeaveTo { to, .. } => frame.pc = to,
        Instruction::LeaveFixedTo { to, .. } => frame.pc = to.into(),
        Instruction::Enter { .. }
        | Instruction::EnterFixed { .. }
        | Instruction::Leave { .. }
        | Instruction::LeaveFixed { .. }
        | Instruction::Sleep { .. }
        | Instruction::Yield
        | Instruction::AwaitWait => {}
        other => unreachable!("{other:?} never waits"),
    }
    Ok(())
}

/// The arm's number and value, or -1 when the time ran out.
pub(super) fn select_value(fiber: &mut Fiber, d: usize, value: Value) {
    if let Value::List(list) = &value {
        let mut items = list.snapshot();
        if items.len() == 2 {
            fiber.stack[d + 1] = items.pop().unwrap_or(Value::Nil);
            fiber.stack[d] = items.pop().unwrap_or(Value::Nil);
            return;
        }
    }
    fiber.stack[d] = Value::Int(-1);
    fiber.stack[d + 1] = Value::Nil;
}

/// `with`: enters at once, or says what to wait for.
pub(super) fn enter<S: Scheduler>(
    fiber: &Fiber,
    image: &Image,
    world: &mut S,
    thing: &Value,
    deadline: Option<i64>,
) -> Result<Flow, Fault> {
    let line = super::call::line_of(fiber, &image.program);
    match thing {
        Value::Sync(sync) => {
            let who = Who { thread: world.thread(), line };
            if sync.enter(who)? {
                return Ok(Flow::Next);
            }
            Ok(Flow::Wait(Wait { op: Op::acquire(sync.clone()), deadline }))
        }
        Value::File(_) => Ok(Flow::Next),
        other => Err(Error::new(
            Kind::Type,
            format!(
                "`with` takes a lock, a semaphore, a pool or a file, not {}",
                show::with_article(other.kind())
            ),
        )
        .hint(match other {
            Value::Bool(_) => "`with` acquires itself: `with m { … }`, not `with m.acquire() { … }`",
            other if super::call::members(other).is_some_and(|members| members.monitor.is_some()) => {
                "a monitor's methods take its lock by themselves: call one, without `with`"
            }
            Value::Builtin(_) => "a lock is made by a declaration: `lock m`, or by a call: `lock()`",
            _ => "write `with m { … }`, where `m` is declared by `lock m`",
        })
        .into()),
    }
}

/// The end of a `with`, which waits for the tasks of a pool.
pub(super) fn leave<S: Scheduler>(
    fiber: &Fiber,
    image: &Image,
    world: &mut S,
    thing: &Value,
) -> Result<Flow, Fault> {
    let line = super::call::line_of(fiber, &image.program);
    match thing {
        Value::Sync(sync) => {
            let who = Who { thread: world.thread(), line };
            match sync.leave(who, world)? {
                None => Ok(Flow::Next),
                Some(op) => Ok(Flow::Wait(Wait { op, deadline: None })),
            }
        }
        Value::File(file) => {
            file.close()?;
            Ok(Flow::Next)
        }
        _ => Ok(Flow::Next),
    }
}

/// The instruction goes on at another one, once it need not wait (`complete` says the same after a wait).
pub(super) fn go_on_at(fiber: &mut Fiber, flow: &Flow, to: u32) {
    if matches!(flow, Flow::Next)
        && let Some(frame) = fiber.frames.last_mut()
    {
        frame.pc = to;
    }
}

/// The time at which a duration from now is over.
pub(super) fn deadline<S: Scheduler>(world: &S, given: &Value, what: &str) -> Result<i64, Error> {
    Ok(world.now().saturating_add(duration(given, what)?))
}

/// A duration that something may take, in nanoseconds.
pub(super) fn duration(given: &Value, what: &str) -> Result<i64, Error> {
    match given {
        Value::Duration(ns) if *ns >= 0 => Ok(*ns),
        Value::Duration(_) => Err(Error::new(Kind::Value, format!("{what} cannot be negative"))
            .hint("give a duration from 0s up; `max(d, 0s)` keeps to that")),
        other => {
            let message = format!("{what} takes a duration, not {}", show::with_article(other.kind()));
            Err(Error::new(Kind::Type, message).hint(match other {
                Value::Int(_) | Value::Float(_) => {
                    let n = show::brief(other);
                    format!("write `{n}s` for seconds or `{n}ms` for milliseconds")
                }
                _ => "durations are written with their unit: 2s, 250ms".into(),
            }))
        }
    }
}

/// What a `for` goes over: a queue, a stream or an end of a pipe itself, a range itself, and of everything else what it held when the loop began.
pub(super) fn iterate(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Range(range) => Ok(Value::Range(range.clone())),
        Value::Sync(sync) if matches!(sync.kind.kind(), Type::Queue | Type::Stream | Type::End) => {
            Ok(value.clone())
        }
        other => {
            Ok(Value::List(Arc::new(crate::value::list::List::new(crate::value::iterate::items(other)?))))
        }
    }
}
