//! The sides of connections that this process has: which two belong together, and whether anything is under way between
//! them.
//!
//! A wait at a connection both of whose sides are in this run can be ended by threads of the run alone: nobody outside has
//! a descriptor of it. So it counts in the search for deadlocks; of a side whose other is in another process tells
//! `process::lines`. Each side counts what it has written and what it has taken: when the other has taken as much as this
//! one has written, nothing is under way, whatever the system is doing. Where counts tell nothing (whether there will be room
//! to write, whether somebody has accepted and closed), the system is asked, and nothing may have moved for a while: TCP
//! moves what it can from one side to the other by and by, also when nobody reads.
//!
//! What connects to a place of this host, or comes from there, has a side here; any other connection leads outside.

use crate::sync::outside::system::{Ends, Far, Line, Ready};
use foldhash::fast::FixedState;
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{SocketAddrAny, SocketAddrUnix, getpeername, getsockname, sockopt};
use rustix::time::ClockId;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// So long (nanoseconds) the system may take to deliver what was written to a port of its own host, or to try again.
const SETTLES: u64 = 2_000_000_000;
/// So long at most, when it has tried in vain for long: the longest pause of TCP between two attempts (RFC 6298, 2.5; in
/// Linux `TCP_RTO_MAX`).
const LONGEST: u64 = 125_000_000_000;
/// There is room again when a third of this has gone. What goes after such a pause, because the other side did not tell that
/// there was a little room, is less than a segment (64 KiB).
const MUCH_ROOM: usize = 1 << 20;

/// Those of a process.
#[derive(Debug, Default)]
pub(super) struct Sides {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    sides: HashMap<Ends, Weak<Side>>,
    doors: Vec<Weak<Door>>,
}

/// One side of a connection, as long as this process has it.
#[derive(Debug)]
pub(super) struct Side {
    /// The thing to wait for that it is.
    id: u32,
    ends: Ends,
    /// When this side began to connect; None if it was accepted.
    begun: Option<u64>,
    /// The process that listened where it has connected, if the system tells.
    server: Option<i32>,
    tcp: bool,
    /// Bytes, never too few: what is being written counts already.
    sent: AtomicU64,
    /// Bytes, never too many.
    taken: AtomicU64,
    open: AtomicBool,
    /// When something was last tried in vain.
    tried: AtomicU64,
    file: Arc<OwnedFd>,
    /// How many bytes had come when somebody last looked, taken or not, and since when it is as many.
    arrived: Mutex<(u64, u64)>,
    other: OnceLock<Weak<Side>>,
    /// A server of this process that has it among those which it has not accepted, as long as there is no other side.
    door: Option<Weak<Door>>,
    readable: Arc<Ready>,
    writable: Arc<Ready>,
}

/// A place at which this process listens.
#[derive(Debug)]
struct Door {
    id: u32,
    place: u64,
    /// When it had begun to listen.
    since: u64,
    /// An accepted connection may have been given to somebody outside before its other side was known here.
    leaks: AtomicBool,
}

/// What a socket that connects, or was accepted, has to do with the other sides.
#[derive(Debug)]
pub(super) struct Meeting {
    pub sides: Arc<Sides>,
    /// When it began to connect; None if it was accepted.
    pub begun: Option<u64>,
    pub tcp: bool,
}

/// A socket that listens, with what is known of it as soon as it is a thing to wait for.
#[derive(Debug)]
pub(super) struct Stand {
    pub sides: Arc<Sides>,
    since: u64,
    door: OnceLock<Arc<Door>>,
}

/// Of one open side, for other processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub id: u32,
    pub ends: Ends,
    pub sent: u64,
    /// How long nothing has come.
    pub quiet: u64,
}

/// Of one server, for other processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listening {
    pub id: u32,
    pub place: u64,
    pub since: u64,
}

impl Sides {
    /// Each open side.
    pub fn open(&self) -> Vec<Open> {
        let known = self.known.lock();
        let sides = known.sides.values().filter_map(Weak::upgrade).filter(|side| side.is_open());
        let told = sides.map(|side| Open {
            id: side.id,
            ends: side.ends,
            sent: side.sent.load(Ordering::SeqCst),
            quiet: side.quiet(),
        });
        told.collect()
    }

