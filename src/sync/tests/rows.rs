//! The rows of builtins: arguments, properties, and what `select` can wait for.

use super::*;
use crate::builtin::sync::{arm, functions, methods, properties};
use crate::value::Type;

const SECOND: Value = Value::Duration(1_000_000_000);

fn make(world: &mut Testing, name: &str, arguments: &[Value]) -> Value {
    let thing = value(world.call(name, arguments));
    sync_of(&thing).name.set("x".into());
    thing
}

#[test]
fn every_thing_is_made_and_tells_its_name() {
    let mut a = Testing::new();
    let lock = make(&mut a, "lock", &[]);
    let one = [Value::Int(1)];
    let made = [
        ("lock", make(&mut a, "lock", &[]), Type::Lock),
        ("rlock", make(&mut a, "rlock", &[]), Type::RLock),
        ("rwlock", make(&mut a, "rwlock", &[]), Type::RwLock),
        ("semaphore", make(&mut a, "semaphore", &one), Type::Semaphore),
        ("condition", make(&mut a, "condition", &[lock]), Type::Condition),
        ("event", make(&mut a, "event", &[]), Type::Event),
        ("barrier", make(&mut a, "barrier", &one), Type::Barrier),
        ("latch", make(&mut a, "latch", &one), Type::Latch),
        ("queue", make(&mut a, "queue", &one), Type::Queue),
        ("atomic", make(&mut a, "atomic", &one), Type::Atomic),
        ("pool", make(&mut a, "pool", &one), Type::Pool),
    ];
    for (word, thing, kind) in made {
        assert_eq!((thing.kind(), kind.word()), (kind, word));
        assert!(is(&a.get(&thing, "name"), &Value::text("x")));
    }
}

#[test]
fn what_has_no_name_tells_where_it_was_made() {
    let mut a = Testing::new();
    let lock = value(a.call("lock", &[]));
    assert!(is(&a.get(&lock, "name"), &Value::text("lock (line 5)")));
}

#[test]
fn no_two_rows_of_a_kind_have_one_name() {
    let names = |rows: &[Row]| rows.iter().map(|row| row.name).collect::<Vec<_>>();
    let mut all = vec![names(functions())];
    for kind in [
        Type::Lock,
        Type::RLock,
        Type::RwLock,
        Type::Side,
        Type::Semaphore,
        Type::Condition,
        Type::Event,
        Type::Barrier,
        Type::Latch,
        Type::Queue,
        Type::Atomic,
        Type::Pool,
        Type::Future,
        Type::Stream,
        Type::Server,
        Type::Command,
        Type::Pipe,
        Type::End,
        Type::Thread,
    ] {
        let mut members = names(methods(kind));
        members.extend(properties(kind).iter().map(|property| property.name));
        all.push(members);
    }
    for mut members in all {
        assert!(!members.is_empty());
        let count = members.len();
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), count, "{members:?}");
    }
}

#[test]
fn a_timeout_is_a_duration_and_not_negative() {
    let mut a = Testing::new();
    let b = a.other("b");
    a.pass(100);
    for (thing, method) in
        [("lock", "acquire"), ("event", "wait"), ("queue", "get"), ("semaphore", "acquire")]
    {
        let thing = make(&mut a, thing, &if thing == "semaphore" { vec![Value::Int(0)] } else { vec![] });
        if thing.kind() == Type::Lock {
            b.acquire(&sync_of(&thing));
        }
        assert_eq!(failed(a.method(&thing, method, &[Value::Duration(-1)])).0, "value");
        assert_eq!(failed(a.method(&thing, method, &[Value::Int(1)])).0, "type");
        let Outcome::Wait(wait) = a.method(&thing, method, &[SECOND]).unwrap() else { panic!() };
        assert_eq!(wait.deadline, Some(1_000_000_100));
        let Outcome::Wait(wait) = a.method(&thing, method, &[Value::Unset]).unwrap() else { panic!() };
        assert_eq!(wait.deadline, None);
    }
}

#[test]
fn locks_tell_who_holds_them() {
    let mut a = Testing::new();
    let m = make(&mut a, "rlock", &[]);
    assert!(matches!(a.get(&m, "owner"), Value::Nil));
    value(a.method(&m, "acquire", &[]));
    assert!(value(a.method(&m, "try_acquire", &[])).truthy());
    assert_eq!(int(&a.get(&m, "depth")), 2);
    let Value::Thread(owner) = a.get(&m, "owner") else { panic!() };
    assert_eq!(owner.id, a.thread.id);
    let mut b = a.other("b");
    assert!(!value(b.method(&m, "try_acquire", &[])).truthy());
    assert_eq!(failed(b.method(&m, "release", &[])).0, "not_owner");
    value(a.method(&m, "release", &[]));
    value(a.method(&m, "release", &[]));
    assert!(!a.get(&m, "locked").truthy());
}

#[test]
fn the_sides_of_an_rwlock() {
    let mut a = Testing::new();
    let m = make(&mut a, "rwlock", &[]);
    let (read, write) = (a.get(&m, "read"), a.get(&m, "write"));
    assert!(is(&a.get(&read, "name"), &Value::text("x.read")));
    value(a.method(&read, "acquire", &[]));
    assert!(a.get(&m, "locked").truthy());
    assert_eq!(int(&a.get(&m, "readers")), 1);
    let mut b = a.other("b");
    assert!(!value(b.method(&write, "try_acquire", &[])).truthy());
    value(a.method(&read, "release", &[]));
    value(b.method(&write, "acquire", &[]));
    let Value::Thread(owner) = a.get(&m, "owner") else { panic!() };
    assert_eq!(owner.id, b.thread.id);
}

