//! What a duration tells: `d.seconds`, `d.ms`, `d.us`, as floats.

use super::{Context, Outcome, Property, arg};
use crate::value::{Value, error::Error};

pub const PROPERTIES: &[Property] = &[
    Property::new("seconds", seconds, "How many seconds it has, a float."),
    Property::new("ms", ms, "How many thousandths of a second it has, a float."),
    Property::new("us", us, "How many millionths of a second it has, a float."),
];

fn seconds(_: &mut Context, duration: &Value) -> Result<Outcome, Error> {
    in_units(duration, 1e9)
}

fn ms(_: &mut Context, duration: &Value) -> Result<Outcome, Error> {
    in_units(duration, 1e6)
}

fn us(_: &mut Context, duration: &Value) -> Result<Outcome, Error> {
    in_units(duration, 1e3)
}

fn in_units(duration: &Value, ns: f64) -> Result<Outcome, Error> {
    match duration {
        Value::Duration(duration) => Ok(Value::Float(*duration as f64 / ns).into()),
        other => Err(arg::receiver(other, "duration")),
    }
}
