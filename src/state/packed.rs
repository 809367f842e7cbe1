//! A graph as one row of bytes, for another process that runs the same program.
//!
//! The reader is the same version of conc with the same program, and trusts the writer: what comes from anywhere else
//! must not be read by it.

use super::graph::Builder;
use super::living::{Living, Nodes};
use super::reader::take_count;
use super::rows::{End, Rows};
use super::writer::put_count;
use super::{Reader, Shared, Writer};
use crate::sync::process::Process;
use crate::sync::thread::Thread;
use crate::value::error::{Error, Kind};
use std::collections::VecDeque;
use std::sync::Arc;

/// Several roots with everything that they lead to, on their way to bytes.
pub struct Packing {
    builder: Builder<'static>,
    /// What each root is to people: `the variable jobs`.
    labels: Vec<String>,
}

impl Packing {
    /// `threads` are those by whose ids locks may be held; without `holders` every copied lock is free.
    pub fn new(roots: usize, holders: bool, threads: Vec<Arc<Thread>>) -> Packing {
        let builder = Builder::new(roots as u32, true, true, threads.into_iter()).with_holders(holders);
        Packing { builder, labels: Vec::with_capacity(roots) }
    }

    /// The thread of one id is written with another.
    pub fn renaming(self, renamed: Option<(u32, u32)>) -> Packing {
        Packing { builder: self.builder.renaming(renamed), ..self }
    }

    /// Nobody changes anything while this is made.
    pub fn still(self) -> Packing {
        Packing { builder: self.builder.still(), ..self }
    }

    /// Writes the next root.
    pub fn root(&mut self, label: String, write: impl FnOnce(&mut Writer<'_>)) {
        self.labels.push(label);
        self.builder.root(0, write);
    }

    /// Of each root, whether it leads to something that `refused` has a word for.
    pub fn refused(self, refused: &dyn Fn(&Shared) -> bool) -> Vec<bool> {
        let (rows, objects) = self.builder.finish();
        let first = rows.len() - objects.len();
        let mut from = vec![Vec::new(); rows.len()];
        for number in 0..rows.len() {
            rows.refs_of(number).iter().for_each(|to| from[*to as usize].push(number));
        }
        let mut leads = vec![false; rows.len()];
        let mut ahead: Vec<usize> =
            (0..objects.len()).filter(|place| refused(&objects[*place])).map(|place| first + place).collect();
        while let Some(node) = ahead.pop() {
            if !std::mem::replace(&mut leads[node], true) {
                ahead.extend(&from[node]);
            }
        }
        leads.truncate(first);
        leads
    }

    /// All as bytes; and every object that was reached, in the order in which the reader will have them.
    ///
    /// # Errors
    /// When something is reached that `refused` has a word for (`the running thread "t"`): names the root that leads
    /// to it.
    pub fn finish(
        self,
        refused: &dyn Fn(&Shared) -> Option<String>,
    ) -> Result<(Vec<u8>, Vec<Shared>), Error> {
        let (rows, objects) = self.builder.finish();
        let first = rows.len() - objects.len();
        for (place, object) in objects.iter().enumerate() {
            if let Some(what) = refused(object) {
                let refs = |node| rows.refs_of(node);
                return Err(cannot_be_copied(
                    &what,
                    &self.labels,
                    way(refs, rows.len(), first, first + place),
                ));
            }
        }
        Ok((bytes_of(rows), objects))
    }

    /// All as nodes, with the objects of those that are no roots, for whoever makes the copy beside what is copied;
    /// what `stays` has no content.
    ///
    /// # Errors
    /// As of `finish`.
    pub fn nodes(
        self,
        stays: &dyn Fn(&Shared) -> bool,
        refused: &dyn Fn(&Shared) -> Option<String>,
    ) -> Result<(Rows, Vec<Shared>), Error> {
        let (nodes, objects) = self.builder.finish_but(stays);
        let first = nodes.len() - objects.len();
        for (place, object) in objects.iter().enumerate() {
            if stays(object) {
                continue;
            }
            if let Some(what) = refused(object) {
                let refs = |node| nodes.refs_of(node);
                return Err(cannot_be_copied(
                    &what,
                    &self.labels,
                    way(refs, nodes.len(), first, first + place),
                ));
            }
        }
        Ok((nodes, objects))
    }
}

fn cannot_be_copied(what: &str, labels: &[String], root: Option<usize>) -> Error {
    let label = root.and_then(|root| labels.get(root));
    let held = label.map_or_else(String::new, |label| format!(": {label} holds it"));
    Error::new(Kind::Type, format!("{what} cannot be copied into another process{held}"))
        .note("a process begins with a copy of everything that its code can come to")
        .hint("join or close it before, or keep it where the process's code does not name it")
}

/// The first root from which a node can be reached, given what each of so many refers to.
fn way<'n>(refs: impl Fn(usize) -> &'n [u32], nodes: usize, roots: usize, to: usize) -> Option<usize> {
    let mut seen = vec![false; nodes];
    for root in 0..roots {
        let mut pending = VecDeque::from([root]);
        while let Some(node) = pending.pop_front() {
            if node == to {
                return Some(root);
            }
            for &next in refs(node) {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    pending.push_back(next as usize);
                }
            }
        }
    }
    None
}

