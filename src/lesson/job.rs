//! What to run for a block: the words for `conc`, and the script as one text.

use super::fence::{Expect, Mode};
use super::page::Block;
use crate::report::language::Language;
use std::time::Duration;

/// What one run of `conc` is to do. The script is its standard input.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub words: Vec<String>,
    pub script: String,
    /// Whether a picture of it is wanted: `--trace` belongs behind the first word then.
    pub picture: bool,
    /// When to give up.
    pub timeout: Duration,
    /// In which it reports.
    pub language: Language,
}

/// Why a block is run: each is a run of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For what it prints, and how it ends.
    Text,
    /// For what exploring finds, as data.
    Findings,
}

/// What every block may use, unless the command says otherwise.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Of a block that does not say it itself.
    pub timeout: Duration,
    /// However long a block says.
    pub at_most: Option<Duration>,
    /// Bytes.
    pub memory: u64,
    pub threads: u32,
    pub processes: u32,
    /// Flags that allow what is outside, such as `--allow-read=data`.
    pub allowed: Vec<String>,
}

impl Default for Limits {
    /// A reader waits ten seconds for a page, not longer.
    fn default() -> Limits {
        Limits {
            timeout: Duration::from_secs(10),
            at_most: None,
            memory: 512 << 20,
            threads: 500,
            processes: 50,
            allowed: Vec::new(),
        }
    }
}

/// Printed between the blocks that a script goes on from and its own, to tell their outputs apart.
const MARK: &str = "\u{1e}\u{1f}";
const PRINT_MARK: &str = "print(\"\\u{1e}\\u{1f}\")";

/// A script made of several blocks, with an empty line between two: what conc says of its lines, it says of this text, as
/// whoever puts the blocks together has it.
#[derive(Debug)]
pub struct Script {
    pub text: String,
    /// Where the empty line is before its last block, if it has several.
    joint: Option<usize>,
    /// How reports call it, and how readers call the page.
    pub name: String,
    pub page: String,
    /// In which reports speak of it.
    pub language: Language,
    /// For each of its lines, the page's; None for one that is not there.
    lines: Vec<Option<Line>>,
}

/// A line of a script as it is on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub number: u32,
    pub text: String,
    /// How many characters of it stand before the script's own.
    pub before: u32,
}

impl Line {
    /// As reports show it.
    pub fn shown(&self) -> String {
        self.text.replace('\t', TAB)
    }

    /// Whether this is what is shown of the script's line.
    pub fn is(&self, shown: &str) -> bool {
        let own = self.text.chars().skip(self.before as usize).collect::<String>();
        own.trim_end().replace('\t', TAB) == shown.trim_end()
    }
}

/// What reports show for a tab.
pub(super) const TAB: &str = "    ";

impl Script {
    /// Of the blocks that belong together (`Page::parts`), on a page of this name.
    pub fn of(parts: &[Block], page: &str) -> Script {
        let name = parts.last().map(name).unwrap_or_default();
        let language = parts.last().map(|block| block.fence.language).unwrap_or_default();
        let (text, page) = (String::new(), page.to_string());
        let mut script = Script { text, joint: None, name, page, language, lines: Vec::new() };
        for (at, block) in parts.iter().enumerate() {
            if at > 0 {
                script.joint = Some(script.text.len());
                script.text.push('\n');
                script.lines.push(None);
            }
            let own = block.script();
            let line = |(at, own): (usize, &str)| {
                let text = block.lines.get(at)?.clone();
                let before = text.strip_suffix(own).map_or(0, |before| before.chars().count() as u32);
                Some(Line { number: block.place.line + 1 + at as u32, text, before })
            };
            script.lines.extend(own.lines().enumerate().map(line));
            script.text += &own;
        }
        script
    }

    /// The text, whose last block's output begins with a mark.
    fn marked(&self) -> String {
        let mut text = self.text.clone();
        if let Some(joint) = self.joint {
            text.insert_str(joint, PRINT_MARK);
        }
        text
    }

    /// The page's line of a line of the script, from 1.
    pub fn line(&self, line: u32) -> Option<&Line> {
        self.lines.get((line as usize).checked_sub(1)?)?.as_ref()
    }
}

/// What came after the mark: the block's own.
pub fn own_output(output: &str) -> &str {
    let line = format!("{MARK}\n");
    output.rfind(&line).map_or(output, |at| &output[at + line.len()..])
}

/// How a script is called in messages: by its file, if it has one.
pub fn name(block: &Block) -> String {
    match &block.fence.file {
        Some(path) => path.rsplit('/').next().unwrap_or(path).to_string(),
        None => "script".to_string(),
    }
}

