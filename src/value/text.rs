//! Texts: immutable UTF-8, short ones inside the value itself.

use super::Value;
use std::sync::Arc;

/// The most bytes that a text inside a value can have.
pub const SHORT: usize = 14;

/// Bytes past the text are zero, so that equal texts are equal as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Short {
    len: u8,
    bytes: [u8; SHORT],
}

/// A text of its own. `chars` is counted once: it is the length that scripts see.
#[derive(Debug)]
pub struct Long {
    text: Box<str>,
    chars: usize,
}

impl Short {
    /// None when it is too long.
    #[inline]
    pub fn new(text: &str) -> Option<Short> {
        if text.len() > SHORT {
            return None;
        }
        let mut bytes = [0; SHORT];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Short { len: text.len() as u8, bytes })
    }

    #[inline]
    pub fn as_str(&self) -> &str {
        // Made from a `str` only, whole.
        std::str::from_utf8(self.as_bytes()).expect("a short text is UTF-8")
    }

    /// Its bytes as a number, the first byte lowest.
    #[inline]
    fn word(&self) -> u128 {
        let mut bytes = [0; 16];
        bytes[..SHORT].copy_from_slice(&self.bytes);
        u128::from_le_bytes(bytes)
    }

    /// The text of these bytes, of which at most `SHORT` are not zero.
    #[inline]
    fn from_word(word: u128, len: usize) -> Short {
        let mut bytes = [0; SHORT];
        bytes.copy_from_slice(&word.to_le_bytes()[..SHORT]);
        Short { len: len as u8, bytes }
    }

    /// One after the other, if there is room.
    #[inline]
    pub fn joined(&self, right: &Short) -> Option<Short> {
        let length = (self.len + right.len) as usize;
        (length <= SHORT).then(|| Short::from_word(append(self.word(), self.len, right.word()), length))
    }

    /// All that it is, in two numbers, for hashing.
    #[inline]
    pub fn words(&self) -> [u64; 2] {
        let (mut first, mut second) = ([0; 8], [0; 8]);
        first.copy_from_slice(&self.bytes[..8]);
        second[..SHORT - 8].copy_from_slice(&self.bytes[8..]);
        second[7] = self.len;
        [u64::from_le_bytes(first), u64::from_le_bytes(second)]
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..(self.len as usize).min(SHORT)]
    }
}

impl std::fmt::Debug for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Long {
    pub fn new(text: impl Into<Box<str>>) -> Long {
        let text = text.into();
        let chars = text.chars().count();
        Long { text, chars }
    }

    #[inline]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The length in characters.
    pub fn chars(&self) -> usize {
        self.chars
    }

    pub fn is_ascii(&self) -> bool {
        self.chars == self.text.len()
    }
}

impl AsRef<[u8]> for Long {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// A value for the text, in the representation its length asks for (so that equal texts are kept alike).
#[inline]
pub fn make(text: &str) -> Value {
    match Short::new(text) {
        Some(short) => Value::Short(short),
        None => Value::Long(Arc::new(Long::new(text))),
    }
}

/// As `make`, keeping the memory of a long text that is already at hand.
#[inline]
pub fn from_string(text: String) -> Value {
    match Short::new(&text) {
        Some(short) => Value::Short(short),
        None => Value::Long(Arc::new(Long::new(text))),
    }
}

/// One after the other, copied once.
pub fn join(left: &str, right: &str) -> Value {
    let length = left.len() + right.len();
    if length <= SHORT {
        let mut bytes = [0; SHORT];
        bytes[..left.len()].copy_from_slice(left.as_bytes());
        bytes[left.len()..length].copy_from_slice(right.as_bytes());
        return Value::Short(Short { len: length as u8, bytes });
    }
    let mut text = String::with_capacity(length);
    text.push_str(left);
    text.push_str(right);
    from_string(text)
}

/// The texts of the values one after the other, when all are short texts and ints and there is room in a value.
#[inline]
pub fn join_short(values: &[Value]) -> Option<Value> {
    let (mut joined, mut length) = (0, 0);
    for value in values {
        let (word, more) = match value {
            Value::Short(text) => (text.word(), text.len as usize),
            Value::Int(n) => {
                let mut digits = itoa::Buffer::new();
                let digits = digits.format(*n).as_bytes();
                (digits.iter().rev().fold(0, |word, digit| word << 8 | u128::from(*digit)), digits.len())
            }
            _ => return None,
        };
        if length + more > SHORT {
            return None;
        }
        joined = append(joined, length as u8, word);
        length += more;
    }
    Some(Value::Short(Short::from_word(joined, length)))
}

/// The bytes of one text and then of another, as numbers: a few instructions, where a copy of so many bytes as it may
/// be is a call, and is not ready before it has gone through the memory.
#[inline]
fn append(first: u128, length: u8, second: u128) -> u128 {
    // A text of no more than `SHORT` bytes leaves room for the shift.
    first | second << (8 * u32::from(length))
}

/// A text of one character.
pub fn from_char(character: char) -> Value {
    make(character.encode_utf8(&mut [0; 4]))
}

/// The length in characters of a value that is a text.
pub fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Long(text) => Some(text.chars()),
        other => other.as_text().map(|text| text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Joined or made at once, a text is the same value: what a map looks it up by.
    #[test]
    fn joined_texts_are_as_made_at_once() {
        let whole = "aé\u{10ffff}bcdefghijklmnop";
        let places: Vec<usize> = whole.char_indices().map(|(at, _)| at).collect();
        for (from, to) in places.iter().flat_map(|from| places.iter().map(move |to| (*from, *to))) {
            let (Some(left), Some(right)) = (Short::new(&whole[..from]), Short::new(&whole[..to])) else {
                continue;
            };
            let together = format!("{}{}", left.as_str(), right.as_str());
            assert_eq!(left.joined(&right), Short::new(&together));
            let values = [Value::Short(left), Value::Short(right)];
            assert_eq!(join_short(&values), Short::new(&together).map(Value::Short));
        }
        let number = |n: i64| join_short(&[Value::Int(n), Value::text("!")]);
        assert_eq!(number(-1_234_567), Some(Value::text("-1234567!")));
        assert_eq!(number(1_234_567_890_123), Some(Value::text("1234567890123!")));
        assert_eq!(number(i64::MIN), None);
    }
}
