//! What is declared: functions, classes, templates, timers, and things to wait for.

use super::{Argument, Block, Expression, Name, NodeId, Statement};
use crate::source::Span;

#[derive(Debug, Clone)]
pub struct Function {
    /// None for `fn(x) => …` in an expression.
    pub name: Option<Name>,
    pub parameters: Vec<Parameter>,
    pub body: FunctionBody,
    /// From `fn` to the end of the body.
    pub span: Span,
    pub id: NodeId,
}

#[derive(Debug, Clone)]
pub enum FunctionBody {
    Block(Block),
    /// `=> value`.
    Value(Box<Expression>),
}

#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: Name,
    pub default: Option<Expression>,
}

#[derive(Debug, Clone)]
pub struct Class {
    pub monitor: bool,
    pub name: Name,
    pub parameters: Vec<Parameter>,
    /// Declarations only; the parser reports anything else.
    pub members: Vec<Statement>,
    pub span: Span,
    pub id: NodeId,
}

/// `thread teller(n) { … }`, `process worker(n) { … }`.
#[derive(Debug, Clone)]
pub struct Template {
    pub daemon: bool,
    /// It runs in an OS process of its own.
    pub process: bool,
    pub name: Name,
    pub parameters: Vec<Parameter>,
    pub body: TemplateBody,
    pub span: Span,
    pub id: NodeId,
}

#[derive(Debug, Clone)]
pub enum TemplateBody {
    /// The whole body is what the thread runs.
    Plain(Block),
    /// With a `run` block everything else is a member. `run_id` is the function that `run` becomes.
    Members { members: Vec<Statement>, run: Block, run_id: NodeId },
}

/// `timer t after 2s { … }`, `daemon timer beat every 1s { … }`.
#[derive(Debug, Clone)]
pub struct Timer {
    pub daemon: bool,
    pub name: Name,
    /// `every` rather than `after`.
    pub repeats: bool,
    pub delay: Expression,
    pub body: Block,
    pub span: Span,
    pub id: NodeId,
}

/// `KIND name [count] (arguments) = value, …`, or the same after `shared`.
#[derive(Debug, Clone)]
pub struct Declaration {
    pub kind: DeclarationKind,
    /// What it makes is one for all processes of the run.
    pub shared: bool,
    pub items: Vec<DeclarationItem>,
}

#[derive(Debug, Clone)]
pub struct DeclarationItem {
    pub name: Name,
    /// How many; of an array, how long it is.
    pub count: Option<Expression>,
    pub arguments: Vec<Argument>,
    pub value: Option<Expression>,
    /// `condition c for LOCK`.
    pub lock: Option<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeclarationKind {
    Lock,
    RLock,
    RwLock,
    Semaphore,
    Condition,
    Event,
    Barrier,
    Latch,
    Queue,
    Atomic,
    Pool,
    ProcessPool,
    Pipe,
    /// These three exist as `shared` only.
    Array,
    List,
    Map,
}

impl DeclarationKind {
    pub const ALL: [DeclarationKind; 16] = [
        DeclarationKind::Lock,
        DeclarationKind::RLock,
        DeclarationKind::RwLock,
        DeclarationKind::Semaphore,
        DeclarationKind::Condition,
        DeclarationKind::Event,
        DeclarationKind::Barrier,
        DeclarationKind::Latch,
        DeclarationKind::Queue,
        DeclarationKind::Atomic,
        DeclarationKind::Pool,
        DeclarationKind::ProcessPool,
        DeclarationKind::Pipe,
        DeclarationKind::Array,
        DeclarationKind::List,
        DeclarationKind::Map,
    ];

    /// What begins the declaration.
    pub fn word(self) -> &'static str {
        match self {
            DeclarationKind::Lock => "lock",
            DeclarationKind::RLock => "rlock",
            DeclarationKind::RwLock => "rwlock",
            DeclarationKind::Semaphore => "semaphore",
            DeclarationKind::Condition => "condition",
            DeclarationKind::Event => "event",
            DeclarationKind::Barrier => "barrier",
            DeclarationKind::Latch => "latch",
            DeclarationKind::Queue => "queue",
            DeclarationKind::Atomic => "atomic",
            DeclarationKind::Pool => "pool",
            DeclarationKind::ProcessPool => "process pool",
            DeclarationKind::Pipe => "pipe",
            DeclarationKind::Array => "array",
            DeclarationKind::List => "list",
            DeclarationKind::Map => "map",
        }
    }

    /// The builtin that makes one.
    pub fn maker(self) -> &'static str {
        match self {
            DeclarationKind::Array => "__array",
            DeclarationKind::List => "__list",
            DeclarationKind::Map => "__map",
            DeclarationKind::ProcessPool => "process_pool",
            DeclarationKind::Lock
            | DeclarationKind::RLock
            | DeclarationKind::RwLock
            | DeclarationKind::Semaphore
            | DeclarationKind::Condition
            | DeclarationKind::Event
            | DeclarationKind::Barrier
            | DeclarationKind::Latch
            | DeclarationKind::Queue
            | DeclarationKind::Atomic
            | DeclarationKind::Pool
            | DeclarationKind::Pipe => self.word(),
        }
    }

    /// Whether it may be declared `shared`.
    pub fn can_be_shared(self) -> bool {
        !matches!(
            self,
            DeclarationKind::RwLock
                | DeclarationKind::Pool
                | DeclarationKind::ProcessPool
                | DeclarationKind::Pipe
        )
    }
}
