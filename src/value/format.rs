//! `"{value:FORMAT}"`: Python's little language, `[[fill]align][sign][#][0][width][,|_][.digits][type]`.
//!
//! align `<` `>` `^` `=` (padding after the sign); sign `+` `-` or a space; `#` writes the prefix of `x` `X` `b` `o`;
//! `,` and `_` divide the digits by threes, those of `x` `X` `b` `o` by fours; type `d` `f` `e` `g` `x` `X` `b` `o` `%`
//! `s`. Digits without a type are those after the point of a number, or the most characters of a text. Widths count
//! characters.

use super::error::{Error, Kind};
use super::operate::check_size;
use super::{Value, duration, number, show};
use crate::code::Program;

/// More digits than any float has; the standard library does not take arbitrarily many.
const MOST_DIGITS: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    fill: char,
    align: Option<Align>,
    sign: Sign,
    prefix: bool,
    width: usize,
    /// What stands between groups of digits.
    divider: Option<char>,
    digits: Option<usize>,
    kind: Option<Type>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
    Centre,
    AfterSign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Minus,
    Always,
    Space,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Decimal,
    Fixed,
    Exponent,
    /// The shorter of `Fixed` and `Exponent`; its digits are all that count.
    General,
    Hex,
    UpperHex,
    Binary,
    Octal,
    Percent,
    Text,
}

/// The value as text, in the form that `spec` asks for.
pub fn format(value: &Value, spec: &str, program: &Program) -> Result<String, Error> {
    let spec = parse(spec)?;
    let (body, align) = match (value, spec.kind) {
        (_, Some(Type::Text)) => (text(value, &spec, program), Align::Left),
        (Value::Int(n), None) if spec.digits.is_none() => (decimal(*n, &spec), Align::Right),
        (Value::Int(n), None) => (float(*n as f64, Type::Fixed, &spec), Align::Right),
        (Value::Int(n), Some(kind)) => (int(*n, kind, &spec), Align::Right),
        (Value::Float(x), None) if spec.digits.is_none() => (
            signed(x.is_sign_negative() && !x.is_nan(), &grouped(&number::float_text(x.abs()), &spec), &spec),
            Align::Right,
        ),
        (Value::Float(x), None) => (float(*x, Type::Fixed, &spec), Align::Right),
        (Value::Float(x), Some(kind)) if is_for_floats(kind) => (float(*x, kind, &spec), Align::Right),
        (Value::Duration(ns), None) => (duration::text_with_digits(*ns, spec.digits), Align::Right),
        (_, Some(kind)) => return Err(wrong_type(kind, value)),
        (_, None) => (text(value, &spec, program), Align::Left),
    };
    pad(body, spec.align.unwrap_or(align), &spec)
}

/// Takes a format apart.
pub fn parse(text: &str) -> Result<Spec, Error> {
    let mut rest: &[char] = &text.chars().collect::<Vec<_>>();
    let mut spec = Spec {
        fill: ' ',
        align: None,
        sign: Sign::Minus,
        prefix: false,
        width: 0,
        divider: None,
        digits: None,
        kind: None,
    };
    if let [fill, align, ..] = rest
        && let Some(align) = align_of(*align)
    {
        (spec.fill, spec.align) = (*fill, Some(align));
        rest = &rest[2..];
    } else if let [align, ..] = rest
        && let Some(align) = align_of(*align)
    {
        spec.align = Some(align);
        rest = &rest[1..];
    }
    if let ['+' | '-' | ' ', ..] = rest {
        spec.sign = match rest[0] {
            '+' => Sign::Always,
            ' ' => Sign::Space,
            _ => Sign::Minus,
        };
        rest = &rest[1..];
    }
    if let ['#', ..] = rest {
        spec.prefix = true;
        rest = &rest[1..];
    }
    if let ['0', ..] = rest {
        if spec.align.is_none() {
            (spec.fill, spec.align) = ('0', Some(Align::AfterSign));
        }
        rest = &rest[1..];
    }
    spec.width = digits(&mut rest, text)?.unwrap_or(0);
    if let [divider @ (',' | '_'), ..] = rest {
        spec.divider = Some(*divider);
        rest = &rest[1..];
    }
    if let ['.', ..] = rest {
        rest = &rest[1..];
        let digits = digits(&mut rest, text)?.ok_or_else(|| wrong(text))?;
        if digits > MOST_DIGITS {
            let message =
                format!("the format {} asks for more than {MOST_DIGITS} digits", show::brief_text(text));
            return Err(Error::new(Kind::Value, message));
        }
        spec.digits = Some(digits);
    }
    if let [kind] = rest {
        spec.kind = Some(type_of(*kind).ok_or_else(|| wrong(text))?);
        rest = &[];
    }
    if !rest.is_empty() {
        return Err(wrong(text));
    }
    let with_prefix = matches!(spec.kind, Some(Type::Hex | Type::UpperHex | Type::Binary | Type::Octal));
    if spec.prefix && !with_prefix {
        let hint = "`#` writes the prefix of an int: \"{n:#x}\", \"{n:#b}\" or \"{n:#o}\"";
        return Err(no_format(text).hint(hint));
    }
    if spec.divider == Some(',') && with_prefix {
        return Err(no_format(text).hint("digits that are not decimal are divided by `_`: \"{n:_x}\""));
    }
    Ok(spec)
}

