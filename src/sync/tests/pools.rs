//! Pools and futures. Workers are threads of the test, which do by hand what `__worker` does.

use super::*;
use crate::sync::Releasers;
use crate::sync::future::Future;
use crate::sync::pool::{Crew, Pool};
use crate::sync::queue::Queue;

fn pool(world: &mut Testing, workers: i64) -> Value {
    let pool = value(world.call("pool", &[Value::Int(workers)]));
    sync_of(&pool).name.set("p".into());
    pool
}

fn crew(pool: &Value) -> Arc<Sync> {
    Pool::of(&sync_of(pool)).unwrap().crew.clone()
}

fn submit(world: &mut Testing, pool: &Value) -> Value {
    value(try_submit(world, pool))
}

fn try_submit(world: &mut Testing, pool: &Value) -> Result<Outcome, Error> {
    let none = Value::list(Vec::new());
    world.call("__submit", &[pool.clone(), Value::Function(0), none, Value::Nil])
}

/// The threads that were started as workers.
fn workers(world: &Testing) -> Vec<Testing> {
    let threads = world.shared.threads.lock();
    let workers = threads.iter().filter(|thread| thread.name().starts_with("p-"));
    workers.map(|thread| Testing { shared: world.shared.clone(), thread: thread.clone() }).collect()
}

/// The worker takes a task.
fn take(worker: &mut Testing, crew: &Arc<Sync>) -> Option<Value> {
    match worker.call("__task", &[Value::Sync(crew.clone())]).unwrap() {
        Outcome::Value(Value::Nil) => None,
        Outcome::Value(task) => {
            let called = worker.call("__call", std::slice::from_ref(&task)).unwrap();
            assert!(matches!(called, Outcome::Call(Value::Function(0), arguments) if arguments.is_empty()));
            Some(task)
        }
        other => panic!("{other:?}"),
    }
}

fn finish(worker: &mut Testing, crew: &Arc<Sync>, task: Value, result: Value) {
    worker.call("__done", &[Value::Sync(crew.clone()), task, result]).unwrap();
}

fn fail(worker: &mut Testing, crew: &Arc<Sync>, task: Value) {
    worker.call("__failed", &[Value::Sync(crew.clone()), task, Value::Error(an_error())]).unwrap();
}

fn result(world: &mut Testing, future: &Value) -> Result<Option<Value>, Error> {
    match world.ask(future, "result")? {
        Outcome::Value(value) => Ok(Some(value)),
        Outcome::Wait(_) => Ok(None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn workers_are_made_when_tasks_come_and_used_again() {
    let mut main = Testing::new();
    assert_eq!(failed(main.call("pool", &[Value::Int(0)])).0, "value");
    let p = pool(&mut main, 2);
    let crew = crew(&p);
    assert!(workers(&main).is_empty());
    for n in 0..3 {
        let future = submit(&mut main, &p);
        let mut worker = workers(&main).remove(0);
        assert!(worker.thread.daemon.load(Ordering::SeqCst));
        assert_eq!(&*worker.thread.name(), "p-1");
        let task = take(&mut worker, &crew).unwrap();
        assert!(is(&main.get(&future, "running"), &Value::Bool(true)));
        finish(&mut worker, &crew, task, Value::Int(n));
        assert_eq!(int(&result(&mut main, &future).unwrap().unwrap()), n);
        assert_eq!(workers(&main).len(), 1, "the worker was free");
    }
    (0..5).for_each(|_| drop(submit(&mut main, &p)));
    assert_eq!(workers(&main).len(), 2, "never more than so many");
    assert_eq!((crew.unfinished_tasks(), int(&main.get(&p, "unfinished"))), (5, 5));
}

#[test]
fn a_result_is_waited_for_and_an_error_raised_again() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    let (good, bad) = (submit(&mut main, &p), submit(&mut main, &p));
    assert!(result(&mut main, &good).unwrap().is_none());
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    finish(&mut worker, &crew, task, Value::Int(1));
    let task = take(&mut worker, &crew).unwrap();
    fail(&mut worker, &crew, task);
    assert!(matches!(main.get(&good, "error"), Value::Nil));
    assert_eq!(main.unasked().len(), 1);
    let error = result(&mut main, &bad).unwrap_err();
    assert_eq!(error.kind.word(), "zero");
    let raised = error.raise();
    let Value::Error(asked) = main.get(&bad, "error") else { panic!() };
    assert!(Arc::ptr_eq(&raised, &asked), "the same error, with its place");
    assert!(main.unasked().is_empty());
}

#[test]
fn an_error_outlives_the_future_that_nobody_asked() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    let future = submit(&mut main, &p);
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    fail(&mut worker, &crew, task);
    drop((future, p, crew, worker));
    let unasked = main.unasked();
    assert!(unasked.len() == 1 && unasked[0].starts_with("future of "), "{unasked:?}");
}

#[test]
fn only_a_task_that_nobody_has_begun_is_cancelled() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    let (first, second) = (submit(&mut main, &p), submit(&mut main, &p));
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    let mut cancel = |future: &Value| value(main.method(future, "cancel", &[])).truthy();
    assert!(!cancel(&first));
    assert!(cancel(&second));
    assert!(!cancel(&second));
    assert_eq!(crew.unfinished_tasks(), 1);
    finish(&mut worker, &crew, task, Value::Nil);
    assert!(!value(main.method(&first, "cancel", &[])).truthy());
    assert_eq!(crew.unfinished_tasks(), 0);
    assert_eq!(failed(result(&mut main, &second)).0, "cancelled");
    assert!(is(&main.get(&second, "cancelled"), &Value::Bool(true)));
    assert!(is(&main.get(&second, "done"), &Value::Bool(true)));
}

