//! Conditions, events, barriers, latches.

use super::*;
use crate::sync::Releasers;
use crate::sync::barrier::{self, Barrier};
use crate::sync::condition::{self, Condition};
use crate::sync::event::{self, Event};
use crate::sync::latch::Latch;
use crate::sync::lock::Lock;
use crate::sync::rlock::RLock;

fn condition(world: &Testing) -> (Arc<Sync>, Arc<Sync>) {
    let lock = world.make("guard", Kind::RLock(RLock::default()));
    let condition = Condition::new(lock.clone()).unwrap();
    (lock, world.make("c", Kind::Condition(condition)))
}

fn wait(condition: &Arc<Sync>) -> Op {
    Op::Condition(condition::Wait::new(condition.clone()))
}

fn notify(world: &Testing, condition: &Arc<Sync>, n: usize) -> Result<usize, Error> {
    Condition::of(condition).unwrap().notify(condition, world.at(9), n, &mut world.clone())
}

#[test]
fn waiting_gives_up_every_level_and_takes_them_again() {
    let a = Testing::new();
    let b = a.other("b");
    let (guard, c) = condition(&a);
    a.acquire(&guard);
    a.acquire(&guard);
    let mut op = wait(&c);
    assert!(a.waits(&mut op));
    assert_eq!(a.thread.held.load(Ordering::SeqCst), 0);
    assert_eq!(op.describe(), "waits in c.wait()");
    assert_eq!(op.releasers(a.at(9)), Releasers::Anyone(vec![c.id]));
    assert!(b.acquire(&guard));
    assert_eq!(notify(&b, &c, 1).unwrap(), 1);
    // Notified, but the notifier is in the lock still.
    assert!(a.poll(&mut op).unwrap().is_none());
    assert!(!op.ready(a.at(9)));
    assert_eq!(op.describe(), "waits for guard again, after c.wait()");
    assert_eq!(op.releasers(a.at(9)), Releasers::All(vec![b.thread.id]));
    b.leave(&guard).unwrap();
    assert!(is(&a.does(&mut op), &Value::Bool(true)));
    assert_eq!(RLock::of(&guard).unwrap().depth(), 2);
    assert_eq!(a.thread.held.load(Ordering::SeqCst), 2);
    assert_eq!(guard.held_since(&a.thread), Some(7), "held since the line of the acquire");
}

#[test]
fn a_plain_lock_serves_too() {
    let a = Testing::new();
    let guard = a.make("guard", Kind::Lock(Lock::default()));
    let c = a.make("c", Kind::Condition(Condition::new(guard.clone()).unwrap()));
    a.acquire(&guard);
    let mut op = wait(&c);
    assert!(a.waits(&mut op));
    assert!(!guard.owner().unwrap().locked());
    let b = a.other("b");
    b.acquire(&guard);
    notify(&b, &c, usize::MAX).unwrap();
    b.leave(&guard).unwrap();
    a.does(&mut op);
    assert_eq!((guard.held_since(&a.thread), a.thread.held.load(Ordering::SeqCst)), (Some(7), 1));
    let event = a.make("e", Kind::Event(Event::default()));
    assert_eq!(failed(Condition::new(event)).0, "type");
}

#[test]
fn waiting_and_notifying_need_the_lock() {
    let a = Testing::new();
    let b = a.other("b");
    let (guard, c) = condition(&a);
    for held_by_another in [false, true] {
        if held_by_another {
            b.acquire(&guard);
        }
        assert_eq!(failed(a.poll(&mut wait(&c))).0, "not_owner");
        let (kind, message) = failed(notify(&a, &c, 1));
        assert_eq!(kind, "not_owner");
        assert_eq!(message, "c.notify() by \"main\", which does not hold guard");
    }
    assert_eq!(Condition::of(&c).unwrap().waiting(), 0);
}

#[test]
fn notify_reaches_so_many_of_those_who_wait_already() {
    let main = Testing::new();
    let (guard, c) = condition(&main);
    let others: Vec<Testing> = (0..5).map(|i| main.other(&format!("t{i}"))).collect();
    let mut ops: Vec<Op> = others.iter().map(|_| wait(&c)).collect();
    for (other, op) in others.iter().zip(&mut ops) {
        other.acquire(&guard);
        assert!(other.waits(op));
    }
    main.acquire(&guard);
    assert_eq!(notify(&main, &c, 0).unwrap(), 0);
    assert_eq!(notify(&main, &c, 3).unwrap(), 3);
    main.leave(&guard).unwrap();
    let late = main.other("late");
    late.acquire(&guard);
    let mut late_op = wait(&c);
    assert!(late.waits(&mut late_op));
    let mut passed = 0;
    for (other, op) in others.iter().zip(&mut ops) {
        if let Some(value) = other.poll(op).unwrap() {
            assert!(is(&value, &Value::Bool(true)));
            other.leave(&guard).unwrap();
            passed += 1;
        }
    }
    assert_eq!((passed, Condition::of(&c).unwrap().waiting()), (3, 3));
    assert!(late.waits(&mut late_op));
}

