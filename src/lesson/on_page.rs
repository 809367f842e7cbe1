//! A report in the terms of the page: what a run says of a line of its script, said of the page's own line.
//!
//! Frames around source lines get the page's lines, with what a list, a quotation or a `~` puts before them. In sentences
//! `line 7`, or `第 7 行`, gets the page's number, but not where the script speaks: in quotes, and in what it throws.

use super::job::{Script, TAB};
use crate::report::language::Language;
use unicode_width::UnicodeWidthStr;

/// Codes of errors whose text is the script's own: thrown, or an assertion's.
const OF_SCRIPT: [&str; 2] = ["[E0300]", "[E0308]"];

/// What a report begins with that tells how a run has ended. Before it there may be warnings.
const ENDINGS: [&str; 3] = ["error", "deadlock:", "timeout:"];

/// How a sentence speaks of a line: what stands before its number and after it, and what opens a bracket.
struct Phrase {
    before: &'static str,
    after: &'static str,
    bracket: char,
}

const ENGLISH: Phrase = Phrase { before: "line ", after: "", bracket: '(' };
const CHINESE: Phrase = Phrase { before: "第 ", after: " 行", bracket: '（' };

impl Phrase {
    fn of(language: Language) -> Phrase {
        if language.is_chinese() { CHINESE } else { ENGLISH }
    }

    /// A sentence in which lines are told so, with the page's.
    fn with_lines_of(&self, script: &Script, text: &str) -> String {
        let (mut out, mut rest, mut quotes) = (String::new(), text, 0);
        while let Some(at) = rest.find(self.before) {
            let (before, after) = (&rest[..at], &rest[at + self.before.len()..]);
            quotes += before.matches('"').count();
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (digits, after) = after.split_at(digits);
            // `"thread-1 (line 3)"` is a name that conc has given.
            let told = before.ends_with(self.bracket) || quotes % 2 == 0;
            let line = digits.parse().ok().and_then(|line| script.line(line));
            out += before;
            out += self.before;
            match line.filter(|_| told && self.is_alone(before, after)) {
                Some(line) => out += &line.number.to_string(),
                None => out += digits,
            }
            rest = after;
        }
        out + rest
    }

    /// Whether what stands around a number belongs to other words. (Chinese ones stand side by side.)
    fn is_alone(&self, before: &str, after: &str) -> bool {
        match self.after {
            "" => !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric),
            own => after.starts_with(own),
        }
    }

    /// The first line that is told in brackets.
    fn in_brackets(&self, text: &str) -> Option<u32> {
        let rest = &text[text.find(&format!("{}{}", self.bracket, self.before))?..];
        let rest = &rest[self.bracket.len_utf8() + self.before.len()..];
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

/// A line on the page, and a column; 0 where only the line is known.
pub type Place = (u32, u32);

/// The place that a report speaks of first.
pub fn first_place(script: &Script, report: &str) -> Option<Place> {
    let starts = |line: &str| ENDINGS.iter().any(|word| line.starts_with(&*script.language.say(word)));
    let phrase = Phrase::of(script.language);
    let lines: Vec<&str> = report.lines().collect();
    let ending = lines.iter().position(|line| starts(line)).unwrap_or(0);
    let pointed = lines[ending..].iter().find_map(|line| arrow(script, line)?.1);
    let told = || lines[ending..].iter().find_map(|line| Some((phrase.in_brackets(line)?, 0)));
    pointed.or_else(told).and_then(|(line, column)| place(script, line, column))
}

/// Where a place of the script is on the page.
pub fn place(script: &Script, line: u32, column: u32) -> Option<Place> {
    let line = script.line(line)?;
    Some((line.number, if column == 0 { 0 } else { column + line.before }))
}

/// These lines of the script, as the page has them, with a caret below the first.
pub fn excerpt(script: &Script, (line, column): (u32, u32), others: &[u32]) -> String {
    let mut lines: Vec<u32> = others.iter().copied().chain([line]).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.retain(|line| script.line(*line).is_some());
    let last = lines.last().and_then(|line| script.line(*line));
    let width = last.map_or(0, |last| last.number.to_string().len());
    let mut text = String::new();
    for known in lines.iter().filter_map(|number| Some((number, script.line(*number)?))) {
        let (number, on_page) = known;
        text += format!("    {:width$} | {}", on_page.number, on_page.shown()).trim_end();
        text.push('\n');
        if *number == line && column > 0 {
            let before: String = on_page.text.chars().take((on_page.before + column - 1) as usize).collect();
            let before = before.replace('\t', TAB).width();
            text += &format!("    {:width$} | {:before$}^\n", "", "");
        }
    }
    text
}

/// The whole report.
pub fn report(script: &Script, report: &str) -> String {
    let lines: Vec<&str> = report.lines().collect();
    let error = script.language.say("error");
    let own = |line: &str| {
        line.strip_prefix(&*error).is_some_and(|rest| OF_SCRIPT.iter().any(|code| rest.starts_with(code)))
    };
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        let Some((width, pointed)) = arrow(script, lines[at]) else {
            out += &if own(lines[at]) { lines[at].to_string() } else { sentence(script, lines[at]) };
            out.push('\n');
            at += 1;
            continue;
        };
        let framed = lines[at + 1..].iter().take_while(|line| Framed::read(line).is_some()).count();
        frame(script, (width, pointed), &lines[at + 1..][..framed], &mut out);
        at += 1 + framed;
    }
    out
}

