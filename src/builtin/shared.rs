//! What `shared` declarations call: they make what only exists as shared, and make a thing one for all processes.

use super::{Body, Context, Outcome, Row, arg};
use crate::sync::Kind as Thing;
use crate::value::error::{Error, Kind};
use crate::value::list::List;
use crate::value::map::Map;
use crate::value::nature::{Nature, admit};
use crate::value::{Value, operate};
use std::sync::Arc;

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "__array",
        parameters: &["length?", "value?"],
        body: Body::Native(array),
        doc: "An array of that length, each element the value, or of the values of a list.",
    },
    Row {
        name: "__list",
        parameters: &["values?"],
        body: Body::Native(list),
        doc: "A list to be shared, with copies of these values.",
    },
    Row {
        name: "__map",
        parameters: &["entries?"],
        body: Body::Native(map),
        doc: "A map to be shared, with copies of these entries.",
    },
    Row {
        name: "__share",
        parameters: &["thing"],
        body: Body::Native(share),
        doc: "The same as one for all processes of the run.",
    },
];

fn array(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let value = arg::given(&args[1]);
    let values = match arg::given(&args[0]) {
        None => copies(value.unwrap_or(&Value::Nil), "shared array = values")?,
        Some(length) => {
            let length = arg::int(length, "shared array cells[length]", "length")?;
            let length = usize::try_from(length).map_err(|_| {
                Error::new(Kind::Value, format!("an array cannot have {length} elements"))
                    .hint("give a number from 0 up")
            })?;
            operate::check_growth(0, length, size_of::<Value>(), "an array")?;
            let value = admit(value.unwrap_or(&Value::Int(0)))?;
            vec![value; length]
        }
    };
    Ok(Value::List(Arc::new(List::of(Nature::Array, values))).into())
}

fn list(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let values =
        arg::given(&args[0]).map_or(Ok(Vec::new()), |values| copies(values, "shared list = values"))?;
    Ok(Value::List(Arc::new(List::of(Nature::Shared, values))).into())
}

fn copies(values: &Value, function: &str) -> Result<Vec<Value>, Error> {
    arg::items(values, function, "values")?.iter().map(admit).collect()
}

fn map(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let entries = match arg::given(&args[0]) {
        None => Vec::new(),
        Some(Value::Map(map)) => map.snapshot(),
        Some(other) => return Err(arg::wrong(other, "shared map = entries", "entries", "a map")),
    };
    let entries: Result<_, Error> =
        entries.iter().map(|(key, value)| Ok((admit(key)?, admit(value)?))).collect();
    Ok(Value::Map(Arc::new(Map::of(Nature::Shared, entries?))).into())
}

fn share(context: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    if let Value::Sync(sync) = &args[0] {
        if let Thing::Condition(condition) = &sync.kind
            && !condition.lock.is_shared()
        {
            let (label, lock) = (sync.label(), condition.lock.label());
            let message = format!("condition {label} is shared, but its lock {lock} is not");
            return Err(Error::new(Kind::Type, message).hint(format!(
                "declare both so: `shared lock {lock}`, `shared condition {label} for {lock}`"
            )));
        }
        if let Thing::Atomic(atomic) = &sync.kind {
            atomic.set(admit(&atomic.get())?)?;
        }
        sync.share();
    }
    context.world.share(&args[0]).map(Outcome::Value)
}
