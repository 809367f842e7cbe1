//! Walks through a whole tree for the checks, which look only at what concerns them.

use crate::syntax::tree::{
    Arm, ArmWait, Block, Branch, Class, Clause, DeclarationItem, Expression, ExpressionKind, Function,
    FunctionBody, OnSignal, Parameter, Select, Statement, StatementKind, Template, TemplateBody, TextPart,
};

/// A part of a script that is not run where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// A function or a method.
    Function,
    /// What a thread, a timer or `start` runs.
    Thread,
    /// A statement of `parallel`, or the body of `parallel for`.
    Branch,
    Deferred,
    /// The condition of an `invariant` or `ensure`.
    Watch,
    /// The members of a class, and the first value of a `threadlocal`.
    Values,
}

pub trait Visitor<'t> {
    fn statement(&mut self, statement: &'t Statement) {
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        walk_expression(self, expression);
    }

    fn block(&mut self, block: &'t Block) {
        walk_block(self, block);
    }

    /// The call that stands after `start`, or as a statement of `parallel`.
    fn started_call(&mut self, call: &'t Expression) {
        self.expression(call);
    }

    /// Called around everything that belongs to a body.
    fn enter(&mut self, _body: Body) {}
    fn leave(&mut self) {}
}

pub fn walk_block<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, block: &'t Block) {
    block.statements.iter().for_each(|statement| visitor.statement(statement));
}

fn body<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, body: Body, block: &'t Block) {
    visitor.enter(body);
    visitor.block(block);
    visitor.leave();
}

pub fn walk_statement<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, statement: &'t Statement) {
    match &statement.kind {
        StatementKind::Invalid
        | StatementKind::UseGil { .. }
        | StatementKind::Break
        | StatementKind::Continue
        | StatementKind::Yield => {}
        StatementKind::Expression(value)
        | StatementKind::Throw(value)
        | StatementKind::Sleep(value)
        | StatementKind::Await(value)
        | StatementKind::Let { value, .. }
        | StatementKind::Var { value, .. } => visitor.expression(value),
        StatementKind::ThreadLocal { value, .. } => {
            visitor.enter(Body::Values);
            visitor.expression(value);
            visitor.leave();
        }
        StatementKind::Assign { target, value, .. } => {
            visitor.expression(target);
            visitor.expression(value);
        }
        StatementKind::Function(function) => walk_function(visitor, function),
        StatementKind::Class(class) => walk_class(visitor, class),
        StatementKind::Thread(template) => walk_template(visitor, template),
        StatementKind::Declare(declaration) => {
            declaration.items.iter().for_each(|item| walk_item(visitor, item));
        }
        StatementKind::Timer(timer) => {
            visitor.expression(&timer.delay);
            body(visitor, Body::Thread, &timer.body);
        }
        StatementKind::OnSignal { signal, action, .. } => {
            visitor.expression(signal);
            if let OnSignal::Handler(block) = action {
                body(visitor, Body::Thread, block);
            }
        }
        StatementKind::If { branches, otherwise } => {
            for (condition, block) in branches {
                visitor.expression(condition);
                visitor.block(block);
            }
            otherwise.iter().for_each(|block| visitor.block(block));
        }
        StatementKind::While { condition: value, body }
        | StatementKind::Repeat { count: value, body }
        | StatementKind::For { items: value, body, .. } => {
            visitor.expression(value);
            visitor.block(body);
        }
        StatementKind::Loop { body } | StatementKind::Atomically(body) | StatementKind::Block(body) => {
            visitor.block(body);
        }
        StatementKind::Return(value) => value.iter().for_each(|value| visitor.expression(value)),
        StatementKind::Try { body, catches, finally } => {
            visitor.block(body);
            catches.iter().for_each(|catch| visitor.block(&catch.body));
            finally.iter().for_each(|block| visitor.block(block));
        }
        StatementKind::Defer(deferred) => body(visitor, Body::Deferred, &deferred.body),
        StatementKind::Assert { condition, message } => {
            visitor.expression(condition);
            message.iter().for_each(|message| visitor.expression(message));
        }
        StatementKind::Watch { condition, message, .. } => {
            visitor.enter(Body::Watch);
            visitor.expression(condition);
            message.iter().for_each(|message| visitor.expression(message));
            visitor.leave();
        }
        StatementKind::With { items, timeout, body, otherwise } => {
            items.iter().chain(timeout).for_each(|item| visitor.expression(item));
            visitor.block(body);
            otherwise.iter().for_each(|block| visitor.block(block));
        }
        StatementKind::Join(threads) => threads.iter().for_each(|thread| visitor.expression(thread)),
        StatementKind::Parallel(branches) => {
            branches.iter().for_each(|branch| walk_branch(visitor, branch));
        }
        StatementKind::ParallelFor { items, body: block, .. } => {
            visitor.expression(items);
            body(visitor, Body::Branch, block);
        }
        StatementKind::Select(select) => walk_select(visitor, select),
    }
}