    /// Each server from which nothing has leaked.
    pub fn listening(&self) -> Vec<Listening> {
        let known = self.known.lock();
        let doors = known.doors.iter().filter_map(Weak::upgrade).filter(|door| !door.leaks());
        doors.map(|door| Listening { id: door.id, place: door.place, since: door.since }).collect()
    }

    fn add(
        &self,
        side: impl FnOnce(Option<Weak<Door>>) -> Side,
        ends: Ends,
        begun: Option<u64>,
    ) -> Arc<Side> {
        let mut known = self.known.lock();
        let free = |other: &Arc<Side>| other.is_open() && other.other.get().is_none();
        let other = known.sides.get(&ends.turned()).and_then(Weak::upgrade).filter(free);
        let door = begun.and_then(|begun| {
            let mut doors = known.doors.iter().filter_map(Weak::upgrade);
            doors.find(|door| door.place == ends.peer && door.since < begun && !door.leaks())
        });
        let side = Arc::new(side(door.as_ref().map(Arc::downgrade)));
        if known.sides.len() == known.sides.capacity() {
            known.sides.retain(|_, side| side.strong_count() > 0);
            let room = known.sides.len().max(64);
            known.sides.reserve(room);
        }
        known.sides.insert(ends, Arc::downgrade(&side));
        if let Some(other) = &other {
            // Nobody else does, while all this is locked.
            let _ = side.other.set(Arc::downgrade(other));
            let _ = other.other.set(Arc::downgrade(&side));
        }
        drop(known);
        if let Some(other) = other {
            // Who waits there waits for somebody of this process from now on.
            other.readable.waiters.wake_all();
            other.writable.waiters.wake_all();
        }
        side
    }

    fn add_door(&self, door: Door) -> Arc<Door> {
        let mut known = self.known.lock();
        known.doors.retain(|door| door.strong_count() > 0);
        let door = Arc::new(door);
        known.doors.push(Arc::downgrade(&door));
        door
    }

    /// Somebody outside has this side from now on.
    pub fn leak(&self, side: &Side) {
        side.close();
        let known = self.known.lock();
        known
            .doors
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|door| door.leaks.store(true, Ordering::SeqCst));
    }
}

impl Door {
    fn leaks(&self) -> bool {
        self.leaks.load(Ordering::SeqCst)
    }
}

impl Meeting {
    /// The side that this socket is; None when it leads outside, or that cannot be told.
    pub fn side(&self, file: &Arc<OwnedFd>, id: u32, ready: [&Arc<Ready>; 2]) -> Option<Arc<Side>> {
        let ends = ends(file)?;
        let begun = self.begun;
        let server = begun.filter(|_| !self.tcp).and_then(|_| sockopt::socket_peercred(file).ok());
        let server = server.map(|server| server.pid.as_raw_nonzero().get());
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let [readable, writable] = ready.map(Arc::clone);
        let side = |door: Option<Weak<Door>>| Side {
            id,
            ends,
            begun,
            server,
            tcp: self.tcp,
            sent: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            open: AtomicBool::new(true),
            tried: AtomicU64::new(now()),
            file: file.clone(),
            arrived: Mutex::new((0, now())),
            other: OnceLock::new(),
            door: door.filter(|_| server.is_none_or(|server| server == own)),
            readable,
            writable,
        };
        Some(self.sides.add(side, ends, begun))
    }
}

