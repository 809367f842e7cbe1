//! What can be parsed can be formatted, means the same, and is not changed a second time.
#![no_main]

use conc::source::Source;
use conc::syntax::format::{Refused, format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match format(&Source::new("fuzz", text)) {
        Ok(once) => {
            let twice = format(&Source::new("fuzz", &*once)).expect("a script");
            assert_eq!(once, twice);
        }
        Err(Refused::Errors(errors)) => assert!(!errors.is_empty()),
        Err(Refused::Changed) => panic!("it would mean something else"),
    }
});
