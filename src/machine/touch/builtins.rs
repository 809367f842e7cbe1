//! What builtins and methods are about to touch: told by their names, their receivers and their arguments.

use super::super::arguments::Linked;
use super::super::call::members;
use super::super::image::Member;
use super::super::{Fiber, Image};
use super::depth::{admitted, compared, container, copied, deep, in_order, ordered, shallow, shape, shown};
use super::elements::{find, from_here_on, member};
use super::{Act, Look, Part, Place, Touches};
use super::{alone, class_field, element, gives_back, instance, starts, sync, thread};
use crate::builtin::{Body, Row};
use crate::code::Shape;
use crate::state::Shared;
use crate::sync::future::Future;
use crate::sync::pool::{Crew, Pool};
use crate::sync::thread::Entry;
use crate::sync::{Kind, Sync};
use crate::syntax::tree::CompareOperator;
use crate::value::Value;
use crate::value::compare::hashable;
use crate::value::list::List;
use crate::value::object::Method;
use std::sync::Arc;

pub(super) fn call(
    image: &Image,
    callee: &Value,
    fiber: &Fiber,
    start: usize,
    shape: u32,
    out: &mut Touches,
) {
    let shape = &image.program.shapes[shape as usize];
    let arguments = &fiber.stack[start..start + shape.count as usize];
    match builtin(callee) {
        Some((row, receiver)) => {
            let arguments = Linked::new(row).arranged(arguments, shape, &image.program);
            native(image, row, receiver, &arguments, out);
        }
        None => called(image, callee, arguments, out),
    }
}

/// With its receiver.
fn builtin(callee: &Value) -> Option<(&'static Row, Option<&Value>)> {
    match callee {
        Value::Builtin(row) => Some((row, None)),
        Value::Bound(bound) => match bound.method {
            Method::Builtin(row) => Some((row, Some(&bound.receiver))),
            Method::Function(_) => None,
        },
        _ => None,
    }
}

/// What calling a value touches; what a function of the script does is asked instruction by instruction.
pub(super) fn called(image: &Image, callee: &Value, arguments: &[Value], out: &mut Touches) {
    match builtin(callee) {
        Some((row, receiver)) => {
            native(image, row, receiver, arguments, out);
            // The arguments are not bound yet.
            out.looks.retain(|look| !matches!(look, Look::Builtin(..)));
        }
        None => {
            if let Value::Bound(bound) = callee {
                instance(&bound.receiver, out);
            }
        }
    }
}

/// It reads, and does nothing else that others could tell.
fn reads_only(row: &'static Row, receiver: Option<&Value>, arguments: &[Value], out: &mut Touches) {
    out.looks.push(Look::Builtin(row, receiver.into_iter().chain(arguments).cloned().collect()));
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
        native(image, linked.row, Some(receiver), &linked.arranged(arguments, shape, &image.program), out);
    } else if let Some(members) = members(receiver) {
        match image.member(members.class, shape.method) {
            Some(Member::Field { index, .. }) => class_field(image, members, index, false, out),
            Some(Member::Method(_)) => instance(receiver, out),
            None => {}
        }
    }
}

