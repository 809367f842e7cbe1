//! Runs a schedule again in the simulated world and tells it, step by step, in words of the source.
//!
//! The search works with canonical states, in which threads have no names. Here the same moves are made by living
//! threads with theirs, side by side with the canonical states that say which of them moves next.

use super::search::{Move, Sign, race, tries};
use super::state::Graph;
use super::steps::{Effect, Steps};
use super::verdict::{Access, Failure, Moment, Property, Race, Story, Turn, Uncaught};
use crate::code::Program;
use crate::machine::touch::{Act, Part, Place, Touch};
use crate::report::runtime::{Deadlock, Ending, Left, Stuck, status};
use crate::source::Span;
use crate::state::Shared;
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Who};
use crate::value::{Value, show};
use crate::world::Stream;
use crate::world::legs::Legs;
use crate::world::sim::{Ends, Fault, Log, Record, Universe, Way};
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
    pub story: Story,
    /// What went wrong on the way.
    pub faults: Vec<Fault>,
    /// What was written and not taken yet.
    written: Vec<(Stream, String)>,
    last: Option<usize>,
}

impl<'s> Teller<'s> {
    pub fn new(steps: &'s mut Steps, seed: u64) -> Teller<'s> {
        let graph = steps.initial();
        let universe = Universe::new(steps.image.program.clone(), seed);
        let known: Vec<Arc<Thread>> = universe.seats.iter().map(|seat| seat.thread.clone()).collect();
        let mut story = Story::default();
        story.schedule.changing = steps.changing();
        Teller {
            who: steps.places(graph.seats),
            steps,
            graph,
            known,
            universe,
            story,
            faults: Vec::new(),
            written: Vec::new(),
            last: None,
        }
    }

    /// The index, among the living threads, of one that was started.
    fn seat_of(&self, known: usize) -> Option<usize> {
        self.universe.seats.iter().position(|seat| Arc::ptr_eq(&seat.thread, &self.known[known]))
    }

    /// Makes a move. False when it cannot be made: the schedule does not fit the script.
    pub fn make(&mut self, step: &Move) -> bool {
        let Some(&who) = self.who.get(step.seat as usize) else { return false };
        let outcome = self.steps.take(&self.graph, step.seat as usize, step.way, &step.choices);
        let Effect::Change(change) = &outcome.kind else { return false };
        let Some(seat) = self.seat_of(who) else { return false };
        let preempts = self.preempts(who);
        self.universe.share_now(&self.steps.rules);
        let waited = self.universe.seats[seat].wait.as_ref().map(|wait| wait.op.describe());
        let before = self.values();
        let program = self.steps.image.program.clone();
        let step_taken = self.universe.step(seat, step.way, step.choices.clone(), &self.steps.rules);
        if let Ends::Blocked(_) = step_taken.ends {
            return false;
        }
        let log = step_taken.log;
        for seat in &self.universe.seats {
            if !self.known.iter().any(|known| Arc::ptr_eq(known, &seat.thread)) {
                self.known.push(seat.thread.clone());
            }
        }
        self.tell(who, step, &log, waited, &before, preempts, &program);
        self.written.push((Stream::Out, log.output.clone()));
        self.written.push((Stream::Err, log.errors.clone()));
        self.faults.extend(log.faults);
        self.follow(step.seat as usize, change);
        self.last = Some(who);
        self.story.schedule.turns.push(Turn {
            thread: who as u32,
            times_out: step.way == Way::TimeOut,
            choices: log.choices.iter().map(|(choice, _)| *choice).collect(),
        });
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

    /// All steps from the present state.
    pub fn tries(&mut self, out: &mut Vec<super::search::Tried>) {
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
                Fault::Uncaught { thread, error, holds } => Some(Uncaught { thread, error, holds }),
                Fault::Watch { .. } => None,
            })
            .collect()
    }

    /// How many threads were started, with `main`.
    pub fn started(&self) -> usize {
        self.known.len()
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
            let (thread, line) = (seat.thread.name(), seat.line);
            let doing = seat.wait.as_ref().map_or_else(|| "runs".into(), |wait| wait.op.describe());
            let held = self.universe.held_by(seat.thread.id).into_iter();
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
        let stuck = !over && !tried.iter().any(|one| matches!(one.outcome.kind, Effect::Change(_)));
        let fault = self.faults.first().map(super::search::property_of);
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
        let (mut work, mut next) = (Graph::default(), Graph::default());
        let kept: Vec<usize> =
            (0..self.graph.seats).filter(|at| !(change.has_ended() && *at == seat)).collect();
        let mut order: Vec<usize> = kept.iter().map(|at| self.who[*at]).collect();
        let old = std::mem::take(&mut self.graph);
        self.steps.apply(&old, seat, change, &mut work, &mut next);
        // New threads come after the others, in the order of their starts.
        let mut newer: Vec<usize> = (0..self.known.len())
            .filter(|known| !self.who.contains(known) && self.seat_of(*known).is_some())
            .collect();
        order.append(&mut newer);
        self.who = vec![0; next.seats];
        for (at, who) in order.into_iter().enumerate() {
            self.who[self.steps.canonical.seat_of(at, self.steps.common) as usize] = who;
        }
        self.graph = next;
    }

