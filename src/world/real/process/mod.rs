//! Processes of the real world: OS processes, each a run of its own of the same program.
//!
//! In reading order: `start` (from the handle to the child), `fork` (the same of a thread as it stands), `server` (who
//! makes the child), `growth` (what that learns of a session), `copy` (what it begins with), `child` (its life), `reaper`
//! (its end), `parcel` (what is sent to it), `pipes` (that lead from one to another), `claim` (who of several receives
//! there), `family`, `ring`, `knot`, `view` and `note` (deadlocks between them), `system` (the system calls). What a
//! script sees of a process is a handle (`sync::process`).

mod child;
mod claim;
mod copy;
mod family;
mod fork;
mod growth;
mod knot;
mod lines;
mod note;
mod parcel;
mod pipes;
mod reaper;
mod relay;
mod ring;
mod server;
mod start;
mod system;
mod view;
mod ways;

pub(super) use child::live;
pub use growth::{Follow, Growth};
pub(super) use relay::{first, relay};
pub(super) use server::{Server, Side, make, make_follower};

use super::run::Shared;
use crate::code::{Instruction, Program};
use crate::mapped::Roll;
use crate::report::runtime::Left;
use crate::sync::process::{Born, Process, daemon_starts};
use crate::sync::thread::Thread;
use crate::value::Value;
use crate::value::error::{Error, Kind};
use family::Family;
use parking_lot::{Condvar, Mutex};
use reaper::{Bell, Child};
use rustix::process::{Pid, getpid, getppid};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So long the end of a run waits for children that it has killed: the system may be in the middle of something for them.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a run has to do with processes.
#[derive(Default)]
pub(super) struct Processes {
    /// Whoever makes its children, or why there is nobody.
    server: Mutex<Option<Arc<Server>>>,
    pub children: Mutex<Children>,
    /// Told when the reaper has gone.
    pub gone: Condvar,
    /// What this process is to the one that started it; None for the first.
    pub own: Option<Own>,
    /// In the child of a `fork`: the threads that were not copied, by id.
    pub absent: HashMap<u32, Arc<str>>,
    pub family: Family,
    /// Who lives of the run; None where nobody counts.
    roll: Option<Arc<Roll>>,
    /// There may be other processes of this run.
    pub may_be_several: bool,
}

/// What a child is to its parent.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub name: Arc<str>,
    pub daemon: bool,
    /// It does tasks of a process pool.
    pub of_pool: bool,
}

#[derive(Default)]
pub(super) struct Children {
    /// In the order of their starts.
    pub living: Vec<Arc<Child>>,
    /// How many of them the program waits for at its end.
    pub plain: usize,
    /// The run has ended: no child is added any more.
    pub over: bool,
    /// Those that were killed then.
    killed: Vec<Arc<Child>>,
    /// Of the reaper, while there is one.
    pub bell: Option<Bell>,
}

impl Processes {
    pub fn new(server: Option<Arc<Server>>, own: Option<Own>) -> Processes {
        let may_be_several = own.is_some() || server.is_some();
        Processes { server: Mutex::new(server), own, may_be_several, ..Processes::default() }
    }

    /// With this to count in who lives.
    pub fn with_roll(self, roll: Option<Arc<Roll>>) -> Processes {
        Processes { roll, ..self }
    }

    /// Whether this process may have a child of this name.
    fn may_have(&self, child: &str) -> Result<(), Error> {
        let Some(own) = self.own.as_ref().filter(|own| own.daemon) else { return Ok(()) };
        Err(daemon_starts(&own.name, child))
    }

    /// The handles of the children that live.
    pub fn living(&self) -> Vec<Arc<Thread>> {
        let children = self.children.lock();
        // One that has made its end known is still on its way out.
        let living = children.living.iter().filter(|child| !child.handle.ended());
        living.map(|child| child.handle.clone()).collect()
    }

    /// Whether there are processes beside this one: its parent, or its children.
    pub fn others_live(&self) -> bool {
        self.own.is_some() || !self.children.lock().living.is_empty()
    }

