//! Which top-level variables may be read before their declaration has run.
//!
//! A function is known before the variables it names are declared, but that does harm only if it can run by then.
//! The script runs from top to bottom; so what matters is the first place in its own code, or in a body made by it, from
//! where the function can be reached. (For the variables of functions `captures` decides, by when closures are made.)

use super::{FunctionId, FunctionKind, Names};

impl Names<'_> {
    pub(super) fn find_early_globals(&mut self) {
        let reached = self.first_reached();
        for (place, mention) in self.mentions.iter().enumerate() {
            let variable = &self.answers.variables[mention.variable as usize];
            let Some(&declared) = self.mentions_before.get(mention.variable as usize) else { continue };
            if !variable.top_level || variable.function == mention.user {
                continue;
            }
            let runs_from = match self.outermost_named(mention.user) {
                None => place,
                Some(function) => reached[function as usize],
            };
            self.answers.variables[mention.variable as usize].early |= runs_from < declared;
        }
    }

    /// By outermost named function: the first mention, in the order of the text, from which on it may run.
    fn first_reached(&self) -> Vec<usize> {
        let mut reached = vec![usize::MAX; self.answers.functions.len()];
        // What each outermost function leads to.
        let mut leads_to: Vec<Vec<FunctionId>> = vec![Vec::new(); reached.len()];
        let mut from_script = Vec::new();
        for (place, mention) in self.mentions.iter().enumerate() {
            let Some(target) = self.named_function(mention.variable) else { continue };
            match self.outermost_named(mention.user) {
                None => from_script.push((place, target)),
                Some(user) => leads_to[user as usize].push(target),
            }
        }
        for (place, target) in from_script {
            let mut next = vec![target];
            while let Some(function) = next.pop() {
                if reached[function as usize] == usize::MAX {
                    reached[function as usize] = place;
                    next.extend(&leads_to[function as usize]);
                }
            }
        }
        reached
    }

    /// The function that a name leads to, or the one around it that has to run first.
    fn named_function(&self, variable: u32) -> Option<FunctionId> {
        let kind = self.answers.variables[variable as usize].kind;
        self.outermost_named(self.answers.declared_function(kind)?)
    }

    /// The outermost function around this one (or itself) that runs only if somebody names it.
    fn outermost_named(&self, function: FunctionId) -> Option<FunctionId> {
        let mut outermost = None;
        let mut next = Some(function);
        while let Some(id) = next {
            let function = &self.answers.functions[id as usize];
            let named = match function.kind {
                FunctionKind::Function => &*function.name != super::ANONYMOUS,
                FunctionKind::Initialiser
                | FunctionKind::Method
                | FunctionKind::Run
                | FunctionKind::ThreadBody => true,
                FunctionKind::Script
                | FunctionKind::StartBlock
                | FunctionKind::TimerBody
                | FunctionKind::Deferred
                | FunctionKind::Watch
                | FunctionKind::ThreadLocalValue => false,
            };
            if named {
                outermost = Some(id);
            }
            next = function.parent;
        }
        outermost
    }
}
