//! A put and a get that are done at once or not at all: through the ring where there is one, and what is told and counted of
//! them there. Who waits is the business of others.

use super::ring::{self, Ring};
use super::store::Store;
use super::{Got, Put, Queue};
use crate::sync::Sync;
use crate::value::{Value, put};
use crossbeam_channel::Sender;

impl Queue {
    /// Puts a copy of the value, if nothing but that is to be done. False: nothing was done. `noted`: it may be watched or
    /// counted.
    #[inline(always)]
    pub fn put_at_once(&self, sync: &Sync, value: &Value, noted: bool) -> bool {
        match &self.ring {
            Some(ring) if noted => self.put_looked_at(ring, sync, value) == ring::Put::Done,
            Some(ring) => self.put_into::<false>(ring, sync, value) == ring::Put::Done,
            None if !noted && let Store::Fifo(sender, _) = &self.store => self.send(sender, value),
            None => matches!(self.put(sync, value.clone()), Ok(Put::Done)),
        }
    }

    /// Puts a copy of it into one without limit; false when that is closed.
    #[inline(always)]
    fn send(&self, sender: &Sender<Value>, value: &Value) -> bool {
        let open = self.announce();
        if open {
            // Both ends live as long as the queue.
            let _ = sender.try_send(value.clone());
            self.has_stored();
        }
        open
    }

    /// Takes a value into the slot, likewise.
    #[inline(always)]
    pub fn get_at_once(&self, sync: &Sync, slot: &mut Value, noted: bool) -> bool {
        let got = match &self.ring {
            Some(ring) if noted => return self.get_looked_at(ring, sync, slot) == ring::Get::Done,
            Some(ring) => return self.get_from::<false>(ring, sync, slot) == ring::Get::Done,
            None if !noted && let Store::Fifo(_, receiver) = &self.store => receiver.try_recv().ok(),
            None => match self.get(sync) {
                Ok(Got::Value(value)) => Some(value),
                Ok(Got::Empty | Got::End) | Err(_) => None,
            },
        };
        got.map(|value| put(slot, value)).is_some()
    }

    #[inline(always)]
    pub(super) fn put_into<const NOTED: bool>(&self, ring: &Ring, sync: &Sync, value: &Value) -> ring::Put {
        if NOTED {
            return self.put_looked_at(ring, sync, value);
        }
        let done = ring.put(value);
        if done == ring::Put::Done {
            self.getters().offer();
        }
        done
    }

    #[inline(always)]
    pub(super) fn get_from<const NOTED: bool>(
        &self,
        ring: &Ring,
        sync: &Sync,
        slot: &mut Value,
    ) -> ring::Get {
        if NOTED {
            return self.get_looked_at(ring, sync, slot);
        }
        let got = ring.get_noted(slot, &());
        if got == ring::Get::Done {
            self.putters().offer();
        }
        got
    }

    #[inline(never)]
    fn put_looked_at(&self, ring: &Ring, sync: &Sync, value: &Value) -> ring::Put {
        let done;
        if let Some(traced) = sync.only_traced() {
            done = ring.put(value);
            if done == ring::Put::Done {
                traced.put(sync, || ring.size(), true);
            }
        } else {
            let (mut order, places) = sync.order_in_ring();
            done = match places {
                Some(places) => ring.put_noted(value, places),
                None => ring.put(value),
            };
            if done == ring::Put::Done {
                order.put(self.which(), self.capacity, || ring.size());
            }
        }
        if done == ring::Put::Done {
            sync.count_put(|| ring.size());
            self.getters().offer();
        }
        done
    }

    #[inline(never)]
    fn get_looked_at(&self, ring: &Ring, sync: &Sync, slot: &mut Value) -> ring::Get {
        let got;
        if let Some(traced) = sync.only_traced() {
            got = ring.get_noted(slot, &());
            if got == ring::Get::Done {
                traced.got(sync);
            }
        } else {
            let (mut order, places) = sync.order_in_ring();
            got = match places {
                Some(places) => ring.get_noted(slot, places),
                None => ring.get_noted(slot, &()),
            };
            if got == ring::Get::Done {
                order.got(self.which(), true);
            }
        }
        match got {
            ring::Get::Done => {
                sync.count_got(|| ring.size());
                self.putters().offer();
            }
            ring::Get::End => sync.looked_at(),
            ring::Get::Empty => {}
        }
        got
    }
}
