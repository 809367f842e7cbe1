//! Ends of pipes that nobody can use any more: they close themselves, and the other end learns it.
//!
//! Whether anybody holds an end is asked after each step. A thread that has let go of one closes it in a step of its own,
//! its next: between the two others may move. When it has ended with that, or its process has, it is one step.

use super::rules::Rules;
use super::step::Stepper;
use super::universe::Universe;
use crate::state::Shared;
use crate::sync::Kind;
use crate::sync::pipe::{Between, End};
use crate::sync::thread::Thread;
use std::sync::Arc;

/// What there was before a step.
pub(super) struct Before {
    /// The thread that moves, and then all others.
    threads: Vec<Arc<Thread>>,
    /// How many ends nobody could use, as those who have let go of them have not closed them yet.
    unused: u32,
}

impl Stepper<'_> {
    pub(super) fn before(&self) -> Before {
        let others = self.universe.seats.iter().map(|seat| seat.thread.clone());
        let threads = [self.thread.clone()].into_iter().chain(others).collect();
        Before { threads, unused: unused(&self.universe.snapshot(self.rules).1) }
    }
}

impl Universe {
    /// After a step: closes what nobody can use any more if that was what the step was for (`now`), or if the thread has
    /// ended with it; else it is going to, if it has let go of anything.
    pub(super) fn see_to_ends(&mut self, before: &Before, now: bool, rules: &Rules) {
        let (_, objects) = self.snapshot(rules);
        if unused(&objects) <= before.unused && !now {
            return;
        }
        let moved = |thread: &Arc<Thread>| {
            let place = before.threads.iter().position(|known| Arc::ptr_eq(known, thread));
            place.is_none_or(|place| place == 0)
        };
        let goes_on = self.seats.iter().any(|seat| Arc::ptr_eq(&seat.thread, &before.threads[0]));
        if now || !goes_on {
            let used: Vec<&End> = objects.iter().filter_map(end).collect();
            objects.iter().filter_map(between).for_each(|between| between.close_but(&used));
            return;
        }
        // Threads that it has started may have been given what they do not keep.
        for seat in self.seats.iter_mut().filter(|seat| moved(&seat.thread)) {
            seat.lets_go = true;
        }
    }
}

/// How many open ends are not among these objects.
fn unused(objects: &[Shared]) -> u32 {
    let used: Vec<&End> = objects.iter().filter_map(end).collect();
    objects.iter().filter_map(between).map(|between| between.unused(&used)).sum()
}

fn between(object: &Shared) -> Option<&Between> {
    if let Shared::Between(between) = object { Some(between) } else { None }
}

fn end(object: &Shared) -> Option<&End> {
    let Shared::Sync(sync) = object else { return None };
    if let Kind::End(end) = &sync.kind { Some(end) } else { None }
}
