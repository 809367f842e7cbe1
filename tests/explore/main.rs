//! Random concurrent programs, explored by a plain second explorer (`oracle.rs`) that shares nothing with conc's.
//!
//! `CONC_CASES=20000 cargo test --test explore` runs more of them; `CONC_SEED=n` begins with another,
//! and `-- --nocapture` tells how many were small enough to be judged.

mod checker;
mod code;
mod compare;
mod cores;
mod forced;
mod generate;
mod heap;
mod known;
mod machine;
mod model;
mod oracle;
mod pools;
mod processes;
mod real;
mod remembered;
mod render;
mod sampling;
mod shrink;
mod worlds;

use compare::{as_found, differences};
use conc::source::Source;
use machine::Flaw;
use model::Program;
use oracle::{Answer, explore};
use std::sync::Arc;

/// What a script makes is counted, as in the command: some take all the memory that they may have.
#[global_allocator]
static MEMORY: conc::memory::Counting = conc::memory::Counting;

/// Programs with more states are left out.
const MOST_STATES: usize = 20_000;
/// The same of those with a process pool: conc has several states for one of the oracle's, which knows of no pipes.
const MOST_STATES_OF_POOLS: usize = 250;

fn seeds(cases: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("CONC_SEED").unwrap_or(0);
    first..first + number("CONC_CASES").unwrap_or(cases)
}

/// Without what real runs do not look at on the way.
fn runnable(mut program: Program) -> Program {
    program.invariants.clear();
    program.ensures.clear();
    program
}

fn is_valid(program: &Program) -> bool {
    let text = render::text(program);
    conc::pipeline::compile(Arc::new(Source::new("test", &*text))).is_ok()
}

/// What one of so many real runs did that the oracle says cannot be.
fn surprise_of(program: &Program, answer: &Answer, runs: u32) -> Option<String> {
    if answer.livelock || answer.partial {
        return None; // it might never end
    }
    (0..runs).find_map(|_| real::run(program, answer))
}

#[test]
fn the_oracle_has_found_what_real_runs_do() {
    let mut judged = 0;
    for seed in seeds(300) {
        let mut program = runnable(generate::program(seed));
        // Real time is never idle: another thread may be late at any moment.
        program.idle = false;
        let Some(answer) = explore(&program, MOST_STATES, Flaw::None) else { continue };
        if let Some(surprise) = surprise_of(&program, &answer, 3) {
            let least = shrink::shrink(&program, &mut |smaller| {
                let answer = explore(smaller, MOST_STATES, Flaw::None);
                is_valid(smaller) && answer.is_some_and(|answer| surprise_of(smaller, &answer, 20).is_some())
            });
            let answer = explore(&least, MOST_STATES, Flaw::None);
            panic!("seed {seed}: {surprise}\n{}\n--- oracle: {answer:#?}", render::text(&least));
        }
        judged += 1;
    }
    assert!(judged > 0);
}

/// The verdicts, outcomes and fewest preemptions are the oracle's, whichever reductions are on.
#[test]
fn conc_finds_what_the_oracle_finds() {
    held_against_the_oracle(seeds(2000), MOST_STATES, generate::program);
}

/// The same of processes: with variables of their own, things that are shared, and kills at any moment.
#[test]
fn conc_finds_what_the_oracle_finds_of_processes() {
    held_against_the_oracle(seeds(300), MOST_STATES, processes::program);
}

/// And of process pools, whose workers keep what their tasks change.
#[test]
fn conc_finds_what_the_oracle_finds_of_process_pools() {
    held_against_the_oracle(seeds(40), MOST_STATES_OF_POOLS, processes::pooled);
}

fn held_against_the_oracle(seeds: std::ops::Range<u64>, most: usize, program: fn(u64) -> Program) {
    let judged = on_all_cores(seeds, |seed| {
        let program = program(seed);
        assert!(is_valid(&program), "seed {seed}:\n{}", render::text(&program));
        let Some(answer) = explore(&program, most, Flaw::None) else { return false };
        for (setting, reductions) in checker::settings() {
            compare_with(&program, &answer, &format!("seed {seed}, {setting}"), reductions);
        }
        true
    });
    println!("{judged} programs agree");
    assert!(judged > 0);
}

