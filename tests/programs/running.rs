//! Compiling and running a program of a test.

use conc::code::verify::Verified;
use conc::pipeline;
use conc::report::runtime::Ending;
use conc::source::Source;
use conc::world::Stream;
use conc::world::real::{self, Input, Options, Sink, UncaughtReport};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
pub fn compile(text: &str) -> Option<Verified> {
    let compiled = std::panic::catch_unwind(|| pipeline::compile(Arc::new(Source::new("test", text))).ok());
    compiled.unwrap_or_else(|_| panic!("a panic while this is compiled:\n{text}")).map(|(program, _)| program)
}

/// What a run has come to: its output, the errors that nothing caught, and its end. None when it does not compile.
pub fn run(text: &str, timeout: Duration) -> Option<(String, Vec<String>, Ending)> {
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

pub fn seeds(cases: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("CONC_SEED").unwrap_or(0);
    first..first + number("CONC_CASES").unwrap_or(cases)
}
