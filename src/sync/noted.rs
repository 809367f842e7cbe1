//! What is noted of a thing where a run looks at what its threads do: how often it was used, what it orders, who is told.
//!
//! Nearly all runs look at nothing. So there is one question for all of it, which an operation asks once (`is_noted`), of
//! what lies beside the thing itself; who asks does what is left in a way of its own, with no further question.

use super::Sync;
use super::counts::Counts;
use crate::race::Watched;
use std::sync::{Arc, OnceLock};

#[derive(Debug, Default)]
pub(super) struct Noted {
    /// For `--stats`.
    counts: OnceLock<Arc<Counts>>,
    /// For `--race` and `--trace`.
    watched: OnceLock<Arc<Watched>>,
}

impl Sync {
    /// Whether what is done with it is counted, ordered or told to anybody.
    #[inline(always)]
    pub fn is_noted(&self) -> bool {
        self.noted.get().is_some()
    }

    #[inline(always)]
    pub fn counts(&self) -> Option<&Arc<Counts>> {
        self.noted.get()?.counts.get()
    }

    #[inline(always)]
    pub fn watched(&self) -> Option<&Arc<Watched>> {
        self.noted.get()?.watched.get()
    }

    /// It is counted from now on, unless it is already.
    pub fn count_in(&self, counts: Arc<Counts>) {
        let _ = self.noted.get_or_init(Box::default).counts.set(counts);
    }

    /// It is watched from now on, likewise.
    pub fn watch(&self, watched: impl FnOnce() -> Watched) {
        self.noted.get_or_init(Box::default).watched.get_or_init(|| Arc::new(watched()));
    }

    /// It is the same thing as the other, which may be watched.
    pub fn watch_as(&self, other: &Sync) {
        if let Some(watched) = other.watched() {
            let _ = self.noted.get_or_init(Box::default).watched.set(watched.clone());
        }
    }
}
