//! `listen` and `connect`: where others connect, and connections.

use super::stream::{self, Direction, Stream};
use super::system::{Accepted, Dialling, Listener, Local, Ready};
use super::{Thing, kind_of};
use crate::sync::Sync;
use crate::value::{
    Value,
    error::{self, Error},
};
use parking_lot::Mutex;
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
        drop(self.listener.lock().take());
        self.ready.set();
    }

    pub fn is_closed(&self) -> bool {
        self.listener.lock().is_none()
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
                let what = format!("the connection from {peer}");
                let stream = Stream::new(flow, Direction::Both, what);
                Ok(Some(Value::Sync(stream::make(id, sync.line, stream))))
            }
            Err(error) => Err(Error::new(kind_of(&error), format!("{}.accept(): {error}", sync.label()))),
        }
    }
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
            None => Err(std::io::ErrorKind::WouldBlock.into()),
            Some(outcome) => outcome,
        });
        match outcome {
            Ok(None) => Ok(None),
            Ok(Some(flow)) => {
                let stream = Stream::new(flow, Direction::Both, format!("the connection to {}", self.to));
                Ok(Some(Value::Sync(stream::make(self.id, self.line, stream))))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    #[cold]
    fn failed(&self, error: &std::io::Error) -> Error {
        let kind = kind_of(error);
        let (why, hint) = match error.kind() {
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound => (
                "nobody listens there".to_string(),
                Some("start the server first, and wait until it listens"),
            ),
            _ => (error.to_string(), None),
        };
        let made = Error::new(kind, format!("cannot connect to {}: {why}", self.to));
        if let Some(hint) = hint { made.hint(hint) } else { made }
    }
}
