//! `conc check`: covers the space, then finds for each property that fails the story that is easiest to follow.

use super::graph::{self, Shape};
use super::options::{Options, Progress};
use super::search::{Search, Sign};
use super::shortest;
use super::story::Teller;
use super::verdict::{Findings, Limit, Outcome, Property, Verdict};
use crate::code::verify::Verified;
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
    let mut search = Search::new(program.clone(), options);
    search.cover(progress);
    let shape = if search.limit.is_none() { graph::shape(&search) } else { Shape::default() };
    for (property, state) in &shape.signs {
        search.signs.entry(*property).or_insert((*state, Sign::Here));
    }
    let mut verdicts = Vec::new();
    for property in Property::ALL {
        let verdict = match search.signs.get(&property).cloned() {
            Some((state, sign)) => {
                let path = search.path(state);
                let (path, sign) = match property {
                    // The shape of the whole space says that these fail, not a single state.
                    Property::Livelock => (path, sign),
                    Property::Deadlock if shape.signs.iter().any(|(known, _)| *known == property) => (path, sign),
                    _ => shortest::find(&mut search.steps, property, path.len()).unwrap_or((path, sign)),
                };
                let mut teller = Teller::new(&mut search.steps, options.seed);
                for step in &path {
                    if !teller.make(step) {
                        break;
                    }
                }
                match teller.failure(property, &sign) {
                    Some(failure) => Verdict::Fails(Box::new(failure)),
                    None => Verdict::Unknown,
                }
            }
            None if search.limit.is_some() => Verdict::Unknown,
            None => Verdict::Holds,
        };
        verdicts.push((property, verdict));
    }
    let outcomes = options.outcomes.then(|| outcomes(&mut search));
    Findings {
        verdicts,
        states: search.states(),
        steps: search.taken,
        depth: search.depth(),
        limit: search.limit,
        outcomes,
        advice: Vec::new(),
    }
}

/// Every distinct outcome, with a schedule that leads to it.
fn outcomes(search: &mut Search<'_>) -> Vec<Outcome> {
    let mut ends: Vec<((u32, i32, Vec<(String, String)>), u32)> =
        search.ends.iter().map(|(end, state)| (end.clone(), *state)).collect();
    ends.sort_by(|a, b| {
        let text = |end: &(u32, i32, Vec<(String, String)>)| {
            (search.outputs.texts[end.0 as usize].clone(), end.1, end.2.clone())
        };
        text(&a.0).cmp(&text(&b.0))
    });
    let mut outcomes = Vec::new();
    for ((output, status, variables), state) in ends {
        let path = search.path(state);
        let mut teller = Teller::new(&mut search.steps, search.options.seed);
        for step in &path {
            if !teller.make(step) {
                break;
            }
        }
        outcomes.push(Outcome {
            output: search.outputs.texts[output as usize].clone(),
            variables,
            status,
            schedule: teller.story.schedule,
        });
    }
    outcomes
}
