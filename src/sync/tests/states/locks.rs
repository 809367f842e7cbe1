//! Locks in a state: who holds them, who goes first.

use super::*;

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
    assert_eq!(plain.held_since(&a.thread), Some(7));
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
    let rw = a.make("rw", Kind::RwLock(Box::default()));
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
    let rw = a.make("rw", Kind::RwLock(Box::default()));
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
    let rw = a.make("rw", Kind::RwLock(Box::default()));
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
