//! What comes of each kind of step.

use super::looks::{cells, operand};
use super::waits::{notify, take};
use super::*;

impl Machine<'_> {
    /// Every way in which the step can be done now; none when it has to wait.
    pub(super) fn steps(&self, state: &State, me: usize, step: &Step, each: &mut dyn FnMut(State)) {
        let thread = &state.threads[me];
        let mut next = state.clone();
        let taken = |thing: usize| &state.things[thing];
        match step {
            step if step.is_data() => {
                self.data(&mut next, me, step);
                self.settle(&mut next, me);
                each(next);
            }
            Step::AtomicBegin => {
                self.atomically(&mut next, me, &mut Vec::new());
                self.settle(&mut next, me);
                each(next);
            }
            Step::Print(values) => {
                let texts: Vec<String> = values.iter().map(|v| operand(thread, *v).to_string()).collect();
                next.output.push_str(&texts.join(" "));
                next.output.push('\n');
                each(self.done(next, me, None, 0));
            }
            Step::Choose { count, to } => {
                (0..*count).for_each(|value| each(self.done(state.clone(), me, Some(*to), value)));
            }
            Step::Await(test) => {
                if self.test(state, me, test) {
                    each(self.done(next, me, None, 0));
                }
            }
            Step::Yield => each(self.done(next, me, None, 0)),
            Step::Sleep(_) => {}
            Step::Beat { cancelled, .. } => {
                if thread.cancelled {
                    each(self.go(next, me, *cancelled));
                }
            }
            Step::Kill(handle) => match state.threads[handle + 1].life {
                Life::New => each(self.fail(next, me, "state")),
                Life::Alive => {
                    next.doomed[handle + 1] = true;
                    each(self.done(next, me, None, 0));
                }
                Life::Ended | Life::Failed(_) => each(self.done(next, me, None, 0)),
            },
            Step::Start(handle) => {
                if self.is_process(handle + 1) {
                    next.own[handle + 1] =
                        (0..state.vars.len()).map(|var| *self.place(&mut next, me, var)).collect();
                }
                next.threads[handle + 1].life = Life::Alive;
                self.settle(&mut next, handle + 1);
                each(self.done(next, me, None, 0));
            }
            Step::Cancel(handle) => {
                next.threads[handle + 1].cancelled = true;
                each(self.done(next, me, None, 0));
            }
            Step::Join { handle, to, .. } => match state.threads[handle + 1].life {
                Life::Ended | Life::Failed(_) => each(self.done(next, me, *to, 1)),
                Life::New => each(self.fail(next, me, "state")),
                Life::Alive => {}
            },
            Step::Acquire { target, to, .. } => match self.acquire(&mut next, me, *target) {
                Ok(true) => each(self.done(next, me, *to, 1)),
                Ok(false) => {}
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::TryAcquire { target, to } => match self.acquire(&mut next, me, *target) {
                Ok(acquired) => each(self.done(next, me, Some(*to), i64::from(acquired))),
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::Release(target) => match self.release(&mut next, me, *target) {
                Ok(()) => each(self.done(next, me, None, 0)),
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::Wait { thing, to, .. } => self.wait(state, me, *thing, *to, each),
            Step::Notify { thing, all } => {
                if !self.holds_lock_of(state, me, *thing) {
                    return each(self.fail(next, me, "not_owner"));
                }
                let waits = |i: &usize| {
                    let in_it =
                        matches!(self.step(state, *i), Some(Step::Wait { thing: its, .. }) if its == thing);
                    in_it && matches!(state.threads[*i].waiting, Waiting::Begun(_))
                };
                let waiters: Vec<usize> = (0..state.threads.len()).filter(waits).collect();
                if *all || waiters.is_empty() || self.flaw == Flaw::NotifyLost {
                    let lost = self.flaw == Flaw::NotifyLost && !all;
                    for waiter in waiters.into_iter().filter(|_| !lost) {
                        notify(&mut next.threads[waiter]);
                    }
                    return each(self.done(next, me, None, 0));
                }
                for waiter in waiters {
                    let mut next = state.clone();
                    notify(&mut next.threads[waiter]);
                    each(self.done(next, me, None, 0));
                }
            }
            Step::SetEvent(thing) => {
                next.things[*thing] = Thing::Event(true);
                for i in 0..state.threads.len() {
                    let waits = match self.step(state, i) {
                        Some(Step::Wait { thing: its, .. }) => its == thing,
                        Some(Step::Select { arms, .. }) => {
                            arms.iter().any(|(arm, _)| matches!(arm, Arm::Wait(its) if its == thing))
                        }
                        _ => false,
                    };
                    if waits && matches!(state.threads[i].waiting, Waiting::Begun(_)) {
                        next.threads[i].waiting = Waiting::Over(1);
                    }
                }
                each(self.done(next, me, None, 0));
            }
            Step::ClearEvent(thing) => {
                next.things[*thing] = Thing::Event(false);
                each(self.done(next, me, None, 0));
            }
            Step::CountDown(thing) => match &mut next.things[*thing] {
                Thing::Number(0) => each(self.fail(next, me, "state")),
                Thing::Number(count) => {
                    *count -= 1;
                    each(self.done(next, me, None, 0));
                }
                _ => unreachable!("a latch"),
            },
            Step::Put { queue, value } => match self.put(&mut next, *queue, operand(thread, *value)) {
                Ok(true) => each(self.done(next, me, None, 0)),
                Ok(false) => {}
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::Get { queue, to, .. } => match take(&mut next, *queue) {
                Ok(Some(value)) => each(self.done(next, me, Some(*to), value)),
                Ok(None) => {}
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::TryGet { queue, to } => {
                let value = take(&mut next, *queue).ok().flatten().unwrap_or(-1);
                each(self.done(next, me, Some(*to), value));
            }
            Step::Next { queue, to, end } => match take(&mut next, *queue) {
                Ok(Some(value)) => each(self.done(next, me, Some(*to), value)),
                Ok(None) => {}
                Err(_) => each(self.go(next, me, *end)),
            },
            Step::Close(queue) => {
                if let Thing::Queue { closed, .. } = &mut next.things[*queue] {
                    *closed = true;
                }
                each(self.done(next, me, None, 0));
            }
            Step::Send { channel, value } => self.send(state, me, *channel, operand(thread, *value), each),
            Step::Receive { channel, to } => {
                let [own, other] = sides(&mut next, *channel, side_of(me));
                match own.inbox.first() {
                    _ if !own.open => each(self.fail(next, me, "closed")),
                    Some(&value) => {
                        if own.taken_in == 0 {
                            own.taken_in = own.inbox.len();
                        }
                        own.taken_in -= 1;
                        own.inbox.remove(0);
                        each(self.done(next, me, Some(*to), value));
                    }
                    None if own.reset || !other.open && self.flaw != Flaw::EndKeptOpen => {
                        own.reset = false;
                        each(self.fail(next, me, "closed"));
                    }
                    None => {}
                }
            }
            Step::CloseSide(channel) => {
                let [own, _] = sides(&mut next, *channel, side_of(me));
                own.close();
                each(self.done(next, me, None, 0));
            }
            Step::Connect(channel) => {
                let [own, _] = sides(&mut next, *channel, side_of(me));
                own.there = true;
                each(self.done(next, me, None, 0));
            }
            Step::Accept(channel) => {
                let [own, other] = sides(&mut next, *channel, side_of(me));
                if other.there {
                    own.there = true;
                    each(self.done(next, me, None, 0));
                }
            }
            Step::Select { arms, otherwise, .. } => {
                let mut ready = false;
                for (arm, label) in arms {
                    let mut next = state.clone();
                    let done = match *arm {
                        Arm::Get(queue, to) => take(&mut next, queue).map(|got| {
                            got.is_some_and(|value| {
                                next.threads[me].set(to, value);
                                true
                            })
                        }),
                        Arm::Put(queue, value) => self.put(&mut next, queue, value),
                        Arm::Wait(thing) => Ok(match taken(thing) {
                            Thing::Event(set) => *set || thread.waiting == Waiting::Over(1),
                            Thing::Number(count) => *count == 0,
                            _ => unreachable!("an event or a latch"),
                        }),
                        Arm::Acquire(thing) => self.acquire(&mut next, me, Target { thing, write: false }),
                        Arm::Join(handle) => match state.threads[handle + 1].life {
                            Life::Ended | Life::Failed(_) => Ok(true),
                            Life::New => Err("state"),
                            Life::Alive => Ok(false),
                        },
                    };
                    match done {
                        Ok(true) => each(self.go(next, me, *label)),
                        Ok(false) => continue,
                        Err(kind) => each(self.fail(next, me, kind)),
                    }
                    ready = true;
                    if self.flaw == Flaw::FirstArmOnly {
                        return;
                    }
                }
                if let (false, Some(label)) = (ready, otherwise) {
                    return each(self.go(next, me, *label));
                }
                let event =
                    |arm: &Arm| matches!(*arm, Arm::Wait(thing) if matches!(taken(thing), Thing::Event(_)));
                if !ready && thread.waiting == Waiting::No && arms.iter().any(|(arm, _)| event(arm)) {
                    next.threads[me].waiting = Waiting::Begun(0);
                    each(next);
                }
            }
            Step::Submit { body, given, number } => {
                match next.crew.submit(*body, operand(thread, *given), *number) {
                    true => each(self.done(next, me, None, 0)),
                    false => each(self.fail(next, me, "closed")),
                }
            }
            Step::Result { number, to } => match state.crew.result(*number) {
                Some(Ok(value)) => each(self.done(next, me, Some(*to), value)),
                Some(Err(_)) if self.flaw == Flaw::FailureLost => each(self.done(next, me, Some(*to), 0)),
                Some(Err(kind)) => each(self.fail(next, me, kind)),
                None => {}
            },
            Step::EnterPool if state.crew.closed => each(self.fail(next, me, "closed")),
            Step::EnterPool => each(self.done(next, me, None, 0)),
            Step::ClosePool => {
                next.crew.closed = true;
                each(self.done(next, me, None, 0));
            }
            Step::Idle => {
                if state.crew.is_idle() {
                    each(self.done(next, me, None, 0));
                }
            }
            Step::End if self.is_worker(me) => {
                self.reply(&mut next, me);
                each(next);
            }
            Step::End => {
                each(ended(next, me, thread.error.map_or(Life::Ended, Life::Failed)));
            }
            step => unreachable!("{step:?}"),
        }
    }

    /// Sends over a pipe or a connection.
    pub(super) fn send(
        &self,
        state: &State,
        me: usize,
        channel: usize,
        value: i64,
        each: &mut dyn FnMut(State),
    ) {
        let is_pipe = self.program.things[channel] == crate::model::Thing::Pipe;
        let mut next = state.clone();
        let [own, other] = sides(&mut next, channel, side_of(me));
        if !own.open {
            return each(self.fail(next, me, "closed"));
        }
        if !other.open {
            if !is_pipe && !own.reset && !own.told {
                let mut lost = state.clone();
                sides(&mut lost, channel, side_of(me))[0].told = true;
                each(self.done(lost, me, None, 0));
            }
            own.reset = false;
            return each(self.fail(next, me, "closed"));
        }
        let full = value == MUCH && other.inbox.contains(&MUCH) && self.flaw != Flaw::RoomForAll;
        if !full {
            other.inbox.push(value);
            each(self.done(next, me, None, 0));
        }
    }
    pub(super) fn local(&self, next: &mut State, me: usize) {
        let code = self.code(next, me);
        let thread = &mut next.threads[me];
        match code.steps[thread.at].0 {
            Step::Add { to, left, right } => {
                thread.set(to, operand(thread, left) + operand(thread, right));
            }
            Step::Jump(label) => {
                thread.at = code.labels[label];
                return;
            }
            Step::Unless(left, comparison, right, label)
                if !comparison.holds(operand(thread, left), operand(thread, right)) =>
            {
                thread.at = code.labels[label];
                return;
            }
            Step::Raise(kind) => return self.raise(next, me, kind),
            Step::Reraise => {
                let kind = thread.error.unwrap_or("error");
                return self.raise(next, me, kind);
            }
            Step::Caught => thread.error = None,
            _ => {}
        }
        next.threads[me].at += 1;
    }

    /// One access to data, without what comes after it.
    pub(super) fn data(&self, next: &mut State, me: usize, step: &Step) {
        let thread = &next.threads[me];
        let (to, value) = match *step {
            Step::Read { var, to } => (Some(to), *self.place(next, me, var)),
            Step::Write { var, value } => {
                *self.place(next, me, var) = operand(&next.threads[me], value);
                (None, 0)
            }
            Step::Push(value) => {
                next.list.push(operand(thread, value));
                (None, 0)
            }
            Step::Pop { to } => match next.list.pop() {
                Some(value) => (Some(to), value),
                None => return self.raise(next, me, "index"),
            },
            Step::Len { to } => (Some(to), next.list.len() as i64),
            Step::At { index, to } => match next.list.get(index) {
                Some(value) => (Some(to), *value),
                None => return self.raise(next, me, "index"),
            },
            Step::SetAt { index, value } => match next.list.get_mut(index) {
                Some(element) => {
                    *element = operand(thread, value);
                    (None, 0)
                }
                None => return self.raise(next, me, "index"),
            },
            Step::AtomicGet { thing, to } => match &next.things[thing] {
                Thing::Number(n) => (Some(to), *n),
                _ => unreachable!("an atomic"),
            },
            Step::AtomicAdd { thing, n, to } => match &mut next.things[thing] {
                Thing::Number(now) => {
                    *now += n;
                    (to, *now)
                }
                _ => unreachable!("an atomic"),
            },
            Step::CompareExchange { thing, old, new, to } => match &mut next.things[thing] {
                Thing::Number(now) => {
                    let same = *now == old;
                    *now = if same { new } else { *now };
                    (Some(to), i64::from(same))
                }
                _ => unreachable!("an atomic"),
            },
            Step::Size { thing, to } => match &next.things[thing] {
                Thing::Queue { values, .. } => (Some(to), values.len() as i64),
                _ => unreachable!("a queue"),
            },
            _ => unreachable!("{step:?}"),
        };
        let thread = &mut next.threads[me];
        if let Some(to) = to {
            thread.set(to, value);
        }
        thread.at += 1;
    }

    /// Runs an `atomically` block to its end, and tells what it touches.
    pub(super) fn atomically(&self, next: &mut State, me: usize, touched: &mut Vec<Access>) {
        next.threads[me].at += 1;
        loop {
            match &self.code(next, me).steps[next.threads[me].at].0 {
                Step::AtomicEnd => return,
                step if step.is_local() => self.local(next, me),
                step => {
                    let atomic = self.flaw != Flaw::OneStepUpdate;
                    touched.extend(cells(next, step).into_iter().map(|access| Access { atomic, ..access }));
                    self.data(next, me, step);
                    if next.threads[me].error.is_some() {
                        return;
                    }
                }
            }
        }
    }
}
