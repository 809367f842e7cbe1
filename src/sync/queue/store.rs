//! What a queue keeps its values in, but for a bounded one in the plain order. Storing never waits.

use super::Order;
use crate::mapped::Leaving;
use crate::sync::heap::Heap;
use crate::value::{Value, error::Error, release};
use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError};
use parking_lot::Mutex;
use std::collections::VecDeque;

#[derive(Debug)]
pub enum Store {
    /// Without limit.
    Fifo(Sender<Value>, Receiver<Value>),
    /// In the plain order, too, and bounded by too much for a ring; or of a simulated run.
    Long(Mutex<VecDeque<Value>>),
    Lifo(Mutex<Vec<Value>>),
    Priority(Mutex<Heap>),
}

impl Store {
    pub fn new(order: Order, bounded: bool) -> Store {
        match order {
            Order::Fifo if bounded => Store::Long(Mutex::default()),
            Order::Fifo => {
                let (sender, receiver) = crossbeam_channel::unbounded();
                Store::Fifo(sender, receiver)
            }
            Order::Lifo => Store::Lifo(Mutex::default()),
            Order::Priority => Store::Priority(Mutex::default()),
        }
    }

    pub fn leaving(&self) -> Leaving {
        match self {
            Store::Fifo(..) | Store::Long(_) => Leaving::FirstFirst,
            Store::Lifo(_) => Leaving::LastFirst,
            Store::Priority(_) => Leaving::SmallestFirst,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Store::Fifo(sender, _) => sender.len(),
            Store::Long(values) => values.lock().len(),
            Store::Lifo(values) => values.lock().len(),
            Store::Priority(heap) => heap.lock().len(),
        }
    }

    /// Stores a value, or gives it back when there is no room.
    #[inline(always)]
    pub fn push(&self, value: Value, most: usize) -> Result<Option<Value>, Error> {
        match self {
            Store::Fifo(sender, _) => match sender.try_send(value) {
                Ok(()) => Ok(None),
                // Both ends live as long as the queue.
                Err(TrySendError::Full(value) | TrySendError::Disconnected(value)) => Ok(Some(value)),
            },
            Store::Long(values) => {
                let mut values = values.lock();
                if values.len() >= most {
                    return Ok(Some(value));
                }
                values.push_back(value);
                Ok(None)
            }
            Store::Lifo(values) => {
                let mut values = values.lock();
                if values.len() >= most {
                    return Ok(Some(value));
                }
                values.push(value);
                Ok(None)
            }
            Store::Priority(heap) => {
                let mut heap = heap.lock();
                if heap.len() >= most {
                    return Ok(Some(value));
                }
                heap.push(value).map(|()| None)
            }
        }
    }

    #[inline(always)]
    pub fn pop(&self) -> Result<Option<Value>, Error> {
        match self {
            Store::Fifo(_, receiver) => match receiver.try_recv() {
                Ok(value) => Ok(Some(value)),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(None),
            },
            Store::Long(values) => Ok(values.lock().pop_front()),
            Store::Lifo(values) => Ok(values.lock().pop()),
            Store::Priority(heap) => heap.lock().pop(),
        }
    }

    /// Drops all it holds: how many they were. Without a lock: what they hold may be large.
    pub fn drain(&self) -> usize {
        match self {
            Store::Fifo(_, receiver) => receiver.try_iter().count(),
            Store::Long(values) => {
                let dropped = std::mem::take(&mut *values.lock());
                dropped.len()
            }
            Store::Lifo(values) => {
                let dropped = std::mem::take(&mut *values.lock());
                dropped.len()
            }
            Store::Priority(heap) => {
                let dropped = std::mem::take(&mut *heap.lock());
                dropped.len()
            }
        }
    }

    /// What is to be dropped with care.
    pub fn take_all(&mut self) -> Vec<Value> {
        match self {
            Store::Fifo(_, receiver) => receiver.try_iter().filter(release::nests).collect(),
            Store::Long(values) => std::mem::take(values.get_mut()).into(),
            Store::Lifo(values) => std::mem::take(values.get_mut()),
            Store::Priority(heap) => std::mem::take(heap.get_mut()).into_values(),
        }
    }
}
