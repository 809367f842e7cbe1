//! Threads, pools and errors in a state.

use super::*;

#[test]
fn pools_go_on_with_their_tasks() {
    let a = Testing::new();
    let worker = a.other("p-1");
    let crew = Arc::new(Sync::new(90, 1, Kind::Crew(Box::new(Crew::new(2).unwrap()))));
    let pool = a.make("p", Kind::Pool(Pool { crew: crew.clone() }));
    let state = Crew::of(&crew).unwrap();
    let futures: Vec<Arc<Sync>> = (0..4)
        .map(|n| {
            let task = Entry { callee: Value::Function(n), arguments: vec![Value::Int(5)].into() };
            let future = a.make(&format!("f{n}"), Kind::Future(Future::new(&"work".into(), &crew, task)));
            state.submit(&crew, future.clone()).unwrap();
            future
        })
        .collect();
    assert!(state.enlist(&worker.thread));
    let begin = || assert!(matches!(state.next(worker.thread.id), Some(Value::Sync(_))));
    begin();
    let failure = Arc::new(Failure::new(&futures[0], an_error()));
    Future::of(&futures[0]).unwrap().fail(&futures[0], failure);
    state.free(worker.thread.id);
    state.finished();
    begin();
    Future::of(&futures[1]).unwrap().take_task();
    let ended = queue(&a, None, Order::Fifo, &[]);
    let left = Arc::new(AtomicUsize::new(2));
    futures[1..3].iter().for_each(|sync| Future::of(sync).unwrap().watch(sync, &ended, &left));
    let things: Vec<&Arc<Sync>> = [&pool, &ended].into_iter().chain(&futures).collect();
    let leaving = Leaving { crew: crew.clone(), workers: vec![worker.thread.clone()] };
    let mut ops = vec![Op::Idle(leaving), Op::Task(crew.clone()), Op::Result(futures[0].clone())];
    ops.push(Op::Several(Several { futures: futures.clone(), any: false }));
    let mut again = Scene::new(&[&a, &worker], &things, ops).again();

    let (a, worker) = (again.at(&a, 0), again.at(&worker, 1));
    let (crew, ended) = (Pool::of(&again.thing(0)).unwrap().crew.clone(), again.thing(1));
    let state = Crew::of(&crew).unwrap();
    assert_eq!((state.unfinished(), Crew::workers(&crew)), (3, vec![worker.thread.id]));
    assert_eq!(failed(a.poll(&mut again.ops[2])), ("zero".into(), "division by zero".into()));
    let running = again.thing(3);
    assert_eq!(
        Future::of(&running).unwrap().releasers(running.id),
        crate::sync::Releasers::All(vec![worker.thread.id])
    );
    assert!(Future::of(&running).unwrap().take_task().is_none());
    Future::of(&running).unwrap().finish(&running, Value::Int(1));
    state.free(worker.thread.id);
    state.finished();
    for n in 2..4 {
        let Value::Sync(next) = worker.does(&mut again.ops[1]) else { panic!() };
        assert!(Arc::ptr_eq(&next, &again.thing(n + 2)), "in the order of their coming");
        let task = Future::of(&next).unwrap().take_task().unwrap();
        assert!(is(&task.callee, &Value::Function(n as u32)) && is(&task.arguments[0], &Value::Int(5)));
        Future::of(&next).unwrap().finish(&next, Value::Nil);
        state.free(worker.thread.id);
        state.finished();
    }
    assert!(a.waits(&mut again.ops[0]), "for the worker");
    worker.end(Ok(Value::Nil));
    a.does(&mut again.ops[0]);
    a.does(&mut again.ops[3]);
    assert_eq!(Queue::of(&ended).unwrap().size(), 2, "both futures that were watched");
    assert!(Queue::of(&ended).unwrap().closed(), "after the last");
}

