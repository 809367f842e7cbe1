//! A run that goes on in one living universe, from its beginning to its end: nothing of it is stored, and no step is tried
//! that is not taken. Who cannot do its operation rests in it, what is to be chosen is drawn, and threads stand in no
//! order.
//!
//! What more than one thread can reach is not found anew for each step, since that takes as long as the state is large:
//! once something was made known, what is not known to be shared is taken to be, for about as many steps as it costs to
//! look. That makes more steps and no other ones.

use super::rules::Rules;
use super::universe::Universe;
use crate::machine::Space;
use fastrand::Rng;
use std::sync::Arc;

/// So many steps, for each node of a state, before it is worth looking at it.
const WORTH: u64 = 16;
/// Bytes of a large node that count as one more.
const LARGE: u64 = 64;

/// What such a run keeps from step to step.
#[derive(Debug)]
pub struct Course {
    dice: Rng,
    /// Something may have been made known since it was found what is shared.
    unsure: bool,
    /// How many steps ago that was, and after how many it is worth to do it again.
    steps: u64,
    worth: u64,
    /// The places that threads have left in the last step, one after the other: each time the last one took the place.
    pub left: Vec<usize>,
    /// How many threads the first process has had, with `main`.
    pub started: usize,
}

impl Course {
    pub fn new(seed: u64) -> Course {
        Course { dice: Rng::with_seed(seed), unsure: true, steps: 0, worth: 0, left: Vec::new(), started: 1 }
    }

    /// For the choices of a step.
    pub(super) fn fork(&mut self) -> Rng {
        self.dice.fork()
    }

    pub(super) fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// A step has been taken, in which something may have been made known.
    pub(super) fn stepped(&mut self, published: bool) {
        self.steps += 1;
        self.unsure |= published;
    }
}

impl Universe {
    /// Before a step of a run that goes on: finds what is shared, if that is not known and worth it.
    pub fn look_who_shares(&mut self, rules: &Rules) {
        let Some(course) = &self.course else { return };
        // Nobody else is there who could reach anything.
        if !course.unsure || course.steps < course.worth || self.seats.len() == 1 {
            return;
        }
        let size = self.share(rules, None);
        if let Some(course) = &mut self.course {
            (course.unsure, course.steps, course.worth) = (false, 0, WORTH * size.nodes + size.bytes / LARGE);
        }
    }

    /// Threads that have ended in a step are gone: the one that took it, or one that is new, beyond the first `others`.
    pub(super) fn sweep(&mut self, mover: usize, others: usize, rules: &Rules) {
        match &mut self.course {
            // With its process may have ended any.
            Some(course) if !rules.processes => {
                for at in (others..self.seats.len()).rev().chain([mover]) {
                    if self.seats[at].thread.ended() {
                        self.seats.swap_remove(at);
                        course.left.push(at);
                    }
                }
            }
            Some(_) | None => self.seats.retain(|seat| !seat.thread.ended()),
        }
    }

    /// How many threads live in a process.
    pub(super) fn living_in(&self, space: Option<&Arc<Space>>, rules: &Rules) -> usize {
        match rules.processes {
            true => self.seats.iter().filter(|seat| seat.is_in(space)).count(),
            false => self.seats.len(),
        }
    }
}
