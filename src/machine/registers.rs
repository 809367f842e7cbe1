//! The registers of the innermost frame and the place in its code, without checking each index again.
//!
//! Measured: the check, and keeping the slice's length at hand for it, cost a third of the time of a loop of
//! integer arithmetic. `code::verify` has checked every instruction's registers once, before the program ran.

use crate::code::{Instruction, Register};
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
    /// The registers of a frame of this stack.
    ///
    /// # Safety
    /// `base + count` is at most the stack's length: the frame's registers were reserved when it was pushed, and a
    /// stack never shrinks while its fiber runs.
    #[inline(always)]
    pub unsafe fn of_frame(stack: &'f mut [Value], base: usize, count: usize) -> Registers<'f> {
        debug_assert!(base + count <= stack.len());
        // SAFETY: inside the borrowed stack, by the caller's promise.
        Registers { first: unsafe { stack.as_mut_ptr().add(base) }, count, frame: PhantomData }
    }

    /// # Safety
    /// `index` is less than the count that `of_frame` was given: it comes from an instruction of the
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

    /// Two registers to read and one to write; None when that is one of the two.
    ///
    /// # Safety
    /// As for `get`, for each of the three.
    #[inline(always)]
    pub unsafe fn apart(
        &mut self,
        a: Register,
        b: Register,
        d: Register,
    ) -> Option<(&Value, &Value, &mut Value)> {
        if a == d || b == d {
            return None;
        }
        // SAFETY: inside the borrowed slice, by the caller's promise; the one that is written is no other's.
        unsafe {
            let at = |index: Register| self.first.add(index as usize);
            Some((&*at(a), &*at(b), &mut *at(d)))
        }
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

/// Where a function's code goes on, as a pointer: the loop has nothing to add to a base for each instruction.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'p> {
    first: *const Instruction,
    next: *const Instruction,
    /// Only looked at in debug builds.
    count: usize,
    code: PhantomData<&'p [Instruction]>,
}

impl<'p> Cursor<'p> {
    #[inline(always)]
    pub fn new(code: &'p [Instruction], position: u32) -> Cursor<'p> {
        assert!((position as usize) < code.len());
        let first = code.as_ptr();
        // SAFETY: inside the slice.
        let next = unsafe { first.add(position as usize) };
        Cursor { first, next, count: code.len(), code: PhantomData }
    }

    /// At the first instruction.
    ///
    /// # Safety
    /// The code is verified, so that there is one.
    #[inline(always)]
    pub unsafe fn start(code: &'p [Instruction]) -> Cursor<'p> {
        debug_assert!(!code.is_empty());
        Cursor { first: code.as_ptr(), next: code.as_ptr(), count: code.len(), code: PhantomData }
    }

    /// The instruction, and on to the one after it. It is lent, not copied: each handler then loads the operands that
    /// it needs from the code, and the loop has more registers of the processor for what it needs all the time.
    ///
    /// # Safety
    /// The code is verified: the last instruction does not go on, so the cursor is inside.
    #[inline(always)]
    pub unsafe fn next(&mut self) -> &'p Instruction {
        debug_assert!((self.position() as usize) < self.count);
        // SAFETY: inside the code, by the caller's promise; one past the end at most afterwards.
        unsafe {
            let instruction = &*self.next;
            self.next = self.next.add(1);
            instruction
        }
    }

    /// # Safety
    /// `to` is less than the length of the code: it comes from a verified instruction.
    #[inline(always)]
    pub unsafe fn jump(&mut self, to: u32) {
        debug_assert!((to as usize) < self.count);
        // SAFETY: inside the code, by the caller's promise.
        self.next = unsafe { self.first.add(to as usize) };
    }

    /// The number of the next instruction.
    #[inline(always)]
    pub fn position(&self) -> u32 {
        // SAFETY: both point into the same code.
        unsafe { self.next.offset_from(self.first) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Run it under Miri too: `cargo +nightly miri test registers`.
    #[test]
    fn registers_are_the_slots_of_the_frame() {
        let mut stack = vec![Value::Nil, Value::Int(1), Value::text("a long text, on the heap"), Value::Nil];
        // SAFETY: the stack has four slots.
        let mut registers = unsafe { Registers::of_frame(&mut stack, 1, 3) };
        // SAFETY: three registers.
        unsafe {
            let text = registers.get(1).clone();
            *registers.slot(2) = text;
            *registers.slot(0) = Value::Int(2);
            assert!(matches!(registers.get(0), Value::Int(2)));
            registers.row(0, 2)[1] = Value::Nil;
            let (a, b, d) = registers.apart(2, 2, 0).expect("they are apart");
            assert_eq!(a.as_text(), b.as_text());
            *d = Value::Int(2);
            assert!(registers.apart(0, 1, 1).is_none());
        }
        assert!(matches!(stack[1], Value::Int(2)));
        assert_eq!(stack[3].as_text(), Some("a long text, on the heap"));
    }

    #[test]
    fn a_cursor_goes_through_the_code() {
        let code = [Instruction::Jump { to: 1 }, Instruction::ReturnNil];
        let mut cursor = Cursor::new(&code, 1);
        assert_eq!(cursor.position(), 1);
        // SAFETY: two instructions; the last one is not followed by another.
        unsafe {
            cursor = Cursor::start(&code);
            assert!(matches!(cursor.next(), Instruction::Jump { to: 1 }));
            assert_eq!(cursor.position(), 1);
            assert!(matches!(cursor.next(), Instruction::ReturnNil));
            cursor.jump(0);
        }
        assert_eq!(cursor.position(), 0);
    }
}
