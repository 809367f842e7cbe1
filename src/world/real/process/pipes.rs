//! Pipes that lead to another process: each direction is a pipe of the system, which both ends use without blocking.
//!
//! A message goes in pieces. The system takes each as a whole or not at all, so several processes may send through one
//! end, and one that is killed leaves no part of a piece; a message whose last piece never comes is never received.
//! A piece is its length, whether it is a part of a longer message, the number of that, and its bytes.
//!
//! A receiver reads many small messages at once, as long as no other process has the same end; otherwise one piece, as a
//! whole, so that one that is killed leaves no part of it either. When another process gets the end, what was read and not
//! received goes into the file by which they agree who receives (`claim`), in whole pieces.

use super::super::poller::{Once, Poller};
use super::claim;
use crate::sync::outside::Ready;
use crate::sync::pipe::{Incoming, Lanes, Outgoing, Readiness, Sending, Took};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags};
use rustix::process::{Flock, FlockType};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
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
const FIRST: u16 = 4;
/// So much is read ahead. Not more, or there would be more on its way than fits into memory's pipe: a piece's header
/// takes up as much in the system's pipe as this, when pieces are small.
const AHEAD: usize = 512;
/// A smaller piece is put together in less room.
const SMALL: usize = 128;
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
    claim: Option<OwnedFd>,
    ready: Arc<Ready>,
) -> io::Result<Arc<dyn Incoming>> {
    let watch = poller.watch_when_asked(file, true, ready.clone())?;
    let claim = claim.map_or_else(OnceLock::new, |file| OnceLock::from(File::from(file)));
    let [claimed, shared] = Default::default();
    Ok(Arc::new(In { watch, ready, claim, claimed, shared, reading: Mutex::default() }))
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
    claim: OnceLock<File>,
    claimed: AtomicBool,
    /// Several have this end, or had it once; otherwise it only came from another process.
    shared: AtomicBool,
    /// Whoever has it locked is in the middle of reading a message.
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    /// What has come of messages in several pieces.
    parts: HashMap<u64, Vec<u8>>,
    /// What was read ahead and not received.
    ahead: VecDeque<u8>,
    /// Where in the claim's file that begins, as long as it stands there.
    there: Option<u64>,
    /// Where the beginning of a piece can be looked at.
    look: Option<(OwnedFd, OwnedFd)>,
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
                let (begins, left) = claim::left(claim)?;
                reading.there = (!left.is_empty()).then_some(begins);
                reading.ahead = left.into();
                self.shared.store(claim::is_shared(claim)?, Ordering::Relaxed);
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

    /// The beginning of the next piece; None when the end is reached.
    fn header(&self, reading: &mut Reading) -> io::Result<Option<[u8; HEADER]>> {
        if reading.ahead.is_empty() {
            self.note_received(reading)?;
            let read = match self.shared.load(Ordering::Relaxed) {
                true => self.read_piece(reading)?,
                false => self.read_ahead(reading)?,
            };
            if read == 0 {
                return Ok(None);
            }
        }
        let mut header = [0; HEADER];
        self.rest(reading, &mut header)?;
        Ok(Some(header))
    }

    fn read_ahead(&self, reading: &mut Reading) -> io::Result<usize> {
        let mut ahead = [0; AHEAD];
        let read = self.read(&mut ahead)?;
        reading.ahead.extend(&ahead[..read]);
        Ok(read)
    }

    /// Reads no more and no less than one piece, at once: if this process was killed after a part of it, the others would take
    /// the rest for a piece.
    fn read_piece(&self, reading: &mut Reading) -> io::Result<usize> {
        let (reads, writes) = match &mut reading.look {
            Some(look) => look,
            none => none.insert(rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?),
        };
        let tee = || rustix::pipe::tee(self.watch.file(), &*writes, HEADER, SpliceFlags::NONBLOCK);
        if rustix::io::retry_on_intr(tee)? == 0 {
            return Ok(0);
        }
        let mut header = [0; HEADER];
        rustix::io::retry_on_intr(|| rustix::io::read(&*reads, &mut header))?;
        let mut piece = vec![0; whole(header)];
        let read = self.read(&mut piece)?;
        reading.ahead.extend(&piece[..read]);
        Ok(read)
    }

    /// What stands after the first bytes of a piece, which are there: it was written as a whole.
    fn rest(&self, reading: &mut Reading, into: &mut [u8]) -> Result<(), Errno> {
        let ahead = into.len().min(reading.ahead.len());
        let (here, left) = into.split_at_mut(ahead);
        here.iter_mut().zip(reading.ahead.drain(..ahead)).for_each(|(to, byte)| *to = byte);
        if let Some(begins) = &mut reading.there {
            *begins += ahead as u64;
        }
        // A piece of a message is missing when the system gives less, which it never does.
        if left.is_empty() || self.read(left)? == left.len() { Ok(()) } else { Err(Errno::BADMSG) }
    }

    /// Whoever receives here after this process is not to receive again what this one has.
    fn note_received(&self, reading: &mut Reading) -> io::Result<()> {
        if let (Some(begins), Some(claim)) = (reading.there, self.claim.get()) {
            match reading.ahead.is_empty() {
                false => claim::begins(claim, begins)?,
                true => {
                    claim::clear(claim)?;
                    reading.there = None;
                }
            }
        }
        Ok(())
    }

    fn received(&self, reading: &mut Reading, message: Vec<u8>) -> io::Result<Took> {
        self.note_received(reading)?;
        Ok(Took::Message(message))
    }

    /// What was read and not received goes to those who get the end, of whom this process receives no longer.
    fn leave_behind(&self, reading: &mut Reading, shared: bool) -> io::Result<()> {
        self.complete(&mut reading.ahead)?;
        let left = left_of(reading);
        let claim = match self.claim.get() {
            Some(claim) => {
                // Otherwise it is still what another one left.
                if self.claimed.load(Ordering::Relaxed) {
                    claim::put(claim, &left)?;
                }
                claim
            }
            None => {
                // Once it is there, what is ahead is looked for in it.
                let claim = claim::make()?;
                claim::put(&claim, &left)?;
                self.claim.get_or_init(|| claim)
            }
        };
        *reading = Reading::default();
        if shared {
            claim::share(claim)?;
            self.shared.store(true, Ordering::Relaxed);
        }
        if self.claimed.swap(false, Ordering::Relaxed) {
            // Not with the file, which may be closed later than another process begins to receive.
            rustix::fs::fcntl_lock(claim, FlockOperation::Unlock)?;
        }
        Ok(())
    }

    /// Reads the rest of the last piece, which is there: if it was left to others, one that is killed would take a part of
    /// a piece with it.
    fn complete(&self, ahead: &mut VecDeque<u8>) -> io::Result<()> {
        let mut at = 0;
        while at < ahead.len() {
            self.complete_to(ahead, at + HEADER)?;
            let mut bytes = ahead.range(at..).copied();
            at += whole(std::array::from_fn(|_| bytes.next().unwrap_or_default()));
            self.complete_to(ahead, at)?;
        }
        Ok(())
    }

    fn complete_to(&self, ahead: &mut VecDeque<u8>, length: usize) -> Result<(), Errno> {
        let mut missing = vec![0; length.saturating_sub(ahead.len())];
        if !missing.is_empty() && self.read(&mut missing)? < missing.len() {
            return Err(Errno::BADMSG);
        }
        ahead.extend(missing);
        Ok(())
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
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.nothing(),
                Err(error) => return Err(error),
            };
            let (length, flags) = of_header(header);
            if flags & PART == 0 {
                let mut message = vec![0; length];
                self.rest(reading, &mut message)?;
                return self.received(reading, message);
            }
            let mut number = [0; LONG_HEADER - HEADER];
            self.rest(reading, &mut number)?;
            let number = u64::from_le_bytes(number);
            // With the number of one that never came to its end a later process may begin anew.
            let begun = reading.parts.remove(&number).filter(|_| flags & FIRST == 0);
            // A process that was killed has received its beginning: nobody can receive it any more.
            let lost = begun.is_none() && flags & FIRST == 0;
            let mut message = begun.unwrap_or_default();
            let before = message.len();
            message.resize(before + length, 0);
            self.rest(reading, &mut message[before..])?;
            if lost {
                continue;
            }
            if flags & LAST != 0 {
                return self.received(reading, message);
            }
            reading.parts.insert(number, message);
        }
    }

    fn is_ready(&self) -> bool {
        let left = || {
            let unclaimed = self.claim.get().filter(|_| !self.claimed.load(Ordering::Relaxed));
            unclaimed.is_some_and(|claim| claim::left(claim).map_or(true, |(_, left)| !left.is_empty()))
        };
        !self.reading.lock().ahead.is_empty() || left() || is_ready(self.watch.file(), PollFlags::IN)
    }

    fn share(&self) -> io::Result<()> {
        let mut reading = self.reading.lock();
        let shared = match self.claim.get() {
            Some(claim) => claim::is_shared(claim)?,
            None => false,
        };
        if shared { Ok(()) } else { self.leave_behind(&mut reading, true) }
    }

    fn leave(&self) -> io::Result<()> {
        let mut reading = self.reading.lock();
        let has =
            self.claimed.load(Ordering::Relaxed) || !reading.ahead.is_empty() || !reading.parts.is_empty();
        if has { self.leave_behind(&mut reading, false) } else { Ok(()) }
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
        if message.len() <= SMALL - HEADER {
            let mut piece = [0; SMALL];
            piece[..HEADER].copy_from_slice(&header(message.len(), 0));
            piece[HEADER..HEADER + message.len()].copy_from_slice(message);
            return self.write(&piece[..HEADER + message.len()]);
        }
        let mut piece = [0; PIECE];
        if message.len() <= PIECE - HEADER {
            piece[..HEADER].copy_from_slice(&header(message.len(), 0));
            piece[HEADER..HEADER + message.len()].copy_from_slice(message);
            return self.write(&piece[..HEADER + message.len()]);
        }
        if sending.number == 0 {
            sending.number = number();
        }
        while sending.written < message.len() {
            let rest = &message[sending.written..];
            let length = rest.len().min(PIECE - LONG_HEADER);
            let first = if sending.written == 0 { FIRST } else { 0 };
            let last = if length == rest.len() { LAST } else { 0 };
            piece[..HEADER].copy_from_slice(&header(length, PART | first | last));
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

/// What a piece begins with: how many bytes of a message it has, and what they are of it.
fn header(length: usize, flags: u16) -> [u8; HEADER] {
    let ([a, b], [c, d]) = ((length as u16).to_le_bytes(), flags.to_le_bytes());
    [a, b, c, d]
}

fn of_header([a, b, c, d]: [u8; HEADER]) -> (usize, u16) {
    (usize::from(u16::from_le_bytes([a, b])), u16::from_le_bytes([c, d]))
}

/// How many bytes the piece has that begins like that.
fn whole(header: [u8; HEADER]) -> usize {
    let (length, flags) = of_header(header);
    length + if flags & PART == 0 { HEADER } else { LONG_HEADER }
}

/// The pieces of what was read and not received: messages that have come in part, then what is ahead.
fn left_of(reading: &Reading) -> Vec<u8> {
    let mut left = Vec::new();
    for (number, begun) in &reading.parts {
        for (at, part) in begun.chunks(usize::from(u16::MAX)).enumerate() {
            left.extend(header(part.len(), if at == 0 { PART | FIRST } else { PART }));
            left.extend(number.to_le_bytes());
            left.extend(part);
        }
    }
    left.extend(&reading.ahead);
    left
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
