//! Signals in the simulated world. One that was sent stays with its process until it does something there, at any moment
//! from then on; an equal one that comes before that adds nothing.
//!
//! What is to end a process does so in the place of any step of one of its threads: that is a choice of the step. A
//! handler is a daemon thread that waits for its signal. One that does nothing stays where it is; whether a handler that
//! is installed later still finds it is a choice, too.
//!
//! A process that is stopped takes no step until it is told to go on; only a kill reaches it.

use super::rules::Rules;
use super::step::{Moved, Stepper};
use super::universe::{FIRST_PID, Universe};
use crate::builtin::Wait;
use crate::machine::Exit;
use crate::machine::Space;
use crate::machine::space::Handlers;
use crate::machine::touch::Act;
use crate::sync::Op;
use crate::sync::outside::command::Order;
use crate::sync::outside::signal::{Action, Default, Pending, Signal, no_number, nobody_to, not_its_own};
use crate::sync::outside::system::{Address, Dialling, Listener, Outside, Ready, Spawned};
use crate::sync::outside::{self, Way};
use crate::sync::process::{CONTINUE, KILL, Process, STOP};
use crate::sync::thread::{Entry, State, Thread};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use crate::world::copying::Signals;
use crate::world::{World, sealed};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// With this and the number of the signal ends a run that dies of one, as shells tell it.
const STATUS: i32 = 128;

/// Beside the signals of a process, which begin at 1: it is stopped.
const STOPPED: u64 = 1;

fn bit(signal: i32) -> u64 {
    1 << (signal as u64 % 64)
}

/// What there is at a process after one more signal has come: the one that stops it and the one that lets it go on undo
/// each other.
fn sent(before: u64, signal: i32) -> u64 {
    let before = match signal {
        CONTINUE => before & !(bit(STOP) | STOPPED),
        STOP => before & !bit(CONTINUE),
        _ => before,
    };
    before | bit(signal)
}

impl Universe {
    /// Which signals have come to a process and have done nothing yet.
    fn pending(&self, space: Option<&Arc<Space>>) -> u64 {
        space.map_or(self.signals, |space| space.process().signals())
    }

    fn set_pending(&mut self, space: Option<&Arc<Space>>, pending: u64) {
        match space {
            Some(space) => space.process().set_signals(pending),
            None => self.signals = pending,
        }
    }

    fn with_handlers<T>(&mut self, space: Option<&Arc<Space>>, act: impl FnOnce(&mut Handlers) -> T) -> T {
        match space {
            Some(space) => act(&mut space.handlers.lock()),
            None => act(&mut self.handlers),
        }
    }

    /// The signals that have come to a process and have done nothing yet. None where it is stopped, or may be at any moment.
    pub(super) fn signals_come(&self, space: Option<&Arc<Space>>) -> Option<Vec<Signal>> {
        let pending = self.pending(space);
        if pending & (STOPPED | bit(STOP)) != 0 {
            return None;
        }
        Some((1..64).filter(|signal| pending & bit(*signal) != 0).filter_map(Signal::of).collect())
    }

    /// What a process has said that it does when this signal comes, if it has: the thread of the handler, or nothing.
    pub(super) fn handler_of(&self, space: Option<&Arc<Space>>, signal: i32) -> Option<Option<Arc<Thread>>> {
        match space {
            Some(space) => space.handlers.lock().get(&signal).cloned(),
            None => self.handlers.get(&signal).cloned(),
        }
    }

    /// The signals by which a process could die now.
    fn deadly(&self, space: Option<&Arc<Space>>) -> Vec<i32> {
        let pending = self.pending(space);
        if pending == 0 {
            return Vec::new();
        }
        if pending & STOPPED != 0 {
            return if pending & bit(KILL) != 0 { vec![KILL] } else { Vec::new() };
        }
        let known = |signal: &i32| match space {
            Some(space) => space.handlers.lock().contains_key(signal),
            None => self.handlers.contains_key(signal),
        };
        let ends = |signal: &i32| Signal::of(*signal).is_some_and(|it| it.by_default() == Default::Ends);
        (1..64).filter(|signal| pending & bit(*signal) != 0 && ends(signal) && !known(signal)).collect()
    }

    /// Whether the process of this thread could die now.
    pub fn may_die(&self, seat: usize, rules: &Rules) -> bool {
        rules.signals && !self.deadly(self.seats[seat].space.as_ref()).is_empty()
    }

    /// Whether the process of this thread stands still.
    pub fn is_stopped(&self, seat: usize) -> bool {
        self.pending(self.seats[seat].space.as_ref()) & STOPPED != 0
    }

