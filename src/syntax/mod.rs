//! From text to tree. Never fails: whatever the text, there is a tree and a list of what is wrong with it.
//!
//! What names mean is not decided here, nor what a construct does.

pub mod declared;
#[cfg(test)]
mod dump;
pub mod format;
mod parse;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
pub mod tree;

pub use parse::{DECLARING, RESERVED, is_reserved};

use crate::report::Diagnostic;
use crate::source::{Source, prepare};

/// The tree of a script, and what is wrong with its text, in the order of the text.
pub fn parse(source: &Source) -> (tree::Script, Vec<Diagnostic>) {
    parse::script(source)
}

/// The same of an entry of a session, whose texts stand in `source` one after the other: of what stands from `from` on.
/// Its nodes are numbered from `nodes` on.
pub fn parse_entry(source: &Source, from: usize, nodes: tree::NodeId) -> (tree::Script, Vec<Diagnostic>) {
    parse::entry(source, from, nodes)
}

/// Whether more lines could make the text whole: it ends inside a bracket or a text, or after an operator.
pub fn is_incomplete(text: &str) -> bool {
    prepare::prepare(text).incomplete
}
