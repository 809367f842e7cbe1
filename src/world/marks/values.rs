//! What is found in values: the part of marking that knows what each of them holds.

use super::{Common, Marks, Unknown};
use crate::code::reach::{self, Mention};
use crate::sync::process::Process;
use crate::sync::thread::Thread;
use crate::sync::{Kind, Sync, future::Future, pool::Crew, queue::Queue};
use crate::value::nature::Nature;
use crate::value::object::{Method, Object};
use crate::value::{Value, compare};
use std::sync::Arc;

impl Marks<'_> {
    /// Marks it, and puts what it holds down to be looked into.
    pub(super) fn look_into(&mut self, value: Value) -> Result<(), Unknown> {
        match &value {
            Value::Function(function) => self.ahead.push(Mention::Function(*function)),
            Value::Builtin(row) => self.ahead.extend(reach::of_row(&self.image.program, row)),
            Value::Object(object) => self.object(object),
            other => match compare::address(other) {
                Some(address) if self.seen.insert(address) => {
                    if !matches!(other, Value::Closure(_) | Value::Bound(_) | Value::Error(_)) {
                        self.changeable.insert(address);
                    }
                    self.contents(other)?;
                }
                _ => return Ok(()),
            },
        }
        self.kept.push(value);
        Ok(())
    }

    fn object(&mut self, object: &Arc<Object>) {
        let address = Arc::as_ptr(object).addr();
        if !self.seen.insert(address) {
            return;
        }
        self.changeable.insert(address);
        self.kept.push(Value::Object(object.clone()));
        let class = object.class;
        self.class(class);
        for (index, field) in object.fields.iter().enumerate() {
            let mentioned = self.known.contains(&Mention::Field { class: Some(class), index: index as u16 });
            if self.holding_counts || mentioned {
                self.push(field.get());
            }
        }
        object.captured.iter().for_each(|value| self.push(value.clone()));
        self.objects.entry(class).or_default().push(object.clone());
    }

    /// What a value holds that was not seen before.
    fn contents(&mut self, value: &Value) -> Result<(), Unknown> {
        match value {
            Value::Closure(closure) => {
                self.ahead.push(Mention::Function(closure.function));
                closure.captured.iter().for_each(|value| self.push(value.clone()));
            }
            Value::Bound(bound) => {
                self.push(bound.receiver.clone());
                match bound.method {
                    Method::Function(function) => self.ahead.push(Mention::Function(function)),
                    Method::Builtin(row) => self.ahead.extend(reach::of_row(&self.image.program, row)),
                }
            }
            Value::List(list) => {
                self.in_common_if(list.nature, list.place().map(|(number, _)| number));
                let list = list.lock();
                self.left = self.left.checked_sub(list.len()).ok_or(Unknown)?;
                list.iter().for_each(|value| self.push(value.clone()));
            }
            Value::Map(map) => {
                self.in_common_if(map.nature, map.place());
                let map = map.lock();
                self.left = self.left.checked_sub(map.len()).ok_or(Unknown)?;
                map.iter().for_each(|(key, value)| {
                    self.push(key.clone());
                    self.push(value.clone());
                });
            }
            Value::Set(set) => {
                self.in_common_if(set.nature, None);
                let set = set.lock();
                self.left = self.left.checked_sub(set.len()).ok_or(Unknown)?;
                set.iter().for_each(|value| self.push(value.clone()));
            }
            Value::Error(error) => {
                error.attached.lock().iter().for_each(|value| self.push(value.clone()));
                if let Some(again) = &error.again {
                    self.push(Value::Error(again.clone()));
                }
            }
            Value::Cell(cell) => self.push(cell.get()),
            Value::Thread(thread) => self.thread(thread),
            Value::Sync(sync) => self.sync(sync)?,
            Value::Unset
            | Value::Nil
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Duration(_)
            | Value::Short(_)
            | Value::Long(_)
            | Value::Function(_)
            | Value::Builtin(_)
            | Value::Range(_)
            | Value::File(_)
            | Value::Object(_) => {}
        }
        Ok(())
    }

    fn in_common_if(&mut self, nature: Nature, number: Option<usize>) {
        if nature.is_one_for_all() {
            self.common.insert(number.map_or(Common::Unplaced, Common::Container));
        }
    }

    /// What others can come to by a thread: what it will run, its members, its value. Not what it holds itself.
    fn thread(&mut self, thread: &Thread) {
        self.changes_by_itself = true;
        self.processes.extend(thread.process.as_ref().and_then(Process::born).map(|born| born.pid));
        if let Some(entry) = &*thread.entry.lock() {
            self.push(entry.callee.clone());
            entry.arguments.iter().for_each(|value| self.push(value.clone()));
        }
        if let Some(object) = &thread.object {
            self.push(Value::Object(object.clone()));
        }
        match thread.outcome.get() {
            Some(Ok(value)) => self.push(value.clone()),
            Some(Err(error)) => self.push(Value::Error(error.clone())),
            None => {}
        }
        if self.asks_what_is_waited_on
            && let Some(waiting) = &*thread.waiting.lock()
        {
            self.push(waiting.on.clone());
        }
    }

    fn sync(&mut self, sync: &Sync) -> Result<(), Unknown> {
        self.things.insert(sync.id);
        if sync.is_there() {
            self.there.insert(sync.place());
        }
        if sync.is_shared() && !sync.is_there() {
            self.common.insert(Common::Unplaced);
        }
        self.changes_by_itself |= match &sync.kind {
            // Abandoned when its holder ends; closed when nobody holds the pool, or the end, any more; what happens outside.
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => true,
            Kind::Semaphore(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_)
            | Kind::Future(_) => false,
        };
        match &sync.kind {
            Kind::Side(side) => self.push(Value::Sync(side.lock.clone())),
            Kind::Condition(condition) => self.push(Value::Sync(condition.lock.clone())),
            Kind::Queue(queue) => self.values_of(queue)?,
            Kind::Atomic(atomic) => self.push(atomic.get()),
            Kind::Pool(pool) => self.push(Value::Sync(pool.crew.clone())),
            Kind::Pipe(pipe) => pipe.values(&mut |value| self.push(value)),
            Kind::Crew(crew) => self.crew(crew),
            Kind::Future(future) => self.future(future),
            // In a simulated run each process has ends of its own.
            Kind::End(end) => {
                self.things.extend(end.ids());
                self.ends.extend(end.ids());
            }
            Kind::Outside(thing) => {
                self.sides.extend(thing.held());
                thing.keeps(&mut |side| _ = self.sides.insert(side));
            }
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Semaphore(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_) => {}
        }
        Ok(())
    }

    fn values_of(&mut self, queue: &Queue) -> Result<(), Unknown> {
        let values = queue.values_at_rest(self.left).ok_or(Unknown)?;
        self.left -= values.len().min(self.left);
        values.into_iter().for_each(|value| self.push(value));
        Ok(())
    }

    /// Whether a wait for it, when it is over, lets nobody else go on. (It may let go on who awaits how many there are, or wait.)
    pub(super) fn releases_nobody(&self, sync: &Sync, takes: bool) -> bool {
        match &sync.kind {
            Kind::Event(_) | Kind::Latch(_) => true,
            Kind::Semaphore(_) | Kind::Condition(_) => !self.reach.awaits,
            Kind::Queue(queue) => !takes || !self.reach.awaits && queue.capacity.is_none(),
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Barrier(_)
            | Kind::Atomic(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => false,
        }
    }

    /// What whoever takes from it may get.
    pub(super) fn taken(&mut self, sync: &Sync) -> Result<(), Unknown> {
        match &sync.kind {
            Kind::Queue(queue) => self.values_of(queue),
            _ => Ok(()), // nothing else holds anything that is taken
        }
    }

    fn crew(&mut self, crew: &Crew) {
        self.pools |= crew.processes;
        crew.tasks().into_iter().for_each(|task| self.push(Value::Sync(task)));
    }

    fn future(&mut self, future: &Future) {
        self.pools |= future.is_of_processes();
        future.values(&mut |value| self.push(value));
    }
}
