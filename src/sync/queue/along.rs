//! What goes with the values through a ring, noted of the number of each: for `--race`, what orders; else nothing.

use crate::race::places::Places;

/// What goes with the values, noted of the number of each.
pub trait Passing {
    /// The value of this number is put, before anybody can take it; or taken, before anybody can put into its room.
    fn passes(&self, number: u64);

    /// Lets this core have the memory of what is noted of the number, which it is about to write.
    fn fetch(&self, number: u64);
}

/// Nothing.
impl Passing for () {
    #[inline(always)]
    fn passes(&self, _: u64) {}

    #[inline(always)]
    fn fetch(&self, _: u64) {}
}

impl Passing for Places {
    #[inline(always)]
    fn passes(&self, number: u64) {
        self.passed(number);
    }

    #[inline(always)]
    fn fetch(&self, number: u64) {
        self.fetch(number);
    }
}
