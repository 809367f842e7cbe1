//! Random programs: those that are valid mean what a second, plain interpreter says; nearly valid ones break nothing.
//!
//! `CONC_CASES=20000 cargo test --test programs` runs more of them; `CONC_SEED=n` begins with another.

mod concurrent;
mod generate;
mod mutate;
mod oracle;

use conc::code::verify::Verified;
use conc::report::runtime::Ending;
use conc::source::Source;
use conc::world::Stream;
use conc::world::real::{self, Input, Options, Sink, UncaughtReport};
use conc::{pipeline, syntax};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Keeps what a program writes.
#[derive(Default)]
struct Kept(Mutex<String>);

impl Sink for Kept {
    fn write(&self, _: Stream, text: &str) -> std::io::Result<()> {
        let mut kept = self.0.lock().unwrap();
        if kept.len() < 1 << 20 {
            kept.push_str(text);
        }
        Ok(())
    }
}

/// A panic of the interpreter, with the script that caused it.
fn compile(text: &str) -> Option<Verified> {
    let compiled = std::panic::catch_unwind(|| pipeline::compile(Arc::new(Source::new("test", text))).ok());
    compiled.unwrap_or_else(|_| panic!("a panic while this is compiled:\n{text}")).map(|(program, _)| program)
}

/// What a run has come to: its output, the errors that nothing caught, and its end. None when it does not compile.
fn run(text: &str, timeout: Duration) -> Option<(String, Vec<String>, Ending)> {
    let program = compile(text)?;
    let kept = Arc::new(Kept::default());
    let errors = Arc::new(Mutex::new(Vec::new()));
    let reported = errors.clone();
    let options = Options {
        timeout: Some(timeout),
        max_threads: 50,
        sink: kept.clone(),
        input: Input::from(std::io::empty()),
        reporter: Arc::new(move |report: &UncaughtReport| {
            reported.lock().unwrap().push(format!("{}: {}", report.error.kind.word(), report.error.message));
        }),
        seed: Some(1),
        ..Options::default()
    };
    let ending = real::run(Arc::new(program), options);
    let (output, errors) = (kept.0.lock().unwrap().clone(), errors.lock().unwrap().clone());
    Some((output, errors, ending))
}

fn seeds(cases: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("CONC_SEED").unwrap_or(0);
    first..first + number("CONC_CASES").unwrap_or(cases)
}

/// Formatting compares the trees itself, and refuses what would change.
#[test]
fn programs_are_formatted() {
    for seed in seeds(300) {
        let text = generate::program(seed);
        let format = |text: &str| syntax::format::format(&Source::new("test", text)).expect("formatted");
        let once = format(&text);
        assert_eq!(format(&once), once, "seed {seed}");
        assert_eq!(format(&text.replace("    ", "\t")), once, "seed {seed}");
    }
}

#[test]
fn programs_mean_what_the_oracle_says() {
    let (mut judged, mut ended_well) = (0, 0);
    for seed in seeds(300) {
        let text = generate::program(seed);
        let (script, problems) = syntax::parse(&Source::new("test", &*text));
        assert!(problems.is_empty(), "seed {seed}: {problems:?}\n{text}");
        let Ok((output, error)) = oracle::run(&script) else { continue };
        let Some((found, errors, ending)) = run(&text, Duration::from_secs(20)) else {
            let found = pipeline::compile(Arc::new(Source::new("test", &*text))).err();
            panic!("seed {seed} is refused: {found:?}\n{text}");
        };
        let kind = errors.first().map(|error| error.split(':').next().unwrap_or_default().to_string());
        assert!(
            found == output && kind == error && ending.status == i32::from(error.is_some()),
            "seed {seed}\n{text}\n--- oracle, {error:?}:\n{output}\n--- conc, {errors:?}, {}:\n{found}",
            ending.status
        );
        judged += 1;
        ended_well += u64::from(error.is_none());
    }
    assert!(judged > 0 && ended_well > 0, "{judged} judged, {ended_well} ended well");
}

#[test]
fn nearly_valid_programs_break_nothing() {
    let scripts = mutate::scripts();
    assert!(scripts.len() > 100);
    let mut ran = 0;
    for seed in seeds(300) {
        let text = mutate::script(&scripts, seed);
        let start = Instant::now();
        if let Some((_, errors, _)) = run(&text, Duration::from_millis(200)) {
            ran += 1;
            for error in errors {
                assert!(!error.contains("interpreter"), "seed {seed}: {error}\n{text}");
            }
        }
        assert!(start.elapsed() < Duration::from_secs(20), "seed {seed} took {:?}\n{text}", start.elapsed());
    }
    assert!(ran > 0);
}

#[test]
fn programs_of_many_threads_end_well() {
    for seed in seeds(150) {
        let (text, expected) = concurrent::program(seed);
        let Some((output, errors, ending)) = run(&text, Duration::from_secs(60)) else {
            let found = pipeline::compile(Arc::new(Source::new("test", &*text))).err();
            panic!("seed {seed} is refused: {found:?}\n{text}");
        };
        assert!(
            ending.status == 0 && output == expected && errors.is_empty(),
            "seed {seed}: {output:?} {errors:?} {ending:?}\n{text}"
        );
    }
}
