//! Connections between processes of a run: whether both sides of one are in the run, and nothing is under way between them.
//!
//! Each process tells its sides with what each has written and taken, and where it listens (`sides`). All that is told twice
//! was so at a moment in between (`knot`): what a side has written and taken only grows.

use super::super::sides::Open;
use super::view::{Key, View};
use crate::mapped::Memory;
use crate::sync::outside::system::{Ends, Line};
use std::collections::HashMap;

pub(super) struct Lines {
    /// Each side; None where two have the same ends, which tells nothing.
    sides: HashMap<Ends, Option<Open>>,
    /// The places where processes listen: since when, and which.
    doors: HashMap<u64, (u64, i32)>,
}

impl Lines {
    /// As all processes tell them.
    pub fn of(views: &[View], memory: &Memory) -> Lines {
        let mut lines = Lines { sides: HashMap::new(), doors: HashMap::new() };
        for view in views {
            for side in &view.sides {
                lines.sides.entry(side.ends).and_modify(|known| *known = None).or_insert(Some(*side));
            }
            let pid = memory.process(view.process).pid();
            lines.doors.extend(view.doors.iter().map(|door| (door.place, (door.since, pid))));
        }
        lines
    }

    /// Whoever comes to one of these can end that wait; None if somebody outside or the system may.
    pub fn things(&self, line: &Line) -> Option<Vec<Key>> {
        let own = Key::line(line.ends);
        match self.sides.get(&line.ends.turned()) {
            Some(Some(other)) => {
                let over = match line.sends {
                    Some(patience) => line.settled && other.quiet >= patience,
                    None => other.sent == line.taken,
                };
                over.then(|| vec![own])
            }
            Some(None) => None,
            // It may not have been accepted yet.
            None => {
                let (since, pid) = self.doors.get(&line.ends.peer)?;
                let there = line.begun? > *since && line.server.is_none_or(|server| server == *pid);
                (there && line.settled).then(|| vec![own, Key::door(line.ends.peer)])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sides::Listening;
    use super::*;

    const NEAR: Ends = Ends { own: 1, peer: 2 };

    fn wait() -> Line {
        Line { ends: NEAR, begun: Some(50), server: None, taken: 10, sends: None, settled: true }
    }

    fn side(ends: Ends, sent: u64, quiet: u64) -> Open {
        Open { id: 0, ends, sent, quiet }
    }

    fn things(sides: &[Open], doors: &[Listening], line: &Line) -> Option<usize> {
        let memory = Memory::new(0).expect("there is address space");
        memory.new_process("p").expect("there are few").begin(-1);
        let view = View { sides: sides.to_vec(), doors: doors.to_vec(), ..View::default() };
        Lines::of(&[view], &memory).things(line).map(|things| things.len())
    }

    #[test]
    fn both_sides_within_and_nothing_under_way() {
        let far = |sent| side(NEAR.turned(), sent, 0);
        assert_eq!(things(&[], &[], &wait()), None, "nobody has the other side");
        assert_eq!(things(&[far(10)], &[], &wait()), Some(1));
        assert_eq!(things(&[far(11)], &[], &wait()), None);
        assert_eq!(things(&[far(10), far(10)], &[], &wait()), None, "which of them is not known");
        assert_eq!(things(&[side(NEAR, 10, 0)], &[], &wait()), None);
        assert_eq!(Key::line(NEAR), Key::line(NEAR.turned()));
    }

    #[test]
    fn room_only_when_nothing_has_moved_for_long() {
        let wait = Line { sends: Some(7), ..wait() };
        let far = |quiet| [side(NEAR.turned(), 0, quiet)];
        assert_eq!((things(&far(6), &[], &wait), things(&far(7), &[], &wait)), (None, Some(1)));
        assert_eq!(things(&far(7), &[], &Line { settled: false, ..wait }), None);
    }

    #[test]
    fn what_waits_to_be_accepted() {
        let door = |since| [Listening { id: 0, place: NEAR.peer, since }];
        assert_eq!((things(&[], &door(49), &wait()), things(&[], &door(50), &wait())), (Some(2), None));
        let with = |line: Line| things(&[], &door(1), &line);
        assert_eq!(with(Line { settled: false, ..wait() }), None);
        assert_eq!(with(Line { begun: None, ..wait() }), None);
        assert_eq!(with(Line { server: Some(77), ..wait() }), None, "another process listens there");
    }
}