impl Job {
    /// Of a block that is run, not one with `no-run`.
    pub fn new(block: &Block, script: &Script, purpose: Purpose, limits: &Limits) -> Job {
        let own = block.fence.timeout.unwrap_or(limits.timeout);
        let timeout = limits.at_most.map_or(own, |most| own.min(most));
        let milliseconds = format!("{}ms", timeout.as_millis().max(1));
        let mut words: Vec<String> = Vec::new();
        let mut add = |some: &[&str]| words.extend(some.iter().map(|word| word.to_string()));
        match (purpose, block.fence.mode) {
            (Purpose::Findings, _) => {
                add(&["check", "--format", "json", "--max-time", &milliseconds]);
                add(&["--max-memory", &limits.memory.to_string()]);
                if block.outcomes.is_some() {
                    add(&["--outcomes"]);
                }
            }
            (Purpose::Text, Mode::Check) => {
                add(&["check", "--max-time", &milliseconds, "--max-memory", &limits.memory.to_string()]);
            }
            (Purpose::Text, Mode::Sim { seed }) => {
                add(&["sim", "--timeout", &milliseconds, "--seed", &seed.to_string()]);
            }
            (Purpose::Text, Mode::Run | Mode::NoRun) => {
                add(&["run", "--timeout", &milliseconds, "--max-memory", &limits.memory.to_string()]);
                add(&["--max-threads", &limits.threads.to_string()]);
                add(&["--max-processes", &limits.processes.to_string()]);
                if block.fence.expects.contains(&Expect::Races) {
                    add(&["--race"]);
                }
                if block.fence.gil {
                    add(&["--gil"]);
                }
                words.extend(limits.allowed.iter().cloned());
            }
        }
        words.extend(["--name".to_string(), name(block), "-".to_string()]);
        // A check's picture is drawn where it is told as data, which is always.
        let drawn = if block.fence.mode == Mode::Check { Purpose::Findings } else { Purpose::Text };
        let picture = block.fence.picture && purpose == drawn;
        let prints = match (purpose, block.fence.mode) {
            (Purpose::Text, mode) => mode != Mode::Check,
            (Purpose::Findings, _) => block.outcomes.is_some(),
        };
        let text = if prints { script.marked() } else { script.text.clone() };
        Job { words, script: text, picture, timeout, language: script.language }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::page;

    #[test]
    fn a_script_knows_the_lines_of_the_page() {
        let page =
            page::read("# t\n\n```conc\nlet a = 1\n```\n\n```conc continue\n~print(a)\nprint(2)\n```\n");
        let script = Script::of(page.parts(1), "t.md");
        assert_eq!(script.text, "let a = 1\n\nprint(a)\nprint(2)\n");
        assert_eq!(script.marked(), format!("let a = 1\n{PRINT_MARK}\nprint(a)\nprint(2)\n"));
        let line = |line: u32| script.line(line).map(|line| (line.number, &*line.text, line.before));
        let lines: Vec<_> = (0..6).map(line).collect();
        let [first, hidden, last] = [(4, "let a = 1", 0), (8, "~print(a)", 1), (9, "print(2)", 0)].map(Some);
        assert_eq!(lines, [None, first, None, hidden, last, None]);
        assert_eq!(own_output(&format!("before\n{MARK}\n1\n2\n")), "1\n2\n");
        assert_eq!(own_output("1\n"), "1\n");
    }

    /// Nothing but the output of a block's own has to be told from that of the blocks before it, and no line is another's.
    #[test]
    fn the_mark_is_where_outputs_are_compared() {
        let marked = |fences: &str, purpose| {
            let page = page::read(fences);
            let (parts, last) = (page.parts(2), &page.blocks[2]);
            let job = Job::new(last, &Script::of(parts, ""), purpose, &Limits::default());
            let at: Vec<usize> =
                job.script.lines().enumerate().filter(|(_, l)| *l == PRINT_MARK).map(|(at, _)| at).collect();
            assert_eq!(job.script.lines().count(), 5);
            at
        };
        let before = "```conc\na\n```\n```conc continue\nb\n```\n";
        for (fence, purpose, mark) in [
            ("continue", Purpose::Text, Some(3)),
            ("continue sim seed=1", Purpose::Text, Some(3)),
            ("continue check", Purpose::Text, None),
            ("continue check", Purpose::Findings, None),
        ] {
            let fences = format!("{before}```conc {fence}\nc\n```\n");
            assert_eq!(marked(&fences, purpose), mark.into_iter().collect::<Vec<_>>(), "{fence}");
            let outcomes = format!("{fences}```outcomes\n1\n```\n");
            assert_eq!(marked(&outcomes, Purpose::Findings), [3], "{fence}");
        }
    }

    #[test]
    fn limits_hold_for_every_block() {
        let page = page::read("```conc timeout=1min gil\n```\n```conc sim seed=3\n```\n```conc check\n```\n");
        let words = |block: usize| {
            let parts = page.parts(block);
            Job::new(&parts[0], &Script::of(parts, ""), Purpose::Text, &Limits::default()).words.join(" ")
        };
        let limits = "--max-memory 536870912 --max-threads 500 --max-processes 50";
        assert_eq!(words(0), format!("run --timeout 60000ms {limits} --gil --name script -"));
        assert_eq!(words(1), "sim --timeout 10000ms --seed 3 --name script -");
        assert_eq!(words(2), "check --max-time 10000ms --max-memory 536870912 --name script -");
    }

    /// Not however long a page says.
    #[test]
    fn the_command_says_the_most() {
        let page = page::read("```conc timeout=1min\n```\n```conc timeout=1s\n```\n```conc\n```\n");
        let five = Duration::from_secs(5);
        let limits = Limits { timeout: five, at_most: Some(five), ..Limits::default() };
        let timeout = |block: usize| {
            let parts = page.parts(block);
            Job::new(&parts[0], &Script::of(parts, ""), Purpose::Text, &limits).timeout
        };
        assert_eq!([timeout(0), timeout(1), timeout(2)], [five, Duration::from_secs(1), five]);
    }
}