#[test]
fn a_closed_pool_does_what_it_has_and_ends_its_workers() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    let future = submit(&mut main, &p);
    value(main.method(&p, "close", &[]));
    let (kind, message) = failed(try_submit(&mut main, &p));
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("closed", "p.map(): p is closed, and it takes no more tasks")
    );
    assert_eq!(failed(sync_of(&p).enter(main.at(1))).0, "closed");
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    finish(&mut worker, &crew, task, Value::Int(4));
    assert_eq!(int(&result(&mut main, &future).unwrap().unwrap()), 4);
    assert!(take(&mut worker, &crew).is_none());
}

#[test]
fn closing_with_cancel_cancels_what_nobody_has_begun() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    let futures: Vec<Value> = (0..4).map(|_| submit(&mut main, &p)).collect();
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    value(main.method(&p, "close", &[Value::Bool(true)]));
    let cancelled = futures.iter().filter(|future| main.get(future, "cancelled").truthy()).count();
    assert_eq!((cancelled, crew.unfinished_tasks()), (3, 1));
    finish(&mut worker, &crew, task, Value::Nil);
    assert_eq!(crew.unfinished_tasks(), 0);
}

#[test]
fn leaving_a_with_waits_for_all_tasks_and_workers() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    assert!(main.acquire(&sync_of(&p)));
    submit(&mut main, &p);
    let mut op = main.leave(&sync_of(&p)).unwrap().expect("has to wait");
    assert!(main.waits(&mut op));
    assert_eq!(op.describe(), "waits for the tasks of p");
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    assert_eq!(op.releasers(main.at(9)), Releasers::All(vec![worker.thread.id]));
    finish(&mut worker, &crew, task, Value::Nil);
    assert!(main.waits(&mut op) && take(&mut worker, &crew).is_none(), "the worker is told to end");
    assert!(main.waits(&mut op));
    assert_eq!(op.releasers(main.at(9)), Releasers::All(vec![worker.thread.id]), "also now");
    worker.end(Ok(Value::Nil));
    main.does(&mut op);
    let empty = pool(&mut main, 1);
    assert!(main.leave(&sync_of(&empty)).unwrap().is_none());
}

#[test]
fn a_pool_that_nobody_can_reach_closes_and_is_freed() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    submit(&mut main, &p);
    let mut worker = workers(&main).remove(0);
    let task = take(&mut worker, &crew).unwrap();
    finish(&mut worker, &crew, task, Value::Nil);
    let gone = Arc::downgrade(&crew);
    let idle = worker.call("__task", &[Value::Sync(crew.clone())]).unwrap();
    assert!(matches!(idle, Outcome::Wait(_)));
    drop(p);
    assert!(take(&mut worker, &crew).is_none(), "the worker ends");
    drop((idle, crew));
    worker.thread.entry.lock().take();
    assert!(gone.upgrade().is_none());
}

#[test]
fn a_waiting_pool_with_tasks_queued_is_freed() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    submit(&mut main, &p);
    let gone = Arc::downgrade(&crew(&p));
    drop(p);
    workers(&main).remove(0).thread.entry.lock().take();
    assert!(gone.upgrade().is_none(), "a future must not hold its pool");
}

#[test]
fn a_task_that_waits_for_one_behind_it_is_explained() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    submit(&mut main, &p);
    let behind = submit(&mut main, &p);
    let mut worker = workers(&main).remove(0);
    take(&mut worker, &crew).unwrap();
    let Outcome::Wait(wait) = worker.ask(&behind, "result").unwrap() else { panic!() };
    let done = Box::new(Releasers::Either(vec![Releasers::All(vec![worker.thread.id])]));
    let cancelled = vec![sync_of(&behind).id, crew.id];
    assert_eq!(wait.op.releasers(worker.at(9)), Releasers::Unless(done, cancelled));
    assert!(wait.op.describe().starts_with("waits for the result of "), "{}", wait.op.describe());
    let mut notes = Vec::new();
    wait.op.explain(worker.at(9), &mut |note| notes.push(note));
    assert!(notes[0].starts_with("the only worker of p waits for tasks queued behind it"), "{notes:?}");
}

