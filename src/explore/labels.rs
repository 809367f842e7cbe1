//! The contents of nodes, each stored once and known by a number: its label.

use super::rows::Rows;
use super::verdict::Property;
use crate::state::Shared;
use crate::state::graph::{Node, Tag};
use crate::sync::Kind;
use crate::world::sim::Universe;
use foldhash::fast::FixedState;
use indexmap::IndexSet;
use std::hash::BuildHasher;
use std::sync::atomic::Ordering;

/// A content's number.
pub type Label = u32;

/// What the search asks of a content without reading it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// Equal for nodes that a step which only holds a reference to them cannot tell apart.
    pub shape: u64,
    /// How many nodes it refers to.
    pub refs: u32,
    /// A thread's handle, or a thread's own state: the program does not wait for it, or for its process.
    pub daemon: bool,
    /// Of a thread's own state: it belongs to another process than the first.
    pub elsewhere: bool,
    /// A pool's crew that has tasks which have not ended.
    pub unfinished: bool,
    /// A step that meets it reads it whole: closures and the like never change, so nobody tells when they are read.
    pub constant: bool,
    /// Of an error: what fails if nobody catches it.
    pub fails: Option<Property>,
    /// Of a thread's handle: it has failed as part of a `parallel` that has not raised its error yet.
    pub unraised: bool,
    /// A thing to wait for, or a part of one: an operation on one reads others that it leads to.
    pub waits: bool,
    /// The end of a pipe.
    pub end: bool,
    /// Which of its references stand in an order that means nothing: the first, and how many.
    pub unordered: Box<[(u32, u32)]>,
    /// Of a thread's own state: it waits in a way that remembers what has happened to the thing since (a set of an event).
    pub remembers: bool,
    /// Of a thread's own state: how long until it gives up waiting, if it does.
    pub deadline: Option<i64>,
}

/// How a thread stands.
#[derive(Debug, Default, Clone, Copy)]
pub struct Stands {
    /// How long it waits at most.
    pub deadline: Option<i64>,
    /// It remembers what happens meanwhile.
    pub remembers: bool,
    /// Of a process other than the first: whether that is ended with its parent.
    pub process: Option<Daemon>,
}

impl Stands {
    /// How the thread at this place does.
    pub fn of(universe: &Universe, seat: usize) -> Stands {
        let seat = &universe.seats[seat];
        let wait = seat.wait.as_ref();
        let deadline = wait.and_then(|wait| wait.deadline);
        Stands {
            deadline: deadline.map(|deadline| (deadline - universe.now).max(0)),
            remembers: wait.is_some_and(|wait| wait.op.remembers()),
            process: seat.space.as_ref().map(|space| Daemon(space.is_daemon())),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daemon(pub bool);

#[derive(Debug, Default)]
pub struct Labels {
    contents: Rows<u8>,
    /// For each of them which of these are its facts: hardly any two differ in them.
    kinds: Vec<u32>,
    facts: IndexSet<Facts, FixedState>,
}

impl Labels {
    /// The label of a node's content; `object` is what the node stands for, None for a root; `stands` tells of a
    /// thread how it stands.
    pub fn of(&mut self, node: Node<'_>, object: Option<&Shared>, stands: Option<Stands>) -> Label {
        let (label, new) = self.contents.of(node.bytes);
        if new {
            let (kind, _) = self.facts.insert_full(facts(node, object, stands));
            self.kinds.push(kind as u32);
        }
        debug_assert_eq!(self.facts(label).refs as usize, node.refs.len());
        label
    }

    pub fn content(&self, label: Label) -> &[u8] {
        self.contents.row(label)
    }

    pub fn facts(&self, label: Label) -> &Facts {
        &self.facts[self.kinds[label as usize] as usize]
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        self.contents.memory() + self.kinds.len() * 4 + self.facts.len() * (size_of::<Facts>() + 16)
    }
}

fn facts(node: Node<'_>, object: Option<&Shared>, stands: Option<Stands>) -> Facts {
    let Stands { deadline, remembers, process } = stands.unwrap_or_default();
    let tag = Tag::of(node.bytes);
    let hash = FixedState::with_seed(1);
    let constant = matches!(tag, Tag::Closure | Tag::Bound | Tag::Error);
    let shape = match object {
        Some(Shared::Object(object)) => hash.hash_one((tag as u8, object.class)),
        Some(Shared::Sync(sync)) => hash.hash_one((tag as u8, sync.kind.kind() as u8, sync.line)),
        _ => hash.hash_one(tag as u8),
    };
    Facts {
        shape,
        refs: node.refs.len() as u32,
        elsewhere: process.is_some(),
        daemon: process == Some(Daemon(true))
            || matches!(object, Some(Shared::Thread(thread)) if thread.daemon.load(Ordering::SeqCst)),
        unfinished: match object {
            Some(Shared::Sync(sync)) => matches!(sync.kind, Kind::Crew(_)) && sync.unfinished_tasks() > 0,
            _ => false,
        },
        constant,
        fails: match object {
            Some(Shared::Error(error)) => Some(Property::of(error)),
            _ => None,
        },
        unraised: matches!(object, Some(Shared::Thread(thread)) if thread.unraised().is_some()),
        waits: matches!(
            tag,
            Tag::Sync | Tag::Ticket | Tag::Round | Tag::Failure | Tag::Left | Tag::Between | Tag::Wire
        ),
        end: matches!(object, Some(Shared::Sync(sync)) if matches!(sync.kind, Kind::End(_) | Kind::Outside(_))),
        unordered: node.unordered.into(),
        remembers,
        deadline,
    }
}
