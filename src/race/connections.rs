//! Connections of a run: which of them have both of their sides in it, and what has been told through each.
//!
//! Of one that leads outside nobody knows what comes of what goes into it, so its operations are operations on the outside
//! as well. Both sides of a connection tell that they are there. Until both have, it may lead outside; what is told to both
//! meanwhile is known to whoever asks either.

use super::channels::{Connection, Side};
use super::clock::{Clock, Stamp};
use super::passage::{Passage, Way};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Beyond so many, those before are taken to lead outside: of most of them nothing is heard again.
const MOST: usize = 10_000;

/// How often each side of a connection has been had. The system uses addresses again, for other programs too: only where both
/// sides were had equally often, the latest connection is known to be within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    pub connected: u32,
    pub accepted: u32,
}

impl Sides {
    pub fn add(&mut self, side: Side) {
        match side {
            Side::Connects => self.connected += 1,
            Side::Accepts => self.accepted += 1,
            // There will never be as many of the one as of the other again.
            Side::Outside => self.accepted = u32::MAX / 2,
        }
    }

    pub fn are_both(&self) -> bool {
        self.connected > 0 && self.connected == self.accepted
    }
}

/// Of a process that has nothing in common with others.
#[derive(Debug, Default)]
pub struct Connections(Mutex<HashMap<Connection, Known>>);

#[derive(Debug, Default)]
struct Known {
    sides: Sides,
    /// What who has connected knew when it began to.
    begun: Clock,
    /// What was told beside what goes through it: by who has closed it.
    told: Clock,
    ways: [Passage; 2],
}

impl Connections {
    pub fn has_side(&self, connection: Connection, side: Side, stamp: &Stamp, outside: &mut Clock) {
        let mut all = self.0.lock();
        if all.len() >= MOST && !all.contains_key(&connection) {
            all.drain().for_each(|(_, known)| {
                outside.join(&known.told);
                known.ways.iter().for_each(|way| way.add_to(outside));
            });
        }
        let known = all.entry(connection).or_default();
        known.sides.add(side);
        if side == Side::Connects {
            known.begun = Clock::default();
            known.begun.learn(stamp);
        }
    }

    pub fn begun(&self, connection: Connection) -> Clock {
        self.0.lock().get(&connection).map_or_else(Clock::default, |known| known.begun.clone())
    }

    pub fn is_within(&self, connection: Connection) -> bool {
        self.0.lock().get(&connection).is_some_and(|known| known.sides.are_both())
    }

    pub fn give_to(&self, connection: Connection, stamp: &Stamp) {
        self.0.lock().entry(connection).or_default().told.learn(stamp);
    }

    pub fn through(&self, connection: Connection) -> Clock {
        self.0.lock().get(&connection).map_or_else(Clock::default, |known| known.told.clone())
    }

    pub fn passage<T>(&self, way: Way, what: impl FnOnce(&mut Passage) -> T) -> T {
        let mut all = self.0.lock();
        what(&mut all.entry(way.connection).or_default().ways[usize::from(way.first)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(time: u32) -> Stamp {
        let mut known = Clock::default();
        known.set(2, time);
        Stamp { known: known.times().into(), slot: 2, time, since: 0 }
    }

    #[test]
    fn both_sides_have_to_be_there() {
        let (all, mut outside) = (Connections::default(), Clock::default());
        let connection = Connection(7);
        let mut within = |side: Option<Side>| {
            side.into_iter().for_each(|side| all.has_side(connection, side, &stamp(1), &mut outside));
            all.is_within(connection)
        };
        assert!(!within(None) && !within(Some(Side::Accepts)) && within(Some(Side::Connects)));
        // The same addresses again, for somebody else.
        assert!(!within(Some(Side::Accepts)));
        assert!(
            within(Some(Side::Connects)) && !within(Some(Side::Outside)) && !within(Some(Side::Connects))
        );
    }

    #[test]
    fn many_do_not_stay() {
        let (all, mut outside) = (Connections::default(), Clock::default());
        all.give_to(Connection(0), &stamp(5));
        for number in 0..MOST as u32 + 1 {
            for side in [Side::Connects, Side::Accepts] {
                all.has_side(Connection(number), side, &stamp(1), &mut outside);
            }
        }
        assert!(!all.is_within(Connection(0)) && all.is_within(Connection(MOST as u32)));
        assert_eq!((all.through(Connection(0)).of(2), outside.of(2)), (0, 5));
    }
}
