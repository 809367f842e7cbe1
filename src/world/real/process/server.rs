//! The fork server: a process with one thread, made before the run starts any, of which children are copies.
//!
//! To copy a process that runs many threads is not safe: locks that they hold stay locked for ever in the copy (the
//! allocator's, the standard library's, parking_lot's). So what a child begins with is not the memory of the process
//! that starts it but a small process that was set aside before; what the child is to know is sent to it (`start`), and
//! since both have the same program, functions are numbers. The children are made as siblings of the server, so that
//! for the system, too, their parent is the process that has started them.

use super::super::{Input, spin};
use super::parcel;
use super::system::{self, Forked, Mask};
use crate::builtin;
use parking_lot::Mutex;
use rustix::process::{Pid, WaitOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

pub struct Server {
    pid: Pid,
    socket: Mutex<UnixStream>,
}

/// Where `make` has returned.
pub enum Side {
    /// In the process that made the server.
    Maker(Server),
    /// In a new child, which is to read from here what it is.
    Child(UnixStream),
}

/// Makes the server of this process, by the thread that lives as long as the process: when it ends, so do the server
/// and the children. Returns once here, and once in each child.
pub fn make() -> io::Result<Side> {
    let (ours, its) = UnixStream::pair()?;
    let maker = rustix::process::getpid();
    make_what_is_made_once();
    let mask = Mask::block_all();
    let forked = system::fork();
    match forked {
        Ok(Forked::Child) => {
            drop(ours);
            let child = serve(its, maker);
            mask.restore();
            Ok(Side::Child(child))
        }
        Ok(Forked::Parent(pid)) => {
            mask.restore();
            Ok(Side::Maker(Server { pid, socket: Mutex::new(ours) }))
        }
        Err(error) => {
            mask.restore();
            Err(error)
        }
    }
}

/// What conc makes once in a process, when it is first asked for, is made now: in a program that embeds conc the thread
/// of another run may be about to make it, and in the copy nobody would ever finish that.
fn make_what_is_made_once() {
    builtin::numbered(0);
    spin::cores();
    drop(Input::process());
}

/// The server's life; comes back in each child. Signals stay blocked: Ctrl-C is for the others of the group.
fn serve(mut socket: UnixStream, maker: Pid) -> UnixStream {
    if !system::end_with(maker) {
        system::exit_now(0);
    }
    loop {
        // Nobody asks any more: the run has ended.
        let Ok(Some(line)) = parcel::receive_files(&socket).map(|files| files.into_iter().next()) else {
            system::exit_now(0)
        };
        let answer = match system::clone_sibling() {
            Ok(Forked::Child) => {
                if !system::end_with(maker) {
                    system::exit_now(0);
                }
                // `socket`, the server's own end, is closed with this.
                return UnixStream::from(line);
            }
            Ok(Forked::Parent(pid)) => pid.as_raw_nonzero().get(),
            Err(error) => -error.raw_os_error().unwrap_or(libc::EAGAIN),
        };
        if socket.write_all(&answer.to_le_bytes()).is_err() {
            system::exit_now(0);
        }
    }
}

impl Server {
    /// A new child: its number, and the line to it.
    pub fn child(&self) -> io::Result<(Pid, UnixStream)> {
        let (ours, its) = UnixStream::pair()?;
        let mut socket = self.socket.lock();
        parcel::send_files(&socket, &[its.as_fd()])?;
        let mut answer = [0; 4];
        socket.read_exact(&mut answer)?;
        let answer = i32::from_le_bytes(answer);
        match Pid::from_raw(answer).filter(|_| answer > 0) {
            Some(pid) => Ok((pid, ours)),
            None => Err(io::Error::from_raw_os_error(-answer)),
        }
    }
}

impl Drop for Server {
    /// Ends the server, and waits for its end, so that nothing of it is left.
    fn drop(&mut self) {
        let _ = self.socket.get_mut().shutdown(std::net::Shutdown::Both);
        while let Err(rustix::io::Errno::INTR) =
            rustix::process::waitpid(Some(self.pid), WaitOptions::empty())
        {}
    }
}
