//! Futures and failures as parts of a state: written, and made again from what was written.

use super::{Failure, Future, Origin, Stage, State, Task, Watcher, Watchers};
use crate::state::{Reader, Shared, Writer};
use crate::sync::pool::Crew;
use crate::sync::thread::{Arguments, Entry};
use crate::sync::wait::WaitQueue;
use crate::value::step::Brief;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

impl Future {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.text(self.what());
        w.option(self.origin.crew.upgrade(), |w, crew| w.sync(&crew));
    }

    pub fn load(r: &mut Reader<'_>) -> Future {
        let what = r.text().into();
        let origin = r.option(|r| Crew::origin(&r.sync(), &what));
        let origin = origin.unwrap_or_else(|| Arc::new(Origin { what, crew: Weak::new() }));
        let state = State { stage: Stage::Pending, task: Task::Taken(Arguments::new()), watchers: None };
        Future { origin, state: Brief::new(state), offer: OnceLock::new(), done: WaitQueue::new() }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        let state = self.state.lock();
        match &state.stage {
            Stage::Pending => w.byte(0),
            Stage::Running(worker) => {
                w.byte(1);
                w.thread_id(*worker);
            }
            Stage::Done(value) => {
                w.byte(2);
                w.value(value);
            }
            Stage::Failed(failure) => {
                w.byte(3);
                w.shared(Shared::Failure(failure.clone()));
            }
            Stage::Cancelled => w.byte(4),
        }
        w.option(state.task.given(), |w, task| task.save(w));
        // A queue that is gone will be told nothing.
        let watchers: Vec<_> = state
            .watchers()
            .iter()
            .filter_map(|watcher| Some((watcher.queue.upgrade()?, &watcher.left)))
            .collect();
        w.count(watchers.len() as u64);
        for (queue, left) in watchers {
            w.sync(&queue);
            w.shared(Shared::Left(left.clone()));
        }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let stage = match r.byte() {
            0 => Stage::Pending,
            1 => Stage::Running(r.thread_id()),
            2 => Stage::Done(r.value()),
            3 => Stage::Failed(r.failure()),
            4 => Stage::Cancelled,
            stage => unreachable!("no future is at the stage {stage}"),
        };
        let task = r.option(Entry::load).map_or(Task::Taken(Arguments::new()), Task::Given);
        let watcher = |r: &mut Reader<'_>| Watcher { queue: Arc::downgrade(&r.sync()), left: r.left() };
        let watchers: Vec<Watcher> = (0..r.count()).map(|_| watcher(r)).collect();
        let watchers = (!watchers.is_empty()).then(|| Box::new(Watchers(watchers)));
        *self.state.lock() = State { stage, task, watchers };
    }
}

impl Failure {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.text(&self.what);
        w.shared(Shared::Error(self.error.clone()));
        w.flag(self.asked.load(Ordering::Relaxed));
    }

    pub fn load(r: &mut Reader<'_>) -> Failure {
        Failure { what: r.text().into(), error: r.error(), asked: AtomicBool::new(false) }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.asked.store(r.flag(), Ordering::Relaxed);
    }
}
