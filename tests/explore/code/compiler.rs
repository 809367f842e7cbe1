//! A body's statements made into steps.

use super::{Code, LOCALS, Operand, REGISTERS, RETURNED, Step};
use crate::model::*;

struct Compiler {
    code: Code,
    handler: Option<usize>,
    scratch: usize,
    /// `x += 1` as one step, which is wrong: to see that the comparison notices it.
    one_step_update: bool,
}

pub fn code(statements: &[Statement], timer: Option<i64>, daemon: bool, one_step_update: bool) -> Code {
    let code = Code { daemon, ..Code::default() };
    let mut compiler = Compiler { code, handler: None, scratch: LOCALS, one_step_update };
    let end = compiler.label();
    if let Some(seconds) = timer {
        compiler.emit(Step::Beat { seconds, cancelled: end });
    }
    compiler.statements(statements);
    compiler.here(end);
    compiler.emit(Step::End);
    compiler.code
}

impl Compiler {
    fn emit(&mut self, step: Step) {
        self.code.steps.push((step, self.handler));
    }

    fn label(&mut self) -> usize {
        self.code.labels.push(usize::MAX);
        self.code.labels.len() - 1
    }

    fn here(&mut self, label: usize) {
        self.code.labels[label] = self.code.steps.len();
    }

    fn register(&mut self) -> usize {
        self.scratch += 1;
        assert!(self.scratch <= REGISTERS);
        self.scratch - 1
    }

    fn value(&mut self, value: &Value) -> Operand {
        let to = match value {
            Value::Number(n) => return Operand::Number(*n),
            Value::Local(local) => return Operand::Register(*local),
            Value::Sum(left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                let to = self.register();
                self.emit(Step::Add { to, left, right });
                return Operand::Register(to);
            }
            Value::Var(_) | Value::Atomic(_) | Value::Size(_) | Value::Len | Value::At(_) => self.register(),
        };
        self.emit(match *value {
            Value::Var(var) => Step::Read { var, to },
            Value::Atomic(thing) => Step::AtomicGet { thing, to },
            Value::Size(thing) => Step::Size { thing, to },
            Value::At(index) => Step::At { index, to },
            _ => Step::Len { to },
        });
        Operand::Register(to)
    }

