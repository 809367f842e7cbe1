//! The instruction table: every instruction of the machine, in one place.
//!
//! Registers are numbered from the base of the frame. A frame's registers are: `self` (of a member), the
//! parameters, the captured variables, then locals and temporaries. A captured variable that can change is kept
//! in a cell, and its register holds the cell.

use crate::syntax::tree::{BinaryOperator, CompareOperator, UnaryOperator};

pub type Register = u16;

/// At most 8 bytes. `d` is the destination, `s` the source, `a` and `b` operands, `at` the first of several
/// registers in a row, `to` the instruction to go on with.
#[derive(Debug, Clone, Copy)]
#[rustfmt::skip] // a table: an instruction is a line
pub enum Instruction {
    // Values into registers.
    Move { d: Register, s: Register },
    Nil { d: Register },
    Bool { d: Register, value: bool },
    Int { d: Register, value: i32 },
    Constant { d: Register, index: u32 },
    Unset { d: Register },

    // Variables. `Fixed` globals are written once and can be lent; the others are cells.
    LoadGlobal { d: Register, index: u32 },
    StoreGlobal { s: Register, index: u32 },
    /// The same of a `shared var`, which all processes of the run have in common.
    LoadShared { d: Register, index: u32 },
    StoreShared { s: Register, index: u32 },
    LoadFixed { d: Register, index: u32 },
    StoreFixed { s: Register, index: u32 },
    /// A fresh cell that holds what the register holds.
    NewCell { d: Register },
    /// `name` is what the variable is called, for reports.
    LoadCell { d: Register, cell: Register, name: u16 },
    StoreCell { cell: Register, s: Register, name: u16 },
    /// An error that names the variable (a constant) when the register is not set.
    CheckSet { a: Register, name: u32 },
    LoadLocal { d: Register, index: u32 },
    StoreLocal { s: Register, index: u32 },

    // Arithmetic: the common operators first for ints, the rest by `Binary`.
    Add { d: Register, a: Register, b: Register },
    Subtract { d: Register, a: Register, b: Register },
    Multiply { d: Register, a: Register, b: Register },
    Modulo { d: Register, a: Register, b: Register },
    AddInt { d: Register, a: Register, value: i16 },
    MultiplyInt { d: Register, a: Register, value: i16 },
    ModuloInt { d: Register, a: Register, value: i16 },
    Binary { operator: BinaryOperator, d: Register, a: Register, b: Register },
    Unary { operator: UnaryOperator, d: Register, a: Register },
    Compare { operator: CompareOperator, d: Register, a: Register, b: Register },

    // Jumps. `Loop…` ones go backward and are safe points; the others go forward.
    Jump { to: u32 },
    JumpIf { a: Register, to: u32 },
    JumpUnless { a: Register, to: u32 },
    /// Unless the register is unset.
    JumpSet { a: Register, to: u32 },
    Loop { to: u32 },
    LoopIf { a: Register, to: u32 },
    UnlessLess { a: Register, b: Register, to: u16 },
    UnlessLessEqual { a: Register, b: Register, to: u16 },
    UnlessEqual { a: Register, b: Register, to: u16 },
    UnlessNotEqual { a: Register, b: Register, to: u16 },
    UnlessLessInt { a: Register, value: i16, to: u16 },
    UnlessLessEqualInt { a: Register, value: i16, to: u16 },
    UnlessGreaterInt { a: Register, value: i16, to: u16 },
    UnlessGreaterEqualInt { a: Register, value: i16, to: u16 },
    UnlessEqualInt { a: Register, value: i16, to: u16 },
    UnlessNotEqualInt { a: Register, value: i16, to: u16 },
    LoopLess { a: Register, b: Register, to: u16 },
    LoopLessEqual { a: Register, b: Register, to: u16 },
    LoopLessInt { a: Register, value: i16, to: u16 },
    LoopLessEqualInt { a: Register, value: i16, to: u16 },

    // `for`: three registers, the items (or the next number), the position (or the end), the variable.
    /// Checks that `at` and `at + 1` are ints; makes the end exclusive.
    RangeCheck { at: Register, inclusive: bool },
    /// The next number into `at + 2` and back to `to`; past the end, on with the next instruction.
    LoopRange { at: Register, to: u32 },
    /// What `at` holds becomes what is iterated over.
    Iterate { at: Register },
    /// The next item into `at + 2` and back to `to`; after the last, on with the next instruction.
    LoopItems { at: Register, to: u32 },
    /// `repeat`: checks that it is an int, not negative.
    CountCheck { a: Register },
    /// One less; back to `to` while it was not zero.
    LoopCount { a: Register, to: u32 },

