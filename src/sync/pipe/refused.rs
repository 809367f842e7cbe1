//! What cannot be done with an end of a pipe, and why.

use super::{End, Place};
use crate::sync::{Sync, named};
use crate::value::error::{self, Error};

impl End {
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

    pub(super) fn used(&self, sync: &Sync, operation: &str) -> Result<(), Error> {
        let label = sync.label();
        let refused = |why: String, hint: &str| {
            Err(Error::new(error::Kind::Closed, format!("{label}.{operation}(): {why}")).hint(hint))
        };
        let gone = match &*self.own().place.lock() {
            Place::Gone(to) => Some(to.clone()),
            Place::Memory | Place::System(_) => self.here.gone(),
        };
        if let Some(to) = gone {
            named::in_error();
            let hint = match self.other_has_gone() {
                false => {
                    "an end is in one process at a time; use the other end here, or a pipe for each process"
                }
                true => {
                    "the process got both ends: take them apart, `let [a, b] = p.ends`, and let it name only its own"
                }
            };
            return refused(format!("{label} was handed to the process \"{to}\""), hint);
        }
        match self.is_closed() {
            true => refused(format!("{label} is closed"), "close an end after its last use"),
            false => Ok(()),
        }
    }

    /// Whether this process has the other end no more either.
    fn other_has_gone(&self) -> bool {
        match self.between.ends() {
            Some(ends) => {
                let other = ends[1 - self.side].upgrade();
                other.is_none_or(|other| End::of(&other).is_ok_and(|other| other.here.gone().is_some()))
            }
            None => matches!(*self.other().place.lock(), Place::Gone(_)),
        }
    }
}

#[cold]
pub(super) fn nobody_receives(sync: &Sync) -> Error {
    let message = format!("{}.send(): nobody can receive it, the other end is closed", sync.label());
    Error::new(error::Kind::Closed, message).hint("catch \"closed\" to end with it")
}

#[cold]
pub(super) fn another_receives(sync: &Sync, pid: Option<i32>) -> Error {
    let label = sync.label();
    let who = pid.map_or_else(|| "another process".to_string(), |pid| format!("the process {pid}"));
    let message = format!("{label}.recv(): {who} receives there");
    Error::new(error::Kind::State, message)
        .note("`fork` copies an end of a pipe; of its copies the one that receives first is the only one that does")
        .hint("receive in one of the processes, or make a pipe for each")
}
