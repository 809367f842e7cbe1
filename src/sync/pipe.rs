//! `pipe`: whole values from one end to the other, both ways or one; what is sent is copied. As with a pipe of the
//! system, there is room for so many bytes only, and who writes to a full one waits.
//!
//! An end that nobody can use any more closes itself, and the other end learns it.

use super::wait::WaitQueue;
use super::{Kind, Releasers, Sync};
use crate::value::{
    Value,
    error::{self, Error},
    wire,
};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// How many bytes a pipe has room for, in each direction: as many as a pipe of the system.
pub const ROOM: usize = 65_536;

#[derive(Debug)]
pub struct Pipe {
    /// Both ends, until somebody asks for them: then it is theirs to keep them.
    kept: Mutex<Option<[Arc<Sync>; 2]>>,
    ends: [Weak<Sync>; 2],
}

#[derive(Debug)]
pub struct End {
    between: Arc<Between>,
    /// Its number, 0 or 1.
    side: usize,
}

/// What the two ends share.
#[derive(Debug)]
struct Between {
    sides: [Side; 2],
    /// Values go both ways; otherwise the first end only sends, the second only receives.
    duplex: bool,
    /// The ids of the ends.
    ids: [u32; 2],
}

/// What belongs to one end.
#[derive(Debug, Default)]
struct Side {
    closed: AtomicBool,
    /// What was sent to it.
    inbox: Mutex<Inbox>,
    /// Those who wait for something to come to it, and those who wait for room in it.
    receivers: WaitQueue,
    senders: WaitQueue,
}

#[derive(Debug, Default)]
struct Inbox {
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
    /// How many messages have been taken out, and how many were put in.
    taken: u64,
    put: u64,
}

/// `send`, and a `recv` or the next round of a `for`.
#[derive(Debug)]
pub enum Wait {
    Send {
        end: Arc<Sync>,
        bytes: Vec<u8>,
        /// The number of its message, when it has more bytes than there is room: it waits until that is taken.
        put: Option<u64>,
    },
    Receive {
        end: Arc<Sync>,
        /// The end of the pipe is no error but `Value::Unset`.
        next: bool,
    },
}

impl Pipe {
    /// The two ends of a new pipe, whose ids are given.
    pub fn new(duplex: bool, ids: [u32; 2], line: u32) -> Pipe {
        let sides = [Side::default(), Side::default()];
        let between = Arc::new(Between { sides, duplex, ids });
        let ends = [0, 1].map(|side| {
            let end = End { between: between.clone(), side };
            Arc::new(Sync::new(ids[side], line, Kind::End(end)))
        });
        let weak = [Arc::downgrade(&ends[0]), Arc::downgrade(&ends[1])];
        Pipe { kept: Mutex::new(Some(ends)), ends: weak }
    }

    pub fn of(sync: &Sync) -> Result<&Pipe, Error> {
        if let Kind::Pipe(pipe) = &sync.kind { Ok(pipe) } else { Err(sync.is_no("pipe")) }
    }

    /// Both ends. Those who ask have to keep them.
    pub fn ends(&self, sync: &Sync) -> Result<[Arc<Sync>; 2], Error> {
        if let Some(ends) = self.kept.lock().take() {
            for (side, end) in ends.iter().enumerate() {
                let _ = end.name.set(format!("{}.ends[{side}]", sync.label()).into()); // nobody had it before
            }
            return Ok(ends);
        }
        match [self.ends[0].upgrade(), self.ends[1].upgrade()] {
            [Some(first), Some(second)] => Ok([first, second]),
            _ => Err(Error::new(
                error::Kind::Closed,
                format!("an end of {} is gone: nobody has kept it", sync.label()),
            )
            .hint("take both at once: `let [a, b] = p.ends`")),
        }
    }