#[test]
fn a_condition_needs_a_lock() {
    let mut a = Testing::new();
    assert_eq!(failed(a.call("condition", &[Value::Unset])).0, "type");
    assert_eq!(failed(a.call("condition", &[Value::Int(1)])).0, "type");
    let (m, e) = (make(&mut a, "rlock", &[]), make(&mut a, "event", &[]));
    assert_eq!(failed(a.call("condition", &[e])).0, "type");
    let c = make(&mut a, "condition", std::slice::from_ref(&m));
    assert!(is(&a.get(&c, "lock"), &m));
    assert_eq!(failed(a.call("__must_hold", std::slice::from_ref(&c))).0, "not_owner");
    a.acquire(&sync_of(&m));
    value(a.call("__must_hold", std::slice::from_ref(&c)));
    let deadline = value(a.call("__deadline", &[SECOND]));
    let Outcome::Wait(wait) = a.call("__wait_by", &[c.clone(), deadline]).unwrap() else { panic!() };
    assert_eq!(wait.deadline, Some(1_000_000_000));
    assert!(!sync_of(&m).owner().unwrap().locked(), "it waits already");
    assert_eq!(int(&a.get(&c, "waiting")), 1);
    assert!(matches!(value(a.call("__deadline", &[Value::Nil])), Value::Nil));
}

#[test]
fn queues_and_their_properties() {
    let mut a = Testing::new();
    assert_eq!(failed(a.call("queue", &[Value::Unset, Value::text("random")])).0, "value");
    assert_eq!(failed(a.call("queue", &[Value::text("x")])).0, "type");
    let q = make(&mut a, "queue", &[Value::Int(1), Value::text("lifo")]);
    assert!(value(a.method(&q, "put", &[Value::Int(5), Value::Unset])).truthy());
    assert!(!value(a.method(&q, "try_put", &[Value::Int(6)])).truthy());
    assert_eq!((int(&a.get(&q, "size")), int(&a.get(&q, "capacity"))), (1, 1));
    assert_eq!(int(&value(a.method(&q, "try_get", &[Value::Unset]))), 5);
    assert_eq!(int(&value(a.method(&q, "try_get", &[Value::Int(9)]))), 9);
    assert!(matches!(value(a.method(&q, "try_get", &[Value::Unset])), Value::Nil));
    assert_eq!(int(&a.get(&q, "unfinished")), 1);
    value(a.method(&q, "task_done", &[]));
    assert!(value(a.method(&q, "join", &[])).truthy());
    value(a.method(&q, "close", &[]));
    assert!(a.get(&q, "closed").truthy());
    assert_eq!(failed(a.method(&q, "try_put", &[Value::Int(6)])).0, "closed");
    assert!(matches!(value(a.method(&q, "try_get", &[Value::Unset])), Value::Nil));
    assert_eq!(failed(a.method(&q, "get", &[])).0, "closed");
}

#[test]
fn the_value_of_an_atomic_can_be_set() {
    let mut a = Testing::new();
    let n = make(&mut a, "atomic", &[Value::Unset]);
    assert_eq!(int(&a.get(&n, "value")), 0);
    a.set(&n, "value", Value::Int(4)).unwrap();
    assert_eq!(int(&value(a.method(&n, "add", &[Value::Unset]))), 5);
    assert_eq!(int(&value(a.method(&n, "swap", &[Value::Int(1)]))), 5);
    assert!(value(a.method(&n, "compare_exchange", &[Value::Int(1), Value::Nil])).truthy());
    assert!(matches!(a.get(&n, "value"), Value::Nil));
}

#[test]
fn what_a_select_can_wait_for() {
    let mut a = Testing::new();
    let t = Value::Thread(a.other("t").thread);
    let q = make(&mut a, "queue", &[Value::Int(1)]);
    let can = [
        (q.clone(), "get", vec![]),
        (q.clone(), "put", vec![Value::Int(1)]),
        (make(&mut a, "event", &[]), "wait", vec![]),
        (make(&mut a, "latch", &[Value::Int(1)]), "wait", vec![]),
        (make(&mut a, "lock", &[]), "acquire", vec![]),
        (make(&mut a, "semaphore", &[Value::Int(1)]), "acquire", vec![]),
        (t.clone(), "join", vec![]),
    ];
    for (receiver, method, arguments) in can {
        let op = a.with_context(|context| arm::make(context, &receiver, method, &arguments));
        assert!(op.is_ok(), "{method}: {op:?}");
        let mut late = arguments.clone();
        late.push(SECOND);
        let op = a.with_context(|context| arm::make(context, &receiver, method, &late));
        assert_eq!(failed(op).0, "value", "{method} with a timeout");
    }
    assert_eq!(int(&a.get(&q, "size")), 0, "nothing was done");
    let barrier = make(&mut a, "barrier", &[Value::Int(1)]);
    for (receiver, method) in [(barrier, "wait"), (q, "task_done"), (Value::Int(1), "get"), (t, "start")] {
        let op = a.with_context(|context| arm::make(context, &receiver, method, &[]));
        assert_eq!(failed(op).0, "type");
    }
}
