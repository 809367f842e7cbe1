//! Checks a program before it runs: every register, jump and table index of every instruction is in range.
//!
//! The machine reads registers and instructions of a program that has passed without checking again.

use super::{Function, Instruction as I, Program, Register};

/// What is wrong with a program; a mistake in `lower`, never in a script.
#[derive(Debug)]
pub struct Flaw {
    pub function: usize,
    pub at: usize,
    pub what: &'static str,
}

/// A program that has passed.
#[derive(Debug)]
pub struct Verified(Program);

impl Verified {
    /// # Errors
    /// With the first flaw found.
    pub fn new(program: Program) -> Result<Verified, Flaw> {
        for (index, function) in program.functions.iter().enumerate() {
            function_is_sound(&program, function).map_err(|(at, what)| Flaw { function: index, at, what })?;
        }
        Ok(Verified(program))
    }
}

impl std::ops::Deref for Verified {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

type Checked = Result<(), (usize, &'static str)>;

fn function_is_sound(program: &Program, function: &Function) -> Checked {
    let frame = usize::from(function.member) + function.parameters.len() + function.captures;
    if frame > function.registers {
        return Err((0, "more parameters than registers"));
    }
    if function.code.len() != function.spans.len() || function.code.len() != function.lines.len() {
        return Err((0, "places are missing"));
    }
    match function.code.last() {
        Some(I::Return { .. } | I::ReturnNil) => {}
        _ => return Err((0, "runs past its end")),
    }
    for (at, instruction) in function.code.iter().enumerate() {
        let mut fits = true;
        registers(instruction, &mut |first, count| {
            fits &= usize::from(first) + count <= function.registers;
        });
        if !fits {
            return Err((at, "no such register"));
        }
        if target(instruction).is_some_and(|to| to as usize >= function.code.len()) {
            return Err((at, "jumps out of the function"));
        }
        if !indices_fit(program, instruction) {
            return Err((at, "no such entry in a table"));
        }
    }
    for handler in &function.handlers {
        let error = usize::from(handler.error);
        if error >= function.registers || handler.target as usize >= function.code.len() {
            return Err((handler.start as usize, "a handler out of range"));
        }
    }
    Ok(())
}

/// Calls `each` with the registers that an instruction names: the first, and how many in a row.
///
/// What a call finds in its arguments is not known here; it makes room in the stack itself.
pub fn registers(instruction: &I, each: &mut dyn FnMut(Register, usize)) {
    let mut one = |registers: &[Register]| registers.iter().for_each(|&register| each(register, 1));
    match *instruction {
        I::Jump { .. }
        | I::Loop { .. }
        | I::ReturnNil
        | I::EnterFixed { .. }
        | I::LeaveFixed { .. }
        | I::Yield
        | I::HoldOthers
        | I::ResumeOthers
        | I::AwaitBegin
        | I::AwaitWait
        | I::AwaitEnd => {}
        I::Nil { d }
        | I::Bool { d, .. }
        | I::Int { d, .. }
        | I::Constant { d, .. }
        | I::Unset { d }
        | I::LoadGlobal { d, .. }
        | I::LoadFixed { d, .. }
        | I::NewCell { d }
        | I::LoadLocal { d, .. }
        | I::Closure { d, .. } => one(&[d]),
        I::StoreGlobal { s, .. }
        | I::StoreFixed { s, .. }
        | I::StoreLocal { s, .. }
        | I::Return { s }
        | I::Watch { s, .. }
        | I::Throw { s }
        | I::Rethrow { s } => one(&[s]),
        I::Move { d, s } | I::Format { d, s, .. } | I::IsKind { d, s, .. } => one(&[d, s]),
        I::LoadCell { d, cell } => one(&[d, cell]),
        I::StoreCell { cell, s } => one(&[cell, s]),
        I::Add { d, a, b }
        | I::Subtract { d, a, b }
        | I::Multiply { d, a, b }
        | I::Modulo { d, a, b }
        | I::Binary { d, a, b, .. }
        | I::Compare { d, a, b, .. } => one(&[d, a, b]),
        I::AddInt { d, a, .. }
        | I::MultiplyInt { d, a, .. }
        | I::ModuloInt { d, a, .. }
        | I::Unary { d, a, .. } => one(&[d, a]),
        I::CheckSet { a, .. }
        | I::JumpIf { a, .. }
        | I::JumpUnless { a, .. }
        | I::JumpSet { a, .. }
        | I::LoopIf { a, .. }
        | I::UnlessLessInt { a, .. }
        | I::UnlessLessEqualInt { a, .. }
        | I::UnlessGreaterInt { a, .. }
        | I::UnlessGreaterEqualInt { a, .. }
        | I::UnlessEqualInt { a, .. }
        | I::UnlessNotEqualInt { a, .. }
        | I::LoopLessInt { a, .. }
        | I::LoopLessEqualInt { a, .. }
        | I::CountCheck { a }
        | I::LoopCount { a, .. }
        | I::Name { a, .. }
        | I::Enter { a }
        | I::Leave { a }
        | I::Start { a }
        | I::Sleep { a } => one(&[a]),
        I::UnlessLess { a, b, .. }
        | I::UnlessLessEqual { a, b, .. }
        | I::UnlessEqual { a, b, .. }
        | I::UnlessNotEqual { a, b, .. }
        | I::LoopLess { a, b, .. }
        | I::LoopLessEqual { a, b, .. } => one(&[a, b]),
        I::RangeCheck { at, .. } => each(at, 2),
        I::LoopRange { at, .. } | I::LoopItems { at, .. } => each(at, 3),
        I::Iterate { at } | I::CallSpread { at } => each(at, 2),
        I::CallFunction { at, .. }
        | I::Call { at, .. }
        | I::CallMethod { at, .. }
        | I::CallMethodFixed { at, .. }
        | I::CallMember { at, .. }
        | I::Prepare { at, .. }
        | I::Arm { at, .. } => one(&[at]),
        // The argument of a `push` is read here.
        I::CallMethodOf { at, object, .. } => {
            one(&[object]);
            each(at, 2);
        }
        I::CallBuiltin { at, count, .. } => each(at, usize::from(count.max(1))),
        I::GetField { d, object, .. }
        | I::GetOwn { d, object, .. }
        | I::OwnMethod { d, object, .. }
        | I::Monitor { d, object } => one(&[d, object]),
        I::SetField { object, s, .. } | I::SetOwn { object, s, .. } => one(&[object, s]),
        I::GetIndex { d, object, index } => one(&[d, object, index]),
        I::SetIndex { object, index, s } => one(&[object, index, s]),
        I::Slice { d, object, at } => {
            one(&[d, object]);
            each(at, 2);
        }
        I::List { d, at, count } | I::Text { d, at, count } => {
            one(&[d]);
            if count > 0 {
                each(at, usize::from(count));
            }
        }
        I::Map { d, at, count } => {
            one(&[d]);
            if count > 0 {
                each(at, 2 * usize::from(count));
            }
        }
        I::Range { d, at, .. } => {
            one(&[d]);
            each(at, 2);
        }
        I::Push { list, s } => one(&[list, s]),
        I::Unpack { s, at, count } => {
            one(&[s]);
            if count > 0 {
                each(at, usize::from(count));
            }
        }
        I::NameElement { a, list, .. } => one(&[a, list]),
        I::AssertFailed { message } => one(&[message]),
        I::AssertCompared { message, at } => {
            one(&[message]);
            each(at, 2);
        }
        I::EnterTimed { d, a, timeout } => one(&[d, a, timeout]),
        I::Select { d, limit } => {
            one(&[limit]);
            each(d, 2);
        }
    }
}

/// Where an instruction jumps to, if it does.
pub fn target(instruction: &I) -> Option<u32> {
    match *instruction {
        I::Jump { to }
        | I::JumpIf { to, .. }
        | I::JumpUnless { to, .. }
        | I::JumpSet { to, .. }
        | I::Loop { to }
        | I::LoopIf { to, .. }
        | I::LoopRange { to, .. }
        | I::LoopItems { to, .. }
        | I::LoopCount { to, .. } => Some(to),
        I::UnlessLess { to, .. }
        | I::UnlessLessEqual { to, .. }
        | I::UnlessEqual { to, .. }
        | I::UnlessNotEqual { to, .. }
        | I::UnlessLessInt { to, .. }
        | I::UnlessLessEqualInt { to, .. }
        | I::UnlessGreaterInt { to, .. }
        | I::UnlessGreaterEqualInt { to, .. }
        | I::UnlessEqualInt { to, .. }
        | I::UnlessNotEqualInt { to, .. }
        | I::LoopLess { to, .. }
        | I::LoopLessEqual { to, .. }
        | I::LoopLessInt { to, .. }
        | I::LoopLessEqualInt { to, .. } => Some(u32::from(to)),
        _ => None,
    }
}

/// Whether the program has what an instruction refers to by number.
fn indices_fit(program: &Program, instruction: &I) -> bool {
    match *instruction {
        I::Constant { index, .. } => (index as usize) < program.constants.len(),
        I::CheckSet { name, .. } | I::Name { name, .. } => (name as usize) < program.constants.len(),
        I::LoadGlobal { index, .. } | I::StoreGlobal { index, .. } => {
            (index as usize) < program.globals.len()
        }
        I::LoadFixed { index, .. }
        | I::StoreFixed { index, .. }
        | I::EnterFixed { index }
        | I::LeaveFixed { index } => (index as usize) < program.fixed.len(),
        I::LoadLocal { index, .. } | I::StoreLocal { index, .. } => (index as usize) < program.locals,
        I::CallFunction { function, .. } | I::CallMember { function, .. } => {
            (function as usize) < program.functions.len()
        }
        I::Call { shape, .. }
        | I::CallMethod { shape, .. }
        | I::Prepare { shape, .. }
        | I::Arm { shape, .. } => (shape as usize) < program.shapes.len(),
        I::CallMethodOf { shape, .. } => usize::from(shape) < program.shapes.len(),
        I::CallMethodFixed { shape, index, .. } => {
            usize::from(shape) < program.shapes.len() && usize::from(index) < program.fixed.len()
        }
        I::CallBuiltin { row, .. } => usize::from(row) < program.rows.len(),
        I::GetField { name, .. } | I::SetField { name, .. } | I::NameElement { name, .. } => {
            usize::from(name) < program.symbols.len()
        }
        I::Format { format, .. } => usize::from(format) < program.symbols.len(),
        I::IsKind { kind, .. } => usize::from(kind) < program.symbols.len(),
        I::Closure { site, .. } => (site as usize) < program.sites.len(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::{Handler, lower};
    use crate::source::Source;
    use std::sync::Arc;

    fn sound() -> Program {
        let source = Arc::new(Source::new("test", "var n = 1\ntry { n += 1 } catch e { print(e) }\n"));
        let (script, _) = crate::syntax::parse(&source);
        let (resolution, _) = crate::resolve::resolve(&script, &source);
        lower::lower(&source, &script, &resolution).expect("it is small")
    }

    /// What is wrong after a change of the script's own function.
    fn flaw(change: impl FnOnce(&mut Function)) -> &'static str {
        let mut program = sound();
        change(&mut program.functions[0]);
        Verified::new(program).expect_err("a flaw").what
    }

    fn flaw_of(instruction: I) -> &'static str {
        flaw(|function| function.code[0] = instruction)
    }

    #[test]
    fn each_kind_of_flaw_is_found() {
        assert!(Verified::new(sound()).is_ok());
        assert_eq!(
            flaw(|function| function.captures = function.registers + 1),
            "more parameters than registers"
        );
        assert_eq!(flaw(|function| function.spans.truncate(0)), "places are missing");
        assert_eq!(flaw(|function| function.lines.truncate(0)), "places are missing");
        let last = |function: &mut Function| *function.code.last_mut().expect("some code") = I::Yield;
        assert_eq!(flaw(last), "runs past its end");
        let handler = Handler { start: 0, end: 1, target: u32::MAX, error: 0, cleanup: false };
        assert_eq!(flaw(|function| function.handlers.push(handler)), "a handler out of range");
        let handler = Handler { target: 0, error: u16::MAX, ..handler };
        assert_eq!(flaw(|function| function.handlers.push(handler)), "a handler out of range");
    }

    #[test]
    fn registers_out_of_the_frame_are_found() {
        let most = u16::MAX;
        for instruction in [
            I::Move { d: 0, s: most },
            I::Move { d: most, s: 0 },
            I::Add { d: 0, a: 0, b: most },
            I::LoopRange { at: most, to: 0 },
            I::List { d: 0, at: 0, count: most },
            I::Map { d: 0, at: 0, count: most },
            I::Unpack { s: 0, at: 0, count: most },
            I::CallBuiltin { at: 0, count: most, row: 0 },
            I::Select { d: most, limit: 0 },
            I::AssertCompared { message: 0, at: most },
        ] {
            assert_eq!(flaw_of(instruction), "no such register", "{instruction:?}");
        }
    }

    #[test]
    fn jumps_out_of_the_code_are_found() {
        for instruction in [
            I::Jump { to: u32::MAX },
            I::Loop { to: u32::MAX },
            I::JumpIf { a: 0, to: u32::MAX },
            I::LoopCount { a: 0, to: u32::MAX },
            I::UnlessLess { a: 0, b: 0, to: u16::MAX },
            I::LoopLessInt { a: 0, value: 1, to: u16::MAX },
        ] {
            assert_eq!(flaw_of(instruction), "jumps out of the function", "{instruction:?}");
        }
    }

    #[test]
    fn numbers_of_what_is_not_there_are_found() {
        for instruction in [
            I::Constant { d: 0, index: u32::MAX },
            I::LoadGlobal { d: 0, index: u32::MAX },
            I::StoreFixed { s: 0, index: u32::MAX },
            I::LoadLocal { d: 0, index: 0 },
            I::CallFunction { at: 0, function: u32::MAX },
            I::Call { at: 0, shape: u32::MAX },
            I::CallMethodFixed { at: 0, shape: u16::MAX, index: 0 },
            I::CallBuiltin { at: 0, count: 1, row: u16::MAX },
            I::GetField { d: 0, object: 0, name: u16::MAX },
            I::IsKind { d: 0, s: 0, kind: u16::MAX },
            I::Closure { d: 0, site: u32::MAX },
        ] {
            assert_eq!(flaw_of(instruction), "no such entry in a table", "{instruction:?}");
        }
    }
}
