//! What a heap program does with a list, a list in a list, or a map.

use super::super::machine::{New, Op, Register};
use super::{Body, Maker, Name, Type};

impl Maker {
    pub(super) fn with_list(&mut self, body: &mut Body, list: &Name) {
        let (text, at) = (&list.text, list.at);
        let (index, number) = (self.rng.usize(..2), self.rng.i64(0..4));
        let value = body.register();
        match self.rng.u8(..13) {
            0 | 1 => {
                body.line(format!("{text}[{index}] = {number}"));
                body.op(Op::Int(value, number));
                body.op(Op::SetElement(at, index, value));
            }
            2 | 3 => {
                body.line(format!("{text}[{index}] += 1"));
                body.op(Op::Element(value, at, index));
                body.op(Op::Add(value, value, 1));
                body.op(Op::SetElement(at, index, value));
            }
            4 => {
                body.line(format!("print({text}[{index}])"));
                body.op(Op::Element(value, at, index));
                body.print(value);
            }
            5 => {
                body.line(format!("print({text})"));
                body.print(at);
            }
            6 => {
                body.line(format!("{text}.push({number})"));
                body.op(Op::Int(value, number));
                body.op(Op::Push(at, value));
            }
            7 => {
                body.line(format!("print({text}.len)"));
                body.op(Op::Length(value, at));
                body.print(value);
            }
            8 => {
                body.line(format!("print(sum({text}))"));
                body.op(Op::Sum(value, at));
                body.print(value);
            }
            9 => {
                body.line(format!("{text}.sort()"));
                body.op(Op::Sort(at));
            }
            10 => {
                let copy = self.name('l');
                let how = if self.rng.bool() { format!("{text}.copy()") } else { format!("list({text})") };
                body.line(format!("let {copy} = {how}"));
                body.op(Op::Copy(value, at));
                body.know(copy, Type::List, value);
            }
            11 => {
                let other = self.some_list(body);
                body.line(format!("print({text} == {})", other.text));
                body.op(Op::Equal(value, at, other.at));
                body.print(value);
            }
            _ => {
                body.line(format!("for x in {text} {{ print(x) }}"));
                self.each(body, at, |_, body, x| body.print(x));
            }
        }
    }

    /// A loop over what a list has when it begins.
    fn each(&mut self, body: &mut Body, list: Register, act: impl FnOnce(&mut Maker, &mut Body, Register)) {
        let (rest, x) = (body.register(), body.register());
        body.op(Op::Iterate(rest, list));
        let begin = body.ops.len();
        body.op(Op::Goto(0));
        act(self, body, x);
        body.op(Op::Goto(begin));
        body.ops[begin] = Op::Next(x, rest, body.ops.len());
    }

    pub(super) fn with_nested(&mut self, body: &mut Body, nested: &Name) {
        let (text, at) = (&nested.text, nested.at);
        let (index, number) = (self.rng.usize(..2), self.rng.i64(0..4));
        let (inner, value) = (body.register(), body.register());
        match self.rng.u8(..12) {
            0 => {
                let list = self.some_list(body);
                body.line(format!("{text}[0] = {}", list.text));
                body.op(Op::SetElement(at, 0, list.at));
            }
            1 | 2 => {
                let name = self.name('l');
                body.line(format!("let {name} = {text}[0]"));
                body.op(Op::Element(inner, at, 0));
                body.know(name, Type::List, inner);
            }
            3 => {
                body.line(format!("{text}[0][{index}] = {number}"));
                body.op(Op::Element(inner, at, 0));
                body.op(Op::Int(value, number));
                body.op(Op::SetElement(inner, index, value));
            }
            4 => {
                body.line(format!("print({text}[0][{index}])"));
                body.op(Op::Element(inner, at, 0));
                body.op(Op::Element(value, inner, index));
                body.print(value);
            }
            5 => {
                body.line(format!("print({text})"));
                body.print(at);
            }
            6 => {
                let copy = self.name('n');
                body.line(format!("let {copy} = copy({text})"));
                body.op(Op::DeepCopy(inner, at));
                body.know(copy, Type::Nested, inner);
            }
            7 => {
                let copy = self.name('n');
                let how =
                    ["list(X)", "X.copy()", "reversed(X)", "X + []"][self.rng.usize(..4)].replace('X', text);
                body.line(format!("let {copy} = {how}"));
                body.op(Op::Copy(inner, at));
                body.know(copy, Type::Nested, inner);
            }
            8 => {
                let list = self.some_list(body);
                body.line(format!("print({} in {text})", list.text));
                body.op(Op::Contains(value, list.at, at));
                body.print(value);
            }
            9 => {
                let list = self.some_list(body);
                let joined = self.name('n');
                body.line(format!("let {joined} = {text} + [{}]", list.text));
                body.op(Op::New(inner, New::List, vec![list.at]));
                body.op(Op::Joined(value, at, inner));
                body.know(joined, Type::Nested, value);
            }
            10 => {
                let (over, x) = if self.rng.bool() {
                    (text.clone(), "x".into())
                } else {
                    (format!("enumerate({text})"), "[i, x]".to_string())
                };
                body.line(format!("for {x} in {over} {{ x[{index}] += 1 }}"));
                self.each(body, at, |_, body, x| {
                    body.op(Op::Element(value, x, index));
                    body.op(Op::Add(value, value, 1));
                    body.op(Op::SetElement(x, index, value));
                });
            }
            _ => {
                let other = self.some(body, Type::Nested).unwrap_or_else(|| nested.clone());
                body.line(format!("print({text} == {})", other.text));
                body.op(Op::Equal(value, at, other.at));
                body.print(value);
            }
        }
    }

    pub(super) fn with_map(&mut self, body: &mut Body, map: &Name) {
        let (text, at, value) = (&map.text, map.at, body.register());
        let number = self.rng.i64(0..4);
        match self.rng.u8(..7) {
            0 => {
                body.line(format!("{text}[\"a\"] += 1"));
                body.op(Op::Key(value, at, 0));
                body.op(Op::Add(value, value, 1));
                body.op(Op::SetKey(at, 0, value));
            }
            1 | 2 => {
                let key = self.rng.usize(..2);
                body.line(format!("{text}[\"{}\"] = {number}", ["a", "b"][key]));
                body.op(Op::Int(value, number));
                body.op(Op::SetKey(at, key, value));
            }
            3 => {
                body.line(format!("print({text}[\"a\"])"));
                body.op(Op::Key(value, at, 0));
                body.print(value);
            }
            4 => {
                body.line(format!("print(\"b\" in {text})"));
                body.op(Op::HasKey(value, at, 1));
                body.print(value);
            }
            5 => {
                body.line(format!("print({text}.len)"));
                body.op(Op::Length(value, at));
                body.print(value);
            }
            _ => {
                body.line(format!("print({text})"));
                body.print(at);
            }
        }
    }
}
