//! Functions, classes, threads, timers, and the things to wait for.

use super::super::tree::{
    Block, Class, Declaration, DeclarationItem, DeclarationKind, Expression, ExpressionKind, Function,
    FunctionBody, OnSignal, Parameter, Statement, StatementKind, Template, TemplateBody, Timer,
};
use super::{Pair, Parser, Rule, begins_with, parts};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use std::time::Duration;

/// Also where no number can be read.
pub const GIL_HINT: &str =
    "write `use gil`, or with how long who waits for it waits before asking: `use gil(5ms)`";

impl Parser<'_> {
    /// Also `fn(x) => x`, which is the same without a name.
    pub fn function(&mut self, pair: Pair) -> Function {
        let span = self.span(&pair);
        let mut name = None;
        let mut parameters = Vec::new();
        let mut body = FunctionBody::Block(Block::default());
        for part in parts(pair) {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::parameters => parameters = self.parameters(part),
                Rule::block => body = FunctionBody::Block(self.block(part)),
                _ => body = FunctionBody::Value(Box::new(self.expression(part))),
            }
        }
        Function { name, parameters, body, span, id: self.node() }
    }

    fn parameters(&mut self, pair: Pair) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        for part in parts(pair) {
            let span = self.span(&part);
            let mut inner = super::parts(part);
            let Some(name) = inner.next().map(|name| self.name(&name)) else { continue };
            let default = inner.next().map(|value| self.expression(value));
            if default.is_none() && parameters.last().is_some_and(|before| before.default.is_some()) {
                let message = "a parameter without a default cannot follow one that has one";
                let hint = format!("give `{}` one, too, or put it before the others", name.text);
                self.problem(Diagnostic::error(Code::Syntax, span, message).hint(hint));
            }
            parameters.push(Parameter { name, default });
        }
        parameters
    }

    pub fn class(&mut self, pair: Pair) -> StatementKind {
        let monitor = begins_with(&pair, "monitor");
        let span = self.span(&pair);
        let (name, parameters, block) = self.named_body(pair);
        let Some(name) = name else { return StatementKind::Invalid };
        for member in &block.statements {
            self.check_member(member, if monitor { "a monitor" } else { "a class" });
        }
        let members = block.statements;
        StatementKind::Class(Class { monitor, name, parameters, members, span, id: self.node() })
    }

    pub fn thread(&mut self, pair: Pair) -> StatementKind {
        let daemon = begins_with(&pair, "daemon");
        let process = pair.clone().into_inner().any(|word| word.as_rule() == Rule::kw_process);
        let span = self.span(&pair);
        let mut name = None;
        let mut parameters = Vec::new();
        let mut body = TemplateBody::Plain(Block::default());
        for part in parts(pair) {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::parameters => parameters = self.parameters(part),
                _ => body = self.thread_body(part, if process { "process" } else { "thread" }),
            }
        }
        let Some(name) = name else { return StatementKind::Invalid };
        StatementKind::Thread(Template { daemon, process, name, parameters, body, span, id: self.node() })
    }

    fn thread_body(&mut self, block: Pair, word: &str) -> TemplateBody {
        let span = self.span(&block);
        let items: Vec<Pair> = parts(block).collect();
        if !items.iter().any(|item| item.as_rule() == Rule::run_block) {
            let statements = items.into_iter().map(|item| self.item(item)).collect();
            return TemplateBody::Plain(Block { statements, span });
        }
        let mut members = Vec::new();
        let mut run = None;
        for item in items {
            if item.as_rule() == Rule::run_block && run.is_none() {
                run = Some(self.only_block(item));
            } else {
                let member = self.item(item);
                self.check_member(&member, &format!("a {word} with a `run` block"));
                members.push(member);
            }
        }
        TemplateBody::Members { members, run: run.unwrap_or_default(), run_id: self.node() }
    }

    fn named_body(&mut self, pair: Pair) -> (Option<super::super::tree::Name>, Vec<Parameter>, Block) {
        let mut name = None;
        let mut parameters = Vec::new();
        let mut block = Block::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::parameters => parameters = self.parameters(part),
                _ => block = self.block(part),
            }
        }
        (name, parameters, block)
    }

    /// Only declarations may be members.
    fn check_member(&mut self, member: &Statement, of: &str) {
        if member.kind.declared().is_some() {
            return;
        }
        let hint = match &member.kind {
            // These have been reported.
            StatementKind::Invalid | StatementKind::Function(_) => return,
            // A `run` that is one too many has been reported.
            StatementKind::Block(_) if of.contains("run") => return,
            StatementKind::Assign { target, operator: None, .. }
                if matches!(target.kind, ExpressionKind::Name(_)) =>
            {
                "a field is declared with `var` or `let`"
            }
            StatementKind::Assign {
                target: Expression { kind: ExpressionKind::Field { object, .. }, .. },
                ..
            } if matches!(object.kind, ExpressionKind::SelfReference(_)) => {
                "a field is declared with its value, `var count = 0`; a parameter is one already"
            }
            _ => "put what is to be done into a method: `fn name() { … }`",
        };
        let message = format!("the body of {of} holds only declarations");
        let diagnostic = Diagnostic::error(Code::Syntax, member.span, message);
        self.problem(diagnostic.label("this is a statement").hint(hint));
    }

    pub fn timer(&mut self, pair: Pair) -> StatementKind {
        let daemon = begins_with(&pair, "daemon");
        let span = self.span(&pair);
        let repeats = pair.clone().into_inner().any(|part| part.as_rule() == Rule::kw_every);
        let mut parts = parts(pair);
        let Some(name) = parts.next().map(|name| self.name(&name)) else { return StatementKind::Invalid };
        let delay = self.next_expression(&mut parts);
        let body = self.next_block(&mut parts);
        StatementKind::Timer(Timer { daemon, name, repeats, delay, body, span, id: self.node() })
    }

    pub fn on_signal(&mut self, pair: Pair) -> StatementKind {
        let ignore = pair.clone().into_inner().any(|part| part.as_rule() == Rule::kw_ignore);
        let handled = pair.as_rule() == Rule::on_signal;
        let mut parts = parts(pair);
        let signal = self.next_expression(&mut parts);
        let action = match (handled, ignore) {
            (true, _) => OnSignal::Handler(self.next_block(&mut parts)),
            (false, true) => OnSignal::Ignore,
            (false, false) => OnSignal::Default,
        };
        StatementKind::OnSignal { signal, action, id: self.node() }
    }

    pub fn use_gil(&mut self, pair: Pair) -> StatementKind {
        let Some(number) = parts(pair).next().and_then(|interval| parts(interval).next()) else {
            return StatementKind::UseGil { interval: None };
        };
        let span = self.span(&number);
        let value = self.number(&number);
        if let ExpressionKind::Duration(nanoseconds @ 1..) = value {
            let interval = Some(Duration::from_nanos(nanoseconds.unsigned_abs()));
            return StatementKind::UseGil { interval };
        }
        // What is no number at all has been told.
        if !matches!(value, ExpressionKind::Invalid) {
            let message = "the interval of the GIL is a duration, longer than nothing";
            self.problem(Diagnostic::error(Code::BadNumber, span, message).hint(GIL_HINT));
        }
        StatementKind::Invalid
    }

    pub fn thread_local(&mut self, pair: Pair) -> StatementKind {
        let mut parts = parts(pair);
        let Some(name) = parts.next().map(|name| self.name(&name)) else { return StatementKind::Invalid };
        let value = self.next_expression(&mut parts);
        StatementKind::ThreadLocal { name, value, id: self.node() }
    }

    pub fn declaration(&mut self, pair: Pair) -> StatementKind {
        let shared = begins_with(&pair, "shared");
        let mut parts = parts(pair);
        let word = parts.next();
        let word = word.as_ref().map_or("", |word| word.as_str());
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some(kind) = DeclarationKind::ALL.into_iter().find(|kind| kind.word() == word) else {
            return StatementKind::Invalid;
        };
        let items = parts.filter_map(|item| self.declaration_item(kind, shared, item)).collect();
        StatementKind::Declare(Declaration { kind, shared, items })
    }

    fn declaration_item(
        &mut self,
        kind: DeclarationKind,
        shared: bool,
        pair: Pair,
    ) -> Option<DeclarationItem> {
        let mut item: Option<DeclarationItem> = None;
        let mut after_for = false;
        for part in pair.into_inner() {
            match (part.as_rule(), &mut item) {
                (Rule::name, None) => {
                    let name = self.name(&part);
                    item = Some(DeclarationItem {
                        name,
                        count: None,
                        arguments: Vec::new(),
                        value: None,
                        lock: None,
                    });
                }
                (Rule::count, Some(item)) => item.count = Some(self.only_expression(part)),
                (Rule::call, Some(item)) => item.arguments = self.arguments(part),
                (Rule::kw_for, Some(_)) => after_for = true,
                (Rule::expression, Some(item)) if after_for => item.lock = Some(self.expression(part)),
                (Rule::expression, Some(item)) => item.value = Some(self.expression(part)),
                _ => {}
            }
        }
        let item = item?;
        self.check_declaration(kind, shared, &item);
        Some(item)
    }

    fn check_declaration(&mut self, kind: DeclarationKind, shared: bool, item: &DeclarationItem) {
        let word = kind.word();
        if shared && !kind.can_be_shared() {
            self.problem(
                Diagnostic::error(Code::Syntax, item.name.span, format!("`{word}` cannot be shared"))
                    .hint(not_shared(kind)),
            );
        }
        if kind == DeclarationKind::Array && item.count.is_none() && item.value.is_none() {
            let message = format!("how long is the array {}?", item.name.text);
            self.problem(
                Diagnostic::error(Code::Syntax, item.name.span, message).hint(format!(
                    "give its length, `shared array {}[1000]`, or what it holds",
                    item.name.text
                )),
            );
        }
        if let (Some(value), false) = (&item.value, has_value(kind)) {
            self.problem(
                Diagnostic::error(Code::Syntax, value.span, format!("`{word}` is not declared with `=`"))
                    .hint(match kind {
                        DeclarationKind::Event => {
                            format!("it begins unset: `event {0}`, then `{0}.set()`", item.name.text)
                        }
                        _ if matches!(
                            value.kind,
                            ExpressionKind::List(_)
                                | ExpressionKind::Comprehension { .. }
                                | ExpressionKind::Binary { .. }
                        ) =>
                        {
                            format!("several of them are a list, declared as `{word} {}[5]`", item.name.text)
                        }
                        DeclarationKind::Lock | DeclarationKind::RLock | DeclarationKind::RwLock => {
                            format!("`{word} {}` is all of it", item.name.text)
                        }
                        _ => format!("`{word} {}(…)` takes what it needs in parentheses", item.name.text),
                    }),
            );
        }
        if let (Some(lock), false) = (&item.lock, kind == DeclarationKind::Condition) {
            let span = Span { start: item.name.span.start, end: lock.span.end };
            self.syntax_error(span, format!("only a `condition` is declared `for` a lock, not `{word}`"));
        }
    }
}

/// Whether its declaration may say what it holds: `= value`.
fn has_value(kind: DeclarationKind) -> bool {
    matches!(
        kind,
        DeclarationKind::Atomic | DeclarationKind::Array | DeclarationKind::List | DeclarationKind::Map
    )
}

/// What to do in place of sharing it.
fn not_shared(kind: DeclarationKind) -> &'static str {
    match kind {
        DeclarationKind::RwLock => "a `shared lock` works between processes, and an rwlock within one",
        DeclarationKind::Pool => {
            "a pool's tasks can come from one process only; give processes a `shared queue`"
        }
        _ => "a pipe joins two processes without the word: hand one of its ends to the child",
    }
}
