//! What is noted of the values in a queue's ring: for each place, what who put there or took from there last had done.
//!
//! The ring gives each place to one thread at a time (`sync::queue::ring`), so the two ends need no lock in common, and
//! nothing is told from one core to another but what has to be: one stamp for each place, in one line of a cache. What is
//! overwritten is known to what is still there: who takes a value knows what its putter told, and who puts into the room
//! that was made so, what its taker told.

use super::clock::Stamp;
use super::mine;
use crate::value::step::{self, Stepped};
use std::sync::atomic::Ordering;

/// Of longer rings the stamps would take too much memory.
const MOST: usize = 1 << 10;

/// So long is a line of a cache.
const LINE: usize = 64;

#[derive(Debug)]
pub struct Places(Box<[Place]>);

/// Each is written by one core after the other. (Processors fetch the line beside with one.)
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place(Stepped<Option<Stamp>>);

const _: () = assert!(size_of::<Stepped<Option<Stamp>>>() <= LINE);

impl Place {
    fn learn(&self) {
        self.0.lock().iter().for_each(mine::learn);
    }

    fn learn_and_tell(&self) {
        let mut stamp = self.0.lock();
        mine::with(|mine| {
            stamp.iter().for_each(|stamp| mine.learn(stamp));
            mine.release_to(&mut stamp);
        });
    }
}

impl Places {
    /// For a ring of this capacity, unless it is too long.
    pub fn new(capacity: usize) -> Option<Places> {
        (capacity <= MOST).then(|| Places((0..capacity).map(|_| Place::default()).collect()))
    }

    /// The value of this number is put, before anybody can take it, by who learns what was told by who made room for it; or
    /// it is taken, before anybody can put into the room, by who learns what was told by who put it.
    pub fn passed(&self, number: u64) {
        self.of(number).learn_and_tell();
    }

    /// This thread is about to write what is noted of this number: the line of the cache, which another core has, may come
    /// meanwhile, with those of other numbers. One after the other, when each is needed, they cost more than all that is done
    /// with them.
    #[inline]
    pub fn fetch(&self, number: u64) {
        // Nobody reads the mark.
        step::mark_of(&self.of(number).0).store(true, Ordering::Relaxed);
    }

    #[inline]
    fn of(&self, number: u64) -> &Place {
        &self.0[(number % self.0.len() as u64) as usize]
    }

    /// This thread knows all that was told.
    pub fn looked_at(&self) {
        self.0.iter().for_each(Place::learn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::Detector;
    use crate::source::Source;
    use std::sync::Arc;
    use std::thread::scope;

    /// Who takes a value knows what was done before it was put, and not what was done since; who puts, what was done before
    /// its room was made; who looks knows everything.
    #[test]
    fn each_knows_what_it_has_to() {
        let (program, _) = crate::pipeline::compile(Arc::new(Source::new("test", ""))).expect("it is empty");
        let detector = Arc::new(Detector::new(&program, None));
        detector.begin();
        for capacity in [1, 3, 4, 100] {
            let places = Places::new(capacity).expect("it is short");
            let as_another = |name: &str, what: &mut (dyn FnMut() + Send)| {
                scope(|scope| {
                    scope.spawn(|| {
                        mine::begin(&detector, &name.into(), None);
                        what();
                    });
                });
            };
            let knows = |stamp: &Option<Stamp>| {
                let mut knows = false;
                mine::with(|mine| knows = mine.clock().knows(stamp.as_ref().expect("it was told")));
                knows
            };
            for number in 0..3 * capacity as u64 {
                let [mut before, mut since, mut taken]: [Option<Stamp>; 3] = [None, None, None];
                as_another("puts", &mut || {
                    before = mine::so_far();
                    places.passed(number);
                    since = mine::so_far();
                });
                as_another("gets", &mut || {
                    taken = mine::so_far();
                    places.passed(number);
                    assert!(knows(&before) && !knows(&since), "{capacity} {number}");
                });
                as_another("looks", &mut || {
                    places.looked_at();
                    assert!(knows(&before) && knows(&taken) && !knows(&since), "{capacity} {number}");
                });
                as_another("puts", &mut || {
                    places.passed(number + capacity as u64);
                    assert!(knows(&taken), "{capacity} {number}");
                });
            }
        }
        assert!(Places::new(MOST + 1).is_none());
    }
}
