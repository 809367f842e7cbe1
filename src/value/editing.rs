//! A list or a map that is being changed in one step, with what has been done to it: so that a change of something shared
//! can be told to other processes as what it is, and be taken back.

use super::Value;
use super::list::Elements;
use super::map::Entries;
use super::there::Piece;
use std::ops::{Deref, DerefMut};

/// The elements of a list. What is done by the functions here is known; to the vector itself anything may be done.
pub struct Elementwise<'e> {
    elements: &'e mut Elements,
    done: Done<Spliced>,
}

/// The entries of a map, likewise.
pub struct Entrywise<'e> {
    entries: &'e mut Entries,
    done: Done<Entry>,
}

/// What has been done so far.
enum Done<T> {
    Nothing,
    This(T),
    /// More than one thing, or nobody knows what, or nobody wants to.
    Anything,
}

/// Elements that gave way to so many others.
struct Spliced {
    at: usize,
    old: Vec<Value>,
    added: usize,
}

enum Entry {
    /// The key at this place has a new value.
    Put {
        at: usize,
        old: Option<Value>,
    },
    Removed {
        at: usize,
        key: Value,
        old: Value,
    },
}

/// What is known of a change when it has been made.
pub trait Editing {
    /// Whether nothing has been done.
    fn is_untouched(&self) -> bool;

    /// What has been done, if that is a single thing.
    fn piece(&self) -> Option<Piece>;

    /// All that there is now.
    fn all(&self) -> Value;

    /// Takes back what has been done; false when nobody knows what that was.
    fn undo(self) -> bool;
}

impl<T> Done<T> {
    fn note(&mut self, it: impl FnOnce() -> T) {
        *self = match self {
            Done::Nothing => Done::This(it()),
            Done::This(_) | Done::Anything => Done::Anything,
        };
    }
}

impl<'e> Elementwise<'e> {
    pub fn new(elements: &'e mut Elements) -> Elementwise<'e> {
        Elementwise { elements, done: Done::Nothing }
    }

    /// Of a list of which nobody wants to know what has been done.
    pub fn unnoted(elements: &'e mut Elements) -> Elementwise<'e> {
        Elementwise { elements, done: Done::Anything }
    }

    pub fn push(&mut self, value: Value) {
        let at = self.elements.len();
        self.elements.push(value);
        self.done.note(|| Spliced { at, old: Vec::new(), added: 1 });
    }

    pub fn extend(&mut self, values: impl Iterator<Item = Value>) {
        let before = self.elements.len();
        self.elements.extend(values);
        let added = self.elements.len() - before;
        self.done.note(|| Spliced { at: before, old: Vec::new(), added });
    }

    /// # Panics
    /// When there is no such place.
    pub fn insert(&mut self, at: usize, value: Value) {
        self.elements.insert(at, value);
        self.done.note(|| Spliced { at, old: Vec::new(), added: 1 });
    }

    /// # Panics
    /// When there is no such element.
    pub fn remove(&mut self, at: usize) -> Value {
        let old = self.elements.remove(at);
        self.done.note(|| Spliced { at, old: vec![old.clone()], added: 0 });
        old
    }

    /// Puts a value in an element's place; gives the old one, None where there is no such element.
    pub fn set(&mut self, at: usize, value: Value) -> Option<Value> {
        let old = std::mem::replace(self.elements.get_mut(at)?, value);
        self.done.note(|| Spliced { at, old: vec![old.clone()], added: 1 });
        Some(old)
    }
}

impl Editing for Elementwise<'_> {
    fn is_untouched(&self) -> bool {
        matches!(self.done, Done::Nothing)
    }

    fn piece(&self) -> Option<Piece> {
        let Done::This(Spliced { at, old, added }) = &self.done else { return None };
        let parts = self.elements[*at..at + added].to_vec();
        Some(Piece { at: u32::try_from(*at).ok()?, removed: u32::try_from(old.len()).ok()?, parts })
    }

    fn all(&self) -> Value {
        Value::list(self.to_vec())
    }

    fn undo(self) -> bool {
        match self.done {
            Done::Nothing => {}
            Done::This(Spliced { at, old, added }) => {
                self.elements.splice(at..at + added, old);
            }
            Done::Anything => return false,
        }
        true
    }
}

impl Deref for Elementwise<'_> {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        self.elements
    }
}

impl DerefMut for Elementwise<'_> {
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        self.done = Done::Anything;
        self.elements
    }
}

