//! Values that are seldom the ones meant: a builtin that is named and not called (`print(pid)`), what a method gives that
//! changes its list (`let ys = xs.sort()`), a list of one and the same thing (`[lock()] * 5`), a `$` before a value in a
//! text.

use super::Findings;
use super::facts::Holds;
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Expression, ExpressionKind, Statement, StatementKind, TextPart};
use crate::value::Type;

/// What is said of money.
const MONEY: [&str; 14] = [
    "price", "cost", "balance", "amount", "total", "money", "sum", "fee", "pay", "余额", "价", "钱", "金额",
    "费",
];

pub struct Meant<'a, 'f, 't> {
    found: &'a mut Findings<'f, 't>,
    /// Values in texts, and the first of them with a `$` before it.
    values: usize,
    dollars: usize,
    first_dollar: Option<Span>,
}

impl<'a, 'f, 't> Meant<'a, 'f, 't> {
    pub fn new(found: &'a mut Findings<'f, 't>) -> Self {
        Meant { found, values: 0, dollars: 0, first_dollar: None }
    }

    /// `"${x}"`, as elsewhere. Where some values have a `$` and others have none, it is a price, and so it is where one is
    /// called like money.
    pub fn finish(self) {
        if let Some(span) = self.first_dollar.filter(|_| self.dollars == self.values) {
            let message = "this `$` is a part of the text, and is printed, too";
            let report = Diagnostic::remark(Code::NoEffect, span, message);
            self.found.always(report.hint("a value in a text stands in braces alone: `\"x is {x}\"`"));
        }
    }

    /// The name of a builtin that takes nothing and gives a value, where it is named and not called.
    fn uncalled(&mut self, value: &Expression) {
        let ExpressionKind::Name(_) = &value.kind else { return };
        let Some(Holds::Builtin(index)) = self.found.facts.holds(value) else { return };
        let row = &self.found.facts.builtins.functions[index as usize];
        let gives = matches!(
            row.name,
            "pid"
                | "ppid"
                | "now"
                | "clock"
                | "active_count"
                | "threads"
                | "processes"
                | "current_thread"
                | "main_thread"
                | "cpu_count"
                | "random"
                | "fork"
                | "input"
        );
        if gives {
            let message = format!("{} is only named here, and not called", row.name);
            let report = Diagnostic::warning(Code::NoEffect, value.span, message);
            self.found.unless_caught(report.hint(format!("did you mean `{}()`?", row.name)));
        }
    }

    /// `let ys = xs.sort()`.
    fn nothing(&mut self, value: &Expression) {
        let ExpressionKind::Call { callee, .. } = &value.kind else { return };
        let ExpressionKind::Field { object, name } = &callee.kind else { return };
        let facts = self.found.facts;
        let hint = match &*name.text {
            "sort" => "`sorted(xs)` gives a new list",
            "reverse" => "`reversed(xs)` gives a new list",
            "push" | "extend" => "write it on a line of its own; `xs + [x]` is a new list",
            _ => return,
        };
        let list = match facts.holds(object) {
            Some(Holds::Plain("a list")) | Some(Holds::Thing { kind: Type::List, .. }) => true,
            Some(_) => false,
            // Only lists have such methods, but for classes of the script.
            None => !facts.answers.classes.iter().any(|class| {
                class.methods.iter().any(|method| *method.name == *name.text)
                    || class.fields.iter().any(|field| *field.name == *name.text)
            }),
        };
        if list {
            let message = format!("`{}` changes the list itself, and its own value is nil", name.text);
            let report = Diagnostic::warning(Code::NoEffect, value.span, message);
            self.found.unless_caught(report.hint(hint));
        }
    }

    /// `[lock()] * 5`: five times the same lock.
    fn repeated(&mut self, list: &Expression, whole: &Expression) {
        let ExpressionKind::List(items) = &list.kind else { return };
        let [item] = &items[..] else { return };
        let mut certain = false;
        let (what, hint) = match self.found.facts.holds(item) {
            Some(Holds::Thing { kind, .. }) if matches!(item.kind, ExpressionKind::Call { .. }) => {
                certain = true;
                (kind.word().to_string(), None)
            }
            Some(Holds::Plain("a list")) => ("list".to_string(), Some("[[] for i in 0..5]")),
            // `[[0] * 3] * 3`.
            None if self.is_repeated(item) => ("list".to_string(), None),
            Some(Holds::Plain("a map")) => ("map".to_string(), Some("[{} for i in 0..5]")),
            Some(Holds::Instance(_) | Holds::Thread(_)) => ("object".to_string(), None),
            _ => return,
        };
        let hint = match (hint, self.found.written(item.span)) {
            (Some(hint), _) => hint.to_string(),
            (None, Some(written)) => format!("[{written} for i in 0..5]"),
            (None, None) => return,
        };
        let message = format!("every element of this list is the same {what}: it is made once");
        // What is never changed may be the same.
        let report = match certain {
            true => Diagnostic::warning(Code::NoEffect, whole.span, message),
            false => Diagnostic::remark(Code::NoEffect, whole.span, message),
        };
        self.found.unless_caught(report.hint(format!("one for each: `{hint}`")));
    }

    /// Whether it is a list times a number.
    fn is_repeated(&self, item: &Expression) -> bool {
        let ExpressionKind::Binary { operator: BinaryOperator::Multiply, left, right } = &item.kind else {
            return false;
        };
        [left, right].iter().any(|side| matches!(side.kind, ExpressionKind::List(_)))
    }

    fn text(&mut self, parts: &[TextPart]) {
        for pair in parts.windows(2) {
            let [TextPart::Literal(before), TextPart::Value { value, .. }] = pair else { continue };
            if !before.ends_with('$') {
                continue;
            }
            let name = self.found.written(value.span).unwrap_or_default().to_lowercase();
            if MONEY.iter().any(|word| name.contains(word)) {
                continue;
            }
            self.dollars += 1;
            // The brace is before the value, the `$` before the brace.
            let text = &self.found.facts.source.text[..value.span.start as usize];
            if let (None, Some(at)) = (self.first_dollar, text.rfind("${")) {
                self.first_dollar = Some(Span::new(at, at + 1));
            }
        }
        for part in parts {
            if let TextPart::Value { value, .. } = part {
                self.values += 1;
                self.uncalled(value);
            }
        }
    }
}

impl<'t> Visitor<'t> for Meant<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        match &statement.kind {
            StatementKind::Let { value, .. }
            | StatementKind::Var { value, .. }
            | StatementKind::Assign { value, .. } => self.nothing(value),
            StatementKind::For { items, .. } => self.nothing(items),
            _ => {}
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        match &expression.kind {
            ExpressionKind::Text(parts) => self.text(parts),
            ExpressionKind::Call { callee, arguments } => {
                let builtin = match self.found.facts.holds(callee) {
                    Some(Holds::Builtin(index)) => self.found.facts.builtins.functions[index as usize].name,
                    _ => "",
                };
                if matches!(builtin, "print" | "len" | "str" | "int") {
                    for argument in arguments {
                        self.uncalled(&argument.value);
                        self.nothing(&argument.value);
                    }
                }
            }
            ExpressionKind::Binary { operator, left, right } => {
                if matches!(operator, BinaryOperator::Multiply) {
                    self.repeated(left, expression);
                    self.repeated(right, expression);
                }
            }
            ExpressionKind::Compare { first, rest } => {
                self.uncalled(first);
                rest.iter().for_each(|(_, right)| self.uncalled(right));
            }
            _ => {}
        }
        walk_expression(self, expression);
    }
}
