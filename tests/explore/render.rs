//! The text of a program. Its seconds are written as milliseconds: only their order matters, and real runs wait for them.

use crate::model::*;
use std::fmt::Write;

pub const VARS: [&str; 4] = ["x", "y", "z", "w"];

struct Writer<'a> {
    program: &'a Program,
    text: String,
    indent: usize,
    in_main: bool,
}

pub fn text(program: &Program) -> String {
    let mut writer = Writer { program, text: String::new(), indent: 0, in_main: false };
    writer.program();
    writer.text
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "    ".repeat(self.indent));
    }

    fn program(&mut self) {
        let program = self.program;
        for (i, value) in program.vars.iter().enumerate() {
            let shared = if program.shared.get(i).is_some_and(|shared| *shared) { "shared " } else { "" };
            self.line(&format!("{shared}var {} = {value}", VARS[i]));
        }
        if let Some(list) = &program.list {
            self.line(&format!("let xs = {list:?}"));
        }
        for i in 0..program.things.len() {
            let apart = matches!(program.things[i], Thing::Pipe | Thing::Connection | Thing::ProcessPool(_));
            let shared = if program.has_processes() && !apart { "shared " } else { "" };
            let declaration = format!("{shared}{}", self.declaration(i));
            self.line(&declaration);
        }
        for test in &program.invariants {
            self.line(&format!("invariant {}", self.test(test)));
        }
        for test in &program.ensures {
            self.line(&format!("ensure {}", self.test(test)));
        }
        for (i, body) in program.bodies.iter().enumerate() {
            let daemon = if body.daemon { "daemon " } else { "" };
            match body.kind {
                BodyKind::Process if program.channel().is_some() && program.handles.first() == Some(&i) => {
                    self.block(&format!("{daemon}process t{i}(side) {{"), &body.statements, "}");
                }
                BodyKind::Process => {
                    self.block(&format!("{daemon}process t{i} {{"), &body.statements, "}");
                }
                // Its value is a number, whatever the shrinker has left of it.
                BodyKind::Task => self.block(&format!("fn t{i}(k0) {{"), &body.statements, "return 0 }"),
                BodyKind::Template => self.block(&format!("{daemon}thread t{i} {{"), &body.statements, "}"),
                BodyKind::Timer(after) => {
                    self.block(&format!("{daemon}timer t{i} after {after}ms {{"), &body.statements, "}");
                }
                BodyKind::Block => {}
            }
        }
        if let Some(channel) = program.channel() {
            self.line(&format!("fn told(value) => {MUCH} if type(value) == \"str\" else value"));
            if program.things[channel] == Thing::Pipe {
                self.line(&format!("let [near, far] = {}.ends", self.name(channel)));
            }
        }
        self.in_main = true;
        let mut main = &program.main[..];
        match program.listing {
            Listing::Names => {}
            Listing::Added => self.line("let hs = []"),
            Listing::Made | Listing::Prepared => {
                let start = |statement: &Statement| matches!(statement, Statement::Start(_));
                let count = main.iter().take_while(|statement| start(statement)).count();
                let (word, later) = match program.listing {
                    Listing::Prepared => ("", "for h in hs { start h }"),
                    _ => ("start ", ""),
                };
                self.line(&format!("let hs = [{word}t{}() for i in 0..{count}]", program.handles[0]));
                self.line(later);
                main = &main[count..];
            }
        }
        for statement in main {
            self.statement(statement);
        }
    }

    /// What the end of a pipe or a connection is called where this is written.
    fn side(&self) -> &'static str {
        match self.program.channel().map(|channel| self.program.things[channel]) {
            _ if self.in_main => "near",
            Some(Thing::Connection) => "link",
            _ => "side",
        }
    }

    fn declaration(&self, i: usize) -> String {
        let name = self.name(i);
        match self.program.things[i] {
            Thing::Lock => format!("lock {name}"),
            Thing::RLock => format!("rlock {name}"),
            Thing::RwLock => format!("rwlock {name}"),
            Thing::Semaphore { permits, bounded: false } => format!("semaphore {name}({permits})"),
            Thing::Semaphore { permits, bounded: true } => {
                format!("semaphore {name}({permits}, bounded: true)")
            }
            Thing::Condition(lock) => format!("condition {name} for {}", self.name(lock)),
            Thing::Event => format!("event {name}"),
            Thing::Latch(count) => format!("latch {name}({count})"),
            Thing::Barrier(parties) => format!("barrier {name}({parties})"),
            Thing::Queue(None) => format!("queue {name}"),
            Thing::Queue(Some(capacity)) => format!("queue {name}({capacity})"),
            Thing::Atomic(value) => format!("atomic {name} = {value}"),
            Thing::Pipe => format!("pipe {name}"),
            Thing::Connection => format!("let {name} = listen(0)"),
            Thing::ProcessPool(workers) => format!("process pool {name}({workers})"),
        }
    }

    fn name(&self, i: usize) -> String {
        let letter = match self.program.things[i] {
            Thing::Lock => "m",
            Thing::RLock => "r",
            Thing::RwLock => "rw",
            Thing::Semaphore { .. } => "s",
            Thing::Condition(_) => "c",
            Thing::Event => "e",
            Thing::Latch(_) => "l",
            Thing::Barrier(_) => "b",
            Thing::Queue(_) => "q",
            Thing::Atomic(_) => "a",
            Thing::Pipe => "p",
            Thing::Connection => "n",
            Thing::ProcessPool(_) => return "pool1".into(),
        };
        format!("{letter}{i}")
    }

    fn target(&self, target: Target) -> String {
        let name = self.name(target.thing);
        match (self.program.things[target.thing], target.write) {
            (Thing::RwLock, true) => format!("{name}.write"),
            (Thing::RwLock, false) => format!("{name}.read"),
            _ => name,
        }
    }

    /// What stands for a started thread.
    fn handle(&self, handle: usize) -> String {
        let body = self.program.handles[handle];
        match self.program.bodies[body].kind {
            BodyKind::Timer(_) => format!("t{body}"),
            BodyKind::Template | BodyKind::Process | BodyKind::Block
                if self.program.listing != Listing::Names =>
            {
                let starts = self.program.main.iter().filter_map(|statement| match statement {
                    Statement::Start(handle) => Some(*handle),
                    _ => None,
                });
                format!("hs[{}]", starts.take_while(|other| *other != handle).count())
            }
            BodyKind::Template | BodyKind::Process | BodyKind::Block => format!("h{handle}"),
            BodyKind::Task => unreachable!("a task has no handle"),
        }
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Number(n) => n.to_string(),
            Value::Var(i) => VARS[*i].into(),
            Value::Local(i) => format!("k{i}"),
            Value::Sum(a, b) => format!("{} + {}", self.value(a), self.value(b)),
            Value::Atomic(a) => format!("{}.value", self.name(*a)),
            Value::Size(q) => format!("{}.size", self.name(*q)),
            Value::Len => "xs.len".into(),
            Value::At(i) => format!("xs[{i}]"),
        }
    }

    fn test(&self, test: &Test) -> String {
        match test {
            Test::Compare(a, comparison, b) => {
                let word = match comparison {
                    Comparison::Equal => "==",
                    Comparison::Unequal => "!=",
                    Comparison::Less => "<",
                    Comparison::AtMost => "<=",
                };
                format!("{} {word} {}", self.value(a), self.value(b))
            }
            Test::Flag(local) => format!("k{local}"),
            Test::And(a, b) => format!("{} and {}", self.test(a), self.test(b)),
        }
    }

    fn block(&mut self, before: &str, statements: &[Statement], after: &str) {
        self.line(before);
        self.indent += 1;
        for statement in statements {
            self.statement(statement);
        }
        self.indent -= 1;
        self.line(after);
    }

    fn two(&mut self, before: &str, first: &[Statement], between: &str, second: &[Statement]) {
        self.block(before, first, between);
        self.indent += 1;
        for statement in second {
            self.statement(statement);
        }
        self.indent -= 1;
        self.line("}");
    }

    fn statement(&mut self, statement: &Statement) {
        use Statement as S;
        let line = match statement {
            S::Set(var, value) => format!("{} = {}", VARS[*var], self.value(value)),
            S::Add(var, value) => format!("{} += {}", VARS[*var], self.value(value)),
            S::Let(local, value) => format!("let k{local} = {}", self.value(value)),
            S::Print(values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                format!("print({})", values.join(", "))
            }
            S::Assert(test) => format!("assert {}", self.test(test)),
            S::If(test, yes, no) if no.is_empty() => {
                return self.block(&format!("if {} {{", self.test(test)), yes, "}");
            }
            S::If(test, yes, no) => {
                return self.two(&format!("if {} {{", self.test(test)), yes, "} else {", no);
            }
            S::Repeat(count, body) => return self.block(&format!("repeat {count} {{"), body, "}"),
            S::While(test, body) => return self.block(&format!("while {} {{", self.test(test)), body, "}"),
            S::Await(test) => format!("await {}", self.test(test)),
            S::Atomically(body) => return self.block("atomically {", body, "}"),
            S::Yield => "yield".into(),
            S::Sleep(seconds) => format!("sleep {seconds}ms"),
            S::Start(handle) => {
                let body = self.program.handles[*handle];
                let (before, after) = match self.program.listing {
                    Listing::Names => (format!("let h{handle} = "), ""),
                    Listing::Added | Listing::Made | Listing::Prepared => ("hs.push(".to_string(), ")"),
                };
                match self.program.bodies[body].kind {
                    BodyKind::Template | BodyKind::Process => {
                        let given = match self.program.channel().filter(|_| *handle == 0) {
                            Some(pipe) if self.program.things[pipe] == Thing::Pipe => "far".to_string(),
                            Some(server) => format!("{}.port", self.name(server)),
                            None => String::new(),
                        };
                        format!("{before}start t{body}({given}){after}")
                    }
                    BodyKind::Timer(_) => format!("start t{body}"),
                    BodyKind::Task => unreachable!("a task is given to a pool"),
                    BodyKind::Block => {
                        let statements = &self.program.bodies[body].statements;
                        return self.block(&format!("{before}start {{"), statements, &format!("}}{after}"));
                    }
                }
            }
            S::Join(handle) => format!("join {}", self.handle(*handle)),
            S::JoinAll(_) if self.program.listing != Listing::Names && self.program.in_turn => {
                "for h in hs { join h }".into()
            }
            S::JoinAll(_) if self.program.listing != Listing::Names => "join hs".into(),
            S::JoinAll(handles) => {
                let all: Vec<String> = handles.iter().map(|handle| self.handle(*handle)).collect();
                format!("join {}", all.join(", "))
            }
            S::JoinTimed(handle, seconds, local) => {
                format!("let k{local} = {}.join(timeout: {seconds}ms)", self.handle(*handle))
            }
            S::Cancel(handle) => format!("{}.cancel()", self.handle(*handle)),
            S::Kill(handle) => format!("{}.kill()", self.handle(*handle)),
            S::With(target, body) => {
                return self.block(&format!("with {} {{", self.target(*target)), body, "}");
            }
            S::WithTimeout(target, seconds, body, other) => {
                let before = format!("with {} timeout {seconds}ms {{", self.target(*target));
                return self.two(&before, body, "} else {", other);
            }
            S::Acquire(target) => format!("{}.acquire()", self.target(*target)),
            S::AcquireTimed(target, seconds, local) => {
                format!("let k{local} = {}.acquire(timeout: {seconds}ms)", self.target(*target))
            }
            S::TryAcquire(target, local) => {
                format!("let k{local} = {}.try_acquire()", self.target(*target))
            }
            S::Release(target) => format!("{}.release()", self.target(*target)),
            S::Wait(thing) => format!("{}.wait()", self.name(*thing)),
            S::WaitTimed(thing, seconds, local) => {
                format!("let k{local} = {}.wait(timeout: {seconds}ms)", self.name(*thing))
            }
            S::Notify(thing) => format!("{}.notify()", self.name(*thing)),
            S::NotifyAll(thing) => format!("{}.notify_all()", self.name(*thing)),
            S::SetEvent(thing) => format!("{}.set()", self.name(*thing)),
            S::ClearEvent(thing) => format!("{}.clear()", self.name(*thing)),
            S::CountDown(thing) => format!("{}.count_down()", self.name(*thing)),
            S::Put(queue, value) => format!("{}.put({})", self.name(*queue), self.value(value)),
            S::Get(queue, local) => format!("let k{local} = {}.get()", self.name(*queue)),
            S::GetTimed(queue, seconds, local) => {
                format!("let k{local} = {}.get(timeout: {seconds}ms)", self.name(*queue))
            }
            S::TryGet(queue, local) => format!("let k{local} = {}.try_get(-1)", self.name(*queue)),
            S::Close(queue) => format!("{}.close()", self.name(*queue)),
            S::ForOver(queue, local, body) => {
                return self.block(&format!("for k{local} in {} {{", self.name(*queue)), body, "}");
            }
            S::AtomicAdd(atomic, n) => format!("{}.add({n})", self.name(*atomic)),
            S::AtomicAddTo(atomic, n, local) => format!("let k{local} = {}.add({n})", self.name(*atomic)),
            S::CompareExchange(atomic, old, new, local) => {
                format!("let k{local} = {}.compare_exchange({old}, {new})", self.name(*atomic))
            }
            S::Send(_, value) => format!("{}.send({})", self.side(), self.value(value)),
            S::SendMuch(_) => format!("{}.send(\"x\" * 40_000)", self.side()),
            S::Receive(_, local) => format!("let k{local} = told({}.recv())", self.side()),
            S::CloseSide(_) => format!("{}.close()", self.side()),
            S::Connect(_) => "let link = connect(side)".into(),
            S::Accept(server) => format!("let near = {}.accept()", self.name(*server)),
            S::Submit(Task { body, given, number }) => {
                format!("let f{number} = pool1.submit(t{body}, {})", self.value(given))
            }
            S::Result(task, local) => format!("let k{local} = f{task}.result"),
            S::Map(tasks, local) => {
                let given: Vec<String> = tasks.iter().map(|task| self.value(&task.given)).collect();
                format!("let k{local} = sum(pool1.map(t{}, [{}]))", tasks[0].body, given.join(", "))
            }
            S::WithPool(body) => return self.block("with pool1 {", body, "}"),
            S::Return(value) => format!("return {}", self.value(value)),
            S::Exit => "exit(3)".into(),
            S::Choose(local, count) => {
                let values: Vec<String> = (0..*count).map(|i| i.to_string()).collect();
                format!("let k{local} = choose([{}])", values.join(", "))
            }
            S::Push(value) => format!("xs.push({})", self.value(value)),
            S::Pop(local) => format!("let k{local} = xs.pop()"),
            S::SetAt(i, value) => format!("xs[{i}] = {}", self.value(value)),
            S::Throw => "throw \"oops\"".into(),
            S::TryCatch(body, handler) => return self.two("try {", body, "} catch e {", handler),
            S::Select(arms, otherwise) => return self.select(arms, otherwise),
        };
        self.line(&line);
    }

    fn select(&mut self, arms: &[(Arm, Vec<Statement>)], otherwise: &Otherwise) {
        self.line("select {");
        self.indent += 1;
        for (arm, body) in arms {
            let arm = match *arm {
                Arm::Get(queue, local) => format!("let k{local} = {}.get()", self.name(queue)),
                Arm::Put(queue, n) => format!("{}.put({n})", self.name(queue)),
                Arm::Wait(thing) => format!("{}.wait()", self.name(thing)),
                Arm::Acquire(thing) => format!("{}.acquire()", self.name(thing)),
                Arm::Join(handle) => format!("join {}", self.handle(handle)),
            };
            self.block(&format!("{arm} => {{"), body, "}");
        }
        match otherwise {
            Otherwise::Nothing => {}
            Otherwise::After(seconds, body) => self.block(&format!("after {seconds}ms => {{"), body, "}"),
            Otherwise::Else(body) => self.block("else => {", body, "}"),
        }
        self.indent -= 1;
        self.line("}");
    }
}
