//! Making a stored graph into living objects again.
//!
//! An object is made when it is first asked for, from what never changes of it; its changing content is filled in
//! afterwards, because that may lead back to the object itself.

use super::graph::Tag;
use super::kept::Kept;
use super::{Objects, Reader, Shared, object};
use crate::machine::{Image, Space};
use crate::mapped::{self, Place};
use crate::sync::barrier::Round;
use crate::sync::condition::Ticket;
use crate::sync::future::Failure;
use crate::sync::outside::simulated::Wire;
use crate::sync::pipe::{Between, End};
use crate::sync::{Sync, thread::Thread};
use crate::value::cell::Cell;
use crate::value::error::Error;
use crate::value::file::File;
use crate::value::list::List;
use crate::value::map::Map;
use crate::value::nature::Nature;
use crate::value::object::Closure;
use crate::value::set::Set;
use crate::value::{Value, compare};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// The nodes of a stored graph, by their numbers: from 0 on, roots first.
pub trait Nodes {
    /// How many there are.
    fn count(&self) -> usize;

    fn content(&self, node: u32) -> &[u8];

    /// The nodes that a node refers to.
    fn refs(&self, node: u32) -> &[u32];
}

/// A graph that is being brought to life.
pub struct Living<'a, N: Nodes> {
    nodes: &'a N,
    objects: Vec<Option<Shared>>,
    /// Nodes made and not yet filled, with how much of their bytes and references has been read.
    unfilled: Vec<(u32, usize, usize)>,
    names: bool,
    /// The id of the first node, when none of those that were written is to be used again.
    fresh: Option<u32>,
    image: Option<&'a Arc<Image>>,
    kept: Option<&'a Kept>,
}

/// A root's content begins after its tag and its kind.
pub const ROOT: usize = 2;

/// The first id of the living objects of a graph, above that of `main`.
const FIRST_ID: u32 = 2;

