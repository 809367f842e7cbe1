//! What scripts may have to do with the outside: other programs, and connections. What a run does not allow is refused,
//! and the refusal names the flag.

use super::local_sockets::SocketFile;
use super::options::Options;
use super::poller::{Poller, Source};
use super::register::Register;
use super::sides::{Meeting, Side, Sides};
use super::signals::Handlers;
use super::{RealWorld, children, files, local_sockets, sockets};
use crate::race::channels::{Connection, Here};
use crate::sync;
use crate::sync::outside::command::Order;
use crate::sync::outside::server::cannot_listen;
use crate::sync::outside::signal::{Action, Signal};
use crate::sync::outside::system::{Address, Dialling, Far, Flow, Line, Listener, Local, Ready, Spawned};
use crate::sync::outside::{Outside, Thing};
use crate::sync::pipe::{End, Joint};
use crate::value::error::{Error, Kind};
use foldhash::fast::FixedState;
use parking_lot::Mutex;
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{getpeername, getsockname};
use std::hash::BuildHasher;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

/// How long a run that has ended waits for programs that are about to end themselves: those whose output has been read to
/// its end, mostly.
const PATIENCE: Duration = Duration::from_millis(50);

/// Which other programs a run may start.
#[derive(Debug, Clone, Default)]
pub enum Programs {
    #[default]
    None,
    All,
    /// Those of these names, or at these paths.
    Named(Vec<String>),
}

/// What the threads of a run share of it.
#[derive(Default)]
pub(super) struct Doors {
    poller: OnceLock<Arc<Poller>>,
    /// Programs that were started and may still run.
    pub children: Mutex<Vec<Arc<children::Child>>>,
    pub handlers: Handlers,
    /// The files of sockets at which this process listens, and where all of the run are written down.
    files: Mutex<Vec<Arc<SocketFile>>>,
    register: Option<Arc<Register>>,
    /// Pipes that lead to other processes.
    pipes: Mutex<Vec<Joint>>,
    /// Connections by their sides.
    pub sides: Arc<Sides>,
    /// Servers and connections.
    sockets: Mutex<Vec<Weak<sync::Sync>>>,
}

impl Doors {
    pub fn new(register: Option<Arc<Register>>) -> Doors {
        Doors { register, ..Doors::default() }
    }

    /// Of a socket that has just been made at this path.
    pub fn socket_file(&self, path: &Path) -> io::Result<Arc<SocketFile>> {
        let file = Arc::new(SocketFile::new(path));
        self.files.lock().push(file.clone());
        if let Some(register) = &self.register {
            register.add(&file)?;
        }
        Ok(file)
    }

    /// All processes of the run have ended: no file of a socket is left.
    pub fn remove_files(&self) {
        if let Some(register) = &self.register {
            // Those that it cannot tell of are left to whoever listens there next.
            let _ = register.remove_all();
        }
    }

    /// The poller, which begins when it is first asked for.
    pub fn poller(&self) -> Result<Arc<Poller>, Error> {
        if let Some(poller) = self.poller.get() {
            return Ok(poller.clone());
        }
        let poller = Poller::start().map_err(|error| failed("watch descriptors", &error))?;
        let first = self.poller.get_or_init(|| poller.clone());
        if !Arc::ptr_eq(first, &poller) {
            poller.stop(); // another thread was faster
        }
        Ok(first.clone())
    }

    /// A pipe leads to another process from now on.
    pub fn add_pipe(&self, end: &End) {
        let mut pipes = self.pipes.lock();
        pipes.retain(|pipe| !pipe.is_gone());
        pipes.push(end.joint());
    }

    /// The numbers of the pipes that lead to other processes and of which this one has an open end, each with the ids of its ends
    /// here.
    pub fn open_pipes(&self) -> Vec<(u32, [u32; 2])> {
        self.pipes.lock().iter().filter_map(Joint::open).collect()
    }

    /// There is a server or a connection.
    pub fn add_socket(&self, socket: &Arc<sync::Sync>) {
        let mut sockets = self.sockets.lock();
        if sockets.len() == sockets.capacity() {
            sockets.retain(|socket| socket.strong_count() > 0);
            let room = sockets.len().max(64);
            sockets.reserve(room);
        }
        sockets.push(Arc::downgrade(socket));
    }

