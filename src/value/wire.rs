//! Plain data as bytes, for pipes and connections: nil, bool, numbers, durations, texts, ranges, lists, maps and sets.
//!
//! What is read may come from anybody, so it is checked; what is no value is an error. A list that is in two places
//! arrives as two lists. Nothing here calls itself: values may be nested as deeply as they like.
//!
//! A value is a byte that tells its type, then its content: integers as 8 bytes with the lowest first, a text as its
//! length and its bytes, a list, map or set as the number of its parts and the parts.

use super::error::{Error, Kind};
use super::list::List;
use super::map::Map;
use super::nature::Nature;
use super::set::Set;
use super::{Range, Value, compare, show, text};
use std::collections::HashSet;
use std::sync::Arc;

const NIL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const DURATION: u8 = 5;
const TEXT: u8 = 6;
const RANGE: u8 = 7;
const LIST: u8 = 8;
const MAP: u8 = 9;
const SET: u8 = 10;

enum Step {
    Value(Value),
    /// All parts of the container at this address are written.
    Leave(usize),
}

/// The bytes of a value. An error when it, or something in it, is no plain data; `to` says where it was to go.
pub fn encode(value: &Value, to: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut around = HashSet::new();
    let mut ahead = vec![Step::Value(value.clone())];
    while let Some(step) = ahead.pop() {
        let value = match step {
            Step::Value(value) => value,
            Step::Leave(address) => {
                around.remove(&address);
                continue;
            }
        };
        let parts = match &value {
            Value::List(list) => list.snapshot(),
            Value::Map(map) => map.snapshot().into_iter().flat_map(|(key, value)| [key, value]).collect(),
            Value::Set(set) => set.snapshot().into_iter().collect(),
            flat => {
                write_flat(flat, &mut bytes, to)?;
                continue;
            }
        };
        let address = compare::address(&value).unwrap_or_default();
        if !around.insert(address) {
            let what = show::with_article(value.kind());
            return Err(Error::new(Kind::Value, format!("{what} that contains itself cannot be sent {to}"))
                .hint("send the parts one by one"));
        }
        let (tag, count) = match &value {
            Value::List(_) => (LIST, parts.len()),
            Value::Map(_) => (MAP, parts.len() / 2),
            _ => (SET, parts.len()),
        };
        bytes.push(tag);
        write_count(count, &mut bytes);
        ahead.push(Step::Leave(address));
        ahead.extend(parts.into_iter().rev().map(Step::Value));
    }
    Ok(bytes)
}

fn write_flat(value: &Value, bytes: &mut Vec<u8>, to: &str) -> Result<(), Error> {
    let mut number = |tag: u8, bits: [u8; 8]| {
        bytes.push(tag);
        bytes.extend(bits);
    };
    match value {
        Value::Nil => bytes.push(NIL),
        Value::Bool(false) => bytes.push(FALSE),
        Value::Bool(true) => bytes.push(TRUE),
        Value::Int(n) => number(INT, n.to_le_bytes()),
        Value::Float(x) => number(FLOAT, x.to_bits().to_le_bytes()),
        Value::Duration(ns) => number(DURATION, ns.to_le_bytes()),
        Value::Short(text) => write_text(text.as_str(), bytes),
        Value::Long(text) => write_text(text.as_str(), bytes),
        Value::Range(range) => {
            number(RANGE, range.start.to_le_bytes());
            bytes.extend(range.end.to_le_bytes());
        }
        other => {
            let what = show::with_article(other.kind());
            return Err(Error::new(Kind::Type, format!("{what} cannot be sent {to}"))
                .note("only plain data can leave its thread's memory: numbers, texts, lists, maps, sets")
                .hint("send what is needed of it: a name, a number, a list of its fields"));
        }
    }
    Ok(())
}

fn write_count(count: usize, bytes: &mut Vec<u8>) {
    bytes.extend((count as u64).to_le_bytes());
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(TEXT);
    write_count(text.len(), bytes);
    bytes.extend(text.as_bytes());
}

/// A container of which some parts are still to come.
struct Open {
    tag: u8,
    left: u64,
    parts: Vec<Value>,
}

/// The value of bytes that `encode` made. None when they are something else.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    decode_as(bytes, Nature::Own)
}

