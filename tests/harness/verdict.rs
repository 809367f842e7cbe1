//! Explores a script through the library and holds what was found against its line `# check:`.
//!
//! The words of that line: `holds`, or the properties that fail, each by its word (`race`, `deadlock` …); `not known`
//! when a limit was hit before the rest could be told; `refused` for an error by which the simulated world refuses what
//! it cannot do (files).

use super::expectation;
use conc::explore::verdict::{Failure, Findings, Verdict};
use conc::explore::{Limits, Options, check as explore};
use conc::pipeline;
use conc::source::Source;
use conc::value::error::Kind;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Enough for every example that can be covered, and soon reached by the others.
const MOST_STATES: u64 = 200_000;

/// Ok when exploring the script tells what its comments say.
pub fn check(script: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(script).map_err(|error| format!("cannot read it: {error}"))?;
    let Some(expected) = expectation::verdict(&text)? else {
        return Err("it does not say what a check tells of it: add a line `# check: …`".to_string());
    };
    let findings = findings(script, &text)?;
    let found = words(&findings);
    if found == expected {
        return Ok(());
    }
    let mut wrong = format!("expected `{}`, found `{}`", expected.join(", "), found.join(", "));
    for failure in findings.failures() {
        wrong.push_str(&format!("\n      {}: {}", failure.property.word(), failure.what));
    }
    Err(wrong)
}

fn findings(script: &Path, text: &str) -> Result<Findings, String> {
    let source = Arc::new(Source::new(script.display().to_string(), text));
    let (program, _) = pipeline::compile(source).map_err(|_| "it has mistakes".to_string())?;
    let defaults = Options::default();
    let options = Options { limits: Limits { states: MOST_STATES, ..defaults.limits }, ..defaults };
    Ok(explore(Arc::new(program), &options, &mut |_| ControlFlow::Continue(())))
}

/// What was found, in the words of a line `# check:`, sorted.
fn words(findings: &Findings) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (_, verdict) in &findings.verdicts {
        match verdict {
            Verdict::Holds => {}
            Verdict::Unknown => words.push("not known".to_string()),
            Verdict::Fails(failure) => words.push(word(failure).to_string()),
        }
    }
    if words.is_empty() {
        words.push("holds".to_string());
    }
    words.sort();
    words.dedup();
    words
}

fn word(failure: &Failure) -> &'static str {
    match &failure.error {
        Some(uncaught) if uncaught.error.kind == Kind::Refused => "refused",
        Some(_) | None => failure.property.word(),
    }
}
