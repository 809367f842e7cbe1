//! Functions of anything that has elements.

use super::{Body, Context, Outcome, Row, arg, function};
use crate::syntax::tree::BinaryOperator;
use crate::value::error::{Error, Kind};
use crate::value::{Value, compare, operate, reads, sort};
use std::cmp::Ordering;

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "min",
        parameters: &["key:", "default:", "*xs"],
        body: Body::Native(min),
        doc: "The smallest of the arguments, or of one list; by what key(x) gives; `default` if there is none.",
    },
    Row {
        name: "max",
        parameters: &["key:", "default:", "*xs"],
        body: Body::Native(max),
        doc: "The largest of the arguments, or of one list; by what key(x) gives; `default` if there is none.",
    },
    Row {
        name: "sum",
        parameters: &["xs", "start?"],
        body: Body::Native(sum),
        doc: "All elements added up; 0 for none, or `start`.",
    },
    Row {
        name: "any",
        parameters: &["xs"],
        body: Body::Native(any),
        doc: "Whether at least one element is true.",
    },
    Row { name: "all", parameters: &["xs"], body: Body::Native(all), doc: "Whether every element is true." },
    Row {
        name: "sorted",
        parameters: &["xs", "key:", "reverse:"],
        body: Body::Native(sorted),
        doc: "A new list of the elements in order, or in the order of what key(x) gives.",
    },
    Row {
        name: "reversed",
        parameters: &["xs"],
        body: Body::Native(reversed),
        doc: "A new list of the elements, the last one first.",
    },
    Row {
        name: "enumerate",
        parameters: &["xs", "start?"],
        body: Body::Native(enumerate),
        doc: "A list of [number, element], counted from `start` (0).",
    },
    Row {
        name: "zip",
        parameters: &["*xs"],
        body: Body::Native(zip),
        doc: "A list of lists: the first elements, the second ones…, as many as the shortest has.",
    },
    Row {
        name: "range",
        parameters: &["start", "end?", "step?"],
        body: Body::Native(range),
        doc: "The ints from start to end, end excluded; range(n) is 0..n; with a step, a list.",
    },
    Row {
        name: "map",
        parameters: &["f", "xs"],
        body: Body::Script(
            "fn map(f, xs) { __must_fit(xs); let out = []; for x in xs { out.push(f(x)) }; return out }",
        ),
        doc: "A list of f(x) for each element x.",
    },
    Row {
        name: "filter",
        parameters: &["f", "xs"],
        body: Body::Script(
            "fn filter(f, xs) { let out = []; for x in xs { if f(x) { out.push(x) } }; return out }",
        ),
        doc: "A list of the elements for which f(x) is true.",
    },
    Row {
        name: "__must_fit",
        parameters: &["xs"],
        body: Body::Native(must_fit),
        doc: "Fails when a list of as many elements would be too large: before any is made.",
    },
    Row {
        name: "__sort_by",
        parameters: &["xs", "key", "reverse"],
        body: Body::Script(
            "fn __sort_by(xs, key, reverse) { let items = list(xs); return __sort_keys(items, [key(x) for x in items], reverse) }",
        ),
        doc: "sorted with a key.",
    },
    Row {
        name: "__sort_keys",
        parameters: &["xs", "keys", "reverse"],
        body: Body::Native(sort_keys),
        doc: "The list xs in the order of the list of its keys.",
    },
    Row {
        name: "__extreme_by",
        parameters: &["xs", "key", "default", "largest"],
        body: Body::Script(
            "fn __extreme_by(xs, key, default, largest) { let items = list(xs); return __extreme_keys(items, [key(x) for x in items], default, largest) }",
        ),
        doc: "min and max with a key.",
    },
    Row {
        name: "__extreme_keys",
        parameters: &["xs", "keys", "default", "largest"],
        body: Body::Native(extreme_keys),
        doc: "The element of xs with the smallest (or largest) of the keys; `default` is a list of one or none.",
    },
];

fn min(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    extreme(args, false)
}

fn max(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    extreme(args, true)
}

fn word(largest: bool) -> &'static str {
    if largest { "max" } else { "min" }
}

fn extreme(args: &[Value], largest: bool) -> Result<Outcome, Error> {
    let [key, default, values @ ..] = args else {
        return Ok(Value::Nil.into());
    };
    let function_text = format!("{}(xs)", word(largest));
    let items = match values {
        [] => {
            let message = format!("{function_text} takes a list or at least two values, and got none");
            return Err(Error::new(Kind::Type, message));
        }
        [one] => arg::items(one, &function_text, "xs")?,
        several => several.to_vec(),
    };
    let default: Vec<Value> = arg::given(default).cloned().into_iter().collect();
    match arg::some(key) {
        Some(key) => call(
            "__extreme_by",
            vec![Value::list(items), key.clone(), Value::list(default), Value::Bool(largest)],
        ),
        None => Ok(find(items.iter(), largest)?
            .map_or_else(|| nothing(default, largest), |at| Ok(items[at].clone()))?
            .into()),
    }
}

/// The position of the smallest or largest, the first of several.
fn find<'a>(keys: impl Iterator<Item = &'a Value>, largest: bool) -> Result<Option<usize>, Error> {
    let wanted = if largest { Ordering::Greater } else { Ordering::Less };
    let mut best: Option<(usize, &Value)> = None;
    for (at, key) in keys.enumerate() {
        match best {
            Some((_, so_far)) if compare::order(key, so_far)? != wanted => {}
            Some(_) | None => best = Some((at, key)),
        }
    }
    Ok(best.map(|(at, _)| at))
}

