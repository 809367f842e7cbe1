//! Explorations that do not cover the whole space, held against the oracle: runs drawn at random, and runs with few
//! preemptions.

use crate::checker::{self, explore, found_in};
use crate::compare::{Ended, Found, as_found};
use crate::machine::Flaw;
use crate::model::Program;
use crate::oracle::{self, Answer};
use crate::{MOST_STATES, generate, render, seeds};
use conc::explore::verdict::{Limit, Property, Verdict};
use conc::explore::{Extent, Limits, Options, Reductions, Sampling, Strategy, check};
use conc::source::Source;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

const STRATEGIES: [Strategy; 5] =
    [Strategy::Walk, Strategy::Uniform, Strategy::Pos, Strategy::PCT, Strategy::Turns];
/// Programs with fewer states are tiny: a sample finds all that can come of them.
const TINY: usize = 60;
/// So many runs find nearly all of it. In a run of fifteen steps between two threads one order of them has a chance of 2^-15,
/// and where the lengths of threads depend on who comes first, a strategy that goes by their means may give it less: then it
/// takes many.
const RUNS: [u64; 2] = [3000, 300_000];
/// More preemptions than these programs have steps.
const ENOUGH: u32 = 1000;

/// Without the status where the oracle does not know it (`compare`).
fn outcomes(program: &Program, found: &Found) -> BTreeSet<Ended> {
    let known = program.invariants.is_empty();
    let plain = |(output, values, status): Ended| (output, values, if known { status } else { 0 });
    found.outcomes.iter().cloned().map(plain).collect()
}

/// What was found that cannot be.
fn too_much(program: &Program, answer: &Answer, found: &Found) -> Vec<String> {
    let all = as_found(program, answer);
    let unclear = |property| property == Property::Race && answer.unclear_race;
    let fails = found.fails.keys().filter(|it| !all.fails.contains_key(it) && !unclear(**it));
    let mut wrong: Vec<String> = fails.map(|property| format!("{} fails", property.word())).collect();
    let possible = outcomes(program, &all);
    wrong.extend(outcomes(program, found).difference(&possible).map(|outcome| format!("{outcome:?}")));
    wrong
}

/// What can be and was not found, of what a single run can show.
fn too_little(program: &Program, answer: &Answer, found: &Found) -> Vec<String> {
    let all = as_found(program, answer);
    let shows = |property: Property| match property {
        Property::Livelock => false,
        Property::Deadlock => answer.deadlock.is_some(),
        _ => true,
    };
    let fails = all.fails.keys().filter(|it| shows(**it) && !found.fails.contains_key(it));
    let mut missing: Vec<String> = fails.map(|property| format!("{} holds", property.word())).collect();
    let seen = outcomes(program, found);
    missing.extend(outcomes(program, &all).difference(&seen).map(|outcome| format!("not {outcome:?}")));
    missing
}

fn programs(cases: u64) -> impl Iterator<Item = (u64, Program, Answer)> {
    seeds(cases).filter_map(|seed| {
        let program = generate::program(seed);
        let answer = oracle::explore(&program, MOST_STATES, Flaw::None)?;
        Some((seed, program, answer))
    })
}

#[test]
fn a_sample_finds_nothing_that_cannot_be() {
    let (mut some, mut all) = (0, 0);
    for (seed, program, answer) in programs(400) {
        let strategy = STRATEGIES[seed as usize % STRATEGIES.len()];
        let extent = Extent::Sample(Sampling { runs: 60, strategy, most_steps: 500 });
        let Some(findings) = explore(&program, extent, seed, Reductions::ALL) else { continue };
        let found = found_in(&findings);
        let wrong = too_much(&program, &answer, &found);
        assert!(wrong.is_empty(), "seed {seed}, {strategy:?}: {wrong:#?}\n{}", render::text(&program));
        assert!(findings.verdicts.iter().all(|(_, verdict)| !matches!(verdict, Verdict::Holds)));
        some += found.fails.len();
        all += as_found(&program, &answer).fails.len();
    }
    assert!(some * 2 > all, "{some} failures of {all}: a sample that hardly finds anything");
}

#[test]
fn a_large_sample_of_a_tiny_program_finds_all() {
    let mut judged = 0;
    for (seed, program, answer) in programs(400) {
        if answer.states > TINY {
            continue;
        }
        judged += 1;
        finds_all(seed, &program, &answer);
    }
    assert!(judged > 20, "only {judged} tiny programs");
}

/// With each strategy but one that promises less.
fn finds_all(seed: u64, program: &Program, answer: &Answer) {
    for strategy in [Strategy::Walk, Strategy::Uniform, Strategy::Pos, Strategy::Turns] {
        let mut missing = Vec::new();
        for runs in RUNS {
            let extent = Extent::Sample(Sampling { runs, strategy, most_steps: 200 });
            let Some(findings) = explore(program, extent, seed, Reductions::ALL) else { break };
            missing = too_little(program, answer, &found_in(&findings));
            if missing.is_empty() {
                break;
            }
        }
        assert!(missing.is_empty(), "seed {seed}, {strategy:?}: {missing:#?}\n{}", render::text(program));
    }
}

