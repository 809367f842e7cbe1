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
    NotInThisVersion = 105,
    TooDeep = 106,
    // 02xx: found before running.
    UndefinedName = 201,
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
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "E{:04}", *self as u16)
    }
}
