//! conc: a scriptable concurrency language.
//!
//! In reading order: `source` (text and places) → `syntax` (tree) → `resolve` (names, checks) → `code`
//! (instructions) → `machine` (fibers, the dispatch loop) → `world` (threads, waiting, time). Beside them:
//! `value` (what variables hold), `memory` (how much of it is in use), `sync` (things to wait for), `builtin`
//! (functions and methods), `report` (what conc says to people), `lesson` (scripts in Markdown), `units` (durations and
//! sizes as people write them). `pipeline` leads from text to program.

pub mod builtin;
pub mod code;
pub mod explore;
pub mod lesson;
pub mod machine;
pub mod memory;
pub mod pipeline;
pub mod report;
pub mod resolve;
pub mod source;
pub mod state;
pub mod sync;
pub mod syntax;
pub mod units;
pub mod value;
pub mod world;
