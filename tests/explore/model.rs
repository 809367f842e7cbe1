//! Small concurrent programs as data: what the generator makes, the oracle explores, and conc is given as text.

/// A whole script. `main` starts the threads; each runs one of the bodies.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Shared variables with their first values: `x`, `y`, `z`.
    pub vars: Vec<i64>,
    /// Which of them processes have in common; each process begins with copies of the others. Things are shared in a
    /// program with processes.
    pub shared: Vec<bool>,
    /// A shared list `xs`.
    pub list: Option<Vec<i64>>,
    pub things: Vec<Thing>,
    pub bodies: Vec<Body>,
    /// Which body each handle `h0`, `h1` … runs.
    pub handles: Vec<usize>,
    pub listing: Listing,
    /// The list is joined in a loop.
    pub in_turn: bool,
    pub invariants: Vec<Test>,
    pub ensures: Vec<Test>,
    pub main: Vec<Statement>,
    /// Time passes only when nothing can move (`--time idle`).
    pub idle: bool,
}

/// Where `main` keeps the handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listing {
    /// Each has a name.
    #[default]
    Names,
    /// They are added to a list `hs`.
    Added,
    /// The list is made at once; for handles that all run one body.
    Made,
    /// The same, and then all are started in a loop.
    Prepared,
}

#[derive(Debug, Clone)]
pub struct Body {
    pub kind: BodyKind,
    pub daemon: bool,
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    Template,
    /// `start { }`; for one handle only.
    Block,
    /// `process t { }`
    Process,
    /// `fn t(k0) { }`, for workers of a pool.
    Task,
    /// `timer t after Ns { }`; for one handle only.
    Timer(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Lock,
    RLock,
    RwLock,
    Semaphore {
        permits: i64,
        bounded: bool,
    },
    /// Of the lock or rlock with this number.
    Condition(usize),
    Event,
    Latch(i64),
    Barrier(u8),
    Queue(Option<usize>),
    Atomic(i64),
    /// `main` has one end, the process of the first handle gets the other.
    Pipe,
    /// `main` listens and accepts, the process of the first handle connects.
    Connection,
    /// Of at most so many workers. The last thing of a program; only `main` gives it tasks.
    ProcessPool(usize),
}

/// Something that `with` and `acquire` take: a thing, and which side of an rwlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub thing: usize,
    pub write: bool,
}

