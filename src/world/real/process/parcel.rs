//! What is sent to a new process over the line to it: the bytes of its copy, and ends of pipes with their descriptors.

use super::super::outside::Doors;
use super::super::poller::Poller;
use super::pipes;
use crate::sync::pipe::{End, Handed, Lanes};
use crate::sync::{Kind, Sync};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::io::{self, BufWriter, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// So many descriptors go at once; the system allows some more.
const MOST_FILES: usize = 64;

#[derive(Debug)]
pub struct Parcel {
    pub bytes: Vec<u8>,
    /// In the order in which they stand among the objects of the copy.
    pub ends: Vec<Handed>,
    /// Whether the process may start some itself, as far as its code tells.
    pub starts: bool,
}

/// What an end has, a bit each.
const INCOMING: u8 = 1;
const OUTGOING: u8 = 2;
const SHARED: u8 = 4;

impl Parcel {
    pub fn send(&self, line: &UnixStream) -> io::Result<()> {
        // At once, if it is little: whoever reads is woken by each piece.
        let mut words = BufWriter::new(line);
        words.write_all(&[u8::from(self.starts)])?;
        words.write_all(&(self.bytes.len() as u64).to_le_bytes())?;
        words.write_all(&self.bytes)?;
        let mut kinds = Vec::with_capacity(self.ends.len());
        let mut files: Vec<BorrowedFd<'_>> = Vec::new();
        for Handed { lanes, .. } in &self.ends {
            let mut kind = 0;
            if let Some(incoming) = &lanes.incoming {
                let (file, claim) = incoming.files();
                kind |= INCOMING | if claim.is_some() { SHARED } else { 0 };
                files.extend([Some(file), claim].into_iter().flatten());
            }
            if let Some(outgoing) = &lanes.outgoing {
                kind |= OUTGOING;
                files.push(outgoing.file());
            }
            kinds.push(kind);
        }
        words.write_all(&(kinds.len() as u64).to_le_bytes())?;
        words.write_all(&kinds)?;
        words.flush()?;
        files.chunks(MOST_FILES).try_for_each(|files| send_files(line, files))
    }

    /// The process was not made: what was handed over comes back.
    pub fn take_back(self) {
        for Handed { end, lanes } in self.ends {
            if let Ok(end) = End::of(&end) {
                end.settle(lanes);
            }
        }
    }
}

/// What a process has been sent: the bytes, and for each end what it has.
pub struct Received {
    pub bytes: Vec<u8>,
    kinds: Vec<u8>,
    files: std::vec::IntoIter<OwnedFd>,
}

/// The first word that comes: whether the process may start some itself.
pub fn starts(mut line: &UnixStream) -> io::Result<bool> {
    let mut starts = [0];
    line.read_exact(&mut starts)?;
    Ok(starts != [0])
}

impl Received {
    pub fn from(mut line: &UnixStream) -> io::Result<Received> {
        let (bytes, kinds) = (read(&mut line)?, read(&mut line)?);
        let count: u32 = kinds.iter().map(|kind| kind.count_ones()).sum();
        let mut files = Vec::new();
        while files.len() < count as usize {
            files.extend(receive_files(line)?);
        }
        Ok(Received { bytes, kinds, files: files.into_iter() })
    }

    /// Whether ends of pipes have come with it.
    pub fn has_ends(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// Gives each end what belongs to it. `things` are those of the copy, in their order.
    pub fn settle(mut self, things: &[Arc<Sync>], doors: &Doors, poller: &Arc<Poller>) -> io::Result<()> {
        let ends =
            things.iter().filter_map(|sync| if let Kind::End(end) = &sync.kind { Some(end) } else { None });
        let missing = || io::Error::new(io::ErrorKind::UnexpectedEof, "a descriptor is missing");
        for (end, kind) in ends.filter(|end| !end.is_closed()).zip(std::mem::take(&mut self.kinds)) {
            let [receivers, senders] = end.readiness();
            let mut lanes = Lanes::default();
            if kind & INCOMING != 0 {
                let file = self.files.next().ok_or_else(missing)?;
                let claim = if kind & SHARED != 0 { self.files.next() } else { None };
                lanes.incoming = Some(pipes::incoming(poller, file, claim, receivers)?);
            }
            if kind & OUTGOING != 0 {
                let file = self.files.next().ok_or_else(missing)?;
                lanes.outgoing = Some(pipes::outgoing(poller, file, senders)?);
            }
            end.settle(lanes);
            doors.add_pipe(end);
        }
        Ok(())
    }
}

/// How many bytes, then the bytes.
pub fn read(line: &mut &UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    line.read_exact(&mut length)?;
    let mut bytes = vec![0; u64::from_le_bytes(length) as usize];
    line.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Sends descriptors, with one byte.
pub fn send_files(line: &UnixStream, files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(files));
    let data = [IoSlice::new(&[0])];
    rustix::io::retry_on_intr(|| rustix::net::sendmsg(line, &data, &mut control, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// The descriptors that came with a byte; an error when nobody can send any more.
pub fn receive_files(line: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut data = [IoSliceMut::new(&mut byte)];
    let received = rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(line, &mut data, &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    if received.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut files = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            files.extend(some);
        }
    }
    Ok(files)
}
