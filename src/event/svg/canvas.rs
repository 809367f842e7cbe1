//! A picture as it is drawn: shapes, and texts that never lie on one another.

use crate::report::render::clean;
use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// Where something is: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

#[derive(Debug, Default)]
pub struct Canvas {
    shapes: String,
    /// They are drawn after all shapes, each on a ground of its own if it has one.
    texts: String,
    /// Where texts are.
    pub taken: Vec<Area>,
    /// What is drawn now is one of many narrow ones, whose borders would be all that is seen of them.
    pub crowded: bool,
}

/// How wide a letter of size 1 is, and one that takes two columns of a terminal, as Chinese ones do. A little more than in
/// usual fonts.
const COLUMN: f64 = 0.62;
const WIDE: f64 = 1.04;

fn letter_width(letter: char) -> f64 {
    match letter.width() {
        Some(2..) => WIDE,
        Some(1) => COLUMN,
        Some(0) | None => 0.0,
    }
}

/// How wide a text of this size is.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(letter_width).sum::<f64>() * size
}

/// As much of a text as there is room for; None when that says nothing.
pub fn fit(text: &str, size: f64, room: f64) -> Option<String> {
    if width(text, size) <= room {
        return Some(text.to_string());
    }
    if room < 4.0 * COLUMN * size {
        return None;
    }
    let mut short = String::new();
    let mut used = COLUMN;
    for letter in text.chars() {
        used += letter_width(letter);
        if used * size > room {
            break;
        }
        short.push(letter);
    }
    Some(short + "…")
}

/// The same of a name, of which the end tells more than the middle.
pub fn fit_name(name: &str, size: f64, room: f64) -> String {
    if width(name, size) <= room {
        return name.to_string();
    }
    let mut tail = String::new();
    for letter in name.chars().rev() {
        if width(&tail, size) > room / 3.0 {
            break;
        }
        tail.insert(0, letter);
    }
    let head = fit(name, size, room - width(&tail, size)).unwrap_or_default();
    head + &tail
}

/// A text as it stands in XML: what would be a mark, or is no letter there, is told otherwise.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in clean(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

impl Canvas {
    /// A rectangle; `told` is shown by a browser when the pointer is on it.
    pub fn rect(&mut self, area: Area, class: &str, told: &str) {
        let (x, y) = (area.left, area.top);
        let (w, h) = ((area.right - area.left).max(0.6), area.bottom - area.top);
        let told = if told.is_empty() { String::new() } else { format!("<title>{}</title>", escape(told)) };
        let borders = if self.crowded { " crowded" } else { "" };
        // A string takes whatever is written.
        let _ = writeln!(
            self.shapes,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" class="{class}{borders}">{told}</rect>"#
        );
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(
            self.shapes,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#
        );
    }

    /// A text with a ground, so that it can be read whatever is below it.
    pub fn label(&mut self, x: f64, y: f64, size: f64, class: &str, text: &str, ground: &Area) {
        let before = self.texts.len();
        if self.text(x, y, size, class, text) {
            let Area { left, top, right, bottom } = *ground;
            let (w, h) = (right - left, bottom - top);
            let ground = format!(
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" class=\"back\"/>\n"
            );
            self.texts.insert_str(before, &ground);
        }
    }

    /// A text that begins here, if nothing is written there yet; `y` is the middle of its line.
    pub fn text(&mut self, x: f64, y: f64, size: f64, class: &str, text: &str) -> bool {
        let half = size * 0.6;
        let area = Area { left: x, top: y - half, right: x + width(text, size), bottom: y + half };
        if text.is_empty() || self.taken.iter().any(|other| other.meets(&area)) {
            return false;
        }
        self.taken.push(area);
        let base = y + size * 0.35;
        let _ = writeln!(
            self.texts,
            r#"<text x="{x:.1}" y="{base:.1}" font-size="{size}" class="{class}">{}</text>"#,
            escape(text)
        );
        true
    }

    /// The whole picture.
    pub fn finish(self, wide: f64, high: f64, title: &str, style: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide:.0}\" height=\"{high:.0}\" \
             viewBox=\"0 0 {wide:.0} {high:.0}\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, Noto Sans Mono CJK SC, \
             monospace\">\n<title>{}</title>\n{style}\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}{}</svg>\n",
            escape(title),
            self.shapes,
            self.texts
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_cut_short() {
        assert_eq!(fit("waits for m", 10.0, 100.0).as_deref(), Some("waits for m"));
        assert_eq!(fit("waits for m", 10.0, 50.0).as_deref(), Some("waits f…"));
        assert_eq!(fit("等待互斥锁", 10.0, 40.0).as_deref(), Some("等待互…"));
        assert_eq!(fit("waits for m", 10.0, 20.0), None);
        for room in 0..200 {
            let room = f64::from(room);
            let cut = fit("等 a 待 b 互 c 斥 d 锁", 10.0, room);
            assert!(cut.is_none_or(|text| width(&text, 10.0) <= room));
        }
    }

    #[test]
    fn no_text_is_written_on_another() {
        let mut canvas = Canvas::default();
        assert!(canvas.text(0.0, 10.0, 10.0, "", "left"));
        assert!(!canvas.text(20.0, 12.0, 10.0, "", "over it"));
        assert!(canvas.text(30.0, 10.0, 10.0, "", "beside it"));
    }

    #[test]
    fn a_name_is_no_mark() {
        assert_eq!(escape("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
        assert!(!escape("\u{1b}[31m").contains('\u{1b}'));
    }
}
