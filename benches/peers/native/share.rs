//! Many threads and one thing: a lock, a barrier, a semaphore.

use parking_lot::{Condvar, Mutex};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

pub fn one_thread_locks() -> i64 {
    let n = Mutex::new(0);
    for _ in 0..5_000_000 {
        *black_box(&n).lock() += 1;
    }
    n.into_inner()
}

pub fn four_threads_lock() -> i64 {
    let n = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250_000 {
                    *n.lock() += 1;
                }
            });
        }
    });
    n.into_inner()
}

pub fn barrier() -> i64 {
    let all = Barrier::new(4);
    let member = || {
        let mut n = 0;
        for _ in 0..50_000 {
            n += 1;
            all.wait();
        }
        n
    };
    sum_of_threads(4, member)
}

pub fn semaphore() -> i64 {
    let permits = Mutex::new(3);
    let released = Condvar::new();
    let member = || {
        let mut n = 0;
        for _ in 0..100_000 {
            let mut left = permits.lock();
            while *left == 0 {
                released.wait(&mut left);
            }
            *left -= 1;
            drop(left);
            n += 1;
            *permits.lock() += 1;
            released.notify_one();
        }
        n
    };
    sum_of_threads(8, member)
}

fn sum_of_threads(count: usize, member: impl Fn() -> i64 + Sync) -> i64 {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(&member)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}
