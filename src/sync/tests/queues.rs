//! Queues, atomics, and `select` over them.

use super::*;
use crate::sync::atomic::Atomic;
use crate::sync::event::{self, Event};
use crate::sync::lock::Lock;
use crate::sync::queue::{Got, Order, Put, Queue};
use crate::sync::rwlock::Side;
use crate::sync::select::Select;

const ORDERS: [Order; 3] = [Order::Fifo, Order::Lifo, Order::Priority];

fn queue(world: &Testing, capacity: Option<i64>, order: Order) -> Arc<Sync> {
    world.make("q", Kind::Queue(Queue::new(capacity, order)))
}

fn of(sync: &Sync) -> &Queue {
    Queue::of(sync).unwrap()
}

fn put(sync: &Sync, n: i64) {
    assert!(matches!(of(sync).put(sync, Value::Int(n)), Ok(Put::Done)), "{n}");
}

fn get(sync: &Sync) -> i64 {
    match of(sync).get(sync).unwrap() {
        Got::Value(value) => int(&value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_order_is_kept() {
    let a = Testing::new();
    let wanted = [[111, 333, 222], [222, 333, 111], [111, 222, 333]];
    // Of a long bounded queue nothing is reserved: it is kept elsewhere, but alike.
    for capacity in [None, Some(3), Some(1 << 30)] {
        for (order, wanted) in ORDERS.into_iter().zip(wanted) {
            let q = queue(&a, capacity, order);
            [111, 333, 222].into_iter().for_each(|n| put(&q, n));
            assert_eq!([get(&q), get(&q), get(&q)], wanted);
            assert!(matches!(of(&q).get(&q), Ok(Got::Empty)));
        }
    }
}

#[test]
fn a_full_queue_makes_wait_and_an_empty_one() {
    let a = Testing::new();
    for order in ORDERS {
        let q = queue(&a, Some(2), order);
        put(&q, 1);
        put(&q, 2);
        let mut op = Op::put(q.clone(), Value::Int(3));
        assert!(a.waits(&mut op) && a.waits(&mut op));
        assert_eq!(op.describe(), "waits in q.put()");
        assert_eq!((of(&q).size(), of(&q).unfinished()), (2, 2));
        get(&q);
        a.does(&mut op);
        get(&q);
        get(&q);
        let mut op = Op::Get(q.clone());
        assert!(a.waits(&mut op));
        assert_eq!(op.describe(), "waits in q.get()");
        put(&q, 4);
        assert_eq!(int(&a.does(&mut op)), 4);
    }
}

#[test]
fn a_capacity_of_zero_or_less_is_none() {
    let a = Testing::new();
    for capacity in [Some(0), Some(-1), None] {
        let q = queue(&a, capacity, Order::Fifo);
        (0..100).for_each(|n| put(&q, n));
        assert_eq!((of(&q).size(), of(&q).capacity), (100, None));
    }
}

#[test]
fn a_closed_queue_gives_what_it_holds_and_then_ends() {
    let a = Testing::new();
    for order in ORDERS {
        let q = queue(&a, Some(1), order);
        put(&q, 1);
        let mut putter = Op::put(q.clone(), Value::Int(2));
        assert!(a.waits(&mut putter));
        of(&q).close(false);
        assert!(putter.ready(a.at(9)));
        let (kind, message) = failed(a.poll(&mut putter));
        assert_eq!(kind, "closed");
        assert_eq!(message, "q.put(): q is closed, and no more values can be put");
        assert_eq!(get(&q), 1);
        assert_eq!(failed(a.poll(&mut Op::Get(q.clone()))).0, "closed");
        assert!(matches!(a.does(&mut Op::Next(q.clone())), Value::Unset));
        assert_eq!(of(&q).unfinished(), 1);
        of(&q).task_done(&q).unwrap();
    }
}

#[test]
fn closing_ends_the_waiting_of_getters() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Fifo);
    let (mut getter, mut next) = (Op::Get(q.clone()), Op::Next(q.clone()));
    assert!(a.waits(&mut getter) && a.waits(&mut next));
    of(&q).close(false);
    assert!(getter.ready(a.at(9)));
    assert_eq!(failed(a.poll(&mut getter)).0, "closed");
    assert!(matches!(a.does(&mut next), Value::Unset));
}

#[test]
fn closing_with_drop_counts_as_done_what_it_held() {
    let a = Testing::new();
    for order in ORDERS {
        let q = queue(&a, None, order);
        (0..3).for_each(|n| put(&q, n));
        get(&q);
        let mut join = Op::Finished(q.clone());
        assert!(a.waits(&mut join));
        of(&q).close(true);
        assert_eq!((of(&q).size(), of(&q).unfinished()), (0, 1));
        assert!(a.waits(&mut join), "one was taken and is not done");
        assert_eq!(failed(a.poll(&mut Op::Get(q.clone()))).0, "closed");
        of(&q).task_done(&q).unwrap();
        a.does(&mut join);
    }
}

#[test]
fn join_waits_for_as_many_task_done_as_puts() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Fifo);
    let mut join = Op::Finished(q.clone());
    a.does(&mut join);
    assert_eq!(failed(of(&q).task_done(&q)).1, "q.task_done() called too many times");
    put(&q, 1);
    put(&q, 2);
    get(&q);
    of(&q).task_done(&q).unwrap();
    get(&q);
    assert!(a.waits(&mut join));
    let mut notes = Vec::new();
    join.explain(a.at(9), &mut |note| notes.push(note));
    assert!(notes[0].starts_with("1 taken from q"), "{notes:?}");
    of(&q).task_done(&q).unwrap();
    a.does(&mut join);
    assert_eq!(failed(of(&q).task_done(&q)).0, "value");
}

