//! What a heap program does with an instance, a monitor, an atomic, a captured variable, or a thread or future.

use super::super::machine::Op;
use super::{Body, Maker, Name, Type};

impl Maker {
    pub(super) fn with_instance(&mut self, body: &mut Body, instance: &Name) {
        const ITEM: usize = 0;
        const N: usize = 1;
        let (text, at) = (&instance.text, instance.at);
        let (index, number) = (self.rng.usize(..2), self.rng.i64(0..4));
        let (inner, value) = (body.register(), body.register());
        // A thread is not copied.
        match self.rng.u8(..if instance.kind == Type::Member { 8 } else { 9 }) {
            0 => {
                let how = if self.rng.bool() { "bump()" } else { "n += 1" };
                body.line(format!("{text}.{how}"));
                body.add_to_field(at, N, 1);
            }
            1 => {
                let how = if self.rng.bool() { "show()" } else { "n" };
                body.line(format!("print({text}.{how})"));
                self.print_field(body, at, N);
            }
            2 => {
                let list = self.some_list(body);
                body.line(format!("{text}.item = {}", list.text));
                body.op(Op::SetField(at, ITEM, list.at));
            }
            3 | 4 => {
                let name = self.name('l');
                body.line(format!("let {name} = {text}.item"));
                body.op(Op::Field(inner, at, ITEM));
                body.know(name, Type::List, inner);
            }
            5 => {
                body.line(format!("{text}.item[{index}] = {number}"));
                body.op(Op::Field(inner, at, ITEM));
                body.op(Op::Int(value, number));
                body.op(Op::SetElement(inner, index, value));
            }
            6 => {
                body.line(format!("print({text}.item)"));
                body.op(Op::Field(inner, at, ITEM));
                body.print(inner);
            }
            7 => {
                body.line(format!("{text}.n = {number}"));
                body.op(Op::Int(value, number));
                body.op(Op::SetField(at, N, value));
            }
            _ => {
                let copy = self.name('b');
                body.line(format!("let {copy} = copy({text})"));
                body.op(Op::DeepCopy(inner, at));
                body.know(copy, Type::Instance, inner);
            }
        }
    }

    pub(super) fn with_monitor(&mut self, body: &mut Body, monitor: &Name) {
        let (text, at, value) = (&monitor.text, monitor.at, body.register());
        let prints = self.rng.bool();
        body.op(Op::Acquire(at + 1));
        if prints {
            body.line(format!("print({text}.show())"));
            body.op(Op::Field(value, at, 0));
        } else {
            body.line(format!("{text}.bump()"));
            body.add_to_field(at, 0, 1);
        }
        body.op(Op::Release(at + 1));
        if prints {
            body.print(value);
        }
    }

    pub(super) fn with_atomic(&mut self, body: &mut Body, atomic: &Name) {
        let (text, at, value) = (&atomic.text, atomic.at, body.register());
        match self.rng.u8(..4) {
            0 | 1 => {
                let name = self.name('l');
                body.line(format!("let {name} = {text}.value"));
                body.op(Op::Load(value, at));
                body.know(name, Type::List, value);
            }
            2 => {
                let list = self.some_list(body);
                body.line(format!("{text}.value = {}", list.text));
                body.op(Op::Store(at, list.at));
            }
            _ => {
                let (list, name) = (self.some_list(body), self.name('l'));
                body.line(format!("let {name} = {text}.swap({})", list.text));
                body.op(Op::Swap(value, at, list.at));
                body.know(name, Type::List, value);
            }
        }
    }

    pub(super) fn with_variable(&mut self, body: &mut Body, variable: &Name) {
        let (text, at, value) = (&variable.text, variable.at, body.register());
        match self.rng.u8(..3) {
            0 => {
                body.line(format!("{text} += 1"));
                body.add_to_field(at, 0, 1);
            }
            1 => {
                let number = self.rng.i64(0..4);
                body.line(format!("{text} = {number}"));
                body.op(Op::Int(value, number));
                body.op(Op::SetField(at, 0, value));
            }
            _ => {
                body.line(format!("print({text})"));
                self.print_field(body, at, 0);
            }
        }
    }

    pub(super) fn with_handle(&mut self, body: &mut Body, handle: &Name, future: bool, main: bool) {
        let value = body.register();
        if future && self.rng.u8(..3) == 0 {
            body.line(format!("print({}.done)", handle.text));
            body.op(Op::IsDone(value, handle.at));
            body.print(value);
        } else if !main {
            // Who waits for others has no lock.
        } else if !future && self.rng.u8(..3) == 0 {
            body.line(format!("join {}", handle.text));
            body.op(Op::Join(handle.at));
        } else {
            let name = self.name('l');
            body.line(format!("let {name} = {}.result", handle.text));
            body.op(Op::Result(value, handle.at));
            body.know(name, Type::List, value);
        }
    }
}
