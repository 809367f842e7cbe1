//! `pipe`: whole values from one end to the other, both ways or one; what is sent is copied. As with a pipe of the
//! system, there is room for so many bytes only, and who writes to a full one waits.
//!
//! An end that nobody can use any more closes itself, and the other end learns it.
//!
//! While both ends are in one process the messages are in its memory. When one goes to another process, the pipe becomes
//! one of the system (`lane`), which the world makes; nobody who uses it can tell.

mod handed;
mod heading;
mod lane;
mod message;
mod refused;
mod simulated;
mod wait;

pub use handed::{Handed, Joint, Make};
pub use heading::Heading;
pub use lane::{Incoming, Lanes, Outgoing, Readiness, Sending, Took};
pub use wait::{Wait, What};

use self::message::{Bytes, Message};
use self::refused::{another_receives, nobody_receives};
use super::outside::Ready;
use super::{Kind, Sync};
use crate::race::channels::{self, Channel, Room, Told};
use crate::value::{
    Value,
    error::{self, Error},
};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// How many bytes a pipe has room for, in each direction: as many as a pipe of the system.
pub const ROOM: usize = 65_536;

#[derive(Debug)]
pub struct Pipe {
    /// Both ends, until somebody asks for them: then it is theirs to keep them.
    kept: Mutex<Option<[Arc<Sync>; 2]>>,
    ends: [Weak<Sync>; 2],
    /// What they share, where the pipe is part of states that are written.
    between: Option<Arc<Between>>,
}

#[derive(Debug)]
pub struct End {
    between: Arc<Between>,
    /// Its number, 0 or 1.
    side: usize,
    /// What it is in a simulated run.
    here: simulated::Here,
}

/// What the two ends share.
#[derive(Debug)]
pub struct Between {
    sides: [Side; 2],
    /// Values go both ways; otherwise the first end only sends, the second only receives.
    duplex: bool,
    /// The ids of the ends.
    ids: [u32; 2],
    /// The same in all processes that have an end.
    number: u32,
    /// It leads to another process: what each end has is in its place.
    outside: AtomicBool,
    /// What is known of the ends in a simulated run.
    known: Option<simulated::Known>,
}

/// What belongs to one end.
#[derive(Debug, Default)]
struct Side {
    closed: AtomicBool,
    /// What was sent to it.
    inbox: Mutex<Inbox>,
    /// Those who wait for something to come to it, and those who wait for room in it.
    receivers: Arc<Ready>,
    senders: Arc<Ready>,
    place: Mutex<Place>,
}

/// Where an end is.
#[derive(Debug, Default)]
enum Place {
    /// In this process, as the other one is.
    #[default]
    Memory,
    System(Lanes),
    /// It was handed to this process.
    Gone(Arc<str>),
}

#[derive(Debug, Default)]
struct Inbox {
    messages: VecDeque<Message>,
    bytes: usize,
    /// How many messages have been taken out, and how many were put in.
    taken: u64,
    put: u64,
    room: Room,
    /// A message for which there is no room in the system at once: whoever waits in its `send` sends it again.
    returned: Option<Vec<u8>>,
}

/// What came of looking for a message.
enum Got {
    Message(Vec<u8>),
    /// Copies for a process, or from one, in a simulated run.
    Copies(Vec<Value>),
    Nothing,
    End,
}

impl Pipe {
    /// The two ends of a new pipe, whose ids are given.
    pub fn new(duplex: bool, ids: [u32; 2], line: u32) -> Pipe {
        Pipe::of_both(Between::new(duplex, ids), line)
    }

    fn of_both(between: Between, line: u32) -> Pipe {
        let between = Arc::new(between);
        let ends = [0, 1].map(|side| {
            let end = End { between: between.clone(), side, here: simulated::Here::default() };
            Arc::new(Sync::new(between.ids[side], line, Kind::End(end)).counting_bytes())
        });
        let weak = [Arc::downgrade(&ends[0]), Arc::downgrade(&ends[1])];
        ends.iter().for_each(End::made);
        let between = between.known.is_some().then_some(between);
        Pipe { kept: Mutex::new(Some(ends)), ends: weak, between }
    }

