//! Text in columns that fit a width: cells wrap, and wide columns give way before narrow ones do.
//!
//! Knows nothing of what the columns are about.

use super::super::Style;
use super::{pad, widest};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const BETWEEN: &str = " | ";
/// Of a cell that wraps, how far the lines after the first are moved in, where there is room.
const HANGING: usize = 2;
const ROOM_TO_HANG: usize = 10;
/// No line begins with these.
const CLOSING: &str = "，。；：、？！）」》…,.;:)\"`";

pub struct Table {
    pub heads: Vec<String>,
    pub rows: Vec<Row>,
    /// How wide every mark in the margin is.
    pub margin: usize,
}

pub enum Row {
    /// A mark in the margin, and a cell for each column; each text of a cell begins on a line of its own.
    Cells { mark: &'static str, cells: Vec<Vec<String>> },
    /// A remark across all columns.
    Remark(String),
}

impl Table {
    /// None when a column would have less than `narrowest`, although it needs more.
    pub fn render(&self, width: usize, narrowest: usize, style: &Style) -> Option<String> {
        let between = self.margin + BETWEEN.len() * self.heads.len().saturating_sub(1);
        let widths = share(&self.needed(), width.saturating_sub(between), narrowest)?;
        let margin = " ".repeat(self.margin);
        let heads = self.heads.iter().map(|head| vec![head.clone()]).collect::<Vec<_>>();
        let mut text = String::new();
        for line in cells(&heads, &widths) {
            text += &format!("{margin}{}\n", style.bold(line.trim_end()));
        }
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        text += &format!("{margin}{}\n", style.frame(&rules.join("-+-")));
        for row in &self.rows {
            match row {
                Row::Cells { mark, cells: content } => {
                    for (index, line) in cells(content, &widths).iter().enumerate() {
                        let mark = pad(if index == 0 { mark } else { "" }, self.margin);
                        let marked = if mark.trim().is_empty() { mark } else { style.remark(&mark) };
                        text += format!("{marked}{line}").trim_end();
                        text.push('\n');
                    }
                }
                Row::Remark(remark) => {
                    for line in wrap(remark, width.saturating_sub(self.margin)) {
                        text += &format!("{margin}{}\n", style.bold(&line));
                    }
                }
            }
        }
        Some(text)
    }

    /// How wide each column would have to be for nothing to wrap.
    fn needed(&self) -> Vec<usize> {
        let mut needed: Vec<usize> = self.heads.iter().map(|head| head.width()).collect();
        for row in &self.rows {
            let Row::Cells { cells, .. } = row else { continue };
            for (width, cell) in needed.iter_mut().zip(cells) {
                *width = (*width).max(widest(cell.iter().map(String::as_str)));
            }
        }
        needed
    }
}

/// What each column gets of `room`: what it needs, or where that is too much, at most what the others get.
fn share(needed: &[usize], room: usize, narrowest: usize) -> Option<Vec<usize>> {
    let total = |most: usize| needed.iter().map(|&width| width.min(most)).sum::<usize>();
    let most = (narrowest.max(1)..=room.max(1)).rev().find(|&most| total(most) <= room)?;
    let mut left = room - total(most);
    let widths = needed.iter().map(|&width| {
        let more = usize::from(width > most && left > 0);
        left -= more;
        width.min(most) + more
    });
    Some(widths.collect())
}

/// The lines of one row.
fn cells(content: &[Vec<String>], widths: &[usize]) -> Vec<String> {
    let wrapped: Vec<Vec<String>> = content
        .iter()
        .zip(widths)
        .map(|(texts, &width)| texts.iter().flat_map(|text| wrap(text, width)).collect())
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let line = |index: usize| {
        let parts: Vec<String> = wrapped
            .iter()
            .zip(widths)
            .map(|(lines, &width)| pad(lines.get(index).map_or("", String::as_str), width))
            .collect();
        parts.join(BETWEEN)
    };
    (0..height).map(line).collect()
}

/// The text in lines of at most `width` columns, broken between words, or within one that is too long alone. Chinese has
/// no spaces: a long row of it is broken between its characters.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    fold(text, width, HANGING)
}

/// The same, the lines after the first moved in so far where there is room.
pub fn fold(text: &str, width: usize, hanging: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_string()];
    }
    let hanging = if width >= ROOM_TO_HANG { " ".repeat(hanging) } else { String::new() };
    let mut lines = Vec::new();
    let mut line = String::new();
    // Nothing but the indentation stands in the line.
    let mut fresh = true;
    for word in text.split(' ') {
        for (index, piece) in pieces(word, width).into_iter().enumerate() {
            let gap = if fresh || index > 0 { "" } else { " " };
            let longer = format!("{line}{gap}{piece}");
            if longer.width() <= width {
                line = longer;
                fresh = false;
                continue;
            }
            if !fresh {
                lines.push(std::mem::replace(&mut line, hanging.clone()));
                fresh = true;
            }
            for character in piece.chars() {
                line.push(character);
                if line.width() > width && !fresh {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, hanging.clone()));
                    line.push(character);
                }
                fresh = false;
            }
        }
    }
    if !line.trim().is_empty() {
        lines.push(line);
    }
    lines
}

/// The parts of a word between which a line may end: itself, unless it is a long row of Chinese.
fn pieces(word: &str, width: usize) -> Vec<&str> {
    let wide = |character: char| character.width() == Some(2);
    if word.width() <= width / 2 || !word.chars().any(wide) {
        return vec![word];
    }
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut before: Option<char> = None;
    for (at, character) in word.char_indices() {
        let may_end = before.is_some_and(|before| {
            (wide(before) || wide(character)) && !"（「《".contains(before) && !CLOSING.contains(character)
        });
        if may_end {
            pieces.push(&word[from..at]);
            from = at;
        }
        before = Some(character);
    }
    pieces.push(&word[from..]);
    pieces
}