/// The contents, where they are already; the references; of each node how many bytes and references it has; the trailer.
fn bytes_of(rows: Rows) -> Vec<u8> {
    let Rows { mut bytes, refs, ends, .. } = rows;
    bytes.reserve(4 * refs.len() + 4 * ends.len() + TRAILER);
    refs.iter().for_each(|to| bytes.extend_from_slice(&to.to_le_bytes()));
    let mut start = End::default();
    for &end in &ends {
        put_count((end.bytes - start.bytes) as u64, &mut bytes);
        put_count((end.refs - start.refs) as u64, &mut bytes);
        start = end;
    }
    for count in [start.bytes, start.refs, ends.len()] {
        bytes.extend_from_slice(&(count as u64).to_le_bytes());
    }
    bytes
}

/// How many bytes of contents, references and nodes there are, at the end.
const TRAILER: usize = 24;

/// A graph that was packed, taken apart and not yet living.
pub struct Packed<'b> {
    contents: Vec<&'b [u8]>,
    refs: Vec<u32>,
    /// Of each node, where its references end.
    ends: Vec<usize>,
}

impl<'b> Packed<'b> {
    pub fn new(bytes: &'b [u8]) -> Packed<'b> {
        let (rest, trailer) = bytes.split_at(bytes.len() - TRAILER);
        let count =
            |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| trailer[8 * at + byte])) as usize;
        let (mut contents, rest) = rest.split_at(count(0));
        let (refs, mut lengths) = rest.split_at(4 * count(1));
        let refs = refs.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number)).collect();
        let nodes = count(2);
        let mut packed =
            Packed { contents: Vec::with_capacity(nodes), refs, ends: Vec::with_capacity(nodes) };
        let mut end = 0;
        for _ in 0..nodes {
            let (content, after) = contents.split_at(take_count(&mut lengths) as usize);
            contents = after;
            end += take_count(&mut lengths) as usize;
            packed.contents.push(content);
            packed.ends.push(end);
        }
        packed
    }

    /// How many nodes there are: more than any id that the living objects get.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// Brings it to life: `read` asks for the roots, in any order. Also every object that was made.
    pub fn live<T>(&self, read: impl FnOnce(&mut Roots<'_, '_>) -> T) -> (T, Vec<Shared>) {
        let mut roots = Roots { living: Living::new(self, true) };
        let answer = read(&mut roots);
        let objects: Vec<Shared> = roots.living.into_objects().into_iter().flatten().collect();
        let threads = objects.iter().filter_map(|object| match object {
            Shared::Thread(thread) => thread.process.as_ref(),
            _ => None, // no other has a part elsewhere
        });
        threads.for_each(Process::came_as_a_copy);
        (answer, objects)
    }
}