impl Side {
    fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    /// Nobody here can use it any more.
    pub fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
    }

    /// Writes, and counts what was written.
    pub fn writes<E>(&self, length: usize, write: impl FnOnce() -> Result<usize, E>) -> Result<usize, E> {
        self.sent.fetch_add(length as u64, Ordering::SeqCst);
        let written = write();
        let none = length - written.as_ref().map_or(0, |written| *written);
        self.sent.fetch_sub(none as u64, Ordering::SeqCst);
        self.note(written)
    }

    /// Reads, and counts what was read.
    pub fn reads<E>(&self, read: impl FnOnce() -> Result<usize, E>) -> Result<usize, E> {
        let read = self.note(read())?;
        self.taken.fetch_add(read as u64, Ordering::SeqCst);
        Ok(read)
    }

    fn note<T, E>(&self, done: Result<T, E>) -> Result<T, E> {
        if done.is_err() {
            self.tried.store(now(), Ordering::SeqCst);
        }
        done
    }

    /// Where its other side is; None if that is not known to be in this process.
    pub fn far(&self) -> Option<Far> {
        if let Some(other) = self.other.get() {
            let other = other.upgrade().filter(|other| other.is_open());
            return Some(other.map_or(Far::Gone, |other| Far::Here(other.id)));
        }
        let door = self.door.as_ref()?.upgrade().filter(|door| !door.leaks());
        Some(door.map_or(Far::Gone, |door| Far::Unaccepted(door.id)))
    }

    /// Whether a wait here may end though nobody does anything; `sends`: one for room.
    pub fn may_stir(&self, sends: bool) -> bool {
        match self.other.get().map(Weak::upgrade) {
            Some(None) => true,
            Some(Some(other)) if sends => !(self.is_settled(true) && other.quiet() >= self.patience()),
            Some(Some(other)) => other.sent.load(Ordering::SeqCst) != self.taken.load(Ordering::SeqCst),
            None => !self.is_settled(sends),
        }
    }

    /// How long nothing must have come to the other side, so that there will be no room here unless somebody reads there.
    fn patience(&self) -> u64 {
        match sockopt::socket_send_buffer_size(&self.file) {
            _ if !self.tcp => 0, // what is written is at the other side at once
            Ok(room) if room >= MUCH_ROOM => SETTLES,
            Ok(_) | Err(_) => LONGEST,
        }
    }

    /// How long nothing has come.
    fn quiet(&self) -> u64 {
        let unread = if self.tcp { rustix::io::ioctl_fionread(&self.file).unwrap_or_default() } else { 0 };
        let now = now();
        let mut arrived = self.arrived.lock();
        let taken = self.taken.load(Ordering::SeqCst);
        if arrived.0 != taken + unread {
            *arrived = (taken + unread, now);
        }
        now.saturating_sub(arrived.1)
    }

    /// As far as the system tells on this side.
    fn is_settled(&self, sends: bool) -> bool {
        let at_once = sends && !self.tcp;
        let lately = now().saturating_sub(self.tried.load(Ordering::SeqCst)) < SETTLES;
        let flags = if sends { PollFlags::OUT } else { PollFlags::IN | PollFlags::RDHUP };
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let none = rustix::event::poll(&mut [PollFd::new(&self.file, flags)], Some(&none)) == Ok(0);
        (at_once || !lately) && none
    }

    /// What is told of a wait here to whoever knows the sides of all processes.
    pub fn line(&self, sends: bool) -> Line {
        Line {
            ends: self.ends,
            begun: self.begun,
            server: self.server,
            taken: self.taken.load(Ordering::SeqCst),
            sends: sends.then(|| self.patience()),
            settled: self.is_settled(sends),
        }
    }
}

impl Stand {
    /// To be made when it listens.
    pub fn new(sides: Arc<Sides>) -> Stand {
        Stand { sides, since: now(), door: OnceLock::new() }
    }

    pub fn known_as(&self, file: impl AsFd, id: u32) {
        let place = getsockname(file).ok().and_then(|place| number(&place));
        if let Some((place, _)) = place {
            let door = Door { id, place, since: self.since, leaks: AtomicBool::new(false) };
            let _ = self.door.set(self.sides.add_door(door));
        }
    }
}

/// The time since the system began, in nanoseconds: the same for all processes.
pub(super) fn now() -> u64 {
    let now = rustix::time::clock_gettime(ClockId::Monotonic);
    (now.tv_sec as u64) * 1_000_000_000 + now.tv_nsec as u64
}

/// Both ends of a connection within this host.
fn ends(file: &OwnedFd) -> Option<Ends> {
    let (own, own_host) = number(&getsockname(file).ok()?)?;
    let (peer, peer_host) = number(&getpeername(file).ok()??)?;
    (own_host == peer_host).then_some(Ends { own, peer })
}

