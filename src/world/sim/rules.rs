//! What a simulated run may leave out, because no step of this script can tell.

use crate::code::crews::Crews;
use crate::code::live::Liveness;
use crate::code::reach::{self, Reach};
use crate::code::sharing::Sharing;
use crate::code::{FunctionKind, Instruction, Program};
use crate::explore::{Reductions, Time};
use crate::state::kept::Kept;
use crate::world::MAX_THREADS;
use std::sync::{Arc, OnceLock};

/// What is taken for granted until a step proves it wrong: then the search begins again without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumptions {
    /// The names that are written once whose container does not change while there are several threads.
    pub frozen: Vec<bool>,
    /// Of the threads of a `parallel` no more than one fails. Then nobody can tell in which order it has them; else it raises
    /// the error of the first.
    pub one_fails: bool,
    /// Nothing that runs as one step takes a lock or a permit: waiting there is an error, so it would tell that one is held. And
    /// no process is started while other threads might be about to release something: its copy would be held for ever.
    pub locks_apart: bool,
    /// No text has the name of a thread in it. Then what threads of a kind have in common will do in a state; else names and
    /// numbers belong to it.
    pub nameless: bool,
    /// No text tells how a thread is: whether it waits, or has ended.
    pub unseen: bool,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    Frozen(u32),
    OneFails,
    LocksApart,
    Nameless,
    Unseen,
}

impl Assumptions {
    pub fn give_up(&mut self, wrong: Assumption) {
        match wrong {
            Assumption::Frozen(index) => self.frozen[index as usize] = false,
            Assumption::OneFails => self.one_fails = false,
            Assumption::LocksApart => self.locks_apart = false,
            Assumption::Nameless => self.nameless = false,
            // Such a text has the thread's name, too.
            Assumption::Unseen => (self.nameless, self.unseen) = (false, false),
        }
    }
}

/// Facts about a program, and what was asked for. The same for all states of an exploration.
#[derive(Debug)]
pub struct Rules {
    pub time: Time,
    pub liveness: Option<Liveness>,
    /// Which lists of threads are only joined.
    pub crews: Option<Crews>,
    /// The script may look at errors, so what their messages tell is told to it.
    pub reads_errors: bool,
    /// How many values of a queue are not reported done belongs to the state.
    pub counts_tasks: bool,
    /// The time belongs to the state.
    pub clock: bool,
    /// Somebody asks what other threads do: who waits is seen to wait.
    watched: bool,
    /// The end of a thread is a step of its own, also where nobody asks what others do.
    pub(crate) ends: bool,
    /// The variables of the top level that several threads touch and some write.
    pub shared_globals: Vec<bool>,
    pub assumed: Assumptions,
    /// The variables of the top level that an `invariant` or `ensure` looks at.
    pub looked_at: Vec<bool>,
    /// There is an `invariant` or `ensure`.
    pub watches: bool,
    /// A release is part of the step before it, as far as what is taken for granted holds.
    pub(crate) merge: bool,
    /// The same of what processes share. (Of one that may end at any moment it is told whether it has released that.)
    pub(crate) merge_shared: bool,
    /// What one thread alone can reach is no reason to stop before it.
    pub private: bool,
    /// What is handed over in a step is known to others from then on.
    pub publishes: bool,
    /// The order of what is printed matters.
    pub prints: bool,
    /// The script may have processes.
    pub processes: bool,
    /// The numbers of processes belong to the state.
    pub pids: bool,
    /// There may be pipes or connections: whoever holds an end keeps it open, whether or not anybody will use it.
    pub pipes: bool,
    /// Processes may have pools, for whose tasks they live.
    pub pools: bool,
    /// Signals may be sent or handled.
    pub signals: bool,
    /// The script may end itself while threads live.
    pub exits: bool,
    /// What code can come to, for copying it into a process; made when it is asked for first.
    pub reach: OnceLock<Reach>,
    /// Which registers may still be read, likewise.
    pub copied: OnceLock<Liveness>,
    /// So many threads of a process may live beside its first.
    pub max_threads: usize,
    /// Bytes that a state of the script may take while a step is tried in it.
    pub memory: usize,
    /// Where long texts and messages of states are kept, for whoever writes many states; None where all is written out.
    pub kept: Option<Arc<Kept>>,
    /// The script's own arguments.
    pub arguments: Vec<String>,
}

/// Names by whose use a script can tell that a thread has done everything but has not ended yet.
const ENDS: [&str; 4] = ["timeout", "daemon", "done", "running"];
/// The same of a process.
const ENDS_OF_PROCESSES: [&str; 6] = ["exit_code", "alive", "kill", "terminate", "send_signal", "processes"];
/// Names by whose use a process may end while one of its threads is about to release something.
const CUTS: [&str; 2] = ["exit", "daemon"];
/// Names whose use tells whether a lock or a permit is free without waiting for it, beside those that `Sharing` knows; or whether
/// somebody waits for one.
const LOCKS: [&str; 5] = ["timeout", "waiting", "locked", "state", "waiting_on"];

