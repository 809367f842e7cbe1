//! What the dispatch loop writes most: numbers in registers, and in `shared` variables.

use super::{Image, slow};
use crate::mapped::Slot;
use crate::value::{Value, put};

/// Writes an int without looking at what the register held, when it held an int.
#[inline(always)]
pub fn set_int(slot: &mut Value, n: i64) {
    if let Value::Int(old) = slot {
        *old = n;
    } else {
        set_int_over(slot, n);
    }
}

/// The rarer case, out of the loop: the number need not be kept over a call there.
#[inline(never)]
fn set_int_over(slot: &mut Value, n: i64) {
    put(slot, Value::Int(n));
}

#[inline(always)]
pub fn set_bool(slot: &mut Value, b: bool) {
    put(slot, Value::Bool(b));
}

/// Copies what a `shared var` holds to a place; false when there is nothing yet.
#[inline(always)]
pub fn load_shared(image: &Image, index: u32, slot: &mut Value) -> bool {
    let Some(memory) = &image.memory else { return image.shared(index).copy_to(slot) };
    match Slot::at(memory, memory.variable(index)).get_int() {
        Some(n) => {
            set_int(slot, n);
            true
        }
        None => slow::load_shared(memory, index, slot),
    }
}

/// Puts a number there; false when it is none, or one that takes longer.
#[inline(always)]
pub fn store_shared(image: &Image, index: u32, value: &Value) -> bool {
    let Value::Int(n) = value else { return false };
    match &image.memory {
        Some(memory) => Slot::at(memory, memory.variable(index)).set_int(*n),
        None => {
            image.shared(index).copy_from(value);
            true
        }
    }
}
