//! The run and the machine around it: time, environment, the end of the program.

use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::{Value, text};
use crate::world::Stream;

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "now",
        parameters: &[],
        body: Body::Native(now),
        doc: "The time since the run began, a duration; virtual in a check.",
    },
    Row {
        name: "clock",
        parameters: &[],
        body: Body::Native(clock),
        doc: "The wall clock's time as text: 14:03:59.250.",
    },
    Row {
        name: "env",
        parameters: &["name", "default?"],
        body: Body::Native(env),
        doc: "A variable of the environment; the default (nil) if it is not set.",
    },
    Row {
        name: "cpu_count",
        parameters: &[],
        body: Body::Native(cpu_count),
        doc: "How many threads this computer can run at once.",
    },
    Row {
        name: "__host",
        parameters: &["*arguments"],
        body: Body::Native(host),
        doc: "A function of the program around the script; bound to its name.",
    },
    Row {
        name: "exit",
        parameters: &["status?"],
        body: Body::Native(exit),
        doc: "Ends the program with this status (0), after the thread's finally blocks; a text is written to standard error, status 1.",
    },
];

fn now(ctx: &mut Context, _: &[Value]) -> Result<Outcome, Error> {
    ctx.world.looks_outside();
    Ok(Value::Duration(ctx.world.now()).into())
}

fn clock(ctx: &mut Context, _: &[Value]) -> Result<Outcome, Error> {
    ctx.world.looks_outside();
    Ok(text::from_string(ctx.world.clock()).into())
}

fn env(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let name = arg::text(&args[0], "env(name, default)", "name")?;
    Ok(match ctx.world.variable(name) {
        Some(value) => text::from_string(value),
        None => arg::given(&args[1]).cloned().unwrap_or(Value::Nil),
    }
    .into())
}

fn cpu_count(ctx: &mut Context, _: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Int(ctx.world.cpu_count() as i64).into())
}

fn host(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let (name, arguments) = args.split_first().unwrap_or((&Value::Nil, &[]));
    Ok(ctx.world.host(name.as_text().unwrap_or_default(), arguments)?.into())
}

fn exit(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let Some(status) = arg::some(&args[0]) else {
        return Ok(Outcome::Exit(0));
    };
    if let Some(text) = status.as_text() {
        ctx.world.write(Stream::Err, &format!("{text}\n"))?;
        return Ok(Outcome::Exit(1));
    }
    let Value::Int(n) = status else {
        return Err(arg::wrong(status, "exit(status)", "status", "an int or a str"));
    };
    match u8::try_from(*n) {
        Ok(status) => Ok(Outcome::Exit(i32::from(status))),
        Err(_) => Err(Error::new(Kind::Value, format!("exit({n}): a status is 0 to 255"))
            .hint("0 says that all went well, and a small number what did not: `exit(1)`")),
    }
}
