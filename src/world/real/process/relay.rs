//! What one process does for others that share memory with it: an OS thread of conc's own, which is no thread of the
//! script. It hears the process's bell, and wakes those whom others have called. Whoever learns that a process is dead
//! sees to what that leaves behind.

use super::super::ids::Ids;
use super::super::run::Shared;
use crate::mapped::Memory;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// So long the system may take to end the children of a process that is dead.
const PATIENCE: Duration = Duration::from_secs(2);
const A_MOMENT: Duration = Duration::from_millis(1);

/// The first process takes its place. Its ids.
pub fn first(memory: &Arc<Memory>) -> Ids {
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    if let Some(process) = memory.new_process("main") {
        process.begin(pid);
    }
    Ids::shared(super::super::run::MAIN + 1, memory.clone())
}

/// The thread, until it is told to end.
pub struct Relay {
    memory: Arc<Memory>,
    over: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What this process has seen to.
struct Known {
    sweeps: u64,
    changes: u64,
}

/// Begins it, if processes share anything: before the first thread of the script.
pub fn relay(shared: &Arc<Shared>) -> Option<Relay> {
    let memory = shared.memory()?.clone();
    // In a session, something may be declared `shared` later.
    if shared.desk.is_none() && !shared.code().image.program.shares() {
        return None;
    }
    let over = Arc::new(AtomicBool::new(false));
    let (shared, end) = (shared.clone(), over.clone());
    // What comes after this is news, however late the thread begins.
    let known = Known { sweeps: memory.sweeps(), changes: memory.changes().load(Ordering::SeqCst) };
    let thread = std::thread::Builder::new().name("relay".into()).spawn(move || attend(&shared, &end, known));
    // Without it this process would not learn what others do: it waits for them until its deadlines.
    let thread = Mutex::new(thread.ok());
    Some(Relay { memory, over, thread })
}

impl Relay {
    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.memory.own().ring();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join(); // it does not fail
        }
    }
}

fn attend(shared: &Shared, over: &AtomicBool, mut known: Known) {
    let Some(memory) = shared.memory() else { return };
    while !over.load(Ordering::SeqCst) {
        let rung = memory.own().rung();
        let sweeps = memory.sweeps();
        let all = std::mem::replace(&mut known.sweeps, sweeps) != sweeps;
        let things = shared.there.lock().clone();
        things.iter().for_each(|thing| thing.relay(all));
        let now = memory.changes().load(Ordering::SeqCst);
        if all || std::mem::replace(&mut known.changes, now) != now {
            shared.changes.fetch_add(1, Ordering::SeqCst);
            shared.changed.wake_all();
        }
        if !over.load(Ordering::SeqCst) {
            memory.own().hear(rung, None);
        }
    }
}

impl Shared {
    /// A child is dead: what it, and the processes that end with it, leave behind is seen to.
    pub(super) fn sweep(&self, number: usize) {
        let Some(memory) = self.memory() else { return };
        memory.process(number).end();
        let until = Instant::now() + PATIENCE;
        // The system has been told to end its children; it does so in a moment.
        while memory.living().any(|process| process.is_orphan() && !process.has_died())
            && Instant::now() < until
        {
            std::thread::sleep(A_MOMENT);
        }
        let who = memory.process(number).label();
        let gone = |thread: u32| memory.process_of(thread).is_dead();
        let things = self.there.lock().clone();
        for thing in &things {
            thing.sweep(&gone, &who);
            thing.relay(true);
        }
        memory.swept();
    }
}
