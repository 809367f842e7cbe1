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

/// One object, followed by a newline:
///
/// - `version`: 1; grows when a field changes its meaning.
/// - `script`: the script's name as it was given.
/// - `status`: the exit status of `conc check`.
/// - `complete`: every state was covered; false also where a search ended since all that was asked for had failed.
/// - `limit`: null, or what ended the exploration early: `states`, `time`, `memory` or `stopped`.
/// - `states`, `steps`, `depth`: how many were seen; the most steps from the start to a state by the shortest way.
/// - `verdicts`: a list, of what was asked for, each `{property, verdict, failure}`. `property` is `deadlock`, `error`, `assertion`, `invariant`,
///   `ensure`, `livelock` or `race`; `verdict` is `holds`, `fails` or `unknown`; `failure` is null unless it fails.
/// - `sample`: null, or what was drawn at random: `{strategy, depth, seed, runs, asked, cut, most_steps, threads, longest,
///   by_priorities, missed, failing}`. `depth` is null or for how many pairs of steps in order the strategy gives a
///   guarantee, `cut` how many runs were cut after `most_steps` steps, `threads` and `longest` the most threads and steps of
///   a run, `by_priorities` how many runs PCT drew that knew the longest, `missed` (null without a depth) the chance at most that none of these
///   shows a failure of that depth, `failing` an object from property to the number of runs in which it failed.
/// - `bound`: null, or `{asked, finished}`: the most preemptions that were asked for, and those up to which all runs were
///   covered (null when a limit was hit before that).
/// - `outcomes`: null when they were not asked for, else a list, each `{output, variables, status, schedule, runs}`;
///   `variables` is an object from name to value, as `print` shows it; `schedule` is null where there was no time to make
///   it; `runs` is null, or how many runs of the sample came to it.
/// - `schedules_missing`: how many of the outcomes have no schedule.
/// - `advice`: a list of sentences: what makes the space large, and what to try; empty unless a limit was hit.
/// - `growth`: the same as data, a list of `{cause: "values", name, count}` and `{cause: "loop", line, count}`.
///
/// A *place* is `{line, column, end_line, end_column, start, end, text}`: lines and columns (in characters) from 1, the end
/// behind the last character, `start` and `end` in bytes from 0, and the script's text there.
///
/// A *failure*:
///
/// - `what`: a sentence; `place`: a place or null.
/// - `deadlock`: null or `{cycle, threads, notes}`; each thread is `{thread, holds, waits, line}`.
/// - `error`: null or `{thread, kind, code, message, place, raised_in, calls, notes, hints, holds}`: `thread` is the one that
///   it ended, `raised_in` the one in which it was raised, `calls` the calls that led there, innermost first, each
///   `{function, line}`.
/// - `race`: null or `{cell, accesses}`, two of them, each `{thread, line, place, write, holds}`; `holds` is a list of labels.
/// - `preemptions`: how many moments of the story interrupt another thread.
/// - `story`: `{threads, moments, schedule}`, `threads` in the order of their starts, each `{name, label}`, where labels
///   differ even if names do not; each moment is `{thread, line, place, did, next, preempts, changed, output}`: `thread` an
///   index, `did` a list of texts, `next` a text or null, `changed` a list of `{name, value}`.
/// - `least`: no other story takes fewer interruptions; false when there were too many to tell.
/// - `loop_from`: null, or the index of the moment from which a livelock goes round.
///
/// `holds` of a deadlock's thread and of an error is a list of `{label, line}`, the line of acquisition. A *schedule* is a
/// list of turns, each `{thread, timeout, choices}`: an index, a bool, a list of numbers from 0. A line of 0 is not known.
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
