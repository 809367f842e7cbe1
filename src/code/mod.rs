//! Programs: what the machine runs. Made by `lower` from the tree and the resolver's answers.

use crate::source::{Source, Span};
use crate::value::Value;
use std::sync::Arc;

/// A script, ready to run. Never changes; shared by all threads.
#[derive(Debug)]
pub struct Program {
    pub source: Arc<Source>,
    /// Function 0 is the script itself.
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    pub constants: Vec<Value>,
    /// Names of fields, methods and arguments, by number.
    pub symbols: Vec<Arc<str>>,
    /// The names of the top-level variables that live in cells, by number.
    pub globals: Vec<Arc<str>>,
}

/// One function's code, and what is known of it.
#[derive(Debug)]
pub struct Function {
    /// As reports show it: `area`, `Account.deposit`, `teller`.
    pub name: Arc<str>,
    pub span: Span,
    /// Names of the parameters, without `self`.
    pub parameters: Vec<Arc<str>>,
    /// How many of them have no default.
    pub required: usize,
    /// For a class, monitor or thread with members: its class. Calling the function makes an instance.
    pub makes: Option<u32>,
    /// For a thread template.
    pub template: Option<Template>,
}

#[derive(Debug, Clone, Copy)]
pub struct Template {
    pub daemon: bool,
}

/// What is known of a class, monitor, or thread with members.
#[derive(Debug)]
pub struct Class {
    pub name: Arc<str>,
    pub monitor: bool,
    pub fields: Vec<Field>,
    /// Name and function of each.
    pub methods: Vec<(Arc<str>, u32)>,
}

#[derive(Debug)]
pub struct Field {
    pub name: Arc<str>,
    pub mutable: bool,
    pub private: bool,
}
