//! Pipes of a simulated run: all processes are in one memory, so what two ends share stays where it is when one of them
//! goes to another process. That has an end of its own then, which leads to the same.
//!
//! Which ends can still be used is not told by their being dropped, but asked after each step (`world::sim`).

use super::message::Bytes;
use super::{Between, End, Message, Pipe, Wait, What, nobody_receives};
use crate::race::channels::Told;
use crate::state::{Reader, Writer};
use crate::sync::{Kind, Sync};
use crate::value::{Value, error::Error};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// What an end is to the process that has it.
#[derive(Debug, Default)]
pub(super) struct Here {
    closed: AtomicBool,
    /// The process that it was handed to.
    gone: OnceLock<Arc<str>>,
    /// It came from another process: the pipe itself does not know it.
    came: bool,
    /// Which of its copies it is: forks make more of them.
    copy: u32,
}

/// What is known of the ends that processes have.
#[derive(Debug)]
pub(super) struct Known {
    /// Those that were made with the pipe.
    first: Mutex<[Weak<Sync>; 2]>,
    /// Of each side, how many are open.
    open: [AtomicU32; 2],
    /// How many copies forks have made.
    copies: AtomicU32,
    /// Of each side, the copy that receives, and one more; 0 before any does.
    receivers: [AtomicU32; 2],
    /// Of each side, what was sent to it that goes as it is: the tasks and results of a process pool. Such a pipe has
    /// no other messages.
    passed: [Mutex<VecDeque<Vec<Value>>>; 2],
}

impl Default for Known {
    fn default() -> Known {
        Known {
            first: Mutex::default(),
            open: [AtomicU32::new(1), AtomicU32::new(1)],
            copies: AtomicU32::new(0),
            receivers: Default::default(),
            passed: Default::default(),
        }
    }
}

impl Here {
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst) || self.gone.get().is_some()
    }

    pub fn gone(&self) -> Option<Arc<str>> {
        self.gone.get().cloned()
    }
}

impl Between {
    pub(super) fn ends(&self) -> Option<[Weak<Sync>; 2]> {
        self.known.as_ref().map(|known| known.first.lock().clone())
    }

    /// The numbers of the ends that were made with it, which are others in each copy of a state; None where one is no more.
    pub(super) fn ids_now(&self) -> Option<[u32; 2]> {
        let [one, other] = self.ends()?;
        Some([one.upgrade()?.id, other.upgrade()?.id])
    }

    /// Whether no end that is open has left the process where it was made.
    fn is_at_home(&self, known: &Known) -> bool {
        let is_here = |end: &Weak<Sync>| {
            end.upgrade().is_some_and(|end| End::of(&end).is_ok_and(|end| end.here.gone.get().is_none()))
        };
        let ends = known.first.lock();
        known.copies.load(Ordering::SeqCst) == 0
            && (0..2).all(|side| known.open[side].load(Ordering::SeqCst) == 0 || is_here(&ends[side]))
    }

