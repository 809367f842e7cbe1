//! Values of any type: printing and reading them, making one from another, asking what they are.

use super::{Body, Context, Outcome, Property, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::object::Method;
use crate::value::{self, Type, Value, compare, convert, copy, show, text};
use crate::world::{Read, Stream};

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "print",
        parameters: &["sep:", "end:", "err:", "*xs"],
        body: Body::Native(print),
        doc: "Writes the values as one piece, with `sep` between and `end` after them; `err: true` to standard error.",
    },
    Row {
        name: "input",
        parameters: &["prompt?"],
        body: Body::Native(input),
        doc: "A line of standard input, without its newline; an error of kind closed at the end.",
    },
    Row {
        name: "str",
        parameters: &["x?"],
        body: Body::Native(str),
        doc: "The value as text, as print shows it.",
    },
    Row {
        name: "int",
        parameters: &["x", "base?"],
        body: Body::Native(int),
        doc: "An int from a float (towards zero), a bool, or a text (in a base, if given).",
    },
    Row {
        name: "float",
        parameters: &["x"],
        body: Body::Native(float),
        doc: "A float from an int, a bool or a text.",
    },
    Row {
        name: "bool",
        parameters: &["x"],
        body: Body::Native(bool),
        doc: "Whether the value counts as true in a condition.",
    },
    Row {
        name: "list",
        parameters: &["xs?"],
        body: Body::Native(list),
        doc: "A new list of the elements of xs.",
    },
    Row {
        name: "set",
        parameters: &["xs?"],
        body: Body::Native(set),
        doc: "A new set of the elements of xs.",
    },
    Row {
        name: "type",
        parameters: &["x"],
        body: Body::Native(type_of),
        doc: "The name of the value's type; of an object, its class.",
    },
    Row {
        name: "len",
        parameters: &["x"],
        body: Body::Native(len),
        doc: "How many characters or elements it has; x.len tells the same.",
    },
    Row {
        name: "error",
        parameters: &["kind", "text"],
        body: Body::Native(error),
        doc: "An error to throw: `throw error(\"kind\", \"text\")`.",
    },
    Row {
        name: "copy",
        parameters: &["x"],
        body: Body::Native(deep_copy),
        doc: "A copy that shares nothing with x, however deep; locks, threads and files stay the same thing.",
    },
    Row {
        name: "same",
        parameters: &["a", "b"],
        body: Body::Native(same),
        doc: "Whether a and b are the same thing, not only equal.",
    },
];

/// Of everything that has a length.
pub const SIZED: &[Property] =
    &[Property::new("len", len_property, "How many characters or elements it has.")];

/// Of functions.
pub const NAMED: &[Property] = &[Property::new("name", name_property, "The name it was declared with.")];

fn print(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let [sep, end, err, values @ ..] = args else {
        return Ok(Value::Nil.into());
    };
    let function = "print(…, sep:, end:, err:)";
    let sep = arg::some(sep).map_or(Ok(" "), |sep| arg::text(sep, function, "sep"))?;
    let end = arg::some(end).map_or(Ok("\n"), |end| arg::text(end, function, "end"))?;
    let stream = if err.truthy() { Stream::Err } else { Stream::Out };
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push_str(sep);
        }
        show::append(value, &mut out, ctx.program);
    }
    out.push_str(end);
    ctx.world.write(stream, &out)?;
    Ok(Value::Nil.into())
}

fn input(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    if let Some(prompt) = arg::some(&args[0]) {
        let prompt = show::display(prompt, ctx.program);
        ctx.world.write(Stream::Out, &prompt)?;
    }
    match ctx.world.read_line()? {
        Read::Line(line) => Ok(text::from_string(line).into()),
        // It goes as far as the thread, whatever the status.
        Read::Ended => Ok(Outcome::Exit(0)),
        Read::End => Err(Error::new(Kind::Closed, "standard input has ended: there is no line to read")
            .hint("catch \"closed\" { … } says what to do at the end")),
    }
}

fn str(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(match arg::given(&args[0]) {
        None => Value::text("").into(),
        Some(value) if value.as_text().is_some() => value.clone().into(),
        Some(value) => match text::join_short(&args[..1]) {
            Some(short) => short.into(),
            None => text::from_string(show::display(value, ctx.program)).into(),
        },
    })
}

fn int(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let int = match arg::given(&args[1]) {
        None => convert::int(&args[0])?,
        Some(base) => {
            let function = "int(x, base)";
            convert::parse_int_base(arg::text(&args[0], function, "x")?, arg::int(base, function, "base")?)?
        }
    };
    Ok(Value::Int(int).into())
}

fn float(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Float(convert::float(&args[0])?).into())
}

fn bool(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Bool(args[0].truthy()).into())
}

fn list(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let values = arg::given(&args[0]).map_or(Ok(Vec::new()), |xs| arg::items(xs, "list(xs)", "xs"))?;
    Ok(Value::list(values).into())
}

fn set(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let values = arg::given(&args[0]).map_or(Ok(Vec::new()), |xs| arg::items(xs, "set(xs)", "xs"))?;
    Ok(Value::set(members(values)?).into())
}

/// The values as members of a set; an error if one cannot be.
pub fn members(values: Vec<Value>) -> Result<value::set::Members, Error> {
    values.iter().try_for_each(compare::hashable)?;
    Ok(values.into_iter().collect())
}

fn type_of(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    if let Value::Object(object) = &args[0]
        && let Some(class) = ctx.program.classes.get(object.class as usize)
    {
        return Ok(Value::text(&class.name).into());
    }
    Ok(Value::text(args[0].kind().word()).into())
}

fn len(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    length(&args[0])
}

fn len_property(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    length(value)
}

fn length(value: &Value) -> Result<Outcome, Error> {
    let length = match value {
        Value::List(list) => list.len() as i64,
        Value::Map(map) => map.len() as i64,
        Value::Set(set) => set.len() as i64,
        Value::Range(range) => i64::try_from(range.len()).map_err(|_| {
            Error::new(
                Kind::Overflow,
                format!("the length of {} does not fit in 64 bits", show::brief(value)),
            )
        })?,
        _ => match text::length(value) {
            Some(length) => length as i64,
            None => {
                let error = arg::wrong(value, "len(x)", "x", "a str, list, map, set or range");
                return Err(if value.kind() == Type::Queue {
                    error.hint("a queue has q.size")
                } else {
                    error
                });
            }
        },
    };
    Ok(Value::Int(length).into())
}

fn error(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "error(kind, text)";
    let kind = Kind::from_word(arg::text(&args[0], function, "kind")?);
    Ok(Value::error(Error::of_script(kind, arg::text(&args[1], function, "text")?)).into())
}

fn deep_copy(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(copy::deep(&args[0])?.into())
}

fn same(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Bool(compare::same(&args[0], &args[1])).into())
}

fn name_property(ctx: &mut Context, value: &Value) -> Result<Outcome, Error> {
    let of_number = |id: u32| {
        ctx.program.functions.get(id as usize).map_or(Value::Nil, |function| Value::text(&function.name))
    };
    Ok(match value {
        Value::Function(id) => of_number(*id),
        Value::Closure(closure) => of_number(closure.function),
        Value::Builtin(row) => Value::text(row.name),
        Value::Bound(bound) => match bound.method {
            Method::Function(id) => of_number(id),
            Method::Builtin(row) => Value::text(row.name),
        },
        other => return Err(arg::receiver(other, "function")),
    }
    .into())
}
