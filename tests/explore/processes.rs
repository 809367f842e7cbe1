//! Random programs with processes: one or two beside `main`, over variables that are shared or their own, over things
//! that are shared, over a pipe or a connection between `main` and the first process, and with kills.

use crate::generate::size;
use crate::model::*;

/// More interleavings than this are too many for the oracle.
const MOST: usize = 2_000;

struct Generator {
    random: fastrand::Rng,
    program: Program,
    locals: usize,
    in_main: bool,
    /// The pipe or connection, where it can be used.
    channel: Option<usize>,
}

/// The program of a number.
pub fn program(seed: u64) -> Program {
    small(seed ^ 0x70726f63, Generator::program)
}

/// One with a process pool.
pub fn pooled(seed: u64) -> Program {
    small(seed ^ 0x706f6f6c, Generator::pooled)
}

fn small(seed: u64, make: impl Fn(&mut Generator)) -> Program {
    let mut random = fastrand::Rng::with_seed(seed);
    loop {
        let mut generator = Generator {
            random: random.fork(),
            program: Program::default(),
            locals: 0,
            in_main: false,
            channel: None,
        };
        make(&mut generator);
        if size(&generator.program) <= MOST {
            return generator.program;
        }
    }
}

impl Generator {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(..100) < percent
    }

    fn program(&mut self) {
        self.shared_things(3, 2);
        let channel = self.chance(40).then(|| {
            let thing = if self.chance(50) { Thing::Pipe } else { Thing::Connection };
            self.program.things.push(thing);
            self.program.things.len() - 1
        });
        self.processes(channel);
    }

    /// At most so many variables and things.
    fn shared_things(&mut self, vars: usize, things: usize) {
        let vars = self.random.usize(1..=vars);
        self.program.vars = vec![0; vars];
        self.program.shared = (0..vars).map(|_| self.chance(60)).collect();
        for _ in 0..self.random.usize(1..=things) {
            let thing = match self.random.u8(..10) {
                0 => Thing::Semaphore { permits: self.random.i64(0..2), bounded: false },
                1 => Thing::Queue(Some(1)),
                2 => Thing::Atomic(0),
                3 => Thing::RLock,
                4 => Thing::Event,
                5 => Thing::Latch(1),
                6 => Thing::Barrier(2),
                7 => {
                    let lock = if self.chance(50) { Thing::Lock } else { Thing::RLock };
                    self.program.things.push(lock);
                    Thing::Condition(self.program.things.len() - 1)
                }
                _ => Thing::Lock,
            };
            self.program.things.push(thing);
        }
    }

    fn processes(&mut self, channel: Option<usize>) {
        let processes = self.random.usize(1..3);
        for handle in 0..processes {
            // Sometimes the second runs what the first does.
            if handle == 0 || channel.is_some() || self.chance(60) {
                let kind = if handle > 0 && self.chance(25) { BodyKind::Template } else { BodyKind::Process };
                self.channel = channel.filter(|_| handle == 0);
                let mut statements = self.statements(3, 0);
                if let Some(channel) = self.channel.take()
                    && self.program.things[channel] == Thing::Connection
                {
                    statements.insert(0, Statement::Connect(channel));
                }
                self.program.bodies.push(Body { kind, daemon: false, statements });
            }
            self.program.handles.push(self.program.bodies.len() - 1);
        }
        self.main(processes, channel);
    }

    /// Two or three tasks for one or two workers.
    fn pooled(&mut self) {
        self.shared_things(2, 1);
        let workers = self.random.usize(1..3);
        self.program.things.push(Thing::ProcessPool(workers));
        for _ in 0..self.random.usize(1..3) {
            self.locals = 0;
            let mut statements = self.statements(2, 0);
            match self.random.u8(..8) {
                0 => statements.push(Statement::Throw),
                1 => statements.push(Statement::Exit),
                _ => {
                    let value = Value::Sum(Box::new(Value::Local(0)), Box::new(self.value()));
                    statements.push(Statement::Return(value));
                }
            }
            self.program.bodies.push(Body { kind: BodyKind::Task, daemon: false, statements });
        }
        (self.in_main, self.locals) = (true, 0);
        let mut main = self.some(1);
        let count = self.random.usize(2..4);
        match self.random.u8(..4) {
            0 => {
                let body = self.random.usize(..self.program.bodies.len());
                let tasks = (0..count).map(|number| Task { body, given: self.value(), number }).collect();
                self.locals += 1;
                let (mapped, local) = (Statement::Map(tasks, self.locals), self.locals);
                main.push(self.asked(vec![mapped, Statement::Print(vec![Value::Local(local)])]));
            }
            1 => {
                let inside = self.tasks(count);
                main.push(Statement::WithPool(inside));
            }
            _ => main.extend(self.tasks(count)),
        }
        main.push(Statement::Print((0..self.program.vars.len()).map(Value::Var).collect()));
        self.program.main = main;
    }

    /// Tasks are given, and some are asked for.
    fn tasks(&mut self, count: usize) -> Vec<Statement> {
        let mut made = Vec::new();
        for number in 0..count {
            let body = self.random.usize(..self.program.bodies.len());
            made.push(Statement::Submit(Task { body, given: self.value(), number }));
        }
        made.extend(self.some(1));
        for number in (0..count).filter(|_| self.random.u8(..4) > 0).collect::<Vec<_>>() {
            self.locals += 1;
            let result = Statement::Result(number, self.locals);
            made.push(self.asked(vec![result, Statement::Print(vec![Value::Local(self.locals)])]));
        }
        made
    }

    /// An error of a task is caught, or ends `main`.
    fn asked(&mut self, statements: Vec<Statement>) -> Statement {
        match self.chance(70) {
            true => Statement::TryCatch(statements, vec![Statement::Print(vec![Value::Number(-1)])]),
            false => Statement::Repeat(1, statements),
        }
    }

    fn main(&mut self, handles: usize, channel: Option<usize>) {
        self.in_main = true;
        let connection = channel.filter(|channel| self.program.things[*channel] == Thing::Connection);
        self.channel = channel.filter(|_| connection.is_none());
        let mut main = self.some(1);
        main.push(Statement::Start(0));
        main.extend(connection.map(Statement::Accept));
        self.channel = channel;
        if handles > 1 {
            main.extend(self.some(1));
            main.push(Statement::Start(1));
        }
        main.extend(self.some(2));
        for handle in 0..handles {
            let process = self.program.bodies[self.program.handles[handle]].kind == BodyKind::Process;
            if process && self.chance(35) {
                main.push(Statement::Kill(handle));
                main.extend(self.some(1));
            }
        }
        for handle in (0..handles).filter(|_| self.random.u8(..5) > 0).collect::<Vec<_>>() {
            main.push(Statement::Join(handle));
        }
        main.push(Statement::Print((0..self.program.vars.len()).map(Value::Var).collect()));
        self.program.main = main;
    }

    fn some(&mut self, most: usize) -> Vec<Statement> {
        let count = self.random.usize(..=most);
        (0..count).map(|_| self.statement(1)).collect()
    }

    fn statements(&mut self, most: usize, depth: usize) -> Vec<Statement> {
        let count = self.random.usize(1..=most);
        (0..count).map(|_| self.statement(depth)).collect()
    }

    fn value(&mut self) -> Value {
        match self.random.u8(..3) {
            0 => Value::Var(self.random.usize(..self.program.vars.len())),
            _ => Value::Number(self.random.i64(1..3)),
        }
    }

    fn statement(&mut self, depth: usize) -> Statement {
        let var = self.random.usize(..self.program.vars.len());
        if let Some(channel) = self.channel.filter(|_| self.chance(45)) {
            return match self.random.u8(..8) {
                0..=2 => Statement::Send(channel, self.value()),
                // How much of it would be on the way is not for the oracle to know.
                3 if self.program.things[channel] == Thing::Pipe => Statement::SendMuch(channel),
                3 => Statement::Send(channel, Value::Number(1)),
                4..=6 => {
                    self.locals = (self.locals + 1) % 8;
                    Statement::Receive(channel, self.locals)
                }
                _ => Statement::CloseSide(channel),
            };
        }
        if self.chance(45) {
            return match self.random.u8(..8) {
                0..=3 => Statement::Add(var, Value::Number(1)),
                4 | 5 => Statement::Set(var, self.value()),
                6 => Statement::Print(vec![Value::Var(var)]),
                _ => {
                    let test = Test::Compare(Value::Var(var), Comparison::AtMost, Value::Number(1));
                    Statement::Assert(test)
                }
            };
        }
        let things = self.program.things.iter();
        let apart = |thing: &Thing| matches!(thing, Thing::Pipe | Thing::Connection | Thing::ProcessPool(_));
        let shared = things.filter(|thing| !apart(thing)).count();
        let thing = self.random.usize(..shared);
        let target = Target { thing, write: false };
        let kind = self.program.things[thing];
        match kind {
            Thing::Atomic(_) => Statement::AtomicAdd(thing, 1),
            Thing::Queue(_) if self.chance(60) => Statement::Put(thing, Value::Number(1)),
            Thing::Queue(_) => {
                self.locals = (self.locals + 1) % 8;
                Statement::TryGet(thing, self.locals)
            }
            Thing::Semaphore { .. } if self.chance(50) => Statement::Release(target),
            Thing::Event | Thing::Latch(_) | Thing::Barrier(_) => self.meeting(thing),
            Thing::Condition(lock) => {
                // Which of several is told that one has died is not for the oracle to know: `main` does not wait there.
                let inside = match self.random.u8(..4) {
                    0 => Statement::NotifyAll(thing),
                    1 | 2 if !self.in_main => Statement::Wait(thing),
                    _ => Statement::Notify(thing),
                };
                Statement::With(Target { thing: lock, write: false }, vec![inside])
            }
            _ if depth > 1 => Statement::Add(var, Value::Number(1)),
            Thing::Semaphore { .. } => Statement::Acquire(target),
            Thing::Lock | Thing::RLock if self.chance(10) => {
                self.locals = (self.locals + 1) % 8;
                Statement::TryAcquire(target, self.locals)
            }
            Thing::Lock
            | Thing::RLock
            | Thing::RwLock
            | Thing::Pipe
            | Thing::Connection
            | Thing::ProcessPool(_) => Statement::With(target, self.statements(2, depth + 1)),
        }
    }

    fn meeting(&mut self, thing: usize) -> Statement {
        let waits = self.chance(50);
        let kind = self.program.things[thing];
        match kind {
            _ if waits && self.chance(20) => {
                self.locals = (self.locals + 1) % 8;
                Statement::WaitTimed(thing, 1, self.locals)
            }
            Thing::Event if !waits => Statement::SetEvent(thing),
            Thing::Latch(_) if !waits => Statement::CountDown(thing),
            _ => Statement::Wait(thing),
        }
    }
}
