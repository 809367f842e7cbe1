//! What a world has to give for things outside the program: descriptors that never block, and that tell when they may
//! be tried again.

use super::command::Order;
use super::simulated;
use crate::race::channels::Here;
use crate::sync::wait::WaitQueue;
use crate::value::error::Error;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether it is worth while to try something, and who waits for that.
///
/// No wake-up is lost: the flag is cleared before the attempt, so what comes after an attempt in vain sets it again.
#[derive(Debug, Default)]
pub struct Ready {
    flag: AtomicBool,
    pub waiters: WaitQueue,
}

impl Ready {
    /// It is worth while from now on. Whoever waits is woken.
    pub fn set(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.waiters.wake_all();
    }

    /// It was tried in vain. Whoever says so sees to it that a `set` follows when it is worth while again.
    pub fn clear(&self) {
        self.flag.store(false, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// Tries it; None when it would have blocked, and then a later `set` tells when to try again.
    pub fn attempt<T>(&self, mut act: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
        self.flag.store(false, Ordering::SeqCst);
        loop {
            match act() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // There may be more, or the same error again; another may have asked while the flag was cleared.
                done => {
                    self.set();
                    return done.map(Some);
                }
            }
        }
    }
}

/// Bytes to or from somebody outside, or both. Nothing here blocks: `WouldBlock` says that it would have.
pub trait Flow: Debug + Send + Sync {
    /// 0 at the end.
    fn read(&self, into: &mut [u8]) -> io::Result<usize>;

    fn write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Nothing more will be written or read: the other side learns it at once.
    fn close(&self);

    /// Set when a `read` may have something.
    fn readable(&self) -> &Arc<Ready>;

    /// Set when a `write` may find room.
    fn writable(&self) -> &Arc<Ready>;

    /// The number of its descriptor, for a program that is to have it as its standard input.
    fn descriptor(&self) -> io::Result<std::os::fd::OwnedFd>;

    /// What it is in a world that writes states.
    fn simulated(&self) -> Option<&simulated::Side> {
        None
    }

    /// It is the thing to wait for of this number.
    fn known_as(&self, _id: u32) {}

    /// Where the other side of a connection is; None if that is not known to be in this process.
    fn far(&self) -> Option<Far> {
        None
    }

    /// Whether a wait here may end though nobody in this process does anything; `sends`: one for room.
    fn may_stir(&self, _sends: bool) -> bool {
        true
    }

    /// What a wait here is like, of a side whose other side may be in another process of this run.
    fn line(&self, _sends: bool) -> Option<Line> {
        None
    }

    /// Which side of which connection it is, if that was asked for.
    fn connection(&self) -> Option<Here> {
        None
    }

    /// The same, found out now: both its sides have to be there.
    fn find_connection(&self) -> Option<Here> {
        None
    }
}

/// Where the other side of a connection is that was in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Far {
    /// The thing to wait for of this number.
    Here(u32),
    /// The server of this number has not accepted it yet.
    Unaccepted(u32),
    /// It was closed, or given to somebody outside.
    Gone,
}

/// The two ends of a connection, by numbers made of their addresses: of the other side the same two, turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ends {
    pub own: u64,
    pub peer: u64,
}

impl Ends {
    pub fn turned(self) -> Ends {
        Ends { own: self.peer, peer: self.own }
    }
}

/// A wait at one side of a connection, as it is told to other processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub ends: Ends,
    /// When this side began to connect, by the clock of the system; None if it was accepted.
    pub begun: Option<u64>,
    /// The process that listened where it has connected, if that is known.
    pub server: Option<i32>,
    /// Bytes that this side has taken.
    pub taken: u64,
    /// It is for room, and there will be none when nothing has come to the other side for so long (nanoseconds).
    pub sends: Option<u64>,
    /// The system does nothing that could end it.
    pub settled: bool,
}

/// A place where others can connect.
pub trait Listener: Debug + Send + Sync {
    fn accept(&self) -> io::Result<Accepted>;

    fn ready(&self) -> &Arc<Ready>;

