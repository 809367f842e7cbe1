//! Waiting for several futures.

use super::Future;
use crate::state::{Reader, Writer};
use crate::sync::{Releasers, Sync};
use crate::value::Value;
use std::sync::Arc;

/// `wait(fs, any: true)`: until all, or any, of some futures have ended.
#[derive(Debug)]
pub struct Several {
    pub futures: Vec<Arc<Sync>>,
    pub any: bool,
}

impl Several {
    pub fn poll(&self) -> Option<Value> {
        self.ready().then(|| self.sorted())
    }

    pub fn ready(&self) -> bool {
        let mut done = self.futures.iter().map(|sync| Future::of(sync).is_ok_and(Future::is_done));
        if self.any { self.futures.is_empty() || done.any(|done| done) } else { done.all(|done| done) }
    }

    /// `[done, pending]`.
    pub fn sorted(&self) -> Value {
        let is_done = |sync: &&Arc<Sync>| Future::of(sync).is_ok_and(Future::is_done);
        let (done, pending): (Vec<_>, Vec<_>) = self.futures.iter().partition(is_done);
        let list = |part: Vec<&Arc<Sync>>| {
            Value::list(part.into_iter().map(|sync| Value::Sync(sync.clone())).collect())
        };
        Value::list(vec![list(done), list(pending)])
    }

    pub fn releasers(&self) -> Releasers {
        let known = self.futures.iter().filter_map(|sync| Some((sync.id, Future::of(sync).ok()?)));
        let pending = known.filter(|(_, future)| !future.is_done());
        let mut each: Vec<Releasers> = pending.map(|(id, future)| future.releasers(id)).collect();
        match self.any {
            true => Releasers::Either(each),
            // All are needed; the first that is missing is reason enough to wait.
            false if each.is_empty() => Releasers::Either(each),
            false => each.swap_remove(0),
        }
    }
}

impl Several {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.any);
        w.count(self.futures.len() as u64);
        self.futures.iter().for_each(|future| w.sync(future));
    }

    pub fn load(r: &mut Reader<'_>) -> Several {
        Several { any: r.flag(), futures: r.syncs() }
    }
}