    /// Whether another thread than the last moves although that one could go on.
    fn preempts(&mut self, who: usize) -> bool {
        let Some(last) = self.last.filter(|last| *last != who) else { return false };
        let Some(seat) = self.who.iter().position(|known| *known == last) else { return false };
        let outcome = self.steps.take(&self.graph, seat, Way::Run, &[]);
        matches!(outcome.kind, Effect::Change(_))
    }

    /// The top level's variables, as a reader would see them.
    fn values(&self) -> Vec<(String, String)> {
        let program = &self.steps.image.program;
        let globals = program.globals.iter().enumerate();
        globals
            .filter(|(_, name)| !name.starts_with("__"))
            .filter_map(|(index, name)| {
                match self.universe.image.global(index as u32).unwrap_or(Value::Unset) {
                    Value::Unset => None,
                    value => Some((name.to_string(), show::repr(&value, program))),
                }
            })
            .collect()
    }

    #[expect(clippy::too_many_arguments)]
    fn tell(
        &mut self,
        who: usize,
        step: &Move,
        log: &Log,
        waited: Option<String>,
        before: &[(String, String)],
        preempts: bool,
        program: &Program,
    ) {
        let after = self.values();
        let changed: Vec<(String, String)> =
            after.iter().filter(|pair| !before.contains(pair)).cloned().collect();
        let mut did = Vec::new();
        match waited {
            Some(wait) if step.way == Way::TimeOut => did.push(format!("{wait}: its time is over")),
            Some(wait) => did.push(format!("{wait}: goes on")),
            None => did.extend(sentences(log, before, &after, program)),
        }
        let span = log.span;
        let line = if log.line > 0 { log.line } else { program.source.line(span.start) };
        self.story.threads = self.known.iter().map(|thread| thread.name().to_string()).collect();
        self.story.moments.push(Moment {
            thread: who,
            line,
            span,
            did,
            next: None,
            preempts,
            changed,
            output: log.output.clone(),
        });
    }

    /// Who waits for what, in the present state: a ring of threads that wait for each other if there is one, else all
    /// that cannot go on.
    pub fn deadlock(&mut self) -> Deadlock {
        let mut stuck = Vec::new();
        for at in 0..self.universe.seats.len() {
            let seat = &self.universe.seats[at];
            let (thread, line) = (seat.thread.clone(), seat.line);
            let fiber = seat.fiber.as_ref();
            let line =
                if line > 0 { line } else { fiber.map_or(0, |f| f.next_line(&self.steps.image.program)) };
            let Some((waits, releasers)) = self.waits_for(at) else { continue };
            let holds = self.universe.held_by(thread.id).into_iter();
            let holds = holds.map(|(sync, line)| (sync.label(), line)).collect();
            stuck.push((thread.id, releasers, Stuck { thread: thread.name(), holds, waits, line }));
        }
        let next = |at: usize| match &stuck[at].1 {
            Releasers::All(all) if all.len() == 1 => stuck.iter().position(|(id, ..)| *id == all[0]),
            Releasers::All(_) | Releasers::Anyone(_) | Releasers::Either(_) | Releasers::Outside => None,
        };
        let ring = (0..stuck.len()).find_map(|from| {
            let mut ring = vec![from];
            while let Some(to) = next(ring[ring.len() - 1]) {
                if to == from {
                    return Some(ring);
                }
                if ring.contains(&to) {
                    return None;
                }
                ring.push(to);
            }
            None
        });
        let cycle = ring.is_some();
        let shown = ring.unwrap_or_else(|| (0..stuck.len()).collect());
        let threads = shown.into_iter().map(|at| stuck[at].2.clone()).collect();
        Deadlock { threads, cycle, notes: Vec::new() }
    }

