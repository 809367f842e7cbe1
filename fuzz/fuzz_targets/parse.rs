//! Any text gives a tree and a list of errors whose places are in the text; names are resolved if there is none.
#![no_main]

use conc::source::Source;
use conc::{pipeline, syntax};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|text: &str| {
    let source = Arc::new(Source::new("fuzz", text));
    let (_, problems) = syntax::parse(&source);
    for problem in &problems {
        let range = problem.span.start as usize..problem.span.end as usize;
        assert!(text.get(range).is_some(), "{}", problem.message);
    }
    syntax::is_incomplete(text);
    let _ = pipeline::compile(source);
});
