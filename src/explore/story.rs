//! Runs a schedule again in the simulated world and tells it, step by step, in words of the source.
//!
//! The search works with canonical states, in which threads have no names. Here the same moves are made by living
//! threads with theirs, side by side with the canonical states that say which of them moves next.

mod failure;
mod log;
mod stuck;
mod words;

use super::expand::{Move, Sign};
use super::options::Options;
use super::shortest::is_cut_short;
use super::state::Graph;
use super::steps::{Effect, Steps};
use super::tries::{Tried, property_of, race, tries};
use super::verdict::{Failure, Moment, Property, Story, Turn, Uncaught};
use crate::machine::touch::Act;
use crate::machine::{Image, Space};
use crate::report::runtime::{Ending, Left, status};
use crate::state::Shared;
use crate::sync::Op;
use crate::sync::outside::signal::Signal;
use crate::sync::process::STOP;
use crate::sync::thread::Thread;
use crate::value::{Value, show};
use crate::world::Stream;
use crate::world::legs::Legs;
use crate::world::sim::{Ends, Fault, Log, Record, Universe, Way};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A run that is being told.
pub struct Teller<'s> {
    steps: &'s mut Steps,
    /// The canonical state.
    graph: Graph,
    /// For each thread of the canonical state, which living one it is: an index of `known`.
    who: Vec<usize>,
    universe: Universe,
    /// Every thread that was ever started, in the order of starts.
    known: Vec<Arc<Thread>>,
    /// Where they stand there, by their ids.
    numbers: HashMap<u32, usize>,
    /// The process of each; None for the first.
    spaces: Vec<Option<Arc<Space>>>,
    pub story: Story,
    /// What went wrong on the way.
    pub faults: Vec<Fault>,
    /// What was written and not taken yet.
    written: Vec<(Stream, String)>,
    last: Option<usize>,
    /// A log of it, if somebody wants one.
    watching: Option<log::Watching>,
}

