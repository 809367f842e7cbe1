//! conc's explorer on a program, and its findings in a form that can be compared.

use crate::compare::{Failing, Found, names};
use crate::model::Program;
use crate::render;
use conc::explore::flaw::Flaw;
use conc::explore::verdict::{Findings, Verdict};
use conc::explore::{Extent, Limits, Options, Reductions, Time};
use conc::source::Source;
use std::ops::ControlFlow;
use std::sync::Arc;

/// None when the program is not valid (the shrinker takes away what others need).
pub fn found(program: &Program, reductions: Reductions) -> Option<Found> {
    judged(program, Options { reductions, ..Options::default() })
}

/// The same with a deliberate mistake of conc's.
pub fn flawed(program: &Program, flaw: Flaw) -> Option<Found> {
    judged(program, Options { flaw: Some(flaw), ..Options::default() })
}

fn judged(program: &Program, options: Options) -> Option<Found> {
    let findings = explored(program, options)?;
    let mut found = found_in(&findings);
    if let Some(limit) = findings.limit {
        found.complaint = Some(format!("not complete: {limit:?} after {} states", findings.states));
    }
    if let Some((property, _)) = findings.verdicts.iter().find(|(_, it)| matches!(it, Verdict::Unknown)) {
        found.complaint = Some(format!("{} is not known", property.word()));
    }
    Some(found)
}

/// All that conc's explorer says of as much of the space; None when the program is not valid.
pub fn explore(program: &Program, extent: Extent, seed: u64, reductions: Reductions) -> Option<Findings> {
    explored(program, Options { extent, seed, reductions, ..Options::default() })
}

pub fn explored(program: &Program, options: Options) -> Option<Findings> {
    limited(program, Options { limits: Limits { states: 2_000_000, memory: 1 << 30 }, ..options })
}

/// The same with limits of one's own.
pub fn limited(program: &Program, options: Options) -> Option<Findings> {
    let text = render::text(program);
    let (verified, _) =
        conc::pipeline::compile_keeping(Arc::new(Source::new("test", &*text)), &names(program)).ok()?;
    let options = Options {
        time: if program.idle { Time::Idle } else { Time::Any },
        outcomes: true,
        variables: names(program),
        ..options
    };
    Some(conc::explore::check(Arc::new(verified), &options, &mut |_| ControlFlow::Continue(())))
}

/// What fails, and what can come out.
pub fn found_in(findings: &Findings) -> Found {
    let mut found = Found::default();
    for failure in findings.failures() {
        let preemptions = failure.story.moments.iter().filter(|moment| moment.preempts).count();
        let kind = failure.error.as_ref().map(|uncaught| uncaught.error.kind.word().to_string());
        found.fails.insert(failure.property, Failing { preemptions: Some(preemptions as u32), kind });
    }
    // Runs that end in a deadlock or never are no good ends.
    let outcomes = findings.outcomes.iter().flatten();
    let ended = outcomes.filter(|outcome| matches!(outcome.status, 0 | 1)).cloned();
    found.outcomes = ended.map(|outcome| (outcome.output, outcome.variables, outcome.status)).collect();
    found
}

/// All reductions, each switched off by itself, and none.
pub fn settings() -> Vec<(&'static str, Reductions)> {
    let all = Reductions::ALL;
    vec![
        ("all reductions", all),
        ("no symmetry", Reductions { symmetry: false, ..all }),
        ("no merge", Reductions { merge: false, ..all }),
        ("no private", Reductions { private: false, ..all }),
        ("no memo", Reductions { memo: false, ..all }),
        ("no liveness", Reductions { liveness: false, ..all }),
        ("no reductions", Reductions::NONE),
    ]
}
