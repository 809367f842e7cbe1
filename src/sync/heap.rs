//! The store of a queue with `order: "priority"`: the smallest first, equal ones in the order of their coming.
//!
//! Comparing may fail (a number with a text). So an operation first finds its way by comparing only, and moves
//! elements after: one that fails leaves the heap as it was.

use crate::state::{Reader, Writer};
use crate::value::{Value, compare, error::Error, sort};
use std::cmp::Ordering;

#[derive(Debug, Default)]
pub struct Heap {
    /// A binary heap: no element is larger than the two at twice its index plus one and plus two.
    elements: Vec<(Value, u64)>,
    /// How many have ever come.
    came: u64,
}

impl Heap {
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// What it holds, in no order.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.elements.iter().map(|(value, _)| value)
    }

    pub fn into_values(self) -> Vec<Value> {
        self.elements.into_iter().map(|(value, _)| value).collect()
    }

    pub fn push(&mut self, value: Value) -> Result<(), Error> {
        // Up from the new place, to the first ancestor that is no larger.
        let mut hole = self.elements.len();
        let mut path = Vec::new();
        while hole > 0 {
            let parent = (hole - 1) / 2;
            // Ties go after what came before.
            if compare::order(&value, &self.elements[parent].0)? != Ordering::Less {
                break;
            }
            path.push((hole, parent));
            hole = parent;
        }
        self.elements.push((value, self.came));
        self.came += 1;
        for (child, parent) in path {
            self.elements.swap(child, parent);
        }
        Ok(())
    }

    pub fn pop(&mut self) -> Result<Option<Value>, Error> {
        let Some(last) = self.elements.len().checked_sub(1) else { return Ok(None) };
        // Down from the top, as far as the last element has to sink.
        let mut hole = 0;
        let mut path = Vec::new();
        while let Some(child) = self.smaller_child(hole, last)? {
            if !self.before(child, last)? {
                break;
            }
            path.push((hole, child));
            hole = child;
        }
        let (value, _) = self.elements.swap_remove(0);
        for (parent, child) in path {
            self.elements.swap(parent, child);
        }
        Ok(Some(value))
    }

    /// The smaller of the children of `parent` that lie before `end`.
    fn smaller_child(&self, parent: usize, end: usize) -> Result<Option<usize>, Error> {
        let left = 2 * parent + 1;
        let right = left + 1;
        if left >= end {
            return Ok(None);
        }
        let both = right < end;
        Ok(Some(if both && self.before(right, left)? { right } else { left }))
    }

    fn before(&self, a: usize, b: usize) -> Result<bool, Error> {
        let (a, b) = (&self.elements[a], &self.elements[b]);
        Ok(compare::order(&a.0, &b.0)?.then(a.1.cmp(&b.1)) == Ordering::Less)
    }
}

impl Heap {
    /// Equal contents are written in the same way, whatever the order of their coming.
    pub fn save(&self, w: &mut Writer<'_>) {
        if let Some(values) = self.in_order() {
            w.flag(true);
            w.values(&values);
            return;
        }
        w.flag(false);
        w.count(self.elements.len() as u64);
        let mut coming: Vec<u64> = self.elements.iter().map(|(_, came)| *came).collect();
        coming.sort_unstable();
        for (value, came) in &self.elements {
            w.value(value);
            w.count(coming.partition_point(|other| other < came) as u64);
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Heap {
        let elements: Vec<(Value, u64)> = match r.flag() {
            true => r.values().into_iter().zip(0..).collect(), // what is in order is a heap
            false => (0..r.count()).map(|_| (r.value(), r.count())).collect(),
        };
        Heap { came: elements.len() as u64, elements }
    }

    /// What it holds, in the order in which it will leave. None where that may change while the queue stays as it is:
    /// where there are lists in it, which somebody may change; which leaves first then is told by the places.
    fn in_order(&self) -> Option<Vec<Value>> {
        let contained = |value: &Value| matches!(value, Value::List(_) | Value::Map(_) | Value::Set(_));
        if self.elements.iter().any(|(value, _)| contained(value)) {
            return None;
        }
        let mut elements = self.elements.clone();
        elements.sort_by_key(|(_, came)| *came);
        let sorted = sort::sort(elements, false).ok()?;
        Some(sorted.into_iter().map(|(value, _)| value).collect())
    }
}
