//! What reports call the values that only a variable of the script's own code holds: it is in a frame, not in the image, and
//! whoever uses the value has it from elsewhere. Names only: it keeps nothing alive.

use crate::state::Shared;
use crate::sync::thread::Thread;
use crate::value::list::List;
use crate::value::map::Map;
use crate::value::object::Object;
use crate::value::set::Set;
use crate::value::{Value, compare};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};

#[derive(Debug, Default)]
pub(super) struct Called(Mutex<Vec<(Arc<str>, Held)>>);

#[derive(Debug, Clone)]
enum Held {
    List(Weak<List>),
    Map(Weak<Map>),
    Set(Weak<Set>),
    Object(Weak<Object>),
    Thread(Weak<Thread>),
}

impl Called {
    /// The variable of this name holds it from now on. Values in which nothing can change are not remembered.
    pub fn remember(&self, name: &str, value: &Value) {
        let held = match value {
            Value::List(list) => Held::List(Arc::downgrade(list)),
            Value::Map(map) => Held::Map(Arc::downgrade(map)),
            Value::Set(set) => Held::Set(Arc::downgrade(set)),
            Value::Object(object) => Held::Object(Arc::downgrade(object)),
            Value::Thread(thread) => Held::Thread(Arc::downgrade(thread)),
            _ => return,
        };
        self.0.lock().push((name.into(), held));
    }

    /// Those that are still there, with their names.
    pub fn living(&self) -> Vec<(Arc<str>, Value)> {
        let living = |held: &Held| {
            Some(match held {
                Held::List(list) => Value::List(list.upgrade()?),
                Held::Map(map) => Value::Map(map.upgrade()?),
                Held::Set(set) => Value::Set(set.upgrade()?),
                Held::Object(object) => Value::Object(object.upgrade()?),
                Held::Thread(thread) => Value::Thread(thread.upgrade()?),
            })
        };
        self.0.lock().iter().filter_map(|(name, held)| Some((name.clone(), living(held)?))).collect()
    }

    /// The same names for the counterparts of what they stand for here.
    pub fn carry_to(&self, other: &Called, counterpart: &dyn Fn(usize) -> Option<Shared>) {
        for (name, value) in self.living() {
            let value = match compare::address(&value).and_then(counterpart) {
                Some(Shared::List(list)) => Value::List(list),
                Some(Shared::Map(map)) => Value::Map(map),
                Some(Shared::Set(set)) => Value::Set(set),
                Some(Shared::Object(object)) => Value::Object(object),
                Some(Shared::Thread(thread)) => Value::Thread(thread),
                _ => continue,
            };
            other.remember(&name, &value);
        }
    }

    /// The same once more, for an image that the program has grown to.
    pub fn again(&self) -> Called {
        Called(Mutex::new(self.0.lock().clone()))
    }
}
