//! Whether other threads can tell that an instruction was done: only then is it a step of its own.

use super::log::Met;
use super::rules::Assumption;
use super::step::Stepper;
use crate::machine::Fiber;
use crate::machine::touch::{Act, Part, Place, Touch, Touches};
use crate::state::Shared;
use crate::sync::{Kind, Sync};

impl Stepper<'_> {
    /// Whether another thread could tell when this is done.
    pub(super) fn is_visible(&mut self, touches: &Touches, fiber: &Fiber) -> bool {
        match touches.act {
            // Whoever waits for a condition stands before it, also when nobody else is there.
            Act::Await => return true,
            // Who starts a process can tell which threads of its own have not ended: those cannot be copied.
            Act::End if self.rules.processes && self.has_neighbours(fiber) => return true,
            Act::End => return (self.rules.ends() || self.looked) && self.universe.seats.len() > 1,
            Act::Atomic => return self.universe.seats.len() > 1,
            // Who else may change what is copied.
            Act::Process => return self.has_neighbours(fiber),
            Act::Print if self.rules.prints && self.universe.seats.len() > 1 => return true,
            // Who asks for all threads can tell which of them have been started, and so can whoever wants to start one more.
            Act::Start if self.rules.sees_starts() && self.universe.seats.len() > 1 => return true,
            Act::Plain | Act::Enter | Act::Release | Act::Sync | Act::Join | Act::Print | Act::Start => {}
        }
        if self.is_looked_at(touches, fiber) {
            return true;
        }
        // Who can still use an end is asked between steps.
        let ends = |touch: &Touch| matches!(touch.place, Place::Object(Shared::Between(_) | Shared::Wire(_)));
        if self.rules.pipes && touches.list.iter().any(ends) {
            return true;
        }
        // How many workers there are can depend on when a task was given.
        if self.rules.watched() && gives_a_task(touches) {
            return true;
        }
        if self.rules.private && self.universe.seats.len() == 1 {
            return false;
        }
        let visible = touches.list.iter().any(|touch| self.is_reachable_by_others(touch, fiber));
        // Also behind what has told it.
        if visible && self.rules.private {
            self.refute_frozen(touches);
        }
        visible
    }

    /// Whether a release of this may be part of the step before it.
    pub(super) fn is_merged(&self, touches: &Touches) -> bool {
        let is_shared = |touch: &Touch| match &touch.place {
            Place::Object(Shared::Sync(sync)) => is_shared(sync),
            _ => false,
        };
        self.rules.merges() && (self.rules.merge_shared || !touches.list.iter().any(is_shared))
    }

    /// What is changed does not stay as it is.
    pub(super) fn refute_frozen(&mut self, touches: &Touches) {
        for touch in touches.list.iter().filter(|touch| touch.write) {
            if let Place::Object(object) = &touch.place
                && let Some(index) = self.frozen(object)
            {
                self.log.refuted = Some(Assumption::Frozen(index));
            }
        }
    }

    /// Whether it may change what an `invariant` is about: that is looked at after every change, also when nobody else
    /// is there.
    fn is_looked_at(&mut self, touches: &Touches, fiber: &Fiber) -> bool {
        let own = self.space.as_ref().map(|space| space.watches.lock().clone()).unwrap_or_default();
        if self.universe.watches.iter().chain(&own).all(|watch| watch.ensure) {
            return false;
        }
        touches.list.iter().filter(|touch| touch.write).any(|touch| match &touch.place {
            Place::Global(index) => !self.is_of_all(*index) || self.rules.looked_at[*index as usize],
            // What only a thread of its process leads to may be what that process has stated something about.
            Place::Object(object) => own.iter().any(|watch| !watch.ensure) || self.is_shared(object, fiber),
            Place::Fixed(_) => true,
            Place::Threads | Place::Random | Place::Clock => false,
        })
    }

    fn is_reachable_by_others(&mut self, touch: &Touch, fiber: &Fiber) -> bool {
        match &touch.place {
            Place::Global(index) if self.is_of_all(*index) => self.rules.shared_globals[*index as usize],
            // What a process has for itself is reached by its threads.
            Place::Global(_) | Place::Fixed(_) | Place::Random if self.space.is_some() => {
                self.has_neighbours(fiber)
            }
            Place::Global(_) | Place::Fixed(_) | Place::Threads | Place::Random => true,
            Place::Clock => self.rules.clock,
            // How many references there are to it, by which it may not be told at all, is no part of a state.
            Place::Object(object @ Shared::Thread(handle)) if !handle.started() => {
                self.is_shared(object, fiber)
            }
            Place::Object(object) => {
                if !self.rules.private {
                    return true;
                }
                match self.frozen(object) {
                    Some(_) => {
                        self.looked |= !touch.write;
                        touch.write
                    }
                    None => self.is_shared(object, fiber),
                }
            }
        }
    }

    /// The name whose container this is, if that is taken not to change.
    fn frozen(&self, object: &Shared) -> Option<u32> {
        let address = match object {
            Shared::List(_) | Shared::Map(_) | Shared::Set(_) => object.address(),
            _ => return None,
        };
        let frozen = &self.rules.assumed.frozen;
        let fixed = (0..frozen.len() as u32).filter(|index| frozen[*index as usize]);
        let mut holds = fixed.filter(|index| {
            let value = self.universe.image.fixed(*index);
            value.and_then(crate::machine::touch::container).is_some_and(|known| known.address() == address)
        });
        holds.next()
    }

    fn is_shared(&mut self, object: &Shared, fiber: &Fiber) -> bool {
        if self.universe.shared.contains(&object.address()) {
            return true;
        }
        if let Some(course) = &self.universe.course {
            return self.published || course.is_unsure();
        }
        // What this thread made known in this step is not among them yet.
        if std::mem::take(&mut self.published) && self.rules.publishes {
            self.log.opaque = true;
            self.universe.share(self.rules, Some((self.seat, fiber)));
            return self.universe.shared.contains(&object.address());
        }
        false
    }

    /// Whether this variable is where the first process has it: the thread is one of that, or the variable is `shared`.
    pub(super) fn is_of_all(&self, global: u32) -> bool {
        self.space.is_none() || self.program.is_shared(global)
    }

    /// Whether its process may have other threads.
    fn has_neighbours(&mut self, fiber: &Fiber) -> bool {
        match self.space.clone() {
            Some(space) => self.is_shared(&Shared::Space(space), fiber),
            None => self.neighbours().nth(1).is_some(),
        }
    }

    /// Keeps that the step has looked at an object; a new one (`m.read` of an rwlock) leads to older ones.
    pub(super) fn meet(&mut self, object: &Shared) {
        self.log.met.push(Met::Object(object.address()));
        if let Shared::Thread(handle) = object
            && let Some(process) = &handle.process
        {
            let original = Shared::Thread(process.original(handle).clone());
            self.log.met.push(Met::Object(original.address()));
        }
        let Shared::Sync(sync) = object else { return };
        self.log.met.extend(sync.beneath().map(|beneath| Met::Object(beneath.address())));
    }

    /// Keeps what the step has touched of what others may touch.
    pub(super) fn note(&mut self, touches: &Touches, atomic: bool) {
        self.log.atomic |= atomic;
        // To look at a condition is one act, whatever is entered and left for it.
        if !(atomic && self.log.act == Act::Await) {
            self.log.act = touches.act;
        }
        let own = self.space.as_ref();
        self.log.touches.extend(touches.list.iter().map(|touch| match (own, &touch.place) {
            (Some(space), Place::Global(index)) if !self.program.is_shared(*index) => Touch {
                place: Place::Object(Shared::Space(space.clone())),
                part: Part::Field(*index),
                write: touch.write,
            },
            _ => touch.clone(),
        }));
    }
}

