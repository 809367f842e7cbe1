//! A document that knows where it may be broken, and its layout: each group is written on one line if it fits, and
//! broken at all its places otherwise, from the outside to the inside (Oppen 1980, Wadler 1998).
//!
//! Knows nothing of the language.

use unicode_width::UnicodeWidthStr;

/// How wide a line may get.
pub const WIDTH: usize = 100;

#[derive(Debug)]
pub enum Document<'t> {
    Nothing,
    Text(&'t str),
    /// A place to break; otherwise this text.
    Line(&'static str),
    /// A new line in any case, with a blank one before it or without.
    Newline {
        blank: bool,
    },
    /// A text at the end of its line that takes no part in the layout; and where it would like to stand.
    Comment(&'t str, usize),
    /// Only where the group around it is broken.
    IfBroken(&'static str),
    Row(Vec<Document<'t>>, Forced),
    Indent(usize, Box<Document<'t>>),
    Group(Box<Document<'t>>),
    /// What is in brackets, of which the last part alone has several lines, and the bracket's end. It stands as if it
    /// were one line, if the first line fits; otherwise broken and indented so far.
    Hug(usize, Box<Document<'t>>, Box<Document<'t>>),
}

/// Whether there is a `Newline` in it, so that no group around it can be one line.
type Forced = bool;

impl<'t> Document<'t> {
    pub fn row(parts: Vec<Document<'t>>) -> Document<'t> {
        let forced = parts.iter().any(Document::is_forced);
        Document::Row(parts, forced)
    }

    pub fn group(self) -> Document<'t> {
        Document::Group(Box::new(self))
    }

    pub fn indent(self, columns: usize) -> Document<'t> {
        Document::Indent(columns, Box::new(self))
    }

    pub fn is_forced(&self) -> bool {
        match self {
            Document::Nothing | Document::Text(_) | Document::Line(_) | Document::IfBroken(_) => false,
            Document::Newline { .. } | Document::Comment(..) => true,
            Document::Row(_, forced) => *forced,
            Document::Indent(_, inner) | Document::Group(inner) | Document::Hug(_, inner, _) => {
                inner.is_forced()
            }
        }
    }
}

/// A line as it was laid out, and the comment behind it with the column it would like.
#[derive(Debug, Default)]
pub struct Line<'t> {
    pub text: String,
    pub comment: Option<(&'t str, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

#[derive(Clone, Copy)]
struct Task<'d, 't> {
    indent: usize,
    mode: Mode,
    document: &'d Document<'t>,
}

/// Adds the document's lines; the first part goes on with the last line there is.
pub fn lay_out<'t>(document: &Document<'t>, lines: &mut Vec<Line<'t>>) {
    if lines.is_empty() {
        lines.push(Line::default());
    }
    let mut column = lines.last().map_or(0, |line| last_line(&line.text).width());
    let mut tasks = vec![Task { indent: 0, mode: Mode::Broken, document }];
    while let Some(task) = tasks.pop() {
        let Task { indent, mode, document } = task;
        match document {
            Document::Nothing => {}
            Document::Text(text) => write(lines, &mut column, text),
            Document::Line(flat) if mode == Mode::Flat => write(lines, &mut column, flat),
            Document::Line(_) => column = new_line(lines, indent, false),
            Document::Newline { blank } => column = new_line(lines, indent, *blank),
            Document::Comment(text, wanted) => {
                if let Some(line) = lines.last_mut() {
                    line.comment = Some((text, *wanted));
                }
            }
            Document::IfBroken(text) if mode == Mode::Broken => write(lines, &mut column, text),
            Document::IfBroken(_) => {}
            Document::Row(parts, _) => {
                tasks.extend(parts.iter().rev().map(|document| Task { document, ..task }));
            }
            Document::Indent(by, inner) => {
                tasks.push(Task { indent: indent + by, document: inner, ..task });
            }
            Document::Group(inner) => {
                let flat = Task { mode: Mode::Flat, document: inner, ..task };
                let one_line = !inner.is_forced() && (mode == Mode::Flat || fits(flat, &tasks, column));
                let mode = if one_line { Mode::Flat } else { Mode::Broken };
                tasks.push(Task { mode, ..flat });
            }
            Document::Hug(by, inside, end) => {
                let flat = Task { mode: Mode::Flat, document: inside, ..task };
                let hugs = fits(flat, &tasks, column);
                let mode = if hugs { Mode::Flat } else { Mode::Broken };
                let by = if hugs { 0 } else { *by };
                tasks.push(Task { mode, document: end, ..task });
                tasks.push(Task { mode, indent: indent + by, document: inside });
            }
        }
    }
}

/// The column is where the text will stand, also while the line is still empty.
fn write(lines: &mut [Line], column: &mut usize, text: &str) {
    let Some(line) = lines.last_mut() else { return };
    if line.text.is_empty() && !text.is_empty() {
        line.text.extend(std::iter::repeat_n(' ', *column));
    }
    line.text += text;
    *column = match text.rsplit_once('\n') {
        Some((_, last)) => last.width(),
        None => *column + text.width(),
    };
}

/// The column where the new line begins.
fn new_line(lines: &mut Vec<Line>, indent: usize, blank: bool) -> usize {
    // One that is empty already is used.
    let count = usize::from(!lines.last().is_some_and(is_empty)) + usize::from(blank);
    lines.extend(std::iter::repeat_with(Line::default).take(count));
    indent
}

fn is_empty(line: &Line) -> bool {
    line.text.is_empty() && line.comment.is_none()
}

pub fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or(text)
}

/// Whether everything up to the next place where a line may end has room: in `task` as its mode says, and behind it
/// at any place.
fn fits(task: Task, behind: &[Task], column: usize) -> bool {
    let mut room = WIDTH.saturating_sub(column);
    let mut behind = behind.iter().rev();
    let mut tasks = vec![task];
    let mut inside = true;
    loop {
        let Some(Task { mode, document, .. }) = tasks.pop() else {
            inside = false;
            match behind.next() {
                Some(next) => tasks.push(*next),
                None => return true,
            }
            continue;
        };
        let text = match document {
            Document::Nothing | Document::IfBroken(_) | Document::Comment(..) => continue,
            Document::Newline { .. } => return true,
            Document::Line(_) if mode == Mode::Broken => return true,
            Document::Text(text) | Document::Line(text) => text,
            Document::Row(parts, _) => {
                tasks.extend(parts.iter().rev().map(|document| Task { indent: 0, mode, document }));
                continue;
            }
            Document::Indent(_, inner) | Document::Hug(_, inner, _) => {
                tasks.push(Task { indent: 0, mode, document: inner });
                continue;
            }
            Document::Group(inner) => {
                let broken = !inside || inner.is_forced();
                let mode = if broken { Mode::Broken } else { Mode::Flat };
                tasks.push(Task { indent: 0, mode, document: inner });
                continue;
            }
        };
        let first = text.split('\n').next().unwrap_or(text);
        match room.checked_sub(first.width()) {
            Some(rest) => room = rest,
            None => return false,
        }
        if first.len() < text.len() {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(document: &Document) -> Vec<String> {
        let mut lines = Vec::new();
        lay_out(document, &mut lines);
        lines.into_iter().map(|line| line.text).collect()
    }

    fn call<'t>(name: &'t str, arguments: Vec<Document<'t>>) -> Document<'t> {
        let mut inner = vec![Document::Line("")];
        for (i, argument) in arguments.into_iter().enumerate() {
            if i > 0 {
                inner.extend([Document::Text(","), Document::Line(" ")]);
            }
            inner.push(argument);
        }
        let inner = Document::row(inner).indent(4);
        let end = [Document::IfBroken(","), Document::Line(""), Document::Text(")")];
        let parts = [Document::Text("("), inner].into_iter().chain(end).collect();
        Document::row(vec![Document::Text(name), Document::row(parts).group()])
    }

    #[test]
    fn what_fits_is_one_line_and_the_outer_breaks_first() {
        let long = "x".repeat(60);
        let inner = || call("g", vec![Document::Text(&long), Document::Text("y")]);
        assert_eq!(laid_out(&inner()), [format!("g({long}, y)")]);
        let outer = call("f", vec![inner(), Document::Text(&long)]);
        let expected = ["f(".into(), format!("    g({long}, y),"), format!("    {long},"), ")".into()];
        assert_eq!(laid_out(&outer), expected);
    }

    #[test]
    fn width_is_that_of_a_terminal() {
        for (letter, fits) in [("余".repeat(48), true), ("余".repeat(49), false), ("x".repeat(97), true)] {
            let lines = laid_out(&call("f", vec![Document::Text(&letter)]));
            assert_eq!(lines.len() == 1, fits, "{letter}");
        }
    }

    #[test]
    fn a_new_line_breaks_all_groups_around_it() {
        let lines = vec![Document::Text("a"), Document::Newline { blank: true }, Document::Text("b")];
        let document = call("f", vec![call("g", vec![Document::row(lines)])]);
        assert_eq!(laid_out(&document), ["f(", "    g(", "        a", "", "        b,", "    ),", ")"]);
    }
}
