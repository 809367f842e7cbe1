//! `rwlock`: several readers or one writer, through its two sides `m.read` and `m.write`.
//!
//! A writer that waits holds back new readers, so that writers are not starved; when a writer releases, the
//! readers that waited meanwhile may go first, so that readers are not either. A thread that reads may read
//! again. One that reads and wants to write, or writes and wants either, waits for itself.

use super::owner::{abandoned, not_owner};
use super::wait::WaitQueue;
use super::{Kind, Releasers, Sync, Who, name_of};
use crate::state::{Reader, Writer};
use crate::value::error::Error;
use crate::world::World;
use parking_lot::Mutex;
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct RwLock {
    state: Mutex<State>,
    readers: WaitQueue,
    writers: WaitQueue,
}

#[derive(Debug, Default)]
struct State {
    /// Thread and line.
    writer: Option<(u32, u32)>,
    /// Thread and line, once for each level.
    readers: Vec<(u32, u32)>,
    waiting_writers: u32,
    /// How many times a writer has released.
    rounds: u64,
    /// Name and line of a thread that ended while it held it.
    ended: Option<(Arc<str>, u32)>,
}

/// `m.read` or `m.write`.
#[derive(Debug)]
pub struct Side {
    pub lock: Arc<Sync>,
    pub write: bool,
}

/// An acquire of a side that waits. A writer counts as waiting from the beginning to the end of `poll`, to `stop`,
/// or until this is dropped (an arm of a `select` that came to nothing).
#[derive(Debug)]
pub struct Enter {
    pub side: Arc<Sync>,
    /// It counts among the writers that wait.
    counted: bool,
    /// `rounds` when it began to wait.
    round: u64,
}

impl State {
    fn reads(&self, thread: u32) -> bool {
        self.readers.iter().any(|&(reader, _)| reader == thread)
    }

    /// `round`: when the thread began to wait, for a reader that does.
    fn admits(&self, write: bool, thread: u32, round: Option<u64>) -> bool {
        let held_back = self.waiting_writers > 0 && round.is_none_or(|round| round == self.rounds);
        match write {
            true => self.writer.is_none() && self.readers.is_empty(),
            false => self.writer.is_none() && (!held_back || self.reads(thread)),
        }
    }

    fn enter(&mut self, write: bool, who: Who<'_>) {
        let entry = (who.thread.id, who.line);
        match write {
            true => self.writer = Some(entry),
            false => self.readers.push(entry),
        }
        who.thread.hold(1);
    }

    /// Takes out what the thread entered last; false when it had not.
    fn leave(&mut self, write: bool, thread: u32) -> bool {
        let mine = |(holder, _): &(u32, u32)| *holder == thread;
        if write {
            let left = self.writer.take_if(|writer| mine(writer)).is_some();
            self.rounds += u64::from(left);
            return left;
        }
        match self.readers.iter().rposition(mine) {
            Some(at) => {
                self.readers.remove(at);
                true
            }
            None => false,
        }
    }
}

impl Side {
    pub fn of(sync: &Sync) -> Result<&Side, Error> {
        if let Kind::Side(side) = &sync.kind { Ok(side) } else { Err(sync.is_no("side of an rwlock")) }
    }

    pub fn rwlock(&self) -> Result<&RwLock, Error> {
        RwLock::of(&self.lock)
    }

    pub fn try_acquire(&self, who: Who<'_>) -> Result<bool, Error> {
        let mut state = self.rwlock()?.state.lock();
        self.check(&state)?;
        let admitted = state.admits(self.write, who.thread.id, None);
        if admitted {
            state.enter(self.write, who);
            self.lock.order().entered(self.write);
        }
        Ok(admitted)
    }

    pub fn ready(&self, who: Who<'_>) -> bool {
        self.rwlock().is_ok_and(|lock| {
            let state = lock.state.lock();
            state.ended.is_some() || state.admits(self.write, who.thread.id, None)
        })
    }

