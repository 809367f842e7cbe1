//! What a process begins with: a copy of all that its code can come to, at one moment, as bytes.
//!
//! Variables of the top level that its code cannot come to are left out; nobody could tell.

use super::super::outside::failed;
use super::super::run::{Code, Shared};
use super::parcel::Parcel;
use super::pipes;
use crate::code::reach::Mention;
use crate::machine::saved::{Kept, Rest};
use crate::machine::{Fiber, Image};
use crate::state::Shared as Node;
use crate::state::packed::{Packed, Packing};
use crate::state::{Reader, Writer};
use crate::sync::pipe::{End, Handed, Make};
use crate::sync::pool::copied;
use crate::sync::thread::{Entry, Thread};
use crate::sync::{Kind, Sync};
use crate::value::Value;
use crate::value::error::Error;
use crate::world::copying::{
    MOST_CALLS, Signals, cannot_begin_with, cannot_fork_with, for_handlers, load_signals, pack_variables,
    save_signals,
};
use crate::world::marks::Marks;
use std::io;
use std::sync::Arc;

/// The first root is what the process is; then come the variables of the top level.
const SELF: usize = 0;

/// What a new process is called among those that share memory.
#[derive(Clone, Copy)]
pub(super) struct Own {
    pub number: usize,
    /// The first of its ids, that of its first thread.
    pub id: u32,
}

impl Own {
    fn save(self, w: &mut Writer<'_>) {
        w.count(self.number as u64);
        w.count(u64::from(self.id));
    }

    fn load(r: &mut Reader<'_>) -> Own {
        Own { number: r.count() as usize, id: r.count() as u32 }
    }
}

/// What a new process does first.
pub(super) enum First {
    /// It calls this.
    Calls(Entry),
    /// This thread goes on here.
    GoesOn(Arc<Thread>, Box<Fiber>),
}

impl Shared {
    /// What a new process of a template is to know. To be called while nobody else takes a step.
    ///
    /// # Errors
    /// When it could come to something that cannot be copied.
    pub(super) fn copy_for(&self, handle: &Arc<Thread>, entry: &Entry, own: Own) -> Result<Parcel, Error> {
        let code = self.code();
        let mut marks = marks(&code);
        let values = entry.arguments.iter().chain([&entry.callee]);
        // When it is too much to follow, everything counts as mentioned.
        let all = values.map(|value| marks.value(value.clone())).any(|followed| followed.is_err());
        let signals = self.doors.handlers.known();
        let of_code = |mention| all || marks.may(mention);
        let of_handlers = for_handlers(
            &code.image,
            self::marks(&code),
            &signals,
            self.packing(false),
            &of_code,
            &stays_here,
        );
        let mut packing = self.packing(false);
        packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
            own.save(w);
            w.thread(handle);
            save_signals(&signals, w);
            w.flag(false);
            entry.save(w);
        });
        pack_variables(&mut packing, &code.image, &|mention| {
            of_code(mention) || of_handlers.contains(&mention)
        });
        let packed = packing.finish(&cannot_begin_with)?;
        let name = handle.name();
        let starts = of_code(Mention::Starts) || may_start(&signals);
        self.parcel(handle, packed, starts, &|end, make| End::hand_over(end, &name, make))
    }

    /// What a worker of a process pool is to know: all variables, since nobody can tell what its tasks will call, but for
    /// those that lead to what cannot be copied. Likewise.
    pub(super) fn copy_for_worker(
        &self,
        handle: &Arc<Thread>,
        entry: &Entry,
        own: Own,
    ) -> Result<Parcel, Error> {
        let code = self.code();
        let mut trial = self.packing(false);
        trial.root(String::new(), |_| {});
        pack_variables(&mut trial, &code.image, &|_| true);
        let left_out = trial.refused(&stays_here);
        let fixed = code.image.program.fixed.len();
        let mut packing = self.packing(false);
        packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
            own.save(w);
            w.thread(handle);
            save_signals(&self.doors.handlers.known(), w);
            w.flag(false);
            entry.save(w);
        });
        pack_variables(&mut packing, &code.image, &|mention| match mention {
            Mention::Fixed(number) => !left_out[1 + number as usize],
            Mention::Global(number) => !left_out[1 + fixed + number as usize],
            _ => true, // no variable
        });
        let packed = packing.finish(&|_| None)?;
        let name = handle.name();
        self.parcel(handle, packed, true, &|end, make| End::hand_over(end, &name, make))
    }

    /// What a copy of a thread is to know, which stands in a call of `fork`. Likewise.
    pub(super) fn copy_of_fork(
        &self,
        handle: &Arc<Thread>,
        thread: &Arc<Thread>,
        fiber: &Fiber,
        own: Own,
    ) -> Result<Parcel, Error> {
        let code = self.code();
        let program = &code.image.program;
        let mut marks = marks(&code);
        let snapshot = fiber.snapshot(program, MOST_CALLS);
        let mut of_child = self::marks(&code);
        let starts = snapshot.as_ref().is_none_or(|snapshot| of_child.forked(snapshot).is_err())
            || of_child.may(Mention::Starts);
        let all = snapshot.is_none_or(|snapshot| marks.stands(&snapshot, true).is_err());
        let signals = self.doors.handlers.known();
        let of_code = |mention| all || marks.may(mention);
        let of_handlers =
            for_handlers(&code.image, self::marks(&code), &signals, self.packing(true), &of_code, &|node| {
                cannot_fork_with(node).is_some()
            });
        let liveness = code.liveness();
        // What the thread holds of things that are shared is held here, and not by its copy.
        let renamed = self.memory().map(|_| (thread.id, own.id));
        let mut packing = self.packing(true).renaming(renamed);
        packing.root(format!("a variable of thread \"{}\"", thread.name()), |w| {
            own.save(w);
            w.thread(handle);
            save_signals(&signals, w);
            w.flag(true);
            w.thread(thread);
            fiber.save(
                w,
                program,
                Kept { live: Some(liveness), crews: None, parallels: false },
                Rest::Within,
            );
        });
        pack_variables(&mut packing, &code.image, &|mention| {
            of_code(mention) || of_handlers.contains(&mention)
        });
        let packed = packing.finish(&cannot_fork_with)?;
        self.parcel(handle, packed, starts || may_start(&signals), &End::lend)
    }

    /// Puts the ends of pipes that are among the objects to the bytes.
    fn parcel(
        &self,
        handle: &Thread,
        packed: (Vec<u8>, Vec<Node>),
        starts: bool,
        give: &Give<'_>,
    ) -> Result<Parcel, Error> {
        let (bytes, objects) = packed;
        let mut parcel = Parcel { bytes, ends: Vec::new(), starts };
        for node in &objects {
            let Node::Sync(sync) = node else { continue };
            let Kind::End(end) = &sync.kind else { continue };
            let poller = self.doors.poller()?;
            match give(sync, &mut |readiness, duplex| pipes::make(&poller, readiness, duplex)) {
                Ok(handed) => {
                    if handed.is_some() {
                        self.doors.add_pipe(end);
                    }
                    parcel.ends.extend(handed);
                }
                Err(error) => {
                    parcel.take_back();
                    let what = format!("hand {} to \"{}\"", sync.label(), handle.name());
                    return Err(failed(&what, &error));
                }
            }
        }
        Ok(parcel)
    }

    fn packing(&self, holders: bool) -> Packing {
        let code = self.code();
        let program = &code.image.program;
        let threads = self.table.lock().seats.values().map(|seat| seat.thread.clone()).collect();
        Packing::new(1 + program.fixed.len() + program.globals.len(), holders, threads).still()
    }
}

