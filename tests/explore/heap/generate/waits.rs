//! How the threads of a heap program meet: an event, a condition, `await`, `select`; and what they do in one step.

use super::super::machine::{Arm, Op};
use super::{BARRIER, Body, CONDITION, EVENT, LATCH, LATCH_COUNT, LOCK, Maker, QUEUE, Type};

impl Maker {
    /// `atomically { … }`: without loops and waits.
    pub(super) fn at_once(&mut self, body: &mut Body) {
        let begin = body.ops.len();
        body.op(Op::Goto(0));
        body.line("atomically {".into());
        body.depth += 1;
        for _ in 0..self.rng.usize(1..4) {
            let list = self.some_list_before(body);
            let Some(list) = list else { continue };
            let (text, index, value) = (list.text, self.rng.usize(..2), body.register());
            match self.rng.u8(..5) {
                0 | 1 => {
                    body.line(format!("{text}[{index}] += 1"));
                    body.op(Op::Element(value, list.at, index));
                    body.op(Op::Add(value, value, 1));
                    body.op(Op::SetElement(list.at, index, value));
                }
                2 => {
                    body.line(format!("{text}.push(5)"));
                    body.op(Op::Int(value, 5));
                    body.op(Op::Push(list.at, value));
                }
                3 => {
                    body.line(format!("print({text})"));
                    body.print(list.at);
                }
                _ => {
                    body.line(format!("{text}.sort()"));
                    body.op(Op::Sort(list.at));
                }
            }
            if let Some(variable) = self.some(body, Type::Variable) {
                body.line(format!("{} += 1", variable.text));
                body.add_to_field(variable.at, 0, 1);
            }
        }
        body.depth -= 1;
        body.line("}".into());
        body.ops[begin] = Op::Atomically(body.ops.len());
    }

    fn some_list_before(&mut self, body: &Body) -> Option<super::Name> {
        self.some(body, Type::List)
    }

    /// What others may wait for; only `main` waits.
    pub(super) fn meeting(&mut self, body: &mut Body, main: bool) {
        let list = self.some_list(body);
        let (text, at, value) = (list.text, list.at, body.register());
        match (main, self.rng.u8(..4)) {
            (false, 0) => {
                body.line("e.set()".into());
                body.op(Op::SetEvent(EVENT));
            }
            (false, _) => {
                // Changes what `main` may wait for, and says so.
                body.line(format!("with m {{ {text}[0] += 1; c.notify() }}"));
                body.op(Op::Acquire(LOCK));
                body.op(Op::Element(value, at, 0));
                body.op(Op::Add(value, value, 1));
                body.op(Op::SetElement(at, 0, value));
                body.op(Op::Notify(CONDITION));
                body.op(Op::Release(LOCK));
            }
            (true, 0) => {
                body.line("e.wait()".into());
                body.op(Op::WaitEvent(EVENT));
            }
            (true, 1) => {
                let least = self.rng.i64(0..3);
                let (how, op) = match self.rng.u8(..3) {
                    0 => (format!("{text}.len > {least}"), Op::Length(value, at)),
                    1 => (format!("{text}[1] > {least}"), Op::Element(value, at, 1)),
                    _ => (format!("sum({text}) > {least}"), Op::Sum(value, at)),
                };
                body.line(format!("await {how}"));
                body.op(Op::Await(vec![op], value, least));
            }
            (true, 2) => {
                let least = self.rng.i64(0..3);
                match self.rng.bool() {
                    true => {
                        body.line(format!(
                            "with m {{ c.wait_until(fn() => {text}[0] > {least}); print({text}) }}"
                        ));
                    }
                    false => {
                        body.line(format!(
                            "with m {{ while {text}[0] <= {least} {{ c.wait() }}; print({text}) }}"
                        ));
                    }
                }
                body.op(Op::Acquire(LOCK));
                let begin = body.ops.len();
                body.op(Op::Element(value, at, 0));
                body.op(Op::Unless(value, least, begin + 3));
                body.op(Op::Goto(begin + 5));
                body.op(Op::Wait(CONDITION, LOCK));
                body.op(Op::Goto(begin));
                body.print(at);
                body.op(Op::Release(LOCK));
            }
            (true, _) => self.first_of_two(body),
        }
    }

