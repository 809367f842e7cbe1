//! What it means for the functions between when one names a variable of a function around it: what each has to
//! carry along, and which variables several threads can reach.

use super::{Function, FunctionId, FunctionKind, Names, VariableId, VariableKind};

/// A use of a variable by a function nested in the one where it lives, or of the name of a function, a class or a
/// thread by anyone; in the order of the text.
#[derive(Debug)]
pub(super) struct Mention {
    pub variable: VariableId,
    pub user: FunctionId,
    /// Called on the spot, by the thread that runs `user`.
    called: bool,
}

impl Names<'_> {
    /// The function that is being walked through names the variable.
    pub(super) fn mention(&mut self, id: VariableId, called: bool) {
        let variable = &self.answers.variables[id as usize];
        let (home, top_level) = (variable.function, variable.top_level);
        let is_named = matches!(
            variable.kind,
            VariableKind::Function(_) | VariableKind::Class(_) | VariableKind::Template(_)
        );
        if home != self.current || is_named {
            self.mentions.push(Mention { variable: id, user: self.current, called });
        }
        if home == self.current {
            return;
        }
        self.answers.variables[id as usize].captured = true;
        let mut at = self.current;
        loop {
            if !top_level {
                self.carry(at, id);
            }
            match self.answers.functions[at as usize].parent {
                Some(parent) if parent != home => at = parent,
                Some(_) | None => break,
            }
        }
        // `at` is the function made by the one where the variable lives. Whether the variable had its value
        // when `at` was made decides whether it can be copied.
        // (Top-level variables are not copied; `early` decides for them.)
        let early = match self.declared_at[id as usize] {
            Some(declared) => declared > self.made_at[at as usize],
            None => true,
        };
        self.answers.variables[id as usize].early |= early && !top_level;
    }

    fn carry(&mut self, function: FunctionId, variable: VariableId) {
        if !is_member(&self.answers.functions[function as usize]) && self.carried.insert((function, variable))
        {
            self.answers.functions[function as usize].captures.push(variable);
        }
    }

    /// Finds the variables that several threads can reach.
    pub(super) fn find_shared(&mut self) {
        let functions = &self.answers.functions;
        let mut threaded: Vec<bool> = functions.iter().map(starts_elsewhere).collect();
        // A named function runs in another thread if its value is handed on, or if it is called from something
        // that runs in another thread. Calls lead on, so until nothing changes.
        loop {
            let mut changed = false;
            for mention in &self.mentions {
                let kind = self.answers.variables[mention.variable as usize].kind;
                let VariableKind::Function(target) = kind else { continue };
                if threaded[target as usize] {
                    continue;
                }
                if !mention.called || within_threaded(functions, &threaded, mention.user, None) {
                    threaded[target as usize] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for mention in &self.mentions {
            let variable = &mut self.answers.variables[mention.variable as usize];
            if variable.captured
                && within_threaded(functions, &threaded, mention.user, Some(variable.function))
            {
                variable.shared = true;
            }
        }
    }
}

/// Whether `from` or a function around it (inside of `home`) may run in another thread.
fn within_threaded(
    functions: &[Function],
    threaded: &[bool],
    from: FunctionId,
    home: Option<FunctionId>,
) -> bool {
    let mut next = Some(from);
    while let Some(id) = next {
        if Some(id) == home {
            return false;
        }
        if threaded[id as usize] {
            return true;
        }
        next = functions[id as usize].parent;
    }
    false
}

/// Whether another thread may run it, whoever names it.
fn starts_elsewhere(function: &Function) -> bool {
    match function.kind {
        FunctionKind::Script | FunctionKind::Deferred => false,
        // A named function has to be named first; one without a name is a value from the beginning.
        FunctionKind::Function => &*function.name == super::ANONYMOUS,
        // Objects go from thread to thread.
        FunctionKind::Initialiser
        | FunctionKind::Method
        | FunctionKind::Run
        | FunctionKind::ThreadBody
        | FunctionKind::StartBlock
        | FunctionKind::TimerBody
        | FunctionKind::Watch
        | FunctionKind::ThreadLocalValue => true,
    }
}

/// Whether it shares the captures of its class's initialiser.
fn is_member(function: &Function) -> bool {
    match function.kind {
        FunctionKind::Method | FunctionKind::Run => true,
        FunctionKind::Script
        | FunctionKind::Function
        | FunctionKind::Initialiser
        | FunctionKind::ThreadBody
        | FunctionKind::StartBlock
        | FunctionKind::TimerBody
        | FunctionKind::Deferred
        | FunctionKind::Watch
        | FunctionKind::ThreadLocalValue => false,
    }
}
