//! What is known before running of functions and of what names hold: enough to check calls, never more than is
//! certain. What may be assigned again holds nothing known.

use super::super::{
    Builtins, ClassId, ClassKind, FunctionId, Meaning, Member, Resolution, VariableId, VariableKind,
};
use super::signature::{self, Signature};
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::builtin::Body;
use crate::source::{Source, Span};
use crate::syntax::tree::{
    self, DeclarationKind, Expression, ExpressionKind, FunctionBody, Name, Pattern, Script, Statement,
    StatementKind,
};
use crate::value::Type;
use std::collections::HashMap;

/// What an expression is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Something to wait for. `waits_to_put`: a queue with a limit.
    Thing {
        kind: Type,
        waits_to_put: bool,
    },
    /// A list of things: `lock forks[5]`.
    Things {
        kind: Type,
        waits_to_put: bool,
    },
    Function(FunctionId),
    Builtin(u32),
    Class(ClassId),
    Template(FunctionId),
    Instance(ClassId),
    /// A thread of this template, or one that runs something else.
    Thread(Option<FunctionId>),
    Timer,
    /// A value that is written down: `a text`, `a number`.
    Plain(&'static str),
}

pub struct Facts<'t> {
    pub answers: &'t Resolution,
    pub builtins: &'t Builtins,
    pub source: &'t Source,
    signatures: HashMap<FunctionId, Signature>,
    /// The names of functions, templates and classes that have been declared: where the function's is.
    named: HashMap<FunctionId, Span>,
    variables: HashMap<VariableId, Holds>,
    fields: HashMap<(ClassId, u32), Holds>,
    pub bodies: HashMap<FunctionId, &'t FunctionBody>,
    /// Where errors may be meant, because somebody may catch them.
    caught: Vec<Span>,
}