    pub fn release(&self, who: Who<'_>, world: &dyn World) -> Result<(), Error> {
        let rwlock = self.rwlock()?;
        let mut state = rwlock.state.lock();
        if !state.leave(self.write, who.thread.id) {
            // The least, so that it does not matter in which order different threads entered.
            let (writer, reader) = (state.writer, state.readers.iter().min().copied());
            // Without the lock: the world asks, under locks of its own, what threads wait for.
            drop(state);
            return Err(self.refuse(writer, reader, who, world));
        }
        who.thread.let_go(1);
        self.lock.order().left(self.write);
        let free = state.readers.is_empty();
        drop(state);
        if free {
            rwlock.writers.wake_one();
        }
        if self.write {
            rwlock.readers.wake_all();
        }
        Ok(())
    }

    fn check(&self, state: &State) -> Result<(), Error> {
        match &state.ended {
            Some((name, line)) => Err(abandoned(&self.lock.label(), &format!("\"{name}\""), *line)),
            None => Ok(()),
        }
    }

    #[cold]
    fn refuse(
        &self,
        writer: Option<(u32, u32)>,
        reader: Option<(u32, u32)>,
        who: Who<'_>,
        world: &dyn World,
    ) -> Error {
        let label = if self.write { "write" } else { "read" };
        let holder = match (writer, reader) {
            (Some((writer, line)), _) => Some(format!("{} writes since line {line}", name_of(world, writer))),
            (None, Some((reader, line))) => {
                Some(format!("{} reads since line {line}", name_of(world, reader)))
            }
            (None, None) => None,
        };
        not_owner(&format!("{}.{label}", self.lock.label()), who, holder.as_deref())
    }
}

impl RwLock {
    pub fn of(sync: &Sync) -> Result<&RwLock, Error> {
        if let Kind::RwLock(lock) = &sync.kind { Ok(lock) } else { Err(sync.is_no("rwlock")) }
    }

    /// The writer and its line.
    pub fn writer(&self) -> Option<(u32, u32)> {
        self.state.lock().writer
    }

    /// How many read it now (each level counts).
    pub fn readers(&self) -> usize {
        self.state.lock().readers.len()
    }

    /// The line since which this thread reads or writes.
    pub fn held_since(&self, thread: u32) -> Option<u32> {
        let state = self.state.lock();
        state.writer.iter().chain(&state.readers).find(|(holder, _)| *holder == thread).map(|(_, line)| *line)
    }

    /// The thread has ended: if it read or wrote, nobody can enter any more.
    pub fn abandon(&self, thread: u32, name: &Arc<str>) {
        let Some(line) = self.held_since(thread) else { return };
        let mut state = self.state.lock();
        state.readers.retain(|(reader, _)| *reader != thread);
        state.writer = state.writer.filter(|(writer, _)| *writer != thread);
        state.ended.get_or_insert_with(|| (name.clone(), line));
        drop(state);
        self.readers.wake_all();
        self.writers.wake_all();
    }
}

impl Enter {
    /// Begins to wait: end it with `poll` or `stop`.
    pub fn new(side: Arc<Sync>) -> Enter {
        let (mut counted, mut round) = (false, 0);
        if let Some((write, rwlock)) = parts(&side) {
            let mut state = rwlock.state.lock();
            round = state.rounds;
            state.waiting_writers += u32::from(write);
            counted = write;
        }
        Enter { side, counted, round }
    }

    pub fn poll(&mut self, who: Who<'_>) -> Result<bool, Error> {
        let side = Side::of(&self.side)?;
        let rwlock = side.rwlock()?;
        let mut state = rwlock.state.lock();
        if let Err(error) = side.check(&state) {
            state.waiting_writers -= u32::from(std::mem::take(&mut self.counted));
            return Err(error);
        }
        let admitted = state.admits(side.write, who.thread.id, Some(self.round));
        if admitted {
            state.enter(side.write, who);
            side.lock.order().entered(side.write);
            self.side.count_acquired();
            state.waiting_writers -= u32::from(std::mem::take(&mut self.counted));
        }
        Ok(admitted)
    }

