//! A whole state: its nodes, in the order in which they were met.

use super::addresses::Addresses;
use super::rows::Rows;
use super::{Numbering, Shared, Writer};
use crate::sync::thread::Thread;
use crate::value::nature::Nature;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What one node is, as the first byte of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// One of the roots, which are known by their place.
    Root,
    Cell,
    List,
    Map,
    Set,
    Object,
    Closure,
    Bound,
    Error,
    File,
    Thread,
    Sync,
    Ticket,
    Round,
    Failure,
    Left,
    Space,
    Between,
    Wire,
}

impl Tag {
    const ALL: [Tag; 19] = [
        Tag::Root,
        Tag::Cell,
        Tag::List,
        Tag::Map,
        Tag::Set,
        Tag::Object,
        Tag::Closure,
        Tag::Bound,
        Tag::Error,
        Tag::File,
        Tag::Thread,
        Tag::Sync,
        Tag::Ticket,
        Tag::Round,
        Tag::Failure,
        Tag::Left,
        Tag::Space,
        Tag::Between,
        Tag::Wire,
    ];

    /// The tag that a node's content begins with.
    pub fn of(bytes: &[u8]) -> Tag {
        Tag::ALL[bytes[0] as usize]
    }
}

/// One node's content, and the nodes it refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub bytes: Vec<u8>,
    pub refs: Vec<u32>,
    /// Which of its references stand in an order that means nothing: the first, and how many.
    pub unordered: Vec<(u32, u32)>,
}

/// Makes a graph of living objects: the roots first, then everything that can be reached from them.
pub struct Builder {
    roots: Vec<Node>,
    numbers: Addresses<u32>,
    /// The object of each node that is no root.
    objects: Vec<Shared>,
    names: bool,
    counts_tasks: bool,
    holders: bool,
    /// A thread whose number is all that is known may be met.
    lenient: bool,
    /// What is held once is met once.
    still: bool,
    /// The thread of the first id is written with the second.
    renamed: Option<(u32, u32)>,
    /// Of the root that is being written.
    unordered: Vec<(u32, u32)>,
    /// Every thread there is, for those that are known by their ids.
    threads: HashMap<u32, Arc<Thread>>,
}

impl Builder {
    pub fn new(
        roots: u32,
        names: bool,
        counts_tasks: bool,
        threads: impl Iterator<Item = Arc<Thread>>,
    ) -> Builder {
        Builder {
            roots: vec![Node::default(); roots as usize],
            numbers: Addresses::default(),
            objects: Vec::new(),
            names,
            counts_tasks,
            holders: true,
            lenient: false,
            still: false,
            renamed: None,
            unordered: Vec::new(),
            threads: threads.map(|thread| (thread.id, thread)).collect(),
        }
    }

    /// For a world of real threads. Whether it is written who holds locks; without, they are free where they are read.
    pub fn with_holders(self, holders: bool) -> Builder {
        Builder { holders, lenient: true, ..self }
    }

    /// Nobody changes anything while the graph is made.
    pub fn still(self) -> Builder {
        Builder { still: true, ..self }
    }

    pub fn renaming(self, renamed: Option<(u32, u32)>) -> Builder {
        Builder { renamed, ..self }
    }

    /// Writes the content of a root; `kind` tells roots of different make apart.
    pub fn root(&mut self, root: u32, kind: u8, write: impl FnOnce(&mut Writer<'_>)) {
        let mut node = Node { bytes: vec![Tag::Root as u8, kind], ..Node::default() };
        write(&mut Writer { bytes: &mut node.bytes, refs: &mut node.refs, numbering: self });
        node.unordered = std::mem::take(&mut self.unordered);
        self.roots[root as usize] = node;
    }

    /// Writes everything that can be reached from the roots, and gives the nodes with the objects of those that are no
    /// roots.
    pub fn finish(self) -> (Vec<Node>, Vec<Shared>) {
        self.finish_but(&|_| false)
    }

    /// The same, where what `stays` gets a node without content, and is not followed.
    pub fn finish_but(mut self, stays: &dyn Fn(&Shared) -> bool) -> (Vec<Node>, Vec<Shared>) {
        let mut others = Vec::new();
        self.follow(stays, |numbering, object| {
            let mut node = Node::default();
            if let Some(object) = object {
                object.save(&mut Writer { bytes: &mut node.bytes, refs: &mut node.refs, numbering });
            }
            others.push(node);
        });
        let mut nodes = self.roots;
        nodes.append(&mut others);
        (nodes, self.objects)
    }

    /// The nodes in one row.
    pub fn finish_rows(mut self) -> (Rows, Vec<Shared>) {
        let mut rows = Rows::default();
        self.roots.iter().for_each(|root| rows.push(&root.bytes, &root.refs));
        self.follow(&|_| false, |numbering, object| {
            let Some(object) = object else { return };
            object.save(&mut Writer { bytes: &mut rows.bytes, refs: &mut rows.refs, numbering });
            rows.end_node();
        });
        (rows, self.objects)
    }

    /// Goes through everything that is reached, in the order of its numbers; None stands for what `stays`.
    fn follow(
        &mut self,
        stays: &dyn Fn(&Shared) -> bool,
        mut write: impl FnMut(&mut Builder, Option<&Shared>),
    ) {
        let mut next = 0;
        while let Some(object) = self.objects.get(next).cloned() {
            write(self, Some(&object).filter(|object| !stays(object)));
            next += 1;
        }
    }
}

impl Numbering for Builder {
    fn number(&mut self, object: Shared) -> u32 {
        let next = (self.roots.len() + self.objects.len()) as u32;
        // Most of what a process has is held by one list or object: a copy of much of it takes half the time.
        if self.still && object.is_held_once() {
            self.objects.push(object);
            return next;
        }
        let number = *self.numbers.entry(object.address()).or_insert(next);
        if number == next {
            self.objects.push(object);
        }
        number
    }

