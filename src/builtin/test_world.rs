//! A world for tests: it keeps what is written, gives what it was told to, and counts for chance.

use super::{Context, Outcome, functions, methods, properties};
use crate::builtin::Body;
use crate::code::Program;
use crate::source::Source;
use crate::sync::outside::{Outside, Way};
use crate::sync::{
    Sync,
    thread::{Entry, State, Thread},
};
use crate::value::error::{Error, Kind};
use crate::value::{Value, cell::Cell, object::Object};
use crate::world::{Read, Stream, World};
use std::sync::Arc;

pub struct TestWorld {
    pub thread: Arc<Thread>,
    pub out: String,
    pub err: String,
    pub lines: Vec<String>,
    pub generator: u64,
    /// Files under this directory are allowed.
    pub directory: Option<String>,
    /// What every thread holds.
    pub held: Vec<(Arc<Sync>, u32)>,
    next: u32,
}

/// A program with one function, `area`, and one class, `Account(owner)` with `var balance`.
pub fn program() -> Program {
    let source =
        Arc::new(Source::new("test.conc", "fn area(w, h) { }\nclass Account(owner) { var balance = nil }\n"));
    let (script, _) = crate::syntax::parse(&source);
    let (resolution, _) = crate::resolve::resolve(&script, &source);
    let mut program = crate::code::lower::lower(&source, &script, &resolution).expect("it is small");
    // `area` is function 0 in the tests.
    program.functions.remove(0);
    program
}

/// An `Account` of that program.
pub fn account(owner: Value, balance: Value) -> Value {
    Value::Object(Arc::new(Object {
        class: 0,
        fields: [Cell::new(owner), Cell::new(balance)].into(),
        captured: [].into(),
        monitor: None,
    }))
}

pub fn thread(name: &str) -> Arc<Thread> {
    let thread = Thread::new(1, name, false, Entry::to_call(Value::Nil));
    thread.state.store(State::Running as u8, std::sync::atomic::Ordering::SeqCst);
    Arc::new(thread)
}

impl TestWorld {
    pub fn new() -> TestWorld {
        TestWorld {
            thread: thread("main"),
            out: String::new(),
            err: String::new(),
            lines: Vec::new(),
            generator: 1,
            directory: None,
            held: Vec::new(),
            next: 1,
        }
    }

    /// Calls a builtin function, with a value for each parameter it can take by position; those that are missing
    /// are left out. A `*xs` takes what is given beyond.
    pub fn call(&mut self, name: &str, args: &[Value]) -> Result<Value, Error> {
        match self.outcome(name, args)? {
            Outcome::Value(value) => Ok(value),
            other => panic!("{name} gave {other:?}"),
        }
    }

    pub fn outcome(&mut self, name: &str, args: &[Value]) -> Result<Outcome, Error> {
        let row = functions().iter().find(|row| row.name == name).expect(name);
        self.run(row, Vec::new(), args, &[])
    }

    /// As `call`, with arguments by name too.
    pub fn call_named(
        &mut self,
        name: &str,
        args: &[Value],
        named: &[(&str, Value)],
    ) -> Result<Outcome, Error> {
        let row = functions().iter().find(|row| row.name == name).expect(name);
        self.run(row, Vec::new(), args, named)
    }

    pub fn method(&mut self, receiver: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
        let row = methods(receiver.kind()).iter().find(|row| row.name == name).expect(name);
        match self.run(row, vec![receiver.clone()], args, &[])? {
            Outcome::Value(value) => Ok(value),
            other => panic!("{name} gave {other:?}"),
        }
    }

    pub fn property(&mut self, value: &Value, name: &str) -> Value {
        let row = properties(value.kind()).iter().find(|row| row.name == name).expect(name);
        let program = program();
        let mut ctx = Context { world: self, program: &program, line: 1 };
        match (row.get)(&mut ctx, value) {
            Ok(Outcome::Value(value)) => value,
            other => panic!("{name} gave {other:?}"),
        }
    }

