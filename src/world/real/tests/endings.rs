//! How runs and threads start and end.

use super::super::input::Input;
use super::super::interrupt;
use super::super::standing::Here;
use super::super::threads::Beat;
use super::*;
use crate::sync::future::{Failure, Future};
use crate::sync::pool::{Crew, Pool};
use crate::sync::thread::{State, Timer};
use crate::world::Read;
use std::io::{BufReader, Cursor};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

#[test]
fn a_program_ends_with_its_last_thread() {
    let outcome = go(|world| {
        spawn(world, "late", |world| {
            step!(sleep(world, 30));
            world.write(Stream::Out, "late\n").unwrap();
            DONE
        });
        world.write(Stream::Out, "main\n").unwrap();
        DONE
    });
    assert_eq!((outcome.printed.as_str(), outcome.ending.status), ("main\nlate\n", 0));
    assert_eq!(outcome.ending.started, 2);
    assert!(outcome.ending.abandoned.is_empty());
}

#[test]
fn daemons_stop_where_they_stand() {
    let outcome = go(|world| {
        start(world, "sleeper", true, |world| {
            step!(sleep(world, 60_000));
            world.write(Stream::Out, "never").unwrap();
            DONE
        })
        .unwrap();
        start(world, "runner", true, |world| {
            while world.stand(Here::inside(None), &|| 12).is_ok() {}
            world.write(Stream::Out, "never").unwrap();
            Exit::Stopped
        })
        .unwrap();
        step!(sleep(world, 20));
        DONE
    });
    let left: Vec<(String, String, u32)> = (outcome.ending.abandoned.iter())
        .map(|left| (left.thread.to_string(), left.doing.clone(), left.line))
        .collect();
    assert_eq!(left, [("sleeper".into(), "sleeps".into(), 99), ("runner".into(), "runs".into(), 12)]);
    assert_eq!((outcome.ending.status, outcome.printed.as_str()), (0, ""));
}

#[test]
fn exit_ends_the_program_from_any_thread() {
    let outcome = go(|world| {
        let jobs = queue(world, "jobs", None);
        spawn(world, "ender", |world| {
            step!(sleep(world, 10));
            Exit::Exited(7)
        });
        step!(get(world, &jobs));
        DONE
    });
    assert_eq!(outcome.ending.status, 7);
    assert_eq!(outcome.ending.abandoned[0].doing, "waits in jobs.get()");
    assert!(outcome.ending.deadlock.is_none());
}

#[test]
fn an_uncaught_error_ends_one_thread_and_abandons_its_locks() {
    let outcome = go(|world| {
        let guard = lock(world, "guard");
        let (for_bad, for_waiter) = (guard.clone(), guard.clone());
        let bad = spawn(world, "bad", move |world| {
            step!(acquire(world, &for_bad, 5));
            step!(sleep(world, 20));
            Exit::Failed(Arc::new(Error::new(error::Kind::Zero, "division by zero")))
        });
        step!(sleep(world, 5));
        let waiter = spawn(world, "waiter", move |world| match acquire(world, &for_waiter, 9) {
            Waited::Failed(error) => Exit::Finished(Value::text(error.kind.word())),
            _ => DONE,
        });
        step!(join(world, &bad));
        step!(join(world, &waiter));
        assert_eq!(bad.state(), State::Failed);
        assert!(matches!(bad.outcome.get(), Some(Err(error)) if error.kind == error::Kind::Zero));
        assert_eq!(waiter.outcome.get().unwrap().as_ref().unwrap().as_text(), Some("abandoned"));
        let again = acquire(world, &guard, 11);
        assert!(matches!(again, Waited::Failed(error) if error.kind == error::Kind::Abandoned));
        DONE
    });
    assert_eq!((outcome.ending.status, outcome.ending.failed, outcome.ending.started), (1, 1, 3));
    assert_eq!(outcome.uncaught, [("bad".into(), error::Kind::Zero, vec!["guard".into()])]);
}

#[test]
fn a_thread_that_panics_is_a_failed_thread() {
    let ending = watched(|| {
        run_body(program(), Options::default(), |world| {
            spawn(world, "broken", |_| panic!("on purpose"));
            DONE
        })
    });
    assert_eq!((ending.status, ending.failed), (1, 1));
}