    // Calls. The value comes into `at`.
    /// A known function; its parameters are at `at`, complete.
    CallFunction { at: Register, function: u32 },
    /// The callee at `at`, the arguments after it.
    Call { at: Register, shape: u32 },
    /// The receiver at `at`, the arguments after it.
    CallMethod { at: Register, shape: u32 },
    /// The receiver is lent by another register; the arguments come after `at`.
    CallMethodOf { at: Register, shape: u16, object: Register },
    /// The receiver is a fixed global; the arguments come after `at`.
    CallMethodFixed { at: Register, shape: u16, index: u16 },
    /// A known builtin; its arguments at `at`, complete.
    CallBuiltin { at: Register, count: u16, row: u16 },
    /// The same with arguments that are variables of a function of conc's own, from `first` on, where they stay. (Else each of
    /// a worker's tasks would count it and its crew several times more, and what several threads count takes longest.)
    CallBuiltinOn { count: u8, at: Register, first: Register, row: u16 },
    /// A member function of the instance in `receiver`; `self` and the parameters are at `at`, complete.
    CallMember { at: Register, function: u32 },
    /// The callee at `at`, a list of arguments after it.
    CallSpread { at: Register },
    Return { s: Register },
    ReturnNil,

    // Fields and elements.
    GetField { d: Register, object: Register, name: u16 },
    SetField { object: Register, name: u16, s: Register },
    /// A field of the instance itself, by its number in the class.
    GetOwn { d: Register, object: Register, index: u16 },
    SetOwn { object: Register, index: u16, s: Register },
    /// A method of the instance itself, as a value.
    OwnMethod { d: Register, object: Register, index: u16 },
    GetIndex { d: Register, object: Register, index: Register },
    SetIndex { object: Register, index: Register, s: Register },
    /// The same with a constant.
    SetIndexConstant { object: Register, index: Register, constant: u16 },
    /// Start and end at `at` and `at + 1`, nil where left out.
    Slice { d: Register, object: Register, at: Register },

    // Making things.
    List { d: Register, at: Register, count: u16 },
    /// Keys and values in turn; `count` pairs.
    Map { d: Register, at: Register, count: u16 },
    Range { d: Register, at: Register, inclusive: bool },
    Push { list: Register, s: Register },
    /// The texts of `count` values, joined.
    Text { d: Register, at: Register, count: u16 },
    /// The format is a constant.
    Format { d: Register, s: Register, format: u16 },
    /// The function of the site, with what it captures.
    Closure { d: Register, site: u32 },
    /// Takes a list of `count` elements apart, into the registers from `at`.
    Unpack { s: Register, at: Register, count: u16 },
    /// Gives a thing to wait for its name, a constant, unless it has one.
    Name { a: Register, name: u32 },
    /// Tells reports what the value is called, a constant: a variable of the top level that only the script's own code names.
    Called { a: Register, name: u32 },
    /// Gives the next element of a list of things its name: `forks[2]`.
    NameElement { a: Register, list: Register, name: u16 },

    // Errors.
    Throw { s: Register },
    /// Goes on with an error (or an exit) that a handler for cleaning up has put into the register.
    Rethrow { s: Register },
    /// Goes on with an error that was raised in a `finally`, in place of the one (or the exit) that had led there.
    Supersede { s: Register, earlier: Register },
    /// Whether the error is of the kind that the constant names.
    IsKind { d: Register, s: Register, kind: u16 },
    /// Raises an assertion's failure; the message in the register (nil for none).
    AssertFailed { message: Register },
    /// As above, with the operands of the comparison that failed, at `at` and `at + 1`.
    AssertCompared { message: Register, at: Register },

    /// Hands a condition over to the world: a function without parameters, which raises an error when the condition
    /// is false, and else returns true.
    Watch { s: Register, ensure: bool },

    // Waiting and threads.
    Enter { a: Register },
    EnterFixed { index: u32 },
    /// With a timeout; whether it was entered into `d`.
    EnterTimed { d: Register, a: Register, timeout: Register },
    Leave { a: Register },
    LeaveFixed { index: u32 },
    /// Leaves, and goes on behind what is done after an error.
    LeaveTo { a: Register, to: u32 },
    LeaveFixedTo { index: u32, to: u16 },
    /// The monitor's lock of the instance.
    Monitor { d: Register, object: Register },
    /// The thread that would call what is at `at` with the arguments after it.
    Prepare { at: Register, shape: u32 },
    /// Starts a thread, timer…
    Start { a: Register },
    Sleep { a: Register },
    Yield,
    HoldOthers,
    ResumeOthers,
    AwaitBegin,
    AwaitWait,
    AwaitEnd,
    /// An error unless it holds how long something may take: of the `after` of a `select`, or the `timeout` of a `with`.
    Lasts { a: Register, after: bool },
    /// Adds an arm to the `select` that follows: the receiver at `at`, the arguments after it.
    Arm { at: Register, shape: u32 },
    /// The arm's number into `d` and its value into `d + 1`; the number is -1 for `after` or `else`. `limit` holds a
    /// duration, nil for none, or is unset for `else`.
    Select { d: Register, limit: Register },
}

const _: () = assert!(size_of::<Instruction>() == 8);
