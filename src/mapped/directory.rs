//! Which processes a run has, and whose threads are which.
//!
//! Processes are numbered as they are started, the first is 0, and no number is used again. Ids of threads and things are
//! given in blocks: so an id is one thread's in all processes, and tells whose.

use super::memory::COMMON;
use super::{Memory, Slot};
use crate::value::Value;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Single words.
const PROCESSES: usize = COMMON;
const BLOCKS: usize = COMMON + 1;
/// How often processes were found dead and their things seen to.
const SWEEPS: usize = COMMON + 2;
/// How many threads of all processes are in an `await`, and how many changes there have been.
const AWAITING: usize = COMMON + 3;
const CHANGES: usize = COMMON + 4;
/// Where what belongs to the search for races is; 0 when there is none.
const RACES: usize = COMMON + 5;
/// 1 when the run is over, and its processes are about to be killed.
const OVER: usize = COMMON + 6;
const DIRECTORY: usize = 1024;
const MOST_PROCESSES: usize = 1 << 20;
/// How many words each has.
const ENTRY: usize = 16;
const IDS: usize = DIRECTORY + MOST_PROCESSES * ENTRY;
/// So many ids are given at once.
pub const BLOCK: u32 = 1024;
const MOST_BLOCKS: usize = (u32::MAX / BLOCK) as usize;
const FREE: usize = IDS + MOST_BLOCKS;

/// The words of an entry.
const PID: usize = 0;
const BORN: usize = 1;
const PARENT: usize = 2;
const STATE: usize = 3;
const BELL: usize = 4;
const NAME: usize = 5;
const LEAD: usize = 6;
/// A record of two words.
const CLOCK: usize = 7;

/// What a process's state is.
const LIVES: u64 = 1;
const DEAD: u64 = 2;

/// One process of the run.
#[derive(Clone, Copy)]
pub struct Process<'m> {
    memory: &'m Memory,
    pub number: usize,
}

impl Memory {
    pub(super) fn first_free(&self) -> usize {
        FREE
    }

    /// This process.
    pub fn own(&self) -> Process<'_> {
        self.process(self.own.load(Ordering::Relaxed))
    }

    /// The run is over: what becomes of one process from here on is nothing that another one should tell.
    pub fn say_it_is_over(&self) {
        self.word(OVER).store(1, Ordering::SeqCst);
    }

    pub fn is_over(&self) -> bool {
        self.word(OVER).load(Ordering::SeqCst) != 0
    }

    /// From here on this process is that one.
    pub fn become_process(&self, number: usize) {
        self.own.store(number, Ordering::Relaxed);
    }

    pub fn process(&self, number: usize) -> Process<'_> {
        Process { memory: self, number }
    }

    /// A new process of this one, of which only the name is known; None when there have been too many.
    pub fn new_process(&self, name: &str) -> Option<Process<'_>> {
        let one_more = |n: u64| (n < MOST_PROCESSES as u64).then_some(n + 1);
        let number = self.word(PROCESSES).fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).ok()?;
        let process = self.process(number as usize);
        process.word(PARENT).store(self.own.load(Ordering::Relaxed) as u64, Ordering::SeqCst);
        // Without its name it is told by its number.
        let _ = Slot::at(self, process.at(NAME)).set(&Value::text(name));
        Some(process)
    }

    /// All that there have been.
    pub fn processes(&self) -> impl Iterator<Item = Process<'_>> {
        let count = self.word(PROCESSES).load(Ordering::SeqCst) as usize;
        (0..count).map(|number| self.process(number))
    }

    /// Those that have begun and are not known to be dead.
    pub fn living(&self) -> impl Iterator<Item = Process<'_>> {
        self.processes().filter(|process| process.state() == LIVES)
    }

    /// A block of ids for a process: the first of `BLOCK`. (When all four thousand millions have been given, the first
    /// ones again.)
    pub fn ids(&self, process: usize) -> u32 {
        let one_more = |n: u64| (n < MOST_BLOCKS as u64 - 1).then_some(n + 1);
        let Ok(block) = self.word(BLOCKS).fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more) else {
            return BLOCK;
        };
        self.word(IDS + block as usize + 1).store(process as u64 + 1, Ordering::SeqCst);
        (block as u32 + 1) * BLOCK
    }

    /// Whose thread has this id.
    pub fn process_of(&self, id: u32) -> Process<'_> {
        let block = (id / BLOCK) as usize;
        let owner = self.word(IDS + block).load(Ordering::SeqCst) & 0xffff_ffff;
        self.process((owner as usize).saturating_sub(1))
    }

    /// Remembers a thread's name, for what other processes say of it.
    pub fn name_thread(&self, id: u32, name: &str) {
        let block = self.word(IDS + (id / BLOCK) as usize);
        let whole = block.load(Ordering::SeqCst);
        let mut names = (whole >> 32) as usize;
        if names == 0 {
            let Ok(taken) = self.take_zeroed(2 * BLOCK as usize) else { return };
            if taken >> 32 != 0 {
                return; // too far away to be written there: it is told by its process
            }
            names = taken;
            block.store(whole | (taken as u64) << 32, Ordering::SeqCst);
        }
        let _ = Slot::at(self, names + (id % BLOCK) as usize).set(&Value::text(name));
    }

    /// Where the names of a block's threads are, and behind them what each waits for; 0 when there are none.
    fn names_of(&self, id: u32) -> usize {
        (self.word(IDS + (id / BLOCK) as usize).load(Ordering::SeqCst) >> 32) as usize
    }

    /// What a thread waits for, for other processes; None when there is no room for it.
    pub fn wait_of(&self, id: u32) -> Option<Slot<'_>> {
        let names = self.names_of(id);
        (names != 0).then(|| Slot::at(self, names + (BLOCK + id % BLOCK) as usize))
    }

    /// `"main" of process "worker-1" (pid 4711)`; of this process's own, only the name.
    pub fn describe_thread(&self, id: u32) -> String {
        let name = match self.names_of(id) {
            0 => Value::Unset,
            names => Slot::at(self, names + (id % BLOCK) as usize).get(),
        };
        let process = self.process_of(id);
        let name = name.as_text().map_or_else(|| "a thread".to_string(), |name| format!("\"{name}\""));
        match process.number {
            own if own == self.own().number => name,
            0 => format!("{name} of the first process (pid {})", process.pid()),
            _ => format!("{name} of process {}", process.label()),
        }
    }

    pub fn sweeps(&self) -> u64 {
        self.word(SWEEPS).load(Ordering::SeqCst)
    }

    /// Dead processes' things have been seen to: everybody looks again.
    pub fn swept(&self) {
        self.word(SWEEPS).fetch_add(1, Ordering::SeqCst);
        self.ring_all();
    }

    pub fn awaiting(&self) -> &AtomicU64 {
        self.word(AWAITING)
    }

    pub fn changes(&self) -> &AtomicU64 {
        self.word(CHANGES)
    }

    pub fn races(&self) -> &AtomicU64 {
        self.word(RACES)
    }

    /// Something shared has changed: those in other processes who `await` learn it.
    #[inline]
    pub fn changed(&self) {
        if self.awaiting().load(Ordering::SeqCst) != 0 {
            self.changes().fetch_add(1, Ordering::SeqCst);
            self.ring_all();
        }
    }

    /// Rings everybody but this process.
    pub fn ring_all(&self) {
        let own = self.own().number;
        self.living().filter(|process| process.number != own).for_each(Process::ring);
    }
}

