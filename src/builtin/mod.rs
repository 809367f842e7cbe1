//! The builtin functions, methods and properties: one row each.
//!
//! A row says its name, its parameters, the function that does it and one line of documentation. The
//! machine binds arguments by the row, so a function here always sees one value for each parameter.

mod arg;
mod constant;
pub mod disturbing;
mod duration;
mod error;
mod file;
mod json;
mod list;
mod map;
mod math;
pub(crate) mod random;
mod sequence;
mod set;
mod shared;
mod signature;
mod str;
pub mod sync;
mod system;
#[cfg(test)]
pub(crate) mod test_world;
mod value;

pub use signature::{Parameter, Signature, usage};

use crate::code::Program;
use crate::sync::thread::Arguments;
use crate::sync::{Op, Sync, Who};
use crate::value::{Type, Value, error::Error};
use crate::world::World;
use std::sync::{Arc, LazyLock};

/// A builtin function or method.
#[derive(Debug, Clone, Copy)]
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
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// Called with the receiver first (for methods), then a value for each parameter (`Value::Unset` for one
    /// left out), then the values of `"*xs"`.
    Native(fn(&mut Context<'_>, &[Value]) -> Result<Outcome, Error>),
    /// Written in conc, because it calls functions of the script (which the machine must be able to suspend):
    /// the text of one `fn` with the row's parameters (a method's has the receiver as first parameter; one
    /// that was left out is nil; `"*xs"` comes as a list). Names that begin with `__` are known in such texts only.
    Script(&'static str),
    /// No function but a value, asked for whenever the name is evaluated: `pi`, `args`. Has no parameters.
    Constant(fn(&mut Context<'_>) -> Value),
}

/// `value.name` without a call.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    pub name: &'static str,
    pub get: fn(&mut Context<'_>, &Value) -> Result<Outcome, Error>,
    /// For the few that can be assigned.
    pub set: Option<Setter>,
    /// It never changes: reading it tells nothing of what others do, so in a check it is no step.
    pub constant: bool,
    pub doc: &'static str,
}

impl Property {
    /// One that can be read only, and may change.
    pub const fn new(
        name: &'static str,
        get: fn(&mut Context<'_>, &Value) -> Result<Outcome, Error>,
        doc: &'static str,
    ) -> Property {
        Property { name, get, set: None, constant: false, doc }
    }

    /// The same, where it can be assigned.
    pub const fn set_by(self, set: Setter) -> Property {
        Property { set: Some(set), ..self }
    }
}

/// Called with the value that has the property, and what is assigned.
pub type Setter = fn(&mut Context<'_>, &Value, &Value) -> Result<(), Error>;

/// What a builtin asks of the machine.
#[derive(Debug)]
pub enum Outcome {
    Value(Value),
    /// To wait until the operation can be done; its value is the result.
    Wait(Wait),
    /// To call this with these arguments; the result is the value.
    Call(Value, Arguments),
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

/// How soon a condition is evaluated again that looks outside: in nanoseconds, and in parts of the time until then (so
/// that few looks come before one that is far away).
const NEXT_LOOK: i64 = 1_000_000;
const NEXT_LOOK_PART: i64 = 64;

impl Wait {
    /// Of an `await`: a condition that has looked outside (at the time, a file, a program) may come true without any change,
    /// so it is evaluated again after a while. `now`: in nanoseconds since the run began.
    #[must_use]
    pub fn looks_again(mut self, looked_outside: bool, now: impl FnOnce() -> i64) -> Wait {
        if looked_outside && matches!(self.op, Op::Change) {
            let now = now();
            self.deadline = Some(now.saturating_add(NEXT_LOOK.max(now / NEXT_LOOK_PART)));
        }
        self
    }
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
    #[inline]
    fn from(value: Value) -> Outcome {
        Outcome::Value(value)
    }
}

/// One file a subject; each has its rows at the top.
static FUNCTIONS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    [
        value::FUNCTIONS,
        sequence::FUNCTIONS,
        list::HELPERS,
        math::FUNCTIONS,
        random::FUNCTIONS,
        file::FUNCTIONS,
        json::FUNCTIONS,
        system::FUNCTIONS,
        constant::CONSTANTS,
        shared::FUNCTIONS,
        sync::functions(),
    ]
    .concat()
});

/// The functions and constants that every script knows, by name. Names that begin with `__` are for builtins
/// written in conc only.
pub fn functions() -> &'static [Row] {
    &FUNCTIONS
}

/// The function of that name.
pub fn function(name: &str) -> Option<&'static Row> {
    functions().iter().find(|row| row.name == name)
}

/// The builtins written in conc that another builtin goes on in when it is given an argument of this name, or that a
/// method of this name has threads run. Whoever compiles a mention of the name has them compiled too.
pub fn helpers(name: &str) -> &'static [&'static str] {
    match name {
        "key" => &["__sort_by", "__extreme_by", "__sort_list_by"],
        "submit" => &["__worker", "__keeper"],
        _ => &[],
    }
}

/// The methods of a type of value.
pub fn methods(kind: Type) -> &'static [Row] {
    match kind {
        Type::Str => str::METHODS,
        Type::List => list::METHODS,
        Type::Array => list::ARRAY_METHODS,
        Type::Map => map::METHODS,
        Type::Set => set::METHODS,
        Type::File => file::METHODS,
        Type::Nil
        | Type::Bool
        | Type::Int
        | Type::Float
        | Type::Duration
        | Type::Function
        | Type::Range
        | Type::Object
        | Type::Error => &[],
        Type::Thread
        | Type::Process
        | Type::Lock
        | Type::RLock
        | Type::RwLock
        | Type::Side
        | Type::Semaphore
        | Type::Condition
        | Type::Event
        | Type::Barrier
        | Type::Latch
        | Type::Queue
        | Type::Atomic
        | Type::Pool
        | Type::Future
        | Type::Stream
        | Type::Server
        | Type::Command
        | Type::Pipe
        | Type::End => sync::methods(kind),
    }
}

/// The properties of a type of value.
pub fn properties(kind: Type) -> &'static [Property] {
    match kind {
        Type::Str | Type::List | Type::Array | Type::Map | Type::Set | Type::Range => value::SIZED,
        Type::Duration => duration::PROPERTIES,
        Type::Error => error::PROPERTIES,
        Type::File => file::PROPERTIES,
        Type::Function => value::NAMED,
        Type::Nil | Type::Bool | Type::Int | Type::Float | Type::Object => &[],
        Type::Thread
        | Type::Process
        | Type::Lock
        | Type::RLock
        | Type::RwLock
        | Type::Side
        | Type::Semaphore
        | Type::Condition
        | Type::Event
        | Type::Barrier
        | Type::Latch
        | Type::Queue
        | Type::Atomic
        | Type::Pool
        | Type::Future
        | Type::Stream
        | Type::Server
        | Type::Command
        | Type::Pipe
        | Type::End => sync::properties(kind),
    }
}

/// Every row that a value can be, functions first, then the methods by type.
static NUMBERED: LazyLock<Vec<&'static Row>> =
    LazyLock::new(|| functions().iter().chain(Type::ALL.into_iter().flat_map(methods)).collect());

/// A number for a builtin, the same in every run of this version.
///
/// # Panics
/// When it is none of conc's.
pub fn number_of(row: &'static Row) -> usize {
    let found = NUMBERED.iter().position(|known| std::ptr::eq(*known, row));
    found.expect("a builtin is in the tables")
}

/// The builtin of a number that `number_of` told.
pub fn numbered(number: usize) -> &'static Row {
    NUMBERED[number]
}

#[cfg(test)]
mod tests;
