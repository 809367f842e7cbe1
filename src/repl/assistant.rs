//! Helps while a line is typed: completes names, members and commands, colours, and knows when more lines are needed.

use super::colour;
use super::commands::COMMANDS;
use super::core::Core;
use conc::{builtin, syntax};
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

pub struct Assistant {
    core: Rc<RefCell<Core>>,
    files: FilenameCompleter,
    coloured: bool,
}

impl Assistant {
    pub fn new(core: Rc<RefCell<Core>>) -> Assistant {
        let coloured = core.borrow().style().is_coloured();
        Assistant { core, files: FilenameCompleter::new(), coloured }
    }
}

/// What could stand at the end of the text before the cursor: where it begins, and all that it could become.
pub fn candidates(core: &Core, before: &str) -> (usize, Vec<String>) {
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let (head, word) = before.split_at(start);
    let mut found = BTreeSet::new();
    let mut offer = |name: &str| {
        if name.starts_with(word) && !name.starts_with("__") {
            found.insert(name.to_string());
        }
    };
    if head == ":" {
        COMMANDS.iter().for_each(|command| offer(command.name));
    } else if head.starts_with(":end ") {
        core.handle.threads().iter().for_each(|(thread, _)| offer(&thread.name()));
        core.handle.processes().iter().for_each(|process| offer(&process.name()));
    } else if let Some(owner) = head.strip_suffix('.') {
        let owner = owner.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        core.members(owner).iter().for_each(|name| offer(name));
    } else {
        core.growing.names().keys().for_each(|name| offer(name));
        builtin::functions().iter().for_each(|row| offer(row.name));
        syntax::RESERVED.iter().chain(&syntax::DECLARING).for_each(|name| offer(name));
    }
    (start, found.into_iter().collect())
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = &line[..at];
        if [":load ", ":save ", ":check "].iter().any(|command| before.starts_with(command)) {
            return self.files.complete(line, at, context);
        }
        let Ok(core) = self.core.try_borrow() else { return Ok((at, Vec::new())) };
        let (start, names) = candidates(&core, before);
        let pair = |name: String| Pair { display: name.clone(), replacement: name };
        Ok((start, names.into_iter().map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.coloured { colour::paint(line) } else { Cow::Borrowed(line) }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.coloured && kind != CmdKind::MoveCursor
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match Core::is_incomplete(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Helper for Assistant {}