    fn run(
        &mut self,
        row: &'static super::Row,
        mut bound: Vec<Value>,
        args: &[Value],
        named: &[(&str, Value)],
    ) -> Result<Outcome, Error> {
        let mut args = args.iter().cloned();
        for parameter in row.parameters {
            if parameter.starts_with('*') {
                bound.extend(args.by_ref());
                continue;
            }
            let by_name = named.iter().find(|(name, _)| parameter.trim_end_matches(['?', ':']) == *name);
            bound.push(match by_name {
                Some((_, value)) => value.clone(),
                None if parameter.ends_with(':') => Value::Unset,
                None => args.next().unwrap_or(Value::Unset),
            });
        }
        let program = program();
        let mut ctx = Context { world: self, program: &program, line: 1 };
        match row.body {
            Body::Native(function) => function(&mut ctx, &bound),
            Body::Constant(function) => Ok(function(&mut ctx).into()),
            Body::Script(_) => panic!("{} is written in conc", row.name),
        }
    }
}

impl World for TestWorld {
    fn thread(&self) -> &Arc<Thread> {
        &self.thread
    }

    fn main(&self) -> Arc<Thread> {
        self.thread.clone()
    }

    fn next_id(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn register(&mut self, _: &Arc<Sync>) {}

    fn task_failed(&mut self, _: Arc<crate::sync::future::Failure>) {}

    fn held_by(&self, _: &Thread) -> Vec<(Arc<Sync>, u32)> {
        self.held.clone()
    }

    fn asks_for_states(&self) {}

    fn looks_outside(&self) {}

    fn threads(&self) -> Vec<Arc<Thread>> {
        vec![self.thread.clone()]
    }

    fn start(&mut self, _: &Arc<Thread>) -> Result<(), Error> {
        Err(Error::new(Kind::State, "no threads here"))
    }

    fn count_name(&mut self, _: &str) -> u32 {
        1
    }

    fn now(&self) -> i64 {
        1_500_000_000
    }

    fn clock(&self) -> String {
        "14:03:59.250".into()
    }

    fn pick(&mut self, _: usize) -> usize {
        0
    }

    fn choose(&mut self, count: u64) -> u64 {
        super::random::below(self, count)
    }

    /// Sebastiano Vigna's splitmix64.
    fn random(&mut self) -> u64 {
        self.generator = self.generator.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.generator;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn seed(&mut self, seed: u64) {
        self.generator = seed;
    }

    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        match stream {
            Stream::Out => self.out.push_str(text),
            Stream::Err => self.err.push_str(text),
        }
        Ok(())
    }

    fn read_line(&mut self) -> Result<Read, Error> {
        Ok(if self.lines.is_empty() { Read::End } else { Read::Line(self.lines.remove(0)) })
    }

    fn arguments(&self) -> Vec<String> {
        vec!["one".into(), "two".into()]
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/ann".into())
    }

    fn allow_file(&self, path: &str, _write: bool) -> Result<(), Error> {
        match &self.directory {
            Some(directory) if path.starts_with(directory.as_str()) => Ok(()),
            Some(_) | None => Err(Error::new(Kind::Refused, format!("not allowed: {path}"))),
        }
    }

    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error> {
        Err(Error::new(Kind::Refused, format!("{way} is not there in a test")))
    }

    fn cpu_count(&self) -> usize {
        2
    }

    fn pids(&self) -> Result<crate::sync::process::Born, Error> {
        Err(crate::sync::process::not_simulated("pid() and ppid()"))
    }

    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error> {
        Err(crate::sync::process::not_simulated("processes()"))
    }

    fn process_lives(&self, _: &Arc<Thread>) -> bool {
        false
    }

    fn send_signal(&self, _: &Arc<Thread>, _: i32) -> Result<(), Error> {
        Err(crate::sync::process::not_simulated("a signal"))
    }
}
