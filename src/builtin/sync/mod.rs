//! The builtins around threads, processes and things to wait for: one file a family. What each operation does is written in
//! `crate::sync`; here are its name, its arguments and its errors about arguments.
//!
//! An operation that can be done at once is done by the call; one that cannot becomes an `Op` for the world. The
//! arms of a `select` are made, and not done, by `arm::make`.

pub mod arm;
mod atomic;
mod keeper;
mod locks;
mod meet;
pub mod pipe;
pub mod pool;
mod process;
pub mod programs;
mod queue;
mod signals;
pub mod streams;
mod thread;
pub mod threads;

use super::{Body, Context, Outcome, Property, Row, Wait};
use crate::sync::{Op, Sync};
use crate::value::{
    Type, Value,
    error::{Error, Kind},
    show,
};
use std::sync::{Arc, LazyLock};

type Native = fn(&mut Context<'_>, &[Value]) -> Result<Outcome, Error>;
type Get = fn(&mut Context<'_>, &Value) -> Result<Outcome, Error>;

/// What makes things to wait for, and what asks about threads.
pub fn functions() -> &'static [Row] {
    static ALL: LazyLock<Vec<Row>> = LazyLock::new(|| {
        [
            locks::functions(),
            meet::functions(),
            queue::functions(),
            atomic::functions(),
            pool::functions(),
            programs::functions(),
            streams::functions(),
            signals::functions(),
            pipe::functions(),
            keeper::functions(),
            thread::functions(),
            process::functions(),
        ]
        .into_iter()
        .flatten()
        .collect()
    });
    &ALL
}

/// The methods of a kind of thing; none for values that are no such thing.
pub fn methods(kind: Type) -> &'static [Row] {
    match kind {
        Type::Lock | Type::RLock | Type::Side => &locks::LOCK_METHODS,
        Type::Semaphore => &locks::SEMAPHORE_METHODS,
        Type::Condition => &meet::CONDITION_METHODS,
        Type::Event => &meet::EVENT_METHODS,
        Type::Barrier => &meet::BARRIER_METHODS,
        Type::Latch => &meet::LATCH_METHODS,
        Type::Queue => &queue::METHODS,
        Type::Atomic => &atomic::METHODS,
        Type::Pool => &pool::METHODS,
        Type::Future => &pool::FUTURE_METHODS,
        Type::Stream => &streams::METHODS,
        Type::Server => &streams::SERVER_METHODS,
        Type::Command => &programs::METHODS,
        Type::End => &pipe::END_METHODS,
        // Everything is done through its ends.
        Type::Pipe => &[],
        Type::Thread => &thread::METHODS,
        Type::Process => &process::METHODS,
        // Everything is done through its sides.
        Type::RwLock => &[],
        Type::Nil
        | Type::Bool
        | Type::Int
        | Type::Float
        | Type::Duration
        | Type::Str
        | Type::Function
        | Type::Range
        | Type::List
        | Type::Array
        | Type::Map
        | Type::Set
        | Type::Object
        | Type::Error
        | Type::File => &[],
    }
}

/// The properties of a kind of thing; none for values that are no such thing.
pub fn properties(kind: Type) -> &'static [Property] {
    match kind {
        Type::Lock => &locks::LOCK_PROPERTIES,
        Type::RLock => &locks::RLOCK_PROPERTIES,
        Type::RwLock => &locks::RWLOCK_PROPERTIES,
        Type::Side => &locks::SIDE_PROPERTIES,
        Type::Semaphore => &locks::SEMAPHORE_PROPERTIES,
        Type::Condition => &meet::CONDITION_PROPERTIES,
        Type::Event => &meet::EVENT_PROPERTIES,
        Type::Barrier => &meet::BARRIER_PROPERTIES,
        Type::Latch => &meet::LATCH_PROPERTIES,
        Type::Queue => &queue::PROPERTIES,
        Type::Atomic => &atomic::PROPERTIES,
        Type::Pool => &pool::PROPERTIES,
        Type::Future => &pool::FUTURE_PROPERTIES,
        Type::Stream => &streams::PROPERTIES,
        Type::Server => &streams::SERVER_PROPERTIES,
        Type::Command => &programs::PROPERTIES,
        Type::Pipe => &pipe::PROPERTIES,
        Type::End => &pipe::END_PROPERTIES,
        Type::Thread => &thread::PROPERTIES,
        Type::Process => &process::PROPERTIES,
        Type::Nil
        | Type::Bool
        | Type::Int
        | Type::Float
        | Type::Duration
        | Type::Str
        | Type::Function
        | Type::Range
        | Type::List
        | Type::Array
        | Type::Map
        | Type::Set
        | Type::Object
        | Type::Error
        | Type::File => &[],
    }
}