fn nothing(default: Vec<Value>, largest: bool) -> Result<Value, Error> {
    default.into_iter().next().ok_or_else(|| {
        let word = word(largest);
        Error::new(Kind::Value, format!("{word}(xs): there are no elements"))
            .hint(format!("{word}(xs, default: 0) says what to give then"))
    })
}

fn extreme_keys(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let items = arg::items(&args[0], "__extreme_keys(xs)", "xs")?;
    let keys = arg::items(&args[1], "__extreme_keys(xs)", "keys")?;
    let default = arg::items(&args[2], "__extreme_keys(xs)", "default")?;
    let largest = args[3].truthy();
    Ok(match find(keys.iter(), largest)?.and_then(|at| items.get(at)) {
        Some(value) => value.clone(),
        None => nothing(default, largest)?,
    }
    .into())
}

fn sum(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let items = arg::items(&args[0], "sum(xs)", "xs")?;
    let mut items = items.into_iter();
    // Without a start the first element is one, so that durations can be added up too.
    let first = arg::given(&args[1]).cloned().or_else(|| items.next()).unwrap_or(Value::Int(0));
    if first.as_text().is_some() {
        let error = Error::new(Kind::Type, "sum(xs) does not add up texts");
        return Err(error.hint("\"\".join(xs) puts them together"));
    }
    if let (Value::Nil | Value::Bool(_), None) = (&first, arg::given(&args[1])) {
        return operate::binary(BinaryOperator::Add, &Value::Int(0), &first).map(Outcome::Value);
    }
    let mut total = first;
    for item in items {
        total = operate::binary(BinaryOperator::Add, &total, &item)?;
    }
    Ok(total.into())
}

fn any(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Bool(arg::items(&args[0], "any(xs)", "xs")?.iter().any(reads::truthy)).into())
}

fn all(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::Bool(arg::items(&args[0], "all(xs)", "xs")?.iter().all(reads::truthy)).into())
}

fn must_fit(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    // Anything else is there already, or comes one by one.
    if let Value::Range(range) = &args[0] {
        operate::check_size(usize::try_from(range.len()).ok(), size_of::<Value>(), "a list")?;
    }
    Ok(Value::Nil.into())
}

fn sorted(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let items = arg::items(&args[0], "sorted(xs)", "xs")?;
    let reverse = args[2].truthy();
    match arg::some(&args[1]) {
        Some(key) => call("__sort_by", vec![Value::list(items), key.clone(), Value::Bool(reverse)]),
        None => Ok(Value::list(sort::sorted(items, reverse)?).into()),
    }
}

fn sort_keys(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let items = arg::items(&args[0], "__sort_keys(xs)", "xs")?;
    let keys = arg::items(&args[1], "__sort_keys(xs)", "keys")?;
    Ok(Value::list(by_keys(items, keys, args[2].truthy())?).into())
}

/// The items in the order of their keys.
pub fn by_keys(items: Vec<Value>, keys: Vec<Value>, reverse: bool) -> Result<Vec<Value>, Error> {
    let keyed = keys.into_iter().zip(items).collect();
    Ok(sort::sort(keyed, reverse)?.into_iter().map(|(_, item)| item).collect())
}

fn reversed(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let mut items = arg::items(&args[0], "reversed(xs)", "xs")?;
    items.reverse();
    Ok(Value::list(items).into())
}

fn enumerate(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let items = arg::items(&args[0], "enumerate(xs, start)", "xs")?;
    let start = arg::int_or(&args[1], 0, "enumerate(xs, start)", "start")?;
    let pairs = items.into_iter().enumerate().map(|(at, item)| {
        let number = operate::binary(BinaryOperator::Add, &Value::Int(start), &Value::Int(at as i64))?;
        Ok(Value::list(vec![number, item]))
    });
    Ok(Value::list(pairs.collect::<Result<_, Error>>()?).into())
}

fn zip(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let mut columns = Vec::new();
    for arg in args {
        columns.push(arg::items(arg, "zip(xs, ys, …)", "xs")?.into_iter());
    }
    let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let rows = (0..rows).map(|_| Value::list(columns.iter_mut().filter_map(Iterator::next).collect()));
    Ok(Value::list(rows.collect()).into())
}

fn range(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "range(start, end, step)";
    let first = arg::int(&args[0], function, "start")?;
    let (start, end) = match arg::given(&args[1]) {
        Some(end) => (first, arg::int(end, function, "end")?),
        None => (0, first),
    };
    let step = arg::int_or(&args[2], 1, function, "step")?;
    match step {
        0 => {
            Err(Error::new(Kind::Value, format!("range({start}, {end}, 0) would never end: a step is not 0")))
        }
        1 => Ok(Value::range(start, end).into()),
        _ => Ok(Value::list(steps(start, end, step)?).into()),
    }
}

fn steps(start: i64, end: i64, step: i64) -> Result<Vec<Value>, Error> {
    let distance = (i128::from(end) - i128::from(start)) * i128::from(step.signum());
    let size = i128::from(step.unsigned_abs());
    let count = if distance <= 0 { 0 } else { (distance + size - 1) / size };
    operate::check_size(usize::try_from(count).ok(), size_of::<Value>(), "a list")?;
    Ok((0..count).map(|at| Value::Int((i128::from(start) + at * i128::from(step)) as i64)).collect())
}

/// Goes on in a builtin that is written in conc.
pub fn call(name: &'static str, args: Vec<Value>) -> Result<Outcome, Error> {
    match function(name) {
        Some(row) => Ok(Outcome::Call(Value::Builtin(row), args.into())),
        None => Err(Error::new(Kind::State, format!("conc has lost its function {name}"))),
    }
}
