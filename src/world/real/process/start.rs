//! Starting a process: from the handle that a script has to a child that runs, and what others learn of its end.

use super::super::RealWorld;
use super::super::run::MAIN;
use super::super::run::{Cause, Shared};
use super::super::standing::Here;
use super::copy::Own;
use super::parcel::Parcel;
use super::reaper::{self, Child};
use super::system;
use crate::event::recorder;
use crate::mapped::Seat;
use crate::race::mine;
use crate::sync::process::{Born, Process, failure, started_already};
use crate::sync::thread::{Entry, State, Thread};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use rustix::process::Pid;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl RealWorld {
    /// Starts a process that was never started.
    pub(in super::super) fn start_process(&mut self, handle: &Arc<Thread>) -> Result<(), Error> {
        self.shared.processes.may_have(&handle.name())?;
        let (new, running) = (State::New as u8, State::Running as u8);
        if handle.state.compare_exchange(new, running, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(started_already(&handle.name()));
        }
        let entry = handle.entry.lock().take().unwrap_or(Entry::to_call(Value::Nil));
        let started = self.shared.number_for(&handle.name()).and_then(|own| {
            let parcel = self.copy_at_one_moment(handle, &entry, own)?;
            self.shared.born_now(own.number);
            self.shared.spawn(handle, parcel, own)
        });
        if started.is_err() {
            *handle.entry.lock() = Some(entry);
            handle.state.store(new, Ordering::SeqCst);
        }
        started
    }

    /// No other thread takes a step meanwhile, so that the copy is of one moment.
    fn copy_at_one_moment(&mut self, handle: &Arc<Thread>, entry: &Entry, own: Own) -> Result<Parcel, Error> {
        let held = self.take_hold(Here::inside(None));
        let copy = match handle.process.as_ref().is_some_and(Process::is_of_pool) {
            true => self.shared.copy_for_worker(handle, entry, own),
            false => self.shared.copy_for(handle, entry, own),
        };
        if held {
            self.shared.hold.release(&self.shared, self.seat.thread.id);
        }
        copy
    }
}

impl Shared {
    pub(super) fn spawn(
        self: &Arc<Shared>,
        handle: &Arc<Thread>,
        parcel: Parcel,
        own: Own,
    ) -> Result<(), Error> {
        match self.make_child(handle, own.number) {
            Ok((child, line)) => {
                // A child that was killed before it has read this is known to the reaper.
                let _ = parcel.send(&line);
                let _ = child.line.set(line); // it is new
                recorder::starts_process(child.pid.as_raw_nonzero().get());
                match self.memory() {
                    // Others may come to wait for each other through this process, whatever it does itself.
                    Some(_) => self.wake_family(),
                    None => self.processes.family.ring(),
                }
                Ok(())
            }
            Err(why) => {
                parcel.take_back();
                Err(why)
            }
        }
    }

    /// For the search for races: what this thread has done is before what that process does.
    pub(super) fn born_now(&self, process: usize) {
        let common = self.detector.as_ref().and_then(|detector| detector.common());
        if let Some(common) = common
            && let Some(born) = mine::birth()
        {
            common.born(process, &born);
        }
    }

    /// What a new process of this name is called among those that share memory.
    pub(super) fn number_for(&self, name: &str) -> Result<Own, Error> {
        let Some(memory) = self.memory() else { return Ok(Own { number: 0, id: MAIN }) };
        match memory.new_process(name) {
            Some(process) => {
                let id = memory.ids(process.number);
                process.lead().store(u64::from(id), Ordering::SeqCst);
                Ok(Own { number: process.number, id })
            }
            None => {
                Err(Error::new(Kind::Refused, "this run has started as many processes as it can tell apart")
                    .hint("let one process do the work of several"))
            }
        }
    }

    /// A new child, and the line to it.
    fn make_child(
        self: &Arc<Shared>,
        handle: &Arc<Thread>,
        number: usize,
    ) -> Result<(Arc<Child>, UnixStream), Error> {
        let server = self.processes.server.lock();
        let Some(server) = &*server else {
            return Err(match self.desk {
                Some(_) => not_here(handle),
                None => refused(handle, "there is no fork server"),
            });
        };
        let failed = |error: io::Error| refused(handle, &error.to_string());
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let seat = match &self.processes.roll {
            Some(roll) => Some(roll.enter(own, is_there).ok_or_else(|| too_many(handle, roll.most()))?),
            None => None,
        };
        let (pid, line) = server.child().map_err(|error| {
            self.leaves(seat, own);
            failed(error)
        })?;
        if let (Some(roll), Some(seat)) = (&self.processes.roll, seat) {
            roll.sits(seat, pid.as_raw_nonzero().get());
        }
        let Some(process) = &handle.process else { unreachable!("only processes come here") };
        process.begin(Born { pid: pid.as_raw_nonzero().get(), parent: own });
        if let Some(memory) = self.memory() {
            memory.process(number).begin(pid.as_raw_nonzero().get());
        }
        Ok((self.adopt(handle, pid, number, seat).map_err(failed)?, line))
    }

