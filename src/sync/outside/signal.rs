//! Signals by name, and one that has come and waits for its handler.

use crate::sync::wait::WaitQueue;
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::atomic::{AtomicBool, Ordering};

/// A signal that scripts can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Without `SIG`.
    pub name: &'static str,
    /// The system's number for it.
    pub number: i32,
    /// Whether a program may say what it does when it comes.
    pub can_be_handled: bool,
}

/// What the system has a signal do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    Nothing,
    Stops,
    Ends,
}

/// What a signal does.
#[derive(Debug)]
pub enum Action {
    /// Calls this function, in a thread of its own.
    Handler(Value),
    Nothing,
    /// What the system has it do.
    Default,
}

const fn signal(name: &'static str, number: i32) -> Signal {
    Signal { name, number, can_be_handled: true }
}

/// A program must not catch these: the system does not let it, or it would never get past the fault that raised it.
const fn fixed(name: &'static str, number: i32) -> Signal {
    Signal { name, number, can_be_handled: false }
}

use signal_hook::consts as number;

static SIGNALS: [Signal; 23] = [
    signal("HUP", number::SIGHUP),
    signal("INT", number::SIGINT),
    signal("QUIT", number::SIGQUIT),
    fixed("ILL", number::SIGILL),
    signal("TRAP", number::SIGTRAP),
    signal("ABRT", number::SIGABRT),
    fixed("BUS", number::SIGBUS),
    fixed("FPE", number::SIGFPE),
    fixed("KILL", number::SIGKILL),
    signal("USR1", number::SIGUSR1),
    fixed("SEGV", number::SIGSEGV),
    signal("USR2", number::SIGUSR2),
    signal("PIPE", number::SIGPIPE),
    signal("ALRM", number::SIGALRM),
    signal("TERM", number::SIGTERM),
    signal("CHLD", number::SIGCHLD),
    signal("CONT", number::SIGCONT),
    fixed("STOP", number::SIGSTOP),
    signal("TSTP", number::SIGTSTP),
    signal("TTIN", number::SIGTTIN),
    signal("TTOU", number::SIGTTOU),
    signal("WINCH", number::SIGWINCH),
    signal("URG", number::SIGURG),
];

/// That nobody has this number to whom a signal could go.
pub fn nobody_to(pid: i64, signal: Signal) -> Error {
    let message = format!("there is no process {pid} to send {} to", signal.name);
    Error::new(error::Kind::NotFound, message).hint("it has ended, or never was")
}

/// That no process can have this number.
pub fn no_number(pid: i64) -> Error {
    Error::new(error::Kind::Value, format!("{pid} is no number of a process"))
}

/// That a process is neither the run's own nor one of those next to it.
pub fn not_its_own(pid: i64, signal: Signal) -> Error {
    let message = format!("this run may not send {} to the process {pid}, which is not its own", signal.name);
    Error::new(error::Kind::Refused, message).hint("allow it with --allow-run")
}

impl Signal {
    /// The signal of that name, written `USR1` or `SIGUSR1`.
    pub fn named(name: &str) -> Result<Signal, Error> {
        let short = name.strip_prefix("SIG").unwrap_or(name);
        SIGNALS.iter().find(|signal| signal.name == short).copied().ok_or_else(|| {
            Error::new(error::Kind::Value, format!("there is no signal \"{name}\""))
                .hint("signals have names: USR1, USR2, TERM, INT, HUP, KILL, STOP, CONT…")
        })
    }

    /// The signal of this number.
    pub fn of(number: i32) -> Option<Signal> {
        SIGNALS.iter().find(|signal| signal.number == number).copied()
    }

    /// Of what a program sends: the signal of this number, or any.
    pub fn this_or_any(number: Option<i32>) -> Vec<Signal> {
        number.map_or_else(|| SIGNALS.to_vec(), |number| Signal::of(number).into_iter().collect())
    }

    /// What it does to a process that says nothing about it.
    pub fn by_default(self) -> Default {
        match self.number {
            number::SIGCHLD | number::SIGCONT | number::SIGURG | number::SIGWINCH => Default::Nothing,
            number::SIGSTOP | number::SIGTSTP | number::SIGTTIN | number::SIGTTOU => Default::Stops,
            _ => Default::Ends,
        }
    }

    /// What a signal of this number is called.
    pub fn numbered(number: i32) -> String {
        let known = SIGNALS.iter().find(|signal| signal.number == number);
        known.map_or_else(|| number.to_string(), |signal| signal.name.to_string())
    }

    /// For `on signal`: only what a program may catch.
    pub fn handled(name: &str) -> Result<Signal, Error> {
        let signal = Signal::named(name)?;
        if signal.can_be_handled {
            return Ok(signal);
        }
        let hint = match signal.name {
            "KILL" => "it always works; TERM is the one a program can answer",
            "STOP" => "it always works; TSTP is the one a program can answer",
            _ => "it is raised by a fault of the program itself",
        };
        Err(Error::new(error::Kind::Value, format!("the signal {} cannot be handled", signal.name))
            .hint(hint))
    }
}

/// Whether a signal has come that was not handled yet: however often it came, once.
#[derive(Debug)]
pub struct Pending {
    pub name: &'static str,
    pub number: i32,
    /// Set by the process's own handler.
    pub came: std::sync::Arc<AtomicBool>,
    /// Another handler has taken the place of this one.
    replaced: AtomicBool,
    pub waiters: WaitQueue,
}

impl Pending {
    pub fn new(signal: Signal) -> Pending {
        Pending {
            name: signal.name,
            number: signal.number,
            came: std::sync::Arc::default(),
            replaced: AtomicBool::new(false),
            waiters: WaitQueue::new(),
        }
    }

    pub fn take(&self) -> bool {
        self.came.swap(false, Ordering::SeqCst) || self.replaced()
    }

    pub fn is_set(&self) -> bool {
        self.came.load(Ordering::SeqCst) || self.replaced()
    }

    /// Its handler is to end.
    pub fn replace(&self) {
        self.replaced.store(true, Ordering::SeqCst);
        self.waiters.wake_all();
    }

    pub fn replaced(&self) -> bool {
        self.replaced.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_sig() {
        assert_eq!(
            Signal::named("USR1").expect("it is known"),
            Signal::named("SIGUSR1").expect("it is known")
        );
        for wrong in ["", "SIG", "usr1", "SIGSIGUSR1", "RT1"] {
            assert_eq!(Signal::named(wrong).expect_err("it is none").kind, error::Kind::Value, "{wrong}");
        }
        assert_eq!(Signal::numbered(signal_hook::consts::SIGKILL), "KILL");
    }

    #[test]
    fn some_can_never_be_handled() {
        for name in ["KILL", "STOP", "SEGV"] {
            assert!(Signal::handled(name).is_err(), "{name}");
        }
        assert!(Signal::handled("TERM").is_ok());
    }

    #[test]
    fn equal_ones_merge() {
        let pending = Pending::new(Signal::named("USR1").expect("it is known"));
        assert!(!pending.take());
        for _ in 0..5 {
            pending.came.store(true, Ordering::SeqCst);
        }
        assert!(pending.is_set() && pending.take());
        assert!(!pending.is_set() && !pending.take());
    }
}
