//! What builtins and methods are about to touch: told by their names, their receivers and their arguments.

use super::super::call::members;
use super::super::image::Member;
use super::super::{Fiber, Image};
use super::{Act, Part, Place, Touches};
use super::{class_field, deep, element, gives_back, instance, shallow, shape, starts, sync, thread};
use crate::builtin::{Body, Row};
use crate::code::Shape;
use crate::state::Shared;
use crate::sync::pool::{Crew, Pool};
use crate::value::Value;
use crate::value::object::Method;

pub(super) fn call(
    image: &Image,
    callee: &Value,
    fiber: &Fiber,
    start: usize,
    shape: u32,
    out: &mut Touches,
) {
    let shape = &image.program.shapes[shape as usize];
    let end = start + shape.count as usize;
    match callee {
        Value::Builtin(row) => native(row, None, &fiber.stack[start..end], out),
        Value::Bound(bound) => match bound.method {
            Method::Builtin(row) => native(row, Some(&bound.receiver), &fiber.stack[start..end], out),
            Method::Function(_) => instance(&bound.receiver, out),
        },
        _ => {}
    }
}

pub(super) fn method(
    image: &Image,
    receiver: &Value,
    fiber: &Fiber,
    start: usize,
    shape: &Shape,
    out: &mut Touches,
) {
    let arguments = &fiber.stack[start..(start + shape.count as usize).min(fiber.stack.len())];
    if let Some(linked) = image.method(receiver.kind(), shape.method) {
        native(linked.row, Some(receiver), arguments, out);
    } else if let Some(members) = members(receiver) {
        match image.member(members.class, shape.method) {
            Some(Member::Field { index, .. }) => class_field(image, members, index, false, out),
            Some(Member::Method(_)) => instance(receiver, out),
            None => {}
        }
    }
}

/// What a builtin touches, by its name and its receiver's type.
pub(super) fn native(row: &'static Row, receiver: Option<&Value>, arguments: &[Value], out: &mut Touches) {
    if let Body::Script(_) = row.body {
        return; // its own instructions are asked one by one
    }
    let Some(receiver) = receiver else { return function(row.name, arguments, out) };
    match receiver {
        Value::Sync(thing) => {
            sync(thing, out);
            if row.name == "release" && gives_back(thing) {
                out.act = Act::Release;
            }
        }
        Value::Thread(handle) => {
            // As for the statement: nobody can tell when it is done.
            match row.name {
                "start" => starts(receiver, out),
                "join" => {
                    thread(handle, out);
                    out.act = Act::Join;
                }
                _ => thread(handle, out),
            }
        }
        Value::List(list) => {
            let node = Shared::List(list.clone());
            match row.name {
                "push" => out.object(node, Part::Shape, true),
                "pop" if arguments.iter().all(|argument| matches!(argument, Value::Unset | Value::Nil)) => {
                    out.object(node.clone(), Part::Shape, true);
                    if let Some(last) = list.len().checked_sub(1) {
                        out.object(node, Part::Element(last as u64), true);
                    }
                }
                "extend" => {
                    out.object(node, Part::Shape, true);
                    arguments.iter().for_each(|argument| shallow(argument, false, out));
                }
                "copy" => out.object(node, Part::All, false),
                "index" | "count" => {
                    deep(receiver, out);
                    arguments.iter().for_each(|argument| deep(argument, out));
                }
                _ => {
                    out.object(node, Part::All, true);
                    arguments.iter().for_each(|argument| deep(argument, out));
                }
            }
        }
        Value::Map(map) => {
            let node = Shared::Map(map.clone());
            match row.name {
                "get" => arguments.iter().take(1).for_each(|key| element(receiver, key, false, out)),
                "keys" | "items" | "values" | "copy" => out.object(node, Part::All, false),
                "setdefault" | "pop" => arguments.iter().take(1).for_each(|key| {
                    out.object(node.clone(), Part::Shape, true);
                    element(receiver, key, true, out);
                }),
                _ => {
                    out.object(node, Part::All, true);
                    arguments.iter().for_each(|argument| shallow(argument, false, out));
                }
            }
        }
        Value::Set(set) => {
            let write = !matches!(row.name, "copy" | "union" | "intersection" | "difference");
            out.object(Shared::Set(set.clone()), Part::All, write);
            arguments.iter().for_each(|argument| shallow(argument, false, out));
        }
        _ => arguments.iter().for_each(|argument| deep(argument, out)),
    }
}

fn function(name: &str, arguments: &[Value], out: &mut Touches) {
    match name {
        "threads" | "active_count" => out.add(Place::Threads, Part::All, false),
        "now" | "clock" => out.add(Place::Clock, Part::All, false),
        "random" | "randint" | "shuffle" | "sample" | "seed" => {
            out.add(Place::Random, Part::All, true);
            arguments.iter().for_each(|argument| shallow(argument, true, out));
        }
        "__start_all" => {
            if let Some(Value::List(list)) = arguments.first() {
                list.snapshot().iter().for_each(|one| starts(one, out));
            }
        }
        // They look for a process, for what a signal does in it, or for a server.
        "send_signal" | "__on_signal" | "listen" | "connect" => {
            out.act = Act::Sync;
            out.add(Place::Threads, Part::All, true);
        }
        "fork" | "__recruit" => out.act = Act::Process,
        "processes" => out.add(Place::Threads, Part::All, false),
        "pid" | "ppid" => {}
        "print" => {
            out.act = Act::Print;
            arguments.iter().for_each(|argument| deep(argument, out));
        }
        "len" | "bool" => arguments.iter().for_each(|argument| shape(argument, false, out)),
        "same" | "type" => {}
        _ => {
            for argument in arguments {
                match argument {
                    Value::Sync(thing) => sync(thing, out),
                    Value::Thread(handle) => thread(handle, out),
                    other => deep(other, out),
                }
            }
            // `wait(fs)`, `as_completed(fs)`, `__join(threads)`, `__join_each(items)`: what the list holds is asked, too.
            for argument in arguments {
                if let Value::List(list) = argument {
                    for item in list.snapshot() {
                        match &item {
                            Value::Sync(thing) => sync(thing, out),
                            Value::Thread(handle) => thread(handle, out),
                            _ => {}
                        }
                    }
                }
            }
            if name == "__join" || name == "__join_each" {
                out.act = Act::Join;
            }
            // What a process is given is copied now.
            if name == "__submit" && arguments.first().is_some_and(is_of_processes) {
                out.act = Act::Process;
            }
        }
    }
}

fn is_of_processes(pool: &Value) -> bool {
    let Value::Sync(pool) = pool else { return false };
    Pool::of(pool).and_then(|pool| Crew::of(&pool.crew)).is_ok_and(|crew| crew.processes)
}
