//! The syntax tree: what a script says, before names mean anything.
//!
//! Every name carries a `NodeId` of its own, and so does everything that will be a function of the
//! machine (functions, thread bodies, blocks that another thread runs). The resolver's answers are kept
//! beside the tree, indexed by these ids.

use crate::source::Span;
use std::sync::Arc;
use std::time::Duration;

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

#[derive(Debug, Clone)]
pub struct Expression {
    pub kind: ExpressionKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum ExpressionKind {
    /// Text that could not be understood; the parser has reported it.
    Invalid,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// In nanoseconds.
    Duration(i64),
    Text(Vec<TextPart>),
    Name(Name),
    SelfReference(NodeId),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Comprehension {
        element: Box<Expression>,
        clauses: Vec<Clause>,
    },
    /// An end may be left out only directly inside an index: `xs[1..]`.
    Range {
        start: Option<Box<Expression>>,
        end: Option<Box<Expression>>,
        inclusive: bool,
    },
    Unary {
        operator: UnaryOperator,
        operand: Box<Expression>,
    },
    Binary {
        operator: BinaryOperator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    /// `a < b < c`: `first`, then at least one operator with its right side.
    Compare {
        first: Box<Expression>,
        rest: Vec<(CompareOperator, Expression)>,
    },
    /// `value if condition else otherwise`.
    Conditional {
        condition: Box<Expression>,
        value: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Call {
        callee: Box<Expression>,
        arguments: Vec<Argument>,
    },
    Index {
        object: Box<Expression>,
        index: Box<Expression>,
    },
    Field {
        object: Box<Expression>,
        name: Name,
    },
    Function(Box<Function>),
    /// `start EXPRESSION`.
    Start(Box<Expression>),
    /// `start { … }`.
    StartBlock {
        body: Block,
        id: NodeId,
    },
    /// `atomically EXPRESSION`.
    Atomically(Box<Expression>),
}

/// `for PATTERN in ITEMS` of a comprehension, with the `if`s that follow it.
#[derive(Debug, Clone)]
pub struct Clause {
    pub pattern: Pattern,
    pub items: Expression,
    pub conditions: Vec<Expression>,
}

#[derive(Debug, Clone)]
pub enum TextPart {
    Literal(Arc<str>),
    /// `{value}`, or `{value:FORMAT}` with the format's text as written.
    Value {
        value: Box<Expression>,
        format: Option<(Arc<str>, Span)>,
    },
}

#[derive(Debug, Clone)]
pub struct Argument {
    /// `w: 2`.
    pub name: Option<Name>,
    pub value: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    Not,
    Negate,
    Plus,
    /// `~`.
    Invert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOperator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}
