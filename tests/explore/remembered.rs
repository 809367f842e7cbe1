//! A step that is remembered leads to the state that it would lead to if it were computed again: so there are as many
//! states with remembered steps as without, and as many steps between them. Otherwise one state has several forms, or
//! there are states that no run meets.

use crate::model::Program;
use crate::{checker, cores, generate, on_all_cores, processes, render, seeds};
use conc::explore::verdict::Findings;
use conc::explore::{Limits, Options, Reductions, check};
use conc::source::Source;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// With each other reduction switched off by itself.
fn settings() -> impl Iterator<Item = (&'static str, Reductions)> {
    checker::settings().into_iter().filter(|(_, reductions)| reductions.memo)
}

/// Whether a space is as large without remembered steps, if it can be covered.
fn is_as_large(name: &str, mut find: impl FnMut(Reductions) -> Option<Findings>) -> bool {
    let size = |findings: &Findings| (findings.states, findings.steps, findings.depth);
    let mut judged = false;
    for (setting, reductions) in settings() {
        let Some(remembered) = find(reductions).filter(|findings| findings.limit.is_none()) else { continue };
        let computed = find(Reductions { memo: false, ..reductions }).expect("it is a program");
        let (with, without) = (size(&remembered), size(&computed));
        assert_eq!(
            with, without,
            "{name}, {setting}: states, steps and depth with remembered steps and without"
        );
        judged = true;
    }
    judged
}

#[test]
fn scripts_have_as_many_states_without_remembered_steps() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests/golden/explore", "examples"] {
        cores::scripts(&root.join(folder), &mut all);
    }
    all.sort();
    let limits = Limits { states: 600, ..Options::default().limits };
    let judged = on_all_cores(0..all.len() as u64, |number| {
        let path = &all[number as usize];
        let text = fs::read_to_string(path).expect("readable");
        is_as_large(&path.display().to_string(), |reductions| {
            let source = Source::new("test.conc", &*text);
            let (program, _) = conc::pipeline::compile(Arc::new(source)).ok()?;
            // Some start as many as they may.
            let options = Options { limits, reductions, max_threads: 40, ..Options::default() };
            Some(check(Arc::new(program), &options, &mut |_| ControlFlow::Continue(())))
        })
    });
    assert!(judged > 60, "only {judged} of {} scripts", all.len());
}

#[test]
fn random_programs_have_as_many_states_without_remembered_steps() {
    type Sort = (u64, fn(u64) -> Program);
    let sorts: [Sort; 3] = [(60, generate::program), (24, processes::program), (6, processes::pooled)];
    for (cases, program) in sorts {
        let judged = on_all_cores(seeds(cases), |seed| has_as_many(seed, &program(seed)));
        println!("{judged} programs agree");
        assert!(judged > 0);
    }
}

/// Whether a random program has as many states without remembered steps, if it can be covered.
fn has_as_many(seed: u64, program: &Program) -> bool {
    is_as_large(&format!("seed {seed}:\n{}", render::text(program)), |reductions| {
        let limits = Limits { states: 5_000, ..Options::default().limits };
        checker::limited(program, Options { limits, reductions, ..Options::default() })
    })
}

/// What a process pool is given to do, or makes known, has led to other spaces where the step was remembered.
#[test]
fn steps_with_tasks_of_process_pools_depend_on_more_than_they_meet() {
    for seed in [4727, 4750] {
        assert!(has_as_many(seed, &processes::pooled(seed)));
    }
}
