//! Entries from a pipe or an editor: plain lines, no prompt.

use super::core::{Core, Went};
use std::io::BufRead;

/// Reads entries to the end; the exit status.
pub fn read(mut core: Core, mut lines: impl BufRead) -> i32 {
    let mut entry = String::new();
    loop {
        let mut line = Vec::new();
        let end = match lines.read_until(b'\n', &mut line) {
            Ok(read) => read == 0,
            Err(error) => {
                core.complain(&format!("standard input cannot be read: {error}"));
                true
            }
        };
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
