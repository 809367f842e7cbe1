//! The explorer as a whole, on small programs whose spaces are known. Verdicts are held against an independent explorer
//! in `tests/explore`.

use super::verdict::{Findings, Limit, Property, Verdict};
use super::{Extent, Options, Reductions, Said, Sampling, Schedules, Strategy, check, replay, simulate};
use crate::code::verify::Verified;
use crate::source::Source;
use std::ops::ControlFlow;
use std::sync::Arc;

fn compile(script: &str) -> Arc<Verified> {
    let source = Arc::new(Source::new("test.conc", script));
    Arc::new(crate::pipeline::compile(source).unwrap_or_else(|found| panic!("{found:?}")).0)
}

fn explore(script: &str, options: &Options) -> Findings {
    check(compile(script), options, &mut |_| ControlFlow::Continue(()))
}

fn failing(script: &str) -> Vec<Property> {
    explore(script, &Options::default()).failures().map(|failure| failure.property).collect()
}

fn states(script: &str) -> u64 {
    let findings = explore(script, &Options::default());
    assert!(findings.limit.is_none());
    findings.states
}

fn racy(threads: u32, rounds: u32) -> String {
    format!("var n = 0\nparallel for i in 0..{threads} {{ repeat {rounds} {{ n += 1 }} }}\n")
}

fn mutex(threads: u32, rounds: u32) -> String {
    let body = format!("repeat {rounds} {{ with m {{ n += 1 }} }}");
    format!(
        "var n = 0\nlock m\nparallel for i in 0..{threads} {{ {body} }}\nassert n == {}\n",
        threads * rounds
    )
}

fn philosophers(count: u32, meals: u32) -> String {
    format!(
        "lock forks[{count}]
fn eat(i) {{
    let a = min(i, (i + 1) % {count})
    let b = max(i, (i + 1) % {count})
    repeat {meals} {{ with forks[a] {{ with forks[b] {{ }} }} }}
}}
parallel for i in 0..{count} {{ eat(i) }}
"
    )
}

/// No more states than a hashing explorer with thread symmetry needs whose threads stand ready at the start, with a few
/// for `main`, which starts them and waits.
#[test]
fn spaces_are_as_small_as_they_can_be() {
    for (script, most) in [
        (racy(2, 1), 12),
        (racy(2, 2), 43),
        (racy(2, 3), 144),
        (racy(3, 1), 26),
        (racy(3, 2), 309),
        (racy(3, 3), 2902),
        (mutex(4, 3), 606),
        (philosophers(3, 1), 24),
        (philosophers(6, 1), 648),
        (philosophers(5, 2), 2625),
    ] {
        let states = states(&script);
        assert!(states <= most + 3, "{states} states, at most {most} and 3 for main:\n{script}");
    }
    // With an explicit `main` a hashing explorer has 247.
    assert!(states(&mutex(3, 2)) < 60);
}

#[test]
fn spin_loops_are_covered() {
    let peterson = "
        atomic flag0 = false
        atomic flag1 = false
        atomic turn = 0
        var inside = 0
        thread p0() {
            flag0.value = true
            turn.value = 1
            while flag1.value and turn.value == 1 { }
            inside += 1
            assert inside == 1
            inside -= 1
            flag0.value = false
        }
        thread p1() {
            flag1.value = true
            turn.value = 0
            while flag0.value and turn.value == 0 { }
            inside += 1
            assert inside == 1
            inside -= 1
            flag1.value = false
        }
        parallel { p0(); p1() }";
    assert_eq!(failing(peterson), []);
    let broken = peterson.replace("turn.value = 1\n", "\n");
    assert!(failing(&broken).contains(&Property::Assertion));
}

