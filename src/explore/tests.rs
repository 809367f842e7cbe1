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
    if std::env::var("DUMP").is_ok() {
        let source = Arc::new(Source::new("test.conc", &*script));
        let (program, _) = crate::pipeline::compile(source).unwrap_or_else(|found| panic!("{found:?}"));
        let program = Arc::new(program);
        let mut steps = super::steps::Steps::new(program.clone(), &options);
        let rules = &steps.rules;
        eprintln!(
            "names {} clock {} watched {} ends {} merge {} shared {:?} symbols {:?}",
            rules.names,
            rules.clock,
            rules.watched,
            rules.ends,
            rules.merge,
            rules.shared_globals,
            program.symbols
        );
        let (graph, ..) = steps.initial();
        let mut open = vec![graph];
        let mut seen = std::collections::HashSet::new();
        while let Some(graph) = open.pop() {
            if !seen.insert(graph.hash()) || seen.len() > 3000 {
                continue;
            }
            eprintln!("STATE seats {}", graph.seats);
            for node in 0..graph.len() {
                let label = graph.label(node);
                eprintln!(
                    "  {node}: {label} {:?} {:?} shared {} {:?}",
                    steps.labels.facts(label).tag,
                    graph.refs(node),
                    graph.labels[node] >> 31,
                    String::from_utf8_lossy(steps.labels.content(label)).chars().take(60).collect::<String>()
                );
            }
            let mut tried = Vec::new();
            super::search::tries(&mut steps, &graph, &mut tried);
            for one in &tried {
                if let super::steps::Effect::Change(change) = &one.outcome.kind {
                    let (mut work, mut next) = Default::default();
                    steps.apply(&graph, one.seat, change, &mut work, &mut next);
                    open.push(next);
                }
            }
        }
    }
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
