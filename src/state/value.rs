//! Values in a node's content: a tag, then what belongs to it. What a value refers to becomes a reference to a node.

use super::{Reader, Shared, Writer};
use crate::builtin;
use crate::value::{Range, Value, text};
use std::sync::Arc;

/// The tags; a value's first byte.
const UNSET: u8 = 0;
const NIL: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const INT: u8 = 4;
const FLOAT: u8 = 5;
const DURATION: u8 = 6;
const TEXT: u8 = 7;
const FUNCTION: u8 = 8;
const BUILTIN: u8 = 9;
const RANGE: u8 = 10;
const CLOSURE: u8 = 11;
const BOUND: u8 = 12;
const LIST: u8 = 13;
const MAP: u8 = 14;
const SET: u8 = 15;
const OBJECT: u8 = 16;
const ERROR: u8 = 17;
const THREAD: u8 = 18;
const SYNC: u8 = 19;
const FILE: u8 = 20;
const CELL: u8 = 21;
/// A long text by its number.
const KEPT: u8 = 22;
/// A small int in one byte: what a state holds most often, and in long lists.
const SMALL: u8 = 128;
const LAST_SMALL: u8 = NO_VALUE - 1;
const LARGEST_SMALL: i64 = (LAST_SMALL - SMALL) as i64;
/// No value's first byte: what is no value may begin with it where there may be one.
pub const NO_VALUE: u8 = u8::MAX;

pub(super) fn write(value: &Value, w: &mut Writer<'_>) {
    let mut node = |tag: u8, object: Shared| {
        w.byte(tag);
        w.shared(object);
    };
    match value {
        Value::Unset => w.byte(UNSET),
        Value::Nil => w.byte(NIL),
        Value::Bool(b) => w.byte(if *b { TRUE } else { FALSE }),
        Value::Int(n @ 0..=LARGEST_SMALL) => w.byte(SMALL + *n as u8),
        Value::Int(n) => {
            w.byte(INT);
            w.int(*n);
        }
        Value::Float(x) => {
            w.byte(FLOAT);
            w.bytes.extend_from_slice(&x.to_bits().to_le_bytes());
        }
        Value::Duration(ns) => {
            w.byte(DURATION);
            w.int(*ns);
        }
        Value::Short(short) => {
            w.byte(TEXT);
            w.text(short.as_str());
        }
        Value::Long(long) => match w.number_of_text(long) {
            Some(number) => {
                w.byte(KEPT);
                w.count(u64::from(number));
            }
            None => {
                w.byte(TEXT);
                w.text(long.as_str());
            }
        },
        Value::Function(number) => {
            w.byte(FUNCTION);
            w.count(u64::from(*number));
        }
        Value::Builtin(row) => {
            w.byte(BUILTIN);
            w.count(builtin::number_of(row) as u64);
        }
        Value::Range(range) => {
            w.byte(RANGE);
            w.int(range.start);
            w.int(range.end);
        }
        Value::Closure(it) => node(CLOSURE, Shared::Closure(it.clone())),
        Value::Bound(it) => node(BOUND, Shared::Bound(it.clone())),
        Value::List(it) => node(LIST, Shared::List(it.clone())),
        Value::Map(it) => node(MAP, Shared::Map(it.clone())),
        Value::Set(it) => node(SET, Shared::Set(it.clone())),
        Value::Object(it) => node(OBJECT, Shared::Object(it.clone())),
        Value::Error(it) => node(ERROR, Shared::Error(it.clone())),
        Value::Thread(it) => node(THREAD, Shared::Thread(it.clone())),
        Value::Sync(it) => node(SYNC, Shared::Sync(it.clone())),
        Value::File(it) => node(FILE, Shared::File(it.clone())),
        Value::Cell(it) => node(CELL, Shared::Cell(it.clone())),
    }
}

pub(super) fn read(r: &mut Reader<'_>) -> Value {
    match r.byte() {
        UNSET => Value::Unset,
        NIL => Value::Nil,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(r.int()),
        small @ SMALL..=LAST_SMALL => Value::Int(i64::from(small - SMALL)),
        FLOAT => {
            let mut bits = [0; 8];
            bits.fill_with(|| r.byte());
            Value::Float(f64::from_bits(u64::from_le_bytes(bits)))
        }
        DURATION => Value::Duration(r.int()),
        TEXT => text::make(r.text()),
        KEPT => {
            let number = r.count() as u32;
            Value::Long(r.objects.kept().numbered_text(number))
        }
        FUNCTION => Value::Function(r.count() as u32),
        BUILTIN => Value::Builtin(builtin::numbered(r.count() as usize)),
        RANGE => {
            let (start, end) = (r.int(), r.int());
            Value::Range(Arc::new(Range { start, end }))
        }
        CLOSURE..=CELL => match r.shared() {
            Shared::Cell(it) => Value::Cell(it),
            Shared::List(it) => Value::List(it),
            Shared::Map(it) => Value::Map(it),
            Shared::Set(it) => Value::Set(it),
            Shared::Object(it) => Value::Object(it),
            Shared::Closure(it) => Value::Closure(it),
            Shared::Bound(it) => Value::Bound(it),
            Shared::Error(it) => Value::Error(it),
            Shared::File(it) => Value::File(it),
            Shared::Thread(it) => Value::Thread(it),
            Shared::Sync(it) => Value::Sync(it),
            other @ (Shared::Ticket(_)
            | Shared::Round(_)
            | Shared::Failure(_)
            | Shared::Left(_)
            | Shared::Space(_)
            | Shared::Between(_)
            | Shared::Wire(_)) => {
                unreachable!("{other:?} is no value")
            }
        },
        tag => unreachable!("no value has the tag {tag}"),
    }
}
