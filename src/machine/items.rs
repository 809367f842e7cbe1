//! The next item of a `for`: of a list, a text, a range and the like, and of a queue that has one.

use super::call;
use super::fault::Fault;
use super::{Fiber, Image, Scheduler};
use crate::builtin::{self, Wait};
use crate::sync::{self, Op, Who, queue::Got};
use crate::value::{Value, put};

pub(super) enum Item {
    /// The item is in place.
    Next,
    End,
    /// It goes over a queue.
    Queue,
}

/// The next item into the third of the loop's registers.
pub(super) fn next_item(regs: &mut [Value]) -> Item {
    let [items, position, variable] = regs else { return Item::End };
    let Value::Int(place) = position else { return Item::End };
    let item = match items {
        Value::List(list) => list.get(*place),
        Value::Range(range) => {
            let n = range.start.checked_add(*place).filter(|n| *n < range.end);
            n.map(Value::Int)
        }
        Value::Sync(_) => return Item::Queue,
        _ => None,
    };
    match item {
        Some(item) => {
            *place += 1;
            *variable = item;
            Item::Next
        }
        None => Item::End,
    }
}

pub(super) enum Taken {
    Value,
    Closed,
    Wait(Wait),
}

/// The next item of a queue into its place, if there is one.
pub(super) fn next_of_queue<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
) -> Result<Taken, Fault> {
    let Value::Sync(queue) = &fiber.stack[at] else { return Ok(Taken::Closed) };
    let line = call::line_of(fiber, &image.program);
    let mut op = match &queue.kind {
        sync::Kind::Outside(_) => builtin::sync::streams::next_line(queue)?,
        sync::Kind::End(_) => builtin::sync::pipe::receiving(queue, sync::pipe::What::Next)?,
        sync::Kind::Queue(values) => {
            let got = values.get(queue);
            if S::EYES {
                super::look::done(image, world);
            }
            return Ok(match got? {
                Got::Value(value) => {
                    put(&mut fiber.stack[at + 2], value);
                    Taken::Value
                }
                Got::Empty => Taken::Wait(Wait { op: Op::Next(queue.clone()), deadline: None }),
                Got::End => Taken::Closed,
            });
        }
        _ => Op::Next(queue.clone()),
    };
    match op.poll(Who { thread: world.thread(), line })? {
        Some(Value::Unset) => Ok(Taken::Closed),
        Some(value) => {
            fiber.stack[at + 2] = value;
            Ok(Taken::Value)
        }
        None => Ok(Taken::Wait(Wait { op, deadline: None })),
    }
}