/// A race that takes a thread which mostly fails at once to wait until two others have done nearly all that they do: about one
/// run of 6,000 of a plain walk, and of 30,000 of a uniform one, shows it.
#[test]
fn what_is_rare_takes_a_larger_sample() {
    let program = generate::program(777_183);
    let answer = oracle::explore(&program, MOST_STATES, Flaw::None).expect("it is small");
    assert!(answer.states <= TINY);
    let sample = |runs| {
        let extent = Extent::Sample(Sampling { runs, strategy: Strategy::Uniform, most_steps: 200 });
        found_in(&explore(&program, extent, 777_183, Reductions::ALL).expect("it is a program"))
    };
    assert_eq!(too_little(&program, &answer, &sample(RUNS[0])), ["race holds"]);
    finds_all(777_183, &program, &answer);
}

/// With K preemptions exactly that fails which the oracle reaches with so many.
#[test]
fn a_bound_finds_what_it_allows() {
    let mut cut = 0;
    for (seed, program, answer) in programs(300) {
        let Some(whole) = checker::found(&program, Reductions::ALL) else { continue };
        for most in [0, 1, 2, ENOUGH] {
            let extent = Extent::Preemptions(most);
            let Some(findings) = explore(&program, extent, 0, Reductions::ALL) else { continue };
            let found = found_in(&findings);
            let told = || format!("seed {seed}, {most} preemptions\n{}", render::text(&program));
            let wrong = too_much(&program, &answer, &found);
            assert!(wrong.is_empty(), "{wrong:#?} {}", told());
            if findings.complete() {
                // The bound has cut nothing: it is a proof.
                assert_eq!(found.outcomes, whole.outcomes, "{}", told());
                assert!(found.fails.keys().eq(whole.fails.keys()), "{found:#?} {whole:#?} {}", told());
                continue;
            }
            cut += 1;
            assert!(most < ENOUGH, "nothing can be cut: {}", told());
            assert!(findings.verdicts.iter().all(|(_, it)| !matches!(it, Verdict::Holds)), "{}", told());
            for (property, failing) in &whole.fails {
                let lasting = *property == Property::Deadlock && answer.partial;
                if *property == Property::Livelock || lasting {
                    continue;
                }
                let fewest = failing.preemptions.unwrap_or(0);
                let fails = found.fails.get(property).map(|it| it.preemptions);
                assert_eq!(fails.is_some(), fewest <= most, "{property:?} takes {fewest}: {}", told());
                assert!(fails.is_none_or(|told| told == Some(fewest)), "{property:?}: {found:#?} {}", told());
            }
            for (property, fewest) in [
                (Property::Deadlock, answer.deadlock),
                (Property::Invariant, answer.invariant),
                (Property::Ensure, answer.ensure),
            ] {
                if let Some(fewest) = fewest.filter(|_| !answer.partial) {
                    let fails = found.fails.contains_key(&property);
                    assert_eq!(fails, fewest <= most, "{property:?}, by the oracle {fewest}: {}", told());
                }
            }
        }
    }
    assert!(cut > 100, "only {cut} explorations were cut short");
}

/// A run without an interruption takes more memory than it may, so a plainer story is looked for in vain.
#[test]
fn what_was_found_before_a_limit_is_told() {
    let script = "
        var last = 0
        var switches = 0
        var n = 0
        lock m
        thread w(me) {
            repeat 8 { with m {
                if last != me { switches += 1 }
                last = me
            } }
            var many = false
            with m { many = switches > 1 }
            var text = \"a\" * 1_000_000
            while not many { text = text + text }
            n = me
            if me == 1 { throw \"x\" }
            assert false
        }
        start w(1)
        start w(2)";
    let limits = Limits { memory: 64 << 20, ..Options::default().limits };
    let extent = Extent::Sample(Sampling { runs: 1000, strategy: Strategy::Walk, most_steps: 1000 });
    let options = Options { limits, extent, outcomes: true, ..Options::default() };
    let source = Arc::new(Source::new("test.conc", script));
    let program = conc::pipeline::compile(source).unwrap_or_else(|found| panic!("{found:?}")).0;
    let findings = check(Arc::new(program), &options, &mut |now| match now.runs {
        Some(20..) => ControlFlow::Break(Limit::Time),
        Some(_) | None => ControlFlow::Continue(()),
    });
    assert_eq!(findings.limit, Some(Limit::Time));
    let failing: Vec<Property> = findings.failures().map(|failure| failure.property).collect();
    assert_eq!(failing, [Property::Error, Property::Assertion, Property::Race]);
}
