//! Random programs that are nearly valid, and hostile ones: they break nothing. Each goes through all of it: parse, resolve,
//! format, run.
//!
//! `CONC_CASES=20000 cargo test --test hostile_programs` runs more of them; `CONC_SEED=n` begins with another.

mod hostile;
mod mutate;
#[path = "../programs/running.rs"]
mod running;

use conc::source::Source;
use conc::syntax::format::Refused;
use conc::{memory, syntax};
use running::{compile, run, seeds};
use std::time::{Duration, Instant};

/// Programs that take ever more memory get an error, as under the command.
#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

/// What can be parsed can be formatted, means the same, and is not changed a second time.
fn formatted(text: &str) {
    let format = |text: &str| syntax::format::format(&Source::new("test", text));
    match format(text) {
        Ok(once) => {
            assert_eq!(format(&once).expect("a script"), once, "of\n{text}");
            assert_eq!(compile(&once).is_some(), compile(text).is_some(), "{once}\nof\n{text}");
        }
        Err(Refused::Errors(errors)) => assert!(!errors.is_empty() && compile(text).is_none(), "{text}"),
        Err(Refused::Changed) => panic!("it would mean something else:\n{text}"),
    }
}

/// Formats and runs each; how many of them ran. They end in time, and none shows a mistake in the interpreter.
fn break_nothing(texts: impl Iterator<Item = (u64, String)>) -> u32 {
    memory::set_limit(512 << 20);
    let mut ran = 0;
    for (seed, text) in texts {
        let start = Instant::now();
        formatted(&text);
        if let Some((_, errors, _)) = run(&text, Duration::from_millis(200)) {
            ran += 1;
            for error in errors {
                assert!(!error.contains("interpreter"), "seed {seed}: {error}\n{text}");
            }
        }
        assert!(start.elapsed() < Duration::from_secs(20), "seed {seed} took {:?}\n{text}", start.elapsed());
    }
    ran
}

#[test]
fn nearly_valid_programs_break_nothing() {
    let scripts = mutate::scripts();
    assert!(scripts.len() > 100);
    assert!(break_nothing(seeds(300).map(|seed| (seed, mutate::script(&scripts, seed)))) > 0);
}

#[test]
fn hostile_programs_break_nothing() {
    let ran = break_nothing(seeds(100).map(|seed| (seed, hostile::program(seed))));
    assert!(ran > 50, "most of them are valid: {ran}");
}
