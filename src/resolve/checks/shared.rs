//! Where `shared` may stand: at the top level, so that what it declares is there before any process is.

use super::Findings;
use super::visit::{Visitor, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{Script, Statement, StatementKind};

pub struct Shareds<'a, 'f, 't> {
    found: &'a mut Findings<'f, 't>,
    /// The statements of the top level.
    top: Vec<Span>,
}

impl<'a, 'f, 't> Shareds<'a, 'f, 't> {
    pub fn new(script: &Script, found: &'a mut Findings<'f, 't>) -> Shareds<'a, 'f, 't> {
        Shareds { found, top: script.body.statements.iter().map(|statement| statement.span).collect() }
    }
}

impl<'t> Visitor<'t> for Shareds<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        let shared = match &statement.kind {
            StatementKind::Var { shared, .. } => *shared,
            StatementKind::Declare(declaration) => declaration.shared,
            _ => false, // nothing else can be declared so
        };
        if shared && !self.top.contains(&statement.span) {
            let message = "`shared` stands only at the top level of a script";
            let report = Diagnostic::error(Code::Misplaced, statement.span, message)
                .note("what processes share is made before any of them begins")
                .hint("declare it outside of all functions, blocks and templates");
            self.found.always(report);
        }
        walk_statement(self, statement);
    }
}
