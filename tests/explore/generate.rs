//! Random programs: one to three threads beside `main`, a few statements each, over a few things of each other's kind.

mod statements;

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
        program.in_turn = random.bool();
        if program.listing == Listing::Made && random.bool() {
            program.listing = Listing::Prepared;
        }
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
}
