//! Scopes: which names are visible where, and what each one means.
//!
//! Declares and looks up. The walk through the tree that opens and closes scopes is in `names`; what a use of
//! an outer variable means for the functions between is in `captures`.

use super::{
    ClassId, FunctionId, FunctionKind, Meaning, Member, Names, Variable, VariableId, VariableKind, suggest,
};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::Name;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// One block's names, or the members of one class.
#[derive(Debug)]
pub(super) struct Scope {
    pub function: FunctionId,
    names: HashMap<Arc<str>, VariableId>,
    pub members: Option<Members>,
}

/// The members of a class while its body is walked through.
#[derive(Debug)]
pub(super) struct Members {
    pub class: ClassId,
    pub names: HashMap<Arc<str>, (Member, Span)>,
    /// The fields whose declarations have been passed.
    pub set: HashSet<u32>,
}

impl Scope {
    pub fn insert(&mut self, text: &Arc<str>, id: VariableId) {
        self.names.insert(text.clone(), id);
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let members = self.members.iter().flat_map(|members| members.names.keys());
        self.names.keys().chain(members).map(|text| &**text)
    }
}

/// A script with more undefined names than this gets no hints for the others: each compares the name with all there are.
const SUGGESTED: usize = 100;

/// Lines with the same undefined name that are named, at most.
const LINES_SHOWN: usize = 10;

/// A declaration that stands later in the same function than its use.
struct Later {
    span: Span,
}

