//! A step taken for real, in a living universe: what it met, what came of it, and that in terms which fit every state
//! where the same is met.

use super::canonical::in_group;
use super::changed::After;
use super::flat::Flat;
use super::flaw::Flaw;
use super::growth::Cell;
use super::known::Job;
use super::layout::{Layout, Name};
use super::outcome::{Change, Effect, OTHER, Outcome, Touched, VIA, Via};
use super::state::{Graph, OWN};
use super::steps::{FIRST_GLOBAL, NAMES, Steps};
use super::story::end_of_process;
use super::verdict::Uncaught;
use crate::machine::touch::Place;
use crate::memory;
use crate::state::Shared;
use crate::state::addresses::Addresses;
use crate::state::graph::NEW;
use crate::sync::Op;
use crate::sync::process::STOP;
use crate::world::sim::{Ends, Fault, Log, Met, Universe, Way, too_much_memory};
use std::sync::Arc;

/// The numbers, in the flat form, of the nodes whose living objects have these addresses.
type Numbers = Addresses<u32>;

/// To compute a step that takes too much memory takes as long as so many others.
const DEAR: u64 = 10_000;

/// What a trial has shown.
pub(super) struct Done {
    pub outcome: Arc<Outcome>,
    /// The cells that it met, in that order; None when what came of it may depend on more.
    pub met: Option<Vec<u32>>,
}

/// A state brought to life.
pub(super) struct Trial<'g> {
    pub graph: &'g Graph,
    pub layout: Layout,
    pub(super) numbers: Numbers,
    pub(super) objects: Vec<Option<Shared>>,
}

impl Trial<'_> {
    pub fn flat(&self) -> &Flat {
        &self.layout.flat
    }

    pub fn number(&self, object: &Shared) -> Option<u32> {
        self.numbers.get(&object.address()).copied()
    }

    fn met(&self, log: &Log) -> Vec<u32> {
        let number = |thing: &Met| match thing {
            Met::Global(index) => Some(FIRST_GLOBAL as u32 + index),
            Met::Object(address) => self.numbers.get(address).copied(),
        };
        log.met.iter().filter_map(number).collect()
    }

    /// Whether a node has a number in the canonical form.
    fn is_a_cell(&self, node: u32) -> bool {
        matches!(self.layout.name(node), Name::Cell(_))
    }

    /// Whether only another thread leads to a node.
    fn is_of_another(&self, node: u32, seat: usize) -> bool {
        matches!(self.layout.name(node), Name::Own(whose, _) if whose != seat)
    }

    /// Whether a node is the handle of a thread that lives.
    pub fn lives(&self, node: u32) -> bool {
        self.layout.lives(node)
    }

    /// The node of a thread's handle.
    pub fn handle(&self, common: usize, seat: usize) -> u32 {
        self.flat().refs(common + seat)[0]
    }
}

impl Steps {
    /// Does it for real.
    pub(super) fn compute(&mut self, graph: &Graph, job: Job<'_>) -> Done {
        self.computed += 1;
        self.budget = self.budget.saturating_sub(1);
        let _confined = memory::confine(self.rules.memory);
        let done = match self.alone.next() {
            true => self.compute_alone(graph, job),
            false => None,
        };
        let mut done = done.unwrap_or_else(|| self.compute_whole(graph, job));
        self.refuted = self.refuted.or(done.outcome.refuted);
        if self.flaw == Some(Flaw::MetForgotten)
            && let Some(met) = &mut done.met
        {
            met.retain(|cell| *cell != FIRST_GLOBAL as u32);
        }
        done
    }

    /// The same in a universe where all threads live.
    pub(super) fn compute_whole(&mut self, graph: &Graph, job: Job<'_>) -> Done {
        let (trial, universe) = self.trial(None, graph);
        let done = match job {
            Job::Step { seat, way, choices } => self.try_step(&trial, universe, (seat, way, choices), false),
            Job::Look { ensure } => Some(self.try_look(&trial, universe, ensure)),
        };
        self.layout = trial.layout;
        done.unwrap_or_else(|| unreachable!("what everybody has is there"))
    }

