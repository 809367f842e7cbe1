//! Random programs: one to three threads beside `main`, a few statements each, over a few things of each other's kind.

use crate::code;
use crate::model::*;

/// What a program is about; each has its things and its statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Vars,
    Lock,
    RLock,
    RwLock,
    Semaphore,
    Condition,
    Event,
    Latch,
    Barrier,
    Queue,
    Atomic,
    List,
    Await,
    Atomically,
    Spin,
    Select,
    Catch,
    Sleep,
    Choose,
}

const SUBJECTS: [Subject; 19] = [
    Subject::Vars,
    Subject::Lock,
    Subject::RLock,
    Subject::RwLock,
    Subject::Semaphore,
    Subject::Condition,
    Subject::Event,
    Subject::Latch,
    Subject::Barrier,
    Subject::Queue,
    Subject::Atomic,
    Subject::List,
    Subject::Await,
    Subject::Atomically,
    Subject::Spin,
    Subject::Select,
    Subject::Catch,
    Subject::Sleep,
    Subject::Choose,
];

/// What is known where a statement is written.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Locals with a number, and with true or false.
    numbers: Vec<usize>,
    flags: Vec<usize>,
    held: Vec<usize>,
    depth: usize,
    /// Inside something that must not wait: a side of an rwlock.
    leaf: bool,
}

struct Generator {
    random: fastrand::Rng,
    program: Program,
    subjects: Vec<Subject>,
    /// Locals of the body being written.
    locals: usize,
    /// The lock that guards the variables, in a program that minds races.
    guard: Option<usize>,
}

/// More interleavings than this are too many for the oracle.
const MOST: usize = 2_000;

/// The program of a number.
pub fn program(seed: u64) -> Program {
    let mut random = fastrand::Rng::with_seed(seed);
    loop {
        let mut generator = Generator {
            random: random.fork(),
            program: Program::default(),
            subjects: Vec::new(),
            locals: 0,
            guard: None,
        };
        generator.program();
        if size(&generator.program) <= MOST {
            // Drawn apart, so that the rest of a program stays what it is.
            let mut random = fastrand::Rng::with_seed(!seed);
            if random.u8(..10) < 4 {
                join_together(&mut generator.program, &mut random);
            }
            return generator.program;
        }
    }
}

/// `main` waits for its threads with one statement, and perhaps keeps them in a list.
fn join_together(program: &mut Program, random: &mut fastrand::Rng) {
    let joined = |statement: &Statement| match statement {
        Statement::Join(handle) => Some(*handle),
        _ => None,
    };
    let mut joined: Vec<usize> = program.main.iter().filter_map(joined).collect();
    let is_join = |statement: &Statement| matches!(statement, Statement::Join(_));
    let Some(last) = program.main.iter().rposition(is_join) else { return };
    let kinds = program.handles.iter().map(|body| program.bodies[*body].kind);
    let one_template = kinds.clone().all(|kind| kind == BodyKind::Template)
        && program.handles.iter().all(|body| *body == program.handles[0])
        && program.main.iter().take_while(|it| matches!(it, Statement::Start(_))).count()
            == program.handles.len();
    if random.bool() && !kinds.clone().any(|kind| matches!(kind, BodyKind::Timer(_))) {
        program.listing = if one_template && random.bool() { Listing::Made } else { Listing::Added };
        joined = (0..program.handles.len()).collect();
    }
    program.main[last] = Statement::JoinAll(joined);
    program.main.retain(|statement| !is_join(statement));
}

/// About as many states as there are ways to stand in the threads' code.
pub fn size(program: &Program) -> usize {
    let steps = |statements: &[Statement]| {
        let code = code::code(statements, None, false, false);
        code.steps.iter().filter(|(step, _)| !step.is_local()).count()
    };
    let bodies = program.handles.iter().map(|body| 1 + steps(&program.bodies[*body].statements));
    bodies.product::<usize>().saturating_mul(steps(&program.main) / 2)
}