    /// What a thread waits for, and who could end that; None when it could go on.
    fn waits_for(&mut self, seat: usize) -> Option<(String, Releasers)> {
        let it = &self.universe.seats[seat];
        let (thread, line) = (it.thread.clone(), it.line);
        let who = Who { thread: &thread, line };
        if let Some(wait) = &it.wait {
            return Some((wait.op.describe(), wait.op.releasers(who)));
        }
        // In a copy, whose threads have other ids: they are told by their places.
        let (mut copy, _) = self.copy();
        let Ends::Blocked(op) = copy.step(seat, Way::Run, Vec::new(), &self.steps.rules).ends else {
            return None;
        };
        let here = |id: u32| {
            let seat = copy.seats.iter().position(|seat| seat.thread.id == id)?;
            Some(self.universe.seats[seat].thread.id)
        };
        let copied = copy.seats[seat].thread.clone();
        let releasers = match op.releasers(Who { thread: &copied, line }) {
            Releasers::All(all) => Releasers::All(all.into_iter().filter_map(here).collect()),
            other => other,
        };
        // Names are the living threads' own.
        Some((self.named(&op, &copy), releasers))
    }

    /// What an operation of a copy waits for, with the names that its threads have here.
    fn named(&self, op: &Op, copy: &Universe) -> String {
        for (other, seat) in copy.seats.iter().zip(&self.universe.seats) {
            *other.thread.name.lock() = seat.thread.name();
        }
        op.describe()
    }
}

impl Teller<'_> {
    /// The failure that the present state shows, with the story that has led here.
    pub fn failure(mut self, property: Property, sign: &Sign) -> Option<Failure> {
        if let Sign::Step(step) = sign {
            self.make(step);
        }
        let mut failure = Failure {
            property,
            what: String::new(),
            place: None,
            deadlock: None,
            error: None,
            race: None,
            story: Story::default(),
            loop_from: None,
        };
        match property {
            Property::Deadlock => {
                let deadlock = self.deadlock();
                failure.what = match deadlock.threads.len() {
                    1 => "a thread waits for ever".into(),
                    n if deadlock.cycle => format!("{n} threads wait for each other"),
                    n => format!("{n} threads wait for ever"),
                };
                failure.deadlock = Some(deadlock);
            }
            Property::Race => {
                let race = self.race()?;
                failure.what = format!("data race on {}", race.cell);
                failure.race = Some(race);
            }
            Property::Error | Property::Assertion => {
                let found = self.faults.iter().find(|fault| super::search::property_of(fault) == property)?;
                if let Fault::Uncaught { thread, error, holds } = found {
                    failure.what = error.message.clone();
                    failure.place = error.place.get().map(|place| place.span);
                    failure.error =
                        Some(Uncaught { thread: thread.clone(), error: error.clone(), holds: holds.clone() });
                }
            }
            Property::Invariant | Property::Ensure => {
                let ensure = property == Property::Ensure;
                let (faults, _) = self.universe.look(ensure, &self.steps.rules);
                let Some(Fault::Watch { watch, error, .. }) = faults.into_iter().next() else { return None };
                failure.place = Some(watch.span);
                failure.what = error.message.clone();
                failure.error =
                    Some(Uncaught { thread: "main".into(), error: error.clone(), holds: Vec::new() });
            }
            Property::Livelock => failure.what = "no end can be reached any more".into(),
        }
        failure.story = self.story;
        Some(failure)
    }

    /// The two accesses that race in the present state.
    fn race(&mut self) -> Option<Race> {
        let mut tried = Vec::new();
        tries(self.steps, &self.graph, &mut tried);
        let (i, j, _) = race(&tried)?;
        let (a, b) = (tried[i].seat, tried[j].seat);
        let first = self.access(self.who[a])?;
        let second = self.access(self.who[b])?;
        let (mut x, mut y) = (None, None);
        for (place, one) in &first.1 {
            for (other_place, other) in &second.1 {
                if place == other_place && (one.write || other.write) && one.part.meets(other.part) {
                    (x, y) = (Some(one.clone()), Some(other.clone()));
                }
            }
        }
        let (x, y) = (x?, y?);
        let program = self.steps.image.program.clone();
        let cell = cell_name(&x, &program);
        let (mut first, mut second) = (first.0, second.0);
        (first.write, second.write) = (x.write, y.write);
        Some(Race { cell, accesses: [first, second] })
    }

    /// What a thread is about to touch.
    fn access(&mut self, known: usize) -> Option<(Access, Vec<(usize, Touch)>)> {
        let seat = self.seat_of(known)?;
        let program = self.steps.image.program.clone();
        let thread = self.known[known].clone();
        let span =
            self.universe.seats[seat].fiber.as_ref().map_or(Span::default(), |f| f.next_span(&program));
        let holds = self.universe.held_by(thread.id).into_iter().map(|(sync, _)| sync.label()).collect();
        let touches = self.touches_of(seat);
        let line = program.source.line(span.start);
        Some((Access { thread: thread.name(), line, span, write: false, holds }, touches))
    }

    /// What the next operation of a thread would touch, each with a number for the place it is in this state.
    fn touches_of(&self, seat: usize) -> Vec<(usize, Touch)> {
        let (mut copy, objects) = self.copy();
        let number = |touch: &Touch| match &touch.place {
            Place::Global(index) => Some(*index as usize),
            // Things to wait for never race.
            Place::Object(Shared::Sync(_) | Shared::Thread(_)) => None,
            Place::Object(object) => {
                let same = |known: &Option<Shared>| {
                    known.as_ref().is_some_and(|known| known.address() == object.address())
                };
                objects.iter().position(same).map(|node| node + GLOBALS)
            }
            Place::Fixed(_) | Place::Threads | Place::Random | Place::Clock => None,
        };
        let log = copy.step(seat, Way::Run, Vec::new(), &self.steps.rules).log;
        log.touches.into_iter().filter_map(|touch| Some((number(&touch)?, touch))).collect()
    }

    /// The present state once more, to try something in.
    fn copy(&self) -> (Universe, Vec<Option<Shared>>) {
        let (snapshot, _) = self.universe.snapshot(&self.steps.rules);
        let (contents, refs) = crate::state::living::slices(&snapshot.nodes);
        Universe::load(&self.steps.image, &contents, &refs, snapshot.seats, &self.steps.rules)
    }
}

