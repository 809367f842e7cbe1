//! Things and operations written as nodes of a state, and made again.

use super::*;
use crate::source::Span;
use crate::state::{Numbering, Objects, Reader, Shared as Object, Writer};
use crate::sync::atomic::Atomic;
use crate::sync::barrier::{self, Barrier, Round};
use crate::sync::condition::{self, Condition, Ticket};
use crate::sync::event::{self, Event};
use crate::sync::future::{Future, Several};
use crate::sync::latch::Latch;
use crate::sync::lock::Lock;
use crate::sync::pool::{Crew, Pool, Task};
use crate::sync::queue::{Got, Order, Put, Queue};
use crate::sync::rlock::RLock;
use crate::sync::rwlock::{RwLock, Side};
use crate::sync::select::Select;
use crate::sync::semaphore::Semaphore;
use crate::sync::thread::Timer;
use crate::value::error::Place;
use crate::value::list::List;
use std::sync::atomic::AtomicUsize;

/// Something to be written: some objects and operations, and the threads there are.
struct Scene {
    roots: Vec<Object>,
    ops: Vec<Op>,
    threads: Vec<Arc<Thread>>,
    names: bool,
}

#[derive(Debug, PartialEq, Default)]
struct Node {
    kind: &'static str,
    bytes: Vec<u8>,
    refs: Vec<u32>,
}

struct Met<'a> {
    objects: Vec<Object>,
    scene: &'a Scene,
}

impl Numbering for Met<'_> {
    fn number(&mut self, object: Object) -> u32 {
        let known = self.objects.iter().position(|other| other.address() == object.address());
        known.unwrap_or_else(|| {
            self.objects.push(object);
            self.objects.len() - 1
        }) as u32
    }

    fn thread(&mut self, id: u32) -> u32 {
        let thread = self.scene.threads.iter().find(|thread| thread.id == id).expect("a thread of the scene");
        self.number(Object::Thread(thread.clone()))
    }

    fn names(&self) -> bool {
        self.scene.names
    }
}

/// Makes objects of nodes; how much of each is content is kept until it is filled.
struct Made<'a> {
    nodes: &'a [Node],
    made: Vec<Option<(Object, usize, usize)>>,
    names: bool,
    next: u32,
}

impl Objects for Made<'_> {
    fn object(&mut self, node: u32) -> Object {
        if let Some((object, _, _)) = &self.made[node as usize] {
            return object.clone();
        }
        let written = &self.nodes[node as usize];
        self.next += 1;
        let id = self.next;
        let mut r = Reader { bytes: &written.bytes, refs: &written.refs, objects: self };
        let object = match written.kind {
            "sync" => Object::Sync(Arc::new(Sync::load(id, &mut r))),
            "thread" => Object::Thread(Arc::new(Thread::load(id, &mut r))),
            "ticket" => Object::Ticket(Arc::new(Ticket::load(&mut r))),
            "round" => Object::Round(Arc::new(Round::load(&mut r))),
            "failure" => Object::Failure(Arc::new(Failure::load(&mut r))),
            "error" => Object::Error(Arc::new(Error::load(&mut r))),
            "left" => Object::Left(Arc::new(AtomicUsize::new(r.count() as usize))),
            "list" => Object::List(Arc::new(List::new(Vec::new()))),
            kind => panic!("{kind}"),
        };
        let (bytes, refs) = (r.bytes.len(), r.refs.len());
        self.made[node as usize] = Some((object.clone(), bytes, refs));
        object
    }

    fn names(&self) -> bool {
        self.names
    }
}

impl Scene {
    fn new(threads: &[&Testing], things: &[&Arc<Sync>], ops: Vec<Op>) -> Scene {
        let threads: Vec<_> = threads.iter().map(|world| world.thread.clone()).collect();
        let roots = threads.iter().map(|thread| Object::Thread(thread.clone()));
        let roots = roots.chain(things.iter().map(|thing| Object::Sync((*thing).clone()))).collect();
        Scene { roots, ops, threads, names: false }
    }

