//! Many OS threads at once, which poll until they can: nothing lost, nothing twice, never too many.

use super::*;
use crate::sync::atomic::Atomic;
use crate::sync::barrier::{self, Barrier};
use crate::sync::condition::{self, Condition};
use crate::sync::event::{self, Event};
use crate::sync::future::Future;
use crate::sync::latch::Latch;
use crate::sync::lock::Lock;
use crate::sync::pool::{Crew, Leaving};
use crate::sync::queue::{Order, Queue};
use crate::sync::rlock::RLock;
use crate::sync::rwlock::{RwLock, Side};
use crate::sync::select::Select;
use crate::sync::semaphore::Semaphore;
use std::cell::Cell;

const THREADS: usize = 4;

/// Polls until it is done.
fn wait(world: &Testing, mut op: Op) -> Value {
    loop {
        if let Some(value) = world.poll(&mut op).expect("no error") {
            return value;
        }
        std::thread::yield_now();
    }
}

fn acquire(world: &Testing, sync: &Arc<Sync>) {
    if !world.acquire(sync) {
        wait(world, Op::acquire(sync.clone()));
    }
}

/// Runs each number in a thread of its own.
fn run(count: usize, body: impl Fn(usize, &Testing) + Copy + Send + std::marker::Sync) {
    let main = Testing::new();
    std::thread::scope(|scope| {
        for i in 0..count {
            let world = main.other(&format!("t{i}"));
            scope.spawn(move || body(i, &world));
        }
    });
}

#[test]
fn a_lock_excludes() {
    let main = Testing::new();
    for guard in [main.make("m", Kind::Lock(Lock::default())), main.make("m", Kind::RLock(RLock::default()))]
    {
        let (inside, count) = (AtomicI64::new(0), AtomicI64::new(0));
        run(THREADS, |_, world| {
            for _ in 0..1000 {
                acquire(world, &guard);
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                let read = count.load(Ordering::Relaxed);
                count.store(read + 1, Ordering::Relaxed);
                inside.fetch_sub(1, Ordering::SeqCst);
                world.leave(&guard).unwrap();
            }
            assert_eq!(world.thread.held.load(Ordering::SeqCst), 0);
        });
        assert_eq!(count.into_inner(), 1000 * THREADS as i64);
    }
}

#[test]
fn readers_and_a_writer_exclude_each_other() {
    let main = Testing::new();
    let lock = main.make("m", Kind::RwLock(Box::default()));
    let read = main.make("m.read", Kind::Side(Side { lock: lock.clone(), write: false }));
    let write = main.make("m.write", Kind::Side(Side { lock: lock.clone(), write: true }));
    let (reading, writing) = (AtomicI64::new(0), AtomicI64::new(0));
    run(THREADS, |i, world| {
        for n in 0..500 {
            if (i + n) % 3 == 0 {
                acquire(world, &write);
                assert_eq!(writing.fetch_add(1, Ordering::SeqCst), 0);
                assert_eq!(reading.load(Ordering::SeqCst), 0);
                writing.fetch_sub(1, Ordering::SeqCst);
                world.leave(&write).unwrap();
            } else {
                acquire(world, &read);
                reading.fetch_add(1, Ordering::SeqCst);
                assert_eq!(writing.load(Ordering::SeqCst), 0);
                reading.fetch_sub(1, Ordering::SeqCst);
                world.leave(&read).unwrap();
            }
        }
    });
    let lock = RwLock::of(&lock).unwrap();
    assert_eq!((lock.readers(), lock.writer()), (0, None));
    assert!(main.acquire(&read), "no writer is left waiting");
}

#[test]
fn a_semaphore_lets_in_never_more_than_its_permits() {
    let main = Testing::new();
    let s = main.make("s", Kind::Semaphore(Semaphore::new(3, true).unwrap()));
    let (inside, most) = (AtomicI64::new(0), AtomicI64::new(0));
    run(8, |_, world| {
        for n in 0..300 {
            acquire(world, &s);
            let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(now <= 3);
            most.fetch_max(now, Ordering::SeqCst);
            if n % 16 == 0 {
                std::thread::yield_now();
            }
            inside.fetch_sub(1, Ordering::SeqCst);
            world.leave(&s).unwrap();
            assert_eq!(s.held_since(&world.thread), None);
        }
    });
    assert_eq!(Semaphore::of(&s).unwrap().permits(), 3);
    assert!(most.into_inner() >= 1);
}