#[test]
fn threads_start_once_and_not_without_end() {
    let outcome = go_with(Options { max_threads: 3, ..Options::default() }, |world| {
        let gate = queue(world, "gate", None);
        for name in ["a", "b", "c"] {
            let gate = gate.clone();
            spawn(world, name, move |world| {
                step!(get(world, &gate));
                DONE
            });
        }
        let refused = start(world, "d", false, |_| DONE).unwrap_err();
        assert_eq!(refused.kind, error::Kind::Refused);
        assert!(refused.hints[0].contains("--max-threads"), "{:?}", refused.hints);
        let threads = world.threads();
        let names: Vec<Arc<str>> = threads.iter().map(|thread| thread.name()).collect();
        assert_eq!(names, ["main", "a", "b", "c"].map(Arc::from));
        let again = world.shared.start(&threads[1], |_| DONE).unwrap_err();
        assert_eq!(again.kind, error::Kind::State);
        for n in 0..3 {
            step!(put(world, &gate, n));
        }
        for thread in &threads[1..] {
            step!(join(world, thread));
        }
        // Those joined count no more, although their OS threads may still be on their way out.
        assert_eq!(world.threads().len(), 1);
        for _ in 0..100 {
            let all: Vec<_> = (0..3).map(|_| spawn(world, "e", |_| DONE)).collect();
            for thread in &all {
                step!(join(world, thread));
            }
        }
        DONE
    });
    assert_eq!((outcome.ending.status, outcome.ending.started), (0, 304));
}

#[test]
fn thousands_are_joined_at_once() {
    let outcome = go(|world| {
        let gate = semaphore(world, "gate", 0);
        let body = |gate: Arc<Sync>| {
            move |world: &mut RealWorld| {
                step!(acquire(world, &gate, 2));
                DONE
            }
        };
        let all: Vec<Arc<Thread>> = (0..2000).map(|_| spawn(world, "t", body(gate.clone()))).collect();
        spawn(world, "opener", move |world| {
            step!(sleep(world, 10));
            Semaphore::of(&gate).unwrap().release(&gate, who(world, 3), 2000).unwrap();
            DONE
        });
        step!(operate(world, Op::JoinAll(all.clone()), None, 4));
        assert!(all.iter().all(|thread| thread.ended()));
        DONE
    });
    assert_eq!((outcome.ending.status, outcome.ending.started), (0, 2002));
}

#[test]
fn states_and_waits_can_be_seen() {
    let outcome = go(|world| {
        let jobs = queue(world, "jobs", None);
        let for_getter = jobs.clone();
        let getter = spawn(world, "getter", move |world| {
            step!(get(world, &for_getter));
            DONE
        });
        let sleeper = spawn(world, "sleeper", |world| {
            step!(sleep(world, 60_000));
            DONE
        });
        while getter.state() != State::Blocked || sleeper.state() != State::Sleeping {
            step!(sleep(world, 1));
        }
        let waiting = getter.waiting.lock().clone().unwrap();
        assert_eq!(
            (waiting.text.to_string(), waiting.line, waiting.timed),
            ("waits in jobs.get()".into(), 96, false)
        );
        assert!(matches!(waiting.on, Value::Sync(on) if Arc::ptr_eq(&on, &jobs)));
        step!(put(world, &jobs, 1));
        step!(join(world, &getter));
        assert!(getter.waiting.lock().is_none());
        assert_eq!((getter.state(), getter.alive()), (State::Finished, false));
        Exit::Exited(0)
    });
    assert_eq!(outcome.ending.status, 0);
}

#[test]
fn time_limits_end_what_runs_and_what_waits() {
    let options = Options { timeout: Some(Duration::from_millis(50)), ..Options::default() };
    let outcome = go_with(options, |world| {
        spawn(world, "runner", |world| {
            while world.stand(Here::inside(None), &|| 4).is_ok() {}
            Exit::Stopped
        });
        step!(sleep(world, 60_000));
        DONE
    });
    assert_eq!(outcome.ending.status, 124);
    let doing: Vec<&str> = outcome.ending.interrupted.iter().map(|left| left.doing.as_str()).collect();
    assert_eq!(doing, ["sleeps", "runs"]);
    let options = Options { timeout: Some(Duration::from_secs(60)), ..Options::default() };
    assert_eq!(go_with(options, |_| DONE).ending.status, 0);
}