    /// The operations' node comes last.
    fn write(&self) -> Vec<Node> {
        let mut met = Met { objects: self.roots.clone(), scene: self };
        let mut last = Node { kind: "ops", ..Node::default() };
        let mut w = Writer { bytes: &mut last.bytes, refs: &mut last.refs, numbering: &mut met };
        self.ops.iter().for_each(|op| op.save(&mut w));
        let mut nodes = Vec::new();
        while let Some(object) = met.objects.get(nodes.len()).cloned() {
            let mut node = Node::default();
            let w = &mut Writer { bytes: &mut node.bytes, refs: &mut node.refs, numbering: &mut met };
            node.kind = match object {
                Object::Sync(it) => {
                    it.save(w);
                    "sync"
                }
                Object::Thread(it) => {
                    it.save(w);
                    "thread"
                }
                Object::Ticket(it) => {
                    it.save(w);
                    "ticket"
                }
                Object::Round(it) => {
                    it.save(w);
                    "round"
                }
                Object::Failure(it) => {
                    it.save(w);
                    "failure"
                }
                Object::Error(it) => {
                    it.save(w);
                    "error"
                }
                Object::Left(it) => {
                    w.count(it.load(Ordering::SeqCst) as u64);
                    "left"
                }
                Object::List(it) => {
                    w.values(&it.snapshot());
                    "list"
                }
                other => panic!("{other:?}"),
            };
            nodes.push(node);
        }
        nodes.push(last);
        nodes
    }

    /// Made again from what is written; written again, it is the same.
    fn again(&self) -> Scene {
        let nodes = self.write();
        let (last, nodes) = nodes.split_last().unwrap();
        let mut made = Made { nodes, made: Vec::new(), names: self.names, next: 1000 };
        made.made.resize_with(nodes.len(), || None);
        for (node, written) in nodes.iter().enumerate() {
            let object = made.object(node as u32);
            let (bytes, refs) = made.made[node].as_ref().map(|(_, bytes, refs)| (*bytes, *refs)).unwrap();
            let bytes = &written.bytes[written.bytes.len() - bytes..];
            let refs = &written.refs[written.refs.len() - refs..];
            let mut r = Reader { bytes, refs, objects: &mut made };
            match object {
                Object::Sync(it) => it.fill(&mut r),
                Object::Thread(it) => it.fill(&mut r),
                Object::Ticket(it) => it.fill(&mut r),
                Object::Round(it) => it.fill(&mut r),
                Object::Failure(it) => it.fill(&mut r),
                Object::Error(it) => it.fill(&mut r),
                Object::Left(_) => {}
                Object::List(it) => drop(it.replace(r.values())),
                other => panic!("{other:?}"),
            }
            assert!(r.bytes.is_empty() && r.refs.is_empty(), "all is read: {written:?}");
        }
        let mut r = Reader { bytes: &last.bytes, refs: &last.refs, objects: &mut made };
        let ops = self.ops.iter().map(|_| Op::load(&mut r)).collect();
        assert!(r.bytes.is_empty() && r.refs.is_empty());
        let objects: Vec<Object> = made.made.into_iter().map(|made| made.unwrap().0).collect();
        let threads = objects.iter().filter_map(|object| match object {
            Object::Thread(thread) => Some(thread.clone()),
            _ => None,
        });
        let threads = threads.collect();
        let roots = objects[..self.roots.len()].to_vec();
        let again = Scene { roots, ops, threads, names: self.names };
        assert_eq!(again.write(), self.write());
        again
    }

    fn thing(&self, at: usize) -> Arc<Sync> {
        let mut things = self.roots.iter().filter_map(|root| match root {
            Object::Sync(sync) => Some(sync.clone()),
            _ => None,
        });
        things.nth(at).unwrap()
    }

    /// A thread that was made again, in the world of `world`.
    fn at(&self, world: &Testing, thread: usize) -> Testing {
        let Object::Thread(thread) = &self.roots[thread] else { panic!() };
        Testing { shared: world.shared.clone(), thread: thread.clone() }
    }
}

fn queue(world: &Testing, capacity: Option<i64>, order: Order, values: &[i64]) -> Arc<Sync> {
    let sync = world.make("q", Kind::Queue(Queue::new(capacity, order)));
    values.iter().for_each(|n| assert!(matches!(put(&sync, *n), Ok(Put::Done))));
    sync
}

fn put(queue: &Arc<Sync>, n: i64) -> Result<Put, Error> {
    Queue::of(queue).unwrap().put(queue, Value::Int(n))
}

fn drained(sync: &Arc<Sync>) -> Vec<i64> {
    let queue = Queue::of(sync).unwrap();
    std::iter::from_fn(|| match queue.get(sync).unwrap() {
        Got::Value(value) => Some(int(&value)),
        Got::Empty | Got::End => None,
    })
    .collect()
}

