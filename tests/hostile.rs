//! Files that no person would write: each ends with an error that can be read, soon, whichever command is given it.

mod common;
#[path = "common/directory.rs"]
mod directory;

use directory::directory;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MEGABYTES: usize = 1_000_000;

/// Far more than any of them takes, on a machine that is busy, in a debug build.
const SOON: Duration = Duration::from_secs(30);

struct Ended {
    status: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &[&str], directory: &Path) -> Ended {
    let start = Instant::now();
    let (status, out, err) = directory::run(directory, &[command, &["@a.conc"]].concat());
    assert!(start.elapsed() < SOON, "{command:?} took {:?}", start.elapsed());
    Ended { status, out, err }
}

/// A directory with a file that is still empty.
fn new(name: &str) -> PathBuf {
    directory(name, "")
}

const COMMANDS: [&[&str]; 3] = [&["run"], &["check"], &["fmt", "--check"]];

/// What `run`, `check` and `fmt` say to it: the status, and a report that a terminal can bear.
fn all(directory: &Path, content: &[u8], status: i32, said: &str) {
    let file = directory.join("a.conc");
    std::fs::write(&file, content).expect("written");
    for command in COMMANDS {
        let output = run(command, directory);
        let (found, shown) = (output.status, output.err);
        assert_eq!(found, Some(status), "{command:?}, {said}: {}", &shown[..shown.len().min(2000)]);
        assert!(shown.contains(said), "{command:?}: {}", &shown[..shown.len().min(2000)]);
        assert!(shown.len() < 10_000, "{command:?} says {} bytes", shown.len());
        assert!(!shown.contains("panicked"), "{shown}");
    }
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    let directory = new("bytes");
    for bytes in [&b"let x = 1\nlet \xff = 2\n"[..], b"let x = 1\n\xe4\xbd", b"let x = 1\n\xed\xa0\x80"] {
        all(&directory, bytes, 2, "(line 2)");
    }
    all(&directory, &vec![0xff; 10 * MEGABYTES], 2, "byte 0xff at offset 0");
}

/// In a name's place, in a text and after a statement; every file of a byte ends with a status that is known.
#[test]
fn every_byte_is_survived() {
    let directory = new("every-byte");
    let file = directory.join("a.conc");
    for byte in 0..=255_u8 {
        let around: [&[u8]; 6] = [b"let x", b" = 1\nlet y = \"", b"\"\nprint(1)", b"\n# ", b"\n", b""];
        std::fs::write(&file, around.join(&byte)).expect("written");
        let command = COMMANDS[usize::from(byte) % 3];
        let output = run(command, &directory);
        let shown = output.err;
        assert!(matches!(output.status, Some(0..=2)), "byte {byte}: {:?} {shown}", output.status);
        assert!(!shown.contains("panicked") && !shown.contains('\u{1b}'), "byte {byte}: {shown}");
    }
}

#[test]
fn what_nests_too_deeply_is_refused() {
    let directory = new("deep");
    let n = 100_000;
    let around = |open: &str, close: &str| format!("let x = {}1{}\n", open.repeat(n), close.repeat(n));
    for (open, close) in [("(", ")"), ("[", "]"), ("{\"a\": ", "}"), ("\"{", "}\""), ("-", ""), ("not ", "")]
    {
        all(&directory, around(open, close).as_bytes(), 2, "error[E0106]");
    }
    let blocks =
        [format!("{}{}", "if true { ".repeat(n), "}".repeat(n)), "loop {\n".repeat(n), "([{".repeat(n)];
    let chains = [format!("let x = 1{}", " + 1".repeat(n / 5)), format!("let x = y{}", ".b".repeat(n / 5))];
    for script in blocks.iter().chain(&chains) {
        all(&directory, script.as_bytes(), 2, "error[E0106]");
    }
    for close in [")", "]", "}"] {
        all(&directory, close.repeat(n / 5).as_bytes(), 2, "closes nothing");
    }
}

/// A chain nests no deeper, however long.
#[test]
fn a_long_chain_of_else_if_is_a_script() {
    let directory = new("chain");
    let file = directory.join("a.conc");
    let arms: String = (0..5_000).map(|n| format!(" else if x == {n} {{ print({n}) }}")).collect();
    std::fs::write(&file, format!("let x = 4_999\nif x < 0 {{ }}{arms}\n")).expect("written");
    let output = run(&["run"], &directory);
    assert_eq!((output.status, output.out.as_str()), (Some(0), "4999\n"));
    assert_eq!(run(&["check"], &directory).status, Some(0));
    assert_eq!(run(&["fmt"], &directory).status, Some(0));
    assert_eq!(run(&["fmt", "--check"], &directory).status, Some(0));
}

#[test]
fn large_files_and_long_lines_are_read() {
    let directory = new("large");
    let file = directory.join("a.conc");
    let lines = "# a comment of a line\n".repeat(10 * MEGABYTES / 22);
    std::fs::write(&file, format!("{lines}print(1)\n")).expect("written");
    for command in COMMANDS {
        assert_eq!(run(command, &directory).status, Some(0), "{command:?}");
    }
    std::fs::write(&file, format!("#{}\nprint(1 / 0)\n", "x".repeat(10 * MEGABYTES))).expect("written");
    let output = run(&["run"], &directory);
    assert_eq!(output.status, Some(1));
    assert!(output.err.contains("a.conc:2:"), "{}", output.err);
    all(&directory, "(".repeat(10 * MEGABYTES).as_bytes(), 2, "error[E0106]");
    all(&directory, "\"".repeat(10 * MEGABYTES + 1).as_bytes(), 2, "error[E0102]");
    all(&directory, format!("let x = {}", "1".repeat(MEGABYTES)).as_bytes(), 2, "error[E0103]");
}

/// As many mistakes as there are lines take no longer than lines take, and a report stays short.
#[test]
fn many_mistakes_are_told_soon_and_shortly() {
    let directory = new("mistakes");
    let file = directory.join("a.conc");
    let report = |script: String, said: &str| {
        std::fs::write(&file, script).expect("written");
        let output = run(&["run"], &directory);
        let shown = output.err;
        assert_eq!(output.status, Some(2), "{shown}");
        assert!(shown.contains(said) && shown.len() < 10_000, "{} bytes: {said}", shown.len());
    };
    let n = 10_000;
    report((0..n).map(|i| format!("let name{i} = 1\nprint(nome{i})\n")).collect(), "did you mean \"name0\"?");
    report("a = 1\n".repeat(n), "also in lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 9989 more");
    report("let = \n".repeat(n), "expected a name after `let`");
    report(format!("print({})\n", "n".repeat(MEGABYTES)), "undefined name \"nnnn");
}

#[test]
fn many_functions_are_compiled_soon() {
    let directory = new("functions");
    let file = directory.join("a.conc");
    let script: String = (0..20_000).map(|i| format!("fn f{i}() {{ return {i} }}\n")).collect();
    std::fs::write(&file, script + "print(f19999())\n").expect("written");
    assert_eq!(run(&["run"], &directory).out, "19999\n");
}

#[test]
fn a_million_threads_are_refused() {
    // As long as main goes on, it may still release them.
    let directory = directory("threads", "queue q\nrepeat 1_000_000 { start { q.get() } }\nq.put(1)\n");
    let output = run(&["run"], &directory);
    assert_eq!(output.status, Some(3), "those that there are wait for ever");
    for part in ["error[E0320]", "10000 threads live already", "--max-threads", "deadlock: 10000 threads"] {
        assert!(output.err.contains(part), "{part}: {}", output.err);
    }
    assert!(output.err.len() < 10_000, "{} bytes", output.err.len());
}
