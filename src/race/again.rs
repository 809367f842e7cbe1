//! A lock that one thread takes and gives back again and again, having learnt nothing in between.
//!
//! Then what is noted of the lock differs from what was noted before in its times only. So they are kept here, beside the
//! notes: neither have the notes to be locked nor is a stamp to be made. Who holds the lock is the only one who
//! writes them, and comes after whoever held it before; those who only look may read them at any time, and see what was
//! noted of late.
//!
//! If that thread has used nothing either since it gave the lock back, nobody can tell whether it was given back at all: it
//! goes on in the same time, in which what it uses again need not be noted (`shadow`). Not where somebody has looked at the
//! lock: who looks takes what is done in that time for done before, also what its holder is about to do.

use super::clock::{Lore, Stamp};
use super::mine::Mine;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Again {
    /// What both stamps in the notes know, by number; 0: the notes are all there is.
    lore: AtomicU64,
    /// The times of the two stamps.
    taken: AtomicU32,
    given: AtomicU32,
    /// Somebody has looked at the lock without taking it.
    looked_at: AtomicBool,
}

/// The stamps of a thing that has one release at a time.
#[derive(Debug, Default, Clone)]
pub struct Latest {
    /// The latest release: of a lock, a writer, an event, an atomic's write.
    pub release: Option<Stamp>,
    /// What who has acquired a lock last knew then: who finds it taken has seen so much.
    pub taker: Option<Stamp>,
}

impl Again {
    /// It is taken by the thread that has given it back last; false when that has to be noted at length.
    #[inline]
    pub fn acquired(&self, lock: u32, mine: &mut Mine) -> bool {
        if !self.is_of(mine) {
            return false;
        }
        if !self.looked_at.load(Ordering::Relaxed) && mine.takes_back(lock) {
            return true;
        }
        let Some(time) = mine.tick() else { return false };
        self.taken.store(time, Ordering::Relaxed);
        true
    }

    /// It is given back, likewise.
    #[inline]
    pub fn released(&self, lock: u32, mine: &mut Mine) -> bool {
        if !self.is_of(mine) {
            return false;
        }
        let Some(time) = mine.gives_back(lock) else { return false };
        self.given.store(time, Ordering::Relaxed);
        true
    }

    /// Whether the thread has learnt nothing since both were noted.
    #[inline]
    fn is_of(&self, mine: &Mine) -> bool {
        let lore = self.lore.load(Ordering::Relaxed);
        lore != 0 && mine.lore().map(Lore::number) == Some(lore)
    }

    /// The notes as whoever looks sees them.
    pub fn seen(&self, notes: &Latest) -> Latest {
        self.looked_at.store(true, Ordering::SeqCst);
        self.up_to_date(notes)
    }

    /// The notes as they would be without this.
    fn up_to_date(&self, notes: &Latest) -> Latest {
        let mut notes = notes.clone();
        if self.lore.load(Ordering::Relaxed) != 0 {
            notes.release.iter_mut().for_each(|stamp| stamp.time = self.given.load(Ordering::Relaxed));
            notes.taker.iter_mut().for_each(|stamp| stamp.time = self.taken.load(Ordering::Relaxed));
        }
        notes
    }

    /// Something is about to be noted at length, by whoever holds the lock.
    pub fn write_back(&self, notes: &mut Latest) {
        if self.lore.load(Ordering::Relaxed) != 0 {
            *notes = self.up_to_date(notes);
            self.lore.store(0, Ordering::Relaxed);
        }
    }