fn align_of(character: char) -> Option<Align> {
    match character {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Centre),
        '=' => Some(Align::AfterSign),
        _ => None,
    }
}

fn type_of(character: char) -> Option<Type> {
    match character {
        'd' => Some(Type::Decimal),
        'f' => Some(Type::Fixed),
        'e' => Some(Type::Exponent),
        'g' => Some(Type::General),
        'x' => Some(Type::Hex),
        'X' => Some(Type::UpperHex),
        'b' => Some(Type::Binary),
        'o' => Some(Type::Octal),
        '%' => Some(Type::Percent),
        's' => Some(Type::Text),
        _ => None,
    }
}

fn digits(rest: &mut &[char], text: &str) -> Result<Option<usize>, Error> {
    let count = rest.iter().take_while(|character| character.is_ascii_digit()).count();
    if count == 0 {
        return Ok(None);
    }
    let number: String = rest[..count].iter().collect();
    *rest = &rest[count..];
    number.parse().map(Some).map_err(|_| wrong(text))
}

fn is_for_floats(kind: Type) -> bool {
    match kind {
        Type::Fixed | Type::Exponent | Type::General | Type::Percent => true,
        Type::Decimal | Type::Hex | Type::UpperHex | Type::Binary | Type::Octal | Type::Text => false,
    }
}

fn text(value: &Value, spec: &Spec, program: &Program) -> String {
    let whole = show::display(value, program);
    match spec.digits {
        Some(most) => whole.chars().take(most).collect(),
        None => whole,
    }
}

fn int(n: i64, kind: Type, spec: &Spec) -> String {
    let size = n.unsigned_abs();
    let body = match kind {
        Type::Decimal | Type::Text => return decimal(n, spec),
        Type::Fixed | Type::Exponent | Type::General | Type::Percent => return float(n as f64, kind, spec),
        Type::Hex => format!("{size:x}"),
        Type::UpperHex => format!("{size:X}"),
        Type::Binary => format!("{size:b}"),
        Type::Octal => format!("{size:o}"),
    };
    let body = divided(&body, body.len(), 4, spec);
    signed(n < 0, &format!("{}{body}", prefix(spec)), spec)
}

fn decimal(n: i64, spec: &Spec) -> String {
    signed(n < 0, &grouped(&n.unsigned_abs().to_string(), spec), spec)
}

fn float(x: f64, kind: Type, spec: &Spec) -> String {
    let digits = spec.digits.unwrap_or(6);
    let size = x.abs();
    let body = match kind {
        Type::General if size.is_finite() => general(size, digits.max(1)),
        Type::Exponent if size.is_finite() => number::with_exponent(&format!("{size:.digits$e}")),
        Type::Percent if size.is_finite() => format!("{:.digits$}%", size * 100.0),
        Type::Percent => format!("{}%", number::float_text(size)),
        _ if size.is_finite() => format!("{size:.digits$}"),
        _ => number::float_text(size),
    };
    signed(x.is_sign_negative() && !x.is_nan(), &grouped(&body, spec), spec)
}