    /// The child is this run's: it is waited for, and its end is learnt.
    fn adopt(
        self: &Arc<Shared>,
        handle: &Arc<Thread>,
        pid: Pid,
        number: usize,
        seat: Option<Seat>,
    ) -> io::Result<Arc<Child>> {
        let child = Arc::new(Child::new(handle.clone(), pid, number, seat)?);
        let mut children = self.processes.children.lock();
        if children.bell.is_none() {
            children.bell = Some(reaper::begin(self.clone())?);
        }
        children.living.push(child.clone());
        children.plain += usize::from(!handle.daemon.load(Ordering::SeqCst));
        if children.over {
            // The run has ended meanwhile: nobody else will end it.
            let _ = system::send(pid.as_raw_nonzero().get(), libc::SIGKILL);
        }
        if let Some(bell) = &children.bell {
            bell.ring();
        }
        Ok(child)
    }

    /// Makes a child's end known, and wakes those who wait for it. `cpu`: how long it was on a processor, for `--stats`.
    pub(super) fn child_has_ended(&self, child: &Child, exit: i32, cpu: Option<Duration>) {
        let handle = &child.handle;
        let Some(process) = &handle.process else { return };
        self.leaves(child.seat, child.pid.as_raw_nonzero().get());
        // Before anybody can tell that it has ended.
        let common = self.detector.as_ref().and_then(|detector| detector.common());
        handle.published(common.and_then(|common| common.after(child.number)));
        process.end(exit);
        if let Some(tape) = &self.options.trace {
            recorder::process_ends(tape, child.pid.as_raw_nonzero().get(), exit);
        }
        if let Some(ledger) = &self.options.stats {
            ledger.child_ended(child.pid.as_raw_nonzero().get(), exit, cpu);
        }
        self.sweep(child.number);
        let (state, outcome) = match exit {
            0 => (State::Finished, Ok(Value::Nil)),
            _ => (State::Failed, Err(Arc::new(failure(handle, process, exit)))),
        };
        // Set here only, and a process ends once.
        let _ = handle.outcome.set(outcome);
        handle.state.store(state as u8, Ordering::SeqCst);
        handle.done.wake_all();
        self.somebody_may_await_this();
        let table = self.table.lock();
        let mut children = self.processes.children.lock();
        children.remove(child.pid);
        children.plain -= usize::from(!handle.daemon.load(Ordering::SeqCst));
        drop(children);
        let done = self.nothing_left_to_do(&table);
        drop(table);
        if done {
            self.finish(Cause::Done);
        }
    }

    /// This process needs its place among those that live no more.
    fn leaves(&self, seat: Option<Seat>, process: i32) {
        if let (Some(roll), Some(seat)) = (&self.processes.roll, seat) {
            roll.leave(seat, process);
        }
    }

    fn somebody_may_await_this(&self) {
        if self.awaited_here() {
            self.changes.fetch_add(1, Ordering::SeqCst);
            self.changed.wake_all();
        }
    }
}

/// What was to be set aside at the session's beginning, the system has refused.
fn not_here(handle: &Thread) -> Error {
    let message = format!("process \"{}\" cannot be started: this session has threads only", handle.name());
    Error::new(Kind::Refused, message).hint("put it in a file: `:save FILE` here, then `conc run FILE`")
}

/// Whether the system has a process of this number.
fn is_there(process: i32) -> bool {
    process != 0 && system::send(process, 0).is_ok()
}

#[cold]
fn too_many(handle: &Thread, limit: usize) -> Error {
    let name = handle.name();
    let message = match limit {
        1 => format!("process \"{name}\" cannot be started: 1 process lives already"),
        _ => format!("process \"{name}\" cannot be started: {limit} processes live already"),
    };
    Error::new(Kind::Refused, message)
        .hint("allow more with --max-processes, or share the work among fewer processes (process pool)")
}

fn refused(handle: &Thread, why: &str) -> Error {
    let message = format!("process \"{}\" cannot be started: {why}", handle.name());
    Error::new(Kind::Refused, message)
        .hint("let some processes end first, or share the work among fewer of them")
}