    /// Whether the thread of a handler has something to do: its signal has come, or another handler has its place.
    pub(super) fn signal_comes(&self, seat: usize, signal: i32) -> bool {
        let space = self.seats[seat].space.as_ref();
        self.pending(space) & bit(signal) != 0 || !self.handles(seat, signal)
    }

    fn handles(&self, seat: usize, signal: i32) -> bool {
        let mine = |handlers: &Handlers| {
            let thread = handlers.get(&signal).and_then(Option::as_ref);
            thread.is_some_and(|thread| Arc::ptr_eq(thread, &self.seats[seat].thread))
        };
        match &self.seats[seat].space {
            Some(space) => mine(&space.handlers.lock()),
            None => mine(&self.handlers),
        }
    }
}

impl Stepper<'_> {
    /// Which signal takes this step from the thread, if one does: its process dies of it, or stops.
    pub(super) fn struck(&mut self) -> Option<i32> {
        if !self.rules.signals {
            return None;
        }
        let mut striking = self.universe.deadly(self.space.as_ref());
        // Nobody can tell whether a process stands still whose threads all wait.
        if self.universe.pending(self.space.as_ref()) & bit(STOP) != 0 && self.universe.is_ready(self.seat) {
            striking.push(STOP);
        }
        if striking.is_empty() {
            return None;
        }
        let choice = self.choices.next(1 + striking.len() as u32);
        striking.get((choice as usize).checked_sub(1)?).copied()
    }

    /// It does what it does by default.
    pub(super) fn strike(&mut self, signal: i32) {
        self.log.struck = Some(signal);
        self.log.act = Act::Sync;
        if signal == STOP {
            let space = self.space.clone();
            let pending = self.universe.pending(space.as_ref()) & !bit(STOP);
            return self.universe.set_pending(space.as_ref(), pending | STOPPED);
        }
        match self.space.clone() {
            Some(space) => self.process_ends(&space, -signal),
            None => self.universe.ended = Some(Some(STATUS + signal)),
        }
    }

    /// A signal has been sent to a process that has started.
    pub(super) fn send_to(&self, handle: &Arc<Thread>, signal: i32) -> Result<(), Error> {
        may_be_sent(signal)?;
        let Some(process) = &handle.process else { return Ok(()) };
        let handle = process.original(handle);
        if let Some(process) = handle.process.as_ref().filter(|_| handle.alive()) {
            process.set_signals(sent(process.signals(), signal));
        }
        Ok(())
    }

    /// The wait of a handler's thread is over.
    pub(super) fn signal(&mut self, wait: Wait) -> Moved {
        let Some(signal) = self.universe.seats[self.seat].handles else { return Moved::Waits(wait) };
        if !self.universe.handles(self.seat, signal) {
            self.universe.seats[self.seat].handles = None;
            return self.ended(Exit::Finished(Value::Nil));
        }
        *self.thread.waiting.lock() = None;
        self.thread.state.store(State::Running as u8, Ordering::SeqCst);
        let space = self.space.clone();
        let pending = self.universe.pending(space.as_ref()) & !bit(signal);
        self.universe.set_pending(space.as_ref(), pending);
        self.beat(None)
    }

    /// The body of a handler has run: its thread waits for the next signal, unless another has its place. False then.
    pub(super) fn next_signal(&mut self) -> bool {
        let Some(signal) = self.universe.seats[self.seat].handles else { return false };
        if !self.universe.handles(self.seat, signal) {
            return false;
        }
        self.universe.seats[self.seat].fiber = None;
        self.line = self.universe.seats[self.seat].line;
        if let Some(wait) = waits_for(signal) {
            self.rest(wait);
        }
        true
    }

    fn begin_handler(&mut self, signal: Signal, body: Value) -> Arc<Thread> {
        let entry = Entry::to_call(body);
        let thread = Thread::new(self.next_id(), &format!("on {}", signal.name), true, entry);
        let thread = Arc::new(thread);
        self.begin(&thread);
        thread.state.store(State::Blocked as u8, Ordering::SeqCst);
        if let Some(seat) = self.universe.seats.last_mut() {
            (seat.handles, seat.wait) = (Some(signal.number), waits_for(signal.number));
        }
        thread
    }

    /// What signals do in its process.
    pub(super) fn signals(&self) -> Signals {
        let all = match &self.space {
            Some(space) => space.handlers.lock().clone(),
            None => self.universe.handlers.clone(),
        };
        let body = |handler: Arc<Thread>| {
            let seat = self.universe.seats.iter().find(|seat| Arc::ptr_eq(&seat.thread, &handler));
            seat.and_then(|seat| seat.body.as_ref()).map(|body| body.callee.clone())
        };
        all.into_iter().map(|(number, handler)| (number, handler.and_then(body))).collect()
    }

    /// In a process that has just been made signals do what they do in its parent.
    pub(super) fn begin_handlers(&mut self, space: &Arc<Space>, signals: Signals) {
        let own = self.space.replace(space.clone());
        for (number, body) in signals {
            let handler = body.zip(Signal::of(number)).map(|(body, signal)| self.begin_handler(signal, body));
            space.handlers.lock().insert(number, handler);
        }
        self.space = own;
    }

    /// The body of a handler has failed: the signal does what it does by default, unless another has taken its place.
    pub(super) fn handler_ends(&mut self) {
        if let Some(signal) = self.universe.seats[self.seat].handles
            && self.universe.handles(self.seat, signal)
        {
            let space = self.space.clone();
            self.universe.with_handlers(space.as_ref(), |handlers| handlers.remove(&signal));
        }
    }
}