impl<'e> Entrywise<'e> {
    pub fn new(entries: &'e mut Entries) -> Entrywise<'e> {
        Entrywise { entries, done: Done::Nothing }
    }

    /// Of a map of which nobody wants to know what has been done.
    pub fn unnoted(entries: &'e mut Entries) -> Entrywise<'e> {
        Entrywise { entries, done: Done::Anything }
    }

    /// Puts an entry in; gives the value that its key had.
    pub fn insert(&mut self, key: Value, value: Value) -> Option<Value> {
        let (at, old) = self.entries.insert_full(key, value);
        self.done.note(|| Entry::Put { at, old: old.clone() });
        old
    }

    /// Removes an entry; gives its value.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        let (at, key, old) = self.entries.shift_remove_full(key)?;
        self.done.note(|| Entry::Removed { at, key, old: old.clone() });
        Some(old)
    }
}

impl Editing for Entrywise<'_> {
    fn is_untouched(&self) -> bool {
        matches!(self.done, Done::Nothing)
    }

    fn piece(&self) -> Option<Piece> {
        let Done::This(entry) = &self.done else { return None };
        let (removed, parts) = match entry {
            Entry::Put { at, .. } => {
                let (key, value) = self.entries.get_index(*at)?;
                (0, vec![key.clone(), value.clone()])
            }
            Entry::Removed { key, .. } => (1, vec![key.clone()]),
        };
        Some(Piece { at: 0, removed, parts })
    }

    fn all(&self) -> Value {
        Value::map(Entries::clone(self))
    }

    fn undo(self) -> bool {
        match self.done {
            Done::Nothing => {}
            Done::This(Entry::Put { at, old: None }) => {
                self.entries.shift_remove_index(at);
            }
            Done::This(Entry::Put { at, old: Some(old) }) => self.entries[at] = old,
            Done::This(Entry::Removed { at, key, old }) => {
                self.entries.shift_insert(at, key, old);
            }
            Done::Anything => return false,
        }
        true
    }
}

impl Deref for Entrywise<'_> {
    type Target = Entries;

    fn deref(&self) -> &Entries {
        self.entries
    }
}

impl DerefMut for Entrywise<'_> {
    fn deref_mut(&mut self) -> &mut Entries {
        self.done = Done::Anything;
        self.entries
    }
}

impl Piece {
    /// Makes this change of elements.
    pub fn change_elements(self, elements: &mut Vec<Value>) {
        let at = (self.at as usize).min(elements.len());
        let end = (at + self.removed as usize).min(elements.len());
        elements.splice(at..end, self.parts);
    }