/// The same, of containers of a certain nature.
pub fn decode_as(bytes: &[u8], nature: Nature) -> Option<Value> {
    let mut rest = bytes;
    let mut open: Vec<Open> = Vec::new();
    loop {
        let tag = take::<1>(&mut rest)?[0];
        let mut value = match tag {
            LIST | MAP | SET => {
                let count = u64::from_le_bytes(take(&mut rest)?);
                let left = if tag == MAP { count.checked_mul(2)? } else { count };
                open.push(Open { tag, left, parts: Vec::new() });
                None
            }
            flat => Some(read_flat(flat, &mut rest)?),
        };
        loop {
            if let Some(done) = value.take() {
                let Some(around) = open.last_mut() else { return rest.is_empty().then_some(done) };
                around.left -= 1;
                around.parts.push(done);
            }
            if open.last().is_none_or(|last| last.left > 0) {
                break;
            }
            value = Some(open.pop()?.close(nature)?);
        }
    }
}

impl Open {
    fn close(self, nature: Nature) -> Option<Value> {
        Some(match self.tag {
            LIST => Value::List(Arc::new(List::of(nature, self.parts))),
            MAP => {
                let mut parts = self.parts.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                    compare::hashable(&key).ok()?;
                    entries.push((key, value));
                }
                Value::Map(Arc::new(Map::of(nature, entries.into_iter().collect())))
            }
            _ => {
                self.parts.iter().try_for_each(|part| compare::hashable(part).ok())?;
                Value::Set(Arc::new(Set::of(nature, self.parts.into_iter().collect())))
            }
        })
    }
}

fn read_flat(tag: u8, rest: &mut &[u8]) -> Option<Value> {
    Some(match tag {
        NIL => Value::Nil,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(i64::from_le_bytes(take(rest)?)),
        FLOAT => Value::Float(f64::from_bits(u64::from_le_bytes(take(rest)?))),
        DURATION => Value::Duration(i64::from_le_bytes(take(rest)?)),
        RANGE => {
            let (start, end) = (i64::from_le_bytes(take(rest)?), i64::from_le_bytes(take(rest)?));
            Value::Range(Arc::new(Range { start, end }))
        }
        TEXT => {
            let length = usize::try_from(u64::from_le_bytes(take(rest)?)).ok()?;
            let (text, after) = rest.split_at_checked(length)?;
            *rest = after;
            text::make(std::str::from_utf8(text).ok()?)
        }
        _ => return None,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let flat = prop_oneof![
            Just(Value::Nil),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<i64>().prop_map(Value::Duration),
            (-1e9..1e9f64).prop_map(Value::Float),
            ".{0,20}".prop_map(|text| text::make(&text)),
            any::<(i64, i64)>().prop_map(|(start, end)| Value::range(start, end)),
        ];
        flat.prop_recursive(4, 40, 6, |inner| {
            let keys = prop_oneof![any::<i64>().prop_map(Value::Int), ".{0,20}".prop_map(|t| text::make(&t))];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::list),
                prop::collection::vec((keys.clone(), inner), 0..6)
                    .prop_map(|entries| Value::map(entries.into_iter().collect())),
                prop::collection::vec(keys, 0..6)
                    .prop_map(|members| Value::set(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_sent_arrives(value in values()) {
            let bytes = encode(&value, "there").expect("it is plain data");
            let back = decode(&bytes).expect("it was encoded");
            prop_assert!(compare::equal(&value, &back));
            // A part of it is no value, and neither is more than it.
            prop_assert!(decode(&bytes[..bytes.len() - 1]).is_none());
            prop_assert!(decode(&[&bytes[..], &[0]].concat()).is_none());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(prop_oneof![0..12u8, any::<u8>()], 0..60)) {
            decode(&bytes);
        }
    }

    #[test]
    fn deep_values_and_rings() {
        let mut deep = Value::Nil;
        for _ in 0..100_000 {
            deep = Value::list(vec![deep]);
        }
        let bytes = encode(&deep, "there").expect("it is plain data");
        assert!(decode(&bytes).is_some());
        let ring = Value::list(Vec::new());
        if let Value::List(list) = &ring {
            list.push(ring.clone());
            assert_eq!(encode(&ring, "there").expect_err("it has no end").kind, Kind::Value);
            list.replace(Vec::new()); // else it would never be freed
        }
        // The same list twice is no ring.
        let twice = Value::list(vec![deep.clone(), deep]);
        assert!(encode(&twice, "there").is_ok());
    }
}
