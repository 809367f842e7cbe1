//! What keeps an object in the process where it is: the one answer for all that send copies to another.

use super::Shared;
use crate::sync::{Kind, future::Future};

/// Why an object cannot simply be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// It goes on by itself: a running thread, a future that has no result yet.
    Runs,
    /// The system keeps something for it: an open file, a connection, a program.
    System,
    /// Those who use it are in this process: a pool, a pipe, a future with its result.
    Used,
}

impl Shared {
    /// What ties it, and what people call it; None for what can be copied freely.
    pub fn tie(&self) -> Option<(Tie, String)> {
        match self {
            Shared::Thread(thread) => (thread.process.is_none() && thread.alive())
                .then(|| (Tie::Runs, format!("the running thread \"{}\"", thread.name()))),
            Shared::File(file) => {
                (!file.is_closed()).then(|| (Tie::System, format!("the open file {}", file.path)))
            }
            Shared::Sync(sync) => sync.kind.tie().map(|tie| (tie, sync.label())),
            Shared::Cell(_)
            | Shared::List(_)
            | Shared::Map(_)
            | Shared::Set(_)
            | Shared::Object(_)
            | Shared::Closure(_)
            | Shared::Bound(_)
            | Shared::Error(_)
            | Shared::Ticket(_)
            | Shared::Round(_)
            | Shared::Failure(_)
            | Shared::Left(_)
            | Shared::Space(_)
            | Shared::Between(_)
            | Shared::Wire(_) => None,
        }
    }
}

impl Kind {
    fn tie(&self) -> Option<Tie> {
        match self {
            Kind::Future(future) if !Future::is_done(future) => Some(Tie::Runs),
            Kind::Outside(_) => Some(Tie::System),
            Kind::Future(_) | Kind::Pool(_) | Kind::Crew(_) | Kind::Pipe(_) | Kind::End(_) => Some(Tie::Used),
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Semaphore(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_) => None,
        }
    }
}