/// `  --> script:3:5`: how wide the numbers below it are, and the place.
fn arrow(script: &Script, line: &str) -> Option<(usize, Option<(u32, u32)>)> {
    let rest = line.trim_start_matches(' ');
    let place = rest.strip_prefix("--> ")?.strip_prefix(&*script.name)?;
    let known = match place.strip_prefix(':').and_then(|place| place.split_once(':')) {
        Some((line, column)) => Some((line.parse().ok()?, column.parse().ok()?)),
        None if place.is_empty() => None,
        None => return None,
    };
    Some((line.len() - rest.len(), known))
}

/// A line of a frame below its arrow.
enum Framed<'a> {
    /// `12 | text`: what follows the bar.
    Source(u32, &'a str),
    /// `   | ^^^ label`
    Below(&'a str),
    /// `   = note: text`
    Note(&'a str),
    /// `...`
    LeftOut(&'a str),
}

impl Framed<'_> {
    fn read(line: &str) -> Option<Framed<'_>> {
        let rest = line.trim_start_matches(' ');
        if let Some(below) = rest.strip_prefix('|') {
            return Some(Framed::Below(below));
        }
        if rest.starts_with("= ") {
            return Some(Framed::Note(rest));
        }
        if rest == "..." {
            return Some(Framed::LeftOut(line));
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let text = rest[digits..].trim_start_matches(' ').strip_prefix('|')?;
        Some(Framed::Source(rest[..digits].parse().ok()?, text))
    }
}

fn frame(script: &Script, (width, pointed): (usize, Option<(u32, u32)>), lines: &[&str], out: &mut String) {
    let numbers = lines.iter().filter_map(|line| match Framed::read(line)? {
        Framed::Source(number, _) => Some(script.line(number).map_or(number, |line| line.number)),
        Framed::Below(_) | Framed::Note(_) | Framed::LeftOut(_) => None,
    });
    let width = numbers.max().map_or(width, |most| most.to_string().len());
    let (name, place) = match pointed.map(|(line, column)| (place(script, line, column), line, column)) {
        None => (&*script.page, String::new()),
        Some((Some((line, column)), ..)) => (&*script.page, format!(":{line}:{column}")),
        Some((None, line, column)) => (&*script.name, format!(":{line}:{column}")),
    };
    *out += &format!("{:width$}--> {name}{place}\n", "");
    // So far what is marked below a line has moved to the right.
    let mut moved = 0;
    for line in lines {
        let line = match Framed::read(line) {
            Some(Framed::Source(number, text)) => {
                let (number, text, by) = source_line(script, number, text);
                moved = by;
                format!("{number:>width$} |{text}")
            }
            Some(Framed::Below(text)) if text.trim().is_empty() => format!("{:width$} |", ""),
            Some(Framed::Below(text)) => {
                format!("{:width$} |{:moved$}{}", "", "", sentence(script, text))
            }
            Some(Framed::Note(text)) => format!("{:width$} {}", "", sentence(script, text)),
            Some(Framed::LeftOut(text)) => text.to_string(),
            None => line.to_string(),
        };
        *out += line.trim_end();
        out.push('\n');
    }
}

/// A line in a frame: its number on the page, what follows the bar, and by how much that has moved.
fn source_line(script: &Script, number: u32, text: &str) -> (u32, String, usize) {
    let Some(line) = script.line(number) else { return (number, text.to_string(), 0) };
    // (Where something of several lines is marked, there are marks before the text.)
    let shown = text.strip_prefix(' ').filter(|shown| line.is(shown));
    match shown {
        Some(_) => (line.number, format!(" {}", line.shown()), line.before as usize),
        None => (line.number, text.to_string(), 0),
    }
}

/// A sentence in which lines are told. Names that conc gives to threads are English in every language.
fn sentence(script: &Script, text: &str) -> String {
    let text = ENGLISH.with_lines_of(script, text);
    if script.language.is_chinese() { CHINESE.with_lines_of(script, &text) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::page;

    fn script(text: &str) -> Script {
        let page = page::read(text);
        Script::of(page.parts(page.blocks.len() - 1), "bank.md")
    }

    #[test]
    fn what_the_script_says_stays() {
        let script = script("#\n\n```conc\na\nb\n```\n");
        let told = |text: &str| sentence(&script, text);
        assert_eq!(told("held since line 2, taken (line 1)"), "held since line 5, taken (line 4)");
        assert_eq!(
            told("line 2: in 1 line, line 9, pipeline 1, line 2nd"),
            "line 5: in 1 line, line 9, pipeline 1, line 2nd"
        );
        assert_eq!(
            told("thread \"line 1\" and \"thread-1 (line 2)\" line 1"),
            "thread \"line 1\" and \"thread-1 (line 5)\" line 4"
        );
        assert_eq!(report(&script, "error[E0300]: line 1\nline 1\n"), "error[E0300]: line 1\nline 4\n");
    }

    #[test]
    fn chinese_reports_tell_the_pages_lines_too() {
        let script = script("#\n\n```conc lang=zh\na\nb\n```\n");
        let told = |text: &str| sentence(&script, text);
        assert_eq!(told("持有 m（第 1 行），在第 2 行等待"), "持有 m（第 4 行），在第 5 行等待");
        assert_eq!(
            told("线程 \"第 1 行\" 和 \"thread-1 (line 2)\" 等待第 1 个"),
            "线程 \"第 1 行\" 和 \"thread-1 (line 5)\" 等待第 1 个"
        );
        assert_eq!(report(&script, "错误[E0308]: 第 1 行\n第 1 行\n"), "错误[E0308]: 第 1 行\n第 4 行\n");
        assert_eq!(first_place(&script, "警告: w（第 2 行）\n死锁: d\n  m（第 1 行）\n"), Some((4, 0)));
    }

    #[test]
    fn frames_are_as_wide_as_the_pages_numbers() {
        let lines = "\n".repeat(96);
        let script = script(&format!("{lines}- ```conc\n  a = 1\n  b\tc\n  ```\n"));
        let told = "warning: w\n --> script:1:1\n  |\n1 | a = 1\n  | ^ here\n\nerror: e\n --> script:2:2\n  |\n1 | a = 1\n  | - before\n2 | b    c\n  |  ^ (line 1)\n  |\n  = note: n\n";
        let expected = "warning: w\n  --> bank.md:98:3\n   |\n98 |   a = 1\n   |   ^ here\n\nerror: e\n  --> bank.md:99:4\n   |\n98 |   a = 1\n   |   - before\n99 |   b    c\n   |    ^ (line 98)\n   |\n   = note: n\n";
        assert_eq!(report(&script, told), expected);
        assert_eq!(first_place(&script, told), Some((99, 4)), "of the error, not of what it warned of");
        let several = "error: e\n --> script:1:1\n  |\n1 | / a = 1\n2 | | b    c\n  | |____^ both\n";
        let expected = "error: e\n  --> bank.md:98:3\n   |\n98 | / a = 1\n99 | | b    c\n   | |____^ both\n";
        assert_eq!(report(&script, several), expected);
    }

    #[test]
    fn other_places_stay() {
        let script = script("```conc\na\n```\n");
        for text in
            ["  --> scripts:1:1\n", " --> script\u{3a}x:1:1\n", "1 | a\n", " --> script:7:1\n  |\n7 | a\n"]
        {
            assert_eq!(report(&script, text), text);
        }
        assert_eq!(first_place(&script, "error: e\n --> script:7:1\n"), None);
        assert_eq!(
            first_place(&script, "deadlock: d\n  holds m (line 1)\n --> script\n1 | a\n"),
            Some((2, 0))
        );
    }
}
