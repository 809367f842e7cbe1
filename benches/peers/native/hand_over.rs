//! Threads that hand something to each other and wait for it.

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::{Condvar, Mutex};
use std::thread;

/// Half a million numbers through a queue of 64.
pub fn through_a_queue(pairs: i64) -> i64 {
    let each = 500_000 / pairs;
    let (sender, receiver) = bounded::<i64>(64);
    thread::scope(|scope| {
        for _ in 0..pairs {
            scope.spawn(|| (0..each).for_each(|i| sender.send(i).unwrap()));
        }
        let consumers: Vec<_> = (0..pairs)
            .map(|_| scope.spawn(|| (0..each).map(|_| receiver.recv().unwrap()).sum::<i64>()))
            .collect();
        consumers.into_iter().map(|consumer| consumer.join().unwrap()).sum()
    })
}

pub fn ping_pong() -> i64 {
    const TRIPS: i64 = 100_000;
    let (there, there_end) = unbounded::<i64>();
    let (back, back_end) = unbounded::<i64>();
    let ponger = thread::spawn(move || {
        for _ in 0..TRIPS {
            back.send(there_end.recv().unwrap() + 1).unwrap();
        }
    });
    let mut value = 0;
    for _ in 0..TRIPS {
        there.send(value).unwrap();
        value = back_end.recv().unwrap();
    }
    ponger.join().unwrap();
    value
}

pub fn ring() -> i64 {
    const SIZE: usize = 503;
    const STEPS: i64 = 500_000;
    let links: Vec<(Sender<i64>, Receiver<i64>)> = (0..SIZE).map(|_| unbounded()).collect();
    let (done, done_end) = unbounded::<i64>();
    let members: Vec<_> = (0..SIZE)
        .map(|k| {
            let mine = links[k].1.clone();
            let next = links[(k + 1) % SIZE].0.clone();
            let done = done.clone();
            thread::spawn(move || member(k, &mine, &next, &done))
        })
        .collect();
    links[0].0.send(STEPS).unwrap();
    let last = done_end.recv().unwrap();
    for member in members {
        member.join().unwrap();
    }
    last
}

fn member(k: usize, mine: &Receiver<i64>, next: &Sender<i64>, done: &Sender<i64>) {
    loop {
        let value = mine.recv().unwrap();
        if value == 0 {
            done.send(k as i64 + 1).unwrap();
        }
        if value <= 0 {
            // The next one may have ended already, when the message has come around.
            let _ = next.send(-1);
            return;
        }
        next.send(value - 1).unwrap();
    }
}

pub fn taking_turns() -> i64 {
    // Whose turn it is, and how many there have been.
    let state = Mutex::new((0, 0));
    let changed = Condvar::new();
    let (state_ref, changed_ref) = (&state, &changed);
    thread::scope(|scope| {
        for me in 0..2 {
            scope.spawn(move || {
                for _ in 0..100_000 {
                    let mut state = state_ref.lock();
                    while state.0 != me {
                        changed_ref.wait(&mut state);
                    }
                    *state = (1 - me, state.1 + 1);
                    changed_ref.notify_one();
                }
            });
        }
    });
    state.into_inner().1
}