    /// The same in one where no other thread does, nor anything that only others lead to: most steps meet none of that. None
    /// when this one does, or depends on more than what it meets.
    fn compute_alone(&mut self, graph: &Graph, job: Job<'_>) -> Option<Done> {
        let Job::Step { seat, way, choices } = job else { return None };
        if !self.may_be_alone(graph) {
            return None;
        }
        let (trial, universe) = self.trial(Some(seat), graph);
        let done = self.try_step(&trial, universe, (seat, way, choices), true);
        self.layout = trial.layout;
        let done = done.filter(|done| done.met.is_some());
        self.alone.note(done.is_some());
        debug_assert!(
            self.flaw.is_some()
                || done.as_ref().is_none_or(|done| self.is_same_among_others(graph, job, done)),
            "what is not there changes nothing"
        );
        done
    }

    /// A state brought to life, for a step of one thread alone or of any.
    fn trial<'g>(&mut self, alone: Option<usize>, graph: &'g Graph) -> (Trial<'g>, Universe) {
        let (universe, objects) = self.universe_for(alone, graph);
        let mut numbers = Numbers::default();
        numbers.reserve(objects.iter().flatten().count());
        for (node, object) in objects.iter().enumerate() {
            if let Some(object) = object {
                numbers.insert(object.address(), node as u32);
            }
        }
        let layout = std::mem::take(&mut self.layout);
        (Trial { graph, layout, numbers, objects }, universe)
    }

    fn try_look(&mut self, trial: &Trial<'_>, mut universe: Universe, ensure: bool) -> Done {
        let (faults, log) = universe.look(ensure, &self.rules);
        if log.beyond.is_some() || memory::is_beyond() {
            return self.goes_beyond(&universe, 0, log);
        }
        let met = self.close(trial.flat(), trial.met(&log));
        let met = if log.opaque { None } else { self.cells_of(trial, &met, usize::MAX) };
        let mut outcome = Outcome::blocked(log, Vec::new());
        outcome.faults = faults.into_iter().map(Arc::new).collect();
        Done { outcome: Arc::new(outcome), met }
    }

    fn try_step(
        &mut self,
        trial: &Trial<'_>,
        mut universe: Universe,
        (seat, way, choices): (usize, Way, &[u32]),
        alone: bool,
    ) -> Option<Done> {
        if universe.stands_still(seat, way, &self.rules) {
            // It depends on what the operation waits for.
            let mut met: Vec<u32> = Vec::new();
            if let Some(wait) = &universe.seats[seat].wait {
                wait.op.touches(&mut |object| met.extend(trial.number(&object)));
                met = self.until_one_lives(trial, &wait.op, met);
            }
            if let Some(space) = universe.seats[seat].space.as_ref().filter(|_| self.rules.signals) {
                let of_process = [Shared::Space(space.clone()), Shared::Thread(space.handle.clone())];
                met.extend(of_process.iter().filter_map(|object| trial.number(object)));
            }
            let met = self.close(trial.flat(), met);
            let met = self.cells_of(trial, &met, seat);
            return Some(Done { outcome: Arc::new(Outcome::blocked(Log::default(), Vec::new())), met });
        }
        let handles: Vec<usize> =
            universe.seats.iter().map(|seat| Shared::Thread(seat.thread.clone()).address()).collect();
        let mut fault = None;
        if self.is_way_out(trial.graph, seat, way) {
            // It looks at the others.
            if alone {
                return None;
            }
            fault = end_of_process(&universe, &self.rules, seat);
            if fault.is_none() {
                let outcome = Outcome { opaque: true, ..Outcome::blocked(Log::default(), Vec::new()) };
                return Some(Done { outcome: Arc::new(outcome), met: None });
            }
        }
        let mut step = universe.step(seat, way, choices.to_vec(), &self.rules);
        step.log.faults.extend(fault);
        // What it has looked at may not be here.
        if alone && (step.log.opaque || step.log.beyond.is_some() || memory::is_beyond()) {
            return None;
        }
        if step.log.beyond.is_some() || memory::is_beyond() {
            return Some(self.goes_beyond(&universe, seat, step.log));
        }
        let log = step.log;
        let mut met = trial.met(&log);
        if let Ends::Blocked(op) = &step.ends {
            // Who begins to wait looks whether all have started: of those of a group that is known.
            let cells: Vec<u32> = met.iter().copied().filter(|node| trial.is_a_cell(*node)).collect();
            met = self.until_one_lives(trial, op, met);
            met.extend(cells);
        }
        let met = self.close(trial.flat(), met);
        // Time that passes changes what every sleeper has left.
        let opaque = log.opaque
            || (way == Way::TimeOut && (self.rules.is_idle() || self.rules.clock))
            || self.rules.pipes && log.lets_go;
        let cells = if opaque { None } else { self.cells_of(trial, &met, seat) };
        if alone && cells.is_none() {
            return None;
        }
        let touches = touched(trial, &log);
        if let Ends::Blocked(_) = step.ends {
            return Some(Done { outcome: Arc::new(Outcome::blocked(log, touches)), met: cells });
        }
        // Who waits for a group meets threads that have no cell.
        let others = met.iter().any(|node| trial.is_of_another(*node, seat));
        let mut depends = cells.clone().filter(|_| !others);
        let after = After { universe: &universe, handles: &handles };
        let (raw, cells) = self.raw_change(trial, after, seat, &met, cells);
        if cells.is_none() {
            depends = None;
        }
        let (change, cells) = self.difference(trial, &universe, seat, raw, cells);
        let outcome = Outcome {
            opaque: depends.is_none() || change.cells.is_none(),
            met: depends.unwrap_or_default().into(),
            kind: Effect::Change(change),
            touches,
            atomic: log.atomic,
            joins: log.joins,
            passed_join: log.passed_join,
            output: log.output,
            faults: log.faults.into_iter().map(Arc::new).collect(),
            choices: log.choices,
            died: log.struck.is_some_and(|signal| signal != STOP),
            exited: universe.ended.flatten(),
            starts: log.starts,
            refuted: log.refuted,
        };
        Some(Done { outcome: Arc::new(outcome), met: cells })
    }

    /// The step has taken too much memory: it is not followed.
    #[cold]
    fn goes_beyond(&mut self, universe: &Universe, seat: usize, log: Log) -> Done {
        let thread = universe.seats.get(seat).map_or_else(|| "main".into(), |seat| seat.label());
        self.budget = self.budget.saturating_sub(DEAR);
        self.beyond = Some(beyond(thread, &log));
        Done { outcome: Arc::new(Outcome::blocked(Log::default(), Vec::new())), met: None }
    }

    /// Who waits for the end of several threads does not look beyond the first that lives.
    fn until_one_lives(&self, trial: &Trial<'_>, op: &Op, met: Vec<u32>) -> Vec<u32> {
        let Op::JoinAll(_) = op else { return met };
        let is_thread = |node: u32| matches!(trial.objects[node as usize], Some(Shared::Thread(_)));
        let mut found = false;
        let kept = met.into_iter().filter(|node| {
            let kept = !(is_thread(*node) && found);
            found |= trial.lives(*node);
            kept
        });
        kept.collect()
    }

    /// What an operation on a thing to wait for may read beyond the thing itself: the things that it leads to.
    fn close(&self, flat: &Flat, met: Vec<u32>) -> Vec<u32> {
        let mut all: Vec<u32> = Vec::with_capacity(met.len());
        let mut pending: Vec<u32> = met.into_iter().rev().collect();
        let waits = |node: u32| self.pieces.labels.facts(flat.label(node as usize)).waits;
        while let Some(node) = pending.pop() {
            if all.contains(&node) {
                continue;
            }
            all.push(node);
            if waits(node) {
                pending.extend(flat.refs(node as usize).iter().rev().filter(|to| waits(**to)));
            }
        }
        all
    }

    /// The cells among what a step has met, its thread's handle first. None when it has met another thread's own.
    fn cells_of(&self, trial: &Trial<'_>, met: &[u32], seat: usize) -> Option<Vec<u32>> {
        let mut cells = Vec::with_capacity(met.len() + 1);
        let main = trial.graph.main && seat == 0;
        let handle = (seat != usize::MAX).then(|| trial.handle(self.common, seat));
        for &node in handle.iter().chain(met) {
            match trial.layout.name(node) {
                Name::Cell(cell) => {
                    if !cells.contains(&cell) {
                        cells.push(cell);
                    }
                }
                Name::Own(whose, _) if whose == seat => {}
                // Of the group that `main` waits for, its own state tells who lives.
                Name::Plain if main => {}
                Name::Own(whose, _) if main && self.is_in_group(trial.graph, whose) => {}
                Name::Own(..) | Name::Plain => return None,
            }
        }
        Some(cells)
    }

    /// Whether `main` waits for a thread among others that are like it.
    fn is_in_group(&self, graph: &Graph, seat: usize) -> bool {
        let group =
            |(cell, index): &(u32, u32)| *cell as usize == self.common && index & super::state::GROUP != 0;
        graph.part(seat).is_some_and(|part| self.pieces.part(part).back.iter().any(group))
    }

    /// The same in terms of what was met, and that; unless it cannot be told so.
    fn difference(
        &mut self,
        trial: &Trial<'_>,
        universe: &Universe,
        seat: usize,
        mut raw: Change,
        cells: Option<Vec<u32>>,
    ) -> (Change, Option<Vec<u32>>) {
        self.note_growth(trial, universe, seat, &raw);
        raw.cells = cells_written(trial, seat, &raw);
        let (Some(cells), Some(_)) = (cells, &self.memo) else { return (raw, None) };
        let Some(mut change) = self.in_terms_of(trial, seat, &cells, &raw) else { return (raw, None) };
        change.cells.clone_from(&raw.cells);
        change.quick = self.quick(trial, seat, &raw).map(Box::new);
        (change, Some(cells))
    }

    /// Keeps which variables and containers of the top level a step has changed, and where its thread stands now.
    fn note_growth(&mut self, trial: &Trial<'_>, universe: &Universe, seat: usize, raw: &Change) {
        let flat = trial.flat();
        let held = |root: usize, node: u32| flat.refs(root).iter().position(|to| *to == node);
        for &(node, label, _) in &raw.writes {
            let at = node as usize;
            let cell = if (FIRST_GLOBAL..self.common).contains(&at) {
                Some(Cell::Global((at - FIRST_GLOBAL) as u32))
            } else if at == self.common + seat && !raw.ended {
                let fiber = universe.seats.get(seat).and_then(|seat| seat.fiber.as_ref());
                fiber.map(|fiber| Cell::Place(fiber.next_span(&self.image.program)))
            } else if at >= self.common + flat.seats {
                let named = held(NAMES, node).map(|place| Cell::Named(place as u32));
                let global = || (FIRST_GLOBAL..self.common).find(|root| held(*root, node).is_some());
                named.or_else(|| global().map(|root| Cell::Global((root - FIRST_GLOBAL) as u32)))
            } else {
                None
            };
            if let Some(cell) = cell {
                self.growth.note(cell, label);
            }
        }
    }

    /// A change in terms that fit every state where these cells are met. None when it has none.
    fn in_terms_of(&self, trial: &Trial<'_>, seat: usize, cells: &[u32], raw: &Change) -> Option<Change> {
        if !raw.gone.is_empty() {
            return None;
        }
        let mut via: Vec<Via> = Vec::new();
        let own = trial.handle(self.common, seat);
        let flat = trial.flat();
        let others = trial.layout.remembers.iter().copied();
        let remembers: Vec<usize> = others.filter(|other| *other != seat).collect();
        let main = (trial.graph.main && seat == 0).then_some(self.common as u32);
        // The name of a node, as the thread at `whose` calls it.
        let mut name = |node: u32, whose: usize| {
            if node & NEW != 0 {
                return Some(node);
            }
            match trial.layout.name(node) {
                Name::Cell(cell) => return Some(cell),
                Name::Own(owner, place) if owner == whose => return Some(OWN | place),
                Name::Own(..) | Name::Plain => {}
            }
            let leads = |cell: &u32| {
                let refs = flat.refs(trial.layout.node_of(*cell));
                refs.iter().position(|to| *to == node).map(|index| (*cell, index as u32))
            };
            // Cells do not tell whether references of two of them lead to the same thread.
            let mut leading = cells.iter().chain(&main).filter_map(leads);
            let (cell, index) = leading.next().filter(|_| leading.next().is_none())?;
            let from = match self.group_at(trial, cell, index) {
                None => Via::Reference(cell, index),
                Some(group) => {
                    let mut others = trial.layout.others(&self.pieces, cell, group, own);
                    Via::Group(cell, group, others.position(|other| other == node)? as u32)
                }
            };
            let at = via.iter().position(|known| *known == from).unwrap_or_else(|| {
                via.push(from);
                via.len() - 1
            });
            Some(VIA | at as u32)
        };
        let mut change = Change { ended: raw.ended, ..Change::default() };
        for (node, label, refs) in &raw.writes {
            let (target, whose) = match trial.layout.name(*node) {
                Name::Own(owner, 0) if owner != seat => {
                    (OTHER | remembers.iter().position(|other| *other == owner)? as u32, owner)
                }
                Name::Cell(cell) => (cell, seat),
                Name::Own(owner, place) if owner == seat => (OWN | place, seat),
                Name::Own(..) | Name::Plain => return None,
            };
            let refs: Option<Vec<u32>> = refs.iter().map(|to| name(*to, whose)).collect();
            change.writes.push((target, *label, refs?));
        }
        for (made, list) in [(&raw.new, &mut change.new), (&raw.seats, &mut change.seats)] {
            for (label, refs) in made {
                let refs: Option<Vec<u32>> = refs.iter().map(|to| name(*to, seat)).collect();
                list.push((*label, refs?));
            }
        }
        change.via = via;
        self.tells_of_all(trial, own, &change.via).then_some(change)
    }

    /// The group of threads in which a cell that is not `main` has this reference.
    fn group_at(&self, trial: &Trial<'_>, cell: u32, index: u32) -> Option<u32> {
        let label = trial.flat().label(trial.layout.node_of(cell));
        let groups = &self.pieces.labels.facts(label).unordered;
        in_group(groups, index as usize).filter(|_| cell as usize != self.common)
    }

    /// Whether of each group that is told of all are: which is which would be another matter in another state.
    fn tells_of_all(&self, trial: &Trial<'_>, own: u32, via: &[Via]) -> bool {
        via.iter().all(|told| match *told {
            Via::Reference(..) => true,
            Via::Group(cell, group, _) => {
                let others = trial.layout.others(&self.pieces, cell, group, own).count() as u32;
                (0..others).all(|which| via.contains(&Via::Group(cell, group, which)))
            }
        })
    }
}

