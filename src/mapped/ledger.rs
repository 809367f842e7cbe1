//! What the processes of a run count for `--stats`: which there are, with which threads, and what each sends and receives.
//! It is in memory that they have in common, so what a killed one has done is known too.
//!
//! A *row* is a process, a thread, or a process's side of a channel: what it is, whose, its name, and four numbers. Its first
//! word is written last.

use super::{Memory, Names};
use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many rows there is room for, and words for names.
const ROWS: usize = 1 << 15;
const NAMES: usize = 1 << 18;

/// Words of a row: what it is and the row of its process, its name, then numbers.
const ROW: usize = 8;
const NAME: usize = 1;
const PIDS: usize = 2;
const BEGAN: usize = 3;
/// Nanoseconds plus one, so that 0 is: not yet.
const ENDED: usize = 4;
const CPU: usize = 5;
/// The exit code, in the low half, of a process whose parent has learnt of its end; above it one bit.
const EXIT: usize = 6;
const KNOWN: u64 = 1 << 32;
const SENT: usize = 2;

/// The first word: how many rows were wanted.
const COMMON: usize = 8;

/// What a row is; 0 is nothing yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    Process = 1,
    Thread = 2,
    Channel = 3,
}

#[derive(Debug)]
pub struct Ledger {
    memory: Arc<Memory>,
    base: usize,
    names: Names,
    start: Instant,
    /// The row of this process, plus one; 0 before it has begun.
    own: AtomicUsize,
}

thread_local! {
    static HERE: RefCell<Option<Arc<Ledger>>> = const { RefCell::new(None) };
}

/// The calling OS thread belongs to a run with this ledger from here on: what it makes has no way to the world.
pub fn attend(ledger: &Arc<Ledger>) {
    HERE.set(Some(ledger.clone()));
}

/// The ledger of the calling thread's run.
pub fn here() -> Option<Arc<Ledger>> {
    HERE.try_with(|here| here.borrow().clone()).ok().flatten()
}

/// A row that this process writes.
#[derive(Debug, Clone)]
pub struct Row {
    ledger: Arc<Ledger>,
    at: usize,
}

/// What is known of a process. Times are since the run began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessRow {
    pub name: String,
    pub pid: i32,
    /// An index among the processes.
    pub parent: Option<usize>,
    pub began: Duration,
    pub ended: Option<Duration>,
    /// What it gave to `exit`, or minus the signal's number; None while its parent has not learnt of its end.
    pub exit: Option<i32>,
    pub cpu: Option<Duration>,
    pub threads: Vec<ThreadRow>,
    pub channels: Vec<ChannelRow>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThreadRow {
    pub name: String,
    /// None while it has not ended, or where the system does not tell.
    pub cpu: Option<Duration>,
}

/// What a process has sent and received at its side of something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChannelRow {
    pub name: String,
    pub sent: Amount,
    pub received: Amount,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Amount {
    pub times: u64,
    pub bytes: u64,
}