    /// The ends that it keeps itself.
    pub fn values(&self, each: &mut dyn FnMut(Value)) {
        if let Some(ends) = &*self.kept.lock() {
            ends.iter().for_each(|end| each(Value::Sync(end.clone())));
        }
    }
}

impl End {
    pub fn of(sync: &Sync) -> Result<&End, Error> {
        if let Kind::End(end) = &sync.kind { Ok(end) } else { Err(sync.is_no("end of a pipe")) }
    }

    fn own(&self) -> &Side {
        &self.between.sides[self.side]
    }

    fn other(&self) -> &Side {
        &self.between.sides[1 - self.side]
    }

    pub fn is_closed(&self) -> bool {
        self.own().closed.load(Ordering::SeqCst)
    }

    /// Nothing is sent or received here any more; the other end learns it. Closing twice is fine.
    pub fn close(&self) {
        if self.own().closed.swap(true, Ordering::SeqCst) {
            return;
        }
        for side in &self.between.sides {
            side.receivers.wake_all();
            side.senders.wake_all();
        }
    }

    /// An error unless values go this way.
    pub fn may(&self, sync: &Sync, send: bool) -> Result<(), Error> {
        let sends = self.side == 0;
        if self.between.duplex || sends == send {
            return Ok(());
        }
        let (label, only, verb) = match sends {
            true => (sync.label(), "sends", "receive"),
            false => (sync.label(), "receives", "send"),
        };
        Err(Error::new(
            error::Kind::State,
            format!("{label} cannot {verb}: this end of the pipe only {only}"),
        )
        .hint("`pipe p` without `duplex: false` goes both ways"))
    }

    fn used(&self, sync: &Sync, operation: &str) -> Result<(), Error> {
        if !self.is_closed() {
            return Ok(());
        }
        let label = sync.label();
        Err(Error::new(error::Kind::Closed, format!("{label}.{operation}(): {label} is closed"))
            .hint("close an end after its last use"))
    }

    fn send(&self, sync: &Sync, bytes: &mut Vec<u8>, put: &mut Option<u64>) -> Result<bool, Error> {
        self.used(sync, "send")?;
        let other = self.other();
        if other.closed.load(Ordering::SeqCst) {
            let message = format!("{}.send(): nobody can receive it, the other end is closed", sync.label());
            return Err(Error::new(error::Kind::Closed, message).hint("catch \"closed\" to end with it"));
        }
        let mut inbox = other.inbox.lock();
        if let Some(number) = put {
            return Ok(inbox.taken >= *number);
        }
        if inbox.bytes > 0 && inbox.bytes + bytes.len() > ROOM {
            return Ok(false);
        }
        let length = bytes.len();
        inbox.bytes += length;
        inbox.messages.push_back(std::mem::take(bytes));
        inbox.put += 1;
        let number = inbox.put;
        drop(inbox);
        other.receivers.wake_one();
        if length > ROOM {
            *put = Some(number);
        }
        Ok(length <= ROOM)
    }

    /// None when nothing has come yet, an error at the end.
    fn receive(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        self.used(sync, "recv")?;
        let own = self.own();
        // Asked before it is looked for: what was sent before the other end closed is there then.
        let ended = self.other().closed.load(Ordering::SeqCst);
        let mut inbox = own.inbox.lock();
        let Some(bytes) = inbox.messages.pop_front() else {
            drop(inbox);
            return if ended { Err(self.at_end(sync)) } else { Ok(None) };
        };
        inbox.bytes -= bytes.len();
        inbox.taken += 1;
        drop(inbox);
        own.senders.wake_all();
        let garbled =
            || Error::new(error::Kind::State, format!("what came from {} is no value", sync.label()));
        wire::decode(&bytes).map(Some).ok_or_else(garbled)
    }

    #[cold]
    fn at_end(&self, sync: &Sync) -> Error {
        let label = sync.label();
        Error::new(
            error::Kind::Closed,
            format!("{label}.recv(): the other end is closed, and nothing is left"),
        )
        .hint(format!("`for x in {label} {{ }}` ends by itself then"))
    }

