//! Tests of things to wait for, on operations themselves: no world runs, time is a number.

mod locks;
mod meet;
mod pools;
mod queues;
mod rows;
mod states;
mod stress;
mod threads;

use super::future::Failure;
use super::outside::{Outside, Way};
use super::thread::{Entry, State, Thread};
use super::{Kind, Op, Sync, Who};
use crate::builtin::{Body, Context, Outcome, Property, Row};
use crate::code::verify::Verified;
use crate::source::Source;
use crate::value::{
    Value,
    error::{self, Error},
};
use crate::world::{Read, Stream, World};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};

/// What the threads of a test share.
#[derive(Default)]
struct Shared {
    ids: AtomicU32,
    now: AtomicI64,
    /// Which of several the world lets go first.
    pick: AtomicUsize,
    threads: Mutex<Vec<Arc<Thread>>>,
    names: Mutex<HashMap<String, u32>>,
    failures: Mutex<Vec<Arc<Failure>>>,
}

/// A world in which nothing runs: a thread of a test is a handle, and polls when the test says so.
#[derive(Clone)]
struct Testing {
    shared: Arc<Shared>,
    thread: Arc<Thread>,
}

/// A thread with its line, for `poll`.
impl Testing {
    fn new() -> Testing {
        let shared = Arc::new(Shared::default());
        let thread = handle(shared.ids.fetch_add(1, Ordering::SeqCst), "main");
        shared.threads.lock().push(thread.clone());
        Testing { shared, thread }
    }

    /// Another thread of the same world.
    fn other(&self, name: &str) -> Testing {
        let thread = handle(self.shared.ids.fetch_add(1, Ordering::SeqCst), name);
        self.shared.threads.lock().push(thread.clone());
        Testing { shared: self.shared.clone(), thread }
    }

    fn at(&self, line: u32) -> Who<'_> {
        Who { thread: &self.thread, line }
    }

    fn make(&self, name: &str, kind: Kind) -> Arc<Sync> {
        let sync = Sync::new(self.shared.ids.fetch_add(1, Ordering::SeqCst), 1, kind);
        sync.name.set(name.into());
        Arc::new(sync)
    }

    fn poll(&self, op: &mut Op) -> Result<Option<Value>, Error> {
        op.poll(self.at(9))
    }

    /// The operation is done at once, and this is its value.
    fn does(&self, op: &mut Op) -> Value {
        assert!(op.ready(self.at(9)), "not ready: {op:?}");
        self.poll(op).expect("no error").expect("done")
    }

    fn waits(&self, op: &mut Op) -> bool {
        self.poll(op).expect("no error").is_none() && !op.ready(self.at(9))
    }

    fn acquire(&self, sync: &Arc<Sync>) -> bool {
        sync.enter(self.at(7)).expect("no error")
    }

    fn leave(&self, sync: &Arc<Sync>) -> Result<Option<Op>, Error> {
        sync.leave(self.at(8), self)
    }

    /// Ends the thread as a world does.
    fn end(&self, outcome: Result<Value, Arc<Error>>) {
        end(&self.thread, outcome);
        self.shared.threads.lock().retain(|thread| thread.id != self.thread.id);
    }

    fn pass(&self, ns: i64) {
        self.shared.now.fetch_add(ns, Ordering::SeqCst);
    }

    /// The failures of tasks that nobody has asked for.
    fn unasked(&self) -> Vec<String> {
        let failures = self.shared.failures.lock();
        failures.iter().filter_map(|failure| failure.unasked()).map(|unasked| unasked.what).collect()
    }

    fn with_context<T>(&mut self, act: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let program = program();
        act(&mut Context { world: self, program: &program, line: 5 })
    }

    /// Calls a builtin function.
    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Outcome, Error> {
        let row = find(crate::builtin::sync::functions(), name);
        self.run(row, arguments)
    }

    /// Calls a method.
    fn method(&mut self, receiver: &Value, name: &str, arguments: &[Value]) -> Result<Outcome, Error> {
        let row = find(crate::builtin::sync::methods(receiver.kind()), name);
        let all: Vec<Value> = std::iter::once(receiver).chain(arguments).cloned().collect();
        self.run(row, &all)
    }

    fn run(&mut self, row: &Row, arguments: &[Value]) -> Result<Outcome, Error> {
        let Body::Native(native) = &row.body else { panic!("{} is written in conc", row.name) };
        let native = *native;
        self.with_context(|context| native(context, arguments))
    }

    fn get(&mut self, value: &Value, name: &str) -> Value {
        match self.ask(value, name) {
            Ok(Outcome::Value(value)) => value,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn ask(&mut self, value: &Value, name: &str) -> Result<Outcome, Error> {
        let get = property(value, name).get;
        self.with_context(|context| get(context, value))
    }

    fn set(&mut self, value: &Value, name: &str, new: Value) -> Result<(), Error> {
        let set = property(value, name).set.expect("can be assigned");
        self.with_context(|context| set(context, value, &new))
    }
}

fn program() -> Verified {
    crate::pipeline::compile(Arc::new(Source::new("test", ""))).expect("it is empty").0
}

fn handle(id: u32, name: &str) -> Arc<Thread> {
    let thread = Thread::new(id, name, false, Entry::to_call(Value::Nil));
    thread.state.store(State::Running as u8, Ordering::SeqCst);
    Arc::new(thread)
}

fn end(thread: &Thread, outcome: Result<Value, Arc<Error>>) {
    let state = if outcome.is_ok() { State::Finished } else { State::Failed };
    thread.outcome.set(outcome).expect("ends once");
    thread.state.store(state as u8, Ordering::SeqCst);
    thread.done.wake_all();
}

fn find<'a>(rows: &'a [Row], name: &str) -> &'a Row {
    rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn property(value: &Value, name: &str) -> &'static Property {
    let properties = crate::builtin::sync::properties(value.kind());
    properties.iter().find(|property| property.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn value(outcome: Result<Outcome, Error>) -> Value {
    match outcome {
        Ok(Outcome::Value(value)) => value,
        other => panic!("{other:?}"),
    }
}

fn sync_of(value: &Value) -> Arc<Sync> {
    if let Value::Sync(sync) = value { sync.clone() } else { panic!("{value:?}") }
}

/// Kind and message of the error.
fn failed<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, String) {
    let error = result.expect_err("an error");
    (error.kind.word().to_string(), error.message.clone())
}

