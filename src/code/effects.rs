//! What each instruction does with the registers of its frame: which it reads, which it writes whatever happens.
//!
//! From the table of operands, with the counts that stand in the program's tables. It says what the machine does, and
//! no more: a read too many only makes a register live for longer, but a read too few would let a value be forgotten
//! that is still needed.

use super::operands::Operand;
use super::{Instruction as I, Program};

/// One thing that an instruction does. Reads come before writes, whatever the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// So many registers in a row are read.
    Reads(usize, usize),
    /// So many are written when the instruction is complete (one that raises an error may have written nothing).
    Writes(usize, usize),
    /// So many are written when it goes on at its target.
    WritesOnJump(usize, usize),
    /// The frame of a callee may have stood on this register and all after it: what they held is gone.
    Clobbers(usize),
    /// Read again after a wait, at the end of the instruction.
    ReadsLate(usize),
}

impl Effect {
    /// The registers that it names: the first, and how many in a row.
    pub fn registers(self) -> (usize, usize) {
        match self {
            Effect::Reads(first, count)
            | Effect::Writes(first, count)
            | Effect::WritesOnJump(first, count) => (first, count),
            Effect::Clobbers(first) | Effect::ReadsLate(first) => (first, 1),
        }
    }

    /// Those that are read.
    pub fn read(self) -> std::ops::Range<usize> {
        match self {
            Effect::Reads(first, count) => first..first + count,
            Effect::ReadsLate(register) => register..register + 1,
            Effect::Writes(..) | Effect::WritesOnJump(..) | Effect::Clobbers(_) => 0..0,
        }
    }
}

/// Calls `each` with everything that an instruction does with registers. What it refers to in tables must be there.
pub fn effects(instruction: &I, program: &Program, each: &mut dyn FnMut(Effect)) {
    instruction.operands(&mut |operand| match operand {
        Operand::Register(effect) => each(effect),
        Operand::Arguments(first, shape) => {
            each(Effect::Reads(first, usize::from(program.shapes[shape as usize].count)));
        }
        Operand::Parameters(first, function) => {
            let function = &program.functions[function as usize];
            each(Effect::Reads(first, usize::from(function.member) + function.parameters.len()));
        }
        Operand::Captures(site) => {
            let captures = &program.sites[site as usize].captures;
            captures.iter().for_each(|&register| each(Effect::Reads(usize::from(register), 1)));
        }
        Operand::Entry(_) | Operand::Jump(_) => {}
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::samples;
    use std::collections::BTreeSet;

    #[test]
    fn only_registers_of_the_frame() {
        let mut seen = BTreeSet::new();
        for (path, program) in samples::programs() {
            for function in &program.functions {
                for instruction in &function.code {
                    seen.insert(name(instruction));
                    effects(instruction, &program, &mut |effect| {
                        let (first, count) = effect.registers();
                        let fits = first + count <= function.registers;
                        assert!(fits, "{path}: {instruction:?} {effect:?}");
                    });
                }
            }
        }
        assert!(seen.len() > 80, "too few kinds of instruction were looked at: {seen:?}");
    }

    fn name(instruction: &I) -> String {
        format!("{instruction:?}").split(' ').next().expect("a name").to_string()
    }

    /// What it reads, and the registers that it writes when it is complete.
    fn told(program: &Program, instruction: I) -> (Vec<usize>, Vec<usize>) {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        effects(&instruction, program, &mut |effect| {
            reads.extend(effect.read());
            if let Effect::Writes(first, count) = effect {
                writes.extend(first..first + count);
            }
        });
        (reads, writes)
    }

    #[test]
    fn arguments_and_what_is_captured_are_counted_by_the_tables() {
        let text = "fn g(a, b) { return a }\nfn f(x, y) { q.put(y)\ng(x, y)\nreturn fn() => y }\nqueue q(1)";
        let program = samples::program(text);
        let function = &program.functions[samples::function(&program, "f") as usize];
        let of = |kind: fn(&I) -> bool| {
            told(&program, *function.code.iter().find(|instruction| kind(instruction)).expect("it is there"))
        };
        let (reads, writes) = of(|i| matches!(i, I::CallMethodFixed { .. }));
        assert_eq!(reads, [writes[0] + 1]);
        let (reads, writes) = of(|i| matches!(i, I::CallFunction { .. }));
        assert_eq!(reads, [writes[0], writes[0] + 1]);
        let (reads, _) = of(|i| matches!(i, I::Closure { .. }));
        assert_eq!(reads, [1]);
    }
}
