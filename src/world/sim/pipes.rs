//! Ends of pipes that nobody can use any more: they close themselves, and the other end learns it.
//!
//! Whether anybody holds an end is asked after each step. A thread that has let go of one closes it in a step of its own,
//! its next: between the two others may move. When it has ended with that, or its process has, it is one step.

use super::rules::Rules;
use super::step::Stepper;
use super::universe::Universe;
use crate::state::Shared;
use crate::sync::Kind;
use crate::sync::pipe::End;
use crate::sync::thread::Thread;
use std::sync::Arc;

impl Stepper<'_> {
    /// The thread that moves, and then all others.
    pub(super) fn threads_there(&self) -> Vec<Arc<Thread>> {
        let others = self.universe.seats.iter().map(|seat| seat.thread.clone());
        [self.thread.clone()].into_iter().chain(others).collect()
    }
}

impl Universe {
    /// After a step of the first of these threads, beside which the others were there: closes what nobody can use any
    /// more if that was what the step was for (`now`), or if the thread has ended; else it is going to.
    pub(super) fn see_to_ends(&mut self, before: &[Arc<Thread>], now: bool, rules: &Rules) {
        let (_, objects) = self.snapshot(rules);
        let used: Vec<&End> = objects.iter().filter_map(end).collect();
        let betweens = || {
            objects.iter().filter_map(|object| match object {
                Shared::Between(between) => Some(between),
                _ => None,
            })
        };
        if !betweens().any(|between| between.has_unused(&used)) {
            return;
        }
        let moved = |thread: &Arc<Thread>| {
            let place = before.iter().position(|known| Arc::ptr_eq(known, thread));
            place.is_none_or(|place| place == 0)
        };
        let goes_on = self.seats.iter().any(|seat| Arc::ptr_eq(&seat.thread, &before[0]));
        if now || !goes_on {
            betweens().for_each(|between| between.close_but(&used));
            return;
        }
        // Threads that it has started may have been given what they do not keep.
        for seat in self.seats.iter_mut().filter(|seat| moved(&seat.thread)) {
            seat.lets_go = true;
        }
    }
}

fn end(object: &Shared) -> Option<&End> {
    let Shared::Sync(sync) = object else { return None };
    if let Kind::End(end) = &sync.kind { Some(end) } else { None }
}
