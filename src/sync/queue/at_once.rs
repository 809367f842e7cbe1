//! A put and a get that are done at once or not at all: through the ring where there is one, and what is told and counted of
//! them there. Who waits is the business of others.

use super::ring::{self, Ring};
use super::{Got, Put, Queue};
use crate::sync::Sync;
use crate::value::{Value, put};

impl Queue {
    /// Puts a copy of the value, if nothing but that is to be done. False: nothing was done. `noted`: it may be watched or
    /// counted.
    #[inline(always)]
    pub fn put_at_once(&self, sync: &Sync, value: &Value, noted: bool) -> bool {
        match &self.ring {
            Some(ring) if !noted => {
                let done = ring.put(value) == ring::Put::Done;
                if done {
                    self.getters().offer();
                }
                done
            }
            Some(ring) => self.put_looked_at(ring, sync, value) == ring::Put::Done,
            None => matches!(self.put(sync, value.clone()), Ok(Put::Done)),
        }
    }

    /// Takes a value into the slot, likewise.
    #[inline(always)]
    pub fn get_at_once(&self, sync: &Sync, slot: &mut Value, noted: bool) -> bool {
        match &self.ring {
            Some(ring) if !noted => {
                let done = ring.get_noted(slot, |_| ()) == ring::Get::Done;
                if done {
                    self.putters().offer();
                }
                done
            }
            Some(ring) => self.get_looked_at(ring, sync, slot) == ring::Get::Done,
            None => match self.get(sync) {
                Ok(Got::Value(value)) => {
                    put(slot, value);
                    true
                }
                Ok(Got::Empty | Got::End) | Err(_) => false,
            },
        }
    }

    #[inline(never)]
    pub(super) fn put_looked_at(&self, ring: &Ring, sync: &Sync, value: &Value) -> ring::Put {
        let done;
        if let Some(traced) = sync.only_traced() {
            done = ring.put(value);
            if done == ring::Put::Done {
                traced.put(sync, || ring.size(), true);
            }
        } else {
            let (mut order, places) = sync.order_in_ring();
            done = ring.put_noted(value, |number| places.iter().for_each(|places| places.passed(number)));
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
    pub(super) fn get_looked_at(&self, ring: &Ring, sync: &Sync, slot: &mut Value) -> ring::Get {
        let got;
        if let Some(traced) = sync.only_traced() {
            got = ring.get_noted(slot, |_| ());
            if got == ring::Get::Done {
                traced.got(sync);
            }
        } else {
            let (mut order, places) = sync.order_in_ring();
            got = ring.get_noted(slot, |number| places.iter().for_each(|places| places.passed(number)));
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
