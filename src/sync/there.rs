//! Things in memory that processes share: how one comes to be there, how another process finds it, and what becomes of it
//! when a process is dead. The things themselves are the ordinary ones; only where their numbers are differs.

use super::atomic::Atomic;
use super::condition::Condition;
use super::event::Event;
use super::latch::Latch;
use super::lock::Lock;
use super::owner::Owner;
use super::queue::Queue;
use super::rlock::RLock;
use super::semaphore::Semaphore;
use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::mapped::{Memory, Place, record};
use crate::value::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Sync {
    /// The same thing, which is new, in memory that processes share.
    ///
    /// # Errors
    /// When there is no room.
    pub fn there(&self, memory: &Arc<Memory>) -> Result<Sync, Error> {
        let words = self.words() + record::WORDS;
        let place = Place { memory: memory.clone(), at: memory.take_zeroed(words)? };
        match &self.kind {
            Kind::Semaphore(semaphore) => place.word().store(semaphore.permits() as u64, Ordering::SeqCst),
            Kind::Latch(latch) => place.word().store(latch.count() as u64, Ordering::SeqCst),
            Kind::Queue(queue) => drop(queue.there(&place)?),
            Kind::Atomic(atomic) => atomic.put_there(&place)?,
            _ => {} // zero is how it begins
        }
        self.found(&place)
    }

    /// The thing that is in this place, of the same make as this one.
    pub fn found(&self, place: &Place) -> Result<Sync, Error> {
        let kind = match &self.kind {
            Kind::Lock(_) => Kind::Lock(Lock::there(place)),
            Kind::RLock(_) => Kind::RLock(RLock::there(place)),
            Kind::Semaphore(semaphore) => Kind::Semaphore(semaphore.there(place)),
            Kind::Condition(condition) => Kind::Condition(condition.there(place)),
            Kind::Event(_) => Kind::Event(Event::there(place)),
            Kind::Barrier(barrier) => Kind::Barrier(barrier.there(place)?),
            Kind::Latch(_) => Kind::Latch(Latch::there(place)),
            Kind::Queue(queue) => Kind::Queue(queue.found(place)),
            Kind::Atomic(_) => Kind::Atomic(Atomic::at(place.clone())),
            Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => unreachable!("{} cannot be declared shared", self.label()),
        };
        let sync = Sync { name: self.name.clone(), ..Sync::new(self.id, self.line, kind) };
        sync.shared.store(place.at as u64, Ordering::Relaxed);
        Ok(sync)
    }

    /// How many words it has there.
    fn words(&self) -> usize {
        match &self.kind {
            Kind::Lock(_) | Kind::RLock(_) => Owner::WORDS,
            Kind::Semaphore(_) => Semaphore::WORDS,
            Kind::Condition(_) => Condition::WORDS,
            Kind::Event(_) => Event::WORDS,
            Kind::Barrier(barrier) => barrier.words(),
            Kind::Latch(_) => Latch::WORDS,
            Kind::Queue(_) => Queue::WORDS,
            Kind::Atomic(_) => 1,
            Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => unreachable!("{} cannot be declared shared", self.label()),
        }
    }

    /// Where it is noted what it orders, behind its own words, if it is in that memory.
    pub fn notes_there(&self, memory: &Arc<Memory>) -> Option<Place> {
        self.is_there().then(|| Place { memory: memory.clone(), at: self.place() as usize + self.words() })
    }

    /// Whether it is in memory that processes share.
    pub fn is_there(&self) -> bool {
        self.place() > 1
    }

    /// Where it is there.
    pub fn place(&self) -> u64 {
        self.shared.load(Ordering::Relaxed)
    }

    /// Threads of dead processes do nothing any more: what they hold is abandoned, they do not wait, and a barrier at
    /// which they had arrived is broken. (Permits that they have taken are not given back: whatever those stood for is
    /// in an unknown state.)
    pub fn sweep(&self, gone: &dyn Fn(u32) -> bool, who: &str) {
        if let Some(owner) = self.owner() {
            owner.sweep(gone);
        }
        match &self.kind {
            Kind::Condition(condition) => condition.sweep(gone),
            Kind::Barrier(barrier) => barrier.sweep(gone, &format!("process {who} ended while it waited")),
            _ => {} // nothing of them is anybody's
        }
    }

    /// Wakes those whom other processes have called; all if all are to look again.
    pub fn relay(&self, all: bool) {
        let each = |queue: &WaitQueue| queue.relay(all);
        match &self.kind {
            Kind::Lock(lock) => each(&lock.owner.waiters),
            Kind::RLock(lock) => each(&lock.owner.waiters),
            Kind::Semaphore(semaphore) => each(&semaphore.waiters),
            Kind::Condition(condition) => condition.spread().into_iter().for_each(each),
            Kind::Event(event) => each(&event.waiters),
            Kind::Barrier(barrier) => each(&barrier.waiters),
            Kind::Latch(latch) => each(&latch.waiters),
            Kind::Queue(queue) => {
                [queue.getters(), queue.putters(), queue.joiners()].into_iter().for_each(each);
            }
            Kind::Atomic(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => {} // nobody waits for it from another process
        }
    }
}
