//! Writing one node: numbers and texts into its bytes, what it refers to beside them.

use super::Shared;
use super::kept::{self, Kept};
use crate::machine::Space;
use crate::sync::outside::simulated::Wire;
use crate::sync::{Sync, pipe::Between, thread::Thread};
use crate::value::{Value, text::Long};
use std::borrow::Cow;
use std::sync::Arc;

/// Numbers the objects of a state as they are met.
pub trait Numbering {
    /// The number of this object's node; a new one for an object not met before.
    fn number(&mut self, object: Shared) -> u32;

    /// The number of the node of the thread with this id.
    fn thread(&mut self, id: u32) -> u32;

    /// Whether names and ids of threads belong to the state (a script that looks at them can tell equal threads apart).
    fn names(&self) -> bool;

    /// Whether anybody asks how many values of a queue are not reported done.
    fn counts_tasks(&self) -> bool {
        true
    }

    /// Whether it is a state of a simulated run, with all its processes.
    fn simulated(&self) -> bool {
        true
    }

    /// Whether only what nodes lead to is asked for: bytes that lead nowhere need not be written.
    fn leads_only(&self) -> bool {
        false
    }

    /// Where long texts and messages are kept, if they are written by their numbers.
    fn kept(&self) -> Option<&Kept> {
        None
    }

    /// Whether those who hold a lock are written with it.
    fn holders(&self) -> bool {
        true
    }

    /// The id that a thread is written with.
    fn id(&self, thread: u32) -> u32 {
        thread
    }

    /// The node being written refers to `count` others, from its reference `first` on, in an order that means nothing.
    fn unordered(&mut self, first: u32, count: u32) {
        let _ = (first, count);
    }
}

/// Writes the content of one node.
pub struct Writer<'a> {
    pub bytes: &'a mut Vec<u8>,
    pub refs: &'a mut Vec<u32>,
    pub numbering: &'a mut dyn Numbering,
}

impl Writer<'_> {
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    /// A number, in as few bytes as it needs (LEB128).
    pub fn count(&mut self, n: u64) {
        put_count(n, self.bytes);
    }

    /// A signed number: small ones of either sign are short.
    pub fn int(&mut self, n: i64) {
        self.count((n.wrapping_shl(1) ^ (n >> 63)) as u64);
    }

    pub fn text(&mut self, text: &str) {
        self.all(text.as_bytes());
    }

    /// Bytes as they are.
    pub fn all(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        if !self.numbering.leads_only() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The number of a long text, if it is written by that.
    pub(super) fn number_of_text(&self, text: &Arc<Long>) -> Option<u32> {
        let kept = self.numbering.kept().filter(|_| text.as_str().len() >= kept::LEAST);
        kept.map(|kept| kept.text(text))
    }

    /// A message of so many bytes; `known` is where they are, if they were read from a state.
    pub fn message(&mut self, bytes: &[u8], known: Option<&Arc<[u8]>>) {
        let kept = self.numbering.kept().filter(|_| bytes.len() >= kept::LEAST);
        match kept.map(|kept| kept.message(bytes, known)) {
            Some(number) => self.count(u64::from(number) << 1 | 1),
            None => {
                self.count((bytes.len() as u64) << 1);
                self.add(bytes);
            }
        }
    }

    /// The number of a line.
    pub fn line(&mut self, line: u32) {
        self.count(u64::from(line));
    }

    /// The name of a thread: as it is where names belong to the state, and else what it has in common with those of
    /// its kind.
    pub fn name(&mut self, name: &str) {
        match self.numbering.names() {
            true => self.text(name),
            false => self.text(&base(name)),
        }
    }

    /// A value that may be missing: a flag, then the value if it is there.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// A reference to another node.
    pub fn shared(&mut self, object: Shared) {
        let number = self.numbering.number(object);
        self.refs.push(number);
    }

    pub fn sync(&mut self, sync: &Arc<Sync>) {
        self.shared(Shared::Sync(sync.clone()));
    }

    pub fn thread(&mut self, thread: &Arc<Thread>) {
        self.shared(Shared::Thread(thread.clone()));
    }

    pub fn space(&mut self, space: &Arc<Space>) {
        self.shared(Shared::Space(space.clone()));
    }

    /// What the two ends of a pipe share.
    pub fn between(&mut self, between: &Arc<Between>) {
        self.shared(Shared::Between(between.clone()));
    }

    /// What the two sides of a connection share, or a server and those who connect.
    pub fn wire(&mut self, wire: &Arc<Wire>) {
        self.shared(Shared::Wire(wire.clone()));
    }

    /// References to threads whose order means nothing.
    pub fn group(&mut self, threads: &[Arc<Thread>]) {
        self.count(threads.len() as u64);
        if !threads.is_empty() {
            self.numbering.unordered(self.refs.len() as u32, threads.len() as u32);
        }
        threads.iter().for_each(|thread| self.thread(thread));
    }

    /// A reference to a thread that is known by its id only (the holder of a lock).
    pub fn thread_id(&mut self, id: u32) {
        let number = self.numbering.thread(id);
        self.refs.push(number);
    }

    pub fn value(&mut self, value: &Value) {
        super::value::write(value, self);
    }

    pub fn values(&mut self, values: &[Value]) {
        self.count(values.len() as u64);
        values.iter().for_each(|value| self.value(value));
    }

    /// References to threads known by their ids, each with a line, where the order of different threads means nothing:
    /// each is written once, with all its lines, and those with the same lines are a group.
    pub fn threads_with_lines(&mut self, threads: &[(u32, u32)]) {
        let mut all: Vec<(Vec<u32>, u32)> = Vec::new();
        for &(id, line) in threads {
            match all.iter_mut().find(|(_, known)| *known == id) {
                Some((lines, _)) => lines.push(line),
                None => all.push((vec![line], id)),
            }
        }
        all.sort();
        self.count(all.len() as u64);
        for alike in all.chunk_by(|(lines, _), (others, _)| lines == others) {
            self.numbering.unordered(self.refs.len() as u32, alike.len() as u32);
            for (lines, id) in alike {
                self.thread_id(*id);
                self.count(lines.len() as u64);
                lines.iter().for_each(|line| self.line(*line));
            }
        }
    }
}

/// A number, in as few bytes as it needs.
#[inline]
pub(super) fn put_count(mut n: u64, bytes: &mut Vec<u8>) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

/// A thread's name without the number by which it differs from others: `teller` of `teller-3`, `thread (line 4)` of
/// `thread-2 (line 4)`.
fn base(name: &str) -> Cow<'_, str> {
    // It is asked for each thread of each state: most end with their numbers.
    let line = if name.ends_with(')') { name.find(" (line ") } else { None };
    let (first, rest) = line.map_or((name, ""), |at| name.split_at(at));
    match first.rsplit_once('-') {
        Some((base, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{base}{rest}").into()
        }
        Some(_) | None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn names_without_their_numbers() {
        let bases = ["teller-3", "thread-2 (line 4)", "main", "a-b", "a-", "x-1-22"]
            .map(|name| base(name).into_owned());
        assert_eq!(bases, ["teller", "thread (line 4)", "main", "a-b", "a-", "x-1"]);
    }
}