impl Process<'_> {
    fn at(self, word: usize) -> usize {
        DIRECTORY + self.number * ENTRY + word
    }

    fn word(&self, word: usize) -> &AtomicU64 {
        self.memory.word(self.at(word))
    }

    pub fn begin(self, pid: i32) {
        self.word(PID).store(pid as u64, Ordering::SeqCst);
        self.word(BORN).store(born(pid).unwrap_or(0), Ordering::SeqCst);
        let _ = self.word(STATE).compare_exchange(0, LIVES, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub fn end(self) {
        self.word(STATE).store(DEAD, Ordering::SeqCst);
    }

    fn state(self) -> u64 {
        self.word(STATE).load(Ordering::SeqCst)
    }

    pub fn pid(self) -> i32 {
        self.word(PID).load(Ordering::SeqCst) as i32
    }

    pub fn is_dead(self) -> bool {
        self.state() == DEAD
    }

    /// Whether it has ended, also if that has not been said: asks the system.
    pub fn has_died(self) -> bool {
        if self.is_dead() {
            return true;
        }
        let (pid, begun) = (self.pid(), self.word(BORN).load(Ordering::SeqCst));
        let dead = pid != 0 && begun != 0 && born(pid) != Some(begun);
        if dead {
            self.end();
        }
        dead
    }

    /// Whether one of its ancestors is dead: then the system ends it too.
    pub fn is_orphan(self) -> bool {
        let mut at = self;
        while at.number != 0 {
            at = at.parent();
            if at.is_dead() {
                return true;
            }
        }
        false
    }

    /// `"worker-1" (pid 4711)`.
    pub fn label(self) -> String {
        format!("\"{}\" (pid {})", self.name(), self.pid())
    }

    pub fn name(self) -> String {
        Slot::at(self.memory, self.at(NAME)).get().as_text().unwrap_or("?").to_string()
    }

    /// Where the record is of what it knows at its beginning, and at its end has done, for the search for races.
    pub fn clock(self) -> usize {
        self.at(CLOCK)
    }

    /// Each process has a bell; who hears it looks what is new.
    pub fn ring(self) {
        self.word(BELL).fetch_add(1, Ordering::SeqCst);
        futex(self.word(BELL), libc::FUTEX_WAKE, i32::MAX as u32, None);
    }

    pub fn rung(self) -> u64 {
        self.word(BELL).load(Ordering::SeqCst)
    }

    /// Until the bell has been rung more often than that, or the time is over, or for no reason.
    pub fn hear(self, rung: u64, limit: Option<Duration>) {
        futex(self.word(BELL), libc::FUTEX_WAIT, rung as u32, limit);
    }

    /// The id of its first thread, without which it does not end by itself.
    pub fn lead(&self) -> &AtomicU64 {
        self.word(LEAD)
    }

    /// The process that has started it; the first is its own.
    pub fn parent(self) -> Self {
        self.memory.process(self.word(PARENT).load(Ordering::SeqCst) as usize)
    }
}

/// When a process began, as the system tells it; None when there is no such process, or nothing of it but its exit code.
fn born(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    let (state, threads) = (*fields.first()?, *fields.get(17)?);
    // Other threads of a process may still run when its first has ended.
    let gone = matches!(state, "Z" | "X") && matches!(threads, "0" | "1");
    if gone { None } else { fields.get(19)?.parse().ok() }
}

fn futex(word: &AtomicU64, operation: i32, value: u32, limit: Option<Duration>) {
    let half: *const AtomicU32 = std::ptr::from_ref(word).cast();
    // The lower half is the first one where the lowest byte is.
    let half = if cfg!(target_endian = "little") { half } else { half.wrapping_add(1) };
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs() as libc::time_t,
        tv_nsec: limit.subsec_nanos() as libc::c_long,
    });
    let time = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the system reads four bytes of a word that is borrowed, and a time that lives until the call returns.
    // It writes nothing. Whatever it answers, the caller looks for itself what is so.
    unsafe { libc::syscall(libc::SYS_futex, half, operation, value, time) };
}