#[test]
fn each_property_can_fail() {
    let two_locks = "lock a, b\nparallel { { with a { with b { } } }; { with b { with a { } } } }";
    let two_locks =
        two_locks.replace("{ { with a", "{ f(a, b); f(b, a) }\nfn f(a, b) { with a { with b { } } }\n#");
    for (script, property) in [
        (&*two_locks, Property::Deadlock),
        ("lock m\nstart { m.release() }", Property::Error),
        ("var n = 0\nlet t = start { n = 1 }\nassert n == 0\njoin t", Property::Assertion),
        ("var n = 0\ninvariant n < 1\nlet t = start { n = 1 }\njoin t", Property::Invariant),
        ("var n = 0\nensure n == 2\nparallel for i in 0..2 { n += 1 }", Property::Ensure),
        ("var n = 0\nstart { while n == 0 { } }", Property::Livelock),
        ("var n = 0\nparallel { f(); f() }\nfn f() { n += 1 }", Property::Race),
    ] {
        assert!(failing(script).contains(&property), "{property:?} of:\n{script}");
    }
    assert_eq!(failing(&mutex(2, 2)), []);
}

#[test]
fn every_choice_is_tried() {
    let script = "let a = choose([1, 2, 3])\nlet b = choose(0..2)\nprint(a * 10 + b)";
    let findings = explore(script, &Options { outcomes: true, ..Options::default() });
    let outputs: Vec<String> =
        findings.outcomes.unwrap_or_default().into_iter().map(|end| end.output).collect();
    assert_eq!(outputs, ["10\n", "11\n", "20\n", "21\n", "30\n", "31\n"]);
}

#[test]
fn schedules_of_outcomes_are_made_when_asked_for() {
    let sampling = Sampling { runs: 50, strategy: Strategy::Walk, most_steps: Sampling::MOST_STEPS };
    // A bound that cuts something: else all is covered as without one.
    let script = "thread one { print(1) }\nthread two { print(2); print(3) }\none().start()\ntwo().start()\nprint(choose([4, 5]))";
    for extent in [Extent::Everything, Extent::Sample(sampling), Extent::Preemptions(0)] {
        for (schedules, most) in [
            (Schedules::NONE, 0),
            (Schedules::ALL, usize::MAX),
            (Schedules { all: false, numbers: vec![2, 1, 999] }, 2),
        ] {
            let by_number = schedules.numbers.clone();
            let options = Options { outcomes: true, schedules, extent, ..Options::default() };
            let ends = explore(script, &options).outcomes.unwrap_or_default();
            assert!(ends.len() > 2, "{extent:?}");
            let made: Vec<usize> = (1..=ends.len()).filter(|at| ends[at - 1].schedule.is_some()).collect();
            assert_eq!(made.len(), most.min(ends.len()), "{extent:?}");
            assert!(by_number.is_empty() || made == [1, 2], "{extent:?}");
            assert!(ends.iter().flat_map(|end| &end.schedule).all(|schedule| !schedule.turns.is_empty()));
        }
    }
}

#[test]
fn a_limit_of_time_leaves_schedules_out_but_those_asked_for_by_number() {
    let sampling = Sampling { runs: 500, strategy: Strategy::Walk, most_steps: Sampling::MOST_STEPS };
    let program = compile("print(choose(1..=9))");
    for extent in [Extent::Everything, Extent::Sample(sampling)] {
        let schedules = Schedules { all: true, numbers: vec![3] };
        let options = Options { outcomes: true, schedules, extent, ..Options::default() };
        // All is found, and then the time is over after two of them.
        let explore = |most: usize| {
            let mut asked = 0;
            let findings = check(program.clone(), &options, &mut |_| {
                asked += 1;
                if asked > most { ControlFlow::Break(Limit::Time) } else { ControlFlow::Continue(()) }
            });
            (findings, asked)
        };
        let (whole, asked) = explore(usize::MAX);
        assert_eq!(whole.outcomes.as_ref().map(Vec::len), Some(9), "{extent:?}");
        let (findings, _) = explore(asked - 9 + 1);
        let ends = findings.outcomes.unwrap_or_default();
        let made: Vec<usize> = (1..=ends.len()).filter(|at| ends[at - 1].schedule.is_some()).collect();
        assert_eq!((findings.limit, made), (None, vec![1, 3]), "{extent:?}");
    }
}

