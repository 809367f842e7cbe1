//! Random programs without threads: every one is valid, ends, and uses only what the oracle knows.

use std::fmt::Write;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    List,
    /// A function of so many ints, of which so many have defaults.
    Function(usize, usize),
    Object,
}

#[derive(Clone)]
struct Name {
    text: String,
    kind: Kind,
    changes: bool,
}

pub struct Generator {
    random: fastrand::Rng,
    text: String,
    names: Vec<Name>,
    indent: usize,
    count: usize,
    /// Statements left to write.
    budget: usize,
    in_loop: bool,
    in_function: bool,
}

const INTS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "10",
    "-1",
    "-5",
    "100",
    "32767",
    "32768",
    "-32768",
    "-32769",
    "2147483648",
    "0xff",
];

/// The program of a number.
pub fn program(seed: u64) -> String {
    let mut generator = Generator {
        random: fastrand::Rng::with_seed(seed),
        text: String::new(),
        names: Vec::new(),
        indent: 0,
        count: 0,
        budget: 40,
        in_loop: false,
        in_function: false,
    };
    while generator.budget > 0 {
        generator.statement();
    }
    generator.show_all();
    generator.text
}

impl Generator {
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.text.push_str("    ");
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn fresh(&mut self) -> String {
        // Now and then a name that hides another.
        if self.indent > 0 && self.random.u8(..8) == 0 {
            return format!("h{}", self.indent);
        }
        self.count += 1;
        format!("v{}", self.count)
    }

    fn declare(&mut self, text: &str, kind: Kind, changes: bool) {
        self.names.push(Name { text: text.into(), kind, changes });
    }

    /// A name that is not hidden, of some kind.
    fn pick(&mut self, fits: impl Fn(&Name) -> bool) -> Option<Name> {
        let seen: Vec<Name> = self
            .names
            .iter()
            .enumerate()
            .filter(|(at, name)| {
                fits(name) && self.names[at + 1..].iter().all(|later| later.text != name.text)
            })
            .map(|(_, name)| name.clone())
            .collect();
        (!seen.is_empty()).then(|| seen[self.random.usize(..seen.len())].clone())
    }

    fn int(&mut self, depth: usize) -> String {
        let choice = if depth == 0 { self.random.u8(..2) } else { self.random.u8(..16) };
        match choice {
            0 => INTS[self.random.usize(..INTS.len())].into(),
            1..=4 => match self.pick(|name| name.kind == Kind::Int) {
                Some(name) => name.text,
                None => self.random.u8(..20).to_string(),
            },
            5..=8 => {
                let operator = ["+", "-", "*", "//", "%", "+", "-", "&"][self.random.usize(..8)];
                format!("({} {operator} {})", self.int(depth - 1), self.int(depth - 1))
            }
            9 => {
                format!("({} if {} else {})", self.int(depth - 1), self.bool(depth - 1), self.int(depth - 1))
            }
            10 | 11 => match self.pick(|name| matches!(name.kind, Kind::Function(..))) {
                Some(Name { text, kind: Kind::Function(all, defaults), .. }) => {
                    let given = all - self.random.usize(..=defaults);
                    let mut arguments: Vec<String> = (0..given).map(|_| self.int(depth - 1)).collect();
                    if given > 0 && self.random.bool() {
                        let last = arguments.pop().unwrap_or_default();
                        arguments.push(format!("p{}: {last}", given - 1));
                    }
                    format!("{text}({})", arguments.join(", "))
                }
                _ => self.int(depth - 1),
            },
            12 => match self.pick(|name| name.kind == Kind::Object) {
                Some(name) if self.random.bool() => format!("{}.add({})", name.text, self.int(depth - 1)),
                Some(name) => format!("{}.total", name.text),
                None => self.int(depth - 1),
            },
            13 => format!("{}.len", self.list(depth - 1)),
            14 => format!("{}[{}]", self.list(depth - 1), self.random.i8(-3..4)),
            _ => format!("-{}", self.int(depth - 1)),
        }
    }

