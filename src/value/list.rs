//! Lists. Every operation is one step: it locks the list, for itself alone.

use super::editing::Elementwise;
use super::error::Error;
use super::nature::Nature;
use super::step::{StepGuard, Stepped, shadow_of};
use super::there::{Cells, Whole};
use super::{Value, apart, put, release};
use crate::mapped::{Memory, Place};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

#[derive(Debug)]
pub struct List {
    elements: Stepped<Elements>,
    pub nature: Nature,
    /// Where it is, if it is in memory that processes share; `elements` is then what was read last.
    there: Option<Box<There>>,
}

#[derive(Debug)]
enum There {
    Whole(Whole),
    Cells(Cells),
}

/// What a list holds: a vector, that knows when an element can be written over unseen.
///
/// A long list lies beyond the processor's caches, and a write need not wait for the memory where a read has to: a
/// list of numbers is written without a look at the old element, which may have something to free otherwise.
#[derive(Debug, Default)]
pub struct Elements {
    values: Vec<Value>,
    /// Every element is plain, for certain. Whoever changes the vector otherwise than by the functions here loses this.
    plain: bool,
}

impl Elements {
    fn new(values: Vec<Value>) -> Elements {
        let plain = values.iter().all(Value::is_plain);
        Elements { values, plain }
    }

    #[inline(always)]
    pub fn push(&mut self, value: Value) {
        self.plain = value.is_plain() && (self.plain || self.values.is_empty());
        self.values.push(value);
    }
}

impl Deref for Elements {
    type Target = Vec<Value>;

    #[inline(always)]
    fn deref(&self) -> &Vec<Value> {
        &self.values
    }
}

impl DerefMut for Elements {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        self.plain = false;
        &mut self.values
    }
}

impl List {
    pub fn new(values: Vec<Value>) -> List {
        List::of(Nature::Own, values)
    }

    pub fn of(nature: Nature, values: Vec<Value>) -> List {
        List { elements: Stepped::new(Elements::new(values)), nature, there: None }
    }

    /// The same list or array, which is new, in memory that processes share.
    pub fn there(&self, memory: &Arc<Memory>) -> Result<List, Error> {
        let values = self.snapshot();
        let there = match self.nature {
            Nature::Array => There::Cells(Cells::new(memory, &values)?),
            Nature::Own | Nature::Copy | Nature::Shared => {
                There::Whole(Whole::new(memory, &Value::list(values))?)
            }
        };
        Ok(List::with(self.nature, there))
    }

    /// That which is in this place; an array of so many elements.
    pub fn found(nature: Nature, place: Place, len: usize) -> List {
        let there = match nature {
            Nature::Array => There::Cells(Cells::at(place, len)),
            Nature::Own | Nature::Copy | Nature::Shared => There::Whole(Whole::at(place)),
        };
        List::with(nature, there)
    }

    fn with(nature: Nature, there: There) -> List {
        let mut list = List::of(nature, Vec::new());
        list.there = Some(Box::new(there));
        list
    }

    /// Where it is in memory that processes share, and how long an array is.
    pub fn place(&self) -> Option<(usize, usize)> {
        Some(match &**self.there.as_ref()? {
            There::Whole(whole) => (whole.number(), 0),
            There::Cells(cells) => (cells.number(), cells.count()),
        })
    }