#[test]
fn a_notify_that_found_nobody_is_lost_and_told() {
    let a = Testing::new();
    let (guard, c) = condition(&a);
    a.acquire(&guard);
    assert_eq!(notify(&a, &c, 1).unwrap(), 0);
    let mut op = wait(&c);
    assert!(a.waits(&mut op));
    let mut notes = Vec::new();
    op.explain(a.at(9), &mut |note| notes.push(note));
    assert!(notes[0].contains("notified 1 time while nobody waited"), "{notes:?}");
}

#[test]
fn a_late_wait_takes_the_lock_again_first() {
    let a = Testing::new();
    let b = a.other("b");
    let (guard, c) = condition(&a);
    a.acquire(&guard);
    let mut op = wait(&c);
    assert!(a.waits(&mut op));
    b.acquire(&guard);
    assert!(op.timed_out(a.at(9)).unwrap().is_none(), "b holds the lock");
    assert_eq!(notify(&b, &c, 1).unwrap(), 0, "nobody waits any more");
    b.leave(&guard).unwrap();
    assert!(is(&a.does(&mut op), &Value::Bool(false)));
    assert!(guard.owner().unwrap().is(a.thread.id));
}

#[test]
fn a_notify_just_before_the_timeout_counts() {
    let a = Testing::new();
    let b = a.other("b");
    let (guard, c) = condition(&a);
    a.acquire(&guard);
    let mut op = wait(&c);
    assert!(a.waits(&mut op));
    b.acquire(&guard);
    assert_eq!(notify(&b, &c, 1).unwrap(), 1);
    b.leave(&guard).unwrap();
    assert!(is(&op.timed_out(a.at(9)).unwrap().unwrap(), &Value::Bool(true)));
}

#[test]
fn a_waiter_that_stops_hands_its_notify_on() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let (guard, condition) = condition(&a);
    let (mut first, mut second) = (wait(&condition), wait(&condition));
    for (world, op) in [(&a, &mut first), (&b, &mut second)] {
        world.acquire(&guard);
        assert!(world.waits(op));
    }
    c.acquire(&guard);
    notify(&c, &condition, 1).unwrap();
    c.leave(&guard).unwrap();
    first.abandon(a.at(9));
    b.does(&mut second);
}

#[test]
fn an_abandoned_lock_ends_a_wait() {
    let a = Testing::new();
    let b = a.other("b");
    let (guard, c) = condition(&a);
    a.acquire(&guard);
    let mut op = wait(&c);
    assert!(a.waits(&mut op));
    b.acquire(&guard);
    notify(&b, &c, 1).unwrap();
    guard.abandon(b.thread.id, &"b".into());
    assert_eq!(failed(a.poll(&mut op)).0, "abandoned");
    assert_eq!(a.thread.held.load(Ordering::SeqCst), 0);
}

#[test]
fn an_event_remembers() {
    let a = Testing::new();
    let e = a.make("go", Kind::Event(Event::default()));
    let event = Event::of(&e).unwrap();
    let wait = || Op::Event(event::Wait::new(e.clone()));
    event.clear();
    assert!(!event.is_set());
    let mut op = wait();
    assert!(a.waits(&mut op));
    assert_eq!(op.describe(), "waits for go to be set");
    event.set();
    event.set();
    assert!(event.is_set());
    a.does(&mut op);
    a.does(&mut wait());
    event.clear();
    assert!(a.waits(&mut wait()));
}

#[test]
fn set_lets_those_pass_who_wait_even_when_it_is_cleared_at_once() {
    let a = Testing::new();
    let e = a.make("go", Kind::Event(Event::default()));
    let event = Event::of(&e).unwrap();
    let mut op = Op::Event(event::Wait::new(e.clone()));
    assert!(a.waits(&mut op));
    event.set();
    event.clear();
    assert!(is(&a.does(&mut op), &Value::Bool(true)));
    let mut later = Op::Event(event::Wait::new(e.clone()));
    assert!(a.waits(&mut later));
    assert!(is(&later.timed_out(a.at(9)).unwrap().unwrap(), &Value::Bool(false)));
}

fn barrier(world: &Testing, parties: i64) -> Arc<Sync> {
    world.make("b", Kind::Barrier(Barrier::new(parties).unwrap()))
}

fn arrive(barrier: &Arc<Sync>) -> Op {
    Op::Barrier(barrier::Wait::new(barrier.clone()))
}

