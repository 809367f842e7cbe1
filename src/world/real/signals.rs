//! Handlers of signals: what a signal does in a run, and the threads that run a script's handlers.
//!
//! The handler that the system calls only notes that the signal came and rings the poller's bell; so equal signals that
//! come before the script's handler runs are one. That handler runs in a daemon thread of its own, which waits for its
//! signal as a timer waits for its time. What signals do in a process they do in those that it starts, too: a handler there
//! is a thread of that process, with a copy of what the parent's calls.

use super::RealWorld;
use super::claim::Claim;
use super::outside::{Doors, Programs};
use super::poller::Poller;
use super::run::Shared;
use super::threads;
use crate::builtin::Wait;
use crate::machine::{Exit, Waited};
use crate::report::runtime::status;
use crate::sync::Op;
use crate::sync::outside;
use crate::sync::outside::signal::{Action, Pending, Signal, no_number, nobody_to, not_its_own};
use crate::sync::thread::{Entry, Thread};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use crate::world::copying::Signals;
use parking_lot::Mutex;
use rustix::io::Errno;
use rustix::process::Pid;
use signal_hook::{SigId, flag, low_level};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// What the signals do that this run has said something about.
#[derive(Default)]
pub(super) struct Handlers {
    by_number: Mutex<HashMap<i32, Installed>>,
}

struct Installed {
    registered: Vec<SigId>,
    handler: Option<Handler>,
    /// While it lives, the signal does not do what it does by default.
    claim: Option<Claim>,
}

/// What tells that the signal came, and what it calls.
#[derive(Clone)]
struct Handler {
    pending: Arc<Pending>,
    body: Value,
}

impl Drop for Installed {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
        if let Some(handler) = &self.handler {
            handler.pending.replace();
        }
    }
}

impl Handlers {
    /// The run has ended: signals do what they did before. If the process ends with it, those that it handled do nothing until
    /// then: one more on the way out is no reason to die of it.
    pub fn clear(&self, process_ends: bool) {
        let mut all = std::mem::take(&mut *self.by_number.lock());
        if process_ends {
            all.values_mut().filter_map(|installed| installed.claim.take()).for_each(std::mem::forget);
        }
        drop(all); // outside the lock
    }

    /// What signals do here that something was said about.
    pub fn known(&self) -> Signals {
        let all = self.by_number.lock();
        let body = |installed: &Installed| installed.handler.as_ref().map(|handler| handler.body.clone());
        let mut known: Vec<_> = all.iter().map(|(number, installed)| (*number, body(installed))).collect();
        known.sort_by_key(|(number, _)| *number);
        known
    }

    /// From now on the signal does this, or nothing; what it did before ends. With a handler: what tells that it came.
    fn install(
        &self,
        signal: Signal,
        body: Option<Value>,
        poller: &Arc<Poller>,
    ) -> io::Result<Option<Arc<Pending>>> {
        let number = signal.number;
        let claim = Claim::on(number)?;
        let mut installed = Installed { registered: Vec::new(), handler: None, claim: Some(claim) };
        if let Some(body) = body {
            let pending = Arc::new(Pending::new(signal));
            let known = Arc::downgrade(&pending);
            let bell = poller.when_rung(move || match known.upgrade() {
                Some(pending) => {
                    if pending.is_set() {
                        pending.waiters.wake_all();
                    }
                    true
                }
                None => false,
            })?;
            // Done in this order by the handler: who hears the bell finds the flag.
            installed.registered.push(flag::register(number, pending.came.clone())?);
            installed.registered.push(low_level::pipe::register(number, bell)?);
            installed.handler = Some(Handler { pending, body });
        }
        let pending = installed.handler.as_ref().map(|handler| handler.pending.clone());
        let before = self.by_number.lock().insert(number, installed);
        drop(before); // outside the lock
        Ok(pending)
    }

    fn has(&self, signal: Signal) -> bool {
        self.by_number.lock().contains_key(&signal.number)
    }

    fn remove(&self, number: i32) {
        let before = self.by_number.lock().remove(&number);
        drop(before); // outside the lock
    }
}

impl RealWorld {
    pub(super) fn act_on(&mut self, signal: Signal, action: Action) -> Result<(), Error> {
        let failed = |error| not_handled(signal, &error);
        let shared = self.shared.clone();
        let body = match action {
            Action::Default => {
                shared.doors.handlers.remove(signal.number);
                return shared.bell.ends_by(signal.number, true).map_err(failed);
            }
            Action::Nothing => None,
            Action::Handler(body) => Some(body),
        };
        let poller = shared.doors.poller()?;
        let pending = shared.doors.handlers.install(signal, body.clone(), &poller).map_err(failed)?;
        shared.bell.ends_by(signal.number, false).map_err(failed)?;
        let (Some(pending), Some(body)) = (pending, body) else { return Ok(()) };
        self.begin_handler(signal, Handler { pending, body })
    }