#[test]
fn queues_give_their_values_in_order() {
    let a = Testing::new();
    let cases = [
        (Order::Fifo, None, [3, 1, 2]),
        (Order::Fifo, Some(3), [3, 1, 2]),
        (Order::Fifo, Some(1 << 20), [3, 1, 2]),
        (Order::Lifo, None, [2, 1, 3]),
        (Order::Priority, Some(5), [1, 2, 3]),
    ];
    for (order, capacity, expected) in cases {
        let q = queue(&a, capacity, order, &[3, 1, 2]);
        Queue::of(&q).unwrap().task_done(&q).unwrap();
        let again = Scene::new(&[], &[&q], Vec::new()).again();
        let made = again.thing(0);
        let state = Queue::of(&made).unwrap();
        assert_eq!(
            (state.capacity, state.unfinished(), state.closed()),
            (capacity.map(|n| n as usize), 2, false)
        );
        assert_eq!(state.put_ready(), capacity != Some(3));
        assert_eq!(drained(&made), expected);
        assert_eq!(drained(&q), expected, "writing leaves it as it was");
        state.close(false);
        let closed = Scene::new(&[], &[&made], Vec::new()).again().thing(0);
        assert!(matches!(Queue::of(&closed).unwrap().get(&closed), Ok(Got::End)));
    }
}

#[test]
fn a_priority_queue_is_known_by_its_content() {
    let a = Testing::new();
    let written =
        |values: &[i64]| Scene::new(&[], &[&queue(&a, None, Order::Priority, values)], Vec::new()).write();
    assert_eq!(written(&[1, 2, 3, 4]), written(&[4, 2, 3, 1]));
    assert_ne!(written(&[1, 2]), written(&[1, 3]));
    // Changed since they came: it can tell no order, and is kept as it stands.
    let q = queue(&a, None, Order::Priority, &[]);
    let lists: Vec<Value> = (1..4).map(|n| Value::list(vec![Value::Int(n)])).collect();
    for list in &lists {
        Queue::of(&q).unwrap().put(&q, list.clone()).unwrap();
    }
    let Value::List(first) = &lists[0] else { panic!() };
    first.replace(vec![Value::Int(9)]);
    let again = Scene::new(&[], &[&q], Vec::new()).again().thing(0);
    for expected in [9, 2, 3] {
        for queue in [&q, &again] {
            let Got::Value(Value::List(list)) = Queue::of(queue).unwrap().get(queue).unwrap() else {
                panic!()
            };
            assert_eq!(int(&list.snapshot()[0]), expected);
        }
    }
}

#[test]
fn held_locks_are_held_by_the_same_threads() {
    let a = Testing::new();
    let b = a.other("b");
    let plain = a.make("plain", Kind::Lock(Lock::default()));
    let deep = a.make("deep", Kind::RLock(RLock::default()));
    a.acquire(&plain);
    b.acquire(&deep);
    b.acquire(&deep);
    let again =
        Scene::new(&[&a, &b], &[&plain, &deep], vec![Op::acquire(plain.clone()), Op::acquire(deep.clone())]);
    let mut again = again.again();
    let (plain, deep) = (again.thing(0), again.thing(1));
    let (a, b) = (again.at(&a, 0), again.at(&b, 1));
    assert_eq!(plain.held_since(a.thread.id), Some(7));
    assert_eq!((RLock::of(&deep).unwrap().depth(), b.thread.held.load(Ordering::SeqCst)), (2, 2));
    assert!(a.waits(&mut again.ops[1]) && b.waits(&mut again.ops[0]));
    a.leave(&plain).unwrap();
    b.does(&mut again.ops[0]);
    assert!(plain.owner().unwrap().is(b.thread.id));
    b.leave(&deep).unwrap();
    b.leave(&deep).unwrap();
    a.does(&mut again.ops[1]);
}

#[test]
fn what_is_abandoned_stays_abandoned() {
    let a = Testing::new();
    let b = a.other("worker-1");
    let lock = a.make("m", Kind::Lock(Lock::default()));
    let rw = a.make("rw", Kind::RwLock(RwLock::default()));
    let write = a.make("rw.write", Kind::Side(Side { lock: rw.clone(), write: true }));
    b.acquire(&lock);
    b.acquire(&write);
    for thing in [&lock, &rw] {
        thing.abandon(b.thread.id, &b.thread.name());
    }
    let again = Scene::new(&[&a], &[&lock, &write], Vec::new()).again();
    for (thing, label) in [(again.thing(0), "m"), (again.thing(1), "rw")] {
        let (kind, message) = failed(thing.enter(again.at(&a, 0).at(1)));
        assert_eq!(kind, "abandoned");
        assert_eq!(message, format!("{label} is abandoned: \"worker\" ended while it held it"));
    }
}

