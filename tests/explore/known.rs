//! The oracle by itself, on programs whose answers are known from textbooks.

use crate::machine::Flaw;
use crate::model::Statement as S;
use crate::model::*;
use crate::oracle::{Answer, explore};

/// `main` starts these threads and joins them all.
fn threads(vars: usize, things: Vec<Thing>, bodies: Vec<Vec<S>>, end: Vec<S>) -> Program {
    let count = bodies.len();
    let body = |statements| Body { kind: BodyKind::Template, daemon: false, statements };
    let mut main: Vec<S> = (0..count).map(S::Start).collect();
    main.extend((0..count).map(S::Join));
    main.extend(end);
    Program {
        vars: vec![0; vars],
        things,
        bodies: bodies.into_iter().map(body).collect(),
        handles: (0..count).collect(),
        main,
        ..Program::default()
    }
}

fn answer(program: &Program) -> Answer {
    explore(program, 1_000_000, Flaw::None).expect("few states")
}

fn lock(thing: usize) -> Target {
    Target { thing, write: false }
}

fn is(var: usize, number: i64) -> Test {
    Test::Compare(Value::Var(var), Comparison::Equal, Value::Number(number))
}

fn number(n: i64) -> Value {
    Value::Number(n)
}

/// The first variable's final values.
fn values(answer: &Answer) -> Vec<i64> {
    let mut values: Vec<i64> = answer.outcomes.iter().map(|outcome| outcome.vars[0]).collect();
    values.dedup();
    values
}

#[test]
fn a_racy_counter_loses_updates() {
    let add = || vec![S::Add(0, number(1))];
    let found = answer(&threads(1, vec![], vec![add(), add()], vec![S::Assert(is(0, 2))]));
    assert_eq!(values(&found), [1, 2]);
    assert_eq!(found.errors.get("assertion"), Some(&1));
    // It needs none: one has read, and the other, which has not begun, is about to.
    assert_eq!(found.race, Some(0));
    assert!(found.deadlock.is_none() && !found.livelock);
    let twice = || vec![S::Repeat(2, add())];
    assert_eq!(values(&answer(&threads(1, vec![], vec![twice(), twice()], vec![]))), [2, 3, 4]);
    assert_eq!(values(&answer(&threads(1, vec![], vec![add(), add(), add()], vec![]))), [1, 2, 3]);
}

#[test]
fn a_lock_keeps_the_counter_right() {
    let add = || vec![S::Repeat(2, vec![S::With(lock(0), vec![S::Add(0, number(1))])])];
    let found = answer(&threads(1, vec![Thing::Lock], vec![add(), add(), add()], vec![S::Assert(is(0, 6))]));
    assert_eq!(values(&found), [6]);
    assert!(found.errors.is_empty() && found.race.is_none() && found.deadlock.is_none());
}

#[test]
fn two_locks_in_opposite_order_deadlock_after_one_preemption() {
    let body = |a, b| vec![S::With(lock(a), vec![S::With(lock(b), vec![S::Add(0, number(1))])])];
    let locks = || vec![Thing::Lock, Thing::Lock];
    let found = answer(&threads(1, locks(), vec![body(0, 1), body(1, 0)], vec![]));
    assert_eq!(found.deadlock, Some(1));
    assert_eq!(values(&found), [2]);
    let ordered = answer(&threads(1, locks(), vec![body(0, 1), body(0, 1)], vec![]));
    assert_eq!(ordered.deadlock, None);
}

#[test]
fn philosophers_who_all_take_the_left_fork_first_starve() {
    let eat = |a, b| vec![S::With(lock(a), vec![S::With(lock(b), vec![])])];
    let forks = || vec![Thing::Lock; 3];
    let found = answer(&threads(1, forks(), vec![eat(0, 1), eat(1, 2), eat(2, 0)], vec![]));
    // One is preempted with its left fork; the others then block by themselves, each behind the next.
    assert_eq!(found.deadlock, Some(1));
    assert_eq!(answer(&threads(1, forks(), vec![eat(0, 1), eat(1, 2), eat(0, 2)], vec![])).deadlock, None);
}

/// Variables: flags 0 and 1, turn 2, in the critical section 3.
fn peterson(me: usize, with_turn: bool) -> Vec<S> {
    let other = 1 - me;
    let mut body = vec![S::Set(me, number(1))];
    if with_turn {
        body.push(S::Set(2, number(other as i64)));
    }
    let wait = Test::And(Box::new(is(other, 1)), Box::new(is(2, other as i64)));
    body.push(S::While(if with_turn { wait } else { is(other, 1) }, vec![]));
    body.extend([S::Add(3, number(1)), S::Assert(is(3, 1)), S::Set(3, number(0)), S::Set(me, number(0))]);
    body
}

