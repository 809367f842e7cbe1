//! A schedule file is read or refused with a place, whatever stands in it.
#![no_main]

use conc::explore::schedule;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(mistake) = schedule::read(text) {
        let range = mistake.span.start as usize..mistake.span.end as usize;
        assert!(text.get(range).is_some(), "{}", mistake.message);
    }
});
