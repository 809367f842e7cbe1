//! `rlock`: one thread at a time, which may acquire it again; free after as many releases. Also a monitor's lock.

use super::owner::{Owner, Taken, abandoned};
use super::{Kind, Sync, Who};
use crate::mapped::{Place, Word};
use crate::state::{Reader, Writer};
use crate::value::error::Error;
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Debug, Default)]
pub struct RLock {
    pub owner: Owner,
    /// The class of the monitor whose it is: only methods of the monitor take it.
    pub monitor: Option<Arc<str>>,
    /// Written by the holder alone.
    depth: Word,
}

/// All the levels that a thread gave up to wait on a condition, to be taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    pub depth: u32,
    pub line: u32,
}

impl RLock {
    /// The same in memory that processes share.
    pub fn there(place: &Place) -> RLock {
        RLock { owner: Owner::there(place), monitor: None, depth: Word::There(place.plus(2)) }
    }

    /// That of an instance of the class.
    pub fn of_monitor(class: Arc<str>) -> RLock {
        RLock { monitor: Some(class), ..RLock::default() }
    }

    pub fn of(sync: &Sync) -> Result<&RLock, Error> {
        if let Kind::RLock(lock) = &sync.kind { Ok(lock) } else { Err(sync.is_no("rlock")) }
    }

    /// Takes one level; false when it has to be waited for.
    #[inline]
    pub fn try_acquire(&self, sync: &Sync, who: Who<'_>) -> Result<bool, Error> {
        let depth = match self.owner.take(who.thread.id, who.line) {
            Taken::Yes => {
                sync.locked();
                1
            }
            Taken::Mine => self.depth.load(Ordering::Relaxed) + 1,
            Taken::Others => return Ok(false),
            Taken::Abandoned => return Err(self.ended(sync)),
        };
        self.depth.store(depth, Ordering::Relaxed);
        who.thread.hold(1);
        Ok(true)
    }

    #[inline]
    pub fn release(&self, sync: &Sync, who: Who<'_>, world: &dyn World) -> Result<(), Error> {
        if !self.owner.is(who.thread.id) {
            return Err(self.owner.refuse(sync, who, world));
        }
        who.thread.let_go(1);
        let depth = self.depth.load(Ordering::Relaxed).saturating_sub(1);
        self.depth.store(depth, Ordering::Relaxed);
        if depth == 0 {
            sync.unlocked();
            self.owner.free();
        }
        Ok(())
    }

    /// Gives up every level. Only for the holder.
    pub fn release_all(&self, who: Who<'_>) -> Levels {
        let depth = self.depth.swap(0, Ordering::Relaxed) as u32;
        let line = self.owner.holder().map_or(who.line, |(_, line)| line);
        who.thread.let_go(depth);
        self.owner.free();
        Levels { depth, line }
    }

    /// Takes back what `release_all` gave up; false when it has to be waited for.
    pub fn reacquire(&self, sync: &Sync, who: Who<'_>, levels: Levels) -> Result<bool, Error> {
        match self.owner.take(who.thread.id, levels.line) {
            Taken::Yes => {
                sync.locked();
                self.depth.store(u64::from(levels.depth), Ordering::Relaxed);
                who.thread.hold(levels.depth);
                Ok(true)
            }
            Taken::Mine | Taken::Others => Ok(false),
            Taken::Abandoned => Err(self.ended(sync)),
        }
    }

    /// How many levels its holder has; 0 when it is free.
    pub fn depth(&self) -> u32 {
        if self.owner.locked() { self.depth.load(Ordering::Relaxed) as u32 } else { 0 }
    }

    pub fn ready(&self, who: Who<'_>) -> bool {
        !self.owner.locked() || self.owner.is(who.thread.id) || self.owner.abandoned().is_some()
    }

    #[cold]
    fn ended(&self, sync: &Sync) -> Error {
        let (name, line) = self.owner.abandoned().unwrap_or_default();
        abandoned(&sync.label(), &name, line)
    }
}

impl RLock {
    pub fn save(&self, w: &mut Writer<'_>) {
        self.owner.save(w);
        w.count(if w.numbering.holders() { u64::from(self.depth()) } else { 0 });
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.owner.fill(r);
        self.depth.store(r.count(), Ordering::Relaxed);
    }
}

impl Levels {
    pub fn save(self, w: &mut Writer<'_>) {
        w.count(u64::from(self.depth));
        w.line(self.line);
    }

    pub fn load(r: &mut Reader<'_>) -> Levels {
        Levels { depth: r.count() as u32, line: r.line() }
    }
}
