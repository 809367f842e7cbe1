//! Tasks of a process pool and their results, as bytes: copies that go to a worker's process and come back.

use crate::state::Shared;
use crate::state::packed::{Packed, Packing};
use crate::sync::Kind;
use crate::value::{Value, error::Error};

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
    match node {
        Shared::Thread(thread) if thread.process.is_none() && thread.alive() => {
            Some(format!("the running thread \"{}\"", thread.name()))
        }
        Shared::File(file) if !file.is_closed() => Some(format!("the open file {}", file.path)),
        Shared::Sync(sync) => match &sync.kind {
            Kind::Future(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => Some(sync.label()),
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Semaphore(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_) => None,
        },
        Shared::Thread(_)
        | Shared::File(_)
        | Shared::Cell(_)
        | Shared::List(_)
        | Shared::Map(_)
        | Shared::Set(_)
        | Shared::Object(_)
        | Shared::Closure(_)
        | Shared::Bound(_)
        | Shared::Error(_)
        | Shared::Ticket(_)
        | Shared::Round(_)
        | Shared::Failure(_)
        | Shared::Left(_)
        | Shared::Space(_) => None,
    }
}
