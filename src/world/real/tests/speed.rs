//! How fast threads hand over, start and end, against crossbeam and the standard library.
//!
//! Not run with the other tests, because the figures depend on the machine and on who else uses it:
//! `cargo test --release --lib speed -- --ignored --nocapture --test-threads 1`

use super::*;
use crate::sync::barrier::{self, Barrier};
use crate::sync::condition::{self, Condition};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

fn seconds(act: impl FnOnce()) -> f64 {
    let start = Instant::now();
    act();
    start.elapsed().as_secs_f64()
}

/// Measures both in turn, `ROUNDS` times; shows the best and the worst of each, and the median of the ratios.
fn compare(what: &str, ours: impl Fn(), theirs: impl Fn()) {
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..rounds {
        let (ours, theirs) = (seconds(&ours), seconds(&theirs));
        all[0].push(ours);
        all[1].push(theirs);
        all[2].push(ours / theirs);
    }
    all.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let [ours, theirs, ratios] = all;
    println!(
        "{what:28} ours {:.3}..{:.3} s   theirs {:.3}..{:.3} s   median ratio {:.2}",
        ours[0],
        ours[rounds - 1],
        theirs[0],
        theirs[rounds - 1],
        ratios[rounds / 2]
    );
}

fn run(body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static) {
    assert_eq!(go(body).ending.status, 0);
}

#[test]
#[ignore]
fn round_trips() {
    const TRIPS: i64 = 100_000;
    let ours = || {
        run(|world| {
            let (there, back) = (queue(world, "there", Some(1)), queue(world, "back", Some(1)));
            let (from, to) = (there.clone(), back.clone());
            spawn(world, "echo", move |world| {
                for _ in 0..TRIPS {
                    let n = number(step!(get(world, &from)));
                    step!(put(world, &to, n));
                }
                DONE
            });
            for n in 0..TRIPS {
                step!(put(world, &there, n));
                step!(get(world, &back));
            }
            DONE
        })
    };
    let theirs = || {
        let (to, from) = crossbeam_channel::bounded::<i64>(1);
        let (back, answer) = crossbeam_channel::bounded(1);
        let echo = std::thread::spawn(move || from.iter().for_each(|n| back.send(n).unwrap()));
        for n in 0..TRIPS {
            to.send(n).unwrap();
            answer.recv().unwrap();
        }
        drop(to);
        echo.join().unwrap();
    };
    compare("100,000 round trips", ours, theirs);
}

#[test]
#[ignore]
fn stream() {
    const ITEMS: i64 = 500_000;
    let ours = || {
        run(|world| {
            let items = queue(world, "items", Some(64));
            let from = items.clone();
            spawn(world, "getter", move |world| {
                for _ in 0..ITEMS {
                    step!(get(world, &from));
                }
                DONE
            });
            for n in 0..ITEMS {
                step!(put(world, &items, n));
            }
            DONE
        })
    };
    let theirs = || {
        let (to, from) = crossbeam_channel::bounded::<i64>(64);
        let getter = std::thread::spawn(move || assert_eq!(from.iter().count() as i64, ITEMS));
        for n in 0..ITEMS {
            to.send(n).unwrap();
        }
        drop(to);
        getter.join().unwrap();
    };
    compare("500,000 items, queue of 64", ours, theirs);
}

#[test]
#[ignore]
fn ring() {
    const PASSES: i64 = 50_000;
    const THREADS: usize = 503;
    let ours = || {
        run(|world| {
            let queues: Vec<Arc<Sync>> = (0..THREADS).map(|_| queue(world, "q", Some(1))).collect();
            for i in 0..THREADS {
                let (from, to) = (queues[i].clone(), queues[(i + 1) % THREADS].clone());
                spawn(world, "t", move |world| {
                    loop {
                        let n = number(step!(get(world, &from)));
                        if n == 0 {
                            return Exit::Exited(0);
                        }
                        step!(put(world, &to, n - 1));
                    }
                });
            }
            step!(put(world, &queues[0], PASSES));
            DONE
        })
    };
    let theirs = || {
        let channels: Vec<_> = (0..THREADS).map(|_| crossbeam_channel::bounded::<i64>(1)).collect();
        let threads: Vec<_> = (0..THREADS)
            .map(|i| {
                let (from, to) = (channels[i].1.clone(), channels[(i + 1) % THREADS].0.clone());
                std::thread::spawn(move || {
                    while let Ok(n) = from.recv() {
                        // The end goes round once more, so that all end.
                        let _ = to.send(n - 1);
                        if n <= 0 {
                            break;
                        }
                    }
                })
            })
            .collect();
        channels[0].0.send(PASSES).unwrap();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    };
    compare("ring of 503, 50,000 passes", ours, theirs);
}

