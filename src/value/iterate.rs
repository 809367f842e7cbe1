//! What a `for` goes over.

use super::error::{Error, Kind};
use super::{Type, Value, index, reads, show, text};

/// The elements as they are now: those of a list, the keys of a map, the members of a set, the characters of a
/// text, the numbers of a range, the lines of a file that have not been read. (A `for` over a queue takes from it, and is not done here.)
pub fn items(value: &Value) -> Result<Vec<Value>, Error> {
    match sequence(value) {
        Some(items) => items,
        None => Err(Error::new(
            Kind::Type,
            format!(
                "a `for` goes over a list, map, set, str, range or queue, not {}",
                show::with_article(value.kind())
            ),
        )
        .hint(match value {
            Value::Int(_) => format!("to count, use a range: 0..{}", show::brief(value)),
            _ if value.kind() == Type::Function => {
                "a function is called with parentheses, `f()`; in `map(f, xs)` it comes first".into()
            }
            _ => "put what it should go over in a list".into(),
        })),
    }
}

/// As `items`; None for what has no elements to go over.
pub fn sequence(value: &Value) -> Option<Result<Vec<Value>, Error>> {
    match value {
        Value::List(list) => Some(Ok(reads::list(list))),
        Value::Map(map) => Some(Ok(reads::in_map(map, |entries| entries.keys().cloned().collect()))),
        Value::Set(set) => Some(Ok(reads::in_set(set, |members| members.iter().cloned().collect()))),
        Value::Range(range) => Some(index::numbers(range)),
        Value::File(file) => Some(file.read().map(|text| text.lines().map(text::make).collect())),
        _ => value.as_text().map(|text| Ok(text.chars().map(text::from_char).collect())),
    }
}
