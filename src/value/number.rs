//! Arithmetic on numbers alone: what `int` and `float` do. Which operands meet which is decided in `operate`.

use super::Value;
use super::error::{Error, Kind};
use std::cmp::Ordering;

/// `left + right` with 64-bit integers, and its error.
pub fn add(left: i64, right: i64) -> Result<Value, Error> {
    left.checked_add(right).map(Value::Int).ok_or_else(|| overflow(left, "+", right))
}

pub fn subtract(left: i64, right: i64) -> Result<Value, Error> {
    left.checked_sub(right).map(Value::Int).ok_or_else(|| overflow(left, "-", right))
}

pub fn multiply(left: i64, right: i64) -> Result<Value, Error> {
    left.checked_mul(right).map(Value::Int).ok_or_else(|| overflow(left, "*", right))
}

pub fn negate(n: i64) -> Result<Value, Error> {
    n.checked_neg().map(Value::Int).ok_or_else(|| too_large(format!("-({n})")))
}

pub fn divide(left: i64, right: i64) -> Result<Value, Error> {
    if right == 0 {
        return Err(zero(&left.to_string(), "/"));
    }
    Ok(Value::Float(left as f64 / right as f64))
}

/// Rounds down, as Python does: `-7 // 2` is -4.
pub fn floor_divide(left: i64, right: i64) -> Result<Value, Error> {
    if right == 0 {
        return Err(zero(&left.to_string(), "//"));
    }
    match floor_quotient(left, right) {
        Some(quotient) => Ok(Value::Int(quotient)),
        None => Err(overflow(left, "//", right)),
    }
}

/// Has the sign of the divisor, as in Python: `-7 % 2` is 1.
pub fn modulo(left: i64, right: i64) -> Result<Value, Error> {
    if right == 0 {
        return Err(zero(&left.to_string(), "%"));
    }
    Ok(Value::Int(floor_remainder(left, right)))
}

/// None when it does not fit: the smallest integer by -1.
pub fn floor_quotient(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let inexact = left.wrapping_rem(right) != 0;
    Some(if inexact && (left < 0) != (right < 0) { quotient - 1 } else { quotient })
}

/// `right` is not zero.
pub fn floor_remainder(left: i64, right: i64) -> i64 {
    let remainder = left.wrapping_rem(right);
    if remainder != 0 && (remainder < 0) != (right < 0) { remainder + right } else { remainder }
}

/// A negative exponent gives a float.
pub fn power(base: i64, exponent: i64) -> Result<Value, Error> {
    if exponent < 0 {
        if base == 0 {
            return Err(Error::new(Kind::Zero, format!("{base} ** {exponent} divides by zero")));
        }
        return Ok(Value::Float((base as f64).powf(exponent as f64)));
    }
    let result = match base {
        0 => Some(i64::from(exponent == 0)),
        1 => Some(1),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent)),
    };
    result.map(Value::Int).ok_or_else(|| overflow(base, "**", exponent))
}

pub fn shift_left(value: i64, count: i64) -> Result<Value, Error> {
    check_shift(value, "<<", count)?;
    let shifted = if count < 64 { value << count } else { 0 };
    let fits = value == 0 || (count < 64 && shifted >> count == value);
    if fits { Ok(Value::Int(shifted)) } else { Err(overflow(value, "<<", count)) }
}

pub fn shift_right(value: i64, count: i64) -> Result<Value, Error> {
    check_shift(value, ">>", count)?;
    Ok(Value::Int(value >> count.min(63)))
}

fn check_shift(value: i64, sign: &str, count: i64) -> Result<(), Error> {
    if count < 0 {
        let message = format!("{value} {sign} {count}: cannot shift by a negative count");
        return Err(Error::new(Kind::Value, message).hint("shift the other way"));
    }
    Ok(())
}

pub fn float_divide(left: f64, right: f64) -> Result<f64, Error> {
    if right == 0.0 { Err(zero(&float_text(left), "/")) } else { Ok(left / right) }
}

/// Python's way, so that `(a // b) * b + a % b` stays close to `a`.
pub fn float_floor_divide(left: f64, right: f64) -> Result<f64, Error> {
    if right == 0.0 {
        return Err(zero(&float_text(left), "//"));
    }
    let remainder = floor_remainder_float(left, right);
    let quotient = (left - remainder) / right;
    if quotient == 0.0 {
        return Ok(0.0f64.copysign(left / right));
    }
    let floor = quotient.floor();
    Ok(if quotient - floor > 0.5 { floor + 1.0 } else { floor })
}

