//! Data races, as data: two accesses that nothing orders.

use crate::source::Span;
use std::sync::Arc;

/// Two accesses of one cell that nothing orders: in a check each is the next step of its thread in the story's last state,
/// in a real run the second has happened, and the first before it.
#[derive(Debug, Clone)]
pub struct Race {
    /// `count`, `bank.balance`, `xs[2]`, `the length of log`; `balance of an object of Account` where no name of the top level
    /// leads to it.
    pub cell: String,
    /// It is one for all processes of the run: only what is `shared` itself orders what they do.
    pub shared: bool,
    pub accesses: [Access; 2],
}

#[derive(Debug, Clone)]
pub struct Access {
    pub thread: Arc<str>,
    pub line: u32,
    pub span: Span,
    pub write: bool,
    /// The labels of the locks that the thread holds.
    pub holds: Vec<String>,
}
