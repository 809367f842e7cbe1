//! Long texts and messages, each kept once and known by a number, for whoever writes many states: what holds some is then
//! written, compared, stored and made again in a few bytes, however long they are.
//!
//! Nobody gives a number back: a state that was stored may have it.

use super::addresses::Addresses;
use crate::value::text::Long;
use foldhash::fast::FixedState;
use parking_lot::Mutex;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What has fewer bytes stands in the node itself.
pub const LEAST: usize = 64;

#[derive(Debug, Default)]
pub struct Kept {
    texts: Mutex<Table<Long>>,
    messages: Mutex<Table<[u8]>>,
}

impl Kept {
    /// The number of a text.
    pub fn text(&self, text: &Arc<Long>) -> u32 {
        let mut texts = self.texts.lock();
        texts
            .at(text)
            .or_else(|| texts.of(text.as_str().as_bytes()))
            .unwrap_or_else(|| texts.add(text.clone()))
    }

    pub fn numbered_text(&self, number: u32) -> Arc<Long> {
        self.texts.lock().all[number as usize].clone()
    }

    /// The number of a message with these bytes; `known` is where they are, if they may be kept already.
    pub fn message(&self, bytes: &[u8], known: Option<&Arc<[u8]>>) -> u32 {
        let mut messages = self.messages.lock();
        let known = known.and_then(|known| messages.at(known)).or_else(|| messages.of(bytes));
        known.unwrap_or_else(|| messages.add(bytes.into()))
    }

    pub fn numbered_message(&self, number: u32) -> Arc<[u8]> {
        self.messages.lock().all[number as usize].clone()
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        self.texts.lock().memory() + self.messages.lock().memory()
    }
}

#[derive(Debug)]
struct Table<T: ?Sized> {
    all: Vec<Arc<T>>,
    /// What is here lives as long as this, so no other has its address.
    addresses: Addresses<u32>,
    contents: HashMap<Content<T>, u32, FixedState>,
    bytes: usize,
}

impl<T: ?Sized> Default for Table<T> {
    fn default() -> Table<T> {
        let contents = HashMap::with_hasher(FixedState::with_seed(23));
        Table { all: Vec::new(), addresses: Addresses::default(), contents, bytes: 0 }
    }
}

impl<T: AsRef<[u8]> + ?Sized> Table<T> {
    fn at(&self, it: &Arc<T>) -> Option<u32> {
        self.addresses.get(&address(it)).copied()
    }

    fn of(&self, bytes: &[u8]) -> Option<u32> {
        self.contents.get(bytes).copied()
    }

    fn add(&mut self, it: Arc<T>) -> u32 {
        let number = self.all.len() as u32;
        self.bytes += (*it).as_ref().len();
        self.addresses.insert(address(&it), number);
        self.contents.insert(Content(it.clone()), number);
        self.all.push(it);
        number
    }

    fn memory(&self) -> usize {
        /// A pointer and two entries of tables that are not full, and what the allocator adds.
        const EACH: usize = 100;
        self.bytes + self.all.len() * EACH
    }
}

fn address<T: ?Sized>(it: &Arc<T>) -> usize {
    Arc::as_ptr(it).cast::<u8>().addr()
}

/// Found by its bytes.
#[derive(Debug)]
struct Content<T: ?Sized>(Arc<T>);

impl<T: AsRef<[u8]> + ?Sized> Borrow<[u8]> for Content<T> {
    fn borrow(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl<T: AsRef<[u8]> + ?Sized> Hash for Content<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrow::<[u8]>::borrow(self).hash(state);
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq for Content<T> {
    fn eq(&self, other: &Content<T>) -> bool {
        Borrow::<[u8]>::borrow(self) == Borrow::<[u8]>::borrow(other)
    }
}

impl<T: AsRef<[u8]> + ?Sized> Eq for Content<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_is_kept_once_wherever_it_is() {
        let kept = Kept::default();
        let text = |letter: &str| Arc::new(Long::new(letter.repeat(100)));
        let (a, b) = (text("a"), text("b"));
        assert_eq!([&a, &b, &text("a"), &a].map(|text| kept.text(text)), [0, 1, 0, 0]);
        assert!(Arc::ptr_eq(&kept.numbered_text(1), &b));

        let first = kept.message(&[7; 80], None);
        let again = kept.numbered_message(first);
        assert_eq!(kept.message(&again, Some(&again)), first);
        // Bytes that nobody has kept may stand where others did.
        let other: Arc<[u8]> = [8; 80].into();
        assert_eq!((kept.message(&other, Some(&other)), kept.message(&[7; 80], None)), (first + 1, first));
        assert!(kept.memory() > 100 * 2 + 80 * 2);
    }
}
