//! A page as the readers of a book see it: scripts without their hidden lines and the words for `conc lesson`, each with
//! what came of it. It stays Markdown, so that any renderer can go on from it.
//!
//! What the page says of a script has been found right before; where it says `...` within a line, the reader sees what
//! came. A script of which the page does not say what it prints has that added.

use super::compare;
use super::fence::{Expect, Mode};
use super::job;
use super::judge::{self, Gave, Runs};
use super::markdown::Place;
use super::page::{Block, Expected};
use super::picture;
use crate::report::runtime::status;

/// The words around scripts, in the book's language.
pub struct Labels {
    /// After the command.
    prints: &'static str,
    report: &'static str,
    outcomes: &'static str,
    holds: &'static str,
    finds: &'static str,
    deadlock: &'static str,
    race: &'static str,
    failed: &'static str,
    status: &'static str,
    /// Behind the command, and between things that were found.
    colon: &'static str,
    semicolon: &'static str,
    brackets: [&'static str; 2],
    /// What a picture is.
    timeline: &'static str,
}

const ENGLISH: Labels = Labels {
    prints: "prints:",
    report: "On standard error:",
    outcomes: "All that can come out:",
    holds: "holds, in every order",
    finds: "finds",
    deadlock: "ends in a deadlock",
    race: "finds a data race",
    failed: "fails",
    status: "exit status",
    colon: ": ",
    semicolon: "; ",
    brackets: [" (", ")"],
    timeline: "What each thread did, over time",
};

const CHINESE: Labels = Labels {
    prints: "的输出：",
    report: "标准错误：",
    outcomes: "一切可能的输出：",
    holds: "成立，无论次序如何",
    finds: "发现",
    deadlock: "以死锁结束",
    race: "发现数据竞争",
    failed: "失败",
    status: "退出状态",
    colon: "：",
    semicolon: "；",
    brackets: ["（", "）"],
    timeline: "各线程在何时做了什么",
};

impl Labels {
    /// For a language by its tag, such as `en` or `zh-CN`.
    pub fn of(language: &str) -> &'static Labels {
        if language == "zh" || language.starts_with("zh-") { &CHINESE } else { &ENGLISH }
    }
}

/// Puts `text` in place of these bytes of the page.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// The page, which is as it says, with what came of each block.
pub fn shown(page: &str, blocks: &[Block], runs: &[Runs], labels: &Labels) -> String {
    let mut edits = Vec::new();
    for (block, runs) in blocks.iter().zip(runs) {
        let script = compare::lines(&block.visible());
        edits.push(opening(page, &block.place, "conc", None));
        edits.push(content(&block.place, &script));
        edits.extend(behind(page, &block.place, &added(block, runs, labels)));
        for (expected, label, lines) in answers(block, runs, labels) {
            edits.push(opening(page, &expected.place, "text", Some(&label)));
            edits.push(content(&expected.place, &lines));
        }
    }
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let (mut out, mut at) = (String::with_capacity(page.len()), 0);
    for Edit { start, end, text } in edits {
        out += &page[at..start];
        out += &text;
        at = end;
    }
    out + &page[at..]
}

/// The answers that the page gives, each with what the reader sees of it.
fn answers<'a>(block: &'a Block, runs: &Runs, labels: &Labels) -> Vec<(&'a Expected, String, Vec<String>)> {
    let text = runs.text.as_ref();
    let out = |gave: &Gave| compare::lines(job::own_output(&gave.stdout));
    let mut all = Vec::new();
    if let Some(expected) = &block.output {
        let actual = text.map(out).unwrap_or_default();
        let lines = if block.any_order { actual } else { compare::filled(&expected.lines, &actual) };
        all.push((expected, prints(block, labels), lines));
    }
    if let Some(expected) = &block.report {
        let actual = text.map(|gave| compare::lines(&gave.stderr)).unwrap_or_default();
        all.push((expected, labels.report.to_string(), compare::filled(&expected.lines, &actual)));
    }
    if let Some(expected) = &block.outcomes {
        all.push((expected, labels.outcomes.to_string(), expected.lines.clone()));
    }
    all
}

