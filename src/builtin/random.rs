//! Chance, from the run's generator: a seed makes a run's numbers the same again.

use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::{Value, list::List};
use crate::world::World;

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "random",
        parameters: &[],
        body: Body::Native(random),
        doc: "A random float from 0 up to, but not, 1.",
    },
    Row {
        name: "randint",
        parameters: &["a", "b"],
        body: Body::Native(randint),
        doc: "A random int from a to b, both included.",
    },
    Row {
        name: "choose",
        parameters: &["xs"],
        body: Body::Native(choose),
        doc: "One of the elements at random; in a check, every one is tried.",
    },
    Row {
        name: "shuffle",
        parameters: &["xs"],
        body: Body::Native(shuffle),
        doc: "Puts a list in random order.",
    },
    Row {
        name: "sample",
        parameters: &["xs", "n"],
        body: Body::Native(sample),
        doc: "A list of n of the elements, none taken twice, in random order.",
    },
    Row {
        name: "seed",
        parameters: &["n"],
        body: Body::Native(seed),
        doc: "Begins the random numbers anew: the same seed, the same numbers.",
    },
];

/// A number from 0 up to, but not, `bound`, each as likely as the others; `bound` is not zero.
///
/// A wide product's upper half is the number; the few products that would make some numbers likelier than
/// others are drawn again (Lemire's method).
pub fn below(world: &mut (impl World + ?Sized), bound: u64) -> u64 {
    let unfair = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(world.random()) * u128::from(bound);
        if product as u64 >= unfair {
            return (product >> 64) as u64;
        }
    }
}

fn random(ctx: &mut Context, _: &[Value]) -> Result<Outcome, Error> {
    const STEPS: f64 = (1u64 << 53) as f64;
    Ok(Value::Float((ctx.world.random() >> 11) as f64 / STEPS).into())
}

fn randint(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let a = arg::int(&args[0], "randint(a, b)", "a")?;
    let b = arg::int(&args[1], "randint(a, b)", "b")?;
    if a > b {
        let message = format!("randint({a}, {b}): there is no int from {a} to {b}");
        return Err(Error::new(Kind::Value, message).hint("the smaller one comes first"));
    }
    let drawn = match (b.wrapping_sub(a) as u64).checked_add(1) {
        Some(count) => below(&mut *ctx.world, count),
        None => ctx.world.random(), // every int there is
    };
    Ok(Value::Int(a.wrapping_add(drawn as i64)).into())
}

fn choose(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let empty = || Error::new(Kind::Value, "choose(xs): there is nothing to choose from");
    match &args[0] {
        Value::Range(range) if range.is_empty() => Err(empty()),
        Value::Range(range) => {
            Ok(Value::Int(range.start.wrapping_add(ctx.world.choose(range.len()) as i64)).into())
        }
        Value::List(list) => loop {
            let length = list.len();
            if length == 0 {
                return Err(empty());
            }
            let at = ctx.world.choose(length as u64) as usize;
            // Another thread may have made it shorter: then draw again.
            if let Some(value) = list.lock().get(at) {
                return Ok(value.clone().into());
            }
        },
        other => {
            let mut items = arg::items(other, "choose(xs)", "xs")?;
            if items.is_empty() {
                return Err(empty());
            }
            let at = ctx.world.choose(items.len() as u64) as usize;
            Ok(items.swap_remove(at).into())
        }
    }
}

fn shuffle(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let Value::List(list) = &args[0] else {
        return Err(arg::wrong(&args[0], "shuffle(xs)", "xs", "a list")
            .hint("sample(xs, xs.len) makes a list in random order"));
    };
    list.nature.may_change("list")?;
    while !shuffle_once(ctx, list)? {}
    Ok(Value::Nil.into())
}

/// Draws first, so that the list is changed in one step; false if its length has changed meanwhile.
fn shuffle_once(ctx: &mut Context, list: &List) -> Result<bool, Error> {
    let length = list.len();
    let swaps: Vec<usize> = (1..length).map(|at| below(&mut *ctx.world, at as u64 + 1) as usize).collect();
    list.edit(&mut |values| {
        if values.len() != length {
            return Ok(false);
        }
        for (at, other) in (1..length).zip(&swaps) {
            values.swap(at, *other);
        }
        Ok(true)
    })
}

fn sample(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let mut items = arg::items(&args[0], "sample(xs, n)", "xs")?;
    let n = arg::int(&args[1], "sample(xs, n)", "n")?;
    let Some(count) = usize::try_from(n).ok().filter(|n| *n <= items.len()) else {
        let message = format!("sample(xs, {n}): cannot take {n} of {} elements", items.len());
        return Err(
            Error::new(Kind::Value, message).hint("[choose(xs) for i in 0..n] may take one more than once")
        );
    };
    for at in 0..count {
        let other = at + below(&mut *ctx.world, (items.len() - at) as u64) as usize;
        items.swap(at, other);
    }
    items.truncate(count);
    Ok(Value::list(items).into())
}

fn seed(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let n = arg::int(&args[0], "seed(n)", "n")?;
    ctx.world.seed(n as u64);
    Ok(Value::Nil.into())
}
