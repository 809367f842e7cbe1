//! Threads in an `await`, as the search for knots sees them.
//!
//! Such a thread is woken by every change, whatever it is about, and looks at its condition again. Among threads that
//! change things all the time it is hardly ever parked; so it counts as waiting wherever it stands between two looks.
//! And it may have been told of a change that it has not looked at yet, which may have made its condition true. So when a
//! search finds such a thread out of reach of everybody, that is a suspicion only (`Suspects`). It is certain as soon as a
//! later search finds the same threads where they were, after each has looked once more, and in vain.

use super::RealWorld;
use super::run::Shared;
use super::standing::Standing;
use super::threads::{Seat, Table};
use crate::code::Program;
use crate::sync::Op;
use crate::sync::thread::State;
use crate::world::marks::condition_of;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// So many looks in vain without having been parked give reason for a search.
const LOOKS: u32 = 128;

/// In the count of threads in an `await`: there may be more of them in other processes.
pub(super) const ELSEWHERE: u32 = 1 << 31;

/// What others can tell of a thread in an `await`.
#[derive(Default)]
pub(super) struct Awaits {
    /// It has found its condition false, and has not found it true since.
    inside: AtomicBool,
    /// How many changes there had been when it began to look, the last time that it looked in vain.
    looked: AtomicU64,
    /// The same of changes in any process.
    looked_afar: AtomicU64,
}

impl Awaits {
    pub fn inside(&self) -> bool {
        self.inside.load(Ordering::SeqCst)
    }

    /// How many changes in any process there had been when it began to look, the last time that it looked in vain.
    pub fn looked_afar(&self) -> u64 {
        self.looked_afar.load(Ordering::SeqCst)
    }
}

/// What the thread itself remembers of its `await`.
#[derive(Default)]
pub(super) struct Looks {
    /// How many changes there had been when the thread began to evaluate the condition.
    pub changes_seen: u64,
    /// The same of changes in any process that has something in common with this one.
    pub afar_seen: u64,
    /// Something has changed, and it has not begun to evaluate the condition again.
    pub again: bool,
    /// How many times it has looked in the same `await`.
    times: u32,
    /// The condition has looked at something that changes by itself.
    pub outside: Cell<bool>,
}

impl Shared {
    /// Whether some thread waits in an `await`, here or in a process that has something in common with this one: where
    /// nobody does, one look.
    #[inline(always)]
    pub fn awaited(&self) -> bool {
        let awaiting = self.awaiting.load(Ordering::SeqCst);
        awaiting != 0 && (awaiting != ELSEWHERE || self.awaited_elsewhere())
    }

    #[cold]
    fn awaited_elsewhere(&self) -> bool {
        self.memory().is_some_and(|memory| memory.awaiting().load(Ordering::SeqCst) != 0)
    }

    /// How many changes there have been in all processes that have something in common with this one. It is ahead of what this
    /// process has been told of.
    pub fn changes_afar(&self) -> u64 {
        // Who has nothing in common is told of none.
        let shares = || self.desk.is_some() || self.code().image.program.shares();
        self.memory().filter(|_| shares()).map_or(0, |memory| memory.changes().load(Ordering::SeqCst))
    }

    /// A thread of this process begins to wait in an `await`.
    pub fn one_more_awaits(&self) {
        self.awaiting.fetch_add(1, Ordering::SeqCst);
    }

    pub fn one_awaits_no_more(&self) {
        self.awaiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether anybody has asked for the state of a thread.
    pub fn states_are_asked(&self) -> bool {
        self.states_asked.load(Ordering::SeqCst)
    }

    /// Whether some thread of this process does.
    pub fn awaited_here(&self) -> bool {
        self.awaiting.load(Ordering::SeqCst) & !ELSEWHERE != 0
    }
}

impl RealWorld {
    pub(super) fn begin_to_look(&mut self) {
        self.looks.outside.set(false);
        self.shared.one_more_awaits();
        self.looks.changes_seen = self.shared.changes.load(Ordering::SeqCst);
        self.looks.afar_seen = self.shared.changes_afar();
        if std::mem::take(&mut self.looks.again) {
            self.looks.times = self.looks.times.wrapping_add(1);
            if self.looks.times.is_multiple_of(LOOKS) && self.shared.is_waited_for(&self.seat) {
                self.shared.arm();
            }
        } else {
            self.looks.times = 0;
            self.rests += 1;
            self.seat.rests.store(self.rests, Ordering::Relaxed);
        }
    }

