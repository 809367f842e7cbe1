//! Numbers and durations.

use super::super::tree::ExpressionKind;
use super::{Pair, Parser};
use crate::report::{Code, Diagnostic};

/// The nanoseconds of each unit.
const UNITS: [(&str, i128); 4] =
    [("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000)];

/// 2^63 is too large for an integer, unless there is a `-` before it.
pub fn is_least_integer(text: &str) -> bool {
    text.starts_with('9') && text.trim_end().replace('_', "") == "9223372036854775808"
}

/// What is wrong with a number, and what to do.
struct Mistake(String, String);

fn mistake<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake(message.into(), hint.into()))
}

impl Parser<'_> {
    pub fn number(&mut self, pair: &Pair) -> ExpressionKind {
        number(pair.as_str()).unwrap_or_else(|Mistake(message, hint)| {
            let span = self.span(pair);
            self.problem(Diagnostic::error(Code::BadNumber, span, message).hint(hint));
            ExpressionKind::Invalid
        })
    }
}

/// Whether a `_` stands where it divides no digits: `1_`, `1__0`, `1_.5`.
fn divides_nothing(text: &str) -> bool {
    text.ends_with('_') || ["__", "_.", "._"].iter().any(|wrong| text.contains(wrong))
}

fn number(text: &str) -> Result<ExpressionKind, Mistake> {
    if divides_nothing(text) {
        return mistake(
            format!("`{}` is not a number", shorten(text)),
            "a `_` in a number stands between two digits: `1_000`",
        );
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return with_radix(text, digits, radix);
        }
    }
    if text.starts_with("0o") || text.starts_with("0O") {
        return mistake(
            format!("`{text}` is not a number"),
            "there are hexadecimal ones (`0xff`) and binary ones (`0b101`)",
        );
    }
    let whole = digits_of(text);
    let mut rest = &text[whole.len()..];
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        fraction = digits_of(after);
        rest = &after[fraction.len()..];
    }
    let (exponent, unit) = split_exponent(rest);
    if !unit.is_empty() {
        return duration(text, whole, fraction, exponent, unit);
    }
    if fraction.is_empty() && exponent.is_empty() {
        return integer(text, whole);
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(ExpressionKind::Float(value)),
        Ok(_) | Err(_) => {
            mistake(format!("`{text}` is too large for a number"), "the largest is about 1.8e308")
        }
    }
}

fn digits_of(text: &str) -> &str {
    &text[..text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count()]
}

/// `e-3s` into `e-3` and `s`; a lone `e` is no exponent.
fn split_exponent(text: &str) -> (&str, &str) {
    let Some(after) = text.strip_prefix(['e', 'E']) else { return ("", text) };
    let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
    let digits = digits_of(unsigned);
    if digits.is_empty() {
        return ("", text);
    }
    text.split_at(text.len() - unsigned.len() + digits.len())
}

fn with_radix(text: &str, digits: &str, radix: u32) -> Result<ExpressionKind, Mistake> {
    let plain = digits.replace('_', "");
    if plain.is_empty() || !plain.chars().all(|c| c.is_digit(radix)) {
        let digits = if radix == 2 { "0 and 1" } else { "0 to 9 and a to f" };
        return mistake(format!("`{text}` is not a number"), format!("its digits are {digits}"));
    }
    match i64::from_str_radix(&plain, radix) {
        Ok(value) => Ok(ExpressionKind::Int(value)),
        Err(_) => too_large(text),
    }
}

fn integer(text: &str, digits: &str) -> Result<ExpressionKind, Mistake> {
    match digits.replace('_', "").parse::<i64>() {
        Ok(value) => Ok(ExpressionKind::Int(value)),
        Err(_) => too_large(text),
    }
}

fn too_large(text: &str) -> Result<ExpressionKind, Mistake> {
    let text = shorten(text);
    mistake(
        format!("`{text}` is too large for an integer"),
        "integers have 64 bits: the largest is 9223372036854775807; a float such as `1e30` may be larger",
    )
}

fn duration(
    text: &str,
    whole: &str,
    fraction: &str,
    exponent: &str,
    unit: &str,
) -> Result<ExpressionKind, Mistake> {
    let Some((_, nanoseconds)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return unknown_unit(text, unit);
    };
    if !exponent.is_empty() {
        return mistake(
            format!("`{text}` is not a duration"),
            format!("write it without an exponent, as in `1.5{unit}`"),
        );
    }
    let fraction = fraction.replace('_', "");
    let digits = whole.replace('_', "") + &fraction;
    // Exact for whatever fits: i64 nanoseconds have 19 digits, and a fraction beyond that counts for nothing.
    let value = digits.parse::<i128>().ok().and_then(|value| {
        let scale = 10_i128.checked_pow(fraction.len() as u32)?;
        let scaled = value.checked_mul(*nanoseconds)?;
        i64::try_from((scaled + scale / 2) / scale).ok()
    });
    match value {
        Some(value) => Ok(ExpressionKind::Duration(value)),
        None => mistake(
            format!("`{}` is too long for a duration", shorten(text)),
            "the longest is about 292 years, and the shortest step is a nanosecond",
        ),
    }
}

fn unknown_unit(text: &str, unit: &str) -> Result<ExpressionKind, Mistake> {
    let text = shorten(text);
    let number = text.trim_end_matches(unit);
    let meant = match unit {
        "sec" | "secs" | "second" | "seconds" | "S" => Some("s"),
        "m" | "mins" | "minute" | "minutes" => Some("min"),
        "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" | "Ms" | "MS" => Some("ms"),
        "usec" | "usecs" | "micros" | "microsecond" | "microseconds" | "µs" => Some("us"),
        _ => None,
    };
    let hint = match (meant, unit) {
        (Some(meant), _) => {
            format!("write `{number}{meant}`; the units of time are `us`, `ms`, `s` and `min`")
        }
        (None, "h" | "hour" | "hours") => format!("write `{number} * 60min`"),
        (None, "j" | "f" | "u" | "L" | "l" | "i64" | "f64") => {
            "numbers have no suffix; a float has a dot".to_string()
        }
        (None, _) => "a name cannot begin with a digit, and the units of time are `us`, `ms`, `s` and `min`"
            .to_string(),
    };
    mistake(format!("`{text}` is not a number"), hint)
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        text.to_string()
    } else {
        text.chars().take(37).collect::<String>() + "..."
    }
}
