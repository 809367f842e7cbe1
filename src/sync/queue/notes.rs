//! What a deadlock's report says of a queue, and why a closed one refuses.

use super::Queue;
use crate::sync::Sync;
use crate::value::error::{self, Error};

impl Queue {
    /// What a report adds when a thread waits for a value, and nobody will put one.
    pub fn note_of_get(&self, sync: &Sync) -> Option<String> {
        let label = sync.label();
        (self.size() == 0 && !self.closed()).then(|| {
            format!("{label} is empty and not closed: each get needs a put of its own, and {label}.close() after the last put ends a `for` over it")
        })
    }

    /// What a report adds when a thread waits for room.
    pub fn note_of_put(&self, sync: &Sync) -> Option<String> {
        let most = self.capacity?;
        self.full().then(|| format!("{} holds {most} of {most}, and nobody takes any", sync.label()))
    }

    /// What a report adds when a thread waits in `join`.
    pub fn note(&self, sync: &Sync) -> Option<String> {
        let (label, unfinished, held) = (sync.label(), self.unfinished(), self.size() as u64);
        if unfinished > held {
            let taken = unfinished - held;
            return Some(format!(
                "{taken} taken from {label} and not yet reported done: call {label}.task_done() after each"
            ));
        }
        (held > 0)
            .then(|| format!("{held} still in {label}: join() waits until each is taken and reported done"))
    }
}

#[cold]
pub(super) fn too_many(sync: &Sync) -> Error {
    let message = format!("{}.task_done() called too many times", sync.label());
    Error::new(error::Kind::Value, message).hint("call it once for each value that `get` returned")
}

/// The one error for using a closed queue.
#[cold]
pub fn closed(sync: &Sync, operation: &str) -> Error {
    let label = sync.label();
    let (why, hint) = match operation {
        "put" => ("no more values can be put", "close it after the last put"),
        "submit" | "map" | "enter" => ("it takes no more tasks", "close it after the last submit"),
        _ => ("nothing is left in it", "`for x in q { }` ends when a queue is closed and empty"),
    };
    let what = match operation {
        "enter" => format!("`with {label}`"),
        _ => format!("{label}.{operation}()"),
    };
    Error::new(error::Kind::Closed, format!("{what}: {label} is closed, and {why}")).hint(hint)
}