    /// Whether it goes both ways; then its content.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.duplex);
        let Some(known) = &self.known else { return };
        w.count(u64::from(known.copies.load(Ordering::SeqCst)));
        for (number, side) in self.sides.iter().enumerate() {
            w.flag(side.closed.load(Ordering::SeqCst));
            w.count(u64::from(known.open[number].load(Ordering::SeqCst)));
            w.count(u64::from(known.receivers[number].load(Ordering::SeqCst)));
            let inbox = side.inbox.lock();
            w.count(inbox.messages.len() as u64);
            inbox.messages.iter().for_each(|message| message.bytes.save(w));
            let passed = known.passed[number].lock();
            w.count(passed.len() as u64);
            passed.iter().for_each(|values| w.values(values));
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Between {
        Between { known: Some(Known::default()), ..Between::new(r.flag(), [0, 0]) }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let Some(known) = &self.known else { return };
        known.copies.store(r.count() as u32, Ordering::SeqCst);
        for (number, side) in self.sides.iter().enumerate() {
            side.closed.store(r.flag(), Ordering::SeqCst);
            known.open[number].store(r.count() as u32, Ordering::SeqCst);
            known.receivers[number].store(r.count() as u32, Ordering::SeqCst);
            let mut inbox = side.inbox.lock();
            let count = r.count();
            let messages = Bytes::read(r, count);
            inbox.bytes = messages.iter().map(|bytes| bytes.all().len()).sum();
            inbox.put = count;
            let messages = messages.into_iter().map(|bytes| Message { bytes, told: Told::default() });
            inbox.messages = messages.collect();
            let passed = (0..r.count()).map(|_| r.values()).collect();
            *known.passed[number].lock() = passed;
        }
    }

    /// How many ends are open that are not among these: nobody can use them any more.
    pub fn unused(&self, used: &[&End]) -> u32 {
        let Some(known) = &self.known else { return 0 };
        (0..2)
            .map(|side| known.open[side].load(Ordering::SeqCst).saturating_sub(self.open_among(used, side)))
            .sum()
    }

    /// Closes the ends that are not among these.
    pub fn close_but(&self, used: &[&End]) {
        let Some(known) = &self.known else { return };
        for side in 0..2 {
            let open = self.open_among(used, side);
            known.open[side].store(open, Ordering::SeqCst);
            self.sides[side].closed.fetch_or(open == 0, Ordering::SeqCst);
            // Who has received there and has gone leaves it to others.
            let receiver = known.receivers[side].load(Ordering::SeqCst);
            let receives = |end: &&&End| end.side == side && end.here.copy + 1 == receiver;
            if !used.iter().filter(|end| self.has(end)).any(|end| receives(&end)) {
                known.receivers[side].store(0, Ordering::SeqCst);
            }
        }
    }

    fn has(&self, end: &End) -> bool {
        std::ptr::eq(Arc::as_ptr(&end.between), self) && !end.here.is_closed()
    }

    fn open_among(&self, used: &[&End], side: usize) -> u32 {
        used.iter().filter(|end| end.side == side && self.has(end)).count() as u32
    }
}

impl End {
    pub fn between(&self) -> &Arc<Between> {
        &self.between
    }

    /// Whether its pipe leads to no other process than the one that has made it.
    pub fn is_at_home(&self) -> bool {
        match &self.between.known {
            Some(known) => !self.here.came && self.between.is_at_home(known),
            None => !self.is_outside(),
        }
    }

