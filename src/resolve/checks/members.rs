//! Methods and properties that a thing of known type does not have.

use super::super::{ClassId, suggest};
use super::Findings;
use super::facts::{Facts, Holds};
use super::visit::{Visitor, walk_expression};
use crate::builtin::Row;
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{Expression, ExpressionKind, Name};
use crate::value::{Type, foreign};

pub struct UnknownMembers<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

/// Of `thread` and `process`.
fn plural(word: &str) -> String {
    format!("{word}{}", if word.ends_with('s') { "es" } else { "s" })
}

/// The class whose members it has.
pub fn class_of(facts: &Facts<'_>, held: Holds) -> Option<ClassId> {
    match held {
        Holds::Instance(class) => Some(class),
        Holds::Thread(function) => facts.answers.functions[function? as usize].class,
        Holds::Thing { .. }
        | Holds::Things { .. }
        | Holds::Function(_)
        | Holds::Builtin(_)
        | Holds::Class(_)
        | Holds::Template(_)
        | Holds::Timer
        | Holds::Plain(_) => None,
    }
}

/// The type whose builtin methods and properties it has.
pub fn type_of(facts: &Facts<'_>, held: Holds) -> Option<Type> {
    match held {
        Holds::Thing { kind, .. } => Some(kind),
        Holds::Instance(_) => Some(Type::Object),
        Holds::Thread(Some(function)) if facts.is_process(function) => Some(Type::Process),
        Holds::Thread(_) | Holds::Timer => Some(Type::Thread),
        Holds::Things { .. } => Some(Type::List),
        Holds::Function(_) | Holds::Builtin(_) | Holds::Class(_) | Holds::Template(_) | Holds::Plain(_) => {
            None
        }
    }
}

impl<'t> Visitor<'t> for UnknownMembers<'_, '_, 't> {
    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Field { object, name } = &expression.kind {
            match self.found.facts.holds(object) {
                Some(held) => self.member(object, held, name),
                None => self.foreign(name),
            }
        }
        walk_expression(self, expression);
    }
}

