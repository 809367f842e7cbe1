//! Random programs that are valid: they mean what a second, plain interpreter says.
//!
//! `CONC_CASES=20000 cargo test --test programs` runs more of them; `CONC_SEED=n` begins with another.

mod concurrent;
mod generate;
mod oracle;
mod running;

use conc::source::Source;
use conc::{pipeline, syntax};
use running::{run, seeds};
use std::sync::Arc;
use std::time::Duration;

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
