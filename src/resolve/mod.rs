//! What each name means, and everything that can be said against a script before it runs.
//!
//! The tree is not changed: the answers stand in tables beside it, indexed by `NodeId`. Where a variable is
//! kept (register, cell, global) is not decided here but in `code`, from what is said here about it.

mod captures;
mod checks;
mod classes;
mod early;
mod expressions;
mod names;
mod scopes;
pub mod suggest;
#[cfg(test)]
mod tests;

use crate::builtin::{self, Property, Row};
use crate::report::{Diagnostic, Level};
use crate::source::{Source, Span};
use crate::syntax::tree;
use crate::value::Type;
use names::Names;
use std::sync::Arc;

pub type VariableId = u32;
pub type FunctionId = u32;
pub type ClassId = u32;

/// Says what each name of a script means, and all that is wrong with it as far as it can be known before running.
///
/// The answers are complete whatever is wrong; a name that means nothing has `Meaning::None`.
pub fn resolve(script: &tree::Script, source: &Source) -> (Resolution, Vec<Diagnostic>) {
    resolve_with(script, source, &Builtins::of_scripts())
}

/// The same for a script that sees these names around its top level. They are its first variables.
pub fn resolve_within(
    script: &tree::Script,
    given: &[Arc<str>],
    source: &Source,
) -> (Resolution, Vec<Diagnostic>) {
    let builtins = Builtins::of_scripts();
    let (answers, mut found) = Names::resolve(script, Around::Names(given), source, &builtins);
    found.extend(checks::check(script, &answers, &builtins, source, None, is_fine(&found)));
    found.sort_by_key(|report| (report.span.start, report.span.end));
    (answers, found)
}

/// Whether a script would run, as far as its names go. (In one that does not, nothing is started either.)
fn is_fine(found: &[Diagnostic]) -> bool {
    found.iter().all(|report| report.level != Level::Error)
}

/// What there is around the top level that is looked at.
#[derive(Debug, Clone, Copy)]
enum Around<'a> {
    Nothing,
    /// Names that the script is given.
    Names(&'a [Arc<str>]),
    /// The script is a session of these entries.
    Entries(&'a [Entry]),
}

/// The same for a session, whose entries are in `script` one after the other. Each is a scope inside of the one before:
/// a name that is declared again hides the older one, which whoever named it before keeps.
///
/// Functions, classes, variables and nodes of earlier entries have the same numbers whatever comes after them.
pub fn resolve_session(
    script: &tree::Script,
    entries: &[Entry],
    source: &Source,
) -> (Resolution, Vec<Diagnostic>) {
    let builtins = Builtins::of_scripts();
    let (mut answers, mut found) = Names::resolve(script, Around::Entries(entries), source, &builtins);
    for variable in answers.variables.iter_mut().filter(|variable| variable.top_level) {
        // Entries to come may name it, and set it.
        variable.captured = true;
        variable.assigned |= variable.kind == VariableKind::Var;
    }
    let shown = script.body.statements.last().and_then(|statement| match &statement.kind {
        tree::StatementKind::Expression(value) => Some(value.span),
        _ => None,
    });
    found.extend(checks::check(script, &answers, &builtins, source, shown, false));
    found.sort_by_key(|report| (report.span.start, report.span.end));
    (answers, found)
}

/// An entry of a session.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Which of the script's statements is its first.
    pub first: usize,
    /// Names that it declares and that never got a value: they mean what they meant before.
    pub forgotten: Vec<Arc<str>>,
}

/// The same for the text of a builtin that is written in conc: it may name the functions that begin with `__`.
pub fn resolve_internal(script: &tree::Script, source: &Source) -> (Resolution, Vec<Diagnostic>) {
    resolve_with(script, source, &Builtins { internal: true, ..Builtins::of_scripts() })
}

fn resolve_with(
    script: &tree::Script,
    source: &Source,
    builtins: &Builtins,
) -> (Resolution, Vec<Diagnostic>) {
    let (answers, mut found) = Names::resolve(script, Around::Nothing, source, builtins);
    found.extend(checks::check(script, &answers, builtins, source, None, is_fine(&found)));
    found.sort_by_key(|report| (report.span.start, report.span.end));
    (answers, found)
}

/// The builtins that a script may name.
#[derive(Debug)]
struct Builtins {
    functions: &'static [Row],
    methods: fn(Type) -> &'static [Row],
    properties: fn(Type) -> &'static [Property],
    /// Whether names that begin with `__` are known.
    internal: bool,
}

impl Builtins {
    fn of_scripts() -> Builtins {
        Builtins {
            functions: builtin::functions(),
            methods: builtin::methods,
            properties: builtin::properties,
            internal: false,
        }
    }

    fn find(&self, name: &str) -> Option<u32> {
        if !self.internal && name.starts_with("__") {
            return None;
        }
        self.functions.iter().position(|row| row.name == name).map(|index| index as u32)
    }

