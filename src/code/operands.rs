//! What the numbers in an instruction mean: registers, the place that it jumps to, entries of the program's tables.
//!
//! The machine does not check them again, so no instruction is left out by an `_` arm here.

use super::{Instruction, Instruction as I, Register};

/// Where an instruction jumps to, to be set.
pub enum Target<'i> {
    Long(&'i mut u32),
    /// Of compare-and-jump instructions, for which there is no more room.
    Short(&'i mut u16),
}

/// A number of an instruction that stands for something in a table of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Constant(u32),
    Global(u32),
    Fixed(u32),
    Local(u32),
    Function(u32),
    Shape(u32),
    Row(u16),
    Symbol(u16),
    Site(u32),
}

impl Instruction {
    /// Calls `each` with the registers that an instruction names: the first, and how many in a row.
    ///
    /// What a call finds in its arguments is not known here; it makes room in the stack itself.
    pub fn registers(&self, each: &mut dyn FnMut(Register, usize)) {
        let mut one = |registers: &[Register]| registers.iter().for_each(|&register| each(register, 1));
        match *self {
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

    /// Where it jumps to, if it does.
    pub fn target(&self) -> Option<u32> {
        let mut copy = *self;
        match copy.target_mut()? {
            Target::Long(to) => Some(*to),
            Target::Short(to) => Some(u32::from(*to)),
        }
    }

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
            | I::LoopCount { to, .. } => Some(Target::Long(to)),
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
            | I::LoopLessEqualInt { to, .. } => Some(Target::Short(to)),
            I::Move { .. }
            | I::Nil { .. }
            | I::Bool { .. }
            | I::Int { .. }
            | I::Constant { .. }
            | I::Unset { .. }
            | I::LoadGlobal { .. }
            | I::StoreGlobal { .. }
            | I::LoadFixed { .. }
            | I::StoreFixed { .. }
            | I::NewCell { .. }
            | I::LoadCell { .. }
            | I::StoreCell { .. }
            | I::CheckSet { .. }
            | I::LoadLocal { .. }
            | I::StoreLocal { .. }
            | I::Add { .. }
            | I::Subtract { .. }
            | I::Multiply { .. }
            | I::Modulo { .. }
            | I::AddInt { .. }
            | I::MultiplyInt { .. }
            | I::ModuloInt { .. }
            | I::Binary { .. }
            | I::Unary { .. }
            | I::Compare { .. }
            | I::RangeCheck { .. }
            | I::Iterate { .. }
            | I::CountCheck { .. }
            | I::CallFunction { .. }
            | I::Call { .. }
            | I::CallMethod { .. }
            | I::CallMethodOf { .. }
            | I::CallMethodFixed { .. }
            | I::CallBuiltin { .. }
            | I::CallMember { .. }
            | I::CallSpread { .. }
            | I::Return { .. }
            | I::ReturnNil
            | I::GetField { .. }
            | I::SetField { .. }
            | I::GetOwn { .. }
            | I::SetOwn { .. }
            | I::OwnMethod { .. }
            | I::GetIndex { .. }
            | I::SetIndex { .. }
            | I::Slice { .. }
            | I::List { .. }
            | I::Map { .. }
            | I::Range { .. }
            | I::Push { .. }
            | I::Text { .. }
            | I::Format { .. }
            | I::Closure { .. }
            | I::Unpack { .. }
            | I::Name { .. }
            | I::NameElement { .. }
            | I::Throw { .. }
            | I::Rethrow { .. }
            | I::IsKind { .. }
            | I::AssertFailed { .. }
            | I::AssertCompared { .. }
            | I::Watch { .. }
            | I::Enter { .. }
            | I::EnterFixed { .. }
            | I::EnterTimed { .. }
            | I::Leave { .. }
            | I::LeaveFixed { .. }
            | I::Monitor { .. }
            | I::Prepare { .. }
            | I::Start { .. }
            | I::Sleep { .. }
            | I::Yield
            | I::HoldOthers
            | I::ResumeOthers
            | I::AwaitBegin
            | I::AwaitWait
            | I::AwaitEnd
            | I::Arm { .. }
            | I::Select { .. } => None,
        }
    }