#[test]
fn sides_admit_as_before() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let rw = a.make("rw", Kind::RwLock(RwLock::default()));
    let read = a.make("rw.read", Kind::Side(Side { lock: rw.clone(), write: false }));
    let write = a.make("rw.write", Kind::Side(Side { lock: rw.clone(), write: true }));
    a.acquire(&write);
    let mut reader = Op::acquire(read.clone());
    assert!(b.waits(&mut reader));
    let writer = Op::acquire(write.clone());
    a.leave(&write).unwrap();
    // The reader began to wait before the writer released: it goes before the writer that waits; others do not.
    let late = Op::acquire(read.clone());
    let mut again = Scene::new(&[&a, &b, &c], &[&read, &write, &rw], vec![reader, writer, late]).again();
    let (a, b, c) = (again.at(&a, 0), again.at(&b, 1), again.at(&c, 2));
    assert!(!c.acquire(&again.thing(0)), "a writer waits");
    assert!(c.waits(&mut again.ops[2]));
    b.does(&mut again.ops[0]);
    assert!(a.waits(&mut again.ops[1]));
    b.leave(&again.thing(0)).unwrap();
    a.does(&mut again.ops[1]);
    assert_eq!(RwLock::of(&again.thing(2)).unwrap().writer(), Some((a.thread.id, 9)));
}

#[test]
fn ways_that_led_to_the_same_leave_no_mark() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let rw = a.make("rw", Kind::RwLock(RwLock::default()));
    let read = a.make("rw.read", Kind::Side(Side { lock: rw.clone(), write: false }));
    let write = a.make("rw.write", Kind::Side(Side { lock: rw.clone(), write: true }));
    let event = a.make("e", Kind::Event(Event::default()));
    let guard = a.make("guard", Kind::Lock(Lock::default()));
    let condition = a.make("c", Kind::Condition(Condition::new(guard.clone()).unwrap()));
    let bounded = queue(&a, Some(2), Order::Fifo, &[]);
    let permits = a.make("s", Kind::Semaphore(Semaphore::new(3, false).unwrap()));
    let notify = || {
        a.acquire(&guard);
        Condition::of(&condition).unwrap().notify(&condition, a.at(1), 1, &mut a.clone()).unwrap();
        a.leave(&guard).unwrap();
    };
    notify();
    let written = |first: &Testing, second: &Testing| {
        for world in [first, second] {
            assert!(world.acquire(&read) && world.acquire(&permits));
        }
        let things = [&rw, &event, &condition, &bounded, &permits];
        let nodes = Scene::new(&[&a, &b, &c], &things, Vec::new()).write();
        for world in [first, second] {
            world.leave(&read).unwrap();
            world.leave(&permits).unwrap();
        }
        nodes
    };
    let before = written(&b, &c);
    assert_eq!(written(&c, &b), before, "the order of readers");
    a.acquire(&write);
    a.leave(&write).unwrap();
    Event::of(&event).unwrap().set();
    assert_ne!(written(&b, &c), before, "the event is set");
    Event::of(&event).unwrap().clear();
    notify();
    put(&bounded, 1).unwrap();
    drained(&bounded);
    Queue::of(&bounded).unwrap().task_done(&bounded).unwrap();
    assert_eq!(written(&b, &c), before);
}

