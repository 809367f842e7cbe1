//! `q.put(x)` and `q.get()` where nobody has to wait: done without binding arguments, which takes several times as long as
//! what they do.

use super::Image;
use crate::code::Shape;
use crate::sync::queue::{Got, Put};
use crate::sync::{Kind, Sync};
use crate::value::Value;
use std::sync::Arc;

/// The numbers of the names `put` and `get`, when the program has them.
#[derive(Debug)]
pub(super) struct Names {
    put: Option<u16>,
    get: Option<u16>,
}

impl Names {
    pub fn of(symbols: &[Arc<str>]) -> Names {
        let number = |name: &str| symbols.iter().position(|symbol| **symbol == *name).map(|at| at as u16);
        Names { put: number("put"), get: number("get") }
    }
}

/// Does the call if it is one of those, of which `arguments` are the first of the values there. None if it is another call,
/// has to wait or fails: then nothing has been done.
#[inline(never)]
pub(super) fn call(image: &Image, thing: &Sync, shape: &Shape, arguments: &[Value]) -> Option<Value> {
    let Kind::Queue(queue) = &thing.kind else { return None };
    // What is put into one that processes share is a copy.
    if thing.is_shared() {
        return None;
    }
    let method = Some(shape.method);
    if method == image.at_once.put && shape.is_one_value() {
        let put = queue.put(thing, arguments[0].clone());
        matches!(put, Ok(Put::Done)).then_some(Value::Bool(true))
    } else if method == image.at_once.get && shape.count == 0 {
        match queue.get(thing) {
            Ok(Got::Value(value)) => Some(value),
            Ok(Got::Empty | Got::End) | Err(_) => None,
        }
    } else {
        None
    }
}