impl<'s> Teller<'s> {
    pub fn new(steps: &'s mut Steps, seed: u64) -> Teller<'s> {
        let graph = steps.initial();
        let universe = Universe::new(steps.image.program.clone(), seed);
        let known: Vec<Arc<Thread>> = universe.seats.iter().map(|seat| seat.thread.clone()).collect();
        let mut story = Story::default();
        story.schedule.changing = steps.changing();
        let numbers = known.iter().enumerate().map(|(at, thread)| (thread.id, at)).collect();
        Teller {
            numbers,
            who: steps.places(graph.seats),
            steps,
            graph,
            spaces: vec![None; known.len()],
            known,
            universe,
            story,
            faults: Vec::new(),
            written: Vec::new(),
            last: None,
            watching: None,
        }
    }

    /// The index, among the living threads, of one that was started.
    fn seat_of(&self, known: usize) -> Option<usize> {
        self.universe.seats.iter().position(|seat| Arc::ptr_eq(&seat.thread, &self.known[known]))
    }

    /// What reports call a thread.
    fn label(&self, known: usize) -> Arc<str> {
        let thread = &self.known[known];
        self.spaces[known].as_ref().map_or_else(|| thread.name(), |space| space.label(thread))
    }

    /// The variables that a thread sees.
    fn image(&self, known: usize) -> Arc<Image> {
        self.spaces[known].as_ref().map_or(&self.universe.image, |space| &space.image).clone()
    }

    /// Makes a move. False when it cannot be made: the schedule does not fit the script.
    pub fn make(&mut self, step: &Move) -> bool {
        let Some(&who) = self.who.get(step.seat as usize) else { return false };
        let outcome = self.steps.take(&self.graph, step.seat as usize, step.way, &step.choices);
        let Effect::Change(change) = &outcome.kind else { return false };
        let Some(seat) = self.seat_of(who) else { return false };
        let preempts = self.preempts(who);
        self.universe.share_now(&self.steps.rules);
        if preempts {
            self.foretell();
        }
        let waited = self.universe.seats[seat].wait.as_ref().map(|wait| waited(&wait.op, step.way));
        let before = self.values(&self.image(who));
        let step_taken = self.universe.step(seat, step.way, step.choices.clone(), &self.steps.rules);
        if let Ends::Blocked(_) = step_taken.ends {
            return false;
        }
        let log = step_taken.log;
        for seat in &self.universe.seats {
            if let Entry::Vacant(entry) = self.numbers.entry(seat.thread.id) {
                entry.insert(self.known.len());
                self.known.push(seat.thread.clone());
                self.spaces.push(seat.space.clone());
            }
        }
        self.tell(who, &log, waited, &before, preempts);
        self.written.push((Stream::Out, log.output.clone()));
        self.written.push((Stream::Err, log.errors.clone()));
        self.faults.extend(log.faults);
        self.follow(step.seat as usize, change);
        self.last = (!outcome.passed_join).then_some(who);
        self.story.schedule.turns.push(Turn {
            thread: who as u32,
            times_out: step.way == Way::TimeOut,
            choices: log.choices.iter().map(|(choice, _)| *choice).collect(),
        });
        self.note(who);
        true
    }

    /// Keeps from here on what the threads do, for `legs`.
    pub fn record(&mut self) {
        self.universe.record = Some(Record::new(self.universe.main.clone()));
    }

    /// What was recorded of the run, which is told no further.
    pub fn legs(self) -> Legs {
        self.universe.record.map(Record::into_legs).unwrap_or_default()
    }

    /// Whether the program has ended.
    pub fn is_over(&self) -> bool {
        self.universe.ended.is_some() || self.steps.is_over(&self.graph)
    }

    /// That the script has come to take more memory than it may.
    pub fn beyond(&mut self) -> Option<Uncaught> {
        self.steps.beyond.take()
    }

    /// Forgets the steps that were taken, when they take too much memory: a run may be endless.
    pub fn forget_steps(&mut self, options: &Options) {
        if self.steps.memory() as u64 <= options.limits.memory / 2 {
            return;
        }
        let assumed = self.steps.rules.assumed.clone();
        *self.steps = self.steps.anew(options);
        self.steps.rules.assumed = assumed;
        self.graph = self.steps.graph_of(&self.universe);
        let places = self.steps.places(self.graph.seats);
        let number = |seat: usize| self.numbers.get(&self.universe.seats[seat].thread.id).copied();
        self.who = places.into_iter().filter_map(number).collect();
    }

    /// All steps from the present state.
    pub fn tries(&mut self, out: &mut Vec<Tried>) {
        tries(self.steps, &self.graph, out);
    }

    /// What was written since it was asked last.
    pub fn take_output(&mut self) -> Vec<(Stream, String)> {
        std::mem::take(&mut self.written)
    }

    /// The errors that ended threads since it was asked last.
    pub fn take_uncaught(&mut self) -> Vec<Uncaught> {
        std::mem::take(&mut self.faults)
            .into_iter()
            .filter_map(|fault| match fault {
                Fault::Uncaught { thread, process, error, holds } => {
                    Some(Uncaught { thread, process, error, holds })
                }
                Fault::Watch { .. } => None,
            })
            .collect()
    }

    /// How many threads the first process has started, with `main`.
    pub fn started(&self) -> usize {
        self.spaces.iter().filter(|space| space.is_none()).count()
    }

    /// What is to be said of a run that has ended.
    pub fn finish(&mut self, ending: &mut Ending) {
        ending.status =
            if ending.deadlock.is_some() { status::DEADLOCK } else { i32::from(ending.failed > 0) };
        if let Some(Some(exited)) = self.universe.ended {
            (ending.status, ending.exited) = (exited, true);
        }
        if ending.deadlock.is_some() {
            return;
        }
        for seat in &self.universe.seats {
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
            if self.universe.is_idle_worker(&seat.thread) {
                continue;
            }
            let (thread, line) = (seat.thread.name(), seat.line);
            let doing = seat.wait.as_ref().map_or_else(|| "runs".into(), |wait| wait.op.describe());
            let held = self.universe.held_by(&seat.thread).into_iter();
            let holds = held.map(|(sync, line)| (sync.label(), line)).collect();
            ending.abandoned.push(Left { thread, doing, line, holds });
        }
        ending.unasked = self.universe.failures.iter().filter_map(|failure| failure.unasked()).collect();
        if ending.status == 0 || !ending.exited {
            let (faults, _) = self.universe.look(true, &self.steps.rules);
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

    /// What the run has come to, if it has ended.
    pub fn outcome(&mut self, names: &[String]) -> Option<super::verdict::Outcome> {
        if !self.is_over() {
            return None;
        }
        let mut ending = Ending { failed: self.universe.failed.into(), ..Ending::default() };
        self.finish(&mut ending);
        Some(super::verdict::Outcome {
            output: self.story.moments.iter().map(|moment| moment.output.as_str()).collect(),
            variables: variables(&self.universe, names),
            status: ending.status,
            schedule: self.story.schedule.clone(),
            runs: None,
        })
    }

    /// The move that a turn of a schedule stands for.
    pub fn step_of(&self, turn: &Turn) -> Option<Move> {
        let seat = self.who.iter().position(|who| *who == turn.thread as usize)?;
        let way = if turn.times_out { Way::TimeOut } else { Way::Run };
        Some(Move { seat: seat as u32, way, choices: turn.choices.clone() })
    }

    /// The first property that the present state shows to fail.
    pub fn shown(mut self) -> Option<(Property, Failure)> {
        let mut tried = Vec::new();
        let over = self.is_over();
        if !over {
            tries(self.steps, &self.graph, &mut tried);
        }
        let stuck = !over
            && self.steps.beyond.is_none()
            && !tried.iter().any(|one| matches!(one.outcome.kind, Effect::Change(_)));
        let fault = self.faults.first().map(property_of);
        let watches = |this: &mut Self, ensure| !this.universe.look(ensure, &this.steps.rules).0.is_empty();
        let property = if stuck {
            Property::Deadlock
        } else if let Some(property) = fault {
            property
        } else if watches(&mut self, false) {
            Property::Invariant
        } else if over && watches(&mut self, true) {
            Property::Ensure
        } else if race(&tried).is_some() {
            Property::Race
        } else {
            return None;
        };
        self.failure(property, &Sign::Here).map(|failure| (property, failure))
    }

    /// Takes the canonical state along.
    fn follow(&mut self, seat: usize, change: &super::steps::Change) {
        let mut next = Graph::default();
        let kept: Vec<usize> = (0..self.graph.seats).filter(|at| !change.ends(*at, seat)).collect();
        let mut order: Vec<usize> = kept.iter().map(|at| self.who[*at]).collect();
        let old = std::mem::take(&mut self.graph);
        self.steps.apply(&old, seat, change, &mut next);
        // New threads come after the others, in the order of their starts.
        let before: HashSet<usize> = self.who.iter().copied().collect();
        let living = self.universe.seats.iter().filter_map(|seat| self.numbers.get(&seat.thread.id).copied());
        let mut newer: Vec<usize> = living.filter(|known| !before.contains(known)).collect();
        newer.sort_unstable();
        order.append(&mut newer);
        self.who = vec![0; next.seats];
        for (at, who) in order.into_iter().enumerate() {
            self.who[self.steps.seat_of(at)] = who;
        }
        self.graph = next;
    }

    /// Whether another thread than the last moves although that one was in the middle of something.
    fn preempts(&mut self, who: usize) -> bool {
        let Some(last) = self.last.filter(|last| *last != who) else { return false };
        let Some(seat) = self.who.iter().position(|known| *known == last) else { return false };
        let outcome = self.steps.take(&self.graph, seat, Way::Run, &[]);
        is_cut_short(&Tried { seat, way: Way::Run, choices: Vec::new(), outcome })
    }

    /// The top level's variables, as a reader would see them.
    fn values(&self, image: &Image) -> Vec<(String, String)> {
        let program = &self.steps.image.program;
        let globals = program.globals.iter().enumerate();
        globals
            .filter(|(_, name)| !name.starts_with("__"))
            .filter_map(|(index, name)| match image.global(index as u32).unwrap_or(Value::Unset) {
                Value::Unset => None,
                value => Some((name.to_string(), show::repr(&value, program))),
            })
            .collect()
    }

    /// The present state once more, to try something in.
    fn copy(&self) -> (Universe, Vec<Option<Shared>>) {
        let (snapshot, _) = self.universe.snapshot(&self.steps.rules);
        let (contents, refs) = crate::state::living::slices(&snapshot.nodes);
        Universe::load(&self.steps.image, &contents, &refs, snapshot.seats, &self.steps.rules)
    }

    /// The thread that moved last is put aside: what it was about to do goes to its last moment.
    fn foretell(&mut self) {
        let Some(seat) = self.last.and_then(|last| self.seat_of(last)) else { return };
        let (mut copy, _) = self.copy();
        let image = copy.seats[seat].space.as_ref().map_or(&copy.image, |space| &space.image).clone();
        let log = copy.step(seat, Way::Run, Vec::new(), &self.steps.rules).log;
        let next = words::next(&log, &self.values(&image), &image);
        if let Some(moment) = self.story.moments.last_mut() {
            moment.next = next;
        }
    }

    fn tell(
        &mut self,
        who: usize,
        log: &Log,
        waited: Option<String>,
        before: &[(String, String)],
        preempts: bool,
    ) {
        let image = self.image(who);
        let after = self.values(&image);
        let of = self.spaces[who].as_ref().map(|space| format!("{}'s ", space.handle.name()));
        let whose = |name: &String| of.clone().filter(|_| !is_shared(name, &image)).unwrap_or_default();
        let changed = after.iter().filter(|pair| !before.contains(pair));
        let changed = changed.map(|(name, value)| (whose(name) + name, value.clone())).collect();
        let did = match waited {
            _ if log.struck == Some(STOP) => vec!["is stopped".into()],
            _ if log.struck.is_some() => {
                vec![format!("dies of {}", Signal::numbered(log.struck.unwrap_or_default()))]
            }
            _ if log.lets_go => words::did(log, before, &after, &image),
            Some(wait) => vec![wait],
            // What comes before the first operation that others can tell.
            None if self.story.moments.is_empty() && log.line == 0 => vec!["begins".into()],
            None => words::did(log, before, &after, &image),
        };
        self.story.threads = (0..self.known.len()).map(|known| self.label(known).to_string()).collect();
        self.story.moments.push(Moment {
            thread: who,
            // The end of a thread stands nowhere.
            line: if log.act == Act::End { 0 } else { log.line },
            span: log.span,
            did,
            next: None,
            preempts,
            changed,
            output: log.output.clone(),
        });
    }
}

/// Whether a variable of the top level is one for all processes.
fn is_shared(name: &str, image: &Image) -> bool {
    let program = &image.program;
    let number = program.globals.iter().position(|known| **known == *name);
    number.is_some_and(|number| program.is_shared(number as u32))
}

/// How a wait comes to its end.
fn waited(op: &Op, way: Way) -> String {
    match (op, way) {
        (Op::Beat(_), _) => "its time has come".into(),
        (Op::Sleep, _) => "has slept".into(),
        (op, Way::TimeOut) => format!("{}: its time is over", op.describe()),
        (op, Way::Run) => format!("{}: goes on", op.describe()),
    }
}

/// The final values of the variables that were asked for.
pub fn variables(universe: &Universe, names: &[String]) -> Vec<(String, String)> {
    let program = &universe.image.program;
    let value = |name: &String| {
        let global = program.globals.iter().position(|known| **known == **name);
        let fixed = || program.fixed.iter().position(|known| **known == **name);
        let value = match global {
            Some(index) => Some(universe.image.global(index as u32).unwrap_or(Value::Unset)),
            None => fixed().and_then(|index| universe.image.fixed(index as u32).cloned()),
        };
        value.map(|value| (name.clone(), show::repr(&value, program)))
    };
    names.iter().filter_map(value).collect()
}
