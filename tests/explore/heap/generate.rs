//! Small random programs about things reached through references: lists, lists in lists, instances, captured variables and
//! closures, made before and after a `start`, and handed over by argument, capture, queue, field, element, task or result.
//! Each comes as a script and as what the oracle does for it (`machine.rs`), which are made side by side.

mod containers;
mod things;

use super::machine::{New, Op, Register};
use fastrand::Rng;
use std::fmt::Write;

/// So many registers has each thread.
pub const REGISTERS: usize = 64;

pub struct Program {
    pub text: String,
    /// Body 0 is `main`.
    pub bodies: Vec<Vec<Op>>,
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
}

const LOCK: Register = 0;
const QUEUE: Register = 1;
const POOL: Register = 2;
const FIRST: Register = 3;

const CLASSES: &str =
    "class Box(first) { var item = first; var n = 0\n    fn bump() { n += 1 }\n    fn show() => n\n}
monitor Account { var n = 0\n    fn bump() { n += 1 }\n    fn show() => n\n}\n";

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
    };
    let mut main = Body {
        names: Vec::new(),
        ops: Vec::new(),
        lines: Vec::new(),
        next: FIRST,
        depth: usize::from(local),
    };
    main.ops.push(Op::New(LOCK, New::Lock, Vec::new()));
    main.ops.push(Op::New(QUEUE, New::Queue, Vec::new()));
    main.ops.push(Op::New(POOL, New::Pool(size), Vec::new()));
    main.line("lock m".into());
    main.line("queue q".into());
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
    Program { text, bodies: maker.bodies }
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
        match self.rng.u8(..9) {
            0 | 1 => _ = self.list(body),
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
        if self.rng.u8(..3) > 0 {
            return self.act(body, main);
        }
        body.line("with m {".into());
        body.op(Op::Acquire(LOCK));
        body.depth += 1;
        // What it declares is known inside only.
        let known = body.names.len();
        for _ in 0..self.rng.usize(1..3) {
            self.act(body, false);
        }
        body.names.truncate(known);
        body.depth -= 1;
        body.op(Op::Release(LOCK));
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
            body.line(format!("let {name} = q.get()"));
            body.op(Op::Get(value, QUEUE));
            return body.know(name, Type::List, value);
        }
        let list = self.some_list(body);
        body.line(format!("q.put({})", list.text));
        body.op(Op::Put(QUEUE, list.at));
    }

    /// Starts a thread: a function or a block; or a task.
    fn start(&mut self, body: &mut Body) {
        self.threads -= 1;
        let task = self.has_pool && self.rng.u8(..3) > 0;
        if !task && self.rng.bool() {
            return self.start_block(body);
        }
        let plain = |name: &&Name| !matches!(name.kind, Type::Variable | Type::Handle { .. });
        let mut given: Vec<Name> = body.names.iter().filter(plain).cloned().collect();
        self.rng.shuffle(&mut given);
        given.truncate(2);
        let mut child = Body { names: Vec::new(), ops: Vec::new(), lines: Vec::new(), next: FIRST, depth: 1 };
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        let mut registers = vec![LOCK, QUEUE, POOL];
        for name in given {
            let (parameter, at) = (self.name('x'), child.register());
            registers.push(name.at);
            if name.kind == Type::Monitor {
                registers.push(name.at + 1);
                child.register();
            }
            child.know(parameter.clone(), name.kind, at);
            parameters.push(parameter);
            arguments.push(name.text);
        }
        if self.local {
            parameters.extend(["m".into(), "q".into()]);
            arguments.extend(["m".into(), "q".into()]);
        }
        for _ in 0..self.rng.usize(1..4) {
            self.statement(&mut child, false);
        }
        let returned = self.some_list(&mut child);
        child.line(format!("return {}", returned.text));
        child.op(Op::Return(returned.at));
        let (function, handle) = (self.name('w'), self.name('t'));
        self.functions.push(format!(
            "fn {function}({}) {{\n{}}}\n",
            parameters.join(", "),
            child.lines.concat()
        ));
        self.bodies.push(child.ops);
        let (number, at) = (self.bodies.len() - 1, body.register());
        if task {
            arguments.insert(0, function);
            body.line(format!("let {handle} = p.submit({})", arguments.join(", ")));
            body.op(Op::Submit(at, POOL, number, registers));
        } else {
            body.line(format!("let {handle} = start {function}({})", arguments.join(", ")));
            body.op(Op::Start(at, number, registers));
        }
        body.know(handle, Type::Handle { future: task }, at);
    }

    /// A block knows what there is around it.
    fn start_block(&mut self, body: &mut Body) {
        let mut child = Body {
            names: body
                .names
                .iter()
                .filter(|name| !matches!(name.kind, Type::Handle { .. }))
                .cloned()
                .collect(),
            ops: Vec::new(),
            lines: Vec::new(),
            next: body.next,
            depth: body.depth + 1,
        };
        for _ in 0..self.rng.usize(1..4) {
            self.statement(&mut child, false);
        }
        self.bodies.push(child.ops);
        let (number, at) = (self.bodies.len() - 1, body.register());
        body.line("start {".into());
        body.lines.append(&mut child.lines);
        body.line("}".into());
        let registers = (0..at).collect();
        body.op(Op::Start(at, number, registers));
    }
}
