//! Durations: nanoseconds in 64 bits, with a literal of their own.

use super::Value;
use super::error::{Error, Kind};
use super::number;

pub const SECOND: i64 = 1_000_000_000;
const MILLISECOND: i64 = 1_000_000;
const MICROSECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// As a literal that reads back: `2min`, `1.5s`, `250ms`, `100us`.
pub fn text(ns: i64) -> String {
    text_with_digits(ns, None)
}

/// The same with so many digits after the point, rounded.
pub fn text_with_digits(ns: i64, digits: Option<usize>) -> String {
    let size = ns.unsigned_abs();
    let (unit, word) = if size >= MINUTE as u64 && ns % MINUTE == 0 {
        (MINUTE, "min")
    } else if size >= SECOND as u64 || size == 0 {
        (SECOND, "s")
    } else if size >= MILLISECOND as u64 {
        (MILLISECOND, "ms")
    } else {
        (MICROSECOND, "us")
    };
    if let Some(digits) = digits {
        return format!("{:.digits$}{word}", ns as f64 / unit as f64);
    }
    let sign = if ns < 0 { "-" } else { "" };
    let whole = size / unit as u64;
    let rest = size % unit as u64;
    if rest == 0 {
        return format!("{sign}{whole}{word}");
    }
    let places = unit.ilog10() as usize;
    let fraction = format!("{rest:0places$}");
    format!("{sign}{whole}.{}{word}", fraction.trim_end_matches('0'))
}

pub fn add(left: i64, right: i64) -> Result<Value, Error> {
    left.checked_add(right).map(Value::Duration).ok_or_else(|| overflow(left, "+", text(right)))
}

pub fn subtract(left: i64, right: i64) -> Result<Value, Error> {
    left.checked_sub(right).map(Value::Duration).ok_or_else(|| overflow(left, "-", text(right)))
}

pub fn times(duration: i64, factor: i64) -> Result<Value, Error> {
    duration
        .checked_mul(factor)
        .map(Value::Duration)
        .ok_or_else(|| overflow(duration, "*", factor.to_string()))
}

pub fn times_float(duration: i64, factor: f64) -> Result<Value, Error> {
    from_float(duration as f64 * factor)
        .map_err(|kind| failed(kind, duration, "*", number::float_text(factor)))
        .map(Value::Duration)
}

pub fn divide_float(duration: i64, divisor: f64) -> Result<Value, Error> {
    if divisor == 0.0 {
        return Err(number::zero(&text(duration), "/"));
    }
    from_float(duration as f64 / divisor)
        .map_err(|kind| failed(kind, duration, "/", number::float_text(divisor)))
        .map(Value::Duration)
}

/// `d / d`: how many times one goes into the other.
pub fn ratio(left: i64, right: i64) -> Result<Value, Error> {
    check_divisor(left, "/", right)?;
    Ok(Value::Float(left as f64 / right as f64))
}

/// `d // d`: how many whole times, rounded down.
pub fn whole_ratio(left: i64, right: i64) -> Result<Value, Error> {
    check_divisor(left, "//", right)?;
    number::floor_quotient(left, right).map(Value::Int).ok_or_else(|| overflow(left, "//", text(right)))
}

/// `d // n`, rounded down to a nanosecond.
pub fn floor_divide(duration: i64, divisor: i64) -> Result<Value, Error> {
    check_divisor(duration, "//", divisor)?;
    number::floor_quotient(duration, divisor)
        .map(Value::Duration)
        .ok_or_else(|| overflow(duration, "//", divisor.to_string()))
}

pub fn modulo(left: i64, right: i64) -> Result<Value, Error> {
    check_divisor(left, "%", right)?;
    Ok(Value::Duration(number::floor_remainder(left, right)))
}

pub fn negate(duration: i64) -> Result<Value, Error> {
    duration.checked_neg().map(Value::Duration).ok_or_else(|| overflow(0, "-", text(duration)))
}

fn check_divisor(left: i64, sign: &str, right: i64) -> Result<(), Error> {
    if right == 0 { Err(number::zero(&text(left), sign)) } else { Ok(()) }
}

/// The nearest whole nanosecond; the kind of error when there is none.
fn from_float(ns: f64) -> Result<i64, Kind> {
    let rounded = ns.round_ties_even();
    if rounded.is_nan() { Err(Kind::Value) } else { number::whole(rounded).ok_or(Kind::Overflow) }
}

fn failed(kind: Kind, duration: i64, sign: &str, operand: String) -> Error {
    match kind {
        Kind::Overflow => overflow(duration, sign, operand),
        other => Error::new(other, format!("{} {sign} {operand} is no duration", text(duration))),
    }
}

fn overflow(left: i64, sign: &str, right: String) -> Error {
    Error::new(
        Kind::Overflow,
        format!("{} {sign} {right} is too long: a duration has at most 292 years", text(left)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_as_literals() {
        let cases = [
            (0, "0s"),
            (SECOND, "1s"),
            (1_500_000_000, "1.5s"),
            (250 * MILLISECOND, "250ms"),
            (100 * MICROSECOND, "100us"),
            (120 * SECOND, "2min"),
            (90 * SECOND, "90s"),
            (-1_500_000_000, "-1.5s"),
            (1, "0.001us"),
            (333_333_333, "333.333333ms"),
        ];
        for (ns, shown) in cases {
            assert_eq!(text(ns), shown);
        }
        assert!(text(i64::MIN).starts_with("-9223372036.85"));
    }
}
