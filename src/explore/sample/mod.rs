//! Sampling: runs that are drawn at random, for spaces that are too large to be covered. What a run shows to fail does
//! fail; what none shows is not known.
//!
//! `space` is what the runs have seen of the space, `run` is one run; who moves next is said by `explore::strategy`. `dive` is
//! a few runs for a search that is large.

mod dive;
mod endless;
mod run;
mod space;
#[cfg(test)]
mod tests;

pub use dive::{Dived, dive};

use super::check::{explain, plainest, round_after, schedule};
use super::covered::{Covered, Sample};
use super::ends::numbered;
use super::growth;
use super::moves::Move;
use super::options::{Options, Progress, Sampling};
use super::patience::Patience;
use super::rings;
use super::slice::Sign;
use super::state::Graph;
use super::steps::{Effect, Steps};
use super::strategy::{self, Strategy};
use super::tries::tries;
use super::verdict::{Findings, Limit, Outcome, Property, Verdict};
use crate::code::verify::Verified;
use crate::world::sim::Assumption;
use fastrand::Rng;
use run::{Ended, Run, Shown};
use space::Space;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A run that shows a failure: the one with the fewest preemptions, then the fewest steps.
struct Witness {
    preemptions: u32,
    path: Vec<u32>,
    in_step: bool,
    /// The states of a loop that shows it.
    shaped: Option<Arc<HashSet<u128>>>,
    /// At its end threads wait for each other, while others go on.
    ring: bool,
}

/// The runs that came to one outcome: how many, and one of them.
struct Came {
    runs: u64,
    path: Vec<u32>,
}

/// What the runs have shown so far.
#[derive(Default)]
struct Seen {
    runs: u64,
    steps: u64,
    cut: u64,
    threads: u64,
    longest: u64,
    deepest: u64,
    by_priorities: u64,
    witnesses: HashMap<Property, Witness>,
    failing: HashMap<Property, u64>,
    /// By the end's number, then by the output.
    outcomes: Vec<HashMap<String, Came>>,
    bytes: usize,
    limit: Option<Limit>,
}

