//! A whole state: its nodes, in the order in which they were met.

use super::addresses::Addresses;
use super::kept::Kept;
use super::rows::Rows;
use super::{Numbering, Shared, Writer};
use crate::sync::thread::Thread;
use crate::value::nature::Nature;
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
#[derive(Debug, Clone, Copy)]
pub struct Node<'r> {
    pub bytes: &'r [u8],
    pub refs: &'r [u32],
    /// Which of its references stand in an order that means nothing: the first, and how many.
    pub unordered: &'r [(u32, u32)],
}

/// Marks the number of a node that is new, where others keep those that they had.
pub const NEW: u32 = 1 << 30;

/// Makes a graph of living objects: the roots first, then everything that can be reached from them.
pub struct Builder<'k> {
    /// How many roots there are: the number of the first object.
    roots: u32,
    /// The numbers of what is not written again.
    known: Option<&'k Addresses<u32>>,
    /// Those that are written.
    rows: Rows,
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
    leads_only: bool,
    kept: Option<Arc<Kept>>,
    /// The thread of the first id is written with the second.
    renamed: Option<(u32, u32)>,
    /// Where the references of the node begin that is being written; which of them have no order.
    first_ref: usize,
    unordered: Vec<(u32, u32)>,
    /// Every thread there is, for those that are known by their ids: in the order of these, once one was asked for.
    threads: Vec<Arc<Thread>>,
    sorted: bool,
}

impl<'k> Builder<'k> {
    pub fn new(
        roots: u32,
        names: bool,
        counts_tasks: bool,
        threads: impl Iterator<Item = Arc<Thread>>,
    ) -> Builder<'k> {
        Builder::within(Rows::with_room(), roots, names, counts_tasks, threads)
    }

    /// What is written goes there, in place of what was there.
    pub fn within(
        mut rows: Rows,
        roots: u32,
        names: bool,
        counts_tasks: bool,
        threads: impl Iterator<Item = Arc<Thread>>,
    ) -> Builder<'k> {
        rows.clear();
        Builder {
            roots,
            known: None,
            rows,
            numbers: Addresses::default(),
            objects: Vec::new(),
            names,
            counts_tasks,
            holders: true,
            lenient: false,
            still: false,
            leads_only: false,
            kept: None,
            renamed: None,
            first_ref: 0,
            unordered: Vec::new(),
            threads: threads.collect(),
            sorted: false,
        }
    }

    /// For a world of real threads. Whether it is written who holds locks; without, they are free where they are read.
    pub fn with_holders(self, holders: bool) -> Builder<'k> {
        Builder { holders, lenient: true, ..self }
    }

    /// Nobody changes anything while the graph is made.
    pub fn still(self) -> Builder<'k> {
        Builder { still: true, ..self }
    }

    /// Only what nodes lead to is asked for, and not what they contain.
    pub fn leads_only(self) -> Builder<'k> {
        Builder { leads_only: true, ..self }
    }

    /// Long texts and messages are written by their numbers there.
    pub fn keeping(self, kept: Option<&Arc<Kept>>) -> Builder<'k> {
        Builder { kept: kept.cloned(), ..self }
    }

    /// What has a number among these is referred to by that, and only written where it is asked for (`object`). All else
    /// is new, and gets a number from `NEW` on.
    pub fn knowing(self, known: &'k Addresses<u32>) -> Builder<'k> {
        Builder { known: Some(known), roots: NEW, ..self }
    }

    pub fn renaming(self, renamed: Option<(u32, u32)>) -> Builder<'k> {
        Builder { renamed, ..self }
    }

    /// Writes the content of the next root; `kind` tells roots of different make apart.
    pub fn root(&mut self, kind: u8, write: impl FnOnce(&mut Writer<'_>)) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.bytes.extend([Tag::Root as u8, kind]);
        self.first_ref = rows.refs.len();
        write(&mut Writer { bytes: &mut rows.bytes, refs: &mut rows.refs, numbering: self });
        rows.unordered.append(&mut self.unordered);
        rows.end_node();
        self.rows = rows;
    }

    /// Writes the node of an object that has a number already.
    pub fn object(&mut self, object: &Shared) {
        let mut rows = std::mem::take(&mut self.rows);
        self.write(object, &mut rows);
        self.rows = rows;
    }

    fn write(&mut self, object: &Shared, rows: &mut Rows) {
        self.first_ref = rows.refs.len();
        object.save(&mut Writer { bytes: &mut rows.bytes, refs: &mut rows.refs, numbering: self });
        rows.unordered.append(&mut self.unordered);
        rows.end_node();
    }

    /// Writes everything that can be reached from the roots, and gives the nodes with the objects of those that are no
    /// roots.
    pub fn finish(self) -> (Rows, Vec<Shared>) {
        self.finish_but(&|_| false)
    }

    /// The same, where what `stays` gets a node without content, and is not followed.
    pub fn finish_but(mut self, stays: &dyn Fn(&Shared) -> bool) -> (Rows, Vec<Shared>) {
        let mut rows = std::mem::take(&mut self.rows);
        debug_assert!(self.known.is_some() || rows.len() == self.roots as usize, "each root was written");
        let mut next = 0;
        while let Some(object) = self.objects.get(next).cloned() {
            match stays(&object) {
                false => self.write(&object, &mut rows),
                true => rows.end_node(),
            }
            next += 1;
        }
        (rows, self.objects)
    }
}

impl Numbering for Builder<'_> {
    fn number(&mut self, object: Shared) -> u32 {
        let address = object.address();
        if let Some(known) = self.known.and_then(|known| known.get(&address)) {
            return *known;
        }
        let next = self.roots + self.objects.len() as u32;
        // Most of what a process has is held by one list or object: a copy of much of it takes half the time.
        if self.still && object.is_held_once() {
            self.objects.push(object);
            return next;
        }
        let number = *self.numbers.entry(address).or_insert(next);
        if number == next {
            self.objects.push(object);
        }
        number
    }

    fn thread(&mut self, id: u32) -> u32 {
        if !std::mem::replace(&mut self.sorted, true) {
            self.threads.sort_by_key(|thread| thread.id);
        }
        let last = self.threads.partition_point(|thread| thread.id <= id).checked_sub(1);
        let thread = last.map(|at| &self.threads[at]).filter(|thread| thread.id == id).cloned();
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

    fn leads_only(&self) -> bool {
        self.leads_only
    }

    fn kept(&self) -> Option<&Kept> {
        self.kept.as_deref().filter(|_| !self.leads_only)
    }

    fn id(&self, thread: u32) -> u32 {
        self.renamed.filter(|(from, _)| *from == thread).map_or(thread, |(_, to)| to)
    }

    fn unordered(&mut self, first: u32, count: u32) {
        self.unordered.push((first - self.first_ref as u32, count));
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
