//! What a process begins with, in both worlds: which variables its code can come to, and what cannot be copied.

use crate::code::reach::Mention;
use crate::machine::Image;
use crate::state::packed::Packing;
use crate::state::{Shared as Node, Tie};
use crate::value::Value;

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

/// What a new process of a template cannot be given, in people's words.
pub(super) fn cannot_begin_with(node: &Node) -> Option<String> {
    node.tie().filter(|(tie, _)| matches!(tie, Tie::Runs | Tie::System)).map(|(_, label)| label)
}

/// The same of a copy of a thread: the others, and what they would have done, it finds ended.
pub(super) fn cannot_fork_with(node: &Node) -> Option<String> {
    node.tie().filter(|(tie, _)| *tie == Tie::System).map(|(_, label)| label)
}
