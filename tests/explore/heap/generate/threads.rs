//! How a heap program starts something: a function or a block in a thread, a task, a thread with members, a timer, the
//! branches of a `parallel`, a process.

use super::super::machine::{New, Op, Register};
use super::{Body, FIRST, Maker, Name, OWN, POOL, THINGS, Type};

impl Maker {
    pub(super) fn start(&mut self, body: &mut Body) {
        self.threads -= 1;
        if self.has_pool && self.rng.u8(..3) > 0 {
            return self.start_function(body, true);
        }
        match self.rng.u8(..10) {
            0..=2 => self.start_block(body),
            3..=5 => self.start_function(body, false),
            6 => self.start_members(body),
            7 => self.start_timer(body),
            8 if self.threads > 0 => {
                self.threads -= 1;
                self.start_parallel(body);
            }
            _ => self.start_process(body),
        }
    }

    /// A function of its own that is given something, with the arguments of its call, its number, and what its first
    /// registers get.
    fn function(
        &mut self,
        body: &Body,
        is_task: bool,
        is_given: impl Fn(&Name) -> bool,
    ) -> (String, Vec<String>, usize, Vec<Register>) {
        let mut given: Vec<Name> = body.names.iter().filter(|name| is_given(name)).cloned().collect();
        self.rng.shuffle(&mut given);
        given.truncate(2);
        let mut child =
            Body { names: Vec::new(), ops: Vec::new(), lines: Vec::new(), next: FIRST, depth: 1, is_task };
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        let mut registers = all_know();
        for name in given {
            let (parameter, at) = (self.name('x'), child.register());
            registers.push(name.at);
            if name.kind == Type::Monitor {
                registers.push(name.at + 1);
                child.register();
            }
            child.know(parameter.clone(), name.kind, at);
            parameters.push(parameter);
            arguments.push(name.text);
        }
        if self.local {
            parameters.extend(THINGS.map(|(name, ..)| name.to_string()));
            arguments.extend(THINGS.map(|(name, ..)| name.to_string()));
        }
        self.some_statements(&mut child);
        let returned = self.some_list(&mut child);
        child.line(format!("return {}", returned.text));
        child.op(Op::Return(returned.at));
        let function = self.name('w');
        let lines = child.lines.concat();
        self.functions.push(format!("fn {function}({}) {{\n{lines}}}\n", parameters.join(", ")));
        self.bodies.push(child.ops);
        (function, arguments, self.bodies.len() - 1, registers)
    }

    fn some_statements(&mut self, child: &mut Body) {
        // Its own list is not that of who made it.
        child.op(Op::Fresh(OWN));
        for _ in 0..self.rng.usize(1..4) {
            self.statement(child, false);
        }
    }

    fn start_function(&mut self, body: &mut Body, task: bool) {
        let (function, mut arguments, number, registers) = self.function(body, task, is_plain);
        let (handle, at) = (self.name('t'), body.register());
        if task {
            arguments.insert(0, function);
            body.line(format!("let {handle} = p.submit({})", arguments.join(", ")));
            body.op(Op::Submit(at, POOL, number, registers));
        } else {
            body.line(format!("let {handle} = start {function}({})", arguments.join(", ")));
            body.op(Op::Start(at, number, registers));
        }
        body.know(handle, Type::Handle { future: task }, at);
    }

    /// A block knows what there is around it.
    fn block(&mut self, body: &Body) -> (Vec<String>, usize, Vec<Register>) {
        let known = |name: &&Name| !matches!(name.kind, Type::Handle { .. } | Type::Beside);
        let mut child = Body {
            names: body.names.iter().filter(known).cloned().collect(),
            ops: Vec::new(),
            lines: Vec::new(),
            next: body.next,
            depth: body.depth + 1,
            is_task: false,
        };
        self.some_statements(&mut child);
        self.bodies.push(child.ops);
        (child.lines, self.bodies.len() - 1, (0..body.next).collect())
    }

    fn start_block(&mut self, body: &mut Body) {
        let (mut lines, number, registers) = self.block(body);
        let at = body.register();
        body.line("start {".into());
        body.lines.append(&mut lines);
        body.line("}".into());
        body.op(Op::Start(at, number, registers));
    }

    fn start_timer(&mut self, body: &mut Body) {
        let (mut lines, number, registers) = self.block(body);
        let (name, at) = (self.name('k'), body.register());
        body.line(format!("timer {name} after 1s {{"));
        body.lines.append(&mut lines);
        body.line("}".into());
        body.line(format!("start {name}"));
        body.op(Op::Arm(at, number, registers));
        if self.rng.u8(..3) == 0 {
            body.line(format!("{name}.cancel()"));
            body.op(Op::Cancel(at));
        }
        body.know(name, Type::Beside, at);
    }

