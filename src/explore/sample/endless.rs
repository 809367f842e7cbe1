//! Runs that were cut: where all that can be done from there on is known, and comes to no end, it is known what fails.

use super::space::Space;
use crate::explore::graph::{Judged, judge};
use crate::explore::state::Graph;
use std::collections::{HashMap, HashSet};

/// What fails in the loop in which a run stands, and after how many of its steps it is in there. None when not all of it was
/// seen, or it can be left; or it has more states than the run has steps, which would take longer to look at than the run.
pub fn endless(space: &mut Space<'_>, at: u32, path: &[u32]) -> Option<(Judged, usize)> {
    let states = round(space, at, path.len())?;
    let mut first = Graph::default();
    first.load(space.state(at));
    let judged = judge(&mut space.steps, &first);
    Some((judged, entered(space, path, &states)))
}

/// The states of the loop, of which there are no more than so many: all that can be reached from there, if each leads back.
fn round(space: &Space<'_>, at: u32, most: usize) -> Option<HashSet<u32>> {
    let mut states = HashSet::from([at]);
    let mut back: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut pending = vec![at];
    while let Some(state) = pending.pop() {
        for to in space.leads(state)? {
            back.entry(to).or_default().push(state);
            if states.insert(to) {
                pending.push(to);
            }
        }
        if states.len() > most {
            return None;
        }
    }
    let mut leading = HashSet::from([at]);
    let mut pending = vec![at];
    while let Some(state) = pending.pop() {
        let from = back.get(&state).into_iter().flatten();
        pending.extend(from.filter(|from| leading.insert(**from)));
    }
    (leading.len() == states.len()).then_some(states)
}

/// After how many steps the run has come to the first of these states; after all of them, if some were forgotten.
fn entered(space: &mut Space<'_>, path: &[u32], states: &HashSet<u32>) -> usize {
    let mut at = Some(space.start());
    for (made, step) in path.iter().enumerate() {
        match at {
            Some(state) if states.contains(&state) => return made,
            Some(state) => at = space.led(state, *step),
            None => break,
        }
    }
    path.len()
}
