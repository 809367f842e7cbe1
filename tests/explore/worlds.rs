//! The two worlds agree: whatever a real run of an example, or of a generated program, comes to, conc's exploration has
//! found. Runs go side by side, in more threads than there are processors, so that they disturb each other.

use crate::machine::Flaw;
use crate::real::{Run, once, watched};
use crate::{generate, oracle, processes, render, runnable, seeds};
use conc::code::verify::Verified;
use conc::explore::verdict::{Findings, Property, Verdict};
use conc::explore::{Limits, Options, Said, check, simulate};
use conc::source::Source;
use conc::world::Stream;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Enough for all that can be covered in a moment.
const MOST_STATES: u64 = 60_000;
/// It has more states than anybody waits for: with fewer rounds no run would show what it is about.
const LARGE: &str = "11_a_lost_update";
/// So many runs go side by side, each of them so often.
const AT_ONCE: usize = 6;
const ROUNDS: usize = 5;

/// None when a limit was hit.
fn explored(program: &Arc<Verified>) -> Option<Findings> {
    let defaults = Options::default();
    let limits = Limits { states: MOST_STATES, ..defaults.limits };
    let options = Options { limits, outcomes: true, ..defaults };
    let findings = check(program.clone(), &options, &mut |_| ControlFlow::Continue(()));
    findings.limit.is_none().then_some(findings)
}

fn fails(findings: &Findings, property: Property) -> bool {
    findings.verdicts.iter().any(|(one, verdict)| *one == property && matches!(verdict, Verdict::Fails(_)))
}

/// Whether exploring has found that a run may come to this.
fn is_known(findings: &Findings, run: &Run) -> bool {
    let outcomes = || findings.outcomes.iter().flatten();
    match run.status {
        3 => fails(findings, Property::Deadlock),
        status => outcomes().any(|outcome| outcome.status == status && outcome.output == run.output),
    }
}

/// The runs, many at a time.
fn runs(at_once: usize, rounds: usize, once: &(impl Fn() -> Run + Sync)) -> Vec<Run> {
    std::thread::scope(|scope| {
        let runner = || (0..rounds).map(|_| once()).collect::<Vec<Run>>();
        let runners: Vec<_> = (0..at_once).map(|_| scope.spawn(runner)).collect();
        runners.into_iter().flat_map(|runner| runner.join().expect("a run does not panic")).collect()
    })
}

/// A run by the command.
fn by_command(script: &Path) -> Run {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_conc"))
        .env("CONC_LANG", "en")
        .arg(script)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("conc starts");
    let status = output.status.code().expect("no signal ends it");
    Run { status, output: String::from_utf8_lossy(&output.stdout).into_owned(), errors: Vec::new() }
}

fn compiled(name: &str, text: &str) -> Arc<Verified> {
    let compiled = conc::pipeline::compile(Arc::new(Source::new(name, text)));
    Arc::new(compiled.unwrap_or_else(|found| panic!("{name}: {found:?}\n{text}")).0)
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let scripts = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("there are examples");
        entries.map(|entry| entry.expect("readable").path()).collect::<Vec<PathBuf>>()
    };
    let mut scripts = [scripts(&folder), scripts(&folder.join("classics"))].concat();
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "conc"));
    scripts.sort();
    scripts
}

#[test]
fn what_examples_do_for_real_was_found_by_exploring() {
    for script in examples() {
        let name = script.file_stem().expect("named").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&script).expect("readable");
        if text.contains("\n# check: refused\n") {
            continue; // it is about what is outside
        }
        let program = compiled(&name, &text);
        let found = explored(&program);
        assert_eq!(found.is_none(), name == LARGE, "{name}: can it be covered?");
        let Some(findings) = found else { continue };
        // What child processes print goes past whoever runs a script within itself.
        let once = || match program.process() {
            Some(_) => by_command(&script),
            None => once(program.clone()),
        };
        for run in runs(AT_ONCE, ROUNDS, &once) {
            let found = findings.outcomes.as_deref().unwrap_or_default();
            assert!(is_known(&findings, &run), "{name}: {run:#?}\nexploring has found only {found:#?}");
        }
    }
}

#[test]
fn what_generated_programs_do_for_real_was_found_by_exploring() {
    let mut judged = 0;
    for seed in seeds(100) {
        let mut program = runnable(generate::program(seed));
        // Real time is never idle.
        program.idle = false;
        let Some(answer) = oracle::explore(&program, crate::MOST_STATES, Flaw::None) else { continue };
        if answer.livelock || answer.partial {
            continue; // it might never end
        }
        let text = render::text(&program);
        let verified = compiled("test", &text);
        let Some(findings) = explored(&verified) else { continue };
        judged += 1;
        for run in runs(3, 3, &|| once(verified.clone())) {
            assert!(is_known(&findings, &run), "seed {seed}: {run:#?}\n{text}\n{:#?}", findings.outcomes);
        }
    }
    assert!(judged > 0);
}

