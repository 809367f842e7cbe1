//! `conc check`: covers the space, then finds for each property that fails the story that is easiest to follow.

use super::covered::Covered;
use super::ends::numbered;
use super::graph::{self, Shape};
use super::moves::Move;
use super::options::{Extent, Options, Progress};
use super::search::{End, Search};
use super::shortest::{self, Goal, Least};
use super::slice::Sign;
use super::steps::Steps;
use super::story::Teller;
use super::verdict::{Failure, Findings, Limit, Outcome, Plainest, Property, Schedule, Story, Verdict};
use super::{bounded, rings, sample};
use crate::code::verify::Verified;
use crate::event::Log;
use crate::world::legs::Legs;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Explores every interleaving of a program.
///
/// `progress` is told now and then how far it has come, and may end it: with `Limit::Time` or `Limit::Stopped`.
pub fn check(
    program: Arc<Verified>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Findings {
    match options.extent {
        Extent::Everything => everything(program, options, progress),
        Extent::Sample(sampling) => sample::check(program, options, sampling, progress),
        Extent::Preemptions(most) => match bounded::check(program.clone(), options, most, progress) {
            Some(findings) => findings,
            // All states were met: only their loops are left to be looked at.
            None => everything(program, options, progress),
        },
    }
}

fn everything(
    program: Arc<Verified>,
    options: &Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Findings {
    let mut search = Search::new(program, options);
    let (verdicts, advice) = loop {
        search.cover(progress);
        let advice = if search.limit.is_some() { search.advice() } else { Vec::new() };
        let verdicts = verdicts(&mut search);
        // Where the rest was left, what is taken for granted may prove wrong only on the way to the plainest story.
        if !(search.answered && search.begins_again()) {
            break (verdicts, advice);
        }
    };
    let outcomes = options.outcomes.then(|| outcomes(&mut search, progress));
    Findings {
        verdicts,
        states: search.states(),
        steps: search.taken,
        depth: search.depth(),
        limit: search.limit,
        covered: if search.answered { Covered::Answered } else { Covered::Everything },
        outcomes,
        advice,
    }
}

/// What the search has come to, with a story of each failure.
fn verdicts(search: &mut Search<'_>) -> Vec<(Property, Verdict)> {
    let options = search.options;
    let whole = search.limit.is_none() && !search.answered;
    let shape = if whole { graph::shape(search) } else { Shape::default() };
    for (property, state) in &shape.signs {
        search.signs.entry(*property).or_insert((*state, Sign::Here));
    }
    search.steps.forget_limits(search.limit);
    let mut verdicts = Vec::new();
    for property in options.asked() {
        let verdict = match search.signs.get(&property).cloned() {
            Some((state, sign)) => {
                let path = search.path(state);
                // The shape of the whole space says that it fails, and nothing in the state itself.
                let shaped = shape.states.get(&property).filter(|_| shape.signs.contains(&(property, state)));
                let ((path, sign), least) = plainest(&mut search.steps, property, (path, sign), shaped);
                let round = round_after(&mut search.steps, property, &path);
                explain(&mut search.steps, options, property, (&path, &sign, least), &round)
            }
            None if property == Property::Deadlock && search.exit_in_ring.is_some() => {
                let path = search.exit_in_ring.map(|state| search.path(state)).unwrap_or_default();
                rings::told(&mut search.steps, options, path, whole)
            }
            None if search.limit.is_some() => {
                let dived = search.dived.as_mut().map_or(Verdict::Unknown, |dived| dived.verdict(property));
                match (property, dived) {
                    (Property::Deadlock, Verdict::Unknown) => rings::verdict(search),
                    (_, dived) => dived,
                }
            }
            None => Verdict::Holds,
        };
        verdicts.push((property, verdict));
    }
    verdicts
}

/// The path to a failure that is easiest to follow, how it shows there, and whether no other takes fewer preemptions: there
/// may be too many to tell, and then it is the path that is known.
///
/// `shaped`: what leads from a state on shows it, and these have it.
pub(super) fn plainest(
    steps: &mut Steps,
    property: Property,
    (path, sign): (Vec<Move>, Sign),
    shaped: Option<&HashSet<u128>>,
) -> ((Vec<Move>, Sign), Plainest) {
    let goal = shaped.map_or(Goal::Sign(property), Goal::States);
    match steps.sparing(|steps| shortest::find(steps, &goal)) {
        Least::Path(path, sign) => ((path, sign), Plainest::OfAll),
        Least::GivenUp => ((path, sign), Plainest::Unknown),
    }
}

/// A round of the loop in which a path ends, for a livelock.
pub(super) fn round_after(steps: &mut Steps, property: Property, path: &[Move]) -> Vec<Move> {
    if property == Property::Livelock { shortest::cycle(steps, path) } else { Vec::new() }
}

/// The story of a property that fails: along the path, then as the sign says; after it, for a livelock, a round.
pub(super) fn explain(
    steps: &mut Steps,
    options: &Options,
    property: Property,
    (path, sign, plainest): (&[Move], &Sign, Plainest),
    round: &[Move],
) -> Verdict {
    let mut teller = Teller::new(steps, options.seed);
    for step in path.iter().chain(round) {
        if !teller.make(step) {
            break;
        }
    }
    match teller.failure(property, sign) {
        Some(mut failure) => {
            failure.plainest = plainest;
            failure.loop_from = (!round.is_empty()).then_some(path.len());
            Verdict::Fails(Box::new(failure))
        }
        None => Verdict::Unknown,
    }
}

/// The schedule of the run along a path.
pub(super) fn schedule(steps: &mut Steps, options: &Options, path: &[Move]) -> Schedule {
    let mut teller = Teller::new(steps, options.seed);
    for step in path {
        if !teller.make(step) {
            break;
        }
    }
    teller.story().schedule.clone()
}

/// The log of the run that a schedule stands for.
///
/// # Errors
/// Why the schedule does not fit the program.
pub fn watched(program: Arc<Verified>, options: &Options, schedule: &Schedule) -> Result<Log, String> {
    let mut steps = steps_of(program, options, schedule)?;
    let mut teller = Teller::new(&mut steps, options.seed);
    teller.watch();
    follow(&mut teller, schedule)?;
    Ok(teller.log())
}

/// Runs one schedule again: what that one run shows, and its story. What it comes to is told as an outcome, if it ends
/// and outcomes are asked for.
///
/// # Errors
/// Why the schedule does not fit the program.
pub fn replay(
    program: Arc<Verified>,
    options: &Options,
    schedule: &Schedule,
) -> Result<(Findings, Story), String> {
    let mut steps = steps_of(program, options, schedule)?;
    let mut teller = Teller::new(&mut steps, options.seed);
    follow(&mut teller, schedule)?;
    let made = schedule.turns.len() as u64;
    let story = teller.story().clone();
    let outcomes =
        options.outcomes.then(|| teller.outcome(&options.variables)).flatten().map(|end| vec![end]);
    // One run proves nothing: only what it shows is told.
    let shown = teller.shown();
    let known = shown.as_ref().is_some_and(|(property, _)| *property == Property::Invariant);
    let before = if known { None } else { on_the_way(&mut steps, options, schedule) };
    let before = before.map(|failure| (Property::Invariant, failure));
    let verdicts = shown.into_iter().chain(before);
    let verdicts =
        verdicts.map(|(property, failure)| (property, Verdict::Fails(Box::new(failure)))).collect();
    let findings = Findings {
        verdicts,
        states: made + 1,
        steps: made,
        depth: made as u32,
        limit: None,
        covered: Covered::Everything,
        outcomes,
        advice: Vec::new(),
    };
    Ok((findings, story))
}

/// What each thread does in one schedule, counted, so that real threads can do the same.
///
/// # Errors
/// Why the schedule does not fit the program.
pub fn legs(program: Arc<Verified>, options: &Options, schedule: &Schedule) -> Result<Legs, String> {
    let mut steps = steps_of(program, options, schedule)?;
    let mut teller = Teller::new(&mut steps, options.seed);
    teller.record();
    follow(&mut teller, schedule)?;
    Ok(teller.legs())
}

/// Steps as they were when the schedule was found, with which all of it can be followed.
fn steps_of(program: Arc<Verified>, options: &Options, schedule: &Schedule) -> Result<Steps, String> {
    let mut steps = Steps::new(program, options);
    steps.take_as_changing(&schedule.changing);
    steps.take_as_seen(schedule.seen);
    let mut assumed = steps.rules.assumed.clone();
    loop {
        let followed = follow(&mut Teller::new(&mut steps, options.seed), schedule);
        // As in a search: what a step proves wrong is not taken for granted, and all begins again.
        let Some(wrong) = steps.refuted.take() else { return followed.map(|()| steps) };
        assumed.give_up(wrong);
        steps = steps.anew(options);
        steps.take_for_granted(&assumed);
    }
}

/// The first `invariant` that does not hold on the way, which can be followed.
fn on_the_way(steps: &mut Steps, options: &Options, schedule: &Schedule) -> Option<Failure> {
    let mut teller = Teller::new(steps, options.seed);
    for turn in &schedule.turns {
        let step = teller.step_of(turn)?;
        if !teller.make(&step) {
            return None;
        }
        if teller.breaks_an_invariant() {
            return teller.failure(Property::Invariant, &Sign::Here);
        }
    }
    None
}

/// Makes every move of a schedule; or says which cannot be made.
fn follow(teller: &mut Teller<'_>, schedule: &Schedule) -> Result<(), String> {
    for (at, turn) in schedule.turns.iter().enumerate() {
        let Some(step) = teller.step_of(turn) else {
            return Err(format!("at step {}, the thread that is to move does not live", at + 1));
        };
        if !teller.make(&step) {
            return Err(format!("at step {}, the thread that is to move cannot", at + 1));
        }
    }
    Ok(())
}

/// Every distinct outcome, with the schedules that are asked for.
fn outcomes(
    search: &mut Search<'_>,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Vec<Outcome> {
    let outcome = |((output, status, variables), state): (&End, &u32)| {
        let output = search.outputs.texts[*output as usize].clone();
        let (variables, status) = (variables.clone(), *status);
        (Outcome { output, variables, status, schedule: None, runs: None }, *state)
    };
    let found = search.ends.iter().map(outcome).collect();
    let now = search.progress();
    let mut lasts = || progress(&now).is_continue();
    numbered(found, search.options, &mut lasts, &mut |state| {
        let path = search.path(*state);
        schedule(&mut search.steps, search.options, &path)
    })
}
