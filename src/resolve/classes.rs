//! Classes, monitors and threads with members: their fields and methods, and the bodies that see them by name.

use super::scopes::Members;
use super::{Class, ClassId, ClassKind, Field, FunctionId, FunctionKind, Meaning, Member, Method, Names};
use super::{VariableId, VariableKind};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::declared::Declared;
use crate::syntax::tree::{self, Block, Name, NodeId, Parameter, Statement, TemplateBody};
use crate::value::Type;
use std::collections::{HashMap, HashSet};

/// What every thread and process has, beside what the table of builtins says.
const OF_THREADS: &[&str] =
    &["name", "id", "daemon", "alive", "state", "result", "error", "waiting_on", "join", "start"];

impl Names<'_> {
    /// Makes a class known; its members follow when its statement is walked through.
    pub(super) fn new_class(&mut self, class: &tree::Class) -> ClassId {
        let kind = if class.monitor { ClassKind::Monitor } else { ClassKind::Class };
        let function =
            self.new_function(class.name.text.clone(), FunctionKind::Initialiser, class.span, Some(class.id));
        self.add_class(&class.name, kind, function, class.id)
    }

    /// Makes a thread template known: the function that is its body, or that makes its instance.
    pub(super) fn new_template(&mut self, template: &tree::Template) -> FunctionId {
        let kind = match template.body {
            TemplateBody::Plain(_) => FunctionKind::ThreadBody,
            TemplateBody::Members { .. } => FunctionKind::Initialiser,
        };
        let function = self.new_function(template.name.text.clone(), kind, template.span, Some(template.id));
        self.answers.functions[function as usize].process = template.process;
        if kind == FunctionKind::Initialiser {
            let kind = ClassKind::Thread { daemon: template.daemon, process: template.process };
            self.add_class(&template.name, kind, function, template.id);
        }
        function
    }

    fn add_class(&mut self, name: &Name, kind: ClassKind, initialiser: FunctionId, id: NodeId) -> ClassId {
        let class = self.answers.classes.len() as ClassId;
        self.answers.classes.push(Class {
            name: name.text.clone(),
            kind,
            initialiser,
            fields: Vec::new(),
            methods: Vec::new(),
            run: None,
        });
        self.answers.functions[initialiser as usize].class = Some(class);
        if let Some(place) = self.answers.class_of.get_mut(id as usize) {
            *place = Some(class);
        }
        class
    }

    pub(super) fn class(&mut self, class: &tree::Class) {
        self.members(class.id, &class.parameters, &class.members, None);
    }

    pub(super) fn template(&mut self, template: &tree::Template) {
        match &template.body {
            TemplateBody::Members { members, run, run_id } => {
                self.members(template.id, &template.parameters, members, Some((run, *run_id)));
            }
            TemplateBody::Plain(body) => {
                let Some(id) = self.function_of(template.id) else { return };
                self.inside(id, |names| {
                    names.open();
                    names.parameters(id, &template.parameters);
                    names.block(body);
                    names.close();
                });
            }
        }
    }

    /// The body of a class that has been made known.
    fn members(
        &mut self,
        id: NodeId,
        parameters: &[Parameter],
        members: &[Statement],
        run: Option<(&Block, NodeId)>,
    ) {
        let class = self.answers.class_of.get(id as usize).copied().flatten();
        let (Some(class), Some(initialiser)) = (class, self.function_of(id)) else { return };
        self.inside(initialiser, |names| {
            let self_variable = names.add_self(initialiser);
            names.open_members(Members { class, names: HashMap::new(), set: HashSet::new() });
            names.open();
            names.parameters(initialiser, parameters);
            names.close();
            names.collect_members(class, self_variable, parameters, members);
            for member in members {
                names.statement(member);
            }
            if let Some((body, run_id)) = run {
                let function = names.add_member_function(class, "run", FunctionKind::Run, body.span, run_id);
                names.answers.classes[class as usize].run = Some(function);
                names.inside(function, |names| names.block(body));
            }
            names.close();
        });
    }

    /// `self` of the function, which has it from the beginning.
    fn add_self(&mut self, function: FunctionId) -> VariableId {
        let span = self.answers.functions[function as usize].span.at_start();
        let outer = std::mem::replace(&mut self.current, function);
        let id = self.add_variable(&"self".into(), span, VariableKind::SelfReference);
        self.answers.variables[id as usize].top_level = false;
        self.set(id);
        self.current = outer;
        self.answers.functions[function as usize].self_variable = Some(id);
        id
    }

    /// A function that reaches the members through a `self` of its own.
    fn add_member_function(
        &mut self,
        class: ClassId,
        name: &str,
        kind: FunctionKind,
        span: Span,
        id: NodeId,
    ) -> FunctionId {
        let name = format!("{}.{name}", self.answers.classes[class as usize].name);
        let function = self.new_function(name.into(), kind, span, Some(id));
        self.answers.functions[function as usize].class = Some(class);
        self.add_self(function);
        function
    }

    /// Lists the fields and methods of a class, so that every body in it can name them.
    fn collect_members(
        &mut self,
        class: ClassId,
        self_variable: VariableId,
        parameters: &[Parameter],
        members: &[Statement],
    ) {
        let of_thread = matches!(self.answers.classes[class as usize].kind, ClassKind::Thread { .. });
        for parameter in parameters {
            let field = self.add_field(class, &parameter.name, false, of_thread);
            let Some(scope) = self.scopes.last_mut().and_then(|scope| scope.members.as_mut()) else { return };
            scope.names.entry(parameter.name.text.clone()).or_insert((field, parameter.name.span));
            if let Member::Field(field) = field {
                scope.set.insert(field);
            }
        }
        for member in members {
            self.collect_member(class, self_variable, member);
        }
    }

    fn collect_member(&mut self, class: ClassId, self_variable: VariableId, member: &Statement) {
        let mut add = |name: &Name, mutable: bool| {
            let field = self.add_field(class, name, mutable, false);
            self.name_member(class, self_variable, name, field);
        };
        // What is no declaration has been reported by the parser.
        let Some(declared) = member.kind.declared() else { return };
        match declared {
            Declared::Let(pattern, _) => pattern.names(&mut |name| add(name, false)),
            Declared::Var(pattern, _) => pattern.names(&mut |name| add(name, true)),
            Declared::ThreadLocal(name, ..) => add(name, true),
            Declared::Things(declaration) => {
                declaration.items.iter().for_each(|item| add(&item.name, false));
            }
            Declared::Timer(timer) => add(&timer.name, false),
            Declared::Class(inner) => {
                add(&inner.name, false);
                self.new_class(inner);
                self.set_name(&inner.name);
            }
            Declared::Thread(inner) => {
                add(&inner.name, false);
                self.new_template(inner);
                self.set_name(&inner.name);
            }
            Declared::Function(name, function) => {
                let kind = FunctionKind::Method;
                let id = self.add_member_function(class, &name.text, kind, function.span, function.id);
                let methods = &mut self.answers.classes[class as usize].methods;
                let method = Member::Method(methods.len() as u32);
                methods.push(Method { name: name.text.clone(), function: id });
                self.name_member(class, self_variable, name, method);
            }
        }
    }

    fn add_field(&mut self, class: ClassId, name: &Name, mutable: bool, private: bool) -> Member {
        let fields = &mut self.answers.classes[class as usize].fields;
        fields.push(Field { name: name.text.clone(), mutable, private });
        Member::Field(fields.len() as u32 - 1)
    }

    /// Makes a member known in the body of its class.
    fn name_member(&mut self, class: ClassId, self_variable: VariableId, name: &Name, member: Member) {
        self.set_meaning(name.id, Meaning::Member { self_variable, class, member });
        self.refuse_reserved(class, name);
        let Some(members) = self.scopes.last_mut().and_then(|scope| scope.members.as_mut()) else { return };
        match members.names.get(&name.text) {
            None => {
                members.names.insert(name.text.clone(), (member, name.span));
            }
            Some(&(other, first)) => {
                let fields = &self.answers.classes[class as usize].fields;
                let changes = matches!(other, Member::Field(number) if fields[number as usize].mutable);
                self.report_duplicate(name, first, changes);
            }
        }
    }

    /// A member of a thread may not be called like something that every thread has.
    fn refuse_reserved(&mut self, class: ClassId, name: &Name) {
        let class = &self.answers.classes[class as usize];
        let ClassKind::Thread { process, .. } = class.kind else { return };
        let (kind, word) = if process { (Type::Process, "process") } else { (Type::Thread, "thread") };
        let methods = (self.builtins.methods)(kind).iter().map(|row| row.name);
        let properties = (self.builtins.properties)(kind).iter().map(|row| row.name);
        if !methods.chain(properties).chain(OF_THREADS.iter().copied()).any(|own| own == &*name.text) {
            return;
        }
        let message = format!("a member of {word} {} cannot be called \"{}\"", class.name, name.text);
        self.found.push(
            Diagnostic::error(Code::ReservedMember, name.span, message)
                .label(format!("every {word} has this already"))
                .hint(format!("choose another name, such as \"my_{}\"", name.text)),
        );
    }
}