/// Whether processes have it in common, or what is beneath it.
fn is_shared(sync: &Sync) -> bool {
    sync.is_shared() || matches!(sync.beneath(), Some(Shared::Sync(beneath)) if beneath.is_shared())
}

/// Whether it uses something of which others may merge a release.
pub(super) fn takes(touches: &Touches) -> bool {
    let is_taken = |touch: &Touch| match &touch.place {
        Place::Object(Shared::Sync(sync)) => {
            matches!(sync.kind, Kind::Lock(_) | Kind::RLock(_) | Kind::Side(_) | Kind::Semaphore(_))
        }
        _ => false,
    };
    touches.list.iter().any(is_taken)
}

/// Whether it uses a pool.
pub(super) fn gives_a_task(touches: &Touches) -> bool {
    let is_pool = |touch: &Touch| match &touch.place {
        Place::Object(Shared::Sync(sync)) => matches!(sync.kind, Kind::Pool(_)),
        _ => false,
    };
    touches.list.iter().any(is_pool)
}

/// Whether a reference to something may come where others can reach it.
pub(super) fn may_publish(touches: &Touches) -> bool {
    touches.list.iter().any(|touch| {
        touch.write
            && match &touch.place {
                Place::Object(Shared::Sync(sync)) => match sync.kind {
                    Kind::Queue(_) | Kind::Atomic(_) | Kind::Pool(_) | Kind::Crew(_) | Kind::Future(_) => {
                        true
                    }
                    Kind::Lock(_)
                    | Kind::RLock(_)
                    | Kind::RwLock(_)
                    | Kind::Side(_)
                    | Kind::Semaphore(_)
                    | Kind::Condition(_)
                    | Kind::Event(_)
                    | Kind::Barrier(_)
                    | Kind::Latch(_)
                    | Kind::Pipe(_)
                    | Kind::End(_)
                    | Kind::Outside(_) => false,
                },
                Place::Random | Place::Clock | Place::Threads => false,
                Place::Global(_) | Place::Fixed(_) | Place::Object(_) => true,
            }
    })
}
