//! The one small door to threads of the system: pieces of work that need nothing of each other, done on several at once.

pub use crate::standby::Standby as Workers;
