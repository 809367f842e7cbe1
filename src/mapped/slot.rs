//! A word that holds a value: small ones in itself, others as bytes in a block that it leads to.
//!
//! Reading takes no lock: the bytes are copied, then the word is looked at again. If it is still the same, they were
//! those of its value. (A block that was given back meanwhile can hold anything, but is still there; and a word never
//! leads to the same block twice with the same mark.)

use super::{Memory, Place};
use crate::value::error::Error;
use crate::value::nature::{INTO, Nature};
use crate::value::{Value, wire};
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// What the lowest bits of a word tell: one bit is enough for the most common.
const INT: u64 = 0b1;
const FLOAT: u64 = 0b10;
const BLOCK: u64 = 0b000;
const PLAIN: u64 = 0b0100;
const TEXT: u64 = 0b1100;
const FLOAT_MASK: u64 = 0b11;
const BLOCK_MASK: u64 = 0b111;
const MASK: u64 = 0b1111;
const MASK_BITS: u32 = 4;
/// Of a word that leads to a block: its number, after three bits; above, the mark.
const NUMBER_BITS: u32 = 37;
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;
/// Plain values.
const NIL: u64 = PLAIN;
const FALSE: u64 = 1 << MASK_BITS | PLAIN;
const TRUE: u64 = 2 << MASK_BITS | PLAIN;
const ZERO: u64 = 3 << MASK_BITS | PLAIN;
/// The longest text in a word.
const SHORT: usize = 7;

/// The word of a slot, with its mapping.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'m> {
    memory: &'m Memory,
    word: &'m AtomicU64,
}

/// Of new blocks.
static MARKS: AtomicU64 = AtomicU64::new(0);

