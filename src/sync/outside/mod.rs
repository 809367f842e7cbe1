//! Things whose other side is outside the program: streams of bytes, servers, and other programs.
//!
//! What each operation does is written here, as for every thing to wait for, and nothing here blocks or asks the
//! system: a world gives what is needed as the traits of `system`. Of a thread that waits here nobody can say that it
//! waits for ever, since whoever could end its wait is not known; unless it waits at a connection both of whose sides are
//! in this run, as the world knows (`between.rs`).

mod between;
pub mod command;
mod input;
pub mod server;
pub mod signal;
pub mod simulated;
pub mod stream;
pub mod system;

pub use system::{Outside, Ready, Way};

use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::race::channels::{self, Direction, Here};
use crate::state::{Reader, Writer};
use crate::value::{
    Type, Value,
    error::{self, Error},
};
use std::io;
use std::sync::Arc;

/// What such a thing is.
#[derive(Debug)]
pub enum Thing {
    Stream(stream::Stream),
    Server(server::Server),
    Command(command::Command),
}

/// An operation on one, or a wait for a signal.
#[derive(Debug)]
pub enum Wait {
    Read(stream::Read),
    Write(stream::Write),
    /// A connection that is being made.
    Dial(server::Dial),
    Accept(Arc<Sync>),
    /// Until a command has ended: true.
    Ended(Arc<Sync>),
    /// Until a command has ended and all it said has been read: the command.
    Run(command::Run),
    /// Until a signal comes, of the thread that handles it: nil.
    Signal(Arc<signal::Pending>),
}

impl Thing {
    pub fn kind(&self) -> Type {
        match self {
            Thing::Stream(_) => Type::Stream,
            Thing::Server(_) => Type::Server,
            Thing::Command(_) => Type::Command,
        }
    }

    /// What reports call it: `the command sort`.
    pub fn label(&self) -> String {
        match self {
            Thing::Stream(stream) => stream.what.clone(),
            Thing::Server(server) => format!("the server at {}", server.place()),
            Thing::Command(command) => format!("the command {}", command.program),
        }
    }
}

impl Wait {
    /// Does it, or a part of it; what that orders is noted.
    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        match self.connection() {
            Some((here, direction)) => channels::through_a_connection(here, direction, || {
                let done = self.attempt()?;
                let ended = done.as_ref().is_some_and(|came| self.shows_end(came));
                Ok((done, ended))
            }),
            None if matches!(self, Wait::Accept(_)) => channels::through_a_server(|| self.attempt()),
            None => channels::through_the_outside(|| self.attempt()),
        }
    }

    /// The connection whose other side it is about, if that is known (where races are looked for), and what is done there.
    fn connection(&self) -> Option<(Here, Direction)> {
        let (stream, direction) = match self {
            Wait::Read(stream::Read { stream, .. }) => (stream, Direction::Receives),
            Wait::Write(stream::Write { stream, .. }) => (stream, Direction::Sends),
            Wait::Dial(_) | Wait::Accept(_) | Wait::Ended(_) | Wait::Run(_) | Wait::Signal(_) => return None,
        };
        let here = stream::Stream::of(stream).ok().and_then(stream::Stream::connection)?;
        Some((here, direction))
    }

    /// Whether this, which has come, tells that nothing more comes.
    fn shows_end(&self, came: &Value) -> bool {
        if let Wait::Read(read) = self { read.shows_end(came) } else { false }
    }

    fn attempt(&mut self) -> Result<Option<Value>, Error> {
        match self {
            Wait::Read(read) => read.poll(),
            Wait::Write(write) => write.poll(),
            Wait::Dial(dial) => dial.poll(),
            Wait::Accept(sync) => server::Server::of(sync)?.accept(sync),
            Wait::Ended(sync) => {
                let ended = command::Command::of(sync)?.ended(sync)?;
                Ok(ended.map(|_| Value::Bool(true)))
            }
            Wait::Run(run) => run.poll(),
            Wait::Signal(pending) => Ok(pending.take().then_some(Value::Nil)),
        }
    }

    /// Whether `poll` would come a step nearer to it.
    pub fn ready(&self) -> bool {
        match self {
            Wait::Read(read) => read.ready(),
            Wait::Write(write) => write.ready(),
            Wait::Dial(dial) => dial.ready.is_set(),
            Wait::Accept(sync) => server::Server::of(sync).is_ok_and(server::Server::accept_ready),
            Wait::Ended(sync) => command::Command::of(sync).is_ok_and(command::Command::has_ended),
            Wait::Run(run) => run.ready(),
            Wait::Signal(pending) => pending.is_set(),
        }
    }

    pub fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        match self {
            Wait::Read(read) => {
                if let Ok(stream) = read.stream() {
                    each(&stream.readable.waiters);
                }
            }
            Wait::Write(write) => write.queues(each),
            Wait::Dial(dial) => each(&dial.ready.waiters),
            Wait::Accept(sync) => {
                if let Ok(server) = server::Server::of(sync) {
                    each(&server.ready.waiters);
                }
            }
            Wait::Ended(sync) => {
                if let Some(child) = command::Command::of(sync).ok().and_then(command::Command::child) {
                    each(&child.ready().waiters);
                }
            }
            Wait::Run(run) => run.queues(each),
            Wait::Signal(pending) => each(&pending.waiters),
        }
    }

    pub fn timed_out(&mut self) -> Result<Value, Error> {
        match self {
            Wait::Read(read) => Err(read.timed_out()),
            Wait::Write(write) => Err(write.timed_out()),
            Wait::Dial(dial) => Err(super::op::timeout(&format!("connect to {}", dial.to), "no answer")),
            Wait::Accept(sync) => {
                Err(super::op::timeout(&format!("{}.accept()", sync.label()), "nobody has connected"))
            }
            Wait::Ended(_) => Ok(Value::Bool(false)),
            Wait::Run(run) => Err(run.timed_out()),
            Wait::Signal(_) => Ok(Value::Nil),
        }
    }

    /// It is given up for another reason.
    pub fn abandon(&mut self) {
        match self {
            Wait::Write(write) => write.abandon(),
            Wait::Run(run) => run.abandon(),
            Wait::Read(_) | Wait::Dial(_) | Wait::Accept(_) | Wait::Ended(_) | Wait::Signal(_) => {}
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Wait::Read(read) => read.describe(),
            Wait::Write(write) => format!("writes to {}", write.stream.label()),
            Wait::Dial(dial) => format!("connects to {}", dial.to),
            Wait::Accept(sync) => format!("waits in {}.accept()", sync.label()),
            Wait::Ended(sync) => format!("waits for {} to end", sync.label()),
            Wait::Run(run) => format!("waits for {} to end", run.command.label()),
            Wait::Signal(pending) => format!("waits for the signal {}", pending.name),
        }
    }

    /// The thing that is waited for.
    pub fn on(&self) -> Value {
        match self {
            Wait::Read(stream::Read { stream: sync, .. })
            | Wait::Write(stream::Write { stream: sync, .. })
            | Wait::Accept(sync)
            | Wait::Ended(sync)
            | Wait::Run(command::Run { command: sync, .. }) => Value::Sync(sync.clone()),
            Wait::Dial(_) | Wait::Signal(_) => Value::Nil,
        }
    }
}

