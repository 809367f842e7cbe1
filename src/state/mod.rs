//! A run's state as data: a graph of nodes that can be stored, compared, and made into living objects again.
//!
//! A node is one object that others refer to (a variable's cell, a list, a lock, a thread's handle) or one of the
//! state's roots. Its bytes tell its content; what it refers to stands apart, as numbers of other nodes, so that two
//! objects of the same content have the same bytes wherever they are. Nothing here knows what is done with states.

pub mod addresses;
pub mod graph;
pub mod kept;
pub mod living;
mod object;
pub mod packed;
mod reader;
pub mod rows;
mod tie;
mod value;
mod writer;

pub use reader::{Objects, Reader};
pub use tie::Tie;
pub use value::NO_VALUE;
pub use writer::{Numbering, Writer};

use crate::machine::Space;
use crate::sync::barrier::Round;
use crate::sync::condition::Ticket;
use crate::sync::future::Failure;
use crate::sync::outside::simulated::Wire;
use crate::sync::pipe::Between;
use crate::sync::{Sync, thread::Thread};
use crate::value::cell::Cell;
use crate::value::error::Error;
use crate::value::file::File;
use crate::value::list::List;
use crate::value::map::Map;
use crate::value::object::{Bound, Closure, Object};
use crate::value::set::Set;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// An object that is a node of its own, because more than one may refer to it.
#[derive(Debug, Clone)]
pub enum Shared {
    Cell(Arc<Cell>),
    List(Arc<List>),
    Map(Arc<Map>),
    Set(Arc<Set>),
    Object(Arc<Object>),
    Closure(Arc<Closure>),
    Bound(Arc<Bound>),
    Error(Arc<Error>),
    File(Arc<File>),
    Thread(Arc<Thread>),
    Sync(Arc<Sync>),
    /// One wait on a condition.
    Ticket(Arc<Ticket>),
    /// One meeting at a barrier.
    Round(Arc<Round>),
    /// An error that ended a task.
    Failure(Arc<Failure>),
    /// How many futures an `as_completed` still waits for.
    Left(Arc<AtomicUsize>),
    /// What the threads of a process share that no other process sees.
    Space(Arc<Space>),
    /// What the two ends of a pipe share, in a simulated run.
    Between(Arc<Between>),
    /// What the two sides of a connection share, or a server and those who connect to it, likewise.
    Wire(Arc<Wire>),
}

impl Shared {
    /// Nobody holds it but one that is held itself and has been asked for it: whoever goes through everything comes here once.
    /// False also where that is not known.
    fn is_held_once(&self) -> bool {
        /// With this one.
        fn held_twice<T>(it: &Arc<T>) -> bool {
            Arc::strong_count(it) == 2 && Arc::weak_count(it) == 0
        }
        match self {
            Shared::Cell(it) => held_twice(it),
            Shared::List(it) => held_twice(it),
            Shared::Map(it) => held_twice(it),
            Shared::Set(it) => held_twice(it),
            Shared::Object(it) => held_twice(it),
            _ => false,
        }
    }

    /// What tells it from all others that live now.
    pub fn address(&self) -> usize {
        match self {
            Shared::Cell(it) => Arc::as_ptr(it).addr(),
            Shared::List(it) => Arc::as_ptr(it).addr(),
            Shared::Map(it) => Arc::as_ptr(it).addr(),
            Shared::Set(it) => Arc::as_ptr(it).addr(),
            Shared::Object(it) => Arc::as_ptr(it).addr(),
            Shared::Closure(it) => Arc::as_ptr(it).addr(),
            Shared::Bound(it) => Arc::as_ptr(it).addr(),
            Shared::Error(it) => Arc::as_ptr(it).addr(),
            Shared::File(it) => Arc::as_ptr(it).addr(),
            Shared::Thread(it) => Arc::as_ptr(it).addr(),
            Shared::Sync(it) => Arc::as_ptr(it).addr(),
            Shared::Ticket(it) => Arc::as_ptr(it).addr(),
            Shared::Round(it) => Arc::as_ptr(it).addr(),
            Shared::Failure(it) => Arc::as_ptr(it).addr(),
            Shared::Left(it) => Arc::as_ptr(it).addr(),
            Shared::Space(it) => Arc::as_ptr(it).addr(),
            Shared::Between(it) => Arc::as_ptr(it).addr(),
            Shared::Wire(it) => Arc::as_ptr(it).addr(),
        }
    }
}