impl Generator {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(..100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.random.usize(..of.len())])
    }

    fn program(&mut self) {
        let vars = self.random.usize(1..3);
        self.program.vars = (0..vars).map(|_| if self.chance(80) { 0 } else { 1 }).collect();
        self.program.idle = self.chance(20);
        self.subjects.push(Subject::Vars);
        for _ in 0..self.random.usize(1..4) {
            let subject = SUBJECTS[self.random.usize(..SUBJECTS.len())];
            if !self.subjects.contains(&subject) {
                self.subjects.push(subject);
                self.things(subject);
            }
        }
        if self.chance(50) {
            let waits = |thing: &Thing| if let Thing::Condition(lock) = thing { Some(*lock) } else { None };
            self.guard = self.program.things.iter().find_map(waits).or(Some(self.program.things.len()));
            if self.guard == Some(self.program.things.len()) {
                self.program.things.push(Thing::Lock);
            }
        }
        self.bodies();
        self.main();
        if self.chance(12) {
            let test = self.closing_test();
            self.program.invariants.push(test);
        }
        if self.chance(25) {
            let test = self.closing_test();
            self.program.ensures.push(test);
        }
    }

    fn things(&mut self, subject: Subject) {
        let two = self.chance(40);
        let things = &mut self.program.things;
        let at = things.len();
        match subject {
            Subject::Lock => things.extend(if two { vec![Thing::Lock; 2] } else { vec![Thing::Lock] }),
            Subject::RLock => things.push(Thing::RLock),
            Subject::RwLock => things.push(Thing::RwLock),
            Subject::Semaphore => {
                let (permits, bounded) = (self.random.i64(0..3), self.random.u8(..4) == 0);
                things.push(Thing::Semaphore { permits, bounded });
            }
            Subject::Condition => {
                things.extend([if two { Thing::RLock } else { Thing::Lock }, Thing::Condition(at)]);
            }
            Subject::Event => things.push(Thing::Event),
            Subject::Latch => things.push(Thing::Latch(self.random.i64(1..3))),
            Subject::Barrier => things.push(Thing::Barrier(self.random.u8(2..4))),
            Subject::Queue => {
                things.push(Thing::Queue(if two { None } else { Some(self.random.usize(1..3)) }))
            }
            Subject::Atomic => things.push(Thing::Atomic(0)),
            Subject::List => self.program.list = Some(vec![1; self.random.usize(0..3)]),
            Subject::Select => {
                let event = if two { Thing::Event } else { Thing::Latch(1) };
                things.extend([Thing::Queue(Some(1)), event]);
                things.push(Thing::Semaphore { permits: 0, bounded: false });
                // What its arms wait for must come from somewhere.
                self.subjects.extend([Subject::Queue, Subject::Semaphore]);
                self.subjects.push(if two { Subject::Event } else { Subject::Latch });
            }
            Subject::Vars
            | Subject::Await
            | Subject::Atomically
            | Subject::Spin
            | Subject::Catch
            | Subject::Sleep
            | Subject::Choose => {}
        }
    }

    fn bodies(&mut self) {
        let threads = [1, 2, 2, 2, 3, 3][self.random.usize(..6)];
        while self.program.handles.len() < threads {
            let body = self.program.bodies.len();
            let kind = match self.random.u8(..10) {
                0 => BodyKind::Timer(self.random.i64(1..3)),
                1..=3 => BodyKind::Block,
                _ => BodyKind::Template,
            };
            let daemon = kind != BodyKind::Block && self.chance(8);
            let count = self.random.usize(1..if threads == 3 { 4 } else { 6 });
            self.locals = 0;
            let statements = self.statements(&mut Place::default(), count);
            self.program.bodies.push(Body { kind, daemon, statements });
            // The same once more: threads that can be exchanged.
            let twice = kind == BodyKind::Template && self.chance(50);
            self.program.handles.extend(vec![body; if twice { 2 } else { 1 }]);
        }
        self.program.handles.truncate(3);
    }

    fn main(&mut self) {
        self.locals = 0;
        let mut place = Place::default();
        let mut main = Vec::new();
        let handles = 0..self.program.handles.len();
        for handle in handles.clone() {
            main.push(Statement::Start(handle));
            if self.chance(15) {
                main.extend(self.statement(&mut place));
            }
        }
        for handle in handles.clone() {
            let body = &self.program.bodies[self.program.handles[handle]];
            if matches!(body.kind, BodyKind::Timer(_)) && self.chance(40) {
                main.push(Statement::Cancel(handle));
            }
        }
        let count = self.random.usize(0..3);
        main.extend(self.statements(&mut place, count));
        if handles.len() > 1 && self.chance(8) {
            let arms = (0..2).map(|i| (Arm::Join(i), vec![Statement::Set(0, Value::Number(4 + i as i64))]));
            let after = Otherwise::After(1, vec![Statement::Set(0, Value::Number(3))]);
            let otherwise = if self.chance(50) { after } else { Otherwise::Nothing };
            main.push(Statement::Select(arms.collect(), otherwise));
        }
        for handle in handles {
            match self.random.u8(..10) {
                0 => {}
                1 if self.locals < 10 => {
                    let local = self.local();
                    main.push(Statement::JoinTimed(handle, 1, local));
                    if self.chance(50) {
                        let test = Test::Flag(local);
                        main.push(Statement::If(test, vec![Statement::Set(0, Value::Number(7))], Vec::new()));
                    }
                }
                _ => main.push(Statement::Join(handle)),
            }
        }
        let mut end = Vec::new();
        if self.chance(25) {
            end.push(Statement::Assert(self.closing_test()));
        }
        if self.chance(40) {
            let values = (0..self.program.vars.len()).map(Value::Var).collect();
            end.push(Statement::Print(values));
        }
        let guarded = self.chance(60);
        match self.guard {
            Some(thing) if guarded && !end.is_empty() => {
                main.push(Statement::With(Target { thing, write: false }, end));
            }
            _ => main.extend(end),
        }
        self.program.main = main;
    }

    /// Of variables and numbers only.
    fn closing_test(&mut self) -> Test {
        let comparison = [Comparison::Equal, Comparison::Unequal, Comparison::AtMost, Comparison::Less];
        let comparison = comparison[self.random.usize(..4)];
        let left = Value::Var(self.var());
        let right = match self.random.u8(..4) {
            0 => Value::Var(self.var()),
            _ => Value::Number(self.random.i64(0..4)),
        };
        if self.chance(30) {
            // One that may well hold.
            return Test::Compare(left, Comparison::AtMost, Value::Number(self.random.i64(3..8)));
        }
        let test = Test::Compare(left, comparison, right);
        if self.chance(20) {
            let other = Test::Compare(Value::Var(self.var()), Comparison::Less, Value::Number(3));
            return Test::And(Box::new(test), Box::new(other));
        }
        test
    }

    fn var(&mut self) -> usize {
        self.random.usize(..self.program.vars.len())
    }

    fn local(&mut self) -> usize {
        self.locals += 1;
        self.locals - 1
    }

    /// Things of a sort, by number.
    fn thing(&mut self, fits: impl Fn(&Thing) -> bool) -> Option<usize> {
        let all: Vec<usize> =
            (0..self.program.things.len()).filter(|i| fits(&self.program.things[*i])).collect();
        self.one(&all)
    }

    fn value(&mut self, place: &Place) -> Value {
        match self.random.u8(..8) {
            0..=2 => Value::Number(self.random.i64(0..4)),
            3 | 4 if self.unguarded(place) => Value::Number(3),
            3 => Value::Var(self.var()),
            4 => Value::Sum(Box::new(Value::Var(self.var())), Box::new(Value::Number(1))),
            5 => match self.thing(|thing| matches!(thing, Thing::Atomic(_))) {
                Some(atomic) => Value::Atomic(atomic),
                None => Value::Number(1),
            },
            _ => match self.one(&place.numbers) {
                Some(local) if self.chance(50) => Value::Local(local),
                Some(local) => Value::Sum(Box::new(Value::Local(local)), Box::new(Value::Number(1))),
                None => Value::Number(2),
            },
        }
    }

    /// Variables must not be looked at here, in a program that minds races.
    fn unguarded(&self, place: &Place) -> bool {
        self.guard.is_some_and(|guard| !place.held.contains(&guard))
    }

    fn test(&mut self, place: &Place) -> Test {
        match self.one(&place.flags) {
            Some(flag) if self.chance(60) => Test::Flag(flag),
            _ => match self.one(&place.numbers) {
                Some(local) if self.chance(50) => Test::Compare(
                    Value::Local(local),
                    Comparison::Equal,
                    Value::Number(self.random.i64(0..3)),
                ),
                _ if self.unguarded(place) => {
                    Test::Compare(Value::Number(0), Comparison::Equal, Value::Number(self.random.i64(0..2)))
                }
                _ => self.closing_test(),
            },
        }
    }

    fn statements(&mut self, place: &mut Place, count: usize) -> Vec<Statement> {
        let mut statements = Vec::new();
        while statements.len() < count {
            if self.locals >= 9 {
                statements.push(Statement::Add(0, Value::Number(1)));
                continue;
            }
            statements.extend(self.statement(place));
        }
        statements
    }

    /// A block inside: what it declares is not seen after it.
    fn block(&mut self, place: &Place) -> Vec<Statement> {
        let mut inner = Place { depth: place.depth + 1, ..place.clone() };
        let count = if self.chance(70) { 1 } else { 2 };
        self.statements(&mut inner, count)
    }

    fn statement(&mut self, place: &mut Place) -> Vec<Statement> {
        let subject = match self.one(&self.subjects.clone()) {
            Some(subject) if !place.leaf => subject,
            _ => Subject::Vars,
        };
        if place.depth < 2 && !place.leaf && self.chance(8) {
            return vec![match self.random.u8(..3) {
                0 => Statement::Repeat(2, self.block(place)),
                1 => Statement::If(self.test(place), self.block(place), Vec::new()),
                _ => Statement::If(self.test(place), self.block(place), self.block(place)),
            }];
        }
        self.about(subject, place)
    }

    fn about(&mut self, subject: Subject, place: &mut Place) -> Vec<Statement> {
        let choice = self.random.u8(..8);
        let deep = place.depth >= 2;
        match subject {
            Subject::Vars => match self.guard {
                Some(thing) if !place.held.contains(&thing) && !place.leaf => {
                    let mut inner = Place { depth: place.depth + 1, ..place.clone() };
                    inner.held.push(thing);
                    let count = self.random.usize(1..3);
                    let body = (0..count).map(|_| self.of_variables(&mut inner)).collect();
                    vec![Statement::With(Target { thing, write: false }, body)]
                }
                _ => vec![self.of_variables(place)],
            },
            Subject::Lock | Subject::RLock | Subject::Condition if choice == 7 && !deep => {
                let Some(condition) = self.thing(|thing| matches!(thing, Thing::Condition(_))) else {
                    return vec![self.of_variables(place)];
                };
                vec![self.notify(condition, place)]
            }
            Subject::Condition => self.of_condition(place, choice),
            Subject::Lock => self.of_lock(place, choice, |thing| matches!(thing, Thing::Lock)),
            Subject::RLock => self.of_lock(place, choice, |thing| matches!(thing, Thing::RLock)),
            Subject::RwLock => {
                let Some(thing) = self.thing(|thing| matches!(thing, Thing::RwLock)) else {
                    return Vec::new();
                };
                // Nothing inside may wait: whether a waiting writer holds back readers is not said.
                let mut inner = Place { depth: place.depth + 1, leaf: true, ..place.clone() };
                let count = self.random.usize(1..3);
                let body = self.statements(&mut inner, count);
                vec![Statement::With(Target { thing, write: choice < 4 }, body)]
            }
            Subject::Semaphore => {
                let Some(thing) = self.thing(|thing| matches!(thing, Thing::Semaphore { .. })) else {
                    return Vec::new();
                };
                let target = Target { thing, write: false };
                match choice {
                    0 | 1 if !deep => vec![Statement::With(target, self.block(place))],
                    2 => vec![self.flag(place, |local| Statement::TryAcquire(target, local))],
                    3 => vec![self.flag(place, |local| Statement::AcquireTimed(target, 1, local))],
                    4 => vec![Statement::Acquire(target)],
                    _ => vec![Statement::Release(target)],
                }
            }
            Subject::Event => {
                let Some(event) = self.thing(|thing| matches!(thing, Thing::Event)) else {
                    return Vec::new();
                };
                match choice {
                    0..=2 => vec![Statement::Wait(event)],
                    3 => vec![self.flag(place, |local| Statement::WaitTimed(event, 1, local))],
                    4 => vec![Statement::ClearEvent(event)],
                    5 => vec![Statement::SetEvent(event), Statement::ClearEvent(event)],
                    _ => vec![Statement::SetEvent(event)],
                }
            }
            Subject::Latch => {
                let Some(latch) = self.thing(|thing| matches!(thing, Thing::Latch(_))) else {
                    return Vec::new();
                };
                match choice {
                    0..=2 => vec![Statement::Wait(latch)],
                    3 => vec![self.flag(place, |local| Statement::WaitTimed(latch, 1, local))],
                    _ => vec![Statement::CountDown(latch)],
                }
            }
            Subject::Barrier => {
                let Some(barrier) = self.thing(|thing| matches!(thing, Thing::Barrier(_))) else {
                    return Vec::new();
                };
                match choice {
                    0 => {
                        // Its value is an index: not of interest, and not true or false.
                        let local = self.local();
                        vec![Statement::WaitTimed(barrier, 1, local)]
                    }
                    _ => vec![Statement::Wait(barrier)],
                }
            }
            Subject::Queue => self.of_queue(place, choice),
            Subject::Atomic => {
                let Some(atomic) = self.thing(|thing| matches!(thing, Thing::Atomic(_))) else {
                    return Vec::new();
                };
                match choice {
                    0..=2 => vec![Statement::AtomicAdd(atomic, self.random.i64(1..3))],
                    3 | 4 => vec![self.number(place, |local| Statement::AtomicAddTo(atomic, 1, local))],
                    5 => vec![self.number(place, |local| Statement::Let(local, Value::Atomic(atomic)))],
                    _ => vec![self.flag(place, |local| Statement::CompareExchange(atomic, 0, 1, local))],
                }
            }
            Subject::List => match choice {
                0..=2 => vec![Statement::Push(self.value(place))],
                3 => vec![self.number(place, Statement::Pop)],
                4 => vec![self.number(place, |local| Statement::Let(local, Value::Len))],
                5 => vec![self.number(place, |local| Statement::Let(local, Value::At(0)))],
                6 => vec![Statement::SetAt(0, self.value(place))],
                _ => {
                    let test = Test::Compare(Value::Number(0), Comparison::Less, Value::Len);
                    let local = self.local();
                    vec![Statement::If(test, vec![Statement::Pop(local)], Vec::new())]
                }
            },
            Subject::Await => match choice {
                0..=3 => vec![Statement::Await(self.closing_test())],
                _ => vec![Statement::Atomically(vec![Statement::Set(self.var(), Value::Number(1))])],
            },
            Subject::Atomically => {
                let var = self.var();
                let mut body = vec![Statement::Add(var, Value::Number(1))];
                match choice {
                    0 => body.push(Statement::Set(self.var(), Value::Var(var))),
                    1 => body = vec![Statement::If(self.closing_test(), body, Vec::new())],
                    _ => {}
                }
                vec![Statement::Atomically(body)]
            }
            Subject::Spin => match choice {
                0..=2 => {
                    let left = Value::Var(self.var());
                    let test = Test::Compare(left, Comparison::Equal, Value::Number(self.random.i64(0..2)));
                    let body = if self.chance(20) { vec![Statement::Yield] } else { Vec::new() };
                    vec![Statement::While(test, body)]
                }
                _ => vec![Statement::Set(self.var(), Value::Number(self.random.i64(0..2)))],
            },
            Subject::Select => vec![self.select(place, choice)],
            Subject::Catch if deep => vec![Statement::Throw],
            Subject::Catch => match choice {
                0 => vec![Statement::Throw],
                1..=3 => {
                    let test = self.test(place);
                    vec![Statement::If(test, vec![Statement::Throw], Vec::new())]
                }
                _ => vec![Statement::TryCatch(self.block(place), self.block(place))],
            },
            Subject::Sleep => match choice {
                0 => vec![Statement::Yield],
                _ => vec![Statement::Sleep(self.random.i64(1..4))],
            },
            Subject::Choose => vec![self.number(place, |local| Statement::Choose(local, 2))],
        }
    }

    fn number(&mut self, place: &mut Place, make: impl FnOnce(usize) -> Statement) -> Statement {
        let local = self.local();
        place.numbers.push(local);
        make(local)
    }

    fn flag(&mut self, place: &mut Place, make: impl FnOnce(usize) -> Statement) -> Statement {
        let local = self.local();
        place.flags.push(local);
        make(local)
    }

    fn of_variables(&mut self, place: &mut Place) -> Statement {
        match self.random.u8(..12) {
            0..=3 => Statement::Add(self.var(), Value::Number(1)),
            4 | 5 => Statement::Set(self.var(), self.value(place)),
            6 => Statement::Add(self.var(), self.value(place)),
            7 | 8 => {
                let value = Value::Var(self.var());
                self.number(place, |local| Statement::Let(local, value))
            }
            9 => Statement::Print(vec![self.value(place)]),
            10 if self.chance(40) => Statement::Assert(self.test(place)),
            _ => Statement::If(
                self.test(place),
                vec![Statement::Set(self.var(), Value::Number(2))],
                Vec::new(),
            ),
        }
    }

    fn of_lock(&mut self, place: &mut Place, choice: u8, fits: impl Fn(&Thing) -> bool) -> Vec<Statement> {
        let Some(thing) = self.thing(fits) else { return vec![self.of_variables(place)] };
        let target = Target { thing, write: false };
        let reentrant = self.program.things[thing] == Thing::RLock;
        if place.held.contains(&thing) && !(reentrant && self.chance(50)) && !self.chance(4) {
            return vec![self.of_variables(place)];
        }
        let mut inner = Place { depth: place.depth + 1, ..place.clone() };
        inner.held.push(thing);
        match choice {
            0 if place.depth < 2 => {
                let body = self.statements(&mut inner, 1);
                let mut other = Place { depth: place.depth + 1, ..place.clone() };
                let other = self.statements(&mut other, 1);
                vec![Statement::WithTimeout(target, 1, body, other)]
            }
            1 => {
                let statement = self.flag(place, |local| match choice {
                    1 if reentrant => Statement::AcquireTimed(target, 1, local),
                    _ => Statement::TryAcquire(target, local),
                });
                let Some(flag) = place.flags.last().copied() else { return vec![statement] };
                let mut body = self.statements(&mut inner, 1);
                body.push(Statement::Release(target));
                vec![statement, Statement::If(Test::Flag(flag), body, Vec::new())]
            }
            2 => {
                let mut statements = vec![Statement::Acquire(target)];
                statements.extend(self.statements(&mut inner, 1));
                // Now and then it is forgotten.
                if self.chance(90) {
                    statements.push(Statement::Release(target));
                }
                // It declares in the same scope.
                (place.numbers, place.flags) = (inner.numbers, inner.flags);
                statements
            }
            3 if self.chance(15) => vec![Statement::Release(target)],
            _ if place.depth < 3 => {
                let count = self.random.usize(1..3);
                vec![Statement::With(target, self.statements(&mut inner, count))]
            }
            _ => vec![self.of_variables(place)],
        }
    }

    fn of_condition(&mut self, place: &mut Place, choice: u8) -> Vec<Statement> {
        let Some(condition) = self.thing(|thing| matches!(thing, Thing::Condition(_))) else {
            return Vec::new();
        };
        let Thing::Condition(lock) = self.program.things[condition] else { return Vec::new() };
        let var = self.var();
        if place.held.contains(&lock) {
            return vec![match choice {
                0..=2 => Statement::Wait(condition),
                3 => self.flag(place, |local| Statement::WaitTimed(condition, 1, local)),
                _ => self.notify(condition, place),
            }];
        }
        let test = Test::Compare(Value::Var(var), Comparison::Equal, Value::Number(0));
        let body = match choice {
            0 | 1 => vec![Statement::While(test, vec![Statement::Wait(condition)])],
            2 => vec![Statement::If(test, vec![Statement::Wait(condition)], Vec::new())],
            3 => {
                let local = self.local();
                vec![Statement::WaitTimed(condition, 1, local)]
            }
            4 if self.chance(10) => return vec![self.notify(condition, place)],
            _ => {
                let notify = self.notify(condition, place);
                vec![Statement::Set(var, Value::Number(1)), notify]
            }
        };
        vec![Statement::With(Target { thing: lock, write: false }, body)]
    }

    fn notify(&mut self, condition: usize, _: &Place) -> Statement {
        if self.chance(50) { Statement::Notify(condition) } else { Statement::NotifyAll(condition) }
    }

    fn of_queue(&mut self, place: &mut Place, choice: u8) -> Vec<Statement> {
        let Some(queue) = self.thing(|thing| matches!(thing, Thing::Queue(_))) else { return Vec::new() };
        vec![match choice {
            0..=2 => Statement::Put(queue, self.value(place)),
            3 => self.number(place, |local| Statement::Get(queue, local)),
            4 => self.number(place, |local| Statement::TryGet(queue, local)),
            5 if self.chance(50) => self.number(place, |local| Statement::Let(local, Value::Size(queue))),
            5 => self.number(place, |local| Statement::GetTimed(queue, 1, local)),
            6 if place.depth < 2 => {
                let local = self.local();
                let mut inner = Place { depth: place.depth + 1, ..place.clone() };
                inner.numbers.push(local);
                Statement::ForOver(queue, local, self.statements(&mut inner, 1))
            }
            _ => Statement::Close(queue),
        }]
    }

    fn select(&mut self, place: &mut Place, choice: u8) -> Statement {
        let mut arms: Vec<Arm> = Vec::new();
        while arms.len() < 2 {
            let arm = match self.random.u8(..5) {
                0 => self
                    .thing(|thing| matches!(thing, Thing::Queue(_)))
                    .map(|queue| Arm::Get(queue, self.local())),
                1 => self.thing(|thing| matches!(thing, Thing::Queue(_))).map(|queue| Arm::Put(queue, 5)),
                2 => self.thing(|thing| matches!(thing, Thing::Event | Thing::Latch(_))).map(Arm::Wait),
                3 => self.thing(|thing| matches!(thing, Thing::Semaphore { .. })).map(Arm::Acquire),
                _ => continue,
            };
            let Some(arm) = arm else { continue };
            let kind = std::mem::discriminant(&arm);
            if arms.iter().all(|other| std::mem::discriminant(other) != kind) {
                arms.push(arm);
            }
        }
        let mut written = Vec::new();
        for arm in arms {
            let mut inner = Place { depth: place.depth + 1, ..place.clone() };
            if let Arm::Get(_, local) = arm {
                inner.numbers.push(local);
            }
            written.push((arm, vec![self.of_variables(&mut inner)]));
        }
        let mut inner = Place { depth: place.depth + 1, ..place.clone() };
        let body = vec![self.of_variables(&mut inner)];
        let otherwise = match choice {
            0..=2 => Otherwise::Nothing,
            3..=5 => Otherwise::After(1, body),
            _ => Otherwise::Else(body),
        };
        Statement::Select(written, otherwise)
    }
}
