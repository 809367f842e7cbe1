//! What the numbers in an instruction mean: registers that it reads and writes, entries of the program's tables, the
//! place that it jumps to.
//!
//! The one table of it: the check before a run (`verify`), the analyses of the code (`effects`, `flow`, `live`, `reach`)
//! and listings take it from here, so no instruction is left out by an `_` arm. The machine does not check registers
//! again. What an instruction does with variables, locks and other threads is not said here.

use super::effects::Effect;
use super::{Instruction, Instruction as I, Register};

/// Where an instruction jumps to, to be set.
pub enum Target<'i> {
    Long(&'i mut u32),
    /// Of compare-and-jump instructions, for which there is no more room.
    Short(&'i mut u16),
}

/// What one number of an instruction, or two, stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    Register(Effect),
    /// From this register on the arguments are read, as many as the shape says.
    Arguments(usize, u32),
    /// From this register on what the function finds filled is read: `self`, if it has one, and its parameters.
    Parameters(usize, u32),
    /// The registers are read that the site captures.
    Captures(u32),
    Entry(Entry),
    /// It may go on there.
    Jump(u32),
}

/// A number of an instruction that stands for something in a table of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Constant(u32),
    /// A variable of the top level that is read, and one that is written.
    Global(u32),
    SetsGlobal(u32),
    Fixed(u32),
    Local(u32),
    Function(u32),
    /// The shape of a call, and of a call of a method, which it names.
    Shape(u32),
    Method(u32),
    Row(u16),
    /// The name of a field or method.
    Member(u16),
    /// Another word: a format, a kind of error, the name of a variable.
    Word(u16),
    Site(u32),
    /// A field or method of the instance itself, by its number in the class, which is known only while running.
    OwnField(u16),
    SetsOwnField(u16),
    OwnMethod(u16),
}

/// Tells the operands of one instruction, one after the other.
struct Tell<'e>(&'e mut dyn FnMut(Operand));

impl Tell<'_> {
    fn each(&mut self, operand: Operand) -> &mut Self {
        (self.0)(operand);
        self
    }

    fn reads(&mut self, registers: &[Register]) -> &mut Self {
        for &register in registers {
            self.row(register, 1);
        }
        self
    }

    /// Reads so many in a row.
    fn row(&mut self, first: Register, count: u16) -> &mut Self {
        self.each(Operand::Register(Effect::Reads(first.into(), count.into())))
    }

    fn writes(&mut self, d: Register) -> &mut Self {
        self.writes_row(d, 1)
    }

    fn writes_row(&mut self, first: Register, count: u16) -> &mut Self {
        self.each(Operand::Register(Effect::Writes(first.into(), count.into())))
    }

    /// A loop, which finds its next value for the third of its registers.
    fn next_round(&mut self, at: Register, to: u32) -> &mut Self {
        let variable = usize::from(at) + 2;
        self.row(at, 2).each(Operand::Register(Effect::WritesOnJump(variable, 1))).jump(to)
    }

    /// A call whose value comes into the register, from which on a frame may have stood.
    fn call(&mut self, at: Register) -> &mut Self {
        self.each(Operand::Register(Effect::Clobbers(at.into()))).writes(at)
    }

    /// The arguments after the register, and the shape.
    fn arguments(&mut self, at: Register, shape: u32, entry: fn(u32) -> Entry) -> &mut Self {
        self.each(Operand::Arguments(usize::from(at) + 1, shape)).entry(entry(shape))
    }

    fn entry(&mut self, entry: Entry) -> &mut Self {
        self.each(Operand::Entry(entry))
    }

    fn jump(&mut self, to: impl Into<u32>) -> &mut Self {
        self.each(Operand::Jump(to.into()))
    }
}