    /// It has been noted: if all of it is by one thread that has learnt nothing meanwhile, the times are kept here from now on.
    pub fn take_over(&self, notes: &Latest) {
        let (Some(release), Some(taker)) = (&notes.release, &notes.taker) else { return };
        if let Some(lore) = release.lore()
            && taker.lore() == Some(lore)
        {
            self.given.store(release.time, Ordering::Relaxed);
            self.taken.store(taker.time, Ordering::Relaxed);
            self.lore.store(lore.number(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::race::{Detector, Watched, clock::Stamp, mine, shadow::Access};
    use crate::source::Source;
    use crate::sync::{Kind, Sync, lock::Lock};
    use std::collections::HashSet;
    use std::sync::Arc;
    use std::thread::scope;

    /// A lock that is watched, and what makes a thread watched as well.
    fn watched() -> (Sync, Arc<Detector>) {
        let source = Arc::new(Source::new("test", ""));
        let (program, _) = crate::pipeline::compile(source).expect("it is empty");
        let sync = Sync::new(1, 1, Kind::Lock(Lock::default()));
        sync.watch(|| Watched::new(true, false, None));
        let detector = Detector::new(&program, None);
        detector.begin();
        (sync, Arc::new(detector))
    }

    fn take(sync: &Sync) {
        sync.locked();
        sync.unlocked();
    }

    /// Who looks, or takes the lock, knows whatever was done before the latest step of one that took it often, and
    /// nothing of what came after.
    #[test]
    fn what_is_noted_of_many_times_is_the_latest() {
        for often in [1, 2, 3, 50] {
            for held in [false, true] {
                for looks in [false, true] {
                    let (sync, detector) = watched();
                    let [mut before, mut after]: [Option<Stamp>; 2] = [None, None];
                    scope(|scope| {
                        scope.spawn(|| {
                            mine::begin(&detector, &"often".into(), None);
                            (0..often).for_each(|_| take(&sync));
                            before = mine::so_far();
                            sync.locked();
                            if !held {
                                before = mine::so_far();
                                sync.unlocked();
                            }
                            after = mine::so_far();
                        });
                    });
                    scope(|scope| {
                        scope.spawn(|| {
                            mine::begin(&detector, &"other".into(), None);
                            if looks {
                                sync.looked_at()
                            } else {
                                sync.locked()
                            }
                            mine::with(|mine| {
                                let knows = |stamp: &Option<Stamp>| {
                                    mine.clock().knows(stamp.as_ref().expect("it was taken"))
                                };
                                // It is taken again by the other only when it has been given back.
                                assert!(knows(&before) || held && !looks, "{often} {held} {looks}");
                                assert!(!knows(&after), "{often} {held} {looks}");
                            });
                        });
                    });
                }
            }
        }
    }

    /// So often a lock is noted at length, or its times change, before they stay.
    const LONG: usize = 2;

    /// Whoever takes it knows all that was done while it was held, in whatever time, and nothing that was done since.
    #[test]
    fn taken_again_at_once_it_goes_on_in_the_same_time() {
        for often in [1, 2, 3, 50] {
            for looks in [false, true] {
                let (sync, detector) = watched();
                let access = || {
                    let mut now = None;
                    mine::with(|mine| now = Some(mine.access(0)));
                    now.expect("it has begun")
                };
                let [mut before, mut after] = [Vec::new(), Vec::new()];
                scope(|scope| {
                    scope.spawn(|| {
                        mine::begin(&detector, &"often".into(), None);
                        for _ in 0..often {
                            if looks {
                                sync.looked_at();
                            }
                            sync.locked();
                            before.push(access());
                            sync.unlocked();
                        }
                        before.push(access());
                        take(&sync); // tells that, too
                        after.push(access());
                    });
                });
                let times = before[..often].iter().map(Access::time).collect::<HashSet<_>>().len();
                assert_eq!(times, if looks { often } else { often.min(LONG) }, "{often}");
                scope(|scope| {
                    scope.spawn(|| {
                        mine::begin(&detector, &"other".into(), None);
                        sync.locked();
                        let known = |access: &Access| {
                            let mut known = false;
                            mine::with(|mine| known = mine.clock().of(access.slot()) >= access.time());
                            known
                        };
                        assert!(before.iter().all(known), "{often} {looks}");
                        assert!(!after.iter().any(known), "{often} {looks}");
                    });
                });
            }
        }
    }

    /// The short way and the long one take turns.
    #[test]
    fn another_thread_may_have_it_in_between() {
        let (sync, detector) = watched();
        for round in 0..20 {
            let mut done = None;
            scope(|scope| {
                scope.spawn(|| {
                    mine::begin(&detector, &format!("one-{round}").into(), None);
                    (0..round).for_each(|_| take(&sync));
                    sync.locked();
                    done = mine::so_far();
                    sync.unlocked();
                });
            });
            scope(|scope| {
                scope.spawn(|| {
                    mine::begin(&detector, &format!("two-{round}").into(), None);
                    sync.locked();
                    let done = done.as_ref().expect("it was taken");
                    mine::with(|mine| assert!(mine.clock().knows(done), "{round}"));
                    sync.unlocked();
                });
            });
        }
    }
}