/// A number of so many digits that count, in the shorter form and without zeros at its end (C's `%g`).
fn general(size: f64, digits: usize) -> String {
    // Rounding may add a digit before the point, so the exponent is that of the rounded number.
    let scientific = format!("{size:.*e}", digits - 1);
    let exponent: i64 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let fixed = exponent >= -4 && exponent < digits as i64;
    let long = if fixed { format!("{size:.*}", (digits as i64 - 1 - exponent) as usize) } else { scientific };
    let (body, power) = long.split_at(long.find('e').unwrap_or(long.len()));
    let body = if body.contains('.') { body.trim_end_matches('0').trim_end_matches('.') } else { body };
    if fixed { body.to_string() } else { number::with_exponent(&format!("{body}{power}")) }
}

/// What `#` writes before the digits.
fn prefix(spec: &Spec) -> &'static str {
    match spec.kind {
        Some(Type::Hex) if spec.prefix => "0x",
        Some(Type::UpperHex) if spec.prefix => "0X",
        Some(Type::Binary) if spec.prefix => "0b",
        Some(Type::Octal) if spec.prefix => "0o",
        _ => "",
    }
}

fn signed(negative: bool, body: &str, spec: &Spec) -> String {
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, Sign::Always) => "+",
        (false, Sign::Space) => " ",
        (false, Sign::Minus) => "",
    };
    format!("{sign}{body}")
}

/// With the digits before the point divided by threes, if the format asks for it.
fn grouped(body: &str, spec: &Spec) -> String {
    divided(body, body.bytes().take_while(u8::is_ascii_digit).count(), 3, spec)
}

/// The first `whole` characters, which are digits, in groups of `size`.
fn divided(body: &str, whole: usize, size: usize, spec: &Spec) -> String {
    let Some(divider) = spec.divider else { return body.into() };
    let mut out = String::with_capacity(body.len() + whole / size);
    for (at, character) in body.chars().enumerate() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(size) {
            out.push(divider);
        }
        out.push(character);
    }
    out
}

fn pad(body: String, align: Align, spec: &Spec) -> Result<String, Error> {
    let missing = spec.width.saturating_sub(body.chars().count());
    if missing == 0 {
        return Ok(body);
    }
    check_size(Some(missing), spec.fill.len_utf8(), "a str")?;
    let fill = |count: usize| spec.fill.to_string().repeat(count);
    Ok(match align {
        Align::Left => body + &fill(missing),
        Align::Right => fill(missing) + &body,
        Align::Centre => fill(missing / 2) + &body + &fill(missing - missing / 2),
        Align::AfterSign => {
            let sign = body.find(|character| !matches!(character, '+' | '-' | ' ')).unwrap_or(0);
            let sign = sign + prefix(spec).len();
            format!("{}{}{}", &body[..sign], fill(missing), &body[sign..])
        }
    })
}

fn no_format(text: &str) -> Error {
    Error::new(Kind::Value, format!("{} is not a format", show::brief_text(text)))
}

fn wrong(text: &str) -> Error {
    no_format(text).hint(
        "a format is [[fill]align][sign][#][0][width][, or _][.digits][type]: \"{x:8.2}\", \"{n:>6}\", \"{n:04x}\"; the types are d f e g x X b o % s",
    )
}