#[test]
fn as_completed_gives_each_once_as_it_ends() {
    let mut main = Testing::new();
    let p = pool(&mut main, 3);
    let crew = crew(&p);
    let futures: Vec<Value> = (0..3).map(|_| submit(&mut main, &p)).collect();
    let mut all = workers(&main);
    let tasks: Vec<Value> = all.iter_mut().map(|worker| take(worker, &crew).unwrap()).collect();
    finish(&mut all[2], &crew, tasks[2].clone(), Value::Nil);
    let list: Vec<Value> = futures.iter().chain(&futures).cloned().collect();
    let queue = sync_of(&value(main.call("as_completed", &[Value::list(list)])));
    let mut next = Op::Next(queue.clone());
    assert!(is(&main.does(&mut next), &futures[2]));
    assert!(main.waits(&mut next));
    fail(&mut all[0], &crew, tasks[0].clone());
    assert!(is(&main.does(&mut next), &futures[0]));
    finish(&mut all[1], &crew, tasks[1].clone(), Value::Nil);
    assert!(is(&main.does(&mut next), &futures[1]));
    assert!(matches!(main.does(&mut next), Value::Unset));
    let none = sync_of(&value(main.call("as_completed", &[Value::list(Vec::new())])));
    assert!(Queue::of(&none).unwrap().closed());
}

#[test]
fn wait_sorts_futures_into_done_and_pending() {
    let mut main = Testing::new();
    let p = pool(&mut main, 2);
    let crew = crew(&p);
    let futures: Vec<Value> = (0..2).map(|_| submit(&mut main, &p)).collect();
    let list = Value::list(futures.clone());
    let lengths = |value: &Value| {
        let Value::List(pair) = value else { panic!() };
        let parts = pair.snapshot();
        parts
            .iter()
            .map(|part| if let Value::List(list) = part { list.len() } else { 99 })
            .collect::<Vec<_>>()
    };
    let any = [list.clone(), Value::Bool(true), Value::Duration(5)];
    let Outcome::Wait(mut wait) = main.call("wait", &any).unwrap() else { panic!() };
    assert_eq!(wait.deadline, Some(5));
    assert_eq!(lengths(&wait.op.timed_out(main.at(9)).unwrap().unwrap()), [0, 2]);
    let mut all = workers(&main);
    let task = take(&mut all[0], &crew).unwrap();
    finish(&mut all[0], &crew, task, Value::Nil);
    assert_eq!(lengths(&value(main.call("wait", &any))), [1, 1]);
    let Outcome::Wait(mut wait) = main.call("wait", &[list]).unwrap() else { panic!() };
    assert!(main.waits(&mut wait.op));
    let task = take(&mut all[1], &crew).unwrap();
    finish(&mut all[1], &crew, task, Value::Nil);
    assert_eq!(lengths(&main.does(&mut wait.op)), [2, 0]);
    let not_futures = main.call("wait", &[Value::list(vec![Value::Int(1)])]);
    assert_eq!(failed(not_futures).0, "type");
}

#[test]
fn what_is_given_to_a_pool_must_be_a_function() {
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let none = Value::list(Vec::new());
    let result = main.call("__submit", &[p, Value::Int(3), none, Value::Nil]);
    assert_eq!(failed(result), ("type".into(), "f must be a function, not an int".into()));
}

#[test]
fn a_crew_is_not_entered() {
    let main = Testing::new();
    let crew = main.make("p", Kind::Crew(Box::new(Crew::new(1).unwrap())));
    assert_eq!(failed(crew.enter(main.at(1))).0, "type");
    assert!(Future::of(&crew).is_err());
}

#[test]
fn whoever_asks_about_a_future_does_not_keep_the_crew_from_it() {
    use std::time::Duration;
    let mut main = Testing::new();
    let p = pool(&mut main, 1);
    let crew = crew(&p);
    let future = sync_of(&submit(&mut main, &p));
    let (tell, told) = std::sync::mpsc::channel();
    // As a worker that takes a task: the crew's lock first, then the future's.
    let free = Crew::of(&crew).unwrap().while_locked(|| {
        let asked = future.clone();
        std::thread::spawn(move || Future::of(&asked).unwrap().releasers(asked.id));
        std::thread::sleep(Duration::from_millis(50));
        std::thread::spawn(move || tell.send(Future::of(&future).unwrap().is_running()));
        told.recv_timeout(Duration::from_secs(10))
    });
    assert!(!free.expect("the future's lock is free"));
}
