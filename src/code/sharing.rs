//! Which top-level variables more than one thread can touch, and what a script can find out about its own run: told by
//! the code alone, for explorations, which need not try what makes no difference.
//!
//! Only variables that are assigned again (`Program::globals`) are looked at; fields, captured cells and elements are
//! not. When in doubt a variable is shared, and something is observed.

mod links;
mod observed;

use super::{FunctionKind, Program, flow};
use links::Links;
pub use links::loop_around;
use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Sharing {
    /// By number of the variable: more than one thread may touch it when there is more than one. The others belong
    /// to `main`, or to the only thread of its kind; what `main` does before it starts any thread does not count.
    pub shared_globals: Vec<bool>,
    /// By number of the variable: it may be written when there is more than one thread. Those that are shared and never
    /// written then are only read.
    pub written_globals: Vec<bool>,
    /// By number of the variable: an `invariant` or `ensure` looks at it, at whatever moment.
    pub looked_at: Vec<bool>,
    /// It may start threads, not only processes. (In doubt it does.)
    pub starts_threads: bool,
    /// It asks who it is, which threads there are, or how they are: `current_thread()`, `t.name`, `t.state`, `e.thread`,
    /// `m.owner`. (The text of a thread, as in `print(t)`, and messages have its name too: that is not seen here, but where it
    /// happens, `sync/named.rs`.)
    pub observes_threads: bool,
    /// It asks for the time: `now()`, `clock()`. (Timeouts and `sleep` are not meant.)
    pub observes_time: bool,
    /// It can see that a lock or a semaphore is taken other than by waiting for it: `try_acquire`, a timeout, `select`,
    /// `.locked`, `.permits`, `.waiting`.
    pub observes_lock_state: bool,
    /// It draws random numbers. (The order in which `select` looks at its arms is not meant.)
    pub observes_random: bool,
}

/// Who touches a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touched {
    Never,
    /// The thread that begins with this function, of which there is one.
    By(u32),
    ByMany,
}

impl Sharing {
    pub fn of(program: &Program) -> Sharing {
        let links: Vec<Links> =
            program.functions.iter().map(|function| links::of(program, function)).collect();
        let nothing = || Touches {
            links: &links,
            touched: vec![Touched::Never; program.globals.len()],
            written: vec![false; program.globals.len()],
        };
        let (mut found, mut looked_at) = (nothing(), nothing());
        let watches = (0..program.functions.len() as u32).filter(|function| {
            matches!(program.functions[*function as usize].kind, FunctionKind::Watch { .. })
        });
        looked_at.functions(watches, Touched::ByMany);
        // Without a start there is only `main`.
        if links.iter().any(|links| links.starts_by_itself) {
            found.all(program);
        }
        let observed = observed::names(program);
        Sharing {
            shared_globals: found.touched.iter().map(|touched| *touched == Touched::ByMany).collect(),
            written_globals: found.written,
            looked_at: looked_at.touched.iter().map(|touched| *touched != Touched::Never).collect(),
            starts_threads: starts_threads(program, &links),
            observes_threads: observed.threads(),
            observes_time: observed.time(),
            observes_lock_state: observed.lock_state,
            observes_random: observed.random(),
        }
    }
}

/// Whether something is started that is no process: `start` says that of both.
fn starts_threads(program: &Program, links: &[Links]) -> bool {
    let template = |function: &super::Function| match function.kind {
        FunctionKind::Thread { process, .. } | FunctionKind::ThreadWithMembers { process, .. } => !process,
        FunctionKind::Plain | FunctionKind::Class(_) | FunctionKind::Watch { .. } => false,
    };
    let others = [&links::STARTERS[1..], &["timer", "__timer"]].concat();
    links.iter().any(|links| !links.threads.is_empty())
        || program.functions.iter().any(template)
        || program.rows.iter().any(|row| others.contains(&row.name))
        || program.symbols.iter().any(|symbol| others.contains(&&**symbol))
}

struct Touches<'l> {
    links: &'l [Links],
    touched: Vec<Touched>,
    written: Vec<bool>,
}

