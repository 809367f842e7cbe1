//! `catch "timeuot"`: kinds of errors that nothing raises.

use super::super::suggest;
use super::Findings;
use super::facts::{Facts, Holds};
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{
    Argument, Expression, ExpressionKind, Name, Script, Statement, StatementKind, TextPart,
};
use crate::value::error::Kind;
use std::sync::Arc;

pub fn check(script: &Script, found: &mut Findings<'_, '_>) {
    let mut kinds = Kinds {
        facts: found.facts,
        own: Vec::new(),
        caught: Vec::new(),
        taken_for_kinds: Vec::new(),
        any: false,
    };
    kinds.block(&script.body);
    let Kinds { own, caught, taken_for_kinds, any, .. } = kinds;
    // `catch ValueError { }`, as elsewhere.
    for name in taken_for_kinds {
        if name.text.ends_with("Error") || name.text.ends_with("Exception") {
            let message = format!("this catches every error, and calls it `{}`", name.text);
            let hint =
                "kinds are texts, and a name for the error may follow: `catch \"value\", \"key\" e { … }`";
            found.always(Diagnostic::warning(Code::UnknownKind, name.span, message).hint(hint));
        } else if Kind::ALL.iter().any(|(word, _, _)| *word == &*name.text) {
            let message = format!("this catches every error, and calls it `{}`", name.text);
            let hint = format!("only those of this kind: `catch \"{}\" {{ … }}`", name.text);
            found.always(Diagnostic::remark(Code::UnknownKind, name.span, message).hint(hint));
        }
    }
    if any {
        return;
    }
    let known: Vec<&str> =
        Kind::ALL.iter().map(|(word, _, _)| *word).chain(own.iter().map(|kind| &**kind)).collect();
    for (kind, span) in caught {
        if known.contains(&&*kind) {
            continue;
        }
        let message = format!("no error has the kind \"{kind}\"");
        let report = Diagnostic::warning(Code::UnknownKind, span, message);
        found.always(
            match suggest::closest(&kind, known.iter().copied()).or(suggest::kind_of_error(&kind)) {
                Some("") => report.hint("every error is caught by `catch e { … }`"),
                Some(near) => report.hint(format!("did you mean \"{near}\"?")),
                None => report.hint(format!("an error of one's own: `throw error(\"{kind}\", \"text\")`")),
            },
        );
    }
}

struct Kinds<'f, 't> {
    facts: &'f Facts<'t>,
    /// The kinds that the script makes itself.
    own: Vec<Arc<str>>,
    caught: Vec<(Arc<str>, Span)>,
    /// Names that catch anything.
    taken_for_kinds: Vec<&'t Name>,
    /// The script makes errors whose kind is only known when it runs.
    any: bool,
}

impl<'t> Visitor<'t> for Kinds<'_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Try { catches, .. } = &statement.kind {
            self.taken_for_kinds.extend(
                catches.iter().filter(|catch| catch.kinds.is_empty()).filter_map(|catch| catch.name.as_ref()),
            );
            self.caught.extend(catches.iter().flat_map(|catch| catch.kinds.iter().cloned()));
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && self.is_error(callee)
        {
            self.made(arguments);
            return arguments.iter().for_each(|argument| self.expression(&argument.value));
        }
        // Handed on, to be called elsewhere.
        self.any |= self.is_error(expression);
        walk_expression(self, expression);
    }
}

impl Kinds<'_, '_> {
    /// `error(kind, text)`.
    fn made(&mut self, arguments: &[Argument]) {
        let is_kind = |argument: &&Argument| argument.name.as_ref().is_none_or(|name| &*name.text == "kind");
        let kind = arguments.iter().find(is_kind).map(|argument| &argument.value.kind);
        if let Some(ExpressionKind::Text(parts)) = kind
            && let [TextPart::Literal(kind)] = &parts[..]
        {
            self.own.push(kind.clone());
        } else {
            self.any = true;
        }
    }

    fn is_error(&self, expression: &Expression) -> bool {
        let ExpressionKind::Name(_) = &expression.kind else { return false };
        let Some(Holds::Builtin(index)) = self.facts.holds(expression) else { return false };
        self.facts.builtins.functions[index as usize].name == "error"
    }
}
