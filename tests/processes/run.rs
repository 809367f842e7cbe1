//! A run from outside: its processes, and what is left of it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// So long a test waits for what must happen: far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of the processes that a run consists of each has this in its environment, with a value of its own.
const MARK: &str = "CONC_TEST_RUN";

/// A run whose processes can be told from all others.
pub struct Run {
    mark: String,
    /// Where it stands, and where it would put what is for a while only.
    directory: PathBuf,
    pub child: Child,
    pub input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Run {
    pub fn of(script: &str) -> Run {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{MARK}={}-{number}", std::process::id());
        let (name, value) = mark.split_once('=').expect("it has a value");
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(value);
        std::fs::create_dir_all(&directory).expect("there is room");
        let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
            .env("CONC_LANG", "en")
            .args(["run", "--allow-write", "-e", script])
            .env(name, value)
            .env("TMPDIR", &directory)
            .current_dir(&directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("conc starts");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Run { mark, directory, child, input, output }
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it is text");
        line.trim_end().to_string()
    }

    /// The processes of this run that live. (Of one that has ended and was not waited for, the system shows no environment.)
    pub fn living(&self) -> Vec<u32> {
        let marked = |pid: &u32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == self.mark.as_bytes())
        };
        numbers().filter(marked).collect()
    }

    /// The state of each child of its first process: `Z` for one that has ended and was not waited for.
    pub fn children(&self) -> Vec<String> {
        let parent = self.child.id().to_string();
        let state = |pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            let (state, its_parent) = (fields.next()?, fields.next()?);
            (its_parent == parent).then(|| state.to_string())
        };
        numbers().filter_map(state).collect()
    }

    /// No process, and no file.
    pub fn nothing_is_left(&self) {
        wait_until("nothing is left", || self.living().is_empty());
        let files: Vec<_> = std::fs::read_dir(&self.directory).expect("it is there").flatten().collect();
        assert!(files.is_empty(), "{files:?}");
        std::fs::remove_dir(&self.directory).expect("it is empty");
    }

    /// What its processes share has no name, by which it could be left.
    pub fn shares_nothing_by_name(&self) {
        let mut shared = 0;
        for pid in self.living() {
            let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
            for map in maps.lines().filter(|map| map.split(' ').nth(1).is_some_and(|rights| rights == "rw-s"))
            {
                let name = map.split_once('/').map_or("", |(_, name)| name);
                assert!(name.is_empty() || name.ends_with("(deleted)"), "{map}");
                shared += 1;
            }
        }
        assert!(shared > 0, "it shares something");
    }

    pub fn signal(&self, name: &str) {
        self.signal_to(name, &self.child.id().to_string());
    }

    /// As a terminal does it.
    pub fn signal_to_all(&self, name: &str) {
        self.signal_to(name, &format!("-{}", self.child.id()));
    }

    fn signal_to(&self, name: &str, whom: &str) {
        let status = Command::new("kill").args(["-s", name, "--", whom]).status();
        assert!(status.expect("kill is there").success());
    }
}

fn numbers() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").expect("the system tells of its processes");
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
