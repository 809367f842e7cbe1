//! Connections and servers of a simulated run. All processes are in one memory, so what two sides share is an object to
//! which both lead; a server and those who connect find each other through one, too, which the world keeps by its place.
//!
//! As the system's do, a connection keeps so many bytes on the way for certain, and perhaps more: whoever writes beyond
//! that is stopped there or not, and a check tries both. What is written at once arrives at once. Who writes to somebody
//! who has gone may learn it with the next text only (TCP); one who goes with something unread takes the connection
//! down, and the other side's next read is an error instead of the end.
//!
//! Which sides can still be used is not told by their being dropped, but asked after each step (`world::sim`).

use super::system::{Accepted, Dialling, Flow, Listener, Ready};
use crate::state::{Reader, Writer};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// How many bytes there is room for on the way, whatever the system.
pub const ROOM: usize = 65_536;
/// So many may wait to be accepted at a path or name; a port keeps others waiting outside, as if they had come later.
const MOST_WAITING: usize = 128;
/// Of a connection, the side that connected, and the one that accepts.
const CALLER: usize = 0;
const CALLED: usize = 1;

/// What several things outside have in common.
#[derive(Debug)]
pub enum Wire {
    Connection(Connection),
    Port(Port),
}

/// What the two sides of a connection share.
#[derive(Debug)]
pub struct Connection {
    /// The number of the thing that it will be for those who accept it.
    id: u32,
    /// It does not leave this host: a path or a name.
    local: bool,
    halves: Mutex<[Half; 2]>,
}

/// What belongs to one side.
#[derive(Debug)]
struct Half {
    /// What has come and was not read.
    inbox: Vec<u8>,
    open: bool,
    /// The other side went with something unread: the next read fails, once.
    reset: bool,
    /// It has written something since the other side closed: the system knows it by now.
    told: bool,
}

/// What a server and those who connect to it share.
#[derive(Debug)]
pub struct Port {
    content: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    closed: bool,
    /// Connections that nobody has accepted, each with who made it.
    callers: VecDeque<(Arc<Wire>, String)>,
}

/// One side of a connection.
#[derive(Debug)]
pub struct Side {
    wire: Arc<Wire>,
    number: usize,
    ready: Arc<Ready>,
}

/// A server's listener.
#[derive(Debug)]
pub struct Door {
    wire: Arc<Wire>,
    ready: Arc<Ready>,
}

/// A connection that is there at once, or never.
#[derive(Debug)]
pub struct Answer(Option<io::Result<Arc<dyn Flow>>>);

impl Half {
    fn new() -> Half {
        Half { inbox: Vec::new(), open: true, reset: false, told: false }
    }
}

impl Wire {
    pub fn port() -> Wire {
        Wire::Port(Port { content: Mutex::default() })
    }

    /// Somebody connects here: the connection; `local` if it does not leave this host.
    pub fn connect(&self, id: u32, local: bool, caller: String) -> Answer {
        let Wire::Port(port) = self else { return Answer::nobody(local) };
        let mut content = port.content.lock();
        if local && content.callers.len() >= MOST_WAITING {
            let why = "too many wait to be accepted there";
            return Answer(Some(Err(io::Error::new(io::ErrorKind::ResourceBusy, why))));
        }
        let connection = Connection { id, local, halves: Mutex::new([Half::new(), Half::new()]) };
        let wire = Arc::new(Wire::Connection(connection));
        content.callers.push_back((wire.clone(), caller));
        Answer(Some(Ok(Arc::new(Side::new(wire, CALLER)))))
    }

    pub fn is_port(&self) -> bool {
        matches!(self, Wire::Port(_))
    }

    /// Whether nobody can connect here any more.
    pub fn is_closed_port(&self) -> bool {
        matches!(self, Wire::Port(port) if port.content.lock().closed)
    }

    /// How many of its sides are open without being among these.
    pub fn unused(self: &Arc<Wire>, used: &[Held]) -> u32 {
        match &**self {
            Wire::Port(port) => u32::from(!port.content.lock().closed && !held(used, self, CALLED)),
            Wire::Connection(connection) => {
                let halves = connection.halves.lock();
                [CALLER, CALLED]
                    .map(|side| u32::from(halves[side].open && !held(used, self, side)))
                    .iter()
                    .sum()
            }
        }
    }

