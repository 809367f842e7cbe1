//! Every script under `tests/golden/` and every example is one test, named by its path. Every example is a second one,
//! which explores it (`harness/verdict.rs`). Where conc has something to say, a script is also run in Chinese. What is a
//! deadlock, and what is none, is the same in the simulated world.
//!
//! What a script expects stands in its own comments (see `harness/expectation.rs`). To write the output blocks
//! anew from what `conc` does now: `UPDATE_GOLDEN=1 cargo test --test golden`, and read the difference.

mod harness;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut scripts = Vec::new();
    find_scripts(&root.join("tests/golden"), &mut scripts);
    let mut examples = Vec::new();
    find_scripts(&root.join("examples"), &mut examples);
    scripts.extend(examples.iter().cloned());
    scripts.sort();
    examples.sort();
    let mut trials: Vec<Trial> = scripts.iter().map(|script| trial(root, script.clone(), update)).collect();
    let deadlocks = scripts.iter().filter(|script| script.starts_with(root.join("tests/golden/deadlock")));
    trials.extend(deadlocks.map(|script| simulation(root, script.clone())));
    let spoken_of = scripts.into_iter().filter(|script| harness::run::is_spoken_of(script));
    trials.extend(spoken_of.map(|script| chinese(root, script)));
    trials.extend(examples.into_iter().map(|example| exploration(root, example)));
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(root: &Path, script: PathBuf, update: bool) -> Trial {
    let name = name(root, &script);
    Trial::test(name, move || harness::run::check(&script, update).map_err(Into::into))
}

/// Once more in Chinese: of what conc says there, nothing may be missing in the catalogue.
fn chinese(root: &Path, script: PathBuf) -> Trial {
    let name = format!("{} (Chinese)", name(root, &script));
    Trial::test(name, move || harness::run::check_language(&script).map_err(Into::into))
}

/// Once more in the simulated world: it ends as with real threads.
fn simulation(root: &Path, script: PathBuf) -> Trial {
    let name = format!("{} (simulated)", name(root, &script));
    Trial::test(name, move || harness::run::check_simulated(&script).map_err(Into::into))
}

fn exploration(root: &Path, example: PathBuf) -> Trial {
    let name = format!("{} (explored)", name(root, &example));
    Trial::test(name, move || harness::verdict::check(&example).map_err(Into::into))
}

fn name(root: &Path, script: &Path) -> String {
    let name = script.strip_prefix(root).unwrap_or(script).display().to_string();
    name.trim_start_matches("tests/golden/").trim_end_matches(".conc").to_string()
}

/// All `.conc` files below a folder.
fn find_scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "conc") {
            found.push(path);
        }
    }
}