/// What a thread waits for whose process is stopped.
pub(super) fn until_continued() -> Option<Op> {
    waits_for(CONTINUE).map(|wait| wait.op)
}

fn waits_for(signal: i32) -> Option<Wait> {
    let pending = Arc::new(Pending::new(Signal::of(signal)?));
    let op = Op::Outside(Box::new(outside::Wait::Signal(pending)));
    Some(Wait { op, deadline: None })
}

/// What a terminal does to stop a process depends on who has the terminal.
fn may_be_sent(signal: i32) -> Result<(), Error> {
    let stops = |signal: &Signal| signal.by_default() == Default::Stops && signal.number != STOP;
    let Some(signal) = Signal::of(signal).filter(stops) else { return Ok(()) };
    Err(Error::new(Kind::Refused, format!("the signal {} cannot be explored", signal.name))
        .note("it is a terminal's, and stops only processes that have one")
        .hint("send STOP, which always stops"))
}

impl Outside for Stepper<'_> {
    fn spawn(&mut self, order: Order) -> Result<Spawned, Error> {
        Err(sealed::nothing_outside(Way::Program(&order.program)))
    }

    fn listen(&mut self, at: &Address) -> Result<(Arc<dyn Listener>, u16), Error> {
        self.listen_at(at)
    }

    fn connect(&mut self, to: &Address, _: &Arc<Ready>) -> Result<Box<dyn Dialling>, Error> {
        self.connect_to(to)
    }

    fn on_signal(&mut self, signal: Signal, action: Action) -> Result<(), Error> {
        let (number, space) = (signal.number, self.space.clone());
        let pending = self.universe.pending(space.as_ref());
        // What it did until now may have had its effect, or not.
        if pending & bit(number) != 0 && self.choices.next(2) == 1 {
            self.universe.set_pending(space.as_ref(), pending & !bit(number));
        }
        let handler = match action {
            Action::Default => {
                self.universe.with_handlers(space.as_ref(), |handlers| handlers.remove(&number));
                return Ok(());
            }
            Action::Nothing => None,
            Action::Handler(body) => Some(self.begin_handler(signal, body)),
        };
        self.universe.with_handlers(space.as_ref(), |handlers| handlers.insert(number, handler));
        Ok(())
    }

    fn send_signal(&mut self, pid: i64, signal: Signal) -> Result<(), Error> {
        may_be_sent(signal.number)?;
        let first = self.space.as_ref().is_none_or(|space| space.parent.is_none());
        if first && pid == i64::from(FIRST_PID) {
            self.universe.signals = sent(self.universe.signals, signal.number);
            return Ok(());
        }
        if i32::try_from(pid).is_ok_and(|pid| pid > 0) {
            let is = |handle: &Arc<Thread>| {
                let process = handle.process.as_ref().filter(|_| !handle.ended());
                process.and_then(Process::born).is_some_and(|born| i64::from(born.pid) == pid)
            };
            // Its own, those that it has started, and the one that has started it.
            let own = self.space.as_ref().filter(|space| is(&space.handle)).map(|space| space.handle.clone());
            let parent = self.space.as_ref().and_then(|space| space.parent.as_ref());
            let parent = parent.filter(|space| is(&space.handle)).map(|space| space.handle.clone());
            let handle = own.or(parent).or_else(|| self.children().into_iter().find(is));
            let handle = handle.ok_or_else(|| not_its_own(pid, signal))?;
            let process = handle.process.as_ref().ok_or_else(|| nobody_to(pid, signal))?;
            process.set_signals(sent(process.signals(), signal.number));
            return Ok(());
        }
        Err(no_number(pid))
    }
}
