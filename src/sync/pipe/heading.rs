//! The two directions of a pipe, for the event log: what goes in at one end comes out at the other.

use super::End;

/// Which way messages go, seen from an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    In,
    Out,
}

impl End {
    /// A number for one direction of the pipe, the same at both ends and in all processes, and no thing's (as long as a run
    /// makes fewer than 2^30 of them).
    pub fn way(&self, heading: Heading) -> u32 {
        let to = match heading {
            Heading::In => self.side,
            Heading::Out => 1 - self.side,
        };
        1 << 31 | self.between.number << 1 | to as u32
    }
}