    fn bool(&mut self, depth: usize) -> String {
        let choice = if depth == 0 { self.random.u8(..4) } else { self.random.u8(..9) };
        let deeper = depth.saturating_sub(1);
        match choice {
            0..=3 => {
                let operator = ["<", "<=", ">", ">=", "==", "!="][self.random.usize(..6)];
                format!("{} {operator} {}", self.int(deeper), self.int(deeper))
            }
            4 => format!("({} and {})", self.bool(deeper), self.bool(deeper)),
            5 => format!("({} or {})", self.bool(deeper), self.bool(deeper)),
            6 => format!("not ({})", self.bool(deeper)),
            7 => format!("({} < {} <= {})", self.int(deeper), self.int(deeper), self.int(deeper)),
            _ => format!("({} in {})", self.int(deeper), self.list(deeper)),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let choice = if depth == 0 { self.random.u8(..3) } else { self.random.u8(..7) };
        match choice {
            0 | 1 => match self.pick(|name| name.kind == Kind::List) {
                Some(name) => name.text,
                None => "[4, 5]".into(),
            },
            2 | 3 => {
                let count = self.random.usize(..4);
                let items: Vec<String> = (0..count).map(|_| self.int(depth.saturating_sub(1))).collect();
                format!("[{}]", items.join(", "))
            }
            4 => format!("({} + {})", self.list(depth - 1), self.list(depth - 1)),
            5 => {
                let ends = [self.random.i8(-2..3).to_string(), String::new()];
                let [start, end] = [0, 1].map(|_| ends[self.random.usize(..2)].clone());
                format!("{}[{start}..{end}]", self.list(depth - 1))
            }
            _ => {
                let items = self.list(depth - 1);
                let name = self.fresh();
                let known = self.names.len();
                self.declare(&name, Kind::Int, false);
                let element = self.int(depth - 1);
                let condition = self.bool(depth - 1);
                self.names.truncate(known);
                format!("[{element} for {name} in {items} if {condition}]")
            }
        }
    }

    /// A block's statements, with braces around them; `first` comes before them.
    fn block(&mut self, first: &[String]) {
        let known = self.names.len();
        self.indent += 1;
        for text in first {
            self.line(text);
        }
        for _ in 0..self.random.usize(1..4) {
            if self.indent < 6 {
                self.statement();
            }
        }
        self.line("print(\"at\", 1)");
        self.indent -= 1;
        self.names.truncate(known);
    }

    fn statement(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        let choice = if self.indent >= 5 { self.random.u8(..9) } else { self.random.u8(..27) };
        match choice {
            0 | 1 => {
                let (value, changes) = (self.int(3), self.random.bool());
                let name = self.fresh();
                self.bind(&name, &value, Kind::Int, changes);
            }
            2 => {
                let value = self.list(3);
                let name = self.fresh();
                self.bind(&name, &value, Kind::List, true);
            }
            3 | 4 => {
                if let Some(name) = self.pick(|name| name.kind == Kind::Int && name.changes) {
                    let operator = ["=", "+=", "-=", "*=", "="][self.random.usize(..5)];
                    let value = self.int(2);
                    self.line(&format!("{} {operator} {value}", name.text));
                }
            }
            5 => {
                let (a, b, c) = (self.int(2), self.bool(2), self.list(2));
                self.line(&format!("print({a}, {b}, \"<{{{}}}>\", {c})", self.count));
            }
            6 => {
                if let Some(name) = self.pick(|name| name.kind == Kind::List) {
                    let value = self.int(2);
                    match self.random.bool() {
                        true => self.line(&format!("{}.push({value})", name.text)),
                        false => {
                            self.line(&format!("{}[{}] = {value}", name.text, self.random.clone().i8(-2..2)))
                        }
                    }
                }
            }
            7 if self.indent > 0 => {
                let leave = match self.random.u8(..4) {
                    0 => "throw \"thrown\"".into(),
                    1 if self.in_function => format!("return {}", self.int(1)),
                    2 if self.in_loop => "break".into(),
                    3 if self.in_loop => "continue".into(),
                    _ => return,
                };
                let condition = self.bool(1);
                self.line(&format!("if {condition} {{ {leave} }}"));
            }
            8 => {
                let [a, b] = [0, 1].map(|_| self.int(2));
                let [x, y] = [0, 1].map(|_| {
                    self.count += 1;
                    format!("v{}", self.count)
                });
                self.line(&format!("var [{x}, {y}] = [{a}, {b}]"));
                self.declare(&x, Kind::Int, true);
                self.declare(&y, Kind::Int, true);
                self.line(&format!("[{x}, {y}] = [{y}, {x}]"));
            }
            9..=11 => {
                let condition = self.bool(3);
                self.line(&format!("if {condition} {{"));
                self.block(&[]);
                if self.random.bool() {
                    let condition = self.bool(2);
                    self.line(&format!("}} else if {condition} {{"));
                    self.block(&[]);
                }
                if self.random.bool() {
                    self.line("} else {");
                    self.block(&[]);
                }
                self.line("}");
            }
            12..=15 => self.looping(),
            16..=18 => {
                self.line("try {");
                self.block(&[]);
                let catches = self.random.u8(..4);
                match catches {
                    0 => {}
                    1 => {
                        self.line("} catch \"zero\", \"index\" e {");
                        self.block(&["print(e.kind)".into()]);
                    }
                    _ => {
                        self.line("} catch e {");
                        self.block(&["print(e.kind)".into()]);
                    }
                }
                if catches == 0 || self.random.bool() {
                    self.line("} finally {");
                    let outer = (self.in_loop, self.in_function);
                    (self.in_loop, self.in_function) = (false, false);
                    self.block(&["print(\"finally\")".into()]);
                    (self.in_loop, self.in_function) = outer;
                }
                self.line("}");
            }
            19 | 20 => {
                let name = self.pick(|name| name.kind == Kind::Int && name.changes);
                match name {
                    Some(name) if self.random.bool() => {
                        self.line(&format!("defer {{ {0} = 5; print(\"deferred\", {0}) }}", name.text));
                    }
                    _ => {
                        let value = self.int(1);
                        self.line(&format!("defer print(\"deferred\", {value})"));
                    }
                }
            }
            21..=23 => self.function(),
            24 => {
                let condition = self.bool(2);
                self.line(&format!("assert {condition}, \"said\""));
            }
            25 => {
                let class = format!("C{}", self.count);
                self.count += 1;
                let (start, step) = (self.int(2), self.int(1));
                self.line(&format!("class {class}(first) {{"));
                self.line(&format!("    var total = first + {start}"));
                self.line(&format!("    fn add(n) {{ total += n - {step}; return total + first }}"));
                self.line("}");
                let argument = self.int(2);
                let name = self.fresh();
                self.bind(&name, &format!("{class}({argument})"), Kind::Object, false);
            }
            _ => {
                self.line("{");
                self.block(&[]);
                self.line("}");
            }
        }
    }

    /// Declares a name, unless it hides one that the value might mention or is there already.
    fn bind(&mut self, name: &str, value: &str, kind: Kind, changes: bool) {
        let mut name = name.to_string();
        if name.starts_with('h') && self.names.iter().any(|known| known.text == name) {
            self.count += 1;
            name = format!("v{}", self.count);
        }
        let word = if changes { "var" } else { "let" };
        self.line(&format!("{word} {name} = {value}"));
        self.declare(&name, kind, changes);
    }

    fn looping(&mut self) {
        let outer = std::mem::replace(&mut self.in_loop, true);
        let known = self.names.len();
        let times = self.random.u8(..4);
        self.count += 1;
        let counter = format!("v{}", self.count);
        match self.random.u8(..5) {
            0 => {
                let equals = if self.random.bool() { "=" } else { "" };
                self.line(&format!("for {counter} in {}..{equals}{times} {{", self.random.clone().i8(-1..2)));
                self.declare(&counter, Kind::Int, false);
                self.block(&[]);
            }
            1 => {
                let items = self.list(2);
                self.line(&format!("for {counter} in {items}[..3] {{"));
                self.declare(&counter, Kind::Int, false);
                self.block(&[]);
            }
            2 => {
                self.line(&format!("repeat {times} {{"));
                self.block(&[]);
            }
            3 => {
                self.line(&format!("var {counter} = 0"));
                self.declare(&counter, Kind::Int, false);
                let condition = self.bool(1);
                self.line(&format!("while {counter} < {times} and {condition} {{"));
                self.block(&[format!("{counter} += 1")]);
                self.line("}");
                self.in_loop = outer;
                return;
            }
            _ => {
                self.line(&format!("var {counter} = 0"));
                self.declare(&counter, Kind::Int, false);
                self.line("loop {");
                self.block(&[format!("{counter} += 1"), format!("if {counter} > {times} {{ break }}")]);
                self.line("}");
                self.in_loop = outer;
                return;
            }
        }
        self.line("}");
        self.in_loop = outer;
        self.names.truncate(known);
    }

    fn function(&mut self) {
        let all = self.random.usize(..4);
        let defaults = self.random.usize(..=all);
        let known = self.names.len();
        let mut parameters = String::new();
        for at in 0..all {
            let comma = if at > 0 { ", " } else { "" };
            let default = if at >= all - defaults { format!(" = {}", self.int(1)) } else { String::new() };
            write!(parameters, "{comma}p{at}{default}").unwrap();
        }
        for at in 0..all {
            self.declare(&format!("p{at}"), Kind::Int, true);
        }
        self.count += 1;
        let name = format!("f{}", self.count);
        match self.random.u8(..3) {
            0 => {
                let value = self.int(3);
                self.names.truncate(known);
                self.line(&format!("let {name} = fn({parameters}) => {value}"));
            }
            choice => {
                let outer = (self.in_loop, self.in_function);
                (self.in_loop, self.in_function) = (false, true);
                match choice {
                    1 => self.line(&format!("fn {name}({parameters}) {{")),
                    _ => self.line(&format!("let {name} = fn({parameters}) {{")),
                }
                self.block(&[]);
                let value = self.int(2);
                self.line(&format!("    return {value}"));
                self.line("}");
                (self.in_loop, self.in_function) = outer;
                self.names.truncate(known);
            }
        }
        self.declare(&name, Kind::Function(all, defaults), false);
    }

    fn show_all(&mut self) {
        let ints: Vec<String> = self
            .names
            .iter()
            .filter(|name| matches!(name.kind, Kind::Int | Kind::List))
            .map(|n| n.text.clone())
            .collect();
        self.line(&format!("print(\"end\", {})", if ints.is_empty() { "0".into() } else { ints.join(", ") }));
    }
}
