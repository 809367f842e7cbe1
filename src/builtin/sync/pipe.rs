//! `pipe` and its ends.

use super::{NAME, argument, begin, deadline, native, property, receiver, sync_in, wrong};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::outside::Way;
use crate::sync::pipe::{End, Pipe, Sending, Wait, What};
use crate::sync::{Kind, Op, Sync};
use crate::value::{Value, error::Error, wire};
use std::sync::Arc;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![native(
        "pipe",
        &["duplex:"],
        make,
        "Makes a pipe; its two ends send values to each other, or with `duplex: false` one to the other.",
    )]
}

pub static PROPERTIES: [Property; 2] = [NAME, property("ends", ends, "Its two ends: `let [a, b] = p.ends`.")];

pub static END_METHODS: [Row; 3] = [
    native("send", &["value"], send, "Sends a copy of a value: plain data. Waits while the pipe is full."),
    native("recv", &["timeout?"], recv, "The next value that the other end has sent."),
    native("close", &[], close, "Closes this end; closing twice is fine."),
];

pub static END_PROPERTIES: [Property; 2] = [NAME, property("closed", closed, "Whether this end was closed.")];

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let duplex = match argument(arguments, 0) {
        Value::Bool(duplex) => *duplex,
        Value::Unset | Value::Nil => true,
        other => return Err(wrong("true or false", "duplex", other)),
    };
    context.world.outside(Way::Pipe)?;
    let ids = [context.world.next_id(), context.world.next_id()];
    let pipe = match context.world.writes_states() {
        true => Pipe::simulated(duplex, ids, context.line),
        false => Pipe::new(duplex, ids, context.line),
    };
    Ok(Value::Sync(context.make(Kind::Pipe(pipe))).into())
}

fn ends(_: &mut Context<'_>, value: &Value) -> Done {
    let sync = sync_in(value)?;
    let ends = Pipe::of(sync)?.ends(sync)?;
    Ok(Value::list(ends.into_iter().map(Value::Sync).collect()).into())
}

fn send(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let end = receiver(arguments)?;
    End::of(end)?.may(end, true)?;
    let bytes = wire::encode(argument(arguments, 1), "through a pipe")?;
    let sending = Sending::default();
    begin(context, Op::Pipe(Wait::Send { end: end.clone(), bytes, put: None, sending }), None)
}

fn recv(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, receiving(receiver(arguments)?, What::Value)?, deadline)
}

/// What `b.recv()` waits for, or the next round of `for x in b`.
pub fn receiving(end: &Arc<Sync>, what: What) -> Result<Op, Error> {
    End::of(end)?.may(end, false)?;
    Ok(Op::Pipe(Wait::Receive { end: end.clone(), what }))
}

fn close(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    End::of(receiver(arguments)?)?.close();
    Ok(Value::Nil.into())
}

fn closed(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(End::of(sync_in(value)?)?.is_closed()).into())
}