impl Names<'_> {
    pub(super) fn open(&mut self) {
        self.scopes.push(Scope { function: self.current, names: HashMap::new(), members: None });
    }

    pub(super) fn open_members(&mut self, members: Members) {
        self.scopes.push(Scope { function: self.current, names: HashMap::new(), members: Some(members) });
    }

    pub(super) fn close(&mut self) {
        let Some(scope) = self.scopes.pop() else { return };
        for (text, id) in scope.names {
            let variable = &self.answers.variables[id as usize];
            if matches!(variable.kind, VariableKind::Let | VariableKind::Var | VariableKind::Declared) {
                self.closed.entry(text).or_insert(variable.span);
            }
        }
    }

    fn in_class(&self) -> bool {
        self.scopes.iter().any(|scope| scope.members.is_some())
    }

    /// Whether what is looked at here is run by a thread that the script declares.
    fn in_thread(&self) -> bool {
        let mut next = Some(self.current);
        while let Some(id) = next {
            let function = &self.answers.functions[id as usize];
            if matches!(
                function.kind,
                FunctionKind::ThreadBody | FunctionKind::Run | FunctionKind::StartBlock
            ) {
                return true;
            }
            next = function.parent;
        }
        false
    }

    /// Takes names of the innermost scope back.
    pub(super) fn forget(&mut self, names: &[Arc<str>]) {
        if let Some(scope) = self.scopes.last_mut() {
            names.iter().for_each(|name| _ = scope.names.remove(name));
        }
    }

    /// A variable of the current function that no name leads to yet.
    pub(super) fn add_variable(&mut self, text: &Arc<str>, span: Span, kind: VariableKind) -> VariableId {
        let id = self.answers.variables.len() as VariableId;
        self.answers.variables.push(Variable {
            name: text.clone(),
            span,
            kind,
            function: self.current,
            top_level: self.scopes.len() == self.top_scopes,
            assigned: false,
            captured: false,
            shared: false,
            interprocess: false,
            early: false,
        });
        self.declared_at.push(None);
        self.mentions_before.push(0);
        id
    }

    /// Makes a name known in the innermost scope. It can be used once `set` has been called for it.
    pub(super) fn declare(&mut self, name: &Name, kind: VariableKind) -> VariableId {
        self.refuse_shadowing_member(name);
        self.note_shadowing_builtin(name, kind);
        let id = self.add_variable(&name.text, name.span, kind);
        self.set_meaning(name.id, Meaning::Variable(id));
        let Some(scope) = self.scopes.last_mut() else { return id };
        match scope.names.get(&name.text) {
            None => {
                scope.names.insert(name.text.clone(), id);
            }
            Some(first) => {
                let first = &self.answers.variables[*first as usize];
                let changes = matches!(first.kind, VariableKind::Var | VariableKind::ThreadLocal);
                self.report_duplicate(name, first.span, changes);
            }
        }
        id
    }

    /// Declares a name whose value is there from now on.
    pub(super) fn declare_set(&mut self, name: &Name, kind: VariableKind) -> VariableId {
        let id = self.declare(name, kind);
        self.set(id);
        id
    }

    /// From here on the variable has its value.
    pub(super) fn set(&mut self, id: VariableId) {
        self.now += 1;
        self.declared_at[id as usize] = Some(self.now);
        self.mentions_before[id as usize] = self.mentions.len();
    }

    /// The declaration of this name has been passed, be it of a variable or of a field.
    pub(super) fn set_name(&mut self, name: &Name) {
        match self.meaning(name.id) {
            Meaning::Variable(id) => self.set(id),
            Meaning::Member { member: Member::Field(field), .. } => {
                if let Some(members) = self.scopes.last_mut().and_then(|scope| scope.members.as_mut()) {
                    members.set.insert(field);
                }
            }
            Meaning::Member { member: Member::Method(_), .. } | Meaning::Builtin(_) | Meaning::None => {}
        }
    }

    pub(super) fn meaning(&self, id: u32) -> Meaning {
        self.answers.meanings.get(id as usize).copied().unwrap_or_default()
    }

    pub(super) fn set_meaning(&mut self, id: u32, meaning: Meaning) {
        if let Some(place) = self.answers.meanings.get_mut(id as usize) {
            *place = meaning;
        }
    }

    /// What a name that is read means. `called`: it stands before the brackets of a call that the same thread makes.
    pub(super) fn use_name(&mut self, name: &Name, called: bool) {
        self.find(name, called, false);
    }

    pub(super) fn assign_name(&mut self, name: &Name) {
        self.find(name, false, true);
        if let Meaning::Variable(id) = self.meaning(name.id) {
            self.answers.variables[id as usize].assigned = true;
        }
    }

    fn find(&mut self, name: &Name, called: bool, assigned: bool) {
        match self.look_up(&name.text) {
            Ok(meaning) => {
                self.set_meaning(name.id, meaning);
                match meaning {
                    Meaning::Variable(id) => self.mention(id, called),
                    Meaning::Member { self_variable, .. } => self.mention(self_variable, false),
                    Meaning::Builtin(_) | Meaning::None => {}
                }
            }
            Err(Some(later)) => self.report_too_early(name, later),
            Err(None) => self.report_undefined(name, assigned),
        }
    }

    /// The meaning; otherwise the declaration that stands too late, if there is one.
    ///
    /// A variable is known from its declaration on. A function nested in the one where the variable lives runs
    /// later, perhaps, so it may name what is declared after it.
    fn look_up(&self, text: &str) -> Result<Meaning, Option<Later>> {
        let mut later = None;
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            if let Some(&id) = scope.names.get(text) {
                if self.declared_at[id as usize].is_some() || scope.function != self.current {
                    return Ok(Meaning::Variable(id));
                }
                later.get_or_insert(Later { span: self.answers.variables[id as usize].span });
            }
            let Some(members) = &scope.members else { continue };
            let Some(&(member, span)) = members.names.get(text) else { continue };
            let set = match member {
                Member::Field(field) => members.set.contains(&field),
                Member::Method(_) => true,
            };
            if !set && scope.function == self.current {
                later.get_or_insert(Later { span });
                continue;
            }
            if let Some(self_variable) = self.self_at(depth) {
                return Ok(Meaning::Member { self_variable, class: members.class, member });
            }
        }
        match self.builtins.find(text) {
            Some(index) => Ok(Meaning::Builtin(index)),
            None => Err(later),
        }
    }

    /// The `self` by which the members in the scope at this depth are reached from here: that of the method,
    /// the initialiser or the `run` block that is being walked through.
    fn self_at(&self, depth: usize) -> Option<VariableId> {
        let within = self.scopes.get(depth + 1).map_or(self.current, |scope| scope.function);
        let class = self.scopes[depth].members.as_ref()?.class;
        let mut next = Some(within);
        while let Some(id) = next {
            let function = &self.answers.functions[id as usize];
            if function.class == Some(class) {
                return function.self_variable;
            }
            next = function.parent;
        }
        None
    }

    /// `self`, where it means something.
    pub(super) fn use_self(&mut self, id: u32, span: Span) {
        let depth = self.scopes.iter().rposition(|scope| scope.members.is_some());
        match depth.and_then(|depth| self.self_at(depth)) {
            Some(variable) => {
                self.set_meaning(id, Meaning::Variable(variable));
                self.mention(variable, false);
            }
            None => {
                let report = Diagnostic::error(Code::Misplaced, span, "\"self\" outside a class")
                    .label("there is no object here");
                self.found.push(
                    report
                        .note("\"self\" is the object whose method runs")
                        .hint("the thread that runs is `current_thread()`"),
                );
            }
        }
    }

    /// Whether a variable that is declared here would be called like a member of the class around it.
    fn refuse_shadowing_member(&mut self, name: &Name) {
        let members = self.scopes.iter().rev().find_map(|scope| scope.members.as_ref());
        let Some(members) = members else { return };
        let Some(&(_, span)) = members.names.get(&name.text) else { return };
        let class = self.answers.classes[members.class as usize].name.clone();
        let message = format!("\"{}\" is already a member of {class}", name.text);
        self.found.push(
            Diagnostic::error(Code::ShadowedMember, name.span, message)
                .label("a local variable with the name of a member")
                .other(span, "the member")
                .note("members are seen by their bare names, so a local of the same name would hide it")
                .hint("choose another name for the local variable"),
        );
    }

    fn note_shadowing_builtin(&mut self, name: &Name, kind: VariableKind) {
        let worth_it = match kind {
            VariableKind::Let
            | VariableKind::Var
            | VariableKind::ThreadLocal
            | VariableKind::Declared
            | VariableKind::Function(_)
            | VariableKind::Class(_)
            | VariableKind::Template(_) => true,
            // Short-lived, and seldom meant for anything but their own few lines.
            VariableKind::Parameter
            | VariableKind::Loop
            | VariableKind::Error
            | VariableKind::SelfReference => false,
        };
        if !worth_it || self.builtins.internal || self.builtins.find(&name.text).is_none() {
            return;
        }
        self.found.push(
            Diagnostic::remark(
                Code::ShadowedBuiltin,
                name.span,
                format!("\"{}\" hides the builtin of that name", name.text),
            )
            .label(format!("from here on `{}` means this", name.text)),
        );
    }

    /// `changes`: the one that was there first can be assigned to.
    pub(super) fn report_duplicate(&mut self, name: &Name, first: Span, changes: bool) {
        let line = self.source.line(first.start);
        let hint = match changes {
            true => format!("choose another name, or assign to the one of line {line}: `{} = …`", name.text),
            false => "choose another name".to_string(),
        };
        self.found.push(
            Diagnostic::error(Code::DuplicateName, name.span, format!("\"{}\" is declared twice", name.text))
                .label("declared again here")
                .other(first, "first declared here")
                .hint(hint),
        );
    }

    fn report_too_early(&mut self, name: &Name, later: Later) {
        let line = self.source.line(later.span.start);
        self.found.push(
            Diagnostic::error(
                Code::UsedBeforeDeclaration,
                name.span,
                format!("\"{}\" is used before its declaration in line {line}", name.text),
            )
            .label("used here")
            .other(later.span, "declared here")
            .hint("move the declaration up"),
        );
    }

    /// One report for each unknown name; further places are added to it.
    fn report_undefined(&mut self, name: &Name, assigned: bool) {
        if let Some((report, lines)) = self.undefined.get_mut(&name.text) {
            let line = self.source.line(name.span.start);
            let first = self.source.line(self.found[*report].span.start);
            if line != first {
                lines.insert(line);
            }
            return;
        }
        let before = self.source.text[..name.span.start as usize].trim_end();
        let after = &self.source.text[name.span.end as usize..];
        let mut report =
            Diagnostic::error(Code::UndefinedName, name.span, format!("undefined name \"{}\"", name.text))
                .label("not declared anywhere");
        if matches!(&*name.text, "ensure" | "invariant") && !assigned {
            let hint =
                format!("as a statement it is followed by a space and a condition: `{} x == 1`", name.text);
            report = report.hint(hint);
        } else if matches!(&*name.text, "Thread") && after.starts_with(".sleep") {
            report = report.hint("`sleep 10ms` sleeps: a number with its unit");
        } else if before.ends_with("start") && !after.starts_with('.') {
            let hint = format!(
                "declare what a thread is to run: `thread {0}(…) {{ … }}`, or `fn {0}(…) {{ … }}`",
                name.text
            );
            report = report.hint(hint);
        } else if matches!(&*name.text, "Thread" | "thread") {
            let hint = "a thread is started with `start`: `let t = start f(x)`, or `start { … }`; `thread work(n) { … }` declares a template";
            report = report.hint(hint);
        } else if &*name.text == "pass" && !assigned {
            report = report.hint("a block may be empty: `{ }`");
        } else if matches!(&*name.text, "end" | "begin") && !assigned && !after.starts_with(['.', '(']) {
            report = report.hint("a block stands in braces: `{ … }`");
        } else if before.ends_with("//") && !assigned {
            report = report.hint("a comment begins with `#`; `//` divides");
        } else if suggest::is_unit(&name.text) && before.ends_with('*') {
            report = report
                .hint("a duration is a number with its unit: `5s`, `250ms`; a number of them is `n * 1s`");
        } else if before.ends_with("on signal") {
            report = report.hint(format!("a signal's name is a text: `on signal \"{}\" {{ … }}`", name.text));
        } else if &*name.text == "this" && !self.in_class() {
            report = report.hint("there is no object here; the thread that runs is `current_thread()`");
        } else if &*name.text == "name" && !assigned && self.in_thread() {
            report = report.hint("the name of the thread that runs is `current_thread().name`");
        } else if let Some(line) = self.closed.get(&name.text).map(|span| self.source.line(span.start)) {
            report = report.hint(format!(
                "the `{0}` of line {line} is seen only within its block: declare it before that block",
                name.text
            ));
        } else if let Some(hint) = suggest::module(&name.text).filter(|_| !assigned) {
            report = report.hint(hint);
        } else if let Some(near) =
            (self.undefined.len() < SUGGESTED).then(|| self.suggest(&name.text)).flatten()
        {
            report = report.hint(format!("did you mean \"{near}\"?"));
        } else if self.builtins.have_method(&name.text) && after.starts_with('(') {
            report = report.hint(format!("it is a method of something: `x.{}(…)`", name.text));
        } else if assigned {
            report = report.hint(format!("a new variable is declared with `var`: `var {} = …`", name.text));
        } else if after.starts_with('(') {
            report = report.hint(format!("a function is declared like this: `fn {}(…) {{ … }}`", name.text));
        } else {
            report = report.hint(format!("declare it before it is used: `let {} = …`", name.text));
        }
        self.undefined.insert(name.text.clone(), (self.found.len(), BTreeSet::new()));
        self.found.push(report);
    }

    /// The visible name that was probably meant.
    fn suggest(&self, wanted: &str) -> Option<String> {
        let known =
            |text: &str| matches!(text, "true" | "false" | "nil" | "self") || self.look_up(text).is_ok();
        if let Some(native) = suggest::native(wanted)
            && known(native)
        {
            return Some(native.to_string());
        }
        let own = self.scopes.iter().flat_map(Scope::texts);
        suggest::closest(wanted, own.chain(self.builtins.names())).map(str::to_string)
    }

    /// Adds the further places of each unknown name to its report.
    pub(super) fn finish_undefined(&mut self) {
        for (index, lines) in self.undefined.values() {
            if lines.is_empty() {
                continue;
            }
            let mut shown: Vec<String> = lines.iter().take(LINES_SHOWN).map(u32::to_string).collect();
            if lines.len() > LINES_SHOWN {
                shown.push(format!("{} more", lines.len() - LINES_SHOWN));
            }
            let word = if lines.len() == 1 { "line" } else { "lines" };
            self.found[*index].notes.push(format!("also in {word} {}", super::list_of(&shown)));
        }
    }
}
