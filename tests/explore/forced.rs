//! Saved schedules on real threads: each outcome and each failure that conc finds is what a run that is forced to keep
//! to its schedule comes to; and whatever it is forced to, it ends.

use crate::compare::names;
use crate::model::Program;
use crate::{generate, render, seeds};
use conc::code::verify::Verified;
use conc::explore::schedule::{self, Recorded, Script, Settings};
use conc::explore::verdict::{Findings, Property, Schedule};
use conc::explore::{self, Limits, Options, Time};
use conc::report::runtime::{Deadlock, Ending, Stuck, status};
use conc::source::Source;
use conc::world::Stream;
use conc::world::legs::{End, Legs};
use conc::world::real::{self, Input, Sink, UncaughtReport};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Of the outcomes of one program, so many are run.
const MOST_OUTCOMES: usize = 12;
/// Much longer than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same of one that may go on for ever.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);

/// What a run has shown.
struct Shown {
    ending: Ending,
    output: String,
    /// The kinds of the errors that ended threads.
    errors: Vec<String>,
}

#[derive(Default)]
struct Kept(Mutex<String>);

impl Sink for Kept {
    fn write(&self, stream: Stream, text: &str) -> std::io::Result<()> {
        if stream == Stream::Out {
            self.0.lock().unwrap().push_str(text);
        }
        Ok(())
    }
}

fn compile(text: &str, keeping: &[String]) -> Option<Arc<Verified>> {
    let source = Arc::new(Source::new("test", text));
    conc::pipeline::compile_keeping(source, keeping).ok().map(|(verified, _)| Arc::new(verified))
}

fn options(program: &Program) -> Options {
    Options {
        limits: Limits { states: 20_000, memory: 1 << 30 },
        time: if program.idle { Time::Idle } else { Time::Any },
        outcomes: true,
        variables: names(program),
        ..Options::default()
    }
}

fn explored(verified: &Arc<Verified>, options: &Options) -> Findings {
    explore::check(verified.clone(), options, &mut |_| ControlFlow::Continue(()))
}

/// Runs on real threads that are forced to do this.
fn run(verified: &Arc<Verified>, legs: Legs, patience: Duration) -> Shown {
    let kept = Arc::new(Kept::default());
    let errors = Arc::new(Mutex::new(Vec::new()));
    let reported = errors.clone();
    let options = real::Options {
        timeout: Some(patience),
        sink: kept.clone(),
        input: Input::from(std::io::empty()),
        reporter: Arc::new(move |report: &UncaughtReport| {
            reported.lock().unwrap().push(report.error.kind.word().to_string());
        }),
        seed: Some(0),
        forced: Some(Arc::new(legs)),
        ..real::Options::default()
    };
    let ending = real::run(verified.clone(), options);
    let (output, errors) = (kept.0.lock().unwrap().clone(), errors.lock().unwrap().clone());
    Shown { ending, output, errors }
}

/// The schedule as it comes back from its file.
fn saved(options: &Options, schedule: &Schedule) -> Schedule {
    let recorded = Recorded {
        script: Script::File("test".into()),
        meaning: 0,
        settings: Settings::of(options),
        fails: None,
        threads: vec!["main".into()],
        schedule: schedule.clone(),
    };
    schedule::read(&schedule::write(&recorded, &[])).expect("as it was written").schedule
}

fn forced(verified: &Arc<Verified>, options: &Options, schedule: &Schedule, patience: Duration) -> Shown {
    let legs = explore::legs(verified.clone(), options, &saved(options, schedule)).expect("it was found");
    run(verified, legs, patience)
}

/// Whether a run was interrupted in which these threads still wait where they were found to wait for ever, and another goes
/// on: it will never come to what they wait for, but only who knows all that it can do can tell.
fn waits_beside_another(deadlock: &Deadlock, ending: &Ending) -> bool {
    let is_there = |stuck: &Stuck| {
        let left = ending.interrupted.iter().find(|left| left.thread == stuck.thread);
        left.is_some_and(|left| left.line == stuck.line && left.doing == stuck.waits)
    };
    let others = ending.interrupted.len() > deadlock.threads.len();
    ending.status == status::TIMEOUT && others && deadlock.threads.iter().all(is_there)
}