#[test]
fn a_ticket_is_shared_by_wait_and_condition() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let guard = a.make("guard", Kind::RLock(RLock::default()));
    let changed = a.make("changed", Kind::Condition(Condition::new(guard.clone()).unwrap()));
    let mut ops = Vec::new();
    for world in [&a, &b] {
        world.acquire(&guard);
        world.acquire(&guard);
        let mut op = Op::Condition(condition::Wait::new(changed.clone()));
        assert!(!op.leaves_trace());
        assert!(world.waits(&mut op));
        assert!(op.leaves_trace());
        ops.push(op);
    }
    c.acquire(&guard);
    let mut again = Scene::new(&[&a, &b, &c], &[&changed, &guard], ops).again();
    let (a, b, c) = (again.at(&a, 0), again.at(&b, 1), again.at(&c, 2));
    let changed = again.thing(0);
    let condition = Condition::of(&changed).unwrap();
    assert_eq!(condition.waiting(), 2);
    // The world decides which of the two.
    c.shared.pick.store(1, Ordering::SeqCst);
    assert_eq!(condition.notify(&changed, c.at(1), 1, &mut c.clone()).unwrap(), 1);
    c.shared.pick.store(0, Ordering::SeqCst);
    assert!(a.waits(&mut again.ops[0]));
    assert!(b.poll(&mut again.ops[1]).unwrap().is_none(), "notified, but the lock is held");
    // Again, while one waits for the lock.
    again.threads = vec![a.thread.clone(), b.thread.clone(), c.thread.clone()];
    let mut again = again.again();
    let guard = again.thing(1);
    let (a, b, c) = (again.at(&a, 0), again.at(&b, 1), again.at(&c, 2));
    c.leave(&guard).unwrap();
    assert!(is(&b.does(&mut again.ops[1]), &Value::Bool(true)));
    assert_eq!(RLock::of(&guard).unwrap().depth(), 2);
    assert!(a.waits(&mut again.ops[0]));
}

#[test]
fn a_wait_that_has_missed_a_set_is_done() {
    let a = Testing::new();
    let event = a.make("e", Kind::Event(Event::default()));
    let wait = || Op::Event(event::Wait::new(event.clone()));
    let (mut missed, mut waits) = (wait(), wait());
    assert!(a.waits(&mut missed));
    let state = Event::of(&event).unwrap();
    for _ in 0..3 {
        state.set();
        state.clear();
    }
    assert!(a.waits(&mut waits));
    let mut again = Scene::new(&[&a], &[&event], vec![missed, waits, wait()]).again();
    let a = again.at(&a, 0);
    assert!(a.waits(&mut again.ops[1]) && a.waits(&mut again.ops[2]));
    a.does(&mut again.ops[0]);
    Event::of(&again.thing(0)).unwrap().set();
    a.does(&mut again.ops[1]);
    assert!(Event::of(&Scene::new(&[], &[&again.thing(0)], Vec::new()).again().thing(0)).unwrap().is_set());
}

#[test]
fn a_barrier_half_full_completes() {
    let a = Testing::new();
    let b = a.other("b");
    let meet = a.make("meet", Kind::Barrier(Barrier::new(2).unwrap()));
    let wait = || Op::Barrier(barrier::Wait::new(meet.clone()));
    let mut first = wait();
    assert!(a.waits(&mut first));
    let mut again = Scene::new(&[&a, &b], &[&meet], vec![first, wait()]).again();
    assert_eq!(Barrier::of(&again.thing(0)).unwrap().waiting(), 1);
    assert!(is(&again.at(&b, 1).does(&mut again.ops[1]), &Value::Int(1)));
    // Its round has ended, and only the first knows it.
    let mut again = again.again();
    assert!(is(&again.at(&a, 0).does(&mut again.ops[0]), &Value::Int(0)));
    Barrier::of(&again.thing(0)).unwrap().abort(a.at(4));
    let broken = Scene::new(&[&a], &[&again.thing(0)], Vec::new()).again();
    let (kind, message) = failed(a.poll(&mut Op::Barrier(barrier::Wait::new(broken.thing(0)))));
    assert_eq!((kind.as_str(), message.as_str()), ("broken", "meet is broken: \"main\" aborted it (line 4)"));
}

#[test]
fn numbers_are_kept() {
    let a = Testing::new();
    let b = a.other("b");
    let permits = a.make("s", Kind::Semaphore(Semaphore::new(2, true).unwrap()));
    let latch = a.make("l", Kind::Latch(Latch::new(3).unwrap()));
    let atomic = a.make("n", Kind::Atomic(Atomic::new(Value::text("x"))));
    a.acquire(&permits);
    b.acquire(&permits);
    b.end(Ok(Value::Nil)); // with its permit
    let scene = Scene::new(&[&a], &[&permits, &latch, &atomic], Vec::new());
    let again = scene.again();
    // Who took the permits is no part of the state: the same one, with the same number taken by somebody else.
    Semaphore::of(&permits).unwrap().release(&permits, a.at(1), 2).unwrap();
    assert!(b.acquire(&permits) && b.acquire(&permits));
    assert_eq!(again.write(), Scene::new(&[&a], &[&permits, &latch, &atomic], Vec::new()).write());
    let a = again.at(&a, 0);
    let (permits, latch) = (again.thing(0), again.thing(1));
    assert_eq!(permits.held_since(a.thread.id), None);
    assert!(!a.acquire(&permits));
    let semaphore = Semaphore::of(&permits).unwrap();
    semaphore.release(&permits, a.at(1), 2).unwrap();
    assert_eq!(failed(semaphore.release(&permits, a.at(1), 1)).0, "value", "it is bounded still");
    Latch::of(&latch).unwrap().count_down(&latch, 3).unwrap();
    assert!(is(&Atomic::of(&again.thing(2)).unwrap().get(), &Value::text("x")));
}