#[test]
fn late_gets_and_puts_are_errors() {
    let a = Testing::new();
    let q = queue(&a, Some(1), Order::Fifo);
    let mut op = Op::Get(q.clone());
    assert!(a.waits(&mut op));
    assert_eq!(
        failed(op.timed_out(a.at(9))),
        ("timeout".into(), "q.get(): nothing to get within the timeout".into())
    );
    put(&q, 1);
    let mut op = Op::put(q.clone(), Value::Int(2));
    assert!(a.waits(&mut op));
    assert_eq!(
        failed(op.timed_out(a.at(9))),
        ("timeout".into(), "q.put(): no room within the timeout".into())
    );
    assert_eq!(of(&q).unfinished(), 1);
}

#[test]
fn what_cannot_be_compared_leaves_a_priority_queue_as_it_was() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Priority);
    [5, 3, 4, 1, 2].into_iter().for_each(|n| put(&q, n));
    assert_eq!(failed(of(&q).put(&q, Value::text("x"))).0, "type");
    assert_eq!((of(&q).size(), of(&q).unfinished()), (5, 5));
    assert_eq!([get(&q), get(&q), get(&q), get(&q), get(&q)], [1, 2, 3, 4, 5]);
    // Two that each are comparable with the first, but not with each other.
    let pair = |second: Value| Value::list(vec![Value::Int(1), second]);
    let first = Value::list(vec![Value::Int(0)]);
    for value in [first, pair(Value::Int(1)), pair(Value::text("x"))] {
        of(&q).put(&q, value).unwrap();
    }
    // Removing the first makes the other two siblings of the last one's way down.
    of(&q).put(&q, Value::list(vec![Value::Int(2)])).unwrap();
    for _ in 0..2 {
        assert_eq!(failed(of(&q).get(&q)).0, "type");
        assert_eq!(of(&q).size(), 4);
    }
}

