//! What a queue holds, as part of a state, and for those who look into all that a thread can come to.

use super::store::Store;
use super::{CLOSED, Order, Queue, UNFINISHED};
use crate::machine::touch::{self, Touch};
use crate::mapped::Leaving;
use crate::state::{Reader, Writer};
use crate::sync::heap::Heap;
use crate::value::Value;
use std::sync::atomic::Ordering;

impl Queue {
    /// A copy of all it holds; None when that is more than `most`. Nobody else may use the queue meanwhile: to look
    /// into a channel its values have to be taken out and put back.
    pub fn values_at_rest(&self, most: usize) -> Option<Vec<Value>> {
        if self.size() > most {
            return None;
        }
        if let Some(there) = &self.there {
            return Some(there.values());
        }
        if let Some(ring) = &self.ring {
            return Some(ring.values());
        }
        Some(match &self.store {
            Store::Fifo(sender, receiver) => {
                let values: Vec<Value> = receiver.try_iter().collect();
                for value in &values {
                    // There was room for it before.
                    let _ = sender.try_send(value.clone());
                }
                values
            }
            Store::Long(values) => values.lock().iter().cloned().collect(),
            Store::Lifo(values) => values.lock().clone(),
            Store::Priority(heap) => heap.lock().values().cloned().collect(),
        })
    }

    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.byte(match self.leaving() {
            Leaving::FirstFirst => 0,
            Leaving::LastFirst => 1,
            Leaving::SmallestFirst => 2,
        });
        w.option(self.capacity, |w, capacity| w.count(capacity as u64));
    }

    pub fn load(r: &mut Reader<'_>) -> Queue {
        let order = match r.byte() {
            0 => Order::Fifo,
            1 => Order::Lifo,
            2 => Order::Priority,
            order => unreachable!("no queue has the order {order}"),
        };
        let capacity = r.option(|r| r.count() as i64);
        // In a simulated run nobody uses it while another does: what is plain is made and written in less time.
        match order {
            Order::Fifo if r.objects.simulated() => Queue::plain(capacity),
            Order::Fifo | Order::Lifo | Order::Priority => Queue::new(capacity, order),
        }
    }

    /// Nobody may put or get meanwhile. Whether what was left at the close was dropped has no effect any more then.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.closed());
        // Where nobody reports, the count would only tell how often the queue was used: that something was taken is
        // enough.
        let most = if w.numbering.counts_tasks() { u64::MAX } else { self.size() as u64 + 1 };
        w.count(self.unfinished().min(most));
        if let Some(ring) = &self.ring {
            return w.values(&ring.values());
        }
        match &self.store {
            Store::Fifo(sender, receiver) => {
                let values: Vec<Value> = receiver.try_iter().collect();
                w.values(&values);
                for value in values {
                    let _ = sender.try_send(value); // there is room: it was taken out just now
                }
            }
            Store::Long(values) => w.values(values.lock().make_contiguous()),
            Store::Lifo(values) => w.values(&values.lock()),
            Store::Priority(heap) => heap.lock().save(w),
        }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let (closed, unfinished) = (r.flag(), r.count());
        if let Some(ring) = &self.ring {
            return ring.fill(closed, unfinished, &r.values());
        }
        let closed = if closed { CLOSED } else { 0 };
        self.state().store((unfinished * UNFINISHED) | closed, Ordering::SeqCst);
        match &self.store {
            Store::Fifo(sender, _) => {
                for value in r.values() {
                    let _ = sender.try_send(value); // it is empty, and as large as the one that was written
                }
            }
            Store::Long(values) => *values.lock() = r.values().into(),
            Store::Lifo(values) => *values.lock() = r.values(),
            Store::Priority(heap) => *heap.lock() = Heap::load(r),
        }
    }

    /// What is read, of the values it holds and of one that comes, when one of them is put or taken.
    pub fn read_to_order(&self, comes: Option<&Value>) -> Vec<Touch> {
        let mut values = self.compared();
        if !values.is_empty() {
            values.extend(comes.cloned());
        }
        touch::read_to_order(&values)
    }

    /// The values that putting and getting compare with others.
    pub fn compared(&self) -> Vec<Value> {
        match &self.store {
            Store::Fifo(..) | Store::Long(_) | Store::Lifo(_) => Vec::new(),
            Store::Priority(heap) => heap.lock().values().cloned().collect(),
        }
    }
}
