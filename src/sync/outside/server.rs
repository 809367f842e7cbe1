//! `listen` and `connect`: where others connect, and connections.

use super::simulated::Door;
use super::stream::{self, Direction, Stream};
use super::system::{Accepted, Address, Dialling, Listener, Local, Ready};
use super::{Thing, kind_of};
use crate::race::channels;
use crate::state::{Reader, Writer};
use crate::sync::Sync;
use crate::value::{
    Value,
    error::{self, Error},
};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;

#[derive(Debug)]
pub struct Server {
    pub port: u16,
    /// Then there is no port.
    pub local: Option<Local>,
    pub ready: Arc<Ready>,
    /// None once it is closed.
    listener: Mutex<Option<Arc<dyn Listener>>>,
}

impl Server {
    pub fn new(listener: Arc<dyn Listener>, port: u16, local: Option<Local>) -> Server {
        Server { port, local, ready: listener.ready().clone(), listener: Mutex::new(Some(listener)) }
    }

    pub fn of(sync: &Sync) -> Result<&Server, Error> {
        if let Some(Thing::Server(server)) = sync.outside() { Ok(server) } else { Err(sync.is_no("server")) }
    }

    /// Where others connect, for messages.
    pub fn place(&self) -> String {
        match &self.local {
            Some(local) => local.text().to_string(),
            None => format!("port {}", self.port),
        }
    }

    /// Nobody can connect any more; who waits for it gets an error.
    pub fn close(&self) {
        if let Some(listener) = self.listener.lock().take() {
            listener.close();
        }
        self.ready.set();
    }

    /// It is the thing to wait for of this number.
    pub fn known_as(&self, id: u32) {
        self.listener.lock().iter().for_each(|listener| listener.known_as(id));
    }

    pub fn is_closed(&self) -> bool {
        self.listener.lock().is_none()
    }

    /// Whether accepting is of use.
    pub fn accept_ready(&self) -> bool {
        self.is_closed() || self.simulated(Door::has_callers).unwrap_or_else(|| self.ready.is_set())
    }

    pub(super) fn simulated<T>(&self, ask: impl FnOnce(&Door) -> T) -> Option<T> {
        self.listener.lock().as_ref().and_then(|listener| listener.simulated()).map(ask)
    }

    /// A connection, if somebody has made one.
    pub fn accept(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        let Some(listener) = self.listener.lock().clone() else {
            return Err(Error::new(
                error::Kind::Closed,
                format!("{}.accept(): {} is closed", sync.label(), sync.label()),
            )
            .hint("accept before the server is closed"));
        };
        match self.ready.attempt(|| listener.accept()) {
            Ok(None) => Ok(None),
            Ok(Some(Accepted { flow, peer, id })) => {
                channels::has_accepted(&*flow);
                let what = format!("the connection from {peer}");
                let stream = Stream::new(flow, Direction::Both, what);
                Ok(Some(Value::Sync(stream::make(id, sync.line, stream))))
            }
            Err(error) => Err(Error::new(kind_of(&error), format!("{}.accept(): {error}", sync.label()))),
        }
    }
}

impl Server {
    /// Its place, then whether somebody accepts there.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.count(u64::from(self.port));
        w.option(self.local.as_ref(), |w, local| {
            w.flag(matches!(local, Local::Path(_)));
            w.text(local.text());
        });
        let listener = self.listener.lock().clone();
        let door = listener.as_ref().and_then(|listener| listener.simulated());
        w.option(door, |w, door| w.wire(door.wire()));
    }

    pub fn load(r: &mut Reader<'_>) -> Server {
        let port = r.count() as u16;
        let local =
            r.option(|r| if r.flag() { Local::Path(r.text().into()) } else { Local::Name(r.text().into()) });
        Server { port, local, ready: Arc::default(), listener: Mutex::new(None) }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        *self.listener.lock() = r.option(|r| Arc::new(Door::new(r.wire())) as Arc<dyn Listener>);
    }
}

/// The error for a place where nobody can listen.
pub fn cannot_listen(at: &Address, error: &io::Error) -> Error {
    let (place, hint) = match &at.local {
        None => (
            format!("port {}", at.port),
            "another program, or another server of this one, has it; `listen(0)` takes a free one",
        ),
        Some(local) => (local.text().to_string(), "another server listens there, or a file is in its place"),
    };
    let made = Error::new(kind_of(error), format!("cannot listen at {place}: {error}"));
    if error.kind() == io::ErrorKind::AddrInUse { made.hint(hint) } else { made }
}

/// The same where another listens.
pub fn in_use(at: &Address) -> Error {
    cannot_listen(at, &io::Error::from_raw_os_error(libc::EADDRINUSE))
}

/// A connection that is being made, with what it will be.
#[derive(Debug)]
pub struct Dial {
    /// `localhost:8080`.
    pub to: String,
    pub ready: Arc<Ready>,
    pub dialling: Box<dyn Dialling>,
    pub id: u32,
    pub line: u32,
}

impl Dial {
    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        let dialling = &mut self.dialling;
        let outcome = self.ready.attempt(|| match dialling.poll() {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(outcome) => outcome,
        });
        match outcome {
            Ok(None) => Ok(None),
            Ok(Some(flow)) => {
                channels::has_connected(&*flow);
                let stream = Stream::new(flow, Direction::Both, format!("the connection to {}", self.to));
                Ok(Some(Value::Sync(stream::make(self.id, self.line, stream))))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    #[cold]
    fn failed(&self, error: &io::Error) -> Error {
        let kind = kind_of(error);
        let (why, hint) = match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => (
                "nobody listens there".to_string(),
                Some("start the server first, and wait until it listens"),
            ),
            _ => (error.to_string(), None),
        };
        let made = Error::new(kind, format!("cannot connect to {}: {why}", self.to));
        if let Some(hint) = hint { made.hint(hint) } else { made }
    }
}
