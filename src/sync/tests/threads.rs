//! Threads and timers as others see them.

use super::*;
use crate::sync::Releasers;
use crate::sync::thread::Timer;

fn unstarted(world: &Testing, name: &str) -> Arc<Thread> {
    let thread = world.other(name).thread;
    thread.state.store(State::New as u8, Ordering::SeqCst);
    thread
}

#[test]
fn joining_waits_for_the_end() {
    let a = Testing::new();
    let t = a.other("teller-1");
    let (mut op, mut result) = (Op::Join(t.thread.clone()), Op::ThreadResult(t.thread.clone()));
    assert!(a.waits(&mut op) && a.waits(&mut result));
    assert_eq!(op.describe(), "joins \"teller-1\"");
    assert_eq!(op.releasers(a.at(9)), Releasers::All(vec![t.thread.id]));
    assert!(is(&op.timed_out(a.at(9)).unwrap().unwrap(), &Value::Bool(false)));
    t.end(Ok(Value::Int(5)));
    assert!(is(&a.does(&mut op), &Value::Bool(true)));
    assert_eq!(int(&a.does(&mut result)), 5);
}

#[test]
fn the_error_of_a_thread_is_raised_in_who_asks() {
    let mut a = Testing::new();
    let t = a.other("t");
    let error = an_error();
    t.end(Err(error.clone()));
    assert!(is(&a.does(&mut Op::Join(t.thread.clone())), &Value::Bool(true)));
    assert!(!t.thread.asked.load(Ordering::SeqCst), "to join is not to ask");
    let raised = a.poll(&mut Op::ThreadResult(t.thread.clone())).unwrap_err().raise();
    assert!(Arc::ptr_eq(&raised, &error));
    assert!(t.thread.asked.load(Ordering::SeqCst));
    assert!(matches!(a.get(&Value::Thread(t.thread), "error"), Value::Error(_)));
}

#[test]
fn what_could_never_end_is_not_joined() {
    let a = Testing::new();
    let new = unstarted(&a, "new");
    for mut op in [Op::Join(new.clone()), Op::ThreadResult(new.clone()), Op::JoinAll(vec![new.clone()])] {
        assert_eq!(
            failed(a.poll(&mut op)),
            ("state".into(), "\"new\" cannot be joined: it was never started".into())
        );
    }
    let (kind, message) = failed(a.poll(&mut Op::Join(a.thread.clone())));
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("state", "\"main\" cannot join itself: it would wait for ever")
    );
}

#[test]
fn all_of_several_are_joined() {
    let mut a = Testing::new();
    let (t, u) = (a.other("t"), a.other("u"));
    let list = Value::list(vec![Value::Thread(t.thread.clone()), Value::Thread(u.thread.clone())]);
    let Outcome::Wait(mut wait) = a.call("__join", std::slice::from_ref(&list)).unwrap() else { panic!() };
    assert!(a.waits(&mut wait.op));
    t.end(Ok(Value::Nil));
    assert!(a.waits(&mut wait.op));
    assert_eq!(wait.op.describe(), "joins \"u\"");
    assert_eq!(wait.op.releasers(a.at(9)), Releasers::All(vec![u.thread.id]));
    u.end(Ok(Value::Nil));
    a.does(&mut wait.op);
    assert_eq!(failed(a.call("__join", &[Value::Int(1)])).0, "type");
}

#[test]
fn joining_with_no_time_asks_only() {
    let mut a = Testing::new();
    let t = Value::Thread(a.other("t").thread);
    for timeout in [0, -1] {
        let Outcome::Wait(wait) = a.method(&t, "join", &[Value::Duration(timeout)]).unwrap() else {
            panic!()
        };
        assert_eq!(wait.deadline, Some(0));
    }
    assert_eq!(failed(a.method(&t, "join", &[Value::Int(1)])).0, "type");
}

#[test]
fn a_thread_is_started_once_and_named_before_or_after() {
    let mut a = Testing::new();
    let t = Value::Thread(unstarted(&a, "t"));
    assert!(is(&a.get(&t, "alive"), &Value::Bool(false)));
    assert!(is(&a.get(&t, "state"), &Value::text("new")));
    a.set(&t, "daemon", Value::Bool(true)).unwrap();
    value(a.method(&t, "start", &[]));
    assert!(is(&a.get(&t, "alive"), &Value::Bool(true)));
    assert_eq!(failed(a.method(&t, "start", &[])).0, "state");
    assert_eq!(failed(a.set(&t, "daemon", Value::Bool(false))).0, "state");
    assert!(is(&a.get(&t, "daemon"), &Value::Bool(true)));
    a.set(&t, "name", Value::text("new name")).unwrap();
    assert!(is(&a.get(&t, "name"), &Value::text("new name")));
    a.set(&t, "name", Value::Int(123)).unwrap();
    assert!(is(&a.get(&t, "name"), &Value::text("123")));
    a.set(&t, "name", Value::text("")).unwrap();
    assert!(is(&a.get(&t, "name"), &Value::text("t")), "an empty name is the one it began with");
}