/// A simulated run.
fn simulated(program: &Arc<Verified>, seed: u64) -> Run {
    let mut output = String::new();
    let ending = simulate(program.clone(), seed, Vec::new(), &mut |said| {
        if let Said::Text(Stream::Out, text) = said {
            output.push_str(text);
        }
    });
    Run { status: ending.status, output, errors: Vec::new() }
}

#[test]
fn what_simulated_runs_come_to_was_found_by_exploring() {
    let (mut judged, mut stuck, mut found) = (0, 0, 0);
    let programs = seeds(80).map(generate::program);
    for (number, mut program) in programs.chain(seeds(20).map(processes::program)).enumerate() {
        program.idle = false;
        let Some(answer) = oracle::explore(&program, crate::MOST_STATES, Flaw::None) else { continue };
        if answer.livelock {
            continue; // it might never end
        }
        let text = render::text(&program);
        let verified = compiled("test", &text);
        let Some(findings) = explored(&verified) else { continue };
        judged += 1;
        let mut different = HashSet::new();
        for seed in 0..20 {
            let run = simulated(&verified, seed);
            assert!(is_known(&findings, &run), "{number}: {run:#?}\n{text}\n{:#?}", findings.outcomes);
            stuck += usize::from(run.status == 3);
            different.insert((run.status, run.output));
        }
        found += usize::from(different.len() > 1);
    }
    assert!(
        judged > 0 && stuck > 0 && found > 0,
        "{judged} programs, {stuck} runs, {found} with several ends"
    );
}

/// The same of programs with processes: those in which nothing can wait for ever, as a run would.
#[test]
fn what_generated_processes_do_for_real_was_found_by_exploring() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("explore-worlds");
    std::fs::create_dir_all(&folder).expect("made");
    let (mut judged, mut channels) = (0, 0);
    for seed in seeds(60) {
        let program = runnable(processes::program(seed));
        let Some(answer) = oracle::explore(&program, crate::MOST_STATES, Flaw::None) else { continue };
        if answer.livelock || answer.partial || answer.deadlock.is_some() {
            continue;
        }
        let text = render::text(&program);
        let Some(findings) = explored(&compiled("test", &text)) else { continue };
        judged += 1;
        channels += usize::from(program.channel().is_some());
        let script = folder.join(format!("{seed}.conc"));
        std::fs::write(&script, &text).expect("writable");
        for run in runs(2, 2, &|| by_command(&script)) {
            assert!(is_known(&findings, &run), "seed {seed}: {run:#?}\n{text}\n{:#?}", findings.outcomes);
        }
    }
    assert!(judged > 0 && channels > 0, "{judged} programs, {channels} with a pipe or a connection");
}

/// Races that real runs find are races; and most of those that can be are found, whatever the threads' order is.
#[test]
fn races_of_real_runs_were_found_by_exploring() {
    let (mut racing, mut found_in_runs, mut without) = (0, 0, 0);
    for seed in seeds(100) {
        let mut program = runnable(generate::program(seed));
        program.idle = false;
        let Some(answer) = oracle::explore(&program, crate::MOST_STATES, Flaw::None) else { continue };
        if answer.livelock || answer.partial {
            continue; // it might never end
        }
        let text = render::text(&program);
        let verified = compiled("test", &text);
        let Some(findings) = explored(&verified) else { continue };
        let races = fails(&findings, Property::Race);
        let found: Vec<String> = (0..6).flat_map(|round| watched(verified.clone(), seed + round).1).collect();
        assert!(races || found.is_empty(), "seed {seed}: no race on {found:?}\n{text}");
        match races {
            true => racing += 1,
            false => without += 1,
        }
        found_in_runs += usize::from(!found.is_empty());
    }
    assert!(racing > 0 && without > 0, "{racing} race, {without} do not");
    // What is ordered in each of a few runs by chance may be missed.
    assert!(found_in_runs * 10 >= racing * 7, "of {racing} only {found_in_runs} were found to race");
}

#[test]
fn examples_race_for_real_if_and_only_if_they_can() {
    for script in examples() {
        let name = script.file_stem().expect("named").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&script).expect("readable");
        let Some(verdict) = text.lines().find_map(|line| line.strip_prefix("# check: ")) else { continue };
        if verdict == "refused" {
            continue; // it is about what is outside
        }
        let program = compiled(&name, &text);
        for seed in 0..5 {
            let (run, found) = watched(program.clone(), seed);
            assert_eq!(!found.is_empty(), verdict.contains("race"), "{name}: {found:?} {run:?}");
        }
    }
}