/// What forced runs do that differs from what was found; and how many were made.
fn differences(verified: &Arc<Verified>, options: &Options) -> (Vec<String>, usize) {
    let findings = explored(verified, options);
    let mut different = Vec::new();
    let mut runs = 0;
    for outcome in findings.outcomes.iter().flatten().take(MOST_OUTCOMES) {
        let schedule = outcome.schedule.as_ref().expect("all were asked for");
        let again = explore::replay(verified.clone(), options, schedule).map(|(again, _)| again.outcomes);
        if again != Ok(Some(vec![outcome.clone()])) {
            different.push(format!("{outcome:?}\n--- was, simulated, {again:?}"));
        }
        let shown = forced(verified, options, schedule, PATIENCE);
        runs += 1;
        if (shown.ending.status, &shown.output) != (outcome.status, &outcome.output) {
            let Shown { ending, output, .. } = shown;
            different.push(format!("{outcome:?}\n--- was {output:?}, {ending:?}"));
        }
    }
    let goes_round = findings.failures().any(|failure| failure.property == Property::Livelock);
    let patience = if goes_round { SHORT_PATIENCE } else { PATIENCE };
    for failure in findings.failures() {
        let shown = match failure.property {
            Property::Deadlock | Property::Error | Property::Assertion | Property::Ensure => {
                forced(verified, options, &failure.story.schedule, patience)
            }
            // A real run does not look at these, and goes on in any way.
            Property::Invariant | Property::Race | Property::Livelock => continue,
        };
        runs += 1;
        let so = match failure.property {
            Property::Deadlock => {
                let beside = |found| waits_beside_another(found, &shown.ending);
                shown.ending.status == status::DEADLOCK || failure.deadlock.as_ref().is_some_and(beside)
            }
            Property::Ensure => !shown.ending.unmet.is_empty(),
            _ => {
                let kind = failure.error.as_ref().map(|uncaught| uncaught.error.kind.word());
                kind.is_some_and(|kind| shown.errors.iter().any(|error| error == kind))
            }
        };
        if !so {
            let Shown { ending, output, errors } = shown;
            let property = failure.property.word();
            different
                .push(format!("{property}: {}\n--- was {output:?}, {errors:?}, {ending:?}", failure.what));
        }
    }
    (different, runs)
}

#[test]
fn real_threads_do_what_was_found() {
    let mut runs = 0;
    for seed in seeds(150) {
        let program = generate::program(seed);
        let text = render::text(&program);
        let verified = compile(&text, &names(&program)).expect("generated programs are valid");
        let (different, made) = differences(&verified, &options(&program));
        assert!(different.is_empty(), "seed {seed}: {different:#?}\n{text}");
        runs += made;
    }
    println!("{runs} forced runs");
    assert!(runs > 0);
}

/// Threads of all kinds that wait in all ways.
const VARIED: &str = "var n = 0
lock guard
queue jobs(1)
semaphore permits(1)
thread worker(k) {
  for job in jobs { with permits { let seen = n; n = seen + job * k } }
}
timer beat after 5ms { n += 1 }
start worker(10)
start beat
jobs.put(1)
select {
  jobs.put(3) => { n += choose([100, 200]) }
  after 1ms => { n += 1000 }
}
jobs.close()
sleep 2ms
with guard { print(n) }
";

/// A recorded run that has been tampered with comes to an end too, and to no other than that or a report.
#[test]
fn what_cannot_be_followed_is_told() {
    let verified = compile(VARIED, &[]).expect("valid");
    let options =
        Options { outcomes: true, limits: Limits { states: 20_000, memory: 1 << 30 }, ..Options::default() };
    let findings = explored(&verified, &options);
    let outcome = findings.outcomes.as_ref().and_then(|outcomes| outcomes.first()).expect("one");
    let schedule = outcome.schedule.clone().expect("all were asked for");
    let legs = explore::legs(verified.clone(), &options, &schedule).expect("it was found");
    let mut told = 0;
    for at in 0..legs.legs.len() {
        for tampered in tampered(&legs, at) {
            let shown = run(&verified, tampered.clone(), PATIENCE);
            let ending = shown.ending;
            assert_ne!(ending.status, status::TIMEOUT, "leg {at}: {tampered:#?}\n{ending:#?}");
            if let Some(astray) = &ending.astray {
                assert_eq!(ending.status, status::MISUNDERSTOOD);
                assert!(astray.step >= 1 && astray.step <= astray.steps && !astray.what.is_empty());
                told += 1;
            }
        }
    }
    assert!(told > legs.legs.len(), "only {told} of them were told");
}

/// The run with one leg made wrong, in each way.
fn tampered(legs: &Legs, at: usize) -> Vec<Legs> {
    let changed = |change: &dyn Fn(&mut Legs)| {
        let mut legs = legs.clone();
        change(&mut legs);
        legs
    };
    vec![
        changed(&|legs| legs.legs[at].instructions += 1),
        changed(&|legs| legs.legs[at].instructions = legs.legs[at].instructions.saturating_sub(1)),
        changed(&|legs| legs.legs[at].thread += 1),
        changed(&|legs| legs.legs[at].thread = 0),
        changed(&|legs| legs.legs[at].times_out ^= true),
        changed(&|legs| legs.legs[at].choices.push((0, 2))),
        changed(&|legs| {
            legs.legs[at].end = if legs.legs[at].end == End::Over { End::Waits } else { End::Over }
        }),
        changed(&|legs| {
            legs.legs.remove(at);
        }),
        changed(&|legs| legs.legs.insert(at, legs.legs[at].clone())),
    ]
}
