//! Tasks of a process pool and their results, as bytes: copies that go to a worker's process and come back.

use crate::state::Shared;
use crate::state::packed::{Packed, Packing};
use crate::value::{Value, error::Error};

/// Copies of values, on their way to another process.
#[derive(Debug)]
pub enum Copies {
    Packed(Vec<u8>),
    /// Where all processes are in one memory: nobody else has them.
    Living(Vec<Value>),
}

/// Values as bytes. `what` tells people what they are: `an argument of fetch`.
///
/// # Errors
/// When something that they lead to cannot be copied.
pub fn pack(values: &[Value], what: &str) -> Result<Vec<u8>, Error> {
    let mut packing = Packing::new(1, false, Vec::new());
    packing.root(what.into(), |w| w.values(values));
    Ok(packing.finish(&cannot_go)?.0)
}

/// The values of bytes that `pack` made, in this or another process of the same run.
pub fn unpack(bytes: &[u8]) -> Vec<Value> {
    Packed::new(bytes).live(|roots| roots.root(0, |r| r.values())).0
}

/// What a worker of a process pool cannot be given: what goes on by itself, what the system keeps for its process, and
/// what only one process can have.
pub fn cannot_go(node: &Shared) -> Option<String> {
    node.tie().map(|(_, label)| label)
}
