//! Sockets of this host alone, at a path or by a name.
//!
//! A name is one of the system's abstract ones, which are gone with whoever listens there. The file of a path is removed
//! when the server is closed or the run ends, also when its process was killed before (`register`). One that was left by a
//! run that was killed is removed by whoever listens there next: nobody answers at it.

use super::outside::{Descriptor, Doors};
use super::poller::{Poller, Source};
use super::sides::{Meeting, Sides, Stand, now};
use super::sockets::Ids;
use crate::sync::outside::system::{Accepted, Dialling, Flow, Listener, Local, Ready};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names begin with this, so that no script comes to what other programs have.
const PREFIX: &str = "conc/";

/// The file of a socket at which a server listens.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number, by which it is known again.
    known: Option<(u64, u64)>,
}

impl SocketFile {
    pub fn new(path: &Path) -> SocketFile {
        SocketFile { path: path.to_path_buf(), known: identity(path) }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let (device, number) = self.known.unwrap_or_default();
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut bytes = format!("{device} {number} ").into_bytes();
        bytes.extend(path.as_os_str().as_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<SocketFile> {
        let mut parts = bytes.splitn(3, |byte| *byte == b' ');
        let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
        let known = Some((number()?, number()?));
        Some(SocketFile { path: PathBuf::from(OsStr::from_bytes(parts.next()?)), known })
    }

    /// Removes it, unless it is another by now.
    pub fn remove(&self) {
        if self.known.is_some() && identity(&self.path) == self.known {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// None when there is no socket.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let file = std::fs::symlink_metadata(path).ok()?;
    file.file_type().is_socket().then(|| (file.dev(), file.ino()))
}

struct Server {
    /// Before the descriptor, which it watches.
    source: Source,
    listener: UnixListener,
    file: Option<Arc<SocketFile>>,
    poller: Arc<Poller>,
    next_id: Ids,
    stand: Stand,
}

pub(super) fn listen(
    doors: &Doors,
    poller: Arc<Poller>,
    at: &Local,
    next_id: Ids,
) -> io::Result<Arc<dyn Listener>> {
    let open = || -> io::Result<Server> {
        let listener = UnixListener::from(bound(at)?);
        let file = match at {
            Local::Path(path) => Some(doors.socket_file(Path::new(path))?),
            Local::Name(_) => None,
        };
        let source = poller.watch(&listener, None)?;
        let stand = Stand::new(doors.sides.clone());
        Ok(Server { source, listener, file, poller: poller.clone(), next_id, stand })
    };
    Ok(Arc::new(open()?))
}

/// A socket that listens.
fn bound(at: &Local) -> io::Result<OwnedFd> {
    let address = address(at)?;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let mut done = rustix::net::bind(&socket, &address);
    if let (Err(rustix::io::Errno::ADDRINUSE), Local::Path(path)) = (&done, at)
        && is_left_over(path, &address)
    {
        std::fs::remove_file(path)?;
        done = rustix::net::bind(&socket, &address);
    }
    done?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket)
}

/// So many connections wait to be accepted.
const BACKLOG: i32 = 128;

/// Whether a socket is there, at which nobody listens any more.
fn is_left_over(path: &str, address: &SocketAddrUnix) -> bool {
    let refused = || -> io::Result<bool> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        Ok(rustix::net::connect(&socket, address) == Err(rustix::io::Errno::CONNREFUSED))
    };
    identity(Path::new(path)).is_some() && refused().unwrap_or(false)
}

fn address(at: &Local) -> io::Result<SocketAddrUnix> {
    Ok(match at {
        Local::Path(path) => SocketAddrUnix::new(path.as_str())?,
        Local::Name(name) => SocketAddrUnix::new_abstract_name(format!("{PREFIX}{name}").as_bytes())?,
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            file.remove();
        }
    }
}

impl Listener for Server {
    fn accept(&self) -> io::Result<Accepted> {
        let (stream, _) = self.listener.accept()?;
        let socket = OwnedFd::from(stream);
        let peer = match sockopt::socket_peercred(&socket) {
            Ok(peer) => format!("process {}", peer.pid.as_raw_nonzero()),
            Err(_) => "a process".into(),
        };
        let meeting = Meeting { sides: self.stand.sides.clone(), begun: None, tcp: false };
        let flow = Descriptor::new(&self.poller, socket, Some(meeting), None)?;
        Ok(Accepted { flow, peer, id: (self.next_id)() })
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

/// A connection of this host is there at once, or never.
#[derive(Debug)]
struct Dial(Option<io::Result<Arc<dyn Flow>>>);

pub(super) fn connect(
    poller: Arc<Poller>,
    sides: &Arc<Sides>,
    to: &Local,
    ready: &Arc<Ready>,
) -> Box<dyn Dialling> {
    let connected = || -> io::Result<Arc<dyn Flow>> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        // The system chooses an address, by which the connection is known from others.
        rustix::net::bind(&socket, &SocketAddrUnix::new_unnamed())?;
        let meeting = Meeting { sides: sides.clone(), begun: Some(now()), tcp: false };
        match rustix::net::connect(&socket, &address(to)?) {
            Err(rustix::io::Errno::AGAIN) => {
                let why = "too many wait to be accepted there";
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
            }
            done => done?,
        }
        Ok(Descriptor::new(&poller, socket, Some(meeting), None)?)
    };
    ready.set();
    Box::new(Dial(Some(connected())))
}

impl Dialling for Dial {
    fn poll(&mut self) -> Option<io::Result<Arc<dyn Flow>>> {
        self.0.take()
    }
}
