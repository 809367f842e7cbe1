//! Who waits for whom: finds threads that nobody will ever release. Plain data, no clock, no lock.
//!
//! A blocked thread here is one that waits without a deadline. Every other thread (running, sleeping, waiting
//! with a deadline, woken but not yet running, about to start) is free: it may still do anything.

use crate::sync::Releasers;
use std::collections::BTreeMap;

/// The blocked threads, by id, with who could release each.
pub type Blocked = BTreeMap<u32, Releasers>;

/// Of a blocked thread, the things it waits for, and the threads that were found to be released.
pub type Anyone<'a> = dyn Fn(u32, &[u32], &[u32]) -> bool + 'a;

/// The blocked threads that would wait for ever, by id: what is left when all that could still be released
/// are taken away, one after the other.
///
/// `anyone` says whether one of the free threads (those that are not given, and those that were found to be released)
/// can release a thread by reaching one of the things.
pub fn stuck(blocked: &Blocked, anyone: &Anyone<'_>) -> Vec<u32> {
    let mut left: Vec<u32> = blocked.keys().copied().collect();
    let mut freed: Vec<u32> = Vec::new();
    loop {
        let before = left.len();
        let still = left.clone();
        left.retain(|id| {
            let released = match blocked.get(id) {
                Some(releasers) => can_be_released(*id, releasers, &still, &freed, anyone),
                None => true,
            };
            if released {
                freed.push(*id);
            }
            !released
        });
        if left.len() == before {
            return left;
        }
    }
}

fn can_be_released(
    id: u32,
    releasers: &Releasers,
    still: &[u32],
    freed: &[u32],
    anyone: &Anyone<'_>,
) -> bool {
    match releasers {
        Releasers::All(threads) => threads.iter().all(|id| still.binary_search(id).is_err()),
        Releasers::Anyone(things) => anyone(id, things, freed),
        Releasers::Either(ways) => ways.iter().any(|way| can_be_released(id, way, still, freed, anyone)),
        Releasers::Unless(these, things) => {
            can_be_released(id, these, still, freed, anyone) || anyone(id, things, freed)
        }
        Releasers::Outside => true,
    }
}

/// Calls `each` with every thread that something waits for by name.
pub fn named(releasers: &Releasers, each: &mut dyn FnMut(u32)) {
    match releasers {
        Releasers::All(threads) => threads.iter().for_each(|id| each(*id)),
        Releasers::Either(ways) => ways.iter().for_each(|way| named(way, each)),
        Releasers::Unless(these, _) => named(these, each),
        Releasers::Anyone(_) | Releasers::Outside => {}
    }
}

/// A shortest ring of threads that wait for each other, among those that are stuck: each waits for the next, the last for
/// the first, and the first has the lowest id. None when there is no ring.
pub fn ring(blocked: &Blocked, stuck: &[u32]) -> Option<Vec<u32>> {
    let mut best: Option<Vec<u32>> = None;
    for start in stuck {
        if let Some(found) = shortest_way_back(blocked, stuck, *start)
            && best.as_ref().is_none_or(|best| found.len() < best.len())
        {
            best = Some(found);
        }
    }
    best
}

/// Breadth first from `start` over threads with higher ids, so that each ring is found from its lowest.
fn shortest_way_back(blocked: &Blocked, stuck: &[u32], start: u32) -> Option<Vec<u32>> {
    let mut came_from: BTreeMap<u32, u32> = BTreeMap::new();
    let mut frontier = std::collections::VecDeque::from([start]);
    while let Some(here) = frontier.pop_front() {
        let mut closed = false;
        if let Some(releasers) = blocked.get(&here) {
            for next in certain(releasers) {
                if next == start {
                    closed = true;
                } else if next > start && stuck.binary_search(&next).is_ok() && !came_from.contains_key(&next)
                {
                    came_from.insert(next, here);
                    frontier.push_back(next);
                }
            }
        }
        if closed {
            let mut way = vec![here];
            let mut at = here;
            while let Some(before) = came_from.get(&at) {
                way.push(*before);
                at = *before;
            }
            way.reverse();
            return Some(way);
        }
    }
    None
}

