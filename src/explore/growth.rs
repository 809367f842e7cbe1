//! What makes a space large: how many different values its variables took, and in how many ways threads stood at a
//! place. Counted where steps are computed (each is computed once), told as advice when a limit was hit.

use super::state::Graph;
use super::steps::{NAMES, Steps};
use super::verdict::{Advice, Uncaught};
use crate::code::sharing::loop_around;
use crate::machine::touch::container;
use crate::source::Span;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Fewer different values are no reason for many states.
const MANY_VALUES: usize = 50;

/// What was seen to have many forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// A variable of the top level, by its number, or what it refers to.
    Global(u32),
    /// What a name written once refers to: by its place among the references of the node of these names.
    Named(u32),
    /// A thread that stands before the operation there.
    Place(Span),
}

#[derive(Debug, Default)]
pub struct Growth {
    forms: HashMap<Cell, Forms, FixedState>,
}

/// Contents, by their numbers. Those of what takes very many forms lie close together, as then nearly every new content
/// is one of these.
#[derive(Debug, Default)]
struct Forms {
    /// By the upper bits of a number which of the lower ones there are.
    some: HashMap<u32, u64, FixedState>,
    count: usize,
}

impl Forms {
    fn add(&mut self, label: u32) {
        let some = self.some.entry(label / u64::BITS).or_default();
        let one = 1 << (label % u64::BITS);
        self.count += usize::from(*some & one == 0);
        *some |= one;
    }
}

impl Growth {
    /// A step has given it this content, by its number.
    pub fn note(&mut self, cell: Cell, label: u32) {
        self.forms.entry(cell).or_default().add(label);
    }

    /// The one of these with the most forms, if there are many.
    fn largest(&self, wanted: impl Fn(&Cell) -> bool) -> Option<(Cell, usize)> {
        let all =
            self.forms.iter().filter(|(cell, _)| wanted(cell)).map(|(cell, forms)| (*cell, forms.count));
        // Of equals the first in the script, so that the advice is the same in every run.
        let order = |cell: &Cell| match *cell {
            Cell::Global(number) | Cell::Named(number) => number,
            Cell::Place(span) => span.start,
        };
        all.filter(|(_, forms)| *forms >= MANY_VALUES)
            .max_by_key(|(cell, forms)| (*forms, std::cmp::Reverse(order(cell))))
    }
}

/// What is to be said of a step that takes more memory by itself than it may.
pub fn beyond(steps: &Steps) -> Vec<Advice> {
    let thread = |it: &Uncaught| {
        let line = it.error.place.get().map_or(0, |place| place.line);
        Advice::Large { thread: it.thread.to_string(), line, bytes: steps.rules.memory as u64 }
    };
    steps.beyond.iter().map(thread).collect()
}

/// What makes the space large and what to try; `graph` is one of its states.
pub fn advice(steps: &mut Steps, graph: &Graph) -> Vec<Advice> {
    let mut advice = Vec::new();
    let (universe, objects) = steps.universe(graph);
    let program = &steps.image.program;
    let names = steps.layout.flat.refs(NAMES);
    let variable = steps.growth.largest(|cell| !matches!(cell, Cell::Place(_)));
    if let Some((cell, values)) = variable
        && let Some(name) = name(cell, names, &universe.image, &objects)
    {
        advice.push(Advice::Values { name, values: values as u64 });
    }
    let in_loop = |cell: &Cell| matches!(cell, Cell::Place(span) if loop_around(program, *span).is_some());
    if let Some((Cell::Place(span), ways)) = steps.growth.largest(in_loop)
        && let Some(line) = loop_around(program, span)
    {
        advice.push(Advice::Loop { line, ways: ways as u64 });
    }
    advice.push(Advice::Part);
    advice
}

/// What a script calls the thing; `names` are the nodes of `objects` that names written once refer to.
fn name(
    cell: Cell,
    names: &[u32],
    image: &crate::machine::Image,
    objects: &[Option<crate::state::Shared>],
) -> Option<String> {
    let program = &image.program;
    match cell {
        Cell::Global(index) => {
            let name = program.globals.get(index as usize)?;
            (!name.starts_with("__")).then(|| name.to_string())
        }
        Cell::Named(at) => {
            let node = *names.get(at as usize)?;
            let address = objects[node as usize].as_ref()?.address();
            let mut fixed = program.fixed.iter().enumerate();
            let holds = |index: usize| {
                let object = image.fixed(index as u32).and_then(container);
                object.is_some_and(|object| object.address() == address)
            };
            fixed.find(|(index, _)| holds(*index)).map(|(_, name)| name.to_string())
        }
        Cell::Place(_) => None,
    }
}