#[test]
fn pools_go_on_with_their_tasks() {
    let a = Testing::new();
    let worker = a.other("p-1");
    let crew = Arc::new(Sync::new(90, 1, Kind::Crew(Crew::new(2).unwrap())));
    let pool = a.make("p", Kind::Pool(Pool { crew: crew.clone() }));
    let state = Crew::of(&crew).unwrap();
    let futures: Vec<Arc<Sync>> = (0..4)
        .map(|n| {
            let task = Entry { callee: Value::Function(n), arguments: vec![Value::Int(5)] };
            let future = a.make(&format!("f{n}"), Kind::Future(Future::new("work".into(), &crew, task)));
            state.submit(&crew, future.clone()).unwrap();
            future
        })
        .collect();
    assert!(state.enlist(worker.thread.id));
    let begin = || assert!(matches!(state.take(worker.thread.id), Task::Begin(_)));
    begin();
    let failure = Arc::new(Failure::new(&futures[0], an_error()));
    Future::of(&futures[0]).unwrap().fail(&futures[0], failure);
    state.free(worker.thread.id);
    state.finished();
    begin();
    Future::of(&futures[1]).unwrap().take_task();
    let ended = queue(&a, None, Order::Fifo, &[]);
    let left = Arc::new(AtomicUsize::new(2));
    futures[1..3].iter().for_each(|sync| Future::of(sync).unwrap().watch(sync, &ended, &left));
    let things: Vec<&Arc<Sync>> = [&pool, &ended].into_iter().chain(&futures).collect();
    let mut ops = vec![Op::Idle(crew.clone()), Op::Task(crew.clone()), Op::Result(futures[0].clone())];
    ops.push(Op::Several(Several { futures: futures.clone(), any: false }));
    let mut again = Scene::new(&[&a, &worker], &things, ops).again();

    let (a, worker) = (again.at(&a, 0), again.at(&worker, 1));
    let (crew, ended) = (Pool::of(&again.thing(0)).unwrap().crew.clone(), again.thing(1));
    let state = Crew::of(&crew).unwrap();
    assert_eq!((state.unfinished(), Crew::workers(&crew)), (3, vec![worker.thread.id]));
    assert_eq!(failed(a.poll(&mut again.ops[2])), ("zero".into(), "division by zero".into()));
    let running = again.thing(3);
    assert_eq!(
        Future::of(&running).unwrap().releasers(),
        super::super::Releasers::All(vec![worker.thread.id])
    );
    assert!(Future::of(&running).unwrap().take_task().is_none());
    Future::of(&running).unwrap().finish(&running, Value::Int(1));
    state.free(worker.thread.id);
    state.finished();
    for n in 2..4 {
        let Value::Sync(next) = worker.does(&mut again.ops[1]) else { panic!() };
        assert!(Arc::ptr_eq(&next, &again.thing(n + 2)), "in the order of their coming");
        let task = Future::of(&next).unwrap().take_task().unwrap();
        assert!(is(&task.callee, &Value::Function(n as u32)) && is(&task.arguments[0], &Value::Int(5)));
        Future::of(&next).unwrap().finish(&next, Value::Nil);
        state.free(worker.thread.id);
        state.finished();
    }
    a.does(&mut again.ops[0]);
    a.does(&mut again.ops[3]);
    assert_eq!(Queue::of(&ended).unwrap().size(), 2, "both futures that were watched");
    assert!(Queue::of(&ended).unwrap().closed(), "after the last");
}

