//! Pipes that lead to another process: each direction is a pipe of the system, which both ends use without blocking.
//!
//! A message goes in pieces. The system takes each as a whole or not at all, so several processes may send through one
//! end, and one that is killed leaves no part of a piece; a message whose last piece never comes is never received.
//! A piece is its length, whether it is a part of a longer message, the number of that, and its bytes.
//!
//! A receiver reads many small messages at once, as long as no other process has the same end. When one gets it, what was
//! read ahead goes into the file by which they agree who receives; there is written, too, how far that is received.

use super::super::poller::{Once, Poller};
use crate::sync::outside::Ready;
use crate::sync::pipe::{Incoming, Lanes, Outgoing, Readiness, Sending, Took};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FlockOperation, MemfdFlags};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{Flock, FlockType};
use std::collections::{HashMap, VecDeque};
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
/// So much is read ahead. Not more, or there would be more on its way than fits into memory's pipe: a piece's header
/// takes up as much in the system's pipe as this, when pieces are small.
const AHEAD: usize = 512;
/// A smaller piece is put together in less room.
const SMALL: usize = 128;
/// At the beginning of the file of those who share an end: how many of the bytes after it are received.
const RECEIVED: usize = 8;
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
    Ok(Arc::new(In { watch, ready, claim, claimed: AtomicBool::new(false), reading: Mutex::default() }))
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
    /// Whoever has it locked is in the middle of reading a message.
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    /// What has come of messages in several pieces.
    parts: HashMap<u64, Vec<u8>>,
    /// What was read ahead and not received.
    ahead: VecDeque<u8>,
    /// How many bytes of the file of those who share the end are received, as long as what is ahead stands there.
    received: Option<u64>,
}

#[derive(Debug)]
struct Out {
    watch: Once,
    ready: Arc<Ready>,
}

impl In {
    /// The number of another process that receives here.
    fn another(&self, reading: &mut Reading) -> io::Result<Option<i32>> {
        let Some(claim) = self.claim.get() else { return Ok(None) };
        if self.claimed.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match rustix::fs::fcntl_lock(claim, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let (received, ahead) = left_there(claim)?;
                reading.received = (!ahead.is_empty()).then_some(received);
                reading.ahead = ahead.into();
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

    /// The beginning of the next piece; fewer bytes when the end is reached.
    fn header(&self, reading: &mut Reading) -> Result<Option<[u8; HEADER]>, Errno> {
        let mut header = [0; HEADER];
        if reading.ahead.is_empty() {
            if self.claim.get().is_some() {
                return Ok((self.read(&mut header)? > 0).then_some(header));
            }
            let mut ahead = [0; AHEAD];
            match self.read(&mut ahead)? {
                0 => return Ok(None),
                read => reading.ahead.extend(&ahead[..read]),
            }
        }
        self.rest(reading, &mut header)?;
        Ok(Some(header))
    }

    /// What stands after the first bytes of a piece, which are there: it was written as a whole.
    fn rest(&self, reading: &mut Reading, into: &mut [u8]) -> Result<(), Errno> {
        let ahead = into.len().min(reading.ahead.len());
        let (here, left) = into.split_at_mut(ahead);
        here.iter_mut().zip(reading.ahead.drain(..ahead)).for_each(|(to, byte)| *to = byte);
        if let Some(received) = &mut reading.received {
            *received += ahead as u64;
        }
        // A piece of a message is missing when the system gives less, which it never does.
        if left.is_empty() || self.read(left)? == left.len() { Ok(()) } else { Err(Errno::BADMSG) }
    }

    /// A message has been received: whoever receives here after this process is not to receive it again.
    fn received(&self, reading: &mut Reading, message: Vec<u8>) -> io::Result<Took> {
        if let (Some(received), Some(claim)) = (reading.received, self.claim.get()) {
            rustix::io::pwrite(claim, &received.to_le_bytes(), 0)?;
            if reading.ahead.is_empty() {
                reading.received = None;
            }
        }
        Ok(Took::Message(message))
    }
}

impl Incoming for In {
    fn take(&self) -> io::Result<Took> {
        let mut reading = self.reading.lock();
        let reading = &mut *reading;
        if let Some(pid) = self.another(reading)? {
            return Ok(Took::Another(pid));
        }
        loop {
            let header = match self.header(reading) {
                Ok(Some(header)) => header,
                Ok(None) => return Ok(Took::End),
                Err(Errno::AGAIN) => return self.nothing(),
                Err(error) => return Err(error.into()),
            };
            let length = usize::from(u16::from_le_bytes([header[0], header[1]]));
            let flags = u16::from_le_bytes([header[2], header[3]]);
            if flags & PART == 0 {
                let mut message = vec![0; length];
                self.rest(reading, &mut message)?;
                return self.received(reading, message);
            }
            let mut number = [0; LONG_HEADER - HEADER];
            self.rest(reading, &mut number)?;
            let number = u64::from_le_bytes(number);
            let mut message = reading.parts.remove(&number).unwrap_or_default();
            let before = message.len();
            message.resize(before + length, 0);
            self.rest(reading, &mut message[before..])?;
            if flags & LAST != 0 {
                return self.received(reading, message);
            }
            reading.parts.insert(number, message);
        }
    }

    fn is_ready(&self) -> bool {
        let left = || {
            let unclaimed = self.claim.get().filter(|_| !self.claimed.load(Ordering::Relaxed));
            unclaimed.is_some_and(|claim| left_there(claim).map_or(true, |(_, ahead)| !ahead.is_empty()))
        };
        !self.reading.lock().ahead.is_empty() || left() || is_ready(self.watch.file(), PollFlags::IN)
    }

    fn share(&self) -> io::Result<()> {
        if self.claim.get().is_none() {
            let file = rustix::fs::memfd_create("conc pipe", MemfdFlags::CLOEXEC)?;
            let mut reading = self.reading.lock();
            let ahead = std::mem::take(&mut reading.ahead);
            if !ahead.is_empty() {
                let content: Vec<u8> = [0; RECEIVED].into_iter().chain(ahead).collect();
                rustix::io::pwrite(&file, &content, 0)?;
            }
            let _ = self.claim.set(file); // nobody else shares it meanwhile
        }
        Ok(())
    }

    fn leave(&self) -> io::Result<()> {
        let ahead = !self.reading.lock().ahead.is_empty();
        if ahead { self.share() } else { Ok(()) }
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
        let header = |piece: &mut [u8], length: usize, flags: u16| {
            piece[..2].copy_from_slice(&(length as u16).to_le_bytes());
            piece[2..HEADER].copy_from_slice(&flags.to_le_bytes());
        };
        if message.len() <= SMALL - HEADER {
            let mut piece = [0; SMALL];
            header(&mut piece, message.len(), 0);
            piece[HEADER..HEADER + message.len()].copy_from_slice(message);
            return self.write(&piece[..HEADER + message.len()]);
        }
        let mut piece = [0; PIECE];
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

/// What was left in the file of those who share an end: how many bytes were received before, and what was not.
fn left_there(file: &OwnedFd) -> io::Result<(u64, Vec<u8>)> {
    // More than one look ahead there never is.
    let mut content = [0; RECEIVED + AHEAD];
    let length = rustix::io::pread(file, &mut content, 0)?;
    let (Some(received), Some(ahead)) = (content.first_chunk(), content[..length].get(RECEIVED..)) else {
        return Ok((0, Vec::new()));
    };
    let received = u64::from_le_bytes(*received);
    Ok((received, ahead.get(received as usize..).unwrap_or_default().to_vec()))
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
