//! `condition`: threads that hold its lock wait until another one notifies them (Mesa: who is notified takes
//! the lock again later, and must look again whether what it waited for is still so).
//!
//! Each waiter has a ticket of its own: a notify marks tickets, so it reaches only threads that waited before it.

use super::lock::Lock;
use super::rlock::{Levels, RLock};
use super::thread::Text;
use super::wait::WaitQueue;
use super::{Kind, Releasers, Sync, Who};
use crate::mapped::{ELSEWHERE_WORDS, Place, TICKETS_WORDS, Tickets};
use crate::state::{Reader, Shared, Writer};
use crate::value::{
    Value,
    error::{self, Error},
};
use crate::world::World;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

#[derive(Debug)]
pub struct Condition {
    /// A `lock` or an `rlock`.
    pub lock: Arc<Sync>,
    /// Those who wait and are not notified yet, the longest first.
    tickets: Mutex<VecDeque<Arc<Ticket>>>,
    /// Notifies that found nobody waiting.
    lost: AtomicU32,
    /// In place of the tickets, of a condition that processes share.
    there: Option<There>,
}

#[derive(Debug)]
struct There {
    tickets: Tickets,
    waiters: WaitQueue,
}

#[derive(Debug, Default)]
pub struct Ticket {
    notified: AtomicBool,
    waiter: WaitQueue,
}

/// A `wait` in progress.
#[derive(Debug)]
pub struct Wait {
    pub condition: Arc<Sync>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Holds the lock still.
    Begin,
    Waiting {
        ticket: Arc<Ticket>,
        levels: Levels,
    },
    /// The same on a condition that processes share: the number of the ticket.
    WaitingThere {
        ticket: usize,
        levels: Levels,
    },
    /// Notified (or too late), and waits for the lock.
    Acquiring {
        notified: bool,
        levels: Levels,
    },
}

impl Condition {
    pub fn new(lock: Arc<Sync>) -> Result<Condition, Error> {
        if lock.owner().is_some() {
            return Ok(Condition::of_lock(lock));
        }
        let word = lock.kind.kind().word();
        let message = format!("a condition needs a lock or an rlock, not {} ({word})", lock.label());
        Err(Error::new(error::Kind::Type, message))
    }

    fn of_lock(lock: Arc<Sync>) -> Condition {
        Condition { lock, tickets: Mutex::default(), lost: AtomicU32::new(0), there: None }
    }

    /// How many words it has in memory that processes share.
    pub const WORDS: usize = TICKETS_WORDS + ELSEWHERE_WORDS;

    /// The same in that memory.
    pub fn there(&self, place: &Place) -> Condition {
        let waiters = WaitQueue::new();
        waiters.spread(place.plus(TICKETS_WORDS));
        let there = There { tickets: Tickets::at(place.clone()), waiters };
        Condition { there: Some(there), ..Condition::of_lock(self.lock.clone()) }
    }

    /// Threads that are gone do not wait any more.
    pub fn sweep(&self, gone: &dyn Fn(u32) -> bool) {
        if let Some(there) = &self.there {
            there.tickets.sweep(gone);
            there.waiters.wake_all();
        }
    }

    /// Where those wait who wait on it from several processes.
    pub fn spread(&self) -> Option<&WaitQueue> {
        self.there.as_ref().map(|there| &there.waiters)
    }

    pub fn of(sync: &Sync) -> Result<&Condition, Error> {
        if let Kind::Condition(condition) = &sync.kind { Ok(condition) } else { Err(sync.is_no("condition")) }
    }

    /// Fails unless the thread holds the condition's lock; `operation` is `wait` or `notify`.
    pub fn must_hold(&self, sync: &Sync, who: Who<'_>, operation: &str) -> Result<(), Error> {
        if self.lock.owner().is_some_and(|owner| owner.is(who.thread.id)) {
            return Ok(());
        }
        let (label, lock, me) = (sync.label(), self.lock.label(), who.thread.name());
        let hint = match &self.lock.kind {
            Kind::RLock(RLock { monitor: Some(_), .. }) => {
                format!("do it in a method of {lock}: only so nobody changes what is waited for in between")
            }
            _ => format!(
                "do it inside `with {lock} {{ }}`: only so nobody changes what is waited for in between"
            ),
        };
        Err(Error::new(
            error::Kind::NotOwner,
            format!("{label}.{operation}() by \"{me}\", which does not hold {lock}"),
        )
        .hint(hint))
    }

