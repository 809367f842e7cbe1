//! Operations in a state.

use super::*;

#[test]
fn every_operation_is_the_same_again() {
    let a = Testing::new();
    let b = a.other("b");
    let q = queue(&a, Some(1), Order::Fifo, &[1]);
    let crew = Arc::new(Sync::new(91, 1, Kind::Crew(Box::new(Crew::new(1).unwrap()))));
    let task = Entry::to_call(Value::Nil);
    let future = a.make("f", Kind::Future(Future::new(&"work".into(), &crew, task)));
    let lock = a.make("m", Kind::Lock(Lock::default()));
    let rw = a.make("rw", Kind::RwLock(Box::default()));
    let side = a.make("rw.write", Kind::Side(Side { lock: rw.clone(), write: true }));
    let condition = a.make("c", Kind::Condition(Condition::new(lock.clone()).unwrap()));
    let event = a.make("e", Kind::Event(Event::default()));
    let meet = a.make("meet", Kind::Barrier(Barrier::new(2).unwrap()));
    let latch = a.make("l", Kind::Latch(Latch::new(1).unwrap()));
    let thread = || b.thread.clone();
    let arms = vec![Op::Get(q.clone()), Op::put(q.clone(), Value::Int(4))];
    let select = Select::new(arms, a.at(1), |_| 0);
    assert_eq!(select.ready_arms(a.at(1)), [0]);
    // Each with the number of things that it touches.
    let cases = vec![
        (Op::Sleep, 0),
        (Op::Change, 0),
        (Op::Beat(thread()), 1),
        (Op::Join(thread()), 1),
        (Op::JoinAll(vec![thread(), a.thread.clone()]), 2),
        (Op::ThreadResult(thread()), 1),
        (Op::acquire(lock.clone()), 1),
        (Op::acquire(side), 2),
        (Op::Condition(condition::Wait::new(condition)), 2),
        (Op::Event(event::Wait::new(event)), 1),
        (Op::Barrier(barrier::Wait::new(meet)), 2),
        (Op::Latch(latch), 1),
        (Op::put(q.clone(), Value::Int(1)), 1),
        (Op::Get(q.clone()), 1),
        (Op::Next(q.clone()), 1),
        (Op::Finished(q.clone()), 1),
        (Op::Result(future.clone()), 1),
        (Op::FutureError(future.clone()), 1),
        (Op::Ended(future.clone()), 1),
        (Op::Several(Several { futures: vec![future.clone()], any: true }), 1),
        (Op::Task(crew.clone()), 1),
        (Op::Idle(Leaving { crew, workers: vec![thread()] }), 2),
        (Op::Select(Box::new(select)), 1),
    ];
    let (ops, counts): (Vec<Op>, Vec<usize>) = cases.into_iter().unzip();
    let told = |ops: &[Op]| -> Vec<_> { ops.iter().map(|op| (op.describe(), op.leaves_trace())).collect() };
    let touched = |ops: &[Op]| -> Vec<usize> {
        let count = |op: &Op| {
            let mut addresses = Vec::new();
            op.touches(&mut |object| addresses.push(object.address()));
            addresses.sort_unstable();
            addresses.dedup();
            addresses.len()
        };
        ops.iter().map(count).collect()
    };
    assert_eq!(touched(&ops), counts);
    let scene = Scene::new(&[&a, &b], &[], ops);
    let again = scene.again();
    assert_eq!(told(&again.ops), told(&scene.ops));
    assert_eq!(touched(&again.ops), counts);
    let traces = told(&scene.ops).iter().filter(|(_, trace)| *trace).count();
    assert_eq!(traces, 2, "the writer counts already, and the pool is closed");
}

#[test]
fn an_arm_may_be_chosen_by_the_world() {
    let a = Testing::new();
    let (q, r) = (queue(&a, None, Order::Fifo, &[1]), queue(&a, None, Order::Fifo, &[2]));
    let empty = queue(&a, None, Order::Fifo, &[]);
    let event = a.make("e", Kind::Event(Event::default()));
    let arms = vec![Op::Get(empty), Op::Get(q), Op::Event(event::Wait::new(event)), Op::Get(r)];
    let mut asked = 0;
    let mut select = Select::new(arms, a.at(1), |ready| {
        asked = ready;
        1
    });
    assert_eq!(asked, 2);
    assert_eq!(select.ready_arms(a.at(1)), [1, 3]);
    assert!(select.poll_arm(0, a.at(1)).unwrap().is_none());
    let Some(Value::List(pair)) = select.poll_arm(3, a.at(1)).unwrap() else { panic!() };
    assert_eq!(pair.snapshot().iter().map(int).collect::<Vec<_>>(), [3, 2]);
    let Some(Value::List(pair)) = select.poll(a.at(1)).unwrap() else { panic!() };
    assert_eq!(pair.snapshot().iter().map(int).collect::<Vec<_>>(), [1, 1]);
}
