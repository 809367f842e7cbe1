//! A script's text in the one style that conc has.
//!
//! The formatter works on the text's own tokens, so it can lose and change nothing: it decides where lines end and
//! where spaces stand, and the grammar tells it what each token is (`parse::marks`). Only `;`, and the comma behind the
//! last thing in brackets, come and go. Before a text is handed out it is parsed, and its tree compared.

mod align;
mod brackets;
mod build;
mod document;
mod levels;
mod nest;
mod same;
#[cfg(test)]
mod tests;
mod token;

use super::parse::{self, marks};
use crate::report::Diagnostic;
use crate::source::Source;
use crate::source::prepare::prepare;

/// Why a text is not formatted.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be parsed; these are its errors.
    Errors(Vec<Diagnostic>),
    /// The result would not mean the same: a mistake of the formatter.
    Changed,
}

/// The text formatted.
pub fn format(source: &Source) -> Result<String, Refused> {
    let (script, problems) = super::parse(source);
    if !problems.is_empty() {
        return Err(Refused::Errors(problems));
    }
    let prepared = prepare(&source.text);
    parse::with_stack_for(prepared.depth, || {
        let text = rewrite(&source.text, &prepared.text);
        let (again, problems) = super::parse(&Source::new(source.name.clone(), &*text));
        let same = problems.is_empty() && same::same(&script, &again);
        if same { Ok(text) } else { Err(Refused::Changed) }
    })
    .unwrap_or(Err(Refused::Changed))
}

fn rewrite(text: &str, prepared: &str) -> String {
    let marks = marks::marks(prepared);
    let tokens = token::tokens(text, prepared, &marks);
    align::text(&build::lines(&tokens))
}
