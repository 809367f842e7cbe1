//! `q.put(x)` and `q.get()` where nobody has to wait: done without binding arguments, which takes several times as long as
//! what they do.

use super::Image;
use crate::code::Shape;
use crate::sync::queue::Queue;
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
pub(super) fn call_fixed(image: &Image, index: u16, frame: &mut [Value], at: u16, shape: u16) -> bool {
    let kind = image.at_once(shape);
    if kind == AtOnce::No {
        return false;
    }
    let Some((queue, thing)) = image.fixed[usize::from(index)].get().and_then(queue_of) else { return false };
    let at = usize::from(at);
    let Some(value) = done(kind, queue, thing, frame.get(at + 1)) else { return false };
    put(&mut frame[at], value);
    true
}

/// Likewise, a method of what a register holds.
#[inline(never)]
pub(super) fn call_of(image: &Image, object: u16, frame: &mut [Value], at: u16, shape: u16) -> bool {
    let kind = image.at_once(shape);
    if kind == AtOnce::No {
        return false;
    }
    let at = usize::from(at);
    let Some((queue, thing)) = queue_of(&frame[usize::from(object)]) else { return false };
    let Some(value) = done(kind, queue, thing, frame.get(at + 1)) else { return false };
    put(&mut frame[at], value);
    true
}

#[inline(always)]
fn queue_of(value: &Value) -> Option<(&Queue, &Sync)> {
    let Value::Sync(thing) = value else { return None };
    let Kind::Queue(queue) = &thing.kind else { return None };
    // What is put into one that processes share is a copy.
    (!thing.is_shared()).then_some((queue, &**thing))
}

#[inline(always)]
fn done(kind: AtOnce, queue: &Queue, thing: &Sync, argument: Option<&Value>) -> Option<Value> {
    match kind {
        AtOnce::Put => queue.put_at_once(thing, argument?).then_some(Value::Bool(true)),
        AtOnce::Get => queue.get_at_once(thing),
        AtOnce::No => None,
    }
}