    /// Goes to the label when the test does not hold.
    fn unless(&mut self, test: &Test, label: usize) {
        match test {
            Test::Compare(left, comparison, right) => {
                let (left, right) = (self.value(left), self.value(right));
                self.emit(Step::Unless(left, *comparison, right, label));
            }
            Test::Flag(local) => {
                let flag = Operand::Register(*local);
                self.emit(Step::Unless(flag, Comparison::Equal, Operand::Number(1), label));
            }
            Test::And(a, b) => {
                self.unless(a, label);
                self.unless(b, label);
            }
        }
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.scratch = LOCALS;
            self.statement(statement);
        }
    }

    /// A block that releases the target however it ends.
    fn releasing(&mut self, target: Target, body: &[Statement]) {
        self.ending_with(&[Step::Release(target)], body);
    }

    /// A block after which these steps are done however it ends.
    fn ending_with(&mut self, last: &[Step], body: &[Statement]) {
        let (cleanup, done, outer) = (self.label(), self.label(), self.handler);
        self.handler = Some(cleanup);
        self.statements(body);
        self.handler = outer;
        last.iter().for_each(|step| self.emit(step.clone()));
        self.emit(Step::Jump(done));
        self.here(cleanup);
        last.iter().for_each(|step| self.emit(step.clone()));
        self.emit(Step::Reraise);
        self.here(done);
    }

    fn submit(&mut self, task: &Task) {
        let given = self.value(&task.given);
        self.emit(Step::Submit { body: task.body, given, number: task.number });
    }

    /// What they are given is a list, which is made first; then all are given, and then all are waited for.
    fn map(&mut self, tasks: &[Task], local: usize) {
        let given: Vec<Operand> = tasks.iter().map(|task| self.value(&task.given)).collect();
        for (task, given) in tasks.iter().zip(given) {
            self.emit(Step::Submit { body: task.body, given, number: task.number });
        }
        let (sum, to) = (self.register(), self.register());
        self.emit(Step::Add { to: sum, left: Operand::Number(0), right: Operand::Number(0) });
        for task in tasks {
            self.emit(Step::Result { number: task.number, to });
            self.emit(Step::Add { to: sum, left: Operand::Register(sum), right: Operand::Register(to) });
        }
        self.emit(Step::Add { to: local, left: Operand::Register(sum), right: Operand::Number(0) });
    }

    fn either(&mut self, test: &Test, yes: &[Statement], no: &[Statement]) {
        let (other, done) = (self.label(), self.label());
        self.unless(test, other);
        self.statements(yes);
        self.emit(Step::Jump(done));
        self.here(other);
        self.statements(no);
        self.here(done);
    }

    fn statement(&mut self, statement: &Statement) {
        use Statement as S;
        let step = match statement {
            S::Set(var, value) => Step::Write { var: *var, value: self.value(value) },
            S::Add(var, value) => {
                if self.one_step_update {
                    self.emit(Step::AtomicBegin);
                }
                let sum = Value::Sum(Box::new(Value::Var(*var)), Box::new(value.clone()));
                let value = self.value(&sum);
                self.emit(Step::Write { var: *var, value });
                if self.one_step_update {
                    self.emit(Step::AtomicEnd);
                }
                return;
            }
            S::Let(local, value) => {
                let left = self.value(value);
                Step::Add { to: *local, left, right: Operand::Number(0) }
            }
            S::Print(values) => Step::Print(values.iter().map(|value| self.value(value)).collect()),
            S::Assert(test) => {
                let (failed, done) = (self.label(), self.label());
                self.unless(test, failed);
                self.emit(Step::Jump(done));
                self.here(failed);
                self.emit(Step::Raise("assertion"));
                return self.here(done);
            }
            S::If(test, yes, no) => return self.either(test, yes, no),
            S::Repeat(count, body) => return (0..*count).for_each(|_| self.statements(body)),
            S::While(test, body) => {
                let (again, done) = (self.label(), self.label());
                self.here(again);
                self.unless(test, done);
                self.statements(body);
                self.emit(Step::Jump(again));
                return self.here(done);
            }
            S::Await(test) => Step::Await(test.clone()),
            S::Atomically(body) => {
                self.emit(Step::AtomicBegin);
                let one_step_update = std::mem::take(&mut self.one_step_update); // all is one step already
                self.statements(body);
                self.one_step_update = one_step_update;
                Step::AtomicEnd
            }
            S::Yield => Step::Yield,
            S::Sleep(seconds) => Step::Sleep(*seconds),
            S::Start(handle) => Step::Start(*handle),
            S::Join(handle) => join(std::slice::from_ref(handle), None),
            S::JoinAll(handles) => {
                return (0..handles.len()).for_each(|at| self.emit(join(&handles[at..], None)));
            }
            S::JoinTimed(handle, seconds, local) => {
                join(std::slice::from_ref(handle), Some((*seconds, *local)))
            }
            S::Cancel(handle) => Step::Cancel(*handle),
            S::Kill(handle) => Step::Kill(*handle),
            S::With(target, body) => {
                self.emit(Step::Acquire { target: *target, timeout: None, to: None });
                return self.releasing(*target, body);
            }
            S::WithTimeout(target, seconds, body, other) => {
                let (gave_up, done, to) = (self.label(), self.label(), self.register());
                self.emit(Step::Acquire { target: *target, timeout: Some(*seconds), to: Some(to) });
                let acquired = Operand::Register(to);
                self.emit(Step::Unless(acquired, Comparison::Equal, Operand::Number(1), gave_up));
                self.releasing(*target, body);
                self.emit(Step::Jump(done));
                self.here(gave_up);
                self.statements(other);
                return self.here(done);
            }
            S::Acquire(target) => Step::Acquire { target: *target, timeout: None, to: None },
            S::AcquireTimed(target, seconds, local) => {
                Step::Acquire { target: *target, timeout: Some(*seconds), to: Some(*local) }
            }
            S::TryAcquire(target, local) => Step::TryAcquire { target: *target, to: *local },
            S::Release(target) => Step::Release(*target),
            S::Wait(thing) => Step::Wait { thing: *thing, timeout: None, to: None },
            S::WaitTimed(thing, seconds, local) => {
                Step::Wait { thing: *thing, timeout: Some(*seconds), to: Some(*local) }
            }
            S::Notify(thing) => Step::Notify { thing: *thing, all: false },
            S::NotifyAll(thing) => Step::Notify { thing: *thing, all: true },
            S::SetEvent(thing) => Step::SetEvent(*thing),
            S::ClearEvent(thing) => Step::ClearEvent(*thing),
            S::CountDown(thing) => Step::CountDown(*thing),
            S::Put(queue, value) => Step::Put { queue: *queue, value: self.value(value) },
            S::Get(queue, local) => Step::Get { queue: *queue, timeout: None, to: *local },
            S::GetTimed(queue, seconds, local) => {
                Step::Get { queue: *queue, timeout: Some(*seconds), to: *local }
            }
            S::TryGet(queue, local) => Step::TryGet { queue: *queue, to: *local },
            S::Close(queue) => Step::Close(*queue),
            S::ForOver(queue, local, body) => {
                let (again, end) = (self.label(), self.label());
                self.here(again);
                self.emit(Step::Next { queue: *queue, to: *local, end });
                self.statements(body);
                self.emit(Step::Jump(again));
                return self.here(end);
            }
            S::AtomicAdd(thing, n) => Step::AtomicAdd { thing: *thing, n: *n, to: None },
            S::AtomicAddTo(thing, n, local) => Step::AtomicAdd { thing: *thing, n: *n, to: Some(*local) },
            S::CompareExchange(thing, old, new, local) => {
                Step::CompareExchange { thing: *thing, old: *old, new: *new, to: *local }
            }
            S::Send(channel, value) => Step::Send { channel: *channel, value: self.value(value) },
            S::SendMuch(channel) => Step::Send { channel: *channel, value: Operand::Number(MUCH) },
            S::Receive(channel, local) => Step::Receive { channel: *channel, to: *local },
            S::CloseSide(channel) => Step::CloseSide(*channel),
            S::Connect(channel) => Step::Connect(*channel),
            S::Accept(channel) => Step::Accept(*channel),
            S::Submit(task) => return self.submit(task),
            S::Result(number, local) => Step::Result { number: *number, to: *local },
            S::Map(tasks, local) => return self.map(tasks, *local),
            S::WithPool(body) => {
                self.emit(Step::EnterPool);
                return self.ending_with(&[Step::ClosePool, Step::Idle], body);
            }
            S::Return(value) => {
                let left = self.value(value);
                Step::Add { to: RETURNED, left, right: Operand::Number(0) }
            }
            S::Exit => Step::Raise(crate::pools::EXIT),
            S::Choose(local, count) => Step::Choose { count: *count, to: *local },
            S::Push(value) => Step::Push(self.value(value)),
            S::Pop(local) => Step::Pop { to: *local },
            S::SetAt(index, value) => Step::SetAt { index: *index, value: self.value(value) },
            S::Throw => Step::Raise("error"),
            S::TryCatch(body, handler) => {
                let (caught, done, outer) = (self.label(), self.label(), self.handler);
                self.handler = Some(caught);
                self.statements(body);
                self.handler = outer;
                self.emit(Step::Jump(done));
                self.here(caught);
                self.emit(Step::Caught);
                self.statements(handler);
                return self.here(done);
            }
            S::Select(arms, otherwise) => return self.select(arms, otherwise),
        };
        self.emit(step);
    }

    fn select(&mut self, arms: &[(Arm, Vec<Statement>)], otherwise: &Otherwise) {
        let done = self.label();
        let labelled: Vec<(Arm, usize)> = arms.iter().map(|(arm, _)| (*arm, self.label())).collect();
        let last = self.label();
        let (after, other, body) = match otherwise {
            Otherwise::Nothing => (None, None, &[][..]),
            Otherwise::After(seconds, body) => (Some((*seconds, last)), None, &body[..]),
            Otherwise::Else(body) => (None, Some(last), &body[..]),
        };
        self.emit(Step::Select { arms: labelled.clone(), after, otherwise: other });
        for ((_, body), (_, label)) in arms.iter().zip(&labelled) {
            self.here(*label);
            self.statements(body);
            self.emit(Step::Jump(done));
        }
        self.here(last);
        self.statements(body);
        self.here(done);
    }
}

/// Waits for the first; the others come after it.
fn join(handles: &[usize], timeout: Option<(i64, usize)>) -> Step {
    let (seconds, to) = timeout.unzip();
    Step::Join { handle: handles[0], others: handles[1..].to_vec(), timeout: seconds, to }
}
