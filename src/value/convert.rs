//! Texts that say numbers, as `int` and `float` read them.

use super::error::{Error, Kind};
use super::{Value, number, show};

/// What to do where a text may be anything.
const NO_NUMBER: &str = "catch \"value\" where somebody may have typed something else";

/// `int(" 42 ")`: white space around is allowed, a sign too, nothing else.
pub fn parse_int(text: &str) -> Result<i64, Error> {
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let error = Error::new(Kind::Value, format!("{} is not an int", show::brief_text(text)));
        return Err(match parse_float(text) {
            Ok(_) => error.hint("it is a float: int(float(text))"),
            Err(_) => error.hint(NO_NUMBER),
        });
    }
    trimmed.parse().map_err(|_| {
        Error::new(Kind::Overflow, format!("{} does not fit in 64 bits", show::brief_text(trimmed)))
    })
}

/// `int(text, base)`, with or without `0x`, `0o`, `0b` in front.
pub fn parse_int_base(text: &str, base: i64) -> Result<i64, Error> {
    let base = u32::try_from(base)
        .ok()
        .filter(|base| (2..=36).contains(base))
        .ok_or_else(|| Error::new(Kind::Value, format!("the base of an int is 2 to 36, not {base}")))?;
    let trimmed = text.trim();
    let (sign, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let prefix = match base {
        16 => "0x",
        8 => "0o",
        2 => "0b",
        _ => "",
    };
    let digits = digits.strip_prefix(prefix).unwrap_or(digits);
    let wrong =
        || Error::new(Kind::Value, format!("{} is not an int in base {base}", show::brief_text(text)));
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return Err(wrong());
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base).map_err(|_| {
        Error::new(Kind::Overflow, format!("{} does not fit in 64 bits", show::brief_text(trimmed)))
    })
}

/// `float("2.5")`, `float("1e3")`, `float("inf")`.
pub fn parse_float(text: &str) -> Result<f64, Error> {
    text.trim().parse().map_err(|_| {
        Error::new(Kind::Value, format!("{} is not a float", show::brief_text(text))).hint(NO_NUMBER)
    })
}

/// The whole part of a float, towards zero.
pub fn truncate(float: f64) -> Result<i64, Error> {
    if float.is_nan() {
        return Err(Error::new(Kind::Value, "nan has no whole part"));
    }
    number::whole(float.trunc()).ok_or_else(|| {
        Error::new(Kind::Overflow, format!("{} does not fit in 64 bits", number::float_text(float)))
    })
}

/// `int(x)`.
pub fn int(value: &Value) -> Result<i64, Error> {
    match value {
        Value::Int(n) => Ok(*n),
        Value::Bool(b) => Ok(i64::from(*b)),
        Value::Float(x) => truncate(*x),
        _ => match value.as_text() {
            Some(text) => parse_int(text),
            None => Err(no_number("int", value)),
        },
    }
}

/// `float(x)`.
pub fn float(value: &Value) -> Result<f64, Error> {
    match value {
        Value::Int(n) => Ok(*n as f64),
        Value::Bool(b) => Ok(f64::from(u8::from(*b))),
        Value::Float(x) => Ok(*x),
        _ => match value.as_text() {
            Some(text) => parse_float(text),
            None => Err(no_number("float", value)),
        },
    }
}

fn no_number(word: &str, value: &Value) -> Error {
    let error = Error::new(
        Kind::Type,
        format!("{word}(x) takes a number, bool or str, not {}", show::with_article(value.kind())),
    );
    match value {
        Value::Duration(_) => error.hint("d.seconds is the number of seconds; d.ms and d.us are finer"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_are_read_as_in_python() {
        for (text, int) in [(" 42 ", 42), ("-7", -7), ("+7", 7), ("\t0\n", 0)] {
            assert_eq!(parse_int(text).ok(), Some(int));
        }
        for text in ["", " ", "4 2", "1_000", "2.5", "0x10", "--1", "٤"] {
            assert_eq!(parse_int(text).map_err(|error| error.kind).unwrap_err(), Kind::Value, "{text}");
        }
        assert_eq!(parse_int("9223372036854775808").unwrap_err().kind, Kind::Overflow);
        assert_eq!(parse_int("-9223372036854775808").ok(), Some(i64::MIN));
        assert_eq!(parse_int_base("0xff", 16).ok(), Some(255));
        assert_eq!(parse_int_base("-zz", 36).ok(), Some(-1295));
        assert_eq!(parse_int_base("+-5", 10).unwrap_err().kind, Kind::Value);
    }

    #[test]
    fn floats_are_read_as_in_python() {
        for (text, float) in [("2.5", 2.5), (" 1e3 ", 1000.0), ("-.5", -0.5), ("5.", 5.0), ("7", 7.0)] {
            assert_eq!(parse_float(text).ok(), Some(float));
        }
        assert!(parse_float("inf").unwrap().is_infinite());
        assert!(parse_float("nan").unwrap().is_nan());
        for text in ["", "1_0.0", "x", "1e"] {
            assert!(parse_float(text).is_err(), "{text}");
        }
        assert_eq!(truncate(-2.9).ok(), Some(-2));
        assert_eq!(truncate(1e19).unwrap_err().kind, Kind::Overflow);
    }
}