impl Touches<'_> {
    fn all(&mut self, program: &Program) {
        let escaped: BTreeSet<u32> = self.links.iter().flat_map(|l| l.escapes.iter().copied()).collect();
        self.main(program, &escaped);
        for (entry, sites) in self.entries() {
            // Function 0 runs once, and in it what no way leads back to.
            let once = matches!(sites.as_slice(), [(0, at)] if !links::in_loop(&program.functions[0], *at));
            let by = if once && !escaped.contains(&entry) { Touched::By(entry) } else { Touched::ByMany };
            self.functions([entry], by);
        }
        // Whoever gets hold of a function may run it in any thread.
        let runs = escaped.iter().filter_map(|function| links::run_of(program, *function));
        let anywhere: Vec<u32> = escaped.iter().copied().chain(runs).collect();
        self.functions(anywhere, Touched::ByMany);
    }

    /// What `main` touches once it may have started a thread.
    fn main(&mut self, program: &Program, escaped: &BTreeSet<u32>) {
        let starting = self.starting(escaped);
        let own = &self.links[0];
        let starts = |at: usize| {
            let called =
                own.calls.iter().any(|(from, callee)| *from == at && starting.functions[*callee as usize]);
            own.starts_at.contains(&at) || called || starting.escaped && own.unknown.contains(&at)
        };
        let first: Vec<usize> = (0..program.functions[0].code.len()).filter(|at| starts(*at)).collect();
        let not_alone = flow::reached(&program.functions[0], first);
        let calls: Vec<u32> =
            own.calls.iter().filter(|(at, _)| not_alone[*at]).map(|(_, callee)| *callee).collect();
        for &(at, global, writes) in &self.links[0].touches {
            if not_alone[at] {
                touch(&mut self.touched, &mut self.written, Touched::By(0), global, writes);
            }
        }
        self.functions(calls, Touched::By(0));
    }

    /// The functions that threads begin with, and where each is started: the function and the instruction.
    fn entries(&self) -> Vec<(u32, Vec<(usize, usize)>)> {
        let mut entries: std::collections::BTreeMap<u32, Vec<(usize, usize)>> = Default::default();
        for (function, links) in self.links.iter().enumerate() {
            for &(at, entry) in &links.threads {
                entries.entry(entry).or_default().push((function, at));
            }
        }
        entries.into_iter().collect()
    }

    /// Notes what these functions touch, with all that they call.
    fn functions(&mut self, functions: impl IntoIterator<Item = u32>, by: Touched) {
        let mut ahead: Vec<u32> = functions.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(function) = ahead.pop() {
            if !seen.insert(function) {
                continue;
            }
            let links = &self.links[function as usize];
            ahead.extend(links.calls.iter().map(|(_, callee)| *callee));
            for &(_, global, writes) in &links.touches {
                touch(&mut self.touched, &mut self.written, by, global, writes);
            }
        }
    }

    /// Which functions may start a thread, themselves or by what they call.
    fn starting(&self, escaped: &BTreeSet<u32>) -> Starting {
        let mut functions: Vec<bool> = self.links.iter().map(|links| links.starts_by_itself).collect();
        loop {
            let unknown = escaped.iter().any(|function| functions[*function as usize]);
            let next: Vec<bool> = (self.links.iter().zip(&functions))
                .map(|(links, starts)| {
                    let called = links.calls.iter().any(|(_, callee)| functions[*callee as usize]);
                    *starts || called || unknown && !links.unknown.is_empty()
                })
                .collect();
            if next == functions {
                return Starting { functions, escaped: unknown };
            }
            functions = next;
        }
    }
}

struct Starting {
    functions: Vec<bool>,
    /// One of those that are used as values.
    escaped: bool,
}

fn touch(touched: &mut [Touched], written: &mut [bool], by: Touched, global: u32, writes: bool) {
    let now = &mut touched[global as usize];
    *now = if *now == Touched::Never || *now == by { by } else { Touched::ByMany };
    written[global as usize] |= writes;
}

#[cfg(test)]
mod tests;
