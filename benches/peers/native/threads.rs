//! Starting threads, and giving them tasks.

use crossbeam_channel::unbounded;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

pub fn one_after_another() -> i64 {
    let n = Arc::new(AtomicI64::new(0));
    for _ in 0..10_000 {
        let n = n.clone();
        thread::spawn(move || n.fetch_add(1, Ordering::Relaxed)).join().unwrap();
    }
    n.load(Ordering::Relaxed)
}

pub fn a_thousand_at_once() -> i64 {
    // Whether they may go, and how many have gone.
    let state = Mutex::new((false, 0));
    let go = Condvar::new();
    thread::scope(|scope| {
        for _ in 0..1000 {
            scope.spawn(|| {
                let mut state = state.lock();
                while !state.0 {
                    go.wait(&mut state);
                }
                state.1 += 1;
            });
        }
        state.lock().0 = true;
        go.notify_all();
    });
    state.into_inner().1
}

#[derive(Default)]
struct Future {
    value: Mutex<Option<i64>>,
    done: Condvar,
}

impl Future {
    fn set(&self, value: i64) {
        *self.value.lock() = Some(value);
        self.done.notify_all();
    }

    fn get(&self) -> i64 {
        let mut value = self.value.lock();
        loop {
            match *value {
                Some(value) => return value,
                None => self.done.wait(&mut value),
            }
        }
    }
}

type Task = Box<dyn FnOnce() + Send>;

pub fn small_tasks() -> i64 {
    let (tasks, tasks_end) = unbounded::<Task>();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let tasks = tasks_end.clone();
            thread::spawn(move || tasks.iter().for_each(|task| task()))
        })
        .collect();
    let futures: Vec<Arc<Future>> = (0..200_000)
        .map(|i| {
            let future = Arc::new(Future::default());
            let result = future.clone();
            tasks.send(Box::new(move || result.set(i + 1))).unwrap();
            future
        })
        .collect();
    let sum = futures.iter().map(|future| future.get()).sum();
    drop(tasks);
    for worker in workers {
        worker.join().unwrap();
    }
    sum
}
