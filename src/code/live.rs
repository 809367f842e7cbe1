//! stand-in
use super::Program;
#[derive(Debug)]
pub struct Liveness;
impl Liveness {
    pub fn of(_: &Program) -> Liveness { Liveness }
    pub fn before(&self, _f: u32, _pc: u32, _r: usize) -> bool { true }
    pub fn during(&self, _f: u32, _pc: u32, _r: usize) -> bool { true }
}