/// Producers put, consumers take until the end, by `get` or by `select`.
fn nothing_is_lost(capacity: Option<i64>, order: Order) {
    const EACH: i64 = 500;
    let main = Testing::new();
    let q = main.make("q", Kind::Queue(Queue::new(capacity, order)));
    let queue = Queue::of(&q).unwrap();
    let producing = AtomicI64::new(THREADS as i64);
    let taken = Mutex::new(Vec::new());
    run(2 * THREADS, |i, world| {
        if i < THREADS {
            for n in 0..EACH {
                wait(world, Op::put(q.clone(), Value::Int(i as i64 * EACH + n)));
            }
            if producing.fetch_sub(1, Ordering::SeqCst) == 1 {
                queue.close(false);
            }
            return;
        }
        let mine = Cell::new(Vec::new());
        loop {
            let next = || Op::Next(q.clone());
            let value = if i % 2 == 0 {
                wait(world, next())
            } else {
                let arms = vec![next(), next()];
                let Value::List(pair) = wait(
                    world,
                    Op::Select(Box::new(Select::new(arms, world.at(1), |ready| i as u64 % ready))),
                ) else {
                    panic!()
                };
                pair.snapshot().swap_remove(1)
            };
            if let Value::Unset = value {
                break;
            }
            let mut list = mine.take();
            list.push(int(&value));
            mine.set(list);
            queue.task_done(&q).unwrap();
        }
        taken.lock().extend(mine.take());
    });
    let mut taken = taken.into_inner();
    taken.sort_unstable();
    assert_eq!(taken, (0..THREADS as i64 * EACH).collect::<Vec<_>>());
    assert_eq!((queue.unfinished(), queue.size()), (0, 0));
    main.does(&mut Op::Finished(q.clone()));
}

#[test]
fn queues_lose_nothing() {
    for order in [Order::Fifo, Order::Lifo, Order::Priority] {
        for capacity in [None, Some(1), Some(7)] {
            nothing_is_lost(capacity, order);
        }
    }
}