/// What a builtin touches, by its name and its receiver's type.
pub(super) fn native(
    image: &Image,
    row: &'static Row,
    receiver: Option<&Value>,
    arguments: &[Value],
    out: &mut Touches,
) {
    if let Body::Script(_) = row.body {
        return; // its own instructions are asked one by one
    }
    let Some(receiver) = receiver else { return function(image, row, arguments, out) };
    match receiver {
        Value::Sync(thing) => {
            if row.name == "submit" {
                alone(thing, out)
            } else {
                sync(thing, out)
            }
            if row.name == "release" && gives_back(thing) {
                out.act = Act::Release;
            }
            looked_into(thing, row.name, arguments, out);
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
            arguments.iter().for_each(|argument| admitted(receiver, argument, out));
            match row.name {
                "push" => out.object(node, Part::Shape, true),
                "pop" => {
                    let first = place(list, arguments.first(), -1);
                    from_here_on(list, usize::try_from(first).unwrap_or(usize::MAX), out);
                }
                "insert" => {
                    let first = place(list, arguments.first(), 0);
                    from_here_on(list, usize::try_from(first).unwrap_or(0), out);
                }
                "extend" => {
                    out.object(node, Part::Shape, true);
                    for argument in arguments {
                        shallow(argument, false, out);
                        out.looks.push(Look::Items(argument.clone()));
                    }
                }
                "copy" => out.object(node, Part::All, false),
                "index" => {
                    reads_only(row, Some(receiver), arguments, out);
                    arguments.iter().take(1).for_each(|value| _ = find(list, value, out));
                }
                "count" => {
                    reads_only(row, Some(receiver), arguments, out);
                    out.object(node, Part::All, false);
                    for element in list.snapshot() {
                        arguments.iter().for_each(|argument| compared(&element, argument, out));
                    }
                }
                "remove" => {
                    if let Some(at) = arguments.first().and_then(|value| find(list, value, out)) {
                        from_here_on(list, at, out);
                    }
                    if let Some(value) = arguments.first().filter(|value| container(value).is_some()) {
                        out.looks.push(Look::Compare(CompareOperator::In, value.clone(), receiver.clone()));
                    }
                }
                "sort" => {
                    out.object(node, Part::All, true);
                    in_order(&[std::slice::from_ref(receiver), arguments].concat(), out);
                    if arguments.first().is_none_or(|key| matches!(key, Value::Nil | Value::Unset)) {
                        let reverse = arguments.get(1).is_some_and(Value::truthy);
                        out.looks.push(Look::Order(receiver.clone(), reverse));
                    }
                }
                _ => out.object(node, Part::All, true),
            }
        }
        Value::Map(map) => {
            let node = Shared::Map(map.clone());
            arguments.iter().for_each(|argument| admitted(receiver, argument, out));
            match row.name {
                "get" => arguments.iter().take(1).for_each(|key| element(receiver, key, false, out)),
                "keys" | "items" | "values" | "copy" => out.object(node, Part::All, false),
                // Only looked for, if there is nothing to add or to take away.
                "setdefault" | "pop" => arguments.iter().take(1).for_each(|key| {
                    let known = hashable(key).is_ok() && map.lock().contains_key(key);
                    let changes = known == (row.name == "pop");
                    element(receiver, key, changes, out);
                    if changes {
                        out.object(node.clone(), Part::Shape, true);
                    }
                }),
                _ => {
                    out.object(node, Part::All, true);
                    // A map, or a list of pairs.
                    for argument in arguments {
                        shallow(argument, false, out);
                        elements(argument).iter().for_each(|pair| shallow(pair, false, out));
                        out.looks.push(Look::Pairs(argument.clone()));
                    }
                }
            }
        }
        Value::Set(set) => {
            let node = Shared::Set(set.clone());
            match (row.name, arguments.first()) {
                // Only looked for, if there is nothing to add or to take away.
                ("add" | "remove" | "discard", Some(value)) => {
                    let there = hashable(value).is_ok() && set.lock().contains(value);
                    member(set, value, there != (row.name == "add"), out);
                }
                ("copy" | "union" | "intersection" | "difference", _) => {
                    reads_only(row, Some(receiver), arguments, out);
                    out.object(node, Part::All, false);
                }
                _ => out.object(node, Part::All, true),
            }
            if row.name == "update" {
                out.looks.extend(arguments.iter().cloned().map(Look::Items));
            }
            arguments.iter().for_each(|argument| shallow(argument, false, out));
        }
        _ => arguments.iter().for_each(|argument| deep(argument, out)),
    }
}

/// Functions that only read, and may read several things.
const READING: [&str; 10] =
    ["any", "all", "json", "sum", "zip", "min", "max", "sorted", "__sort_keys", "__extreme_keys"];