    fn thread(&mut self, id: u32) -> u32 {
        let thread = self.threads.get(&id).cloned();
        // Only a world of real threads is asked who holds things at a moment that it did not choose itself.
        let thread = thread.unwrap_or_else(|| match self.lenient {
            false => unreachable!("thread {id} is known to the world"),
            true => Arc::new(Thread::absent(id)),
        });
        self.number(Shared::Thread(thread))
    }

    fn names(&self) -> bool {
        self.names
    }

    fn counts_tasks(&self) -> bool {
        self.counts_tasks
    }

    fn holders(&self) -> bool {
        self.holders
    }

    fn simulated(&self) -> bool {
        !self.lenient
    }

    fn id(&self, thread: u32) -> u32 {
        self.renamed.filter(|(from, _)| *from == thread).map_or(thread, |(_, to)| to)
    }

    fn unordered(&mut self, first: u32, count: u32) {
        self.unordered.push((first, count));
    }
}

impl Shared {
    /// Writes the node of this object: its tag, then its content.
    pub fn save(&self, w: &mut Writer<'_>) {
        let tag = match self {
            Shared::Cell(_) => Tag::Cell,
            Shared::List(_) => Tag::List,
            Shared::Map(_) => Tag::Map,
            Shared::Set(_) => Tag::Set,
            Shared::Object(_) => Tag::Object,
            Shared::Closure(_) => Tag::Closure,
            Shared::Bound(_) => Tag::Bound,
            Shared::Error(_) => Tag::Error,
            Shared::File(_) => Tag::File,
            Shared::Thread(_) => Tag::Thread,
            Shared::Sync(_) => Tag::Sync,
            Shared::Ticket(_) => Tag::Ticket,
            Shared::Round(_) => Tag::Round,
            Shared::Failure(_) => Tag::Failure,
            Shared::Left(_) => Tag::Left,
            Shared::Space(_) => Tag::Space,
            Shared::Between(_) => Tag::Between,
            Shared::Wire(_) => Tag::Wire,
        };
        w.byte(tag as u8);
        match self {
            Shared::Cell(cell) => w.value(&cell.get()),
            Shared::List(list) => {
                let place = list.place();
                w.byte(list.nature as u8 | if place.is_some() { Nature::THERE } else { 0 });
                match place {
                    Some((at, length)) => {
                        w.count(at as u64);
                        w.count(length as u64);
                    }
                    None => w.values(&list.lock()),
                }
            }
            Shared::Map(map) => {
                w.byte(map.nature as u8 | if map.place().is_some() { Nature::THERE } else { 0 });
                if let Some(at) = map.place() {
                    return w.count(at as u64);
                }
                let entries = map.lock();
                w.count(entries.len() as u64);
                for (key, value) in entries.iter() {
                    w.value(key);
                    w.value(value);
                }
            }
            Shared::Set(set) => {
                let members = set.lock();
                w.byte(set.nature as u8);
                w.count(members.len() as u64);
                members.iter().for_each(|member| w.value(member));
            }
            Shared::Object(object) => super::object::save(object, w),
            Shared::Closure(closure) => {
                w.count(u64::from(closure.function));
                w.values(&closure.captured);
            }
            Shared::Bound(bound) => super::object::save_bound(bound, w),
            Shared::Error(error) => error.save(w),
            Shared::File(file) => w.text(&file.path),
            Shared::Thread(thread) => thread.save(w),
            Shared::Sync(sync) => sync.save(w),
            Shared::Ticket(ticket) => ticket.save(w),
            Shared::Round(round) => round.save(w),
            Shared::Failure(failure) => failure.save(w),
            Shared::Left(left) => w.count(left.load(Ordering::SeqCst) as u64),
            Shared::Space(space) => space.save(w),
            Shared::Between(between) => between.save(w),
            Shared::Wire(wire) => wire.save(w),
        }
    }
}