/// A number for an address, and one for its host: of all loopbacks, and of sockets of this host alone, 0. None for one without
/// a name.
fn number(address: &SocketAddrAny) -> Option<(u64, u128)> {
    let hash = FixedState::default();
    if let Ok(unix) = SocketAddrUnix::try_from(address.clone()) {
        let name = (unix.path_bytes().unwrap_or_default(), unix.abstract_name().unwrap_or_default());
        return (name != (&[], &[])).then(|| (hash.hash_one(name), 0));
    }
    let address = SocketAddr::try_from(address.clone()).ok()?;
    let (host, port) = (address.ip().to_canonical(), address.port());
    let host_number = match host {
        host if host.is_loopback() => 0,
        IpAddr::V4(host) => host.to_ipv6_mapped().to_bits(),
        IpAddr::V6(host) => host.to_bits(),
    };
    Some((hash.hash_one((host, port)), host_number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::{read, write};
    use std::net::{TcpListener, TcpStream};

    /// The side that a socket is, which has just been made.
    fn side(sides: &Arc<Sides>, socket: OwnedFd, id: u32, begun: Option<u64>) -> Arc<Side> {
        rustix::io::ioctl_fionbio(&socket, true).expect("it is a socket");
        let meeting = Meeting { sides: sides.clone(), begun, tcp: true };
        let ready = Arc::new(Ready::default());
        meeting.side(&Arc::new(socket), id, [&ready, &ready]).expect("it is within this host")
    }

    fn reads(side: &Side, into: &mut [u8]) -> usize {
        let count = side.reads(|| read(&*side.file, &mut *into));
        count.unwrap_or_default()
    }

    #[test]
    fn sides_meet_and_tell_what_is_under_way() {
        let sides = Arc::new(Sides::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a port");
        let stand = Stand::new(sides.clone());
        stand.known_as(&listener, 7);
        let begun = now();
        let socket = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let near = side(&sides, socket.into(), 8, Some(begun));
        assert_eq!(near.far(), Some(Far::Unaccepted(7)));
        assert!(near.may_stir(false), "it was only just tried");
        let far = side(&sides, listener.accept().expect("one waits").0.into(), 9, None);
        assert_eq!((near.far(), far.far()), (Some(Far::Here(9)), Some(Far::Here(8))));
        assert!(!near.may_stir(false) && !far.may_stir(false));
        assert!(near.may_stir(true), "there is room");

        near.writes(3, || write(&*near.file, b"abc")).expect("there is room");
        assert!(far.may_stir(false) && !near.may_stir(false));
        let mut bytes = [0; 2];
        while reads(&far, &mut bytes) == 0 {}
        assert!(far.may_stir(false), "a byte is left");
        while reads(&far, &mut bytes) == 0 {}
        assert!(!far.may_stir(false));
        assert_eq!(near.writes(5, || Err(())), Err(()));
        assert!(!far.may_stir(false), "nothing was written");
        let open = sides.open();
        assert!(open.iter().any(|side| side.id == 8 && side.sent == 3 && side.ends == far.ends.turned()));

        far.close();
        assert_eq!((near.far(), sides.open().len()), (Some(Far::Gone), 1));
        drop(stand);
        assert_eq!(sides.listening(), []);
    }

    #[test]
    fn nobody_knows_who_accepts_what_others_listen_for_or_gave_away() {
        let sides = Arc::new(Sides::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a port");
        let connect = || TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let early = now();
        let stand = Stand::new(sides.clone());
        stand.known_as(&listener, 7);
        assert_eq!(
            side(&sides, connect().into(), 8, Some(early)).far(),
            None,
            "somebody else may have listened"
        );
        let late = side(&sides, connect().into(), 9, Some(now()));
        let accepted = side(&sides, connect().into(), 10, None);
        assert_eq!(late.far(), Some(Far::Unaccepted(7)));
        sides.leak(&accepted);
        assert_eq!((late.far(), sides.listening()), (Some(Far::Gone), vec![]));
        assert_eq!(side(&sides, connect().into(), 11, Some(now())).far(), None);
    }

    #[test]
    fn addresses_of_one_host_in_any_form() {
        let of = |text: &str| number(&SocketAddrAny::from(text.parse::<SocketAddr>().expect("an address")));
        assert_eq!(of("127.0.0.1:80"), of("[::ffff:127.0.0.1]:80"));
        let hosts =
            ["127.0.0.1:1", "[::1]:2", "10.0.0.1:1", "10.0.0.2:1"].map(|text| of(text).expect("one").1);
        assert!(hosts[0] == hosts[1] && hosts[0] != hosts[2] && hosts[2] != hosts[3]);
        let named = |name: &[u8]| SocketAddrUnix::new_abstract_name(name).expect("it is short").into();
        assert_ne!(number(&named(b"a")), number(&named(b"b")));
        let (unnamed, _) = std::os::unix::net::UnixStream::pair().expect("a pair");
        assert_eq!(number(&getsockname(unnamed).expect("it is a socket")), None);
    }
}