impl Rules {
    /// Whether somebody asks what other threads do: then who waits is seen to wait.
    pub fn watched(&self) -> bool {
        self.watched || !self.assumed.unseen
    }

    /// Whether the end of a thread is a step of its own.
    pub fn ends(&self) -> bool {
        self.ends || self.sees_starts()
    }

    /// Whether the start of a thread is a step of its own: somebody asks which there are, or who has ended makes room for who is
    /// started. (Only a limit that was given is that low.)
    pub fn sees_starts(&self) -> bool {
        self.watched() || self.max_threads < MAX_THREADS
    }

    /// Whether a release is part of the step before it. Where a text tells who waits, it tells that a lock is held.
    pub fn merges(&self) -> bool {
        self.merge && self.assumed.locks_apart && self.assumed.unseen
    }

    /// Whether time passes only when nothing else can move.
    pub fn is_idle(&self) -> bool {
        self.time == Time::Idle
    }

    /// Whether names and ids of threads belong to the state.
    pub fn names(&self) -> bool {
        !self.assumed.nameless
    }

    /// Whether a step that starts so many threads may be refused one of them, where so many live.
    #[inline]
    pub fn may_refuse(&self, living: usize, starts: u32) -> bool {
        starts > 0 && living + starts as usize > self.max_threads + 1
    }

    pub fn of(program: &Program, reductions: Reductions, time: Time, prints: bool) -> Rules {
        let sharing = Sharing::of(program);
        let uses = |names: &[&str]| {
            program.symbols.iter().any(|symbol| names.contains(&&**symbol))
                || program.rows.iter().any(|row| names.contains(&row.name))
        };
        let instructions = || program.functions.iter().flat_map(|function| &function.code);
        let selects = instructions().any(|instruction| {
            matches!(instruction, Instruction::Select { .. } | Instruction::EnterTimed { .. })
        });
        let mut handlers = program.functions.iter().flat_map(|function| &function.handlers);
        let catches = handlers.any(|handler| !handler.cleanup);
        let daemons = program.functions.iter().any(|function| match function.kind {
            FunctionKind::Thread { daemon, .. } | FunctionKind::ThreadWithMembers { daemon, .. } => daemon,
            FunctionKind::Plain | FunctionKind::Class(_) | FunctionKind::Watch { .. } => false,
        });
        // The workers of a process pool are daemons.
        let daemons = daemons || uses(&["process_pool"]);
        let timers = program.rows.iter().any(|row| row.name == "timer" || row.name == "__timer");
        let watched = sharing.observes_threads;
        let processes = program.process().is_some();
        let pipes = reach::makes_ends(program);
        let signals = uses(&["kill", "terminate", "send_signal", "__on_signal"]);
        let merge = reductions.merge
            && !selects
            && !sharing.observes_lock_state
            && !uses(&LOCKS)
            && !(processes && (signals || daemons || uses(&CUTS)));
        let mut shared_globals: Vec<bool> = match reductions.private {
            // Read-only variables too: nobody can tell when they are read.
            true => {
                sharing.shared_globals.iter().zip(&sharing.written_globals).map(|(s, w)| *s && *w).collect()
            }
            false => vec![true; program.globals.len()],
        };
        // Threads of other processes touch it, too.
        program.shared.iter().filter(|_| processes).for_each(|index| shared_globals[*index as usize] = true);
        Rules {
            time,
            liveness: (reductions.liveness && !pipes).then(|| Liveness::of(program)),
            crews: (reductions.symmetry && reductions.liveness && !pipes).then(|| Crews::of(program)),
            reads_errors: catches || uses(&["error"]),
            counts_tasks: uses(&["task_done", "unfinished"]),
            clock: sharing.observes_time,
            watched,
            ends: pipes
                || selects
                || daemons
                || timers
                || uses(&ENDS)
                || processes && uses(&ENDS_OF_PROCESSES),
            merge,
            // A process ends at any moment where some of its threads wait for ever.
            merge_shared: merge && !(processes && sharing.starts_threads),
            shared_globals,
            assumed: Assumptions {
                frozen: vec![reductions.private; program.fixed.len()],
                one_fails: reductions.symmetry,
                locks_apart: true,
                nameless: reductions.symmetry && !watched,
                unseen: true,
            },
            looked_at: sharing.looked_at,
            watches: program
                .functions
                .iter()
                .any(|function| matches!(function.kind, FunctionKind::Watch { .. })),
            private: reductions.private,
            publishes: true,
            prints,
            processes,
            pipes,
            pools: processes && uses(&["pool", "process_pool"]),
            signals,
            exits: uses(&["exit"]),
            pids: uses(&["pid", "ppid"]),
            reach: OnceLock::new(),
            copied: OnceLock::new(),
            max_threads: MAX_THREADS,
            memory: usize::MAX,
            kept: None,
            arguments: Vec::new(),
        }
    }
}