    /// Whether things that scripts often have in hand have a method of this name.
    fn have_method(&self, name: &str) -> bool {
        let kinds = [
            Type::Str,
            Type::List,
            Type::Map,
            Type::Set,
            Type::Lock,
            Type::Semaphore,
            Type::Condition,
            Type::Event,
            Type::Barrier,
            Type::Latch,
            Type::Queue,
            Type::Atomic,
            Type::Pool,
            Type::Thread,
        ];
        kinds.into_iter().any(|kind| (self.methods)(kind).iter().any(|row| row.name == name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|row| row.name).filter(|name| self.internal || !name.starts_with("__"))
    }
}

/// Stands for the name of a function that has none, and of a block that a thread runs. No function can be called so.
pub const ANONYMOUS: &str = "fn";
pub const BLOCK: &str = "a block";

/// `a`, `a and b`, `a, b and c`.
fn list_of(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The answers for one script.
#[derive(Debug, Default)]
pub struct Resolution {
    /// What each name means; `Meaning::None` for ids that are no names (and for names after a `.`).
    pub meanings: Vec<Meaning>,
    pub variables: Vec<Variable>,
    /// Function 0 is the script itself (what `main` runs).
    pub functions: Vec<Function>,
    /// The function that a node with a body became: `function_of[node]`.
    pub function_of: Vec<Option<FunctionId>>,
    pub classes: Vec<Class>,
    /// The class of a `Class` or of a `Template` with members.
    pub class_of: Vec<Option<ClassId>>,
}

impl Resolution {
    /// The function that a variable of this kind holds from its declaration on: that of a class is its initialiser. None
    /// when what it holds is for the run to tell.
    pub fn declared_function(&self, kind: VariableKind) -> Option<FunctionId> {
        match kind {
            VariableKind::Function(function) | VariableKind::Template(function) => Some(function),
            VariableKind::Class(class) => Some(self.classes[class as usize].initialiser),
            VariableKind::Let
            | VariableKind::Var
            | VariableKind::ThreadLocal
            | VariableKind::Parameter
            | VariableKind::Loop
            | VariableKind::Error
            | VariableKind::SelfReference
            | VariableKind::Declared => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Meaning {
    #[default]
    None,
    Variable(VariableId),
    /// A member of the class whose body this stands in, reached through `self_variable`.
    Member {
        self_variable: VariableId,
        class: ClassId,
        member: Member,
    },
    /// An index into `builtin::FUNCTIONS`.
    Builtin(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// An index into `Class::fields`.
    Field(u32),
    /// An index into `Class::methods`.
    Method(u32),
}

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: Arc<str>,
    /// Where it is declared.
    pub span: Span,
    pub kind: VariableKind,
    /// In whose frame it lives.
    pub function: FunctionId,
    /// Declared directly at the top level of the script (not inside a block of it).
    pub top_level: bool,
    /// Assigned anywhere but in its declaration.
    pub assigned: bool,
    /// Named by a function nested in the one it lives in.
    pub captured: bool,
    /// Captured by something that another thread may run (thread, block of `start`, `parallel`, timer, or any
    /// function whose value escapes): for the checker and for race reports.
    pub shared: bool,
    /// Declared `shared`: one for all processes of the run.
    pub interprocess: bool,
    /// It may be read before its declaration has run. Of a top-level variable: a function that names it can be
    /// reached by then. Of any other: a closure that captures it is made by then, so its value cannot be copied.
    pub early: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableKind {
    Let,
    Var,
    ThreadLocal,
    Parameter,
    /// The variable of a `for`, a comprehension or an arm.
    Loop,
    /// The error of a `catch`.
    Error,
    /// `self` of a method, an initialiser or a `run` block.
    SelfReference,
    /// `lock m`, `queue q(10)`, `timer t …`.
    Declared,
    /// A function, by name.
    Function(FunctionId),
    /// A class or monitor.
    Class(ClassId),
    /// A thread template: the function that is its body, or that makes its instance.
    Template(FunctionId),
}

#[derive(Debug, Clone)]
pub struct Function {
    /// As reports show it: `area`, `Account.deposit`, `teller`, `block`, `<script>`.
    pub name: Arc<str>,
    pub span: Span,
    pub kind: FunctionKind,
    /// The function it is nested in (for members: the class's initialiser).
    pub parent: Option<FunctionId>,
    /// Parameters in order; `self`, where there is one, is not among them. A default is evaluated in the function,
    /// and names the parameters before it as variables (in an initialiser too: its fields are not set yet).
    pub parameters: Vec<VariableId>,
    /// How many of them, from the first, have no default.
    pub required: usize,
    pub self_variable: Option<VariableId>,
    /// Variables of enclosing functions (not top-level ones) that it, or a function nested in it, names; in
    /// order of first mention. A member function has none of its own: it shares its initialiser's.
    pub captures: Vec<VariableId>,
    /// The class whose initialiser or member it is.
    pub class: Option<ClassId>,
    /// What a process template becomes.
    pub process: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    Script,
    /// `fn`, named or not.
    Function,
    /// Sets the fields of a class, monitor or thread with members from its parameters.
    Initialiser,
    /// A `fn` member.
    Method,
    /// The `run` block of a thread with members.
    Run,
    /// The whole body of a thread template without members.
    ThreadBody,
    /// The block of `start`, a statement of `parallel`, the body of `parallel for`.
    StartBlock,
    /// The body of a timer, or of a handler of signals.
    TimerBody,
    Deferred,
    /// The condition of an `invariant` or `ensure`.
    Watch,
    /// Gives a `threadlocal` its first value in each thread.
    ThreadLocalValue,
}

#[derive(Debug, Clone)]
pub struct Class {
    pub name: Arc<str>,
    pub kind: ClassKind,
    pub initialiser: FunctionId,
    /// Parameters first, then the other members that are no functions, in order of declaration. (Classes and threads
    /// among them are known throughout the class, so they are to be set before the others.)
    pub fields: Vec<Field>,
    pub methods: Vec<Method>,
    /// The `run` block of a thread.
    pub run: Option<FunctionId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassKind {
    Class,
    Monitor,
    Thread {
        daemon: bool,
        /// It runs in a process of its own.
        process: bool,
    },
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: Arc<str>,
    /// Can be assigned (`var`).
    pub mutable: bool,
    /// Seen only inside the body (parameters of a thread).
    pub private: bool,
}

#[derive(Debug, Clone)]
pub struct Method {
    pub name: Arc<str>,
    pub function: FunctionId,
}
