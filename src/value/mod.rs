//! Values: what a register, a variable or an element of a list holds.
//!
//! A value is 16 bytes. Numbers, short texts and functions live in it; everything else is a counted
//! reference to an object that any thread may hold. The variants are `pub` within the crate for the
//! machine's dispatch loop; everyone else should prefer the functions.

pub mod cell;
pub mod compare;
pub mod convert;
pub mod copy;
pub mod duration;
pub mod editing;
pub mod error;
pub mod file;
pub mod foreign;
pub mod format;
pub mod index;
pub mod iterate;
pub mod list;
pub mod map;
pub mod nature;
pub mod near;
pub mod number;
pub mod object;
pub mod operate;
pub mod reads;
pub(crate) mod release;
pub mod set;
pub mod show;
pub mod sort;
pub mod step;
pub mod superseded;
pub mod text;
pub mod there;
pub mod wire;

use crate::builtin::Row;
use crate::sync::{Sync, thread::Thread};
use cell::Cell;
use error::Error;
use file::File;
use list::List;
use map::Map;
use object::{Bound, Closure, Object};
use set::Set;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::sync::Arc;
use text::{Long, Short};

#[derive(Debug)]
pub enum Value {
    /// No value: a variable before its declaration has run, an argument that was left out. Never seen by a script.
    Unset,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    /// A text of at most 14 bytes.
    Short(Short),
    /// A function (or class, or thread template) of the program that captures nothing: its number.
    Function(u32),
    /// A builtin function. The last of those that are plain: one comparison tells them from the rest.
    Builtin(&'static Row),
    Long(Arc<Long>),
    Closure(Arc<Closure>),
    /// A method taken from its object: `let put = q.put`.
    Bound(Arc<Bound>),
    Range(Arc<Range>),
    List(Arc<List>),
    Map(Arc<Map>),
    Set(Arc<Set>),
    Object(Arc<Object>),
    Error(Arc<Error>),
    Thread(Arc<Thread>),
    /// Anything to wait for: lock, queue, future, pool…
    Sync(Arc<Sync>),
    /// An open file.
    File(Arc<File>),
    /// A variable that a closure shares with the function around it. Held by registers and closures, never
    /// seen by a script.
    Cell(Arc<Cell>),
}

/// `start..end`, `start..=end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    pub start: i64,
    /// Excluded; `..=` is normalised when it is made.
    pub end: i64,
}

/// What `type(x)` tells, and what methods are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Type {
    Nil,
    Bool,
    Int,
    Float,
    Duration,
    Str,
    Function,
    Range,
    List,
    /// A `shared array`.
    Array,
    Map,
    Set,
    Object,
    Error,
    Thread,
    Process,
    Lock,
    RLock,
    RwLock,
    /// `m.read` and `m.write` of an rwlock.
    Side,
    Semaphore,
    Condition,
    Event,
    Barrier,
    Latch,
    Queue,
    Atomic,
    Pool,
    Future,
    Stream,
    Server,
    Command,
    Pipe,
    End,
    File,
}

const _: () = assert!(size_of::<Value>() == 16);

/// Numbers, taken out of a value to be put in another.
///
/// The compiler sees that `Int(n)` made of the `n` of an `Int` is the same value, and copies all 16 bytes. The processor
/// has to wait then until the 8 that were written last have reached its cache, and all that was written before them:
/// in a loop that writes a list beyond the caches this is the whole time. What these do is nothing, but nothing that
/// the compiler's first half sees through.
mod apart {
    #[inline(always)]
    pub(crate) fn int(n: i64) -> i64 {
        n.rotate_left(0)
    }

    #[inline(always)]
    pub(crate) fn bool(b: bool) -> bool {
        u8::from(b).rotate_left(0) != 0
    }

    #[inline(always)]
    pub(crate) fn float(x: f64) -> f64 {
        f64::from_bits(x.to_bits().rotate_left(0))
    }
}

/// Writes a value over another; a plain one there is not asked to free anything.
#[inline(always)]
pub fn put(slot: &mut Value, value: Value) {
    // Nothing to be dropped if freeing panicked: else the value would be written to memory in parts and read from there
    // whole, which stalls.
    let value = ManuallyDrop::new(value);
    if !slot.is_plain() {
        std::hint::cold_path();
        free(slot);
    }
    // What is there is plain now; and it is not moved to a place of its own to be asked.
    std::mem::forget(std::mem::replace(slot, ManuallyDrop::into_inner(value)));
}

