//! What constructs become: the listing of the function `f` of each script.

use crate::code::listing::listing;
use crate::source::Source;
use std::sync::Arc;

mod calls;
mod control;
mod values;
mod variables;
mod waiting;

fn of_f(text: &str) -> String {
    of("f", text)
}

fn of(name: &str, text: &str) -> String {
    let source = Arc::new(Source::new("test", text));
    let (script, errors) = crate::syntax::parse(&source);
    assert!(errors.is_empty(), "{text}: {errors:?}");
    let (resolution, _) = crate::resolve::resolve(&script, &source);
    let program = super::lower(&source, &script, &resolution).expect("it is small");
    let function =
        program.functions.iter().find(|function| &*function.name == name).expect("such a function");
    listing(&program, function)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = of_f(text);
    assert_eq!(found.trim_end(), expected.trim_matches('\n'), "\n{text}\n{found}");
}
