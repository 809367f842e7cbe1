//! Servers and connections of the system: TCP, never blocking.
//!
//! Only the names of other hosts are looked up by a thread that may wait for long; it is left to itself when nobody
//! waits for it any more.

use super::outside::{Descriptor, Doors};
use super::poller::{Poller, Source};
use super::sides::{Meeting, Sides, Stand, now};
use crate::sync::outside::system::{Accepted, Address, Dialling, Flow, Listener, Ready};
use parking_lot::Mutex;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Gives numbers to new things to wait for.
pub(super) type Ids = Box<dyn Fn() -> u32 + Send + Sync>;

struct Server {
    /// Before the descriptor, which it watches.
    source: Source,
    listener: TcpListener,
    poller: Arc<Poller>,
    next_id: Ids,
    stand: Stand,
}

pub(super) fn listen(
    doors: &Doors,
    poller: Arc<Poller>,
    at: &Address,
    next_id: Ids,
) -> io::Result<(Arc<dyn Listener>, u16)> {
    let open = || -> io::Result<(Server, u16)> {
        let listener = TcpListener::bind((at.host.as_str(), at.port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let source = poller.watch(&listener, None)?;
        let stand = Stand::new(doors.sides.clone());
        Ok((Server { source, listener, poller: poller.clone(), next_id, stand }, port))
    };
    let (server, port) = open()?;
    Ok((Arc::new(server), port))
}

impl Listener for Server {
    fn accept(&self) -> io::Result<Accepted> {
        let (stream, peer) = self.listener.accept()?;
        let meeting = Meeting { sides: self.stand.sides.clone(), begun: None, tcp: true };
        let flow = connected(&self.poller, stream.into(), meeting, None)?;
        Ok(Accepted { flow, peer: peer.to_string(), id: (self.next_id)() })
    }

    fn ready(&self) -> &Arc<Ready> {
        &self.source.readable
    }

    fn known_as(&self, id: u32) {
        self.stand.known_as(&self.listener, id);
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.listener.fmt(f)
    }
}

/// What is said goes out at once, however small it is: mostly somebody waits for it.
fn connected(
    poller: &Arc<Poller>,
    socket: OwnedFd,
    meeting: Meeting,
    before: Option<Box<dyn Fn() + Send + Sync>>,
) -> io::Result<Arc<Descriptor>> {
    sockopt::set_tcp_nodelay(&socket, true)?;
    Descriptor::new(poller, socket, Some(meeting), before)
}

/// The addresses of a name, once they are known.
type Found = Option<io::Result<Vec<SocketAddr>>>;

/// A connection in the making: its addresses are found out, then tried one after the other.
struct Dial {
    poller: Arc<Poller>,
    sides: Arc<Sides>,
    ready: Arc<Ready>,
    /// What the thread that looks the name up has found.
    found: Option<Arc<Mutex<Found>>>,
    ahead: VecDeque<SocketAddr>,
    trying: Option<Arc<Descriptor>>,
    last: Option<io::Error>,
}

pub(super) fn connect(
    poller: Arc<Poller>,
    sides: &Arc<Sides>,
    to: &Address,
    ready: Arc<Ready>,
) -> Box<dyn Dialling> {
    let address = match to.host.as_str() {
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        other => other.parse(),
    };
    let (sides, ahead) = (sides.clone(), VecDeque::new());
    let mut dial = Dial { poller, sides, ready, found: None, ahead, trying: None, last: None };
    match address {
        Ok(ip) => dial.ahead.push_back(SocketAddr::new(ip, to.port)),
        Err(_) => dial.look_up(to.clone()),
    }
    Box::new(dial)
}

impl Dial {
    fn look_up(&mut self, to: Address) {
        let found = Arc::new(Mutex::new(None));
        let (answer, ready) = (found.clone(), self.ready.clone());
        let asked = std::thread::Builder::new().name("resolver".into()).spawn(move || {
            let addresses = (to.host.as_str(), to.port).to_socket_addrs().map(Iterator::collect);
            *answer.lock() = Some(addresses);
            ready.set();
        });
        if let Err(error) = asked {
            *found.lock() = Some(Err(error));
        }
        self.found = Some(found);
    }

    /// Begins to connect to the next address.
    fn try_next(&mut self) -> Option<io::Result<()>> {
        let address = self.ahead.pop_front()?;
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let begin = || -> io::Result<Arc<Descriptor>> {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
            let meeting = Meeting { sides: self.sides.clone(), begun: Some(now()), tcp: true };
            match rustix::net::connect(&socket, &address) {
                Ok(()) | Err(Errno::INPROGRESS) => {}
                Err(error) => return Err(error.into()),
            }
            let ready = self.ready.clone();
            connected(&self.poller, socket, meeting, Some(Box::new(move || ready.set())))
        };
        Some(begin().map(|socket| self.trying = Some(socket)))
    }
}

impl Dialling for Dial {
    fn poll(&mut self) -> Option<io::Result<Arc<dyn Flow>>> {
        if let Some(found) = &self.found {
            match found.lock().take()? {
                Ok(addresses) => self.ahead.extend(addresses),
                Err(error) => return Some(Err(error)),
            }
            self.found = None;
        }
        loop {
            if let Some(socket) = &self.trying {
                let failed = match sockopt::socket_error(socket.file()) {
                    Ok(Ok(())) => match rustix::net::getpeername(socket.file()) {
                        Ok(_) => return self.trying.take().map(|socket| Ok(socket as Arc<dyn Flow>)),
                        Err(Errno::NOTCONN) => return None,
                        Err(error) => error,
                    },
                    Ok(Err(error)) | Err(error) => error,
                };
                self.last = Some(failed.into());
                self.trying = None;
            }
            match self.try_next() {
                Some(Ok(())) => {}
                Some(Err(error)) => self.last = Some(error),
                None => {
                    let none = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                    return Some(Err(self.last.take().unwrap_or_else(none)));
                }
            }
        }
    }
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dial({:?}, {:?})", self.ahead, self.trying)
    }
}