/// What the page leaves unsaid: lines of Markdown.
fn added(block: &Block, runs: &Runs, labels: &Labels) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // An output of a check begins with the verdict.
    if block.output.is_none() || block.fence.mode != Mode::Check {
        lines.extend(verdict(block, runs, labels).into_iter().flat_map(|verdict| [String::new(), verdict]));
    }
    let runs_as_text = matches!(block.fence.mode, Mode::Run | Mode::Sim { .. });
    let output = runs.text.as_ref().map(|gave| job::own_output(&gave.stdout)).unwrap_or_default();
    if runs_as_text && block.output.is_none() && !output.is_empty() {
        let fence = "`".repeat(longest_row_of_backticks(output).max(2) + 1);
        lines.extend([String::new(), prints(block, labels), String::new(), format!("{fence}text")]);
        lines.extend(compare::lines(output));
        lines.push(fence);
    }
    if let Some(picture) = runs.picture() {
        lines.extend([String::new(), picture::image(picture, labels.timeline)]);
    }
    lines
}

/// How it ended, where that is worth a line.
fn verdict(block: &Block, runs: &Runs, labels: &Labels) -> Option<String> {
    if block.fence.mode == Mode::Check {
        let found = judge::failures(runs.findings.as_ref()?);
        let said = match found {
            None => format!("**{}**", labels.failed),
            Some(found) if found.is_empty() => format!("**{}**", labels.holds),
            Some(found) => {
                let found: Vec<String> = found.iter().map(|what| as_code(what)).collect();
                format!("**{}** {}", labels.finds, found.join(labels.semicolon))
            }
        };
        return Some(format!("`conc check`{}{said}", labels.colon));
    }
    // A report tells it better.
    let how = match block.fence.expects.first().filter(|_| block.report.is_none())? {
        Expect::Deadlocks => labels.deadlock,
        Expect::Races => labels.race,
        Expect::Fails(_) | Expect::Livelocks => labels.failed,
    };
    let status = runs.text.as_ref().and_then(|gave| gave.status).unwrap_or(status::FAILED);
    let [open, close] = labels.brackets;
    Some(format!("`{}`{}**{how}**{open}{} {status}{close}", command(block), labels.colon, labels.status))
}

fn prints(block: &Block, labels: &Labels) -> String {
    format!("`{}` {}", command(block), labels.prints)
}

/// What a reader would type, less the script's name.
fn command(block: &Block) -> String {
    let fence = &block.fence;
    match fence.mode {
        Mode::Check => "conc check".to_string(),
        Mode::Sim { seed } => format!("conc sim --seed {seed}"),
        Mode::Run | Mode::NoRun => {
            let race = if fence.expects.contains(&Expect::Races) { " --race" } else { "" };
            let gil = if fence.gil { " --gil" } else { "" };
            format!("conc{race}{gil}")
        }
    }
}

