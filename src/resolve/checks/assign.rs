//! Assignments to what never changes.

use super::super::{ClassKind, Meaning, Member, VariableKind};
use super::facts::Holds;
use super::visit::{Visitor, walk_statement};
use super::{Findings, members};
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{DeclarationKind, Expression, ExpressionKind, Name, Statement, StatementKind};
use crate::value::Type;

pub struct Assignments<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

impl<'t> Visitor<'t> for Assignments<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Assign { target, .. } = &statement.kind {
            self.target(target);
        }
        walk_statement(self, statement);
    }
}

impl Assignments<'_, '_, '_> {
    fn target(&mut self, target: &Expression) {
        if let ExpressionKind::Name(name) = &target.kind {
            self.name(name);
        } else if let ExpressionKind::List(parts) = &target.kind {
            parts.iter().for_each(|part| self.target(part));
        } else if let ExpressionKind::Field { object, name } = &target.kind {
            self.field(object, name);
        }
    }

    fn name(&mut self, name: &Name) {
        match self.found.facts.meaning(name) {
            Meaning::None => {}
            Meaning::Builtin(_) => {
                let message = format!("\"{}\" is a builtin, which never changes", name.text);
                let report = Diagnostic::error(Code::CannotAssign, name.span, message);
                let thing = DeclarationKind::ALL.into_iter().any(|kind| kind.maker() == &*name.text);
                self.found.always(report.hint(match thing {
                    true => format!("one with a name of its own is declared: `{0} my_{0}`", name.text),
                    false => format!("for a variable of that name: `var {} = …`", name.text),
                }));
            }
            Meaning::Member { class, member: Member::Field(field), .. } => {
                if !self.found.facts.answers.classes[class as usize].fields[field as usize].mutable {
                    self.found.always(self.unchanging_field(class, field, name));
                }
            }
            Meaning::Member { member: Member::Method(_), .. } => {
                let message = format!("\"{}\" is a method, which never changes", name.text);
                self.found.always(Diagnostic::error(Code::CannotAssign, name.span, message));
            }
            Meaning::Variable(id) => self.variable(id, name),
        }
    }

    fn variable(&mut self, id: u32, name: &Name) {
        let variable = &self.found.facts.answers.variables[id as usize];
        let text = &name.text;
        let (what, hint) = match variable.kind {
            VariableKind::Var
            | VariableKind::ThreadLocal
            | VariableKind::Parameter
            | VariableKind::Loop
            | VariableKind::Error => return,
            VariableKind::Let => (
                "declared with `let`, so it never changes",
                Some(format!("declare it with `var` to change it: `var {text} = …`")),
            ),
            VariableKind::SelfReference => ("the object, which never changes", None),
            VariableKind::Declared => ("declared, so it never changes", self.inside(id, name)),
            VariableKind::Function(_) => ("a function, which never changes", None),
            VariableKind::Class(_) => ("a class, which never changes", None),
            VariableKind::Template(_) => ("a thread template, which never changes", None),
        };
        let report = Diagnostic::error(Code::CannotAssign, name.span, format!("\"{text}\" is {what}"))
            .label("assigned here")
            .other(variable.span, "declared here");
        self.found.always(match hint {
            Some(hint) => report.hint(hint),
            None => report,
        });
    }

    /// How what the declared thing holds is changed.
    fn inside(&self, id: u32, name: &Name) -> Option<String> {
        match self.found.facts.declared_as(id) {
            Some(Holds::Thing { kind: Type::Event, .. }) => {
                return Some(format!("it is set by `{0}.set()`, and unset by `{0}.clear()`", name.text));
            }
            Some(Holds::Thing { kind: Type::Queue, .. }) => {
                return Some(format!("what goes into it is put: `{0}.put(x)`", name.text));
            }
            _ => {}
        }
        let atomic =
            matches!(self.found.facts.declared_as(id), Some(Holds::Thing { kind: Type::Atomic, .. }));
        atomic.then(|| format!("what it holds is changed with `{0}.value = …`, or `{0}.add(1)`", name.text))
    }

    fn unchanging_field(&self, class: u32, field: u32, name: &Name) -> Diagnostic {
        let class = &self.found.facts.answers.classes[class as usize];
        let parameters = &self.found.facts.answers.functions[class.initialiser as usize].parameters;
        let (field_name, class_name) = (&name.text, &class.name);
        let (message, hint) = if (field as usize) < parameters.len() {
            (
                format!("\"{field_name}\" is a parameter of {class_name}, so it never changes"),
                format!("keep what changes in a member: `var my_{field_name} = {field_name}`"),
            )
        } else {
            (
                format!("\"{field_name}\" is not declared with `var` in {class_name}, so it never changes"),
                format!("declare it with `var`: `var {field_name} = …`"),
            )
        };
        Diagnostic::error(Code::CannotAssign, name.span, message).hint(hint)
    }

    /// `object.name = …`.
    fn field(&mut self, object: &Expression, name: &Name) {
        let facts = self.found.facts;
        let Some(held) = facts.holds(object) else { return };
        let inside = matches!(object.kind, ExpressionKind::SelfReference(_));
        if let Some(id) = members::class_of(facts, held) {
            let class = &facts.answers.classes[id as usize];
            let Some(field) = class.fields.iter().position(|field| *field.name == *name.text) else { return };
            let row = &class.fields[field];
            if class.kind == ClassKind::Monitor && !inside {
                let message =
                    format!("\"{}\" of monitor {} cannot be written from outside", name.text, class.name);
                let report = Diagnostic::error(Code::CannotAssign, name.span, message)
                    .note("only a monitor's methods change its fields, one at a time")
                    .hint(format!("give {} a method that does it", class.name));
                self.found.unless_caught(report);
            } else if !row.mutable && (inside || !row.private) {
                self.found.unless_caught(self.unchanging_field(id, field as u32, name));
            }
            return;
        }
        let Some(kind) = members::type_of(self.found.facts, held) else { return };
        let properties = (facts.builtins.properties)(kind);
        let Some(property) = properties.iter().find(|property| property.name == &*name.text) else { return };
        if property.set.is_none() {
            let message = format!("\"{}\" of {} cannot be assigned", name.text, facts.describe(held));
            self.found.unless_caught(Diagnostic::error(Code::CannotAssign, name.span, message));
        }
    }
}