    /// Calls `each` with what it refers to in the tables of the program.
    pub fn entries(&self, each: &mut dyn FnMut(Entry)) {
        match *self {
            I::Constant { index, .. } => each(Entry::Constant(index)),
            I::CheckSet { name, .. } | I::Name { name, .. } => each(Entry::Constant(name)),
            I::LoadGlobal { index, .. } | I::StoreGlobal { index, .. } => each(Entry::Global(index)),
            I::LoadFixed { index, .. }
            | I::StoreFixed { index, .. }
            | I::EnterFixed { index }
            | I::LeaveFixed { index } => each(Entry::Fixed(index)),
            I::LoadLocal { index, .. } | I::StoreLocal { index, .. } => each(Entry::Local(index)),
            I::CallFunction { function, .. } | I::CallMember { function, .. } => {
                each(Entry::Function(function));
            }
            I::Call { shape, .. }
            | I::CallMethod { shape, .. }
            | I::Prepare { shape, .. }
            | I::Arm { shape, .. } => each(Entry::Shape(shape)),
            I::CallMethodOf { shape, .. } => each(Entry::Shape(u32::from(shape))),
            I::CallMethodFixed { shape, index, .. } => {
                each(Entry::Shape(u32::from(shape)));
                each(Entry::Fixed(u32::from(index)));
            }
            I::CallBuiltin { row, .. } => each(Entry::Row(row)),
            I::GetField { name, .. } | I::SetField { name, .. } | I::NameElement { name, .. } => {
                each(Entry::Symbol(name));
            }
            I::Format { format, .. } => each(Entry::Symbol(format)),
            I::IsKind { kind, .. } => each(Entry::Symbol(kind)),
            I::Closure { site, .. } => each(Entry::Site(site)),
            I::Move { .. }
            | I::Nil { .. }
            | I::Bool { .. }
            | I::Int { .. }
            | I::Unset { .. }
            | I::NewCell { .. }
            | I::LoadCell { .. }
            | I::StoreCell { .. }
            | I::Add { .. }
            | I::Subtract { .. }
            | I::Multiply { .. }
            | I::Modulo { .. }
            | I::AddInt { .. }
            | I::MultiplyInt { .. }
            | I::ModuloInt { .. }
            | I::Binary { .. }
            | I::Unary { .. }
            | I::Compare { .. }
            | I::Jump { .. }
            | I::JumpIf { .. }
            | I::JumpUnless { .. }
            | I::JumpSet { .. }
            | I::Loop { .. }
            | I::LoopIf { .. }
            | I::UnlessLess { .. }
            | I::UnlessLessEqual { .. }
            | I::UnlessEqual { .. }
            | I::UnlessNotEqual { .. }
            | I::UnlessLessInt { .. }
            | I::UnlessLessEqualInt { .. }
            | I::UnlessGreaterInt { .. }
            | I::UnlessGreaterEqualInt { .. }
            | I::UnlessEqualInt { .. }
            | I::UnlessNotEqualInt { .. }
            | I::LoopLess { .. }
            | I::LoopLessEqual { .. }
            | I::LoopLessInt { .. }
            | I::LoopLessEqualInt { .. }
            | I::RangeCheck { .. }
            | I::LoopRange { .. }
            | I::Iterate { .. }
            | I::LoopItems { .. }
            | I::CountCheck { .. }
            | I::LoopCount { .. }
            | I::CallSpread { .. }
            | I::Return { .. }
            | I::ReturnNil
            | I::GetOwn { .. }
            | I::SetOwn { .. }
            | I::OwnMethod { .. }
            | I::GetIndex { .. }
            | I::SetIndex { .. }
            | I::Slice { .. }
            | I::List { .. }
            | I::Map { .. }
            | I::Range { .. }
            | I::Push { .. }
            | I::Text { .. }
            | I::Unpack { .. }
            | I::Throw { .. }
            | I::Rethrow { .. }
            | I::AssertFailed { .. }
            | I::AssertCompared { .. }
            | I::Watch { .. }
            | I::Enter { .. }
            | I::EnterTimed { .. }
            | I::Leave { .. }
            | I::Monitor { .. }
            | I::Start { .. }
            | I::Sleep { .. }
            | I::Yield
            | I::HoldOthers
            | I::ResumeOthers
            | I::AwaitBegin
            | I::AwaitWait
            | I::AwaitEnd
            | I::Select { .. } => {}
        }
    }
}