impl<'m> Slot<'m> {
    #[inline(always)]
    pub fn at(memory: &'m Memory, number: usize) -> Slot<'m> {
        Slot { memory, word: memory.word(number) }
    }

    pub fn of(place: &'m Place) -> Slot<'m> {
        Slot { memory: &place.memory, word: place.word() }
    }

    /// What it holds; `Unset` when it was never set.
    #[inline(always)]
    pub fn get(self) -> Value {
        let word = self.word.load(Ordering::SeqCst);
        if word & INT != 0 { Value::Int((word as i64) >> 1) } else { self.get_rest(word, Nature::Copy).1 }
    }

    /// What it holds, when that is a number in the word itself.
    #[inline(always)]
    pub fn get_int(self) -> Option<i64> {
        let word = self.word.load(Ordering::SeqCst);
        (word & INT != 0).then_some((word as i64) >> 1)
    }

    /// The same, with the word; containers are of a nature.
    pub fn get_with_word(self, nature: Nature) -> (u64, Value) {
        self.get_rest(self.word.load(Ordering::SeqCst), nature)
    }

    #[inline]
    pub fn now(self) -> u64 {
        self.word.load(Ordering::SeqCst)
    }

    fn get_rest(self, mut word: u64, nature: Nature) -> (u64, Value) {
        loop {
            let value = value_of(self.memory, word, nature);
            if is_block(word) {
                fence(Ordering::SeqCst);
                let now = self.word.load(Ordering::SeqCst);
                if now != word {
                    word = now;
                    continue;
                }
            }
            // It was encoded: only bytes that were read too late are none.
            return (word, value.unwrap_or(Value::Nil));
        }
    }

    /// Puts a value in. It must be admissible.
    #[inline(always)]
    pub fn set(self, value: &Value) -> Result<(), Error> {
        if let Value::Int(n) = value
            && self.set_int(*n)
        {
            return Ok(());
        }
        self.swap(encode(self.memory, value)?);
        Ok(())
    }

    /// Puts a number in; false when it has no room in a word.
    #[inline(always)]
    pub fn set_int(self, n: i64) -> bool {
        if (n << 1) >> 1 != n {
            return false;
        }
        let old = self.word.swap((n << 1) as u64 | INT, Ordering::SeqCst);
        if is_block(old) {
            std::hint::cold_path();
            free(self.memory, old);
        }
        true
    }

    /// The word of a value, to be put in.
    pub fn encode(self, value: &Value) -> Result<u64, Error> {
        encode(self.memory, value)
    }

    /// Puts a word in that `encode` made.
    pub fn swap(self, new: u64) {
        let old = self.word.swap(new, Ordering::SeqCst);
        free(self.memory, old);
    }

    /// Puts a word in that `encode` made in place of another; false when that is no longer there.
    pub fn exchange(self, old: u64, new: u64) -> bool {
        match self.word.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => {
                free(self.memory, old);
                true
            }
            Err(_) => {
                free(self.memory, new);
                false
            }
        }
    }

    /// Any change as one step: `f` sees the value and tells the new one, if it is to change; it is asked again when
    /// somebody else was faster. Gives the value that `f` saw last, and what else it told.
    pub fn change<T>(self, f: &mut dyn FnMut(&Value) -> (Option<Value>, T)) -> Result<(Value, T), Error> {
        loop {
            let (word, now) = self.get_with_word(Nature::Copy);
            let (new, told) = f(&now);
            let Some(new) = new else { return Ok((now, told)) };
            if self.exchange(word, encode(self.memory, &new)?) {
                return Ok((now, told));
            }
        }
    }
}

pub(super) fn is_block(word: u64) -> bool {
    word & BLOCK_MASK == BLOCK && word != 0
}

fn block_of(word: u64) -> usize {
    ((word >> 3) & NUMBER) as usize
}

/// The value of a word whose block nobody gives back meanwhile; None when the block holds no value.
pub(super) fn value_of(memory: &Memory, word: u64, nature: Nature) -> Option<Value> {
    if word & INT != 0 {
        return Some(Value::Int((word as i64) >> 1));
    }
    if word & FLOAT_MASK == FLOAT {
        return Some(Value::Float(f64::from_bits(unrolled(word))));
    }
    Some(match word & MASK {
        PLAIN => match word {
            NIL => Value::Nil,
            FALSE => Value::Bool(false),
            ZERO => Value::Float(0.0),
            _ => Value::Bool(true),
        },
        TEXT => {
            let bytes = (word >> 8).to_le_bytes();
            let length = (word >> MASK_BITS & 0b111) as usize;
            Value::text(std::str::from_utf8(&bytes[..length]).ok()?)
        }
        _ if word == 0 => Value::Unset,
        _ => {
            return wire::decode_as(&bytes_in(memory, word)?, nature);
        }
    })
}

/// The bytes in the block of a word; None when it is none.
pub(super) fn bytes_in(memory: &Memory, word: u64) -> Option<Vec<u8>> {
    let block = block_of(word);
    let length = length_of(memory, block)?;
    let words = length.div_ceil(8);
    let mut bytes = Vec::new();
    // What was read too late may claim any length: memory is not taken for what is not there.
    bytes.try_reserve_exact(words * 8).ok()?;
    for place in block + 1..=block + words {
        bytes.extend_from_slice(&memory.word(place).load(Ordering::Relaxed).to_le_bytes());
    }
    bytes.truncate(length);
    Some(bytes)
}

/// The first of them, or fewer where there are fewer: zeros then.
pub(super) fn first_bytes_in<const N: usize>(memory: &Memory, word: u64) -> Option<[u8; N]> {
    let block = block_of(word);
    let length = length_of(memory, block)?.min(N);
    let mut bytes = [0; N];
    for (chunk, place) in bytes[..length].chunks_mut(8).zip(block + 1..) {
        chunk.copy_from_slice(&memory.word(place).load(Ordering::Relaxed).to_le_bytes()[..chunk.len()]);
    }
    Some(bytes)
}

/// How many bytes there are in a block; None when there cannot be so many.
fn length_of(memory: &Memory, block: usize) -> Option<usize> {
    if block >= memory.words() {
        return None;
    }
    let length = memory.word(block).load(Ordering::Relaxed) as usize;
    (length <= memory.words() && block + length.div_ceil(8) < memory.words()).then_some(length)
}

/// The word of a value, with a block of its own where it needs one.
pub(super) fn encode(memory: &Memory, value: &Value) -> Result<u64, Error> {
    match value {
        Value::Unset => return Ok(0),
        Value::Nil => return Ok(NIL),
        Value::Bool(b) => return Ok(if *b { TRUE } else { FALSE }),
        Value::Int(n) if (*n << 1) >> 1 == *n => return Ok((*n << 1) as u64 | INT),
        Value::Float(x) => {
            if let Some(word) = rolled(x.to_bits()) {
                return Ok(word);
            }
        }
        other => {
            if let Some(text) = other.as_text().filter(|text| text.len() <= SHORT) {
                let mut bytes = [0; 8];
                bytes[1..=text.len()].copy_from_slice(text.as_bytes());
                return Ok(u64::from_le_bytes(bytes) | (text.len() as u64) << MASK_BITS | TEXT);
            }
        }
    }
    block_with(memory, &wire::encode(value, INTO)?)
}

/// The word of a new block that holds these bytes.
pub(super) fn block_with(memory: &Memory, bytes: &[u8]) -> Result<u64, Error> {
    let block = memory.take(1 + bytes.len().div_ceil(8))?;
    memory.word(block).store(bytes.len() as u64, Ordering::Relaxed);
    for (place, chunk) in bytes.chunks(8).enumerate() {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        memory.word(block + 1 + place).store(u64::from_le_bytes(word), Ordering::Relaxed);
    }
    let process = memory.own.load(Ordering::Relaxed) as u64;
    let mark = MARKS.fetch_add(1, Ordering::Relaxed) ^ process << 12;
    Ok(mark << (NUMBER_BITS + 3) | (block as u64) << 3 | BLOCK)
}

/// How many bytes a value takes, by its word: those of its block, or the word's own. None for a word that leads nowhere:
/// it was read too late.
pub(super) fn bytes_of(memory: &Memory, word: u64) -> Option<usize> {
    if is_block(word) { length_of(memory, block_of(word)) } else { Some(size_of::<u64>()) }
}

/// Gives back the block of a word that is nowhere any more.
pub(super) fn free(memory: &Memory, word: u64) {
    if is_block(word) {
        let block = block_of(word);
        let length = memory.word(block).load(Ordering::Relaxed) as usize;
        memory.give(block, 1 + length.div_ceil(8));
    }
}

/// A float in a word: where the exponent is not extreme, its three highest bits are 011 or 100, and one tells which.
/// That leaves two bits for what the word is.
fn rolled(bits: u64) -> Option<u64> {
    if bits == 0 {
        return Some(ZERO);
    }
    let turned = bits.rotate_left(4);
    let small = match turned & 0b111 {
        0b011 => 1,
        0b100 => 0,
        _ => return None,
    };
    Some((turned & !MASK) | (turned & 0b1000) | small << 2 | FLOAT)
}

fn unrolled(word: u64) -> u64 {
    let exponent = if word & 0b100 != 0 { 0b011 } else { 0b100 };
    ((word & !0b111) | exponent).rotate_right(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::compare;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Nil),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-100..100i64).prop_map(Value::Int),
            any::<f64>().prop_filter("is itself", |x| !x.is_nan()).prop_map(Value::Float),
            (-1e9..1e9f64).prop_map(Value::Float),
            Just(Value::Float(0.0)),
            any::<i64>().prop_map(Value::Duration),
            ".{0,12}".prop_map(|text| Value::text(&text)),
            prop::collection::vec(any::<i64>().prop_map(Value::Int), 0..20).prop_map(Value::list),
        ]
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(values in prop::collection::vec(values(), 1..20)) {
            let memory = Memory::new(1).expect("there is address space");
            let slot = Slot::at(&memory, memory.variable(0));
            prop_assert!(matches!(slot.get(), Value::Unset));
            for value in &values {
                slot.set(value).expect("there is room");
                let back = slot.get();
                prop_assert!(compare::equal(value, &back), "{value:?} came out as {back:?}");
                prop_assert_eq!(value.kind(), back.kind());
            }
        }
    }

    /// Every value that is read is one that was written, whole.
    #[test]
    fn no_value_is_torn() {
        let memory = Memory::new(1).expect("there is address space");
        let slot = Slot::at(&memory, memory.variable(0));
        let value = |n: usize| Value::list(vec![Value::Int(n as i64); 1 + n % 40]);
        slot.set(&value(0)).expect("there is room");
        let rounds = if cfg!(miri) { 20 } else { 20_000 };
        std::thread::scope(|scope| {
            for first in 0..2 {
                scope.spawn(move || {
                    (0..rounds).for_each(|n| slot.set(&value(first + 2 * n)).expect("there is room"));
                });
            }
            scope.spawn(move || {
                for _ in 0..rounds {
                    let Value::List(list) = slot.get() else { panic!("only lists were put in") };
                    let values = list.snapshot();
                    let Value::Int(n) = values[0] else { panic!("of numbers") };
                    assert_eq!(values.len(), 1 + n as usize % 40);
                    assert!(values.iter().all(|value| matches!(value, Value::Int(m) if *m == n)));
                }
            });
        });
    }
}
