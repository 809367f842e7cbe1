//! The fenced code blocks of a Markdown text, and where their contents stand. What they mean is not known here.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use std::ops::Range;

/// A fenced block.
#[derive(Debug, PartialEq)]
pub struct Fenced {
    /// What follows the opening fence.
    pub info: String,
    /// Its lines, without what a list or a quotation around it puts before each.
    pub text: String,
    pub place: Place,
}

/// Where the contents of a block stand in the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The line of the opening fence, from 1; the contents begin with the next.
    pub line: u32,
    /// The bytes of the contents: whole lines.
    pub content: Range<usize>,
    /// What stands before each of its lines: the indent of a list, `> ` of a quotation.
    pub prefix: String,
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// All fenced blocks in their order.
pub fn fenced(page: &str) -> Vec<Fenced> {
    let mut found: Vec<Fenced> = Vec::new();
    let mut open: Option<Fenced> = None;
    // Some editors begin a text with it, and it is no part of the first line.
    let begin = if page.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    for (event, range) in Parser::new(&page[begin..]).into_offset_iter() {
        let range = begin + range.start..begin + range.end;
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open =
                    Some(Fenced { info: info.to_string(), text: String::new(), place: place(page, range) });
            }
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.text += &text;
                }
            }
            Event::End(TagEnd::CodeBlock) => found.extend(open.take()),
            _ => {} // a library's: everything else of Markdown
        }
    }
    found
}

/// Of a block that takes these bytes, from its opening fence to its closing one.
fn place(page: &str, block: Range<usize>) -> Place {
    let line = 1 + page[..block.start].matches('\n').count() as u32;
    let start = page[block.clone()].find('\n').map_or(block.end, |end| block.start + end + 1);
    let closing = page[..block.end].trim_end_matches('\n').rfind('\n').map_or(0, |end| end + 1);
    let last = page[closing..block.end].trim_end();
    let prefix = last.trim_end_matches(['`', '~']);
    // A block may end with the page, or with the list around it, and have no closing fence.
    if closing < start || last.len() - prefix.len() < 3 {
        return Place { line, content: start..block.end.max(start), prefix: String::new() };
    }
    Place { line, content: start..closing, prefix: prefix.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(page: &str) -> Fenced {
        let mut found = fenced(page);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_block_knows_its_words_and_its_place() {
        let page = "# Title\n\n```conc check\nvar x = 0\n\nx += 1\n```\n\nafter\n";
        let block = only(page);
        assert_eq!(block.info, "conc check");
        assert_eq!(block.text, "var x = 0\n\nx += 1\n");
        assert_eq!((block.place.line, &*block.place.prefix), (3, ""));
        assert_eq!(&page[block.place.content], "var x = 0\n\nx += 1\n");
    }

    #[test]
    fn a_block_in_a_list_or_a_quotation_has_a_prefix() {
        let page = "- item\n\n  ```conc\n  a\n  ```\n";
        let block = only(page);
        assert_eq!((&*block.text, &*block.place.prefix), ("a\n", "  "));
        assert_eq!(&page[block.place.content], "  a\n");
        let page = "> ~~~conc\n> a\n> b\n> ~~~\n";
        let block = only(page);
        assert_eq!((&*block.text, &*block.place.prefix), ("a\nb\n", "> "));
        assert_eq!(&page[block.place.content], "> a\n> b\n");
    }

    #[test]
    fn empty_and_open_blocks() {
        let block = only("```output\n```\n");
        assert_eq!((&*block.text, block.place.content), ("", 10..10));
        let page = "```conc\nprint(1)\n";
        let block = only(page);
        assert_eq!((&*block.text, &page[block.place.content]), ("print(1)\n", "print(1)\n"));
        assert_eq!(only("```conc").text, "");
        assert!(fenced("no ```inline``` one, and\n\n    indented\n").is_empty());
    }

    #[test]
    fn fences_may_be_longer_than_what_they_hold() {
        let block = only("````conc\nprint(\"```\")\n````\n");
        assert_eq!(block.text, "print(\"```\")\n");
    }
}
