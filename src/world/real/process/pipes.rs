//! Pipes that lead to another process: each direction is a pipe of the system, which both ends use without blocking.
//!
//! A message goes in pieces. The system takes each as a whole or not at all, so several processes may send through one
//! end, and one that is killed leaves no part of a piece; a message whose last piece never comes is never received.
//! A piece is its length, whether it is a part of a longer message, the number of that, and its bytes.

use super::super::poller::{Once, Poller};
use crate::sync::outside::Ready;
use crate::sync::pipe::{Incoming, Lanes, Outgoing, Readiness, Sending, Took};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FlockOperation, MemfdFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{Flock, FlockType};
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// What the system writes as a whole (`PIPE_BUF`).
const PIECE: usize = 4096;
const HEADER: usize = 4;
/// With the number of the message that it is a part of.
const LONG_HEADER: usize = 12;
const PART: u16 = 1;
const LAST: u16 = 2;
/// More than what fits into memory's pipe takes in the system's, with the headers of the smallest messages.
const MUCH_ROOM: usize = 1 << 20;

/// The lanes of both ends of a new pipe.
pub fn make(poller: &Arc<Poller>, readiness: &Readiness, duplex: bool) -> io::Result<[Lanes; 2]> {
    let mut lanes = [Lanes::default(), Lanes::default()];
    for from in (0..2).filter(|from| duplex || *from == 0) {
        let to = 1 - from;
        let (reads, writes) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        lanes[to].incoming = Some(incoming(poller, reads, None, readiness.receivers[to].clone())?);
        lanes[from].outgoing = Some(outgoing(poller, writes, readiness.senders[to].clone())?);
    }
    Ok(lanes)
}

pub fn incoming(
    poller: &Arc<Poller>,
    file: OwnedFd,
    shared: Option<OwnedFd>,
    ready: Arc<Ready>,
) -> io::Result<Arc<dyn Incoming>> {
    let watch = poller.watch_when_asked(file, true, ready.clone())?;
    let claim = shared.map_or_else(OnceLock::new, OnceLock::from);
    Ok(Arc::new(In { watch, ready, claim, claimed: AtomicBool::new(false), parts: Mutex::default() }))
}

pub fn outgoing(poller: &Arc<Poller>, file: OwnedFd, ready: Arc<Ready>) -> io::Result<Arc<dyn Outgoing>> {
    let watch = poller.watch_when_asked(file, false, ready.clone())?;
    Ok(Arc::new(Out { watch, ready }))
}

#[derive(Debug)]
struct In {
    watch: Once,
    ready: Arc<Ready>,
    /// A file of which the process that receives has the lock, when several have this end.
    claim: OnceLock<OwnedFd>,
    claimed: AtomicBool,
    /// What has come of messages in several pieces. Whoever has it locked is in the middle of reading one.
    parts: Mutex<HashMap<u64, Vec<u8>>>,
}

#[derive(Debug)]
struct Out {
    watch: Once,
    ready: Arc<Ready>,
}