    /// Nobody accepts here any more.
    fn close(&self) {}

    /// It is the thing to wait for of this number.
    fn known_as(&self, _id: u32) {}

    /// What it is in a world that writes states.
    fn simulated(&self) -> Option<&simulated::Door> {
        None
    }
}

/// Somebody has connected.
#[derive(Debug)]
pub struct Accepted {
    pub flow: Arc<dyn Flow>,
    /// Who: `127.0.0.1:40312`.
    pub peer: String,
    /// A number for the new thing to wait for.
    pub id: u32,
}

/// A connection that is being made.
pub trait Dialling: Debug + Send + Sync {
    /// None while it is not known.
    fn poll(&mut self) -> Option<io::Result<Arc<dyn Flow>>>;
}

/// Another program that runs.
pub trait Child: Debug + Send + Sync {
    fn pid(&self) -> u32;

    /// How it ended; it is no zombie any more then. None while it runs.
    fn ended(&self) -> Option<Ended>;

    /// Set when it has ended.
    fn ready(&self) -> &Arc<Ready>;

    /// Sends the program a signal, or its whole group: all that it has started itself and that stayed with it. Nothing
    /// happens when it has ended.
    fn signal(&self, number: i32, group: bool) -> io::Result<()>;

    /// It need not be held any more (`Order::held`).
    fn let_go(&self);
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Status(i32),
    /// By this signal.
    Killed(i32),
}

/// A program that has just been started, with our ends of its streams.
#[derive(Debug)]
pub struct Spawned {
    pub child: Arc<dyn Child>,
    pub stdin: Option<Arc<dyn Flow>>,
    pub stdout: Arc<dyn Flow>,
    pub stderr: Option<Arc<dyn Flow>>,
}

/// Where a server listens, or to whom a connection goes.
#[derive(Debug, Clone, Default)]
pub struct Address {
    pub host: String,
    pub port: u16,
    /// Of a socket of this host alone; then there is no port.
    pub local: Option<Local>,
}

/// What a socket of this host alone is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// A file, as long as somebody listens there.
    Path(String),
    /// A name that leaves nothing on the disk.
    Name(String),
}

impl Local {
    pub fn text(&self) -> &str {
        match self {
            Local::Path(text) | Local::Name(text) => text,
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.local {
            Some(local) => f.write_str(local.text()),
            None => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl Address {
    /// Whether only this host's own programs are met there.
    pub fn is_loopback(&self) -> bool {
        self.local.is_some()
            || self.host == "localhost"
            || self.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }
}

/// What a script may ask of what is outside; a world refuses what its run does not allow.
pub trait Outside {
    /// Starts a program.
    fn spawn(&mut self, order: Order) -> Result<Spawned, Error>;

    /// Begins to listen; the listener, and the port it has.
    fn listen(&mut self, at: &Address) -> Result<(Arc<dyn Listener>, u16), Error>;

    /// Begins to connect. What is given is set when it is worth while to ask again.
    fn connect(&mut self, to: &Address, ready: &Arc<Ready>) -> Result<Box<dyn Dialling>, Error>;

    /// From now on the signal does this.
    fn on_signal(
        &mut self,
        signal: super::signal::Signal,
        action: super::signal::Action,
    ) -> Result<(), Error>;

    fn send_signal(&mut self, pid: i64, signal: super::signal::Signal) -> Result<(), Error>;
}

/// For what something outside is asked.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// To run this program.
    Program(&'a str),
    Server,
    Connection,
    /// To talk with another host.
    Host(&'a str),
    Signals,
    /// A pipe leads outside as soon as another process has one of its ends.
    Pipe,
    ProcessPool,
}

impl std::fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Way::Program(name) => write!(f, "the program {name}"),
            Way::Server => f.write_str("a server"),
            Way::Connection => f.write_str("a connection"),
            Way::Host(name) => write!(f, "the host {name}"),
            Way::Signals => f.write_str("a signal"),
            Way::Pipe => f.write_str("a pipe"),
            Way::ProcessPool => f.write_str("a process pool"),
        }
    }
}
