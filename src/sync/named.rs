//! Whether the name of a thread was put into words that a script may come to see, and how the thread is. A state may leave out
//! names, and the numbers in them, as long as that does not happen; a simulated world asks after each step.

use std::cell::Cell;

thread_local! {
    /// For this OS thread.
    static TOLD: Cell<Told> = const { Cell::new(Told { in_error: false, in_text: false, of_state: false }) };
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// In the message of an error, which is seen when the error is caught or asked for.
    pub in_error: bool,
    /// In the text of a value.
    pub in_text: bool,
    /// With whether it runs, waits or has ended.
    pub of_state: bool,
}

pub(super) fn in_error() {
    TOLD.set(Told { in_error: true, ..TOLD.get() });
}

pub fn in_text() {
    TOLD.set(Told { in_text: true, ..TOLD.get() });
}

/// The text of the thread itself, which tells how it is.
pub fn with_its_state() {
    TOLD.set(Told { in_text: true, of_state: true, ..TOLD.get() });
}

/// What was told since it was asked last.
pub fn take() -> Told {
    TOLD.take()
}

/// The names that are asked for meanwhile are for reports only.
pub fn aside<T>(report: impl FnOnce() -> T) -> T {
    let before = TOLD.get();
    let reported = report();
    TOLD.set(before);
    reported
}

/// The names that are asked for meanwhile are for the error with which it ends, if it does.
pub fn for_errors<T, E>(done: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let before = TOLD.get();
    let done = done();
    if done.is_ok() {
        TOLD.set(before);
    }
    done
}
