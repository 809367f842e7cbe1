//! A page in the width of a terminal: its paragraphs are broken anew, its code and titles stay as they are.

use super::columns::fold;
use unicode_width::UnicodeWidthChar;

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;
const NARROWEST: usize = 20;
/// Begins an element of a list; its further lines are moved in as far.
const ELEMENT: &str = "- ";
const CODE: &str = "    ";

pub fn reflow(page: &str, width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let mut text = String::new();
    let mut paragraph = String::new();
    for line in page.lines() {
        let stays = line.is_empty() || line.starts_with(CODE) || line.starts_with('\x1b');
        if stays || line.starts_with(ELEMENT) {
            end(&mut paragraph, width, &mut text);
        }
        if stays {
            text += line;
            text.push('\n');
        } else {
            join(&mut paragraph, line);
        }
    }
    end(&mut paragraph, width, &mut text);
    text
}

/// Chinese has no spaces between words, nor between lines, nor beside its punctuation.
fn join(paragraph: &mut String, line: &str) {
    if let (Some(before), Some(after)) = (paragraph.chars().next_back(), line.chars().next()) {
        let wide = |character: char| character.width() == Some(2);
        let mark = |character: char| wide(character) && !character.is_alphanumeric();
        if !(wide(before) && wide(after) || mark(before) || mark(after)) {
            paragraph.push(' ');
        }
    }
    *paragraph += line;
}

fn end(paragraph: &mut String, width: usize, text: &mut String) {
    if paragraph.is_empty() {
        return;
    }
    let hanging = if paragraph.starts_with(ELEMENT) { ELEMENT.len() } else { 0 };
    for line in fold(paragraph, width, hanging) {
        *text += &line;
        text.push('\n');
    }
    paragraph.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_broken_anew_and_code_stays() {
        let page = "Title\n\none two three four\nfive six seven\n\n    let x = 1 # a long line of code\n\n- a: one two three four five\n- b: two\n";
        let narrow = "Title\n\none two three four\nfive six seven\n\n    let x = 1 # a long line of code\n\n- a: one two three\n  four five\n- b: two\n";
        assert_eq!(reflow(page, 18), narrow);
        let wide = "Title\n\none two three four five six seven\n\n    let x = 1 # a long line of code\n\n- a: one two three four five\n- b: two\n";
        assert_eq!(reflow(page, 400), wide);
        assert_eq!(reflow("\x1b[1mTitle\x1b[0m\na\n", 80), "\x1b[1mTitle\x1b[0m\na\n");
    }

    #[test]
    fn chinese_is_joined_without_spaces() {
        assert_eq!(reflow("一次一个线程\n的锁 `m`\n是这样\n", 80), "一次一个线程的锁 `m` 是这样\n");
        assert_eq!(reflow("一次一个。\n`m` 是锁\n（好）\n", 80), "一次一个。`m` 是锁（好）\n");
        assert_eq!(reflow("一次一个线程的锁\n在这里说明白\n", 20), "一次一个线程的锁在这\n里说明白\n");
    }
}
