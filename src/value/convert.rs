//! Texts that say numbers, as `int` and `float` read them.

use super::error::{Error, Kind};
use super::{Value, number, show};
use std::borrow::Cow;

/// What to do where a text may be anything.
const NO_NUMBER: &str = "catch \"value\" where somebody may have typed something else";
const OTHER_DIGITS: &str = "its digits have to be those from 0 to 9";

/// Without each `_` that stands between two digits, as in `1_000`. Where one stands elsewhere, none is left out.
fn undivided(text: &str, base: u32) -> Cow<'_, str> {
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| text.as_bytes().get(at)).is_some_and(|byte| char::from(*byte).is_digit(base))
    };
    let mut dividers = text.match_indices('_').map(|(at, _)| at).peekable();
    if dividers.peek().is_some() && dividers.all(|at| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1))) {
        return text.replace('_', "").into();
    }
    text.into()
}

/// Where a text has digits, but not ours: `１２`, as some keyboards write.
fn foreign_digits(text: &str) -> bool {
    text.chars().any(|character| character.is_numeric() && !character.is_ascii())
}

/// `int(" 42 ")`: white space around is allowed, a sign too, `_` between digits, nothing else.
pub fn parse_int(text: &str) -> Result<i64, Error> {
    let trimmed = &*undivided(text.trim(), 10);
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let error = Error::new(Kind::Value, format!("{} is not an int", show::brief_text(text)));
        let lower = digits.to_ascii_lowercase();
        return Err(match parse_float(text) {
            Ok(_) => error.hint("it is a float: int(float(text))"),
            Err(_) if foreign_digits(text) => error.hint(OTHER_DIGITS),
            Err(_) if lower.starts_with("0x") => error.hint("int(text, 16) reads hexadecimal digits"),
            Err(_) if lower.starts_with("0b") => error.hint("int(text, 2) reads binary digits"),
            Err(_) if lower.starts_with("0o") => error.hint("int(text, 8) reads octal digits"),
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
    let trimmed = &*undivided(text.trim(), base);
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
    let has_prefix = digits.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let digits = if has_prefix { &digits[prefix.len()..] } else { digits };
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
    undivided(text.trim(), 10).parse().map_err(|_| {
        let error = Error::new(Kind::Value, format!("{} is not a float", show::brief_text(text)));
        error.hint(if foreign_digits(text) { OTHER_DIGITS } else { NO_NUMBER })
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
        for (text, int) in
            [(" 42 ", 42), ("-7", -7), ("+7", 7), ("\t0\n", 0), ("1_000", 1000), ("-1_0_0", -100)]
        {
            assert_eq!(parse_int(text).ok(), Some(int));
        }
        for text in ["", " ", "4 2", "1__0", "_1", "1_", "+_1", "2.5", "0x10", "--1", "٤"] {
            assert_eq!(parse_int(text).map_err(|error| error.kind).unwrap_err(), Kind::Value, "{text}");
        }
        assert_eq!(parse_int("9223372036854775808").unwrap_err().kind, Kind::Overflow);
        assert_eq!(parse_int("-9223372036854775808").ok(), Some(i64::MIN));
        assert_eq!(parse_int_base("0xff", 16).ok(), Some(255));
        assert_eq!(parse_int_base("0XF_F", 16).ok(), Some(255));
        assert_eq!(parse_int_base("-zz", 36).ok(), Some(-1295));
        assert_eq!(parse_int_base("+-5", 10).unwrap_err().kind, Kind::Value);
    }

    #[test]
    fn floats_are_read_as_in_python() {
        for (text, float) in
            [("2.5", 2.5), (" 1e3 ", 1000.0), ("-.5", -0.5), ("5.", 5.0), ("1_0.0_5", 10.05), ("7", 7.0)]
        {
            assert_eq!(parse_float(text).ok(), Some(float));
        }
        assert!(parse_float("inf").unwrap().is_infinite());
        assert!(parse_float("nan").unwrap().is_nan());
        for text in ["", "1_.0", "1._0", "in_f", "x", "1e"] {
            assert!(parse_float(text).is_err(), "{text}");
        }
        assert_eq!(truncate(-2.9).ok(), Some(-2));
        assert_eq!(truncate(1e19).unwrap_err().kind, Kind::Overflow);
    }
}
