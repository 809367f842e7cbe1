//! Methods of lists. Each is one step.

use super::sequence::{by_keys, call};
use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::list::List;
use crate::value::nature::Nature;
use crate::value::{Value, compare, operate, reads, sort};
use std::sync::Arc;

pub const METHODS: &[Row] = &[
    Row { name: "push", parameters: &["x"], body: Body::Native(push), doc: "Adds an element at the end." },
    Row {
        name: "pop",
        parameters: &["index?"],
        body: Body::Native(pop),
        doc: "Takes the last element away, or the one at an index, and gives it.",
    },
    Row {
        name: "insert",
        parameters: &["index", "x"],
        body: Body::Native(insert),
        doc: "Adds an element before the one at an index.",
    },
    Row {
        name: "remove",
        parameters: &["x"],
        body: Body::Native(remove),
        doc: "Takes the first element that equals x away; an error if there is none.",
    },
    Row {
        name: "extend",
        parameters: &["xs"],
        body: Body::Native(extend),
        doc: "Adds all elements of xs at the end.",
    },
    Row { name: "clear", parameters: &[], body: Body::Native(clear), doc: "Takes all elements away." },
    Row {
        name: "index",
        parameters: &["x"],
        body: Body::Native(index),
        doc: "The index of the first element that equals x; an error if there is none.",
    },
    Row { name: "count", parameters: &["x"], body: Body::Native(count), doc: "How many elements equal x." },
    Row {
        name: "sort",
        parameters: &["key:", "reverse:"],
        body: Body::Native(sort_list),
        doc: "Puts the elements in order, or in the order of what key(x) gives.",
    },
    Row {
        name: "reverse",
        parameters: &[],
        body: Body::Native(reverse),
        doc: "Puts the last element first.",
    },
    Row {
        name: "copy",
        parameters: &[],
        body: Body::Native(copy),
        doc: "A new list of the same elements; copy(xs) copies the elements too.",
    },
];

/// Methods of a `shared array`, whose length never changes.
pub const ARRAY_METHODS: &[Row] = &[
    Row {
        name: "index",
        parameters: &["x"],
        body: Body::Native(index),
        doc: "The index of the first element that equals x; an error if there is none.",
    },
    Row { name: "count", parameters: &["x"], body: Body::Native(count), doc: "How many elements equal x." },
    Row { name: "copy", parameters: &[], body: Body::Native(copy), doc: "A list of what it holds now." },
];

/// For `sort` with a key, which calls the script.
pub const HELPERS: &[Row] = &[
    Row {
        name: "__sort_list_by",
        parameters: &["xs", "key", "reverse"],
        body: Body::Script(
            "fn __sort_list_by(xs, key, reverse) { let items = list(xs); return __set_sorted(xs, items, [key(x) for x in items], reverse) }",
        ),
        doc: "xs.sort with a key.",
    },
    Row {
        name: "__set_sorted",
        parameters: &["xs", "items", "keys", "reverse"],
        body: Body::Native(set_sorted),
        doc: "Puts xs, which held `items` when the keys were asked for, in the order of the keys.",
    },
];

/// How often an operation that must look into other containers starts again because its list has changed.
const ATTEMPTS: usize = 1000;

fn this(args: &[Value]) -> Result<&Arc<List>, Error> {
    match &args[0] {
        Value::List(list) => Ok(list),
        other => Err(arg::receiver(other, "list")),
    }
}

/// The list, for a method that changes it.
fn changing(args: &[Value]) -> Result<&Arc<List>, Error> {
    let list = this(args)?;
    list.nature.may_change("list")?;
    Ok(list)
}

fn push(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let list = changing(args)?;
    let value = list.nature.admit(&args[1])?;
    list.edit(&mut |values| {
        check_room(values.len(), 1)?;
        values.push(value.clone());
        Ok(Value::Nil.into())
    })
}

/// An error where growing would end the program for want of memory.
fn check_room(length: usize, more: usize) -> Result<(), Error> {
    operate::check_growth(length, more, size_of::<Value>(), "a list").map(|_| ())
}

fn pop(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let index = arg::int_or(&args[1], -1, "xs.pop(index)", "index")?;
    changing(args)?.edit(&mut |values| {
        let length = values.len();
        if length == 0 {
            return Err(Error::new(Kind::Index, "pop from an empty list")
                .hint("ask first: if xs { … }; a queue can wait for an element"));
        }
        let at = if index < 0 { index.saturating_add(length as i64) } else { index };
        match usize::try_from(at).ok().filter(|at| *at < length) {
            Some(at) => Ok(values.remove(at).into()),
            None => {
                let elements = if length == 1 { "element" } else { "elements" };
                let message =
                    format!("pop({index}): the index is outside the list, which has {length} {elements}");
                Err(Error::new(Kind::Index, message))
            }
        }
    })
}