/// As part of a state: of what there is in a world that writes them.
impl Thing {
    /// What it leads to that others have in common with it, as long as it is open.
    pub fn wire(&self) -> Option<Arc<simulated::Wire>> {
        match self {
            Thing::Stream(stream) => stream.simulated(|side| side.wire().clone()),
            Thing::Server(server) => server.simulated(|door| door.wire().clone()),
            Thing::Command(_) => None,
        }
    }

    /// Which side of that it is.
    pub fn held(&self) -> Option<simulated::Held> {
        match self {
            Thing::Stream(stream) => stream.simulated(simulated::Side::held),
            Thing::Server(server) => server.simulated(simulated::Door::held),
            Thing::Command(_) => None,
        }
    }

    /// The sides that a server of a simulated run has of connections that nobody has accepted yet.
    pub fn keeps(&self, each: &mut dyn FnMut(simulated::Held)) {
        if let Thing::Server(server) = self {
            server.simulated(|door| door.wire().keeps(each));
        }
    }

    /// Nobody here can use it any more. A program goes on.
    pub fn close(&self) {
        match self {
            Thing::Stream(stream) => stream.close(),
            Thing::Server(server) => server.close(),
            Thing::Command(_) => {}
        }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        match self {
            Thing::Stream(stream) => {
                w.flag(true);
                stream.save(w);
            }
            Thing::Server(server) => {
                w.flag(false);
                server.save(w);
            }
            Thing::Command(command) => unreachable!("no state has the program {}", command.program),
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Thing {
        match r.flag() {
            true => Thing::Stream(stream::Stream::load(r)),
            false => Thing::Server(server::Server::load(r)),
        }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        match self {
            Thing::Stream(stream) => stream.fill(r),
            Thing::Server(server) => server.fill(r),
            Thing::Command(_) => {}
        }
    }
}

impl Wait {
    /// Whether a `poll` in vain has changed something.
    pub fn leaves_trace(&self) -> bool {
        match self {
            Wait::Read(read) => read.leaves_trace(),
            Wait::Write(write) => write.leaves_trace(),
            Wait::Dial(_) | Wait::Accept(_) | Wait::Ended(_) | Wait::Run(_) | Wait::Signal(_) => false,
        }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        match self {
            Wait::Signal(pending) => {
                w.byte(0);
                w.int(i64::from(pending.number));
            }
            Wait::Read(read) => {
                w.byte(1);
                read.save(w);
            }
            Wait::Write(write) => {
                w.byte(2);
                write.save(w);
            }
            Wait::Accept(server) => {
                w.byte(3);
                w.sync(server);
            }
            Wait::Dial(_) | Wait::Ended(_) | Wait::Run(_) => {
                unreachable!("nobody waits like that in a world that writes states: {self:?}")
            }
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Wait {
        match r.byte() {
            0 => {
                let signal = signal::Signal::of(r.int() as i32);
                let signal = signal.unwrap_or_else(|| unreachable!("its number was written"));
                Wait::Signal(Arc::new(signal::Pending::new(signal)))
            }
            1 => Wait::Read(stream::Read::load(r)),
            2 => Wait::Write(stream::Write::load(r)),
            3 => Wait::Accept(r.sync()),
            tag => unreachable!("no wait for something outside has the tag {tag}"),
        }
    }
}

/// The kind of error for what the system says, where it has one.
fn kind_of(error: &io::Error) -> error::Kind {
    use io::ErrorKind as E;
    match error.kind() {
        E::NotFound | E::HostUnreachable | E::NetworkUnreachable => error::Kind::NotFound,
        E::PermissionDenied | E::ConnectionRefused => error::Kind::Refused,
        E::BrokenPipe | E::ConnectionReset | E::ConnectionAborted | E::NotConnected => error::Kind::Closed,
        E::TimedOut => error::Kind::Timeout,
        E::AddrInUse => error::Kind::State,
        E::OutOfMemory => error::Kind::Memory,
        _ => error::Kind::Error,
    }
}

impl Sync {
    /// What it is, of the things here.
    pub fn outside(&self) -> Option<&Thing> {
        if let Kind::Outside(thing) = &self.kind { Some(thing) } else { None }
    }
}
