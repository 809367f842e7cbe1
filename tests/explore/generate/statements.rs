//! Statements about each subject.

use super::*;

impl Generator {
    pub(super) fn about(&mut self, subject: Subject, place: &mut Place) -> Vec<Statement> {
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