#[test]
fn limits_end_with_what_is_known() {
    let options = Options { reductions: Reductions::NONE, ..Options::default() };
    let options = Options { limits: super::Limits { states: 50, ..options.limits }, ..options };
    let findings = explore(&racy(3, 3), &options);
    assert!(findings.limit.is_some() && findings.states >= 50);
    let verdict = |property| findings.verdicts.iter().find(|(known, _)| *known == property).map(|(_, v)| v);
    assert!(matches!(verdict(Property::Race), Some(Verdict::Fails(_))), "found on the way");
    assert!(matches!(verdict(Property::Deadlock), Some(Verdict::Unknown)));
    assert_eq!(findings.status(), 4);
}

#[test]
fn a_counterexample_can_be_run_again() {
    let script = "var n = 0\nthread add() { n += 1 }\nlet a = start add()\nlet b = start add()\njoin a, b\nassert n == 2";
    let findings = explore(script, &Options::default());
    let failure =
        findings.failures().find(|failure| failure.property == Property::Assertion).expect("it fails");
    assert_eq!(failure.story.moments.iter().filter(|moment| moment.preempts).count(), 1);
    for _ in 0..2 {
        let again = replay(compile(script), &Options::default(), &failure.story.schedule).expect("it fits");
        assert_eq!(
            again.0.failures().map(|failure| failure.property).collect::<Vec<_>>(),
            [Property::Assertion]
        );
    }
    assert!(replay(compile("print(1)"), &Options::default(), &failure.story.schedule).is_err());
}

/// What a simulated run writes that ends well.
fn simulated(script: &str, seed: u64) -> String {
    let mut text = String::new();
    let ending = simulate(compile(script), seed, Vec::new(), &mut |said| {
        if let Said::Text(_, piece) = said {
            text.push_str(piece);
        }
    });
    assert_eq!(ending.status, 0);
    text
}

#[test]
fn a_seed_decides_a_simulated_run() {
    let script = "for i in 0..3 { start { sleep 1s * choose([1, 2, 3]); print(i) } }";
    let run = |seed| simulated(script, seed);
    let all: std::collections::BTreeSet<String> = (0..60).map(run).collect();
    assert!((0..10).all(|seed| run(seed) == run(seed)));
    assert!(all.len() > 1, "{all:?}");
}

/// Which error comes first decides how much `main` has still to do.
#[test]
fn a_simulated_run_keeps_the_order_of_a_parallel() {
    for rounds in [[1, 3], [3, 1]] {
        let script = format!(
            "lock m
            try {{ parallel for rounds in {rounds:?} {{ throw str(rounds) }} }} catch e {{
                repeat int(e.message) {{ with m {{ }} }}
                print(e.message)
            }}"
        );
        for seed in 0..20 {
            assert_eq!(simulated(&script, seed), format!("{}\n", rounds[0]));
        }
    }
}

#[test]
fn steps_that_do_not_come_again_are_forgotten() {
    let history = "lock m
        let log = []
        thread say(i) { repeat 2 { with m { log.push(i) } } }
        join [start say(i) for i in 0..3]";
    let cover = |script: &str| {
        let options = Options::default();
        let mut search = super::search::Search::new(compile(script), &options);
        search.cover(&mut |_| ControlFlow::Continue(()));
        let kept = search.steps.memo.as_ref().map_or(0, super::memo::Memo::len) as u64;
        (search.states(), kept, search.steps.computed)
    };
    let (states, kept, computed) = cover(history);
    assert!(kept < 150 && computed > 300, "{kept} of {computed} are kept");
    let unremembered =
        Options { reductions: Reductions { memo: false, ..Reductions::ALL }, ..Options::default() };
    assert_eq!(states, explore(history, &unremembered).states);
    // What comes again is not.
    let (_, kept, computed) = cover(&racy(3, 4));
    assert!(kept > 300 && kept + 10 > computed, "{kept} of {computed} are kept");
}