impl<'t> Facts<'t> {
    pub fn gather(
        script: &'t Script,
        answers: &'t Resolution,
        builtins: &'t Builtins,
        source: &'t Source,
    ) -> Facts<'t> {
        let mut facts = Facts {
            answers,
            builtins,
            source,
            signatures: HashMap::new(),
            named: named(answers),
            variables: HashMap::new(),
            fields: HashMap::new(),
            bodies: HashMap::new(),
            caught: Vec::new(),
        };
        facts.block(&script.body);
        facts
    }

    pub fn meaning(&self, name: &Name) -> Meaning {
        self.answers.meanings.get(name.id as usize).copied().unwrap_or_default()
    }

    pub fn function_of(&self, id: u32) -> Option<FunctionId> {
        self.answers.function_of.get(id as usize).copied().flatten()
    }

    /// Whether an error there may be caught: in a `try`, or in a function that is handed to a function of the script.
    pub fn may_be_caught(&self, span: Span) -> bool {
        self.caught.iter().any(|caught| caught.start <= span.start && span.end <= caught.end)
    }

    /// How a function of the script is called.
    pub fn signature(&self, function: FunctionId) -> Option<&Signature> {
        self.signatures.get(&function)
    }

    /// What calling it takes, when it is known what is called.
    pub fn signature_of(&self, callee: Holds) -> Option<Signature> {
        match callee {
            Holds::Function(function) | Holds::Template(function) => self.signature(function).cloned(),
            Holds::Class(class) => self.signature(self.answers.classes[class as usize].initialiser).cloned(),
            Holds::Builtin(index) => {
                let row = &self.builtins.functions[index as usize];
                Some(signature::of_row(row.name.to_string(), row))
            }
            Holds::Thing { .. }
            | Holds::Things { .. }
            | Holds::Instance(_)
            | Holds::Thread(_)
            | Holds::Timer
            | Holds::Plain(_) => None,
        }
    }

    /// What the expression is known to be.
    pub fn holds(&self, expression: &Expression) -> Option<Holds> {
        match &expression.kind {
            ExpressionKind::Bool(_) => Some(Holds::Plain("true or false")),
            ExpressionKind::Int(_) | ExpressionKind::Float(_) => Some(Holds::Plain("a number")),
            ExpressionKind::Duration(_) => Some(Holds::Plain("a duration")),
            ExpressionKind::Text(_) => Some(Holds::Plain("a text")),
            ExpressionKind::Nil => Some(Holds::Plain("nil")),
            ExpressionKind::List(_) | ExpressionKind::Comprehension { .. } => Some(Holds::Plain("a list")),
            ExpressionKind::Map(_) => Some(Holds::Plain("a map")),
            ExpressionKind::Range { .. } => Some(Holds::Plain("a range")),
            ExpressionKind::Name(name) => self.name_holds(name),
            ExpressionKind::SelfReference(id) => {
                let meaning = self.answers.meanings.get(*id as usize).copied().unwrap_or_default();
                let Meaning::Variable(variable) = meaning else { return None };
                let home = self.answers.variables[variable as usize].function;
                self.instance(self.answers.functions[home as usize].class?)
            }
            ExpressionKind::Call { callee, arguments } => self.call_holds(callee, arguments),
            ExpressionKind::Index { object, index } => match (self.holds(object)?, &index.kind) {
                (Holds::Things { .. }, ExpressionKind::Range { .. }) => None,
                (Holds::Things { kind, waits_to_put }, _) => Some(Holds::Thing { kind, waits_to_put }),
                _ => None,
            },
            ExpressionKind::Field { object, name } => self.field_holds(self.holds(object)?, &name.text),
            ExpressionKind::Function(function) => self.function_of(function.id).map(Holds::Function),
            ExpressionKind::StartBlock { .. } => Some(Holds::Thread(None)),
            ExpressionKind::Start(what) => match self.holds(what) {
                Some(Holds::Template(function)) => Some(Holds::Thread(Some(function))),
                Some(Holds::Thread(function)) => Some(Holds::Thread(function)),
                Some(Holds::Timer) => Some(Holds::Timer),
                _ => {
                    let ExpressionKind::Call { callee, .. } = &what.kind else { return None };
                    matches!(self.holds(callee), Some(Holds::Function(_))).then_some(Holds::Thread(None))
                }
            },
            ExpressionKind::Atomically(value) => self.holds(value),
            ExpressionKind::Invalid
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary { .. }
            | ExpressionKind::And(..)
            | ExpressionKind::Or(..)
            | ExpressionKind::Compare { .. }
            | ExpressionKind::Conditional { .. } => None,
        }
    }

    /// What a declared variable holds at first, also if the script assigns to it, which it may not.
    pub fn declared_as(&self, variable: u32) -> Option<Holds> {
        self.variables.get(&variable).copied()
    }

    pub fn name_holds(&self, name: &Name) -> Option<Holds> {
        match self.meaning(name) {
            Meaning::None => None,
            Meaning::Builtin(index) => {
                // A builtin that is no function (such as `pi`) can be anything.
                let row = &self.builtins.functions[index as usize];
                matches!(row.body, Body::Native(_) | Body::Script(_)).then_some(Holds::Builtin(index))
            }
            Meaning::Member { class, member: Member::Field(field), .. } => {
                self.fields.get(&(class, field)).copied()
            }
            Meaning::Member { class, member: Member::Method(method), .. } => {
                Some(Holds::Function(self.answers.classes[class as usize].methods[method as usize].function))
            }
            Meaning::Variable(id) => {
                let variable = &self.answers.variables[id as usize];
                if variable.assigned {
                    return None;
                }
                match variable.kind {
                    VariableKind::Function(function) => Some(Holds::Function(function)),
                    VariableKind::Class(class) => Some(Holds::Class(class)),
                    VariableKind::Template(function) => Some(Holds::Template(function)),
                    VariableKind::Let
                    | VariableKind::Var
                    | VariableKind::ThreadLocal
                    | VariableKind::Parameter
                    | VariableKind::Loop
                    | VariableKind::Error
                    | VariableKind::SelfReference
                    | VariableKind::Declared => self.variables.get(&id).copied(),
                }
            }
        }
    }

    fn instance(&self, class: ClassId) -> Option<Holds> {
        let class_row = &self.answers.classes[class as usize];
        Some(match class_row.kind {
            ClassKind::Class | ClassKind::Monitor => Holds::Instance(class),
            ClassKind::Thread { .. } => Holds::Thread(Some(class_row.initialiser)),
        })
    }

    fn call_holds(&self, callee: &Expression, arguments: &[tree::Argument]) -> Option<Holds> {
        match self.holds(callee)? {
            Holds::Class(class) => self.instance(class),
            Holds::Template(function) => Some(Holds::Thread(Some(function))),
            Holds::Builtin(index) => {
                let name = self.builtins.functions[index as usize].name;
                if name == "timer" {
                    return Some(Holds::Timer);
                }
                if matches!(name, "current_thread" | "main_thread") {
                    // One of a template may have members of its own.
                    let classes = &self.answers.classes;
                    let plain = !classes.iter().any(|class| matches!(class.kind, ClassKind::Thread { .. }));
                    return plain.then_some(Holds::Thread(None));
                }
                let kind = DeclarationKind::ALL.into_iter().find(|kind| kind.maker() == name)?;
                Some(thing(kind, !arguments.is_empty()))
            }
            Holds::Function(_)
            | Holds::Thing { .. }
            | Holds::Things { .. }
            | Holds::Instance(_)
            | Holds::Thread(_)
            | Holds::Timer
            | Holds::Plain(_) => None,
        }
    }

    /// What `object.name` is, for a known object.
    pub fn field_holds(&self, object: Holds, name: &str) -> Option<Holds> {
        match object {
            Holds::Thing { kind: Type::RwLock, .. } if matches!(name, "read" | "write") => {
                Some(Holds::Thing { kind: Type::Side, waits_to_put: false })
            }
            Holds::Instance(class) => self.member_holds(class, name),
            Holds::Thread(Some(function)) => {
                self.member_holds(self.answers.functions[function as usize].class?, name)
            }
            Holds::Thing { .. }
            | Holds::Things { .. }
            | Holds::Function(_)
            | Holds::Builtin(_)
            | Holds::Class(_)
            | Holds::Template(_)
            | Holds::Thread(None)
            | Holds::Timer
            | Holds::Plain(_) => None,
        }
    }

    fn member_holds(&self, class: ClassId, name: &str) -> Option<Holds> {
        let row = &self.answers.classes[class as usize];
        if let Some(method) = row.methods.iter().find(|method| &*method.name == name) {
            return Some(Holds::Function(method.function));
        }
        let field = row.fields.iter().position(|field| &*field.name == name)?;
        self.fields.get(&(class, field as u32)).copied()
    }

    /// Whether the function is what a process template became.
    pub fn is_process(&self, function: FunctionId) -> bool {
        self.answers.functions[function as usize].process
    }

    /// `process` for a process or its template, else `thread`.
    pub fn word_of_threads(&self, held: Holds) -> &'static str {
        match held {
            Holds::Template(function) | Holds::Thread(Some(function)) if self.is_process(function) => {
                "process"
            }
            _ => "thread",
        }
    }

    /// In a sentence: `a queue`, `the function area`.
    pub fn describe(&self, held: Holds) -> String {
        let function = |id: FunctionId| self.answers.functions[id as usize].name.clone();
        let class = |id: ClassId| self.answers.classes[id as usize].name.clone();
        match held {
            Holds::Thing { kind, .. } => with_article(kind),
            Holds::Things { kind, .. } => format!("a list of {}s", kind.word()),
            Holds::Function(id) => format!("the function {}", function(id)),
            Holds::Builtin(index) => format!("the builtin {}", self.builtins.functions[index as usize].name),
            Holds::Class(id) => format!("the class {}", class(id)),
            Holds::Template(id) => format!("the {} {}", self.word_of_threads(held), function(id)),
            Holds::Instance(id) => format!("an object of class {}", class(id)),
            Holds::Thread(_) => format!("a {}", self.word_of_threads(held)),
            Holds::Timer => "a timer".to_string(),
            Holds::Plain(word) => word.to_string(),
        }
    }

    /// Where a function's name is declared.
    fn declared_at(&self, function: FunctionId) -> Span {
        let named = self.named.get(&function).copied();
        named.unwrap_or_else(|| self.answers.functions[function as usize].span.at_start())
    }

    fn remember(&mut self, pattern: &Pattern, value: Option<Holds>) {
        if let (Pattern::Name(name), Some(value)) = (pattern, value) {
            self.remember_name(name, value);
        }
    }

    fn remember_name(&mut self, name: &Name, value: Holds) {
        match self.meaning(name) {
            Meaning::Variable(id) => {
                self.variables.insert(id, value);
            }
            Meaning::Member { class, member: Member::Field(field), .. } => {
                if !self.answers.classes[class as usize].fields[field as usize].mutable {
                    self.fields.insert((class, field), value);
                }
            }
            Meaning::Member { member: Member::Method(_), .. } | Meaning::Builtin(_) | Meaning::None => {}
        }
    }

    fn remember_signature(&mut self, id: u32, parameters: &[tree::Parameter]) {
        let Some(function) = self.function_of(id) else { return };
        let name = self.answers.functions[function as usize].name.to_string();
        let declared = self.declared_at(function);
        self.signatures.insert(function, signature::of_parameters(name, parameters, declared));
    }

    fn remember_function(&mut self, function: &'t tree::Function) {
        self.remember_signature(function.id, &function.parameters);
        if let Some(id) = self.function_of(function.id) {
            self.bodies.insert(id, &function.body);
        }
    }
}

