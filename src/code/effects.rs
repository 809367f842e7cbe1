//! What each instruction does with the registers of its frame: which it reads, which it writes whatever happens.
//!
//! One table, for analyses of the code (`live`). It must say what the machine does, and no more: a read too many only
//! makes a register live for longer, but a read too few would let a value be forgotten that is still needed. What an
//! instruction does with variables, locks and other threads is not said here.

use super::{Instruction as I, Program, Register};

/// One thing that an instruction does. Reads come before writes, whatever the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// So many registers in a row are read.
    Reads(Register, usize),
    /// So many are written when the instruction is complete (one that raises an error may have written nothing).
    Writes(Register, usize),
    /// So many are written when it goes on at its target.
    WritesOnJump(Register, usize),
    /// The frame of a callee may have stood on this register and all after it: what they held is gone.
    Clobbers(Register),
    /// Read again after a wait, at the end of the instruction.
    ReadsLate(Register),
}

/// Calls `each` with everything that an instruction does with registers. Naming the same one twice is no matter.
pub fn effects(instruction: &I, program: &Program, each: &mut dyn FnMut(Effect)) {
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
        | I::LoadLocal { d, .. } => makes(each, &[], d),
        I::Move { d, s } | I::Format { d, s, .. } | I::IsKind { d, s, .. } => makes(each, &[s], d),
        I::NewCell { d } => makes(each, &[d], d),
        // The register that is read as a cell always holds one.
        I::LoadCell { d, cell } => makes(each, &[cell], d),
        I::AddInt { d, a, .. }
        | I::MultiplyInt { d, a, .. }
        | I::ModuloInt { d, a, .. }
        | I::Unary { d, a, .. } => makes(each, &[a], d),
        I::Add { d, a, b }
        | I::Subtract { d, a, b }
        | I::Multiply { d, a, b }
        | I::Modulo { d, a, b }
        | I::Binary { d, a, b, .. }
        | I::Compare { d, a, b, .. } => makes(each, &[a, b], d),
        I::GetOwn { d, object, .. } | I::OwnMethod { d, object, .. } | I::Monitor { d, object } => {
            makes(each, &[object], d);
        }
        // The field of a monitor is read once its lock is held.
        I::GetField { d, object, .. } => {
            makes(each, &[object], d);
            each(Effect::ReadsLate(object));
        }
        I::GetIndex { d, object, index } => makes(each, &[object, index], d),
        I::Slice { d, object, at } => {
            each(Effect::Reads(at, 2));
            makes(each, &[object], d);
        }
        I::List { d, at, count } | I::Text { d, at, count } => {
            each(Effect::Reads(at, usize::from(count)));
            makes(each, &[], d);
        }
        I::Map { d, at, count } => {
            each(Effect::Reads(at, 2 * usize::from(count)));
            makes(each, &[], d);
        }
        I::Range { d, at, .. } => {
            each(Effect::Reads(at, 2));
            makes(each, &[], d);
        }
        I::Closure { d, site } => {
            makes(each, &program.sites[site as usize].captures, d);
        }
        I::EnterTimed { d, a, timeout } => makes(each, &[a, timeout], d),

        I::StoreGlobal { s, .. }
        | I::StoreFixed { s, .. }
        | I::StoreLocal { s, .. }
        | I::Return { s }
        | I::Throw { s }
        | I::Watch { s, .. }
        | I::Rethrow { s } => reads(each, &[s]),
        I::StoreCell { cell, s } => reads(each, &[cell, s]),
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
        | I::Name { a, .. }
        | I::Enter { a }
        | I::Leave { a }
        | I::Start { a }
        | I::Sleep { a } => reads(each, &[a]),
        I::UnlessLess { a, b, .. }
        | I::UnlessLessEqual { a, b, .. }
        | I::UnlessEqual { a, b, .. }
        | I::UnlessNotEqual { a, b, .. }
        | I::LoopLess { a, b, .. }
        | I::LoopLessEqual { a, b, .. } => reads(each, &[a, b]),
        I::SetField { object, s, .. } | I::SetOwn { object, s, .. } => reads(each, &[object, s]),
        I::SetIndex { object, index, s } => reads(each, &[object, index, s]),
        I::Push { list, s } => reads(each, &[list, s]),
        I::NameElement { a, list, .. } => reads(each, &[a, list]),
        I::AssertFailed { message } => reads(each, &[message]),
        I::AssertCompared { message, at } => {
            reads(each, &[message]);
            each(Effect::Reads(at, 2));
        }
        I::Unpack { s, at, count } => {
            reads(each, &[s]);
            each(Effect::Writes(at, usize::from(count)));
        }

        // The second end may be moved by one.
        I::RangeCheck { at, .. } => each(Effect::Reads(at, 2)),
        I::Iterate { at } => {
            reads(each, &[at]);
            each(Effect::Writes(at, 2));
        }
        I::LoopRange { at, .. } | I::LoopItems { at, .. } => {
            each(Effect::Reads(at, 2));
            each(Effect::WritesOnJump(at + 2, 1));
        }
        I::LoopCount { a, .. } => reads(each, &[a]),

        I::CallFunction { at, function } => calls(each, at, parameters(program, function), at),
        I::CallMember { at, function } => calls(each, at, parameters(program, function), at),
        I::Call { at, shape } | I::CallMethod { at, shape } | I::Prepare { at, shape } => {
            calls(each, at, 1 + count(program, shape), at);
        }
        I::CallMethodOf { at, shape, object } => {
            reads(each, &[object]);
            calls(each, at + 1, count(program, u32::from(shape)), at);
        }
        I::CallMethodFixed { at, shape, .. } => calls(each, at + 1, count(program, u32::from(shape)), at),
        I::CallBuiltin { at, count, .. } => calls(each, at, usize::from(count), at),
        I::CallSpread { at } => calls(each, at, 2, at),
        // Its values are looked at past the frame; they stay where they are.
        I::Arm { at, shape } => each(Effect::Reads(at, 1 + count(program, shape))),
        I::Select { d, limit } => {
            reads(each, &[limit]);
            each(Effect::Writes(d, 2));
        }
    }
}

