//! stand-in
use super::{Exit, Fiber, Image, Scheduler};
use crate::source::Span;
use crate::sync::thread::Entry;
use crate::value::{Value, error::Error};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Watch {
    pub body: Value,
    pub ensure: bool,
    pub span: Span,
    pub function: u32,
}
#[derive(Debug)]
pub enum Judged {
    Holds,
    Fails(Arc<Error>),
    Raised(Arc<Error>),
    Stopped,
}
impl Watch {
    pub fn evaluate<S: Scheduler>(&self, image: &Image, world: &mut S) -> Judged {
        let mut fiber = Fiber::new(image, Entry { callee: self.body.clone(), arguments: Vec::new() }).unwrap();
        fiber.holding = 1;
        match super::run(image, &mut fiber, world) {
            Exit::Finished(_) => Judged::Holds,
            Exit::Failed(e) => Judged::Fails(e),
            _ => Judged::Stopped,
        }
    }
}
