//! A run ends, whatever the script: with an output, an error or a limit.
#![no_main]

use conc::pipeline;
use conc::source::Source;
use conc::world::Stream;
use conc::world::real::{self, Input, Options, Sink};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use std::time::Duration;

struct Nowhere;

impl Sink for Nowhere {
    fn write(&self, _: Stream, _: &str) -> std::io::Result<()> {
        Ok(())
    }
}

fuzz_target!(|text: &str| {
    // Processes would be copies of the fuzzer.
    if ["process", "fork"].iter().any(|word| text.contains(word)) {
        return;
    }
    let Ok((program, _)) = pipeline::compile(Arc::new(Source::new("fuzz", text))) else { return };
    let options = Options {
        timeout: Some(Duration::from_millis(200)),
        max_threads: 20,
        sink: Arc::new(Nowhere),
        input: Input::from(std::io::empty()),
        seed: Some(1),
        ..Options::default()
    };
    real::run(Arc::new(program), options);
});
