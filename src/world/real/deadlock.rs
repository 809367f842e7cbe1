//! Nothing hangs in silence: looks for a deadlock whenever a thread blocks without a deadline, or ends.
//!
//! Exact, and at once; knots among some threads while others go on are the matter of `knot`. Threads block under the mutex of the table, so whoever holds it and sees a thread
//! parked knows that the thread has been parked since it blocked; the waker's mark on a waiter, not its running,
//! makes a thread free again. And who marks a waiter is free itself. So a picture in which all threads of interest are parked before
//! and after it was drawn is true, and what it shows will stay.

use super::run::{Cause, Shared};
use super::threads::{Seat, Table};
use crate::report::runtime::{Deadlock, Stuck, Unasked};
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Who};
use crate::value::{Type, Value};
use crate::world::graph::{self, Blocked};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Of a pool that was there before a `fork`.
const NO_WORKERS: &str = "the workers of the pool do not exist here, as `fork` copies only the thread that calls it: \
                          make another pool in the child";

/// The living threads at one moment.
pub(super) struct Picture {
    pub blocked: Blocked,
    pub free: Vec<u32>,
}

/// A deadlock, with the numbers of the threads that are shown in it.
pub(super) struct Knot {
    pub deadlock: Deadlock,
    pub threads: Vec<u32>,
}

impl Shared {
    /// The thread is about to park without a deadline. `by_name`: who could release it is known by name. `near`: it waits at
    /// a connection, where mostly something is under way that nobody has been told of; so `knot` looks, after a moment. False
    /// if it has been woken already.
    pub(super) fn block(&self, seat: &Arc<Seat>, by_name: bool, near: bool) -> bool {
        let table = self.table.lock();
        if !seat.waiter.lie_down(false) {
            return false;
        }
        let nobody_awake = self.awake.fetch_sub(1, Ordering::SeqCst) <= 1;
        // A worker of a pool has come to rest: perhaps its task was the last thing to do.
        if table.foreground == 0 && self.nothing_left_to_do(&table) {
            drop(table);
            self.finish(Cause::Done);
            return true;
        }
        let deadlock = match nobody_awake {
            true if near => None,
            true => self.find_deadlock(&table),
            false if by_name => self.find_ring(&table, seat.thread.id),
            // Anyone who can reach a thing is a matter of `knot`.
            false => None,
        };
        drop(table);
        if let Some(deadlock) = deadlock {
            self.deadlocked(deadlock);
        }
        true
    }

    /// Some threads wait for ever: the run ends, but for a session, where somebody can end them. To be called without
    /// holding any lock.
    pub(super) fn deadlocked(&self, knot: Knot) {
        match &self.desk {
            Some(desk) if !desk.closed() => desk.found(self, knot),
            Some(_) | None => self.finish(Cause::Deadlock(knot.deadlock)),
        }
    }

    /// While others go on: only threads that wait for each other by name can be stuck.
    pub(super) fn find_ring(&self, table: &Table, from: u32) -> Option<Knot> {
        let mut blocked = Blocked::new();
        let mut frontier = VecDeque::from([from]);
        while let Some(id) = frontier.pop_front() {
            if !blocked.contains_key(&id)
                && let Some(releasers) = self.blocked_by(table, id)
            {
                graph::named(&releasers, &mut |next| frontier.push_back(next));
                blocked.insert(id, releasers);
            }
        }
        let stuck = graph::stuck(&blocked, &|_, _, _| true);
        if stuck.is_empty() {
            return None;
        }
        self.confirm(table, &blocked, stuck, false)
    }

    /// When no thread can go on by itself.
    pub(super) fn find_deadlock(&self, table: &Table) -> Option<Knot> {
        let Picture { blocked, free } = self.picture(table);
        // What each of the free ones may touch is looked at by `knot`.
        let anybody_free = !free.is_empty();
        let stuck = graph::stuck(&blocked, &|_, _, freed| anybody_free || !freed.is_empty());
        // None is left, or only threads that the program does not wait for. (It may wait for processes.)
        let waited_for = table.foreground > 0 || self.things.have_tasks();
        if stuck.is_empty() || !waited_for {
            return None;
        }
        self.confirm(table, &blocked, stuck, false)
    }