fn int(value: &Value) -> i64 {
    if let Value::Int(n) = value { *n } else { panic!("{value:?}") }
}

fn is(value: &Value, other: &Value) -> bool {
    crate::value::compare::equal(value, other)
}

fn an_error() -> Arc<Error> {
    Arc::new(Error::new(error::Kind::Zero, "division by zero"))
}

impl World for Testing {
    fn asks_for_states(&self) {}

    fn looks_outside(&self) {}

    fn thread(&self) -> &Arc<Thread> {
        &self.thread
    }

    fn next_id(&mut self) -> u32 {
        self.shared.ids.fetch_add(1, Ordering::SeqCst)
    }

    fn register(&mut self, _: &Arc<Sync>) {}

    fn task_failed(&mut self, failure: Arc<Failure>) {
        self.shared.failures.lock().push(failure);
    }

    fn held_by(&self, _: &Thread) -> Vec<(Arc<Sync>, u32)> {
        Vec::new()
    }

    fn threads(&self) -> Vec<Arc<Thread>> {
        self.shared.threads.lock().clone()
    }

    fn main(&self) -> Arc<Thread> {
        self.shared.threads.lock()[0].clone()
    }

    fn start(&mut self, thread: &Arc<Thread>) -> Result<(), Error> {
        if thread.started() {
            return Err(Error::new(error::Kind::State, "started already"));
        }
        thread.state.store(State::Running as u8, Ordering::SeqCst);
        self.shared.threads.lock().push(thread.clone());
        Ok(())
    }

    fn count_name(&mut self, base: &str) -> u32 {
        let mut names = self.shared.names.lock();
        let count = names.entry(base.to_string()).or_default();
        *count += 1;
        *count
    }

    fn now(&self) -> i64 {
        self.shared.now.load(Ordering::SeqCst)
    }

    fn clock(&self) -> String {
        String::new()
    }

    fn pick(&mut self, count: usize) -> usize {
        self.shared.pick.load(Ordering::SeqCst).min(count - 1)
    }

    fn choose(&mut self, _: u64) -> u64 {
        0
    }

    fn random(&mut self) -> u64 {
        0
    }

    fn seed(&mut self, _: u64) {}

    fn write(&mut self, _: Stream, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn read_line(&mut self) -> Result<Read, Error> {
        Ok(Read::End)
    }

    fn arguments(&self) -> Vec<String> {
        Vec::new()
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn allow_file(&self, _: &str, _: bool) -> Result<(), Error> {
        Ok(())
    }

    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error> {
        Err(Error::new(error::Kind::Refused, format!("{way} is not there in a test")))
    }

    fn cpu_count(&self) -> usize {
        1
    }

    fn pids(&self) -> Result<crate::sync::process::Born, Error> {
        Err(crate::sync::process::not_simulated("pid() and ppid()"))
    }

    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error> {
        Err(crate::sync::process::not_simulated("processes()"))
    }

    fn process_lives(&self, _: &Arc<Thread>) -> bool {
        false
    }

    fn send_signal(&self, _: &Arc<Thread>, _: i32) -> Result<(), Error> {
        Err(crate::sync::process::not_simulated("a signal"))
    }
}
