//! What an exploration found, as JSON. The names in it never change their meaning; new ones may be added.

use super::advice;
use super::snippet;
use super::story::{plainest, preemptions};
use crate::explore::covered::Covered;
use crate::explore::schedule::labels;
use crate::explore::verdict::{
    Access, Advice, Failure, Findings, Limit, Moment, Outcome, Plainest, Race, Schedule, Story, Uncaught,
    Verdict,
};
use crate::report::runtime::Deadlock;
use crate::source::{Source, Span};
use serde_json::{Value, json};

/// One object, followed by a newline. `docs/data.md` tells what its fields are.
pub fn json(findings: &Findings, source: &Source) -> String {
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails(_) => "fails",
        Verdict::Unknown => "unknown",
    };
    let verdicts: Vec<Value> = findings
        .verdicts
        .iter()
        .map(|(property, found)| {
            let failure = match found {
                Verdict::Fails(found) => failure(found, source),
                Verdict::Holds | Verdict::Unknown => Value::Null,
            };
            json!({ "property": property.word(), "verdict": verdict(found), "failure": failure })
        })
        .collect();
    let outcomes = findings.outcomes.as_ref().map(|found| found.iter().map(outcome).collect::<Vec<_>>());
    let found = findings.outcomes.iter().flatten();
    let missing = found.filter(|outcome| outcome.schedule.is_none()).count();
    let all = json!({
        "version": 1,
        "script": &*source.name,
        "status": findings.status(),
        "complete": findings.complete(),
        "limit": findings.limit.map(limit),
        "states": findings.states,
        "steps": findings.steps,
        "depth": findings.depth,
        "verdicts": verdicts,
        "sample": sample(&findings.covered),
        "bound": bound(&findings.covered),
        "outcomes": outcomes,
        "schedules_missing": missing,
        "advice": findings.advice.iter().map(advice::sentence).collect::<Vec<_>>(),
        "growth": findings.advice.iter().filter_map(growth).collect::<Vec<_>>(),
    });
    format!("{all:#}\n")
}

fn growth(advice: &Advice) -> Option<Value> {
    match advice {
        Advice::Values { name, values } => Some(json!({ "cause": "values", "name": name, "count": values })),
        Advice::Loop { line, ways } => Some(json!({ "cause": "loop", "line": line, "count": ways })),
        Advice::Large { thread, line, bytes } => {
            Some(json!({ "cause": "memory", "thread": thread, "line": line, "count": bytes }))
        }
        Advice::Part => None,
    }
}

fn sample(covered: &Covered) -> Value {
    let Covered::Sample(sample) = covered else { return Value::Null };
    let depth = sample.strategy.depth();
    let failing = sample.failing.iter().map(|(property, runs)| (property.word().to_string(), json!(runs)));
    json!({
        "strategy": sample.strategy.word(),
        "depth": depth,
        "seed": sample.seed,
        "runs": sample.runs,
        "asked": sample.asked,
        "cut": sample.cut,
        "most_steps": sample.most_steps,
        "threads": sample.threads,
        "longest": sample.longest,
        "by_priorities": sample.by_priorities,
        "missed": depth.map(|depth| sample.missed(depth)),
        "failing": failing.collect::<serde_json::Map<String, Value>>(),
    })
}

fn bound(covered: &Covered) -> Value {
    let Covered::Preemptions(bound) = covered else { return Value::Null };
    json!({ "asked": bound.asked, "finished": bound.finished })
}

fn limit(limit: Limit) -> Value {
    json!(match limit {
        Limit::States => "states",
        Limit::Time => "time",
        Limit::Memory => "memory",
        Limit::Stopped => "stopped",
    })
}

fn failure(failure: &Failure, source: &Source) -> Value {
    json!({
        "what": failure.what,
        "place": failure.place.map(|span| place(span, source)),
        "deadlock": failure.deadlock.as_ref().map(deadlock),
        "error": failure.error.as_ref().map(|uncaught| error(uncaught, source)),
        "race": failure.race.as_ref().map(|found| race(found, source)),
        "preemptions": preemptions(&failure.story),
        "story": story(&failure.story, source),
        "least": plainest(failure) == Plainest::OfAll,
        "loop_from": failure.loop_from,
    })
}

