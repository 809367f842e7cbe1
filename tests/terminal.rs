//! Sessions in a real terminal: what is typed, what is seen, and the keys.

#![cfg(target_os = "linux")]

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A conc that runs in a terminal of its own.
struct Terminal {
    keys: File,
    seen: Arc<Mutex<String>>,
    conc: Child,
    history: PathBuf,
}

/// Even on a computer that does much else.
const LONG: Duration = Duration::from_secs(60);

impl Terminal {
    fn open(name: &str, columns: u16) -> Terminal {
        let history = std::env::temp_dir().join(format!("conc-terminal-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&history);
        Terminal::with_history(history, columns)
    }

    fn with_history(history: PathBuf, columns: u16) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("ours");
        unlockpt(&master).expect("ours");
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it has a size");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let screen = || {
            let opened = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
            File::from(opened.expect("the other side"))
        };
        // Its own session, so that Ctrl-C is a signal.
        let conc = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_conc")])
            .env("CONC_HISTORY", &history)
            .env("CONC_LANG", "en")
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(screen())
            .stdout(screen())
            .stderr(screen())
            .spawn()
            .expect("setsid is part of every Linux");
        let keys = File::from(master);
        let mut side = keys.try_clone().expect("a second handle");
        let seen = Arc::new(Mutex::new(String::new()));
        let to = seen.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            let mut rest = Vec::new();
            while let Ok(read @ 1..) = side.read(&mut bytes) {
                rest.extend(&bytes[..read]);
                let whole = match std::str::from_utf8(&rest) {
                    Ok(_) => rest.len(),
                    Err(error) => error.valid_up_to(),
                };
                to.lock().expect("unharmed").push_str(&String::from_utf8_lossy(&rest[..whole]));
                rest.drain(..whole);
            }
        });
        let mut terminal = Terminal { keys, seen, conc, history };
        terminal.sees("1> ");
        terminal
    }

    fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).expect("it reads");
    }

    /// What has been seen since the last time, up to this text (without colours and movements of the cursor).
    fn sees(&mut self, text: &str) -> String {
        let until = Instant::now() + LONG;
        loop {
            let mut seen = self.seen.lock().expect("unharmed");
            let plain = plain(&seen);
            if let Some(at) = plain.find(text) {
                seen.clear();
                let rest = plain[at + text.len()..].to_string();
                seen.push_str(&rest);
                return plain[..at].to_string();
            }
            drop(seen);
            assert!(Instant::now() < until, "{text:?} is not seen in {plain:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How it ends.
    fn ends(mut self) -> Option<i32> {
        let until = Instant::now() + LONG;
        let status = loop {
            if let Some(status) = self.conc.try_wait().expect("ours") {
                break status.code();
            }
            assert!(Instant::now() < until, "it does not end: {:?}", self.seen.lock());
            std::thread::sleep(Duration::from_millis(2));
        };
        let _ = std::fs::remove_file(&self.history);
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.conc.kill();
        let _ = self.conc.wait();
    }
}

/// Without escape sequences.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\x1b' {
            out.push(c);
        } else if characters.next_if_eq(&'[').is_some() {
            while characters.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
        } else {
            characters.next();
        }
    }
    out
}

const CTRL_C: &str = "\x03";
/// Behind a prompt: while something runs, the terminal takes it for itself.
const CTRL_D: &str = "\x04";
const UP: &str = "\x1b[A";

