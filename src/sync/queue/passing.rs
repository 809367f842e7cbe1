//! One value that is put, or taken, if that can be done now. Who waits is the business of others; what is told, counted and noted
//! of it where somebody looks (`NOTED`) is done here.

use super::{CLOSED, DROPPED, Got, PUTTING, PUTTING_MASK, Put, Queue, UNFINISHED, closed, ring};
use crate::mapped::PutAway;
use crate::sync::Sync;
use crate::value::{Value, error::Error};
use std::hint::cold_path;
use std::sync::atomic::{Ordering, fence};

impl Queue {
    /// Puts the value if there is room.
    #[inline]
    pub fn put(&self, sync: &Sync, value: Value) -> Result<Put, Error> {
        if sync.is_noted() {
            cold_path();
            self.put_noted(sync, value)
        } else {
            self.put_if::<false>(sync, value)
        }
    }

    #[inline(never)]
    fn put_noted(&self, sync: &Sync, value: Value) -> Result<Put, Error> {
        self.put_if::<true>(sync, value)
    }

    fn put_if<const NOTED: bool>(&self, sync: &Sync, value: Value) -> Result<Put, Error> {
        if let Some(ring) = &self.ring {
            return match self.put_into::<NOTED>(ring, sync, &value) {
                ring::Put::Done => Ok(Put::Done),
                ring::Put::Full => Ok(Put::Full(value)),
                ring::Put::Closed => Err(closed(sync, "put")),
            };
        }
        if let Some(there) = &self.there {
            let order = NOTED.then(|| sync.order());
            return match there.put(&value, self.capacity)? {
                PutAway::Done(bytes) => {
                    if let Some(mut order) = order {
                        order.put(self.which(), self.capacity, || there.size());
                        drop(order);
                        sync.count_put(|| there.size());
                        sync.count_sent(bytes);
                    }
                    self.getters().offer();
                    Ok(Put::Done)
                }
                PutAway::Full => Ok(Put::Full(value)),
                PutAway::Closed => Err(closed(sync, "put")),
            };
        }
        let mut order = NOTED.then(|| sync.order());
        if !self.announce() {
            return Err(closed(sync, "put"));
        }
        if let Some(order) = &mut order
            && self.compares()
        {
            order.compares(|| self.read_to_order(Some(&value)));
        }
        match self.store.push(value, self.capacity.unwrap_or(usize::MAX)) {
            Ok(None) => {
                if let Some(mut order) = order {
                    order.put(self.which(), self.capacity, || self.size());
                    drop(order);
                    sync.count_put(|| self.size());
                }
                self.has_stored();
                Ok(Put::Done)
            }
            Ok(Some(value)) => {
                self.take_back();
                Ok(Put::Full(value))
            }
            Err(error) => {
                self.take_back();
                Err(error)
            }
        }
    }

    /// A value is about to be stored; false when it must not be, since the queue is closed.
    ///
    /// Announced before it is stored: so a `task_done` for it always finds it counted, and a getter that sees the queue closed
    /// and empty knows whether something is still to come.
    #[inline(always)]
    pub(super) fn announce(&self) -> bool {
        let before = self.state().fetch_add(PUTTING + UNFINISHED, Ordering::SeqCst);
        if before & CLOSED != 0 {
            self.take_back();
        }
        before & CLOSED == 0
    }

    /// What was announced has been stored.
    #[inline(always)]
    pub(super) fn has_stored(&self) {
        let before = self.state().fetch_sub(PUTTING, Ordering::SeqCst);
        if before & (CLOSED | DROPPED) == 0 {
            self.getters().offer();
        } else {
            self.closed_meanwhile(before);
        }
    }

    /// Takes a value if there is one.
    #[inline]
    pub fn get(&self, sync: &Sync) -> Result<Got, Error> {
        if sync.is_noted() {
            cold_path();
            self.get_noted(sync)
        } else {
            self.get_if::<false>(sync)
        }
    }

    #[inline(never)]
    fn get_noted(&self, sync: &Sync) -> Result<Got, Error> {
        self.get_if::<true>(sync)
    }

    fn get_if<const NOTED: bool>(&self, sync: &Sync) -> Result<Got, Error> {
        if let Some(ring) = &self.ring {
            let mut value = Value::Nil;
            return Ok(match self.get_from::<NOTED>(ring, sync, &mut value) {
                ring::Get::Done => Got::Value(value),
                ring::Get::Empty => Got::Empty,
                ring::Get::End => Got::End,
            });
        }
        if let Some(value) = self.take::<NOTED>(sync)? {
            return Ok(Got::Value(value));
        }
        if let Some(there) = &self.there {
            if !there.closed() {
                return Ok(Got::Empty);
            }
            let last = self.take::<NOTED>(sync)?;
            if NOTED && last.is_none() {
                sync.looked_at();
            }
            return Ok(last.map_or(Got::End, Got::Value));
        }
        // Once it is closed with no put in progress, nothing comes after what the store holds then.
        let state = self.state().load(Ordering::SeqCst);
        if state & CLOSED == 0 || state & PUTTING_MASK != 0 {
            return Ok(Got::Empty);
        }
        let last = self.take::<NOTED>(sync)?;
        if NOTED && last.is_none() {
            sync.looked_at();
        }
        Ok(last.map_or(Got::End, Got::Value))
    }

    #[inline]
    fn take<const NOTED: bool>(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        let mut order = NOTED.then(|| sync.order());
        if let Some(order) = &mut order
            && self.compares()
        {
            order.compares(|| self.read_to_order(None));
        }
        let Some(value) = self.pop::<NOTED>(sync)? else { return Ok(None) };
        if let Some(mut order) = order {
            order.got(self.which(), self.capacity.is_some());
            drop(order);
            sync.count_got(|| self.size());
        }
        if self.capacity.is_some() {
            fence(Ordering::SeqCst);
            self.putters().offer();
        }
        Ok(Some(value))
    }

    #[inline]
    fn pop<const NOTED: bool>(&self, sync: &Sync) -> Result<Option<Value>, Error> {
        if let Some(there) = &self.there {
            let Some((value, bytes)) = there.get()? else { return Ok(None) };
            if NOTED {
                sync.count_received(bytes);
            }
            return Ok(Some(value));
        }
        self.store.pop()
    }

    /// A put that was announced does not take place.
    #[cold]
    fn take_back(&self) {
        // A script's `task_done` too many may have counted it down already.
        let back = |state: u64| {
            Some(if state >= UNFINISHED { state - PUTTING - UNFINISHED } else { state - PUTTING })
        };
        let before = self.state().fetch_update(Ordering::SeqCst, Ordering::SeqCst, back).unwrap_or_default();
        if before < 2 * UNFINISHED {
            self.joiners().wake_all();
        }
        if before & CLOSED != 0 {
            self.getters().wake_all();
        }
    }

    /// The queue was closed while a put was under way: those who get learn that nothing comes after it.
    #[cold]
    fn closed_meanwhile(&self, state: u64) {
        if state & DROPPED != 0 {
            self.drain();
        }
        self.getters().wake_all();
    }
}