/// A text as code within a line, whatever it holds.
fn as_code(text: &str) -> String {
    let fence = "`".repeat(longest_row_of_backticks(text) + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

fn longest_row_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A line of the page that holds this place: from its start to its end, without the newline.
fn line_around(page: &str, at: usize) -> (usize, usize) {
    let start = page[..at].rfind('\n').map_or(0, |newline| newline + 1);
    (start, page[at..].find('\n').map_or(page.len(), |newline| at + newline))
}

/// The opening fence with this word behind it, after a paragraph with the label.
fn opening(page: &str, place: &Place, word: &str, label: Option<&str>) -> Edit {
    let (start, end) = line_around(page, place.content.start.saturating_sub(1));
    let line = &page[start..end];
    let fence = line.find("```").or_else(|| line.find("~~~")).unwrap_or(0);
    let (before, rest) = line.split_at(fence);
    let row = &rest[..rest.len() - rest.trim_start_matches(['`', '~']).len()];
    // Where a list's mark stands on the line, the label would be no part of its item.
    let alone = before.chars().all(|c| matches!(c, ' ' | '>'));
    let label = match label {
        Some(label) if alone => format!("{before}{label}\n{}\n", before.trim_end()),
        Some(_) | None => String::new(),
    };
    Edit { start, end, text: format!("{label}{before}{row}{word}") }
}

fn content(place: &Place, lines: &[String]) -> Edit {
    let line = |line: &String| prefixed(&place.prefix, line);
    Edit { start: place.content.start, end: place.content.end, text: lines.iter().map(line).collect() }
}

fn prefixed(prefix: &str, line: &str) -> String {
    let prefix = if line.is_empty() { prefix.trim_end() } else { prefix };
    format!("{prefix}{line}\n")
}

/// Lines after the block's closing fence; none after a block that is not closed.
fn behind(page: &str, place: &Place, lines: &[String]) -> Option<Edit> {
    let (start, end) = line_around(page, place.content.end);
    let closes = page[start..end].trim_start_matches([' ', '>']).starts_with(['`', '~']);
    if lines.is_empty() || !closes || start != place.content.end {
        return None;
    }
    let text: String =
        lines.iter().map(|line| format!("\n{}", prefixed(&place.prefix, line).trim_end())).collect();
    Some(Edit { start: end, end, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::page;

    fn gave(stdout: &str, stderr: &str, status: i32) -> Option<Gave> {
        let (stdout, stderr) = (stdout.to_string(), stderr.to_string());
        Some(Gave { status: Some(status), stdout, stderr, picture: None })
    }

    fn book(text: &str, runs: &[Runs], language: &str) -> String {
        let page = page::read(text);
        assert_eq!((page.blocks.len(), page.mistakes.len()), (runs.len(), 0));
        shown(text, &page.blocks, runs, Labels::of(language))
    }

    #[test]
    fn a_reader_sees_what_came() {
        let text = "# T\n\n```conc gil\n~var n = 1\nprint(n)\n```\n\nso\n\n> ~~~conc\n> print(2)\n> ~~~\n>\n> ~~~output\n> ... ms\n> ~~~\n";
        let runs = [
            Runs { text: gave("1\n\n`\n", "", 0), findings: None },
            Runs { text: gave("7 ms\n", "", 0), findings: None },
        ];
        let expected = "# T\n\n```conc\nprint(n)\n```\n\n`conc --gil` prints:\n\n```text\n1\n\n`\n```\n\nso\n\n> ~~~conc\n> print(2)\n> ~~~\n>\n> `conc` prints:\n>\n> ~~~text\n> 7 ms\n> ~~~\n";
        assert_eq!(book(text, &runs, "en"), expected);
    }

    #[test]
    fn verdicts_are_told_in_the_language_of_the_book() {
        let text = "- x\n\n  ```conc check races\n  a\n  ```\n\n  ```outcomes\n  1\n  2\n  ```\n\n```conc check\nb\n```\n```conc deadlocks\nc\n```\n";
        let fails = r#"{"verdicts": [{"property": "race", "verdict": "fails", "failure": {"what": "data race on `n`"}}]}"#;
        let runs = [
            Runs { text: None, findings: gave(fails, "", 4) },
            Runs { text: None, findings: gave(r#"{"verdicts": []}"#, "", 0) },
            Runs { text: gave("", "", 3), findings: None },
        ];
        let shown = book(text, &runs, "zh-CN");
        assert!(shown.contains("  ```\n\n  `conc check`：**发现** `` data race on `n` ``\n"), "{shown}");
        assert!(shown.contains("\n\n  一切可能的输出：\n\n  ```text\n  1\n  2\n  ```\n"), "{shown}");
        assert!(shown.contains("`conc check`：**成立，无论次序如何**\n"), "{shown}");
        assert!(shown.ends_with("```conc\nc\n```\n\n`conc`：**以死锁结束**（退出状态 3）\n"), "{shown}");
    }

    #[test]
    fn a_picture_comes_last() {
        let mut runs = Runs { text: gave("1\n", "", 0), findings: None };
        runs.text.as_mut().expect("it gave something").picture = Some("<svg/>".to_string());
        let shown = book("> ```conc sim picture\n> print(1)\n> ```\n", &[runs], "en");
        let image = "![What each thread did, over time](data:image/svg+xml;base64,PHN2Zy8+)";
        assert!(shown.ends_with(&format!("> 1\n> ```\n>\n> {image}\n")), "{shown}");
    }

    #[test]
    fn other_pages_and_open_blocks_stay() {
        let other = "# T\n\n```python\nprint(1)\n```\n\n```output\n1\n```\n";
        assert_eq!(book(other, &[], "en"), other);
        let open = "```conc\nprint(1)\n";
        assert_eq!(book(open, &[Runs { text: gave("1\n", "", 0), findings: None }], "en"), open);
        let empty = "* ```conc no-run\n  ```\n";
        assert_eq!(book(empty, &[Runs::default()], "en"), "* ```conc\n  ```\n");
    }
}
