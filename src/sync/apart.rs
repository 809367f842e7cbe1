//! What one core writes and others read often, or write too, in cache lines of its own. What lies beside it would have to be
//! fetched from that core each time, too.

use std::ops::Deref;

/// In two cache lines, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub T);

impl<T> Deref for Apart<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}
