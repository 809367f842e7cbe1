//! `ensure`: the conditions that a run has met, and their evaluation when it has ended.
//!
//! An `invariant` is not evaluated here: between any two steps of real threads there would have to be a third.

use super::RealWorld;
use super::awaits::Awaits;
use super::run::Shared;
use super::standing::Standing;
use super::threads::Seat;
use crate::machine::{Judged, Stopped, Watch};
use crate::report::runtime::{Left, status};
use crate::sync::wait::Waiter;
use crate::value::{Value, error::Error};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What has been met, in that order.
#[derive(Default)]
pub(super) struct Ensures {
    met: Vec<Watch>,
    /// Those without variables of their own: they say the same however often they are met.
    known: HashSet<u32>,
}

impl Ensures {
    pub fn add(&mut self, watch: Watch) {
        let again = matches!(watch.body, Value::Function(_)) && !self.known.insert(watch.function);
        if watch.ensure && !again {
            self.met.push(watch);
        }
    }
}

/// What testing all of them came to.
#[derive(Default)]
pub(super) struct Tested {
    /// One for each that does not hold, or raised an error.
    pub unmet: Vec<Arc<Error>>,
    /// Testing was cut short, there and with that status.
    pub stopped: Option<(Left, i32)>,
}

impl Shared {
    /// Tests every `ensure` that was met. Called when the threads are gone, by whoever has waited for the run.
    pub fn test_ensures(self: &Arc<Shared>) -> Tested {
        let met = std::mem::take(&mut self.ensures.lock().met);
        let mut tested = Tested::default();
        if met.is_empty() {
            return tested;
        }
        let mut world = self.after();
        let code = self.code();
        for watch in met {
            match watch.evaluate(&code.image, &mut world) {
                Judged::Holds => {}
                Judged::Fails(error) | Judged::Raised(error) => tested.unmet.push(error),
                Judged::Stopped => {
                    let doing = format!("tests an `{}`", watch.word());
                    let line = code.image.program.source.line(watch.span.start);
                    let status = self.cut_short().unwrap_or(status::INTERRUPTED);
                    let holds = self.things.labels_held_by(&self.main);
                    tested.stopped = Some((Left { thread: self.main.name(), doing, line, holds }, status));
                    break;
                }
            }
        }
        tested
    }

    /// What the thread `main` sees of a world whose run has ended.
    fn after(self: &Arc<Shared>) -> RealWorld {
        let seat = Seat {
            thread: self.main.clone(),
            daemon: false,
            standing: Mutex::new(Standing::Untold),
            rests: AtomicU64::new(0),
            awaits: Awaits::default(),
            waiter: Arc::new(Waiter::new(self.awake.clone())),
            still: AtomicBool::new(false),
            reads_input: AtomicBool::new(false),
            frees: AtomicBool::new(false),
            blocked: Mutex::new(None),
            ending: AtomicBool::new(false),
            told: AtomicBool::new(false),
            outgrown: AtomicBool::new(false),
        };
        RealWorld { after: true, ..RealWorld::new(self.clone(), Arc::new(seat)) }
    }

    /// The status of Ctrl-C or `--timeout`, when one of them has come after the run's end.
    fn cut_short(&self) -> Option<i32> {
        let limit = self.options.timeout.map(|timeout| i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX));
        if self.bell.interrupted() {
            Some(status::INTERRUPTED)
        } else if limit.is_some_and(|limit| self.clock.now() >= limit) {
            Some(status::TIMEOUT)
        } else {
            None
        }
    }
}

impl RealWorld {
    /// A safe point after the run's end.
    pub(super) fn stand_after(&self) -> Result<(), Stopped> {
        match self.shared.cut_short() {
            Some(_) => Err(Stopped),
            None => Ok(()),
        }
    }
}
