//! A page of a lesson: its scripts, each with what the page says comes of it.

use super::compare;
use super::fence::{self, Answer, Fence, Role};
use super::markdown::{self, Fenced, Place};
use std::iter;

/// A page as it was read.
#[derive(Debug, Default)]
pub struct Page {
    pub blocks: Vec<Block>,
    pub mistakes: Vec<Mistake>,
}

/// A script, and the answers that follow it.
#[derive(Debug)]
pub struct Block {
    pub fence: Fence,
    /// The lines as readers of the page have them.
    pub shown: String,
    /// The same with what a list or a quotation puts before them: the page's own. None when the script is another one, of a
    /// file.
    pub lines: Vec<String>,
    pub place: Place,
    pub output: Option<Expected>,
    /// Whether the lines of `output` may come in any order.
    pub any_order: bool,
    pub report: Option<Expected>,
    pub outcomes: Option<Expected>,
}

/// What the page says of one stream.
#[derive(Debug)]
pub struct Expected {
    pub lines: Vec<String>,
    pub place: Place,
}

/// Something in the page that cannot be understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    pub line: u32,
    pub message: String,
}

/// Begins a line that is run, and hidden from readers.
const HIDDEN: char = '~';

impl Block {
    /// What is run, of what is shown: one line for each.
    pub fn script(&self) -> String {
        self.shown.lines().map(|line| format!("{}\n", line.strip_prefix(HIDDEN).unwrap_or(line))).collect()
    }

    /// What readers see.
    pub fn visible(&self) -> String {
        self.shown.lines().filter(|line| !line.starts_with(HIDDEN)).map(|line| format!("{line}\n")).collect()
    }
}

/// Reads a page.
pub fn read(page_text: &str) -> Page {
    let mut page = Page::default();
    // Whether the block before is a script, or an answer to one.
    let mut answers = false;
    // The script before has words that cannot be understood.
    let mut broken = false;
    for Fenced { info, text, place } in markdown::fenced(page_text) {
        let line = place.line;
        match fence::read(&info) {
            Ok(Role::Script(fence)) if fence.continues && broken => {
                let message = "`continue`: the script before this one cannot be understood".to_string();
                page.mistakes.push(Mistake { line, message });
                answers = false;
            }
            Ok(Role::Script(_)) if fence_within(&text).is_some() => {
                let inner = line + 1 + fence_within(&text).unwrap_or_default();
                let message =
                    format!("this still belongs to the block of line {line}, which is not closed before");
                page.mistakes.push(Mistake { line: inner, message });
                (answers, broken) = (false, true);
            }
            Ok(Role::Script(fence)) => {
                page.add(fence, text, place, page_text);
                (answers, broken) = (true, false);
            }
            // Outputs of other languages are none of ours.
            Ok(Role::Answer(answer)) if answers => page.answer(answer, &text, place),
            Ok(Role::Answer(_)) => {}
            Ok(Role::Other(Some(meant))) if answers => {
                let word = info.split([' ', '\t', ',']).next().unwrap_or_default();
                let message = format!("`{word}` is nothing that is compared: is it `{meant}`?");
                page.mistakes.push(Mistake { line, message });
            }
            Ok(Role::Other(_)) => answers = false,
            // What stands behind it is not what comes of the script before it.
            Err(message) => {
                page.mistakes.push(Mistake { line, message });
                (answers, broken) = (false, true);
            }
        }
    }
    page
}

/// Which line of a script, from 0, opens another block: the fence that should close the script is missing.
fn fence_within(script: &str) -> Option<u32> {
    let opens = |line: &str| {
        let word = line.trim_start().strip_prefix("```").or_else(|| line.trim_start().strip_prefix("~~~"))?;
        let word =
            word.trim_start_matches(['`', '~']).split([' ', '\t', ',']).find(|word| !word.is_empty())?;
        matches!(word, "conc" | "output" | "report" | "outcomes").then_some(())
    };
    script.lines().position(|line| opens(line).is_some()).map(|at| at as u32)
}

impl Page {
    fn add(&mut self, fence: Fence, shown: String, place: Place, page: &str) {
        let line = place.line;
        if fence.continues && self.blocks.is_empty() {
            let message = "`continue`: there is no script before this one".to_string();
            self.mistakes.push(Mistake { line, message });
        }
        let (output, report, outcomes) = (None, None, None);
        let lines = compare::lines(&page[place.content.clone()]);
        self.blocks.push(Block { fence, shown, lines, place, output, any_order: false, report, outcomes });
    }