#[test]
fn threads_with_and_without_their_names() {
    let a = Testing::new();
    let mut timer = Thread::new(5, "beat-2", true, Entry::to_call(Value::Function(3)));
    timer.timer = Some(Timer::new(500, true));
    let timer = Arc::new(timer);
    *timer.name.lock() = "metronome".into();
    timer.timer.as_ref().unwrap().cancel();
    let failed = handle(6, "worker-1");
    end(&failed, Err(an_error()));
    let done = handle(7, "worker-2");
    end(&done, Ok(Value::text("result")));
    done.asked.store(true, Ordering::SeqCst);
    let threads = vec![timer, failed, done];
    let roots: Vec<Object> = threads.iter().map(|thread| Object::Thread(thread.clone())).collect();
    for names in [false, true] {
        let ops = threads.iter().map(|thread| Op::ThreadResult(thread.clone())).collect();
        let scene = Scene { roots: roots.clone(), ops, threads: threads.clone(), names };
        let mut again = scene.again();
        let [timer, failed, done] = &again.threads[..] else { panic!() };
        let called: Vec<_> = again.threads.iter().map(|thread| thread.name()).collect();
        match names {
            true => assert_eq!(
                called.iter().map(|name| &**name).collect::<Vec<_>>(),
                ["metronome", "worker-1", "worker-2"]
            ),
            false => assert_eq!(
                called.iter().map(|name| &**name).collect::<Vec<_>>(),
                ["beat", "worker", "worker"]
            ),
        }
        assert_eq!((timer.id == 5, &*timer.default_name == "beat-2"), (names, names));
        assert!(timer.is_cancelled() && timer.daemon.load(Ordering::SeqCst));
        assert_eq!(timer.timer.as_ref().map(|timer| (timer.delay, timer.repeats)), Some((500, true)));
        assert!(is(&timer.entry.lock().as_ref().unwrap().callee, &Value::Function(3)));
        assert_eq!(
            (failed.state(), done.state(), timer.state()),
            (State::Failed, State::Finished, State::New)
        );
        assert!(!failed.asked.load(Ordering::SeqCst) && done.asked.load(Ordering::SeqCst));
        assert_eq!(super::failed(a.poll(&mut again.ops[1])).0, "zero");
        assert!(is(&a.does(&mut again.ops[2]), &Value::text("result")));
    }
}

#[test]
fn errors_keep_what_they_tell() {
    let a = Testing::new();
    let error = Error::new(error::Kind::Other("mine".into()), "a text").hint("do this").note("n1").note("n2");
    let place = Place {
        thread: "worker-3".into(),
        span: Span { start: 300, end: 305 },
        line: 12,
        calls: vec![("f".into(), 2), ("g".into(), 400)],
        left_out: 3,
    };
    error.place.set(place).unwrap();
    let error = Arc::new(error);
    // One that is attached to itself.
    error.attached.lock().extend([Value::Error(an_error()), Value::Error(error.clone())]);
    let atomic = a.make("n", Kind::Atomic(Atomic::new(Value::Error(Arc::new(Error::again(&error))))));
    let again = Scene::new(&[], &[&atomic], Vec::new()).again().thing(0);
    let Value::Error(standing) = Atomic::of(&again).unwrap().get() else { panic!() };
    let made = standing.again.clone().unwrap();
    assert_eq!((made.kind.word(), made.message.as_str()), ("mine", "a text"));
    assert_eq!((&made.hints, &made.notes), (&error.hints, &error.notes));
    let place = made.place.get().unwrap();
    assert_eq!((&*place.thread, place.line, place.span.start, place.span.end), ("worker", 12, 300, 305));
    assert_eq!(place.calls, [("f".into(), 2), ("g".into(), 400)]);
    let attached = made.attached.lock().clone();
    assert!(matches!(&attached[1], Value::Error(itself) if Arc::ptr_eq(itself, &made)));
    error.attached.lock().clear();
    made.attached.lock().clear();
}
