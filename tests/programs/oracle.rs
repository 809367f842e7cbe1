//! A second, independent meaning of a subset of the language: it walks the tree, slowly and plainly.
//!
//! Here are scopes and statements.

mod expressions;
mod operators;

use conc::syntax::tree::*;
use operators::{binary, place};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Clone)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Rc<RefCell<Vec<Value>>>),
    Function(Rc<Closure>),
    /// A scope that holds the members.
    Object(Rc<Scope>),
    Error {
        kind: String,
        message: String,
    },
}

pub struct Closure {
    parameters: Vec<Parameter>,
    body: Body,
    scope: Rc<Scope>,
}

enum Body {
    Block(Block),
    Value(Expression),
    Class(Vec<Statement>),
}

/// The names of one block, and what is around it.
pub struct Scope {
    names: RefCell<HashMap<String, Rc<RefCell<Value>>>>,
    outer: Option<Rc<Scope>>,
}

pub enum Leave {
    Break,
    Continue,
    Return(Value),
    Throw(Value),
    /// It takes too long, or uses what the oracle does not know.
    GiveUp(&'static str),
}

type Result<T> = std::result::Result<T, Leave>;

pub struct Oracle {
    pub output: String,
    steps: usize,
}

const MOST_STEPS: usize = 20_000;
const MOST_ELEMENTS: usize = 2_000;

fn fault<T>(kind: &str) -> Result<T> {
    Err(Leave::Throw(Value::Error { kind: kind.into(), message: String::new() }))
}

impl Scope {
    fn inside(outer: &Rc<Scope>) -> Rc<Scope> {
        Rc::new(Scope { names: RefCell::default(), outer: Some(outer.clone()) })
    }

    fn find(&self, name: &str) -> Option<Rc<RefCell<Value>>> {
        let found = self.names.borrow().get(name).cloned();
        found.or_else(|| self.outer.as_ref()?.find(name))
    }

    fn declare(&self, name: &Name, value: Value) {
        self.names.borrow_mut().insert(name.text.to_string(), Rc::new(RefCell::new(value)));
    }
}

/// What the script prints, and the kind of the error that ends it. None when the oracle gives up.
pub fn run(script: &Script) -> std::result::Result<(String, Option<String>), &'static str> {
    let mut oracle = Oracle { output: String::new(), steps: 0 };
    let scope = Rc::new(Scope { names: RefCell::default(), outer: None });
    match oracle.body(&script.body.statements, &scope) {
        Ok(()) | Err(Leave::Return(_)) => Ok((oracle.output, None)),
        Err(Leave::Throw(Value::Error { kind, .. })) => Ok((oracle.output, Some(kind))),
        Err(Leave::GiveUp(why)) => Err(why),
        Err(_) => Err("a strange end"),
    }
}

impl Oracle {
    /// The statements of a block, in a scope that is there already; what they defer runs at its end.
    fn body(&mut self, statements: &[Statement], scope: &Rc<Scope>) -> Result<()> {
        for statement in statements {
            if let StatementKind::Function(function) = &statement.kind {
                self.define(function, scope);
            }
        }
        let mut deferred = Vec::new();
        let mut ended = Ok(());
        for statement in statements {
            if let StatementKind::Defer(later) = &statement.kind {
                deferred.push(&later.body);
                continue;
            }
            ended = self.statement(statement, scope);
            if ended.is_err() {
                break;
            }
        }
        if matches!(ended, Err(Leave::GiveUp(_))) {
            return ended;
        }
        for body in deferred.into_iter().rev() {
            if let Err(leave) = self.block(body, scope) {
                ended = Err(leave);
            }
        }
        ended
    }

    fn define(&mut self, function: &Function, scope: &Rc<Scope>) {
        if let Some(name) = &function.name {
            let value = self.closure(function, scope);
            scope.declare(name, value);
        }
    }