fn marks(code: &Code) -> Marks<'_> {
    Marks::new(&code.image, code.reach(), Vec::new())
}

/// Whether something is only this process's, and nothing that its handlers and tasks name goes to another for them.
fn stays_here(node: &Node) -> bool {
    match node {
        Node::Sync(sync) if sync.is_there() => false, // it is the same thing there
        other => copied::cannot_go(other).is_some(),
    }
}

/// Whether there are handlers that might.
fn may_start(signals: &Signals) -> bool {
    signals.iter().any(|(_, body)| body.is_some())
}

/// How an end of a pipe is given to another process; None when it is closed.
type Give<'a> = dyn Fn(&Arc<Sync>, &mut Make<'_>) -> io::Result<Option<Handed>> + 'a;

/// What a new process has been given, living again.
pub(super) struct Given {
    /// Its own handle, as it was when it was started.
    pub handle: Arc<Thread>,
    pub first: First,
    /// What signals do.
    pub signals: Signals,
    /// Everything that came with it, for those who have to know what there is.
    pub objects: Vec<Node>,
    /// More than any number that something in it has.
    pub next_id: u32,
    /// The id of its first thread, and its number among the processes of the run.
    pub id: u32,
    pub process: usize,
}

/// Fills the variables of a new process's image.
pub(super) fn receive(image: &Image, bytes: &[u8]) -> Given {
    let packed = Packed::new(bytes);
    let ((handle, signals, first, own), objects) = packed.live(|roots| {
        let own = roots.root(SELF, |r| {
            let own = Own::load(r);
            let handle = r.thread();
            let signals = load_signals(r);
            let first = match r.flag() {
                false => First::Calls(Entry::load(r)),
                true => First::GoesOn(r.thread(), Box::new(Fiber::load(r, &image.program))),
            };
            (handle, signals, first, own)
        });
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
        own
    });
    let ids = objects.iter().map(|node| match node {
        Node::Thread(thread) => thread.id,
        Node::Sync(sync) => sync.id,
        _ => 0, // the others have none
    });
    let next_id = ids.max().unwrap_or(0) + 1;
    Given { handle, first, signals, objects, next_id, id: own.id, process: own.number }
}
