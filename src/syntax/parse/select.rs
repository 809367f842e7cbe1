//! `select` and its arms.

use super::super::tree::{Arm, ArmWait, Block, Expression, ExpressionKind, Select, StatementKind};
use super::{Pair, Parser, Rule, parts};
use crate::report::{Code, Diagnostic};
use crate::source::Span;

impl Parser<'_> {
    pub fn select(&mut self, pair: Pair) -> StatementKind {
        let mut select = Select { arms: Vec::new(), after: None, otherwise: None };
        for part in parts(pair) {
            if part.as_rule() == Rule::invalid {
                self.diagnose(&part, Rule::alone_arm);
            } else {
                self.arm(part, &mut select);
            }
        }
        StatementKind::Select(select)
    }

    fn arm(&mut self, pair: Pair, select: &mut Select) {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let Some(head) = parts.next() else { return };
        match head.as_rule() {
            Rule::arm_else => {
                let place = self.span(&head);
                let body = self.arm_body(&mut parts);
                self.only_one(select, place);
                select.otherwise = Some(body);
            }
            Rule::arm_after => {
                let place = self.span(&head);
                let delay = self.only_expression(head);
                let body = self.arm_body(&mut parts);
                self.only_one(select, place);
                select.after = Some((delay, body));
            }
            _ => {
                let (pattern, wait) = self.arm_wait(head);
                let body = self.arm_body(&mut parts);
                select.arms.push(Arm { pattern, wait, body, span });
            }
        }
    }

    fn only_one(&mut self, select: &Select, place: Span) {
        if select.after.is_some() || select.otherwise.is_some() {
            self.syntax_error(place, "a `select` has at most one `after` or `else`, and not both");
        }
    }

    fn arm_wait(&mut self, head: Pair) -> (Option<super::super::tree::Pattern>, ArmWait) {
        let mut pattern = None;
        let mut joins = head.as_rule() == Rule::arm_join;
        let mut value = None;
        for part in head.into_inner() {
            match part.as_rule() {
                Rule::kw_join => joins = true,
                Rule::pattern => pattern = Some(self.pattern(part)),
                Rule::expression => value = Some(self.expression(part)),
                _ => {}
            }
        }
        let value = value.unwrap_or_else(super::statements::invalid);
        if joins {
            return (pattern, ArmWait::Join(value));
        }
        self.check_wait(&value);
        (pattern, ArmWait::Call(value))
    }

    fn check_wait(&mut self, value: &Expression) {
        if matches!(value.kind, ExpressionKind::Invalid) {
            return;
        }
        let waits = matches!(&value.kind, ExpressionKind::Call { callee, .. }
            if matches!(callee.kind, ExpressionKind::Field { .. }));
        if !waits {
            let message = "an arm of `select` begins with something to wait for: `q.get()`, `q.put(x)`, `e.wait()`, \
                           `m.acquire()`, `join t`, `after 1s` or `else`";
            let report = Diagnostic::error(Code::Syntax, value.span, message);
            self.problem(match &value.kind {
                ExpressionKind::Name(name) if matches!(&*name.text, "default" | "_") => {
                    report.hint("what is done when nothing is ready stands in the arm `else => { … }`")
                }
                ExpressionKind::Name(name) => report.hint(format!(
                    "a queue is taken from by `let x = {0}.get() => {{ … }}`, an event waited for by `{0}.wait()`, a \
                     thread by `join {0}`",
                    name.text
                )),
                _ => report,
            });
        }
    }

    fn arm_body<'i>(&mut self, parts: &mut impl Iterator<Item = Pair<'i>>) -> Block {
        let Some(body) = parts.next() else { return Block::default() };
        if body.as_rule() == Rule::block {
            return self.block(body);
        }
        let span = self.span(&body);
        let statements =
            body.into_inner().filter(|p| p.as_rule() != Rule::kw_else).map(|p| self.item(p)).collect();
        Block { statements, span }
    }
}
