//! `conc lesson`: Markdown files whose scripts are run and checked. What a page means is `conc::lesson`'s; here are the
//! files, the runs (`execute`) and what is said of them.

mod execute;
pub mod files;

use super::language::said;
use super::{Failure, colour, memory, print, say};
use clap::Args;
use conc::lesson::job::Limits;
use conc::lesson::judge::Wrong;
use conc::report::Style;
use conc::report::runtime::status;
use conc::units;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub const LESSON_EXAMPLES: &str = "\
Examples:
  conc lesson bank.md            run each ```conc block, compare what it prints with the ```output block after it
  conc lesson lessons            all .md files in a folder and below
  conc lesson --update bank.md   write what came out into the lesson

The words behind ```conc say how a block is run, and what must come of it:
  (nothing)  sim seed=7  check  no-run  continue  gil  timeout=5s  file=bank.conc  picture  lang=zh
  fails  fails=E0301  deadlocks  races  livelocks
A line that begins with `~` is run, and hidden from readers. After a block may come
  ```output  ```output any-order  ```report (standard error)  ```outcomes (all that it can print)
in which `...` stands for what may vary.

Exit status:
  0 everything is as the lessons say, 1 something is not, 2 a lesson cannot be read";

/// So many lines at the beginning and at the end are shown of what shows a mistake.
const SHOWN_FIRST: usize = 40;
const SHOWN_LAST: usize = 20;

#[derive(Debug, Args)]
pub struct Lesson {
    /// Markdown files, and folders in which all `.md` files are taken
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,

    /// Write outputs that differ into the lessons, and touch nothing else of them
    #[arg(long)]
    pub update: bool,

    #[command(flatten)]
    pub limits: LimitFlags,

    /// How many files are run at once [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZero<usize>>,
}

/// What each block may use.
#[derive(Debug, Args)]
pub struct LimitFlags {
    /// The most that one block may take, whatever it says (30s, 2min) [default: what it says, or 10s]
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    pub timeout: Option<Duration>,

    /// The memory that one block may use (64M, 4G) [default: 512M]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    pub max_memory: Option<u64>,

    /// The threads that one block may have at once [default: 500]
    #[arg(long, value_name = "N", value_parser = units::number::<u32>)]
    pub max_threads: Option<u32>,

    /// The processes that one block may have at once [default: 50]
    #[arg(long, value_name = "N", value_parser = units::number::<u32>)]
    pub max_processes: Option<u32>,

    /// Let scripts read files: all, or those at and below these paths (separated by commas)
    #[arg(long, value_name = "PATHS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub allow_read: Option<String>,

    /// Let them write, make and remove files, likewise
    #[arg(long, value_name = "PATHS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub allow_write: Option<String>,

    /// Let them start other programs: all, or those of these names (separated by commas)
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub allow_run: Option<String>,

    /// Let them talk with other hosts, and be reached by them
    #[arg(long)]
    pub allow_net: bool,
}

/// Runs the lessons; the exit status.
pub fn lesson(asked: Lesson) -> i32 {
    let paths = match files::markdown(&asked.paths) {
        Ok(paths) => paths,
        Err(failure) => return failure.report(),
    };
    let jobs = asked.jobs.or(thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let limits = asked.limits.limits();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..jobs.min(paths.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(number) else { break };
                    let came = files::run(path, &limits, asked.update);
                    // Each file's lines stand together, and the files in their order.
                    let mut tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    tally.waiting.insert(number, (path.display().to_string(), came));
                    tally.say_next();
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    say(&tally.summary(paths.len()));
    tally.status()
}

impl LimitFlags {
    pub fn limits(&self) -> Limits {
        let defaults = Limits::default();
        let flags = [
            ("--allow-read", &self.allow_read),
            ("--allow-write", &self.allow_write),
            ("--allow-run", &self.allow_run),
        ];
        let mut allowed: Vec<String> = Vec::new();
        for (flag, value) in flags {
            allowed.extend(value.as_ref().map(|value| match value.is_empty() {
                true => flag.to_string(),
                false => format!("{flag}={value}"),
            }));
        }
        if self.allow_net {
            allowed.push("--allow-net".to_string());
        }
        Limits {
            timeout: self.timeout.unwrap_or(defaults.timeout),
            at_most: self.timeout,
            memory: self.max_memory.unwrap_or_else(|| memory::at_most(defaults.memory)),
            threads: self.max_threads.unwrap_or(defaults.threads),
            processes: self.max_processes.unwrap_or(defaults.processes),
            allowed,
        }
    }
}

/// What came of one file.
#[derive(Debug, Default)]
pub struct Came {
    /// How many blocks were run.
    blocks: usize,
    wrong: Vec<Wrong>,
    /// How many outputs were written into the file.
    updated: usize,
}

#[derive(Debug, Default)]
struct Tally {
    /// What came of files by their place in the order, as long as one before them is not done.
    waiting: BTreeMap<usize, (String, Result<Came, Failure>)>,
    /// The place of the file of which is told next.
    told: usize,
    blocks: usize,
    wrong: usize,
    updated: usize,
    files_wrong: usize,
    unreadable: bool,
}

impl Tally {
    /// Tells of the files that are done, up to the first that is not.
    fn say_next(&mut self) {
        while let Some((name, came)) = self.waiting.remove(&self.told) {
            self.told += 1;
            self.add(name, came);
        }
    }

    /// Says what came of a file, and counts it.
    fn add(&mut self, name: String, came: Result<Came, Failure>) {
        let style = colour::stdout();
        let came = match came {
            Ok(came) => came,
            Err(failure) => {
                failure.report();
                self.unreadable = true;
                return;
            }
        };
        let mut text: String = came.wrong.iter().map(|wrong| told(&name, wrong, &style)).collect();
        let blocks = count(came.blocks, "block");
        let state = match (came.wrong.len(), came.updated) {
            (0, 0) => format!("{blocks}, ok"),
            (0, updated) => format!("{blocks}, {updated} updated"),
            (wrong, _) => format!("{blocks}, {wrong} wrong"),
        };
        text += &format!("{name}: {}\n", said(state));
        print(&text);
        self.blocks += came.blocks;
        self.wrong += came.wrong.len();
        self.updated += came.updated;
        self.files_wrong += usize::from(!came.wrong.is_empty());
    }

    fn summary(&self, files: usize) -> String {
        let all = format!("{} in {}", count(self.blocks, "block"), count(files, "lesson"));
        let all = match self.updated {
            0 => all,
            updated => format!("{all}, {updated} updated"),
        };
        said(match self.wrong {
            0 if self.unreadable => format!("{all}: some could not be read\n"),
            0 => format!("{all}: all as the lessons say\n"),
            wrong => format!("{all}: {wrong} wrong, in {}\n", count(self.files_wrong, "lesson")),
        })
    }

    fn status(&self) -> i32 {
        match (self.unreadable, self.wrong) {
            (true, _) => status::MISUNDERSTOOD,
            (false, 0) => status::FINE,
            (false, _) => status::FAILED,
        }
    }
}

/// What is wrong on the page of this name, and what shows it.
pub fn told(name: &str, wrong: &Wrong, style: &Style) -> String {
    let place = match wrong.place {
        (line, 0) => format!("{name}:{line}"),
        (line, column) => format!("{name}:{line}:{column}"),
    };
    format!("{}: {}\n{}", style.bold(&place), said(&wrong.message), cut_short(&wrong.detail))
}

/// Of what is too long to be read, the beginning and the end.
fn cut_short(detail: &str) -> String {
    let lines: Vec<&str> = detail.split_inclusive('\n').collect();
    let left_out = lines.len().saturating_sub(SHOWN_FIRST + SHOWN_LAST);
    if left_out < 2 {
        return detail.to_string();
    }
    let between = said(format!("… and {left_out} more lines"));
    format!("{}    {between}\n{}", lines[..SHOWN_FIRST].concat(), lines[SHOWN_FIRST + left_out..].concat())
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
