//! Nothing hangs in silence, and nothing is called a deadlock that is none.

use super::super::standing::Here;
use super::*;
use crate::machine::Scheduler;
use crate::report::runtime::{Deadlock, Stuck};
use crate::sync::condition::{self, Condition};
use crate::sync::future::Future;
use crate::sync::pool::Crew;
use crate::sync::select::Select;
use std::sync::atomic::{AtomicI64, Ordering};

fn deadlock(outcome: &Outcome) -> &Deadlock {
    assert_eq!(outcome.ending.status, 3);
    outcome.ending.deadlock.as_ref().unwrap()
}

fn shown(deadlock: &Deadlock) -> Vec<String> {
    let thread = |stuck: &Stuck| {
        let holds: Vec<String> = stuck.holds.iter().map(|(label, line)| format!("{label}:{line} ")).collect();
        format!("{} [{}] {}:{}", stuck.thread, holds.concat().trim_end(), stuck.waits, stuck.line)
    };
    deadlock.threads.iter().map(thread).collect()
}

#[test]
fn two_locks_in_opposite_order() {
    let outcome = go(|world| {
        let (left, right) = (lock(world, "left"), lock(world, "right"));
        let (l, r) = (left.clone(), right.clone());
        let first = spawn(world, "first", move |world| {
            step!(acquire(world, &l, 6));
            step!(sleep(world, 30));
            step!(acquire(world, &r, 8));
            DONE
        });
        spawn(world, "second", move |world| {
            step!(acquire(world, &right, 13));
            step!(sleep(world, 30));
            step!(acquire(world, &left, 15));
            DONE
        });
        // It is found although this one goes on.
        spawn(world, "busy", |world| {
            while world.stand(Here::inside(None), &|| 1).is_ok() {}
            Exit::Stopped
        });
        step!(join(world, &first));
        DONE
    });
    let deadlock = deadlock(&outcome);
    assert!(deadlock.cycle);
    let expected = ["first [left:6] waits for right:8", "second [right:13] waits for left:15"];
    assert_eq!(shown(deadlock), expected);
}

#[test]
fn a_lock_acquired_twice() {
    let outcome = go(|world| {
        let guard = lock(world, "guard");
        step!(acquire(world, &guard, 3));
        step!(acquire(world, &guard, 4));
        DONE
    });
    let deadlock = deadlock(&outcome);
    assert!(deadlock.cycle);
    assert_eq!(shown(deadlock), ["main [guard:3] waits for guard:4"]);
    assert!(deadlock.notes[0].contains("rlock"), "{:?}", deadlock.notes);
}

#[test]
fn nobody_is_left_to_put() {
    let outcome = go(|world| {
        let jobs = queue(world, "jobs", None);
        let worker = spawn(world, "worker", move |world| {
            step!(get(world, &jobs));
            DONE
        });
        spawn(world, "last", |world| {
            step!(sleep(world, 20));
            DONE
        });
        step!(join(world, &worker));
        DONE
    });
    let deadlock = deadlock(&outcome);
    assert!(!deadlock.cycle);
    assert_eq!(shown(deadlock), ["main [] joins \"worker\":98", "worker [] waits in jobs.get():96"]);
}

#[test]
fn notified_while_nobody_waited() {
    let outcome = go(|world| {
        let guard = lock(world, "guard");
        let ready = make(world, "ready", Kind::Condition(Condition::new(guard.clone()).unwrap()));
        step!(acquire(world, &guard, 2));
        Condition::of(&ready)
            .unwrap()
            .notify(&ready, Who { thread: &world.thread().clone(), line: 3 }, 1, world)
            .unwrap();
        step!(operate(world, Op::Condition(condition::Wait::new(ready)), None, 4));
        DONE
    });
    let deadlock = deadlock(&outcome);
    assert_eq!(deadlock.threads.len(), 1);
    assert!(!deadlock.notes.is_empty());
}

/// A future of this crew whose task is never looked at.
fn task(world: &mut RealWorld, crew: &Arc<Sync>, name: &str) -> Arc<Sync> {
    let task = Entry::to_call(Value::Nil);
    let future = make(world, name, Kind::Future(Future::new(&name.into(), crew, task)));
    Crew::of(crew).unwrap().submit(crew, future.clone()).unwrap();
    future
}

#[test]
fn a_task_that_waits_for_one_behind_it() {
    let outcome = go(|world| {
        let crew = make(world, "p", Kind::Crew(Box::new(Crew::new(1).unwrap())));
        let outer = task(world, &crew, "outer");
        let inner = task(world, &crew, "inner");
        let of_worker = crew.clone();
        let worker = start(world, "p-1", true, move |world| {
            step!(operate(world, Op::Task(of_worker), None, 1));
            step!(sleep(world, 20));
            step!(operate(world, Op::Result(inner), None, 5));
            DONE
        })
        .unwrap();
        Crew::of(&crew).unwrap().enlist(&worker);
        step!(operate(world, Op::Result(outer), None, 7));
        DONE
    });
    let deadlock = deadlock(&outcome);
    assert_eq!(deadlock.threads[0].thread.as_ref(), "p-1");
    assert!(deadlock.notes[0].contains("the only worker of p"), "{:?}", deadlock.notes);
}

#[test]
fn idle_workers_are_not_to_blame() {
    let outcome = go(|world| {
        let crew = make(world, "p", Kind::Crew(Box::new(Crew::new(2).unwrap())));
        for name in ["p-1", "p-2"] {
            let crew = crew.clone();
            start(world, name, true, move |world| {
                step!(operate(world, Op::Task(crew), None, 1));
                DONE
            })
            .unwrap();
        }
        let jobs = queue(world, "jobs", None);
        step!(get(world, &jobs));
        DONE
    });
    assert_eq!(shown(deadlock(&outcome)), ["main [] waits in jobs.get():96"]);
}

