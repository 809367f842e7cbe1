//! What a heap program does with a list, a list in a list, or a map.

use super::super::machine::{New, Of, Op, Register};
use super::{Body, Maker, Name, OWN, Type};

impl Maker {
    pub(super) fn with_list(&mut self, body: &mut Body, list: &Name) {
        let (text, at) = (&list.text, list.at);
        let (index, number) = (self.rng.usize(..2), self.rng.i64(0..4));
        let value = body.register();
        match self.rng.u8(..22) {
            20 => {
                body.line(format!("print({number} in {text})"));
                body.op(Op::Has(value, at, number));
                body.print(value);
            }
            21 => {
                // Others may have taken it away.
                body.line(format!("{text}.push({number})"));
                body.op(Op::Int(value, number));
                body.op(Op::Push(at, value));
                body.line(format!("try {{ {text}.remove({number}) }} catch {{ print(\"late\") }}"));
                let begin = body.ops.len();
                body.op(Op::Goto(0));
                self.or_late(body, begin, Op::Remove(at, number, begin + 2));
            }
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
            12 => self.of_the_end(body, list),
            13 => {
                let name = self.name('l');
                body.line(format!("let {name} = {text}[..2]"));
                body.op(Op::First(value, at, 2));
                body.know(name, Type::List, value);
            }
            14 => {
                let name = self.name('l');
                body.line(format!("let {name} = {text}[-2..]"));
                body.op(Op::Last(value, at, 2));
                body.know(name, Type::List, value);
            }
            15 | 16 => self.at_an_end(body, list),
            17 => {
                let other = self.some_list(body);
                body.line(format!("{text}.extend({})", other.text));
                body.op(Op::Extend(at, other.at));
            }
            18 if !body.is_task => {
                body.line("own[0] += 1".into());
                body.line("print(own)".into());
                body.op(Op::Own(OWN));
                body.add_to_field(OWN, 0, 1);
                body.print(OWN);
            }
            11 => {
                let other = self.some_list(body);
                body.line(format!("print({text} == {})", other.text));
                body.op(Op::Equal(value, at, other.at));
                body.print(value);
            }
            _ => {
                body.line(format!("for x in {text} {{ print(x) }}"));
                self.each(body, Op::Iterate(value, at), |_, body, x| body.print(x));
            }
        }
    }

    fn of_the_end(&mut self, body: &mut Body, list: &Name) {
        let (value, back) = (body.register(), self.rng.usize(1..3));
        body.line(format!("print({}[-{back}])", list.text));
        body.op(Op::FromEnd(value, list.at, back));
        body.print(value);
    }

    /// Adds at one end and takes at one: so it never has fewer than it had.
    fn at_an_end(&mut self, body: &mut Body, list: &Name) {
        let (text, at, value) = (&list.text, list.at, body.register());
        body.op(Op::Int(value, 4));
        if self.rng.bool() {
            let place = [0, 1, 9][self.rng.usize(..3)];
            body.line(format!("{text}.insert({place}, 4)"));
            body.op(Op::Insert(at, place, value));
        } else {
            body.line(format!("{text}.push(4)"));
            body.op(Op::Push(at, value));
        }
        let first = self.rng.bool();
        body.line(format!("print({text}.pop({}))", if first { "0" } else { "" }));
        body.op(if first { Op::PopFirst(value, at) } else { Op::PopLast(value, at) });
        body.print(value);
    }

    pub(super) fn set(&mut self, body: &mut Body) {
        let (text, at, number) = (self.name('z'), body.register(), self.rng.i64(0..3));
        let part = body.int(number);
        body.op(Op::New(at, New::Set, vec![part]));
        body.line(format!("let {text} = set([{number}])"));
        body.know(text, Type::Set, at);
    }

    pub(super) fn with_set(&mut self, body: &mut Body, set: &Name) {
        let (text, at, value) = (&set.text, set.at, body.register());
        let number = self.rng.i64(0..3);
        match self.rng.u8(..8) {
            0 | 1 => {
                body.line(format!("{text}.add({number})"));
                body.op(Op::AddTo(at, number));
            }
            2 => {
                body.line(format!("{text}.discard({number})"));
                body.op(Op::Discard(at, number));
            }
            3 => {
                body.line(format!("print({number} in {text})"));
                body.op(Op::Has(value, at, number));
                body.print(value);
            }
            4 => {
                body.line(format!("print({text}.len)"));
                body.op(Op::Length(value, at));
                body.print(value);
            }
            5 => {
                let name = self.name('z');
                body.line(format!("let {name} = {text} | set([{number}])"));
                body.op(Op::With(value, at, number));
                body.know(name, Type::Set, value);
            }
            6 => {
                body.line(format!("for x in {text} {{ print(x) }}"));
                self.each(body, Op::Iterate(value, at), |_, body, x| body.print(x));
            }
            _ => {
                body.line(format!("print({text})"));
                body.print(at);
            }
        }
    }

    /// A loop over what a list has when it begins.
    fn each(&mut self, body: &mut Body, begins: Op, act: impl FnOnce(&mut Maker, &mut Body, Register)) {
        let (Op::Iterate(rest, _) | Op::IterateMap(rest, ..)) = begins else { panic!("no loop") };
        let x = body.register();
        body.op(begins);
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
                if self.rng.bool() {
                    // What the copy holds is another's no more.
                    let list = body.register();
                    body.line(format!("{text}[0][0] = 9"));
                    body.op(Op::Element(list, at, 0));
                    body.op(Op::Int(value, 9));
                    body.op(Op::SetElement(list, 0, value));
                    body.line(format!("print({copy})"));
                    body.print(inner);
                }
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
                self.each(body, Op::Iterate(inner, at), |_, body, x| {
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
        match self.rng.u8(..12) {
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
            6 => {
                body.line(format!("for k in {text} {{ print(k) }}"));
                self.each(body, Op::IterateMap(value, at, Of::Keys), |_, body, x| body.print(x));
            }
            7 => {
                let how = ["for [k, v] in X.items()", "for v in X.values()"][self.rng.usize(..2)];
                body.line(format!("{} {{ print(v) }}", how.replace('X', text)));
                self.each(body, Op::IterateMap(value, at, Of::Values), |_, body, x| body.print(x));
            }
            8..=10 => {
                let (how, op) = match self.rng.u8(..3) {
                    0 => ("get", Op::KeyOr(value, at, 1, 7)),
                    1 => ("setdefault", Op::SetDefault(value, at, 1, 8)),
                    _ => ("pop", Op::PopKey(value, at, 1, 9)),
                };
                let number =
                    if let Op::KeyOr(.., n) | Op::SetDefault(.., n) | Op::PopKey(.., n) = op { n } else { 0 };
                let arguments = match self.rng.bool() {
                    true => format!("\"b\", {number}"),
                    false => format!("default: {number}, key: \"b\""),
                };
                body.line(format!("print({text}.{how}({arguments}))"));
                body.op(op);
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
