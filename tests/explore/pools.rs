//! A process pool in the oracle's state. Each worker is a keeper, a thread of `main`'s process, and a process with variables of
//! its own. These are their steps, as they are read here:
//! - A keeper that is free takes the oldest task.
//! - It makes its process, if it has none, with a copy of what `main` has at that moment, and sends it the task.
//! - The process receives the task.
//! - When the process has done it, the keeper makes the result known, and is free. A process that has ended is no more.

use crate::code::{Kind, RETURNED, Step};
use crate::machine::{Flaw, Life, Machine, State, Thread, abandon};
use crate::model::Program;

/// What a task raises that calls `exit`: no error of the script. It goes through `with`.
pub const EXIT: Kind = "exit";

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Crew {
    /// Tasks that nobody has taken, by their numbers.
    queue: Vec<usize>,
    /// By their numbers; None is not given yet.
    tasks: Vec<Option<Task>>,
    workers: Vec<Stage>,
    /// So many of these are there.
    hired: usize,
    pub closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Task {
    body: usize,
    given: i64,
    result: Option<Result<i64, Kind>>,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    Free,
    Taken(usize),
    Sent(usize),
    Works(usize),
    Replied(usize, Result<i64, Kind>),
}

impl Crew {
    pub fn new(program: &Program) -> Crew {
        Crew { workers: vec![Stage::Free; program.workers()], ..Crew::default() }
    }

    /// False when it is closed. There is another keeper when those that are free are not enough.
    pub fn submit(&mut self, body: usize, given: i64, number: usize) -> bool {
        if self.closed {
            return false;
        }
        if self.tasks.len() <= number {
            self.tasks.resize(number + 1, None);
        }
        self.tasks[number] = Some(Task { body, given, result: None });
        self.queue.push(number);
        let free = self.workers[..self.hired].iter().filter(|stage| **stage == Stage::Free).count();
        if self.queue.len() > free && self.hired < self.workers.len() {
            self.hired += 1;
        }
        true
    }

    /// Of a task that has ended.
    pub fn result(&self, number: usize) -> Option<Result<i64, Kind>> {
        self.tasks.get(number)?.as_ref()?.result
    }

    /// All tasks that were given have ended.
    pub fn is_idle(&self) -> bool {
        self.tasks.iter().flatten().all(|task| task.result.is_some())
    }

    fn task(&self, worker: usize) -> Option<usize> {
        match self.workers[worker] {
            Stage::Free => None,
            Stage::Taken(task) | Stage::Sent(task) | Stage::Works(task) | Stage::Replied(task, _) => {
                Some(task)
            }
        }
    }

    /// The workers whose processes do the task, or have to do theirs before it.
    fn before_result(&self, number: usize) -> Vec<usize> {
        let works = |worker: &usize| matches!(self.workers[*worker], Stage::Works(_));
        let has_it = |worker: &usize| self.task(*worker) == Some(number);
        let all = 0..self.workers.len();
        match all.clone().find(has_it) {
            Some(worker) => Some(worker).filter(works).into_iter().collect(),
            None => all.filter(works).collect(),
        }
    }

    /// The body of the task that a worker has.
    pub fn body_of(&self, worker: usize) -> usize {
        let task = self.task(worker).and_then(|number| self.tasks[number].as_ref());
        task.map(|task| task.body).expect("a process that moves has a task")
    }
}

/// After `main` and the handles come a keeper and a process for each worker.
impl Machine<'_> {
    pub fn threads(&self) -> usize {
        self.codes.len() + 2 * self.program.workers()
    }

    /// Which worker a keeper or a process belongs to.
    pub fn worker(&self, thread: usize) -> usize {
        (thread - self.codes.len()) / 2
    }

    pub fn is_keeper(&self, thread: usize) -> bool {
        thread >= self.codes.len() && (thread - self.codes.len()).is_multiple_of(2)
    }

    pub fn is_worker(&self, thread: usize) -> bool {
        thread >= self.codes.len() && !self.is_keeper(thread)
    }

    /// Whether it is a process that does a task.
    fn does_a_task(&self, state: &State, thread: usize) -> bool {
        self.is_worker(thread) && matches!(state.crew.workers[self.worker(thread)], Stage::Works(_))
    }

    /// Whether the program waits for it, or for the task that it does.
    pub fn is_waited_for(&self, state: &State, thread: usize) -> bool {
        !self.is_daemon(thread) || self.does_a_task(state, thread)
    }

    /// The processes whose tasks a thread waits for, which waits for a result, or until all tasks have ended.
    pub fn waits_for_tasks(&self, state: &State, thread: usize) -> Vec<usize> {
        let processes = |workers: Vec<usize>| {
            workers.into_iter().map(|worker| self.codes.len() + 2 * worker + 1).collect()
        };
        match self.step(state, thread) {
            Some(Step::Result { number, .. }) if state.crew.result(*number).is_none() => {
                processes(state.crew.before_result(*number))
            }
            Some(Step::Idle) => {
                let all = 0..state.crew.workers.len();
                let works = |worker: &usize| matches!(state.crew.workers[*worker], Stage::Works(_));
                processes(all.filter(works).collect())
            }
            _ => Vec::new(),
        }
    }

    pub fn keeper_moves(&self, state: &State, keeper: usize, each: &mut dyn FnMut(State)) {
        let (worker, process) = (self.worker(keeper), keeper + 1);
        let mut next = state.clone();
        match state.crew.workers[worker] {
            Stage::Free => {
                let others = state.crew.workers.iter().any(|stage| *stage != Stage::Free);
                let may = worker < state.crew.hired && !(self.flaw == Flaw::OneWorker && others);
                if may && !state.crew.queue.is_empty() {
                    next.crew.workers[worker] = Stage::Taken(next.crew.queue.remove(0));
                    each(next);
                }
            }
            Stage::Taken(task) => {
                if next.own[process].is_empty() || self.flaw == Flaw::WorkerForgets {
                    next.own[process] = state.vars.clone();
                }
                next.crew.workers[worker] = Stage::Sent(task);
                each(next);
            }
            Stage::Sent(_) | Stage::Works(_) => {}
            Stage::Replied(number, result) => {
                if result == Err(EXIT) {
                    next.own[process].clear();
                }
                if let Some(task) = &mut next.crew.tasks[number] {
                    task.result = Some(if result == Err(EXIT) { Err("broken") } else { result });
                }
                next.crew.workers[worker] = Stage::Free;
                each(next);
            }
        }
    }

    /// The process receives a task, if one has been sent to it.
    pub fn receive(&self, state: &State, process: usize, each: &mut dyn FnMut(State)) {
        let worker = self.worker(process);
        let Stage::Sent(task) = state.crew.workers[worker] else { return };
        let mut next = state.clone();
        next.crew.workers[worker] = Stage::Works(task);
        next.threads[process].life = Life::Alive;
        let given = next.crew.tasks[task].as_ref().map_or(0, |task| task.given);
        next.threads[process].set(0, given);
        self.settle(&mut next, process);
        each(next);
    }

    /// The process has done its task.
    pub fn reply(&self, next: &mut State, process: usize) {
        let worker = self.worker(process);
        let Some(task) = next.crew.task(worker) else { return };
        let thread = &next.threads[process];
        let result = thread.error.map_or(Ok(thread.get(RETURNED)), Err);
        if result == Err(EXIT) {
            // The process is no more.
            abandon(next, process);
        }
        next.crew.workers[worker] = Stage::Replied(task, result);
        next.threads[process] = Thread::new();
    }
}
