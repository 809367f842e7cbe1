//! What holds for values of every type.

mod depth;
mod laws;
mod tables;

use super::*;
use crate::syntax::tree::BinaryOperator;

const SECOND: i64 = duration::SECOND;

fn int(n: i64) -> Value {
    Value::Int(n)
}

fn float(x: f64) -> Value {
    Value::Float(x)
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn span(ns: i64) -> Value {
    Value::Duration(ns)
}

fn ints(values: &[i64]) -> Value {
    Value::list(values.iter().copied().map(Value::Int).collect())
}

fn set(values: &[i64]) -> Value {
    Value::set(values.iter().copied().map(Value::Int).collect())
}

fn map(entries: &[(Value, Value)]) -> Value {
    Value::map(entries.iter().cloned().collect())
}

fn operator(sign: &str) -> BinaryOperator {
    BinaryOperator::of(sign).expect(sign)
}