#[test]
fn a_daemon_cannot_release_when_it_waits_itself() {
    let outcome = go(|world| {
        let (jobs, more) = (queue(world, "jobs", None), queue(world, "more", None));
        start(world, "server", true, move |world| {
            step!(get(world, &more));
            DONE
        })
        .unwrap();
        step!(get(world, &jobs));
        DONE
    });
    assert_eq!(deadlock(&outcome).threads.len(), 2);
}

#[test]
fn every_arm_of_a_select_is_stuck() {
    let outcome = go(|world| {
        let (jobs, more) = (queue(world, "jobs", None), queue(world, "more", None));
        let select = Select::new(vec![Op::Get(jobs), Op::Get(more)], who(world, 3), |_| 0);
        step!(operate(world, Op::Select(Box::new(select)), None, 5));
        DONE
    });
    assert_eq!(deadlock(&outcome).threads.len(), 1);
}

#[test]
fn an_await_that_nobody_can_end() {
    let outcome = go(|world| {
        world.await_begin();
        step!(world.wait_at(Wait { op: Op::Change, deadline: None }, 5, None));
        DONE
    });
    assert_eq!(shown(deadlock(&outcome)), ["main [] awaits its condition:5"]);
}

#[test]
fn what_time_ends_is_no_deadlock() {
    let outcome = go(|world| {
        let (left, right) = (lock(world, "left"), lock(world, "right"));
        let (l, r) = (left.clone(), right.clone());
        spawn(world, "patient", move |world| {
            step!(acquire(world, &l, 6));
            step!(sleep(world, 20));
            step!(acquire(world, &r, 8));
            release(world, &r);
            release(world, &l);
            DONE
        });
        spawn(world, "hasty", move |world| {
            step!(acquire(world, &right, 13));
            step!(sleep(world, 20));
            let waited = step!(acquire_within(world, &left, Some(30 * MILLISECOND), 15));
            if waited.truthy() {
                release(world, &left);
            }
            release(world, &right);
            DONE
        });
        DONE
    });
    assert_eq!(outcome.ending.status, 0);
}

#[test]
fn a_sleeper_may_still_put() {
    let outcome = go(|world| {
        let jobs = queue(world, "jobs", None);
        let for_sleeper = jobs.clone();
        spawn(world, "sleeper", move |world| {
            step!(sleep(world, 50));
            step!(put(world, &for_sleeper, 1));
            DONE
        });
        step!(get(world, &jobs));
        DONE
    });
    assert_eq!(outcome.ending.status, 0);
}

#[test]
fn daemons_that_wait_for_ever_do_not_matter() {
    let outcome = go(|world| {
        let jobs = queue(world, "jobs", None);
        for _ in 0..3 {
            let jobs = jobs.clone();
            start(world, "server", true, move |world| {
                step!(get(world, &jobs));
                DONE
            })
            .unwrap();
        }
        step!(sleep(world, 20));
        DONE
    });
    assert_eq!((outcome.ending.status, outcome.ending.abandoned.len()), (0, 3));
}

#[test]
fn hand_overs_are_never_called_a_deadlock() {
    // At each moment at most one of the threads can run, and it blocks right after it has woken the next.
    for _ in 0..20 {
        let outcome = go(|world| {
            let queues: Vec<Arc<Sync>> = (0..5).map(|_| queue(world, "q", Some(1))).collect();
            for i in 0..5 {
                let (from, to) = (queues[i].clone(), queues[(i + 1) % 5].clone());
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
            step!(put(world, &queues[0], 5_000));
            DONE
        });
        assert_eq!(outcome.ending.status, 0, "{:?}", outcome.ending.deadlock);
    }
}

#[test]
fn await_takes_turns() {
    let outcome = go(|world| {
        let turn = Arc::new(AtomicI64::new(0));
        for me in 0..3 {
            let turn = turn.clone();
            spawn(world, "player", move |world| {
                for _ in 0..500 {
                    loop {
                        world.await_begin();
                        if turn.load(Ordering::SeqCst) % 3 == me {
                            world.await_end();
                            break;
                        }
                        let waited = world.wait_at(Wait { op: Op::Change, deadline: None }, 5, None);
                        world.await_end();
                        step!(waited);
                    }
                    turn.fetch_add(1, Ordering::SeqCst);
                    if world.awaited() {
                        world.changed();
                    }
                }
                DONE
            });
        }
        DONE
    });
    assert_eq!(outcome.ending.status, 0, "{:?}", outcome.ending.deadlock);
}

#[test]
fn deadlocks_are_found_however_the_threads_meet() {
    for _ in 0..200 {
        let outcome = go(|world| {
            let locks: Vec<Arc<Sync>> = (0..3).map(|_| lock(world, "fork")).collect();
            let seated = Arc::new(AtomicI64::new(0));
            for i in 0..3 {
                let (first, second) = (locks[i].clone(), locks[(i + 1) % 3].clone());
                let seated = seated.clone();
                spawn(world, "philosopher", move |world| {
                    step!(acquire(world, &first, 1));
                    seated.fetch_add(1, Ordering::SeqCst);
                    while seated.load(Ordering::SeqCst) < 3 {
                        std::thread::yield_now();
                    }
                    step!(acquire(world, &second, 3));
                    DONE
                });
            }
            DONE
        });
        let deadlock = deadlock(&outcome);
        assert!(deadlock.cycle && deadlock.threads.len() == 3);
    }
}