    fn answer(&mut self, answer: Answer, text: &str, place: Place) {
        let line = place.line;
        let Some(block) = self.blocks.last_mut() else { return };
        let (slot, name) = match answer {
            Answer::Output { .. } => (&mut block.output, "output"),
            Answer::Report => (&mut block.report, "report"),
            Answer::Outcomes => (&mut block.outcomes, "outcomes"),
        };
        if block.fence.mode == fence::Mode::NoRun {
            let message = format!("`{name}`: the script before it is not run");
            self.mistakes.push(Mistake { line, message });
        } else if slot.is_some() {
            let message = format!("a second `{name}` of one script");
            self.mistakes.push(Mistake { line, message });
        } else {
            *slot = Some(Expected { lines: compare::lines(text), place });
            block.any_order |= matches!(answer, Answer::Output { any_order: true });
        }
    }

    /// The blocks of which a script is made: those it goes on from, and itself.
    pub fn parts(&self, block: usize) -> &[Block] {
        let before = iter::successors(Some(block), |at| at.checked_sub(1));
        let first = before.into_iter().find(|at| !self.blocks[*at].fence.continues).unwrap_or(0);
        &self.blocks[first..=block]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_belong_to_the_script_before_them() {
        let page = read(
            "```conc\nprint(1)\n```\nso:\n```output\n1\n```\n```python\nprint(2)\n```\n```output\n2\n```\n\
             ```conc check\n~lock m\nprint(3)\n```\n```outcomes\n3\n```\n",
        );
        assert_eq!(page.mistakes, []);
        let [first, second] = &page.blocks[..] else { panic!("{page:?}") };
        assert_eq!(first.output.as_ref().map(|output| output.lines.clone()), Some(vec!["1".to_string()]));
        assert!(first.outcomes.is_none() && second.output.is_none() && second.outcomes.is_some());
        assert_eq!((&*second.script(), &*second.visible()), ("lock m\nprint(3)\n", "print(3)\n"));
    }

    #[test]
    fn a_script_goes_on_from_those_before() {
        let page =
            read("```conc\na\n```\n```conc continue\nb\n```\n```conc continue\nc\n```\n```conc\nd\n```\n");
        let parts = |block| page.parts(block).iter().map(Block::script).collect::<String>();
        assert_eq!((&*parts(0), &*parts(2), &*parts(3)), ("a\n", "a\nb\nc\n", "d\n"));
    }

    #[test]
    fn what_follows_a_mistake_is_nobodys() {
        let page = read(
            "```conc\na\n```\n```conc frob\nb\n```\n```output\n2\n```\n```conc continue\nc\n```\n```output\n3\n```\n\
             ```conc\nd\n```\n```conc continue\ne\n```\n",
        );
        let shown: Vec<(&str, bool)> =
            page.blocks.iter().map(|block| (&*block.shown, block.output.is_some())).collect();
        assert_eq!(shown, [("a\n", false), ("d\n", false), ("e\n", false)]);
        let lines: Vec<u32> = page.mistakes.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [4, 10]);
    }

    #[test]
    fn a_misspelt_answer_is_no_other_text() {
        let page = read(
            "```outputs\n```\n```conc\na\n```\n```text\n```\n```outputs\n```\n```conc\nb\n```\n\n```outptu\n```\n",
        );
        let told: Vec<(u32, &str)> = page.mistakes.iter().map(|m| (m.line, &*m.message)).collect();
        assert_eq!(told, [(14, "`outptu` is nothing that is compared: is it `output`?")]);
    }

    #[test]
    fn a_script_that_is_not_closed_is_told() {
        for page in [
            "```conc\nprint(1)\n\n```output\n1\n```\n",
            "```conc\nprint(1)\n\n```conc check\nprint(2)\n",
            "> ```conc\n> print(1)\n>\n> ```output any-order\n> 1\n",
        ] {
            let page = read(page);
            let told: Vec<(u32, &str)> = page.mistakes.iter().map(|m| (m.line, &*m.message)).collect();
            let message = "this still belongs to the block of line 1, which is not closed before";
            assert_eq!((told, page.blocks.len()), (vec![(4, message)], 0));
        }
        let page = read("````conc\nprint(\"```output\")\n````\n");
        assert_eq!((page.mistakes.len(), page.blocks.len()), (0, 1));
    }

    #[test]
    fn what_cannot_be_understood_has_its_line() {
        let page = read(
            "# t\n```conc continue\na\n```\n```output\n1\n```\n```output any-order\n2\n```\n```conc x\n```\n",
        );
        let told: Vec<(u32, &str)> = page.mistakes.iter().map(|m| (m.line, &*m.message)).collect();
        assert_eq!(told[0], (2, "`continue`: there is no script before this one"));
        assert_eq!(told[1], (8, "a second `output` of one script"));
        let output = page.blocks[0].output.as_ref().expect("the first one");
        assert_eq!((&output.lines[..], page.blocks[0].any_order), (&["1".to_string()][..], false));
        assert!(told[2].1.contains("`x` is no word") && told[2].0 == 11);
    }
}