    /// No thread is left that could use the end of a pipe, a connection or a server: others are to learn it.
    pub fn close_ends(&self) {
        let pipes = std::mem::take(&mut *self.pipes.lock());
        pipes.iter().for_each(Joint::close);
        let sockets = std::mem::take(&mut *self.sockets.lock());
        let living: Vec<Arc<sync::Sync>> = sockets.iter().filter_map(Weak::upgrade).collect();
        living.iter().filter_map(|socket| socket.outside()).for_each(Thing::close);
    }

    /// The run has ended: no program that it has started outlives it. Which had to be ended.
    pub fn shut(&self, process_ends: bool) -> Vec<String> {
        self.handlers.clear(process_ends);
        self.files.lock().drain(..).for_each(|file| file.remove());
        let children = std::mem::take(&mut *self.children.lock());
        let patience = Instant::now() + PATIENCE;
        while children.iter().any(|child| child.runs()) && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = children.iter().filter(|child| child.end()).map(|child| child.program.clone()).collect();
        if let Some(poller) = self.poller.get() {
            poller.stop();
        }
        ended
    }
}

impl Outside for RealWorld {
    fn spawn(&mut self, order: Order) -> Result<Spawned, Error> {
        let path = allowed_program(&self.shared.options, &order.program)?;
        children::spawn(&self.shared.doors, &path, order)
    }

    fn listen(&mut self, at: &Address) -> Result<(Arc<dyn Listener>, u16), Error> {
        allow_host(&self.shared.options, at, "be reached from other hosts")?;
        allow_path(&self.shared.options, at)?;
        let ids = self.shared.next_id.clone();
        let next_id = Box::new(move || ids.next());
        let poller = self.shared.doors.poller()?;
        let listening = match &at.local {
            None => sockets::listen(&self.shared.doors, poller, at, next_id),
            Some(local) => {
                local_sockets::listen(&self.shared.doors, poller, local, next_id).map(|it| (it, 0))
            }
        };
        listening.map_err(|error| cannot_listen(at, &error))
    }

    fn connect(&mut self, to: &Address, ready: &Arc<Ready>) -> Result<Box<dyn Dialling>, Error> {
        allow_host(&self.shared.options, to, &format!("connect to the host {}", to.host))?;
        allow_path(&self.shared.options, to)?;
        let (poller, sides) = (self.shared.doors.poller()?, &self.shared.doors.sides);
        Ok(match &to.local {
            None => sockets::connect(poller, sides, to, ready.clone()),
            Some(local) => local_sockets::connect(poller, sides, local, ready),
        })
    }

    fn on_signal(&mut self, signal: Signal, action: Action) -> Result<(), Error> {
        self.act_on(signal, action)
    }

    fn send_signal(&mut self, pid: i64, signal: Signal) -> Result<(), Error> {
        self.send(pid, signal)
    }
}

/// Where the program is that may be started by this name, found as a shell finds it.
fn allowed_program(options: &Options, program: &str) -> Result<PathBuf, Error> {
    let found = find(program);
    let fine = match &options.run {
        Programs::None => false,
        Programs::All => true,
        Programs::Named(names) => {
            names.iter().any(|name| name == program || (found.is_some() && find(name) == found))
        }
    };
    if !fine {
        let typed = files::as_typed(program);
        return Err(Error::new(Kind::Refused, format!("this run may not start the program {program}"))
            .hint(format!("allow it with --allow-run={typed} (or --allow-run for every program)")));
    }
    found.ok_or_else(|| {
        let missing = Error::new(Kind::NotFound, format!("there is no program {program}"));
        match program.split_once(' ') {
            Some((first, rest)) if find(first).is_some() => missing.hint(format!(
                "arguments are given one by one, and no shell takes them apart: \"{first}\", \"{rest}\""
            )),
            _ => missing.hint("it is looked for in the directories of PATH, unless its name has a `/`"),
        }
    })
}

/// The file of a program: at that path, or in the first directory of this run's own PATH that has it.
fn find(program: &str) -> Option<PathBuf> {
    let executable =
        |path: &Path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if program.contains('/') {
        let path = std::path::absolute(program).ok()?;
        return path.exists().then_some(path);
    }
    if program.is_empty() {
        return None;
    }
    let directories = std::env::var_os("PATH")?;
    std::env::split_paths(&directories).map(|directory| directory.join(program)).find(|path| executable(path))
}

/// Other hosts need the flag; this one's own programs, over the loopback, do not.
fn allow_host(options: &Options, address: &Address, what: &str) -> Result<(), Error> {
    if address.is_loopback() || options.net {
        return Ok(());
    }
    Err(Error::new(Kind::Refused, format!("this run may not {what}")).hint("allow it with --allow-net"))
}

