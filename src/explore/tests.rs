//! The explorer as a whole, on small programs whose spaces are known.

use super::verdict::{Findings, Property, Verdict};
use super::{Options, check};
use crate::source::Source;
use std::ops::ControlFlow;
use std::sync::Arc;

fn explore(script: &str, options: &Options) -> Findings {
    let source = Arc::new(Source::new("test.conc", script));
    let (program, _) = crate::pipeline::compile(source).unwrap_or_else(|found| panic!("{found:?}"));
    check(Arc::new(program), options, &mut |_| ControlFlow::Continue(()))
}

fn failing(findings: &Findings) -> Vec<Property> {
    findings.failures().map(|failure| failure.property).collect()
}

#[test]
fn playground() {
    let Ok(path) = std::env::var("CONC_PLAY") else { return };
    let script = std::fs::read_to_string(path).expect("a script");
    let options = Options { outcomes: std::env::var("OUT").is_ok(), ..Options::default() };
    let begin = std::time::Instant::now();
    let findings = explore(&script, &options);
    eprintln!(
        "{:?} states {} steps {} depth {} in {:?}",
        failing(&findings),
        findings.states,
        findings.steps,
        findings.depth,
        begin.elapsed()
    );
    for (property, verdict) in &findings.verdicts {
        if let Verdict::Fails(failure) = verdict {
            eprintln!("{property:?}: {} {:?}", failure.what, failure.deadlock);
            for moment in &failure.story.moments {
                eprintln!(
                    "  {}{} line {}: {:?} -> {:?}",
                    if moment.preempts { "*" } else { " " },
                    failure.story.threads[moment.thread],
                    moment.line,
                    moment.did,
                    moment.changed
                );
            }
        } else {
            eprintln!("{property:?}: {verdict:?}");
        }
    }
    for outcome in findings.outcomes.iter().flatten() {
        eprintln!("outcome {} {:?}", outcome.status, outcome.output);
    }
}