impl UnknownMembers<'_, '_, '_> {
    fn member(&mut self, object: &Expression, held: Holds, name: &Name) {
        let facts = self.found.facts;
        if let Holds::Template(_) = held {
            return self.of_template(object, held, name);
        }
        if let Holds::Builtin(index) = held {
            return self.of_builtin(&facts.builtins.functions[index as usize], object, name);
        }
        let Some(kind) = type_of(facts, held) else { return };
        let methods = (facts.builtins.methods)(kind).iter().map(|row| row.name);
        let properties = (facts.builtins.properties)(kind).iter().map(|row| row.name);
        let mut known: Vec<&str> = methods.chain(properties).collect();
        let mut owner = kind.word().to_string();
        let class = class_of(facts, held).map(|class| &facts.answers.classes[class as usize]);
        // A type of which the table says nothing is not known here.
        if known.is_empty() && class.is_none() {
            return;
        }
        let inside = matches!(object.kind, ExpressionKind::SelfReference(_));
        if let Some(class) = class {
            owner = class.name.to_string();
            known.extend(class.methods.iter().map(|method| &*method.name));
            let private = class.fields.iter().any(|field| field.private && *field.name == *name.text);
            if private && !inside && !known.contains(&&*name.text) {
                let message = format!("the parameter \"{}\" of {owner} is seen only inside it", name.text);
                let report = Diagnostic::error(Code::UnknownMember, name.span, message);
                let hint = format!("keep it in a member to show it: `let my_{0} = {0}`", name.text);
                return self.found.unless_caught(report.hint(hint));
            }
            let fields = class.fields.iter().filter(|field| inside || !field.private);
            known.extend(fields.map(|field| &*field.name));
        }
        if known.contains(&&*name.text) {
            return;
        }
        let message = format!("{owner} has no \"{}\"", name.text);
        let report = Diagnostic::error(Code::UnknownMember, name.span, message);
        let thread = matches!(held, Holds::Thread(_) | Holds::Timer);
        if thread && matches!(&*name.text, "start" | "run") {
            let object = self.found.written(object.span).unwrap_or("t");
            let word = facts.word_of_threads(held);
            let hint = format!("`start {object}` starts it; its body runs in a {word} of its own");
            return self.found.unless_caught(report.hint(hint));
        }
        let runs = class.is_some_and(|class| class.methods.iter().any(|method| &*method.name == "run"));
        if kind == Type::Object && &*name.text == "start" && runs {
            let object = self.found.written(object.span).unwrap_or("x");
            let hint = format!("`start {object}.run()` runs the method in a thread of its own");
            return self.found.unless_caught(report.hint(hint));
        }
        if kind == Type::Object && matches!(&*name.text, "join" | "is_alive" | "alive" | "result") && runs {
            let object = self.found.written(object.span).unwrap_or("x");
            let hint =
                format!("what is started has it: `let t = start {object}.run()`, and then `t.{}`", name.text);
            return self.found.unless_caught(report.hint(hint));
        }
        if let Some(hint) = foreign::gives_back(kind, &name.text) {
            return self.found.unless_caught(report.hint(hint));
        }
        if held == Holds::Timer && foreign::ends_threads(&name.text) {
            return self.found.unless_caught(report.hint("here it is `cancel()`"));
        }
        if kind == Type::Thread && (foreign::ends_threads(&name.text) || &*name.text == "cancel") {
            let hint = "no thread can be ended from outside: let it look at an event, and set that";
            return self.found.unless_caught(report.hint(hint));
        }
        let has = || known.iter().copied().filter(|name| !name.starts_with("__")).collect::<Vec<_>>();
        let native = || foreign::native_of(kind, &name.text).or_else(|| foreign::native(&name.text));
        let report = if let Some(near) = suggest::closest(&name.text, known.iter().copied()) {
            report.hint(format!("did you mean \"{near}\"?"))
        } else if let Some(native) = native() {
            report.hint(format!("here it is `{native}`"))
        } else if inside && class.is_some() {
            report.hint(format!("declare it among the members: `var {} = …`", name.text))
        } else if has().is_empty() {
            report
        } else {
            report.hint(format!("it has: {}", has().join(", ")))
        };
        self.found.unless_caught(report);
    }

    /// `current_thread.name` is the name of the function.
    fn of_builtin(&mut self, row: &Row, object: &Expression, name: &Name) {
        if !row.parameters.is_empty() || &*name.text != "name" {
            return;
        }
        let message = format!("this is the name of the function {}, which is not called", row.name);
        let report = Diagnostic::warning(Code::NoEffect, object.span, message);
        self.found.unless_caught(report.hint(format!("did you mean `{}().{}`?", row.name, name.text)));
    }

    /// The threads that a template makes have the members, not the template itself.
    fn of_template(&mut self, object: &Expression, held: Holds, name: &Name) {
        let facts = self.found.facts;
        if (facts.builtins.properties)(Type::Function).iter().any(|row| row.name == &*name.text) {
            return;
        }
        let template = self.found.written(object.span).unwrap_or("it");
        let word = facts.word_of_threads(held);
        let message =
            format!("{template} is a template of {} and has no \"{}\" itself", plural(word), name.text);
        let report = Diagnostic::error(Code::UnknownMember, name.span, message);
        let hint = match &*name.text {
            "start" | "run" => format!("`start {template}` makes a {word} of it and starts it"),
            _ => format!("a {word} made of it may have: `let t = start {template}`, then `t.{}`", name.text),
        };
        self.found.unless_caught(report.hint(hint));
    }

    /// A method of another language's threads and locks, which no class of the script has.
    fn foreign(&mut self, name: &Name) {
        let Some(native) = foreign::native(&name.text) else { return };
        let own = |text: &str| text == &*name.text;
        let classes = &self.found.facts.answers.classes;
        let known = classes.iter().any(|class| {
            class.methods.iter().any(|method| own(&method.name))
                || class.fields.iter().any(|field| own(&field.name))
        });
        if !known {
            let message = format!("nothing in conc has a method \"{}\"", name.text);
            let report = Diagnostic::warning(Code::UnknownMember, name.span, message);
            self.found.unless_caught(report.hint(format!("did you mean `{native}`?")));
        }
    }
}