impl Instruction {
    /// Calls `each` with all operands. Reads are told before writes; naming the same register twice is no matter.
    pub fn operands(&self, each: &mut dyn FnMut(Operand)) {
        let tell = &mut Tell(each);
        match *self {
            I::ReturnNil
            | I::Yield
            | I::HoldOthers
            | I::ResumeOthers
            | I::AwaitBegin
            | I::AwaitWait
            | I::AwaitEnd => tell,

            I::Nil { d } | I::Bool { d, value: _ } | I::Int { d, value: _ } | I::Unset { d } => {
                tell.writes(d)
            }
            I::Constant { d, index } => tell.writes(d).entry(Entry::Constant(index)),
            I::LoadGlobal { d, index } | I::LoadShared { d, index } => {
                tell.writes(d).entry(Entry::Global(index))
            }
            I::LoadFixed { d, index } => tell.writes(d).entry(Entry::Fixed(index)),
            I::LoadLocal { d, index } => tell.writes(d).entry(Entry::Local(index)),
            I::StoreGlobal { s, index } | I::StoreShared { s, index } => {
                tell.reads(&[s]).entry(Entry::SetsGlobal(index))
            }
            I::StoreFixed { s, index } => tell.reads(&[s]).entry(Entry::Fixed(index)),
            I::StoreLocal { s, index } => tell.reads(&[s]).entry(Entry::Local(index)),
            I::Move { d, s } => tell.reads(&[s]).writes(d),
            I::NewCell { d } => tell.reads(&[d]).writes(d),
            I::LoadCell { d, cell, name } => tell.reads(&[cell]).writes(d).entry(Entry::Word(name)),
            I::StoreCell { cell, s, name } => tell.reads(&[cell, s]).entry(Entry::Word(name)),
            I::CheckSet { a, name } | I::Name { a, name } | I::Called { a, name } => {
                tell.reads(&[a]).entry(Entry::Constant(name))
            }
            I::NameElement { a, list, name } => tell.reads(&[a, list]).entry(Entry::Word(name)),

            I::AddInt { d, a, value: _ }
            | I::MultiplyInt { d, a, value: _ }
            | I::ModuloInt { d, a, value: _ } => tell.reads(&[a]).writes(d),
            I::Unary { operator: _, d, a } => tell.reads(&[a]).writes(d),
            I::Add { d, a, b }
            | I::Subtract { d, a, b }
            | I::Multiply { d, a, b }
            | I::Modulo { d, a, b } => tell.reads(&[a, b]).writes(d),
            I::Binary { operator: _, d, a, b } => tell.reads(&[a, b]).writes(d),
            I::Compare { operator: _, d, a, b } => tell.reads(&[a, b]).writes(d),

            I::Jump { to } | I::Loop { to } => tell.jump(to),
            I::JumpIf { a, to } | I::JumpUnless { a, to } | I::JumpSet { a, to } | I::LoopIf { a, to } => {
                tell.reads(&[a]).jump(to)
            }
            I::UnlessLessInt { a, value: _, to }
            | I::UnlessLessEqualInt { a, value: _, to }
            | I::UnlessGreaterInt { a, value: _, to }
            | I::UnlessGreaterEqualInt { a, value: _, to }
            | I::UnlessEqualInt { a, value: _, to }
            | I::UnlessNotEqualInt { a, value: _, to }
            | I::LoopLessInt { a, value: _, to }
            | I::LoopLessEqualInt { a, value: _, to } => tell.reads(&[a]).jump(to),
            I::UnlessLess { a, b, to }
            | I::UnlessLessEqual { a, b, to }
            | I::UnlessEqual { a, b, to }
            | I::UnlessNotEqual { a, b, to }
            | I::LoopLess { a, b, to }
            | I::LoopLessEqual { a, b, to } => tell.reads(&[a, b]).jump(to),
            // The second end may be moved by one.
            I::RangeCheck { at, inclusive: _ } => tell.row(at, 2),
            I::LoopRange { at, to } | I::LoopItems { at, to } => tell.next_round(at, to),
            I::Iterate { at } => tell.reads(&[at]).writes_row(at, 2),
            I::CountCheck { a } => tell.reads(&[a]),
            I::LoopCount { a, to } => tell.reads(&[a]).jump(to),

            I::CallFunction { at, function } | I::CallMember { at, function } => {
                tell.each(Operand::Parameters(at.into(), function)).call(at).entry(Entry::Function(function))
            }
            I::Call { at, shape } | I::Prepare { at, shape } => {
                tell.reads(&[at]).arguments(at, shape, Entry::Shape).call(at)
            }
            I::CallMethod { at, shape } => tell.reads(&[at]).arguments(at, shape, Entry::Method).call(at),
            I::CallMethodOf { at, shape, object } => {
                tell.reads(&[object]).arguments(at, shape.into(), Entry::Method).call(at)
            }
            I::CallMethodFixed { at, shape, index } => {
                tell.arguments(at, shape.into(), Entry::Method).call(at).entry(Entry::Fixed(index.into()))
            }
            I::CallBuiltin { at, count, row } => tell.row(at, count).call(at).entry(Entry::Row(row)),
            I::CallBuiltinOn { count, at, first, row } => {
                tell.row(first, count.into()).call(at).entry(Entry::Row(row))
            }
            I::CallSpread { at } => tell.row(at, 2).call(at),
            I::Return { s } | I::Throw { s } | I::Rethrow { s } | I::Watch { s, ensure: _ } => {
                tell.reads(&[s])
            }
            I::Supersede { s, earlier } => tell.reads(&[s, earlier]),

            // The field of a monitor is read once its lock is held.
            I::GetField { d, object, name } => tell
                .reads(&[object])
                .writes(d)
                .each(Operand::Register(Effect::ReadsLate(object.into())))
                .entry(Entry::Member(name)),
            I::SetField { object, name, s } => tell.reads(&[object, s]).entry(Entry::Member(name)),
            I::GetOwn { d, object, index } => tell.reads(&[object]).writes(d).entry(Entry::OwnField(index)),
            I::SetOwn { object, index, s } => tell.reads(&[object, s]).entry(Entry::SetsOwnField(index)),
            I::OwnMethod { d, object, index } => {
                tell.reads(&[object]).writes(d).entry(Entry::OwnMethod(index))
            }
            I::GetIndex { d, object, index } => tell.reads(&[object, index]).writes(d),
            I::SetIndex { object, index, s } => tell.reads(&[object, index, s]),
            I::SetIndexConstant { object, index, constant } => {
                tell.reads(&[object, index]).entry(Entry::Constant(constant.into()))
            }
            I::Slice { d, object, at } => tell.row(at, 2).reads(&[object]).writes(d),

            I::List { d, at, count } | I::Text { d, at, count } => tell.row(at, count).writes(d),
            // Twice, for the keys and for the values.
            I::Map { d, at, count } => {
                let both = Effect::Reads(at.into(), 2 * usize::from(count));
                tell.each(Operand::Register(both)).writes(d)
            }
            I::Range { d, at, inclusive: _ } => tell.row(at, 2).writes(d),
            I::Push { list, s } => tell.reads(&[list, s]),
            I::Format { d, s, format } => tell.reads(&[s]).writes(d).entry(Entry::Word(format)),
            I::Closure { d, site } => tell.each(Operand::Captures(site)).writes(d).entry(Entry::Site(site)),
            I::Unpack { s, at, count } => tell.reads(&[s]).writes_row(at, count),
            I::IsKind { d, s, kind } => tell.reads(&[s]).writes(d).entry(Entry::Word(kind)),
            I::AssertFailed { message } => tell.reads(&[message]),
            I::AssertCompared { message, at } => tell.reads(&[message]).row(at, 2),

            I::Enter { a } | I::Leave { a } | I::Start { a } | I::Sleep { a } => tell.reads(&[a]),
            I::EnterFixed { index } | I::LeaveFixed { index } => tell.entry(Entry::Fixed(index)),
            I::LeaveTo { a, to } => tell.reads(&[a]).jump(to),
            I::LeaveFixedTo { index, to } => tell.entry(Entry::Fixed(index)).jump(to),
            I::EnterTimed { d, a, timeout } => tell.reads(&[a, timeout]).writes(d),
            I::Monitor { d, object } => tell.reads(&[object]).writes(d),
            I::Lasts { a, after: _ } => tell.reads(&[a]),
            // Its values are looked at past the frame; they stay where they are.
            I::Arm { at, shape } => tell.reads(&[at]).arguments(at, shape, Entry::Method),
            I::Select { d, limit } => tell.reads(&[limit]).writes_row(d, 2),
        };
    }

