//! A message that is under way in memory.

use crate::race::channels::Told;
use crate::state::{Reader, Writer};
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Message {
    pub bytes: Bytes,
    pub told: Told,
}

/// What it consists of.
#[derive(Debug)]
pub(super) enum Bytes {
    Own(Vec<u8>),
    /// Part of a state that was read: to give each message its own takes longer than all else, and most are not received in
    /// the one step that is taken from there.
    Part(Arc<[u8]>, Range<usize>),
    /// The same of a longer one, which is kept with all states.
    Kept(Arc<[u8]>),
}

impl Bytes {
    pub fn all(&self) -> &[u8] {
        match self {
            Bytes::Own(bytes) => bytes,
            Bytes::Part(whole, range) => &whole[range.clone()],
            Bytes::Kept(whole) => whole,
        }
    }

    pub fn into_own(self) -> Vec<u8> {
        match self {
            Bytes::Own(bytes) => bytes,
            Bytes::Part(whole, range) => whole[range].to_vec(),
            Bytes::Kept(whole) => whole.to_vec(),
        }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        let kept = if let Bytes::Kept(whole) = self { Some(whole) } else { None };
        w.message(self.all(), kept);
    }

    /// Reads so many messages that were written one after the other.
    pub fn read(r: &mut Reader<'_>, count: u64) -> Vec<Bytes> {
        if count == 0 {
            return Vec::new();
        }
        let whole: Arc<[u8]> = r.bytes.into();
        let mut part = || {
            let head = r.count();
            if head & 1 != 0 {
                return Bytes::Kept(r.objects.kept().numbered_message((head >> 1) as u32));
            }
            let length = (head >> 1) as usize;
            let from = whole.len() - r.bytes.len();
            r.bytes = &r.bytes[length..];
            Bytes::Part(whole.clone(), from..from + length)
        };
        (0..count).map(|_| part()).collect()
    }
}
