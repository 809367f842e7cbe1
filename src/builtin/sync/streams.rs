//! `listen`, `connect`, and streams: connections, and the standard streams of other programs.

use super::{argument, begin, constant, deadline, int, is_given, native, property, receiver, sync_in, wrong};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::outside::server::{Dial, Server};
use crate::sync::outside::stream::{Read, Stream, What, Write, frame};
use crate::sync::outside::system::{Address, Local};
use crate::sync::outside::{Ready, Thing, Wait, Way};
use crate::sync::{Kind, Op, Sync};
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::Arc;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native(
            "listen",
            &["port", "host:"],
            listen,
            "Begins to listen at a port (0: a free one) of this host's loopback, or of the host's address given; or, given a text, at a path or name of this host alone.",
        ),
        native(
            "connect",
            &["port", "host:", "timeout:"],
            connect,
            "A connection to a port of this host, or of another; or to a path or name at which somebody listens.",
        ),
    ]
}

pub static METHODS: [Row; 6] = [
    native("write", &["text"], write, "Writes a text, and waits until there is room for all of it."),
    native(
        "read",
        &["count?", "timeout:"],
        read,
        "Reads what is there, at most so many characters (\"\" at the end); without a count all to the end.",
    ),
    native("read_line", &["timeout?"], read_line, "The next line without its newline; nil at the end."),
    native("send", &["value"], send, "Sends a whole value: plain data."),
    native("recv", &["timeout?"], recv, "The next whole value that was sent."),
    native("close", &[], close, "Closes the stream; closing twice is fine."),
];

pub static PROPERTIES: [Property; 2] =
    [super::NAME, property("closed", closed, "Whether it was closed here.")];

pub static SERVER_METHODS: [Row; 2] = [
    native("accept", &["timeout?"], accept, "Waits until somebody connects: the connection."),
    native("close", &[], close_server, "Ends listening; closing twice is fine."),
];

pub static SERVER_PROPERTIES: [Property; 4] = [
    super::NAME,
    constant("port", port, "The port at which others can connect; nil for a path or name."),
    constant("path", path, "The path or name at which others of this host can connect; nil for a port."),
    property("closed", server_closed, "Whether it was closed."),
];

fn address(arguments: &[Value], least: i64) -> Result<Address, Error> {
    if let Some(text) = argument(arguments, 0).as_text() {
        return local(text, argument(arguments, 1));
    }
    let port = int(argument(arguments, 0), "port")?;
    let port = u16::try_from(port).ok().filter(|port| i64::from(*port) >= least).ok_or_else(|| {
        Error::new(error::Kind::Value, format!("there is no port {port}: they go from {least} to 65535"))
    })?;
    let host = argument(arguments, 1);
    let host = match is_given(host) {
        true => host.as_text().ok_or_else(|| wrong("a str", "host", host))?,
        false => "127.0.0.1",
    };
    Ok(Address { host: host.to_string(), port, local: None })
}

/// A path has a `/` in it, a name has none.
fn local(text: &str, host: &Value) -> Result<Address, Error> {
    let refused = |why: &str| Error::new(error::Kind::Value, why);
    if is_given(host) {
        return Err(refused("a path or name is one of this host: no other `host:` can be given")
            .hint("another host is reached by its port: connect(8080, host: \"example.org\")"));
    }
    if text.is_empty() || text.contains('\0') {
        return Err(refused("the name of a socket cannot be empty, nor hold a zero"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused(&format!("\"{text}\" is a text: a port is a number"))
            .hint(format!("write {text} for the port, int(…) for one that was read")));
    }
    let local = if text.contains('/') { Local::Path } else { Local::Name };
    Ok(Address { local: Some(local(text.to_string())), ..Address::default() })
}

fn listen(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let at = address(arguments, 0)?;
    let (listener, port) = context.world.outside(Way::Server)?.listen(&at)?;
    let thing = Thing::Server(Server::new(listener, port, at.local));
    Ok(Value::Sync(context.make(Kind::Outside(Box::new(thing)))).into())
}

fn connect(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let address = address(arguments, 1)?;
    let deadline = deadline(context, argument(arguments, 2))?;
    let ready = Arc::new(Ready::default());
    let (id, line) = (context.world.next_id(), context.line);
    let way = if address.is_loopback() { Way::Connection } else { Way::Host(&address.host) };
    let dialling = context.world.outside(way)?.connect(&address, &ready)?;
    let to = address.to_string();
    begin(context, outside(Wait::Dial(Dial { to, ready, dialling, id, line })), deadline)
}

fn outside(wait: Wait) -> Op {
    Op::Outside(Box::new(wait))
}

fn accept(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, outside(Wait::Accept(receiver(arguments)?.clone())), deadline)
}