    /// Calls `each` with what it refers to in the tables of the program.
    pub fn entries(&self, each: &mut dyn FnMut(Entry)) {
        self.operands(&mut |operand| {
            if let Operand::Entry(entry) = operand {
                each(entry);
            }
        });
    }

    /// Where it jumps to, if it does.
    pub fn target(&self) -> Option<u32> {
        let mut target = None;
        self.operands(&mut |operand| {
            if let Operand::Jump(to) = operand {
                target = Some(to);
            }
        });
        target
    }

    /// The number itself, for whoever lets a jump land. (One that is missing here cannot be made to land.)
    pub fn target_mut(&mut self) -> Option<Target<'_>> {
        match self {
            I::Jump { to }
            | I::JumpIf { to, .. }
            | I::JumpUnless { to, .. }
            | I::JumpSet { to, .. }
            | I::Loop { to }
            | I::LoopIf { to, .. }
            | I::LoopRange { to, .. }
            | I::LoopItems { to, .. }
            | I::LoopCount { to, .. }
            | I::LeaveTo { to, .. } => Some(Target::Long(to)),
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
            | I::LoopLessEqualInt { to, .. }
            | I::LeaveFixedTo { to, .. } => Some(Target::Short(to)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::samples;

    #[test]
    fn what_jumps_can_be_made_to_land() {
        let mut jumps = 0;
        for (path, program) in samples::programs() {
            for instruction in program.functions.iter().flat_map(|function| &function.code) {
                let mut copy = *instruction;
                let to = copy.target_mut().map(|target| match target {
                    Target::Long(to) => *to,
                    Target::Short(to) => u32::from(*to),
                });
                assert_eq!(to, instruction.target(), "{path}: {instruction:?}");
                jumps += usize::from(to.is_some());
            }
        }
        assert!(jumps > 1000, "{jumps}");
    }
}
