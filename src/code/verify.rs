//! Checks a program before it runs: every register, jump and table index of every instruction is in range.
//!
//! The machine reads registers and instructions of a program that has passed without checking again.

use super::effects::effects;
use super::operands::Entry;
use super::{Function, Instruction as I, Program};

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
        // First of all: the tables say how many arguments there are.
        if !entries_exist(program, instruction) {
            return Err((at, "no such entry in a table"));
        }
        let mut fits = true;
        effects(instruction, program, &mut |effect| {
            let (first, count) = effect.registers();
            fits &= count == 0 || first + count <= function.registers;
        });
        if !fits {
            return Err((at, "no such register"));
        }
        if instruction.target().is_some_and(|to| to as usize >= function.code.len()) {
            return Err((at, "jumps out of the function"));
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

/// Whether the program has what an instruction refers to by number.
fn entries_exist(program: &Program, instruction: &I) -> bool {
    let mut exist = true;
    instruction.entries(&mut |entry| {
        exist &= match entry {
            Entry::Constant(index) => (index as usize) < program.constants.len(),
            Entry::Global(index) | Entry::SetsGlobal(index) => (index as usize) < program.globals.len(),
            Entry::Fixed(index) => (index as usize) < program.fixed.len(),
            Entry::Local(index) => (index as usize) < program.locals,
            Entry::Function(index) => (index as usize) < program.functions.len(),
            Entry::Shape(index) | Entry::Method(index) => (index as usize) < program.shapes.len(),
            Entry::Row(index) => usize::from(index) < program.rows.len(),
            Entry::Member(index) | Entry::Word(index) => usize::from(index) < program.symbols.len(),
            Entry::Site(index) => (index as usize) < program.sites.len(),
            // Looked up with care: the class is known only then.
            Entry::OwnField(_) | Entry::SetsOwnField(_) | Entry::OwnMethod(_) => true,
        };
    });
    exist
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
            I::CallBuiltinOn { count: 1, at: 0, first: most, row: 0 },
            I::Called { a: most, name: 0 },
            I::Lasts { a: most, after: false },
            I::CallSpread { at: most },
            I::CallFunction { at: most, function: 0 },
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
