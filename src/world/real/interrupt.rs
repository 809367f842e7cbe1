//! What ends a run from outside: Ctrl-C, SIGTERM, `--timeout`. Whoever waits for the run waits at a bell.
//!
//! The bell is a pair of sockets, because that is what a signal handler can ring. No thread is needed for it.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

pub(super) struct Bell {
    ringer: UnixStream,
    ear: UnixStream,
    /// Set by the handler of the first signal.
    interrupted: Arc<AtomicBool>,
    registered: Vec<SigId>,
}

pub(super) enum Ring {
    /// By somebody in this process.
    Rung,
    Interrupted,
    TimedOut,
}

/// Whether no run cares for signals, so that they do what they do by default.
static IDLE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

impl Bell {
    pub fn new(signals: bool) -> io::Result<Bell> {
        let (ringer, ear) = UnixStream::pair()?;
        let mut bell =
            Bell { ringer, ear, interrupted: Arc::new(AtomicBool::new(false)), registered: Vec::new() };
        if signals {
            bell.listen_to_signals()?;
        }
        Ok(bell)
    }

    fn listen_to_signals(&mut self) -> io::Result<()> {
        if IDLE.get().is_none() {
            let idle = Arc::new(AtomicBool::new(false));
            for signal in [SIGINT, SIGTERM] {
                flag::register_conditional_default(signal, idle.clone())?;
            }
            // If another run was faster, its flag is as good.
            let _ = IDLE.set(idle);
        }
        if let Some(idle) = IDLE.get() {
            idle.store(false, Ordering::SeqCst);
        }
        for signal in [SIGINT, SIGTERM] {
            // Done in this order by the handler: the second signal finds the flag of the first, and kills at once.
            let second = flag::register_conditional_shutdown(signal, 130, self.interrupted.clone())?;
            let first = flag::register(signal, self.interrupted.clone())?;
            let ring = low_level::pipe::register(signal, self.ringer.try_clone()?)?;
            self.registered.extend([second, first, ring]);
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
        if self.registered.is_empty() {
            return;
        }
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
        if let Some(idle) = IDLE.get() {
            idle.store(true, Ordering::SeqCst);
        }
    }
}

/// Presses Ctrl-C.
#[cfg(test)]
pub(super) fn raise() {
    low_level::raise(SIGINT).unwrap();
}
