//! The pages of `conc explain`: the script that causes a code does cause it, and the mended one does not.

mod common;

use common::{conc, text};
use conc::report::{Code, Language};
use std::path::{Path, PathBuf};

/// A block of code on a page: the words behind ```` ```conc ````, and its text.
fn blocks(page: &str) -> Vec<(Vec<&str>, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix("```conc") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((words.split_whitespace().collect(), body.join("\n") + "\n"));
        }
    }
    blocks
}

/// What a run with these words before the script says on both streams.
fn said(words: &[&str], path: &Path) -> String {
    let path = path.display().to_string();
    let output = conc(&[words, &[&path]].concat(), "");
    text(&output.stdout) + &text(&output.stderr)
}

fn write(name: &str, script: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, script).expect("written");
    path
}

#[test]
fn every_page_keeps_its_word() {
    for code in Code::ALL {
        let blocks = blocks(code.explanation(Language::English));
        let [(causes, script), (mended, cure)] = blocks.as_slice() else {
            panic!("{code}: {} blocks", blocks.len());
        };
        assert_eq!((causes[0], mended[0]), ("causes", "mended"), "{code}");
        let mut path = write(&format!("{code}-causes.conc"), script);
        let mut words = &causes[1..];
        if words == ["printed"] {
            path = write(&format!("{code}-printed.conc"), &said(&[], &path));
            words = &[];
        }
        let found = said(words, &path);
        assert!(found.contains(&format!("[{code}]")), "{code}: its script says\n{found}");
        let path = write(&format!("{code}-mended.conc"), cure);
        let found = said(&mended[1..], &path);
        assert!(!found.contains("[E0") && !found.contains("deadlock:"), "{code}: mended, it says\n{found}");
    }
}

#[test]
fn a_code_is_explained() {
    for word in ["E0301", "e301", "error[E0301]", "error[E0301]:", "[E0301]"] {
        let output = conc(&["explain", word], "");
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).starts_with("E0301: the time to wait is over\n"), "{word}");
    }
    let all = text(&conc(&["explain"], "").stdout);
    assert_eq!(all.lines().count(), Code::ALL.len());
}

#[test]
fn an_unknown_code_is_refused() {
    let output = conc(&["explain", "E9999"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("no error code E9999") && said.contains("conc explain"), "{said}");
    let said = text(&conc(&["explain", "lock"], "").stderr);
    assert!(said.contains("lock is a topic of `conc help lock`"), "{said}");
}
