//! From text to program: the rooms in front of the machine, one after the other. `growing` is for sessions.

pub mod growing;

use crate::code;
use crate::code::verify::Verified;
use crate::report::{Diagnostic, Level};
use crate::resolve;
use crate::source::Source;
use crate::syntax;
use crate::value::Value;
use std::sync::Arc;

/// The program and the warnings; or what keeps the script from running, with the warnings found till then.
///
/// A room is asked only when the one before it found no error: what it says of a tree with holes could be a mere
/// consequence of them.
pub fn compile(source: Arc<Source>) -> Result<(Verified, Vec<Diagnostic>), Vec<Diagnostic>> {
    compile_keeping(source, &[])
}

/// The same; the top level's variables of these names are kept where they can be looked at from outside.
pub fn compile_keeping(
    source: Arc<Source>,
    names: &[String],
) -> Result<(Verified, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (script, found) = syntax::parse(&source);
    let mut found = passable(found)?;
    let (mut resolution, named) = resolve::resolve(&script, &source);
    for variable in &mut resolution.variables {
        variable.captured |= variable.top_level && names.iter().any(|name| **name == *variable.name);
    }
    found.extend(named);
    let found = passable(found)?;
    match code::lower::lower(&source, &script, &resolution) {
        Ok(program) => Ok((Verified::new(program).unwrap_or_else(|flaw| unreachable!("{flaw:?}")), found)),
        Err(refused) => Err(found.into_iter().chain([refused]).collect()),
    }
}

/// The same, of a script that sees these names around its top level, each with its value.
pub fn compile_with(
    source: Arc<Source>,
    given: Vec<(Arc<str>, Value)>,
) -> Result<(Verified, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (script, found) = syntax::parse(&source);
    let mut found = passable(found)?;
    let (names, values): (Vec<Arc<str>>, Vec<Value>) = given.into_iter().unzip();
    let (resolution, named) = resolve::resolve_within(&script, &names, &source);
    found.extend(named);
    let found = passable(found)?;
    match code::lower::lower_within(&source, &script, &resolution, values) {
        Ok(program) => Ok((Verified::new(program).unwrap_or_else(|flaw| unreachable!("{flaw:?}")), found)),
        Err(refused) => Err(found.into_iter().chain([refused]).collect()),
    }
}

/// Err when there is an error among them.
fn passable(found: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    if found.iter().any(|d| d.level == Level::Error) { Err(found) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Code;
    use crate::source::Span;

    #[test]
    fn warnings_do_not_keep_a_script_from_running() {
        let warning = Diagnostic::warning(Code::UndefinedName, Span::default(), "w");
        let error = Diagnostic::error(Code::Syntax, Span::default(), "e");
        assert_eq!(passable(vec![warning.clone()]).expect("only a warning").len(), 1);
        assert_eq!(passable(vec![warning, error]).expect_err("an error").len(), 2);
    }
}