    pub fn of(sync: &Sync) -> Result<&Pipe, Error> {
        if let Kind::Pipe(pipe) = &sync.kind { Ok(pipe) } else { Err(sync.is_no("pipe")) }
    }

    /// Both ends. Those who ask have to keep them.
    pub fn ends(&self, sync: &Sync) -> Result<[Arc<Sync>; 2], Error> {
        if let Some(ends) = self.kept.lock().take() {
            for (side, end) in ends.iter().enumerate() {
                end.name.set(format!("{}.ends[{side}]", sync.label()).into()); // nobody had it before
            }
            return Ok(ends);
        }
        let ends = self.between.as_ref().and_then(|between| between.ends());
        let [first, second] = ends.as_ref().unwrap_or(&self.ends);
        match [first.upgrade(), second.upgrade()] {
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

    /// Whether nothing can be sent or received here any more.
    pub fn is_closed(&self) -> bool {
        if self.between.known.is_some() {
            return self.here.is_closed();
        }
        self.own().closed.load(Ordering::SeqCst) || matches!(*self.own().place.lock(), Place::Gone(_))
    }

    /// The numbers of the two ends as the pipe was made, by which its waits tell who could end them.
    pub fn ids(&self) -> [u32; 2] {
        self.between.ids_now().unwrap_or(self.between.ids)
    }

    /// Whether it leads to another process.
    pub fn is_outside(&self) -> bool {
        self.between.outside.load(Ordering::SeqCst)
    }

    /// Nothing is sent or received here any more; the other end learns it. Closing twice is fine, and so is closing one
    /// that was handed over.
    pub fn close(&self) {
        if let Some(known) = &self.between.known {
            return self.close_simulated(known);
        }
        if self.own().closed.swap(true, Ordering::SeqCst) {
            return;
        }
        channels::give_to(Channel::Pipe(self.between.number));
        let mut place = self.own().place.lock();
        let before = match &*place {
            Place::System(_) => std::mem::take(&mut *place),
            Place::Memory | Place::Gone(_) => Place::Memory,
        };
        drop(place);
        drop(before); // outside the lock
        self.between.wake();
    }

    /// None while the pipe is in this process's memory.
    fn lanes(&self) -> Option<Lanes> {
        if !self.is_outside() {
            return None;
        }
        match &*self.own().place.lock() {
            Place::System(lanes) => Some(lanes.clone()),
            // It was closed, or handed over, since that was asked.
            Place::Memory | Place::Gone(_) => Some(Lanes::default()),
        }
    }

    fn send(
        &self,
        sync: &Sync,
        bytes: &mut Vec<u8>,
        put: &mut Option<u64>,
        sending: &mut Sending,
    ) -> Result<bool, Error> {
        self.used(sync, "send")?;
        if let Some(lanes) = self.lanes() {
            return self.send_outside(sync, &lanes, bytes, put, sending);
        }
        let other = self.other();
        if other.closed.load(Ordering::SeqCst) {
            return Err(nobody_receives(sync));
        }
        let mut inbox = other.inbox.lock();
        if let Some(number) = put {
            let taken = inbox.taken >= *number;
            if taken {
                inbox.room.was_needed();
            }
            return Ok(taken);
        }
        if inbox.bytes > 0 && inbox.bytes + bytes.len() > ROOM {
            return Ok(false);
        }
        let length = bytes.len();
        inbox.bytes += length;
        inbox.room.fills(length, ROOM);
        let bytes = Bytes::Own(std::mem::take(bytes));
        inbox.messages.push_back(Message { bytes, told: Told::now() });
        inbox.put += 1;
        let number = inbox.put;
        drop(inbox);
        sync.count_sent(length);
        sync.sent();
        other.receivers.waiters.wake_one();
        if length > ROOM {
            *put = Some(number);
        }
        Ok(length <= ROOM)
    }

    fn send_outside(
        &self,
        sync: &Sync,
        lanes: &Lanes,
        bytes: &mut Vec<u8>,
        put: &mut Option<u64>,
        sending: &mut Sending,
    ) -> Result<bool, Error> {
        // It had put its message into the memory before the pipe led outside.
        if put.take().is_some() {
            match self.other().inbox.lock().returned.take() {
                Some(message) => {
                    *bytes = message;
                    sending.counted = true;
                }
                None => return Ok(true),
            }
        }
        let Some(outgoing) = &lanes.outgoing else {
            self.used(sync, "send")?;
            return Err(nobody_receives(sync));
        };
        let pipe = Channel::Pipe(self.between.number);
        let waited = sending.told.is_some();
        let length = bytes.len() - sending.told.unwrap_or_default();
        if !waited {
            if !Told::now().add_to(bytes) {
                channels::give_to(pipe);
            }
            sending.told = Some(bytes.len() - length);
        }
        let sent = outgoing.put(bytes, sending).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => nobody_receives(sync),
            _ => Error::new(error::Kind::Error, format!("{}.send(): {error}", sync.label())),
        })?;
        if !sent {
            return Ok(false);
        }
        if self.other().inbox.lock().room.fills(length, ROOM) || waited {
            channels::take_from(pipe);
        }
        if !sending.counted {
            sync.count_sent(length);
            sync.sent();
        }
        Ok(true)
    }

