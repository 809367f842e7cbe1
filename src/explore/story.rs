//! Runs a schedule again in the simulated world and tells it, step by step, in words of the source.
//!
//! The search works with canonical states, in which threads have no names. Here the same moves are made by living
//! threads with theirs, side by side with the canonical states that say which of them moves next.

mod ending;
mod failure;
mod log;
mod of_process;
mod stuck;
mod told;
mod words;

pub use ending::{finish, halted};
pub use of_process::{end_of_process, stuck_among};
pub use stuck::{deadlock, knot, ring};
pub use told::Told;

use super::moves::Move;
use super::shortest::is_cut_short;
use super::slice::Sign;
use super::state::Graph;
use super::steps::{Effect, Steps};
use super::tries::{Tried, property_of, race, tries};
use super::verdict::{Failure, Property, Story, Turn};
use crate::event::Log;
use crate::report::runtime::{Ending, status};
use crate::state::Shared;
use crate::value::{Value, show};
use crate::world::legs::Legs;
use crate::world::sim::{Ends, Fault, Record, Rules, Universe, Way};
use std::collections::HashSet;

/// A run that is being told.
pub struct Teller<'s> {
    steps: &'s mut Steps,
    /// The canonical state.
    graph: Graph,
    /// For each thread of the canonical state, which living one it is: its number in what is told.
    who: Vec<usize>,
    universe: Universe,
    told: Told,
    /// What went wrong on the way.
    pub faults: Vec<Fault>,
    last: Option<usize>,
}