    /// Takes a lock, or a value, only if it does not take too long.
    pub(super) fn for_a_time(&mut self, body: &mut Body, main: bool) {
        let begin = body.ops.len();
        body.op(Op::Goto(0));
        let late = match (main, self.rng.u8(..3)) {
            (true, 0) => {
                let (x, value) = (body.register(), body.register());
                body.line("try {".into());
                body.line("    let x = q.get(timeout: 1s)".into());
                body.line("    x[0] += 1".into());
                body.line("} catch \"timeout\" { print(\"late\") }".into());
                body.op(Op::Element(value, x, 0));
                body.op(Op::Add(value, value, 1));
                body.op(Op::SetElement(x, 0, value));
                Op::GetFor(x, QUEUE, body.ops.len() + 1)
            }
            (_, how) => {
                let head = if how == 1 { "if m.try_acquire()" } else { "if m.acquire(timeout: 1s)" };
                self.within(body, head);
                body.op(Op::Release(LOCK));
                if let Some(last) = body.lines.pop() {
                    let inside = "    ".repeat(body.depth + 1);
                    body.lines.push(format!("{inside}m.release()\n"));
                    body.lines.push(last.replace('}', "} else { print(\"late\") }"));
                }
                let late = body.ops.len() + 1;
                if how == 1 { Op::Try(LOCK, late) } else { Op::TryFor(LOCK, late) }
            }
        };
        self.or_late(body, begin, late);
    }

    /// What was begun there leads here when it is too late for it.
    pub(super) fn or_late(&mut self, body: &mut Body, begin: usize, late: Op) {
        body.op(Op::Goto(body.ops.len() + 2));
        body.op(Op::Say(2));
        body.ops[begin] = late;
    }

    /// A latch, for which only `main` waits, and a barrier, where nobody has a lock.
    pub(super) fn all_together(&mut self, body: &mut Body, main: bool) {
        match (main, self.rng.u8(..3)) {
            (true, 0 | 1) => {
                body.line("h.wait()".into());
                body.op(Op::WaitLatch(LATCH));
            }
            (false, 0 | 1) if self.counted < LATCH_COUNT => {
                self.counted += 1;
                body.line("h.count_down()".into());
                body.op(Op::CountDown(LATCH));
            }
            _ => {
                body.line("u.wait()".into());
                body.op(Op::Meet(BARRIER));
            }
        }
    }

    fn first_of_two(&mut self, body: &mut Body) {
        let (x, given_up) = (body.register(), self.rng.bool());
        let begin = body.ops.len();
        body.op(Op::Goto(0));
        body.line("select {".into());
        body.line("    let x = q.get() => { x[0] += 1; print(x) }".into());
        let value = body.register();
        let first = body.ops.len();
        body.op(Op::Element(value, x, 0));
        body.op(Op::Add(value, value, 1));
        body.op(Op::SetElement(x, 0, value));
        body.print(x);
        body.op(Op::Goto(0));
        body.line("    e.wait() => { print(\"event\") }".into());
        let second = body.ops.len();
        body.op(Op::Say(1));
        body.op(Op::Goto(0));
        let third = body.ops.len();
        if given_up {
            body.line("    after 1s => { print(\"late\") }".into());
            body.op(Op::Say(2));
        }
        body.line("}".into());
        let end = body.ops.len();
        body.ops[second - 1] = Op::Goto(end);
        body.ops[third - 1] = Op::Goto(end);
        let arms = vec![(Arm::Get(x, QUEUE), first), (Arm::Event(EVENT), second)];
        body.ops[begin] = Op::Select(arms, given_up.then_some(third));
    }
}