    /// Lets at most `n` of those who wait go on; returns how many.
    pub fn notify(&self, sync: &Sync, who: Who<'_>, n: usize, world: &mut dyn World) -> Result<usize, Error> {
        self.must_hold(sync, who, "notify")?;
        sync.order().notified();
        if let Some(there) = &self.there {
            let count = there.tickets.notify(n);
            if count == 0 && n > 0 {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            there.waiters.wake_all();
            return Ok(count);
        }
        let mut chosen = Vec::new();
        while chosen.len() < n {
            let left = n - chosen.len();
            let waiting = self.waiting();
            // The world is asked while the tickets are free. Meanwhile some may be given back, but none comes: the
            // lock is held.
            let at = if waiting > left { world.pick(waiting) } else { 0 };
            let mut tickets = self.tickets.lock();
            if tickets.len() <= left {
                chosen.extend(tickets.drain(..));
                break;
            }
            let at = at.min(tickets.len() - 1);
            chosen.extend(tickets.remove(at));
        }
        if chosen.is_empty() && n > 0 {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        // Woken here they would find the lock held, and rest again.
        let later = !chosen.is_empty() && !self.lock.is_there() && world.wakes_at_release(&self.lock);
        let lock = self.lock.owner().filter(|_| later);
        for ticket in &chosen {
            ticket.notify(lock.map(|owner| &owner.waiters));
        }
        Ok(chosen.len())
    }

    /// How many wait and are not notified yet.
    pub fn waiting(&self) -> usize {
        self.there.as_ref().map_or_else(|| self.tickets.lock().len(), |there| there.tickets.waiting())
    }

    fn release_all(&self, who: Who<'_>) -> Levels {
        self.lock.unlocked();
        if let Kind::RLock(lock) = &self.lock.kind {
            return lock.release_all(who);
        }
        let line = self.lock.held_since(who.thread).unwrap_or(who.line);
        if let Some(owner) = self.lock.owner() {
            who.thread.let_go(1);
            owner.free();
        }
        Levels { depth: 1, line }
    }

    fn reacquire(&self, who: Who<'_>, levels: Levels) -> Result<bool, Error> {
        if let Kind::RLock(lock) = &self.lock.kind {
            return lock.reacquire(&self.lock, who, levels);
        }
        Lock::of(&self.lock)?.try_acquire(&self.lock, Who { line: levels.line, ..who })
    }
}

/// Which of those who wait is notified. Nothing is promised about it; here it is the one that has waited longest.
fn choose(tickets: &mut VecDeque<Arc<Ticket>>) -> Option<Arc<Ticket>> {
    tickets.pop_front()
}

impl Ticket {
    /// `by`: the queue that wakes the thread, if that is to be later.
    fn notify(&self, by: Option<&WaitQueue>) {
        self.notified.store(true, Ordering::SeqCst);
        match by {
            Some(queue) => self.waiter.wake_all_by(queue),
            None => self.waiter.wake_all(),
        }
    }
}

impl Wait {
    pub fn new(condition: Arc<Sync>) -> Wait {
        Wait { condition, phase: Phase::Begin }
    }

    /// The first poll gives up the lock and begins to wait.
    pub fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        let condition = Condition::of(&self.condition)?;
        if let Phase::Begin = self.phase {
            condition.must_hold(&self.condition, who, "wait")?;
            if let Some(there) = &condition.there {
                let ticket = there.tickets.take(who.thread.id)?;
                self.phase = Phase::WaitingThere { ticket, levels: condition.release_all(who) };
                return Ok(None);
            }
            let ticket = Arc::new(Ticket::default());
            condition.tickets.lock().push_back(ticket.clone());
            self.phase = Phase::Waiting { ticket, levels: condition.release_all(who) };
            return Ok(None);
        }
        if let Phase::Waiting { ticket, levels } = &self.phase
            && ticket.notified.load(Ordering::SeqCst)
        {
            self.phase = Phase::Acquiring { notified: true, levels: *levels };
        }
        if let Phase::WaitingThere { ticket, levels } = self.phase
            && let Some(there) = &condition.there
            && there.tickets.is_notified(ticket)
        {
            there.tickets.leave(ticket);
            self.phase = Phase::Acquiring { notified: true, levels };
        }
        let Phase::Acquiring { notified, levels } = self.phase else { return Ok(None) };
        let acquired = condition.reacquire(who, levels)?;
        Ok(acquired.then_some(Value::Bool(notified)))
    }

    /// Too late: the wait comes to false, as soon as the lock has been taken again.
    pub fn timed_out(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        if let Phase::Begin = self.phase {
            self.poll(who)?;
        }
        if let Phase::Waiting { levels, .. } | Phase::WaitingThere { levels, .. } = &self.phase {
            let levels = *levels;
            // A notify that came before counts.
            self.phase = Phase::Acquiring { notified: !self.leave(), levels };
        }
        self.poll(who)
    }

    /// Gives the ticket back. A notify that had been meant for this thread goes to another.
    pub fn abandon(&mut self) {
        let notified = match self.phase {
            Phase::Begin => false,
            Phase::Waiting { .. } | Phase::WaitingThere { .. } => !self.leave(),
            Phase::Acquiring { notified, .. } => notified,
        };
        self.phase = Phase::Begin;
        let Ok(condition) = Condition::of(&self.condition) else { return };
        if notified && let Some(there) = &condition.there {
            there.tickets.notify(1);
            there.waiters.wake_all();
        }
        let next = if notified { choose(&mut condition.tickets.lock()) } else { None };
        if let Some(next) = next {
            next.notify(None);
        }
    }

    /// Takes the ticket out; false when it had been taken by a notify already.
    fn leave(&self) -> bool {
        if let Phase::WaitingThere { ticket, .. } = self.phase {
            let there = Condition::of(&self.condition).ok().and_then(|condition| condition.there.as_ref());
            return there.is_some_and(|there| there.tickets.leave(ticket));
        }
        let Phase::Waiting { ticket, .. } = &self.phase else { return false };
        let Ok(condition) = Condition::of(&self.condition) else { return false };
        let mut tickets = condition.tickets.lock();
        match tickets.iter().position(|other| Arc::ptr_eq(other, ticket)) {
            Some(at) => tickets.remove(at).is_some(),
            None => false,
        }
    }

    pub fn ready(&self, who: Who<'_>) -> bool {
        match &self.phase {
            Phase::Begin => true,
            // The next poll begins to wait for the lock, whether it is free or not.
            Phase::Waiting { ticket, .. } => ticket.notified.load(Ordering::SeqCst),
            Phase::WaitingThere { ticket, .. } => self.is_notified_there(*ticket),
            Phase::Acquiring { .. } => {
                Condition::of(&self.condition).is_ok_and(|condition| condition.lock.ready(who))
            }
        }
    }

    fn is_notified_there(&self, ticket: usize) -> bool {
        let there = Condition::of(&self.condition).ok().and_then(|condition| condition.there.as_ref());
        there.is_some_and(|there| there.tickets.is_notified(ticket))
    }

    /// The lock, if this waits for nothing else any more, whatever others do to the condition.
    pub fn acquires(&self) -> Option<&Arc<Sync>> {
        let Phase::Acquiring { .. } = &self.phase else { return None };
        Condition::of(&self.condition).ok().map(|condition| &condition.lock)
    }

    /// The lock that is still missing, once the thread has been notified.
    fn missing(&self) -> Option<&Arc<Sync>> {
        let acquiring = match &self.phase {
            Phase::Begin => false,
            Phase::Waiting { ticket, .. } => ticket.notified.load(Ordering::SeqCst),
            Phase::WaitingThere { ticket, .. } => self.is_notified_there(*ticket),
            Phase::Acquiring { .. } => true,
        };
        acquiring.then(|| Condition::of(&self.condition).ok().map(|condition| &condition.lock)).flatten()
    }

    /// The ticket's queue; the lock's after `poll` has seen the notify.
    pub fn queue(&self) -> Option<&WaitQueue> {
        match &self.phase {
            Phase::Begin => None,
            Phase::Waiting { ticket, .. } => Some(&ticket.waiter),
            Phase::WaitingThere { .. } => Condition::of(&self.condition).ok()?.spread(),
            Phase::Acquiring { .. } => {
                let condition = Condition::of(&self.condition).ok()?;
                condition.lock.owner().map(|owner| &owner.waiters)
            }
        }
    }

    pub fn releasers(&self) -> Releasers {
        match self.missing() {
            Some(lock) => {
                let holder = lock.owner().and_then(|owner| owner.holder());
                Releasers::All(holder.map(|(holder, _)| holder).into_iter().collect())
            }
            None => Releasers::Anyone(vec![self.condition.id]),
        }
    }

    pub fn text(&self) -> Text {
        match self.missing() {
            Some(lock) => {
                format!("waits for {} again, after {}.wait()", lock.label(), self.condition.label()).into()
            }
            None => {
                Text::Of(self.condition.clone(), |condition| format!("waits in {}.wait()", condition.label()))
            }
        }
    }

    /// What a report adds when this thread waits for it.
    pub fn note(&self) -> Option<String> {
        let lost = Condition::of(&self.condition).ok()?.lost.load(Ordering::Relaxed);
        let times = if lost == 1 { "1 time".to_string() } else { format!("{lost} times") };
        self.missing().is_none().then(|| {
            let label = self.condition.label();
            if lost == 0 {
                return format!("whoever changes what is waited for has to call {label}.notify() or {label}.notify_all() after it");
            }
            format!("{label} was notified {times} while nobody waited: a notify is not remembered; look at what it stands for before waiting (`{label}.wait_until(…)`)")
        })
    }
}

impl Condition {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.sync(&self.lock);
    }