impl Ledger {
    /// # Errors
    /// When the system gives no memory for it.
    pub fn new() -> io::Result<Ledger> {
        let memory = Memory::new(0)?;
        let full = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        let base = memory.take(COMMON + ROWS * ROW).map_err(full)?;
        let names = Names::new(&memory, NAMES).map_err(full)?;
        Ok(Ledger { memory, base, names, start: Instant::now(), own: AtomicUsize::new(0) })
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn word(&self, row: usize, word: usize) -> &AtomicU64 {
        self.memory.word(self.base + COMMON + row * ROW + word)
    }

    fn read(&self, row: usize, word: usize) -> u64 {
        self.word(row, word).load(Ordering::Relaxed)
    }

    /// A new row; None when there is no more room.
    fn add(self: &Arc<Ledger>, code: Code, name: &str, numbers: &[(usize, u64)]) -> Option<Row> {
        let at = self.memory.word(self.base).fetch_add(1, Ordering::Relaxed) as usize;
        if at >= ROWS {
            return None;
        }
        let process = match code {
            Code::Process => at,
            Code::Thread | Code::Channel => self.own.load(Ordering::Relaxed).checked_sub(1)?,
        };
        self.word(at, NAME).store(u64::from(self.names.name(name)), Ordering::Relaxed);
        for (word, number) in numbers {
            self.word(at, *word).store(*number, Ordering::Relaxed);
        }
        self.word(at, 0).store(code as u64 | (process as u64) << 8, Ordering::Release);
        Some(Row { ledger: self.clone(), at })
    }

    /// This process begins.
    pub fn begin(self: &Arc<Ledger>, name: &str, pid: i32, parent: i32) {
        let pids = u64::from(pid as u32) << 32 | u64::from(parent as u32);
        let row = self.add(Code::Process, name, &[(PIDS, pids), (BEGAN, self.now())]);
        self.own.store(row.map_or(0, |row| row.at + 1), Ordering::Relaxed);
    }

    /// It has come to its end, having used so much time of processors.
    pub fn end(&self, cpu: Duration) {
        if let Some(own) = self.own.load(Ordering::Relaxed).checked_sub(1) {
            self.word(own, CPU).store(cpu.as_nanos() as u64, Ordering::Relaxed);
            self.word(own, ENDED).store(self.now() + 1, Ordering::Relaxed);
        }
    }

    /// A child of this process has ended; `cpu` is what the system knew of it then.
    pub fn child_ended(&self, pid: i32, exit: i32, cpu: Option<Duration>) {
        // A number may be used again, by one that begins later.
        let Some(row) =
            self.rows(Code::Process).filter(|row| (self.read(*row, PIDS) >> 32) as i32 == pid).last()
        else {
            return;
        };
        if self.read(row, ENDED) == 0 {
            self.word(row, ENDED).store(self.now() + 1, Ordering::Relaxed);
        }
        if let Some(cpu) = cpu.filter(|_| self.read(row, CPU) == 0) {
            self.word(row, CPU).store(cpu.as_nanos() as u64, Ordering::Relaxed);
        }
        self.word(row, EXIT).store(KNOWN | u64::from(exit as u32), Ordering::Relaxed);
    }

    /// A thread of this process begins.
    pub fn thread(self: &Arc<Ledger>, name: &str) -> Option<Row> {
        self.add(Code::Thread, name, &[])
    }

    /// This process's side of something that leads to others.
    pub fn channel(self: &Arc<Ledger>, name: &str) -> Option<Row> {
        self.add(Code::Channel, name, &[])
    }

    /// How many rows found no room.
    pub fn lost(&self) -> usize {
        (self.memory.word(self.base).load(Ordering::Relaxed) as usize).saturating_sub(ROWS)
    }

    /// How many rows have a name that found no room: it is read as `?`.
    pub fn names_lost(&self) -> u64 {
        self.names.lost()
    }

    fn rows(&self, code: Code) -> impl Iterator<Item = usize> + '_ {
        let wanted = self.memory.word(self.base).load(Ordering::Relaxed) as usize;
        let is = move |row: &usize| self.word(*row, 0).load(Ordering::Acquire) & 0xff == code as u64;
        (0..wanted.min(ROWS)).filter(is)
    }

