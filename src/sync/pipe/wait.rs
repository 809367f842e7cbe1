//! `send` and `recv` as operations that may have to wait, and what is said of them meanwhile.

use super::{End, Got, Place, ROOM, Sending};
use crate::sync::pool::copied;
use crate::sync::wait::WaitQueue;
use crate::sync::{Releasers, Sync, op};
use crate::value::{
    Value,
    error::{self, Error},
    operate::check_room,
    wire,
};
use std::sync::Arc;

/// `send`, and a `recv` or the next round of a `for`.
#[derive(Debug)]
pub enum Wait {
    Send {
        end: Arc<Sync>,
        bytes: Vec<u8>,
        /// The number of its message, when it has more bytes than there is room: it waits until that is taken.
        put: Option<u64>,
        /// How far it has been sent to another process.
        sending: Sending,
    },
    Receive {
        end: Arc<Sync>,
        what: What,
    },
}

/// What a receive is to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Value,
    /// The same for `for`: the end of the pipe is no error but `Value::Unset`.
    Next,
    /// A list of the copies that were packed by a process of the same run: to or from a worker of a pool.
    Copies,
    /// Likewise a task, which may never come.
    Task,
}

impl What {
    fn read(self, sync: &Sync, bytes: &[u8]) -> Result<Value, Error> {
        match self {
            What::Copies | What::Task => {
                let what = if self == What::Task { "a task" } else { "the result of a task" };
                check_room(bytes.len(), 1, what)?;
                Ok(Value::list(copied::unpack(bytes)))
            }
            What::Value | What::Next => wire::decode(bytes).ok_or_else(|| {
                Error::new(error::Kind::State, format!("what came from {} is no value", sync.label()))
            }),
        }
    }
}

impl Wait {
    pub fn end(&self) -> &Arc<Sync> {
        match self {
            Wait::Send { end, .. } | Wait::Receive { end, .. } => end,
        }
    }

    /// The number of its pipe, the same in all processes.
    pub fn pipe(&self) -> u32 {
        End::of(self.end()).map_or(0, |end| end.between.number)
    }

    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        match self {
            Wait::Send { end, bytes, put, sending } => {
                Ok(End::of(end)?.send(end, bytes, put, sending)?.then_some(Value::Nil))
            }
            Wait::Receive { end, what } => match End::of(end)?.receive(end)? {
                Got::Message(bytes) => {
                    end.count_received(bytes.len());
                    what.read(end, &bytes).map(Some)
                }
                Got::Copies(values) => Ok(Some(Value::list(values))),
                Got::Nothing => Ok(None),
                Got::End if *what == What::Next => Ok(Some(Value::Unset)),
                Got::End => Err(End::of(end)?.at_end(end)),
            },
        }
    }

    pub fn ready(&self) -> bool {
        End::of(self.end()).is_ok_and(|end| match self {
            Wait::Send { bytes, put, .. } => end.send_ready(bytes.len(), *put),
            Wait::Receive { .. } => end.receive_ready(),
        })
    }

    /// Whether it can be done now, also when nobody has been told yet that it can.
    pub fn may_go_on(&self) -> bool {
        let Some(lanes) = End::of(self.end()).ok().and_then(End::lanes) else { return self.ready() };
        match self {
            Wait::Send { .. } => lanes.outgoing.is_none_or(|outgoing| outgoing.is_ready()),
            Wait::Receive { .. } => lanes.incoming.is_none_or(|incoming| incoming.is_ready()),
        }
    }

    pub fn queue(&self) -> Option<&WaitQueue> {
        let end = End::of(self.end()).ok()?;
        Some(match self {
            Wait::Send { .. } => &end.other().senders.waiters,
            Wait::Receive { .. } => &end.own().receivers.waiters,
        })
    }

    #[cold]
    pub fn timed_out(&self) -> Error {
        let (operation, why) = match self {
            Wait::Send { .. } => ("send", "no room"),
            Wait::Receive { .. } => ("recv", "nothing has come"),
        };
        op::timeout(&format!("{}.{operation}()", self.end().label()), why)
    }

    /// Whether its pipe leads to another process.
    pub fn is_outside(&self) -> bool {
        End::of(self.end()).is_ok_and(End::is_outside)
    }

    /// Whoever has either end: the other to send, receive or close, this one to close.
    pub fn releasers(&self) -> Releasers {
        match End::of(self.end()) {
            Ok(end) if end.is_outside() => Releasers::Outside,
            Ok(end) => Releasers::Anyone(end.ids().to_vec()),
            Err(_) => Releasers::Anyone(Vec::new()),
        }
    }

    /// Whether a worker of a process pool waits for its next task.
    pub fn is_for_a_task(&self) -> bool {
        matches!(self, Wait::Receive { what: What::Task, .. })
    }

    /// Whether the keeper of such a worker waits until that has done one.
    pub fn is_for_an_answer(&self) -> bool {
        matches!(self, Wait::Receive { what: What::Copies, .. })
    }

    pub fn describe(&self) -> String {
        let label = self.end().label();
        match self {
            Wait::Send { .. } => format!("waits in {label}.send()"),
            Wait::Receive { what: What::Value | What::Copies | What::Task, .. } => {
                format!("waits in {label}.recv()")
            }
            Wait::Receive { what: What::Next, .. } => format!("waits for the next of {label}"),
        }
    }

    /// Why it waits for ever, and what to do.
    pub fn note(&self) -> Option<String> {
        let end = End::of(self.end()).ok()?;
        let label = self.end().label();
        if end.is_outside() {
            return Some(self.note_outside(end, &label));
        }
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

    fn note_outside(&self, end: &End, label: &str) -> String {
        let here = matches!(*end.other().place.lock(), Place::System(_));
        match self {
            Wait::Send { .. } => {
                format!("{label} is full: receive at the other end before waiting for the process that sends")
            }
            Wait::Receive { .. } if here => {
                format!("{label} ends when the other end is closed in each process; in this one it is open")
            }
            Wait::Receive { .. } => {
                format!("{label} ends when the other end is closed, or no process has it any more")
            }
        }
    }

    /// Whether a `poll` has left something in the pipe.
    pub fn leaves_trace(&self) -> bool {
        match self {
            Wait::Send { put, .. } => put.is_some(),
            Wait::Receive { end, .. } => End::of(end).is_ok_and(End::receives_alone),
        }
    }
}