    pub(super) fn end_looking(&mut self) {
        self.shared.one_awaits_no_more();
        // Else it was woken, and begins again: all the time it is seen to wait.
        if !self.looks.again {
            self.seat.awaits.inside.store(false, Ordering::SeqCst);
            if self.seat.thread.state() != State::Running {
                self.seat.thread.goes_on();
            }
        }
    }

    /// The condition is false.
    pub(super) fn looked_in_vain(&self) {
        self.seat.awaits.looked.store(self.looks.changes_seen, Ordering::SeqCst);
        self.seat.awaits.looked_afar.store(self.looks.afar_seen, Ordering::SeqCst);
        self.seat.awaits.inside.store(true, Ordering::SeqCst);
    }
}

impl Seat {
    /// Whether it waits in an `await` though it may have been woken. To be asked while it stands and has told where.
    pub fn stands_awaiting(&self, program: &Program) -> bool {
        match &*self.standing.lock() {
            Standing::At { snapshot, inside } => {
                self.awaits.inside()
                    && snapshot
                        .calls
                        .last()
                        .is_some_and(|call| condition_of(program, call, *inside).is_some())
            }
            Standing::Begins | Standing::Untold | Standing::Hidden | Standing::Ended => false,
        }
    }

    /// The line of the innermost call, as it has told it.
    pub fn line_it_stands_at(&self, program: &Program) -> Option<u32> {
        match &*self.standing.lock() {
            Standing::At { snapshot, .. } => {
                let call = snapshot.calls.last()?;
                program.functions[call.function as usize].lines.get(call.pc as usize).copied()
            }
            Standing::Begins | Standing::Untold | Standing::Hidden | Standing::Ended => None,
        }
    }
}

/// Threads that a search has found to wait for ever, if all their conditions are false.
pub(super) struct Suspects {
    /// With how many times each had rested.
    threads: Vec<(u32, u64)>,
    /// How many changes there had been, here and in any process: of one that has ended some may not be known here yet.
    changes: u64,
    afar: u64,
}

impl Shared {
    /// Whether those of the stuck threads that were told of a change have all looked since they have been out of reach.
    /// To be called while all stand still.
    ///
    /// Between two searches that find the same threads in the same rests, none of these has done anything but look at
    /// its condition; and what nobody else could change at the first search nobody has changed since.
    pub(super) fn have_looked(&self, table: &Table, stuck: &[u32]) -> bool {
        let seats: Vec<&Seat> = stuck.iter().filter_map(|id| Some(&**table.seats.get(id)?)).collect();
        if seats.iter().all(|seat| !self.is_told_of_a_change(seat)) {
            return true;
        }
        let rests = |seat: &&Seat| (seat.thread.id, seat.rests.load(Ordering::Relaxed));
        let threads: Vec<(u32, u64)> = seats.iter().map(rests).collect();
        let mut suspects = self.knots.suspects.lock();
        let looked = |seat: &Seat, known: &Suspects| {
            let Awaits { looked, looked_afar, .. } = &seat.awaits;
            let here = looked.load(Ordering::SeqCst) >= known.changes;
            !seat.awaits.inside() || here && looked_afar.load(Ordering::SeqCst) >= known.afar
        };
        if let Some(known) = &*suspects
            && known.threads == threads
        {
            return seats.iter().all(|seat| looked(seat, known));
        }
        let (changes, afar) = (self.changes.load(Ordering::SeqCst), self.changes_afar());
        *suspects = Some(Suspects { threads, changes, afar });
        false
    }

    pub(super) fn is_told_of_a_change(&self, seat: &Seat) -> bool {
        let parked = seat.waiter.parked();
        match &*seat.blocked.lock() {
            Some(blocked) if matches!(blocked.op, Op::Change) => {
                let (here, afar) = (self.has_changed(blocked.changes_seen), self.changes_afar());
                !parked || here || afar != blocked.afar_seen
            }
            Some(_) => false,
            None => seat.awaits.inside(),
        }
    }
}