    /// Its members are those of an instance, and what it runs knows them and its parameters.
    fn start_members(&mut self, body: &mut Body) {
        let item = self.some_list(body);
        let (template, name) = (self.name('W'), self.name('t'));
        let mut child = Body {
            names: Vec::new(),
            ops: Vec::new(),
            lines: Vec::new(),
            next: FIRST,
            depth: 2,
            is_task: false,
        };
        let mut registers = all_know();
        let (own, parameter) = (child.register(), child.register());
        child.know("self".into(), Type::Member, own);
        child.know("first".into(), Type::List, parameter);
        self.some_statements(&mut child);
        let (zero, object, at) = (body.int(0), body.register(), body.register());
        body.op(Op::New(object, New::Fields, vec![item.at, zero]));
        registers.extend([object, item.at]);
        let lines = child.lines.concat();
        let (parameters, arguments) = match self.local {
            true => {
                let things = THINGS.map(|(name, ..)| name);
                (
                    [&["first"], &things[..]].concat().join(", "),
                    [&[&*item.text], &things[..]].concat().join(", "),
                )
            }
            false => ("first".to_string(), item.text.clone()),
        };
        self.functions.push(format!(
            "thread {template}({parameters}) {{\n    var item = first\n    var n = 0\n    fn bump() {{ n += 1 }}\n    fn show() => n\n    run {{\n{lines}    }}\n}}\n"
        ));
        self.bodies.push(child.ops);
        body.line(format!("let {name} = {template}({arguments})"));
        let members = Name { text: name.clone(), kind: Type::Member, at: object };
        if self.rng.bool() {
            self.with_instance(body, &members);
        }
        body.line(format!("start {name}"));
        body.op(Op::Start(at, self.bodies.len() - 1, registers));
        body.names.push(members);
        body.know(name, Type::Beside, at);
    }

    fn start_parallel(&mut self, body: &mut Body) {
        let mut started = Vec::new();
        body.line("parallel {".into());
        for _ in 0..2 {
            let (function, arguments, number, registers) = self.function(body, false, is_plain);
            body.line(format!("    {function}({})", arguments.join(", ")));
            started.push((body.register(), number, registers));
        }
        body.line("}".into());
        let handles: Vec<Register> = started.iter().map(|(at, ..)| *at).collect();
        started.into_iter().for_each(|(at, number, registers)| body.op(Op::Start(at, number, registers)));
        handles.into_iter().for_each(|at| body.op(Op::Join(at)));
    }

    /// What it is given are copies, and so are the lock, the queue and the rest.
    fn start_process(&mut self, body: &mut Body) {
        let copied = |name: &Name| {
            matches!(name.kind, Type::List | Type::Nested | Type::Instance | Type::Map | Type::Set)
        };
        if self.local || self.has_pool || body.names.iter().any(|name| matches!(name.kind, Type::Beside)) {
            return self.start_function(body, false); // a process cannot be given threads
        }
        let (function, arguments, number, registers) = self.function(body, false, copied);
        let (template, name, at) = (self.name('P'), self.name('t'), body.register());
        let (count, words) = (arguments.len(), arguments.join(", "));
        let parameters: Vec<String> = (0..count).map(|index| format!("y{index}")).collect();
        let parameters = parameters.join(", ");
        self.functions.push(format!("process {template}({parameters}) {{ {function}({parameters}) }}\n"));
        body.line(format!("let {name} = start {template}({words})"));
        body.op(Op::Fork(at, number, registers));
        body.know(name, Type::Beside, at);
    }

    pub(super) fn with_beside(&mut self, body: &mut Body, thread: &Name, main: bool) {
        if !main {
            return; // who waits for others has no lock
        }
        if thread.text.starts_with('k') && self.rng.u8(..3) == 0 {
            body.line(format!("{}.cancel()", thread.text));
            return body.op(Op::Cancel(thread.at));
        }
        if self.rng.u8(..4) == 0 {
            body.line(format!("if not {}.join(timeout: 1s) {{ print(\"late\") }}", thread.text));
            let begin = body.ops.len();
            body.op(Op::Goto(0));
            return self.or_late(body, begin, Op::JoinFor(thread.at, begin + 2));
        }
        body.line(format!("join {}", thread.text));
        body.op(Op::Join(thread.at));
    }
}

fn is_plain(name: &Name) -> bool {
    !matches!(name.kind, Type::Variable | Type::Handle { .. } | Type::Beside)
}

/// The first registers of a thread: what all know, and nothing for what is its own.
fn all_know() -> Vec<Register> {
    (0..FIRST).collect()
}