    /// All that was told, in the order of beginning.
    pub fn processes(&self) -> Vec<ProcessRow> {
        let rows: Vec<usize> = self.rows(Code::Process).collect();
        let pid = |row: usize| (self.read(row, PIDS) >> 32) as i32;
        let time = |row: usize, word: usize| self.read(row, word).checked_sub(1).map(Duration::from_nanos);
        let name = |row: usize| self.names.text(self.read(row, NAME) as u32).unwrap_or_else(|| "?".into());
        let nanoseconds =
            |row: usize| Some(self.read(row, CPU)).filter(|cpu| *cpu > 0).map(Duration::from_nanos);
        let mut processes: Vec<ProcessRow> = Vec::new();
        for (number, &row) in rows.iter().enumerate() {
            let parent = self.read(row, PIDS) as i32;
            let exit = self.read(row, EXIT);
            processes.push(ProcessRow {
                name: name(row),
                pid: pid(row),
                parent: rows[..number].iter().rposition(|other| pid(*other) == parent),
                began: Duration::from_nanos(self.read(row, BEGAN)),
                ended: time(row, ENDED),
                exit: (exit & KNOWN != 0).then_some(exit as i32),
                cpu: nanoseconds(row),
                ..ProcessRow::default()
            });
        }
        let whose = |row: usize| rows.binary_search(&((self.read(row, 0) >> 8) as usize)).ok();
        for row in self.rows(Code::Thread) {
            if let Some(process) = whose(row) {
                processes[process].threads.push(ThreadRow { name: name(row), cpu: nanoseconds(row) });
            }
        }
        for row in self.rows(Code::Channel) {
            let [sent, bytes_sent, received, bytes] = std::array::from_fn(|word| self.read(row, SENT + word));
            if let Some(process) = whose(row) {
                processes[process].channels.push(ChannelRow {
                    name: name(row),
                    sent: Amount { times: sent, bytes: bytes_sent },
                    received: Amount { times: received, bytes },
                });
            }
        }
        processes
    }
}

impl Row {
    /// The thread of this row has ended, having used so much time of a processor.
    pub fn thread_ended(&self, cpu: Duration) {
        self.ledger.word(self.at, CPU).store(cpu.as_nanos() as u64, Ordering::Relaxed);
    }

    /// So many bytes have gone out at this side, in one piece.
    pub fn sent(&self, bytes: usize) {
        self.add(SENT, bytes);
    }

    pub fn received(&self, bytes: usize) {
        self.add(SENT + 2, bytes);
    }

    fn add(&self, word: usize, bytes: usize) {
        self.ledger.word(self.at, word).fetch_add(1, Ordering::Relaxed);
        self.ledger.word(self.at, word + 1).fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_read_in_order() {
        let ledger = Arc::new(Ledger::new().expect("memory"));
        assert!(ledger.thread("before the process").is_none());
        ledger.begin("main", 10, 1);
        let main = ledger.thread("main").expect("room");
        let end = ledger.channel("p.ends[0]").expect("room");
        end.sent(5);
        end.sent(7);
        ledger.begin("worker-1", 11, 10);
        ledger.thread("main").expect("room");
        ledger.child_ended(11, -9, Some(Duration::from_millis(3)));
        ledger.begin("worker-2", 11, 10);
        main.thread_ended(Duration::from_nanos(4));

        let told = ledger.processes();
        let names: Vec<_> =
            told.iter().map(|process| (&*process.name, process.parent, process.exit)).collect();
        assert_eq!(
            names,
            [("main", None, None), ("worker-1", Some(0), Some(-9)), ("worker-2", Some(0), None)]
        );
        assert_eq!(told[0].threads, [ThreadRow { name: "main".into(), cpu: Some(Duration::from_nanos(4)) }]);
        assert_eq!(told[0].channels[0].sent, Amount { times: 2, bytes: 12 });
        assert_eq!(told[1].cpu, Some(Duration::from_millis(3)));
        assert!(told[1].ended.is_some() && told[2].ended.is_none() && told[2].threads.is_empty());
        assert_eq!((ledger.lost(), ledger.names_lost()), (0, 0));
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let ledger = Arc::new(Ledger::new().expect("memory"));
        ledger.begin("main", 10, 1);
        let long = "x".repeat(NAMES * size_of::<u64>());
        assert!(ledger.channel(&long).is_some());
        let known = (2..ROWS + 3).filter_map(|_| ledger.channel("p")).count();
        assert_eq!(known, ROWS - 2);
        assert_eq!((ledger.lost(), ledger.names_lost()), (3, 1));
        let channels = &ledger.processes()[0].channels;
        assert_eq!((channels.len(), &*channels[0].name, &*channels[1].name), (ROWS - 1, "?", "p"));
    }
}