pub fn float_modulo(left: f64, right: f64) -> Result<f64, Error> {
    if right == 0.0 { Err(zero(&float_text(left), "%")) } else { Ok(floor_remainder_float(left, right)) }
}

fn floor_remainder_float(left: f64, right: f64) -> f64 {
    let remainder = left % right;
    if remainder == 0.0 {
        0.0f64.copysign(right)
    } else if (remainder < 0.0) != (right < 0.0) {
        remainder + right
    } else {
        remainder
    }
}

pub fn float_power(base: f64, exponent: f64) -> Result<f64, Error> {
    let shown = || format!("{} ** {}", float_text(base), float_text(exponent));
    if base == 0.0 && exponent < 0.0 {
        return Err(Error::new(Kind::Zero, format!("{} divides by zero", shown())));
    }
    if base < 0.0 && base.is_finite() && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(Error::new(Kind::Value, format!("{} is not a real number", shown()))
            .hint("a power that is no whole number needs a base from 0 up"));
    }
    Ok(base.powf(exponent))
}

/// Exact also where the integer has no float of its own. None for NaN.
pub fn compare_int_float(int: i64, float: f64) -> Option<Ordering> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= LIMIT {
        Some(Ordering::Less)
    } else if float < -LIMIT {
        Some(Ordering::Greater)
    } else {
        let whole = float.trunc();
        Some(int.cmp(&(whole as i64)).then_with(|| 0.0f64.total_cmp(&(float - whole + 0.0))))
    }
}

/// The integer that equals a float, if there is one.
pub fn whole(float: f64) -> Option<i64> {
    let int = float as i64;
    (float.trunc() == float && compare_int_float(int, float) == Some(Ordering::Equal)).then_some(int)
}

/// As Python prints it: the shortest text that reads back, always with a point or an exponent.
pub fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "nan".into();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        return with_exponent(&format!("{float:e}"));
    }
    let mut text = float.to_string();
    if !text.contains('.') {
        text.push_str(".0");
    }
    text
}

/// Rust's `1e16` as Python's `1e+16`, `1e-5` as `1e-05`.
pub fn with_exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else {
        return text.into();
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

pub fn overflow(left: impl std::fmt::Display, sign: &str, right: impl std::fmt::Display) -> Error {
    let what = format!("{left} {sign} {right}");
    if sign == "<<" {
        // Floats have no bits to shift.
        return Error::new(Kind::Overflow, format!("{what} does not fit in 64 bits"))
            .hint("mask what is to be cut off first: `(x & mask) << n`");
    }
    too_large(what)
}

/// What was to be computed has no 64-bit result.
pub fn too_large(what: String) -> Error {
    Error::new(Kind::Overflow, format!("{what} does not fit in 64 bits"))
        .hint("use floats where the numbers may grow large: float(x)")
}

/// `left` as shown, divided by zero with this sign.
pub fn zero(left: &str, sign: &str) -> Error {
    Error::new(Kind::Zero, format!("{left} {sign} 0 divides by zero"))
        .hint("check the divisor first: if d != 0 { … }")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (2.0, "2.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (1e300, "1e+300"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ];
        for (float, text) in cases {
            assert_eq!(float_text(float), text);
        }
    }

    #[test]
    fn integers_and_floats_compare_exactly() {
        assert_eq!(
            compare_int_float(9_007_199_254_740_993, 9_007_199_254_740_992.0),
            Some(Ordering::Greater)
        );
        assert_eq!(compare_int_float(i64::MAX, 9_223_372_036_854_775_808.0), Some(Ordering::Less));
        assert_eq!(compare_int_float(i64::MIN, -9_223_372_036_854_775_808.0), Some(Ordering::Equal));
        assert_eq!(compare_int_float(0, -0.0), Some(Ordering::Equal));
        assert_eq!(compare_int_float(-1, -1.5), Some(Ordering::Greater));
        assert_eq!(whole(-0.0), Some(0));
        assert_eq!(whole(2.5), None);
        assert_eq!(whole(9_223_372_036_854_775_808.0), None);
    }
}
