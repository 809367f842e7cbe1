//! Waiting: for whom, and what comes when it is over, by what was waited for or by its time.

use super::*;

impl Machine<'_> {
    /// `wait` of an event, a latch, a barrier or a condition.
    pub(super) fn wait(
        &self,
        state: &State,
        me: usize,
        thing: usize,
        to: Option<usize>,
        each: &mut dyn FnMut(State),
    ) {
        let thread = &state.threads[me];
        let mut next = state.clone();
        match &state.things[thing] {
            Thing::Number(count) => {
                if *count == 0 {
                    each(self.done(next, me, to, 1));
                }
            }
            Thing::Event(set) => match thread.waiting {
                Waiting::Over(_) => each(self.done(next, me, to, 1)),
                _ if *set => each(self.done(next, me, to, 1)),
                Waiting::No => {
                    next.threads[me].waiting = Waiting::Begun(0);
                    each(next);
                }
                Waiting::Begun(_) | Waiting::Broken => {}
            },
            Thing::Barrier { arrived, broken } => match thread.waiting {
                Waiting::Over(index) => each(self.done(next, me, to, index)),
                Waiting::Broken => each(self.fail(next, me, "broken")),
                Waiting::Begun(_) => {}
                Waiting::No if *broken => each(self.fail(next, me, "broken")),
                Waiting::No => {
                    let crate::model::Thing::Barrier(parties) = self.program.things[thing] else { return };
                    next.threads[me].waiting = Waiting::Begun(i64::from(*arrived));
                    let all = arrived + 1 == parties;
                    let arrived = if all { 0 } else { arrived + 1 };
                    next.things[thing] = Thing::Barrier { arrived, broken: false };
                    if all {
                        self.let_go(&mut next, thing);
                        // The last one need not wait.
                        let Waiting::Over(index) = next.threads[me].waiting else { return };
                        return each(self.done(next, me, to, index));
                    }
                    each(next);
                }
            },
            Thing::Condition => match thread.waiting {
                Waiting::Over(notified) => self.wake(next, me, thing, to, notified, each),
                Waiting::Begun(_) | Waiting::Broken => {}
                Waiting::No if !self.holds_lock_of(state, me, thing) => {
                    each(self.fail(next, me, "not_owner"))
                }
                Waiting::No => {
                    let lock = self.lock_of(thing);
                    let Thing::Lock { holder, levels, .. } = &mut next.things[lock] else { return };
                    next.threads[me].levels = *levels;
                    (*holder, *levels) = (None, 0);
                    next.threads[me].waiting = Waiting::Begun(0);
                    each(next);
                }
            },
            Thing::Lock { .. }
            | Thing::RwLock { .. }
            | Thing::Queue { .. }
            | Thing::Channel(_)
            | Thing::Pool => unreachable!("no wait"),
        }
    }

    /// Takes the condition's lock again, if it can.
    fn wake(
        &self,
        mut next: State,
        me: usize,
        condition: usize,
        to: Option<usize>,
        notified: i64,
        each: &mut dyn FnMut(State),
    ) {
        let all_levels = next.threads[me].levels;
        match &mut next.things[self.lock_of(condition)] {
            Thing::Lock { abandoned: true, .. } => each(self.fail(next, me, "abandoned")),
            Thing::Lock { holder: holder @ None, levels, .. } => {
                (*holder, *levels) = (Some(me), all_levels);
                next.threads[me].levels = 0;
                each(self.done(next, me, to, notified));
            }
            _ => {}
        }
    }

    /// Those who wait at a barrier go on.
    pub(super) fn let_go(&self, next: &mut State, barrier: usize) {
        for i in 0..next.threads.len() {
            let here = matches!(self.step(next, i), Some(Step::Wait { thing, .. }) if *thing == barrier);
            if let (true, Waiting::Begun(index)) = (here, next.threads[i].waiting) {
                next.threads[i].waiting = Waiting::Over(index);
            }
        }
    }

    /// The wait of this step ends by its time, and what it waits for is not there.
    pub(super) fn time_out(&self, state: &State, me: usize, step: &Step, each: &mut dyn FnMut(State)) {
        let mut next = state.clone();
        match step {
            Step::Sleep(_) | Step::Beat { .. } => each(self.done(next, me, None, 0)),
            Step::Join { to, .. } | Step::Acquire { to, .. } => each(self.done(next, me, *to, 0)),
            Step::Get { .. } => each(self.fail(next, me, "timeout")),
            Step::Select { after: Some((_, label)), .. } => each(self.go(next, me, *label)),
            Step::Wait { thing, to, .. } => match (&state.things[*thing], state.threads[me].waiting) {
                (Thing::Condition, Waiting::Begun(_)) => {
                    next.threads[me].waiting = Waiting::Over(0);
                    next.threads[me].deadline = None;
                    let mut woken = false;
                    self.wake(next.clone(), me, *thing, *to, 0, &mut |state| {
                        woken = true;
                        each(state);
                    });
                    if !woken {
                        each(next);
                    }
                }
                // Too late already; only the lock is missing.
                (Thing::Condition, _) => {}
                (Thing::Barrier { .. }, _) => {
                    self.shatter(&mut next, state, *thing);
                    each(self.fail(next, me, "broken"));
                }
                _ => each(self.done(next, me, *to, 0)),
            },
            _ => {}
        }
    }

    pub(super) fn shatter(&self, next: &mut State, state: &State, barrier: usize) {
        for i in 0..next.threads.len() {
            let here = matches!(self.step(state, i), Some(Step::Wait { thing, .. }) if *thing == barrier);
            if here && matches!(state.threads[i].waiting, Waiting::Begun(_)) {
                next.threads[i].waiting = Waiting::Broken;
            }
        }
        next.things[barrier] = Thing::Barrier { arrived: 0, broken: true };
    }

    pub(super) fn lock_of(&self, condition: usize) -> usize {
        match self.program.things[condition] {
            crate::model::Thing::Condition(lock) => lock,
            _ => unreachable!("a condition"),
        }
    }

    pub(super) fn holds_lock_of(&self, state: &State, me: usize, condition: usize) -> bool {
        let lock = &state.things[self.lock_of(condition)];
        matches!(lock, Thing::Lock { holder, abandoned: false, .. } if *holder == Some(me))
    }

    pub(super) fn acquire(&self, next: &mut State, me: usize, target: Target) -> Result<bool, Kind> {
        let reentrant = self.program.things[target.thing] == crate::model::Thing::RLock;
        let flawed = self.flaw == Flaw::LockNeverBlocks;
        match &mut next.things[target.thing] {
            Thing::Lock { abandoned: true, .. } => Err("abandoned"),
            Thing::Lock { holder, levels, .. } => {
                let mine = *holder == Some(me) && reentrant;
                let free = holder.is_none() || mine || flawed;
                if free {
                    *holder = Some(me);
                    *levels += 1;
                }
                Ok(free)
            }
            Thing::RwLock { writer, readers } => {
                let free = writer.is_none() && (!target.write || readers.is_empty());
                match (free, target.write) {
                    (false, _) => {}
                    (true, true) => *writer = Some(me),
                    (true, false) => {
                        readers.push(me);
                        readers.sort_unstable();
                    }
                }
                Ok(free)
            }
            Thing::Number(permits) => {
                let free = *permits > 0;
                *permits -= i64::from(free);
                Ok(free)
            }
            thing => unreachable!("{thing:?}"),
        }
    }

    pub(super) fn release(&self, next: &mut State, me: usize, target: Target) -> Result<(), Kind> {
        match &mut next.things[target.thing] {
            Thing::Lock { holder, levels, .. } => {
                if *holder != Some(me) {
                    return if self.flaw == Flaw::LockNeverBlocks { Ok(()) } else { Err("not_owner") };
                }
                *levels -= 1;
                if *levels == 0 {
                    *holder = None;
                }
            }
            Thing::RwLock { writer, readers } => match target.write {
                true if *writer == Some(me) => *writer = None,
                true => return Err("not_owner"),
                false => match readers.iter().position(|reader| *reader == me) {
                    Some(at) => drop(readers.remove(at)),
                    None => return Err("not_owner"),
                },
            },
            Thing::Number(permits) => {
                let most = match self.program.things[target.thing] {
                    crate::model::Thing::Semaphore { permits, bounded: true } => permits,
                    _ => i64::MAX,
                };
                if *permits >= most {
                    return Err("value");
                }
                *permits += 1;
            }
            thing => unreachable!("{thing:?}"),
        }
        Ok(())
    }

    pub(super) fn put(&self, next: &mut State, queue: usize, value: i64) -> Result<bool, Kind> {
        let crate::model::Thing::Queue(capacity) = self.program.things[queue] else { return Ok(false) };
        match &mut next.things[queue] {
            Thing::Queue { closed: true, .. } => Err("closed"),
            Thing::Queue { values, .. } if capacity.is_none_or(|most| values.len() < most) => {
                values.push(value);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// From now on it is the lock only that it waits for, without a timeout.
pub(super) fn notify(waiter: &mut Thread) {
    waiter.waiting = Waiting::Over(1);
    waiter.deadline = None;
}

/// A value of the queue, if there is one.
pub(super) fn take(next: &mut State, queue: usize) -> Result<Option<i64>, Kind> {
    match &mut next.things[queue] {
        Thing::Queue { values, .. } if !values.is_empty() => Ok(Some(values.remove(0))),
        Thing::Queue { closed: true, .. } => Err("closed"),
        _ => Ok(None),
    }
}
