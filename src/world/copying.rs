//! What a process begins with, in both worlds: which variables its code can come to, and what cannot be copied.

use crate::code::reach::Mention;
use crate::machine::Image;
use crate::state::packed::Packing;
use crate::state::{Reader, Shared as Node, Tie, Writer};
use crate::value::Value;
use crate::world::marks::Marks;
use std::collections::HashSet;

/// Of a thread in more calls than this everything counts as mentioned.
pub(super) const MOST_CALLS: usize = 1000;

/// Writes the variables of the top level, each as a root: those that are not mentioned are left out, nobody could tell.
pub(super) fn pack_variables(packing: &mut Packing, image: &Image, mentioned: &dyn Fn(Mention) -> bool) {
    let program = &image.program;
    for (index, name) in program.fixed.iter().enumerate() {
        let number = index as u32;
        let value = image.fixed(number).filter(|_| mentioned(Mention::Fixed(number)));
        packing.root(format!("the variable {name}"), |w| w.value(value.unwrap_or(&Value::Unset)));
    }
    for (index, name) in program.globals.iter().enumerate() {
        let number = index as u32;
        // What is in memory that processes share is there for the child too.
        let here = image.memory.is_none() || !program.is_shared(number);
        let value = (here && mentioned(Mention::Global(number))).then(|| image.global(number)).flatten();
        packing.root(format!("the variable {name}"), |w| w.value(&value.unwrap_or(Value::Unset)));
    }
}

/// What signals do of which something was said, by their numbers: they call this, or do nothing.
pub(super) type Signals = Vec<(i32, Option<Value>)>;

pub(super) fn save_signals(signals: &Signals, w: &mut Writer<'_>) {
    w.count(signals.len() as u64);
    for (number, body) in signals {
        w.int(i64::from(*number));
        w.option(body.as_ref(), |w, body| w.value(body));
    }
}

pub(super) fn load_signals(r: &mut Reader<'_>) -> Signals {
    (0..r.count()).map(|_| (r.int() as i32, r.option(|r| r.value()))).collect()
}

/// The variables that only the handlers of signals can come to with which a process begins, and that can be copied. What cannot
/// is no reason to refuse the process: a handler finds it not set there. `trial` is to be dropped.
pub(super) fn for_handlers(
    image: &Image,
    mut marks: Marks<'_>,
    signals: &Signals,
    mut trial: Packing,
    of_code: &dyn Fn(Mention) -> bool,
    refused: &dyn Fn(&Node) -> bool,
) -> HashSet<Mention> {
    let bodies: Vec<&Value> = signals.iter().filter_map(|(_, body)| body.as_ref()).collect();
    if bodies.is_empty() {
        return HashSet::new();
    }
    // When it is too much to follow, everything counts as mentioned.
    let all = bodies.into_iter().map(|body| marks.value(body.clone())).any(|followed| followed.is_err());
    let wanted = |mention| !of_code(mention) && (all || marks.may(mention));
    trial.root(String::new(), |_| {});
    pack_variables(&mut trial, image, &wanted);
    let left_out = trial.refused(refused);
    let fixed = (0..image.program.fixed.len() as u32).map(Mention::Fixed);
    let globals = (0..image.program.globals.len() as u32).map(Mention::Global);
    let goes = |(mention, left_out): (Mention, &bool)| (wanted(mention) && !left_out).then_some(mention);
    fixed.chain(globals).zip(&left_out[1..]).filter_map(goes).collect()
}

/// What a new process of a template cannot be given, in people's words.
pub(super) fn cannot_begin_with(node: &Node) -> Option<String> {
    node.tie().filter(|(tie, _)| matches!(tie, Tie::Runs | Tie::System)).map(|(_, label)| label)
}

/// The same of a copy of a thread: the others, and what they would have done, it finds ended.
pub(super) fn cannot_fork_with(node: &Node) -> Option<String> {
    node.tie().filter(|(tie, _)| *tie == Tie::System).map(|(_, label)| label)
}
