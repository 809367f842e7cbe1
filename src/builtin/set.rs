//! Methods of sets. Each is one step. (`|`, `&`, `-`, `^` are in `value::operate`, `<=` in `value::compare`.)

use super::value::members;
use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::set::{Members, Set};
use crate::value::{Value, compare, reads, show};
use std::sync::Arc;

pub const METHODS: &[Row] = &[
    Row {
        name: "add",
        parameters: &["x"],
        body: Body::Native(add),
        doc: "Adds a member, if it is not there yet.",
    },
    Row {
        name: "remove",
        parameters: &["x"],
        body: Body::Native(remove),
        doc: "Takes a member away; an error if it is not there.",
    },
    Row {
        name: "discard",
        parameters: &["x"],
        body: Body::Native(discard),
        doc: "Takes a member away, if it is there.",
    },
    Row {
        name: "pop",
        parameters: &[],
        body: Body::Native(pop),
        doc: "Takes the newest member away and gives it.",
    },
    Row { name: "update", parameters: &["xs"], body: Body::Native(update), doc: "Adds all elements of xs." },
    Row {
        name: "union",
        parameters: &["*xs"],
        body: Body::Native(union),
        doc: "A new set of the members and all elements of the others.",
    },
    Row {
        name: "intersection",
        parameters: &["*xs"],
        body: Body::Native(intersection),
        doc: "A new set of the members that are in all others too.",
    },
    Row {
        name: "difference",
        parameters: &["*xs"],
        body: Body::Native(difference),
        doc: "A new set of the members that are in none of the others.",
    },
    Row { name: "clear", parameters: &[], body: Body::Native(clear), doc: "Takes all members away." },
    Row { name: "copy", parameters: &[], body: Body::Native(copy), doc: "A new set of the same members." },
];

fn this(args: &[Value]) -> Result<&Arc<Set>, Error> {
    match &args[0] {
        Value::Set(set) => Ok(set),
        other => Err(arg::receiver(other, "set")),
    }
}

/// The set, for a method that changes it.
fn changing(args: &[Value]) -> Result<&Arc<Set>, Error> {
    let set = this(args)?;
    set.nature.may_change("set")?;
    Ok(set)
}

fn add(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    compare::hashable(&args[1])?;
    changing(args)?.lock().insert(args[1].clone());
    Ok(Value::Nil.into())
}

fn remove(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    compare::hashable(&args[1])?;
    let removed = changing(args)?.lock().shift_take(&args[1]);
    match removed {
        Some(_) => Ok(Value::Nil.into()),
        None => {
            let message = format!("s.remove({}): it is not in the set", show::brief(&args[1]));
            Err(Error::new(Kind::Key, message).hint("s.discard(x) takes it away only if it is there"))
        }
    }
}

fn discard(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    compare::hashable(&args[1])?;
    let removed = changing(args)?.lock().shift_take(&args[1]);
    drop(removed);
    Ok(Value::Nil.into())
}

fn pop(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let newest = changing(args)?.lock().pop();
    newest
        .map(Outcome::Value)
        .ok_or_else(|| Error::new(Kind::Key, "pop from an empty set").hint("ask first: if s { … }"))
}

fn update(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let more = members(arg::items(&args[1], "s.update(xs)", "xs")?)?;
    changing(args)?.lock().extend(more);
    Ok(Value::Nil.into())
}

/// The others as sets, before the receiver is looked at: one of them may be the receiver.
fn others(args: &[Value], function: &str) -> Result<Vec<Members>, Error> {
    args[1..].iter().map(|xs| members(arg::items(xs, function, "xs")?)).collect()
}

fn union(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let others = others(args, "s.union(xs)")?;
    let mut all = reads::set(this(args)?);
    all.extend(others.into_iter().flatten());
    Ok(Value::set(all).into())
}

fn intersection(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let others = others(args, "s.intersection(xs)")?;
    let mut common = reads::set(this(args)?);
    common.retain(|member| others.iter().all(|other| other.contains(member)));
    Ok(Value::set(common).into())
}

fn difference(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let others = others(args, "s.difference(xs)")?;
    let mut rest = reads::set(this(args)?);
    rest.retain(|member| !others.iter().any(|other| other.contains(member)));
    Ok(Value::set(rest).into())
}

fn clear(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let old = std::mem::take(&mut *changing(args)?.lock());
    drop(old);
    Ok(Value::Nil.into())
}

fn copy(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(Value::set(this(args)?.snapshot()).into())
}