#[derive(Debug, Clone)]
pub enum Value {
    Number(i64),
    Var(usize),
    /// A `let` of this body.
    Local(usize),
    Sum(Box<Value>, Box<Value>),
    /// `a.value`
    Atomic(usize),
    /// `q.size`
    Size(usize),
    /// `xs.len`
    Len,
    /// `xs[i]`
    At(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
}

impl Comparison {
    pub fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::Unequal => left != right,
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Test {
    Compare(Value, Comparison, Value),
    /// A local that is true or false.
    Flag(usize),
    /// Left first; the right one is looked at only if it still matters.
    And(Box<Test>, Box<Test>),
}

#[derive(Debug, Clone)]
pub enum Statement {
    Set(usize, Value),
    Add(usize, Value),
    Let(usize, Value),
    Print(Vec<Value>),
    Assert(Test),
    If(Test, Vec<Statement>, Vec<Statement>),
    Repeat(u8, Vec<Statement>),
    While(Test, Vec<Statement>),
    Await(Test),
    Atomically(Vec<Statement>),
    Yield,
    Sleep(i64),
    Start(usize),
    Join(usize),
    /// Of all in the list, if there is one.
    JoinAll(Vec<usize>),
    JoinTimed(usize, i64, usize),
    Cancel(usize),
    Kill(usize),
    With(Target, Vec<Statement>),
    WithTimeout(Target, i64, Vec<Statement>, Vec<Statement>),
    Acquire(Target),
    /// Tells in a local whether it was acquired.
    AcquireTimed(Target, i64, usize),
    TryAcquire(Target, usize),
    Release(Target),
    Wait(usize),
    /// Waits for an event, or in a condition, at most so many seconds; tells in a local whether it came.
    WaitTimed(usize, i64, usize),
    Notify(usize),
    NotifyAll(usize),
    SetEvent(usize),
    ClearEvent(usize),
    CountDown(usize),
    Put(usize, Value),
    Get(usize, usize),
    GetTimed(usize, i64, usize),
    /// -1 when the queue is empty.
    TryGet(usize, usize),
    Close(usize),
    ForOver(usize, usize, Vec<Statement>),
    AtomicAdd(usize, i64),
    AtomicAddTo(usize, i64, usize),
    CompareExchange(usize, i64, i64, usize),
    /// `main`, or the process of the first handle, at its own side of a pipe or a connection.
    Send(usize, Value),
    /// So much that a second one finds no room.
    SendMuch(usize),
    /// Into a local; `MUCH` for what is much.
    Receive(usize, usize),
    CloseSide(usize),
    Connect(usize),
    Accept(usize),
    Submit(Task),
    /// Of the task with this number, into a local.
    Result(usize, usize),
    /// Tasks that differ in what they are given; the sum of their results into a local.
    Map(Vec<Task>, usize),
    /// With the pool, which is closed at the end.
    WithPool(Vec<Statement>),
    /// In a task.
    Return(Value),
    Exit,
    Choose(usize, i64),
    Push(Value),
    Pop(usize),
    SetAt(usize, Value),
    Throw,
    TryCatch(Vec<Statement>, Vec<Statement>),
    Select(Vec<(Arm, Vec<Statement>)>, Otherwise),
}

/// A call of a body, and its number among all that are given to the pool.
#[derive(Debug, Clone)]
pub struct Task {
    pub body: usize,
    pub given: Value,
    pub number: usize,
}

#[derive(Debug, Clone, Copy)]
pub enum Arm {
    /// Into a local.
    Get(usize, usize),
    Put(usize, i64),
    /// An event or a latch.
    Wait(usize),
    Acquire(usize),
    Join(usize),
}

#[derive(Debug, Clone)]
pub enum Otherwise {
    Nothing,
    After(i64, Vec<Statement>),
    Else(Vec<Statement>),
}

/// What stands for a large message.
pub const MUCH: i64 = -2;

impl Program {
    /// The pipe or connection that there is.
    pub fn channel(&self) -> Option<usize> {
        self.things.iter().position(|thing| matches!(thing, Thing::Pipe | Thing::Connection))
    }

    pub fn has_processes(&self) -> bool {
        self.bodies.iter().any(|body| matches!(body.kind, BodyKind::Process | BodyKind::Task))
    }

    /// How many workers its pool has.
    pub fn workers(&self) -> usize {
        self.things
            .iter()
            .find_map(|thing| if let Thing::ProcessPool(n) = thing { Some(*n) } else { None })
            .unwrap_or(0)
    }
}

impl Statement {
    /// The statement lists directly inside.
    pub fn blocks_mut(&mut self) -> Vec<&mut Vec<Statement>> {
        let mut found = Vec::new();
        match self {
            Statement::If(_, a, b) | Statement::TryCatch(a, b) | Statement::WithTimeout(_, _, a, b) => {
                found.extend([a, b]);
            }
            Statement::Repeat(_, a)
            | Statement::While(_, a)
            | Statement::Atomically(a)
            | Statement::With(_, a)
            | Statement::WithPool(a)
            | Statement::ForOver(_, _, a) => found.push(a),
            Statement::Select(arms, otherwise) => {
                found.extend(arms.iter_mut().map(|(_, body)| body));
                match otherwise {
                    Otherwise::Nothing => {}
                    Otherwise::After(_, body) | Otherwise::Else(body) => found.push(body),
                }
            }
            _ => {}
        }
        found
    }
}
