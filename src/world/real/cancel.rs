//! Ends a run from another thread of the program around it.

use super::run::{Cause, Shared};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};

/// Ends the runs that it was given to: those that go on, and those that begin later.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    cancelled: bool,
    runs: Vec<Weak<Shared>>,
}

impl Cancel {
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Every thread of the runs stops where it stands.
    pub fn cancel(&self) {
        let mut state = self.0.lock();
        state.cancelled = true;
        let runs = std::mem::take(&mut state.runs);
        drop(state);
        runs.iter().filter_map(Weak::upgrade).for_each(|run| run.finish(Cause::Interrupted));
    }

    pub(super) fn attend_to(&self, run: &Arc<Shared>) {
        let mut state = self.0.lock();
        state.runs.retain(|run| run.strong_count() > 0);
        state.runs.push(Arc::downgrade(run));
        let cancelled = state.cancelled;
        drop(state);
        if cancelled {
            run.finish(Cause::Interrupted);
        }
    }
}
