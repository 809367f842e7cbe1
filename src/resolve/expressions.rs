//! The walk through expressions, a part of the walk through names.

use super::{ANONYMOUS, BLOCK, FunctionId, FunctionKind, Names, VariableKind};
use crate::report::Code;
use crate::syntax::tree::{self, Expression, ExpressionKind, FunctionBody, Parameter, TextPart};

impl Names<'_> {
    /// What is assigned to.
    pub(super) fn target(&mut self, target: &Expression) {
        if let ExpressionKind::Name(name) = &target.kind {
            self.assign_name(name);
        } else if let ExpressionKind::List(parts) = &target.kind {
            parts.iter().for_each(|part| self.target(part));
        } else {
            self.expression(target);
        }
    }

    pub(super) fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Invalid
            | ExpressionKind::Nil
            | ExpressionKind::Bool(_)
            | ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_) => {}
            ExpressionKind::Text(parts) => {
                for part in parts {
                    match part {
                        TextPart::Literal(_) => {}
                        TextPart::Value { value, .. } => self.expression(value),
                    }
                }
            }
            ExpressionKind::Name(name) => self.use_name(name, false),
            ExpressionKind::SelfReference(id) => self.use_self(*id, expression.span),
            ExpressionKind::List(items) => items.iter().for_each(|item| self.expression(item)),
            ExpressionKind::Map(entries) => {
                for (key, value) in entries {
                    self.map_key(key);
                    self.expression(value);
                }
            }
            ExpressionKind::Comprehension { element, clauses } => self.comprehension(element, clauses),
            ExpressionKind::Range { start, end, .. } => {
                start.iter().chain(end).for_each(|end| self.expression(end));
            }
            ExpressionKind::Unary { operand, .. } => self.expression(operand),
            ExpressionKind::Binary { left, right, .. }
            | ExpressionKind::And(left, right)
            | ExpressionKind::Or(left, right) => {
                self.expression(left);
                self.expression(right);
            }
            ExpressionKind::Compare { first, rest } => {
                self.expression(first);
                rest.iter().for_each(|(_, right)| self.expression(right));
            }
            ExpressionKind::Conditional { condition, value, otherwise } => {
                self.expression(condition);
                self.expression(value);
                self.expression(otherwise);
            }
            ExpressionKind::Call { callee, arguments } => {
                self.callee(callee, true);
                arguments.iter().for_each(|argument| self.expression(&argument.value));
            }
            ExpressionKind::Index { object, index } => {
                self.expression(object);
                self.expression(index);
            }
            ExpressionKind::Field { object, .. } => self.expression(object),
            ExpressionKind::Function(function) => {
                self.new_function(ANONYMOUS.into(), FunctionKind::Function, function.span, Some(function.id));
                self.function(function);
            }
            ExpressionKind::Start(what) => self.started(what),
            ExpressionKind::StartBlock { body, id } => {
                self.body(BLOCK, FunctionKind::StartBlock, body, *id);
            }
            ExpressionKind::Atomically(value) => self.expression(value),
        }
    }

    /// A bare name is a variable; one that is not known was probably meant as a text.
    fn map_key(&mut self, key: &Expression) {
        let before = self.found.len();
        self.expression(key);
        if let ExpressionKind::Name(name) = &key.kind
            && let [report] = &mut self.found[before..]
            && report.code == Code::UndefinedName
        {
            report.hints.push(format!("a key that is a text is quoted: {{\"{}\": …}}", name.text));
        }
    }

    fn callee(&mut self, callee: &Expression, here: bool) {
        if let ExpressionKind::Name(name) = &callee.kind {
            self.use_name(name, here);
        } else {
            self.expression(callee);
        }
    }

    /// What stands after `start`.
    pub(super) fn started(&mut self, what: &Expression) {
        if let ExpressionKind::Call { callee, arguments } = &what.kind {
            self.callee(callee, false);
            arguments.iter().for_each(|argument| self.expression(&argument.value));
        } else {
            self.expression(what);
        }
    }

    fn comprehension(&mut self, element: &Expression, clauses: &[tree::Clause]) {
        for clause in clauses {
            self.expression(&clause.items);
            self.open();
            self.loop_pattern(&clause.pattern);
            clause.conditions.iter().for_each(|condition| self.expression(condition));
        }
        self.expression(element);
        clauses.iter().for_each(|_| self.close());
    }

    /// The parameters and the body of a function that has been made known.
    pub(super) fn function(&mut self, function: &tree::Function) {
        let Some(id) = self.function_of(function.id) else { return };
        self.inside(id, |names| {
            names.open();
            names.parameters(id, &function.parameters);
            match &function.body {
                FunctionBody::Block(block) => names.block(block),
                FunctionBody::Value(value) => names.expression(value),
            }
            names.close();
        });
    }

    /// Declares the parameters. A default is evaluated in the function, when it is called without that argument:
    /// it sees the parameters before it.
    pub(super) fn parameters(&mut self, function: FunctionId, parameters: &[Parameter]) {
        for parameter in parameters {
            let id = self.declare(&parameter.name, VariableKind::Parameter);
            let known = &mut self.answers.functions[function as usize];
            known.parameters.push(id);
            known.required += usize::from(parameter.default.is_none());
        }
        for parameter in parameters {
            parameter.default.iter().for_each(|default| self.expression(default));
            self.set_name(&parameter.name);
        }
    }
}