impl<'a, N: Nodes> Living<'a, N> {
    pub fn new(nodes: &'a N, names: bool) -> Living<'a, N> {
        let objects = vec![None; nodes.count()];
        Living { nodes, objects, unfilled: Vec::new(), names, fresh: None, image: None, kept: None }
    }

    /// Of a state in which there may be processes.
    pub fn with_image(self, image: &'a Arc<Image>) -> Living<'a, N> {
        Living { image: Some(image), ..self }
    }

    /// With long texts and messages that are written by their numbers there.
    pub fn keeping(self, kept: Option<&'a Kept>) -> Living<'a, N> {
        Living { kept, ..self }
    }

    /// Of a copy: beside what was copied, so that everything gets another id, from this one on.
    pub fn with_fresh_ids(self, first: u32) -> Living<'a, N> {
        Living { fresh: Some(first), ..self }
    }

    /// This node's object is known: it is not made.
    pub fn stays(&mut self, node: u32, object: Shared) {
        self.objects[node as usize] = Some(object);
    }

    /// Makes the object of a node, and everything that it leads to.
    pub fn bring(&mut self, node: u32) {
        self.object(node);
        self.fill();
    }

    /// The object of a node, if it has been made.
    pub fn known(&self, node: u32) -> Option<&Shared> {
        self.objects[node as usize].as_ref()
    }

    /// Reads a root, then fills everything that it led to.
    pub fn root<T>(&mut self, root: u32, read: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        let nodes = self.nodes;
        let (bytes, refs) = (&nodes.content(root)[ROOT..], nodes.refs(root));
        let value = read(&mut Reader { bytes, refs, objects: self });
        self.fill();
        value
    }

    /// The object of each node that was reached.
    pub fn into_objects(self) -> Vec<Option<Shared>> {
        self.objects
    }

    fn fill(&mut self) {
        while let Some((node, bytes_read, refs_read)) = self.unfilled.pop() {
            let object = self.object(node);
            let nodes = self.nodes;
            let (bytes, refs) = (&nodes.content(node)[bytes_read..], &nodes.refs(node)[refs_read..]);
            object.fill(&mut Reader { bytes, refs, objects: self });
        }
    }

    /// A function that has captured another, which has captured another: such a row may be longer than any stack. What
    /// this one leads to is made, so that it itself can be.
    fn make_innermost_first(&mut self, node: u32) {
        let mut pending = Vec::new();
        self.closures_to_make(node, &mut pending);
        while let Some(&next) = pending.last() {
            let before = pending.len();
            self.closures_to_make(next, &mut pending);
            if pending.len() > before {
                continue;
            }
            pending.pop();
            if self.objects[next as usize].is_none() {
                let made = self.make(next);
                self.objects[next as usize] = Some(made);
            }
        }
    }

    /// The functions that a function has captured and that are not made yet; none for all else.
    fn closures_to_make(&self, node: u32, pending: &mut Vec<u32>) {
        let is_closure = |node: u32| Tag::of(self.nodes.content(node)) == Tag::Closure;
        if self.objects[node as usize].is_none() && is_closure(node) {
            let captured = self.nodes.refs(node).iter().copied();
            pending.extend(captured.filter(|to| self.objects[*to as usize].is_none() && is_closure(*to)));
        }
    }

    fn make(&mut self, node: u32) -> Shared {
        let nodes = self.nodes;
        let (whole, refs) = (nodes.content(node), nodes.refs(node));
        let tag = Tag::of(whole);
        let first = self.fresh.unwrap_or(FIRST_ID);
        let mut reader = Reader { bytes: &whole[1..], refs, objects: self };
        let made = Shared::load(tag, node + first, &mut reader);
        let read = (whole.len() - reader.bytes.len(), refs.len() - reader.refs.len());
        self.unfilled.push((node, read.0, read.1));
        made
    }
}

impl<N: Nodes> Objects for Living<'_, N> {
    fn object(&mut self, node: u32) -> Shared {
        if let Some(object) = &self.objects[node as usize] {
            return object.clone();
        }
        self.make_innermost_first(node);
        // Making it cannot have led to itself: what never changes of an object refers to older ones only.
        let object = self.make(node);
        self.objects[node as usize] = Some(object.clone());
        object
    }

    fn names(&self) -> bool {
        self.names
    }

    fn ids(&self) -> bool {
        self.names && self.fresh.is_none()
    }

    fn simulated(&self) -> bool {
        self.image.is_some()
    }

    fn kept(&self) -> &Kept {
        self.kept.unwrap_or_else(|| unreachable!("whoever writes by numbers keeps what they stand for"))
    }

    fn image(&self) -> &Arc<Image> {
        self.image.unwrap_or_else(|| unreachable!("processes are part of simulated states only"))
    }
}

/// The place that was written, if it was one.
fn place(nature: u8, r: &mut Reader<'_>) -> Option<Place> {
    let memory = mapped::here().filter(|_| nature & Nature::THERE != 0)?;
    Some(Place { memory, at: r.count() as usize })
}

fn list(r: &mut Reader<'_>) -> List {
    let nature = r.byte();
    match place(nature, r) {
        Some(place) => List::found(Nature::of(nature), place, r.count() as usize),
        None => List::of(Nature::of(nature), Vec::new()),
    }
}

fn map(r: &mut Reader<'_>) -> Map {
    let nature = r.byte();
    match place(nature, r) {
        Some(place) => Map::found(Nature::of(nature), place),
        None => Map::of(Nature::of(nature), Default::default()),
    }
}

impl Shared {
    fn load(tag: Tag, id: u32, r: &mut Reader<'_>) -> Shared {
        match tag {
            Tag::Root => unreachable!("nothing refers to a root"),
            Tag::Cell => Shared::Cell(Arc::new(Cell::new(Value::Unset))),
            Tag::List => Shared::List(Arc::new(list(r))),
            Tag::Map => Shared::Map(Arc::new(map(r))),
            Tag::Set => Shared::Set(Arc::new(Set::of(Nature::of(r.byte()), Default::default()))),
            Tag::Object => Shared::Object(Arc::new(object::load(r))),
            Tag::Closure => {
                let function = r.count() as u32;
                Shared::Closure(Arc::new(Closure { function, captured: r.values().into() }))
            }
            Tag::Bound => Shared::Bound(Arc::new(object::load_bound(r))),
            Tag::Error => Shared::Error(Arc::new(Error::load(r))),
            Tag::File => Shared::File(Arc::new(File::shut(r.text()))),
            Tag::Thread => Shared::Thread(Arc::new(Thread::load(id, r))),
            Tag::Sync => {
                let sync = Arc::new(Sync::load(id, r));
                End::made(&sync);
                Shared::Sync(sync)
            }
            Tag::Ticket => Shared::Ticket(Arc::new(Ticket::load(r))),
            Tag::Round => Shared::Round(Arc::new(Round::load(r))),
            Tag::Failure => Shared::Failure(Arc::new(Failure::load(r))),
            Tag::Left => Shared::Left(Arc::new(AtomicUsize::new(r.count() as usize))),
            Tag::Space => Shared::Space(Arc::new(Space::load(r))),
            Tag::Between => Shared::Between(Arc::new(Between::load(r))),
            Tag::Wire => Shared::Wire(Arc::new(Wire::load(id, r))),
        }
    }

    fn fill(&self, r: &mut Reader<'_>) {
        match self {
            Shared::Cell(cell) => cell.set(r.value()),
            Shared::List(list) if list.place().is_some() => {}
            Shared::List(list) => drop(list.replace(r.values())),
            Shared::Map(map) if map.place().is_some() => {}
            Shared::Map(map) => {
                for _ in 0..r.count() {
                    let (key, value) = (r.value(), r.value());
                    map.lock().insert(key, value);
                }
            }
            Shared::Set(set) => {
                for member in r.values() {
                    debug_assert!(compare::hashable(&member).is_ok());
                    set.lock().insert(member);
                }
            }
            Shared::Object(it) => object::fill(it, r),
            Shared::Error(error) => error.fill(r),
            Shared::Thread(thread) => thread.fill(r),
            Shared::Sync(sync) => sync.fill(r),
            Shared::Ticket(ticket) => ticket.fill(r),
            Shared::Round(round) => round.fill(r),
            Shared::Failure(failure) => failure.fill(r),
            Shared::Space(space) => space.fill(r),
            Shared::Between(between) => between.fill(r),
            Shared::Wire(wire) => wire.fill(r),
            Shared::Closure(_) | Shared::Bound(_) | Shared::File(_) | Shared::Left(_) => {}
        }
    }
}
