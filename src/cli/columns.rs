//! How wide what conc says may be.

use conc::report::render;
use std::io;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Where less would be left for what stands behind a name, it begins in a line of its own.
const ROOM: usize = 20;

/// The columns of the terminal that standard output goes to, unless `COLUMNS` says otherwise. None elsewhere.
pub fn of_terminal() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(|| {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    })
}

/// Those of the terminal that standard error goes to, where it is one.
pub fn of_messages() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// As much of a text as has room in so many columns.
pub fn cut(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, letter)| {
        used += letter.width().unwrap_or(0);
        used > columns
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// For tables and verdicts.
pub fn of_reports() -> usize {
    of_terminal().unwrap_or(render::DEFAULT_WIDTH)
}

/// A page of the help, as it fits.
pub fn fitted(page: &str) -> String {
    of_terminal().map_or_else(|| page.to_string(), |columns| render::reflow(page, columns))
}

/// A list of names, each with what is said of it behind some spaces, as it fits: that stays in its column.
pub fn fitted_list(list: &str) -> String {
    of_terminal().map_or_else(|| list.to_string(), |columns| list_within(list, columns))
}

fn list_within(list: &str, columns: usize) -> String {
    list.lines().map(|line| entry_within(line, columns) + "\n").collect()
}

/// What stands before the last column may be coloured.
fn entry_within(line: &str, columns: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    if plain.width() <= columns {
        return line.to_string();
    }
    let indented = plain.len() - plain.trim_start().len();
    let gap = plain[indented..].find("  ").map(|at| indented + at);
    let from = gap.map_or(indented, |gap| plain.len() - plain[gap..].trim_start().len());
    let (name, said) = plain.split_at(from);
    // (What is said is not coloured.)
    let name_shown = line.strip_suffix(said).unwrap_or(name);
    let (first, column) = match name.width() {
        column if column + ROOM <= columns || gap.is_none() => (name_shown.to_string(), column),
        _ => (format!("{}\n{}", name_shown.trim_end(), " ".repeat(indented + 4)), indented + 4),
    };
    let lines = render::fold(said, columns.saturating_sub(column).max(ROOM), 0);
    first + &lines.join(&format!("\n{}", " ".repeat(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_cut() {
        assert_eq!(cut("12 states", 20), "12 states");
        assert_eq!(cut("12 states", 4), "12 s");
        assert_eq!(cut("个状态", 5), "个状");
        assert_eq!(cut("个状态", 6), "个状态");
    }

    #[test]
    fn what_is_said_stays_in_its_column() {
        let list =
            "Commands:\n  run    Run a script on real threads, once\n  \u{1b}[1mfmt\u{1b}[0m    Format\n";
        let narrow = "Commands:\n  run    Run a script on real\n         threads, once\n  \u{1b}[1mfmt\u{1b}[0m    Format\n";
        assert_eq!(list_within(list, 30), narrow);
        assert_eq!(list_within(list, 80), list);
        let coloured = "  \u{1b}[1mrun\u{1b}[0m    Run a script on real threads";
        let folded = "  \u{1b}[1mrun\u{1b}[0m    Run a script on real\n         threads";
        assert_eq!(entry_within(coloured, 30), folded);
        let long = "  conc --timeout 30s bank.conc  stop after that time";
        assert_eq!(entry_within(long, 40), "  conc --timeout 30s bank.conc\n      stop after that time");
        let names = "  lock rlock rwlock semaphore";
        assert_eq!(entry_within(names, 24), "  lock rlock rwlock\n  semaphore");
    }
}
