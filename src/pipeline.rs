//! From text to program: the rooms in front of the machine, one after the other.

use crate::code::Program;
use crate::report::{Code, Diagnostic, Level};
use crate::source::{Source, Span};
use std::sync::Arc;

/// The program and the warnings; or what keeps the script from running, with the warnings found till then.
///
/// A room is asked only when the one before it found no error: what it says of a tree with holes could be a mere
/// consequence of them.
pub fn compile(source: Arc<Source>) -> Result<(Program, Vec<Diagnostic>), Vec<Diagnostic>> {
    // JOIN: syntax::parse, resolve::resolve and code::lower belong here as soon as they are there.
    let whole = Span::new(0, source.text.len()).at_start();
    let found = vec![Diagnostic::error(Code::Syntax, whole, "this build of conc cannot compile scripts yet")];
    let warnings = passable(found)?;
    let program = Program {
        source,
        functions: Vec::new(),
        classes: Vec::new(),
        constants: Vec::new(),
        symbols: Vec::new(),
        globals: Vec::new(),
    };
    Ok((program, warnings))
}

/// Err when there is an error among them.
fn passable(found: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    if found.iter().any(|d| d.level == Level::Error) { Err(found) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_do_not_keep_a_script_from_running() {
        let warning = Diagnostic::warning(Code::UndefinedName, Span::default(), "w");
        let error = Diagnostic::error(Code::Syntax, Span::default(), "e");
        assert_eq!(passable(vec![warning.clone()]).expect("only a warning").len(), 1);
        assert_eq!(passable(vec![warning, error]).expect_err("an error").len(), 2);
    }
}
