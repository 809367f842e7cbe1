//! Data races, found while a script runs on real threads: happens-before, by vector clocks.
//!
//! In reading order: `clock` (what a thread knows of the others), `order` (what a thing to wait for hands from one thread
//! to another) and `channels` (what goes through pipes, connections, signals and files): all that orders is said in these
//! two. Then `notes`, `line` and `places` (what is kept of a thing for that), `again` (the short way of a lock that one thread takes
//! again and again), `mine` (the clock of the thread that asks), `shadow` (who used a cell last, kept beside the cell),
//! `connections` (which of them lead outside) and `passage` (what each of their bytes tells), `found` (what is to be said of it), `common` and `written` (the same in
//! memory that processes share).
//!
//! After Flanagan and Freund, *FastTrack*, PLDI 2009. A release gives a *stamp*, what the thread knew then; who acquires
//! takes over what the stamp tells. An access that its cell's last one is not known to is a race. So a race is found
//! whether or not it did harm in this run, and what is ordered is never reported.
//!
//! Between processes it is the same: what a shared thing hands over, and who has used a shared cell last, is written into memory
//! that they have in common (`common`, `written`, `line`).
//!
//! A run that does not look for races makes none of this: `Sync::watched` is not set, the machine is another
//! instantiation (`Scheduler::EYES`), and cells carry a zero in four bytes that were unused.

pub mod again;
pub mod channels;
pub mod clock;
pub mod common;
mod connections;
pub mod found;
mod line;
pub mod mine;
mod notes;
pub mod order;
pub mod passage;
pub mod places;
pub mod shadow;
mod written;

pub use common::Common;
pub use found::Detector;
pub use order::{Order, Watched};
