//! The real world on bodies written in Rust, with the things of `sync`.
//!
//! Every run is watched: one that does not end fails its test.

mod deadlocks;
mod endings;
mod holding;
mod stress;

use super::options::Options;
use super::run::run_body;
use super::{RealWorld, Sink, UncaughtReport};
use crate::builtin::Wait;
use crate::code::verify::Verified;
use crate::machine::{Exit, Waited};
use crate::report::runtime::Ending;
use crate::source::Source;
use crate::sync::lock::Lock;
use crate::sync::queue::{Got, Order, Put, Queue};
use crate::sync::semaphore::Semaphore;
use crate::sync::thread::{Entry, Thread};
use crate::sync::{Kind, Op, Sync, Who};
use crate::value::Value;
use crate::value::error::{self, Error};
use crate::world::{Stream, World};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

const MILLISECOND: i64 = 1_000_000;

const DONE: Exit = Exit::Finished(Value::Nil);

/// Longer than any of these runs takes on a busy machine.
const WATCH: Duration = Duration::from_secs(60);

fn program() -> Arc<Verified> {
    let (program, _) = crate::pipeline::compile(Arc::new(Source::new("test", ""))).expect("it is empty");
    Arc::new(program)
}

/// What a run left behind.
struct Outcome {
    ending: Ending,
    printed: String,
    /// Thread, kind of error, labels of what it held.
    uncaught: Vec<(String, error::Kind, Vec<String>)>,
}

#[derive(Default)]
struct Captured(Mutex<String>);

impl Sink for Captured {
    fn write(&self, _stream: Stream, text: &str) -> io::Result<()> {
        self.0.lock().push_str(text);
        Ok(())
    }
}

fn go(body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static) -> Outcome {
    go_with(Options::default(), body)
}

/// What a body asserts in vain ends only its thread, with an error of this kind; here it fails the test.
const PANIC: error::Kind = error::Kind::State;

fn go_with(options: Options, body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static) -> Outcome {
    let captured = Arc::new(Captured::default());
    let reports = Arc::new(Mutex::new(Vec::new()));
    let (sink, reported) = (captured.clone(), reports.clone());
    let reporter = move |report: &UncaughtReport| {
        let labels = report.holds.iter().map(|(label, _)| label.clone()).collect();
        reported.lock().push((report.thread.to_string(), report.error.kind.clone(), labels));
    };
    let options = Options { sink, reporter: Arc::new(reporter), ..options };
    let ending = watched(move || run_body(program(), options, body));
    let (printed, uncaught) = (captured.0.lock().clone(), std::mem::take(&mut *reports.lock()));
    assert!(uncaught.iter().all(|(_, kind, _)| *kind != PANIC), "a thread has panicked");
    Outcome { ending, printed, uncaught }
}

fn watched<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || done.send(act()));
    ended.recv_timeout(WATCH).expect("the run has ended")
}

/// Starts a thread, and gives its handle.
fn spawn(
    world: &mut RealWorld,
    name: &str,
    body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static,
) -> Arc<Thread> {
    start(world, name, false, body).unwrap()
}

fn start(
    world: &mut RealWorld,
    name: &str,
    daemon: bool,
    body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static,
) -> Result<Arc<Thread>, Error> {
    let entry = Entry::to_call(Value::Nil);
    let thread = Arc::new(Thread::new(world.next_id(), name, daemon, entry));
    world.shared.start(&thread, body)?;
    Ok(thread)
}

/// The value of a wait; the body ends when the run has, or with the error.
macro_rules! step {
    ($waited:expr) => {
        match $waited {
            Waited::Done(value) => value,
            Waited::Failed(error) => return Exit::Failed(Arc::new(error)),
            Waited::Suspended(_) | Waited::Stopped | Waited::Ended => return Exit::Stopped,
        }
    };
}
use step;

/// What a builtin and the machine do for an operation: polls, and waits if it has to.
fn operate(world: &mut RealWorld, mut op: Op, timeout: Option<i64>, line: u32) -> Waited {
    match op.poll(who(world, line)) {
        Ok(Some(value)) => Waited::Done(value),
        Ok(None) => {
            let deadline = timeout.map(|timeout| world.now() + timeout);
            world.wait_at(Wait { op, deadline }, line, None)
        }
        Err(error) => Waited::Failed(error),
    }
}

fn who(world: &RealWorld, line: u32) -> Who<'_> {
    Who { thread: world.thread(), line }
}

fn sleep(world: &mut RealWorld, milliseconds: i64) -> Waited {
    operate(world, Op::Sleep, Some(milliseconds * MILLISECOND), 99)
}

fn join(world: &mut RealWorld, thread: &Arc<Thread>) -> Waited {
    operate(world, Op::Join(thread.clone()), None, 98)
}

fn make(world: &mut RealWorld, name: &str, kind: Kind) -> Arc<Sync> {
    let sync = Arc::new(Sync::new(world.next_id(), 1, kind));
    sync.name.get_or_init(|| name.into());
    world.register(&sync);
    sync
}

fn lock(world: &mut RealWorld, name: &str) -> Arc<Sync> {
    make(world, name, Kind::Lock(Lock::default()))
}

fn queue(world: &mut RealWorld, name: &str, room: Option<i64>) -> Arc<Sync> {
    make(world, name, Kind::Queue(Queue::new(room, Order::Fifo)))
}

fn semaphore(world: &mut RealWorld, name: &str, permits: i64) -> Arc<Sync> {
    make(world, name, Kind::Semaphore(Semaphore::new(permits, false).unwrap()))
}

fn acquire(world: &mut RealWorld, sync: &Arc<Sync>, line: u32) -> Waited {
    acquire_within(world, sync, None, line)
}

fn acquire_within(world: &mut RealWorld, sync: &Arc<Sync>, timeout: Option<i64>, line: u32) -> Waited {
    match sync.enter(who(world, line)) {
        Ok(true) => Waited::Done(Value::Bool(true)),
        Ok(false) => operate(world, Op::acquire(sync.clone()), timeout, line),
        Err(error) => Waited::Failed(error),
    }
}

fn release(world: &mut RealWorld, sync: &Arc<Sync>) {
    assert!(sync.leave(who(world, 1), &*world).unwrap().is_none());
}

fn put(world: &mut RealWorld, queue: &Arc<Sync>, n: i64) -> Waited {
    match Queue::of(queue).unwrap().put(queue, Value::Int(n)) {
        Ok(Put::Done) => Waited::Done(Value::Bool(true)),
        Ok(Put::Full(value)) => wait(world, Op::put(queue.clone(), value), 97),
        Err(error) => Waited::Failed(error),
    }
}

fn get(world: &mut RealWorld, queue: &Arc<Sync>) -> Waited {
    match Queue::of(queue).unwrap().get(queue) {
        Ok(Got::Value(value)) => Waited::Done(value),
        Ok(Got::Empty) => wait(world, Op::Get(queue.clone()), 96),
        Ok(Got::End) => panic!("the queue is closed"),
        Err(error) => Waited::Failed(error),
    }
}

fn wait(world: &mut RealWorld, op: Op, line: u32) -> Waited {
    world.wait_at(Wait { op, deadline: None }, line, None)
}

fn number(value: Value) -> i64 {
    if let Value::Int(n) = value { n } else { panic!("{value:?} is no number") }
}
