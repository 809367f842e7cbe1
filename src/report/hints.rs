//! What to do about an error of conc whose maker gave no hint of its own, by its kind.

use crate::value::error::Kind;

/// None where nothing can be said that holds for every error of the kind.
pub fn hint(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Timeout => Some("allow more time, or catch \"timeout\" and go on without it"),
        Kind::Closed => Some("a `for x in q { }` ends by itself when the queue is closed and empty"),
        Kind::Full => Some("wait with put(x), or make room by taking something first"),
        Kind::Empty => Some("wait with get(), or ask for a default with try_get(default)"),
        Kind::Broken => {
            Some("every thread at a broken barrier gets this error; reset() makes it usable again")
        }
        Kind::Abandoned => {
            Some("take locks with `with m { }`: it releases them also when an error leaves the block")
        }
        Kind::Cancelled => Some("catch \"cancelled\" where a task may have been called off"),
        Kind::Type => Some("type(x) tells what a value is; str(x), int(x) and float(x) convert"),
        Kind::Index => Some("indexes go from 0 to len - 1, and from -1 back to -len"),
        Kind::Key => Some("use m.get(key, default), or ask `key in m` first"),
        Kind::Zero => Some("check the divisor before dividing"),
        Kind::Overflow => Some("integers have 64 bits; floats reach further: write 1.0 for 1"),
        Kind::Recursion => Some("look for a call that never comes to its end, or write a loop"),
        Kind::Memory => Some("work in smaller parts, and let go of what is no longer needed"),
        Kind::NotFound => Some("exists(path) tells whether a file is there"),
        Kind::NotOwner => Some("only the thread that acquired it may release it; `with m { }` pairs the two"),
        Kind::Deadlock => Some("take locks in the same order in every thread, or give up with a timeout"),
        Kind::Error
        | Kind::Assertion
        | Kind::Invariant
        | Kind::Ensure
        | Kind::Value
        | Kind::State
        | Kind::Refused
        | Kind::Other(_) => None,
    }
}