#[test]
#[ignore]
fn starts() {
    const THREADS: usize = 10_000;
    let ours = || {
        run(|world| {
            for _ in 0..THREADS {
                let thread = spawn(world, "t", |_| DONE);
                step!(join(world, &thread));
            }
            DONE
        })
    };
    let theirs = || (0..THREADS).for_each(|_| std::thread::spawn(|| ()).join().unwrap());
    compare("10,000 starts and joins", ours, theirs);
    let ours = || {
        run(|world| {
            let threads: Vec<Arc<Thread>> = (0..THREADS).map(|_| spawn(world, "t", |_| DONE)).collect();
            for thread in &threads {
                step!(join(world, thread));
            }
            DONE
        })
    };
    let theirs = || {
        let threads: Vec<_> = (0..THREADS).map(|_| std::thread::spawn(|| ())).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    };
    compare("10,000 starts, then joins", ours, theirs);
}

#[test]
#[ignore]
fn runs_of_nothing() {
    let signals = || Options { signals: true, ..Options::default() };
    let ours = || {
        for _ in 0..1000 {
            assert_eq!(run_body(program(), signals(), |_| DONE).status, 0);
        }
    };
    let theirs = || (0..1000).for_each(|_| std::thread::spawn(|| ()).join().unwrap());
    compare("1,000 runs of nothing", ours, theirs);
}

#[test]
#[ignore]
fn turns_by_a_condition() {
    const ROUNDS: i64 = 20_000;
    let ours = || {
        run(|world| {
            let guard = lock(world, "guard");
            let changed = make(world, "changed", Kind::Condition(Condition::new(guard.clone()).unwrap()));
            let turn = Arc::new(AtomicI64::new(0));
            for me in 0..2 {
                let (guard, changed, turn) = (guard.clone(), changed.clone(), turn.clone());
                spawn(world, "player", move |world| {
                    for _ in 0..ROUNDS {
                        step!(acquire(world, &guard, 1));
                        while turn.load(Ordering::Relaxed) % 2 != me {
                            let wait = Op::Condition(condition::Wait::new(changed.clone()));
                            step!(operate(world, wait, None, 2));
                        }
                        turn.fetch_add(1, Ordering::Relaxed);
                        Condition::of(&changed)
                            .unwrap()
                            .notify(&changed, Who { thread: &world.thread().clone(), line: 3 }, 1, world)
                            .unwrap();
                        release(world, &guard);
                    }
                    DONE
                });
            }
            DONE
        })
    };
    let theirs = || {
        let shared = Arc::new((std::sync::Mutex::new(0), std::sync::Condvar::new()));
        let player = |me| {
            let shared = shared.clone();
            std::thread::spawn(move || {
                for _ in 0..ROUNDS {
                    let mut turn = shared.0.lock().unwrap();
                    while *turn % 2 != me {
                        turn = shared.1.wait(turn).unwrap();
                    }
                    *turn += 1;
                    shared.1.notify_one();
                }
            })
        };
        let players = [player(0), player(1)];
        players.into_iter().for_each(|player| player.join().unwrap());
    };
    compare("20,000 turns by a condition", ours, theirs);
}

#[test]
#[ignore]
fn barriers() {
    const ROUNDS: usize = 20_000;
    let ours = || {
        run(|world| {
            let meeting = make(world, "meeting", Kind::Barrier(Barrier::new(4).unwrap()));
            for _ in 0..4 {
                let meeting = meeting.clone();
                spawn(world, "party", move |world| {
                    for _ in 0..ROUNDS {
                        step!(operate(world, Op::Barrier(barrier::Wait::new(meeting.clone())), None, 1));
                    }
                    DONE
                });
            }
            DONE
        })
    };
    let theirs = || {
        let meeting = Arc::new(std::sync::Barrier::new(4));
        let party = || {
            let meeting = meeting.clone();
            std::thread::spawn(move || {
                (0..ROUNDS).for_each(|_| {
                    meeting.wait();
                })
            })
        };
        let parties = [party(), party(), party(), party()];
        parties.into_iter().for_each(|party| party.join().unwrap());
    };
    compare("20,000 barriers of 4", ours, theirs);
}

/// The memory that blocked threads take, as Linux tells it.
#[test]
#[ignore]
fn memory_of_blocked_threads() {
    run(|world| {
        let gate = queue(world, "gate", None);
        for _ in 0..1000 {
            let gate = gate.clone();
            spawn(world, "t", move |world| {
                step!(get(world, &gate));
                DONE
            });
        }
        step!(sleep(world, 500));
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = status.lines().find(|line| line.starts_with("VmRSS"));
        println!("1,000 blocked threads        {}", memory.unwrap_or("unknown here"));
        Exit::Exited(0)
    });
}
