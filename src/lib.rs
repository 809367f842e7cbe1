//! conc: a scriptable concurrency language.
//!
//! In reading order: `source` (text and places) → `syntax` (tree) → `resolve` (names, checks) → `code`
//! (instructions) → `machine` (fibers, the dispatch loop) → `world` (threads, waiting, time).

pub mod report;
pub mod resolve;
pub mod source;
pub mod syntax;
