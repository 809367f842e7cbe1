//! The `conc` command from outside: where a script comes from, what its arguments are, what it ends with.
//! What scripts do is tested by the golden scripts.

mod common;

use common::{conc, text};
use std::process::{Command, Stdio};

#[test]
fn a_text_is_run() {
    let output = conc(&["-e", "print(1 + 1); print(args)", "a", "--b"], "");
    assert_eq!(text(&output.stdout), "2\n[\"a\", \"--b\"]\n");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn standard_input_is_run() {
    let output = conc(&["-", "x"], "print(args[0])\n");
    assert_eq!(text(&output.stdout), "x\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn run_goes_without_saying() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/cli/arguments.conc");
    let short = conc(&[script, "1"], "");
    let long = conc(&["run", script, "1"], "");
    assert_eq!(text(&short.stdout), "[\"1\"] 1\n");
    assert_eq!(short.stdout, long.stdout);
}

#[test]
fn a_missing_script_is_named() {
    let output = conc(&["no/such/script.conc"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no/such/script.conc"), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
}

/// Nothing that was to be printed gets lost in silence: `/dev/full` is a disk without room.
#[test]
fn output_that_cannot_be_written_is_told() {
    for words in
        [&["help", "lock"][..], &["explain", "E0301"], &["check", "-e", "print(1)"], &["--help"], &["man"]]
    {
        let full = std::fs::File::create("/dev/full").expect("there is one");
        let output = Command::new(env!("CARGO_BIN_EXE_conc"))
            .args(words)
            .env("CONC_LANG", "en")
            .stdout(full)
            .output()
            .expect("conc runs");
        let said = text(&output.stderr);
        assert!(said.starts_with("error: cannot write to standard output: "), "{words:?}: {said}");
        assert_eq!(output.status.code(), Some(1), "{words:?}");
    }
}

#[test]
fn a_script_that_is_no_text_is_refused() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-text.conc");
    std::fs::write(&path, [b'p', 0xff, 0xfe]).expect("written");
    let output = conc(&[&path.display().to_string()], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("UTF-8"), "{}", text(&output.stderr));
}

#[test]
fn a_file_name_cannot_write_to_the_terminal() {
    let name = "colour\x1b[31m\nred.conc";
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let shown = path.display().to_string();
    for script in ["print(undefined)", "1 / 0", "lock m; m.acquire(); m.acquire()"] {
        std::fs::write(&path, script).expect("written");
        let stderr = text(&conc(&[&shown], "").stderr);
        assert!(!stderr.contains('\x1b') && stderr.contains("red.conc"), "{stderr:?}");
    }
    std::fs::remove_file(&path).expect("it was there");
    let stderr = text(&conc(&[&shown], "").stderr);
    assert!(!stderr.contains('\x1b') && stderr.contains("red.conc: there is no such file"), "{stderr:?}");
}

#[test]
fn unknown_flags_are_refused() {
    let output = conc(&["--tiemout", "2s", "x.conc"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--timeout"), "{}", text(&output.stderr));
}

#[test]
fn help_and_version_are_no_errors() {
    for flag in ["--help", "--version"] {
        let output = conc(&[flag], "");
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("conc"), "{}", text(&output.stdout));
    }
}

#[test]
fn every_way_to_end_has_its_status() {
    let cases = [
        ("print(1)", 0),
        ("throw \"x\"", 1),
        ("assert false", 1),
        ("ensure 1 == 2", 1),
        ("ensure 1 == 1; exit(4)", 4),
        ("start { throw \"x\" }", 1),
        ("let = 1", 2),
        ("print(undefined_name)", 2),
        ("lock m; m.acquire(); m.acquire()", 3),
        ("exit(42)", 42),
        ("start { exit(0) }", 0),
    ];
    for (script, status) in cases {
        let output = conc(&["-e", script], "");
        assert_eq!(output.status.code(), Some(status), "{script}\n{}", text(&output.stderr));
    }
}

#[test]
fn every_command_understands_scripts_alike() {
    let cases: [(&[&str], &str); 4] = [
        (&["check", "-e", "let = 1"], "E0101"),
        (&["sim", "-e", "print(undefined_name)"], "E0201"),
        (&["check", "no/such/script.conc"], "no/such/script.conc"),
        (&["replay", "no/such/schedule"], "no/such/schedule"),
    ];
    for (arguments, told) in cases {
        let output = conc(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    // As in `conc … | head -1`: nothing reads what is printed.
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .env("CONC_LANG", "en")
        .args(["-e", "for i in 0..100_000 { print(\"a line that nobody reads\") }"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("conc starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("conc ends");
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
}

#[test]
fn colours_are_for_terminals() {
    let output = conc(&["-e", "throw \"x\""], "");
    assert!(!output.stderr.contains(&0x1b), "{}", text(&output.stderr));
}

#[test]
fn completions_and_manual_know_every_command() {
    let commands = ["run", "check", "sim", "replay", "explain"];
    for shell in ["elvish", "powershell"] {
        let output = conc(&["completions", shell], "");
        assert_eq!(output.status.code(), Some(0));
        let script = text(&output.stdout);
        assert!(
            commands.iter().all(|command| script.contains(command)) && script.contains("timeout"),
            "{shell}"
        );
    }
    let page = text(&conc(&["man"], "").stdout);
    assert!(commands.iter().all(|command| page.contains(command)), "{page}");
    assert!(text(&conc(&["man", "check"], "").stdout).contains("outcomes"));
    let unknown = conc(&["man", "chekc"], "");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("no command chekc"));
}

#[test]
fn manual_pages_keep_their_examples() {
    let page = text(&conc(&["man", "check"], "").stdout);
    assert!(page.starts_with(".ie") && page.contains(".TH conc-check 1 \\& \"conc "), "{page}");
    let columns = "conc check bank.conc                       what can go wrong";
    assert!(page.contains(&format!(".SH \"EXAMPLES\"\n.nf\n{columns}")), "{page}");
    assert!(page.contains(".SH \"EXIT STATUS\"\n.nf\n0 everything holds"), "{page}");
}

#[test]
fn what_was_meant_is_guessed() {
    for (words, said) in [
        (&["rnu", "bank.conc"][..], "did you mean the command `conc run`?"),
        (&["chekc", "bank.conc"], "did you mean the command `conc check`?"),
        (&["repl"], "`conc` alone is a session"),
        (&["examples/12_a_lock"], "did you mean examples/12_a_lock.conc?"),
        (&["examples/12_a_lok.conc"], "did you mean examples/12_a_lock.conc?"),
        (&["--gil", "5ms", "examples/12_a_lock.conc"], "`--gil=5ms`"),
        (&["--stats", "json", "examples/12_a_lock.conc"], "`--stats=json`"),
        (&["examples/12_a_lock.conc/x"], "a part of this path is a file"),
        (&["--trace", "no/such/place.svg", "examples/12_a_lock.conc"], "there is no directory no/such"),
        (&["replay", "no.schedule"], "`conc check --save no.schedule FILE` writes one"),
        (&["examples/nothing_like_it.conc"], "a path is taken from the current directory"),
    ] {
        let output = conc(words, "");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(said), "{words:?}: {}", text(&output.stderr));
    }
}

/// What follows the script's name is the script's; but whoever looks in vain for what a flag does should learn why.
#[test]
fn a_flag_behind_a_script_without_arguments_is_told() {
    let said = |words: &[&str]| text(&conc(words, "").stderr);
    let note = said(&["run", "examples/12_a_lock.conc", "--jitter=3"]);
    assert!(note.contains("--jitter=3 stands behind the script") && note.contains("before"), "{note}");
    assert!(said(&["check", "-e", "print(1)", "--outcomes"]).contains("--outcomes stands behind"));
    assert_eq!(said(&["-e", "print(args)", "--jitter"]), "");
    assert_eq!(said(&["-e", "print(1)", "--fast", "jitter"]), "");
}

/// Where there is less memory than a script may use otherwise, it may use less, and is not ended by who refuses more.
#[test]
fn a_script_keeps_within_what_there_is() {
    let script = "var xs = []\nloop { xs.push(1) }";
    let command = "ulimit -v 1048576; exec \"$@\"";
    for (world, allowed) in [("run", "256 MB"), ("sim", "64 MB")] {
        let output = Command::new("sh")
            .args(["-c", command, "sh", env!("CARGO_BIN_EXE_conc"), world, "-e", script])
            .output()
            .expect("a shell");
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(
            err.contains(&format!("error[E0316]: the program uses more than {allowed} of memory")),
            "{err}"
        );
    }
}
