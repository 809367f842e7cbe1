//! Directories with a script each, and commands in them.

use crate::common::{conc, text};
use std::fs;
use std::path::{Path, PathBuf};

/// A new directory with one script in it.
pub fn directory(name: &str, script: &str) -> PathBuf {
    let directory =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", env!("CARGO_CRATE_NAME")));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("made");
    fs::write(directory.join("a.conc"), script).expect("written");
    directory
}

/// Status, standard output and standard error of a command whose words may name files in `directory` with `@`.
pub fn run(directory: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let words: Vec<String> =
        words.iter().map(|word| word.replace('@', &format!("{}/", directory.display()))).collect();
    let output = conc(&words.iter().map(String::as_str).collect::<Vec<_>>(), "");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}
