//! Learns when children end, and how: one OS thread a process, begun with the first child. It is no thread of the script.

use super::super::run::Shared;
use super::Children;
use crate::mapped::Seat;
use crate::sync::thread::Thread;
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A child that has not ended, as far as is known.
pub struct Child {
    pub handle: Arc<Thread>,
    pub pid: Pid,
    /// Its number among the processes that share memory.
    pub number: usize,
    /// Its place among those that live.
    pub seat: Option<Seat>,
    /// Readable when it has ended; its number stays taken until it is waited for, which only the reaper does.
    fd: OwnedFd,
    /// To the child, once it was sent what it is.
    pub line: OnceLock<UnixStream>,
}

impl Child {
    pub fn new(handle: Arc<Thread>, pid: Pid, number: usize, seat: Option<Seat>) -> io::Result<Child> {
        let fd = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
        Ok(Child { handle, pid, number, seat, fd, line: OnceLock::new() })
    }

    /// How long it was on a processor, as far as the system tells: in its ticks.
    fn cpu(&self) -> Option<Duration> {
        let told = std::fs::read_to_string(format!("/proc/{}/stat", self.pid.as_raw_nonzero())).ok()?;
        // A name may hold anything; after it, these are the twelfth and the thirteenth.
        let (_, numbers) = told.rsplit_once(") ")?;
        let ticks =
            numbers.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>().ok()?;
        Some(Duration::from_nanos(ticks * (1_000_000_000 / rustix::param::clock_ticks_per_second())))
    }

    /// How it has ended, if it has: what it gave to `exit`, or minus the signal's number.
    fn ended(&self) -> Option<i32> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        match rustix::process::waitid(WaitId::PidFd(self.fd.as_fd()), options) {
            Ok(status) => {
                let status = status?;
                let killed = status.terminating_signal().map(|signal| -signal);
                killed.or(status.exit_status())
            }
            Err(rustix::io::Errno::INTR) => None,
            // Somebody else of this process has waited for it: how it ended is lost.
            Err(_) => Some(LOST),
        }
    }
}

/// The exit code of a child of which nothing more can be learnt.
const LOST: i32 = 255;

/// What wakes the reaper.
pub struct Bell(UnixStream);

impl Bell {
    pub fn ring(&self) {
        // Only a full socket refuses, and that rings already.
        let _ = (&self.0).write(&[0]);
    }
}

/// A bell, and the ear that hears it.
pub fn bell() -> io::Result<(Bell, UnixStream)> {
    let (ringer, ear) = UnixStream::pair()?;
    ringer.set_nonblocking(true)?;
    ear.set_nonblocking(true)?;
    Ok((Bell(ringer), ear))
}

/// Begins a reaper for these children.
pub fn begin(shared: Arc<Shared>) -> io::Result<Bell> {
    let (ringer, ear) = bell()?;
    std::thread::Builder::new().name("reaper".into()).spawn(move || attend(&shared, &ear))?;
    Ok(ringer)
}

/// Until the run has ended and no child is left.
fn attend(shared: &Shared, ear: &UnixStream) {
    let processes = &shared.processes;
    loop {
        let children = processes.children.lock().living.clone();
        for child in &children {
            // Of one that has ended it is known until it is waited for.
            let cpu = shared.options.stats.as_ref().and_then(|_| child.cpu());
            if let Some(exit) = child.ended() {
                shared.child_has_ended(child, exit, cpu);
            }
        }
        let mut state = processes.children.lock();
        if state.living.is_empty() && state.over {
            state.bell = None;
            processes.gone.notify_all();
            return;
        }
        let children = state.living.clone();
        drop(state);
        wait(&children, ear);
    }
}

fn wait(children: &[Arc<Child>], mut ear: &UnixStream) {
    let mut files: Vec<PollFd<'_>> =
        children.iter().map(|child| PollFd::new(&child.fd, PollFlags::IN)).collect();
    files.push(PollFd::new(&ear, PollFlags::IN));
    // Interrupted or not, what has happened is looked at anew.
    let _ = rustix::event::poll(&mut files, None);
    let mut bytes = [0; 64];
    while ear.read(&mut bytes).is_ok_and(|read| read == bytes.len()) {}
}

impl Children {
    pub fn remove(&mut self, pid: Pid) {
        self.living.retain(|child| child.pid != pid);
    }
}