/// What is said of a thread whose step has taken too much memory.
pub(super) fn beyond(thread: Arc<str>, log: &Log) -> Uncaught {
    let error = log.beyond.clone().unwrap_or_else(|| {
        // It was refused what it asked for, and has come to its end before its next safe point.
        let error = too_much_memory();
        let raised = log.faults.iter().find_map(|fault| match fault {
            Fault::Uncaught { error, .. } => error.place.get(),
            Fault::Watch { .. } | Fault::Deadlock { .. } => None,
        });
        raised.into_iter().for_each(|place| error.place.set(place.clone()).unwrap_or_default());
        error.into()
    });
    Uncaught { thread, process: None, error, holds: Vec::new() }
}

/// The cells among what is written; None when it changes what is another thread's own as well.
fn cells_written(trial: &Trial<'_>, seat: usize, raw: &Change) -> Option<Box<[u32]>> {
    let mut cells = Vec::with_capacity(raw.writes.len());
    for (node, _, _) in &raw.writes {
        match trial.layout.name(*node) {
            Name::Cell(cell) => cells.push(cell),
            Name::Own(whose, _) if whose == seat => {}
            Name::Own(..) | Name::Plain => return None,
        }
    }
    Some(cells.into())
}

fn touched(trial: &Trial<'_>, log: &Log) -> Vec<Touched> {
    let number = |place: &Place| match place {
        Place::Global(index) => Some(FIRST_GLOBAL as u32 + index),
        Place::Object(Shared::Sync(_) | Shared::Thread(_) | Shared::Between(_) | Shared::Wire(_)) => None,
        // Nobody else touches what is a thread's own.
        Place::Object(object) => match trial.layout.name(trial.number(object)?) {
            Name::Cell(cell) => Some(cell),
            Name::Own(..) | Name::Plain => None,
        },
        Place::Fixed(_) | Place::Threads | Place::Random | Place::Clock => None,
    };
    let touched = |touch: &crate::machine::touch::Touch| {
        Some(Touched { node: number(&touch.place)?, part: touch.part, write: touch.write })
    };
    log.touches.iter().filter_map(touched).collect()
}
