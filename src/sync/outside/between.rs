//! Waits at connections both of whose sides are in this run: who could end them.

use super::Wait;
use super::simulated::Held;
use super::stream::{self, Stream};
use super::system::{Far, Flow, Line};
use crate::sync::{Releasers, Sync};
use std::sync::Arc;

impl Wait {
    /// At which side of a connection or stream, as long as that is open, and whether for room.
    fn side(&self) -> Option<(&Arc<Sync>, Arc<dyn Flow>, bool)> {
        let (stream, sends) = match self {
            Wait::Read(stream::Read { stream, .. }) => (stream, false),
            Wait::Write(stream::Write { stream, .. }) => (stream, true),
            Wait::Dial(_) | Wait::Accept(_) | Wait::Ended(_) | Wait::Run(_) | Wait::Signal(_) => return None,
        };
        Some((stream, Stream::of(stream).ok()?.way()?, sends))
    }

    /// Whether both sides have been in this process. It stays so as long as a thread waits: who waits is woken when the other
    /// side becomes known.
    pub fn is_near(&self) -> bool {
        self.side().is_some_and(|(_, flow, _)| flow.far().is_some())
    }

    /// The number of the connection or stream, as long as that is open.
    pub fn at(&self) -> Option<u32> {
        self.side().map(|(stream, ..)| stream.id)
    }

    /// The other side's number, as long as that is in this process: whoever lets go of it closes it.
    pub fn far(&self) -> Option<u32> {
        match self.side()?.1.far() {
            Some(Far::Here(id) | Far::Unaccepted(id)) => Some(id),
            Some(Far::Gone) | None => None,
        }
    }

    /// Whoever has either side: the other one to read, write or close, this one to close.
    pub fn releasers(&self) -> Releasers {
        match self.side() {
            Some((stream, flow, sends)) => match flow.far() {
                Some(Far::Here(other) | Far::Unaccepted(other)) if !flow.may_stir(sends) => {
                    Releasers::Anyone(vec![stream.id, other])
                }
                Some(_) | None => Releasers::Outside,
            },
            None => Releasers::Outside,
        }
    }

    /// The same of a simulated run: the side of a connection, or the server, at which it waits, and the other side; that of a
    /// server are all who can connect. None where it is none of these.
    pub fn sides(&self) -> Option<(Held, Option<Held>)> {
        if let Wait::Accept(server) = self {
            return Some((server.outside()?.held()?, None));
        }
        let (wire, side) = self.side()?.1.simulated()?.held();
        Some(((wire, side), Some((wire, 1 - side))))
    }

    /// What is told of it to who knows the sides of all processes; None where that is of no use.
    pub fn line(&self) -> Option<Line> {
        let (_, flow, sends) = self.side()?;
        if flow.far().is_some() { None } else { flow.line(sends) }
    }

    /// Why it waits for ever, and what to do.
    pub fn note(&self) -> Option<String> {
        let (stream, flow, sends) = self.side()?;
        let label = stream.label();
        Some(match (flow.far(), sends) {
            (Some(Far::Unaccepted(_)), _) => format!("nobody has accepted {label}"),
            (_, true) => format!("{label} is full: what is written there has to be read at its other side"),
            (_, false) => format!("{label} ends when its other side is closed, or nobody has that any more"),
        })
    }
}
