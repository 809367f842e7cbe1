//! The error codes: one row each, by the room that reports them. A code never changes its meaning.

/// `E0301`: shown with every error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Code {
    // 01xx: the text cannot be understood.
    Syntax = 101,
    TooLarge = 199,
    Unclosed = 102,
    BadNumber = 103,
    BadText = 104,
    TooDeep = 106,
    // 02xx: found before running.
    UndefinedName = 201,
    DuplicateName = 202,
    UsedBeforeDeclaration = 203,
    /// A local called like a member of the class it stands in.
    ShadowedMember = 204,
    /// A member of a thread called like something every thread has.
    ReservedMember = 205,
    WrongArguments = 206,
    CannotAssign = 207,
    /// A statement where it means nothing: `break` outside a loop, `self` outside a class.
    Misplaced = 208,
    /// Waiting in what runs as one step.
    WaitInOneStep = 209,
    CannotStart = 210,
    /// `submit(f(), x)` for `submit(f, x)`.
    CallHandedOver = 211,
    /// No such method or property of a thing whose type is known.
    UnknownMember = 212,
    /// A kind of thing that cannot stand here: `condition c for q` with a queue.
    WrongThing = 213,
    ShadowedBuiltin = 214,
    UnknownKind = 215,
    /// A statement without any effect, such as `x == 1`.
    NoEffect = 216,
    /// A signal that there is not, or that nobody can handle.
    WrongSignal = 219,
    /// A thread is joined in the round of a loop that starts it.
    OneAfterAnother = 221,
    /// `if` around the wait of a condition.
    LooksOnce = 222,
    /// A thing is compared with what it can only hold: `a == 3` of an atomic.
    NeverEqual = 223,
    // 03xx: while running, by kind of error value.
    Thrown = 300,
    Timeout = 301,
    Closed = 302,
    Full = 303,
    Empty = 304,
    Broken = 305,
    Abandoned = 306,
    Cancelled = 307,
    Assertion = 308,
    Type = 309,
    Value = 310,
    Index = 311,
    Key = 312,
    Zero = 313,
    Overflow = 314,
    Recursion = 315,
    Memory = 316,
    NotFound = 317,
    NotOwner = 318,
    State = 319,
    Refused = 320,
    Deadlock = 321,
    Invariant = 322,
    Ensure = 323,
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "E{:04}", *self as u16)
    }
}