/// The call of a statement of `parallel` that is started like `start f(x)`.
pub fn call_of(branch: &Branch) -> Option<&Expression> {
    let StatementKind::Expression(call) = &branch.statement.kind else { return None };
    matches!(call.kind, ExpressionKind::Call { .. }).then_some(call)
}

fn walk_branch<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, branch: &'t Branch) {
    match call_of(branch) {
        Some(call) => visitor.started_call(call),
        None => {
            visitor.enter(Body::Branch);
            visitor.statement(&branch.statement);
            visitor.leave();
        }
    }
}

fn walk_select<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, select: &'t Select) {
    for Arm { wait, body, .. } in &select.arms {
        match wait {
            ArmWait::Call(value) | ArmWait::Join(value) => visitor.expression(value),
        }
        visitor.block(body);
    }
    if let Some((delay, body)) = &select.after {
        visitor.expression(delay);
        visitor.block(body);
    }
    select.otherwise.iter().for_each(|body| visitor.block(body));
}

fn walk_item<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, item: &'t DeclarationItem) {
    let arguments = item.arguments.iter().map(|argument| &argument.value);
    let all = item.count.iter().chain(arguments).chain(&item.value).chain(&item.lock);
    all.for_each(|value| visitor.expression(value));
}

fn walk_parameters<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, parameters: &'t [Parameter]) {
    let defaults = parameters.iter().filter_map(|parameter| parameter.default.as_ref());
    defaults.for_each(|default| visitor.expression(default));
}

fn walk_function<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, function: &'t Function) {
    visitor.enter(Body::Function);
    walk_parameters(visitor, &function.parameters);
    match &function.body {
        FunctionBody::Block(block) => visitor.block(block),
        FunctionBody::Value(value) => visitor.expression(value),
    }
    visitor.leave();
}

fn walk_class<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, class: &'t Class) {
    visitor.enter(Body::Values);
    walk_parameters(visitor, &class.parameters);
    class.members.iter().for_each(|member| visitor.statement(member));
    visitor.leave();
}

fn walk_template<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, template: &'t Template) {
    visitor.enter(Body::Values);
    walk_parameters(visitor, &template.parameters);
    match &template.body {
        TemplateBody::Plain(block) => body(visitor, Body::Thread, block),
        TemplateBody::Members { members, run, .. } => {
            members.iter().for_each(|member| visitor.statement(member));
            body(visitor, Body::Thread, run);
        }
    }
    visitor.leave();
}

pub fn walk_expression<'t, V: Visitor<'t> + ?Sized>(visitor: &mut V, expression: &'t Expression) {
    match &expression.kind {
        ExpressionKind::Invalid
        | ExpressionKind::Nil
        | ExpressionKind::Bool(_)
        | ExpressionKind::Int(_)
        | ExpressionKind::Float(_)
        | ExpressionKind::Duration(_)
        | ExpressionKind::Name(_)
        | ExpressionKind::SelfReference(_) => {}
        ExpressionKind::Text(parts) => parts.iter().for_each(|part| match part {
            TextPart::Literal(_) => {}
            TextPart::Value { value, .. } => visitor.expression(value),
        }),
        ExpressionKind::List(items) => items.iter().for_each(|item| visitor.expression(item)),
        ExpressionKind::Map(entries) => {
            for (key, value) in entries {
                visitor.expression(key);
                visitor.expression(value);
            }
        }
        ExpressionKind::Comprehension { element, clauses } => {
            for Clause { items, conditions, .. } in clauses {
                visitor.expression(items);
                conditions.iter().for_each(|condition| visitor.expression(condition));
            }
            visitor.expression(element);
        }
        ExpressionKind::Range { start, end, .. } => {
            start.iter().chain(end).for_each(|end| visitor.expression(end));
        }
        ExpressionKind::Unary { operand, .. } => visitor.expression(operand),
        ExpressionKind::Binary { left, right, .. }
        | ExpressionKind::And(left, right)
        | ExpressionKind::Or(left, right)
        | ExpressionKind::Index { object: left, index: right } => {
            visitor.expression(left);
            visitor.expression(right);
        }
        ExpressionKind::Compare { first, rest } => {
            visitor.expression(first);
            rest.iter().for_each(|(_, right)| visitor.expression(right));
        }
        ExpressionKind::Conditional { condition, value, otherwise } => {
            visitor.expression(condition);
            visitor.expression(value);
            visitor.expression(otherwise);
        }
        ExpressionKind::Call { callee, arguments } => {
            visitor.expression(callee);
            arguments.iter().for_each(|argument| visitor.expression(&argument.value));
        }
        ExpressionKind::Field { object, .. } => visitor.expression(object),
        ExpressionKind::Function(function) => walk_function(visitor, function),
        ExpressionKind::Start(what) => {
            if let ExpressionKind::Call { .. } = what.kind {
                visitor.started_call(what);
            } else {
                visitor.expression(what);
            }
        }
        ExpressionKind::StartBlock { body: block, .. } => body(visitor, Body::Thread, block),
        ExpressionKind::Atomically(value) => visitor.expression(value),
    }
}
