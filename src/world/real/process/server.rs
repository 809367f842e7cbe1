//! The fork server: a process with one thread, made before the run starts any, of which children are copies.
//!
//! To copy a process that runs many threads is not safe: locks that they hold stay locked for ever in the copy (the
//! allocator's, the standard library's, parking_lot's). So what a child begins with is not the memory of the process
//! that starts it but a small process that was set aside before; what the child is to know is sent to it (`start`), and
//! since both have the same program, functions are numbers. The children are made as siblings of the server, so that
//! for the system, too, their parent is the process that has started them.
//!
//! The program of a session grows. Its server *follows*: it is told what was typed when the next child is wanted, and makes the
//! same program of it, with the same numbers, before it makes the child.

use super::super::{Input, spin};
use super::growth::{Follow, Growth};
use super::parcel;
use super::system::{self, Forked, Mask};
use crate::builtin;
use crate::code::verify::Verified;
use crate::report::runtime::status;
use parking_lot::Mutex;
use rustix::process::{Pid, WaitOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub struct Server {
    pid: Pid,
    socket: Mutex<UnixStream>,
    /// What the server is to be told before it makes the next child.
    news: Mutex<Vec<Growth>>,
}

/// Where `make` has returned.
pub enum Side<Child = UnixStream> {
    /// In the process that made the server.
    Maker(Server),
    /// In a new child, which is to read from here what it is. All signals are blocked; before, they were so.
    Child(Child, Mask),
}

/// Makes the server of this process, by the thread that lives as long as the process: when it ends, so do the server
/// and the children. Returns once here, and once in each child.
pub fn make() -> io::Result<Side> {
    make_with(|socket, maker| serve(socket, maker, &mut |_| {}))
}

/// The same of a session, whose program grows; a child also gets the program as it is by then.
pub fn make_follower(mut follow: Follow) -> io::Result<Side<(UnixStream, Arc<Verified>)>> {
    make_with(|socket, maker| {
        // Ctrl-C in a terminal is for the session, which ends what runs there: it goes to this group no more.
        let _ = rustix::process::setpgid(None, None);
        let mut program = follow(Growth::Anew);
        let line = serve(socket, maker, &mut |growth| program = follow(growth));
        (line, program)
    })
}

fn make_with<Child>(serve: impl FnOnce(UnixStream, Pid) -> Child) -> io::Result<Side<Child>> {
    let (ours, its) = UnixStream::pair()?;
    let maker = rustix::process::getpid();
    make_what_is_made_once();
    let mask = Mask::block_all();
    let forked = system::fork();
    match forked {
        Ok(Forked::Child) => {
            drop(ours);
            Ok(Side::Child(serve(its, maker), mask))
        }
        Ok(Forked::Parent(pid)) => {
            mask.restore();
            Ok(Side::Maker(Server { pid, socket: Mutex::new(ours), news: Mutex::default() }))
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
fn serve(mut socket: UnixStream, maker: Pid, hear: &mut dyn FnMut(Growth)) -> UnixStream {
    if !system::end_with(maker) {
        system::exit_now(0);
    }
    loop {
        let line = match parcel::receive_files(&socket).map(|files| files.into_iter().next()) {
            Ok(Some(line)) => line,
            Ok(None) => {
                let heard = Growth::receive(&socket).map(|growth| {
                    // A mistake in conc itself must not come back to whoever has made the server.
                    catch_unwind(AssertUnwindSafe(|| hear(growth)))
                });
                match heard {
                    Ok(Ok(())) => continue,
                    Ok(Err(_)) | Err(_) => system::exit_now(status::FAILED),
                }
            }
            // Nobody asks any more: the run has ended.
            Err(_) => system::exit_now(0),
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
    /// Remembers what the server is to know.
    pub fn tell(&self, growth: Growth) {
        let mut news = self.news.lock();
        if matches!(growth, Growth::Anew) {
            news.clear();
        }
        news.push(growth);
    }

    /// A new child: its number, and the line to it.
    pub fn child(&self) -> io::Result<(Pid, UnixStream)> {
        let (ours, its) = UnixStream::pair()?;
        let mut socket = self.socket.lock();
        for growth in std::mem::take(&mut *self.news.lock()) {
            growth.send(&socket)?;
        }
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