/// How many of these say yes.
fn on_all_cores(seeds: std::ops::Range<u64>, judge: impl Fn(u64) -> bool + Sync) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        let of = |core| seeds.clone().skip(core as usize).step_by(cores as usize);
        let judge = &judge;
        let workers: Vec<_> = (0..cores)
            .map(|core| {
                let mine = of(core);
                scope.spawn(move || mine.filter(|seed| judge(*seed)).count())
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("what it panicked with stands above")).sum()
    })
}

fn compare_with(program: &Program, answer: &Answer, what: &str, reductions: conc::explore::Reductions) {
    let differ = |program: &Program, answer: &Answer| {
        let found = checker::found(program, reductions)?;
        Some(differences(program, answer, &found)).filter(|differences| !differences.is_empty())
    };
    if differ(program, answer).is_none() {
        return;
    }
    let least = shrink::shrink(program, &mut |smaller| {
        let answer = explore(smaller, MOST_STATES, Flaw::None);
        is_valid(smaller) && answer.is_some_and(|answer| differ(smaller, &answer).is_some())
    });
    let answer = explore(&least, MOST_STATES, Flaw::None).expect("as when it was shrunk");
    let found = checker::found(&least, reductions);
    panic!(
        "{what}: {:#?}\n{}\n--- oracle: {answer:#?}\n--- conc: {found:#?}",
        differ(&least, &answer),
        render::text(&least)
    );
}

/// Who joins several at once waits for each of them, also for one that never ends behind one that is stuck.
#[test]
fn a_join_of_several_waits_for_each() {
    use model::{Body, BodyKind, Comparison, Statement, Test, Thing, Value};
    let body = |daemon, statements| Body { kind: BodyKind::Template, daemon, statements };
    let is_set = Test::Compare(Value::Var(0), Comparison::Equal, Value::Number(1));
    let program = |joins| Program {
        vars: vec![0],
        things: vec![Thing::Latch(2)],
        bodies: vec![
            body(false, vec![Statement::Set(0, Value::Number(1)), Statement::Wait(0)]),
            body(true, vec![Statement::While(is_set.clone(), Vec::new())]),
        ],
        handles: vec![0, 1],
        main: [vec![Statement::Start(0), Statement::Start(1)], joins].concat(),
        ..Program::default()
    };
    for (joins, livelock) in
        [(vec![Statement::JoinAll(vec![0, 1])], true), (vec![Statement::Join(0), Statement::Join(1)], false)]
    {
        let program = program(joins);
        let answer = explore(&program, MOST_STATES, Flaw::None).expect("few states");
        assert_eq!((answer.partial, answer.livelock), (true, livelock));
        for (setting, reductions) in checker::settings() {
            compare_with(&program, &answer, setting, reductions);
        }
    }
}

/// The generator makes enough of everything; prints how much with `--nocapture`.
#[test]
fn programs_of_all_sorts_are_made() {
    let (mut skipped, mut states, mut judged) = (0, 0, 0);
    let mut counts = std::collections::BTreeMap::<&str, u32>::new();
    for seed in seeds(300) {
        let program = generate::program(seed);
        let Some(answer) = explore(&program, MOST_STATES, Flaw::None) else {
            skipped += 1;
            continue;
        };
        judged += 1;
        states += answer.states;
        let fails = as_found(&program, &answer).fails;
        for property in fails.keys() {
            *counts.entry(property.word()).or_default() += 1;
        }
        for (what, so) in [
            ("(many outcomes)", answer.outcomes.len() > 1),
            ("(no good end)", answer.outcomes.is_empty()),
            ("(partial deadlock)", answer.partial),
            ("(unclear race)", answer.unclear_race),
            ("(nothing wrong)", fails.is_empty()),
        ] {
            *counts.entry(what).or_default() += u32::from(so);
        }
    }
    println!("{judged} programs, {skipped} skipped, {states} states: {counts:?}");
    assert!(skipped * 20 <= judged, "{skipped} of {judged} are too large");
    for property in ["deadlock", "error", "assertion", "invariant", "ensure", "livelock", "race"] {
        assert!(counts.contains_key(property), "none with {property}: {counts:?}");
    }
}

