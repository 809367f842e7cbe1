//! Programs: what the machine runs. Made by `lower` from the tree and the resolver's answers.

pub mod crews;
pub mod effects;
pub mod flow;
pub mod forked;
mod instruction;
#[cfg(test)]
mod listing;
pub mod live;
pub mod lower;
pub mod operands;
pub mod reach;
#[cfg(test)]
mod samples;
pub mod sharing;
pub mod verify;

pub use instruction::{Instruction, Register};

use crate::builtin::Row;
use crate::source::{Source, Span};
use crate::value::Value;
use std::sync::Arc;
use std::time::Duration;

/// A script, ready to run. Never changes; shared by all threads.
#[derive(Debug, Clone)]
pub struct Program {
    pub source: Arc<Source>,
    /// Function 0 is the script itself.
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    pub constants: Vec<Value>,
    /// Names of fields, methods and arguments, by number.
    pub symbols: Vec<Arc<str>>,
    pub shapes: Vec<Shape>,
    pub sites: Vec<Site>,
    /// The builtins that the code mentions, by number.
    pub rows: Vec<&'static Row>,
    /// Builtins written in conc that the code may call: the row and the function it became.
    pub scripted: Vec<(&'static Row, u32)>,
    /// The names of the top-level variables that are kept in cells, by number.
    pub globals: Vec<Arc<str>>,
    /// Which of them are declared `shared`.
    pub shared: Vec<u32>,
    /// The names of the top-level variables that are written once, by number.
    pub fixed: Vec<Arc<str>>,
    /// How many `threadlocal`s there are.
    pub locals: usize,
    /// It is to be run with one thread at a time holding the interpreter; who waits for that asks for it after so long.
    pub gil: Option<Duration>,
}

/// How long a thread waits for the interpreter's lock before it asks for it, unless told: as in CPython.
pub const GIL_INTERVAL: Duration = Duration::from_millis(5);

/// What a call hands over: how many arguments, and the names of the last of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Named ones included.
    pub count: u16,
    pub names: Vec<u16>,
    /// The method's name, for a call of one.
    pub method: u16,
}

impl Shape {
    /// One argument, by position.
    #[inline]
    pub fn is_one_value(&self) -> bool {
        self.count == 1 && self.names.is_empty()
    }
}

/// A place where a closure is made.
#[derive(Debug, Clone)]
pub struct Site {
    pub function: u32,
    /// The registers, of the function that makes it, whose values (or cells) it captures.
    pub captures: Vec<Register>,
}

/// One function's code, and what is known of it.
#[derive(Debug, Clone)]
pub struct Function {
    /// As reports show it: `area`, `Account.deposit`, `teller`.
    pub name: Arc<str>,
    pub span: Span,
    pub kind: FunctionKind,
    /// Names of the parameters, without `self`.
    pub parameters: Vec<Arc<str>>,
    /// How many of them have no default.
    pub required: usize,
    /// `self` comes before the parameters.
    pub member: bool,
    /// How many values (or cells) it captures; their registers come after the parameters.
    pub captures: usize,
    pub registers: usize,
    pub code: Vec<Instruction>,
    /// The place of each instruction, and its line.
    pub spans: Vec<Span>,
    pub lines: Vec<u32>,
    /// Innermost first.
    pub handlers: Vec<Handler>,
    /// Part of conc itself, not of the script: left out of what people see.
    pub internal: bool,
}

/// What calling a function means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    /// Its code runs.
    Plain,
    /// The condition of an `invariant` or `ensure`, which the world evaluates.
    Watch { ensure: bool },
    /// An instance of the class is made, and its code sets the fields.
    Class(u32),
    /// A thread is made that will run its code; or a process.
    Thread { daemon: bool, process: bool },
    /// A thread (or a process) with the members of the class is made; its code sets them, and the class says what runs.
    ThreadWithMembers { class: u32, daemon: bool, process: bool },
}

/// Where an error goes that is raised by an instruction from `start` to before `end`.
#[derive(Debug, Clone, Copy)]
pub struct Handler {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    /// Where the error is put.
    pub error: Register,
    /// It only cleans up: exits go through it too.
    pub cleanup: bool,
}

/// What is known of a class, monitor, or thread with members.
#[derive(Debug, Clone)]
pub struct Class {
    pub name: Arc<str>,
    pub monitor: bool,
    pub fields: Vec<Field>,
    /// Name and function of each.
    pub methods: Vec<(Arc<str>, u32)>,
    /// What a thread of it runs.
    pub run: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: Arc<str>,
    pub mutable: bool,
    pub private: bool,
}

impl Program {
    /// Whether it declares anything `shared`.
    pub fn shares(&self) -> bool {
        !self.shared.is_empty() || self.rows.iter().any(|row| row.name == "__share")
    }

    /// Whether a variable of the top level that can change is declared `shared`.
    pub fn is_shared(&self, global: u32) -> bool {
        self.shared.contains(&global)
    }

    /// What may make a process, if anything: the first process template, `process worker (line 3)`, or `fork()`.
    pub fn process(&self) -> Option<String> {
        let template = self.functions.iter().find(|function| match function.kind {
            FunctionKind::Thread { process, .. } | FunctionKind::ThreadWithMembers { process, .. } => process,
            FunctionKind::Plain | FunctionKind::Class(_) | FunctionKind::Watch { .. } => false,
        });
        if let Some(Function { name, span, .. }) = template {
            return Some(format!("process {name} (line {})", self.source.line(span.start)));
        }
        let constants = self.constants.iter().filter_map(|value| match value {
            Value::Builtin(row) => Some(*row),
            _ => None, // what is called is a builtin
        });
        let mut rows = self.rows.iter().copied().chain(constants);
        let known =
            rows.find(|row| matches!(row.name, "fork" | "processes" | "pid" | "ppid" | "process_pool"))?;
        Some(format!("{}()", known.name))
    }

    pub fn symbol(&self, index: u16) -> &Arc<str> {
        &self.symbols[index as usize]
    }
}
