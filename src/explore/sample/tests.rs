//! Sampling as a whole, on small programs whose spaces are known. It is held against an independent explorer in
//! `tests/explore`.

use crate::explore::covered::{Covered, Sample};
use crate::explore::options::{Extent, Limits, Options, Sampling, Strategy};
use crate::explore::verdict::{Findings, Limit, Property, Verdict};
use crate::explore::{check, replay};
use crate::report::render;
use crate::source::Source;
use std::ops::ControlFlow;
use std::sync::Arc;

const ALL: [Strategy; 5] = [Strategy::Walk, Strategy::Uniform, Strategy::Pos, Strategy::PCT, Strategy::Turns];

/// Each of two threads reads and writes: of the six orders of these steps, four lose an update.
const COUNTER: &str = "var n = 0\nthread add { n += 1 }\njoin start add(), start add()\nensure n == 2";

/// Orders that matter, choices, output, threads that start threads.
const BUSY: &str = "
    var n = 0
    lock m
    queue q
    thread inner(i) { q.put(i); with m { n += choose([1, 2]) } }
    thread outer(i) { let t = start inner(i); n += 10; print(i); join t }
    join start outer(1), start outer(2)
    print(q.get())";

fn options(strategy: Strategy, runs: u64, seed: u64) -> Options {
    let sampling = Sampling { runs, strategy, most_steps: 1000 };
    Options { extent: Extent::Sample(sampling), seed, ..Options::default() }
}

fn source(script: &str) -> Arc<Source> {
    Arc::new(Source::new("test.conc", script))
}

fn explore(script: &str, options: &Options) -> Findings {
    let program = crate::pipeline::compile(source(script)).unwrap_or_else(|found| panic!("{found:?}")).0;
    check(Arc::new(program), options, &mut |_| ControlFlow::Continue(()))
}

fn sample(findings: &Findings) -> &Sample {
    match &findings.covered {
        Covered::Sample(sample) => sample,
        other => panic!("{other:?}"),
    }
}

fn told(script: &str, options: &Options) -> String {
    render::json(&explore(script, options), &source(script))
}

#[test]
fn a_seed_decides_all_runs() {
    for strategy in ALL {
        let with = |seed| told(BUSY, &Options { outcomes: true, ..options(strategy, 200, seed) });
        assert_eq!(with(3), with(3), "{strategy:?}");
        assert_ne!(with(3), with(4), "{strategy:?}");
    }
}

#[test]
fn uniform_draws_each_interleaving_as_often() {
    let share = |strategy| {
        let findings = explore(COUNTER, &options(strategy, 6000, 1));
        sample(&findings).runs_failing(Property::Ensure) as f64 / 6000.0
    };
    // Of four steps drawn one by one, half of the runs go on with the thread that has begun.
    for (strategy, expected) in [(Strategy::Uniform, 4.0 / 6.0), (Strategy::Walk, 0.5)] {
        let share = share(strategy);
        assert!((share - expected).abs() < 0.03, "{strategy:?}: {share}, not {expected}");
    }
}

#[test]
fn pct_keeps_its_promise_for_each_depth() {
    // One thread must be interrupted, which takes two pairs of steps in order.
    for (depth, finds) in [(1, false), (2, true), (3, true)] {
        let findings = explore(COUNTER, &options(Strategy::Pct { depth }, 3000, 5));
        let sample = sample(&findings);
        let lost = sample.runs_failing(Property::Ensure) as f64;
        assert_eq!(lost > 0.0, finds, "depth {depth}: {lost}");
        assert!(!finds || lost >= 3000.0 / sample.one_in(depth), "depth {depth}: {lost}");
        assert_eq!((sample.runs, sample.by_priorities, sample.threads), (3000, 2999, 3));
    }
}

