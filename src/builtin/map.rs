//! Methods of maps. Each is one step.

use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::map::{Entries, Map};
use crate::value::{Value, compare, iterate, reads, show};
use std::sync::Arc;

pub const METHODS: &[Row] = &[
    Row {
        name: "get",
        parameters: &["key", "default?"],
        body: Body::Native(get),
        doc: "The value of a key; the default (nil) if it is missing.",
    },
    Row { name: "keys", parameters: &[], body: Body::Native(keys), doc: "A list of the keys." },
    Row { name: "values", parameters: &[], body: Body::Native(values), doc: "A list of the values." },
    Row { name: "items", parameters: &[], body: Body::Native(items), doc: "A list of [key, value]." },
    Row {
        name: "pop",
        parameters: &["key", "default?"],
        body: Body::Native(pop),
        doc: "Takes a key away and gives its value; the default if it is missing, or an error without one.",
    },
    Row {
        name: "setdefault",
        parameters: &["key", "default?"],
        body: Body::Native(setdefault),
        doc: "The value of a key, which is first set to the default (nil) if it is missing.",
    },
    Row {
        name: "update",
        parameters: &["other"],
        body: Body::Native(update),
        doc: "Sets all keys of another map, or of a list of [key, value].",
    },
    Row { name: "clear", parameters: &[], body: Body::Native(clear), doc: "Takes all keys away." },
    Row {
        name: "copy",
        parameters: &[],
        body: Body::Native(copy),
        doc: "A new map of the same keys and values; copy(m) copies the values too.",
    },
];

fn this(args: &[Value]) -> Result<&Arc<Map>, Error> {
    match &args[0] {
        Value::Map(map) => Ok(map),
        other => Err(arg::receiver(other, "map")),
    }
}

/// The map, for a method that changes it.
fn changing(args: &[Value]) -> Result<&Arc<Map>, Error> {
    let map = this(args)?;
    map.nature.may_change("map")?;
    Ok(map)
}

fn get(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    compare::hashable(&args[1])?;
    let found = this(args)?.lock().get(&args[1]).cloned();
    Ok(found.or_else(|| arg::given(&args[2]).cloned()).unwrap_or(Value::Nil).into())
}

fn keys(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::list(this(args)?.keys()).into())
}

fn values(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::list(this(args)?.values()).into())
}

fn items(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let pairs = this(args)?.snapshot().into_iter().map(|(key, value)| Value::list(vec![key, value]));
    Ok(Value::list(pairs.collect()).into())
}

fn pop(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    compare::hashable(&args[1])?;
    let removed = changing(args)?.edit(&mut |entries| Ok(entries.remove(&args[1])))?;
    match removed.or_else(|| arg::given(&args[2]).cloned()) {
        Some(value) => Ok(value.into()),
        None => {
            let message = format!("m.pop({}): the map has no such key", show::brief(&args[1]));
            Err(Error::new(Kind::Key, message).hint("m.pop(key, default) gives a default"))
        }
    }
}

fn setdefault(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    compare::hashable(&args[1])?;
    let default = arg::given(&args[2]).cloned().unwrap_or(Value::Nil);
    let map = changing(args)?;
    let (key, default) = (map.nature.admit(&args[1])?, map.nature.admit(&default)?);
    map.edit(&mut |entries| {
        if let Some(value) = entries.get(&key) {
            return Ok(value.clone().into());
        }
        entries.insert(key.clone(), default.clone());
        Ok(default.clone().into())
    })
}

fn update(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let more = pairs(&args[1])?; // before the map is locked: it may be the same one
    let map = changing(args)?;
    let nature = map.nature;
    let more: Result<Vec<_>, Error> =
        more.into_iter().map(|(key, value)| Ok((nature.admit(&key)?, nature.admit(&value)?))).collect();
    let mut old = Vec::new(); // dropped outside the lock: dropping may free a large structure
    let more = more?;
    map.edit(&mut |entries| {
        for (key, value) in &more {
            old.extend(entries.insert(key.clone(), value.clone()));
        }
        Ok(Value::Nil.into())
    })
}

fn pairs(other: &Value) -> Result<Vec<(Value, Value)>, Error> {
    let wrong =
        |value: &Value| arg::wrong(value, "m.update(other)", "other", "a map or a list of [key, value]");
    if let Value::Map(map) = other {
        return Ok(reads::map(map).into_iter().collect());
    }
    let Value::List(list) = other else {
        return Err(wrong(other));
    };
    let pair = |value: Value| match iterate::sequence(&value) {
        Some(Ok(pair)) => match <[Value; 2]>::try_from(pair) {
            Ok([key, value]) => compare::hashable(&key).map(|()| (key, value)),
            Err(_) => Err(wrong(&value)),
        },
        Some(Err(_)) | None => Err(wrong(&value)),
    };
    reads::list(list).into_iter().map(pair).collect()
}

fn clear(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let mut old = Entries::default(); // dropped outside the lock
    changing(args)?.edit(&mut |entries| {
        old = std::mem::take(&mut **entries);
        Ok(Value::Nil.into())
    })
}

fn copy(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let entries: Entries = this(args)?.lock().clone();
    Ok(Value::map(entries).into())
}
