//! Names that mean a value rather than a function.

use super::{Body, Context, Row};
use crate::value::Value;

pub const CONSTANTS: &[Row] = &[
    Row {
        name: "pi",
        parameters: &[],
        body: Body::Constant(pi),
        doc: "The ratio of a circle's circumference to its diameter.",
    },
    Row {
        name: "inf",
        parameters: &[],
        body: Body::Constant(inf),
        doc: "The float that is larger than every number.",
    },
    Row {
        name: "args",
        parameters: &[],
        body: Body::Constant(args),
        doc: "The script's own arguments, a list of texts.",
    },
];

fn pi(_: &mut Context) -> Value {
    Value::Float(std::f64::consts::PI)
}

fn inf(_: &mut Context) -> Value {
    Value::Float(f64::INFINITY)
}

fn args(ctx: &mut Context) -> Value {
    Value::list(ctx.world.arguments().into_iter().map(crate::value::text::from_string).collect())
}
