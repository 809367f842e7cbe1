//! Stop-the-world.

use super::super::standing::Here;
use super::*;
use crate::machine::Scheduler;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Adds in two steps what ought to be one.
fn add(counter: &AtomicU64) {
    let before = counter.load(Ordering::Relaxed);
    if before.is_multiple_of(16) {
        std::thread::yield_now();
    }
    counter.store(before + 1, Ordering::Relaxed);
}

#[test]
fn nobody_moves_meanwhile() {
    const ROUNDS: u64 = 300;
    let counter = Arc::new(AtomicU64::new(0));
    let inside = Arc::new(AtomicBool::new(false));
    let total = counter.clone();
    let outcome = go(move |world| {
        let jobs = queue(world, "jobs", Some(1));
        for _ in 0..3 {
            let (counter, inside) = (counter.clone(), inside.clone());
            spawn(world, "adder", move |world| {
                for round in 0..ROUNDS {
                    if world.hold(Here::inside(None), &|| 1).is_err() {
                        return Exit::Stopped;
                    }
                    assert!(!inside.swap(true, Ordering::SeqCst), "two hold at once");
                    add(&counter);
                    // Once more within it.
                    assert!(world.hold(Here::inside(None), &|| 1).is_ok());
                    add(&counter);
                    world.resume_others();
                    inside.store(false, Ordering::SeqCst);
                    world.resume_others();
                    if round % 50 == 0 {
                        let inside = inside.clone();
                        spawn(world, "short", move |_| {
                            assert!(!inside.load(Ordering::SeqCst), "begins while it is held");
                            DONE
                        });
                    }
                }
                DONE
            });
        }
        // These run, wait, are woken and sleep, and must never be in motion while somebody holds.
        for _ in 0..2 {
            let (inside, jobs) = (inside.clone(), jobs.clone());
            spawn(world, "runner", move |world| {
                for n in 0..200 {
                    if world.stand(Here::inside(None), &|| 1).is_err() {
                        return Exit::Stopped;
                    }
                    assert!(!inside.load(Ordering::SeqCst), "runs while it is held");
                    step!(put(world, &jobs, n));
                    step!(get(world, &jobs));
                    if n % 50 == 0 {
                        step!(sleep(world, 1));
                    }
                }
                DONE
            });
        }
        DONE
    });
    assert_eq!((outcome.ending.status, &outcome.uncaught[..]), (0, &[][..]));
    assert_eq!(total.load(Ordering::SeqCst), 3 * 2 * ROUNDS);
}

#[test]
fn a_holder_that_ends_lets_go() {
    let outcome = go(|world| {
        let failing = spawn(world, "failing", |world| {
            assert!(world.hold(Here::inside(None), &|| 1).is_ok());
            Exit::Failed(Arc::new(Error::new(error::Kind::Error, "inside")))
        });
        while failing.outcome.get().is_none() {
            if world.stand(Here::inside(None), &|| 2).is_err() {
                return Exit::Stopped;
            }
        }
        assert!(world.hold(Here::inside(None), &|| 3).is_ok());
        world.resume_others();
        DONE
    });
    assert_eq!(outcome.ending.status, 1);
}

#[test]
fn the_end_of_the_run_ends_a_hold() {
    let options = Options { timeout: Some(Duration::from_millis(50)), ..Options::default() };
    let outcome = go_with(options, |world| {
        for _ in 0..2 {
            spawn(world, "held", |world| {
                while world.stand(Here::inside(None), &|| 1).is_ok() {}
                Exit::Stopped
            });
        }
        step!(sleep(world, 5));
        assert!(world.hold(Here::inside(None), &|| 2).is_ok());
        while world.stand(Here::inside(None), &|| 3).is_ok() {}
        Exit::Stopped
    });
    assert_eq!((outcome.ending.status, outcome.ending.interrupted.len()), (124, 3));
}