    fn receive(&self, sync: &Sync) -> Result<Got, Error> {
        self.used(sync, "recv")?;
        let own = self.own();
        let bytes = match self.lanes() {
            Some(lanes) => {
                let pipe = Channel::Pipe(self.between.number);
                channels::give_to(pipe);
                match self.take_outside(sync, &lanes)? {
                    Took::Message(mut bytes) => {
                        match Told::take_out_of(&mut bytes) {
                            Some(told) => told.learn(),
                            None => channels::take_from(pipe),
                        }
                        bytes
                    }
                    Took::Nothing => return Ok(Got::Nothing),
                    Took::End => {
                        self.nobody_is_there();
                        return Ok(Got::End);
                    }
                    Took::Another(pid) => return Err(another_receives(sync, Some(pid))),
                }
            }
            None => {
                // Asked before it is looked for: what was sent before the other end closed is there then.
                let ended = self.other().closed.load(Ordering::SeqCst);
                if !self.may_receive() {
                    return Err(another_receives(sync, None));
                }
                if let Some(copies) = self.take_passed() {
                    sync.received();
                    return Ok(Got::Copies(copies));
                }
                let mut inbox = own.inbox.lock();
                let Some(Message { bytes, told }) = inbox.messages.pop_front() else {
                    return Ok(if ended { Got::End } else { Got::Nothing });
                };
                let bytes = bytes.into_own();
                inbox.bytes -= bytes.len();
                inbox.taken += 1;
                inbox.room.is_made();
                drop(inbox);
                told.learn();
                own.senders.waiters.wake_all();
                bytes
            }
        };
        sync.received();
        Ok(Got::Message(bytes))
    }

    /// Of a process that is killed the two directions do not end at one moment; here they do.
    fn nobody_is_there(&self) {
        if let Place::System(lanes) = &mut *self.own().place.lock() {
            lanes.outgoing = None;
        }
        self.other().senders.set();
    }

    fn take_outside(&self, sync: &Sync, lanes: &Lanes) -> Result<Took, Error> {
        let Some(incoming) = &lanes.incoming else { return self.used(sync, "recv").map(|()| Took::Nothing) };
        let failed = |error| Error::new(error::Kind::Error, format!("{}.recv(): {error}", sync.label()));
        incoming.take().map_err(failed)
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
        let own = self.own();
        match self.is_outside() {
            true => self.is_closed() || own.receivers.is_set(),
            false => {
                self.is_closed()
                    || self.another_has_received()
                    || self.other().closed.load(Ordering::SeqCst)
                    || !own.inbox.lock().messages.is_empty()
                    || self.has_passed()
            }
        }
    }

    fn send_ready(&self, length: usize, put: Option<u64>) -> bool {
        let other = self.other();
        if self.is_outside() {
            return self.is_closed() || put.is_some() || other.senders.is_set();
        }
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
        // In a simulated run it is asked after each step which ends can still be used.
        if self.between.known.is_none() {
            self.close();
        }
    }
}

impl Between {
    fn new(duplex: bool, ids: [u32; 2]) -> Between {
        let sides = [Side::default(), Side::default()];
        let number = ids[0];
        Between { sides, duplex, ids, number, outside: AtomicBool::new(false), known: None }
    }

    fn wake(&self) {
        for side in &self.sides {
            side.receivers.set();
            side.senders.set();
        }
    }
}
