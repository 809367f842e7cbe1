//! The system calls that make and end processes, each with the reason why it is sound.

use rustix::process::{Pid, Signal};
use std::io;
use std::mem::MaybeUninit;

/// Where a call that makes a process has returned.
pub enum Forked {
    Child,
    Parent(Pid),
}

/// A copy of this process, with the calling thread alone.
pub fn fork() -> io::Result<Forked> {
    // SAFETY: the child runs the calling thread only. What other threads of this process hold at this moment stays held
    // in the child. The C library sees to its own locks (the allocator's) in `fork`. Of Rust's and conc's none are held
    // by others when a run has not started yet, and only then this is called. In a program that embeds conc, and has
    // other threads, those may hold locks of that program's own, of which the child runs nothing; if they are threads of
    // other runs, they may be in the middle of parking, which is short and no question of memory: a child could hang.
    of_result(unsafe { libc::fork() })
}

/// A copy of this process, as another child of its parent. Only for a process that has one thread.
pub fn clone_sibling() -> io::Result<Forked> {
    let none: libc::c_long = 0;
    let flags = libc::c_long::from(libc::CLONE_PARENT | libc::SIGCHLD);
    // SAFETY: without CLONE_VM the child has a memory of its own, so that going on with the same stack is as after
    // `fork`. The call goes past the C library, which therefore does nothing about locks of other threads: there are
    // none (the caller's contract). It remembers the number of the thread it was started with; it uses that only to
    // tell threads of one process apart, and those that the child starts get numbers of their own.
    let answer = unsafe { libc::syscall(libc::SYS_clone, flags, none, none, none, none) };
    of_result(answer as i32)
}

fn of_result(answer: i32) -> io::Result<Forked> {
    match answer {
        0 => Ok(Forked::Child),
        pid => {
            Pid::from_raw(pid).filter(|_| pid > 0).map(Forked::Parent).ok_or_else(io::Error::last_os_error)
        }
    }
}

/// This process ends when the thread of its parent ends that has made it. False when `parent` has ended already.
pub fn end_with(parent: Pid) -> bool {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).is_ok()
        && rustix::process::getppid() == Some(parent)
}

/// Ends this process at once: nothing that was registered to be done at its end is done, since that is its parent's.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: it does not return, and does nothing to this process but end it.
    unsafe { libc::_exit(status) }
}

/// The signals that a thread did not take before all were blocked.
#[derive(Clone)]
pub struct Mask(libc::sigset_t);

impl Mask {
    /// Lets no signal interrupt this thread; those that come wait.
    pub fn block_all() -> Mask {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: both sets are this function's own; the first is filled before it is read, the second is filled by a
        // call that cannot fail with these arguments.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            Mask(before.assume_init())
        }
    }

    /// As it was before.
    pub fn restore(&self) {
        // SAFETY: the set is one that the system has filled.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// Sends a signal to a process that cannot have been replaced by another of the same number: a child that has not been
/// waited for. Or to any, when a script has its number.
pub fn send(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: the call touches no memory of this process.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
