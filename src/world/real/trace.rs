//! What threads of a run on real threads tell its event log (`--trace`): when they begin and end, and what they wait for.
//! What is done with things to wait for is told where it is done (`race::order`).

use super::RealWorld;
use super::process;
use super::run::Shared;
use crate::event::Waiting;
use crate::event::recorder::{self, Blocks};
use crate::sync::thread::Thread;
use crate::sync::{Kind, Op, Releasers};
use crate::value::Value;

/// What a thread is about to wait for, in as far as its operation tells.
pub(super) struct Told {
    kind: Waiting,
    whom: Option<u32>,
}

impl Told {
    pub fn of(op: &Op, releasers: &Releasers) -> Told {
        let kind = match (op, releasers) {
            (Op::Sleep | Op::Beat(_), _) => Waiting::Sleeps,
            (op, _) if op.is_idle() => Waiting::Idle,
            // A process is none of this one's threads, and still of the run.
            (Op::Join(_) | Op::JoinAll(_) | Op::ThreadResult(_), _) => Waiting::Blocked,
            (_, Releasers::Outside) => Waiting::Outside,
            (_, Releasers::All(_) | Releasers::Anyone(_) | Releasers::Either(_) | Releasers::Unless(..)) => {
                Waiting::Blocked
            }
        };
        let whom = match releasers {
            Releasers::All(threads) => threads.first().copied().filter(|_| threads.len() == 1),
            Releasers::Anyone(_) | Releasers::Either(_) | Releasers::Unless(..) | Releasers::Outside => None,
        };
        Told { kind, whom }
    }

    pub fn sleeps(&self) -> bool {
        self.kind == Waiting::Sleeps
    }
}

impl Shared {
    /// The calling OS thread runs this thread from here on.
    pub fn trace_begin(&self, thread: &Thread) {
        let Some(tape) = &self.options.trace else { return };
        recorder::begin(tape, thread.id, &thread.name());
        if thread.id == self.main.id {
            let born = process::pids();
            let name = self.processes.own.as_ref().map_or("main", |own| &own.name);
            recorder::process_begins(name, born.pid, born.parent);
        }
    }

    /// None: the run has ended before the thread.
    pub fn trace_end(&self, failed: Option<bool>) {
        if self.options.trace.is_some() {
            recorder::end(failed);
        }
    }
}

impl RealWorld {
    /// It lies down now. What it waits for is known to others already.
    pub(super) fn trace_wait(&self, told: &Told, line: u32) {
        if self.shared.options.trace.is_none() {
            return;
        }
        let waiting = self.seat.thread.waiting.lock().clone();
        let Some(waiting) = waiting else { return };
        // A thread, or several things: the text names them.
        let thing = if let Value::Sync(sync) = &waiting.on
            && !matches!(sync.kind, Kind::Outside(_))
        {
            Some(&**sync)
        } else {
            None
        };
        // What processes share, and other processes, are outside of this one and not of the run.
        let kind = match (told.kind, &waiting.on, thing) {
            (Waiting::Outside, Value::Thread(_), _) | (Waiting::Outside, _, Some(_)) => Waiting::Blocked,
            (kind, ..) => kind,
        };
        recorder::blocks(&Blocks { kind, text: &waiting.text.to_string(), thing, whom: told.whom, line });
    }

    /// It goes on; when the run has ended, what it waited for has not come.
    pub(super) fn trace_goes_on(&self) {
        if self.shared.options.trace.is_some() && !self.shared.stopping() {
            recorder::goes_on();
        }
    }

    /// It waits for something that has no operation.
    pub(super) fn trace_wait_for(&self, kind: Waiting, text: &str) {
        if self.shared.options.trace.is_some() {
            recorder::blocks(&Blocks { kind, text, thing: None, whom: None, line: 0 });
        }
    }
}