#[test]
fn a_signal_ends_the_run() {
    let outcome = go_with(Options { signals: true, ..Options::default() }, |world| {
        interrupt::raise();
        step!(sleep(world, 60_000));
        DONE
    });
    assert_eq!((outcome.ending.status, outcome.ending.interrupted.len()), (130, 1));
}

#[test]
fn input_is_read_by_lines() {
    let options = Options { input: Input::from(Cursor::new("one\ntwo\r\n\nlast")), ..Options::default() };
    let outcome = go_with(options, |world| {
        while let Ok(Read::Line(line)) = world.read_line() {
            world.write(Stream::Out, &format!("[{line}]")).unwrap();
        }
        DONE
    });
    assert_eq!(outcome.printed, "[one][two][][last]");
    let options = Options { input: Input::from(Cursor::new([0xff, b'\n'])), ..Options::default() };
    let outcome = go_with(options, |world| {
        let error = world.read_line().unwrap_err();
        world.write(Stream::Out, error.kind.word()).unwrap();
        DONE
    });
    assert_eq!(outcome.printed, "value");
}

#[test]
fn a_reader_keeps_no_finished_program_alive() {
    let (_writer, reader) = UnixStream::pair().unwrap();
    let options = Options { input: Input::from(BufReader::new(reader)), ..Options::default() };
    let begun = Instant::now();
    let outcome = go_with(options, |world| {
        start(world, "reader", true, |world| {
            world.read_line().unwrap();
            DONE
        })
        .unwrap();
        step!(sleep(world, 30));
        DONE
    });
    assert_eq!(
        (outcome.ending.status, outcome.ending.abandoned[0].doing.as_str()),
        (0, "reads standard input")
    );
    assert!(begun.elapsed() < Duration::from_millis(900), "it waited for the reader");
}

#[test]
fn who_reads_may_still_release_others() {
    let (mut typist, reader) = UnixStream::pair().unwrap();
    let options = Options { input: Input::from(BufReader::new(reader)), ..Options::default() };
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        io::Write::write_all(&mut typist, b"go\n").unwrap();
    });
    let outcome = go_with(options, |world| {
        let jobs = queue(world, "jobs", None);
        let to = jobs.clone();
        spawn(world, "reader", move |world| {
            assert!(matches!(world.read_line(), Ok(Read::Line(line)) if line == "go"));
            step!(put(world, &to, 1));
            DONE
        });
        step!(get(world, &jobs));
        DONE
    });
    assert_eq!(outcome.ending.status, 0);
}

