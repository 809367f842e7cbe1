//! `run` and `command`: other programs.

use super::{argument, begin, deadline, is_given, native, property, receiver, sync_in, wrong};
use crate::builtin::{Context, Outcome, Property, Row, Wait};
use crate::sync::outside::command::{self, Command, Errors, Input, Order, Run};
use crate::sync::outside::signal::Signal;
use crate::sync::outside::{Way, stream::Stream};
use crate::sync::{Op, Sync, outside};
use crate::value::{
    Type, Value,
    error::{self, Error},
    show,
};
use std::sync::Arc;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native(
            "run",
            &["program", "input:", "env:", "dir:", "merge:", "timeout:", "check:", "*arguments"],
            run,
            "Runs another program to its end; a command that tells its status, out and err.",
        ),
        native(
            "command",
            &["program", "input:", "env:", "dir:", "merge:", "*arguments"],
            make,
            "Another program, to be started; its stdin and stdout are streams.",
        ),
    ]
}

pub static METHODS: [Row; 4] = [
    native("wait", &["timeout?"], wait, "Waits until the program has ended; false after the timeout."),
    native("terminate", &[], terminate, "Asks the program to end: sends it TERM."),
    native("kill", &[], kill, "Ends the program at once: sends it KILL."),
    native("send_signal", &["name"], send_signal, "Sends the program a signal, by its name."),
];

pub static PROPERTIES: [Property; 9] = [
    super::NAME,
    property("pid", pid, "The number of its process."),
    property("alive", alive, "Whether it has started and not ended."),
    property("status", status, "How it ended: its exit status, minus the signal that killed it, or nil."),
    property("signal", signal, "The name of the signal that killed it, or nil."),
    property("stdin", stdin, "The stream that is its input."),
    property("stdout", stdout, "The stream that is its output."),
    property("out", out, "What it wrote, after `run`."),
    property("err", err, "What it wrote to standard error, after `run`."),
];

/// Where the parameters of `run` and of `command` stand.
const INPUT: usize = 1;
const ENVIRONMENT: usize = 2;
const DIRECTORY: usize = 3;
const MERGE: usize = 4;
const TIMEOUT: usize = 5;
const CHECK: usize = 6;

fn run(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let mut input = Vec::new();
    let mut order = order(arguments, "run", &arguments[(CHECK + 1).min(arguments.len())..])?;
    order.held = true;
    if order.errors == Errors::Through {
        order.errors = Errors::Kept;
    }
    let source = match argument(arguments, INPUT) {
        given if !is_given(given) => None,
        Value::Sync(sync) => Some(sync.clone()),
        given => {
            input = text(given, "input")?.as_bytes().to_vec();
            order.input = Input::Written;
            None
        }
    };
    let deadline = deadline(context, argument(arguments, TIMEOUT))?;
    let check = flag(argument(arguments, CHECK), "check")?;
    let (id, line) = (context.world.next_id(), context.line);
    let outside = context.world.outside(Way::Program(&order.program))?;
    let made = command::make(id, line, Command::new(order, source));
    let run = Run::begin(made, input, check, outside)?;
    Ok(Outcome::Wait(Wait { op: Op::Outside(Box::new(outside::Wait::Run(run))), deadline }))
}

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let order = order(arguments, "command", &arguments[(MERGE + 1).min(arguments.len())..])?;
    let mut order = Order { input: Input::Written, ..order };
    let source = match argument(arguments, INPUT) {
        given if !is_given(given) => None,
        Value::Sync(sync) => {
            Stream::of(sync)?.may(sync, false)?;
            order.input = Input::Nothing;
            Some(sync.clone())
        }
        other => {
            return Err(wrong("a stream", "input", other).hint(
                "`c.stdin.write(text)` writes to it when it runs; run(…, input: text) gives it a whole text",
            ));
        }
    };
    context.world.outside(Way::Program(&order.program))?;
    let (id, line) = (context.world.next_id(), context.line);
    Ok(Value::Sync(command::make(id, line, Command::new(order, source))).into())
}

fn order(arguments: &[Value], function: &str, rest: &[Value]) -> Result<Order, Error> {
    let program = argument(arguments, 0);
    let Some(program) = program.as_text() else {
        return Err(wrong("a str", "program", program)
            .hint(format!("{function}(\"ls\", \"-l\"): the program's name, then its arguments one by one")));
    };
    let words = rest.iter().enumerate().map(|(index, value)| match value {
        Value::Int(_) | Value::Float(_) => Ok(show::brief(value)),
        other => Ok(text(other, &format!("argument {}", index + 1))?.to_string()),
    });
    let words = words.collect::<Result<Vec<String>, Error>>()?;
    if std::iter::once(program).chain(words.iter().map(String::as_str)).any(|word| word.contains('\0')) {
        let message = "the words of a command cannot hold a character with the number 0";
        return Err(Error::new(error::Kind::Value, message));
    }
    let directory = argument(arguments, DIRECTORY);
    let directory = match is_given(directory) {
        true => Some(text(directory, "dir")?.to_string()),
        false => None,
    };
    let merge = flag(argument(arguments, MERGE), "merge")?;
    Ok(Order {
        program: program.to_string(),
        arguments: words,
        environment: environment(argument(arguments, ENVIRONMENT))?,
        directory,
        input: Input::Nothing,
        errors: if merge { Errors::WithOutput } else { Errors::Through },
        held: false,
    })
}