#[test]
fn new_threads_are_named_and_inherit_daemon() {
    use crate::builtin::sync::threads::{Kindred, Naming};
    let mut a = Testing::new();
    let entry = || Entry::to_call(Value::Nil);
    let mut names = Vec::new();
    for naming in [Naming::Counted("teller"), Naming::Block, Naming::Counted("teller"), Naming::Block] {
        let thread = a.with_context(|context| context.new_thread(naming, Kindred::default(), entry(), None));
        assert!(!thread.started() && !thread.daemon.load(Ordering::SeqCst));
        names.push(thread.name().to_string());
    }
    assert_eq!(names, ["teller-1", "thread-1 (line 5)", "teller-2", "thread-2 (line 5)"]);
    a.thread.daemon.store(true, Ordering::SeqCst);
    for (given, daemon) in [(None, true), (Some(false), false)] {
        let thread = a.with_context(|context| {
            context.new_thread(Naming::Block, Kindred { daemon: given, process: false }, entry(), None)
        });
        assert_eq!(thread.daemon.load(Ordering::SeqCst), daemon);
    }
}

#[test]
fn the_first_error_of_a_parallel_is_raised_with_the_others() {
    let mut a = Testing::new();
    let threads: Vec<Arc<Thread>> = ["x", "y", "z"].iter().map(|name| unstarted(&a, name)).collect();
    let list = Value::list(threads.iter().map(|thread| Value::Thread(thread.clone())).collect());
    for at in 0..3 {
        value(a.call("__start_at", &[list.clone(), Value::Int(at)]));
    }
    assert!(threads.iter().all(|thread| thread.started() && thread.raised_elsewhere.load(Ordering::SeqCst)));
    let (first, second) = (an_error(), an_error());
    end(&threads[0], Ok(Value::Nil));
    end(&threads[1], Err(first.clone()));
    end(&threads[2], Err(second.clone()));
    let raised = a.call("__raise_first", &[list]).unwrap_err().raise();
    assert!(Arc::ptr_eq(&raised, &first));
    let attached = first.attached.lock();
    assert!(matches!(&attached[..], [Value::Error(other)] if Arc::ptr_eq(other, &second)));
}

#[test]
fn a_timer_waits_for_its_time_or_to_be_cancelled() {
    let mut a = Testing::new();
    let made = value(a.call("timer", &[Value::Nil, Value::Duration(5), Value::Unset]));
    let Value::Thread(thread) = &made else { panic!() };
    assert!(thread.timer.as_ref().is_some_and(|timer| !timer.repeats && timer.delay == 5));
    let mut op = Op::Beat(thread.clone());
    assert!(a.waits(&mut op));
    assert!(is(&op.timed_out(a.at(9)).unwrap().unwrap(), &Value::Bool(true)));
    value(a.method(&made, "cancel", &[]));
    assert!(is(&a.does(&mut op), &Value::Bool(false)));
    a.does(&mut Op::Join(thread.clone()));
    let plain = Value::Thread(a.other("t").thread);
    assert_eq!(failed(a.method(&plain, "cancel", &[])).0, "type");
}

#[test]
fn what_times_a_timer_can_have() {
    let mut a = Testing::new();
    let second = Value::Duration(1_000_000_000);
    let mut kind = |after: Value, every: Value| match a.call("timer", &[Value::Nil, after, every]) {
        Ok(_) => "fine".to_string(),
        Err(error) => error.kind.word().to_string(),
    };
    assert_eq!(kind(Value::Unset, Value::Unset), "value");
    assert_eq!(kind(second.clone(), second.clone()), "value");
    assert_eq!(kind(Value::Unset, Value::Duration(0)), "value");
    assert_eq!(kind(Value::Duration(-1), Value::Unset), "value");
    assert_eq!(kind(Value::Int(1), Value::Unset), "type");
    assert_eq!(kind(Value::Duration(0), Value::Unset), "fine");
    assert_eq!(kind(Value::Unset, second), "fine");
    assert!(Timer::new(1, true).repeats);
}
