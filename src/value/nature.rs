//! What is shared between processes holds copies: what goes in is copied, and a copy that comes out cannot be changed in
//! place, since nobody else would see that.

use super::error::{Error, Kind};
use super::{Value, wire};

/// What a list, a map or a set is to those who change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Nature {
    /// A value of the script's own.
    #[default]
    Own,
    /// A copy that something shared holds: it never changes.
    Copy,
    /// It is shared itself: what it is to hold is copied.
    Shared,
    /// A shared array: likewise, and its length never changes.
    Array,
}

impl Nature {
    /// Beside the number of a nature: it is in memory that processes share.
    pub const THERE: u8 = 4;

    /// For whoever reads back what it was, as a number.
    pub fn of(number: u8) -> Nature {
        [Nature::Own, Nature::Copy, Nature::Shared, Nature::Array][usize::from(number & !Nature::THERE)]
    }

    /// Whether all processes have it in common.
    pub fn is_one_for_all(self) -> bool {
        match self {
            Nature::Shared | Nature::Array => true,
            Nature::Own | Nature::Copy => false,
        }
    }

    /// What a list of it is called.
    pub fn word(self) -> &'static str {
        if self == Nature::Array { "array" } else { "list" }
    }

    /// Refuses changing a copy; `what` is `list`, `map` or `set`.
    #[inline]
    pub fn may_change(self, what: &str) -> Result<(), Error> {
        if self == Nature::Copy { Err(is_a_copy(what)) } else { Ok(()) }
    }

    /// What is to be held in the place of a value: of something shared, a copy.
    #[inline]
    pub fn admit(self, value: &Value) -> Result<Value, Error> {
        match self {
            Nature::Own | Nature::Copy => Ok(value.clone()),
            Nature::Shared | Nature::Array => admit(value),
        }
    }
}

/// A copy of a value, to be held by something shared.
pub fn admit(value: &Value) -> Result<Value, Error> {
    match value {
        Value::Nil
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Short(_)
        | Value::Long(_)
        | Value::Range(_) => Ok(value.clone()),
        _ => {
            let bytes = wire::encode(value, INTO)?;
            Ok(wire::decode_as(&bytes, Nature::Copy).unwrap_or(Value::Nil)) // it was encoded just now
        }
    }
}

/// A copy of plain data that whoever gets it may change.
pub fn copied(value: &Value) -> Result<Value, Error> {
    match admit(value)? {
        container @ (Value::List(_) | Value::Map(_) | Value::Set(_)) => super::copy::deep(&container),
        flat => Ok(flat),
    }
}

/// Where values go that are admitted, for messages.
pub const INTO: &str = "into what is shared between processes";

#[cold]
fn is_a_copy(what: &str) -> Error {
    let message = format!("this {what} is a copy that something shared holds: it cannot be changed in place");
    Error::new(Kind::Type, message)
        .note("nobody else would see the change: what is shared holds copies")
        .hint(format!(
            "change a {what} of your own and put it back: `let mine = copy(table[k])` … `table[k] = mine`; of a whole list or map that all change, make a `shared list` or `shared map`"
        ))
}
