//! Arguments of calls whose callee is known: functions, classes and threads of the script, builtins, methods.

use super::super::{ANONYMOUS, ClassId};
use super::facts::Holds;
use super::signature::{self, Signature};
use super::visit::{Visitor, walk_expression};
use super::{Findings, members};
use crate::report::Diagnostic;
use crate::syntax::tree::{Argument, Expression, ExpressionKind};

pub struct Calls<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

impl<'t> Visitor<'t> for Calls<'_, '_, 't> {
    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && let Some(signature) = self.signature(callee)
        {
            let mut reports = Vec::new();
            signature.check(arguments, 0, expression.span, &mut reports);
            for report in reports {
                // In Python `enumerate()` of the module `threading` lists the threads.
                let of_threads = arguments.is_empty() && signature.name == "enumerate";
                let hint = "the threads that are alive are `threads()`";
                let report = if of_threads { report.hint(hint) } else { report };
                let report = self.advised(report, callee, arguments);
                self.found.unless_caught(match self.found.facts.holds(callee) {
                    Some(Holds::Class(_)) if signature.parameters.is_empty() => report.hint(format!(
                        "what a class needs stands behind its name: `class {}(n) {{ … }}`",
                        signature.name
                    )),
                    _ => report,
                });
            }
        }
        walk_expression(self, expression);
    }
}

impl Calls<'_, '_, '_> {
    fn signature(&self, callee: &Expression) -> Option<Signature> {
        let facts = self.found.facts;
        let ExpressionKind::Field { object, name } = &callee.kind else {
            let mut signature = facts.signature_of(facts.holds(callee)?)?;
            // `let twice = fn(x) => …` has the name that it is called by.
            if let (ANONYMOUS, ExpressionKind::Name(_)) = (&*signature.name, &callee.kind)
                && let Some(name) = self.found.written(callee.span)
            {
                signature.name = name.to_string();
            }
            return Some(signature);
        };
        let held = facts.holds(object)?;
        if let Some(class) = members::class_of(facts, held)
            && let Some(signature) = self.method(class, &name.text)
        {
            return Some(signature);
        }
        let kind = members::type_of(self.found.facts, held)?;
        let row = (facts.builtins.methods)(kind).iter().find(|row| row.name == &*name.text)?;
        let label = self.found.written(callee.span).unwrap_or(row.name).to_string();
        Some(signature::of_row(label, row))
    }

    /// What else is to be said where arguments do not fit.
    fn advised(&self, report: Diagnostic, callee: &Expression, arguments: &[Argument]) -> Diagnostic {
        let facts = self.found.facts;
        let given = |names: &[&str]| {
            arguments
                .iter()
                .filter_map(|argument| argument.name.as_ref())
                .any(|it| names.contains(&&*it.text))
        };
        if let ExpressionKind::Field { name, .. } = &callee.kind
            && &*name.text == "submit"
            && given(&["args", "kwargs"])
        {
            return report.hint("what the task is given follows it: `p.submit(f, x, y)`");
        }
        match facts.holds(callee) {
            // `lock(m)`, as a statement would say it elsewhere, and `map()`.
            Some(Holds::Builtin(index)) if arguments.len() < 2 => {
                match (facts.builtins.functions[index as usize].name, arguments) {
                    ("lock" | "rlock", [one]) if one.name.is_none() => {
                        let thing = self.found.written(one.value.span).unwrap_or("m");
                        report.hint(format!("a lock is held by `with {thing} {{ … }}`"))
                    }
                    ("map", []) => {
                        report.hint("an empty map is `{}`; `map(f, xs)` calls f with each element")
                    }
                    _ => report,
                }
            }
            // `start t(name: "a")`, as in Python.
            Some(held @ Holds::Template(function)) if given(&["name", "daemon"]) => {
                let own = facts.signature(function);
                if own.is_some_and(|it| it.parameters.iter().any(|taken| given(&[taken.name.as_str()]))) {
                    return report;
                }
                let word = facts.word_of_threads(held);
                report.hint(match given(&["daemon"]) {
                    true => format!("that is declared: `daemon {word} NAME {{ … }}`"),
                    false => {
                        format!("a {word} is named before it is started: `let t = NAME()`, `t.name = \"…\"`, `start t`")
                    }
                })
            }
            // `set(1, 2)`.
            Some(Holds::Builtin(index)) if arguments.len() > 1 => {
                let name = facts.builtins.functions[index as usize].name;
                let takes_one = [
                    "set",
                    "list",
                    "sorted",
                    "len",
                    "any",
                    "all",
                    "reversed",
                    "enumerate",
                    "shuffle",
                    "choose",
                ];
                let positional = arguments.iter().all(|argument| argument.name.is_none());
                match takes_one.contains(&name) && positional {
                    true => report.hint(format!("several values are one list: `{name}([1, 2])`")),
                    false => report,
                }
            }
            _ => report,
        }
    }

    fn method(&self, class: ClassId, name: &str) -> Option<Signature> {
        let methods = &self.found.facts.answers.classes[class as usize].methods;
        let method = methods.iter().find(|method| &*method.name == name)?;
        self.found.facts.signature_of(Holds::Function(method.function))
    }
}
