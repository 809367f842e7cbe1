//! Reading one node back: the counterpart of `writer`. What it reads was written by conc itself in the same run.

use super::Shared;
use crate::sync::{Sync, thread::Thread};
use crate::value::Value;
use std::sync::Arc;

/// Gives the living object of a node; makes it when it is asked for first.
pub trait Objects {
    fn object(&mut self, node: u32) -> Shared;
}

/// Reads the content of one node, in the order in which it was written.
pub struct Reader<'a> {
    pub bytes: &'a [u8],
    pub refs: &'a [u32],
    pub objects: &'a mut dyn Objects,
}

impl Reader<'_> {
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().expect("a node is read as it was written");
        self.bytes = rest;
        *first
    }

    pub fn flag(&mut self) -> bool {
        self.byte() != 0
    }

    pub fn count(&mut self) -> u64 {
        let (mut n, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return n;
            }
            shift += 7;
        }
    }

    pub fn int(&mut self) -> i64 {
        let n = self.count();
        (n >> 1) as i64 ^ -((n & 1) as i64)
    }

    pub fn text(&mut self) -> &str {
        let length = self.count() as usize;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(text).expect("a text was written")
    }

    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| read(self))
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

    pub fn thread_id(&mut self) -> u32 {
        self.thread().id
    }

    pub fn value(&mut self) -> Value {
        super::value::read(self)
    }

    pub fn values(&mut self) -> Vec<Value> {
        (0..self.count()).map(|_| self.value()).collect()
    }
}