    /// Who waits for whom, and who can go on.
    pub(super) fn picture(&self, table: &Table) -> Picture {
        let mut picture = Picture { blocked: Blocked::new(), free: Vec::new() };
        for id in table.seats.keys().chain(self.processes.absent.keys()) {
            match self.blocked_by(table, *id) {
                Some(releasers) => drop(picture.blocked.insert(*id, releasers)),
                None => picture.free.push(*id),
            }
        }
        picture
    }

    /// Who could release the thread, if it is parked without a deadline, and not for what a thread of another process holds.
    fn blocked_by(&self, table: &Table, id: u32) -> Option<Releasers> {
        if self.processes.absent.contains_key(&id) {
            // Nobody brings it back.
            return Some(Releasers::All(vec![id]));
        }
        let seat = table.seats.get(&id)?;
        if !seat.waiter.parked() {
            return None;
        }
        let blocked = seat.blocked.lock();
        let blocked = blocked.as_ref()?;
        if let Some(lock) = blocked.op.lock().filter(|lock| lock.is_there())
            && let Some(owner) = lock.owner()
        {
            // Only the holder can end this, whoever else has it in common; one of another process goes on by itself.
            let (holder, _) = owner.holder()?;
            return table.seats.contains_key(&holder).then(|| Releasers::All(vec![holder]));
        }
        Some(blocked.op.releasers(Who { thread: &seat.thread, line: blocked.line }))
    }

    /// Looks at each of the stuck threads once more, then says what is to be said of them. `looked`: those in an `await`
    /// have looked at their conditions in vain, parked or not.
    pub(super) fn confirm(
        &self,
        table: &Table,
        blocked: &Blocked,
        stuck: Vec<u32>,
        looked: bool,
    ) -> Option<Knot> {
        let mut seats: Vec<&Arc<Seat>> = stuck.iter().filter_map(|id| table.seats.get(id)).collect();
        if seats.is_empty() {
            return None;
        }
        seats.retain(|seat| !(looked && seat.awaits.inside()));
        for seat in &seats {
            let guard = seat.blocked.lock();
            let ready = guard.as_ref().is_none_or(|blocked| {
                let who = Who { thread: &seat.thread, line: blocked.line };
                self.ready(&blocked.op, who, blocked.changes_seen)
            });
            if ready {
                seat.waiter.wake();
                return None;
            }
        }
        if !seats.iter().all(|seat| seat.waiter.parked()) {
            return None;
        }
        let here = |ring: &Vec<u32>| ring.iter().all(|id| table.seats.contains_key(id));
        let ring = graph::ring(blocked, &stuck).filter(here);
        let cycle = ring.is_some();
        // Where all have told where they stand, it is known whose `parallel` will never raise what its threads have failed with.
        let standing = stuck.iter().filter_map(|id| table.seats.get(id)).filter(|_| looked);
        let lost: Vec<_> = standing.flat_map(|seat| seat.branches()).collect();
        let is_lost = |thread: &Arc<Thread>| !looked || lost.iter().any(|branch| Arc::ptr_eq(branch, thread));
        let shown = ring.unwrap_or_else(|| stuck.into_iter().filter(|id| !self.idles(table, *id)).collect());
        let mut notes: Vec<String> = Vec::new();
        let threads = shown
            .iter()
            .filter_map(|id| table.seats.get(id))
            .map(|seat| self.stuck(seat, &mut notes))
            .collect();
        notes.extend(self.things.unraised(is_lost).iter().map(Unasked::note));
        Some(Knot { deadlock: Deadlock { threads, cycle, notes }, threads: shown })
    }

    /// Whether it is a worker of a pool that waits for tasks, which is no fault of its own; or the keeper of a process, which waits
    /// for what that does.
    pub(super) fn idles(&self, table: &Table, id: u32) -> bool {
        let idle = |op: &Op| match op {
            Op::Pipe(wait) => wait.is_for_a_task() || wait.is_for_an_answer(),
            other => other.is_idle(),
        };
        let seat = table.seats.get(&id);
        seat.is_some_and(|seat| seat.blocked.lock().as_ref().is_some_and(|blocked| idle(&blocked.op)))
    }