/// Whether the instruction after it may be the next one.
pub fn goes_on(instruction: &I) -> bool {
    let leaves = matches!(instruction, I::Jump { .. } | I::Loop { .. });
    let ends = matches!(instruction, I::Return { .. } | I::ReturnNil);
    let raises = matches!(
        instruction,
        I::Throw { .. } | I::Rethrow { .. } | I::AssertFailed { .. } | I::AssertCompared { .. }
    );
    !(leaves || ends || raises)
}

fn reads(each: &mut dyn FnMut(Effect), registers: &[Register]) {
    registers.iter().for_each(|&register| each(Effect::Reads(register, 1)));
}

fn makes(each: &mut dyn FnMut(Effect), from: &[Register], d: Register) {
    reads(each, from);
    each(Effect::Writes(d, 1));
}

/// A call that reads `count` registers from `first` and brings its value to `at`.
fn calls(each: &mut dyn FnMut(Effect), first: Register, count: usize, at: Register) {
    each(Effect::Reads(first, count));
    each(Effect::Clobbers(at));
    each(Effect::Writes(at, 1));
}

/// How many registers a known function finds filled: `self`, if it has one, and the parameters.
fn parameters(program: &Program, function: u32) -> usize {
    let function = &program.functions[function as usize];
    usize::from(function.member) + function.parameters.len()
}

fn count(program: &Program, shape: u32) -> usize {
    usize::from(program.shapes[shape as usize].count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::samples;
    use crate::code::verify;
    use std::collections::BTreeSet;

    #[test]
    fn only_registers_that_the_instruction_names_or_passes_on() {
        let mut seen = BTreeSet::new();
        for (path, program) in samples::programs() {
            for function in &program.functions {
                for instruction in &function.code {
                    seen.insert(name(instruction));
                    let mut named = BTreeSet::new();
                    verify::registers(instruction, &mut |first, count| {
                        named.extend((0..count).map(|n| usize::from(first) + n));
                    });
                    named.extend(passed_on(instruction, &program));
                    effects(instruction, &program, &mut |effect| {
                        let (first, count) = match effect {
                            Effect::Reads(first, count)
                            | Effect::Writes(first, count)
                            | Effect::WritesOnJump(first, count) => (first, count),
                            Effect::Clobbers(first) | Effect::ReadsLate(first) => (first, 1),
                        };
                        for register in (0..count).map(|n| usize::from(first) + n) {
                            let known = named.contains(&register) && register < function.registers;
                            assert!(known, "{path}: {instruction:?} {effect:?}");
                        }
                    });
                }
            }
        }
        assert!(seen.len() > 80, "too few kinds of instruction were looked at: {seen:?}");
    }

    #[test]
    fn every_register_that_is_named_is_read_or_written() {
        // Save the place of a call that has no argument, and what `List`, `Map` and `Text` of nothing name.
        for (path, program) in samples::programs() {
            for function in &program.functions {
                for instruction in &function.code {
                    let mut told = BTreeSet::new();
                    effects(instruction, &program, &mut |effect| match effect {
                        Effect::Reads(first, count)
                        | Effect::Writes(first, count)
                        | Effect::WritesOnJump(first, count) => {
                            told.extend((0..count).map(|n| usize::from(first) + n));
                        }
                        Effect::Clobbers(first) => told.extend(usize::from(first)..function.registers),
                        Effect::ReadsLate(first) => {
                            told.insert(usize::from(first));
                        }
                    });
                    verify::registers(instruction, &mut |first, count| {
                        for register in usize::from(first)..usize::from(first) + count {
                            assert!(told.contains(&register), "{path}: {instruction:?} {register}");
                        }
                    });
                }
            }
        }
    }

    /// The registers that an instruction finds through a table: arguments, and what a closure captures.
    fn passed_on(instruction: &I, program: &Program) -> Vec<usize> {
        let from = |at: Register, count: u16| (0..=usize::from(count)).map(|n| usize::from(at) + n).collect();
        match *instruction {
            I::Closure { site, .. } => {
                program.sites[site as usize].captures.iter().map(|&register| usize::from(register)).collect()
            }
            I::CallFunction { at, function } | I::CallMember { at, function } => {
                from(at, program.functions[function as usize].parameters.len() as u16)
            }
            I::Call { at, shape }
            | I::CallMethod { at, shape }
            | I::Prepare { at, shape }
            | I::Arm { at, shape } => from(at, program.shapes[shape as usize].count),
            I::CallMethodOf { at, shape, .. } | I::CallMethodFixed { at, shape, .. } => {
                from(at, program.shapes[usize::from(shape)].count)
            }
            _ => Vec::new(),
        }
    }

    fn name(instruction: &I) -> String {
        format!("{instruction:?}").split(' ').next().expect("a name").to_string()
    }
}
