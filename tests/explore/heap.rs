//! Programs about things reached through references, held against an oracle of their own, as `oracle.rs` does it with
//! programs of plain variables.

mod generate;
mod machine;

use crate::{on_all_cores, seeds};
use conc::explore::flaw::Flaw;
use conc::explore::verdict::{Property, Verdict};
use conc::explore::{Limits, Options, Reductions, Time, check};
use conc::source::Source;
use fastrand::Rng;
use generate::{Program, REGISTERS, program};
use machine::{Answer, explore};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Programs with more states are left out.
const MOST_STATES: usize = 2_000;

/// So many are looked at for one that shows a mistake.
const MOST_PROGRAMS: u64 = 400;

fn answer(program: &Program, flaw: machine::Flaw) -> Option<Answer> {
    explore(&program.bodies, REGISTERS, MOST_STATES, (program.idle, flaw))
}

/// What conc says, in the oracle's words.
fn found(program: &Program, reductions: Reductions, flaw: Option<Flaw>) -> Answer {
    let source = Arc::new(Source::new("test", &*program.text));
    let (verified, _) =
        conc::pipeline::compile(source).unwrap_or_else(|_| panic!("no script:\n{}", program.text));
    let limits = Limits { states: 200_000, memory: 1 << 30 };
    let time = if program.idle { Time::Idle } else { Time::Any };
    let options = Options { outcomes: true, limits, reductions, flaw, time, ..Options::default() };
    let findings = check(Arc::new(verified), &options, &mut |_| ControlFlow::Continue(()));
    assert!(findings.limit.is_none(), "not complete:\n{}", program.text);
    let fails = |property| {
        findings.verdicts.iter().any(|(of, verdict)| *of == property && matches!(verdict, Verdict::Fails(_)))
    };
    for property in [Property::Error, Property::Livelock] {
        assert!(!fails(property), "{}:\n{}", property.word(), program.text);
    }
    let ended = findings.outcomes.iter().flatten().filter(|outcome| outcome.status == 0);
    let outcomes: BTreeSet<String> = ended.map(|outcome| outcome.output.clone()).collect();
    Answer { outcomes, race: fails(Property::Race), deadlock: fails(Property::Deadlock), states: 0 }
}

/// In what they differ, in words; empty when they agree.
fn differences(expected: &Answer, found: &Answer) -> Vec<String> {
    let mut differences = Vec::new();
    for (word, so, told) in
        [("race", expected.race, found.race), ("deadlock", expected.deadlock, found.deadlock)]
    {
        if so != told {
            differences.push(format!("{word}: {so} by the oracle, {told} by conc"));
        }
    }
    let missing = expected.outcomes.difference(&found.outcomes);
    differences.extend(missing.map(|outcome| format!("outcome not found: {outcome:?}")));
    let more = found.outcomes.difference(&expected.outcomes);
    differences.extend(more.map(|outcome| format!("impossible outcome: {outcome:?}")));
    differences
}

/// With which reductions a program is explored: all of them, and those that are drawn for it.
fn settings(seed: u64) -> [Reductions; 2] {
    let mut rng = Rng::with_seed(seed);
    let mut drawn = || rng.bool();
    let (symmetry, merge, private, memo, liveness) = (drawn(), drawn(), drawn(), drawn(), drawn());
    [Reductions::ALL, Reductions { symmetry, merge, private, memo, liveness }]
}

#[test]
fn conc_finds_what_the_oracle_finds_of_references() {
    let judged = on_all_cores(seeds(120), |seed| {
        let program = program(seed);
        let Some(expected) = answer(&program, machine::Flaw::None) else { return false };
        for reductions in settings(seed) {
            let differences = differences(&expected, &found(&program, reductions, None));
            assert!(
                differences.is_empty(),
                "seed {seed}, {reductions:?}: {differences:#?}\n{}",
                program.text
            );
        }
        true
    });
    println!("{judged} programs agree");
    assert!(judged > 0);
}

/// The comparison notices when one side is wrong.
#[test]
fn a_wrong_oracle_of_references_is_noticed() {
    use machine::Flaw;
    // Those that are rare are looked for from where one is not far.
    for (flaw, first) in [
        (Flaw::ArgumentsCopied, 0),
        (Flaw::QueueCopies, 0),
        (Flaw::CopyIsShallow, 0),
        (Flaw::LockNeverBlocks, 0),
        (Flaw::PoolHasRoom, 0),
        (Flaw::ProcessShares, 0),
        (Flaw::TimersComeAtOnce, 0),
        (Flaw::TimePasses, 0),
    ] {
        let noticed = (first..first + MOST_PROGRAMS).any(|seed| {
            let program = program(seed);
            let answers = answer(&program, flaw).zip(answer(&program, Flaw::None));
            answers.is_some_and(|(wrong, right)| !differences(&right, &wrong).is_empty())
        });
        assert!(noticed, "{flaw:?}");
    }
}

/// So it does when conc is.
#[test]
fn a_wrong_explorer_of_references_is_noticed() {
    for flaw in [Flaw::HandedOverUnseen, Flaw::DeadTooSoon] {
        let noticed = (0..MOST_PROGRAMS).any(|seed| {
            let program = program(seed);
            let Some(expected) = answer(&program, machine::Flaw::None) else { return false };
            // A mistake may also end in one of conc's own checks. That is no proof that the comparison would do.
            let found = std::panic::catch_unwind(|| found(&program, Reductions::ALL, Some(flaw)));
            found.is_ok_and(|found| !differences(&expected, &found).is_empty())
        });
        assert!(noticed, "{flaw:?}");
    }
}

/// How many of each sort there are; prints it with `--nocapture`.
#[test]
fn programs_of_references_are_of_all_sorts() {
    let (mut judged, mut states, mut races, mut deadlocks, mut several) = (0, 0, 0, 0, 0);
    for seed in seeds(200) {
        let Some(answer) = answer(&program(seed), machine::Flaw::None) else { continue };
        (judged, states) = (judged + 1, states + answer.states);
        races += u32::from(answer.race);
        deadlocks += u32::from(answer.deadlock);
        several += u32::from(answer.outcomes.len() > 1);
    }
    println!(
        "{judged} programs, {states} states, {races} races, {deadlocks} deadlocks, {several} with several outcomes"
    );
    assert!(judged > 150 && races > 30 && judged - races > 30 && deadlocks > 3 && several > 30);
}
