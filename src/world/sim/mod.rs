//! The simulated world: no thread, clock or file of the system. One fiber at a time takes one step; everything else
//! stands still, and can be stored.
//!
//! In reading order: `universe` (what a run consists of), `step` (what one thread does between two moments at which
//! others may move), `log` (what it did), `lives` (how threads begin and end), `world` and `visible` (what the machine
//! sees of it, and what others could tell), `process` and `signals` (processes other than the first, and what is sent
//! to them), `sockets` (where they meet), `record` (what the threads did, to do it again), `course` (a run that goes on in
//! one universe), `saved` (a universe as a graph of nodes and back).
//!
//! What a lock or a queue does is not here but in `sync`; which steps to take, in which order, is `explore`'s to say.

mod choices;
mod copies;
mod course;
mod knot;
mod lives;
mod log;
mod pipes;
mod process;
mod record;
mod rules;
mod saved;
mod signals;
mod sockets;
mod step;
mod universe;
mod visible;
mod world;

pub use choices::next_choices;
pub use course::Course;
pub use knot::{Sides, Waiting};
pub use log::{Fault, Log, Met};
pub use record::Record;
pub use rules::{Assumption, Assumptions, Rules};
pub use saved::{Snapshot, shared_objects};
pub use step::{Ends, Step, Way};
pub use universe::{MAIN, Seat, Universe};
pub use world::too_much_memory;
