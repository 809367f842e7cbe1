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
use crate::sync::pool::{Crew, Leaving, Pool};
use crate::sync::queue::{Got, Order, Put, Queue};
use crate::sync::rlock::RLock;
use crate::sync::rwlock::{RwLock, Side};
use crate::sync::select::Select;
use crate::sync::semaphore::Semaphore;
use crate::sync::thread::Timer;
use crate::value::error::Place;
use crate::value::list::List;
use std::sync::atomic::AtomicUsize;

mod locks;
mod meet;
mod operations;
mod queues;
mod threads;

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

    fn ids(&self) -> bool {
        self.names()
    }

    fn simulated(&self) -> bool {
        true
    }

    fn image(&self) -> &Arc<crate::machine::Image> {
        unreachable!("no process is among them")
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