fn wrong_type(kind: Type, value: &Value) -> Error {
    let (letter, wanted) = match kind {
        Type::Decimal => ("d", "an int"),
        Type::Hex => ("x", "an int"),
        Type::UpperHex => ("X", "an int"),
        Type::Binary => ("b", "an int"),
        Type::Octal => ("o", "an int"),
        Type::Fixed => ("f", "a number"),
        Type::Exponent => ("e", "a number"),
        Type::General => ("g", "a number"),
        Type::Percent => ("%", "a number"),
        Type::Text => ("s", "anything"),
    };
    let error = Error::new(
        Kind::Type,
        format!("the format type {letter} is for {wanted}, not {}", show::with_article(value.kind())),
    );
    match value {
        Value::Duration(_) => error.hint("use d.seconds or d.ms to format a duration as a number"),
        Value::Float(_) => error.hint("int(x) or round(x) makes an int of a float"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::test_world::program;

    #[test]
    fn values_take_the_form_asked_for() {
        let (int, float, text) = (Value::Int(-1234567), Value::Float(4.14159), Value::text("ab"));
        let cases = [
            (&int, "", "-1234567"),
            (&int, ",", "-1,234,567"),
            (&int, "12", "    -1234567"),
            (&int, "<12", "-1234567    "),
            (&int, "012", "-00001234567"),
            (&int, "x", "-12d687"),
            (&int, ".2", "-1234567.00"),
            (&Value::Int(255), "04x", "00ff"),
            (&Value::Int(255), "X", "FF"),
            (&Value::Int(5), "b", "101"),
            (&Value::Int(8), "o", "10"),
            (&Value::Int(5), "+d", "+5"),
            (&Value::Int(5), " ", " 5"),
            (&Value::Int(3), "*^5", "**3**"),
            (&Value::Int(1), "5.1f", "  1.0"),
            (&float, "8.2", "    4.14"),
            (&float, ".0", "4"),
            (&float, "f", "4.141590"),
            (&float, "e", "4.141590e+00"),
            (&float, "+.1", "+4.1"),
            (&Value::Float(0.256), ".1%", "25.6%"),
            // Each as Python's format() gives it.
            (&float, "g", "4.14159"),
            (&float, ".3g", "4.14"),
            (&Value::Float(0.0001), "g", "0.0001"),
            (&Value::Float(0.00001), "g", "1e-05"),
            (&Value::Float(999999.5), "g", "1e+06"),
            (&Value::Float(1e20), "g", "1e+20"),
            (&Value::Float(0.0), "g", "0"),
            (&Value::Float(-2.50), "g", "-2.5"),
            (&Value::Float(99.5), ".0g", "1e+02"),
            (&Value::Float(f64::INFINITY), "g", "inf"),
            (&Value::Int(1234567), ",.10g", "1,234,567"),
            (&int, "_", "-1_234_567"),
            (&Value::Float(12345.678), "_.1f", "12_345.7"),
            (&Value::Int(0xabcdef), "_x", "ab_cdef"),
            (&Value::Int(255), "#x", "0xff"),
            (&Value::Int(-255), "#08X", "-0X000FF"),
            (&Value::Int(5), "#b", "0b101"),
            (&Value::Int(8), "#6o", "  0o10"),
            (&Value::Float(1234567.891), ",.2", "1,234,567.89"),
            (&Value::Float(2.0), "6", "   2.0"),
            (&Value::Float(f64::INFINITY), "06.1", "000inf"),
            (&text, "5", "ab   "),
            (&text, ">5", "   ab"),
            (&text, "^6", "  ab  "),
            (&text, ".1", "a"),
            (&text, "-<4s", "ab--"),
            (&Value::text("余额"), "4", "余额  "),
            (&Value::Bool(true), "6", "true  "),
            (&Value::Nil, ">4", " nil"),
            (&Value::Duration(1_234_567_890), ".2", "1.23s"),
            (&Value::Duration(1_500_000_000), "8", "    1.5s"),
        ];
        for (value, spec, shown) in cases {
            assert_eq!(format(value, spec, &program()).unwrap(), shown, "{value:?} {spec}");
        }
    }

    #[test]
    fn wrong_formats_are_errors() {
        let cases = [
            (Value::Int(1), "8.", Kind::Value),
            (Value::Int(1), "q", Kind::Value),
            (Value::Int(1), "8 8", Kind::Value),
            (Value::Int(1), "#", Kind::Value),
            (Value::Float(1.0), "#g", Kind::Value),
            (Value::Int(1), ",x", Kind::Value),
            (Value::text("x"), "g", Kind::Type),
            (Value::Int(1), ".5000", Kind::Value),
            (Value::Int(1), "99999999999999999999999", Kind::Value),
            (Value::Int(1), "9999999999999", Kind::Memory),
            (Value::text("x"), "d", Kind::Type),
            (Value::Float(1.0), "x", Kind::Type),
            (Value::Duration(1), "f", Kind::Type),
        ];
        for (value, spec, kind) in cases {
            assert_eq!(format(&value, spec, &program()).unwrap_err().kind, kind, "{spec}");
        }
    }
}