/// An index beyond the ends means the end, as in Python.
fn insert(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let index = arg::int(&args[1], "xs.insert(index, x)", "index")?;
    let list = changing(args)?;
    let value = list.nature.admit(&args[2])?;
    list.edit(&mut |values| {
        let length = values.len();
        check_room(length, 1)?;
        let at = if index < 0 { index.saturating_add(length as i64) } else { index };
        values.insert(at.clamp(0, length as i64) as usize, value.clone());
        Ok(Value::Nil.into())
    })
}

fn remove(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let list = changing(args)?;
    for _ in 0..ATTEMPTS {
        let Some((at, found)) = find(list, &args[1]) else {
            return Err(absent("remove", &args[1]));
        };
        let mut removed = None; // dropped outside the lock: dropping may free a large structure
        list.edit(&mut |values| {
            // Another thread may have moved it since.
            let there = values.get(at).is_some_and(|now| unchanged(now, &found));
            removed = there.then(|| values.remove(at));
            Ok(())
        })?;
        if removed.is_some() {
            return Ok(Value::Nil.into());
        }
    }
    Err(changed("remove"))
}

/// The first element that equals x. Compares outside the lock where comparing may lock other containers.
fn find(list: &Arc<List>, x: &Value) -> Option<(usize, Value)> {
    if let Value::List(_) | Value::Map(_) | Value::Set(_) = x {
        return reads::list(list).into_iter().enumerate().find(|(_, element)| compare::equal(element, x));
    }
    let values = list.lock();
    let at = values.iter().position(|element| compare::equal(element, x))?;
    Some((at, values[at].clone()))
}

fn absent(method: &str, x: &Value) -> Error {
    let shown = crate::value::show::brief(x);
    Error::new(Kind::Value, format!("xs.{method}({shown}): it is not in the list"))
        .hint("`x in xs` asks first")
}

fn changed(method: &str) -> Error {
    Error::new(Kind::State, format!("xs.{method}: the list was changed by another thread meanwhile"))
        .hint("hold a lock around what belongs together")
}

/// The very same value, still in its place.
fn unchanged(a: &Value, b: &Value) -> bool {
    compare::same(a, b)
}

fn extend(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let more = arg::items(&args[1], "xs.extend(xs)", "xs")?; // before the list is locked: it may be the same one
    let list = changing(args)?;
    let more = match list.nature {
        Nature::Own => more, // no second copy of what may be large
        nature => more.iter().map(|value| nature.admit(value)).collect::<Result<_, _>>()?,
    };
    list.edit(&mut |values| {
        check_room(values.len(), more.len())?;
        values.extend(more.iter().cloned());
        Ok(Value::Nil.into())
    })
}

fn clear(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let mut old = Vec::new(); // dropped outside the lock
    changing(args)?.edit(&mut |values| {
        old = std::mem::take(&mut **values);
        Ok(Value::Nil.into())
    })
}

fn index(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    match find(this(args)?, &args[1]) {
        Some((at, _)) => Ok(Value::Int(at as i64).into()),
        None => Err(absent("index", &args[1])),
    }
}

fn count(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let values = reads::list(this(args)?);
    let count = values.iter().filter(|element| compare::equal(element, &args[1])).count();
    Ok(Value::Int(count as i64).into())
}

fn sort_list(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let list = changing(args)?;
    let reverse = args[2].truthy();
    if let Some(key) = arg::some(&args[1]) {
        return call("__sort_list_by", vec![args[0].clone(), key.clone(), Value::Bool(reverse)]);
    }
    if list.edit(&mut |values| Ok(sort::sort_values(values, reverse)))? {
        return Ok(Value::Nil.into());
    }
    for _ in 0..ATTEMPTS {
        let before = reads::list(list);
        let sorted = sort::sorted(before.clone(), reverse)?;
        if put_back(list, &before, &sorted)? {
            return Ok(Value::Nil.into());
        }
    }
    Err(changed("sort"))
}

fn set_sorted(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let items = arg::items(&args[1], "__set_sorted(xs)", "items")?;
    let keys = arg::items(&args[2], "__set_sorted(xs)", "keys")?;
    let sorted = by_keys(items.clone(), keys, args[3].truthy())?;
    if put_back(this(args)?, &items, &sorted)? { Ok(Value::Nil.into()) } else { Err(changed("sort")) }
}

/// Sets what the list holds, unless it no longer holds what it did; false then.
fn put_back(list: &List, before: &[Value], values: &[Value]) -> Result<bool, Error> {
    list.edit(&mut |now| {
        let same =
            now.len() == before.len() && now.iter().zip(before).all(|(now, before)| unchanged(now, before));
        if same {
            **now = values.to_vec(); // drops no structure: the elements are in `values` too
        }
        Ok(same)
    })
}

fn reverse(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    changing(args)?.edit(&mut |values| {
        values.reverse();
        Ok(Value::Nil.into())
    })
}

fn copy(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::list(this(args)?.snapshot()).into())
}
