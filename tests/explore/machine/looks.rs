//! What a step looks at, and what tests and values come to.

use super::*;

impl Machine<'_> {
    /// What the thread's next step reads and writes.
    pub fn accesses(&self, state: &State, me: usize) -> Vec<Access> {
        match self.step(state, me) {
            Some(Step::AtomicBegin) => {
                let mut touched = Vec::new();
                self.atomically(&mut state.clone(), me, &mut touched);
                touched
            }
            Some(Step::Await(test)) => {
                let mut touched = Vec::new();
                self.looked_at(state, me, test, &mut touched);
                let access = |var| Access { cell: Cell::Var(var), write: false, atomic: true, certain: true };
                touched.into_iter().map(access).collect()
            }
            Some(step) => {
                let own = |access: &Access| matches!(access.cell, Cell::Var(var) if self.is_own(me, var));
                cells(state, step).into_iter().filter(|access| !own(access)).collect()
            }
            None => Vec::new(),
        }
    }

    /// A condition of `await`, `invariant` or `ensure`: of variables (and the thread's locals), as one step.
    pub fn test(&self, state: &State, me: usize, test: &Test) -> bool {
        let thread = &state.threads[me];
        match test {
            Test::Compare(left, comparison, right) => {
                comparison.holds(value(state, thread, left), value(state, thread, right))
            }
            Test::Flag(local) => thread.get(*local) == 1,
            Test::And(a, b) => self.test(state, me, a) && self.test(state, me, b),
        }
    }

    /// The variables that an evaluation looks at.
    fn looked_at(&self, state: &State, me: usize, test: &Test, found: &mut Vec<usize>) {
        match test {
            Test::Compare(a, _, b) => {
                vars(a, found);
                vars(b, found);
            }
            Test::Flag(_) => {}
            Test::And(a, b) => {
                self.looked_at(state, me, a, found);
                if self.test(state, me, a) {
                    self.looked_at(state, me, b, found);
                }
            }
        }
    }
}

pub(super) fn operand(thread: &Thread, operand: Operand) -> i64 {
    match operand {
        Operand::Number(n) => n,
        Operand::Register(register) => thread.get(register),
    }
}

pub(super) fn value(state: &State, thread: &Thread, of: &Value) -> i64 {
    match of {
        Value::Number(n) => *n,
        Value::Var(var) => state.vars[*var],
        Value::Local(local) => thread.get(*local),
        Value::Sum(a, b) => value(state, thread, a) + value(state, thread, b),
        Value::Len => state.list.len() as i64,
        Value::Atomic(_) | Value::Size(_) | Value::At(_) => unreachable!("not in such conditions"),
    }
}

fn vars(of: &Value, found: &mut Vec<usize>) {
    match of {
        Value::Var(var) => found.push(*var),
        Value::Sum(a, b) => {
            vars(a, found);
            vars(b, found);
        }
        Value::Number(_)
        | Value::Local(_)
        | Value::Atomic(_)
        | Value::Size(_)
        | Value::Len
        | Value::At(_) => {}
    }
}

pub(super) fn cells(state: &State, step: &Step) -> Vec<Access> {
    let access = |cell, write| Access { cell, write, atomic: false, certain: true };
    match *step {
        Step::Read { var, .. } => vec![access(Cell::Var(var), false)],
        Step::Write { var, .. } => vec![access(Cell::Var(var), true)],
        Step::Push(_) => vec![access(Cell::Shape, true)],
        Step::Pop { .. } => {
            let mut touched = vec![access(Cell::Shape, true)];
            if let Some(last) = state.list.len().checked_sub(1) {
                // Whether taking an element out is an access of the element too is not said.
                touched.push(Access { certain: false, ..access(Cell::Element(last), true) });
            }
            touched
        }
        Step::Len { .. } => vec![access(Cell::Shape, false)],
        Step::At { index, .. } | Step::SetAt { index, .. } if index >= state.list.len() => {
            vec![access(Cell::Shape, false)]
        }
        Step::At { index, .. } => vec![access(Cell::Element(index), false)],
        Step::SetAt { index, .. } => vec![access(Cell::Element(index), true)],
        _ => Vec::new(),
    }
}
