//! What is noted of the values in a queue's ring: for each place, what who put there last had done, and who took it last.
//!
//! The ring gives each place to one thread at a time (`sync::queue::ring`), so the two ends need no lock in common, and
//! nothing is told from one core to another but what has to be: a value's stamp beside the value, and that of the room.
//! What is overwritten is known to what is still there: who takes a value knows what its putter told, and who puts into the
//! room that was made so, what its taker told.

use super::clock::Stamp;
use super::mine;
use crate::value::step::Stepped;

/// Of longer rings the stamps would take too much memory.
const MOST: usize = 1 << 10;

#[derive(Debug)]
pub struct Places {
    places: Box<[Place]>,
    capacity: u64,
}

#[derive(Debug, Default)]
struct Place {
    given: Slot,
    room: Slot,
}

/// Each is written by one core and read by another: in cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(Stepped<Option<Stamp>>);

impl Slot {
    fn learn(&self) {
        let stamp = self.0.lock();
        stamp.iter().for_each(mine::learn);
    }

    fn tell(&self) {
        let mut stamp = self.0.lock();
        mine::with(|mine| mine.release_to(&mut stamp));
    }
}

impl Places {
    /// For a ring of this capacity, unless it is too long.
    pub fn new(capacity: usize) -> Option<Places> {
        let places = || (0..capacity.next_power_of_two()).map(|_| Place::default()).collect();
        (capacity <= MOST).then(|| Places { places: places(), capacity: capacity as u64 })
    }

    fn of(&self, number: u64) -> &Place {
        &self.places[number as usize % self.places.len()]
    }

    /// The value of this number is put, before anybody can take it: after who has made room for it.
    pub fn put(&self, number: u64) {
        if let Some(left) = number.checked_sub(self.capacity) {
            self.of(left).room.learn();
        }
        self.of(number).given.tell();
    }

    /// It is taken, before anybody can put into the room.
    pub fn got(&self, number: u64) {
        self.of(number).given.learn();
        self.of(number).room.tell();
    }

    /// This thread knows all that was told.
    pub fn looked_at(&self) {
        self.places.iter().flat_map(|place| [&place.given, &place.room]).for_each(Slot::learn);
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
                    places.put(number);
                    since = mine::so_far();
                });
                as_another("gets", &mut || {
                    taken = mine::so_far();
                    places.got(number);
                    assert!(knows(&before) && !knows(&since), "{capacity} {number}");
                });
                as_another("looks", &mut || {
                    places.looked_at();
                    assert!(knows(&before) && knows(&taken) && !knows(&since), "{capacity} {number}");
                });
                as_another("puts", &mut || {
                    places.put(number + capacity as u64);
                    assert!(knows(&taken), "{capacity} {number}");
                });
            }
        }
        assert!(Places::new(MOST + 1).is_none());
    }
}
