//! Who could release a thread, as one process tells it to the others: by the names that all of them know.

use super::view::Key;
use crate::sync::Releasers;
use crate::sync::outside::system::Line;

/// Who could release it, as `Releasers` say it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ways {
    /// All of these threads, and all that keeps these processes from their ends.
    All(Vec<u32>, Vec<usize>),
    Anyone(Vec<Key>),
    Either(Vec<Ways>),
    /// Whoever has either side of that connection, if both are in this run.
    Line(Line),
    Outside,
}

impl Ways {
    /// Of one process.
    pub fn of(releasers: &Releasers, here: &dyn Fn(u32) -> Key) -> Ways {
        match releasers {
            Releasers::All(threads) => Ways::All(threads.clone(), Vec::new()),
            // What is not known by name.
            Releasers::Anyone(things) if things.is_empty() => Ways::Outside,
            Releasers::Anyone(things) => Ways::Anyone(things.iter().map(|thing| here(*thing)).collect()),
            Releasers::Either(ways) => Ways::Either(ways.iter().map(|way| Ways::of(way, here)).collect()),
            Releasers::Unless(these, things) => {
                let things = things.iter().map(|thing| here(*thing)).collect();
                Ways::Either(vec![Ways::of(these, here), Ways::Anyone(things)])
            }
            Releasers::Outside => Ways::Outside,
        }
    }

    pub fn things(&self, each: &mut dyn FnMut(Key)) {
        match self {
            Ways::Anyone(things) => things.iter().for_each(|thing| each(*thing)),
            Ways::Either(ways) => ways.iter().for_each(|way| way.things(each)),
            Ways::All(..) | Ways::Line(_) | Ways::Outside => {}
        }
    }

    /// `line`: whose things may end a wait at a connection; None if somebody outside, or the system, may. `keeps`: the threads
    /// before whose ends a process does not end.
    pub fn releasers(
        &self,
        number: &mut dyn FnMut(Key) -> u32,
        line: &dyn Fn(&Line) -> Option<Vec<Key>>,
        keeps: &dyn Fn(usize) -> Vec<u32>,
    ) -> Releasers {
        match self {
            Ways::All(threads, processes) => {
                let kept = processes.iter().flat_map(|process| keeps(*process));
                Releasers::All(threads.iter().copied().chain(kept).collect())
            }
            Ways::Anyone(things) => Releasers::Anyone(things.iter().map(|thing| number(*thing)).collect()),
            Ways::Either(ways) => {
                Releasers::Either(ways.iter().map(|way| way.releasers(number, line, keeps)).collect())
            }
            Ways::Line(at) => match line(at) {
                Some(things) => Releasers::Anyone(things.into_iter().map(number).collect()),
                None => Releasers::Outside,
            },
            Ways::Outside => Releasers::Outside,
        }
    }
}
