//! Small random programs about things reached through references: lists, lists in lists, instances, captured variables and
//! closures, made before and after a `start`, and handed over by argument, capture, queue, field, element, task or result.
//! Each comes as a script and as what the oracle does for it (`machine.rs`), which are made side by side.

mod containers;
mod things;
mod threads;
mod waits;

use super::machine::{New, Op, Register};
use fastrand::Rng;
use std::fmt::Write;

/// So many registers has each thread.
pub const REGISTERS: usize = 96;

pub struct Program {
    pub text: String,
    /// Body 0 is `main`.
    pub bodies: Vec<Vec<Op>>,
    /// Time passes only when nobody can move.
    pub idle: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// A list of numbers, two of them at least.
    List,
    /// A list with one list in it.
    Nested,
    /// An instance of `Box`, with a list in `item` and a number in `n`.
    Instance,
    /// An instance of a monitor, with a number; its lock is in the next register.
    Monitor,
    /// A map with "a", and perhaps "b".
    Map,
    /// A set of numbers.
    Set,
    /// A thread with members, which are those of an instance.
    Member,
    /// An atomic that holds a list.
    Atomic,
    /// A captured variable, by its name.
    Variable,
    /// A function that adds to a captured variable.
    Adder,
    /// A function that gives it.
    Giver,
    /// A thread or a future whose result is a list.
    Handle { future: bool },
    /// A timer, or a thread of which nobody wants the result.
    Beside,
}

#[derive(Debug, Clone)]
struct Name {
    text: String,
    kind: Type,
    at: Register,
}

/// What a body knows, and what it is so far.
struct Body {
    names: Vec<Name>,
    ops: Vec<Op>,
    lines: Vec<String>,
    next: Register,
    depth: usize,
    /// A task: its thread's own list is what earlier tasks have left.
    is_task: bool,
}

struct Maker {
    rng: Rng,
    bodies: Vec<Vec<Op>>,
    functions: Vec<String>,
    count: usize,
    /// Threads and tasks that may still be started.
    threads: usize,
    /// The lock, the queue and the pool are handed to functions as arguments, too.
    local: bool,
    has_pool: bool,
    /// So many things were put in the queue that gives the smallest first.
    put: i64,
    /// So many times the latch was counted down: no more than it stands for.
    counted: usize,
}

const LOCK: Register = 0;
const QUEUE: Register = 1;
const POOL: Register = 2;
const RWLOCK: Register = 3;
const EVENT: Register = 4;
const CONDITION: Register = 5;
const SMALLEST: Register = 6;
const GATE: Register = 7;
const LATCH: Register = 8;
const BARRIER: Register = 9;
const LATCH_COUNT: usize = 2;
/// What all know, in their first registers.
const THINGS: [(&str, &str, New); 9] = [
    ("m", "lock m", New::Lock),
    ("q", "queue q", New::Queue),
    ("rw", "rwlock rw", New::RwLock),
    ("e", "event e", New::Event),
    ("c", "condition c for m", New::Condition),
    ("s", "queue s(10, order: \"priority\")", New::Smallest),
    ("g", "semaphore g(2)", New::Permits(2)),
    ("h", "latch h(2)", New::Latch(LATCH_COUNT)),
    ("u", "barrier u(2)", New::Barrier),
];
/// The list of a thread's own.
const OWN: Register = 10;
const FIRST: Register = 11;

const CLASSES: &str =
    "class Box(first) { var item = first; var n = 0\n    fn bump() { n += 1 }\n    fn show() => n\n}
monitor Account { var n = 0\n    fn bump() { n += 1 }\n    fn show() => n\n}\nthreadlocal own = [0, 0]\n";