#[test]
fn what_is_typed_is_answered() {
    let mut terminal = Terminal::open("answers", 80);
    terminal.types("1 + 2\r");
    terminal.sees("\n3\r\n");
    terminal.types("let 余额 = \"一百\"\r");
    terminal.sees("3> ");
    terminal.types("余额\r");
    terminal.sees("\n\"一百\"\r\n");
    // A block goes on in the next line.
    terminal.types("fn twice(n) {\rreturn n * 2\r}\r");
    terminal.sees("7> ");
    terminal.types("twice(21)\r");
    terminal.sees("\n42\r\n");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn the_list_of_the_help_fits_a_narrow_terminal() {
    let mut terminal = Terminal::open("narrow", 60);
    terminal.types(":help\r");
    let list = terminal.sees("session lesson");
    for line in list.lines() {
        assert!(line.trim_end().chars().count() <= 60, "{line}");
    }
    assert!(list.contains("this list; or what a command or an"), "{list}");
    assert!(list.contains("\n                    error's code means"), "{list}");
    terminal.types("\u{4}");
    terminal.ends();
}

#[test]
fn names_members_and_commands_are_completed() {
    let mut terminal = Terminal::open("completes", 80);
    terminal.types("let teller_count = [7]\r");
    terminal.sees("2> ");
    terminal.types("tell\t\r");
    terminal.sees("\n[7]\r\n");
    terminal.types("teller_count.po\t()\r");
    terminal.sees("\n7\r\n");
    terminal.types(":proc\t\r");
    terminal.sees("there are no processes");
    terminal.sees("> ");
    terminal.types("thread teller() { sleep 100s }\rstart teller()\r");
    terminal.sees("thread teller-1: ");
    terminal.types(":end teller-\t\r");
    terminal.sees("\nteller-1 is ended");
    terminal.types(":help lock.acq\t\r");
    terminal.sees("lock.acquire(timeout?)");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn ctrl_c_ends_what_runs_and_not_the_session() {
    let mut terminal = Terminal::open("interrupts", 80);
    for entry in ["loop { }", "sleep 60min", "queue q; let t = start { sleep 60min }; join t"] {
        terminal.types(&format!("{entry}\r"));
        terminal.sees("\n");
        std::thread::sleep(Duration::from_millis(200));
        terminal.types(CTRL_C);
        terminal.sees("interrupted\r\n");
        terminal.sees("> ");
    }
    // On a line that is typed it throws that away.
    terminal.types(&format!("1 + {CTRL_C}"));
    terminal.sees("> ");
    terminal.types("40 + 2\r");
    terminal.sees("\n42\r\n");
    terminal.sees("> ");
    // A thread is left: the end is waited for, and Ctrl-C leaves.
    terminal.types(CTRL_D);
    terminal.sees("waiting for these to end");
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), Some(130));
}

