//! What expressions are worth.

use super::operators::{binary, compare, place, show};
use super::{Body, Leave, MOST_ELEMENTS, Oracle, Result, Scope, Value, fault};
use conc::syntax::tree::*;
use std::cell::RefCell;
use std::rc::Rc;

impl Oracle {
    pub(super) fn value(&mut self, expression: &Expression, scope: &Rc<Scope>) -> Result<Value> {
        self.step()?;
        Ok(match &expression.kind {
            ExpressionKind::Nil => Value::Nil,
            ExpressionKind::Bool(value) => Value::Bool(*value),
            ExpressionKind::Int(n) => Value::Int(*n),
            ExpressionKind::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        TextPart::Literal(literal) => text += literal,
                        TextPart::Value { value, format: None } => text += &show(&self.value(value, scope)?),
                        TextPart::Value { .. } => return Err(Leave::GiveUp("format")),
                    }
                }
                Value::Text(text)
            }
            ExpressionKind::Name(name) => match scope.find(&name.text) {
                Some(variable) => variable.borrow().clone(),
                None => return Err(Leave::GiveUp("name")),
            },
            ExpressionKind::List(items) => {
                let items: Result<Vec<Value>> = items.iter().map(|item| self.value(item, scope)).collect();
                Value::List(Rc::new(RefCell::new(items?)))
            }
            ExpressionKind::Comprehension { element, clauses } => {
                let [clause] = &clauses[..] else { return Err(Leave::GiveUp("clauses")) };
                let mut made = Vec::new();
                'items: for item in self.items(&clause.items, scope)? {
                    let inner = Scope::inside(scope);
                    self.bind(&clause.pattern, item, &inner)?;
                    for condition in &clause.conditions {
                        if !self.truth(condition, &inner)? {
                            continue 'items;
                        }
                    }
                    made.push(self.value(element, &inner)?);
                }
                Value::List(Rc::new(RefCell::new(made)))
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                Value::Bool(!self.truth(operand, scope)?)
            }
            ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => {
                match self.value(operand, scope)? {
                    Value::Int(n) => match n.checked_neg() {
                        Some(n) => Value::Int(n),
                        None => return fault("overflow"),
                    },
                    _ => return fault("type"),
                }
            }
            ExpressionKind::Binary { operator, left, right } => {
                let left = self.value(left, scope)?;
                let right = self.value(right, scope)?;
                binary(*operator, left, right)?
            }
            ExpressionKind::And(left, right) => {
                if self.truth(left, scope)? {
                    self.value(right, scope)?
                } else {
                    Value::Bool(false)
                }
            }
            ExpressionKind::Or(left, right) => {
                if self.truth(left, scope)? {
                    Value::Bool(true)
                } else {
                    self.value(right, scope)?
                }
            }
            ExpressionKind::Compare { first, rest } => {
                let mut left = self.value(first, scope)?;
                for (operator, right) in rest {
                    let right = self.value(right, scope)?;
                    if !compare(*operator, &left, &right)? {
                        return Ok(Value::Bool(false));
                    }
                    left = right;
                }
                Value::Bool(true)
            }
            ExpressionKind::Conditional { condition, value, otherwise } => {
                let chosen = if self.truth(condition, scope)? { value } else { otherwise };
                self.value(chosen, scope)?
            }
            ExpressionKind::Call { callee, arguments } => self.call(callee, arguments, scope)?,
            ExpressionKind::Index { object, index } => self.index(object, index, scope)?,
            ExpressionKind::Field { object, name } => match (self.value(object, scope)?, &*name.text) {
                (Value::List(list), "len") => Value::Int(list.borrow().len() as i64),
                (Value::Error { kind, .. }, "kind") => Value::Text(kind),
                (Value::Object(members), name) => match members.find(name) {
                    Some(field) => field.borrow().clone(),
                    None => return Err(Leave::GiveUp("field")),
                },
                _ => return Err(Leave::GiveUp("field")),
            },
            ExpressionKind::Function(function) => self.closure(function, scope),
            _ => return Err(Leave::GiveUp("expression")),
        })
    }

    fn index(&mut self, object: &Expression, index: &Expression, scope: &Rc<Scope>) -> Result<Value> {
        let Value::List(list) = self.value(object, scope)? else { return fault("type") };
        if let ExpressionKind::Range { start, end, .. } = &index.kind {
            let length = list.borrow().len() as i64;
            let mut bound = |end: &Option<Box<Expression>>, default: i64| -> Result<usize> {
                let Some(end) = end else { return Ok(default as usize) };
                let Value::Int(n) = self.value(end, scope)? else { return fault("type") };
                Ok(if n < 0 { n + length } else { n }.clamp(0, length) as usize)
            };
            let (start, end) = (bound(start, 0)?, bound(end, length)?);
            let part = list.borrow().get(start..end).map_or(Vec::new(), <[Value]>::to_vec);
            return Ok(Value::List(Rc::new(RefCell::new(part))));
        }
        let Value::Int(index) = self.value(index, scope)? else { return fault("type") };
        match place(index, list.borrow().len()) {
            Some(at) => Ok(list.borrow()[at].clone()),
            None => fault("index"),
        }
    }

    fn call(&mut self, callee: &Expression, arguments: &[Argument], scope: &Rc<Scope>) -> Result<Value> {
        match &callee.kind {
            ExpressionKind::Name(name) if &*name.text == "print" => {
                let values: Result<Vec<Value>> =
                    arguments.iter().map(|argument| self.value(&argument.value, scope)).collect();
                let shown: Vec<String> = values?.iter().map(show).collect();
                self.output += &shown.join(" ");
                self.output.push('\n');
                return Ok(Value::Nil);
            }
            ExpressionKind::Field { object, name } if &*name.text == "push" => {
                let Value::List(list) = self.value(object, scope)? else { return fault("type") };
                let value = self.value(&arguments[0].value, scope)?;
                list.borrow_mut().push(value);
                return if list.borrow().len() > MOST_ELEMENTS {
                    Err(Leave::GiveUp("long"))
                } else {
                    Ok(Value::Nil)
                };
            }
            _ => {}
        }
        let Value::Function(closure) = self.value(callee, scope)? else {
            return Err(Leave::GiveUp("callee"));
        };
        let mut given = Vec::new();
        for argument in arguments {
            let value = self.value(&argument.value, scope)?;
            given.push((argument.name.as_ref().map(|name| name.text.clone()), value));
        }
        let inner = Scope::inside(&closure.scope);
        for (at, parameter) in closure.parameters.iter().enumerate() {
            let by_name = given.iter().find(|(name, _)| name.as_deref() == Some(&*parameter.name.text));
            let by_place = given.get(at).filter(|(name, _)| name.is_none());
            let value = match (by_place.or(by_name), &parameter.default) {
                (Some((_, value)), _) => value.clone(),
                (None, Some(default)) => self.value(default, &inner)?,
                (None, None) => return Err(Leave::GiveUp("argument")),
            };
            inner.declare(&parameter.name, value);
        }
        match &closure.body {
            Body::Value(value) => self.value(value, &inner),
            Body::Block(block) => match self.block(block, &inner) {
                Ok(()) => Ok(Value::Nil),
                Err(Leave::Return(value)) => Ok(value),
                Err(leave) => Err(leave),
            },
            Body::Class(members) => {
                self.body(members, &inner)?;
                Ok(Value::Object(inner))
            }
        }
    }
}