    pub fn load(r: &mut Reader<'_>) -> Condition {
        Condition::of_lock(r.sync())
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        let tickets = self.tickets.lock();
        let waiting = if w.numbering.holders() { tickets.len() } else { 0 };
        w.count(waiting as u64);
        tickets.iter().take(waiting).for_each(|ticket| w.shared(Shared::Ticket(ticket.clone())));
        // How many were lost is told in a report only, and would make every state a new one.
        w.flag(self.lost.load(Ordering::Relaxed) > 0);
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let tickets = (0..r.count()).map(|_| r.ticket()).collect();
        *self.tickets.lock() = tickets;
        self.lost.store(u32::from(r.flag()), Ordering::Relaxed);
    }
}

impl Ticket {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.notified.load(Ordering::SeqCst));
    }

    pub fn load(_: &mut Reader<'_>) -> Ticket {
        Ticket::default()
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.notified.store(r.flag(), Ordering::SeqCst);
    }
}

impl Wait {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.condition);
        match &self.phase {
            Phase::Begin => w.byte(0),
            Phase::Waiting { ticket, levels } => {
                w.byte(1);
                w.shared(Shared::Ticket(ticket.clone()));
                levels.save(w);
            }
            Phase::WaitingThere { .. } => unreachable!("a world that writes waits has one process"),
            Phase::Acquiring { notified, levels } => {
                w.byte(2);
                w.flag(*notified);
                levels.save(w);
            }
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Wait {
        let condition = r.sync();
        let phase = match r.byte() {
            0 => Phase::Begin,
            1 => Phase::Waiting { ticket: r.ticket(), levels: Levels::load(r) },
            2 => Phase::Acquiring { notified: r.flag(), levels: Levels::load(r) },
            phase => unreachable!("no wait has the phase {phase}"),
        };
        Wait { condition, phase }
    }

    /// Whether it has given up the lock.
    pub fn begun(&self) -> bool {
        !matches!(self.phase, Phase::Begin)
    }

    pub fn ticket(&self) -> Option<&Arc<Ticket>> {
        if let Phase::Waiting { ticket, .. } = &self.phase { Some(ticket) } else { None }
    }
}
