//! What bash, zsh and fish offer where somebody types: the real shells with the scripts that conc gives them. A shell that is
//! not there is left out, and the test says so.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the shell's script, `bank.conc`, `a b.conc` and a folder; gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn with_script(shell: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("conc-completing-{shell}-{}", std::process::id()));
        let made = Folder(folder);
        std::fs::create_dir_all(made.0.join("bundle")).expect("made");
        for script in ["bank.conc", "a b.conc"] {
            std::fs::write(made.0.join(script), "").expect("written");
        }
        let script = conc(&["completions", shell]);
        std::fs::write(made.0.join("script"), script).expect("written");
        made
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn conc(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_conc")).args(words).env("CONC_LANG", "en").output();
    String::from_utf8(output.expect("conc starts").stdout).expect("text")
}

/// What a shell prints that is given this text, in the folder and with conc in its path. None when there is no such shell.
fn shell(words: &[&str], text: &str, folder: &Path) -> Option<String> {
    let conc = Path::new(env!("CARGO_BIN_EXE_conc")).parent().expect("a folder").to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([conc].into_iter().chain(std::env::split_paths(&path))).expect("a path");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["-c", text]).current_dir(folder);
    match command.env("PATH", path).env("CONC_LANG", "en").output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.is_empty(), "{said}");
            Some(String::from_utf8(output.stdout).expect("text"))
        }
        Err(_) => {
            eprintln!("there is no {}: its completions are NOT tested", words[0]);
            None
        }
    }
}

/// A line that is being typed, and the only words that can stand where it ends.
const LINES: [(&[&str], &[&str]); 13] = [
    (&["ch"], &["check"]),
    (&["--ti"], &["--timeout"]),
    (&["run", "--ji"], &["--jitter"]),
    (&["check", "--format", ""], &["text", "json"]),
    (&["--color", "al"], &["always"]),
    (&["help", "semaph"], &["semaphore"]),
    (&["help", "lock.a"], &["lock.acquire"]),
    (&["explain", "E0313"], &["E0313"]),
    (&["man", "chec"], &["check"]),
    (&["completions", "z"], &["zsh"]),
    (&["bank"], &["bank.conc"]),
    (&["--timeout", "3s", "ba"], &["bank.conc"]),
    (&["check", "a"], &["a b.conc"]),
];

#[test]
fn bash_offers_what_can_stand_there() {
    let folder = Folder::with_script("bash");
    // At a prompt bash itself marks folders and quotes blanks (`compopt`, which has no effect here).
    let ask = |words: &str| {
        let text = format!(
            "source ./script; COMP_WORDS=(conc {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _conc\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        shell(&["bash", "--norc"], &text, &folder.0)
    };
    for (words, expected) in LINES {
        let Some(offered) = ask(&quoted(words)) else { return };
        assert_eq!(offered.lines().collect::<Vec<&str>>(), expected, "{words:?}");
    }
    // Which are three words there.
    for (words, expected) in [("run --color = al", "always\n"), ("--allow-read = ba", "bank.conc\n")] {
        assert_eq!(ask(words).as_deref(), Some(expected), "{words}");
    }
    assert_eq!(ask("--color =").as_deref(), Some("auto\nalways\nnever\n"));
}

#[test]
fn zsh_offers_what_can_stand_there() {
    let folder = Folder::with_script("zsh");
    // What its own completion system would be given to show.
    let stand_ins =
        "compdef() { }; compset() { PREFIX=${PREFIX#*=} }; _describe() { print -rl -- \"${(@P)3}\" }
        _files() { print -rl -- ${PREFIX}*(N) }";
    let ask = |words: &[&str]| {
        let last = words.last().expect("a word");
        let text = format!(
            "{stand_ins}; source ./script; words=(conc {}); CURRENT=$#words; PREFIX='{last}'; _conc",
            quoted(words)
        );
        let said = shell(&["zsh", "-f"], &text, &folder.0)?;
        let words = said.lines().map(|line| line.split(':').next().unwrap_or_default().to_string());
        Some(words.filter(|word| !word.is_empty()).collect::<Vec<String>>())
    };
    for (words, expected) in LINES {
        let Some(offered) = ask(words) else { return };
        assert_eq!(offered, expected, "{words:?}");
    }
    assert_eq!(ask(&["--color=al"]).expect("it is there"), ["--color=always"]);
    assert_eq!(ask(&["--allow-read=ba"]).expect("it is there"), ["bank.conc"]);
}

#[test]
fn fish_offers_what_can_stand_there() {
    let folder = Folder::with_script("fish");
    let ask = |words: &[&str]| {
        let text = format!("source ./script; complete -C \"conc {}\"", words.join(" "));
        let said = shell(&["fish", "--no-config"], &text, &folder.0)?;
        let words = said.lines().map(|line| line.split('\t').next().unwrap_or_default().to_string());
        Some(words.collect::<Vec<String>>())
    };
    for (words, expected) in LINES {
        let Some(offered) = ask(words) else { return };
        assert_eq!(offered, expected, "{words:?}");
    }
    assert_eq!(ask(&["--color=al"]).expect("it is there"), ["--color=always"]);
    assert_eq!(ask(&["--allow-read=ba"]).expect("it is there"), ["--allow-read=bank.conc"]);
    assert_eq!(ask(&["bu"]).expect("it is there"), ["bundle/"]);
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<String>>().join(" ")
}
