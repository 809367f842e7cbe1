//! The machine: runs a program's instructions for one thread of the script.
//!
//! A thread's state (its `Fiber`) is plain data: frames and registers, never the Rust stack. The machine knows
//! no operating system: whatever concerns other threads goes through its `Scheduler`.

mod apart;
mod arguments;
mod at_once;
mod call;
mod called;
mod check;
mod dispatch;
mod fault;
mod fiber;
mod field;
mod image;
mod items;
mod look;
mod registers;
mod run;
pub mod saved;
mod select;
mod set;
mod slow;
mod snapshot;
pub mod space;
pub mod touch;
mod wait;
mod watch;

pub use fault::note_place;
pub use fiber::{Fiber, Frame};
pub use image::Image;
pub use run::{next_touches, resume, run};
pub use snapshot::{Call, Snapshot};
pub use space::Space;
pub use watch::{Judged, Watch};

use crate::builtin::Wait;
use crate::code::Program;
use crate::race::common::There;
use crate::race::shadow::Met;
use crate::source::Span;
use crate::sync::queue::{Handful, Queue};
use crate::value::{Value, error::Error};
use crate::world::World;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use touch::{Part, Touches};

/// What the machine needs of a world beyond what builtins may ask for.
pub trait Scheduler: World {
    /// Whether the world wants to be asked before each instruction. A constant, so that the worlds that do not want
    /// to pay nothing for it.
    const STEPWISE: bool = false;

    /// Asked before an instruction, when `STEPWISE`, with what it is about to touch. True puts the fiber aside before it.
    fn before(&mut self, touches: &Touches, fiber: &Fiber) -> bool {
        let _ = (touches, fiber);
        false
    }

    /// Whether other threads may have moved while the world was asked. (Where they move only while the fiber is put aside, no.)
    fn others_moved(&self) -> bool {
        false
    }

    /// The `select` in this line has done the operation of the arm that stands there. Told when `STEPWISE`.
    fn selected(&mut self, line: u32, arm: Span) {
        let _ = (line, arm);
    }

    /// Whether the world wants to see what threads share as it is used. Where it does not, it costs nothing: it is
    /// another instantiation of the machine.
    const EYES: bool = false;

    /// Whether what is done the short way with a lock or a queue is told and counted. (A run that is forced may be traced.) Where
    /// it is not, nothing that is watched or counted is there.
    const NOTES: bool = Self::EYES || Self::STEPWISE;

    /// The fiber has gone back in a loop.
    fn goes_back(&mut self) {}

    /// It has called something, or done what may take long, or is about to.
    fn goes_away(&mut self) {}

    /// Whether there is a safe point before each write of what threads may share, so that others can come in between a
    /// read and a write.
    const PAUSES: bool = false;

    /// Whether the fiber may have to go on in another world from one instruction to the next, because of what it has done itself:
    /// then that is asked (`outgrown`) after each that may call or wait.
    const IS_REPLACED: bool = false;

    /// Whether there is anything to see yet, when `EYES`.
    fn sees(&self) -> bool {
        false
    }

    /// Whether it wants to be told before each step that others can tell (when `EYES`): `visible`.
    fn delays(&self) -> bool {
        false
    }

    /// The next instruction uses this part of what has the word: the access that it races with, if there is one.
    fn used(&mut self, word: &AtomicU32, part: Part, write: bool, at: (u32, u32)) -> Option<Box<Met>> {
        let _ = (word, part, write, at);
        None
    }

    /// The same of many elements of a list: those that race, each with what it races with.
    fn used_elements(
        &mut self,
        word: &AtomicU32,
        elements: Range<u64>,
        write: bool,
        at: (u32, u32),
    ) -> Vec<(u64, Met)> {
        let _ = (word, elements, write, at);
        Vec::new()
    }

    /// The next instruction stands here, and may use more than was told of it.
    fn stands(&mut self, at: (u32, u32)) {
        let _ = at;
    }

    /// Whether uses of what processes share are to be told by `used_there`, and not by `used`.
    fn sees_there(&self) -> bool {
        false
    }

    fn used_there(&mut self, cell: There, part: Part, write: bool, at: (u32, u32)) -> Option<Box<Met>> {
        let _ = (cell, part, write, at);
        None
    }

