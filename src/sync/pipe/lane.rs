//! The two directions of a pipe that leads to another process, as one of its ends sees them: what a world has to give.
//!
//! Nothing here blocks. Who has tried in vain is told by the `Ready` that the lane was made with.

use crate::sync::outside::Ready;
use std::fmt::Debug;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// What an end sends through, or receives from; a pipe that goes one way has only one of them at each end.
#[derive(Debug, Clone, Default)]
pub struct Lanes {
    pub incoming: Option<Arc<dyn Incoming>>,
    pub outgoing: Option<Arc<dyn Outgoing>>,
}

/// Messages that come.
pub trait Incoming: Debug + Send + Sync {
    fn take(&self) -> io::Result<Took>;

    /// Whether something can be taken, or the end is reached.
    fn is_ready(&self) -> bool;

    /// Another process gets a copy of this end: from now on the first of them that receives is the only one.
    fn share(&self) -> io::Result<()>;

    /// It goes to another process, and this one does not use it any more.
    fn leave(&self) -> io::Result<()>;

    /// The descriptor, and the one by which those who share it agree, if they do.
    fn files(&self) -> (BorrowedFd<'_>, Option<BorrowedFd<'_>>);
}

/// What came of looking for a message.
#[derive(Debug)]
pub enum Took {
    Message(Vec<u8>),
    /// Nothing yet.
    Nothing,
    /// Nobody has the other end any more.
    End,
    /// The process of this number receives here.
    Another(i32),
}

/// Messages that go.
pub trait Outgoing: Debug + Send + Sync {
    /// Sends the message, or what is left of it. False when there is no room for all of it.
    fn put(&self, message: &[u8], sending: &mut Sending) -> io::Result<bool>;

    /// Whether there may be room, or nobody receives any more.
    fn is_ready(&self) -> bool;

    /// Makes room for so many bytes more than usual, for what was sent before the pipe led anywhere.
    fn make_room(&self) -> io::Result<()>;

    fn file(&self) -> BorrowedFd<'_>;
}

/// How far a message has been sent.
#[derive(Debug, Default)]
pub struct Sending {
    pub written: usize,
    /// By which the receiver knows its parts; 0 before the first.
    pub number: u64,
    /// It was told to have been sent when it was put into this process's memory (`--stats`).
    pub counted: bool,
    /// With so many bytes behind the message it tells what was done before (`--race`); None before the first attempt.
    pub told: Option<usize>,
}

/// What tells both ends of a pipe that something may go on: of each, when something has come, and when there is room
/// for what is sent to it.
#[derive(Debug)]
pub struct Readiness {
    pub receivers: [Arc<Ready>; 2],
    pub senders: [Arc<Ready>; 2],
}