#[test]
fn a_barrier_opens_when_all_have_come_round_after_round() {
    let a = Testing::new();
    assert_eq!(failed(Barrier::new(0)).0, "value");
    let b = barrier(&a, 3);
    for _ in 0..3 {
        let mut ops: Vec<Op> = (0..3).map(|_| arrive(&b)).collect();
        assert!(a.waits(&mut ops[0]));
        assert!(a.waits(&mut ops[1]));
        assert_eq!(Barrier::of(&b).unwrap().waiting(), 2);
        let mut indices: Vec<i64> = ops.iter_mut().rev().map(|op| int(&a.does(op))).collect();
        indices.sort_unstable();
        assert_eq!(indices, [0, 1, 2]);
        assert_eq!(Barrier::of(&b).unwrap().waiting(), 0);
    }
}

#[test]
fn the_next_round_may_begin_before_all_have_left() {
    let a = Testing::new();
    let b = barrier(&a, 2);
    let (mut slow, mut fast, mut again) = (arrive(&b), arrive(&b), arrive(&b));
    assert!(a.waits(&mut slow));
    assert_eq!(int(&a.does(&mut fast)), 1);
    assert!(a.waits(&mut again));
    assert_eq!(int(&a.does(&mut slow)), 0);
    assert!(a.waits(&mut again));
}

#[test]
fn a_timeout_breaks_a_barrier_for_all() {
    let a = Testing::new();
    let other = a.other("other");
    let b = barrier(&a, 3);
    let (mut first, mut second) = (arrive(&b), arrive(&b));
    assert!(a.waits(&mut first) && other.waits(&mut second));
    let (kind, message) = failed(first.timed_out(a.at(9)));
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("broken", "b is broken: \"main\" gave up waiting (line 9)")
    );
    assert_eq!(failed(other.poll(&mut second)).0, "broken");
    assert_eq!(failed(a.poll(&mut arrive(&b))).0, "broken");
    assert!(Barrier::of(&b).unwrap().broken());
    Barrier::of(&b).unwrap().reset(a.at(1));
    assert!(a.waits(&mut arrive(&b)));
}

#[test]
fn all_come_in_time_is_no_timeout() {
    let a = Testing::new();
    let b = barrier(&a, 2);
    let (mut first, mut second) = (arrive(&b), arrive(&b));
    assert!(a.waits(&mut first));
    a.does(&mut second);
    assert_eq!(int(&first.timed_out(a.at(9)).unwrap().unwrap()), 0);
    assert!(!Barrier::of(&b).unwrap().broken());
}

#[test]
fn abort_and_reset_end_the_waiting() {
    let a = Testing::new();
    let b = barrier(&a, 3);
    let barrier = Barrier::of(&b).unwrap();
    let mut first = arrive(&b);
    assert!(a.waits(&mut first));
    barrier.reset(a.at(4));
    assert!(!barrier.broken());
    assert_eq!(failed(a.poll(&mut first)).1, "b is broken: \"main\" reset it (line 4)");
    let mut second = arrive(&b);
    assert!(a.waits(&mut second));
    barrier.abort(a.at(5));
    assert_eq!(failed(a.poll(&mut second)).1, "b is broken: \"main\" aborted it (line 5)");
    assert_eq!(failed(a.poll(&mut arrive(&b))).0, "broken");
    barrier.reset(a.at(6));
    let mut ops: Vec<Op> = (0..3).map(|_| arrive(&b)).collect();
    assert!(a.waits(&mut ops[0]) && a.waits(&mut ops[1]));
    ops.iter_mut().rev().for_each(|op| drop(a.does(op)));
}

#[test]
fn a_barrier_that_a_thread_leaves_is_broken() {
    let a = Testing::new();
    let b = barrier(&a, 3);
    let (mut first, mut second) = (arrive(&b), arrive(&b));
    assert!(a.waits(&mut first) && a.waits(&mut second));
    second.abandon(a.at(9));
    assert_eq!(failed(a.poll(&mut first)).0, "broken");
    arrive(&b).abandon(a.at(9));
}

#[test]
fn a_latch_counts_down_once() {
    let a = Testing::new();
    assert_eq!(failed(Latch::new(-1)).0, "value");
    let l = a.make("l", Kind::Latch(Latch::new(3).unwrap()));
    let latch = Latch::of(&l).unwrap();
    let mut op = Op::Latch(l.clone());
    latch.count_down(&l, 1).unwrap();
    assert!(a.waits(&mut op));
    assert_eq!(failed(latch.count_down(&l, 3)).0, "state");
    assert_eq!(failed(latch.count_down(&l, 0)).0, "value");
    latch.count_down(&l, 2).unwrap();
    a.does(&mut op);
    assert_eq!(failed(latch.count_down(&l, 1)).1, "l cannot count down by 1: it is at 0");
    a.does(&mut Op::Latch(a.make("l", Kind::Latch(Latch::new(0).unwrap()))));
}