    /// What `used` has found was for what the script calls so.
    fn raced(&mut self, met: Met, cell: &dyn Fn() -> String) {
        let _ = (met, cell);
    }

    /// The next instruction is one that other threads can tell (when it `delays`).
    fn visible(&mut self, step: Visible) {
        let _ = step;
    }

    /// Whether something unusual is to be seen to at the next safe point: one relaxed load.
    fn trapped(&self) -> bool;

    /// Called at a safe point (a backward jump, a call, before and after a wait) when `trapped`: the world may hold
    /// the thread there for a while. Err when the thread must not go on.
    fn safepoint(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Interrupted>;

    /// As `safepoint`, between a step and the next, whatever either of them is: no error is raised, and nobody ended, here.
    fn let_others_look(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped>;

    /// Looks a moment for what is wanted of a queue through which values go in handfuls, if that has been of use lately.
    /// Whether it was there. (The machine has asked the queue once, in vain; when it is not, what follows is a `wait`.)
    fn expects(&mut self, queue: &Queue, what: Handful) -> bool {
        let _ = (queue, what);
        false
    }

    /// Does an operation that has to wait (the machine has polled it once already, in vain).
    fn wait(&mut self, wait: Wait, fiber: &Fiber, program: &Program) -> Waited;

    /// Offers the processor to other threads: the statement `yield`.
    fn yield_now(&mut self);

    /// From here to `resume_others` no other thread of the script takes a step: they are held at their next safe
    /// point. Err when the run has ended.
    fn hold_others(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped>;

    fn resume_others(&mut self);

    /// Whether some thread waits in an `await`, to be told of every change: one relaxed load.
    fn awaited(&self) -> bool;

    /// Something that an `await` might read has changed (called when `awaited`).
    fn changed(&mut self);

    /// A condition has found somebody in a monitor that it asks. To be called before it tries once more: either it finds
    /// the monitor free then, or whoever leaves it afterwards, even if that only looks, is told by `turned_away`.
    fn turn_away(&mut self);

    /// Whether a condition has met `turn_away` since this was asked last. To be asked after leaving (and when `awaited`).
    fn turned_away(&mut self) -> bool;

    /// To be called before each evaluation of the condition of an `await`. When it was false, `wait` with
    /// `Op::Change` comes back as soon as anything has changed since this call. Each is ended by one `await_end`.
    fn await_begin(&mut self);

    /// After the evaluation when it was true or raised an error, else after the wait.
    fn await_end(&mut self);

    /// Whether the fiber is to be put aside before its next instruction: the program has grown while the thread stood still, and
    /// it goes on in the new image (`Fiber::goes_on_in`), or in another world (`IS_REPLACED`). Asked where a thread may have
    /// stood still.
    fn outgrown(&self) -> bool {
        false
    }

    /// An `invariant` or `ensure` has been met: when to evaluate it is the world's affair.
    fn watch(&mut self, watch: Watch);
}

/// What other threads can tell of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visible {
    /// It writes a variable, a field, an element.
    Write,
    /// It takes a lock or a permit.
    Enter,
    Other,
}

/// The run has ended: the thread stops where it stands.
#[derive(Debug)]
pub struct Stopped;

/// Why a thread does not go on after a safe point.
#[derive(Debug)]
pub enum Interrupted {
    /// The run has ended.
    Stopped,
    /// Where the thread stands this error is raised.
    Failed(Box<Error>),
    /// Somebody ends the thread: its `finally` blocks run, and no `catch`.
    Ended,
    /// The fiber is put aside before its next instruction: `Scheduler::outgrown`.
    Outgrown,
}

impl From<Stopped> for Interrupted {
    fn from(_: Stopped) -> Interrupted {
        Interrupted::Stopped
    }
}

#[derive(Debug)]
pub enum Waited {
    Done(Value),
    Failed(Error),
    /// The simulated world: the fiber is put aside with the operation it stands before.
    Suspended(Wait),
    Stopped,
    /// As for `Interrupted`.
    Ended,
}

/// How a fiber came to rest.
#[derive(Debug)]
pub enum Exit {
    Finished(Value),
    /// An error that nothing caught, with what the thread held when it was raised.
    Failed(Arc<Error>),
    /// `exit(n)`; its `finally` blocks have run.
    Exited(i32),
    Suspended(Wait),
    /// Put aside before its next instruction.
    Paused,
    Stopped,
}
