//! What is kept with a thing to wait for, by which those who use it tell what they do with it.

use super::super::deeds::{self, Did, Named};
use super::super::{breath, counting, label};
use super::{ANY, Code, Recorder, SHARED, SIZED, with};
use crate::sync::pipe::Heading;
use crate::sync::{Kind, Sync};
use std::sync::atomic::{AtomicU32, Ordering};

/// What is kept with a thing whose events are told.
#[derive(Debug)]
pub struct Traced {
    /// Where its label is on the tape; 0 before its first event.
    name: AtomicU32,
    /// Each step is noted as well, for `--race`.
    noted: bool,
    /// It is one of the simulated world.
    simulated: bool,
}

impl Traced {
    /// `noted`: each step is noted as well.
    pub fn new(noted: bool) -> Traced {
        Traced { name: AtomicU32::new(0), noted, simulated: false }
    }

    /// Of a thing of the simulated world, in a run that is drawn.
    pub fn simulated() -> Traced {
        Traced { simulated: true, ..Traced::new(false) }
    }

    pub fn acquired(&self, sync: &Sync) {
        if self.simulated {
            return deeds::note(|| Did::Acquires(Named::of(sync)));
        }
        if self.noted && counting::takes_noted(sync.id) {
            return;
        }
        with(|recorder| {
            let line = sync.owner().and_then(|owner| owner.holder()).map_or(0, |(_, line)| u64::from(line));
            // What is told now ends the counting.
            let before = counting::of(sync);
            let time = self.tell(recorder, sync, Code::Acquires, line << 32, 0);
            if sync.owner().is_some() && !sync.is_there() {
                counting::taken(sync, self.noted, before, time);
            }
        });
    }

    pub fn released(&self, sync: &Sync) {
        if self.simulated {
            return deeds::note(|| Did::Releases(Named::of(sync)));
        }
        if self.noted && counting::gives_back_noted(sync.id) {
            return;
        }
        with(|recorder| match counting::of(sync) {
            None => {
                self.tell(recorder, sync, Code::Releases, 0, 0);
            }
            Some(before) => {
                let time = if before.held {
                    counting::end();
                    self.tell(recorder, sync, Code::Repeats, 0, u64::from(before.times))
                } else {
                    self.tell(recorder, sync, Code::Releases, 0, 0)
                };
                counting::given_back(sync, self.noted, &before, time, recorder.quick);
            }
        });
    }

    pub fn signalled(&self, sync: &Sync) {
        if self.simulated {
            return deeds::note(|| Did::Signals(Named::of(sync)));
        }
        with(|recorder| {
            self.tell(recorder, sync, Code::Signals, 0, 0);
        });
    }

    /// How much it holds now is asked once in each chunk only: those who put would have to fetch what those who get write. In
    /// between it can be counted. `oldest`: values are taken in the order of the puts.
    #[inline(always)]
    pub fn put(&self, sync: &Sync, size: impl FnOnce() -> usize, oldest: bool) {
        if !breath::counts(breath(sync, Code::Puts)) {
            self.put_told(sync, size, oldest);
        }
    }

    #[inline(never)]
    fn put_told(&self, sync: &Sync, size: impl FnOnce() -> usize, oldest: bool) {
        if self.simulated {
            return deeds::note(|| Did::Puts { thing: Named::of(sync), size: size() as u64, oldest });
        }
        with(|recorder| {
            let time = recorder.moment();
            let order = if oldest { 0 } else { ANY };
            let room = recorder.chunk.as_ref().is_some_and(|chunk| !chunk.is_full());
            let (sized, size) = match room && recorder.sized == Some(sync.id) {
                true => (0, 0),
                false => (SIZED, size() as u64),
            };
            self.tell_of(recorder, sync, Code::Puts, time, (order | sized, size));
            recorder.sized = Some(sync.id);
            self.begins_breath(sync, Code::Puts);
        });
    }

    #[inline(always)]
    pub fn got(&self, sync: &Sync) {
        if !breath::counts(breath(sync, Code::Gets)) {
            self.got_told(sync);
        }
    }

    #[inline(never)]
    fn got_told(&self, sync: &Sync) {
        if self.simulated {
            return deeds::note(|| Did::Gets(Named::of(sync)));
        }
        with(|recorder| {
            self.tell(recorder, sync, Code::Gets, 0, 0);
            self.begins_breath(sync, Code::Gets);
        });
    }

    /// A message was sent at this end of a pipe.
    pub fn sent(&self, sync: &Sync) {
        if self.simulated {
            return deeds::note(|| Did::Puts { thing: Named::sent(sync), size: 0, oldest: true });
        }
        let Kind::End(end) = &sync.kind else { return };
        with(|recorder| {
            let (time, name) = (recorder.moment(), self.named(recorder, sync));
            let way = u64::from(end.way(Heading::Out));
            recorder.tell_at(Code::Puts, time, (SHARED, way | u64::from(name) << 32, 0));
        });
    }

    /// One was received there.
    pub fn received(&self, sync: &Sync) {
        if self.simulated {
            return deeds::note(|| Did::Gets(Named::of(sync)));
        }
        with(|recorder| {
            self.tell(recorder, sync, Code::Gets, 0, 0);
        });
    }

    fn begins_breath(&self, sync: &Sync, code: Code) {
        // Where races are looked for, the machine does not say what it does in between.
        if !self.noted {
            breath::begin(breath(sync, code));
        }
    }

    fn tell(&self, recorder: &mut Recorder, sync: &Sync, code: Code, second: u64, number: u64) -> u64 {
        let time = recorder.moment();
        self.tell_of(recorder, sync, code, time, (second, number));
        time
    }

    #[inline(always)]
    fn tell_of(&self, recorder: &mut Recorder, sync: &Sync, code: Code, time: u64, more: (u64, u64)) {
        let (second, number) = more;
        let name = self.named(recorder, sync);
        let (id, shared) = identity(sync);
        recorder.tell_at(code, time, (second | shared, id | u64::from(name) << 32, number));
    }

    #[inline(always)]
    fn named(&self, recorder: &Recorder, sync: &Sync) -> u32 {
        let mut name = self.name.load(Ordering::Relaxed);
        if name == 0 {
            name = recorder.tape.name(&label(sync));
            self.name.store(name, Ordering::Relaxed);
        }
        name
    }
}

/// A thing's number, and `SHARED` when it is one for all processes.
pub(super) fn identity(sync: &Sync) -> (u64, u64) {
    // A side of an rwlock stands for the rwlock.
    let sync = if let Kind::Side(side) = &sync.kind { &side.lock } else { sync };
    if let Kind::End(end) = &sync.kind {
        return (u64::from(end.way(Heading::In)), SHARED);
    }
    match sync.is_there() {
        // Each process numbers what it has found by itself, but it is in one place.
        true => (sync.place() & u64::from(u32::MAX), SHARED),
        false => (u64::from(sync.id), 0),
    }
}

/// A thing and what is done with it, as a breath knows it.
#[inline(always)]
fn breath(sync: &Sync, code: Code) -> u64 {
    u64::from(sync.id) << 32 | code as u64
}
