//! The outcomes that a script can come to.

use super::super::Style;
use super::check::sentence;
use super::columns::wrap;
use super::{clauses, clean, covered};
use crate::explore::verdict::Outcome;

/// Of many outcomes, and of many lines of one, how many are shown.
const SHOWN: usize = 50;
const LINES_SHOWN: usize = 40;

pub fn outcomes(outcomes: &[Outcome], complete: bool, style: &Style, width: usize) -> String {
    let size = match outcomes.len() {
        0 if complete => "none, as no run comes to an end".to_string(),
        0 => "none was found yet".to_string(),
        1 if complete => "always the same one".to_string(),
        1 => "1 was found, there may be more".to_string(),
        n if complete => format!("{n} different ones"),
        n => format!("{n} different ones were found, there may be more"),
    };
    let mut text = sentence("outcomes:", Style::bold, &style.say(size), style, width);
    let digits = outcomes.len().min(SHOWN).to_string().len();
    for (index, outcome) in outcomes.iter().take(SHOWN).enumerate() {
        let number = format!("  {:>digits$}  ", index + 1);
        let indent = " ".repeat(number.len());
        for (row, (bar, line)) in lines(outcome, style).iter().enumerate() {
            let before = if row == 0 { &number } else { &indent };
            for (part, piece) in wrap(line, width.saturating_sub(number.len() + bar.len())).iter().enumerate()
            {
                let before = if part == 0 { before } else { &indent };
                let bar = if piece.trim().is_empty() { bar.trim_end() } else { bar };
                text += format!("{before}{}{}", style.frame(bar), piece.trim_end()).trim_end();
                text.push('\n');
            }
        }
    }
    if outcomes.len() > SHOWN {
        text += &style.say(format!("  … and {} more\n", outcomes.len() - SHOWN));
    }
    text
}

/// Variables and exit status, then the output; each with what stands before it.
fn lines(outcome: &Outcome, style: &Style) -> Vec<(&'static str, String)> {
    let mut parts: Vec<String> =
        outcome.variables.iter().map(|(name, value)| clean(&format!("{name} = {value}"))).collect();
    if outcome.status != 0 {
        parts.push(style.say(format!("exit status {}", outcome.status)));
    }
    if let Some(runs) = outcome.runs {
        parts.push(style.say(format!("in {}", covered::runs(runs))));
    }
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(("", clauses(&parts, style)));
    }
    let printed = outcome.output.lines().count();
    lines.extend(outcome.output.lines().take(LINES_SHOWN).map(|line| ("| ", clean(line))));
    if printed > LINES_SHOWN {
        lines.push(("", style.say(format!("… and {} more lines", printed - LINES_SHOWN))));
    }
    if lines.is_empty() {
        lines.push(("", style.say("prints nothing")));
    }
    lines
}