/// A socket at a path is a file that anybody may have put there.
fn allow_path(options: &Options, address: &Address) -> Result<(), Error> {
    match &address.local {
        Some(Local::Path(path)) => files::allow(options, path, true),
        Some(Local::Name(_)) | None => Ok(()),
    }
}

/// The error for what the system says when it is asked for something at first.
#[cold]
pub(super) fn failed(what: &str, error: &io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::AddrInUse => Kind::State,
        io::ErrorKind::PermissionDenied => Kind::Refused,
        io::ErrorKind::NotFound => Kind::NotFound,
        _ => Kind::Error,
    };
    Error::new(kind, format!("cannot {what}: {error}"))
}

/// A descriptor that never blocks, watched by the poller.
#[derive(Debug)]
pub(super) struct Descriptor {
    /// Before the descriptor, which it watches.
    source: Source,
    file: Arc<OwnedFd>,
    /// Of a socket.
    meeting: Option<Meeting>,
    connection: OnceLock<Option<Here>>,
    side: OnceLock<Arc<Side>>,
}

impl Descriptor {
    /// `meeting`: of a socket. `before` is called each time before those who wait for it are woken.
    pub fn new(
        poller: &Arc<Poller>,
        file: OwnedFd,
        meeting: Option<Meeting>,
        before: Option<Box<dyn Fn() + Send + Sync>>,
    ) -> io::Result<Arc<Descriptor>> {
        rustix::io::ioctl_fionbio(&file, true)?;
        let source = poller.watch(file.as_fd(), before)?;
        let file = Arc::new(file);
        Ok(Arc::new(Descriptor { source, file, meeting, connection: OnceLock::new(), side: OnceLock::new() }))
    }

    pub fn file(&self) -> &OwnedFd {
        &self.file
    }
}

impl Flow for Descriptor {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let read = || rustix::io::read(&self.file, into);
        Ok(match self.side.get() {
            Some(side) => side.reads(read),
            None => read(),
        }?)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let write = || rustix::io::write(&self.file, bytes);
        Ok(match self.side.get() {
            Some(side) => side.writes(bytes.len(), write),
            None => write(),
        }?)
    }

    fn close(&self) {
        if let Some(side) = self.side.get() {
            side.close();
        }
        // A pipe is closed when nobody has the descriptor any more. The other side may have gone before.
        if self.meeting.is_some() {
            let _ = rustix::net::shutdown(&self.file, rustix::net::Shutdown::Both);
        }
    }

    fn readable(&self) -> &Arc<Ready> {
        &self.source.readable
    }

    fn writable(&self) -> &Arc<Ready> {
        &self.source.writable
    }

    fn descriptor(&self) -> io::Result<OwnedFd> {
        if let (Some(meeting), Some(side)) = (&self.meeting, self.side.get()) {
            meeting.sides.leak(side);
        }
        let copy = self.file.try_clone()?;
        // Programs expect to be able to wait for their input.
        rustix::io::ioctl_fionbio(&copy, false)?;
        Ok(copy)
    }

    fn known_as(&self, id: u32) {
        let ready = [&self.source.readable, &self.source.writable];
        let side = self.meeting.as_ref().and_then(|meeting| meeting.side(&self.file, id, ready));
        if let Some(side) = side {
            let _ = self.side.set(side); // it becomes one thing to wait for, once
        }
    }

    fn far(&self) -> Option<Far> {
        self.side.get()?.far()
    }

    fn may_stir(&self, sends: bool) -> bool {
        self.side.get().is_none_or(|side| side.may_stir(sends))
    }

    fn line(&self, sends: bool) -> Option<Line> {
        Some(self.side.get()?.line(sends))
    }

    fn connection(&self) -> Option<Here> {
        self.connection.get().copied().flatten()
    }

    fn find_connection(&self) -> Option<Here> {
        *self.connection.get_or_init(|| {
            let addresses = [getsockname(&self.file).ok()?, getpeername(&self.file).ok()??];
            let mut addresses = addresses.map(|address| format!("{address:?}"));
            let first = addresses.is_sorted();
            // Both sides of it have the same two.
            addresses.sort();
            let connection = Connection(FixedState::default().hash_one(addresses) as u32);
            Some(Here { connection, first })
        })
    }
}
