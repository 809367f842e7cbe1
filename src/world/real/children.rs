//! Other programs: their start, their end, and that none is left over.
//!
//! Each is the first of a process group of its own, so that what it starts can be ended with it. The poller watches it by
//! a descriptor of the process, and asks the system how it ended as soon as it has: so no zombie waits for a script.

use super::outside::{Descriptor, Doors, failed};
use super::poller::Source;
use crate::sync::outside::command::{Errors, Input, Order};
use crate::sync::outside::system::{self, Ended, Flow, Ready, Spawned};
use crate::value::error::{Error, Kind};
use parking_lot::Mutex;
use rustix::process::{Pid, PidfdFlags, Signal};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub(super) struct Child {
    pub program: String,
    pid: Pid,
    process: Mutex<std::process::Child>,
    ended: OnceLock<Ended>,
    /// See `Order::held`.
    held: AtomicBool,
    ready: Arc<Ready>,
    /// Before the descriptor that it watches.
    source: OnceLock<Source>,
    watched: OwnedFd,
}

/// Starts the program at that path.
pub(super) fn spawn(doors: &Doors, path: &Path, order: Order) -> Result<Spawned, Error> {
    let poller = doors.poller()?;
    let (held, program) = (order.held, order.program.clone());
    let mut process = command(path, order)?;
    let taken = [
        process.stdin.take().map(OwnedFd::from),
        process.stdout.take().map(OwnedFd::from),
        process.stderr.take().map(OwnedFd::from),
    ];
    let child = watch(doors, process, program, held).map_err(|error| failed("watch the program", &error))?;
    let mut flows = Vec::with_capacity(taken.len());
    for file in taken {
        let flow = file.map(|file| Descriptor::new(&poller, file, None, None)).transpose();
        flows.push(flow.map_err(|error| failed("watch the program's streams", &error))?);
    }
    let as_flow = |flow: Option<Arc<Descriptor>>| flow.map(|flow| flow as Arc<dyn Flow>);
    let (stderr, stdout, stdin) = (flows.pop().flatten(), flows.pop().flatten(), flows.pop().flatten());
    let Some(stdout) = as_flow(stdout) else {
        return Err(Error::new(Kind::State, "the program was started without an output"));
    };
    Ok(Spawned { child, stdin: as_flow(stdin), stdout, stderr: as_flow(stderr) })
}

fn command(path: &Path, order: Order) -> Result<std::process::Child, Error> {
    let mut command = Command::new(path);
    command.arg0(&order.program).args(&order.arguments).process_group(0).stdout(Stdio::piped());
    for (name, value) in &order.environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(directory) = &order.directory {
        if !Path::new(directory).is_dir() {
            return Err(Error::new(Kind::NotFound, format!("there is no directory {directory}"))
                .hint(format!("{} was to be started in it", order.program)));
        }
        command.current_dir(directory);
    }
    command.stdin(match order.input {
        Input::Nothing => Stdio::null(),
        Input::Written => Stdio::piped(),
        Input::From(file) => Stdio::from(file),
    });
    match order.errors {
        Errors::Through => command.stderr(Stdio::inherit()),
        Errors::Kept => command.stderr(Stdio::piped()),
        Errors::WithOutput => return merged(command, &order.program),
    };
    command.spawn().map_err(|error| not_started(&order.program, &error))
}

/// With one pipe for its output and its errors.
fn merged(mut command: Command, program: &str) -> Result<std::process::Child, Error> {
    let spawn = || -> io::Result<std::process::Child> {
        let (read, write) = io::pipe()?;
        command.stdout(write.try_clone()?).stderr(write);
        let mut process = command.spawn()?;
        // The command keeps the ends that write until it is dropped.
        drop(command);
        process.stdout = Some(std::process::ChildStdout::from(OwnedFd::from(read)));
        Ok(process)
    };
    spawn().map_err(|error| not_started(program, &error))
}

#[cold]
fn not_started(program: &str, error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => Kind::NotFound,
        io::ErrorKind::PermissionDenied => Kind::Refused,
        io::ErrorKind::InvalidInput | io::ErrorKind::ArgumentListTooLong => Kind::Value,
        _ => Kind::Error,
    };
    Error::new(kind, format!("cannot start {program}: {error}"))
}

fn watch(doors: &Doors, process: std::process::Child, program: String, held: bool) -> io::Result<Arc<Child>> {
    let pid = Pid::from_child(&process);
    // It is not asked for its end before it is watched, so the number is still its own.
    let watched = rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK);
    let mut process = process;
    let watched = match watched {
        Ok(watched) => watched,
        Err(error) => {
            let _ = process.kill();
            let _ = process.wait();
            return Err(error.into());
        }
    };
    let child = Arc::new(Child {
        program,
        pid,
        process: Mutex::new(process),
        ended: OnceLock::new(),
        held: AtomicBool::new(held),
        ready: Arc::new(Ready::default()),
        source: OnceLock::new(),
        watched,
    });
    let mut children = doors.children.lock();
    children.retain(|child| child.ended.get().is_none());
    children.push(child.clone());
    drop(children);
    let known = Arc::downgrade(&child);
    let source = doors.poller().map_err(|error| io::Error::other(error.message))?.watch(
        &child.watched,
        Some(Box::new(move || {
            if let Some(child) = known.upgrade() {
                child.look();
            }
        })),
    )?;
    let _ = child.source.set(source); // it is new
    Ok(child)
}

impl Child {
    /// The system has told that it has ended.
    fn look(&self) {
        if !self.held.load(Ordering::SeqCst) {
            self.reap();
        }
        self.ready.set();
    }

    pub fn runs(&self) -> bool {
        self.reap().is_none()
    }

    pub fn is(&self, pid: Pid) -> bool {
        self.pid == pid && self.ended.get().is_none()
    }

    fn reap(&self) -> Option<Ended> {
        let mut process = self.process.lock();
        if self.ended.get().is_none()
            && let Ok(Some(status)) = process.try_wait()
        {
            let _ = self.ended.set(ended(status)); // under the mutex: once
        }
        self.ended.get().copied()
    }

    /// Ends it, with its group, and waits until it is gone. False when it had ended by itself.
    pub fn end(&self) -> bool {
        if self.reap().is_some() {
            return false;
        }
        let _ = system::Child::signal(self, signal_hook::consts::SIGKILL, true);
        let mut process = self.process.lock();
        if let Ok(status) = process.wait() {
            let _ = self.ended.set(ended(status));
        }
        true
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Status(code),
        (None, Some(signal)) => Ended::Killed(signal),
        (None, None) => Ended::Status(-1),
    }
}

impl system::Child for Child {
    fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    fn ended(&self) -> Option<Ended> {
        self.ended.get().copied().or_else(|| self.reap())
    }

    fn ready(&self) -> &Arc<Ready> {
        &self.ready
    }

    fn signal(&self, number: i32, group: bool) -> io::Result<()> {
        let Some(signal) = Signal::from_named_raw(number) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        // While it is held by the mutex and not asked for its end, its number belongs to nobody else.
        let _process = self.process.lock();
        if self.ended.get().is_some() {
            return Ok(());
        }
        match group {
            true => Ok(rustix::process::kill_process_group(self.pid, signal)?),
            false => Ok(rustix::process::pidfd_send_signal(&self.watched, signal)?),
        }
    }

    fn let_go(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.reap();
    }
}
