//! The registers of the innermost frame, read and written without checking the index again.
//!
//! Measured: the check, and keeping the slice's length at hand for it, cost a third of the time of a loop of
//! integer arithmetic. `code::verify` has checked every instruction's registers once, before the program ran.

use crate::code::Register;
use crate::value::Value;
use std::marker::PhantomData;

/// Borrows the frame's part of the fiber's stack, so that nothing can move or resize it meanwhile.
pub(super) struct Registers<'f> {
    first: *mut Value,
    /// Only looked at in debug builds.
    count: usize,
    frame: PhantomData<&'f mut [Value]>,
}

impl<'f> Registers<'f> {
    /// The slice has as many registers as the function of the frame says.
    #[inline(always)]
    pub fn new(frame: &'f mut [Value]) -> Registers<'f> {
        Registers { first: frame.as_mut_ptr(), count: frame.len(), frame: PhantomData }
    }

    /// # Safety
    /// `index` is less than the number of registers that `new` was given: it comes from an instruction of the
    /// verified function whose frame this is.
    #[inline(always)]
    pub unsafe fn get(&self, index: Register) -> &Value {
        debug_assert!((index as usize) < self.count);
        // SAFETY: inside the borrowed slice, by the caller's promise; shared while `self` is.
        unsafe { &*self.first.add(index as usize) }
    }

    /// # Safety
    /// As for `get`.
    #[inline(always)]
    pub unsafe fn slot(&mut self, index: Register) -> &mut Value {
        debug_assert!((index as usize) < self.count);
        // SAFETY: inside the borrowed slice, by the caller's promise; exclusive while `self` is.
        unsafe { &mut *self.first.add(index as usize) }
    }

    /// # Safety
    /// As for `get`, for each of `count` registers from `first` on.
    #[inline(always)]
    pub unsafe fn row(&mut self, first: Register, count: usize) -> &mut [Value] {
        debug_assert!(first as usize + count <= self.count);
        // SAFETY: inside the borrowed slice, by the caller's promise; exclusive while `self` is.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(first as usize), count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run it under Miri too: `cargo +nightly miri test registers`.
    #[test]
    fn registers_are_the_slots_of_the_frame() {
        let mut stack = vec![Value::Nil, Value::Int(1), Value::text("a long text, on the heap"), Value::Nil];
        let mut registers = Registers::new(&mut stack[1..4]);
        // SAFETY: three registers.
        unsafe {
            let text = registers.get(1).clone();
            *registers.slot(2) = text;
            *registers.slot(0) = Value::Int(2);
            assert!(matches!(registers.get(0), Value::Int(2)));
            registers.row(0, 2)[1] = Value::Nil;
        }
        assert!(matches!(stack[1], Value::Int(2)));
        assert_eq!(stack[3].as_text(), Some("a long text, on the heap"));
    }
}
