//! Functions of numbers.

use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::{Value, convert, duration, number};

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "abs",
        parameters: &["x"],
        body: Body::Native(abs),
        doc: "The number or duration without its sign.",
    },
    Row {
        name: "round",
        parameters: &["x", "digits?"],
        body: Body::Native(round),
        doc: "The nearest int (of two, the even one); with digits, rounded to so many after the point.",
    },
    Row {
        name: "floor",
        parameters: &["x"],
        body: Body::Native(floor),
        doc: "The largest int that is not above x.",
    },
    Row {
        name: "ceil",
        parameters: &["x"],
        body: Body::Native(ceil),
        doc: "The smallest int that is not below x.",
    },
    Row { name: "sqrt", parameters: &["x"], body: Body::Native(sqrt), doc: "The square root." },
    Row { name: "sin", parameters: &["x"], body: Body::Native(sin), doc: "The sine of an angle in radians." },
    Row {
        name: "cos",
        parameters: &["x"],
        body: Body::Native(cos),
        doc: "The cosine of an angle in radians.",
    },
    Row {
        name: "tan",
        parameters: &["x"],
        body: Body::Native(tan),
        doc: "The tangent of an angle in radians.",
    },
    Row {
        name: "atan2",
        parameters: &["y", "x"],
        body: Body::Native(atan2),
        doc: "The angle of the point (x, y), in radians.",
    },
    Row { name: "exp", parameters: &["x"], body: Body::Native(exp), doc: "e to the power of x." },
    Row {
        name: "log",
        parameters: &["x", "base?"],
        body: Body::Native(log),
        doc: "The natural logarithm, or the one to a base.",
    },
    Row { name: "bin", parameters: &["n"], body: Body::Native(bin), doc: "An int as text in base 2: 0b101." },
    Row { name: "hex", parameters: &["n"], body: Body::Native(hex), doc: "An int as text in base 16: 0xff." },
    Row {
        name: "chr",
        parameters: &["n"],
        body: Body::Native(chr),
        doc: "The character of that Unicode number.",
    },
    Row {
        name: "ord",
        parameters: &["c"],
        body: Body::Native(ord),
        doc: "The Unicode number of a character.",
    },
];

fn abs(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(match &args[0] {
        Value::Int(n) => Value::Int(n.checked_abs().ok_or_else(|| number::too_large(format!("abs({n})")))?),
        Value::Float(x) => Value::Float(x.abs()),
        Value::Duration(d) if *d < 0 => duration::negate(*d)?,
        Value::Duration(d) => Value::Duration(*d),
        other => return Err(arg::wrong(other, "abs(x)", "x", "a number or a duration")),
    }
    .into())
}

fn round(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "round(x, digits)";
    let value = match (&args[0], arg::some(&args[1])) {
        (Value::Int(n), None) => Value::Int(*n),
        (Value::Int(n), Some(digits)) => Value::Int(round_int(*n, arg::int(digits, function, "digits")?)?),
        (Value::Float(x), None) => Value::Int(whole(x.round_ties_even(), "round")?),
        (Value::Float(x), Some(digits)) => {
            Value::Float(round_float(*x, arg::int(digits, function, "digits")?))
        }
        (other, _) => return Err(arg::wrong(other, function, "x", "a number")),
    };
    Ok(value.into())
}

/// Only negative digits change an int: to tens, hundreds…
fn round_int(n: i64, digits: i64) -> Result<i64, Error> {
    if digits >= 0 {
        return Ok(n);
    }
    let Some(unit) = u32::try_from(-(digits.max(-99))).ok().and_then(|power| 10i128.checked_pow(power))
    else {
        return Ok(0);
    };
    let n = i128::from(n);
    let (down, rest) = (n.div_euclid(unit), n.rem_euclid(unit));
    let up = rest * 2 > unit || (rest * 2 == unit && down % 2 != 0);
    i64::try_from((down + i128::from(up)) * unit)
        .map_err(|_| Error::new(Kind::Overflow, format!("round({n}, {digits}) does not fit in 64 bits")))
}

