//! What processes of the simulated world are given: copies, made within the state.
//!
//! What `world::copying` says of real ones holds here. Who begins with them is in `process.rs`.

use super::step::Stepper;
use super::universe::Universe;
use crate::code::reach::{Mention, Reach};
use crate::machine::Image;
use crate::state::living::Living;
use crate::state::packed::Packing;
use crate::state::rows::Rows;
use crate::state::{Reader, Shared};
use crate::sync::Kind;
use crate::sync::pipe::End;
use crate::sync::pool::copied::cannot_go;
use crate::sync::thread::{Entry, Thread};
use crate::value::Value;
use crate::value::error::Error;
use crate::world::World;
use crate::world::copying::{
    Signals, cannot_begin_with, cannot_fork_with, for_handlers, pack_variables, save_signals,
};
use crate::world::marks::Marks;
use std::sync::Arc;

impl Stepper<'_> {
    /// What a process of a template begins with.
    pub(super) fn copy_for(&mut self, handle: &Arc<Thread>, entry: &Entry) -> Result<Copied, Error> {
        let signals = self.signals();
        self.copy(false, &signals, |marks, packing| {
            let values = entry.arguments.iter().chain([&entry.callee]);
            // When it is too much to follow, everything counts as mentioned.
            let all = values.map(|value| marks.value(value.clone())).any(|followed| followed.is_err());
            packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
                save_signals(&signals, w);
                entry.save(w);
            });
            all
        })
    }

    /// What a worker of a process pool begins with: all variables, since nobody can tell what its tasks will call, but
    /// for those that lead to what cannot be copied.
    pub(super) fn copy_for_worker(&mut self, handle: &Arc<Thread>, entry: &Entry) -> Result<Copied, Error> {
        self.log.opaque = true;
        let image = self.image();
        let program = &image.program;
        let packing = || {
            let roots = 1 + program.fixed.len() + program.globals.len();
            Packing::new(roots, false, self.universe.known_threads())
        };
        let is_shared = |mention| matches!(mention, Mention::Global(index) if program.is_shared(index));
        let mut trial = packing();
        trial.root(String::new(), |_| {});
        pack_variables(&mut trial, &image, &|mention| !is_shared(mention));
        let left_out = trial.refused(&|node| cannot_go(node).is_some());
        let mut packing = packing();
        packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
            save_signals(&self.signals(), w);
            entry.save(w);
        });
        pack_variables(&mut packing, &image, &|mention| {
            !is_shared(mention)
                && match mention {
                    Mention::Fixed(number) => !left_out[1 + number as usize],
                    Mention::Global(number) => !left_out[1 + program.fixed.len() + number as usize],
                    _ => true, // no variable
                }
        });
        let (nodes, objects) = packing.nodes(&stays, &|_| None)?;
        Ok(Copied { nodes, objects })
    }

    /// What a new process begins with, as a graph: the first root is what `first` writes, which also tells whether
    /// everything counts as mentioned.
    pub(super) fn copy(
        &mut self,
        holders: bool,
        signals: &Signals,
        first: impl FnOnce(&mut Marks<'_>, &mut Packing) -> bool,
    ) -> Result<Copied, Error> {
        // It depends on everything that is copied.
        self.log.opaque = true;
        let image = self.image();
        let program = &image.program;
        let reach = self.rules.reach.get_or_init(|| Reach::of(program));
        let mut marks = Marks::new(&image, reach, Vec::new());
        let packing = || {
            let roots = 1 + program.fixed.len() + program.globals.len();
            Packing::new(roots, holders, self.universe.known_threads())
        };
        let trial = packing();
        let mut packing = packing();
        let all = first(&mut marks, &mut packing);
        let is_shared = |mention| matches!(mention, Mention::Global(index) if program.is_shared(index));
        let of_code = |mention| is_shared(mention) || all || marks.may(mention);
        let stays_here = |node: &Shared| {
            if holders { cannot_fork_with(node).is_some() } else { cannot_go(node).is_some() }
        };
        let of_handlers = Marks::new(&image, reach, Vec::new());
        let of_handlers = for_handlers(&image, of_handlers, signals, trial, &of_code, &stays_here);
        pack_variables(&mut packing, &image, &|mention| {
            !is_shared(mention) && (of_code(mention) || of_handlers.contains(&mention))
        });
        let refused = |node: &Shared| {
            if holders { cannot_fork_with(node) } else { cannot_begin_with(node) }
        };
        let (nodes, objects) = packing.nodes(&stays, &refused)?;
        Ok(Copied { nodes, objects })
    }

    /// Copies of values, for a process that is there already.
    pub(super) fn copies(&mut self, values: &[Value], what: &str) -> Result<Vec<Value>, Error> {
        self.log.opaque = true;
        let mut packing = Packing::new(1, false, self.universe.known_threads());
        packing.root(what.to_string(), |w| w.values(values));
        let is_one_for_all = |object: &Shared| stays(object) && cannot_go(object).is_none();
        let (nodes, objects) = packing.nodes(&is_one_for_all, &cannot_go)?;
        let mut living = Living::new(&nodes, true).with_fresh_ids(self.universe.next_id);
        self.universe.next_id += nodes.len() as u32;
        let roots = nodes.len() - objects.len();
        for (at, object) in objects.iter().enumerate().filter(|(_, object)| is_one_for_all(object)) {
            living.stays((roots + at) as u32, object.clone());
        }
        let values = living.root(0, |r| r.values());
        let made = living.into_objects();
        let made = new_ones(&objects, made.into_iter().skip(roots), &is_one_for_all);
        self.register_all(made);
        Ok(values)
    }

    pub(super) fn register_all(&mut self, objects: Vec<Shared>) {
        for object in objects {
            match object {
                Shared::Sync(sync) => self.universe.register(&sync),
                Shared::Failure(failure) => self.universe.failures.push(failure),
                _ => {} // the others are asked for by nobody
            }
        }
    }

    /// Makes the copy: its first root as `first` reads it, its variables, and every object of it. With a name the ends of
    /// pipes go to the process of that name; without, they are copied.
    pub(super) fn live<T>(
        &mut self,
        copied: &Copied,
        to: Option<&Arc<str>>,
        first: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Result<Alive<T>, Error> {
        let image = Arc::new(Image::beside(&self.universe.image));
        let roots = copied.nodes.len() - copied.objects.len();
        let mut living = Living::new(&copied.nodes, true).with_fresh_ids(self.universe.next_id);
        self.universe.next_id += copied.nodes.len() as u32;
        for (at, object) in copied.objects.iter().enumerate().filter(|(_, object)| stays(object)) {
            // An end of a pipe has a part in each process.
            let there = if let Shared::Sync(sync) = object {
                End::for_another(sync, self.next_id(), to).map(Arc::new)
            } else {
                None
            };
            living.stays((roots + at) as u32, there.map_or_else(|| object.clone(), Shared::Sync));
        }
        let first = living.root(0, first);
        let fixed = image.program.fixed.len() as u32;
        for index in 0..fixed {
            match living.root(1 + index, |r| r.value()) {
                Value::Unset => {}
                value => image.set_fixed(index, value),
            }
        }
        for index in 0..image.program.globals.len() as u32 {
            image.set_global(index, living.root(1 + fixed + index, |r| r.value()));
        }
        let objects = new_ones(&copied.objects, living.into_objects().into_iter().skip(roots), &stays);
        Ok(Alive { first, image, objects })
    }
}

impl Universe {
    /// Every thread by which something may be held.
    fn known_threads(&self) -> Vec<Arc<Thread>> {
        self.seats.iter().map(|seat| seat.thread.clone()).chain(self.absent.iter().cloned()).collect()
    }
}

/// What a new process is given, not living yet.
pub(super) struct Copied {
    nodes: Rows,
    objects: Vec<Shared>,
}

/// The same, living.
pub(super) struct Alive<T> {
    pub first: T,
    pub image: Arc<Image>,
    pub objects: Vec<Shared>,
}

/// The copies among what was made of these objects; those of handles know what they are copies of.
fn new_ones(
    originals: &[Shared],
    made: impl Iterator<Item = Option<Shared>>,
    stays: &dyn Fn(&Shared) -> bool,
) -> Vec<Shared> {
    let mut objects = Vec::new();
    for (original, object) in originals.iter().zip(made) {
        let Some(object) = object.filter(|_| !stays(original)) else { continue };
        if let (Shared::Thread(original), Shared::Thread(copy)) = (original, &object)
            && let Some(process) = &copy.process
        {
            process.is_copy_of(original);
        }
        objects.push(object);
    }
    objects
}

/// Whether it is the same in all processes, or leads to the same.
fn stays(object: &Shared) -> bool {
    match object {
        Shared::Sync(sync) => sync.is_shared() || matches!(sync.kind, Kind::End(_)),
        Shared::List(list) => list.nature.is_one_for_all(),
        Shared::Map(map) => map.nature.is_one_for_all(),
        Shared::Set(set) => set.nature.is_one_for_all(),
        Shared::Cell(_)
        | Shared::Object(_)
        | Shared::Closure(_)
        | Shared::Bound(_)
        | Shared::Error(_)
        | Shared::Thread(_)
        | Shared::File(_)
        | Shared::Ticket(_)
        | Shared::Round(_)
        | Shared::Failure(_)
        | Shared::Left(_)
        | Shared::Space(_)
        | Shared::Between(_)
        | Shared::Wire(_) => false,
    }
}
