//! The real world on bodies written in Rust.

use super::run::{Options, Shared, run_body};
use super::*;
use crate::machine::Exit;
use crate::report::runtime::Ending;
use crate::source::Source;
use crate::sync::wait::WaitQueue;
use crate::sync::{Op, Releasers, TestOp, Who};
use crate::value::Value;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

fn program() -> Arc<Program> {
    Arc::new(Program {
        source: Arc::new(Source::new("test", "")),
        functions: Vec::new(),
        classes: Vec::new(),
        constants: Vec::new(),
        symbols: Vec::new(),
        globals: Vec::new(),
    })
}

fn go(options: Options, body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static) -> Ending {
    run_body(program(), options, body)
}

#[derive(Debug)]
pub(super) struct Queue {
    room: usize,
    values: Mutex<VecDeque<usize>>,
    getters: WaitQueue,
    putters: WaitQueue,
}

impl Queue {
    pub fn new(room: usize) -> Arc<Queue> {
        Arc::new(Queue {
            room,
            values: Mutex::default(),
            getters: WaitQueue::new(),
            putters: WaitQueue::new(),
        })
    }
    fn try_put(&self, n: usize) -> bool {
        let mut values = self.values.lock();
        if values.len() >= self.room {
            return false;
        }
        values.push_back(n);
        drop(values);
        self.getters.wake_one();
        true
    }
    fn try_get(&self) -> Option<usize> {
        let n = self.values.lock().pop_front();
        if n.is_some() {
            self.putters.wake_one();
        }
        n
    }
    pub fn put(self: &Arc<Queue>, w: &mut RealWorld, n: usize) -> bool {
        self.try_put(n)
            || matches!(
                w.wait_at(Wait { op: Op::Test(Box::new(Put(self.clone(), n))), deadline: None }, 7),
                Waited::Done(_)
            )
    }
    pub fn get(self: &Arc<Queue>, w: &mut RealWorld) -> Option<usize> {
        if let Some(n) = self.try_get() {
            return Some(n);
        }
        match w.wait_at(Wait { op: Op::Test(Box::new(Get(self.clone()))), deadline: None }, 8) {
            Waited::Done(Value::Int(n)) => Some(n as usize),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Put(Arc<Queue>, usize);
#[derive(Debug)]
struct Get(Arc<Queue>);

impl TestOp for Put {
    fn poll(&mut self, _: Who<'_>) -> Result<Option<Value>, Error> {
        Ok(self.0.try_put(self.1).then_some(Value::Nil))
    }
    fn ready(&self, _: Who<'_>) -> bool {
        self.0.values.lock().len() < self.0.room
    }
    fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        each(&self.0.putters)
    }
    fn releasers(&self) -> Releasers {
        Releasers::Anyone(vec![0])
    }
    fn describe(&self) -> String {
        "waits in q.put()".into()
    }
}
impl TestOp for Get {
    fn poll(&mut self, _: Who<'_>) -> Result<Option<Value>, Error> {
        Ok(self.0.try_get().map(|n| Value::Int(n as i64)))
    }
    fn ready(&self, _: Who<'_>) -> bool {
        !self.0.values.lock().is_empty()
    }
    fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        each(&self.0.getters)
    }
    fn releasers(&self) -> Releasers {
        Releasers::Anyone(vec![0])
    }
    fn describe(&self) -> String {
        "waits in q.get()".into()
    }
}

fn thread(shared: &Arc<Shared>, name: &str, daemon: bool) -> Arc<Thread> {
    let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
    let thread = run::main_thread();
    *thread.name.lock() = name.into();
    thread.daemon.store(daemon, Ordering::SeqCst);
    Arc::new(Thread { id, ..thread })
}

fn spawn(
    w: &RealWorld,
    name: &str,
    body: impl FnOnce(&mut RealWorld) -> Exit + Send + 'static,
) -> Arc<Thread> {
    let t = thread(&w.shared, name, false);
    w.shared.start(&t, body).unwrap();
    t
}

const DONE: Exit = Exit::Finished(Value::Nil);

fn timed(f: impl FnOnce()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64()
}

fn round_trips_conc(n: usize) -> f64 {
    timed(|| {
        let e = go(Options::default(), move |w| {
            let (a, b) = (Queue::new(1), Queue::new(1));
            let (a2, b2) = (a.clone(), b.clone());
            spawn(w, "b", move |w| {
                for _ in 0..n {
                    let x = a2.get(w).unwrap();
                    b2.put(w, x);
                }
                DONE
            });
            for i in 0..n {
                a.put(w, i);
                b.get(w);
            }
            DONE
        });
        assert_eq!(e.status, 0);
    })
}

fn round_trips_crossbeam(n: usize) -> f64 {
    timed(|| {
        let (s1, r1) = crossbeam_channel::bounded(1);
        let (s2, r2) = crossbeam_channel::bounded(1);
        let t = std::thread::spawn(move || {
            for _ in 0..n {
                s2.send(r1.recv().unwrap()).unwrap();
            }
        });
        for i in 0..n {
            s1.send(i).unwrap();
            let _: usize = r2.recv().unwrap();
        }
        t.join().unwrap();
    })
}

fn stream_conc(n: usize, room: usize) -> f64 {
    timed(|| {
        let e = go(Options::default(), move |w| {
            let a = Queue::new(room);
            let a2 = a.clone();
            spawn(w, "b", move |w| {
                for _ in 0..n {
                    a2.get(w).unwrap();
                }
                DONE
            });
            for i in 0..n {
                a.put(w, i);
            }
            DONE
        });
        assert_eq!(e.status, 0);
    })
}

fn stream_crossbeam(n: usize, room: usize) -> f64 {
    timed(|| {
        let (s1, r1) = crossbeam_channel::bounded(room);
        let t = std::thread::spawn(move || {
            for _ in 0..n {
                let _: usize = r1.recv().unwrap();
            }
        });
        for i in 0..n {
            s1.send(i).unwrap();
        }
        t.join().unwrap();
    })
}

fn ring_conc(threads: usize, passes: usize) -> f64 {
    timed(|| {
        let e = go(Options::default(), move |w| {
            let qs: Vec<_> = (0..threads).map(|_| Queue::new(1)).collect();
            for i in 0..threads {
                let (from, to) = (qs[i].clone(), qs[(i + 1) % threads].clone());
                spawn(w, "r", move |w| {
                    loop {
                        let n = from.get(w).unwrap();
                        if n == 0 {
                            return Exit::Exited(0);
                        }
                        to.put(w, n - 1);
                    }
                });
            }
            qs[0].put(w, passes);
            DONE
        });
        assert_eq!(e.status, 0);
    })
}

fn ring_crossbeam(threads: usize, passes: usize) -> f64 {
    timed(|| {
        let qs: Vec<_> = (0..threads).map(|_| crossbeam_channel::bounded::<usize>(1)).collect();
        let mut handles = Vec::new();
        for i in 0..threads {
            let (from, to) = (qs[i].1.clone(), qs[(i + 1) % threads].0.clone());
            handles.push(std::thread::spawn(move || {
                while let Ok(n) = from.recv() {
                    if n == 0 {
                        std::process::id();
                        break;
                    }
                    to.send(n - 1).unwrap();
                }
            }));
        }
        qs[0].0.send(passes).unwrap();
        // All but one thread never end: detached.
        while !handles.iter().any(|h| h.is_finished()) {
            std::thread::sleep(Duration::from_millis(1));
        }
    })
}

#[test]
#[ignore]
fn bench() {
    let rounds: usize = std::env::var("ROUNDS").map_or(3, |n| n.parse().unwrap());
    let show = |name: &str, mut xs: Vec<(f64, f64)>| {
        let ratio = {
            let mut r: Vec<f64> = xs.iter().map(|x| x.0 / x.1).collect();
            r.sort_by(f64::total_cmp);
            r[r.len() / 2]
        };
        let ca = {
            xs.sort_by(|a, b| a.0.total_cmp(&b.0));
            (xs[0].0, xs[xs.len() / 2].0)
        };
        let cb = {
            xs.sort_by(|a, b| a.1.total_cmp(&b.1));
            (xs[0].1, xs[xs.len() / 2].1)
        };
        println!(
            "{name:14} conc min {:.3} med {:.3}   crossbeam min {:.3} med {:.3}   median ratio {ratio:.2}",
            ca.0, ca.1, cb.0, cb.1
        );
    };
    let what = std::env::var("WHAT").unwrap_or("rsg".into());
    if what.contains('r') {
        show(
            "round trips",
            (0..rounds).map(|_| (round_trips_conc(100_000), round_trips_crossbeam(100_000))).collect(),
        );
    }
    if what.contains('s') {
        show(
            "stream of 64",
            (0..rounds).map(|_| (stream_conc(500_000, 64), stream_crossbeam(500_000, 64))).collect(),
        );
    }
    if what.contains('g') {
        show(
            "ring 503/10",
            (0..rounds.min(5)).map(|_| (ring_conc(503, 50_000), ring_crossbeam(503, 50_000))).collect(),
        );
    }
    for _ in 0..0 {
        let (a, b) = (round_trips_conc(100_000), round_trips_crossbeam(100_000));
        println!("round trips   conc {a:.3}  crossbeam {b:.3}  ratio {:.2}", a / b);
        let (a, b) = (stream_conc(500_000, 64), stream_crossbeam(500_000, 64));
        println!("stream of 64  conc {a:.3}  crossbeam {b:.3}  ratio {:.2}", a / b);
        let (a, b) = (ring_conc(503, 50_000), ring_crossbeam(503, 50_000));
        println!("ring          conc {a:.3}  crossbeam {b:.3}  ratio {:.2}", a / b);
    }
}

#[test]
#[ignore]
fn bench_spawn() {
    for _ in 0..3 {
        let a = timed(|| {
            go(Options::default(), |w| {
                for _ in 0..100 {
                    let ts: Vec<_> = (0..100).map(|_| spawn(w, "t", |_| DONE)).collect();
                    for t in ts {
                        while t.outcome.get().is_none() {
                            w.wait_at(Wait { op: Op::Test(Box::new(Join(t.clone()))), deadline: None }, 1);
                        }
                    }
                }
                DONE
            });
        });
        let b = timed(|| {
            for _ in 0..100 {
                let ts: Vec<_> = (0..100).map(|_| std::thread::spawn(|| ())).collect();
                ts.into_iter().for_each(|t| t.join().unwrap());
            }
        });
        println!("10k threads  conc {a:.3}  std {b:.3}  ratio {:.2}", a / b);
    }
}

#[derive(Debug)]
struct Join(Arc<Thread>);
impl TestOp for Join {
    fn poll(&mut self, _: Who<'_>) -> Result<Option<Value>, Error> {
        Ok(self.0.outcome.get().map(|_| Value::Nil))
    }
    fn ready(&self, _: Who<'_>) -> bool {
        self.0.outcome.get().is_some()
    }
    fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        each(&self.0.done)
    }
    fn releasers(&self) -> Releasers {
        Releasers::All(vec![self.0.id])
    }
    fn describe(&self) -> String {
        "joins".into()
    }
}
