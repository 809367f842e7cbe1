//! Keeps threads that work together on cores of their own.
//!
//! The system puts who is woken where it last ran, or beside who wakes it, when no core has nothing to do: so a thread
//! that sleeps between its pieces of work may stay for a whole run on the core of the one that waits for it, while
//! something of no importance has the other. Measured, with a program of the lowest priority on one of two cores: a
//! search by two threads took twice as long as by one.

use crate::cores;

/// The cores on which those are who have begun.
#[derive(Debug, Clone, Default)]
pub struct Taken(Vec<usize>);

impl Taken {
    /// This thread begins: where nobody has begun who counts here.
    pub fn begin(&mut self) {
        if self.0.contains(&cores::here()) {
            cores::leave(&self.0);
        }
        self.0.push(cores::here());
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::thread::sched_getaffinity;

    #[test]
    fn who_begins_leaves_the_core_that_is_taken_and_may_come_back() {
        let all = sched_getaffinity(None).expect("it is known");
        let (mut apart, tries) = (0, 200);
        for _ in 0..tries {
            let mut taken = Taken(vec![cores::here()]);
            taken.begin();
            apart += u32::from(taken.0[0] != taken.0[1]);
            assert_eq!(sched_getaffinity(None).expect("it is known"), all, "nothing is forbidden");
        }
        // The system may put it back at any moment, and does so seldom.
        assert!(if all.count() > 1 { apart > tries / 2 } else { apart == 0 }, "{apart} of {tries}");
    }
}
