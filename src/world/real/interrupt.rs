//! What ends a run from outside: Ctrl-C, SIGTERM, `--timeout`. Whoever waits for the run waits at a bell.
//!
//! The bell is a pair of sockets, because that is what a signal handler can ring. No thread is needed for it.

use super::claim::Claim;
use parking_lot::Mutex;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) struct Bell {
    ringer: UnixStream,
    ear: UnixStream,
    /// Set by the handler of the first signal.
    interrupted: Arc<AtomicBool>,
    /// Which signals end the run, and by what.
    registered: Mutex<Vec<(i32, SigId)>>,
    /// Empty in a run that listens to none.
    claims: Vec<Claim>,
}

pub(super) enum Ring {
    /// By somebody in this process.
    Rung,
    Interrupted,
    TimedOut,
}

impl Bell {
    pub fn new(signals: bool) -> io::Result<Bell> {
        let (ringer, ear) = UnixStream::pair()?;
        let mut bell = Bell {
            ringer,
            ear,
            interrupted: Arc::new(AtomicBool::new(false)),
            registered: Mutex::default(),
            claims: Vec::new(),
        };
        if signals {
            bell.listen_to_signals()?;
        }
        Ok(bell)
    }

    fn listen_to_signals(&mut self) -> io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            self.claims.push(Claim::on(signal)?);
            self.ends_by(signal, true)?;
        }
        Ok(())
    }

    /// Whether this signal ends the run from now on. Nothing happens for one that never does, nor in a run that listens
    /// to none.
    pub fn ends_by(&self, signal: i32, ends: bool) -> io::Result<()> {
        let mut registered = self.registered.lock();
        if self.claims.is_empty() || ![SIGINT, SIGTERM].contains(&signal) {
            return Ok(());
        }
        let known = registered.iter().any(|(known, _)| *known == signal);
        if ends && !known {
            // Done in this order by the handler: the second signal finds the flag of the first, and kills at once.
            let second = flag::register_conditional_shutdown(signal, 130, self.interrupted.clone())?;
            let first = flag::register(signal, self.interrupted.clone())?;
            let ring = low_level::pipe::register(signal, self.ringer.try_clone()?)?;
            registered.extend([second, first, ring].map(|id| (signal, id)));
        } else if !ends {
            let (gone, kept) = registered.drain(..).partition(|(known, _)| *known == signal);
            *registered = kept;
            let gone: Vec<(i32, SigId)> = gone;
            gone.into_iter().for_each(|(_, id)| _ = low_level::unregister(id));
        }
        Ok(())
    }

    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    pub fn ring(&self) {
        // Only a full socket refuses, and that rings already.
        let _ = (&self.ringer).write(&[0]);
    }

    /// Waits until it rings, or the deadline has passed.
    pub fn wait(&self, deadline: Option<Instant>) -> Ring {
        let mut bytes = [0; 16];
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ring::TimedOut;
            }
            // A time of zero, which is refused, was seen above.
            let _ = self.ear.set_read_timeout(left);
            let read = (&self.ear).read(&mut bytes);
            if self.interrupted() {
                return Ring::Interrupted;
            }
            match read {
                Ok(_) => return Ring::Rung,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The ear is ours and open; should the system refuse all the same, do not turn in circles.
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        for (_, id) in self.registered.get_mut().drain(..) {
            low_level::unregister(id);
        }
    }
}

/// Presses Ctrl-C.
#[cfg(test)]
pub(super) fn raise() {
    low_level::raise(SIGINT).unwrap();
}