#[test]
fn nobody_reads_the_output() {
    struct Head(AtomicU32);
    impl Sink for Head {
        fn write(&self, _: Stream, _: &str) -> io::Result<()> {
            let seen = self.0.fetch_add(1, Ordering::SeqCst);
            if seen < 3 { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        }
    }
    let head = Arc::new(Head(AtomicU32::new(0)));
    let options = Options { sink: head.clone(), ..Options::default() };
    let ending = watched(|| {
        run_body(program(), options, |world| {
            while world.stand(Here::inside(None), &|| 1).is_ok() {
                world.write(Stream::Out, "line\n").unwrap();
            }
            Exit::Stopped
        })
    });
    assert_eq!((ending.status, head.0.load(Ordering::SeqCst)), (141, 4));
    assert!(ending.interrupted.is_empty() && ending.abandoned.is_empty());
}

#[test]
fn tasks_of_pools_keep_the_program_alive() {
    let outcome = go(|world| {
        let crew = make(world, "crew", Kind::Crew(Box::new(Crew::new(1).unwrap())));
        let pool = make(world, "p", Kind::Pool(Pool { crew: crew.clone() }));
        let task = Entry::to_call(Value::Nil);
        let future = make(world, "f", Kind::Future(Future::new(&"task".into(), &crew, task)));
        assert!(Crew::of(&crew).unwrap().submit(&crew, future).unwrap());
        start(world, "worker", true, move |world| {
            // The pool lives as long as its worker, and stays open.
            let _open = pool;
            loop {
                let Value::Sync(future) = step!(operate(world, Op::Task(crew.clone()), None, 1)) else {
                    return DONE;
                };
                step!(sleep(world, 30));
                world.write(Stream::Out, "done\n").unwrap();
                Future::of(&future).unwrap().finish(&future, Value::Nil);
                Crew::of(&crew).unwrap().finished();
            }
        })
        .unwrap();
        DONE
    });
    assert_eq!((outcome.printed.as_str(), outcome.ending.status), ("done\n", 0));
    assert!(outcome.ending.deadlock.is_none());
}

#[test]
fn errors_of_tasks_are_told_although_everything_is_gone() {
    let outcome = go(|world| {
        for asked in [true, false] {
            let crew = make(world, "crew", Kind::Crew(Box::new(Crew::new(1).unwrap())));
            let task = Entry::to_call(Value::Nil);
            let future = make(world, "f", Kind::Future(Future::new(&"task".into(), &crew, task)));
            let error = Arc::new(Error::new(error::Kind::Zero, "division by zero"));
            let failure = Arc::new(Failure::new(&future, error));
            world.task_failed(failure.clone());
            Future::of(&future).unwrap().fail(&future, failure);
            if asked {
                let result = operate(world, Op::Result(future), None, 1);
                assert!(matches!(result, Waited::Failed(error) if error.kind == error::Kind::Zero));
            }
        }
        DONE
    });
    assert_eq!((outcome.ending.status, outcome.ending.unasked.len()), (0, 1));
    assert_eq!(outcome.ending.unasked[0].error.kind, error::Kind::Zero);
}

#[test]
fn timers_wait_for_their_beat_or_for_cancel() {
    let outcome = go(|world| {
        let timer = |world: &mut RealWorld| {
            let entry = Entry::to_call(Value::Nil);
            let timer = Some(Timer::new(0, false));
            let mut thread = Thread::new(world.next_id(), "timer", false, entry);
            thread.timer = timer;
            Arc::new(thread)
        };
        let (due, cancelled) = (timer(world), timer(world));
        let body = |world: &mut RealWorld| {
            let time = world.now() + 20 * MILLISECOND;
            assert!(matches!(world.wait_for_beat(time), Beat::Due));
            assert!(world.now() >= time);
            DONE
        };
        world.shared.start(&due, body).unwrap();
        let body = |world: &mut RealWorld| {
            let time = world.now() + 60_000 * MILLISECOND;
            assert!(matches!(world.wait_for_beat(time), Beat::Cancelled));
            DONE
        };
        world.shared.start(&cancelled, body).unwrap();
        step!(sleep(world, 5));
        cancelled.timer.as_ref().unwrap().cancel();
        step!(join(world, &due));
        step!(join(world, &cancelled));
        DONE
    });
    assert_eq!(outcome.ending.status, 0);
}

#[test]
fn names_numbers_and_chance() {
    let numbers = |seed| {
        let outcome = go_with(Options { seed, ..Options::default() }, move |world| {
            assert_eq!([world.count_name("t"), world.count_name("u"), world.count_name("t")], [1, 1, 2]);
            let text = format!("{} {}", world.random(), world.random());
            world.write(Stream::Out, &text).unwrap();
            world.seed(5);
            let seeded = world.random();
            world.seed(5);
            assert_eq!(seeded, world.random());
            DONE
        });
        outcome.printed
    };
    assert_eq!(numbers(Some(1)), numbers(Some(1)));
    assert_ne!(numbers(Some(1)), numbers(Some(2)));
    assert_ne!(numbers(None), numbers(None));
}

#[test]
fn things_that_are_gone_take_no_memory() {
    let outcome = go(|world| {
        let kept = lock(world, "kept");
        for _ in 0..100_000 {
            lock(world, "short-lived");
        }
        assert!(world.shared.things.count() <= 4096, "{}", world.shared.things.count());
        drop(kept);
        DONE
    });
    assert_eq!(outcome.ending.status, 0);
}
