//! The benchmarks, their targets, and the programs that run them: conc and whichever of its peers are installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Bench {
    pub name: &'static str,
    pub about: &'static str,
    pub target: Target,
}

/// What conc is to reach.
#[derive(Clone, Copy)]
pub enum Target {
    /// At most so many times the time of a peer.
    TimesPeer(f64, &'static str),
    /// At most so many times the time of conc in another benchmark.
    TimesBench(f64, &'static str),
    /// At most so many milliseconds of processor time.
    CpuMs(f64),
    /// Measured only for another benchmark's sake.
    None,
}

use Target::{CpuMs, TimesBench, TimesPeer};

pub const BENCHES: [Bench; 23] = [
    bench("B1", "fib(30)", TimesPeer(0.8, "lua5.4")),
    bench("B2", "10 M loop rounds", TimesPeer(0.8, "lua5.4")),
    bench("B3", "sieve to 1 M", TimesPeer(0.8, "lua5.4")),
    bench("B4", "1 M word counts", TimesPeer(0.6, "lua5.4")),
    bench("B5", "5 M lock and unlock", TimesPeer(2.0, "native")),
    bench("B6", "4 threads x 250 k under a lock", TimesPeer(3.0, "native")),
    bench("B7a", "queue of 64, 1 to 1, 500 k", TimesPeer(2.0, "native")),
    bench("B7b", "queue of 64, 4 to 4, 500 k", TimesPeer(2.0, "native")),
    bench("B8", "ping-pong, 100 k", TimesPeer(2.0, "native")),
    bench("B9a", "10 k threads in a row", TimesPeer(1.3, "native")),
    bench("B9b", "1 k threads at once", TimesPeer(1.3, "native")),
    bench("B10", "ring of 503, 500 k", TimesPeer(1.0, "native")),
    bench("B11a", "two jobs, one thread", Target::None),
    // Both jobs at once are to take 1.1 times one of them; B11a does the two in a row.
    bench("B11b", "two jobs, two threads", TimesBench(0.55, "B11a")),
    bench("B12a", "200 processes in a row", TimesPeer(0.5, "CPython")),
    bench("B12c", "200 forks in a row", TimesPeer(2.0, "CPython")),
    bench("B13b", "200 k numbers through a pipe", TimesPeer(2.0, "native")),
    bench("B14", "hello", CpuMs(3.0)),
    bench("B15", "barrier, 4 x 50 k", TimesPeer(1.0, "native")),
    bench("B16", "condition, 2 x 100 k", TimesPeer(1.0, "native")),
    bench("B17", "pool, 200 k tasks", TimesPeer(3.0, "native")),
    bench("B18", "semaphore, 8 x 100 k", TimesPeer(4.0, "native")),
    bench("B19", "process pool, 20 k tasks", TimesPeer(0.2, "CPython")),
];

impl Bench {
    /// Whether its target is one for a machine, too, whose cores are all busy with something else: that of handing over
    /// and waiting is.
    pub fn holds_when_busy(&self) -> bool {
        ["B6", "B7a", "B7b", "B8", "B9a", "B9b", "B10", "B15", "B16", "B17", "B18"].contains(&self.name)
    }
}

const fn bench(name: &'static str, about: &'static str, target: Target) -> Bench {
    Bench { name, about, target }
}

/// A language that does the benchmarks.
pub struct Peer {
    pub name: &'static str,
    kind: Kind,
}

enum Kind {
    /// This program itself, with `--native BENCH`.
    Native(PathBuf),
    /// A program that runs `main.EXTENSION` of the benchmark's folder.
    Script {
        program: PathBuf,
        extension: &'static str,
    },
    /// Go builds each benchmark into this folder.
    Go {
        folder: PathBuf,
    },
    Conc(PathBuf),
}

impl Peer {
    /// The command for a benchmark; None when this peer has no program for it.
    pub fn command(&self, bench: &str) -> Option<Vec<String>> {
        let folder = root().join("benches/peers").join(bench);
        match &self.kind {
            Kind::Native(program) => Some(vec![shown(program), "--native".to_string(), bench.to_string()]),
            Kind::Script { program, extension } => {
                let script = folder.join(format!("main.{extension}"));
                script.exists().then(|| vec![shown(program), shown(&script)])
            }
            Kind::Go { folder } => {
                let program = folder.join(bench);
                program.exists().then(|| vec![shown(&program)])
            }
            Kind::Conc(program) => {
                let script = root().join("benches").join(format!("{bench}.conc"));
                script.exists().then(|| vec![shown(program), shown(&script)])
            }
        }
    }
}

/// conc first, then whatever is installed.
pub fn peers(conc: &Path) -> Vec<Peer> {
    let mut peers = vec![Peer { name: "conc", kind: Kind::Conc(conc.to_path_buf()) }];
    if let Ok(program) = std::env::current_exe() {
        peers.push(Peer { name: "native", kind: Kind::Native(program) });
    }
    // The system's Python first: a version manager's would be a script around it.
    let scripts: [(&'static str, &'static str, &[&str]); 2] =
        [("lua5.4", "lua", &["lua5.4"]), ("CPython", "py", &["/usr/bin/python3", "python3"])];
    for (name, extension, programs) in scripts {
        if let Some(program) = programs.iter().find_map(|program| find(program)) {
            peers.push(Peer { name, kind: Kind::Script { program, extension } });
        }
    }
    if let Some(go) = find("go") {
        peers.push(Peer { name: "Go", kind: Kind::Go { folder: build_go(&go) } });
    }
    peers
}

/// Builds the Go programs; those that cannot be built are left out.
fn build_go(go: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-peers");
    let _ = std::fs::create_dir_all(&folder);
    for bench in &BENCHES {
        let source = root().join("benches/peers").join(bench.name).join("main.go");
        if source.exists() {
            let built =
                Command::new(go).arg("build").arg("-o").arg(folder.join(bench.name)).arg(&source).status();
            if !built.is_ok_and(|status| status.success()) {
                eprintln!("{}: go could not build it", bench.name);
            }
        }
    }
    folder
}

/// A program's path, when it is installed.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Path::new(program).exists().then(|| PathBuf::from(program));
    }
    let paths = std::env::var_os("PATH")?;
    let found =
        std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())?;
    let runs = Command::new(&found).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    runs.then_some(found)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