    /// Closes the sides that are not among these.
    pub fn close_but(self: &Arc<Wire>, used: &[Held]) {
        match &**self {
            Wire::Port(port) if !held(used, self, CALLED) => port.close(),
            Wire::Port(_) => {}
            Wire::Connection(connection) => {
                for side in [CALLER, CALLED].into_iter().filter(|side| !held(used, self, *side)) {
                    connection.end(side);
                }
            }
        }
    }

    /// The sides that are kept by it until somebody accepts them.
    pub fn keeps(&self, each: &mut dyn FnMut(Held)) {
        if let Wire::Port(port) = self {
            port.content.lock().callers.iter().for_each(|(wire, _)| each((Arc::as_ptr(wire), CALLED)));
        }
    }
}

/// A side that somebody can use: of which wire, and its number.
pub type Held = (*const Wire, usize);

fn held(used: &[Held], wire: &Arc<Wire>, side: usize) -> bool {
    used.contains(&(Arc::as_ptr(wire), side))
}

impl Port {
    /// Those who were never accepted learn that nobody will.
    fn close(&self) {
        let mut content = self.content.lock();
        content.closed = true;
        for (wire, _) in content.callers.drain(..) {
            let Wire::Connection(connection) = &*wire else { continue };
            let mut halves = connection.halves.lock();
            halves[CALLED].open = false;
            halves[CALLER].reset = true;
        }
    }
}

impl Connection {
    /// Nobody has this side any more.
    fn end(&self, side: usize) {
        let mut halves = self.halves.lock();
        if halves[side].open {
            halves[1 - side].reset |= !halves[side].inbox.is_empty();
            halves[side].close();
        }
    }
}

impl Half {
    fn close(&mut self) {
        (self.open, self.inbox) = (false, Vec::new());
    }
}

impl Side {
    fn new(wire: Arc<Wire>, number: usize) -> Side {
        Side { wire, number, ready: Arc::default() }
    }

    pub fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    pub fn held(&self) -> Held {
        (Arc::as_ptr(&self.wire), self.number)
    }

    /// With its own half, and the other one.
    fn with<T>(&self, act: impl FnOnce(&Connection, &mut Half, &mut Half) -> T) -> T {
        let Wire::Connection(connection) = &*self.wire else { unreachable!("a port has no sides") };
        let [first, second] = &mut *connection.halves.lock();
        if self.number == CALLER { act(connection, first, second) } else { act(connection, second, first) }
    }

    /// Whether a read has something: bytes, an error, or the end.
    pub fn is_readable(&self) -> bool {
        self.with(|_, own, other| !own.inbox.is_empty() || own.reset || !other.open)
    }

    /// Whether a write could go on without luck.
    pub fn is_writable(&self) -> bool {
        self.with(|_, _, other| !other.open || other.inbox.len() < ROOM)
    }

    /// Whether it is the system's to say what becomes of a text of so many bytes.
    pub fn is_in_doubt(&self, length: usize) -> bool {
        self.with(|connection, own, other| match other.open {
            true => other.inbox.len() + length > ROOM,
            false => length > 0 && !connection.local && !own.reset && !own.told,
        })
    }

    /// Whether closing it now may be an error for the other side's next read, or its end.
    pub fn may_break(&self) -> bool {
        self.with(|connection, own, other| connection.local && !own.inbox.is_empty() && other.open)
    }

    /// From now on that read is an error.
    pub fn breaks(&self) {
        self.with(|_, _, other| other.reset = true);
    }

    /// Writes as much as there is room for; with `luck` the system takes all of it, also what nobody will read.
    pub fn write(&self, bytes: &[u8], luck: bool) -> io::Result<usize> {
        self.with(|connection, own, other| {
            if !other.open {
                if luck && !connection.local && !own.reset && !std::mem::replace(&mut own.told, true) {
                    return Ok(bytes.len());
                }
                own.reset = false;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let room = if luck { usize::MAX } else { ROOM.saturating_sub(other.inbox.len()) };
            let count = bytes.len().min(room);
            if count == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            other.inbox.extend_from_slice(&bytes[..count]);
            Ok(count)
        })
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.wire(&self.wire);
        w.count(self.number as u64);
    }

    pub fn load(r: &mut Reader<'_>) -> Side {
        Side::new(r.wire(), r.count() as usize)
    }
}

impl Flow for Side {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        self.with(|_, own, other| {
            let count = own.inbox.len().min(into.len());
            if count == 0 {
                return match (std::mem::take(&mut own.reset), other.open) {
                    (true, _) => Err(io::ErrorKind::ConnectionReset.into()),
                    (false, true) => Err(io::ErrorKind::WouldBlock.into()),
                    (false, false) => Ok(0),
                };
            }
            into[..count].copy_from_slice(&own.inbox[..count]);
            own.inbox.drain(..count);
            Ok(count)
        })
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Side::write(self, bytes, false)
    }

