//! What is to be said of a simulated run that has ended.

use crate::explore::simulate::Halt;
use crate::report::runtime::{Ending, Left, status};
use crate::world::sim::{Fault, Rules, Universe};

/// Says of a run that is ended from outside where every thread stands.
pub fn halted(universe: &Universe, halt: Halt, ending: &mut Ending) {
    ending.status = match halt {
        Halt::Interrupted => status::INTERRUPTED,
        Halt::TimeOver => status::TIMEOUT,
    };
    (ending.interrupted, ending.processes) = left(universe);
}

/// Adds how it has ended, and what was left behind.
pub fn finish(universe: &mut Universe, rules: &Rules, ending: &mut Ending) {
    ending.status = if ending.deadlock.is_some() { status::DEADLOCK } else { i32::from(ending.failed > 0) };
    if let Some(Some(exited)) = universe.ended {
        (ending.status, ending.exited) = (exited, true);
    }
    if ending.deadlock.is_some() {
        return;
    }
    (ending.abandoned, ending.processes) = left(universe);
    ending.unasked = universe.failures.iter().filter_map(|failure| failure.unasked()).collect();
    ending.unasked.extend(universe.branches.iter().filter_map(|thread| thread.unraised()));
    if ending.status == 0 || !ending.exited {
        let (faults, _) = universe.look(true, rules);
        for fault in faults {
            if let Fault::Watch { error, .. } = fault {
                ending.unmet.push(error);
            }
        }
        if !ending.unmet.is_empty() && ending.status == 0 {
            ending.status = status::FAILED;
        }
    }
}

/// The threads of the first process that have not ended, and the other processes.
fn left(universe: &Universe) -> (Vec<Left>, Vec<Left>) {
    let (mut threads, mut processes): (Vec<Left>, Vec<Left>) = (Vec::new(), Vec::new());
    for seat in &universe.seats {
        if let Some(space) = &seat.space {
            let thread = space.handle.name();
            // (A worker of a pool has no task any more.)
            if !space.process().is_of_pool() && !processes.iter().any(|known| known.thread == thread) {
                processes.push(Left { thread, doing: "runs".into(), line: 0, holds: Vec::new() });
            }
            continue;
        }
        if universe.is_idle_worker(&seat.thread) {
            continue;
        }
        let (doing, line) = match (&seat.wait, &seat.fiber) {
            (Some(wait), _) => (wait.op.describe(), seat.line),
            (None, Some(fiber)) => ("runs".into(), fiber.next_line(&universe.image.program)),
            (None, None) => ("runs".into(), seat.line),
        };
        let held = universe.held_by(&seat.thread).into_iter();
        let holds = held.map(|(sync, line)| (sync.label(), line)).collect();
        threads.push(Left { thread: seat.thread.name(), doing, line, holds });
    }
    (threads, processes)
}