impl In {
    /// The number of another process that receives here.
    fn another(&self) -> io::Result<Option<i32>> {
        let Some(claim) = self.claim.get() else { return Ok(None) };
        if self.claimed.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match rustix::fs::fcntl_lock(claim, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                self.claimed.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(Errno::AGAIN | Errno::ACCESS) => {
                let holder = rustix::process::fcntl_getlk(claim, &Flock::from(FlockType::WriteLock))?;
                let pid = holder.and_then(|lock| lock.pid).map(|pid| pid.as_raw_nonzero().get());
                Ok(Some(pid.unwrap_or_default()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn nothing(&self) -> io::Result<Took> {
        self.ready.clear();
        self.watch.ask()?;
        Ok(Took::Nothing)
    }

    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        rustix::io::retry_on_intr(|| rustix::io::read(self.watch.file(), &mut *into))
    }

    /// What stands after the first bytes of a piece, which are there: it was written as a whole.
    fn rest(&self, into: &mut [u8]) -> io::Result<()> {
        match self.read(into)? {
            read if read == into.len() => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a piece of a message is missing")),
        }
    }
}

impl Incoming for In {
    fn take(&self) -> io::Result<Took> {
        if let Some(pid) = self.another()? {
            return Ok(Took::Another(pid));
        }
        let mut parts = self.parts.lock();
        loop {
            let mut header = [0; HEADER];
            match self.read(&mut header) {
                Ok(0) => return Ok(Took::End),
                Ok(_) => {}
                Err(Errno::AGAIN) => return self.nothing(),
                Err(error) => return Err(error.into()),
            }
            let length = usize::from(u16::from_le_bytes([header[0], header[1]]));
            let flags = u16::from_le_bytes([header[2], header[3]]);
            if flags & PART == 0 {
                let mut message = vec![0; length];
                self.rest(&mut message)?;
                return Ok(Took::Message(message));
            }
            let mut number = [0; LONG_HEADER - HEADER];
            self.rest(&mut number)?;
            let number = u64::from_le_bytes(number);
            let message = parts.entry(number).or_default();
            let before = message.len();
            message.resize(before + length, 0);
            self.rest(&mut message[before..])?;
            if flags & LAST != 0 {
                return Ok(Took::Message(parts.remove(&number).unwrap_or_default()));
            }
        }
    }

    fn is_ready(&self) -> bool {
        is_ready(self.watch.file(), PollFlags::IN)
    }

    fn share(&self) -> io::Result<()> {
        if self.claim.get().is_none() {
            let file = rustix::fs::memfd_create("conc pipe", MemfdFlags::CLOEXEC)?;
            let _ = self.claim.set(file); // nobody else shares it meanwhile
        }
        Ok(())
    }

    fn files(&self) -> (BorrowedFd<'_>, Option<BorrowedFd<'_>>) {
        (self.watch.file().as_fd(), self.claim.get().map(AsFd::as_fd))
    }
}

impl Out {
    /// False when there is no room.
    fn write(&self, piece: &[u8]) -> io::Result<bool> {
        match rustix::io::retry_on_intr(|| rustix::io::write(self.watch.file(), piece)) {
            Ok(_) => Ok(true), // all of it, as it is small
            Err(Errno::AGAIN) => {
                self.ready.clear();
                self.watch.ask()?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Outgoing for Out {
    fn put(&self, message: &[u8], sending: &mut Sending) -> io::Result<bool> {
        let mut piece = [0; PIECE];
        let header = |piece: &mut [u8; PIECE], length: usize, flags: u16| {
            piece[..2].copy_from_slice(&(length as u16).to_le_bytes());
            piece[2..HEADER].copy_from_slice(&flags.to_le_bytes());
        };
        if message.len() <= PIECE - HEADER {
            header(&mut piece, message.len(), 0);
            piece[HEADER..HEADER + message.len()].copy_from_slice(message);
            return self.write(&piece[..HEADER + message.len()]);
        }
        if sending.number == 0 {
            sending.number = number();
        }
        while sending.written < message.len() {
            let rest = &message[sending.written..];
            let length = rest.len().min(PIECE - LONG_HEADER);
            let last = if length == rest.len() { LAST } else { 0 };
            header(&mut piece, length, PART | last);
            piece[HEADER..LONG_HEADER].copy_from_slice(&sending.number.to_le_bytes());
            piece[LONG_HEADER..LONG_HEADER + length].copy_from_slice(&rest[..length]);
            if !self.write(&piece[..LONG_HEADER + length])? {
                return Ok(false);
            }
            sending.written += length;
        }
        Ok(true)
    }

    fn is_ready(&self) -> bool {
        is_ready(self.watch.file(), PollFlags::OUT)
    }

    fn make_room(&self) -> io::Result<()> {
        rustix::pipe::fcntl_setpipe_size(self.watch.file(), MUCH_ROOM)?;
        Ok(())
    }

    fn file(&self) -> BorrowedFd<'_> {
        self.watch.file().as_fd()
    }
}

/// Asks the system.
fn is_ready(file: &OwnedFd, flags: PollFlags) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    // When it cannot be asked, it is as if there were something.
    rustix::event::poll(&mut [PollFd::new(file, flags)], Some(&now)).map_or(true, |ready| ready > 0)
}

/// Another one for each message in parts, of all processes that live.
fn number() -> u64 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let pid = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
    u64::from(pid) << 32 | u64::from(COUNT.fetch_add(1, Ordering::Relaxed))
}