/// Where the name of each function is declared that has one.
fn named(answers: &Resolution) -> HashMap<FunctionId, Span> {
    let mut named = HashMap::new();
    for variable in &answers.variables {
        let Some(function) = answers.declared_function(variable.kind) else { continue };
        named.entry(function).or_insert(variable.span);
    }
    named
}

/// `a queue`, `an event`.
pub fn with_article(kind: Type) -> String {
    let word = kind.word();
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// What a declaration of that kind makes.
fn thing(kind: DeclarationKind, with_arguments: bool) -> Holds {
    let waits_to_put = kind == DeclarationKind::Queue && with_arguments;
    Holds::Thing { kind: type_of(kind), waits_to_put }
}

/// Whether it is something to wait for, and no container.
fn is_thing(kind: DeclarationKind) -> bool {
    !matches!(kind, DeclarationKind::Array | DeclarationKind::List | DeclarationKind::Map)
}

pub fn type_of(kind: DeclarationKind) -> Type {
    match kind {
        DeclarationKind::Lock => Type::Lock,
        DeclarationKind::RLock => Type::RLock,
        DeclarationKind::RwLock => Type::RwLock,
        DeclarationKind::Semaphore => Type::Semaphore,
        DeclarationKind::Condition => Type::Condition,
        DeclarationKind::Event => Type::Event,
        DeclarationKind::Barrier => Type::Barrier,
        DeclarationKind::Latch => Type::Latch,
        DeclarationKind::Queue => Type::Queue,
        DeclarationKind::Atomic => Type::Atomic,
        DeclarationKind::Pool | DeclarationKind::ProcessPool => Type::Pool,
        DeclarationKind::Pipe => Type::Pipe,
        DeclarationKind::Array => Type::Array,
        DeclarationKind::List => Type::List,
        DeclarationKind::Map => Type::Map,
    }
}

/// Gathers in the order of the text, so what is declared is known to all that follows.
impl<'t> Visitor<'t> for Facts<'t> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Let { pattern, value } | StatementKind::Var { pattern, value, .. } =
            &statement.kind
        {
            // Another name for a function is a value like any other: what it takes is not followed up.
            if !matches!(value.kind, ExpressionKind::Name(_)) {
                self.remember(pattern, self.holds(value));
            }
        } else if let StatementKind::For { pattern, items, .. }
        | StatementKind::ParallelFor { pattern, items, .. } = &statement.kind
        {
            if let Some(Holds::Things { kind, waits_to_put }) = self.holds(items) {
                self.remember(pattern, Some(Holds::Thing { kind, waits_to_put }));
            }
        } else if let StatementKind::Declare(declaration) = &statement.kind {
            for item in &declaration.items {
                if !is_thing(declaration.kind) {
                    continue;
                }
                let one = thing(declaration.kind, !item.arguments.is_empty());
                let held = match (one, &item.count) {
                    (Holds::Thing { kind, waits_to_put }, Some(_)) => Holds::Things { kind, waits_to_put },
                    (one, _) => one,
                };
                self.remember_name(&item.name, held);
            }
        } else if let StatementKind::Try { body, catches, .. } = &statement.kind {
            if !catches.is_empty() {
                self.caught.push(body.span);
            }
        } else if let StatementKind::Timer(timer) = &statement.kind {
            self.remember_name(&timer.name, Holds::Timer);
        } else if let StatementKind::Function(function) = &statement.kind {
            self.remember_function(function);
        } else if let StatementKind::Class(class) = &statement.kind {
            self.remember_signature(class.id, &class.parameters);
            if let Some(id) = self.answers.class_of.get(class.id as usize).copied().flatten() {
                self.remember_name(&class.name, Holds::Class(id));
            }
        } else if let StatementKind::Thread(template) = &statement.kind {
            self.remember_signature(template.id, &template.parameters);
            if let Some(id) = self.function_of(template.id) {
                self.remember_name(&template.name, Holds::Template(id));
            }
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Function(function) = &expression.kind {
            self.remember_function(function);
        } else if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && !matches!(callee.kind, ExpressionKind::Field { .. })
            && !matches!(self.holds(callee), Some(Holds::Builtin(_)))
        {
            let functions = arguments.iter().map(|argument| &argument.value);
            let functions = functions.filter(|value| matches!(value.kind, ExpressionKind::Function(_)));
            self.caught.extend(functions.map(|value| value.span));
        }
        walk_expression(self, expression);
    }
}