#[test]
fn verdicts_of_a_sample_are_fails_or_not_known() {
    for strategy in ALL {
        let findings = explore(COUNTER, &options(strategy, 300, 2));
        let failing: Vec<Property> = findings.failures().map(|failure| failure.property).collect();
        assert_eq!(failing, [Property::Ensure, Property::Race], "{strategy:?}");
        assert!(findings.verdicts.iter().all(|(_, verdict)| !matches!(verdict, Verdict::Holds)));
        assert_eq!(findings.status(), 1);
        assert!(!findings.complete());
    }
    let findings = explore("print(1)", &options(Strategy::Turns, 10, 0));
    assert_eq!((findings.status(), sample(&findings).runs), (6, 10));
}

#[test]
fn whatever_a_run_shows_can_be_run_again() {
    let crossed = "lock a, b\nfn f(x, y) { with x { with y { } } }\nparallel { f(a, b); f(b, a) }";
    let misuse = "lock m\nstart { m.release() }";
    let watched = "var n = 0\ninvariant n < 1\nlet t = start { n = 1 }\njoin t";
    for (script, property) in [
        (crossed, Property::Deadlock),
        (misuse, Property::Error),
        (watched, Property::Invariant),
        ("var n = 0\nlet t = start { n = 1 }\nassert n == 0\njoin t", Property::Assertion),
    ] {
        let options = options(Strategy::Turns, 100, 0);
        let findings = explore(script, &options);
        let failure = findings.failures().find(|failure| failure.property == property);
        let failure = failure.unwrap_or_else(|| panic!("{property:?} of:\n{script}"));
        let program = crate::pipeline::compile(source(script)).unwrap_or_else(|found| panic!("{found:?}")).0;
        let again = replay(Arc::new(program), &options, &failure.story.schedule).expect("it fits");
        assert!(again.0.failures().any(|failure| failure.property == property), "{script}");
    }
}

/// Runs that show the failure do not come to the end of the `parallel`. Where plainer ones are looked for, two of its threads
/// fail.
#[test]
fn what_a_plainer_run_would_prove_wrong_is_not_told() {
    let script = "
        atomic turn = 0
        atomic seen = false
        event never
        thread turns { turn.value = 1; turn.value = 0 }
        thread looks { if turn.value == 1 { seen.value = true; assert false } }
        fn fails(i) {
            if seen.value { never.wait() }
            throw str(i)
        }
        join start turns(), start looks()
        try { parallel for i in [FIRST, 3 - FIRST] { fails(i) } } catch e { assert e.message == str(FIRST) }";
    for first in ["1", "2"] {
        let script = script.replace("FIRST", first);
        let mut failed = 0;
        for seed in 0..30 {
            let findings = explore(&script, &options(Strategy::Walk, 1, seed));
            let told: Vec<Property> = findings.failures().map(|failure| failure.property).collect();
            let shown: Vec<Property> =
                sample(&findings).failing.iter().map(|(property, _)| *property).collect();
            assert_eq!(told, shown, "{first} first, seed {seed}");
            failed += usize::from(!told.is_empty());
        }
        assert!(failed > 0);
    }
}

#[test]
fn outcomes_are_counted_and_all_come() {
    let all = explore(BUSY, &Options { outcomes: true, ..Options::default() }).outcomes.unwrap_or_default();
    for strategy in ALL {
        let findings = explore(BUSY, &Options { outcomes: true, ..options(strategy, 2000, 9) });
        let outcomes = findings.outcomes.unwrap_or_default();
        let texts = |outcomes: &[crate::explore::verdict::Outcome]| {
            outcomes.iter().map(|outcome| (outcome.output.clone(), outcome.status)).collect::<Vec<_>>()
        };
        assert_eq!(texts(&outcomes), texts(&all), "{strategy:?}");
        assert_eq!(outcomes.iter().filter_map(|outcome| outcome.runs).sum::<u64>(), 2000);
    }
}

