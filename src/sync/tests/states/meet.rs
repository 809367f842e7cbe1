//! What threads meet at, in a state: conditions, events, barriers, counters.

use super::*;

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
    assert_eq!(permits.held_since(&a.thread), None);
    assert!(!a.acquire(&permits));
    let semaphore = Semaphore::of(&permits).unwrap();
    semaphore.release(&permits, a.at(1), 2).unwrap();
    assert_eq!(failed(semaphore.release(&permits, a.at(1), 1)).0, "value", "it is bounded still");
    Latch::of(&latch).unwrap().count_down(&latch, 3).unwrap();
    assert!(is(&Atomic::of(&again.thing(2)).unwrap().get(), &Value::text("x")));
}
