//! Comments behind code: each stands where it stood, if there is room, and those that stood under each other still do. One
//! that stood beyond the width, as behind a line that is broken now, comes back to its code.

use super::document::{Line, WIDTH, last_line};
use unicode_width::UnicodeWidthStr;

/// Spaces between code and a comment that must move.
const GAP: usize = 2;

pub fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let wanted = first.comment.map(|(_, column)| column);
        let same = |line: &&Line| wanted.is_some() && line.comment.map(|(_, column)| column) == wanted;
        let count = rest.iter().take_while(same).count().max(1);
        let (together, others) = rest.split_at(count);
        let column = together.iter().map(place).max().unwrap_or(0);
        for line in together {
            text += &line.text;
            if let Some((comment, _)) = line.comment {
                let spaces = column - last_line(&line.text).width();
                text.extend(std::iter::repeat_n(' ', spaces));
                text += comment;
            }
            text.push('\n');
        }
        rest = others;
    }
    text
}

/// Where the line's comment can stand.
fn place(line: &Line) -> usize {
    let end = last_line(&line.text).width();
    match line.comment {
        Some((_, wanted)) if wanted > end && wanted < WIDTH => wanted,
        Some(_) => end + GAP,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, comment: Option<(&'static str, usize)>) -> Line<'static> {
        Line { text: text.into(), comment }
    }

    #[test]
    fn comments_stay_and_stay_together() {
        let lines = [
            line("a", Some(("# kept", 6))),
            line("", None),
            line("long", Some(("# 1", 3))),
            line("b", Some(("# 2", 3))),
            line("余额", Some(("# 3", 4))),
        ];
        assert_eq!(text(&lines), "a     # kept\n\nlong  # 1\nb     # 2\n余额  # 3\n");
    }

    #[test]
    fn comments_behind_broken_lines_come_back() {
        let lines = [line("f(", None), line("    x,", None), line(")", Some(("# why", 118)))];
        assert_eq!(text(&lines), "f(\n    x,\n)  # why\n");
        // Where the code itself is that long, nothing else is possible.
        let long = "x".repeat(120);
        assert_eq!(text(&[line(&long, Some(("# why", 122)))]), format!("{long}  # why\n"));
    }
}