    fn receive_ready(&self) -> bool {
        self.is_closed()
            || self.other().closed.load(Ordering::SeqCst)
            || !self.own().inbox.lock().messages.is_empty()
    }

    fn send_ready(&self, length: usize, put: Option<u64>) -> bool {
        let other = self.other();
        let inbox = other.inbox.lock();
        self.is_closed()
            || other.closed.load(Ordering::SeqCst)
            || match put {
                Some(number) => inbox.taken >= number,
                None => inbox.bytes == 0 || inbox.bytes + length <= ROOM,
            }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close();
    }
}

impl Wait {
    pub fn end(&self) -> &Arc<Sync> {
        match self {
            Wait::Send { end, .. } | Wait::Receive { end, .. } => end,
        }
    }

    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        match self {
            Wait::Send { end, bytes, put } => Ok(End::of(end)?.send(end, bytes, put)?.then_some(Value::Nil)),
            Wait::Receive { end, next } => match End::of(end)?.receive(end) {
                Err(_) if *next && End::of(end)?.receive_ended() => Ok(Some(Value::Unset)),
                done => done,
            },
        }
    }

    pub fn ready(&self) -> bool {
        End::of(self.end()).is_ok_and(|end| match self {
            Wait::Send { bytes, put, .. } => end.send_ready(bytes.len(), *put),
            Wait::Receive { .. } => end.receive_ready(),
        })
    }

    pub fn queue(&self) -> Option<&WaitQueue> {
        let end = End::of(self.end()).ok()?;
        Some(match self {
            Wait::Send { .. } => &end.other().senders,
            Wait::Receive { .. } => &end.own().receivers,
        })
    }

    #[cold]
    pub fn timed_out(&self) -> Error {
        let (operation, why) = match self {
            Wait::Send { .. } => ("send", "no room"),
            Wait::Receive { .. } => ("recv", "nothing has come"),
        };
        super::op::timeout(&format!("{}.{operation}()", self.end().label()), why)
    }

    /// Whoever has either end: the other to send, receive or close, this one to close.
    pub fn releasers(&self) -> Releasers {
        let ids = End::of(self.end()).map_or_else(|_| Vec::new(), |end| end.between.ids.to_vec());
        Releasers::Anyone(ids)
    }

    pub fn describe(&self) -> String {
        let label = self.end().label();
        match self {
            Wait::Send { .. } => format!("waits in {label}.send()"),
            Wait::Receive { next: false, .. } => format!("waits in {label}.recv()"),
            Wait::Receive { next: true, .. } => format!("waits for the next of {label}"),
        }
    }

    /// Why it waits for ever, and what to do.
    pub fn note(&self) -> Option<String> {
        let end = End::of(self.end()).ok()?;
        let label = self.end().label();
        Some(match self {
            Wait::Send { bytes, put: None, .. } => {
                let held = end.other().inbox.lock().bytes;
                let length = bytes.len();
                format!(
                    "{label} is full: {held} of {ROOM} bytes wait to be received, and {length} more find no room; \
                     receive before waiting for the sender"
                )
            }
            Wait::Send { put: Some(_), .. } => {
                format!(
                    "what {label} sends is larger than a pipe ({ROOM} bytes): it waits until it is received"
                )
            }
            Wait::Receive { .. } => {
                format!("{label} ends when the other end is closed, or nobody has it any more")
            }
        })
    }

    /// Whether a `poll` has left something in the pipe.
    pub fn leaves_trace(&self) -> bool {
        matches!(self, Wait::Send { put: Some(_), .. })
    }
}

impl End {
    /// Whether the other end is closed and nothing is left, while this one is open.
    fn receive_ended(&self) -> bool {
        !self.is_closed()
            && self.other().closed.load(Ordering::SeqCst)
            && self.own().inbox.lock().messages.is_empty()
    }
}
