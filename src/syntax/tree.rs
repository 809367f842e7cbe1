//! The syntax tree: what a script says, before names mean anything.
//!
//! Every name carries a `NodeId` of its own, and so does everything that will be a function of the
//! machine (functions, thread bodies, blocks that another thread runs). The resolver's answers are kept
//! beside the tree, indexed by these ids.

mod declarations;
mod expressions;

use crate::source::Span;
use std::sync::Arc;
use std::time::Duration;

pub use declarations::*;
pub use expressions::*;

/// Numbers 0.. in the order of parsing, without gaps within one script.
pub type NodeId = u32;

#[derive(Debug, Clone, Default)]
pub struct Script {
    pub body: Block,
    /// One more than the largest `NodeId` in the tree.
    pub nodes: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Block {
    pub statements: Vec<Statement>,
    /// With its braces; the whole text for a script.
    pub span: Span,
}

/// A name where it is declared or used.
#[derive(Debug, Clone)]
pub struct Name {
    pub text: Arc<str>,
    pub span: Span,
    pub id: NodeId,
}

#[derive(Debug, Clone)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum StatementKind {
    /// Text that could not be understood; the parser has reported it.
    Invalid,
    Expression(Expression),
    Let {
        pattern: Pattern,
        value: Expression,
    },
    Var {
        pattern: Pattern,
        value: Expression,
        /// It is one for all processes of the run.
        shared: bool,
    },
    /// Each thread evaluates `value` for itself, when it first reads the name; `id` is that function.
    ThreadLocal {
        name: Name,
        value: Expression,
        id: NodeId,
    },
    /// `target = value`; a list of targets takes a list apart. With `operator`, `target op= value`.
    Assign {
        target: Expression,
        operator: Option<BinaryOperator>,
        value: Expression,
    },
    Function(Function),
    Class(Class),
    Thread(Template),
    Declare(Declaration),
    Timer(Timer),
    /// `on signal "USR1" { … }`: what it does is the function `id`, for a handler.
    OnSignal {
        signal: Expression,
        action: OnSignal,
        id: NodeId,
    },
    /// One thread at a time holds the interpreter, in the whole run; who waits for it asks for it after so long.
    UseGil {
        interval: Option<Duration>,
    },
    If {
        branches: Vec<(Expression, Block)>,
        otherwise: Option<Block>,
    },
    While {
        condition: Expression,
        body: Block,
    },
    Loop {
        body: Block,
    },
    Repeat {
        count: Expression,
        body: Block,
    },
    For {
        pattern: Pattern,
        items: Expression,
        body: Block,
    },
    Break,
    Continue,
    Return(Option<Expression>),
    Throw(Expression),
    Try {
        body: Block,
        catches: Vec<Catch>,
        finally: Option<Block>,
    },
    Defer(Deferred),
    Assert {
        condition: Expression,
        message: Option<Expression>,
    },
    /// `invariant` or `ensure`: a condition for later, which is the function `id`.
    Watch {
        condition: Expression,
        message: Option<Expression>,
        ensure: bool,
        id: NodeId,
    },
    With {
        items: Vec<Expression>,
        timeout: Option<Expression>,
        body: Block,
        otherwise: Option<Block>,
    },
    Join(Vec<Expression>),
    Sleep(Expression),
    Yield,
    Await(Expression),
    Atomically(Block),
    Parallel(Vec<Branch>),
    ParallelFor {
        pattern: Pattern,
        items: Expression,
        body: Block,
        id: NodeId,
    },
    Select(Select),
    Block(Block),
}

/// What a signal is to do.
#[derive(Debug, Clone)]
pub enum OnSignal {
    Handler(Block),
    Ignore,
    Default,
}

#[derive(Debug, Clone)]
pub enum Pattern {
    Name(Name),
    /// `[first, second]`, of any depth; as many names as elements.
    List(Vec<Pattern>, Span),
}

#[derive(Debug, Clone)]
pub struct Catch {
    /// The kinds it catches, with the places of their strings; empty catches anything.
    pub kinds: Vec<(Arc<str>, Span)>,
    pub name: Option<Name>,
    pub body: Block,
}

/// What `defer` puts off: one statement, or a block.
#[derive(Debug, Clone)]
pub struct Deferred {
    pub body: Block,
    pub id: NodeId,
}

/// One statement of a `parallel` block: a call is started as by `start`, anything else is a block of its own.
#[derive(Debug, Clone)]
pub struct Branch {
    pub statement: Statement,
    pub id: NodeId,
}

#[derive(Debug, Clone)]
pub struct Select {
    pub arms: Vec<Arm>,
    /// `after DURATION => body`.
    pub after: Option<(Expression, Block)>,
    /// `else => body`.
    pub otherwise: Option<Block>,
}

#[derive(Debug, Clone)]
pub struct Arm {
    /// `let PATTERN = …`.
    pub pattern: Option<Pattern>,
    pub wait: ArmWait,
    pub body: Block,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum ArmWait {
    /// A call of a method that waits: `jobs.get()`, `results.put(r)`, `go.wait()`, `m.acquire()`.
    Call(Expression),
    /// `join t`.
    Join(Expression),
}
