//! `explore`, `world::sim` and `state` are free of the system: no threads, processes, files or clocks of it, so that they
//! could run where there is none (in a browser). Their texts are searched for what would break that; the comments of a
//! line, and tests, may say what they like.

use std::fs;
use std::path::{Path, PathBuf};

const ROOMS: [&str; 3] = ["src/explore", "src/world/sim", "src/state"];
/// The one door to threads: to search on several cores. Nothing else stands there.
const DOOR: &str = "src/explore/workers.rs";
const LARGEST_DOOR: usize = 40;
/// Modules of the standard library (and several of them at once), and the types through which time comes in.
const SYSTEM: [&str; 11] = [
    "std::{",
    "std::thread",
    "std::fs",
    "std::process",
    "std::net",
    "std::env",
    "std::io",
    "Instant",
    "SystemTime",
    "libc::",
    "rustix",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a room of the house") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

/// The words of the system in a text, each with its line.
fn broken(text: &str) -> Vec<(usize, &'static str)> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let words = code.enumerate().flat_map(|(at, line)| {
        SYSTEM.iter().filter(move |word| line.contains(**word)).map(move |word| (at + 1, *word))
    });
    words.collect()
}

#[test]
fn exploring_needs_no_system() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for room in ROOMS {
        let mut all = Vec::new();
        files(&root.join(room), &mut all);
        all.retain(|path| !is_test(path));
        assert!(!all.is_empty(), "{room} has no files");
        for path in all {
            let text = fs::read_to_string(&path).expect("readable");
            let mut found = broken(&text);
            if path == root.join(DOOR) {
                let lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
                assert!(lines <= LARGEST_DOOR, "{DOOR} has {lines} lines");
                found.retain(|(_, word)| *word != "std::thread");
            }
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        }
    }
}

#[test]
fn what_needs_the_system_is_noticed() {
    assert_eq!(broken("// std::fs\nuse std::time::Instant;\nlet x = 1;"), [(2, "Instant")]);
    assert_eq!(broken("std::thread::spawn(f)"), [(1, "std::thread")]);
}