/// Frees what is there; nil is left. Out of line: measured, the registers that freeing needs cost the dispatch loop a
/// store and a load for each instruction.
#[inline(never)]
fn free(slot: &mut Value) {
    *slot = Value::Nil;
}

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        match self {
            Value::Int(n) => Value::Int(apart::int(*n)),
            Value::Bool(b) => Value::Bool(apart::bool(*b)),
            Value::Float(x) => Value::Float(apart::float(*x)),
            Value::Nil => Value::Nil,
            _ => self.clone_rest(),
        }
    }
}

impl Value {
    /// Whether it holds nothing that has to be freed.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        matches!(
            self,
            Value::Unset
                | Value::Nil
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Duration(_)
                | Value::Short(_)
                | Value::Function(_)
                | Value::Builtin(_)
        )
    }

    /// Puts a copy into a place; what was there is freed. (A value that is returned is moved in pieces: for what
    /// the machine does all the time, it is faster to write it where it belongs.)
    #[inline(always)]
    pub fn copy_to(&self, slot: &mut Value) {
        match self {
            Value::Int(n) => put(slot, Value::Int(apart::int(*n))),
            Value::Bool(b) => put(slot, Value::Bool(apart::bool(*b))),
            _ => put(slot, self.clone()),
        }
    }

    /// The same for a place where nothing is.
    #[inline(always)]
    pub fn copy_into(&self, place: &mut MaybeUninit<Value>) {
        match self {
            Value::Int(n) => _ = place.write(Value::Int(apart::int(*n))),
            Value::Bool(b) => _ = place.write(Value::Bool(apart::bool(*b))),
            _ => _ = place.write(self.clone()),
        }
    }

    /// The same for a place that is known to hold nothing that has to be freed: it is not looked at.
    #[inline(always)]
    pub(super) fn copy_over(&self, slot: &mut Value) {
        let mut fill = |value| std::mem::forget(std::mem::replace(slot, value));
        match self {
            Value::Int(n) => fill(Value::Int(apart::int(*n))),
            Value::Bool(b) => fill(Value::Bool(apart::bool(*b))),
            _ => fill(self.clone()),
        }
    }

    /// Whether it is the same thing in memory, of the kinds that loops of many threads use most. False when in doubt.
    #[inline(always)]
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
            (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
            (Value::Sync(a), Value::Sync(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    fn clone_rest(&self) -> Value {
        match self {
            Value::Unset => Value::Unset,
            Value::Nil => Value::Nil,
            Value::Bool(b) => Value::Bool(*b),
            Value::Int(n) => Value::Int(*n),
            Value::Float(x) => Value::Float(*x),
            Value::Duration(ns) => Value::Duration(*ns),
            Value::Short(text) => Value::Short(*text),
            Value::Long(text) => Value::Long(text.clone()),
            Value::Function(id) => Value::Function(*id),
            Value::Builtin(row) => Value::Builtin(row),
            Value::Closure(closure) => Value::Closure(closure.clone()),
            Value::Bound(bound) => Value::Bound(bound.clone()),
            Value::Range(range) => Value::Range(range.clone()),
            Value::List(list) => Value::List(list.clone()),
            Value::Map(map) => Value::Map(map.clone()),
            Value::Set(set) => Value::Set(set.clone()),
            Value::Object(object) => Value::Object(object.clone()),
            Value::Error(error) => Value::Error(error.clone()),
            Value::Thread(thread) => Value::Thread(thread.clone()),
            Value::Sync(sync) => Value::Sync(sync.clone()),
            Value::File(file) => Value::File(file.clone()),
            Value::Cell(cell) => Value::Cell(cell.clone()),
        }
    }

    /// The type that `type(x)` tells. Internal values count as nil.
    pub fn kind(&self) -> Type {
        match self {
            Value::Unset | Value::Nil | Value::Cell(_) => Type::Nil,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Float(_) => Type::Float,
            Value::Duration(_) => Type::Duration,
            Value::Short(_) | Value::Long(_) => Type::Str,
            Value::Function(_) | Value::Builtin(_) | Value::Closure(_) | Value::Bound(_) => Type::Function,
            Value::Range(_) => Type::Range,
            Value::List(list) if list.nature == nature::Nature::Array => Type::Array,
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Set(_) => Type::Set,
            Value::Object(_) => Type::Object,
            Value::Error(_) => Type::Error,
            Value::Thread(thread) if thread.process.is_some() => Type::Process,
            Value::Thread(_) => Type::Thread,
            Value::Sync(sync) => sync.kind.kind(),
            Value::File(_) => Type::File,
        }
    }

    /// The truth of a value in a condition: nil, false, 0, 0.0, empty texts and empty containers are false.
    #[inline]
    pub fn truthy(&self) -> bool {
        match self {
            Value::Bool(b) => *b,
            Value::Nil | Value::Unset => false,
            Value::Int(n) => *n != 0,
            _ => self.truthy_rest(),
        }
    }

    fn truthy_rest(&self) -> bool {
        match self {
            Value::Float(x) => *x != 0.0,
            Value::Duration(ns) => *ns != 0,
            Value::Short(_) | Value::Long(_) => self.as_text().is_some_and(|text| !text.is_empty()),
            Value::Range(range) => range.start < range.end,
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Set(set) => !set.is_empty(),
            Value::Unset | Value::Nil => false,
            Value::Bool(b) => *b,
            Value::Int(n) => *n != 0,
            Value::Function(_)
            | Value::Builtin(_)
            | Value::Closure(_)
            | Value::Bound(_)
            | Value::Object(_)
            | Value::Error(_)
            | Value::Thread(_)
            | Value::Sync(_)
            | Value::File(_)
            | Value::Cell(_) => true,
        }
    }

    pub fn text(text: &str) -> Value {
        text::make(text)
    }

    /// The text, when it is one.
    #[inline]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Short(text) => Some(text.as_str()),
            Value::Long(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub fn list(values: Vec<Value>) -> Value {
        Value::List(Arc::new(List::new(values)))
    }

    pub fn map(entries: map::Entries) -> Value {
        Value::Map(Arc::new(Map::new(entries)))
    }

    pub fn set(members: set::Members) -> Value {
        Value::Set(Arc::new(Set::new(members)))
    }

    pub fn range(start: i64, end: i64) -> Value {
        Value::Range(Arc::new(Range { start, end }))
    }

    pub fn error(error: Error) -> Value {
        Value::Error(Arc::new(error))
    }
}

impl Range {
    pub fn contains(&self, n: i64) -> bool {
        self.start <= n && n < self.end
    }

    /// How many numbers it has; the widest do not fit in an `i64`.
    pub fn len(&self) -> u64 {
        if self.is_empty() { 0 } else { self.end.wrapping_sub(self.start) as u64 }
    }

    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

impl Type {
    pub const ALL: [Type; 35] = [
        Type::Nil,
        Type::Bool,
        Type::Int,
        Type::Float,
        Type::Duration,
        Type::Str,
        Type::Function,
        Type::Range,
        Type::List,
        Type::Array,
        Type::Map,
        Type::Set,
        Type::Object,
        Type::Error,
        Type::Thread,
        Type::Process,
        Type::Lock,
        Type::RLock,
        Type::RwLock,
        Type::Side,
        Type::Semaphore,
        Type::Condition,
        Type::Event,
        Type::Barrier,
        Type::Latch,
        Type::Queue,
        Type::Atomic,
        Type::Pool,
        Type::Future,
        Type::Stream,
        Type::Server,
        Type::Command,
        Type::Pipe,
        Type::End,
        Type::File,
    ];

    /// The word for it in messages and from `type(x)`.
    pub fn word(self) -> &'static str {
        match self {
            Type::Nil => "nil",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Float => "float",
            Type::Duration => "duration",
            Type::Str => "str",
            Type::Function => "function",
            Type::Range => "range",
            Type::List => "list",
            Type::Array => "array",
            Type::Map => "map",
            Type::Set => "set",
            Type::Object => "object",
            Type::Error => "error",
            Type::Thread => "thread",
            Type::Process => "process",
            Type::Lock => "lock",
            Type::RLock => "rlock",
            Type::RwLock => "rwlock",
            Type::Side => "rwlock side",
            Type::Semaphore => "semaphore",
            Type::Condition => "condition",
            Type::Event => "event",
            Type::Barrier => "barrier",
            Type::Latch => "latch",
            Type::Queue => "queue",
            Type::Atomic => "atomic",
            Type::Pool => "pool",
            Type::Future => "future",
            Type::Stream => "stream",
            Type::Server => "server",
            Type::Command => "command",
            Type::Pipe => "pipe",
            Type::End => "pipe end",
            Type::File => "file",
        }
    }
}

#[cfg(test)]
mod tests;
