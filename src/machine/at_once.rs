//! `q.put(x)`, `q.get()` and the next of `for x in q` where nobody has to wait, or for a moment only: done without binding
//! arguments, which takes several times as long as what they do.

use super::{Image, Scheduler};
use crate::code::Shape;
use crate::sync::queue::{Handful, Queue};
use crate::sync::{Kind, Sync};
use crate::value::{Value, put};
use std::sync::Arc;

/// What a call of a method may be, by its name and its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtOnce {
    Put,
    Get,
    /// Anything else.
    No,
}

/// For each shape of a call.
pub(super) fn of(symbols: &[Arc<str>], shapes: &[Shape]) -> Vec<AtOnce> {
    let of = |shape: &Shape| match symbols.get(usize::from(shape.method)).map(|name| &**name) {
        Some("put") if shape.is_one_value() => AtOnce::Put,
        Some("get") if shape.count == 0 => AtOnce::Get,
        Some(_) | None => AtOnce::No,
    };
    shapes.iter().map(of).collect()
}

/// A method of a fixed global. Does the call if it is one of those, and puts what it comes to at `at`. False if it is
/// another call, has to wait or fails: then nothing has been done.
#[inline(never)]
pub(super) fn call_fixed<S: Scheduler>(
    image: &Image,
    world: &mut S,
    index: u16,
    frame: &mut [Value],
    at: u16,
    shape: u16,
) -> bool {
    let kind = image.at_once(shape);
    if kind == AtOnce::No {
        return false;
    }
    let Some((queue, thing)) = image.fixed[usize::from(index)].get().and_then(queue_of::<S>) else {
        return false;
    };
    let Some([slot, rest @ ..]) = frame.get_mut(usize::from(at)..) else { return false };
    done(kind, world, queue, thing, slot, rest.first())
}

/// Likewise, a method of what a register holds.
#[inline(never)]
pub(super) fn call_of<S: Scheduler>(
    image: &Image,
    world: &mut S,
    object: u16,
    frame: &mut [Value],
    at: u16,
    shape: u16,
) -> bool {
    let kind = image.at_once(shape);
    if kind == AtOnce::No {
        return false;
    }
    let at = usize::from(at);
    let Some((queue, thing)) = queue_of::<S>(&frame[usize::from(object)]) else { return false };
    // What comes of it may be written where the queue itself stands.
    let mut answer = Value::Nil;
    let done = done(kind, world, queue, thing, &mut answer, frame.get(at + 1));
    if done {
        put(&mut frame[at], answer);
    }
    done
}

/// Likewise, the next value for a `for` whose registers these are.
#[inline(never)]
pub(super) fn next<S: Scheduler>(world: &mut S, registers: &mut [Value]) -> bool {
    let [items, _, variable] = registers else { return false };
    let Some((queue, thing)) = queue_of::<S>(items) else { return false };
    got(world, queue, thing, variable)
}

#[inline(always)]
fn queue_of<S: Scheduler>(value: &Value) -> Option<(&Queue, &Sync)> {
    let Value::Sync(thing) = value else { return None };
    let Kind::Queue(queue) = &thing.kind else { return None };
    // What is put into one that processes share is a copy. What values are held against each other is told by the call.
    let other = thing.is_shared() || S::EYES && queue.compares();
    (!other).then_some((queue, &**thing))
}

/// Does it, if nobody has to wait for it, and puts what it comes to into the slot. Else nothing has been done.
#[inline(always)]
fn done<S: Scheduler>(
    kind: AtOnce,
    world: &mut S,
    queue: &Queue,
    thing: &Sync,
    slot: &mut Value,
    argument: Option<&Value>,
) -> bool {
    match kind {
        AtOnce::Put => {
            let Some(value) = argument else { return false };
            let done = queue.put_at_once(thing, value, S::NOTES)
                || expected(world, queue, thing, Handful::Room) && queue.put_at_once(thing, value, S::NOTES);
            if done {
                put(slot, Value::Bool(true));
            }
            done
        }
        AtOnce::Get => got(world, queue, thing, slot),
        AtOnce::No => false,
    }
}

#[inline(always)]
fn got<S: Scheduler>(world: &mut S, queue: &Queue, thing: &Sync, slot: &mut Value) -> bool {
    queue.get_at_once(thing, slot, S::NOTES)
        || expected(world, queue, thing, Handful::Values) && queue.get_at_once(thing, slot, S::NOTES)
}

/// Whether there may be what is wanted when the world has looked for it a moment. Who waits for an operation holds on to
/// the thing meanwhile, which takes the count of those who do, and all beside it, from the other thread's core.
#[cold]
#[inline(never)]
fn expected<S: Scheduler>(world: &mut S, queue: &Queue, thing: &Sync, what: Handful) -> bool {
    !(S::NOTES && thing.is_counted()) && queue.handful().is_some() && world.expects(queue, what)
}