#[test]
fn threads_with_and_without_their_names() {
    let a = Testing::new();
    let mut timer =
        Thread::new(5, "beat-2", true, Entry { callee: Value::Function(3), arguments: Vec::new() });
    timer.timer = Some(Timer::new(500, true));
    let timer = Arc::new(timer);
    *timer.name.lock() = "metronome".into();
    timer.timer.as_ref().unwrap().cancel();
    let failed = handle(6, "worker-1");
    end(&failed, Err(an_error()));
    let done = handle(7, "worker-2");
    end(&done, Ok(Value::text("result")));
    done.asked.store(true, Ordering::SeqCst);
    let threads = vec![timer, failed, done];
    let roots: Vec<Object> = threads.iter().map(|thread| Object::Thread(thread.clone())).collect();
    for names in [false, true] {
        let ops = threads.iter().map(|thread| Op::ThreadResult(thread.clone())).collect();
        let scene = Scene { roots: roots.clone(), ops, threads: threads.clone(), names };
        let mut again = scene.again();
        let [timer, failed, done] = &again.threads[..] else { panic!() };
        let called: Vec<_> = again.threads.iter().map(|thread| thread.name()).collect();
        match names {
            true => assert_eq!(
                called.iter().map(|name| &**name).collect::<Vec<_>>(),
                ["metronome", "worker-1", "worker-2"]
            ),
            false => assert_eq!(
                called.iter().map(|name| &**name).collect::<Vec<_>>(),
                ["beat", "worker", "worker"]
            ),
        }
        assert_eq!((timer.id == 5, &*timer.default_name == "beat-2"), (names, names));
        assert!(timer.is_cancelled() && timer.daemon.load(Ordering::SeqCst));
        assert_eq!(timer.timer.as_ref().map(|timer| (timer.delay, timer.repeats)), Some((500, true)));
        assert!(is(&timer.entry.lock().as_ref().unwrap().callee, &Value::Function(3)));
        assert_eq!(
            (failed.state(), done.state(), timer.state()),
            (State::Failed, State::Finished, State::New)
        );
        assert!(!failed.asked.load(Ordering::SeqCst) && done.asked.load(Ordering::SeqCst));
        assert_eq!(super::failed(a.poll(&mut again.ops[1])).0, "zero");
        assert!(is(&a.does(&mut again.ops[2]), &Value::text("result")));
    }
}

#[test]
fn errors_keep_what_they_tell() {
    let a = Testing::new();
    let error = Error::new(error::Kind::Other("mine".into()), "a text").hint("do this").note("n1").note("n2");
    let place = Place {
        thread: "worker-3".into(),
        span: Span { start: 300, end: 305 },
        line: 12,
        calls: vec![("f".into(), 2), ("g".into(), 400)],
    };
    error.place.set(place).unwrap();
    let error = Arc::new(error);
    // One that is attached to itself.
    error.attached.lock().extend([Value::Error(an_error()), Value::Error(error.clone())]);
    let atomic = a.make("n", Kind::Atomic(Atomic::new(Value::Error(Arc::new(Error::again(&error))))));
    let again = Scene::new(&[], &[&atomic], Vec::new()).again().thing(0);
    let Value::Error(standing) = Atomic::of(&again).unwrap().get() else { panic!() };
    let made = standing.again.clone().unwrap();
    assert_eq!((made.kind.word(), made.message.as_str()), ("mine", "a text"));
    assert_eq!((&made.hints, &made.notes), (&error.hints, &error.notes));
    let place = made.place.get().unwrap();
    assert_eq!((&*place.thread, place.line, place.span.start, place.span.end), ("worker", 12, 300, 305));
    assert_eq!(place.calls, [("f".into(), 2), ("g".into(), 400)]);
    let attached = made.attached.lock().clone();
    assert!(matches!(&attached[1], Value::Error(itself) if Arc::ptr_eq(itself, &made)));
    error.attached.lock().clear();
    made.attached.lock().clear();
}