#[test]
fn equal_priorities_come_in_the_order_of_their_coming() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Priority);
    let mut random = 7_u64;
    let mut put_in = Vec::new();
    for i in 0..200_i64 {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let key = (random >> 33) as i64 % 5;
        // 1 and 1.0 are equal, and can be told apart.
        let value = if i % 2 == 0 { Value::Int(key) } else { Value::Float(key as f64) };
        put_in.push((key, i % 2));
        of(&q).put(&q, value).unwrap();
    }
    put_in.sort_by_key(|(key, _)| *key);
    let taken: Vec<(i64, i64)> = (0..200)
        .map(|_| match of(&q).get(&q).unwrap() {
            Got::Value(Value::Float(x)) => (x as i64, 1),
            Got::Value(value) => (int(&value), 0),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(taken, put_in);
}

#[test]
fn a_queue_frees_what_it_holds() {
    let a = Testing::new();
    let held = Arc::new(crate::value::list::List::new(Vec::new()));
    for order in ORDERS {
        let q = queue(&a, None, order);
        of(&q).put(&q, Value::List(held.clone())).unwrap();
    }
    assert_eq!(Arc::strong_count(&held), 1);
}

fn atomic(world: &Testing, value: Value) -> Arc<Sync> {
    world.make("n", Kind::Atomic(Atomic::new(value)))
}

#[test]
fn atomic_integers() {
    let a = Testing::new();
    for start in [0, i64::MIN + 5] {
        let n = atomic(&a, Value::Int(start));
        let atomic = Atomic::of(&n).unwrap();
        assert_eq!(int(&atomic.add(&n, &Value::Int(3)).unwrap()), start + 3);
        assert_eq!(int(&atomic.swap(Value::Int(10)).unwrap()), start + 3);
        assert!(!atomic.compare_exchange(&Value::Int(9), &Value::Int(1)).unwrap());
        assert!(atomic.compare_exchange(&Value::Int(10), &Value::Int(1)).unwrap());
        assert_eq!(int(&atomic.get()), 1);
        atomic.set(Value::Int(i64::MAX)).unwrap();
        assert_eq!(failed(atomic.add(&n, &Value::Int(1))).0, "overflow");
        assert_eq!(int(&atomic.get()), i64::MAX);
    }
}

#[test]
fn the_smallest_integer_is_one_like_any_other() {
    let a = Testing::new();
    let n = atomic(&a, Value::Int(i64::MIN + 1));
    let atomic = Atomic::of(&n).unwrap();
    assert_eq!(int(&atomic.add(&n, &Value::Int(-1)).unwrap()), i64::MIN);
    assert_eq!(int(&atomic.get()), i64::MIN);
    assert_eq!(failed(atomic.add(&n, &Value::Int(-1))).0, "overflow");
    assert!(!atomic.compare_exchange(&Value::Int(0), &Value::Int(1)).unwrap());
    assert!(atomic.compare_exchange(&Value::Int(i64::MIN), &Value::Int(i64::MIN)).unwrap());
    assert_eq!(
        int(&atomic.add(&n, &Value::Int(i64::MIN + 1)).err().map_or(Value::Int(0), |_| Value::Int(1))),
        1
    );
    assert_eq!(int(&atomic.add(&n, &Value::Int(i64::MAX)).unwrap()), -1);
    assert_eq!(int(&atomic.swap(Value::Int(i64::MIN)).unwrap()), -1);
    assert_eq!(int(&atomic.swap(Value::Int(4)).unwrap()), i64::MIN);
    assert_eq!(int(&atomic.get()), 4);
}

#[test]
fn an_atomic_holds_any_value() {
    let a = Testing::new();
    let n = atomic(&a, Value::text("idle"));
    let atomic = Atomic::of(&n).unwrap();
    assert!(atomic.compare_exchange(&Value::text("idle"), &Value::Int(1)).unwrap());
    assert_eq!(int(&atomic.add(&n, &Value::Int(1)).unwrap()), 2);
    assert_eq!(int(&atomic.swap(Value::Nil).unwrap()), 2);
    assert!(matches!(atomic.get(), Value::Nil));
    assert_eq!(failed(atomic.add(&n, &Value::Int(1))).0, "type");
    atomic.set(Value::Int(1)).unwrap();
    assert!(is(&atomic.add(&n, &Value::Float(0.5)).unwrap(), &Value::Float(1.5)));
    assert!(is(&atomic.add(&n, &Value::Int(1)).unwrap(), &Value::Float(2.5)));
    assert_eq!(failed(atomic.add(&n, &Value::text("x"))).0, "type");
    atomic.set(Value::Duration(5)).unwrap();
    assert!(is(&atomic.add(&n, &Value::Duration(5)).unwrap(), &Value::Duration(10)));
}

/// In a select of `world`, `chosen` says which one is done of several arms that can be.
fn select(world: &Testing, arms: Vec<Op>, chosen: u64) -> Op {
    Op::Select(Box::new(Select::new(arms, world.at(9), |ready| chosen % ready)))
}

/// The arm's number and value.
fn chosen(value: &Value) -> (i64, Value) {
    let Value::List(list) = value else { panic!("{value:?}") };
    let list = list.snapshot();
    (int(&list[0]), list[1].clone())
}

#[test]
fn select_does_the_first_that_can_be_done() {
    let a = Testing::new();
    let (q, full) = (queue(&a, None, Order::Fifo), queue(&a, Some(1), Order::Fifo));
    put(&full, 0);
    for random in 0..2 {
        let mut op = select(&a, vec![Op::Get(q.clone()), Op::put(full.clone(), Value::Int(7))], random);
        assert!(a.waits(&mut op));
        assert_eq!(op.describe(), "in select: waits in q.get(), or waits in full.put()".replace("full", "q"));
        let mut queues = 0;
        op.queues(&mut |_| queues += 1);
        assert_eq!(queues, 2);
        put(&q, 5);
        let (index, value) = chosen(&a.does(&mut op));
        assert_eq!((index, int(&value)), (0, 5));
        op.queues(&mut |_| queues += 1);
        assert_eq!(queues, 4, "its queues are the same after it was done");
    }
}

#[test]
fn of_several_the_random_number_decides() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Fifo);
    let mut counts = [0; 3];
    for random in 0..9 {
        put(&q, 1);
        let mut op = select(&a, (0..3).map(|_| Op::Get(q.clone())).collect(), random);
        counts[chosen(&a.does(&mut op)).0 as usize] += 1;
    }
    assert_eq!(counts, [3, 3, 3]);
}

