//! Memory that the processes of one run have in common, and what lives in it.
//!
//! It is one mapping, made before the run's first child, so every process has it at the same address, and it is gone with
//! the last of them: nothing is left behind, whoever is killed. It consists of words that are read and written by
//! atomic instructions only. In reading order: `memory` (the words, and blocks of them), `slot` (a word that holds a
//! value), `section` (a lock for several words), `directory` (which processes and threads there are), `word` (a number
//! that is here or there), `journal` (what is changed piece by piece), `store`, `tickets`, `names` (texts), `record` (as
//! many words as are needed), `board` (tasks), `ledger` (what is counted), `roll` (who lives).
//!
//! # A process may die at any instant
//!
//! SIGKILL can come between any two instructions. So every change is made known by one store (or exchange) of one word:
//! before it nobody sees anything of it, after it it is complete. What had been prepared and was not made known is lost,
//! or what was to be given back: the blocks of one change, never more. Nothing has to be repaired by those who live on; a
//! section whose holder is dead is simply taken.

mod board;
mod directory;
mod elsewhere;
mod journal;
pub mod ledger;
mod meeting;
mod memory;
mod names;
pub mod record;
mod roll;
mod section;
mod slot;
mod store;
mod tickets;
mod word;

pub use board::Board;
pub use directory::{BLOCK, Process};
pub use elsewhere::{Call, Elsewhere, WORDS as ELSEWHERE_WORDS};
pub use journal::{Appended, Journal};
pub use meeting::{Arrival, MOST as MOST_PARTIES, Meeting, words as meeting_words};
pub use memory::{Memory, Place, here, within};
pub use names::Names;
pub use roll::{Roll, Seat};
pub use slot::Slot;
pub use store::{Leaving, Put as PutAway, Store, WORDS as STORE_WORDS};
pub use tickets::{Tickets, WORDS as TICKETS_WORDS};
pub use word::Word;
