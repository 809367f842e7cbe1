//! The programs of all golden scripts and examples, for tests that look at code.

use super::Program;
use super::verify::Verified;
use crate::pipeline;
use crate::source::Source;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The path and program of every script that can be run.
pub fn programs() -> Vec<(String, Verified)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    scripts(&root.join("tests/golden"), &mut paths);
    scripts(&root.join("examples"), &mut paths);
    let compiled = paths.into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(&path).ok()?;
        let name = path.display().to_string();
        let (program, _) = pipeline::compile(Arc::new(Source::new(name.clone(), text))).ok()?;
        Some((name, program))
    });
    let programs: Vec<(String, Verified)> = compiled.collect();
    assert!(programs.len() > 200, "only {} scripts", programs.len());
    programs
}

/// The program of a text, and the number of its function of this name.
pub fn program(text: &str) -> Verified {
    let (program, _) = pipeline::compile(Arc::new(Source::new("test.conc", text))).expect("it is understood");
    program
}

pub fn function(program: &Program, name: &str) -> u32 {
    let found = program.functions.iter().position(|function| *function.name == *name);
    found.expect("a function of this name") as u32
}

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "conc") {
            found.push(path);
        }
    }
}
