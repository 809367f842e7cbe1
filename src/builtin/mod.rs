//! The builtin functions, methods and properties: one row each.
//!
//! A row says its name, its parameters, the function that does it and one line of documentation. The
//! machine binds arguments by the row, so a function here always sees one value for each parameter.

pub mod sync;

use crate::code::Program;
use crate::sync::{Op, Sync, Who};
use crate::value::{Type, Value, error::Error};
use crate::world::World;
use std::sync::Arc;

/// A builtin function or method.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    /// In order: `"x"` must be given; `"x?"` may be left out; `"x:"` may be given by name only; `"*xs"`, at the
    /// end, takes any number. All but `"*xs"` may be given by name.
    pub parameters: &'static [&'static str],
    pub body: Body,
    /// One line for help.
    pub doc: &'static str,
}

/// How a builtin is done.
#[derive(Debug)]
pub enum Body {
    /// Called with the receiver first (for methods), then a value for each parameter (`Value::Unset` for one
    /// left out), then the values of `"*xs"`.
    Native(fn(&mut Context<'_>, &[Value]) -> Result<Outcome, Error>),
    /// Written in conc, because it calls functions of the script (which the machine must be able to suspend):
    /// the text of one `fn` with the row's parameters (a method's has the receiver as first parameter; one
    /// that was left out is nil; `"*xs"` comes as a list). Names that begin with `__` are known in such texts only.
    Script(&'static str),
}

/// `value.name` without a call.
#[derive(Debug)]
pub struct Property {
    pub name: &'static str,
    pub get: fn(&mut Context<'_>, &Value) -> Result<Outcome, Error>,
    /// For the few that can be assigned.
    pub set: Option<fn(&mut Context<'_>, &Value, &Value) -> Result<(), Error>>,
    pub doc: &'static str,
}

/// What a builtin asks of the machine.
#[derive(Debug)]
pub enum Outcome {
    Value(Value),
    /// To wait until the operation can be done; its value is the result.
    Wait(Wait),
    /// To call this with these arguments; the result is the value.
    Call(Value, Vec<Value>),
    /// To end the program with this status, after the thread's `finally` blocks.
    Exit(i32),
}

/// An operation that may have to wait.
#[derive(Debug)]
pub struct Wait {
    pub op: Op,
    /// When to give up, in nanoseconds since the run began.
    pub deadline: Option<i64>,
}

/// What a builtin can reach beside its arguments.
pub struct Context<'a> {
    pub world: &'a mut dyn World,
    pub program: &'a Program,
    /// The line of the call, for "held since line 6".
    pub line: u32,
}

impl Context<'_> {
    /// Makes a thing to wait for, without a name yet.
    pub fn make(&mut self, kind: crate::sync::Kind) -> Arc<Sync> {
        let sync = Arc::new(Sync::new(self.world.next_id(), self.line, kind));
        self.world.register(&sync);
        sync
    }

    /// The current thread and line, for operations on things to wait for.
    pub fn who(&self) -> Who<'_> {
        Who { thread: self.world.thread(), line: self.line }
    }
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Outcome {
        Outcome::Value(value)
    }
}

/// The functions that every script knows, by name.
pub fn functions() -> &'static [Row] {
    &[]
}

/// The methods of a type of value.
pub fn methods(_kind: Type) -> &'static [Row] {
    &[]
}

/// The properties of a type of value.
pub fn properties(_kind: Type) -> &'static [Property] {
    &[]
}
