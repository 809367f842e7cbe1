//! Which instructions of a function may follow which.
//!
//! By the code alone: every jump may be taken, every instruction may raise an error or be where its thread is told to
//! exit. The one place that says so, for all analyses of the code.

use super::{Function, Handler, Instruction as I};

/// Whether the instruction after it may be the next one. (When in doubt it may.)
pub fn goes_on(instruction: &I) -> bool {
    let leaves =
        matches!(instruction, I::Jump { .. } | I::Loop { .. } | I::LeaveTo { .. } | I::LeaveFixedTo { .. });
    let ends = matches!(instruction, I::Return { .. } | I::ReturnNil);
    let raises = matches!(
        instruction,
        I::Throw { .. }
            | I::Rethrow { .. }
            | I::Supersede { .. }
            | I::AssertFailed { .. }
            | I::AssertCompared { .. }
    );
    !(leaves || ends || raises)
}

/// Where the code may go on after an instruction, errors aside.
pub fn successors(function: &Function, at: usize) -> impl Iterator<Item = usize> + use<> {
    let instruction = &function.code[at];
    let next = (goes_on(instruction) && at + 1 < function.code.len()).then_some(at + 1);
    next.into_iter().chain(instruction.target().map(|to| to as usize))
}

/// The handlers that an instruction may lead to: of an error, and of an exit, which only cleans up. The first in the
/// list takes it, as in `machine::fault`.
pub fn handlers(function: &Function, at: usize) -> impl Iterator<Item = &Handler> {
    let covers = move |handler: &&Handler| (handler.start..handler.end).contains(&(at as u32));
    let mut covering = function.handlers.iter().filter(covers);
    let error = covering.next();
    let exit = error.filter(|error| !error.cleanup).and_then(|_| covering.find(|handler| handler.cleanup));
    error.into_iter().chain(exit)
}

/// Where the code may go on after an instruction, in whatever way.
pub fn ways(function: &Function, at: usize) -> impl Iterator<Item = usize> {
    successors(function, at).chain(handlers(function, at).map(|handler| handler.target as usize))
}

/// Where a frame may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The instruction is about to be done.
    Before(u32),
    /// It is being done: it may do its work still, go on, go back in a loop, or fail.
    In(u32),
    /// It has called a function, which will return or fail.
    Calls(u32),
}

impl Place {
    /// The instructions that may come next.
    pub fn ahead(self, function: &Function) -> Vec<usize> {
        match self {
            Place::Before(at) | Place::In(at) => vec![at as usize],
            Place::Calls(at) => ways(function, at as usize).collect(),
        }
    }
}

/// The instructions that may be done from these on, these included.
pub fn reached(function: &Function, mut ahead: Vec<usize>) -> Vec<bool> {
    let mut reached = vec![false; function.code.len()];
    while let Some(at) = ahead.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            ahead.extend(ways(function, at));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::samples;

    #[test]
    fn what_is_past_is_not_reached() {
        let code = vec![
            I::Bool { d: 0, value: true },
            I::LoopIf { a: 0, to: 0 },
            I::JumpIf { a: 0, to: 4 },
            I::Yield,
            I::ReturnNil,
        ];
        let program = samples::program("fn f() { }");
        let known = &program.functions[0];
        let function = Function {
            name: known.name.clone(),
            span: known.span,
            kind: known.kind,
            parameters: Vec::new(),
            required: 0,
            member: false,
            captures: 0,
            registers: 1,
            spans: vec![known.span; code.len()],
            lines: vec![1; code.len()],
            handlers: Vec::new(),
            internal: false,
            code,
        };
        let onward = |place: Place| {
            let reached = reached(&function, place.ahead(&function));
            (0..reached.len()).filter(|at| reached[*at]).collect::<Vec<_>>()
        };
        assert_eq!(onward(Place::Before(0)), [0, 1, 2, 3, 4]);
        assert_eq!(onward(Place::Before(3)), [3, 4]);
        assert_eq!(onward(Place::Calls(3)), [4]);
        assert_eq!(onward(Place::Calls(1)), [0, 1, 2, 3, 4]);
    }
}