    fn begin_handler(&mut self, signal: Signal, handler: Handler) -> Result<(), Error> {
        let Handler { pending, body } = handler;
        let id = self.shared.next_id.next();
        let entry = Entry::to_call(body);
        let thread = Arc::new(Thread::new(id, &format!("on {}", signal.name), true, entry));
        self.shared.start(&thread, move |world| world.handle(&pending, signal))
    }

    /// What `main` of a process does first: the handlers with which it has begun wait for their signals from here on.
    pub(super) fn begin_handlers(&mut self) -> Result<(), Error> {
        for (signal, handler) in self.shared.doors.handlers.in_order() {
            self.begin_handler(signal, handler)?;
        }
        Ok(())
    }

    /// What the thread of a handler does.
    fn handle(&mut self, pending: &Arc<Pending>, signal: Signal) -> Exit {
        let Some(entry) = self.seat.thread.entry.lock().take() else { return Exit::Finished(Value::Nil) };
        self.begins_again_with(vec![entry.callee.clone()]);
        loop {
            let op = Op::Outside(Box::new(outside::Wait::Signal(pending.clone())));
            match self.wait_at(Wait { op, deadline: None }, 0, None) {
                Waited::Done(_) => {}
                Waited::Ended => return Exit::Exited(status::INTERRUPTED),
                Waited::Failed(_) | Waited::Suspended(_) | Waited::Stopped => return Exit::Stopped,
            }
            if pending.replaced() {
                return Exit::Finished(Value::Nil);
            }
            let again = Entry::to_call(entry.callee.clone());
            match threads::call(self, again) {
                Exit::Finished(_) => {}
                // The process is on its way out, and no signal that it handles changes that.
                exit @ Exit::Exited(_) => return exit,
                other => {
                    // Nobody handles it any more.
                    self.shared.doors.handlers.give_up(signal.number, pending);
                    return other;
                }
            }
        }
    }

    pub(super) fn send(&self, pid: i64, signal: Signal) -> Result<(), Error> {
        let to = i32::try_from(pid).ok().filter(|pid| *pid > 0).and_then(Pid::from_raw);
        let to = to.ok_or_else(|| no_number(pid))?;
        if !self.shared.may_signal(to, signal) {
            return Err(not_its_own(pid, signal));
        }
        let nobody = || nobody_to(pid, signal);
        // What a script can name has a number that the system knows.
        let number = rustix::process::Signal::from_named_raw(signal.number).ok_or_else(nobody)?;
        rustix::process::kill_process(to, number).map_err(|error| match error {
            Errno::SRCH => nobody(),
            error => Error::new(Kind::Refused, format!("cannot send {} to {pid}: {error}", signal.name)),
        })
    }
}

fn not_handled(signal: Signal, error: &io::Error) -> Error {
    Error::new(Kind::Refused, format!("the system does not let {} be handled: {error}", signal.name))
}

impl Doors {
    /// In a process that has begun with what signals do in its parent: they do it here, as soon as they are let through. The
    /// threads of handlers are begun by `main`.
    pub fn begin_with(&self, known: Signals) -> Result<(), Error> {
        for (number, body) in known {
            // What the parent could handle, this process can.
            let Some(signal) = Signal::of(number) else { continue };
            let installed = self.handlers.install(signal, body, &self.poller()?);
            installed.map_err(|error| not_handled(signal, &error))?;
        }
        Ok(())
    }
}

impl Handlers {
    /// Those that call something, by the numbers of their signals.
    fn in_order(&self) -> Vec<(Signal, Handler)> {
        let all = self.by_number.lock();
        let handler = |(number, installed): (&i32, &Installed)| {
            Some((Signal::of(*number)?, installed.handler.clone()?))
        };
        let mut handlers: Vec<_> = all.iter().filter_map(handler).collect();
        handlers.sort_by_key(|(signal, _)| signal.number);
        handlers
    }

    /// The handler has failed: the signal does what it does by default, unless another has taken its place.
    fn give_up(&self, number: i32, pending: &Arc<Pending>) {
        let mut all = self.by_number.lock();
        let ours = |installed: &Installed| {
            installed.handler.as_ref().is_some_and(|known| Arc::ptr_eq(&known.pending, pending))
        };
        let gone = if all.get(&number).is_some_and(ours) { all.remove(&number) } else { None };
        drop(all);
        drop(gone); // outside the lock
    }
}

impl Shared {
    /// Whether it is this process, one that this run has started, or the one of the script that started this one. In a program that has conc as a part of it, the
    /// process is not the run's: it may be sent what the script itself handles.
    fn may_signal(&self, to: Pid, signal: Signal) -> bool {
        if to == rustix::process::getpid() {
            return self.options.signals || self.processes.own.is_some() || self.doors.handlers.has(signal);
        }
        let is = |pid: i32| pid == to.as_raw_nonzero().get();
        let children = self.processes.living();
        let mut born = children.iter().filter_map(|child| child.process.as_ref().and_then(|it| it.born()));
        matches!(self.options.run, Programs::All)
            || born.any(|born| is(born.pid))
            || self.processes.own.is_some() && is(super::process::pids().parent)
            || self.doors.children.lock().iter().any(|child| child.is(to))
    }
}
