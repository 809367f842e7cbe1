//! Methods of texts. A text never changes: each gives a new one. Positions and widths count characters.

use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::operate::{check_growth, check_size};
use crate::value::{Value, show, text};

pub const METHODS: &[Row] = &[
    Row { name: "upper", parameters: &[], body: Body::Native(upper), doc: "In capital letters." },
    Row { name: "lower", parameters: &[], body: Body::Native(lower), doc: "In small letters." },
    Row {
        name: "capitalize",
        parameters: &[],
        body: Body::Native(capitalize),
        doc: "The first letter a capital, the others small.",
    },
    Row {
        name: "strip",
        parameters: &["chars?"],
        body: Body::Native(strip),
        doc: "Without white space (or any of these characters) at both ends.",
    },
    Row {
        name: "lstrip",
        parameters: &["chars?"],
        body: Body::Native(lstrip),
        doc: "As strip, at the beginning only.",
    },
    Row {
        name: "rstrip",
        parameters: &["chars?"],
        body: Body::Native(rstrip),
        doc: "As strip, at the end only.",
    },
    Row {
        name: "split",
        parameters: &["sep?", "limit?"],
        body: Body::Native(split),
        doc: "The parts between white space, or between `sep`; cut at most `limit` times.",
    },
    Row {
        name: "lines",
        parameters: &[],
        body: Body::Native(lines),
        doc: "The lines, without their newlines.",
    },
    Row {
        name: "join",
        parameters: &["xs"],
        body: Body::Native(join),
        doc: "The texts of xs, with this one between them.",
    },
    Row {
        name: "replace",
        parameters: &["old", "new", "count?"],
        body: Body::Native(replace),
        doc: "With `new` for every `old`, or for the first `count` of them.",
    },
    Row {
        name: "find",
        parameters: &["part", "start?"],
        body: Body::Native(find),
        doc: "Where the part first begins, from `start` on; -1 if nowhere.",
    },
    Row {
        name: "rfind",
        parameters: &["part"],
        body: Body::Native(rfind),
        doc: "Where the part last begins; -1 if nowhere.",
    },
    Row {
        name: "count",
        parameters: &["part"],
        body: Body::Native(count),
        doc: "How often the part occurs, not overlapping.",
    },
    Row {
        name: "startswith",
        parameters: &["part"],
        body: Body::Native(startswith),
        doc: "Whether it begins with the part.",
    },
    Row {
        name: "endswith",
        parameters: &["part"],
        body: Body::Native(endswith),
        doc: "Whether it ends with the part.",
    },
    Row {
        name: "isdigit",
        parameters: &[],
        body: Body::Native(isdigit),
        doc: "Whether it has nothing but digits 0 to 9, and at least one.",
    },
    Row {
        name: "isalpha",
        parameters: &[],
        body: Body::Native(isalpha),
        doc: "Whether it has nothing but letters, and at least one.",
    },
    Row {
        name: "isalnum",
        parameters: &[],
        body: Body::Native(isalnum),
        doc: "Whether it has nothing but letters and digits, and at least one.",
    },
    Row {
        name: "isspace",
        parameters: &[],
        body: Body::Native(isspace),
        doc: "Whether it has nothing but white space, and at least some.",
    },
    Row {
        name: "isupper",
        parameters: &[],
        body: Body::Native(isupper),
        doc: "Whether it has letters, and no small ones.",
    },
    Row {
        name: "islower",
        parameters: &[],
        body: Body::Native(islower),
        doc: "Whether it has letters, and no capitals.",
    },
    Row {
        name: "ljust",
        parameters: &["width", "fill?"],
        body: Body::Native(ljust),
        doc: "Padded at the end to a width.",
    },
    Row {
        name: "rjust",
        parameters: &["width", "fill?"],
        body: Body::Native(rjust),
        doc: "Padded at the beginning to a width.",
    },
    Row {
        name: "center",
        parameters: &["width", "fill?"],
        body: Body::Native(center),
        doc: "Padded at both ends to a width.",
    },
    Row {
        name: "zfill",
        parameters: &["width"],
        body: Body::Native(zfill),
        doc: "Padded with zeros, after the sign, to a width.",
    },
];