#[test]
fn arms_that_are_not_done_leave_nothing() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let lock = a.make("m", Kind::RwLock(Box::default()));
    let read = a.make("m.read", Kind::Side(Side { lock: lock.clone(), write: false }));
    let write = a.make("m.write", Kind::Side(Side { lock, write: true }));
    a.acquire(&read);
    let e = a.make("go", Kind::Event(Event::default()));
    for way in 0..4 {
        Event::of(&e).unwrap().clear();
        let mut op =
            select(&b, vec![Op::acquire(write.clone()), Op::Event(event::Wait::new(e.clone()))], way);
        assert!(b.waits(&mut op));
        assert!(!c.acquire(&read), "the writer waits");
        match way {
            0 => {
                Event::of(&e).unwrap().set();
                assert_eq!(chosen(&b.does(&mut op)).0, 1);
            }
            1 => assert!(matches!(op.timed_out(b.at(9)), Ok(Some(Value::Nil)))),
            _ => op.abandon(b.at(9)),
        }
        assert!(c.acquire(&read), "nobody waits to write");
        c.leave(&read).unwrap();
    }
}

#[test]
fn a_lock_taken_by_an_arm_is_held() {
    let a = Testing::new();
    let guard = a.make("guard", Kind::Lock(Lock::default()));
    let q = queue(&a, None, Order::Fifo);
    let mut op = select(&a, vec![Op::Get(q), Op::acquire(guard.clone())], 0);
    assert_eq!(chosen(&a.does(&mut op)).0, 1);
    assert!(guard.owner().unwrap().is(a.thread.id));
}

#[test]
fn an_arm_that_fails_ends_a_select() {
    let a = Testing::new();
    let (q, other) = (queue(&a, None, Order::Fifo), queue(&a, None, Order::Fifo));
    let mut op = select(&a, vec![Op::Get(q.clone()), Op::Get(other)], 1);
    assert!(a.waits(&mut op));
    of(&q).close(false);
    assert!(op.ready(a.at(9)));
    assert_eq!(failed(a.poll(&mut op)).0, "closed");
}
