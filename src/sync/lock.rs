//! `lock`: one thread at a time. A second acquire by the holder waits for itself, for ever.

use super::owner::{Owner, Taken, abandoned};
use super::{Kind, Sync, Who};
use crate::mapped::Place;
use crate::value::error::Error;
use crate::world::World;

#[derive(Debug, Default)]
pub struct Lock {
    pub owner: Owner,
}

impl Lock {
    /// The same in memory that processes share.
    pub fn there(place: &Place) -> Lock {
        Lock { owner: Owner::there(place) }
    }

    pub fn of(sync: &Sync) -> Result<&Lock, Error> {
        if let Kind::Lock(lock) = &sync.kind { Ok(lock) } else { Err(sync.is_no("lock")) }
    }

    /// Takes it if it is free; false when it has to be waited for.
    #[inline]
    pub fn try_acquire(&self, sync: &Sync, who: Who<'_>) -> Result<bool, Error> {
        match self.owner.take(who.thread.id, who.line) {
            Taken::Yes => {
                who.thread.hold(1);
                sync.locked();
                Ok(true)
            }
            Taken::Mine | Taken::Others => Ok(false),
            Taken::Abandoned => Err(self.ended(sync)),
        }
    }

    #[inline]
    pub fn release(&self, sync: &Sync, who: Who<'_>, world: &dyn World) -> Result<(), Error> {
        if !self.owner.is(who.thread.id) {
            return Err(self.owner.refuse(sync, who, world));
        }
        who.thread.let_go(1);
        sync.unlocked();
        self.owner.free();
        Ok(())
    }

    pub fn ready(&self) -> bool {
        !self.owner.locked() || self.owner.abandoned().is_some()
    }

    /// What a report adds when this thread waits for it.
    pub fn note(&self, sync: &Sync, who: Who<'_>) -> Option<String> {
        let (holder, line) = self.owner.holder()?;
        (holder == who.thread.id).then(|| {
            let label = sync.label();
            format!("{label} is held by \"{}\" itself since line {line}: an rlock may be acquired again by its holder", who.thread.name())
        })
    }

    #[cold]
    fn ended(&self, sync: &Sync) -> Error {
        let (name, line) = self.owner.abandoned().unwrap_or_default();
        abandoned(&sync.label(), &name, line)
    }
}