    /// Gives up waiting; readers that were held back for it may go on.
    pub fn stop(&mut self) {
        if std::mem::take(&mut self.counted)
            && let Some((_, rwlock)) = parts(&self.side)
        {
            rwlock.state.lock().waiting_writers -= 1;
            rwlock.readers.wake_all();
        }
    }

    pub fn ready(&self, who: Who<'_>) -> bool {
        parts(&self.side).is_none_or(|(write, rwlock)| {
            let state = rwlock.state.lock();
            state.ended.is_some() || state.admits(write, who.thread.id, Some(self.round))
        })
    }

    pub fn queue(&self) -> Option<&WaitQueue> {
        parts(&self.side).map(|(write, rwlock)| if write { &rwlock.writers } else { &rwlock.readers })
    }

    pub fn releasers(&self) -> Releasers {
        let Some((write, rwlock)) = parts(&self.side) else { return Releasers::All(Vec::new()) };
        let state = rwlock.state.lock();
        let mut threads: Vec<u32> = state.writer.iter().map(|(writer, _)| *writer).collect();
        // A reader waits for the readers too: the writers that hold it back wait for them.
        if write || state.waiting_writers > 0 {
            threads.extend(state.readers.iter().map(|(reader, _)| *reader));
        }
        threads.sort_unstable();
        threads.dedup();
        Releasers::All(threads)
    }

    /// What a report adds when this thread waits for it.
    pub fn note(&self, who: Who<'_>) -> Option<String> {
        let (write, rwlock) = parts(&self.side)?;
        let line = rwlock.held_since(who.thread.id)?;
        let advice = match write && rwlock.writer().is_none() {
            true => "reading cannot become writing: give up reading first, or begin with writing",
            false => "a thread that writes cannot enter again",
        };
        let label = self.side.label();
        Some(format!("{label} is held back by \"{}\" itself since line {line}: {advice}", who.thread.name()))
    }
}

impl Drop for Enter {
    fn drop(&mut self) {
        self.stop();
    }
}

fn parts(side: &Sync) -> Option<(bool, &RwLock)> {
    let side = Side::of(side).ok()?;
    Some((side.write, side.rwlock().ok()?))
}

/// `rounds` in a lock that was read back.
const PRESENT: u64 = 1;

impl RwLock {
    pub fn save(&self, w: &mut Writer<'_>) {
        let state = self.state.lock();
        let holders = w.numbering.holders();
        w.option(state.writer.filter(|_| holders), |w, (writer, line)| {
            w.thread_id(writer);
            w.line(line);
        });
        w.threads_with_lines(if holders { &state.readers } else { &[] });
        w.count(if holders { u64::from(state.waiting_writers) } else { 0 });
        w.option(state.ended.as_ref(), |w, (name, line)| {
            w.name(name);
            w.line(*line);
        });
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let state = State {
            writer: r.option(|r| (r.thread_id(), r.line())),
            readers: r.threads_with_lines(),
            waiting_writers: r.count() as u32,
            rounds: PRESENT,
            ended: r.option(|r| (r.text().into(), r.line())),
        };
        *self.state.lock() = state;
    }
}

impl Side {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.lock);
        w.flag(self.write);
    }

    pub fn load(r: &mut Reader<'_>) -> Side {
        Side { lock: r.sync(), write: r.flag() }
    }
}

impl Enter {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.side);
        w.flag(self.counted);
        // Writers wait whatever the round.
        let present =
            parts(&self.side).is_none_or(|(write, lock)| write || lock.state.lock().rounds == self.round);
        w.flag(present);
    }

    pub fn load(r: &mut Reader<'_>) -> Enter {
        let (side, counted, present) = (r.sync(), r.flag(), r.flag());
        Enter { side, counted, round: if present { PRESENT } else { PRESENT - 1 } }
    }
}
