//! Reading one node back: the counterpart of `writer`. What it reads was written by conc itself in the same run.

use super::Shared;
use super::kept::Kept;
use crate::machine::{Image, Space};
use crate::sync::barrier::Round;
use crate::sync::condition::Ticket;
use crate::sync::future::Failure;
use crate::sync::outside::simulated::Wire;
use crate::sync::{Sync, pipe::Between, thread::Thread};
use crate::value::{Value, error::Error};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// Gives the living object of a node; makes it when it is asked for first.
pub trait Objects {
    fn object(&mut self, node: u32) -> Shared;

    /// What `Numbering::names` told when the state was written.
    fn names(&self) -> bool;

    /// Whether threads get the ids with which they were written.
    fn ids(&self) -> bool;

    /// What `Numbering::simulated` told when it was written.
    fn simulated(&self) -> bool;

    /// What `Numbering::kept` told when it was written.
    fn kept(&self) -> &Kept {
        unreachable!("whoever writes by numbers keeps what they stand for")
    }

    /// The variables of the first process, for others that are read.
    fn image(&self) -> &Arc<Image>;
}

/// Reads the content of one node, in the order in which it was written.
pub struct Reader<'a> {
    pub bytes: &'a [u8],
    pub refs: &'a [u32],
    pub objects: &'a mut dyn Objects,
}

impl Reader<'_> {
    pub fn byte(&mut self) -> u8 {
        take_byte(&mut self.bytes)
    }

    pub fn flag(&mut self) -> bool {
        self.byte() != 0
    }

    pub fn count(&mut self) -> u64 {
        take_count(&mut self.bytes)
    }

    pub fn int(&mut self) -> i64 {
        let n = self.count();
        (n >> 1) as i64 ^ -((n & 1) as i64)
    }

    /// So many bytes as they are.
    pub fn all(&mut self) -> Vec<u8> {
        let length = self.count() as usize;
        let (all, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        all.to_vec()
    }

    pub fn text(&mut self) -> &str {
        let length = self.count() as usize;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(text).expect("a text was written")
    }

    /// The number of a line.
    pub fn line(&mut self) -> u32 {
        self.count() as u32
    }

    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| read(self))
    }

    /// The same, of what may not have been asked for at all.
    pub fn option_if<T>(&mut self, asked: bool, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if asked { self.option(read) } else { None }
    }

    pub fn shared(&mut self) -> Shared {
        let (first, rest) = self.refs.split_first().expect("a node is read as it was written");
        self.refs = rest;
        self.objects.object(*first)
    }

    pub fn sync(&mut self) -> Arc<Sync> {
        match self.shared() {
            Shared::Sync(sync) => sync,
            other => unreachable!("{other:?} was written as a thing to wait for"),
        }
    }

    pub fn thread(&mut self) -> Arc<Thread> {
        match self.shared() {
            Shared::Thread(thread) => thread,
            other => unreachable!("{other:?} was written as a thread"),
        }
    }

    pub fn space(&mut self) -> Arc<Space> {
        match self.shared() {
            Shared::Space(space) => space,
            other => unreachable!("{other:?} was written as what a process has for itself"),
        }
    }

    pub fn between(&mut self) -> Arc<Between> {
        match self.shared() {
            Shared::Between(between) => between,
            other => unreachable!("{other:?} was written as what the ends of a pipe share"),
        }
    }

    pub fn wire(&mut self) -> Arc<Wire> {
        match self.shared() {
            Shared::Wire(wire) => wire,
            other => unreachable!("{other:?} was written as what the sides of a connection share"),
        }
    }

    pub fn thread_id(&mut self) -> u32 {
        self.thread().id
    }

    pub fn value(&mut self) -> Value {
        super::value::read(self)
    }

    pub fn values(&mut self) -> Vec<Value> {
        (0..self.count()).map(|_| self.value()).collect()
    }

    pub fn syncs(&mut self) -> Vec<Arc<Sync>> {
        (0..self.count()).map(|_| self.sync()).collect()
    }

    /// What `Writer::group` wrote.
    pub fn group(&mut self) -> Vec<Arc<Thread>> {
        (0..self.count()).map(|_| self.thread()).collect()
    }

    /// What `Writer::threads_with_lines` wrote.
    pub fn threads_with_lines(&mut self) -> Vec<(u32, u32)> {
        let mut threads = Vec::new();
        for _ in 0..self.count() {
            let id = self.thread_id();
            threads.extend((0..self.count()).map(|_| (id, self.line())));
        }
        threads
    }

    pub fn error(&mut self) -> Arc<Error> {
        match self.shared() {
            Shared::Error(error) => error,
            other => unreachable!("{other:?} was written as an error"),
        }
    }

    pub fn ticket(&mut self) -> Arc<Ticket> {
        match self.shared() {
            Shared::Ticket(ticket) => ticket,
            other => unreachable!("{other:?} was written as a wait on a condition"),
        }
    }

    pub fn round(&mut self) -> Arc<Round> {
        match self.shared() {
            Shared::Round(round) => round,
            other => unreachable!("{other:?} was written as a meeting at a barrier"),
        }
    }

    pub fn failure(&mut self) -> Arc<Failure> {
        match self.shared() {
            Shared::Failure(failure) => failure,
            other => unreachable!("{other:?} was written as the error of a task"),
        }
    }

    pub fn left(&mut self) -> Arc<AtomicUsize> {
        match self.shared() {
            Shared::Left(left) => left,
            other => unreachable!("{other:?} was written as a count of futures"),
        }
    }
}

fn take_byte(bytes: &mut &[u8]) -> u8 {
    let (first, rest) = bytes.split_first().expect("a node is read as it was written");
    *bytes = rest;
    *first
}

/// What `put_count` wrote.
#[inline]
pub(super) fn take_count(bytes: &mut &[u8]) -> u64 {
    let (mut n, mut shift) = (0, 0);
    loop {
        let byte = take_byte(bytes);
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return n;
        }
        shift += 7;
    }
}