fn port(_: &mut Context<'_>, value: &Value) -> Done {
    let server = Server::of(sync_in(value)?)?;
    Ok(if server.local.is_some() { Value::Nil } else { Value::Int(server.port.into()) }.into())
}

fn path(_: &mut Context<'_>, value: &Value) -> Done {
    let local = &Server::of(sync_in(value)?)?.local;
    Ok(local.as_ref().map_or(Value::Nil, |local| Value::text(local.text())).into())
}

fn server_closed(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Server::of(sync_in(value)?)?.is_closed()).into())
}

fn close_server(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    Server::of(receiver(arguments)?)?.close();
    Ok(Value::Nil.into())
}

fn write(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let text = argument(arguments, 1);
    let Some(bytes) = text.as_text() else {
        return Err(wrong("a str", "text", text).hint("write(str(x)) writes what print(x) shows"));
    };
    writing(context, sync, bytes.as_bytes().to_vec())
}

fn send(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    Stream::of(sync)?.may(sync, true)?;
    let bytes = frame(argument(arguments, 1), &sync.label())?;
    writing(context, sync, bytes)
}

/// Writes bytes. What is the system's to say, how much it takes, a check tries.
fn writing(context: &mut Context<'_>, sync: &Arc<Sync>, bytes: Vec<u8>) -> Done {
    Stream::of(sync)?.may(sync, true)?;
    let write = Write::new(sync.clone(), bytes);
    let lucky = write.is_in_doubt() && context.world.pick(2) == 1;
    let write = if lucky { write.with_luck() } else { write };
    begin(context, outside(Wait::Write(write)), None)
}

fn recv(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, reading(receiver(arguments)?, What::Value)?, deadline)
}

fn read(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let what = match argument(arguments, 1) {
        count if !is_given(count) => What::Rest,
        count => {
            let count = int(count, "count")?;
            let wrong = || Error::new(error::Kind::Value, format!("read({count}): at least 1 character"));
            What::Some(usize::try_from(count).ok().filter(|count| *count > 0).ok_or_else(wrong)?)
        }
    };
    let deadline = deadline(context, argument(arguments, 2))?;
    begin(context, reading(receiver(arguments)?, what)?, deadline)
}

fn read_line(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, reading(receiver(arguments)?, What::Line)?, deadline)
}

fn reading(sync: &Arc<Sync>, what: What) -> Result<Op, Error> {
    Stream::of(sync)?.may(sync, false)?;
    Ok(outside(Wait::Read(Read::new(sync.clone(), what))))
}

/// What `for line in c` waits for.
pub fn next_line(sync: &Arc<Sync>) -> Result<Op, Error> {
    reading(sync, What::Next)
}

fn close(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let stream = Stream::of(receiver(arguments)?)?;
    match stream.may_break() && context.world.pick(2) == 1 {
        true => stream.break_off(),
        false => stream.close(),
    }
    Ok(Value::Nil.into())
}

fn closed(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Stream::of(sync_in(value)?)?.is_closed()).into())
}

/// The arm of a `select` on something outside; None for what no arm can wait for.
pub fn arm(sync: &Arc<Sync>, thing: &Thing, method: &str) -> Option<Op> {
    match (thing, method) {
        (Thing::Stream(_), "read_line") => reading(sync, What::Line).ok(),
        (Thing::Stream(_), "recv") => reading(sync, What::Value).ok(),
        (Thing::Server(_), "accept") => Some(outside(Wait::Accept(sync.clone()))),
        (Thing::Command(command), "wait") if command.running().is_some() => {
            Some(outside(Wait::Ended(sync.clone())))
        }
        (Thing::Stream(_) | Thing::Server(_) | Thing::Command(_), _) => None,
    }
}