fn deadlock(deadlock: &Deadlock) -> Value {
    let threads: Vec<Value> = deadlock
        .threads
        .iter()
        .map(|stuck| {
            json!({
                "thread": &*stuck.thread,
                "holds": held(&stuck.holds),
                "waits": stuck.waits,
                "line": stuck.line,
            })
        })
        .collect();
    json!({ "cycle": deadlock.cycle, "threads": threads, "notes": deadlock.notes })
}

fn error(uncaught: &Uncaught, source: &Source) -> Value {
    let error = &uncaught.error;
    let raised = error.place.get();
    let calls = raised.map_or(&[][..], |raised| &raised.calls);
    let calls: Vec<Value> =
        calls.iter().map(|(function, line)| json!({ "function": &**function, "line": line })).collect();
    json!({
        "thread": &*uncaught.thread,
        "kind": error.kind.word(),
        "code": error.kind.code().to_string(),
        "message": error.message,
        "place": raised.map(|raised| place(raised.span, source)),
        "raised_in": raised.map(|raised| &*raised.thread),
        "calls": calls,
        "calls_left_out": raised.map_or(0, |raised| raised.left_out),
        "notes": error.notes,
        "hints": error.hints,
        "holds": held(&uncaught.holds),
    })
}

fn race(race: &Race, source: &Source) -> Value {
    let access = |access: &Access| {
        json!({
            "thread": &*access.thread,
            "line": access.line,
            "place": place(access.span, source),
            "write": access.write,
            "holds": access.holds,
        })
    };
    json!({ "cell": race.cell, "accesses": race.accesses.iter().map(access).collect::<Vec<_>>() })
}

fn story(story: &Story, source: &Source) -> Value {
    let threads: Vec<Value> = story
        .threads
        .iter()
        .zip(labels(&story.threads))
        .map(|(name, label)| json!({ "name": name, "label": label }))
        .collect();
    let moments: Vec<Value> = story.moments.iter().map(|told| moment(told, source)).collect();
    let ahead = story
        .ahead
        .iter()
        .map(|next| json!({ "thread": next.thread, "line": next.line, "does": next.does }))
        .collect::<Vec<Value>>();
    json!({ "threads": threads, "moments": moments, "ahead": ahead, "schedule": schedule(&story.schedule) })
}

fn moment(moment: &Moment, source: &Source) -> Value {
    let changed: Vec<Value> =
        moment.changed.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "thread": moment.thread,
        "line": moment.line,
        "place": place(moment.span, source),
        "did": moment.did,
        "next": moment.next,
        "preempts": moment.preempts,
        "changed": changed,
        "output": moment.output,
    })
}

fn outcome(outcome: &Outcome) -> Value {
    let variables: serde_json::Map<String, Value> =
        outcome.variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "output": outcome.output,
        "variables": variables,
        "status": outcome.status,
        "schedule": outcome.schedule.as_ref().map(schedule),
        "runs": outcome.runs,
    })
}

fn schedule(schedule: &Schedule) -> Value {
    let turns = schedule.turns.iter();
    turns
        .map(|turn| json!({ "thread": turn.thread, "timeout": turn.times_out, "choices": turn.choices }))
        .collect()
}

/// Label and line of acquisition.
fn held(holds: &[(String, u32)]) -> Vec<Value> {
    holds.iter().map(|(label, line)| json!({ "label": label, "line": line })).collect()
}

fn place(span: Span, source: &Source) -> Value {
    let range = snippet::fit(span, &source.text);
    let (line, column) = source.line_column(range.start as u32);
    let (end_line, end_column) = source.line_column(range.end as u32);
    json!({
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": range.start,
        "end": range.end,
        "text": &source.text[range],
    })
}