#[test]
fn threads_read_what_is_typed_while_an_entry_runs() {
    // What is typed before the terminal gives whole lines would be the next entry's: each entry says when it runs.
    let mut terminal = Terminal::open("reads", 80);
    terminal.types("let name = input(\"name? \")\r");
    terminal.sees("\nname? ");
    terminal.types("Ann\r");
    terminal.sees("2> ");
    terminal.types("input(\"more? \")\r");
    terminal.sees("\nmore? ");
    terminal.types(CTRL_C);
    terminal.sees("interrupted\r\n");
    terminal.sees("3> ");
    // Of the line that is typed a thread gets nothing.
    terminal.types("let t = start { return input() + \"!\" }\r");
    terminal.sees("4> ");
    terminal.types("while t.state != \"blocked\" { sleep 1ms }\r");
    terminal.sees("5> ");
    terminal.types("t\r");
    terminal.sees("reads standard input");
    terminal.sees("6> ");
    terminal.types("name\r");
    terminal.sees("\n\"Ann\"\r\n");
    terminal.sees("7> ");
    terminal.types("print(\"joins\"); join t\r");
    terminal.sees("\njoins\r\n");
    terminal.types("Ben\r");
    terminal.sees("8> ");
    terminal.types("t.result\r");
    terminal.sees("\n\"Ben!\"\r\n");
    terminal.sees("9> ");
    terminal.types("let u = start { input() }\r");
    terminal.sees("10> ");
    terminal.types(":end u\r");
    terminal.sees("u is ended\r\n");
    terminal.sees("10> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn what_threads_print_comes_above_the_line() {
    let mut terminal = Terminal::open("above", 40);
    terminal.types(
        "event go; var n = 0; let t = start { go.wait(); repeat 3 { print(\"from behind\"); n += 1 } }\r",
    );
    terminal.sees("2> ");
    terminal.types("let u = start { sleep 300ms; go.set() }\r");
    terminal.sees("3> ");
    // While this is typed, in a window that is too narrow for it.
    terminal.types("\"a line that is longer than the window is wide: \" + ");
    for _ in 0..3 {
        terminal.sees("from behind\r\n");
    }
    terminal.types("str(n)\r");
    terminal.sees("\n\"a line that is longer than the window is wide: 3\"");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_deadlock_in_the_background_is_told_while_typing() {
    let mut terminal = Terminal::open("deadlock", 100);
    terminal.types("lock a, b; latch l(2)\r");
    terminal.sees("2> ");
    terminal.types("let t = start { with a { l.count_down(); l.wait(); with b { } } }\r");
    terminal.sees("3> ");
    terminal.types("let u = start { with b { l.count_down(); l.wait(); with a { } } }\r");
    terminal.sees("deadlock: 2 threads wait for each other");
    terminal.sees("> ");
    terminal.types(":end t\r");
    terminal.sees("t is ended\r\n");
    terminal.sees("> ");
    terminal.types("join u; u\r");
    terminal.sees("finished\r\n");
    terminal.sees("> ");
    terminal.types(":quit\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn the_history_is_kept() {
    let mut terminal = Terminal::open("history", 80);
    let history = terminal.history.clone();
    terminal.types("100 + 23\r");
    terminal.sees("\n123\r\n");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    let until = Instant::now() + LONG;
    while terminal.conc.try_wait().expect("ours").is_none() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut again = Terminal::with_history(history, 80);
    again.types(UP);
    again.sees("100 + 23");
    again.types("\r");
    again.sees("\n123\r\n");
    again.sees("> ");
    again.types(CTRL_D);
    assert_eq!(again.ends(), Some(0));
}

#[test]
fn what_processes_print_comes_above_the_line() {
    let mut terminal = Terminal::open("processes", 40);
    terminal.types("process p(n) { repeat n { sleep 200ms; print(\"从子进程\") }; throw \"at last\" }\r");
    terminal.sees("2> ");
    terminal.types("let a = start p(3)\r");
    terminal.sees("3> ");
    terminal.types("\"a line that is longer than the window is wide: \" + ");
    for _ in 0..3 {
        terminal.sees("从子进程\r\n");
    }
    terminal.sees("at last");
    terminal.sees("in process \"p-1\"");
    terminal.types("str([a.join(), a.exit_code][1])\r");
    terminal.sees("\n\"a line that is longer than the window is wide: 1\"");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

/// Ctrl-C ends the entry that waits for a process, and not the process.
#[test]
fn ctrl_c_leaves_processes_alone() {
    let mut terminal = Terminal::open("alone", 80);
    terminal.types("process p { sleep 60min }\r");
    terminal.sees("2> ");
    terminal.types("let a = start p\r");
    terminal.sees("3> ");
    terminal.types("join a\r");
    terminal.sees("\n");
    std::thread::sleep(Duration::from_millis(200));
    terminal.types(CTRL_C);
    terminal.sees("interrupted\r\n");
    terminal.sees("> ");
    terminal.types("[a.alive]\r");
    terminal.sees("\n[true]\r\n");
    terminal.types(":end p-1\r");
    terminal.sees("p-1 is ended\r\n");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0), "that an entry was ended is no way for the session to end");
}

#[test]
fn what_is_typed_while_something_runs_is_not_lost() {
    let mut terminal = Terminal::open("ahead", 80);
    terminal.types("sleep 1s\r");
    terminal.sees("\n");
    // Two lines, and half of one.
    terminal.types("let x = 20\rx + 1\r\"half\" + ");
    terminal.sees("\n21\r\n");
    terminal.sees("> ");
    terminal.types("\" a line\"\r");
    terminal.sees("\n\"half a line\"\r\n");
    terminal.sees("> ");
    terminal.types(CTRL_D);
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_thread_can_end_the_session_while_a_line_is_typed() {
    let mut terminal = Terminal::open("exit", 80);
    terminal.types("daemon thread d { loop { sleep 1s } }; start d\r");
    terminal.sees("2> ");
    terminal.types("let t = start { sleep 300ms; exit(7) }\r");
    terminal.sees("3> ");
    terminal.types("\"half a line");
    assert_eq!(terminal.ends(), Some(7));
}
