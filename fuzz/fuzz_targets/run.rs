//! A run ends, whatever the script: with an output, an error or a limit.
#![no_main]

use conc::memory;
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

/// Scripts that take ever more memory get an error, as under the command.
#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

fuzz_target!(|text: &str| {
    // Processes would be copies of the fuzzer.
    if ["process", "fork"].iter().any(|word| text.contains(word)) {
        return;
    }
    memory::set_limit(512 << 20);
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
