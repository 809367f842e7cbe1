//! Operators, and how values are shown.

use super::{Leave, MOST_ELEMENTS, Result, Value, fault};
use conc::syntax::tree::{BinaryOperator, CompareOperator};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) fn place(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok().filter(|&index| index < length)
}

pub(super) fn binary(operator: BinaryOperator, left: Value, right: Value) -> Result<Value> {
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

pub(super) fn compare(operator: CompareOperator, left: &Value, right: &Value) -> Result<bool> {
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

pub(super) fn show(value: &Value) -> String {
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