#[test]
fn every_operation_is_the_same_again() {
    let a = Testing::new();
    let b = a.other("b");
    let q = queue(&a, Some(1), Order::Fifo, &[1]);
    let crew = Arc::new(Sync::new(91, 1, Kind::Crew(Crew::new(1).unwrap())));
    let task = Entry { callee: Value::Nil, arguments: Vec::new() };
    let future = a.make("f", Kind::Future(Future::new("work".into(), &crew, task)));
    let lock = a.make("m", Kind::Lock(Lock::default()));
    let rw = a.make("rw", Kind::RwLock(RwLock::default()));
    let side = a.make("rw.write", Kind::Side(Side { lock: rw.clone(), write: true }));
    let condition = a.make("c", Kind::Condition(Condition::new(lock.clone()).unwrap()));
    let event = a.make("e", Kind::Event(Event::default()));
    let meet = a.make("meet", Kind::Barrier(Barrier::new(2).unwrap()));
    let latch = a.make("l", Kind::Latch(Latch::new(1).unwrap()));
    let thread = || b.thread.clone();
    let arms = vec![Op::Get(q.clone()), Op::put(q.clone(), Value::Int(4))];
    let select = Select::new(arms, a.at(1), |_| 0);
    assert_eq!(select.ready_arms(a.at(1)), [0]);
    // Each with the number of things that it touches.
    let cases = vec![
        (Op::Sleep, 0),
        (Op::Change, 0),
        (Op::Beat(thread()), 1),
        (Op::Join(thread()), 1),
        (Op::JoinAll(vec![thread(), a.thread.clone()]), 2),
        (Op::ThreadResult(thread()), 1),
        (Op::acquire(lock.clone()), 1),
        (Op::acquire(side), 2),
        (Op::Condition(condition::Wait::new(condition)), 2),
        (Op::Event(event::Wait::new(event)), 1),
        (Op::Barrier(barrier::Wait::new(meet)), 2),
        (Op::Latch(latch), 1),
        (Op::put(q.clone(), Value::Int(1)), 1),
        (Op::Get(q.clone()), 1),
        (Op::Next(q.clone()), 1),
        (Op::Finished(q.clone()), 1),
        (Op::Result(future.clone()), 1),
        (Op::FutureError(future.clone()), 1),
        (Op::Ended(future.clone()), 1),
        (Op::Several(Several { futures: vec![future.clone()], any: true }), 1),
        (Op::Task(crew.clone()), 1),
        (Op::Idle(crew), 1),
        (Op::Select(Box::new(select)), 1),
    ];
    let (ops, counts): (Vec<Op>, Vec<usize>) = cases.into_iter().unzip();
    let told = |ops: &[Op]| -> Vec<_> { ops.iter().map(|op| (op.describe(), op.leaves_trace())).collect() };
    let touched = |ops: &[Op]| -> Vec<usize> {
        let count = |op: &Op| {
            let mut addresses = Vec::new();
            op.touches(&mut |object| addresses.push(object.address()));
            addresses.sort_unstable();
            addresses.dedup();
            addresses.len()
        };
        ops.iter().map(count).collect()
    };
    assert_eq!(touched(&ops), counts);
    let scene = Scene::new(&[&a, &b], &[], ops);
    let again = scene.again();
    assert_eq!(told(&again.ops), told(&scene.ops));
    assert_eq!(touched(&again.ops), counts);
    assert_eq!(told(&scene.ops).iter().filter(|(_, trace)| *trace).count(), 1, "the writer counts already");
}

#[test]
fn an_arm_may_be_chosen_by_the_world() {
    let a = Testing::new();
    let (q, r) = (queue(&a, None, Order::Fifo, &[1]), queue(&a, None, Order::Fifo, &[2]));
    let empty = queue(&a, None, Order::Fifo, &[]);
    let event = a.make("e", Kind::Event(Event::default()));
    let arms = vec![Op::Get(empty), Op::Get(q), Op::Event(event::Wait::new(event)), Op::Get(r)];
    let mut asked = 0;
    let mut select = Select::new(arms, a.at(1), |ready| {
        asked = ready;
        1
    });
    assert_eq!(asked, 2);
    assert_eq!(select.ready_arms(a.at(1)), [1, 3]);
    assert!(select.poll_arm(0, a.at(1)).unwrap().is_none());
    let Some(Value::List(pair)) = select.poll_arm(3, a.at(1)).unwrap() else { panic!() };
    assert_eq!(pair.snapshot().iter().map(int).collect::<Vec<_>>(), [3, 2]);
    let Some(Value::List(pair)) = select.poll(a.at(1)).unwrap() else { panic!() };
    assert_eq!(pair.snapshot().iter().map(int).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn comparing_in_a_priority_queue_looks_into_lists() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Priority, &[]);
    let inner = Value::list(vec![Value::Int(1)]);
    let outer = Value::list(vec![inner.clone(), inner]);
    Queue::of(&q).unwrap().put(&q, outer).unwrap();
    let count = |op: Op| {
        let mut count = 0;
        op.touches(&mut |_| count += 1);
        count
    };
    assert_eq!(count(Op::Get(q.clone())), 3);
    assert_eq!(count(Op::put(q, Value::list(Vec::new()))), 4);
}
