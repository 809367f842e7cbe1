//! conc: a scriptable concurrency language.
//!
//! In reading order: `source` (text and places) → `syntax` (tree) → `resolve` (names, checks) → `code`
//! (instructions) → `machine` (fibers, the dispatch loop) → `world` (threads, waiting, time). Beside them:
//! `value` (what variables hold), `memory` (how much of it is in use), `sync` (things to wait for), `builtin`
//! (functions and methods), `race` (which accesses nothing orders), `report` (what conc says to people), `lesson` (scripts in
//! Markdown), `units` (durations and sizes as people write them), `standby` (threads that wait for pieces of work). `pipeline` leads from text to program.
//!
//! For programs that run scripts of conc, [`embed`] is the interface; all else is for the command `conc`, and changes
//! without notice.

#[doc(hidden)]
pub mod builtin;
#[doc(hidden)]
pub mod code;
mod cores;
pub mod embed;
#[doc(hidden)]
pub mod event;
#[doc(hidden)]
pub mod explore;
#[doc(hidden)]
pub mod help;
#[doc(hidden)]
pub mod lesson;
#[doc(hidden)]
pub mod machine;
#[doc(hidden)]
pub mod mapped;
pub mod memory;
#[doc(hidden)]
pub mod pipeline;
#[doc(hidden)]
pub mod race;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod resolve;
#[doc(hidden)]
pub mod source;
mod standby;
#[doc(hidden)]
pub mod state;
#[doc(hidden)]
pub mod sync;
#[doc(hidden)]
pub mod syntax;
#[doc(hidden)]
pub mod units;
#[doc(hidden)]
pub mod value;
#[doc(hidden)]
pub mod world;