    /// Makes this change of entries.
    pub fn change_entries(self, entries: &mut Entries) {
        let mut parts = self.parts.into_iter();
        match (parts.next(), parts.next()) {
            (Some(key), Some(value)) => {
                entries.insert(key, value);
            }
            (Some(key), None) => {
                entries.shift_remove(&key);
            }
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapped::{Memory, Place};
    use crate::value::compare;
    use crate::value::error::{Error, Kind};
    use crate::value::list::List;
    use crate::value::map::Map;
    use crate::value::nature::Nature;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// What is done to a container that two know; which of them does it is the flag.
    #[derive(Debug, Clone)]
    enum Doing {
        Push(i64),
        Extend(Vec<i64>),
        Insert(usize, i64),
        Remove(usize),
        Set(usize, i64),
        Reverse,
        /// One that is taken back.
        Fail(i64),
    }

    fn doings() -> impl Strategy<Value = Vec<(bool, Doing)>> {
        let doing = prop_oneof![
            4 => any::<i64>().prop_map(Doing::Push),
            1 => prop::collection::vec(any::<i64>(), 0..20).prop_map(Doing::Extend),
            1 => (any::<usize>(), any::<i64>()).prop_map(|(at, n)| Doing::Insert(at, n)),
            2 => any::<usize>().prop_map(Doing::Remove),
            2 => (any::<usize>(), any::<i64>()).prop_map(|(at, n)| Doing::Set(at, n)),
            1 => Just(Doing::Reverse),
            1 => any::<i64>().prop_map(Doing::Fail),
        ];
        prop::collection::vec((any::<bool>(), doing), 0..120)
    }

    fn refused() -> Error {
        Error::new(Kind::Value, "not so")
    }

    fn place_of(memory: &Arc<Memory>, number: usize) -> Place {
        Place { memory: memory.clone(), at: number }
    }

    fn change_list(list: &List, doing: &Doing) {
        let _ = list.edit(&mut |elements| {
            let length = elements.len();
            match doing {
                Doing::Push(n) => elements.push(Value::Int(*n)),
                Doing::Extend(more) => elements.extend(more.iter().map(|n| Value::Int(*n))),
                Doing::Insert(at, n) => elements.insert(at % (length + 1), Value::Int(*n)),
                Doing::Remove(at) if length > 0 => drop(elements.remove(at % length)),
                Doing::Set(at, n) if length > 0 => drop(elements.set(at % length, Value::Int(*n))),
                Doing::Remove(_) | Doing::Set(..) => {}
                Doing::Reverse => elements.reverse(),
                Doing::Fail(n) => {
                    elements.push(Value::Int(*n));
                    return Err(refused());
                }
            }
            Ok(())
        });
    }

    fn change_map(map: &Map, doing: &Doing) {
        let key = |at: &usize| Value::Int((at % 50) as i64);
        let _ = map.edit(&mut |entries| {
            match doing {
                Doing::Push(n) => drop(entries.insert(Value::Int(*n), Value::Nil)),
                Doing::Extend(more) => more.iter().for_each(|n| {
                    entries.insert(Value::Int(*n), Value::Int(*n));
                }),
                Doing::Insert(at, n) | Doing::Set(at, n) => drop(entries.insert(key(at), Value::Int(*n))),
                Doing::Remove(at) => drop(entries.remove(&key(at))),
                Doing::Reverse => entries.reverse(),
                Doing::Fail(n) => {
                    entries.insert(Value::Int(*n), Value::Nil);
                    return Err(refused());
                }
            }
            Ok(())
        });
    }

    proptest! {
        #[test]
        fn two_who_change_a_list_in_turn_see_the_same(doings in doings()) {
            let memory = Memory::new(0).expect("there is address space");
            let own = List::new(Vec::new());
            let one = List::of(Nature::Shared, Vec::new()).there(&memory).expect("there is room");
            let (number, length) = one.place().expect("it is there");
            let other = List::found(Nature::Shared, place_of(&memory, number), length);
            for (first, doing) in &doings {
                change_list(if *first { &one } else { &other }, doing);
                if !matches!(doing, Doing::Fail(_)) {
                    change_list(&own, doing);
                }
            }
            for list in [one, other] {
                prop_assert!(compare::equal(&Value::list(list.snapshot()), &Value::list(own.snapshot())));
            }
        }

        #[test]
        fn two_who_change_a_map_in_turn_see_the_same(doings in doings()) {
            let memory = Memory::new(0).expect("there is address space");
            let own = Map::new(Entries::default());
            let one = Map::of(Nature::Shared, Entries::default()).there(&memory).expect("there is room");
            let number = one.place().expect("it is there");
            let other = Map::found(Nature::Shared, place_of(&memory, number));
            for (first, doing) in &doings {
                change_map(if *first { &one } else { &other }, doing);
                if !matches!(doing, Doing::Fail(_)) {
                    change_map(&own, doing);
                }
            }
            for map in [one, other] {
                let pairs = |map: &Map| {
                    map.snapshot().into_iter().map(|(key, value)| Value::list(vec![key, value])).collect()
                };
                prop_assert!(compare::equal(&Value::list(pairs(&map)), &Value::list(pairs(&own))), "in order");
            }
        }
    }

    /// Whoever is not fast enough takes back what it did and does it again.
    #[test]
    fn nothing_is_lost_between_two() {
        let memory = Memory::new(0).expect("there is address space");
        let rounds = if cfg!(miri) { 6 } else { 3_000 };
        let list = List::of(Nature::Shared, Vec::new()).there(&memory).expect("there is room");
        let map = Map::of(Nature::Shared, Entries::default()).there(&memory).expect("there is room");
        let (list, map) = (list.place().expect("it is there"), map.place().expect("it is there"));
        let find = &|| {
            let found = List::found(Nature::Shared, place_of(&memory, list.0), list.1);
            (found, Map::found(Nature::Shared, place_of(&memory, map)))
        };
        std::thread::scope(|scope| {
            for mark in 0..3 {
                scope.spawn(move || {
                    let (list, map) = find();
                    for round in 0..rounds {
                        change_list(&list, &Doing::Push(round * 3 + mark));
                        change_map(&map, &Doing::Push(round * 3 + mark));
                        change_map(&map, &Doing::Push(-1));
                    }
                });
            }
        });
        let (list, map) = find();
        let mut numbers = list.snapshot();
        assert!(!numbers.is_empty());
        numbers.sort_by_key(|value| if let Value::Int(n) = value { *n } else { -1 });
        let all: Vec<Value> = (0..3 * rounds).map(Value::Int).collect();
        assert!(compare::equal(&Value::list(numbers), &Value::list(all)));
        assert_eq!(map.len() as i64, 3 * rounds + 1);
    }
}
