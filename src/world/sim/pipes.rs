//! Ends of pipes and connections that nobody can use any more: they close themselves, and the other end learns it.
//!
//! Whether anybody holds an end is asked after each step. A thread that has let go of one closes it in a step of its own,
//! its next: between the two others may move. When it has ended with that, or its process has, it is one step.

use super::rules::Rules;
use super::step::Stepper;
use super::universe::Universe;
use crate::machine::Space;
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
    /// The process of the thread that moves.
    space: Option<Arc<Space>>,
}

impl Stepper<'_> {
    pub(super) fn before(&self) -> Before {
        let others = self.universe.seats.iter().map(|seat| seat.thread.clone());
        let threads = [self.thread.clone()].into_iter().chain(others).collect();
        let letting_go = self.universe.seats.iter().filter(|seat| seat.lets_go);
        let letting_go: Vec<Arc<Thread>> = letting_go.map(|seat| seat.thread.clone()).collect();
        // Where nobody is about to close any, all that nobody could use are closed.
        let all_closed = letting_go.is_empty();
        debug_assert!(
            !all_closed || self.universe.left_out || self.universe.ends(self.rules).unused() == 0,
            "who has let go closes them"
        );
        Before {
            threads,
            unused: match all_closed || self.universe.left_out {
                true => 0,
                false => self.universe.unused_ends(self.rules),
            },
            letting_go,
            space: self.space.clone(),
        }
    }
}

impl Universe {
    /// Where the other threads have been left out: whether ends may have to be seen to, other than because the thread has let
    /// go of something. That is told by who knows what it has led to.
    pub(super) fn may_see_to_ends(&self, before: &Before, now: bool) -> bool {
        let is_here = self.seats.iter().any(|seat| Arc::ptr_eq(&seat.thread, &before.threads[0]));
        now || !before.letting_go.is_empty() || !is_here
    }

    /// How many ends are open that nobody can use.
    pub(super) fn unused_ends(&self, rules: &Rules) -> u32 {
        self.ends(rules).unused()
    }

    /// After a step: closes what nobody can use any more if that was what the step was for (`now`), or if the thread has
    /// ended with it; else it is going to, if it has let go of anything. Whether it depends on what others have. `own`: how many
    /// nobody could use before those moved that the thread has started, if it has: they see to theirs.
    pub(super) fn see_to_ends(
        &mut self,
        before: &Before,
        now: bool,
        own: Option<u32>,
        rules: &Rules,
    ) -> bool {
        let ends = self.ends(rules);
        let is_here = |thread: &Arc<Thread>| self.seats.iter().any(|seat| Arc::ptr_eq(&seat.thread, thread));
        // Who was about to close some may have been killed.
        let now = now || !before.letting_go.iter().all(is_here);
        if ends.unused() <= before.unused && !now {
            // What the variables of a process hold is of no use any more when its last thread ends.
            return !self.seats.iter().any(|seat| seat.is_in(before.space.as_ref()));
        }
        if now || !is_here(&before.threads[0]) {
            ends.close();
            return true;
        }
        if own.is_none_or(|own| own > before.unused) {
            let mover = self.seats.iter_mut().find(|seat| Arc::ptr_eq(&seat.thread, &before.threads[0]));
            mover.into_iter().for_each(|seat| seat.lets_go = true);
        }
        true
    }
}

/// What there is at a moment, and what of it is of use to anybody.
struct Ends {
    objects: Vec<Shared>,
    /// Of each, whether a thread leads to it, or a variable of a process that has threads.
    in_use: Vec<bool>,
}

impl Universe {
    fn ends(&self, rules: &Rules) -> Ends {
        let (snapshot, objects) = self.leads(rules);
        let has_threads = |space: Option<&Arc<Space>>| self.seats.iter().any(|seat| seat.is_in(space));
        let first = has_threads(None);
        if first && self.spaces().iter().all(|space| has_threads(Some(space))) {
            return Ends { in_use: vec![true; objects.len()], objects };
        }
        let mut seen = vec![false; snapshot.nodes.len()];
        let seats = snapshot.roots - snapshot.seats;
        let mut pending: Vec<usize> = (if first { 0 } else { seats }..snapshot.roots).collect();
        while let Some(node) = pending.pop() {
            let object = node.checked_sub(snapshot.roots).map(|at| &objects[at]);
            let idle = matches!(object, Some(Shared::Space(space)) if !has_threads(Some(space)));
            if !std::mem::replace(&mut seen[node], true) && !idle {
                pending.extend(snapshot.nodes.refs_of(node).iter().map(|to| *to as usize));
            }
        }
        Ends { in_use: seen.split_off(snapshot.roots), objects }
    }
}

impl Ends {
    /// The ends of pipes that somebody can use.
    fn used(&self) -> Vec<&End> {
        let used = self.objects.iter().zip(&self.in_use).filter(|(_, used)| **used);
        used.filter_map(|(object, _)| end(object)).collect()
    }

    /// How many are open that nobody can use.
    fn unused(&self) -> u32 {
        let used = self.used();
        let pipes: u32 = self.objects.iter().filter_map(between).map(|between| between.unused(&used)).sum();
        let held = self.held();
        pipes + self.objects.iter().filter_map(wire).map(|wire| wire.unused(&held)).sum::<u32>()
    }

    /// Closes those. A server that closes gives up those who wait to be accepted, so servers come first.
    fn close(&self) {
        let used = self.used();
        self.objects.iter().filter_map(between).for_each(|between| between.close_but(&used));
        let wires = || self.objects.iter().filter_map(wire);
        wires().filter(|wire| wire.is_port()).for_each(|wire| wire.close_but(&self.held()));
        let held = self.held();
        wires().for_each(|wire| wire.close_but(&held));
    }

    /// The sides of connections, and the servers, that somebody can use. A server that nobody can use has its callers still.
    fn held(&self) -> Vec<Held> {
        let mut held = Vec::new();
        for (object, used) in self.objects.iter().zip(&self.in_use) {
            match object {
                Shared::Sync(sync) if *used => {
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