#[test]
fn petersons_algorithm_holds_and_flags_alone_livelock() {
    let found = answer(&threads(4, vec![], vec![peterson(0, true), peterson(1, true)], vec![]));
    assert!(found.errors.is_empty() && !found.livelock && found.deadlock.is_none() && !found.partial);
    assert!(found.race.is_some());
    let found = answer(&threads(4, vec![], vec![peterson(0, false), peterson(1, false)], vec![]));
    assert!(found.livelock && found.errors.is_empty() && found.deadlock.is_none() && !found.partial);
}

#[test]
fn a_notify_before_the_wait_is_lost() {
    let things = || vec![Thing::Lock, Thing::Condition(0)];
    let wait = vec![S::With(lock(0), vec![S::Wait(1)])];
    let notify = vec![S::With(lock(0), vec![S::Set(0, number(1)), S::Notify(1)])];
    let found = answer(&threads(1, things(), vec![wait, notify.clone()], vec![]));
    assert_eq!(found.deadlock, Some(0));
    assert!(!found.outcomes.is_empty());
    let guarded = vec![S::With(lock(0), vec![S::While(is(0, 0), vec![S::Wait(1)])])];
    assert_eq!(answer(&threads(1, things(), vec![guarded, notify], vec![])).deadlock, None);
}

#[test]
fn a_deadlock_among_some_while_another_spins_is_found() {
    let body = |a, b| vec![S::With(lock(a), vec![S::With(lock(b), vec![])])];
    let spin = vec![S::While(is(0, 0), vec![S::Yield])];
    let locks = vec![Thing::Lock, Thing::Lock];
    let found = answer(&threads(1, locks, vec![body(0, 1), body(1, 0), spin.clone()], vec![]));
    assert!(found.partial && found.livelock && found.deadlock.is_none());
    // `main` only waits for the one that spins.
    let found = answer(&threads(1, vec![], vec![spin], vec![]));
    assert!(!found.partial && found.livelock);
    // Also when that one is a daemon.
    let mut program = threads(1, vec![], vec![vec![S::While(is(0, 0), vec![])]], vec![]);
    program.bodies[0].daemon = true;
    let found = answer(&program);
    assert!(!found.partial && found.livelock);
}

#[test]
fn a_sleep_is_no_synchronisation() {
    let late = vec![S::Sleep(1), S::Set(0, number(1))];
    let mut program = threads(1, vec![], vec![late], vec![]);
    program.main = vec![S::Start(0), S::Sleep(2), S::Assert(is(0, 1)), S::Join(0)];
    assert_eq!(answer(&program).errors.get("assertion"), Some(&0));
    program.idle = true;
    let found = answer(&program);
    assert!(found.errors.is_empty(), "{found:?}");
}

#[test]
fn whoever_waits_when_an_event_is_set_and_cleared_goes_on() {
    let pulse = vec![S::SetEvent(0), S::ClearEvent(0)];
    let found = answer(&threads(1, vec![Thing::Event], vec![vec![S::Wait(0)], pulse], vec![]));
    // It goes on when it waited, and waits for ever when it came too late.
    assert!(found.deadlock.is_some() && !found.outcomes.is_empty());
}

#[test]
fn a_barrier_is_passed_by_all_or_by_nobody() {
    let wait = || vec![S::Add(0, number(1)), S::Wait(0)];
    let found = answer(&threads(1, vec![Thing::Barrier(2)], vec![wait(), wait()], vec![]));
    assert!(found.deadlock.is_none() && found.errors.is_empty());
    assert!(answer(&threads(1, vec![Thing::Barrier(3)], vec![wait(), wait()], vec![])).deadlock.is_some());
}

#[test]
fn a_lock_whose_holder_has_ended_is_abandoned() {
    let keep = vec![S::Acquire(lock(0))];
    let found = answer(&threads(1, vec![Thing::Lock], vec![keep.clone(), keep], vec![]));
    assert_eq!(found.errors.keys().copied().collect::<Vec<_>>(), ["abandoned"]);
    assert!(found.deadlock.is_none());
}

#[test]
fn what_is_atomic_does_not_race_with_what_is_atomic() {
    let atomic = || vec![S::Atomically(vec![S::Add(0, number(1))])];
    let found = answer(&threads(1, vec![], vec![atomic(), atomic()], vec![]));
    assert_eq!((values(&found), found.race), (vec![2], None));
    let found = answer(&threads(1, vec![], vec![atomic(), vec![S::Set(0, number(5))]], vec![]));
    assert!(found.race.is_some());
    assert_eq!(values(&found), [5, 6]);
}
