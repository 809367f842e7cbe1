//! What is to be said of a simulated run that has ended.

use crate::report::runtime::{Ending, Left, status};
use crate::world::sim::{Fault, Rules, Universe};

/// Adds how it has ended, and what was left behind.
pub fn finish(universe: &mut Universe, rules: &Rules, ending: &mut Ending) {
    ending.status = if ending.deadlock.is_some() { status::DEADLOCK } else { i32::from(ending.failed > 0) };
    if let Some(Some(exited)) = universe.ended {
        (ending.status, ending.exited) = (exited, true);
    }
    if ending.deadlock.is_some() {
        return;
    }
    for seat in &universe.seats {
        if let Some(space) = &seat.space {
            let thread = space.handle.name();
            if space.process().is_of_pool() {
                continue; // it has no task any more
            }
            if !ending.processes.iter().any(|known| known.thread == thread) {
                ending.processes.push(Left { thread, doing: "runs".into(), line: 0, holds: Vec::new() });
            }
            continue;
        }
        if universe.is_idle_worker(&seat.thread) {
            continue;
        }
        let (thread, line) = (seat.thread.name(), seat.line);
        let doing = seat.wait.as_ref().map_or_else(|| "runs".into(), |wait| wait.op.describe());
        let held = universe.held_by(&seat.thread).into_iter();
        let holds = held.map(|(sync, line)| (sync.label(), line)).collect();
        ending.abandoned.push(Left { thread, doing, line, holds });
    }
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