    fn closure(&mut self, function: &Function, scope: &Rc<Scope>) -> Value {
        let body = match &function.body {
            FunctionBody::Block(block) => Body::Block(block.clone()),
            FunctionBody::Value(value) => Body::Value((**value).clone()),
        };
        Value::Function(Rc::new(Closure {
            parameters: function.parameters.clone(),
            body,
            scope: scope.clone(),
        }))
    }

    fn block(&mut self, block: &Block, scope: &Rc<Scope>) -> Result<()> {
        self.body(&block.statements, &Scope::inside(scope))
    }

    /// One round of a loop. Whether to go on.
    fn round(&mut self, block: &Block, scope: &Rc<Scope>) -> Result<bool> {
        self.step()?;
        match self.body(&block.statements, scope) {
            Err(Leave::Break) => Ok(false),
            Err(Leave::Continue) => Ok(true),
            ended => ended.map(|()| true),
        }
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps > MOST_STEPS { Err(Leave::GiveUp("steps")) } else { Ok(()) }
    }

    fn bind(&mut self, pattern: &Pattern, value: Value, scope: &Rc<Scope>) -> Result<()> {
        match (pattern, value) {
            (Pattern::Name(name), value) => scope.declare(name, value),
            (Pattern::List(patterns, _), Value::List(values)) => {
                let values = values.borrow().clone();
                for (pattern, value) in patterns.iter().zip(values) {
                    self.bind(pattern, value, scope)?;
                }
            }
            _ => return Err(Leave::GiveUp("pattern")),
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement, scope: &Rc<Scope>) -> Result<()> {
        self.step()?;
        match &statement.kind {
            StatementKind::Expression(expression) => self.value(expression, scope).map(drop),
            StatementKind::Let { pattern, value } | StatementKind::Var { pattern, value, .. } => {
                let value = self.value(value, scope)?;
                self.bind(pattern, value, scope)
            }
            StatementKind::Assign { target, operator, value } => self.assign(target, *operator, value, scope),
            StatementKind::Function(_) => Ok(()),
            StatementKind::Class(class) => {
                let value = Value::Function(Rc::new(Closure {
                    parameters: class.parameters.clone(),
                    body: Body::Class(class.members.clone()),
                    scope: scope.clone(),
                }));
                scope.declare(&class.name, value);
                Ok(())
            }
            StatementKind::If { branches, otherwise } => {
                for (condition, block) in branches {
                    if self.truth(condition, scope)? {
                        return self.block(block, scope);
                    }
                }
                otherwise.as_ref().map_or(Ok(()), |block| self.block(block, scope))
            }
            StatementKind::While { condition, body } => {
                while self.truth(condition, scope)? && self.round(body, &Scope::inside(scope))? {}
                Ok(())
            }
            StatementKind::Loop { body } => {
                while self.round(body, &Scope::inside(scope))? {}
                Ok(())
            }
            StatementKind::Repeat { count, body } => {
                let Value::Int(count) = self.value(count, scope)? else { return fault("type") };
                for _ in 0..count {
                    if !self.round(body, &Scope::inside(scope))? {
                        break;
                    }
                }
                Ok(())
            }
            StatementKind::For { pattern, items, body } => {
                for item in self.items(items, scope)? {
                    let inner = Scope::inside(scope);
                    self.bind(pattern, item, &inner)?;
                    if !self.round(body, &inner)? {
                        break;
                    }
                }
                Ok(())
            }
            StatementKind::Break => Err(Leave::Break),
            StatementKind::Continue => Err(Leave::Continue),
            StatementKind::Return(value) => {
                let value = value.as_ref().map_or(Ok(Value::Nil), |value| self.value(value, scope))?;
                Err(Leave::Return(value))
            }
            StatementKind::Throw(value) => match self.value(value, scope)? {
                Value::Text(message) => Err(Leave::Throw(Value::Error { kind: "error".into(), message })),
                error => Err(Leave::Throw(error)),
            },
            StatementKind::Try { body, catches, finally } => {
                let mut ended = self.block(body, scope);
                if let Err(Leave::Throw(Value::Error { kind, message })) = &ended {
                    let error = Value::Error { kind: kind.clone(), message: message.clone() };
                    let takes = |catch: &&Catch| {
                        catch.kinds.is_empty() || catch.kinds.iter().any(|(known, _)| **known == **kind)
                    };
                    if let Some(catch) = catches.iter().find(takes) {
                        let inner = Scope::inside(scope);
                        if let Some(name) = &catch.name {
                            inner.declare(name, error);
                        }
                        ended = self.body(&catch.body.statements, &inner);
                    }
                }
                if matches!(ended, Err(Leave::GiveUp(_))) {
                    return ended;
                }
                if let Some(finally) = finally {
                    self.block(finally, scope)?;
                }
                ended
            }
            StatementKind::Assert { condition, .. } => {
                if self.truth(condition, scope)? {
                    Ok(())
                } else {
                    fault("assertion")
                }
            }
            StatementKind::Block(block) => self.block(block, scope),
            _ => Err(Leave::GiveUp("statement")),
        }
    }

    fn assign(
        &mut self,
        target: &Expression,
        operator: Option<BinaryOperator>,
        value: &Expression,
        scope: &Rc<Scope>,
    ) -> Result<()> {
        match (&target.kind, operator) {
            (ExpressionKind::Name(name), None) => {
                let value = self.value(value, scope)?;
                let Some(variable) = scope.find(&name.text) else { return Err(Leave::GiveUp("name")) };
                *variable.borrow_mut() = value;
            }
            (ExpressionKind::Name(name), Some(operator)) => {
                let Some(variable) = scope.find(&name.text) else { return Err(Leave::GiveUp("name")) };
                let before = variable.borrow().clone();
                let value = self.value(value, scope)?;
                let after = binary(operator, before, value)?;
                *variable.borrow_mut() = after;
            }
            (ExpressionKind::List(targets), None) => {
                let Value::List(values) = self.value(value, scope)? else { return fault("type") };
                let values = values.borrow().clone();
                for (target, value) in targets.iter().zip(values) {
                    let ExpressionKind::Name(name) = &target.kind else {
                        return Err(Leave::GiveUp("target"));
                    };
                    let Some(variable) = scope.find(&name.text) else { return Err(Leave::GiveUp("name")) };
                    *variable.borrow_mut() = value;
                }
            }
            (ExpressionKind::Index { object, index }, None) => {
                let (object, index) = (self.value(object, scope)?, self.value(index, scope)?);
                let value = self.value(value, scope)?;
                let (Value::List(list), Value::Int(index)) = (object, index) else { return fault("type") };
                let Some(at) = place(index, list.borrow().len()) else { return fault("index") };
                list.borrow_mut()[at] = value;
            }
            _ => return Err(Leave::GiveUp("assignment")),
        }
        Ok(())
    }

    fn items(&mut self, items: &Expression, scope: &Rc<Scope>) -> Result<Vec<Value>> {
        if let ExpressionKind::Range { start: Some(start), end: Some(end), inclusive } = &items.kind {
            let (Value::Int(start), Value::Int(end)) = (self.value(start, scope)?, self.value(end, scope)?)
            else {
                return fault("type");
            };
            return Ok((start..end + i64::from(*inclusive)).map(Value::Int).collect());
        }
        match self.value(items, scope)? {
            Value::List(list) => Ok(list.borrow().clone()),
            _ => fault("type"),
        }
    }

    fn truth(&mut self, expression: &Expression, scope: &Rc<Scope>) -> Result<bool> {
        Ok(match self.value(expression, scope)? {
            Value::Nil => false,
            Value::Bool(value) => value,
            Value::Int(n) => n != 0,
            Value::Text(text) => !text.is_empty(),
            Value::List(list) => !list.borrow().is_empty(),
            Value::Function(_) | Value::Object(_) | Value::Error { .. } => true,
        })
    }
}