    fn close(&self) {
        self.with(|_, own, _| own.close());
    }

    fn readable(&self) -> &Arc<Ready> {
        &self.ready
    }

    fn writable(&self) -> &Arc<Ready> {
        &self.ready
    }

    fn descriptor(&self) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into()) // there are no programs that could have it
    }

    fn simulated(&self) -> Option<&Side> {
        Some(self)
    }
}

impl Door {
    pub fn new(wire: Arc<Wire>) -> Door {
        Door { wire, ready: Arc::default() }
    }

    pub fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    pub fn held(&self) -> Held {
        (Arc::as_ptr(&self.wire), CALLED)
    }

    fn port(&self) -> &Port {
        let Wire::Port(port) = &*self.wire else { unreachable!("a listener is at a port") };
        port
    }

    pub fn has_callers(&self) -> bool {
        !self.port().content.lock().callers.is_empty()
    }
}

impl Listener for Door {
    fn accept(&self) -> io::Result<Accepted> {
        let caller = self.port().content.lock().callers.pop_front();
        let (wire, peer) = caller.ok_or(io::ErrorKind::WouldBlock)?;
        let Wire::Connection(Connection { id, .. }) = &*wire else {
            unreachable!("callers make connections")
        };
        let id = *id;
        Ok(Accepted { flow: Arc::new(Side::new(wire, CALLED)), peer, id })
    }

    fn ready(&self) -> &Arc<Ready> {
        &self.ready
    }

    fn close(&self) {
        self.port().close();
    }

    fn simulated(&self) -> Option<&Door> {
        Some(self)
    }
}

impl Answer {
    /// Nobody listens there.
    pub fn nobody(is_path: bool) -> Answer {
        let kind = if is_path { io::ErrorKind::NotFound } else { io::ErrorKind::ConnectionRefused };
        Answer(Some(Err(kind.into())))
    }
}

impl Dialling for Answer {
    fn poll(&mut self) -> Option<io::Result<Arc<dyn Flow>>> {
        self.0.take()
    }
}

impl Wire {
    /// What never changes of it, then its content.
    pub fn save(&self, w: &mut Writer<'_>) {
        match self {
            Wire::Port(port) => {
                w.flag(true);
                let content = port.content.lock();
                w.flag(content.closed);
                w.count(content.callers.len() as u64);
                for (wire, caller) in &content.callers {
                    w.wire(wire);
                    w.text(caller);
                }
            }
            Wire::Connection(connection) => {
                w.flag(false);
                w.flag(connection.local);
                for half in &*connection.halves.lock() {
                    w.all(&half.inbox);
                    w.flag(half.open);
                    w.flag(half.reset);
                    w.flag(half.told);
                }
            }
        }
    }

    pub fn load(id: u32, r: &mut Reader<'_>) -> Wire {
        match r.flag() {
            true => Wire::port(),
            false => {
                let halves = Mutex::new([Half::new(), Half::new()]);
                Wire::Connection(Connection { id, local: r.flag(), halves })
            }
        }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        match self {
            Wire::Port(port) => {
                let mut content = Waiting { closed: r.flag(), callers: VecDeque::new() };
                for _ in 0..r.count() {
                    let wire = r.wire();
                    content.callers.push_back((wire, r.text().to_string()));
                }
                *port.content.lock() = content;
            }
            Wire::Connection(connection) => {
                for half in &mut *connection.halves.lock() {
                    let inbox = r.all();
                    *half = Half { inbox, open: r.flag(), reset: r.flag(), told: r.flag() };
                }
            }
        }
    }
}