fn this(args: &[Value]) -> Result<&str, Error> {
    args[0].as_text().ok_or_else(|| arg::receiver(&args[0], "str"))
}

fn upper(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(text::from_string(this(args)?.to_uppercase()).into())
}

fn lower(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(text::from_string(this(args)?.to_lowercase()).into())
}

fn capitalize(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let mut characters = this(args)?.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    Ok(text::from_string(first + &characters.as_str().to_lowercase()).into())
}

fn strip(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let is_cut = cut(args, "text.strip(chars)")?;
    Ok(Value::text(this(args)?.trim_matches(is_cut)).into())
}

fn lstrip(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let is_cut = cut(args, "text.lstrip(chars)")?;
    Ok(Value::text(this(args)?.trim_start_matches(is_cut)).into())
}

fn rstrip(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let is_cut = cut(args, "text.rstrip(chars)")?;
    Ok(Value::text(this(args)?.trim_end_matches(is_cut)).into())
}

/// Which characters are to be stripped.
fn cut<'a>(args: &'a [Value], function: &str) -> Result<impl Fn(char) -> bool + use<'a>, Error> {
    let chars = arg::some(&args[1]).map(|chars| arg::text(chars, function, "chars")).transpose()?;
    Ok(move |character: char| match chars {
        Some(chars) => chars.contains(character),
        None => character.is_whitespace(),
    })
}

fn split(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "text.split(sep, limit)";
    let whole = this(args)?;
    let limit = arg::some(&args[2]).map(|limit| arg::int(limit, function, "limit")).transpose()?;
    let cuts = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let parts: Vec<Value> = match arg::some(&args[1]) {
        None => words(whole, cuts),
        Some(sep) => {
            let sep = arg::text(sep, function, "sep")?;
            if sep.is_empty() {
                return Err(Error::new(Kind::Value, "text.split(sep): the separator is empty")
                    .hint("list(text) gives the characters"));
            }
            whole.splitn(cuts.saturating_add(1), sep).map(text::make).collect()
        }
    };
    Ok(Value::list(parts).into())
}

fn words(whole: &str, cuts: usize) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut rest = whole.trim_start();
    while !rest.is_empty() {
        if parts.len() == cuts {
            parts.push(text::make(rest.trim_end()));
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        parts.push(text::make(&rest[..end]));
        rest = rest[end..].trim_start();
    }
    parts
}

fn lines(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::list(this(args)?.lines().map(text::make).collect()).into())
}

fn join(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let sep = this(args)?;
    let items = arg::items(&args[1], "text.join(xs)", "xs")?;
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(sep);
        }
        let Some(text) = item.as_text() else {
            let message =
                format!("text.join(xs) takes texts, not {} (element {at})", show::with_article(item.kind()));
            return Err(
                Error::new(Kind::Type, message).hint("make texts of them first: [str(x) for x in xs]")
            );
        };
        check_growth(out.len(), text.len() + sep.len(), 1, "a str")?;
        out.push_str(text);
    }
    Ok(text::from_string(out).into())
}

fn replace(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "text.replace(old, new, count)";
    let whole = this(args)?;
    let old = arg::text(&args[1], function, "old")?;
    let new = arg::text(&args[2], function, "new")?;
    let most = arg::some(&args[3]).map(|count| arg::int(count, function, "count")).transpose()?;
    let most = most.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    let count = whole.matches(old).take(most).count();
    check_size(count.checked_mul(new.len()).and_then(|more| more.checked_add(whole.len())), 1, "a str")?;
    Ok(text::from_string(whole.replacen(old, new, count)).into())
}

