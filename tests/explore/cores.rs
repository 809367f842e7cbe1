//! What comes out is the same on any number of cores, to the last word: verdicts, stories, outcomes, counts.

use crate::model::Program;
use crate::{checker, generate, seeds};
use conc::explore::{Limits, Options, Reductions, check};
use conc::source::Source;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All that is found, as text; None when it is no script.
fn all(text: &str, options: &Options) -> Option<String> {
    let (program, _) = conc::pipeline::compile(Arc::new(Source::new("test.conc", text))).ok()?;
    let findings = check(Arc::new(program), options, &mut |_| ControlFlow::Continue(()));
    Some(format!("{findings:?}"))
}

/// Everything is found again with rounds of few states, on one core and on several. Where a limit ends the search, what was
/// computed by then depends on how large rounds are, and the advice tells of it.
fn agree(name: &str, text: &str, options: &Options) -> bool {
    let Some(large) = all(text, options) else { return false };
    let small = |cores| all(text, &Options { small_rounds: true, cores, ..options.clone() });
    let first = small(1);
    if large.contains("limit: None") {
        assert_eq!(first.as_ref(), Some(&large), "{name} in small rounds:\n{text}");
    }
    for cores in 2..4 {
        assert_eq!(small(cores), first, "{name} on {cores} cores:\n{text}");
    }
    true
}

/// The scripts in a folder and those in it.
pub fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of scripts") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "conc") {
            found.push(path);
        }
    }
}

#[test]
fn scripts_say_the_same_on_any_number_of_cores() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests/golden/explore", "examples"] {
        scripts(&root.join(folder), &mut all);
    }
    all.sort();
    let limits = Limits { states: 1_500, ..Options::default().limits };
    let mut judged = 0;
    for path in &all {
        let text = fs::read_to_string(path).expect("readable");
        for outcomes in [false, true] {
            // Some start as many as they may.
            let options = Options { limits, outcomes, max_threads: 40, ..Options::default() };
            judged += u32::from(agree(&path.display().to_string(), &text, &options));
        }
    }
    assert!(judged > 60, "only {judged} of {} scripts", all.len());
}

#[test]
fn random_programs_say_the_same_on_any_number_of_cores() {
    for seed in seeds(150) {
        let program: Program = generate::program(seed);
        let find = |cores: usize, reductions| {
            let small = cores > 0;
            let options =
                Options { small_rounds: small, cores: cores.max(1), reductions, ..Options::default() };
            checker::explored(&program, options).map(|findings| format!("{findings:?}"))
        };
        let unremembered = Reductions { memo: false, ..Reductions::ALL };
        for (reductions, cores) in [(Reductions::ALL, 1), (Reductions::ALL, 2), (unremembered, 2)] {
            assert_eq!(find(0, reductions), find(cores, reductions), "seed {seed}, {cores} cores");
        }
    }
}