impl<'s> Teller<'s> {
    pub fn new(steps: &'s mut Steps, seed: u64) -> Teller<'s> {
        let graph = steps.initial();
        let universe = Universe::new(steps.image.program.clone(), seed);
        let mut told = Told::new(&universe);
        (told.story.schedule.changing, told.story.schedule.seen) = (steps.changing(), steps.seen());
        let who = steps.places(graph.seats);
        Teller { who, steps, graph, universe, told, faults: Vec::new(), last: None }
    }

    /// What has been told so far.
    pub fn story(&self) -> &Story {
        &self.told.story
    }

    /// Makes a move. False when it cannot be made: the schedule does not fit the script.
    pub fn make(&mut self, step: &Move) -> bool {
        let Some(&who) = self.who.get(step.seat as usize) else { return false };
        let outcome = self.steps.take(&self.graph, step.seat as usize, step.way, &step.choices);
        let Effect::Change(change) = &outcome.kind else { return false };
        let Some(seat) = self.told.seat_of(&self.universe, who) else { return false };
        let preempts = self.preempts(who);
        self.universe.share_now(&self.steps.rules);
        if preempts {
            self.foretell();
        }
        let ahead = self.told.ahead(&self.universe, who, seat, step.way);
        let ends = match self.steps.is_way_out(&self.graph, step.seat as usize, step.way) {
            true => end_of_process(&self.universe, &self.steps.rules, seat),
            false => None,
        };
        let step_taken = self.universe.step(seat, step.way, step.choices.clone(), &self.steps.rules);
        if let Ends::Blocked(_) = step_taken.ends {
            return false;
        }
        let mut log = step_taken.log;
        log.faults.extend(ends);
        self.told.meet(&self.universe);
        self.told.tell(&self.universe, who, &log, ahead, preempts);
        self.faults.extend(log.faults);
        self.follow(step.seat as usize, change);
        self.last = (!outcome.passed_join).then_some(who);
        self.told.story.schedule.turns.push(Turn {
            thread: who as u32,
            times_out: step.way == Way::TimeOut,
            choices: log.choices.iter().map(|(choice, _)| *choice).collect(),
        });
        if self.told.is_watched() {
            let can = self.able();
            self.told.note(&self.universe, &self.steps.rules, who, &log.deeds, |known| can.contains(&known));
        }
        true
    }

    /// Keeps a log from here on.
    pub fn watch(&mut self) {
        self.universe.drawn = true;
        self.told.watch();
    }

    /// What was noted.
    pub fn log(&mut self) -> Log {
        self.told.log()
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

    /// What the run has come to, if it has ended.
    pub fn outcome(&mut self, names: &[String]) -> Option<super::verdict::Outcome> {
        if !self.is_over() {
            return None;
        }
        let mut ending = Ending { failed: self.universe.failed.into(), ..Ending::default() };
        finish(&mut self.universe, &self.steps.rules, &mut ending);
        Some(super::verdict::Outcome {
            output: self.told.story.moments.iter().map(|moment| moment.output.as_str()).collect(),
            variables: variables(&self.universe, names),
            status: ending.status,
            schedule: Some(self.told.story.schedule.clone()),
            runs: None,
        })
    }

    /// The move that a turn of a schedule stands for.
    pub fn step_of(&self, turn: &Turn) -> Option<Move> {
        let seat = self.who.iter().position(|who| *who == turn.thread as usize)?;
        let way = if turn.times_out { Way::TimeOut } else { Way::Run };
        Some(Move { seat: seat as u32, way, choices: turn.choices.clone() })
    }

    /// Whether an `invariant` does not hold in the present state.
    pub fn breaks_an_invariant(&mut self) -> bool {
        self.breaks(false)
    }

    fn breaks(&mut self, ensure: bool) -> bool {
        !self.universe.look(ensure, &self.steps.rules).0.is_empty()
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
        // By an `exit` that says itself that something is wrong.
        let has_said = matches!(self.universe.ended, Some(Some(exited)) if exited != status::FINE);
        let property = if stuck {
            Property::Deadlock
        } else if let Some(property) = fault {
            property
        } else if self.breaks_an_invariant() {
            Property::Invariant
        } else if over && !has_said && self.breaks(true) {
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
        let living = self.universe.seats.iter().filter_map(|seat| self.told.number(&seat.thread));
        let mut newer: Vec<usize> = living.filter(|known| !before.contains(known)).collect();
        newer.sort_unstable();
        let several = newer.len() > 1;
        order.append(&mut newer);
        self.who = vec![0; next.seats];
        for (at, who) in order.into_iter().enumerate() {
            self.who[self.steps.seat_of(at)] = who;
        }
        self.graph = next;
        if several {
            self.recognize();
        }
    }

    /// Finds again who is who, by the canonical form of the living run. Of threads that a `parallel` starts the order is none in
    /// a canonical state, and they may differ in what they were given.
    fn recognize(&mut self) {
        let graph = self.steps.graph_of(&self.universe);
        if graph.sum != self.graph.sum {
            return; // two forms of one state
        }
        let living = self.universe.seats.iter().map(|seat| self.told.number(&seat.thread));
        let Some(living) = living.collect::<Option<Vec<usize>>>() else { return };
        for (at, who) in living.into_iter().enumerate() {
            self.who[self.steps.seat_of(at)] = who;
        }
    }

    /// Which threads can move.
    fn able(&mut self) -> HashSet<usize> {
        let mut tried = Vec::new();
        if !self.is_over() {
            tries(self.steps, &self.graph, &mut tried);
        }
        let can = tried.iter().filter(|one| matches!(one.outcome.kind, Effect::Change(_)));
        can.map(|one| self.who[one.seat]).collect()
    }

    /// Whether another thread than the last moves although that one was in the middle of something.
    fn preempts(&mut self, who: usize) -> bool {
        let Some(last) = self.last.filter(|last| *last != who) else { return false };
        let Some(seat) = self.who.iter().position(|known| *known == last) else { return false };
        let outcome = self.steps.take(&self.graph, seat, Way::Run, &[]);
        is_cut_short(&Tried { seat, way: Way::Run, choices: Vec::new(), outcome })
    }

    /// The thread that moved last is put aside: what it was about to do goes to its last moment.
    fn foretell(&mut self) {
        let Some(seat) = self.last.and_then(|last| self.told.seat_of(&self.universe, last)) else {
            return;
        };
        let (mut copy, _) = copy(&self.universe, &self.steps.rules);
        let image = copy.seats[seat].space.as_ref().map_or(&copy.image, |space| &space.image).clone();
        let log = copy.step(seat, Way::Run, Vec::new(), &self.steps.rules).log;
        let next = words::next(&log, &told::values(&image), &image);
        if let Some(moment) = self.told.story.moments.last_mut() {
            moment.next = next;
        }
    }
}

/// The present state once more, to try something in; also the object of each node.
fn copy(universe: &Universe, rules: &Rules) -> (Universe, Vec<Option<Shared>>) {
    let (snapshot, originals) = universe.snapshot(rules);
    let (copy, objects) = Universe::load(&universe.image, &snapshot.nodes, snapshot.seats, rules);
    let counterpart = |address: usize| {
        let node = originals.iter().position(|object| object.address() == address)?;
        objects.get(objects.len() - originals.len() + node)?.clone()
    };
    universe.image.call_alike(&copy.image, &counterpart);
    (copy, objects)
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
