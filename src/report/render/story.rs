//! A counterexample as a drawing: a column for each thread, a row for each moment; or, where too many threads
//! take part for the width, a list with the thread's name in every row.

use super::super::Style;
use super::clean;
use super::columns::{Row, Table};
use crate::explore::schedule;
use crate::explore::verdict::{Ahead, Failure, Moment, Plainest, Story};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

/// Where the thread that moved before was interrupted.
pub const PREEMPTED: &str = ">>";
/// The mark and a space.
const MARGIN: usize = 3;
/// A thread's column is never narrower, unless that is all it needs: a list is easier to read then.
const NARROWEST: usize = 16;
/// Of a long story, how many rows are shown of its beginning, and of its end.
const FIRST_ROWS: usize = 50;
const LAST_ROWS: usize = 250;
/// Of a text, such as the new value of a long list, how many characters are shown.
const LONGEST: usize = 200;
/// Of what one row prints (a thread that is alone goes thousands of rounds in one), how many lines are shown of the
/// beginning, and of the end.
const FIRST_LINES: usize = 8;
const LAST_LINES: usize = 3;

/// A row of the drawing before it is laid out.
struct Told {
    thread: usize,
    line: u32,
    did: Vec<String>,
    effects: Vec<String>,
    preempts: bool,
    /// The first row of those that the thread does without a switch.
    first: bool,
    /// It ends with what the thread has not done yet.
    foretold: bool,
}

/// Empty for a story in which nothing is told. `loop_from` is the moment from which it goes round for ever.
pub fn story(story: &Story, loop_from: Option<usize>, style: &Style, width: usize) -> String {
    let (mut told, loop_row) = tell(story, loop_from, style);
    if told.is_empty() {
        return String::new();
    }
    look_ahead(&story.ahead, &mut told, style);
    let names: Vec<String> = schedule::labels(&story.threads).iter().map(|name| clean(name)).collect();
    let columns = table(&told, loop_row, &names, true, style).render(width, NARROWEST, style);
    columns
        .or_else(|| table(&told, loop_row, &names, false, style).render(width, 1, style))
        .unwrap_or_default()
}

/// How many threads are interrupted in it.
pub fn preemptions(story: &Story) -> usize {
    story.moments.iter().filter(|moment| moment.preempts).count()
}

/// Whether it is the plainest story. One in which nobody is interrupted is, if none with fewer steps is plainer.
pub fn plainest(failure: &Failure) -> Plainest {
    match failure.plainest {
        Plainest::OfShort if preemptions(&failure.story) == 0 => Plainest::OfAll,
        known => known,
    }
}

/// The moments that have something to tell, and the row at which the loop begins.
fn tell(story: &Story, loop_from: Option<usize>, style: &Style) -> (Vec<Told>, Option<usize>) {
    let mut told: Vec<Told> = Vec::new();
    let mut loop_row = None;
    let mut preempts = false;
    for (index, moment) in story.moments.iter().enumerate() {
        if loop_from == Some(index) {
            loop_row = Some(told.len());
        }
        // The mark of a moment that is left out goes to the next one of the same thread.
        let switched = index == 0 || story.moments[index - 1].thread != moment.thread;
        preempts = moment.preempts || (preempts && !switched);
        let put_aside = story.moments.get(index + 1).is_none_or(|after| after.thread != moment.thread);
        let mut did: Vec<String> = moment.did.iter().map(|text| brief(&style.say_or_keep(text))).collect();
        let next = moment.next.as_ref().filter(|_| put_aside);
        if let Some(next) = next {
            did.push(format!("… {}", brief(&style.say_or_keep(next))));
        }
        let effects = effects(moment, style);
        let mut line = moment.line;
        if did.is_empty() && effects.is_empty() {
            // Without a row the mark that is announced above would be nowhere.
            if !(preempts && put_aside) {
                continue;
            }
            did.push(style.say("goes on"));
            line = 0;
        }
        let first = told.last().is_none_or(|before| before.thread != moment.thread);
        let (thread, foretold) = (moment.thread, next.is_some());
        told.push(Told { thread, line, did, effects, preempts, first, foretold });
        preempts = false;
    }
    // In a loop in which nobody does anything that others could tell, somebody goes round all the same.
    if let Some(moment) =
        loop_from.filter(|_| loop_row == Some(told.len())).and_then(|at| story.moments.get(at))
    {
        let Moment { thread, line, .. } = *moment;
        let first = told.last().is_none_or(|before| before.thread != thread);
        let did = vec![style.say("goes round")];
        let effects = Vec::new();
        told.push(Told { thread, line, did, effects, preempts: false, first, foretold: false });
    }
    (told, loop_row)
}

/// What threads have not done where the story ends, unless their last rows have told that: who moved last first.
fn look_ahead(ahead: &[Ahead], told: &mut Vec<Told>, style: &Style) {
    let last = told.last().map(|row| row.thread);
    let (mine, others): (Vec<&Ahead>, Vec<&Ahead>) = ahead.iter().partition(|next| Some(next.thread) == last);
    for next in mine.into_iter().chain(others) {
        let Ahead { thread, line, ref does } = *next;
        let before = told.iter().rev().find(|row| row.thread == thread);
        if before.is_some_and(|row| row.foretold) {
            continue;
        }
        let did = vec![format!("… {}", brief(&style.say_or_keep(does)))];
        let first = told.last().is_none_or(|row| row.thread != thread);
        let effects = Vec::new();
        told.push(Told { thread, line, did, effects, preempts: false, first, foretold: true });
    }
}