/// Draws runs and tells what they show.
///
/// `progress` is told now and then how far it has come, and may end it: with `Limit::Time` or `Limit::Stopped`.
pub fn check(
    program: Arc<Verified>,
    options: &Options,
    sampling: Sampling,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Findings {
    let mut steps = Steps::new(program, options);
    loop {
        let mut space = Space::new(steps, options.outcomes, &options.variables);
        let mut strategy = strategy::of(sampling.strategy);
        let seen = draw_all(&mut space, options, sampling, &mut *strategy, progress);
        let Some(wrong) = space.steps.refuted.take() else {
            return findings(space, seen, options, sampling, progress);
        };
        // An assumption has proved wrong: all is drawn again without it.
        steps = anew(&space.steps, options, wrong);
    }
}

/// The same program from the beginning, with the assumptions that have not proved wrong.
fn anew(steps: &Steps, options: &Options, wrong: Assumption) -> Steps {
    let mut assumed = steps.rules.assumed.clone();
    assumed.give_up(wrong);
    let mut new = steps.anew(options);
    new.take_for_granted(&assumed);
    new
}

/// All runs, or those before a limit. Ends early when `refuted` is set.
fn draw_all(
    space: &mut Space<'_>,
    options: &Options,
    sampling: Sampling,
    strategy: &mut dyn Strategy,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Seen {
    let mut seen = Seen::default();
    let mut dice = Rng::with_seed(options.seed);
    let mut run = Run::default();
    let mut asked_at = None;
    while seen.runs < sampling.runs {
        // Short runs are not worth a look at the clock each.
        if asked_at.is_none_or(|steps| seen.steps - steps >= 1024) {
            asked_at = Some(seen.steps);
            if let ControlFlow::Break(limit) = goes_on(space, None, &seen, 0, options, progress) {
                seen.limit = Some(limit);
                break;
            }
        }
        let progress = RefCell::new(&mut *progress);
        let mut watch = |space: &mut Space<'_>, at: u32, length: usize| {
            goes_on(space, Some(at), &seen, length, options, &mut **progress.borrow_mut())
        };
        let (states, steps) = (space.states(), seen.steps);
        let mut within = |memory: u64, _: u64| {
            // What is forgotten when memory is short does not help within one state.
            if memory > options.limits.memory {
                return ControlFlow::Break(Limit::Memory);
            }
            let (runs, depth) = (Some(seen.runs), seen.deepest as u32);
            (*progress.borrow_mut())(&Progress { runs, states, steps, depth, open: 0, memory })
        };
        let mut patience = Patience::new(&mut within);
        let most_steps = sampling.most_steps;
        let ended = run.draw(space, &mut *strategy, &mut dice, most_steps, &mut watch, &mut patience);
        seen.note(&run);
        match ended {
            Ended::Wrong => break,
            Ended::Limit(limit) => {
                seen.limit = Some(limit);
                break;
            }
            Ended::Over(_) | Ended::Stuck | Ended::Cut => {
                strategy.end(&run.threads, ended == Ended::Cut);
                seen.count(&run, ended, strategy.by_priorities(), options.outcomes);
            }
        }
    }
    seen
}

/// Whether there is room and time for more. States are forgotten when they take too much; the state where a run stands
/// is kept, and has the number that is returned then.
fn goes_on(
    space: &mut Space<'_>,
    at: Option<u32>,
    seen: &Seen,
    length: usize,
    options: &Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> ControlFlow<Limit, Option<u32>> {
    let most = options.limits.memory;
    let memory = |space: &Space<'_>| (space.memory() + seen.bytes + length * 4) as u64;
    let mut now = None;
    if memory(space) > most {
        match at {
            Some(at) => now = Some(space.forget_all_but(at)),
            None => space.forget(),
        }
        // The steps and what the runs have shown are not forgotten.
        if memory(space) > most / 2 {
            return ControlFlow::Break(Limit::Memory);
        }
    }
    progress(&Progress {
        runs: Some(seen.runs),
        states: space.states(),
        steps: seen.steps + length as u64,
        depth: seen.deepest.max(length as u64) as u32,
        open: 0,
        memory: memory(space),
    })?;
    ControlFlow::Continue(now)
}

impl Seen {
    /// What a run has shown to fail, also when it is not over.
    fn note(&mut self, run: &Run) {
        for shown in &run.shown {
            let new = (shown.preemptions, shown.length);
            let known = self.witnesses.get(&shown.property);
            if known.is_none_or(|known| new < (known.preemptions, known.path.len())) {
                let path = run.path[..shown.length].to_vec();
                let Shown { preemptions, in_step, shaped, ring, .. } = shown.clone();
                let witness = Witness { preemptions, path, in_step, shaped, ring };
                self.witnesses.insert(shown.property, witness);
            }
        }
    }

    /// A run is over.
    fn count(&mut self, run: &Run, ended: Ended, by_priorities: bool, outcomes: bool) {
        let length = run.path.len() as u64;
        self.runs += 1;
        self.steps += length;
        self.by_priorities += u64::from(by_priorities);
        self.threads = self.threads.max(run.threads.len() as u64);
        self.deepest = self.deepest.max(length);
        for property in run.signs.all() {
            *self.failing.entry(property).or_insert(0) += 1;
        }
        if ended == Ended::Cut {
            self.cut += 1;
        } else if length > self.longest {
            // What was drawn for shorter runs promises nothing of longer ones.
            (self.longest, self.by_priorities) = (length, 0);
        }
        if let Ended::Over(end) = ended
            && outcomes
        {
            self.came_to(end as usize, run);
        }
    }

    fn came_to(&mut self, end: usize, run: &Run) {
        if self.outcomes.len() <= end {
            self.outcomes.resize_with(end + 1, HashMap::new);
        }
        match self.outcomes[end].get_mut(&run.output) {
            Some(came) => came.runs += 1,
            None => {
                self.bytes += run.output.len() + run.path.len() * 4 + 100;
                let came = Came { runs: 1, path: run.path.clone() };
                self.outcomes[end].insert(run.output.clone(), came);
            }
        }
    }
}

fn findings(
    mut space: Space<'_>,
    seen: Seen,
    options: &Options,
    sampling: Sampling,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Findings {
    let advice = growth::beyond(&space.steps);
    let steps = &mut space.steps;
    steps.forget_limits(seen.limit);
    let verdicts =
        options.asked().map(|property| (property, verdict(steps, &seen, options, property))).collect();
    let failing = Property::ALL.into_iter();
    let failing = failing.filter_map(|property| Some((property, *seen.failing.get(&property)?))).collect();
    let outcomes = options.outcomes.then(|| outcomes(&mut space, &seen, options, progress));
    let covered = Covered::Sample(Sample {
        strategy: sampling.strategy,
        seed: options.seed,
        runs: seen.runs,
        asked: sampling.runs,
        cut: seen.cut,
        most_steps: sampling.most_steps,
        threads: seen.threads,
        longest: seen.longest,
        by_priorities: seen.by_priorities,
        failing,
    });
    Findings {
        verdicts,
        states: space.states(),
        steps: seen.steps,
        depth: seen.deepest as u32,
        limit: seen.limit,
        covered,
        outcomes,
        advice,
    }
}

/// What the runs show of a property.
fn verdict(steps: &mut Steps, seen: &Seen, options: &Options, property: Property) -> Verdict {
    let Some(witness) = seen.witnesses.get(&property) else { return Verdict::Unknown };
    let mut path = moves(steps, &witness.path);
    if witness.ring {
        return rings::told(steps, options, path, false);
    }
    let sign = if witness.in_step { path.pop().map(Sign::Step) } else { Some(Sign::Here) };
    let (path, sign) = (path, sign.unwrap_or(Sign::Here));
    let ((path, sign), least) = plainest(steps, property, (path, sign), witness.shaped.as_deref());
    let round = round_after(steps, property, &path);
    explain(steps, options, property, (&path, &sign, least), &round)
}

/// Every distinct outcome, with how many runs came to it and, as far as it is asked for, a schedule of one of them.
fn outcomes(
    space: &mut Space<'_>,
    seen: &Seen,
    options: &Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Vec<Outcome> {
    let mut found = Vec::new();
    for (end, by_output) in seen.outcomes.iter().enumerate() {
        let (status, variables) = &space.ends[end];
        for (output, came) in by_output {
            let (output, variables) = (output.clone(), variables.clone());
            let outcome =
                Outcome { output, variables, status: *status, schedule: None, runs: Some(came.runs) };
            found.push((outcome, &came.path));
        }
    }
    let now = Progress {
        runs: Some(seen.runs),
        states: space.states(),
        steps: seen.steps,
        depth: seen.deepest as u32,
        open: 0,
        memory: space.memory() as u64,
    };
    let mut lasts = || progress(&now).is_continue();
    numbered(found, options, &mut lasts, &mut |path| {
        let path = moves(&mut space.steps, path);
        schedule(&mut space.steps, options, &path)
    })
}

/// The moves of a run, from the numbers of its steps among those of their states.
fn moves(steps: &mut Steps, path: &[u32]) -> Vec<Move> {
    let (mut graph, mut next) = (steps.initial(), Graph::default());
    let mut tried = Vec::new();
    let mut moves = Vec::with_capacity(path.len());
    for number in path {
        tries(steps, &graph, &mut tried);
        space::able(&mut tried);
        let one = &tried[*number as usize];
        let Effect::Change(change) = &one.outcome.kind else { break };
        steps.apply(&graph, one.seat, change, &mut next);
        moves.push(Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() });
        std::mem::swap(&mut graph, &mut next);
    }
    moves
}
