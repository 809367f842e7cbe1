//! Ends of pipes and connections that nobody can use any more: they close themselves, and the other end learns it.
//!
//! Whether anybody holds an end is asked after each step. A thread that has let go of one closes it in a step of its own,
//! its next: between the two others may move. When it has ended with that, or its process has, it is one step.

use super::rules::Rules;
use super::step::Stepper;
use super::universe::Universe;
use crate::state::Shared;
use crate::sync::Kind;
use crate::sync::outside::simulated::{Held, Wire};
use crate::sync::pipe::{Between, End};
use crate::sync::thread::Thread;
use std::sync::Arc;

/// What there was before a step.
pub(super) struct Before {
    /// The thread that moves, and then all others.
    threads: Vec<Arc<Thread>>,
    /// How many ends nobody could use, as those who have let go of them have not closed them yet.
    unused: u32,
    /// Who has let go of some.
    letting_go: Vec<Arc<Thread>>,
}

impl Stepper<'_> {
    pub(super) fn before(&self) -> Before {
        let others = self.universe.seats.iter().map(|seat| seat.thread.clone());
        let threads = [self.thread.clone()].into_iter().chain(others).collect();
        let letting_go = self.universe.seats.iter().filter(|seat| seat.lets_go);
        let letting_go = letting_go.map(|seat| seat.thread.clone()).collect();
        Before { threads, unused: unused(&self.universe.snapshot(self.rules).1), letting_go }
    }
}

impl Universe {
    /// After a step: closes what nobody can use any more if that was what the step was for (`now`), or if the thread has
    /// ended with it; else it is going to, if it has let go of anything. Whether it depends on what others have.
    pub(super) fn see_to_ends(&mut self, before: &Before, now: bool, rules: &Rules) -> bool {
        let (_, objects) = self.snapshot(rules);
        let is_here = |thread: &Arc<Thread>| self.seats.iter().any(|seat| Arc::ptr_eq(&seat.thread, thread));
        // Who was about to close some may have been killed.
        let now = now || !before.letting_go.iter().all(is_here);
        if unused(&objects) <= before.unused && !now {
            return false;
        }
        let moved = |thread: &Arc<Thread>| {
            let place = before.threads.iter().position(|known| Arc::ptr_eq(known, thread));
            place.is_none_or(|place| place == 0)
        };
        if now || !is_here(&before.threads[0]) {
            let used: Vec<&End> = objects.iter().filter_map(end).collect();
            objects.iter().filter_map(between).for_each(|between| between.close_but(&used));
            close_wires(&objects);
            return true;
        }
        // Threads that it has started may have been given what they do not keep.
        for seat in self.seats.iter_mut().filter(|seat| moved(&seat.thread)) {
            seat.lets_go = true;
        }
        true
    }
}

/// How many open ends are not among these objects.
fn unused(objects: &[Shared]) -> u32 {
    let used: Vec<&End> = objects.iter().filter_map(end).collect();
    let pipes: u32 = objects.iter().filter_map(between).map(|between| between.unused(&used)).sum();
    let used = held(objects);
    pipes + objects.iter().filter_map(wire).map(|wire| wire.unused(&used)).sum::<u32>()
}

/// A server that closes gives up those who wait to be accepted, so servers come first.
fn close_wires(objects: &[Shared]) {
    let wires = || objects.iter().filter_map(wire);
    wires().filter(|wire| wire.is_port()).for_each(|wire| wire.close_but(&held(objects)));
    let used = held(objects);
    wires().for_each(|wire| wire.close_but(&used));
}

/// The sides of connections, and the servers, that somebody has.
fn held(objects: &[Shared]) -> Vec<Held> {
    let mut held = Vec::new();
    for object in objects {
        match object {
            Shared::Sync(sync) => {
                if let Kind::Outside(thing) = &sync.kind {
                    held.extend(thing.held());
                }
            }
            Shared::Wire(wire) => wire.keeps(&mut |side| held.push(side)),
            _ => {} // nobody has anything by the others
        }
    }
    held
}

fn wire(object: &Shared) -> Option<&Arc<Wire>> {
    if let Shared::Wire(wire) = object { Some(wire) } else { None }
}

fn between(object: &Shared) -> Option<&Between> {
    if let Shared::Between(between) = object { Some(between) } else { None }
}

fn end(object: &Shared) -> Option<&End> {
    let Shared::Sync(sync) = object else { return None };
    if let Kind::End(end) = &sync.kind { Some(end) } else { None }
}
