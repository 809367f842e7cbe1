//! What the threads of a run did, leg by leg, so that others can do the same again (`world::legs`).

use super::step::Way;
use super::universe::Seat;
use crate::sync::thread::Thread;
use crate::world::legs::{End, Leg, Legs};
use std::sync::Arc;

#[derive(Debug)]
pub struct Record {
    threads: Vec<Arc<Thread>>,
    legs: Vec<Leg>,
    steps: usize,
    /// How many choices of the present step belong to legs that have been made.
    chosen: usize,
}

impl Record {
    /// Of a run that is about to begin.
    pub fn new(main: Arc<Thread>) -> Record {
        Record { threads: vec![main], legs: Vec::new(), steps: 0, chosen: 0 }
    }

    /// With the names that the threads have now.
    pub fn into_legs(self) -> Legs {
        let threads = self.threads.iter().map(|thread| thread.name()).collect();
        Legs { threads, legs: self.legs, steps: self.steps }
    }

    pub(super) fn started(&mut self, thread: &Arc<Thread>) {
        self.threads.push(thread.clone());
    }

    /// The thread of this seat has made its leg of the present step. It was asked about so many instructions, and these
    /// are the choices of the whole step so far.
    pub(super) fn leg(&mut self, seat: &Seat, way: Way, asked: u64, choices: &[(u32, u32)]) {
        let end = if seat.thread.ended() {
            End::Over
        } else if seat.failing.is_some() || seat.exiting.is_some() {
            End::Fails
        } else if seat.wait.is_some() {
            End::Waits
        } else {
            End::Stands
        };
        // The instruction that it stands before has been asked about as well.
        let instructions = if end == End::Stands { asked.saturating_sub(1) } else { asked };
        let known = self.threads.iter().position(|thread| Arc::ptr_eq(thread, &seat.thread));
        let Some(thread) = known else { return };
        self.legs.push(Leg {
            thread,
            step: self.steps,
            times_out: way == Way::TimeOut,
            instructions,
            choices: choices[self.chosen..].to_vec(),
            end,
        });
        self.chosen = choices.len();
    }

    pub(super) fn next_step(&mut self) {
        self.steps += 1;
        self.chosen = 0;
    }
}
