//! Instances, and methods taken from them, as nodes.

use super::{Reader, Writer};
use crate::builtin;
use crate::value::cell::Cell;
use crate::value::object::{Bound, Method, Object};

/// What never changes first: the class, what it captured, the monitor's lock; then the fields.
pub(super) fn save(object: &Object, w: &mut Writer<'_>) {
    w.count(u64::from(object.class));
    w.count(object.fields.len() as u64);
    w.values(&object.captured);
    w.option(object.monitor.as_ref(), |w, monitor| w.sync(monitor));
    object.fields.iter().for_each(|field| w.value(&field.get()));
}

/// The object with its fields unset: `fill` sets them.
pub(super) fn load(r: &mut Reader<'_>) -> Object {
    let class = r.count() as u32;
    let fields = r.count();
    Object {
        class,
        fields: (0..fields).map(|_| Cell::new(crate::value::Value::Unset)).collect(),
        captured: r.values().into(),
        monitor: r.option(Reader::sync),
    }
}

pub(super) fn fill(object: &Object, r: &mut Reader<'_>) {
    object.fields.iter().for_each(|field| field.set(r.value()));
}

pub(super) fn save_bound(bound: &Bound, w: &mut Writer<'_>) {
    w.value(&bound.receiver);
    match bound.method {
        Method::Function(number) => {
            w.flag(false);
            w.count(u64::from(number));
        }
        Method::Builtin(row) => {
            w.flag(true);
            w.count(builtin::number_of(row) as u64);
        }
    }
}

pub(super) fn load_bound(r: &mut Reader<'_>) -> Bound {
    let receiver = r.value();
    let method = match r.flag() {
        false => Method::Function(r.count() as u32),
        true => Method::Builtin(builtin::numbered(r.count() as usize)),
    };
    Bound { receiver, method }
}