    pub(super) fn close_simulated(&self, known: &Known) {
        if self.here.is_closed() {
            return;
        }
        self.here.closed.store(true, Ordering::SeqCst);
        if known.open[self.side].fetch_sub(1, Ordering::SeqCst) == 1 {
            self.own().closed.store(true, Ordering::SeqCst);
        }
        let receiver = &known.receivers[self.side];
        let _ = receiver.compare_exchange(self.here.copy + 1, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Sends copies that nobody else has.
    pub fn pass(&self, sync: &Sync, values: Vec<Value>) -> Result<(), Error> {
        self.used(sync, "send")?;
        if self.other().closed.load(Ordering::SeqCst) {
            return Err(nobody_receives(sync));
        }
        if let Some(known) = &self.between.known {
            known.passed[1 - self.side].lock().push_back(values);
            sync.sent();
        }
        Ok(())
    }

    pub(super) fn take_passed(&self) -> Option<Vec<Value>> {
        self.between.known.as_ref()?.passed[self.side].lock().pop_front()
    }

    pub(super) fn has_passed(&self) -> bool {
        self.between.known.as_ref().is_some_and(|known| !known.passed[self.side].lock().is_empty())
    }

    pub(super) fn save_simulated(&self, w: &mut Writer<'_>) {
        w.between(&self.between);
        w.count(self.side as u64);
        w.flag(self.here.closed.load(Ordering::SeqCst));
        w.option(self.here.gone.get(), |w, to| w.name(to));
        w.flag(self.here.came);
        w.count(u64::from(self.here.copy));
    }

    pub(super) fn load_simulated(r: &mut Reader<'_>) -> End {
        let (between, side, closed) = (r.between(), r.count() as usize, r.flag());
        let gone = r.option(|r| Arc::<str>::from(r.text())).map_or_else(OnceLock::new, OnceLock::from);
        let (came, copy) = (r.flag(), r.count() as u32);
        End { between, side, here: Here { closed: closed.into(), gone, came, copy } }
    }

    /// Makes it known to its pipe, which is asked for both ends.
    pub fn made(sync: &Arc<Sync>) {
        if let Kind::End(end) = &sync.kind
            && let Some(known) = end.between.known.as_ref().filter(|_| !end.here.came)
        {
            known.first.lock()[end.side] = Arc::downgrade(sync);
        }
    }

    /// Of an end that a fork has copied, the copy that is the first to receive is the only one.
    pub(super) fn may_receive(&self) -> bool {
        if self.another_has_received() {
            return false;
        }
        if let Some(known) = self.copied() {
            known.receivers[self.side].store(self.here.copy + 1, Ordering::SeqCst);
        }
        true
    }

    pub(super) fn another_has_received(&self) -> bool {
        self.copied().is_some_and(|known| {
            let receiver = known.receivers[self.side].load(Ordering::SeqCst);
            receiver != 0 && receiver != self.here.copy + 1
        })
    }

    fn copied(&self) -> Option<&Known> {
        self.between.known.as_ref().filter(|known| known.copies.load(Ordering::SeqCst) > 0)
    }

    /// Whether it has the place of the one that receives, among its copies.
    pub(super) fn receives_alone(&self) -> bool {
        self.copied()
            .is_some_and(|known| known.receivers[self.side].load(Ordering::SeqCst) == self.here.copy + 1)
    }

    /// The end that another process gets: in place of this one (with the name of the process), or beside it.
    pub fn for_another(sync: &Sync, id: u32, to: Option<&Arc<str>>) -> Option<Sync> {
        let Kind::End(end) = &sync.kind else { return None };
        let known = end.between.known.as_ref()?;
        let gone = end.here.gone().map_or_else(OnceLock::new, OnceLock::from);
        let closed = end.here.closed.load(Ordering::SeqCst);
        let mut copy = end.here.copy;
        match to {
            _ if end.is_closed() => {}
            Some(to) => {
                let _ = end.here.gone.set(to.clone()); // it is open, so it is here
            }
            None => {
                copy = known.copies.fetch_add(1, Ordering::SeqCst) + 1;
                known.open[end.side].fetch_add(1, Ordering::SeqCst);
            }
        }
        let here = Here { closed: closed.into(), gone, came: true, copy };
        let other = End { between: end.between.clone(), side: end.side, here };
        let other = Sync { name: sync.name.clone(), ..Sync::new(id, sync.line, Kind::End(other)) };
        other.watch_as(sync);
        Some(other)
    }
}

impl Pipe {
    /// A new pipe in a world that writes states.
    pub fn simulated(duplex: bool, ids: [u32; 2], line: u32) -> Pipe {
        Pipe::of_both(Between { known: Some(Known::default()), ..Between::new(duplex, ids) }, line)
    }
}

impl Wait {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(self.end());
        match self {
            Wait::Send { end, bytes, put, .. } => {
                w.flag(true);
                w.all(bytes);
                // How many messages have to be taken until its own has been.
                let taken = End::of(end).map_or(0, |end| end.other().inbox.lock().taken);
                w.option(*put, |w, put| w.count(put.saturating_sub(taken)));
            }
            Wait::Receive { what, .. } => {
                w.flag(false);
                w.byte(match what {
                    What::Value => 0,
                    What::Next => 1,
                    What::Copies => 2,
                    What::Task => 3,
                });
            }
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Wait {
        let end = r.sync();
        match r.flag() {
            true => {
                let bytes = r.all();
                Wait::Send { end, bytes, put: r.option(Reader::count), sending: Default::default() }
            }
            false => {
                let what = match r.byte() {
                    0 => What::Value,
                    1 => What::Next,
                    2 => What::Copies,
                    _ => What::Task,
                };
                Wait::Receive { end, what }
            }
        }
    }
}
