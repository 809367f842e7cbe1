//! A second, independent meaning of a subset of the language: it walks the tree, slowly and plainly.

use conc::syntax::tree::*;
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

    fn value(&mut self, expression: &Expression, scope: &Rc<Scope>) -> Result<Value> {
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

fn place(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok().filter(|&index| index < length)
}

fn binary(operator: BinaryOperator, left: Value, right: Value) -> Result<Value> {
    let (left, right) = match (left, right) {
        (Value::Int(left), Value::Int(right)) => (left, right),
        (Value::List(left), Value::List(right)) if operator == BinaryOperator::Add => {
            let mut joined = left.borrow().clone();
            joined.extend(right.borrow().iter().cloned());
            if joined.len() > MOST_ELEMENTS {
                return Err(Leave::GiveUp("long"));
            }
            return Ok(Value::List(Rc::new(RefCell::new(joined))));
        }
        _ => return fault("type"),
    };
    let result = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::And => Some(left & right),
        BinaryOperator::FloorDivide | BinaryOperator::Modulo if right == 0 => return fault("zero"),
        BinaryOperator::FloorDivide => {
            i64::try_from((left as i128).div_euclid(right as i128) + floor(left, right)).ok()
        }
        BinaryOperator::Modulo => {
            let rest = (left as i128) % (right as i128);
            let rest = if rest != 0 && (rest < 0) != (right < 0) { rest + right as i128 } else { rest };
            Some(rest as i64)
        }
        _ => return Err(Leave::GiveUp("operator")),
    };
    result.map_or_else(|| fault("overflow"), |n| Ok(Value::Int(n)))
}

/// What to add to Euclid's quotient for the one that is rounded down.
fn floor(left: i64, right: i64) -> i128 {
    let rest = (left as i128).rem_euclid(right as i128);
    if right < 0 && rest != 0 { -1 } else { 0 }
}

fn compare(operator: CompareOperator, left: &Value, right: &Value) -> Result<bool> {
    if let (CompareOperator::In, Value::Int(n), Value::List(list)) = (operator, left, right) {
        return Ok(list.borrow().iter().any(|item| matches!(item, Value::Int(m) if m == n)));
    }
    let (Value::Int(left), Value::Int(right)) = (left, right) else { return Err(Leave::GiveUp("compared")) };
    Ok(match operator {
        CompareOperator::Equal => left == right,
        CompareOperator::NotEqual => left != right,
        CompareOperator::Less => left < right,
        CompareOperator::LessEqual => left <= right,
        CompareOperator::Greater => left > right,
        CompareOperator::GreaterEqual => left >= right,
        CompareOperator::In | CompareOperator::NotIn => return Err(Leave::GiveUp("compared")),
    })
}

fn show(value: &Value) -> String {
    match value {
        Value::Nil => "nil".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(list) => {
            let items: Vec<String> = list.borrow().iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Error { message, .. } => message.clone(),
        Value::Function(_) | Value::Object(_) => "?".into(),
    }
}
