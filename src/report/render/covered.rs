//! What verdicts rest on that are no proof: runs drawn at random, or runs with few preemptions.

use super::super::Style;
use super::check::{grouped, named, sentence, states};
use super::columns::wrap;
use crate::explore::Strategy;
use crate::explore::covered::{Bound, Covered, Sample};
use crate::explore::verdict::{Findings, Property};

/// Behind a failure: in how many runs of a sample it shows.
pub fn how_often(covered: &Covered, property: Property) -> Option<String> {
    match covered {
        Covered::Everything | Covered::Answered | Covered::Preemptions(_) => None,
        Covered::Sample(sample) => match sample.runs_failing(property) {
            0 => None,
            times if times == sample.runs && times > 1 => Some(format!("in all {}", runs(times))),
            times => Some(format!("in {} of {}", grouped(times), runs(sample.runs))),
        },
    }
}

/// Which properties are not known, and why: a sentence each, to be said. `why` is the limit that was hit, if one was.
pub fn unknown(
    findings: &Findings,
    properties: &[Property],
    why: Option<String>,
    style: &Style,
) -> Vec<String> {
    match &findings.covered {
        Covered::Everything | Covered::Answered => {
            let why = why.unwrap_or_else(|| style.say("this could not be decided"));
            vec![format!("{}, as {why}; none was found", named(false, properties, style))]
        }
        Covered::Sample(sample) => {
            let made = match sample.runs {
                1 => "1 run that was drawn at random has shown none".to_string(),
                n => format!("{} runs that were drawn at random have shown none", grouped(n)),
            };
            let made = match &why {
                Some(why) => format!("{made}, then {why}"),
                None => made,
            };
            let said = |properties: &[Property]| format!("{}: {made}", named(false, properties, style));
            apart(properties, said)
        }
        Covered::Preemptions(bound) => {
            apart(properties, |properties| within(*bound, properties, findings, why.as_deref(), style))
        }
    }
}

/// Livelocks are told for themselves: few runs show one, when all ways on from there are known.
fn apart(properties: &[Property], said: impl FnOnce(&[Property]) -> String) -> Vec<String> {
    let others: Vec<Property> = properties.iter().copied().filter(|it| *it != Property::Livelock).collect();
    let mut sentences = Vec::new();
    if !others.is_empty() {
        sentences.push(said(&others));
    }
    if properties.contains(&Property::Livelock) {
        sentences.push(match properties.contains(&Property::Deadlock) {
            true => "livelock, deadlock among some threads: only the whole space shows that there is none"
                .to_string(),
            false => "livelock: only the whole space shows that there is none".to_string(),
        });
    }
    sentences
}

fn within(
    bound: Bound,
    properties: &[Property],
    findings: &Findings,
    why: Option<&str>,
    style: &Style,
) -> String {
    let named = named(false, properties, style);
    let met = states(findings.states);
    match (bound.finished, why) {
        (Some(finished), None) => {
            format!("{named} beyond {}; within that none was found, in {met}", preemptions(finished))
        }
        (Some(finished), Some(why)) => {
            format!("{named} beyond {}, as {why}; none was found", preemptions(finished))
        }
        (None, why) => {
            let undecided = style.say("this could not be decided");
            let why = why.unwrap_or(&undecided);
            format!("{named}, as {why} before all runs without a preemption were covered; none was found")
        }
    }
}

fn preemptions(n: u32) -> String {
    if n == 1 { "1 preemption".to_string() } else { format!("{n} preemptions") }
}

pub fn runs(n: u64) -> String {
    if n == 1 { "1 run".to_string() } else { format!("{} runs", grouped(n)) }
}

fn steps(n: u64) -> String {
    if n == 1 { "1 step".to_string() } else { format!("{} steps", grouped(n)) }
}

/// What a sample came to, and what it is worth.
pub fn sample(sample: &Sample, taken: u64, style: &Style, width: usize) -> String {
    let how = match sample.strategy {
        Strategy::Walk => "a plain walk: each thread that can move is as likely as the others".to_string(),
        Strategy::Uniform => {
            "uniform: each interleaving is as likely as the others where nobody has to wait".to_string()
        }
        Strategy::Pos => "pos: each order of steps that depend on each other can come".to_string(),
        Strategy::Pct { depth } => format!("pct, depth {depth}"),
        Strategy::Turns => format!("uniform, pos and pct (depth {}) in turn", Strategy::DEPTH),
    };
    let mut text = sentence("sample:", Style::bold, &style.say(how), style, width);
    if let Some(depth) = sample.strategy.depth()
        && sample.by_priorities > 0
        && sample.cut == 0
    {
        text += &sentence("sample:", Style::bold, &style.say(guarantee(sample, depth)), style, width);
    }
    if sample.cut > 0 {
        let cut = match sample.cut {
            1 => "1 run was".to_string(),
            n => format!("{} runs were", grouped(n)),
        };
        let said = format!(
            "{cut} cut after {} steps (--max-steps) and may be endless: what comes later in them was not seen",
            grouped(sample.most_steps)
        );
        text += &sentence("cut:", Style::remark, &style.say(said), style, width);
    }
    let made = match sample.runs < sample.asked {
        true => format!("{} of {}", grouped(sample.runs), runs(sample.asked)),
        false => runs(sample.runs),
    };
    let threads =
        if sample.threads == 1 { "1 thread".to_string() } else { format!("{} threads", sample.threads) };
    let (seed, taken) = (sample.seed, steps(taken));
    let summary = match sample.longest {
        0 => format!("{made} with seed {seed}, {taken} in all, at most {threads} in a run"),
        n => {
            let longest = steps(n);
            format!("{made} with seed {seed}, {taken} in all, at most {longest} and {threads} in a run")
        }
    };
    text + &wrap(&style.say(summary), width).join("\n") + "\n"
}

/// What PCT promises.
fn guarantee(sample: &Sample, depth: u32) -> String {
    let orders = match depth {
        1 => "1 pair of steps".to_string(),
        n => format!("{n} pairs of steps"),
    };
    format!(
        "a failure that takes the right order of {orders} shows in a run of pct with a chance of at least 1 in {}, so \
         all {} miss it with a chance of {}",
        grouped(sample.one_in(depth).ceil() as u64),
        grouped(sample.by_priorities),
        percent(sample.missed(depth))
    )
}

/// With three digits that mean something.
fn percent(chance: f64) -> String {
    let percent = chance * 100.0;
    match percent {
        _ if percent >= 10.0 => format!("at most {percent:.1} %"),
        _ if percent >= 0.001 => format!("at most {percent:.3} %"),
        _ => "less than 0.001 %".to_string(),
    }
}
