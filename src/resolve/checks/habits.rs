//! What is seldom meant so: statements that do nothing (`x == 1`, `f`, `teller(3)` without `start`), and a thing that is
//! compared with what it holds (`a == 3` of an atomic).

use super::Findings;
use super::facts::Holds;
use super::members;
use super::visit::{Visitor, call_of, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{
    Block, CompareOperator, Expression, ExpressionKind, Function, FunctionBody, Parameter, Statement,
    StatementKind, Template, TemplateBody, UnaryOperator,
};
use crate::value::Type;

pub struct Habits<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
    /// The expression whose value a session shows.
    pub shown: Option<Span>,
}

impl<'t> Visitor<'t> for Habits<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Expression(value) = &statement.kind {
            self.value(value);
        } else if let StatementKind::Parallel(branches) = &statement.kind {
            // A call there is started, a name alone is not.
            let others = branches.iter().filter(|branch| call_of(branch).is_none());
            return others.for_each(|branch| self.statement(&branch.statement));
        } else if let StatementKind::Function(function) = &statement.kind {
            self.body(function);
        } else if let StatementKind::Thread(template) = &statement.kind {
            self.daemon(template);
            match &template.body {
                TemplateBody::Plain(body) | TemplateBody::Members { run: body, .. } if !template.process => {
                    self.last_value(body, GIVEN_BY_THREAD);
                }
                _ => {}
            }
        } else if let StatementKind::If { branches, .. } = &statement.kind {
            branches.iter().for_each(|(condition, _)| self.always_true(condition));
        } else if let StatementKind::Assign { target, operator: None, value } = &statement.kind {
            self.sign_of_the_value(target, value);
        } else if let StatementKind::For { items, .. } = &statement.kind {
            self.counts_down(items);
        } else if let StatementKind::Await(condition) = &statement.kind {
            if !self.waits_for_nothing(condition) {
                self.always_true(condition);
            }
        } else if let StatementKind::While { condition, .. }
        | StatementKind::Assert { condition, .. }
        | StatementKind::Watch { condition, .. } = &statement.kind
        {
            self.always_true(condition);
        }
        if let StatementKind::Assert { condition, .. } = &statement.kind {
            self.asserted(condition);
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Function(function) = &expression.kind {
            self.body(function);
        } else if let ExpressionKind::StartBlock { body, .. } = &expression.kind {
            self.last_value(body, GIVEN_BY_THREAD);
        }
        if let ExpressionKind::Compare { first, rest } = &expression.kind {
            let mut left = &**first;
            for (operator, right) in rest {
                if matches!(operator, CompareOperator::Equal | CompareOperator::NotEqual) {
                    self.never_equal(left, right);
                    self.never_equal(right, left);
                    self.compares_type(left, right);
                    self.compares_type(right, left);
                }
                left = right;
            }
        }
        walk_expression(self, expression);
    }
}

const GIVEN_BY_FUNCTION: &str = "the value of this is not used: a function gives what `return` says";
const GIVEN_BY_THREAD: &str = "the value of this is not used: a thread gives what `return` says";

/// Whether to evaluate it does nothing but give a value (or an error). Names and comparisons have warnings of their own.
fn only_gives(kind: &ExpressionKind) -> bool {
    matches!(
        kind,
        ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::Comprehension { .. }
            | ExpressionKind::Range { .. }
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary { .. }
    )
}

/// What is called.
fn call_to(expression: &Expression) -> Option<&Expression> {
    match &expression.kind {
        ExpressionKind::Call { callee, .. } => Some(callee),
        _ => None,
    }
}

/// What a newcomer takes the thing itself for.
fn content(kind: Type) -> Option<&'static str> {
    match kind {
        Type::Atomic => Some("value"),
        Type::Event => Some("is_set"),
        Type::Semaphore => Some("permits"),
        Type::Queue => Some("size"),
        Type::Lock | Type::RLock => Some("locked"),
        _ => None,
    }
}