/// The threads each of which has to do something first.
fn certain(releasers: &Releasers) -> Vec<u32> {
    match releasers {
        Releasers::All(threads) => threads.clone(),
        Releasers::Either(ways) => match &ways[..] {
            [only] => certain(only),
            _ => Vec::new(),
        },
        // Nobody calls it off who could, where all that are stuck are known.
        Releasers::Unless(these, _) => certain(these),
        Releasers::Anyone(_) | Releasers::Outside => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Releasers::{All, Anyone, Either, Outside};

    /// `free` are the ids of threads that can go on.
    fn check(blocked: &[(u32, Releasers)], free: &[u32]) -> (Vec<u32>, Option<Vec<u32>>) {
        let blocked: Blocked = blocked.iter().cloned().collect();
        let stuck = stuck(&blocked, &|_, _, freed| !free.is_empty() || !freed.is_empty());
        let ring = ring(&blocked, &stuck);
        (stuck, ring)
    }

    #[test]
    fn rings() {
        let two = [(1, All(vec![2])), (2, All(vec![1]))];
        assert_eq!(check(&two, &[]), (vec![1, 2], Some(vec![1, 2])));
        // It is no matter that somebody else goes on.
        assert_eq!(check(&two, &[7]), (vec![1, 2], Some(vec![1, 2])));
        let three = [(4, All(vec![9])), (9, All(vec![6])), (6, All(vec![4]))];
        assert_eq!(check(&three, &[1]), (vec![4, 6, 9], Some(vec![4, 9, 6])));
        assert_eq!(check(&[(3, All(vec![3]))], &[1]), (vec![3], Some(vec![3])));
    }

    #[test]
    fn chains_end_at_somebody_free() {
        let chain = [(1, All(vec![2])), (2, All(vec![3])), (3, All(vec![4]))];
        assert_eq!(check(&chain, &[4]), (vec![], None)); // 4 sleeps, or waits with a deadline
        let chain_into_ring = [(1, All(vec![2])), (2, All(vec![3])), (3, All(vec![2]))];
        assert_eq!(check(&chain_into_ring, &[5]), (vec![1, 2, 3], Some(vec![2, 3])));
        let input = [(1, All(vec![2])), (2, Outside)];
        assert_eq!(check(&input, &[]), (vec![], None));
    }

    #[test]
    fn knots() {
        let semaphores = [(1, Anyone(vec![10])), (2, Anyone(vec![11]))];
        assert_eq!(check(&semaphores, &[]), (vec![1, 2], None));
        assert_eq!(check(&semaphores, &[3]), (vec![], None));
        let join_of_a_waiter = [(1, All(vec![2])), (2, Anyone(vec![10]))];
        assert_eq!(check(&join_of_a_waiter, &[]), (vec![1, 2], None));
        assert_eq!(check(&join_of_a_waiter, &[3]), (vec![], None));
        // One ring, and one that somebody might release after all.
        let mixed = [(1, All(vec![2])), (2, All(vec![1])), (3, Anyone(vec![10]))];
        assert_eq!(check(&mixed, &[4]), (vec![1, 2], Some(vec![1, 2])));
        assert_eq!(check(&mixed, &[]), (vec![1, 2, 3], Some(vec![1, 2])));
        // Whoever is released may release others.
        let later = [(1, Outside), (2, Anyone(vec![10])), (3, All(vec![2]))];
        assert_eq!(check(&later, &[]), (vec![], None));
    }

    #[test]
    fn select_needs_every_arm_stuck() {
        let arms = [(1, Either(vec![All(vec![2]), Anyone(vec![10])])), (2, All(vec![1]))];
        assert_eq!(check(&arms, &[]), (vec![1, 2], None));
        assert_eq!(check(&arms, &[3]), (vec![], None));
        let both = [(1, Either(vec![All(vec![2]), All(vec![3])])), (2, All(vec![1])), (3, All(vec![1]))];
        assert_eq!(check(&both, &[4]), (vec![1, 2, 3], None));
        let one_free = [(1, Either(vec![All(vec![2]), All(vec![3])])), (2, All(vec![1]))];
        assert_eq!(check(&one_free, &[3]), (vec![], None));
        let single = [(1, Either(vec![All(vec![2])])), (2, All(vec![1]))];
        assert_eq!(check(&single, &[3]), (vec![1, 2], Some(vec![1, 2])));
        assert_eq!(check(&[(1, Either(vec![]))], &[3]), (vec![1], None)); // a select without arms
    }

    #[test]
    fn what_is_called_off_is_not_waited_for() {
        let unless =
            |worker, thing| Releasers::Unless(Box::new(Either(vec![All(vec![worker])])), vec![thing]);
        let nested = [(1, unless(2, 10)), (2, unless(1, 11))];
        assert_eq!(check(&nested, &[]), (vec![1, 2], Some(vec![1, 2])));
        assert_eq!(check(&nested, &[3]), (vec![], None));
        assert_eq!(check(&[(1, unless(2, 10)), (2, Anyone(vec![11]))], &[]), (vec![1, 2], None));
        assert_eq!(check(&[(1, unless(2, 10))], &[2]), (vec![], None));
    }

    #[test]
    fn several_readers() {
        // The writer waits for both readers; that one of them is stuck is enough.
        let one_stuck = [(1, All(vec![2, 3])), (2, All(vec![1]))];
        assert_eq!(check(&one_stuck, &[3]), (vec![1, 2], Some(vec![1, 2])));
        let none_stuck = [(1, All(vec![2, 3]))];
        assert_eq!(check(&none_stuck, &[2, 3]), (vec![], None));
        let upgrade = [(5, All(vec![5, 6])), (6, All(vec![5, 6]))];
        assert_eq!(check(&upgrade, &[1]), (vec![5, 6], Some(vec![5])));
    }

    #[test]
    fn reachability_can_be_known() {
        // Thread 3 is free, but cannot reach thing 10.
        let blocked = Blocked::from([(1, Anyone(vec![10])), (2, Anyone(vec![11]))]);
        let touch = |thread: u32, thing: u32| thread == 3 && thing == 11 || thread == 2 && thing == 12;
        let found = stuck(&blocked, &|_, things, freed| {
            freed.iter().chain(&[3]).any(|thread| things.iter().any(|thing| touch(*thread, *thing)))
        });
        assert_eq!(found, vec![1]);
    }

    #[test]
    fn pool_behind_itself() {
        // One worker waits for a task that waits in its own queue: only a worker could run it.
        let pool = [(1, All(vec![2])), (2, Anyone(vec![20]))];
        assert_eq!(check(&pool, &[]), (vec![1, 2], None));
    }

    #[test]
    fn a_long_ring_is_found_quickly() {
        let blocked: Vec<(u32, Releasers)> = (0..3000).map(|id| (id, All(vec![(id + 1) % 3000]))).collect();
        let (stuck, ring) = check(&blocked, &[]);
        assert_eq!(stuck.len(), 3000);
        assert_eq!(ring.map(|ring| ring.len()), Some(3000));
    }
}
