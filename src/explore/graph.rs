//! What only the shape of the whole space tells: loops from which no good end can be reached.
//!
//! A bottom component (a strongly connected component that nothing leaves, Tarjan 1972) without an end is one. A thread
//! of it that never moves there waits for ever: that is a deadlock among some; if all move, it is a livelock.

use super::search::Search;
use super::verdict::Property;

#[derive(Debug, Default)]
pub struct Shape {
    /// A state where each of these begins.
    pub signs: Vec<(Property, u32)>,
}

/// Looks at the whole space of a search that has covered it.
pub fn shape(search: &Search<'_>) -> Shape {
    let count = search.parents.len();
    let mut starts = vec![(0u32, 0u32); count];
    for (at, &(state, start)) in search.edge_starts.iter().enumerate() {
        let end = search.edge_starts.get(at + 1).map_or(search.edges.len() as u32, |next| next.1);
        starts[state as usize] = (start, end);
    }
    let edges = |state: u32| {
        let (start, end) = starts[state as usize];
        &search.edges[start as usize..end as usize]
    };
    // From which states an end can be reached: backward from the ends.
    let mut into = vec![0u32; count + 1];
    for state in 0..count as u32 {
        edges(state).iter().for_each(|to| into[*to as usize + 1] += 1);
    }
    for at in 0..count {
        into[at + 1] += into[at];
    }
    let mut fill = into.clone();
    let mut back = vec![0u32; search.edges.len()];
    for state in 0..count as u32 {
        for &to in edges(state) {
            back[fill[to as usize] as usize] = state;
            fill[to as usize] += 1;
        }
    }
    let mut good = vec![false; count];
    let mut pending = search.finals.clone();
    pending.iter().for_each(|state| good[*state as usize] = true);
    // A state where nothing can move is an end too, if a bad one: it is reported as what it is.
    for state in 0..count as u32 {
        if edges(state).is_empty() && !good[state as usize] {
            good[state as usize] = true;
            pending.push(state);
        }
    }
    while let Some(state) = pending.pop() {
        for &from in &back[into[state as usize] as usize..into[state as usize + 1] as usize] {
            if !std::mem::replace(&mut good[from as usize], true) {
                pending.push(from);
            }
        }
    }
    let mut shape = Shape::default();
    // States are numbered in the order of their distance, so the first is the nearest.
    if let Some(bad) = good.iter().position(|good| !good) {
        shape.signs.push((Property::Livelock, bad as u32));
    }
    shape
}