impl Habits<'_, '_, '_> {
    fn value(&mut self, value: &Expression) {
        if let ExpressionKind::Compare { first, rest } = &value.kind {
            // What a session shows was asked for.
            if self.shown != Some(value.span) {
                self.compared(value, first, rest);
            }
        } else if let ExpressionKind::Call { callee, .. } = &value.kind {
            self.called(value, callee);
        } else if let ExpressionKind::Name(_) = &value.kind {
            self.named(value);
        } else if self.is_method(value) {
            self.not_called(value.span);
        }
    }

    /// `m.acquire`, which is a value of its own.
    fn is_method(&self, value: &Expression) -> bool {
        let ExpressionKind::Field { object, name } = &value.kind else { return false };
        let facts = self.found.facts;
        let Some(held) = facts.holds(object) else { return false };
        let methods = members::type_of(facts, held).map_or(&[][..], facts.builtins.methods);
        let own = matches!(facts.field_holds(held, &name.text), Some(Holds::Function(_)));
        own || methods.iter().any(|row| row.name == &*name.text)
    }

    /// `thread t(daemon=true) { }`, as Python makes one.
    fn daemon(&mut self, template: &Template) {
        let is_flag = |parameter: &&Parameter| {
            let default = parameter.default.as_ref().map(|default| &default.kind);
            &*parameter.name.text == "daemon" && matches!(default, Some(ExpressionKind::Bool(_)))
        };
        if let Some(parameter) = template.parameters.iter().find(is_flag) {
            let message = "this is a parameter like any other, and makes no daemon";
            let report = Diagnostic::remark(Code::NoEffect, parameter.name.span, message);
            let word = if template.process { "process" } else { "thread" };
            let hint = format!("a daemon is declared: `daemon {word} {} {{ … }}`", template.name.text);
            self.found.always(report.hint(hint));
        }
    }

    /// In other languages the last value of a function is what it gives.
    fn body(&mut self, function: &Function) {
        if let FunctionBody::Block(block) = &function.body {
            self.last_value(block, GIVEN_BY_FUNCTION);
        }
    }

    /// `message`: how its value would be given.
    fn last_value(&mut self, block: &Block, message: &str) {
        let Some(Statement { kind: StatementKind::Expression(value), .. }) = block.statements.last() else {
            return;
        };
        if !only_gives(&value.kind) {
            return;
        }
        let report = Diagnostic::warning(Code::NoEffect, value.span, message);
        let written = self.found.written(value.span).unwrap_or("…");
        let report = report.hint(format!("did you mean `return {written}`?"));
        self.found.unless_caught(report);
    }

    /// `n =+ 1`, where `n += 1` may be meant: the sign stands at the `=`, and a space after it.
    fn sign_of_the_value(&mut self, target: &Expression, value: &Expression) {
        let ExpressionKind::Unary { operator: UnaryOperator::Plus | UnaryOperator::Negate, operand } =
            &value.kind
        else {
            return;
        };
        let text = &self.found.facts.source.text;
        let written = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or("");
        let sign = written(value.span.start, value.span.start + 1);
        let joined = written(target.span.end, value.span.start).ends_with('=');
        let apart = written(value.span.start + 1, operand.span.start);
        if !joined || apart.is_empty() || !apart.trim().is_empty() {
            return;
        }
        let at = Span { start: value.span.start - 1, end: value.span.start + 1 };
        let message = match sign {
            "+" => "`=+` adds nothing: the variable gets the value that follows",
            _ => "`=-` subtracts nothing: the variable gets the value that follows, negated",
        };
        let report = Diagnostic::warning(Code::NoEffect, at, message);
        let report = match (self.found.written(target.span), self.found.written(operand.span)) {
            (Some(left), Some(right)) => report.hint(format!("did you mean `{left} {sign}= {right}`?")),
            (Some(_) | None, _) => report,
        };
        self.found.unless_caught(report);
    }

    /// `for i in 10..0`, which has no rounds.
    fn counts_down(&mut self, items: &Expression) {
        let (start, end, inclusive) = match &items.kind {
            ExpressionKind::Range { start: Some(start), end: Some(end), inclusive } => {
                (&**start, &**end, *inclusive)
            }
            ExpressionKind::Call { callee, arguments } if self.is_builtin(callee, "range") => {
                let [first, last] = &arguments[..] else { return };
                (&first.value, &last.value, false)
            }
            _ => return,
        };
        let (ExpressionKind::Int(first), ExpressionKind::Int(last)) = (&start.kind, &end.kind) else {
            return;
        };
        if first <= last {
            return;
        }
        let message = "this loop has no rounds: a range counts upwards";
        let report = Diagnostic::warning(Code::NoEffect, items.span, message);
        let up = if inclusive { format!("{last}..={first}") } else { format!("{}..={first}", last + 1) };
        self.found.unless_caught(report.hint(format!("downwards it is `reversed({up})`")));
    }

    fn compared(&mut self, value: &Expression, first: &Expression, rest: &[(CompareOperator, Expression)]) {
        let [(CompareOperator::Equal, right)] = rest else { return };
        let target = matches!(
            first.kind,
            ExpressionKind::Name(_) | ExpressionKind::Field { .. } | ExpressionKind::Index { .. }
        );
        if !target {
            return;
        }
        let report =
            Diagnostic::warning(Code::NoEffect, value.span, "this compares, and the answer is not used");
        let report = match (self.found.written(first.span), self.found.written(right.span)) {
            (Some(left), Some(right)) => report.hint(format!("did you mean `{left} = {right}`?")),
            (Some(_) | None, _) => report,
        };
        self.found.unless_caught(report);
    }

    fn never_equal(&mut self, thing: &Expression, other: &Expression) {
        if let Some(Holds::Thing { kind, .. }) = self.found.facts.holds(thing)
            && let Some(content) = content(kind)
            && let Some(Holds::Plain(what)) = self.found.facts.holds(other)
            && what != "nil"
        {
            let name = self.found.written(thing.span).unwrap_or("it").to_string();
            let message = format!("`{name}` itself is never equal to {what}");
            let report = Diagnostic::warning(Code::NeverEqual, thing.span, message);
            self.found.always(report.hint(format!("what it holds is `{name}.{content}`")));
        }
    }

    /// `type(x) == int`, as in Python: a type is told by its name.
    fn compares_type(&mut self, asked: &Expression, with: &Expression) {
        let is_type = call_to(asked).is_some_and(|callee| self.is_builtin(callee, "type"));
        if !is_type || !matches!(with.kind, ExpressionKind::Name(_)) {
            return;
        }
        if let Some(Holds::Builtin(_) | Holds::Class(_)) = self.found.facts.holds(with) {
            let name = self.found.written(with.span).unwrap_or("it").to_string();
            let message = format!("`{name}` itself is never equal to the name of a type");
            let report = Diagnostic::warning(Code::NeverEqual, with.span, message);
            self.found.always(report.hint(format!("did you mean `\"{name}\"`?")));
        }
    }

    fn is_builtin(&self, callee: &Expression, name: &str) -> bool {
        let Some(Holds::Builtin(index)) = self.found.facts.holds(callee) else { return false };
        self.found.facts.builtins.functions[index as usize].name == name
    }

    /// `while not stop { }`: whatever it holds, the thing itself is true.
    fn always_true(&mut self, condition: &Expression) {
        match &condition.kind {
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                return self.always_true(operand);
            }
            ExpressionKind::And(left, right) | ExpressionKind::Or(left, right) => {
                self.always_true(left);
                return self.always_true(right);
            }
            _ => {}
        }
        let name = self.found.written(condition.span).unwrap_or("it").to_string();
        let not_called = || {
            (format!("`{name}` itself is always true: it is not called"), format!("did you mean `{name}()`?"))
        };
        let (message, hint) = match self.found.facts.holds(condition) {
            Some(Holds::Thing { kind, .. }) => match content(kind) {
                Some(content) => (
                    format!("`{name}` itself is always true, whatever it holds"),
                    format!("what it holds is `{name}.{content}`"),
                ),
                None => return,
            },
            Some(Holds::Thread(_)) => (
                format!("`{name}` itself is always true"),
                format!("whether it has not ended yet is `{name}.alive`"),
            ),
            Some(Holds::Function(_) | Holds::Builtin(_))
                if !matches!(condition.kind, ExpressionKind::Function(_)) =>
            {
                not_called()
            }
            None if self.is_method(condition) => not_called(),
            Some(
                Holds::Function(_)
                | Holds::Builtin(_)
                | Holds::Things { .. }
                | Holds::Class(_)
                | Holds::Template(_)
                | Holds::Instance(_)
                | Holds::Timer
                | Holds::Plain(_),
            )
            | None => return,
        };
        self.found.always(Diagnostic::warning(Code::NeverEqual, condition.span, message).hint(hint));
    }

    /// `assert "the queue is empty"`.
    fn asserted(&mut self, condition: &Expression) {
        if matches!(condition.kind, ExpressionKind::Text(_)) {
            let written = self.found.written(condition.span).unwrap_or("\"…\"");
            let message = "a text is always true, so this tests nothing";
            let report = Diagnostic::warning(Code::NeverEqual, condition.span, message);
            let report = report.hint(format!("the text follows a condition: `assert x == 1, {written}`"));
            self.found.always(report);
        }
    }

    /// `await t`, as other languages wait for the end of something; whether it was that.
    fn waits_for_nothing(&mut self, condition: &Expression) -> bool {
        // (To start something there is an error of its own.)
        if matches!(condition.kind, ExpressionKind::Start(_) | ExpressionKind::StartBlock { .. }) {
            return true;
        }
        let name = self.found.written(condition.span).unwrap_or("it").to_string();
        let hint = match self.found.facts.holds(condition) {
            Some(Holds::Function(_)) if matches!(condition.kind, ExpressionKind::Function(_)) => {
                "the condition itself follows: `await x == 1`".to_string()
            }
            Some(Holds::Function(_) | Holds::Builtin(_)) => format!("did you mean `await {name}()`?"),
            Some(Holds::Thread(_) | Holds::Timer) => format!("`join {name}` waits for its end"),
            Some(Holds::Template(_)) => format!("`let t = start {name}`, then `join t`, waits for its end"),
            Some(Holds::Thing { kind: Type::Latch | Type::Barrier | Type::Condition, .. }) => {
                format!("`{name}.wait()` waits for it")
            }
            Some(
                Holds::Thing { .. }
                | Holds::Things { .. }
                | Holds::Class(_)
                | Holds::Instance(_)
                | Holds::Plain(_),
            )
            | None => return false,
        };
        let message = format!("`{name}` is always true as a condition, so this waits for nothing");
        let report = Diagnostic::warning(Code::NeverEqual, condition.span, message);
        self.found.always(report.hint(hint));
        true
    }

    fn called(&mut self, value: &Expression, callee: &Expression) {
        let Some(held @ Holds::Template(function)) = self.found.facts.holds(callee) else { return };
        let name = &self.found.facts.answers.functions[function as usize].name;
        let word = self.found.facts.word_of_threads(held);
        let message = format!("this makes a {word} {name}, and never starts it");
        let report = Diagnostic::warning(Code::NoEffect, value.span, message)
            .note(format!("a call of a {word} template makes a {word}; nothing of its body has run yet"));
        let call = self.found.written(value.span).unwrap_or("…");
        let report = report.hint(format!("did you mean `start {call}`?"));
        self.found.unless_caught(report);
    }

    fn named(&mut self, value: &Expression) {
        match self.found.facts.holds(value) {
            Some(Holds::Function(_) | Holds::Builtin(_) | Holds::Class(_)) => self.not_called(value.span),
            Some(held @ Holds::Template(_)) => {
                let name = self.found.written(value.span).unwrap_or("…");
                let word = self.found.facts.word_of_threads(held);
                let message = format!("the {word} {name} is only named here, and not started");
                let report = Diagnostic::warning(Code::NoEffect, value.span, message);
                let report = report.hint(format!("did you mean `start {name}`?"));
                self.found.unless_caught(report);
            }
            Some(
                Holds::Thing { .. }
                | Holds::Things { .. }
                | Holds::Instance(_)
                | Holds::Thread(_)
                | Holds::Timer
                | Holds::Plain(_),
            )
            | None => {}
        }
    }

    fn not_called(&mut self, span: Span) {
        let name = self.found.written(span).unwrap_or("this");
        let report =
            Diagnostic::warning(Code::NoEffect, span, format!("{name} is only named here, and not called"));
        let report = report.hint(format!("did you mean `{name}()`?"));
        self.found.unless_caught(report);
    }
}
