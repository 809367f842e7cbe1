//! Ctrl-C: ends the entry that runs, not the session.

use conc::report::runtime::status;
use conc::world::real::Handle;
use parking_lot::Mutex;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

#[derive(Clone)]
pub struct Interrupts(Arc<State>);

#[derive(Default)]
struct State {
    idle_ends: bool,
    /// Something runs that can be interrupted.
    busy: AtomicBool,
    /// How often it has been asked to end.
    asked: AtomicU32,
    session: Mutex<Option<Handle>>,
}

/// An entry that is still there when this is pressed so often never ends: in the middle of a long builtin, or reading.
const ENOUGH: u32 = 3;

impl Interrupts {
    /// Begins to listen for Ctrl-C, in a thread of its own. `idle_ends`: when nothing runs, it ends the process.
    pub fn watch(idle_ends: bool) -> io::Result<Interrupts> {
        let interrupts = Interrupts(Arc::new(State { idle_ends, ..State::default() }));
        let mut signals = Signals::new([SIGINT])?;
        let its = interrupts.clone();
        std::thread::Builder::new().name("interrupts".into()).spawn(move || {
            for _ in signals.forever() {
                its.interrupt();
            }
        })?;
        Ok(interrupts)
    }

    /// Whose entries are to be ended.
    pub fn attend_to(&self, handle: Handle) {
        *self.0.session.lock() = Some(handle);
    }

    /// Does something that Ctrl-C can end.
    pub fn during<T>(&self, act: impl FnOnce() -> T) -> T {
        self.0.asked.store(0, Ordering::SeqCst);
        self.0.busy.store(true, Ordering::SeqCst);
        let done = act();
        self.0.busy.store(false, Ordering::SeqCst);
        done
    }

    /// Whether Ctrl-C was pressed meanwhile.
    pub fn asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst) > 0
    }

    fn interrupt(&self) {
        if !self.0.busy.load(Ordering::SeqCst) {
            if self.0.idle_ends {
                std::process::exit(status::INTERRUPTED);
            }
            // A terminal that is being read sends no signal: this comes from elsewhere, or a moment late.
            return;
        }
        if self.0.asked.fetch_add(1, Ordering::SeqCst) + 1 >= ENOUGH {
            std::process::exit(status::INTERRUPTED);
        }
        if let Some(session) = &*self.0.session.lock() {
            session.interrupt();
        }
    }
}
