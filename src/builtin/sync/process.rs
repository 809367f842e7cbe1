//! Processes, as scripts see them: handles, and which process this is.

use super::{argument, begin, native, property, thread, wrong};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::Op;
use crate::sync::outside::signal::Signal;
use crate::sync::process::{self, Process};
use crate::sync::thread::Thread;
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::Arc;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native("pid", &[], pid, "The number of the process that asks."),
        native("ppid", &[], ppid, "The number of the process that started it."),
        native(
            "fork",
            &[],
            fork,
            "Copies this thread into a new process: the child's handle, and in the child 0.",
        ),
        native(
            "processes",
            &[],
            processes,
            "The processes that this one has started and that have not ended.",
        ),
    ]
}

pub static METHODS: [Row; 5] = [
    native("start", &[], thread::start, "Starts it; the process itself."),
    native("join", &["timeout?"], thread::join, "Waits until it has ended; false after the timeout."),
    native("terminate", &[], terminate, "Asks it to end: sends it the signal TERM."),
    native("kill", &[], kill, "Ends it whatever it does: sends it the signal KILL."),
    native("send_signal", &["name"], send_signal, "Sends it the signal of this name, such as \"USR1\"."),
];

pub static PROPERTIES: [Property; 9] = [
    Property::new("name", thread::name, "Its name.").set_by(thread::set_name),
    property("pid", pid_of, "Its number; nil before it is started."),
    property("ppid", ppid_of, "The number of the process that started it; nil before."),
    Property::new("daemon", thread::daemon, "Whether it is ended when its parent ends.")
        .set_by(thread::set_daemon),
    property("alive", alive, "Whether it has started and not ended."),
    property("state", thread::state, "new, running, finished, or failed (with another exit code than 0)."),
    property(
        "exit_code",
        exit_code,
        "What it gave to `exit`, 1 after an error that nothing caught, minus the number of the signal that killed it; nil while it lives.",
    ),
    property("error", thread::error, "How it failed, or nil."),
    property("waiting_on", thread::waiting_on, "Nil: what a process waits for, only the process knows."),
];

fn pid(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::Int(context.world.pids()?.pid.into()).into())
}

fn ppid(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::Int(context.world.pids()?.parent.into()).into())
}

fn processes(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::list(context.world.processes()?.into_iter().map(Value::Thread).collect()).into())
}

fn fork(context: &mut Context<'_>, _: &[Value]) -> Done {
    begin(context, Op::Fork, None)
}

fn process_in(value: &Value) -> Result<(&Arc<Thread>, &Process), Error> {
    if let Value::Thread(handle) = value
        && let Some(process) = &handle.process
    {
        return Ok((handle, process));
    }
    Err(wrong("a process", "", value))
}

fn terminate(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    send(context, arguments, process::TERMINATE)
}

fn kill(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    send(context, arguments, process::KILL)
}

fn send_signal(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let name = argument(arguments, 1);
    let Some(text) = name.as_text() else {
        return Err(wrong("the name of a signal", "name", name).hint("for instance p.send_signal(\"USR1\")"));
    };
    send(context, arguments, Signal::named(text)?.number)
}

/// To one that has ended it is nothing; to one that was never started, an error.
fn send(context: &mut Context<'_>, arguments: &[Value], signal: i32) -> Done {
    let (handle, process) = process_in(argument(arguments, 0))?;
    if process.born().is_none() {
        let message = format!("no signal can be sent to \"{}\": it was never started", handle.name());
        return Err(Error::new(error::Kind::State, message).hint("start it first: `start p`"));
    }
    context.world.send_signal(handle, signal)?;
    Ok(Value::Nil.into())
}

fn pid_of(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(process_in(value)?.1.born().map_or(Value::Nil, |born| Value::Int(born.pid.into())).into())
}

fn ppid_of(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(process_in(value)?.1.born().map_or(Value::Nil, |born| Value::Int(born.parent.into())).into())
}

fn alive(context: &mut Context<'_>, value: &Value) -> Done {
    let (handle, _) = process_in(value)?;
    Ok(Value::Bool(handle.alive() && context.world.process_lives(handle)).into())
}

fn exit_code(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(process_in(value)?.1.exit_code().map_or(Value::Nil, |code| Value::Int(code.into())).into())
}