const fn native(
    name: &'static str,
    parameters: &'static [&'static str],
    body: Native,
    doc: &'static str,
) -> Row {
    Row { name, parameters, body: Body::Native(body), doc }
}

const fn script(
    name: &'static str,
    parameters: &'static [&'static str],
    text: &'static str,
    doc: &'static str,
) -> Row {
    Row { name, parameters, body: Body::Script(text), doc }
}

const fn property(name: &'static str, get: Get, doc: &'static str) -> Property {
    Property::new(name, get, doc)
}

/// A property that is the same for as long as the thing lives.
const fn constant(name: &'static str, get: Get, doc: &'static str) -> Property {
    Property { constant: true, ..property(name, get, doc) }
}

/// `.name`, which every thing has.
const NAME: Property = constant("name", name, "The name it was declared with.");

fn name(_: &mut Context<'_>, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::text(&sync_in(value)?.label()).into())
}

/// An argument; `Unset` when there is none.
fn argument(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&Value::Unset)
}

fn is_given(value: &Value) -> bool {
    !matches!(value, Value::Unset | Value::Nil)
}

/// The thing that a method was called on.
fn receiver(arguments: &[Value]) -> Result<&Arc<Sync>, Error> {
    sync_in(argument(arguments, 0))
}

fn sync_in(value: &Value) -> Result<&Arc<Sync>, Error> {
    if let Value::Sync(sync) = value { Ok(sync) } else { Err(wrong("a thing to wait for", "", value)) }
}

/// The error for an argument of a wrong type: `capacity must be an int, not a str`.
#[cold]
fn wrong(wanted: &str, name: &str, value: &Value) -> Error {
    let name = if name.is_empty() { "this" } else { name };
    let error =
        Error::new(Kind::Type, format!("{name} must be {wanted}, not {}", show::with_article(value.kind())));
    match value.kind() {
        // (What is started and joined has a hint of its own.)
        Type::Function if !wanted.contains("thread") => {
            error.hint("a function is called with parentheses: `f()`")
        }
        _ => error,
    }
}

fn int(value: &Value, name: &str) -> Result<i64, Error> {
    if let Value::Int(n) = value { Ok(*n) } else { Err(wrong("an int", name, value)) }
}

fn int_or(value: &Value, default: i64, name: &str) -> Result<i64, Error> {
    if is_given(value) { int(value, name) } else { Ok(default) }
}

fn duration(value: &Value, name: &str) -> Result<i64, Error> {
    if let Value::Duration(ns) = value {
        return Ok(*ns);
    }
    Err(wrong("a duration", name, value).hint("durations are written with their unit: 2s, 250ms"))
}

/// The deadline that a timeout means; none when it was left out. A negative one is an error.
fn deadline(context: &Context<'_>, timeout: &Value) -> Result<Option<i64>, Error> {
    if !is_given(timeout) {
        return Ok(None);
    }
    let ns = duration(timeout, "timeout")?;
    if ns < 0 {
        return Err(Error::new(Kind::Value, "a timeout cannot be negative"));
    }
    Ok(Some(context.world.now().saturating_add(ns)))
}

/// Does the operation, or asks to wait for it. It has been polled once when it has to wait.
fn begin(context: &mut Context<'_>, mut op: Op, deadline: Option<i64>) -> Result<Outcome, Error> {
    let who = context.who();
    let shows_itself = op.shows_itself();
    if shows_itself {
        op.rests(who.thread, who.line, deadline.is_some());
    }
    let answer = match op.poll(who) {
        Ok(None) => return Ok(Outcome::Wait(Wait { op, deadline })),
        answer => answer,
    };
    if shows_itself {
        who.thread.goes_on();
    }
    let value = answer?.unwrap_or(Value::Nil);
    if let (Op::Outside(_), Value::Sync(connection)) = (&op, &value) {
        context.world.register(connection);
    }
    Ok(value.into())
}