/// The roots of a packed graph, to be read.
pub struct Roots<'l, 'b> {
    living: Living<'l, Packed<'b>>,
}

impl Nodes for Packed<'_> {
    fn count(&self) -> usize {
        self.len()
    }

    fn content(&self, node: u32) -> &[u8] {
        self.contents[node as usize]
    }

    fn refs(&self, node: u32) -> &[u32] {
        let node = node as usize;
        let start = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.refs[start..self.ends[node]]
    }
}

impl Roots<'_, '_> {
    /// Reads the root of this number, as it was written.
    pub fn root<T>(&mut self, number: usize, read: impl FnOnce(&mut Reader<'_>) -> T) -> T {
        self.living.root(number as u32, read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn packed(value: &Value) -> Vec<u8> {
        let mut packing = Packing::new(2, false, Vec::new());
        packing.root("the first".into(), |w| w.value(value));
        packing.root("the second".into(), |w| w.value(value));
        packing.finish(&|_| None).expect("nothing is refused").0
    }

    #[test]
    fn cycles_and_what_is_shared_stay_as_they_are() {
        let list = Value::list(vec![Value::Int(-1), Value::text("a text that is not short at all")]);
        let Value::List(inner) = &list else { unreachable!() };
        inner.push(list.clone());
        let bytes = packed(&list);
        let packed = Packed::new(&bytes);
        let ((one, two), _) =
            packed.live(|roots| (roots.root(0, |r| r.value()), roots.root(1, |r| r.value())));
        let (Value::List(one), Value::List(two)) = (one, two) else { panic!("lists were packed") };
        assert!(Arc::ptr_eq(&one, &two), "one list stays one");
        let Some(Value::List(again)) = one.get(2) else { panic!("it holds itself") };
        assert!(Arc::ptr_eq(&one, &again));
        assert!(matches!(one.get(0), Some(Value::Int(-1))));
        one.lock().clear();
        inner.lock().clear();
    }

    #[test]
    fn what_two_hold_stays_one_where_what_one_holds_is_not_looked_for() {
        let both = Value::list(vec![Value::Int(1)]);
        let one = |n| Value::list(vec![Value::list(vec![Value::Int(n)]), both.clone()]);
        let mut packing = Packing::new(2, false, Vec::new()).still();
        packing.root("first".into(), |w| w.value(&one(2)));
        packing.root("second".into(), |w| w.value(&one(3)));
        let (bytes, objects) = packing.finish(&|_| None).expect("nothing is refused");
        assert_eq!(objects.len(), 5);
        let packed = Packed::new(&bytes);
        let (lists, _) = packed.live(|roots| [0, 1].map(|root| roots.root(root, |r| r.value())));
        let [first, second] = lists.map(|list| match list {
            Value::List(list) => list.snapshot(),
            other => panic!("{other:?} is no list"),
        });
        let [Value::List(a), Value::List(b)] = [&first[1], &second[1]] else { panic!("lists were packed") };
        assert!(Arc::ptr_eq(a, b));
        let [Value::List(own), Value::List(others)] = [&first[0], &second[0]] else { panic!("likewise") };
        assert_eq!([own, others].map(|list| format!("{:?}", list.get(0))), ["Some(Int(2))", "Some(Int(3))"]);
    }

    #[test]
    fn what_is_refused_is_named_with_what_leads_to_it() {
        let inner = Value::list(Vec::new());
        let mut packing = Packing::new(2, false, Vec::new());
        packing.root("the variable a".into(), |w| w.value(&Value::Nil));
        packing.root("the variable b".into(), |w| w.value(&Value::list(vec![inner])));
        let empty_list = |object: &Shared| match object {
            Shared::List(list) if list.is_empty() => Some("an empty list".to_string()),
            _ => None,
        };
        let error = packing.finish(&empty_list).expect_err("it is refused");
        let message = "an empty list cannot be copied into another process: the variable b holds it";
        assert_eq!(&*error.message, message);
    }
}
