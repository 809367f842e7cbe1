//! Entries from a pipe or an editor: plain lines, no prompt.

use super::core::{Core, Went};
use conc::world::real::Input;

/// Reads entries to the end; the exit status. What an entry itself reads are the lines behind it.
pub fn read(mut core: Core, input: &Input) -> i32 {
    let mut entry = String::new();
    loop {
        let line = input.line().unwrap_or_else(|error| {
            core.complain(&format!("standard input cannot be read: {error}"));
            Vec::new()
        });
        let end = line.is_empty();
        match String::from_utf8(line) {
            Ok(line) => entry += &line,
            Err(_) => {
                core.complain("a line of standard input is no text in UTF-8; it is left out");
                continue;
            }
        }
        if !end && Core::is_incomplete(&entry) {
            continue;
        }
        match core.enter(entry.trim_end_matches(['\n', '\r'])) {
            Went::On => {}
            Went::Quit => return core.finish(),
            Went::Over(status) => return status,
        }
        if end {
            return core.finish();
        }
        entry.clear();
    }
}