/// The comparison notices when one side is wrong.
#[test]
fn a_wrong_oracle_is_noticed() {
    let flaws = [
        Flaw::LockNeverBlocks,
        Flaw::OneStepUpdate,
        Flaw::NotifyLost,
        Flaw::TimeoutsNever,
        Flaw::FirstArmOnly,
        Flaw::EndMerged,
        Flaw::DeathReleases,
        Flaw::SharedApart,
        Flaw::EndKeptOpen,
        Flaw::RoomForAll,
        Flaw::WorkerForgets,
        Flaw::OneWorker,
        Flaw::FailureLost,
    ];
    for flaw in flaws {
        let made = match flaw {
            Flaw::DeathReleases | Flaw::SharedApart | Flaw::EndKeptOpen | Flaw::RoomForAll => {
                processes::program
            }
            Flaw::WorkerForgets | Flaw::OneWorker | Flaw::FailureLost => processes::pooled,
            _ => generate::program,
        };
        let noticed = (0..2000).any(|seed| {
            let program = made(seed);
            let answers = (explore(&program, 5_000, flaw), explore(&program, 5_000, Flaw::None));
            let (Some(wrong), Some(right)) = answers else { return false };
            !differences(&program, &wrong, &as_found(&program, &right)).is_empty()
        });
        assert!(noticed, "{flaw:?}");
    }
}

/// `main` breaks an invariant for a moment, and nobody else is there: too rare among random programs to rely on.
fn main_alone() -> Program {
    use model::{Comparison, Statement, Test, Value};
    Program {
        vars: vec![0],
        main: vec![Statement::Set(0, Value::Number(1)), Statement::Set(0, Value::Number(2))],
        invariants: vec![Test::Compare(Value::Var(0), Comparison::Unequal, Value::Number(1))],
        ..Program::default()
    }
}

/// `main` asks for the first thread of a list, which waits for what comes later, while the second has ended.
fn told_apart() -> Program {
    use model::{Body, BodyKind, Listing, Statement, Test, Thing, Value};
    let body = |statement| Body { kind: BodyKind::Template, daemon: false, statements: vec![statement] };
    Program {
        vars: vec![0],
        things: vec![Thing::Event],
        bodies: vec![body(Statement::Wait(0)), body(Statement::Set(0, Value::Number(1)))],
        handles: vec![0, 1],
        listing: Listing::Added,
        main: vec![
            Statement::Start(0),
            Statement::Start(1),
            // Others move before the list is looked at.
            Statement::Print(vec![Value::Number(1)]),
            Statement::JoinTimed(0, 1, 0),
            Statement::If(Test::Flag(0), vec![Statement::Set(0, Value::Number(5))], Vec::new()),
            Statement::SetEvent(0),
            Statement::JoinAll(vec![0, 1]),
        ],
        ..Program::default()
    }
}

/// So it does when conc is.
#[test]
fn a_wrong_explorer_is_noticed() {
    for flaw in conc::explore::flaw::Flaw::ALL {
        let mut programs = [main_alone(), told_apart()].into_iter().chain((0..2000).map(generate::program));
        assert!(programs.any(|program| is_noticed(&program, flaw)), "{flaw:?}");
    }
}

/// Mistakes about threads are mistakes about processes, too.
#[test]
fn a_wrong_explorer_of_processes_is_noticed() {
    use conc::explore::flaw::Flaw;
    for flaw in [Flaw::WriteUnseen, Flaw::AlwaysMerged, Flaw::EndMerged] {
        let mut programs = (0..2000).map(processes::program);
        assert!(programs.any(|program| is_noticed(&program, flaw)), "{flaw:?}");
    }
    let small = |program: &Program| explore(program, MOST_STATES_OF_POOLS, machine::Flaw::None).is_some();
    let mut pooled = (0..2000).map(processes::pooled).filter(small);
    assert!(pooled.any(|program| is_noticed(&program, Flaw::WriteUnseen)), "in a pool");
}

fn is_noticed(program: &Program, flaw: conc::explore::flaw::Flaw) -> bool {
    let Some(answer) = explore(program, 5_000, Flaw::None) else { return false };
    // A mistake may also end in one of conc's own checks. That is no proof that the comparison would do.
    let found = std::panic::catch_unwind(|| checker::flawed(program, flaw));
    found.is_ok_and(|found| found.is_some_and(|found| !differences(program, &answer, &found).is_empty()))
}
