//! A lock or semaphore that is declared within a function or a thread's body, and that only the one who runs it ever
//! uses: each run makes another one, so it keeps nobody out.

use super::super::{FunctionKind, Meaning, VariableId};
use super::Findings;
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{DeclarationKind, Expression, ExpressionKind, Name, Statement, StatementKind};
use std::collections::HashSet;

pub struct Alone<'a, 'f, 't> {
    found: &'a mut Findings<'f, 't>,
    declared: Vec<(VariableId, &'t Name, DeclarationKind)>,
    /// Where a name is only held or released.
    holding: HashSet<Span>,
    /// What is held somewhere, and what may go to somebody else.
    held: HashSet<VariableId>,
    handed_on: HashSet<VariableId>,
}

impl<'a, 'f, 't> Alone<'a, 'f, 't> {
    pub fn new(found: &'a mut Findings<'f, 't>) -> Self {
        Alone {
            found,
            declared: Vec::new(),
            holding: HashSet::new(),
            held: HashSet::new(),
            handed_on: HashSet::new(),
        }
    }

    pub fn finish(self) {
        for (variable, name, kind) in self.declared {
            if !self.held.contains(&variable) || self.handed_on.contains(&variable) {
                continue;
            }
            let word = kind.word();
            let message =
                format!("whoever runs this makes a {word} {} of its own, which keeps nobody out", name.text);
            let hint = format!(
                "declare it once, outside, where all can see it: `{word} {}` on a line before",
                name.text
            );
            self.found.always(Diagnostic::warning(Code::NoEffect, name.span, message).hint(hint));
        }
    }

    fn holds(&mut self, thing: &Expression) {
        if let ExpressionKind::Name(name) = &thing.kind {
            self.holding.insert(name.span);
        }
    }
}

impl<'t> Visitor<'t> for Alone<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Declare(declaration) = &statement.kind
            && matches!(
                declaration.kind,
                DeclarationKind::Lock | DeclarationKind::RLock | DeclarationKind::Semaphore
            )
        {
            for item in declaration.items.iter().filter(|item| item.count.is_none()) {
                let Meaning::Variable(id) = self.found.facts.meaning(&item.name) else { continue };
                let answers = self.found.facts.answers;
                let variable = &answers.variables[id as usize];
                let kind = answers.functions[variable.function as usize].kind;
                let runs_often = matches!(
                    kind,
                    FunctionKind::Function
                        | FunctionKind::Method
                        | FunctionKind::Run
                        | FunctionKind::ThreadBody
                );
                if runs_often && !variable.captured {
                    self.declared.push((id, &item.name, declaration.kind));
                }
            }
        } else if let StatementKind::With { items, .. } = &statement.kind {
            items.iter().for_each(|item| self.holds(item));
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Field { object, name } = &expression.kind
            && matches!(&*name.text, "acquire" | "release" | "try_acquire" | "locked")
        {
            self.holds(object);
        } else if let ExpressionKind::Name(name) = &expression.kind
            && let Meaning::Variable(id) = self.found.facts.meaning(name)
        {
            match self.holding.contains(&name.span) {
                true => self.held.insert(id),
                false => self.handed_on.insert(id),
            };
        }
        walk_expression(self, expression);
    }
}