fn function(image: &Image, row: &'static Row, arguments: &[Value], out: &mut Touches) {
    let name = row.name;
    if READING.contains(&name) && arguments.iter().any(|argument| container(argument).is_some()) {
        reads_only(row, None, arguments, out);
    }
    match name {
        "threads" | "active_count" => out.add(Place::Threads, Part::All, false),
        "now" | "clock" => out.add(Place::Clock, Part::All, false),
        "random" | "randint" | "shuffle" | "sample" | "seed" => {
            out.add(Place::Random, Part::All, true);
            arguments.iter().for_each(|argument| shallow(argument, name == "shuffle", out));
        }
        "__start_at" => {
            if let [Value::List(list), Value::Int(at), ..] = arguments
                && let Some(thread) = list.get(*at)
            {
                starts(&thread, out);
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
        "str" | "input" => arguments.iter().for_each(|argument| shown(image, argument, out)),
        "print" => {
            out.act = Act::Print;
            arguments.iter().for_each(|argument| shown(image, argument, out));
        }
        "len" | "bool" => arguments.iter().for_each(|argument| shape(argument, false, out)),
        "same" | "type" | "atomic" | "error" | "__must_fit" => {}
        "enumerate" | "reversed" | "zip" | "list" | "set" | "choose" => {
            arguments.iter().for_each(|argument| shallow(argument, false, out));
        }
        "any" | "all" => {
            for argument in arguments {
                shallow(argument, false, out);
                elements(argument).iter().for_each(|element| shape(element, false, out));
            }
        }
        "sum" => {
            for argument in arguments {
                shallow(argument, false, out);
                elements(argument).iter().for_each(|element| shallow(element, false, out));
            }
        }
        "min" | "max" | "sorted" => in_order(arguments, out),
        "__sort_keys" | "__extreme_keys" => {
            arguments.iter().take(1).for_each(|items| shallow(items, false, out));
            in_order(arguments.get(1..2).unwrap_or_default(), out);
        }
        "__set_sorted" => {
            arguments.iter().take(1).for_each(|list| shallow(list, true, out));
            arguments.iter().skip(1).take(1).for_each(|items| shallow(items, false, out));
            in_order(arguments.get(2..3).unwrap_or_default(), out);
            if let [_, items, keys, reverse] = arguments {
                out.looks.extend([Look::Items(items.clone()), Look::Order(keys.clone(), reverse.truthy())]);
            }
        }
        "copy" => {
            reads_only(row, None, arguments, out);
            arguments.iter().for_each(|argument| copied(argument, out));
        }
        "__submit" => {
            if let Some(Value::Sync(pool)) = arguments.first() {
                alone(pool, out);
            }
            // What a process is given is copied now; else only the list of arguments is read.
            let is_copied = arguments.first().is_some_and(is_of_processes);
            for argument in arguments {
                if is_copied { deep(argument, out) } else { shallow(argument, false, out) }
            }
            if is_copied {
                out.act = Act::Process;
            }
        }
        // Their values only pass.
        "__done" | "__failed" => arguments.iter().take(2).for_each(|thing| things(thing, out)),
        "__call" => {
            arguments.iter().for_each(|task| things(task, out));
            if let Some(task) = arguments.first().and_then(task_of) {
                called(image, &task.callee, &task.arguments, out);
            }
        }
        "__apply" => {
            arguments.iter().for_each(|task| shallow(task, false, out));
            let task = arguments.first().map(elements).unwrap_or_default();
            if let [callee, arguments @ ..] = &task[..] {
                called(image, callee, arguments, out);
            }
        }
        _ => {
            for argument in arguments {
                match argument {
                    Value::Sync(thing) => sync(thing, out),
                    Value::Thread(handle) => thread(handle, out),
                    other => deep(other, out),
                }
            }
            // `wait(fs)`, `as_completed(fs)`, `__join(threads)`, `__join_each(items)`: what they hold is asked, too.
            for argument in arguments {
                match argument {
                    Value::List(list) => list.snapshot().iter().for_each(|item| things(item, out)),
                    Value::Set(set) => set.snapshot().iter().for_each(|item| things(item, out)),
                    _ => {}
                }
            }
            if name == "__join" || name == "__join_each" {
                out.act = Act::Join;
            }
        }
    }
}

/// Where an operation of a list begins, from its start: as the argument says, or `otherwise`; below 0 when that is before the
/// first element.
fn place(list: &List, argument: Option<&Value>, otherwise: i64) -> i64 {
    let at = if let Some(Value::Int(at)) = argument { *at } else { otherwise };
    if at < 0 { at.saturating_add(list.len() as i64) } else { at }
}

/// A thing to wait for, or a thread.
fn things(value: &Value, out: &mut Touches) {
    match value {
        Value::Sync(thing) => sync(thing, out),
        Value::Thread(handle) => thread(handle, out),
        _ => {}
    }
}

/// What an operation of a thing reads of values: those that a queue puts in order, those that an atomic compares, and
/// those that are copied for other processes.
fn looked_into(thing: &Arc<Sync>, method: &str, arguments: &[Value], out: &mut Touches) {
    match &thing.kind {
        Kind::Queue(queue) => {
            let mut values = queue.compared();
            if !values.is_empty() {
                values.extend(arguments.iter().cloned());
            }
            ordered(&values, out);
        }
        Kind::Atomic(atomic) if method == "compare_exchange" => {
            let now = atomic.get();
            arguments.iter().take(1).for_each(|old| compared(&now, old, out));
        }
        _ => {}
    }
    let leads_out = matches!(thing.kind, Kind::End(_) | Kind::Outside(_));
    if thing.is_shared() || leads_out {
        arguments.iter().for_each(|argument| deep(argument, out));
    }
}

/// The elements of a list.
fn elements(value: &Value) -> Vec<Value> {
    if let Value::List(list) = value { list.snapshot() } else { Vec::new() }
}

/// The task that a future carries.
fn task_of(future: &Value) -> Option<Entry> {
    let Value::Sync(future) = future else { return None };
    Future::of(future).ok().and_then(Future::task)
}

fn is_of_processes(pool: &Value) -> bool {
    let Value::Sync(pool) = pool else { return false };
    Pool::of(pool).and_then(|pool| Crew::of(&pool.crew)).is_ok_and(|crew| crew.processes)
}