pub fn program(seed: u64) -> Program {
    let mut rng = Rng::with_seed(seed);
    let (local, has_pool, size) = (rng.bool(), rng.u8(..3) == 0, rng.usize(1..3));
    let mut maker = Maker {
        threads: rng.usize(1..3),
        rng,
        bodies: vec![Vec::new()],
        functions: Vec::new(),
        count: 0,
        local,
        has_pool,
        put: 0,
        counted: 0,
    };
    let mut main = Body {
        names: Vec::new(),
        ops: Vec::new(),
        lines: Vec::new(),
        next: FIRST,
        depth: usize::from(local),
        is_task: false,
    };
    main.op(Op::New(POOL, New::Pool(size), Vec::new()));
    let registers = [LOCK, QUEUE, RWLOCK, EVENT, CONDITION, SMALLEST, GATE, LATCH, BARRIER];
    for ((_, declared, new), at) in THINGS.into_iter().zip(registers) {
        main.op(Op::New(at, new, Vec::new()));
        main.line(declared.into());
    }
    if has_pool {
        main.line(format!("pool p({size})"));
    }
    for _ in 0..maker.rng.usize(1..3) {
        maker.object(&mut main);
    }
    let statements = maker.rng.usize(2..6);
    for _ in 0..statements {
        if maker.threads > 0 && maker.rng.u8(..3) == 0 {
            maker.start(&mut main);
        } else {
            maker.statement(&mut main, true);
        }
    }
    while maker.threads > 0 {
        maker.start(&mut main);
    }
    for _ in 0..maker.rng.usize(1..3) {
        maker.statement(&mut main, true);
    }
    let Body { ops, lines, .. } = main;
    maker.bodies[0] = ops;
    let mut text = format!("{CLASSES}{}", maker.functions.concat());
    let body = lines.concat();
    match local {
        true => _ = write!(text, "fn go() {{\n{body}}}\ngo()\n"),
        false => text.push_str(&body),
    }
    Program { text, bodies: maker.bodies, idle: seed % 3 == 2 }
}

impl Body {
    fn line(&mut self, text: String) {
        self.lines.push(format!("{}{text}\n", "    ".repeat(self.depth)));
    }

    fn register(&mut self) -> Register {
        self.next += 1;
        assert!(self.next <= REGISTERS, "more registers");
        self.next - 1
    }

    fn op(&mut self, op: Op) {
        self.ops.push(op);
    }

    fn int(&mut self, value: i64) -> Register {
        let at = self.register();
        self.op(Op::Int(at, value));
        at
    }

    fn know(&mut self, text: String, kind: Type, at: Register) {
        self.names.push(Name { text, kind, at });
    }

    /// Prints what a register holds.
    fn print(&mut self, at: Register) {
        self.op(Op::Print(at));
    }

    /// Reads a field or element, adds, and writes it.
    fn add_to_field(&mut self, object: Register, field: usize, more: i64) {
        let value = self.register();
        self.op(Op::Field(value, object, field));
        self.op(Op::Add(value, value, more));
        self.op(Op::SetField(object, field, value));
    }
}

impl Maker {
    fn name(&mut self, first: char) -> String {
        self.count += 1;
        format!("{first}{}", self.count)
    }

    fn some(&mut self, body: &Body, kind: Type) -> Option<Name> {
        let of_kind: Vec<&Name> = body.names.iter().filter(|name| name.kind == kind).collect();
        self.rng.choice(of_kind).cloned()
    }

    fn list(&mut self, body: &mut Body) -> Name {
        let (a, b) = (self.rng.i64(0..3), self.rng.i64(0..3));
        let text = self.name('l');
        let parts = vec![body.int(a), body.int(b)];
        let at = body.register();
        body.op(Op::New(at, New::List, parts));
        body.line(format!("let {text} = [{a}, {b}]"));
        body.know(text.clone(), Type::List, at);
        Name { text, kind: Type::List, at }
    }

    fn some_list(&mut self, body: &mut Body) -> Name {
        match self.some(body, Type::List) {
            Some(list) => list,
            None => self.list(body),
        }
    }

    /// Makes something new.
    fn object(&mut self, body: &mut Body) {
        match self.rng.u8(..10) {
            0 | 1 => _ = self.list(body),
            7 => self.set(body),
            2 => {
                let inner = self.some_list(body);
                let (text, at) = (self.name('n'), body.register());
                body.op(Op::New(at, New::List, vec![inner.at]));
                body.line(format!("let {text} = [{}]", inner.text));
                body.know(text, Type::Nested, at);
            }
            3 => {
                let inner = self.some_list(body);
                let (text, zero, at) = (self.name('b'), body.int(0), body.register());
                body.op(Op::New(at, New::Fields, vec![inner.at, zero]));
                body.line(format!("let {text} = Box({})", inner.text));
                body.know(text, Type::Instance, at);
            }
            4 => {
                let (text, zero) = (self.name('a'), body.int(0));
                let (at, lock) = (body.register(), body.register());
                body.op(Op::New(at, New::Fields, vec![zero]));
                body.op(Op::New(lock, New::Lock, Vec::new()));
                body.line(format!("let {text} = Account()"));
                body.know(text, Type::Monitor, at);
            }
            5 => {
                let (text, zero, nothing, at) =
                    (self.name('d'), body.int(0), body.register(), body.register());
                body.op(Op::New(at, New::Map, vec![zero, nothing]));
                body.line(format!("let {text} = {{\"a\": 0}}"));
                body.know(text, Type::Map, at);
            }
            6 => {
                let inner = self.some_list(body);
                let (text, at) = (self.name('c'), body.register());
                body.op(Op::New(at, New::Fields, vec![inner.at]));
                body.line(format!("let {text} = atomic({})", inner.text));
                body.know(text, Type::Atomic, at);
            }
            _ => {
                let (text, zero, at) = (self.name('v'), body.int(0), body.register());
                body.op(Op::New(at, New::Fields, vec![zero]));
                body.line(format!("var {text} = 0"));
                if self.rng.bool() {
                    let adder = self.name('f');
                    body.line(format!("let {adder} = fn() {{ {text} += 1 }}"));
                    body.know(adder, Type::Adder, at);
                    let giver = self.name('g');
                    body.line(format!("let {giver} = fn() => {text}"));
                    body.know(giver, Type::Giver, at);
                }
                body.know(text, Type::Variable, at);
            }
        }
    }

