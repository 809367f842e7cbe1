//! Exploring a script ends with verdicts, or at a limit.
#![no_main]

use conc::explore::verdict::Limit;
use conc::explore::{self, Limits, Options};
use conc::memory;
use conc::pipeline;
use conc::source::Source;
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Scripts that take ever more memory get an error, as under the command.
#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

fuzz_target!(|text: &str| {
    memory::set_limit(512 << 20);
    let Ok((program, _)) = pipeline::compile(Arc::new(Source::new("fuzz", text))) else { return };
    let limits = Limits { states: 300, memory: 64 << 20 };
    let options = Options { limits, outcomes: true, ..Options::default() };
    let end = Instant::now() + Duration::from_millis(500);
    explore::check(Arc::new(program), &options, &mut |_| {
        if Instant::now() < end { ControlFlow::Continue(()) } else { ControlFlow::Break(Limit::Time) }
    });
});