    /// The elements, for one step that looks at them. Never hold two containers' locks at once: take `snapshot` of one
    /// first. For changing them there is `edit`.
    #[inline]
    pub fn lock(&self) -> StepGuard<'_, Elements> {
        let mut elements = self.elements.lock();
        if let Some(there) = &self.there {
            there.read(&mut elements);
        }
        elements
    }

    /// Changes the elements, as one step. If somebody in another process was faster, the change is made once more, with
    /// what is there then. One that fails changes nothing.
    #[inline]
    pub fn edit<R>(
        &self,
        change: &mut dyn FnMut(&mut Elementwise<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self.there.as_deref() {
            None | Some(There::Cells(_)) => change(&mut Elementwise::unnoted(&mut self.lock())),
            Some(There::Whole(whole)) => loop {
                let mut elements = self.lock();
                let mut editing = Elementwise::new(&mut elements);
                let answer = change(&mut editing);
                if let Some(answer) = whole.conclude(editing, answer) {
                    return answer;
                }
            },
        }
    }

    /// Puts a copy into an element's place; false when there is none.
    pub fn set(&self, index: usize, value: Value) -> Result<bool, Error> {
        let value = self.nature.admit(&value)?;
        if let Some(there) = &self.there
            && let There::Cells(cells) = &**there
        {
            return cells.set(index, &value);
        }
        let mut old = None; // dropped outside the lock: dropping may free a large structure
        self.edit(&mut |elements| {
            old = elements.set(index, value.clone());
            Ok(old.is_some())
        })
    }

    #[cold]
    fn get_there(&self, position: i64) -> Option<Value> {
        if let Some(There::Cells(cells)) = self.there.as_deref() {
            return cells.get(place(position, cells.count())?);
        }
        let values = self.lock();
        values.get(place(position, values.len())?).cloned()
    }

    /// The element at a position that counts from the start or, negative, from the end; None outside.
    #[inline]
    pub fn get(&self, position: i64) -> Option<Value> {
        if self.there.is_some() {
            return self.get_there(position);
        }
        let values = self.elements.lock();
        values.get(place(position, values.len())?).cloned()
    }

    /// Copies an element to a place; false when there is no such position.
    #[inline(always)]
    pub fn copy_to(&self, position: i64, slot: &mut Value) -> bool {
        if self.there.is_some() {
            return self.get_there(position).map(|value| put(slot, value)).is_some();
        }
        let values = self.elements.lock();
        match place(position, values.len()).and_then(|place| values.get(place)) {
            Some(value) => {
                value.copy_to(slot);
                true
            }
            None => false,
        }
    }

    /// Puts a copy of a value in an element's place; false when there is no such position, when freeing the old
    /// element may take long, or when not every value may be put there.
    #[inline(always)]
    pub fn copy_from(&self, position: i64, value: &Value) -> bool {
        let mut elements = self.elements.lock();
        let Elements { values, plain } = &mut *elements;
        let length = values.len();
        let Some(slot) = place(position, length).and_then(|place| values.get_mut(place)) else {
            return false;
        };
        if self.nature != Nature::Own {
            return false;
        }
        if *plain && value.is_plain() {
            value.copy_over(slot);
            true
        } else if slot.is_plain() {
            *plain = false;
            value.copy_over(slot);
            true
        } else {
            false
        }
    }

    /// Appends what is in a place, which it leaves if it is not plain, when there is room already and any value may be
    /// put there.
    #[inline(always)]
    pub fn push_in_place(&self, slot: &mut Value) -> bool {
        let mut elements = self.elements.lock();
        if elements.len() == elements.capacity() || self.nature != Nature::Own {
            return false;
        }
        match slot {
            // (A value that is moved is moved in pieces.)
            Value::Int(n) => elements.values.push(Value::Int(apart::int(*n))),
            Value::Bool(b) => elements.values.push(Value::Bool(apart::bool(*b))),
            Value::Float(x) => elements.values.push(Value::Float(apart::float(*x))),
            other => elements.push(std::mem::replace(other, Value::Nil)),
        }
        true
    }

    #[inline]
    pub fn push(&self, value: Value) {
        debug_assert!(self.there.is_none(), "what is shared is changed by `edit`");
        self.elements.lock().push(value);
    }

    pub fn len(&self) -> usize {
        if let Some(There::Cells(cells)) = self.there.as_deref() {
            return cells.count();
        }
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of what it holds now.
    pub fn snapshot(&self) -> Vec<Value> {
        if let Some(There::Cells(cells)) = self.there.as_deref() {
            return cells.values();
        }
        self.lock().values.clone()
    }

    /// Puts other elements in the place of all it holds; gives back the old ones, to be dropped outside the lock.
    pub fn replace(&self, values: Vec<Value>) -> Vec<Value> {
        let elements = Elements::new(values);
        std::mem::replace(&mut *self.elements.lock(), elements).values
    }

    /// The place for the number of its shadow.
    pub fn shadow(&self) -> &AtomicU32 {
        shadow_of(&self.elements)
    }

    /// For the only holder.
    pub(super) fn inner(&mut self) -> &mut Vec<Value> {
        self.elements.get_mut()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        let Elements { values, plain } = self.elements.get_mut();
        if *plain {
            // Nothing in them has to be freed, so they are not looked at, one by one: only their room is.
            std::mem::take(values).into_iter().for_each(std::mem::forget);
        } else if values.iter().any(release::nests) {
            release::release(std::mem::take(values));
        }
    }
}

impl There {
    fn read(&self, elements: &mut Elements) {
        match self {
            There::Cells(cells) => *elements = Elements::new(cells.values()),
            There::Whole(whole) => {
                let Some(news) = whole.news() else { return };
                if let Some(Value::List(list)) = news.whole {
                    *elements = Elements::new(list.snapshot());
                }
                news.changes.into_iter().for_each(|piece| piece.change_elements(elements));
            }
        }
    }
}

/// The index of a position that counts from the end when it is negative.
#[inline]
fn place(position: i64, length: usize) -> Option<usize> {
    let position = if position < 0 { position.checked_add(length as i64)? } else { position };
    usize::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Writing over an element unseen must not leave what it holds without an owner.
    #[test]
    fn what_is_written_over_is_freed() {
        let held = Arc::new(List::new(Vec::new()));
        let reference = || Value::List(held.clone());
        let ways: [fn(&List, Value); 4] = [
            |list, value| assert!(list.copy_from(0, &value)),
            |list, value| list.lock()[0] = value,
            |list, value| {
                list.replace(vec![value]);
            },
            |list, mut value| {
                list.lock().clear();
                assert!(list.push_in_place(&mut value) && matches!(value, Value::Nil));
            },
        ];
        for put_in in ways {
            let list = List::new(vec![Value::Int(1), Value::Int(2)]);
            assert!(list.copy_from(-1, &Value::Bool(true)), "plain over plain");
            put_in(&list, reference());
            assert_eq!(Arc::strong_count(&held), 2);
            assert!(
                !list.copy_from(0, &Value::Int(3)),
                "it holds something: left to who frees it outside the lock"
            );
            let last = list.len() as i64 - 1;
            assert_eq!(list.copy_from(last, &Value::Int(4)), last > 0, "plain, in a list that is not");
            list.lock()[0] = Value::Nil;
            assert_eq!(Arc::strong_count(&held), 1);
            assert!(list.copy_from(0, &Value::Int(5)), "nothing is held any more");
            put_in(&list, reference());
            drop(list);
            assert_eq!(Arc::strong_count(&held), 1, "with the list goes what it holds");
        }
    }

    #[test]
    fn numbers_are_pushed_and_read_as_they_are() {
        let list = List::new(Vec::with_capacity(4));
        for mut value in [Value::Int(i64::MIN), Value::Float(-0.0), Value::Bool(true), Value::text("short")] {
            assert!(list.push_in_place(&mut value));
        }
        assert!(!list.push_in_place(&mut Value::Nil), "no room");
        let mut slot = Value::Nil;
        let texts: Vec<String> = (0..4)
            .map(|at| {
                assert!(list.copy_to(at, &mut slot));
                format!("{slot:?}")
            })
            .collect();
        assert_eq!(texts, ["Int(-9223372036854775808)", "Float(-0.0)", "Bool(true)", "Short(\"short\")"]);
    }
}
