//! Programs on real threads: whatever a real run does, the oracle has found.

use crate::model::Program;
use crate::oracle::Answer;
use crate::render;
use conc::code::verify::Verified;
use conc::report::runtime::Ending;
use conc::source::Source;
use conc::world::Stream;
use conc::world::real::{self, Input, Options, Sink, UncaughtReport};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Keeps what a program writes to standard output.
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

/// What a real run came to.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub output: String,
    /// The kinds of the errors that ended threads.
    pub errors: Vec<String>,
}

/// Runs a program in the real world.
pub fn once(verified: Arc<Verified>) -> Run {
    with(verified, Options::default()).0
}

/// The same with delays that begin with this seed, and a look for races: the cells that were raced for.
pub fn watched(verified: Arc<Verified>, seed: u64) -> (Run, Vec<String>) {
    let (run, ending) = with(verified, Options { race: true, jitter: Some(seed), ..Options::default() });
    (run, ending.races.into_iter().map(|race| race.cell).collect())
}

fn with(verified: Arc<Verified>, asked: Options) -> (Run, Ending) {
    let kept = Arc::new(Kept::default());
    let errors = Arc::new(Mutex::new(Vec::new()));
    let reported = errors.clone();
    let options = Options {
        timeout: Some(Duration::from_secs(60)),
        max_threads: 50,
        sink: kept.clone(),
        input: Input::from(std::io::empty()),
        reporter: Arc::new(move |report: &UncaughtReport| {
            reported.lock().unwrap().push(report.error.kind.word().to_string());
        }),
        ..asked
    };
    let ending = real::run(verified, options);
    let (output, errors) = (kept.0.lock().unwrap().clone(), errors.lock().unwrap().clone());
    (Run { status: ending.status, output, errors }, ending)
}

/// What the run did that the oracle says cannot be.
pub fn run(program: &Program, answer: &Answer) -> Option<String> {
    let text = render::text(program);
    let compiled = conc::pipeline::compile(Arc::new(Source::new("test", &*text)));
    let (verified, _) = compiled.unwrap_or_else(|found| panic!("refused: {found:?}\n{text}"));
    let Run { status, output, errors } = once(Arc::new(verified));
    if let Some(kind) = errors.iter().find(|kind| !answer.errors.contains_key(kind.as_str())) {
        return Some(format!("an error that cannot be: {kind}"));
    }
    let possible = match status {
        3 => answer.deadlock.is_some() || answer.partial,
        0 | 1 => answer.outcomes.iter().any(|end| end.output == output && end.status == status),
        _ => false,
    };
    (!possible).then(|| format!("status {status}, output {output:?}"))
}
