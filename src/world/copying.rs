//! What a process begins with, in both worlds: which variables its code can come to, and what cannot be copied.

use crate::code::reach::Mention;
use crate::machine::Image;
use crate::state::Shared as Node;
use crate::state::packed::Packing;
use crate::sync::{Kind, Sync, future::Future};
use crate::value::Value;

/// Of a thread in more calls than this everything counts as mentioned.
pub(super) const MOST_CALLS: usize = 1000;

/// Writes the variables of the top level, each as a root: those that are not mentioned are left out, nobody could tell.
pub(super) fn pack_variables(packing: &mut Packing, image: &Image, mentioned: &dyn Fn(Mention) -> bool) {
    let program = &image.program;
    for (index, name) in program.fixed.iter().enumerate() {
        let number = index as u32;
        let value = image.fixed(number).filter(|_| mentioned(Mention::Fixed(number)));
        packing.root(format!("the variable {name}"), |w| w.value(value.unwrap_or(&Value::Unset)));
    }
    for (index, name) in program.globals.iter().enumerate() {
        let number = index as u32;
        // What is in memory that processes share is there for the child too.
        let here = image.memory.is_none() || !program.is_shared(number);
        let value = (here && mentioned(Mention::Global(number))).then(|| image.global(number)).flatten();
        packing.root(format!("the variable {name}"), |w| w.value(&value.unwrap_or(Value::Unset)));
    }
}

/// A thread or a future, which cannot be in two processes.
pub(super) fn goes_on_by_itself(node: &Node) -> Option<String> {
    match node {
        Node::Thread(thread) if thread.process.is_none() && thread.alive() => {
            Some(format!("the running thread \"{}\"", thread.name()))
        }
        Node::Sync(sync) => match &sync.kind {
            Kind::Future(future) if !Future::is_done(future) => Some(sync.label()),
            Kind::Future(_)
            | Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Semaphore(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => None,
        },
        _ => None, // plain data, or `belongs_to_the_system`
    }
}

/// What the system keeps for this process.
pub(super) fn belongs_to_the_system(node: &Node) -> Option<String> {
    match node {
        Node::File(file) if !file.is_closed() => Some(format!("the open file {}", file.path)),
        Node::Sync(sync) if is_outside(sync) => Some(sync.label()),
        Node::Thread(_)
        | Node::Sync(_)
        | Node::File(_)
        | Node::Cell(_)
        | Node::List(_)
        | Node::Map(_)
        | Node::Set(_)
        | Node::Object(_)
        | Node::Closure(_)
        | Node::Bound(_)
        | Node::Error(_)
        | Node::Ticket(_)
        | Node::Round(_)
        | Node::Failure(_)
        | Node::Left(_)
        | Node::Space(_) => None,
    }
}

/// A connection, or a program that runs.
fn is_outside(sync: &Sync) -> bool {
    match &sync.kind {
        Kind::Outside(_) => true,
        Kind::Future(_)
        | Kind::Lock(_)
        | Kind::RLock(_)
        | Kind::RwLock(_)
        | Kind::Side(_)
        | Kind::Semaphore(_)
        | Kind::Condition(_)
        | Kind::Event(_)
        | Kind::Barrier(_)
        | Kind::Latch(_)
        | Kind::Queue(_)
        | Kind::Atomic(_)
        | Kind::Pool(_)
        | Kind::Crew(_)
        | Kind::Pipe(_)
        | Kind::End(_) => false,
    }
}
