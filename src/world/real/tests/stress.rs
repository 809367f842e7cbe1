//! No wake-up is lost: many random mixtures of everything that waits, each of which must come to its end.
//!
//! A lost wake-up shows as a run that does not end, or as a deadlock that is none. `STRESS=1000` runs each mixture so often.

use super::*;
use crate::sync::barrier::{self, Barrier};
use crate::sync::condition::{self, Condition};
use crate::sync::rwlock::Side;
use crate::sync::select::Select;
use fastrand::Rng;
use std::sync::atomic::{AtomicI64, Ordering};

const RUNS: u64 = 60;

/// Runs it with many seeds; it must always end well.
fn always(body: impl Fn(&mut RealWorld, &mut Rng) -> Exit + Send + Clone + 'static) {
    let runs = std::env::var("STRESS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    for seed in 0..runs {
        let body = body.clone();
        let outcome = go(move |world| body(world, &mut Rng::with_seed(seed)));
        assert_eq!(outcome.ending.status, 0, "seed {seed}: {:?}", outcome.ending.deadlock);
    }
}

/// No limit, or a short time, sometimes over at once.
fn moment(random: &mut Rng) -> Option<i64> {
    random.bool().then(|| random.i64(0..100_000))
}

/// Whether it was done; false when it was late.
macro_rules! in_time {
    ($waited:expr) => {
        match $waited {
            Waited::Failed(error) if error.kind == error::Kind::Timeout => Value::Nil,
            other => step!(other),
        }
    };
}

#[test]
fn queues_with_hasty_and_patient_threads() {
    always(|world, random| {
        let jobs = queue(world, "jobs", Some(random.i64(1..4)));
        let (threads, rounds) = (random.i64(1..5), 200);
        let got = Arc::new(AtomicI64::new(0));
        let mut all = Vec::new();
        for i in 0..threads {
            let (to, mut random_put) = (jobs.clone(), random.fork());
            all.push(spawn(world, "putter", move |world| {
                for n in 0..rounds {
                    let number = Value::Int(n * threads + i);
                    while !in_time!(operate(
                        world,
                        Op::put(to.clone(), number.clone()),
                        moment(&mut random_put),
                        1
                    ))
                    .truthy()
                    {}
                }
                DONE
            }));
            let (from, got, mut random_get) = (jobs.clone(), got.clone(), random.fork());
            all.push(spawn(world, "getter", move |world| {
                let mut count = 0;
                while count < rounds {
                    let value = in_time!(operate(world, Op::Get(from.clone()), moment(&mut random_get), 2));
                    if let Value::Int(n) = value {
                        got.fetch_add(n, Ordering::SeqCst);
                        count += 1;
                    }
                }
                DONE
            }));
        }
        for thread in &all {
            step!(join(world, thread));
        }
        let puts = rounds * threads;
        assert_eq!(got.load(Ordering::SeqCst), puts * (puts - 1) / 2);
        DONE
    });
}

#[test]
fn locks_and_semaphores_with_timeouts() {
    always(|world, random| {
        let guard = lock(world, "guard");
        let permits = semaphore(world, "permits", 2);
        for _ in 0..random.i64(2..7) {
            let (guard, permits, mut random) = (guard.clone(), permits.clone(), random.fork());
            spawn(world, "user", move |world| {
                for _ in 0..150 {
                    let sync = if random.bool() { &guard } else { &permits };
                    if step!(acquire_within(world, sync, moment(&mut random), 1)).truthy() {
                        if random.u8(..) < 30 {
                            std::thread::yield_now();
                        }
                        release(world, sync);
                    }
                }
                DONE
            });
        }
        DONE
    });
}

#[test]
fn readers_and_writers() {
    always(|world, random| {
        let data = make(world, "data", Kind::RwLock(Box::default()));
        let side = |world: &mut RealWorld, write| {
            make(world, "side", Kind::Side(Side { lock: data.clone(), write }))
        };
        let (read, write) = (side(world, false), side(world, true));
        for _ in 0..random.i64(2..6) {
            let (read, write, mut random) = (read.clone(), write.clone(), random.fork());
            spawn(world, "user", move |world| {
                for _ in 0..150 {
                    let sync = if random.u8(..) < 80 { &write } else { &read };
                    if step!(acquire_within(world, sync, moment(&mut random), 1)).truthy() {
                        release(world, sync);
                    }
                }
                DONE
            });
        }
        DONE
    });
}

#[test]
fn conditions_hand_over() {
    always(|world, random| {
        let guard = lock(world, "guard");
        let changed = make(world, "changed", Kind::Condition(Condition::new(guard.clone()).unwrap()));
        let turn = Arc::new(AtomicI64::new(0));
        let threads = random.i64(2..5);
        for me in 0..threads {
            let (guard, changed, turn) = (guard.clone(), changed.clone(), turn.clone());
            let mut random = random.fork();
            spawn(world, "player", move |world| {
                for _ in 0..60 {
                    step!(acquire(world, &guard, 1));
                    while turn.load(Ordering::Relaxed) % threads != me {
                        let wait = Op::Condition(condition::Wait::new(changed.clone()));
                        step!(operate(world, wait, moment(&mut random), 2));
                    }
                    turn.fetch_add(1, Ordering::Relaxed);
                    let condition = Condition::of(&changed).unwrap();
                    condition
                        .notify(&changed, Who { thread: &world.thread().clone(), line: 3 }, usize::MAX, world)
                        .unwrap();
                    release(world, &guard);
                }
                DONE
            });
        }
        DONE
    });
}

#[test]
fn barriers_in_rounds() {
    always(|world, random| {
        let parties = random.i64(2..6);
        let meeting = make(world, "meeting", Kind::Barrier(Barrier::new(parties).unwrap()));
        for _ in 0..parties {
            let meeting = meeting.clone();
            spawn(world, "party", move |world| {
                for _ in 0..80 {
                    step!(operate(world, Op::Barrier(barrier::Wait::new(meeting.clone())), None, 1));
                }
                DONE
            });
        }
        DONE
    });
}

#[test]
fn selects_leave_nothing_to_others() {
    always(|world, random| {
        let (a, b) = (queue(world, "a", Some(1)), queue(world, "b", Some(1)));
        let rounds = 150;
        for _ in 0..random.i64(1..4) {
            let (first, second, mut random) = (a.clone(), b.clone(), random.fork());
            spawn(world, "selector", move |world| {
                let mut count = 0;
                while count < 2 * rounds {
                    let arms = vec![Op::Get(first.clone()), Op::Get(second.clone())];
                    let op =
                        Op::Select(Box::new(Select::new(arms, who(world, 2), |ready| random.u64(..ready))));
                    count += i64::from(step!(operate(world, op, moment(&mut random), 1)).truthy());
                }
                DONE
            });
            for queue in [&a, &b] {
                let queue = queue.clone();
                spawn(world, "putter", move |world| {
                    for n in 0..rounds {
                        step!(put(world, &queue, n));
                    }
                    DONE
                });
            }
        }
        DONE
    });
}

#[test]
fn many_threads_on_one_queue() {
    always(|world, random| {
        let jobs = queue(world, "jobs", None);
        let threads = random.i64(10..60);
        for _ in 0..threads {
            let jobs = jobs.clone();
            spawn(world, "getter", move |world| {
                step!(get(world, &jobs));
                DONE
            });
        }
        for n in 0..threads {
            step!(put(world, &jobs, n));
        }
        DONE
    });
}