/// Exactly as the decimal digits say, as Python does: `round(2.675, 2)` is 2.67.
fn round_float(x: f64, digits: i64) -> f64 {
    if !x.is_finite() || digits > 330 {
        return x;
    }
    if digits >= 0 {
        let text = format!("{x:.*}", digits as usize);
        return text.parse().unwrap_or(x);
    }
    if digits < -330 {
        return 0.0f64.copysign(x);
    }
    let unit = 10f64.powi(-(digits as i32));
    if unit.is_finite() { (x / unit).round_ties_even() * unit } else { 0.0f64.copysign(x) }
}

fn whole(x: f64, name: &str) -> Result<i64, Error> {
    if x.is_finite() {
        return convert::truncate(x);
    }
    Err(Error::new(Kind::Value, format!("{name}({}) is no int", number::float_text(x))))
}

fn floor(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    to_int(&args[0], "floor", f64::floor)
}

fn ceil(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    to_int(&args[0], "ceil", f64::ceil)
}

fn to_int(value: &Value, name: &str, function: fn(f64) -> f64) -> Result<Outcome, Error> {
    Ok(match value {
        Value::Int(n) => Value::Int(*n),
        Value::Float(x) => Value::Int(whole(function(*x), name)?),
        other => return Err(arg::wrong(other, &format!("{name}(x)"), "x", "a number")),
    }
    .into())
}

fn sqrt(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let x = arg::number(&args[0], "sqrt(x)", "x")?;
    if x < 0.0 {
        let message = format!("sqrt({}) is not a real number", number::float_text(x));
        return Err(Error::new(Kind::Value, message).hint("give a number from 0 up"));
    }
    Ok(Value::Float(x.sqrt()).into())
}

fn sin(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Float(arg::number(&args[0], "sin(x)", "x")?.sin()).into())
}

fn cos(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Float(arg::number(&args[0], "cos(x)", "x")?.cos()).into())
}

fn tan(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Float(arg::number(&args[0], "tan(x)", "x")?.tan()).into())
}

fn atan2(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let y = arg::number(&args[0], "atan2(y, x)", "y")?;
    let x = arg::number(&args[1], "atan2(y, x)", "x")?;
    Ok(Value::Float(y.atan2(x)).into())
}

fn exp(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Float(arg::number(&args[0], "exp(x)", "x")?.exp()).into())
}

fn log(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let x = arg::number(&args[0], "log(x, base)", "x")?;
    let none = |what: &str| Error::new(Kind::Value, format!("{what} has no logarithm: it is not above zero"));
    if x <= 0.0 {
        return Err(none(&number::float_text(x)));
    }
    let Some(base) = arg::some(&args[1]) else {
        return Ok(Value::Float(x.ln()).into());
    };
    let base = arg::number(base, "log(x, base)", "base")?;
    if base <= 0.0 || base == 1.0 {
        let message = format!("{} is not the base of a logarithm", number::float_text(base));
        return Err(Error::new(Kind::Value, message).hint("a base is above zero, and not 1"));
    }
    let exact = if base == 2.0 { x.log2() } else { x.log10() };
    let value = if base == 2.0 || base == 10.0 { exact } else { x.ln() / base.ln() };
    Ok(Value::Float(value).into())
}

fn bin(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let n = arg::int(&args[0], "bin(n)", "n")?;
    Ok(Value::text(&format!("{}{:#b}", sign(n), n.unsigned_abs())).into())
}

fn hex(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let n = arg::int(&args[0], "hex(n)", "n")?;
    Ok(Value::text(&format!("{}{:#x}", sign(n), n.unsigned_abs())).into())
}

fn sign(n: i64) -> &'static str {
    if n < 0 { "-" } else { "" }
}

fn chr(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let n = arg::int(&args[0], "chr(n)", "n")?;
    let character = u32::try_from(n).ok().and_then(char::from_u32);
    match character {
        Some(character) => Ok(crate::value::text::from_char(character).into()),
        None => Err(Error::new(Kind::Value, format!("{n} is not the Unicode number of a character"))),
    }
}

fn ord(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let text = arg::text(&args[0], "ord(c)", "c")?;
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(Value::Int(i64::from(u32::from(character))).into()),
        _ => {
            let length = text.chars().count();
            Err(Error::new(Kind::Value, format!("ord(c) takes a str of one character, not of {length}")))
        }
    }
}
