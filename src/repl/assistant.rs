//! Helps while a line is typed: completes names, members and commands, colours, and knows when more lines are needed.

use super::colour;
use super::commands::COMMANDS;
use super::core::Core;
use conc::{builtin, help, syntax};
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
    // Names of threads have signs and blanks in them, topics have dots.
    for (command, names) in [(":end ", ended as fn(&Core, &str) -> Vec<String>), (":help ", topics)] {
        if let Some(begun) = before.strip_prefix(command) {
            let mut names = names(core, begun);
            names.retain(|name| name.starts_with(begun));
            return (command.len(), names);
        }
    }
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

/// What `:end` can end.
fn ended(core: &Core, _: &str) -> Vec<String> {
    let threads = core.handle.threads().into_iter().map(|(thread, _)| thread);
    let names = threads.chain(core.handle.processes()).map(|thread| thread.name().to_string());
    names.filter(|name| name != "main").collect()
}

fn topics(core: &Core, begun: &str) -> Vec<String> {
    let language = core.style().language();
    let pages = help::topics_glossed(language).map(|(name, _)| name.to_string());
    let members = help::members_begun(begun, language).into_iter().map(|(name, _)| name);
    COMMANDS.iter().map(|command| command.name.to_string()).chain(pages).chain(members).collect()
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
