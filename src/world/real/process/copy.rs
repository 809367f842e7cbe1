//! What a process begins with: a copy of all that its code can come to, at one moment, as bytes.
//!
//! Variables of the top level that its code cannot come to are left out; nobody could tell.

use super::super::marks::Marks;
use super::super::run::Shared;
use crate::code::reach::{Mention, Reach};
use crate::machine::Image;
use crate::state::Shared as Node;
use crate::state::packed::{Packed, Packing};
use crate::sync::thread::{Entry, Thread};
use crate::sync::{Kind, future::Future};
use crate::value::Value;
use crate::value::error::Error;
use std::sync::Arc;

/// The first root is the handle and what it calls; then come the variables of the top level.
const HANDLE: usize = 0;

impl Shared {
    /// What a new process is to know. To be called while nobody else takes a step.
    ///
    /// # Errors
    /// When it could come to something that cannot be copied.
    pub(super) fn copy_for(&self, handle: &Arc<Thread>, entry: &Entry) -> Result<Vec<u8>, Error> {
        let program = &self.image.program;
        let reach = self.knots.reach.get_or_init(|| Reach::of(program));
        let mut marks = Marks::new(&self.image, reach, Vec::new());
        let values = entry.arguments.iter().chain([&entry.callee]);
        // When it is too much to follow, everything counts as mentioned.
        let all = values.map(|value| marks.value(value.clone())).any(|followed| followed.is_err());
        let mentions = |mention: Mention| all || marks.may(mention);

        let threads = self.table.lock().seats.values().map(|seat| seat.thread.clone()).collect();
        let (fixed, globals) = (program.fixed.len(), program.globals.len());
        let mut packing = Packing::new(1 + fixed + globals, false, threads);
        packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
            w.thread(handle);
            entry.save(w);
        });
        for (index, name) in program.fixed.iter().enumerate() {
            let number = index as u32;
            let value = self.image.fixed(number).filter(|_| mentions(Mention::Fixed(number)));
            packing.root(format!("the variable {name}"), |w| w.value(value.unwrap_or(&Value::Unset)));
        }
        for (index, name) in program.globals.iter().enumerate() {
            let number = index as u32;
            let value = mentions(Mention::Global(number)).then(|| self.image.global(number)).flatten();
            packing.root(format!("the variable {name}"), |w| w.value(&value.unwrap_or(Value::Unset)));
        }
        packing.finish(&refused)
    }
}

/// What cannot be copied: something that goes on by itself in this process, or that the system keeps for it.
fn refused(node: &Node) -> Option<String> {
    match node {
        Node::Thread(thread) if thread.process.is_none() && thread.alive() => {
            Some(format!("the running thread \"{}\"", thread.name()))
        }
        Node::File(file) if !file.is_closed() => Some(format!("the open file {}", file.path)),
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
            | Kind::Crew(_) => None,
        },
        Node::Thread(_)
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
        | Node::Left(_) => None,
    }
}

/// What a new process has been given, living again.
pub(super) struct Given {
    /// Its own handle, as it was when it was started.
    pub handle: Arc<Thread>,
    pub entry: Entry,
    /// Everything that came with it, for those who have to know what there is.
    pub objects: Vec<Node>,
    /// More than any number that something in it has.
    pub next_id: u32,
}

/// Fills the variables of a new process's image.
pub(super) fn receive(image: &Image, bytes: &[u8]) -> Given {
    let packed = Packed::new(bytes);
    let ((handle, entry), objects) = packed.live(|roots| {
        let first = roots.root(HANDLE, |r| (r.thread(), Entry::load(r)));
        let fixed = image.program.fixed.len();
        for index in 0..fixed {
            let value = roots.root(1 + index, |r| r.value());
            if !matches!(value, Value::Unset) {
                image.set_fixed(index as u32, value);
            }
        }
        for index in 0..image.program.globals.len() {
            image.set_global(index as u32, roots.root(1 + fixed + index, |r| r.value()));
        }
        first
    });
    let ids = objects.iter().map(|node| match node {
        Node::Thread(thread) => thread.id,
        Node::Sync(sync) => sync.id,
        _ => 0, // the others have none
    });
    let next_id = ids.max().unwrap_or(0) + 1;
    Given { handle, entry, objects, next_id }
}
