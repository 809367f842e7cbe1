//! Which threads of a heap program can take a step.

use super::{Arm, Flaw, Machine, Object, Op, Register, State, Thread, Value};

impl Machine<'_> {
    pub(super) fn is_able(&self, state: &State, number: usize) -> bool {
        let thread = &state.threads[number];
        if thread.result.is_some() {
            return false;
        }
        if let Some(left) = thread.deadline {
            return left == 0 || !(thread.armed || self.gives_up(state, number));
        }
        if thread.armed || thread.cancelled {
            return true;
        }
        if let Some(pool) = thread.queued {
            let Object::Pool(size) = state.heap[pool] else { panic!("no pool") };
            let of_pool = |other: &&Thread| other.pool == Some(pool);
            let others = || state.threads.iter().filter(of_pool);
            let working = others().filter(|other| other.queued.is_none() && other.result.is_none()).count();
            // The first that was given begins first.
            let first = state.threads.iter().position(|other| other.queued == Some(pool));
            return self.flaw == Flaw::PoolHasRoom || working < size && first == Some(number);
        }
        let object = |register: &Register| match &thread.registers[*register] {
            Value::Object(object) => &state.heap[*object],
            other => panic!("{other:?} is no object"),
        };
        let ended = |register: &Register| match thread.registers[*register] {
            Value::Thread(other) => state.threads[other].result.is_some(),
            ref other => panic!("{other:?} is no thread"),
        };
        match self.op(state, number) {
            Some(Op::Acquire(lock)) => {
                self.flaw == Flaw::LockNeverBlocks || matches!(object(lock), Object::Lock(None))
            }
            Some(Op::AcquireSide(lock, write)) => {
                let Object::RwLock { writer, readers } = object(lock) else { panic!("no rwlock") };
                !writer && (!write || *readers == 0)
            }
            Some(Op::WaitEvent(event)) => matches!(object(event), Object::Event(true)),
            Some(Op::TakePermit(semaphore)) => *object(semaphore) != Object::Count(0),
            Some(Op::WaitLatch(latch)) => *object(latch) == Object::Count(0),
            Some(Op::Meet(barrier)) => {
                let Object::Barrier(waiting) = object(barrier) else { panic!("no barrier") };
                waiting.iter().find(|(waiter, _)| *waiter == number).is_none_or(|(_, met)| *met)
            }
            Some(Op::Wait(condition, lock)) => {
                let Object::Condition(waiting) = object(condition) else { panic!("no condition") };
                match waiting.iter().find(|(waiter, _)| *waiter == number) {
                    Some((_, notified)) => *notified && matches!(object(lock), Object::Lock(None)),
                    None => true,
                }
            }
            Some(Op::Get(_, queue)) => matches!(object(queue), Object::Queue(values) if !values.is_empty()),
            Some(Op::GetSmallest(_, queue)) => {
                matches!(object(queue), Object::Smallest(values) if !values.is_empty())
            }
            Some(Op::Select(arms, after)) => {
                after.is_some() || arms.iter().any(|(arm, _)| self.is_ready(state, number, arm))
            }
            Some(Op::Await(ops, register, least)) => {
                let mut then = state.clone();
                self.evaluate(&mut then, number, ops, &mut Vec::new());
                matches!(then.threads[number].registers[*register], Value::Int(now) if now > *least)
            }
            Some(Op::Join(other) | Op::Result(_, other)) => ended(other),
            _ => true,
        }
    }

    /// Whether its next operation cannot be done now, and is given up after a time.
    pub(super) fn gives_up(&self, state: &State, number: usize) -> bool {
        let thread = &state.threads[number];
        if thread.armed || thread.cancelled || thread.queued.is_some() {
            return false;
        }
        let object = |register: &Register| match &thread.registers[*register] {
            Value::Object(object) => &state.heap[*object],
            other => panic!("{other:?} is no object"),
        };
        match self.op(state, number) {
            Some(Op::TryFor(lock, _)) => !matches!(object(lock), Object::Lock(None)),
            Some(Op::GetFor(_, queue, _)) => {
                matches!(object(queue), Object::Queue(values) if values.is_empty())
            }
            Some(Op::JoinFor(other, _)) => {
                let Value::Thread(other) = thread.registers[*other] else { panic!("no thread") };
                state.threads[other].result.is_none()
            }
            Some(Op::Select(arms, Some(_))) => !arms.iter().any(|(arm, _)| self.is_ready(state, number, arm)),
            _ => false,
        }
    }

    pub(super) fn is_ready(&self, state: &State, number: usize, arm: &Arm) -> bool {
        let object = |register: &Register| match state.threads[number].registers[*register] {
            Value::Object(object) => &state.heap[object],
            ref other => panic!("{other:?} is no object"),
        };
        match arm {
            Arm::Get(_, queue) => matches!(object(queue), Object::Queue(values) if !values.is_empty()),
            Arm::Event(event) => matches!(object(event), Object::Event(true)),
        }
    }
}