#[test]
fn what_was_put_before_a_close_is_taken() {
    for round in 0..200 {
        let main = Testing::new();
        let q = main.make("q", Kind::Queue(Queue::new(None, Order::Fifo)));
        let queue = Queue::of(&q).unwrap();
        let (put, taken) = (AtomicI64::new(0), AtomicI64::new(0));
        run(3, |i, world| match i {
            0 => {
                while queue.put(&q, Value::Nil).is_ok() {
                    put.fetch_add(1, Ordering::SeqCst);
                }
            }
            1 => {
                (0..round % 7).for_each(|_| std::thread::yield_now());
                queue.close(false);
            }
            _ => {
                while let Value::Nil = wait(world, Op::Next(q.clone())) {
                    taken.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        assert_eq!(put.into_inner(), taken.into_inner());
        assert_eq!(queue.size(), 0);
    }
}

#[test]
fn a_queue_of_one_hands_over_in_order() {
    let main = Testing::new();
    let q = main.make("q", Kind::Queue(Queue::new(Some(1), Order::Fifo)));
    run(2, |i, world| {
        for n in 0..3000 {
            match i {
                0 => drop(wait(world, Op::put(q.clone(), Value::Int(n)))),
                _ => assert_eq!(int(&wait(world, Op::Get(q.clone()))), n),
            }
        }
    });
}

#[test]
fn additions_are_never_lost_whatever_else_an_atomic_holds() {
    let main = Testing::new();
    let n = main.make("n", Kind::Atomic(Atomic::new(Value::Int(0))));
    let atomic = Atomic::of(&n).unwrap();
    run(THREADS, |i, _| {
        for k in 0..500 {
            if (i + k) % 3 == 0 {
                // Adds by exchanging, by way of a value that is no integer.
                loop {
                    let now = atomic.get();
                    let Value::Int(before) = now else { continue };
                    if atomic.compare_exchange(&now, &Value::text("taken")).unwrap() {
                        assert!(is(&atomic.swap(Value::Int(before + 1)).unwrap(), &Value::text("taken")));
                        break;
                    }
                }
            } else {
                while atomic.add(&n, &Value::Int(1)).is_err() {
                    std::thread::yield_now();
                }
            }
        }
    });
    assert_eq!(int(&atomic.get()), 500 * THREADS as i64);
}

#[test]
fn conditions_hand_over_through_a_buffer_of_one() {
    let main = Testing::new();
    let guard = main.make("m", Kind::RLock(RLock::default()));
    let condition = || main.make("c", Kind::Condition(Condition::new(guard.clone()).unwrap()));
    let (full, empty) = (condition(), condition());
    let until = |world: &Testing, condition: &Arc<Sync>, holds: &dyn Fn() -> bool| {
        while !holds() {
            wait(world, Op::Condition(condition::Wait::new(condition.clone())));
        }
    };
    let notify = |world: &Testing, condition: &Arc<Sync>| {
        Condition::of(condition).unwrap().notify(condition, world.at(1), 1, &mut world.clone()).unwrap();
    };
    let (slot, sum) = (AtomicI64::new(0), AtomicI64::new(0));
    run(THREADS, |i, world| {
        for n in 1..=200 {
            acquire(world, &guard);
            if i % 2 == 0 {
                until(world, &empty, &|| slot.load(Ordering::SeqCst) == 0);
                slot.store(n, Ordering::SeqCst);
                notify(world, &full);
            } else {
                until(world, &full, &|| slot.load(Ordering::SeqCst) != 0);
                sum.fetch_add(slot.swap(0, Ordering::SeqCst), Ordering::SeqCst);
                notify(world, &empty);
            }
            world.leave(&guard).unwrap();
        }
    });
    assert_eq!(sum.into_inner(), THREADS as i64 / 2 * (200 * 201 / 2));
}

#[test]
fn nobody_passes_a_barrier_before_all_have_come() {
    let main = Testing::new();
    let b = main.make("b", Kind::Barrier(Barrier::new(THREADS as i64).unwrap()));
    let (came, sum) = (AtomicI64::new(0), AtomicI64::new(0));
    run(THREADS, |_, world| {
        for round in 1..=100 {
            came.fetch_add(1, Ordering::SeqCst);
            let index = int(&wait(world, Op::Barrier(barrier::Wait::new(b.clone()))));
            assert!(came.load(Ordering::SeqCst) >= round * THREADS as i64);
            sum.fetch_add(index, Ordering::SeqCst);
        }
    });
    let indices = (0..THREADS as i64).sum::<i64>();
    assert_eq!(sum.into_inner(), 100 * indices);
}

#[test]
fn what_is_asked_about_a_wait_never_stops_those_who_act() {
    let main = Testing::new();
    let crew = main.make("p", Kind::Crew(Box::new(Crew::new(2).unwrap())));
    let tasks: Vec<Arc<Sync>> = (0..1000)
        .map(|_| {
            let task = Entry::to_call(Value::Nil);
            let future = main.make("f", Kind::Future(Future::new(&"f".into(), &crew, task)));
            Crew::of(&crew).unwrap().submit(&crew, future.clone()).unwrap();
            future
        })
        .collect();
    Crew::of(&crew).unwrap().close();
    run(4, |i, world| match i {
        0 | 1 => {
            while let Value::Sync(future) = wait(world, Op::Task(crew.clone())) {
                let state = Crew::of(&crew).unwrap();
                state.free(world.thread.id);
                Future::of(&future).unwrap().finish(&future, Value::Int(1));
                state.finished();
            }
        }
        2 => {
            for future in tasks.iter().rev().step_by(3) {
                Future::of(future).unwrap().cancel(future);
            }
        }
        _ => {
            // Those that a worker is about to begin.
            for at in 0.. {
                let first = tasks.iter().position(|future| !Future::of(future).unwrap().is_done());
                let Some(first) = first else { break };
                for future in tasks[first..].iter().take(3 + at % 3) {
                    let op = Op::Result(future.clone());
                    let _ = (op.releasers(world.at(1)), op.ready(world.at(1)), op.describe());
                    op.explain(world.at(1), &mut |_| {});
                }
                let leaving = Leaving { crew: crew.clone(), workers: Vec::new() };
                let _ = Op::Idle(leaving).releasers(world.at(1));
            }
        }
    });
    assert!(tasks.iter().all(|future| Future::of(future).unwrap().is_done()));
    assert_eq!(Crew::of(&crew).unwrap().unfinished(), 0);
}

#[test]
fn a_latch_and_an_event_let_all_go() {
    let main = Testing::new();
    let l = main.make("l", Kind::Latch(Latch::new(THREADS as i64).unwrap()));
    let e = main.make("e", Kind::Event(Event::default()));
    let passed = AtomicI64::new(0);
    run(2 * THREADS, |i, world| {
        if i < THREADS {
            Latch::of(&l).unwrap().count_down(&l, 1).unwrap();
            wait(world, Op::Event(event::Wait::new(e.clone())));
        } else {
            wait(world, Op::Latch(l.clone()));
            Event::of(&e).unwrap().set();
        }
        passed.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(passed.into_inner(), 2 * THREADS as i64);
}
