//! The arms of a `select`: operations that are made, to be done later, if at all.

use super::{argument, is_given};
use crate::builtin::Context;
use crate::sync::event;
use crate::sync::pipe::What;
use crate::sync::{Kind, Op, Sync};
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::Arc;

/// The operation that `receiver.method(arguments)` waits for. The arguments are bound as for the method's row.
pub fn make(context: &Context<'_>, receiver: &Value, method: &str, arguments: &[Value]) -> Result<Op, Error> {
    if let Value::Thread(thread) = receiver
        && method == "join"
    {
        no_timeout(method, argument(arguments, 0))?;
        thread.join(context.who())?; // one that cannot be joined is an error whichever arm is done
        return Ok(Op::Join(thread.clone()));
    }
    let Value::Sync(sync) = receiver else { return Err(no_arm(receiver, method)) };
    let timeout = if method == "put" { 1 } else { 0 };
    no_timeout(method, argument(arguments, timeout))?;
    let value = match (&sync.kind, method) {
        (Kind::Queue(_), "put") => super::queue::outgoing(sync, argument(arguments, 0))?,
        _ => Value::Nil, // nothing is put
    };
    of_thing(sync, method, value).ok_or_else(|| no_arm(receiver, method))
}

fn of_thing(sync: &Arc<Sync>, method: &str, value: Value) -> Option<Op> {
    let thing = || sync.clone();
    match &sync.kind {
        Kind::Queue(_) => match method {
            "get" => Some(Op::Get(thing())),
            "put" => Some(Op::put(thing(), value)),
            "join" => Some(Op::Finished(thing())),
            _ => None,
        },
        Kind::Event(_) => (method == "wait").then(|| Op::Event(event::Wait::new(thing()))),
        Kind::Latch(_) => (method == "wait").then(|| Op::Latch(thing())),
        Kind::Future(_) => (method == "wait").then(|| Op::Ended(thing())),
        Kind::Lock(_) | Kind::RLock(_) | Kind::Side(_) | Kind::Semaphore(_) => {
            (method == "acquire").then(|| Op::acquire(thing()))
        }
        // Giving up one of these would not leave it as it was.
        Kind::Condition(_) | Kind::Barrier(_) => None,
        Kind::RwLock(_) | Kind::Atomic(_) | Kind::Pool(_) | Kind::Crew(_) => None,
        Kind::Pipe(_) => None,
        Kind::End(_) => {
            if method == "recv" {
                super::pipe::receiving(sync, What::Value).ok()
            } else {
                None
            }
        }
        Kind::Outside(thing) => super::streams::arm(sync, thing, method),
    }
}

fn no_timeout(method: &str, timeout: &Value) -> Result<(), Error> {
    if !is_given(timeout) {
        return Ok(());
    }
    Err(Error::new(error::Kind::Value, format!("{method}() in a select takes no timeout"))
        .hint("give the select an arm for it: `after 1s => { }`"))
}

#[cold]
fn no_arm(receiver: &Value, method: &str) -> Error {
    let word = receiver.kind().word();
    Error::new(error::Kind::Type, format!("a select cannot wait for {method}() of a {word}"))
        .hint("it waits for get and put of a queue, wait of an event, a latch or a command, acquire, recv, read_line, accept, and `join t`")
}