/// `{"FRUIT": "orange", "HOME": nil}`.
fn environment(given: &Value) -> Result<Vec<(String, Option<String>)>, Error> {
    if !is_given(given) {
        return Ok(Vec::new());
    }
    let Value::Map(map) = given else { return Err(wrong("a map", "env", given)) };
    let entries = map.snapshot();
    let entries = entries.iter().map(|(name, value)| {
        let name = text(name, "a name in env")?;
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("{} cannot be the name of a variable", show::brief_text(name));
            return Err(Error::new(error::Kind::Value, message));
        }
        let value = match value {
            Value::Nil => None,
            value => Some(text(value, name)?.to_string()),
        };
        Ok((name.to_string(), value))
    });
    entries.collect()
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Error> {
    value.as_text().ok_or_else(|| wrong("a str", name, value))
}

fn flag(value: &Value, name: &str) -> Result<bool, Error> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        value if !is_given(value) => Ok(false),
        other => Err(wrong("true or false", name, other)),
    }
}

fn wait(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    Command::of(sync)?.started(sync)?;
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Outside(Box::new(outside::Wait::Ended(sync.clone()))), deadline)
}

fn terminate(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    send(receiver(arguments)?, "TERM")
}

fn kill(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    send(receiver(arguments)?, "KILL")
}

fn send_signal(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    send(receiver(arguments)?, text(argument(arguments, 1), "name")?)
}

fn send(sync: &Sync, name: &str) -> Done {
    Command::of(sync)?.signal(sync, Signal::named(name)?)?;
    Ok(Value::Nil.into())
}

/// The command that has a property.
fn this(value: &Value) -> Result<(&Arc<Sync>, &Command), Error> {
    let sync = sync_in(value)?;
    Ok((sync, Command::of(sync)?))
}

fn pid(_: &mut Context<'_>, value: &Value) -> Done {
    let child = this(value)?.1.child();
    Ok(child.map_or(Value::Nil, |child| Value::Int(child.pid().into())).into())
}

fn alive(context: &mut Context<'_>, value: &Value) -> Done {
    context.world.looks_outside();
    let child = this(value)?.1.child();
    Ok(Value::Bool(child.is_some_and(|child| child.ended().is_none())).into())
}

fn status(context: &mut Context<'_>, value: &Value) -> Done {
    context.world.looks_outside();
    Ok(command::status(this(value)?.1.child().and_then(|child| child.ended())).into())
}

fn signal(context: &mut Context<'_>, value: &Value) -> Done {
    context.world.looks_outside();
    Ok(command::killed_by(this(value)?.1.child().and_then(|child| child.ended())).into())
}

fn stdin(_: &mut Context<'_>, value: &Value) -> Done {
    let (sync, command) = this(value)?;
    command.started(sync)?;
    let stream = command.running().and_then(|running| running.stdin.clone());
    stream.map(|stream| Value::Sync(stream).into()).ok_or_else(|| {
        let message = format!("{} has no stdin here: its input comes from elsewhere", sync.label());
        Error::new(error::Kind::State, message).hint("`start command(…)` without `input:` has one")
    })
}

fn stdout(_: &mut Context<'_>, value: &Value) -> Done {
    let (sync, command) = this(value)?;
    command.started(sync)?;
    let stream = command.running().and_then(|running| running.stdout.clone());
    stream.map(|stream| Value::Sync(stream).into()).ok_or_else(|| {
        Error::new(error::Kind::State, format!("what {} wrote was read by run()", sync.label()))
            .hint("it is in `.out` and `.err`")
    })
}

fn said(value: &Value, which: usize) -> Done {
    let (sync, command) = this(value)?;
    let said = command.said().ok_or_else(|| {
        Error::new(error::Kind::State, format!("what {} writes is not kept", sync.label()))
            .hint("read it from `.stdout`; run(…) keeps it in `.out` and `.err`")
    })?;
    Ok(said[which].clone().into())
}

fn out(_: &mut Context<'_>, value: &Value) -> Done {
    said(value, 0)
}

fn err(_: &mut Context<'_>, value: &Value) -> Done {
    said(value, 1)
}

/// `start c`.
pub fn start(context: &mut Context<'_>, sync: &Sync) -> Result<(), Error> {
    if sync.kind.kind() != Type::Command {
        return Err(sync.is_no("thread or command"));
    }
    let ids = [context.world.next_id(), context.world.next_id()];
    let program = Command::of(sync)?.program.clone();
    Command::start(sync, context.world.outside(Way::Program(&program))?, ids)
}
