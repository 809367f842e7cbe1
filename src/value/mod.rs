//! Values: what a register, a variable or an element of a list holds.
//!
//! A value is 16 bytes. Numbers, short texts and functions live in it; everything else is a counted
//! reference to an object that any thread may hold. The variants are `pub` within the crate for the
//! machine's dispatch loop; everyone else should prefer the functions.

pub mod cell;
pub mod compare;
pub mod error;
pub mod list;
pub mod map;
pub mod object;
pub mod set;
pub mod text;

use crate::builtin::Row;
use crate::sync::{Sync, thread::Thread};
use cell::Cell;
use error::Error;
use list::List;
use map::Map;
use object::{Bound, Closure, Object};
use set::Set;
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
    Long(Arc<Long>),
    /// A function (or class, or thread template) of the program that captures nothing: its number.
    Function(u32),
    /// A builtin function.
    Builtin(&'static Row),
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
    Map,
    Set,
    Object,
    Error,
    Thread,
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
}

const _: () = assert!(size_of::<Value>() == 16);

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        match self {
            Value::Int(n) => Value::Int(*n),
            Value::Bool(b) => Value::Bool(*b),
            Value::Float(x) => Value::Float(*x),
            Value::Nil => Value::Nil,
            _ => self.clone_rest(),
        }
    }
}

impl Value {
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
            Value::List(_) => Type::List,
            Value::Map(_) => Type::Map,
            Value::Set(_) => Type::Set,
            Value::Object(_) => Type::Object,
            Value::Error(_) => Type::Error,
            Value::Thread(_) => Type::Thread,
            Value::Sync(sync) => sync.kind.kind(),
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
            Value::List(list) => list.len() != 0,
            Value::Map(map) => map.len() != 0,
            Value::Set(set) => set.len() != 0,
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
}

impl Type {
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
            Type::Map => "map",
            Type::Set => "set",
            Type::Object => "object",
            Type::Error => "error",
            Type::Thread => "thread",
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
        }
    }
}