/// What can be seen of a moment from outside: variables that changed, and output.
fn effects(moment: &Moment, style: &Style) -> Vec<String> {
    let changed = moment.changed.iter().map(|(name, value)| brief(&format!("{name} = {value}")));
    let mut output: Vec<String> =
        moment.output.lines().map(|line| brief(&format!("{} {line}", style.say("output:")))).collect();
    let left_out = output.len().saturating_sub(FIRST_LINES + LAST_LINES);
    if left_out > 1 {
        let said = style.say(format!("… {left_out} lines of output are left out here …"));
        output.splice(FIRST_LINES..FIRST_LINES + left_out, [said]);
    }
    changed.chain(output).collect()
}

/// In what is longer, objects that are longer are told without their members.
const SHORT: usize = 40;

/// Fit for a terminal, and cut off if it is long.
fn brief(text: &str) -> String {
    let text = &*without_members(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", clean(&text[..at])),
        None => clean(text),
    }
}

/// Large objects within something long, without their members: `{"disk": <Entry …>}`. Each of these is told where it is read
/// or stored.
fn without_members(text: &str) -> Cow<'_, str> {
    let Some((told, mut value)) = text.split_once(" = ").filter(|_| text.chars().count() > SHORT) else {
        return Cow::Borrowed(text);
    };
    let mut plain = format!("{told} = ");
    while let Some(at) = value.find('<') {
        let end = object_end(&value[at..]);
        let object = &value[at..at + end];
        plain += &value[..at];
        match object.split_once(' ') {
            Some((class, members)) if members.contains('=') && object.chars().count() > SHORT => {
                plain += &format!("{class} …>");
            }
            _ => plain += object,
        }
        value = &value[at + end..];
    }
    plain += value;
    Cow::Owned(plain)
}

/// Where an object ends with which a text begins: behind its `>`, or with the text.
fn object_end(text: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + letter.len_utf8();
        }
    }
    text.len()
}

/// In columns, one for each thread that does something, or as a list.
fn table(told: &[Told], loop_row: Option<usize>, names: &[String], columns: bool, style: &Style) -> Table {
    let mut active: Vec<usize> = told.iter().map(|row| row.thread).collect();
    active.sort_unstable();
    active.dedup();
    let name =
        |thread: usize| names.get(thread).cloned().unwrap_or_else(|| style.say(format!("thread {thread}")));
    let any_effects = told.iter().any(|row| !row.effects.is_empty());
    let line = style.say("line");
    let digits = told.iter().map(|row| row.line).max().unwrap_or(0).to_string().len().max(line.width());
    let mut heads = vec![" ".repeat(digits - line.width()) + &line];
    if columns {
        heads.extend(active.iter().map(|&thread| name(thread)));
    } else {
        heads.extend(["thread", "does"].map(|head| style.say(head)));
    }
    if any_effects {
        heads.push(style.say("what changes"));
    }
    let mut rows = Vec::new();
    let mut line_before = 0;
    for (index, row) in told.iter().enumerate() {
        if loop_row == Some(index) {
            rows.push(Row::Remark(style.say("---- the loop begins: from here on it goes round ----")));
        }
        let left_out = told.len().saturating_sub(FIRST_ROWS + LAST_ROWS);
        if left_out > 0 && index == FIRST_ROWS {
            rows.push(Row::Remark(style.say(format!("… {left_out} rows are left out here …"))));
        }
        if (FIRST_ROWS..FIRST_ROWS + left_out).contains(&index) {
            continue;
        }
        let same_line = !row.first && row.line == line_before;
        line_before = row.line;
        let line =
            if same_line || row.line == 0 { Vec::new() } else { vec![format!("{:>digits$}", row.line)] };
        let mut cells = vec![line];
        if columns {
            cells.extend(
                active.iter().map(|&thread| if thread == row.thread { row.did.clone() } else { Vec::new() }),
            );
        } else {
            cells.push(if row.first { vec![name(row.thread)] } else { Vec::new() });
            cells.push(row.did.clone());
        }
        if any_effects {
            cells.push(row.effects.clone());
        }
        rows.push(Row::Cells { mark: if row.preempts { PREEMPTED } else { "" }, cells });
    }
    if loop_row.is_some() {
        rows.push(Row::Remark(style.say("---- and round again, from where the loop begins ----")));
    }
    Table { heads, rows, margin: MARGIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_objects_are_told_without_their_members() {
        let entry = "<Entry key=\"disk\" holder=nil guard=<lock guard>>";
        let (long, short) = (format!("reads t.entries = {{1: {entry}, 2: 3}}"), "stores job = <Job id=1>");
        assert_eq!(brief(&long), "reads t.entries = {1: <Entry …>, 2: 3}");
        assert_eq!(brief(short), short);
        let jobs = "jobs = [<Job id=1>, <Job id=2>, <Job id=3>, <Job id=4>]";
        assert_eq!(brief(jobs), jobs);
        // What a text holds is no object, whatever it looks like.
        let text = format!("line = \"a < b and {}\"", "x".repeat(60));
        assert_eq!(brief(&text), text);
    }
}
