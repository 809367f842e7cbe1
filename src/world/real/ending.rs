//! What is to be said of a run that has ended: its status, who was left where, what was found.

use super::ensure::Tested;
use super::gil::Gil;
use super::run::{Cause, Shared};
use super::threads::Seat;
use crate::report::gil::Gil as GilReport;
use crate::report::runtime::{Ending, Left, status};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Shared {
    /// Tests what the script wants to hold at the end, if it came to its end by itself. (A script that calls
    /// `exit(1)` has said already that something went wrong.)
    fn test(self: &Arc<Shared>) -> Tested {
        match self.cause.get() {
            Some(Cause::Done | Cause::Exit(status::FINE)) => self.test_ensures(),
            Some(
                Cause::Exit(_)
                | Cause::Deadlock(_)
                | Cause::Interrupted
                | Cause::TimedOut
                | Cause::Astray(_)
                | Cause::NobodyReads,
            )
            | None => Tested::default(),
        }
    }

    /// Attends to the run until it has ended, and does what is to be done then.
    pub(super) fn see_it_end(self: &Arc<Shared>) -> Ending {
        self.attend();
        let tested = self.test();
        // The command's own run, or that of a process that a script has started.
        let process_ends = self.options.signals || self.processes.own.is_some();
        let programs = self.doors.shut(process_ends);
        if self.processes.own.is_none() {
            self.doors.remove_files();
        }
        Ending { programs, ..self.ending(tested) }
    }

    /// What is to be said of the run that has ended.
    fn ending(&self, tested: Tested) -> Ending {
        let failed = self.failed.load(Ordering::SeqCst) as usize;
        let mut ending = Ending {
            status: if failed > 0 { 1 } else { 0 },
            failed,
            started: self.started.load(Ordering::SeqCst) as usize,
            unasked: self.things.unasked(),
            unmet: tested.unmet,
            processes: std::mem::take(&mut *self.ended_processes.lock()),
            process: self.process_label(),
            ..Ending::default()
        };
        // Of a child with one thread, which has it always, there is nothing to tell.
        let alone = |report: &GilReport| ending.process.is_some() && report.threads.len() < 2;
        ending.gil = self.gil.as_ref().map(Gil::report).filter(|report| !alone(report));
        ending.stats = self.options.stats.as_ref().map(|ledger| self.stats(ledger));
        let mut left = std::mem::take(&mut *self.left.lock());
        let table = self.table.lock();
        let does_nothing =
            |seat: &Seat| seat.frees.load(Ordering::Relaxed) || self.things.idles(seat.thread.id);
        let busy = table.seats.values().filter(|seat| !does_nothing(seat));
        left.extend(busy.map(|seat| (seat.thread.id, seat.left(&self.things))));
        drop(table);
        left.sort_by_key(|(id, _)| *id);
        left.dedup_by_key(|(id, _)| *id);
        let left: Vec<Left> = left.into_iter().map(|(_, left)| left).collect();
        match self.cause.get() {
            Some(Cause::Done) | None => ending.abandoned = left,
            Some(Cause::Exit(status)) => {
                ending.status = *status;
                ending.exited = true;
                ending.abandoned = left;
            }
            Some(Cause::Deadlock(deadlock)) => {
                ending.status = 3;
                ending.deadlock = Some(deadlock.clone());
            }
            Some(Cause::Interrupted) => {
                ending.status = 130;
                ending.interrupted = left;
            }
            Some(Cause::TimedOut) => {
                ending.status = 124;
                ending.interrupted = left;
            }
            Some(Cause::Astray(astray)) => {
                ending.status = status::MISUNDERSTOOD;
                ending.astray = Some(astray.clone());
            }
            // What a shell shows for a program that SIGPIPE has ended.
            Some(Cause::NobodyReads) => ending.status = 141,
        }
        if ending.deadlock.is_none() {
            ending.unasked.extend(self.things.unraised(|_| true));
        }
        if let Some(detector) = &self.detector {
            if let Some(common) = detector.common() {
                common.ended(&detector.ended());
                ending.unseen_uses = if common.is_of_the_first() { common.unseen() } else { 0 };
            }
            (ending.races, ending.more_races) = detector.races();
            if ending.status == status::FINE && !ending.races.is_empty() {
                ending.status = status::RACE;
            }
        }
        if !ending.unmet.is_empty() {
            ending.status = status::FAILED;
        }
        if let Some((left, status)) = tested.stopped {
            ending.status = status;
            ending.interrupted.push(left);
        }
        ending
    }
}
