//! Writing one node: numbers and texts into its bytes, what it refers to beside them.

use super::Shared;
use crate::sync::{Sync, thread::Thread};
use crate::value::Value;
use std::sync::Arc;

/// Numbers the objects of a state as they are met.
pub trait Numbering {
    /// The number of this object's node; a new one for an object not met before.
    fn number(&mut self, object: Shared) -> u32;

    /// The number of the node of the thread with this id.
    fn thread(&mut self, id: u32) -> u32;

    /// Whether names and ids of threads belong to the state (a script that looks at them can tell equal threads apart).
    fn names(&self) -> bool;
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
    pub fn count(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    /// A signed number: small ones of either sign are short.
    pub fn int(&mut self, n: i64) {
        self.count((n.wrapping_shl(1) ^ (n >> 63)) as u64);
    }

    pub fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
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
}