/// More variables than any script has at its top level: where the numbers of objects begin.
const GLOBALS: usize = 1 << 32;

/// What an operation did, told by what it touched.
fn sentences(
    log: &Log,
    before: &[(String, String)],
    after: &[(String, String)],
    program: &Program,
) -> Vec<String> {
    let value_in = |values: &[(String, String)], name: &str| {
        values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let text = || {
        let text = program.source.text.get(log.span.start as usize..log.span.end as usize);
        text.unwrap_or_default().lines().next().unwrap_or_default().trim().to_string()
    };
    match log.act {
        Act::Sync | Act::Release | Act::Atomic | Act::Await => match text() {
            text if text.is_empty() => Vec::new(),
            text => vec![text],
        },
        Act::End => vec!["ends".into()],
        Act::Print => vec![format!("prints {:?}", log.output.trim_end())],
        Act::Plain => {
            let mut said = Vec::new();
            for touch in &log.told {
                let name = cell_name(touch, program);
                let sentence = match (touch.write, &touch.place) {
                    (false, Place::Global(_)) => match value_in(before, &name) {
                        Some(value) => format!("reads {name} = {value}"),
                        None => format!("reads {name}"),
                    },
                    (true, Place::Global(_)) => match value_in(after, &name) {
                        Some(value) => format!("stores {name} = {value}"),
                        None => format!("stores {name}"),
                    },
                    (false, _) => format!("reads {name}"),
                    (true, _) => format!("changes {name}"),
                };
                if !said.contains(&sentence) {
                    said.push(sentence);
                }
            }
            said
        }
    }
}

/// What a cell is called in reports.
fn cell_name(touch: &Touch, program: &Program) -> String {
    let whole = match &touch.place {
        Place::Global(index) => return program.globals[*index as usize].to_string(),
        Place::Fixed(index) => return program.fixed[*index as usize].to_string(),
        Place::Object(Shared::Object(object)) => {
            let class = &program.classes[object.class as usize];
            return match touch.part {
                Part::Field(index) => format!("{} of {}", class.fields[index as usize].name, class.name),
                _ => class.name.to_string(),
            };
        }
        Place::Object(Shared::List(_)) => "a list",
        Place::Object(Shared::Map(_)) => "a map",
        Place::Object(Shared::Set(_)) => "a set",
        Place::Object(Shared::Cell(_)) => return "a captured variable".into(),
        Place::Object(Shared::Sync(sync)) => return sync.label(),
        Place::Object(Shared::Thread(thread)) => return thread.name().to_string(),
        Place::Object(_) | Place::Threads => "the threads",
        Place::Random => "the random numbers",
        Place::Clock => "the time",
    };
    match touch.part {
        Part::Element(index) => format!("element {index} of {whole}"),
        Part::Shape => format!("the length of {whole}"),
        Part::All | Part::Field(_) | Part::Key(_) => whole.into(),
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
