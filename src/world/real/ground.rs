//! What a session needs for processes, made before this process has a second thread: shared memory, and a fork server that
//! follows what is typed. It costs a process that does nothing until the first child is wanted.

use super::clock::Clock;
use super::ids::Ids;
use super::options::Options;
use super::process::{self, Follow, Growth, Server, Side};
use super::register::Register;
use super::run::MAIN;
use crate::machine::Image;
use crate::mapped::Memory;
use crate::value::error::{Error, Kind};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// So many variables can be told apart that can change, in one session. Room that nobody uses is not there.
const MOST_VARIABLES: usize = 1 << 20;

/// It outlives the sessions that stand on it, which come one after the other.
pub struct Ground {
    memory: Arc<Memory>,
    server: Arc<Server>,
    register: Arc<Register>,
}

impl Ground {
    /// To be called by the thread that lives as long as this process, while it is the only one; `options` are those of the
    /// processes that are started, and `follow` makes their program.
    ///
    /// # Errors
    /// When the system gives no memory or no process.
    pub fn new(options: Options, follow: Follow) -> io::Result<Ground> {
        let memory = Memory::new(MOST_VARIABLES)?;
        process::first(&memory);
        let register = Arc::new(Register::new()?);
        let clock = Clock::start();
        match process::make_follower(follow)? {
            Side::Maker(server) => Ok(Ground { memory, server: Arc::new(server), register }),
            Side::Child((line, program), mask) => {
                let mut image = Image::new(program);
                image.memory = Some(memory);
                process::live((line, mask), image, options, clock, (Some(register), None))
            }
        }
    }

    pub(super) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    pub(super) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    pub(super) fn register(&self) -> Arc<Register> {
        self.register.clone()
    }

    /// Those of a session's first process.
    pub(super) fn ids(&self) -> Ids {
        Ids::shared(MAIN + 1, self.memory.clone())
    }

    /// A session begins in which nothing was typed. The one before, of so many variables, has ended with all its processes.
    pub fn clear(&self, variables: usize) {
        self.server.tell(Growth::Anew);
        for variable in 0..variables.min(MOST_VARIABLES) as u32 {
            self.memory.word(self.memory.variable(variable)).store(0, Ordering::SeqCst);
        }
    }

    /// Whether there is room for a program's variables.
    pub(super) fn has_room(&self, variables: usize) -> Result<(), Error> {
        if variables <= MOST_VARIABLES {
            return Ok(());
        }
        let message = format!("a session has at most {MOST_VARIABLES} variables that can change");
        Err(Error::new(Kind::Memory, message).hint("`:reset` begins a new one"))
    }
}
