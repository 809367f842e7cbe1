//! A `put` that waits, with its value.

use super::Sync;
use super::queue::{self, Queue};
use crate::state::{Reader, Writer};
use crate::value::{Value, error::Error};
use std::sync::Arc;

#[derive(Debug)]
pub struct Put {
    pub queue: Arc<Sync>,
    value: Value,
}

impl Put {
    pub fn new(queue: Arc<Sync>, value: Value) -> Put {
        Put { queue, value }
    }

    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        let value = std::mem::replace(&mut self.value, Value::Nil);
        match Queue::of(&self.queue)?.put(&self.queue, value)? {
            queue::Put::Done => Ok(Some(Value::Bool(true))),
            queue::Put::Full(value) => {
                self.value = value;
                Ok(None)
            }
        }
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.queue);
        w.value(&self.value);
    }

    pub fn load(r: &mut Reader<'_>) -> Put {
        Put { queue: r.sync(), value: r.value() }
    }
}
