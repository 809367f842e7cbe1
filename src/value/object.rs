//! Instances of classes, closures, and methods taken from their objects.

use super::{Value, cell::Cell, release};
use crate::builtin::Row;
use crate::sync::Sync;
use std::sync::Arc;

/// An instance of a class or monitor, or the members of a thread.
#[derive(Debug)]
pub struct Object {
    /// Its number in the program's table of classes.
    pub class: u32,
    /// One cell a field, in the order of the class.
    pub fields: Box<[Cell]>,
    /// What the class captured where it was declared; empty for most.
    pub captured: Arc<[Value]>,
    /// The lock of a monitor, an `rlock`.
    pub monitor: Option<Arc<Sync>>,
}

/// A function with the variables it captured: values that never change, or `Value::Cell`s.
#[derive(Debug)]
pub struct Closure {
    pub function: u32,
    pub captured: Arc<[Value]>,
}

/// `object.method` without a call.
#[derive(Debug)]
pub struct Bound {
    pub receiver: Value,
    pub method: Method,
}

#[derive(Debug, Clone, Copy)]
pub enum Method {
    /// A method of a class: the function's number.
    Function(u32),
    Builtin(&'static Row),
}

impl Drop for Object {
    fn drop(&mut self) {
        if self.fields.iter_mut().any(|field| release::nests(field.inner())) || !self.captured.is_empty() {
            let mut pending: Vec<Value> =
                self.fields.iter_mut().map(|field| std::mem::replace(field.inner(), Value::Nil)).collect();
            release::take_captured(&mut self.captured, &mut pending);
            release::release(pending);
        }
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        release::take_captured(&mut self.captured, &mut pending);
        release::release(pending);
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if release::nests(&self.receiver) {
            release::release(vec![std::mem::replace(&mut self.receiver, Value::Nil)]);
        }
    }
}
