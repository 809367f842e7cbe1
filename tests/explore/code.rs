//! A body's statements as a list of steps, each of which is one step of language.md or touches nothing shared.

mod compiler;

pub use compiler::code;

use crate::model::*;

/// The kinds of errors that these programs can raise, by their words.
pub type Kind = &'static str;

#[derive(Debug, Clone, Copy)]
pub enum Operand {
    Number(i64),
    Register(usize),
}

#[derive(Debug, Clone)]
pub enum Step {
    // Local: no other thread can tell.
    Add {
        to: usize,
        left: Operand,
        right: Operand,
    },
    Jump(usize),
    Unless(Operand, Comparison, Operand, usize),
    Raise(Kind),
    /// The error goes on from here.
    Reraise,
    /// The error is dealt with.
    Caught,
    AtomicEnd,

    // Data: one step each; never waits.
    Read {
        var: usize,
        to: usize,
    },
    Write {
        var: usize,
        value: Operand,
    },
    Push(Operand),
    Pop {
        to: usize,
    },
    Len {
        to: usize,
    },
    At {
        index: usize,
        to: usize,
    },
    SetAt {
        index: usize,
        value: Operand,
    },
    AtomicGet {
        thing: usize,
        to: usize,
    },
    AtomicAdd {
        thing: usize,
        n: i64,
        to: Option<usize>,
    },
    CompareExchange {
        thing: usize,
        old: i64,
        new: i64,
        to: usize,
    },
    Size {
        thing: usize,
        to: usize,
    },

    // Anything else: one step each; may wait.
    AtomicBegin,
    Print(Vec<Operand>),
    Choose {
        count: i64,
        to: usize,
    },
    Await(Test),
    Yield,
    Sleep(i64),
    /// A timer's time until its body runs; it goes to the label when it is cancelled.
    Beat {
        seconds: i64,
        cancelled: usize,
    },
    Start(usize),
    Cancel(usize),
    Kill(usize),
    Join {
        handle: usize,
        /// For these it waits, too.
        others: Vec<usize>,
        timeout: Option<i64>,
        to: Option<usize>,
    },
    Acquire {
        target: Target,
        timeout: Option<i64>,
        to: Option<usize>,
    },
    TryAcquire {
        target: Target,
        to: usize,
    },
    Release(Target),
    Wait {
        thing: usize,
        timeout: Option<i64>,
        to: Option<usize>,
    },
    Notify {
        thing: usize,
        all: bool,
    },
    SetEvent(usize),
    ClearEvent(usize),
    CountDown(usize),
    Put {
        queue: usize,
        value: Operand,
    },
    Get {
        queue: usize,
        timeout: Option<i64>,
        to: usize,
    },
    TryGet {
        queue: usize,
        to: usize,
    },
    Next {
        queue: usize,
        to: usize,
        end: usize,
    },
    Close(usize),
    Send {
        channel: usize,
        value: Operand,
    },
    Receive {
        channel: usize,
        to: usize,
    },
    CloseSide(usize),
    Connect(usize),
    Accept(usize),
    Submit {
        body: usize,
        given: Operand,
        number: usize,
    },
    Result {
        number: usize,
        to: usize,
    },
    EnterPool,
    ClosePool,
    /// Waits until all tasks have ended.
    Idle,
    Select {
        arms: Vec<(Arm, usize)>,
        after: Option<(i64, usize)>,
        otherwise: Option<usize>,
    },
    End,
}

impl Step {
    pub fn is_local(&self) -> bool {
        use Step::*;
        matches!(self, Add { .. } | Jump(_) | Unless(..) | Raise(_) | Reraise | Caught | AtomicEnd)
    }

    pub fn is_data(&self) -> bool {
        use Step::*;
        matches!(
            self,
            Read { .. }
                | Write { .. }
                | Push(_)
                | Pop { .. }
                | Len { .. }
                | At { .. }
                | SetAt { .. }
                | AtomicGet { .. }
                | AtomicAdd { .. }
                | CompareExchange { .. }
                | Size { .. }
        )
    }

    /// The seconds after which its wait ends by itself.
    pub fn timeout(&self) -> Option<i64> {
        match self {
            Step::Sleep(seconds) | Step::Beat { seconds, .. } => Some(*seconds),
            Step::Join { timeout, .. }
            | Step::Acquire { timeout, .. }
            | Step::Wait { timeout, .. }
            | Step::Get { timeout, .. } => *timeout,
            Step::Select { after, .. } => after.map(|(seconds, _)| seconds),
            _ => None,
        }
    }
}

/// What a thread runs. Jumps go to labels.
#[derive(Debug, Default)]
pub struct Code {
    /// Each with the label where its errors go.
    pub steps: Vec<(Step, Option<usize>)>,
    pub labels: Vec<usize>,
    pub daemon: bool,
}

/// Locals come first; then what values of one statement need.
const LOCALS: usize = 12;
/// What a task returns.
pub const RETURNED: usize = LOCALS - 1;
pub const REGISTERS: usize = 18;
