//! `select`: its arms are made one by one, then the first that can be done is done or waited for.

use super::call::{self, Flow};
use super::fault::Fault;
use super::{Fiber, Image, Scheduler, field, look, wait};
use crate::builtin::sync::arm;
use crate::builtin::{Context, Wait};
use crate::code::{Instruction, Shape};
use crate::sync::select::Select;
use crate::sync::{Op, Who};
use crate::value::Value;

/// The operation that a waiting call in an arm of `select` stands for.
pub(super) fn make_arm<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
) -> Result<Op, Fault> {
    // Bound past the frame's registers: the operands of the other arms stand next to these.
    let Some(frame) = fiber.frames.last() else { return Err(Fault::Stopped) };
    let scratch = frame.base as usize + image.program.functions[frame.function as usize].registers;
    let operands = fiber.stack[at..at + 1 + shape.count as usize].to_vec();
    fiber.reserve(scratch + operands.len() + 8);
    for (slot, value) in fiber.stack[scratch..].iter_mut().zip(operands) {
        *slot = value;
    }
    let kind = fiber.stack[scratch].kind();
    let name = image.program.symbol(shape.method);
    let Some(linked) = image.method(kind, shape.method) else {
        return Err(field::no_member(image, &fiber.stack[scratch], shape.method, true).into());
    };
    let count = linked.bind(&mut fiber.stack, scratch + 1, shape, &image.program)?;
    let line = call::line_of(fiber, &image.program);
    let context = Context { world, program: &image.program, line };
    Ok(arm::make(&context, &fiber.stack[scratch], name, &fiber.stack[scratch + 1..scratch + 1 + count])?)
}

pub(super) fn select<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    d: usize,
    limit: usize,
) -> Result<Flow, Fault> {
    let arms = std::mem::take(&mut fiber.arms);
    let line = call::line_of(fiber, &image.program);
    let thread = world.thread().clone();
    let who = Who { thread: &thread, line };
    let mut op = Op::Select(Box::new(Select::new(arms, who, |ready| world.choose(ready))));
    let polled = op.poll(who);
    if S::EYES {
        look::done(image, world);
    }
    if let Some(value) = polled? {
        chosen(image, fiber, world, d, value);
        return Ok(Flow::Next);
    }
    let deadline = match &fiber.stack[limit] {
        Value::Unset => {
            op.abandon(who);
            wait::select_value(fiber, d, Value::Nil);
            return Ok(Flow::Next);
        }
        Value::Nil => None,
        duration => Some(wait::deadline(world, duration, "`after`")?),
    };
    Ok(Flow::Wait(Wait { op, deadline }))
}

/// The `select` before `pc` of the innermost frame has come to its end: the arm's number and value.
pub(super) fn chosen<S: Scheduler>(image: &Image, fiber: &mut Fiber, world: &mut S, d: usize, value: Value) {
    wait::select_value(fiber, d, value);
    if !S::STEPWISE {
        return;
    }
    if let (Value::Int(arm), Some(frame)) = (&fiber.stack[d], fiber.frames.last()) {
        let function = &image.program.functions[frame.function as usize];
        let before = &function.code[..(frame.pc as usize).saturating_sub(1)];
        // The arms are made between the `select` before and this one.
        let begin =
            before.iter().rposition(|i| matches!(i, Instruction::Select { .. })).map_or(0, |at| at + 1);
        let mut arms = (begin..before.len()).filter(|at| matches!(before[*at], Instruction::Arm { .. }));
        if let Some(at) = usize::try_from(*arm).ok().and_then(|arm| arms.nth(arm)) {
            world.selected(call::line_of(fiber, &image.program), function.spans[at]);
        }
    }
}
