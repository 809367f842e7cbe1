//! Queues in a state: their values, their order.

use super::*;

#[test]
fn queues_give_their_values_in_order() {
    let a = Testing::new();
    let cases = [
        (Order::Fifo, None, [3, 1, 2]),
        (Order::Fifo, Some(3), [3, 1, 2]),
        (Order::Fifo, Some(1 << 20), [3, 1, 2]),
        (Order::Lifo, None, [2, 1, 3]),
        (Order::Priority, Some(5), [1, 2, 3]),
    ];
    for (order, capacity, expected) in cases {
        let q = queue(&a, capacity, order, &[3, 1, 2]);
        Queue::of(&q).unwrap().task_done(&q).unwrap();
        let again = Scene::new(&[], &[&q], Vec::new()).again();
        let made = again.thing(0);
        let state = Queue::of(&made).unwrap();
        assert_eq!(
            (state.capacity, state.unfinished(), state.closed()),
            (capacity.map(|n| n as usize), 2, false)
        );
        assert_eq!(state.put_ready(), capacity != Some(3));
        assert_eq!(drained(&made), expected);
        assert_eq!(drained(&q), expected, "writing leaves it as it was");
        state.close(false);
        let closed = Scene::new(&[], &[&made], Vec::new()).again().thing(0);
        assert!(matches!(Queue::of(&closed).unwrap().get(&closed), Ok(Got::End)));
    }
}

#[test]
fn a_priority_queue_is_known_by_its_content() {
    let a = Testing::new();
    let written =
        |values: &[i64]| Scene::new(&[], &[&queue(&a, None, Order::Priority, values)], Vec::new()).write();
    assert_eq!(written(&[1, 2, 3, 4]), written(&[4, 2, 3, 1]));
    assert_ne!(written(&[1, 2]), written(&[1, 3]));
    // Changed since they came: it can tell no order, and is kept as it stands.
    let q = queue(&a, None, Order::Priority, &[]);
    let lists: Vec<Value> = (1..4).map(|n| Value::list(vec![Value::Int(n)])).collect();
    for list in &lists {
        Queue::of(&q).unwrap().put(&q, list.clone()).unwrap();
    }
    let Value::List(first) = &lists[0] else { panic!() };
    first.replace(vec![Value::Int(9)]);
    let again = Scene::new(&[], &[&q], Vec::new()).again().thing(0);
    for expected in [9, 2, 3] {
        for queue in [&q, &again] {
            let Got::Value(Value::List(list)) = Queue::of(queue).unwrap().get(queue).unwrap() else {
                panic!()
            };
            assert_eq!(int(&list.snapshot()[0]), expected);
        }
    }
}

#[test]
fn comparing_in_a_priority_queue_looks_into_lists() {
    let a = Testing::new();
    let q = queue(&a, None, Order::Priority, &[]);
    let inner = Value::list(vec![Value::Int(1)]);
    let outer = Value::list(vec![inner.clone(), inner]);
    Queue::of(&q).unwrap().put(&q, outer).unwrap();
    let count = |op: Op| {
        let mut count = 0;
        op.touches(&mut |_| count += 1);
        count
    };
    assert_eq!(count(Op::Get(q.clone())), 3);
    assert_eq!(count(Op::put(q, Value::list(Vec::new()))), 4);
}