    /// Something that a body does with what it knows.
    fn statement(&mut self, body: &mut Body, main: bool) {
        if self.rng.u8(..8) == 0 {
            return self.object(body);
        }
        match self.rng.u8(..15) {
            0..=6 => self.act(body, main),
            12 => {
                body.op(Op::TakePermit(GATE));
                self.within(body, "with g");
                body.op(Op::GivePermit(GATE));
            }
            13 => self.for_a_time(body, main),
            14 => self.all_together(body, main),
            7..=8 => {
                body.op(Op::Acquire(LOCK));
                self.within(body, "with m");
                body.op(Op::Release(LOCK));
            }
            9 => {
                let write = self.rng.bool();
                body.op(Op::AcquireSide(RWLOCK, write));
                self.within(body, if write { "with rw.write" } else { "with rw.read" });
                body.op(Op::ReleaseSide(RWLOCK, write));
            }
            10 => self.at_once(body),
            _ => self.meeting(body, main),
        }
    }

    /// A few acts in a block.
    fn within(&mut self, body: &mut Body, head: &str) {
        body.line(format!("{head} {{"));
        body.depth += 1;
        // What it declares is known inside only.
        let known = body.names.len();
        for _ in 0..self.rng.usize(1..3) {
            self.act(body, false);
        }
        body.names.truncate(known);
        body.depth -= 1;
        body.line("}".into());
    }

    fn act(&mut self, body: &mut Body, main: bool) {
        if self.rng.u8(..8) == 0 {
            return self.handed_over(body, main);
        }
        let name = self.rng.choice(body.names.iter()).cloned();
        let Some(name) = name else { return self.object(body) };
        match name.kind {
            Type::List => self.with_list(body, &name),
            Type::Nested => self.with_nested(body, &name),
            Type::Instance => self.with_instance(body, &name),
            Type::Monitor => self.with_monitor(body, &name),
            Type::Map => self.with_map(body, &name),
            Type::Set => self.with_set(body, &name),
            Type::Member => self.with_instance(body, &name),
            Type::Beside => self.with_beside(body, &name, main),
            Type::Atomic => self.with_atomic(body, &name),
            Type::Variable => self.with_variable(body, &name),
            Type::Adder => {
                body.line(format!("{}()", name.text));
                body.add_to_field(name.at, 0, 1);
            }
            Type::Giver => {
                body.line(format!("print({}())", name.text));
                self.print_field(body, name.at, 0);
            }
            Type::Handle { future } => self.with_handle(body, &name, future, main),
        }
    }

    fn print_field(&mut self, body: &mut Body, object: Register, field: usize) {
        let value = body.register();
        body.op(Op::Field(value, object, field));
        body.print(value);
    }

    /// Through the queue. (Only `main` gets, so that what it waits for with the lock is rare.)
    fn handed_over(&mut self, body: &mut Body, main: bool) {
        if main && self.rng.u8(..3) == 0 {
            let (name, value) = (self.name('l'), body.register());
            if self.rng.u8(..3) == 0 {
                body.line(format!("let {name} = s.get()[1]"));
                body.op(Op::GetSmallest(value, SMALLEST));
                return body.know(name, Type::List, value);
            }
            body.line(format!("let {name} = q.get()"));
            body.op(Op::Get(value, QUEUE));
            return body.know(name, Type::List, value);
        }
        let list = self.some_list(body);
        if self.rng.u8(..3) == 0 {
            let key = [4, 2, 6, 1, 5, 3, 9, 7, 8][self.put as usize % 9] + self.put / 9 * 10;
            self.put += 1;
            body.line(format!("s.put([{key}, {}])", list.text));
            return body.op(Op::PutAt(SMALLEST, key, list.at));
        }
        body.line(format!("q.put({})", list.text));
        body.op(Op::Put(QUEUE, list.at));
    }
}