/// Forgetting states changes how fast the runs are and nothing else.
#[test]
fn little_memory_makes_no_difference_to_what_is_drawn() {
    let with = |memory| {
        let options = options(Strategy::Turns, 400, 6);
        let limits = Limits { memory, ..options.limits };
        let findings = explore(BUSY, &Options { outcomes: true, limits, ..options });
        let outcomes = findings.outcomes.unwrap_or_default();
        let counts: Vec<_> = outcomes.into_iter().map(|outcome| (outcome.output, outcome.runs)).collect();
        (findings.limit, counts, findings.states)
    };
    let (limit, counts, states) = with(1 << 30);
    assert_eq!(limit, None);
    // Room for the steps and for a few states more.
    let small = (1..).map(|n| n * 100_000).find(|memory| with(*memory).0.is_none()).unwrap_or_default();
    let (_, fewer, again) = with(small);
    assert_eq!(fewer, counts);
    assert!(again >= states);
    assert_eq!(with(10_000).0, Some(Limit::Memory));
}

#[test]
fn who_waits_by_going_round_does_not_keep_others_from_moving() {
    let script = "var stop = false\nlet t = start { while not stop { } }\nstop = true\njoin t";
    for strategy in ALL {
        let findings = explore(script, &options(strategy, 300, 0));
        assert_eq!(sample(&findings).cut, 0, "{strategy:?}");
    }
}

#[test]
fn endless_runs_are_cut_and_counted() {
    for strategy in ALL {
        let findings = explore("var n = 0\nstart { while n == 0 { } }", &options(strategy, 20, 0));
        assert_eq!((sample(&findings).cut, findings.steps), (20, 20_000), "{strategy:?}");
        // All that can be done in the loop was seen.
        assert_eq!(findings.status(), 5);
    }
}

/// Where a loop has steps that no run has taken, nothing is told of it.
#[test]
fn a_loop_that_was_not_seen_whole_is_not_known() {
    let script = "let all = range(0, 5)\nvar n = 0\nstart { loop { n = choose(all); n = 0 } }";
    for strategy in ALL {
        let few = Options {
            extent: Extent::Sample(Sampling { runs: 1, strategy, most_steps: 10 }),
            ..options(strategy, 1, 0)
        };
        assert_eq!(explore(script, &few).status(), 6, "{strategy:?}");
        assert_eq!(explore(script, &options(strategy, 20, 0)).status(), 5, "{strategy:?}");
    }
}

/// And where it can be left, nothing fails.
#[test]
fn a_loop_that_can_be_left_is_none() {
    let script =
        "var n = 0\nstart { loop { n = choose([0, 0, 0, 1]); if n == 1 and choose(0..100) == 0 { break } } }";
    for strategy in ALL {
        assert_eq!(explore(script, &options(strategy, 5, 0)).status(), 6, "{strategy:?}");
    }
}

#[test]
fn whoever_is_told_may_end_it_with_what_is_known() {
    let program = crate::pipeline::compile(source(COUNTER)).unwrap_or_else(|found| panic!("{found:?}")).0;
    let mut told = 0;
    let findings = check(Arc::new(program), &options(Strategy::Turns, u64::MAX, 0), &mut |progress| {
        told += 1;
        assert!(progress.runs.is_some());
        if told < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(Limit::Time) }
    });
    assert_eq!(findings.limit, Some(Limit::Time));
    assert!(sample(&findings).runs > 0 && sample(&findings).runs < 100_000);
    assert_eq!(findings.status(), 1);
}

/// Reading a list of the top level is taken to be no step, until somebody changes it.
#[test]
fn a_wrong_assumption_is_dropped() {
    let script = "let xs = [1]\nthread change { xs[0] = 2 }\nlet t = start change()\nprint(xs[0])\njoin t";
    let findings = explore(script, &Options { outcomes: true, ..options(Strategy::Walk, 200, 0) });
    assert_eq!(findings.outcomes.unwrap_or_default().len(), 2);
}
