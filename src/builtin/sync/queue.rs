//! `queue`.

use super::{NAME, argument, begin, constant, deadline, int, is_given, native, property, receiver, sync_in};
use crate::builtin::{Context, Outcome, Property, Row, Wait};
use crate::sync::queue::{Got, Order, Put, Queue};
use crate::sync::{Kind, Op, Sync};
use crate::value::{
    Value,
    error::{self, Error},
    nature::copied,
};

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![native(
        "queue",
        &["capacity?", "order:"],
        make,
        "Makes a queue, without limit unless told; order \"fifo\", \"lifo\" or \"priority\".",
    )]
}

pub static METHODS: [Row; 7] = [
    native("put", &["value", "timeout?"], put, "Puts a value, when there is room."),
    native("get", &["timeout?"], get, "Takes a value, when there is one."),
    native("try_put", &["value"], try_put, "Puts a value if there is room now; whether it did."),
    native("try_get", &["default?"], try_get, "Takes a value if there is one now; else the default, or nil."),
    native("task_done", &[], task_done, "Reports that one value taken has been dealt with."),
    native(
        "join",
        &["timeout?"],
        join,
        "Waits until everything put was reported done; false after the timeout.",
    ),
    native(
        "close",
        &["drop:"],
        close,
        "No more puts; what it holds can be taken, or is dropped with `drop: true`.",
    ),
];

pub static PROPERTIES: [Property; 5] = [
    NAME,
    property("size", size, "How many values it holds."),
    constant("capacity", capacity, "How many it can hold, or nil."),
    property("closed", closed, "Whether nothing can be put any more."),
    property("unfinished", unfinished, "How many were put and not reported done."),
];

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let capacity = argument(arguments, 0);
    let capacity =
        if is_given(capacity) { Some(Queue::with_capacity(int(capacity, "capacity")?)?) } else { None };
    let order = order(argument(arguments, 1))?;
    Ok(Value::Sync(context.make(Kind::Queue(Queue::new(capacity, order)))).into())
}

fn order(value: &Value) -> Result<Order, Error> {
    if !is_given(value) {
        return Ok(Order::Fifo);
    }
    match value.as_text() {
        Some("fifo") => Ok(Order::Fifo),
        Some("lifo") => Ok(Order::Lifo),
        Some("priority") => Ok(Order::Priority),
        _ => {
            let given =
                value.as_text().map_or_else(|| value.kind().word().into(), |text| format!("\"{text}\""));
            Err(Error::new(error::Kind::Value, format!("a queue has no order {given}"))
                .hint("order: \"fifo\", \"lifo\" or \"priority\""))
        }
    }
}

/// What is put for a value: into a queue that is shared between processes, a copy.
pub(super) fn outgoing(queue: &Sync, value: &Value) -> Result<Value, Error> {
    if queue.is_shared() { copied(value) } else { Ok(value.clone()) }
}

fn put(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let deadline = deadline(context, argument(arguments, 2))?;
    match Queue::of(sync)?.put(sync, outgoing(sync, argument(arguments, 1))?)? {
        Put::Done => Ok(Value::Bool(true).into()),
        Put::Full(value) => Ok(Outcome::Wait(Wait { op: Op::put(sync.clone(), value), deadline })),
    }
}

fn get(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let deadline = deadline(context, argument(arguments, 1))?;
    match Queue::of(sync)?.get(sync)? {
        Got::Value(value) => Ok(value.into()),
        Got::Empty => Ok(Outcome::Wait(Wait { op: Op::Get(sync.clone()), deadline })),
        Got::End => Err(crate::sync::queue::closed(sync, "get")),
    }
}

fn try_put(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let put = Queue::of(sync)?.put(sync, outgoing(sync, argument(arguments, 1))?)?;
    let done = matches!(put, Put::Done);
    if !done {
        sync.looked_at();
    }
    Ok(Value::Bool(done).into())
}

fn try_get(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    match Queue::of(sync)?.get(sync)? {
        Got::Value(value) => Ok(value.into()),
        Got::Empty | Got::End => {
            sync.looked_at();
            let default = argument(arguments, 1);
            Ok(if is_given(default) { default.clone() } else { Value::Nil }.into())
        }
    }
}

fn task_done(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    Queue::of(sync)?.task_done(sync)?;
    Ok(Value::Nil.into())
}

fn join(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Finished(receiver(arguments)?.clone()), deadline)
}

fn close(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let mut order = sync.order();
    let drops = argument(arguments, 1).truthy();
    Queue::of(sync)?.close(drops);
    order.closed(drops);
    Ok(Value::Nil.into())
}

fn size(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(Queue::of(sync_in(value)?)?.size() as i64).into())
}

fn capacity(_: &mut Context<'_>, value: &Value) -> Done {
    let capacity = Queue::of(sync_in(value)?)?.capacity;
    Ok(capacity.map_or(Value::Nil, |n| Value::Int(n as i64)).into())
}

fn closed(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Queue::of(sync_in(value)?)?.closed()).into())
}

fn unfinished(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(Queue::of(sync_in(value)?)?.unfinished() as i64).into())
}