    /// Whether children live that the program waits for.
    pub fn have_plain(&self) -> bool {
        self.children.lock().plain > 0
    }

    /// The run has ended: kills all children that live.
    pub fn kill_all(&self) {
        let mut children = self.children.lock();
        if std::mem::replace(&mut children.over, true) {
            return;
        }
        let living = children.living.iter().filter(|child| !child.handle.ended());
        children.killed = living.cloned().collect();
        for child in &children.killed {
            // It may have ended by itself meanwhile.
            let _ = system::send(child.pid.as_raw_nonzero().get(), libc::SIGKILL);
        }
        if let Some(bell) = &children.bell {
            bell.ring();
        }
    }

    /// The same, and waits until they, and what has to do with them, are gone. Tells who they were.
    pub fn end(&self) -> Vec<Left> {
        self.kill_all();
        let mut children = self.children.lock();
        let ended = std::mem::take(&mut children.killed);
        self.family.ring();
        let until = Instant::now() + PATIENCE;
        while children.bell.is_some() && !self.gone.wait_until(&mut children, until).timed_out() {}
        drop(children);
        drop(self.server.lock().take());
        let left = |child: &Arc<Child>| Left {
            thread: child.handle.name(),
            doing: "runs".into(),
            line: 0,
            holds: Vec::new(),
        };
        // Nobody has started the workers of a pool by name, and they are without a task.
        let of_pool = |child: &&Arc<Child>| child.handle.process.as_ref().is_some_and(Process::is_of_pool);
        ended.iter().filter(|child| !of_pool(child)).map(left).collect()
    }
}

impl Shared {
    /// What reports call this process, `"worker-1" (pid 1234)`; None for the first.
    pub(super) fn process_label(&self) -> Option<String> {
        let own = self.processes.own.as_ref()?;
        Some(format!("\"{}\" (pid {})", own.name, pids().pid))
    }

    pub(super) fn send_signal(&self, handle: &Thread, signal: i32) -> Result<(), Error> {
        let Some(born) = handle.process.as_ref().and_then(Process::born) else { return Ok(()) };
        // While it counts as living nobody has waited for it, so that its number is its own.
        let children = self.processes.children.lock();
        let ours = born.parent == pids().pid;
        if ours && !children.living.iter().any(|child| child.pid.as_raw_nonzero().get() == born.pid) {
            return Ok(());
        }
        match system::send(born.pid, signal) {
            Err(error) if error.raw_os_error() != Some(libc::ESRCH) => {
                let message = format!("no signal can be sent to \"{}\": {error}", handle.name());
                Err(Error::new(Kind::Refused, message))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// The numbers of this process and its parent.
pub(super) fn pids() -> Born {
    let number = |pid: Pid| pid.as_raw_nonzero().get();
    Born { pid: number(getpid()), parent: getppid().map_or(0, number) }
}

/// Whether a process is there, that this or another process has started.
pub(super) fn lives(handle: &Thread) -> bool {
    let Some(born) = handle.process.as_ref().and_then(Process::born) else { return false };
    // Of its own children a process learns when they end; of others the system knows.
    born.parent == pids().pid || system::send(born.pid, 0).is_ok()
}

/// Whether a child may start some itself: code beside the top level's starts something, or makes a process pool.
pub(super) fn children_may_start_some(program: &Program) -> bool {
    let makes_a_pool = |row: u16| program.rows[usize::from(row)].name == "process_pool";
    let starts = |instruction: &Instruction| match instruction {
        Instruction::Start { .. } => true,
        Instruction::CallBuiltin { row, .. } => makes_a_pool(*row),
        _ => false, // the others start nothing by themselves
    };
    let own = program.functions.iter().skip(1).filter(|function| !function.internal);
    own.flat_map(|function| &function.code).any(starts)
        || program.symbols.iter().any(|symbol| **symbol == *"start")
        || program.rows.iter().any(|row| matches!(row.name, "__start_at" | "fork"))
        || program
            .constants
            .iter()
            .any(|value| matches!(value, Value::Builtin(row) if row.name == "process_pool"))
}
