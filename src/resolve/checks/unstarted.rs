//! What is declared to run and never does: threads, processes and timers that nothing starts, a `fn run` where the
//! `run` block of a thread was meant, an `__init__`. Remarks only, as more of the script may be to come.

use super::super::{Meaning, VariableId};
use super::Findings;
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{
    Class, Expression, ExpressionKind, Name, Statement, StatementKind, Template, TemplateBody,
};
use std::collections::HashSet;

pub struct Unstarted<'a, 'f, 't> {
    found: &'a mut Findings<'f, 't>,
    /// What is named anywhere but where it is declared.
    used: HashSet<VariableId>,
    declared: Vec<(VariableId, Declared<'t>)>,
}

/// What may be named by nobody.
enum Declared<'t> {
    Template(&'t Template),
    Timer(&'t Name),
    /// A function `run` directly in the body of a thread without a `run` block.
    Run(&'t Template, &'t Name),
}

impl<'a, 'f, 't> Unstarted<'a, 'f, 't> {
    pub fn new(found: &'a mut Findings<'f, 't>) -> Self {
        Unstarted { found, used: HashSet::new(), declared: Vec::new() }
    }

    /// Reports what has been declared in all that was visited and is named nowhere in it.
    pub fn finish(self) {
        for (variable, declared) in self.declared {
            if self.used.contains(&variable) {
                continue;
            }
            let report = match declared {
                Declared::Template(template) => {
                    let (word, name) = (if template.process { "process" } else { "thread" }, &template.name);
                    never_started(word, name, if template.parameters.is_empty() { "" } else { "(…)" })
                }
                Declared::Timer(name) => never_started("timer", name, ""),
                Declared::Run(template, name) => {
                    let word = if template.process { "process" } else { "thread" };
                    let message = format!("nothing calls this function, so the {word} does not run it");
                    Diagnostic::remark(Code::NoEffect, name.span, message)
                        .hint("what runs beside the members is a block: `run { … }`, without `fn`")
                }
            };
            self.found.always(report);
        }
    }

    fn declare(&mut self, name: &Name, declared: Declared<'t>) {
        if let Meaning::Variable(variable) = self.found.facts.meaning(name) {
            self.declared.push((variable, declared));
        }
    }

    fn template(&mut self, template: &'t Template) {
        self.declare(&template.name, Declared::Template(template));
        let TemplateBody::Plain(body) = &template.body else { return };
        for statement in &body.statements {
            if let StatementKind::Function(function) = &statement.kind
                && let Some(name) = &function.name
                && &*name.text == "run"
            {
                self.declare(name, Declared::Run(template, name));
            }
        }
    }

    /// In other languages a method of this name is called when an object is made.
    fn class(&mut self, class: &Class) {
        for member in &class.members {
            if let StatementKind::Function(function) = &member.kind
                && let Some(name) = &function.name
                && matches!(&*name.text, "__init__" | "constructor")
            {
                let message = format!("nothing calls this `{}` when an object is made", name.text);
                let hint = "what a class needs stands behind its name, and a member begins with its value: `class Counter(n) { var count = n }`";
                self.found.always(Diagnostic::remark(Code::NoEffect, name.span, message).hint(hint));
            }
        }
    }
}

/// `arguments`: what a call of it has behind its name.
fn never_started(word: &str, name: &Name, arguments: &str) -> Diagnostic {
    let message = format!("the {word} {} is declared here, and never started", name.text);
    Diagnostic::remark(Code::NoEffect, name.span, message)
        .note("a declaration only says what it runs")
        .hint(format!("`start {}{arguments}` starts it", name.text))
}

impl<'t> Visitor<'t> for Unstarted<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Thread(template) = &statement.kind {
            self.template(template);
        } else if let StatementKind::Timer(timer) = &statement.kind {
            self.declare(&timer.name, Declared::Timer(&timer.name));
        } else if let StatementKind::Class(class) = &statement.kind {
            self.class(class);
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Name(name) = &expression.kind
            && let Meaning::Variable(variable) = self.found.facts.meaning(name)
        {
            self.used.insert(variable);
        }
        walk_expression(self, expression);
    }
}
