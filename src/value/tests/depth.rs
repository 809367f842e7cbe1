//! Values that share, contain themselves, nest a million deep, or are looked into by two threads at once.

use super::*;
use crate::builtin::test_world::{account, program, thread};
use crate::syntax::tree::BinaryOperator;
use crate::value::compare::{contains, equal, order};
use crate::value::object::Closure;

#[test]
fn copies_keep_sharing_and_rings() {
    let shared = ints(&[1]);
    let ring = Value::list(vec![shared.clone(), shared.clone()]);
    let Value::List(inner) = &ring else { panic!("no list") };
    inner.lock().push(ring.clone());
    let copied = copy::deep(&ring).unwrap();
    let Value::List(copy) = &copied else { panic!("no list") };
    let parts = copy.snapshot();
    assert!(compare::same(&parts[0], &parts[1]) && !compare::same(&parts[0], &shared));
    assert!(compare::same(&parts[2], &copied));
    inner.lock().clear();
    copy.lock().clear();

    let cell = Arc::new(Cell::new(int(5)));
    let closure =
        Value::Closure(Arc::new(Closure { function: 0, captured: [Value::Cell(cell.clone())].into() }));
    let both = Value::list(vec![closure.clone(), account(closure, int(1)), Value::Thread(thread("t"))]);
    let Value::List(copy) = copy::deep(&both).unwrap() else { panic!("no list") };
    let parts = copy.snapshot();
    let (Value::Closure(copied), Value::Object(object)) = (&parts[0], &parts[1]) else { panic!("{parts:?}") };
    assert!(compare::same(&object.fields[0].get(), &parts[0]));
    let Value::Cell(copied) = &copied.captured[0] else { panic!("no cell") };
    copied.set(int(6));
    assert_eq!(cell.get(), int(5));
    assert!(compare::same(&parts[2], &index::get(&both, &int(2)).unwrap()));
}

/// A list nested a million deep, and a chain of objects and closures.
#[test]
fn depth_needs_no_stack() {
    const DEPTH: usize = 1_000_000;
    let nest = |wrap: fn(Value) -> Value| (0..DEPTH).fold(int(0), |value, _| wrap(value));
    let deep = nest(|value| Value::list(vec![value]));
    assert_eq!(show::display(&deep, &program()).len(), 2 * DEPTH + 1);
    let copied = copy::deep(&deep).unwrap();
    assert!(equal(&deep, &copied));
    assert_eq!(order(&deep, &copied).unwrap(), std::cmp::Ordering::Equal);
    drop((deep, copied));
    drop(nest(|value| map(&[(int(1), value)])));
    drop(nest(|value| account(value, Value::Nil)));
    let closures = nest(|value| Value::Closure(Arc::new(Closure { function: 0, captured: [value].into() })));
    drop(copy::deep(&closures).unwrap());
    drop(closures);
    drop(nest(|value| Value::Cell(Arc::new(Cell::new(value)))));
    drop(nest(|value| Value::set([account(Value::Nil, value)].into_iter().collect())));
}

/// Two rings of different length that look alike for ever are equal, and comparing them ends.
#[test]
fn rings_compare() {
    let ring = |length: usize| {
        let first = ints(&[]);
        let last = (1..length).fold(first.clone(), |value, _| Value::list(vec![value]));
        let Value::List(inner) = &first else { panic!("no list") };
        inner.lock().push(last);
        first
    };
    let (a, b) = (ring(2), ring(3));
    assert!(equal(&a, &b));
    assert_eq!(order(&a, &b).unwrap(), std::cmp::Ordering::Equal);
    for value in [a, b] {
        let Value::List(list) = value else { panic!("no list") };
        list.lock().clear();
    }
}

/// Two threads that look into the same containers from both ends, and change them, never wait for each other.
#[test]
fn containers_never_deadlock() {
    let (a, b) = (ints(&[1, 2]), ints(&[1, 2]));
    let work = |one: Value, other: Value| {
        move || {
            for n in 0..2000 {
                let (Value::List(list), Value::List(_)) = (&one, &other) else { panic!("no lists") };
                list.replace(vec![other.clone(), int(n % 3), one.clone()]);
                equal(&one, &other);
                let _ = order(&one, &other);
                let _ = contains(&one, &other);
                let _ = operate::binary(BinaryOperator::Add, &one, &other);
                let _ = copy::deep(&one);
                show::display(&one, &program());
                let _ = sort::sorted(vec![one.clone(), other.clone(), one.clone()], false);
            }
        }
    };
    let threads =
        [std::thread::spawn(work(a.clone(), b.clone())), std::thread::spawn(work(b.clone(), a.clone()))];
    for thread in threads {
        thread.join().unwrap();
    }
    for value in [a, b] {
        let Value::List(list) = value else { panic!("no list") };
        list.replace(Vec::new());
    }
}