    /// In the child of a `fork`: that what is waited for is held by a thread of the parent, or is what such a thread would do.
    fn not_copied(&self, op: &Op, who: Who<'_>, notes: &mut Vec<String>) {
        if let Op::Result(_) | Op::FutureError(_) | Op::Ended(_) | Op::Several(_) | Op::Idle(_) = op {
            let mut absent = false;
            graph::named(&op.releasers(who), &mut |id| absent |= self.processes.absent.contains_key(&id));
            if absent {
                notes.push(NO_WORKERS.into());
            }
            return;
        }
        graph::named(&op.releasers(who), &mut |id| {
            if let Some(name) = self.processes.absent.get(&id)
                && let Value::Sync(sync) = op.on()
            {
                let line = sync.locked_since(id).map_or_else(String::new, |line| format!(" in line {line}"));
                notes.push(format!(
                    "{} was locked at the fork by thread \"{name}\"{line}, which does not exist here",
                    sync.label()
                ));
            }
        });
    }

    /// A process that lives might seem to be the one who will end the wait, and has a copy of what is waited for.
    fn not_shared(&self, op: &Op, notes: &mut Vec<String>) {
        if let Value::Sync(sync) = op.on()
            && let Type::Event | Type::Queue | Type::Semaphore | Type::Condition | Type::Latch | Type::Barrier =
                sync.kind.kind()
            && !sync.is_there()
            && !self.processes.living().is_empty()
        {
            let label = sync.label();
            let note =
                format!("{label} is not `shared`: what another process does, it does to a copy of {label}");
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }

    /// Whether the thread waits, and only what this run's processes do can end that, and nothing has.
    pub(super) fn waits_within(&self, seat: &Seat) -> bool {
        self.waits_where(seat, &|op| op.is_within())
    }

    /// The same, where who knows the sides of all processes has still to tell whether a connection leads outside.
    pub(super) fn may_wait_within(&self, seat: &Seat) -> bool {
        self.waits_where(seat, &|op| op.may_be_within())
    }

    fn waits_where(&self, seat: &Seat, within: &dyn Fn(&Op) -> bool) -> bool {
        let timed = seat.thread.waiting.lock().as_ref().is_none_or(|waiting| waiting.timed);
        let blocked = seat.blocked.lock();
        let Some(blocked) = blocked.as_ref().filter(|_| !timed && seat.waiter.rests()) else { return false };
        let who = Who { thread: &seat.thread, line: blocked.line };
        // Who awaits something and has seen all that has changed anywhere has found its condition false since.
        let goes_on = match &blocked.op {
            Op::Change => self.has_changed(blocked.changes_seen) || self.changes_afar() != blocked.afar_seen,
            other => other.may_go_on(who),
        };
        within(&blocked.op) && !goes_on
    }

    pub(super) fn stuck(&self, seat: &Seat, notes: &mut Vec<String>) -> Stuck {
        // Permits of semaphores too, which `labels_held_by` may leave out.
        let held = self.things.held_by(&seat.thread).into_iter();
        let mut stuck = Stuck {
            thread: seat.thread.name(),
            holds: held.map(|(sync, line)| (sync.label(), line)).collect(),
            waits: String::new(),
            line: 0,
        };
        if let Some(blocked) = &*seat.blocked.lock() {
            let who = Who { thread: &seat.thread, line: blocked.line };
            stuck.waits = blocked.op.describe();
            stuck.line = blocked.line;
            self.not_copied(&blocked.op, who, notes);
            self.not_shared(&blocked.op, notes);
            blocked.op.explain(who, &mut |note| {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            });
        } else if let Some(line) = seat.line_it_stands_at(&self.code().image.program) {
            stuck.waits = Op::Change.describe();
            stuck.line = line;
        }
        stuck
    }
}