fn find(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "text.find(part, start)";
    let whole = this(args)?;
    let part = arg::text(&args[1], function, "part")?;
    let start = arg::int_or(&args[2], 0, function, "start")?;
    let length = text::length(&args[0]).unwrap_or(0) as i64;
    let start = if start < 0 { start.saturating_add(length).max(0) } else { start };
    if start > length {
        return Ok(Value::Int(-1).into());
    }
    let from = whole.char_indices().nth(start as usize).map_or(whole.len(), |(at, _)| at);
    Ok(place(whole, whole[from..].find(part).map(|at| from + at)).into())
}

fn rfind(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let whole = this(args)?;
    let part = arg::text(&args[1], "text.rfind(part)", "part")?;
    Ok(place(whole, whole.rfind(part)).into())
}

/// A place in bytes as one in characters; -1 for none.
fn place(whole: &str, at: Option<usize>) -> Value {
    Value::Int(at.map_or(-1, |at| whole[..at].chars().count() as i64))
}

fn count(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let part = arg::text(&args[1], "text.count(part)", "part")?;
    Ok(Value::Int(this(args)?.matches(part).count() as i64).into())
}

fn startswith(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let part = arg::text(&args[1], "text.startswith(part)", "part")?;
    Ok(Value::Bool(this(args)?.starts_with(part)).into())
}

fn endswith(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let part = arg::text(&args[1], "text.endswith(part)", "part")?;
    Ok(Value::Bool(this(args)?.ends_with(part)).into())
}

fn isdigit(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    every(args, |character| character.is_ascii_digit())
}

fn isalpha(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    every(args, char::is_alphabetic)
}

fn isalnum(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    every(args, char::is_alphanumeric)
}

fn isspace(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    every(args, char::is_whitespace)
}

fn every(args: &[Value], is: fn(char) -> bool) -> Result<Outcome, Error> {
    let whole = this(args)?;
    Ok(Value::Bool(!whole.is_empty() && whole.chars().all(is)).into())
}

fn isupper(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let whole = this(args)?;
    Ok(Value::Bool(whole.chars().any(char::is_uppercase) && !whole.chars().any(char::is_lowercase)).into())
}

fn islower(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let whole = this(args)?;
    Ok(Value::Bool(whole.chars().any(char::is_lowercase) && !whole.chars().any(char::is_uppercase)).into())
}

fn ljust(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    padded(args, "text.ljust(width, fill)", |_, _| 0)
}

fn rjust(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    padded(args, "text.rjust(width, fill)", |missing, _| missing)
}

fn center(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    padded(args, "text.center(width, fill)", |missing, width| missing / 2 + (missing & width & 1))
}

/// `before` says how much of the missing width goes to the beginning.
fn padded(args: &[Value], function: &str, before: fn(usize, usize) -> usize) -> Result<Outcome, Error> {
    let whole = this(args)?;
    let width = usize::try_from(arg::int(&args[1], function, "width")?).unwrap_or(0);
    let fill = arg::some(&args[2]).map_or(Ok(" "), |fill| arg::text(fill, function, "fill"))?;
    if fill.chars().count() != 1 {
        let message = format!("{function} takes one character as fill, not {}", fill.chars().count());
        return Err(Error::new(Kind::Value, message));
    }
    let missing = width.saturating_sub(text::length(&args[0]).unwrap_or(0));
    check_size(missing.checked_mul(fill.len()).and_then(|more| more.checked_add(whole.len())), 1, "a str")?;
    let before = before(missing, width);
    let out = format!("{}{whole}{}", fill.repeat(before), fill.repeat(missing - before));
    Ok(text::from_string(out).into())
}

fn zfill(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let whole = this(args)?;
    let width = usize::try_from(arg::int(&args[1], "text.zfill(width)", "width")?).unwrap_or(0);
    let missing = width.saturating_sub(text::length(&args[0]).unwrap_or(0));
    check_size(missing.checked_add(whole.len()), 1, "a str")?;
    let sign = usize::from(whole.starts_with(['+', '-']));
    Ok(text::from_string(format!("{}{}{}", &whole[..sign], "0".repeat(missing), &whole[sign..])).into())
}
