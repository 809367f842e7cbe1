//! Functions, classes, monitors and thread templates: each body as a function of the program.

use super::Unit;
use super::function::{Builder, Cleanup, Lowered};
use super::storage::variable_of;
use crate::code::{FunctionKind, Instruction, Register};
use crate::resolve::{ClassKind, FunctionId};
use crate::syntax::declared::Declared;
use crate::syntax::tree::{
    Block, Class, Expression, Function, FunctionBody, NodeId, Parameter, Pattern, Statement, Template,
    TemplateBody,
};

impl<'t> Builder<'_, '_, 't> {
    pub fn lower_function(&mut self, id: FunctionId, function: &'t Function) -> Lowered {
        self.nested(id, &function.parameters, |builder| match &function.body {
            FunctionBody::Block(block) => builder.body(block),
            FunctionBody::Value(value) => {
                let s = builder.value(value)?;
                builder.leave_function(s)
            }
        })
    }

    /// A block that is a function of its own: of a thread, a timer, something deferred.
    pub fn lower_block_function(&mut self, id: FunctionId, block: &'t Block) -> Lowered {
        self.nested(id, &[], |builder| builder.body(block))
    }

    /// The expression that gives a `threadlocal` its first value.
    pub fn lower_initial(&mut self, value: &'t Expression, id: NodeId) -> Lowered {
        let function = self.function_of(id);
        self.nested(function, &[], |builder| {
            let s = builder.value(value)?;
            builder.emit(Instruction::Return { s });
            Ok(())
        })
    }

    /// The condition of an `invariant` or `ensure`: asserts it, and returns true.
    pub fn lower_watch(
        &mut self,
        id: FunctionId,
        condition: &'t Expression,
        message: Option<&'t Expression>,
        ensure: bool,
    ) -> Lowered {
        let function = self.program_function(id);
        self.lowering.program.functions[function as usize].kind = FunctionKind::Watch { ensure };
        self.nested(id, &[], |builder| {
            let before = builder.at(condition.span);
            builder.assert(condition, message)?;
            let s = builder.temporary();
            builder.emit(Instruction::Bool { d: s, value: true });
            builder.emit(Instruction::Return { s });
            builder.at(before);
            Ok(())
        })
    }

    /// One statement that is a function of its own: a branch of `parallel`.
    pub fn lower_statement_function(&mut self, id: FunctionId, statement: &'t Statement) -> Lowered {
        self.nested(id, &[], |builder| builder.statement(statement))
    }

    /// Lowers another function with the same tables; once, even when its code is emitted at several places.
    fn nested(
        &mut self,
        id: FunctionId,
        parameters: &'t [Parameter],
        body: impl FnOnce(&mut Builder<'_, '_, 't>) -> Lowered,
    ) -> Lowered {
        let program_id = self.program_function(id);
        if !self.lowering.lowered.insert(program_id) {
            return Ok(());
        }
        let unit: &Unit<'t> = self.unit;
        let mut builder = Builder::new(self.lowering, unit, id);
        builder.parameters(parameters)?;
        let monitor = builder.enter_monitor();
        body(&mut builder)?;
        if monitor {
            builder.end_cleanup()?;
        }
        let finished = builder.finish()?;
        self.lowering.place(program_id, finished);
        Ok(())
    }

    /// Default values, and cells for the parameters (and `self`) that need one.
    fn parameters(&mut self, parameters: &'t [Parameter]) -> Lowered {
        for parameter in parameters {
            // A class's parameter is a field; the argument comes in a register all the same.
            let Some(variable) = variable_of(self.meaning(parameter.name.id)) else { continue };
            let register = self.register(variable);
            if let Some(default) = &parameter.default {
                self.default(register, default)?;
            }
            self.make_cell(variable, register);
        }
        Ok(())
    }

    fn default(&mut self, register: Register, default: &'t Expression) -> Lowered {
        let before = self.at(default.span);
        let set = self.emit(Instruction::JumpSet { a: register, to: 0 });
        self.into(default, register)?;
        self.land(set);
        self.at(before);
        Ok(())
    }

    /// A method of a monitor holds its lock from beginning to end.
    fn enter_monitor(&mut self) -> bool {
        let function = &self.unit.resolution.functions[self.function as usize];
        let in_monitor = function.kind == crate::resolve::FunctionKind::Method
            && function
                .class
                .is_some_and(|class| self.unit.resolution.classes[class as usize].kind == ClassKind::Monitor);
        let (true, Some(self_variable)) = (in_monitor, function.self_variable) else { return false };
        let object = self.register(self_variable);
        let a = self.temporary();
        self.emit(Instruction::Monitor { d: a, object });
        self.emit(Instruction::Enter { a });
        self.begin_cleanup(Cleanup::Leave(a));
        true
    }

    pub fn lower_class(&mut self, class: &'t Class) -> Lowered {
        let id = self.function_of(class.id);
        self.lower_members(id, &class.parameters, &class.members)
    }

    pub fn lower_template(&mut self, template: &'t Template) -> Lowered {
        let id = self.function_of(template.id);
        match &template.body {
            TemplateBody::Plain(block) => {
                let program_id = self.program_function(id);
                self.lowering.program.functions[program_id as usize].kind =
                    FunctionKind::Thread { daemon: template.daemon, process: template.process };
                self.nested(id, &template.parameters, |builder| builder.body(block))
            }
            TemplateBody::Members { members, run, run_id } => {
                self.lower_members(id, &template.parameters, members)?;
                let run_id = self.function_of(*run_id);
                self.nested(run_id, &[], |builder| builder.body(run))
            }
        }
    }

    /// The function that sets the fields of an instance, and the methods.
    fn lower_members(
        &mut self,
        id: FunctionId,
        parameters: &'t [Parameter],
        members: &'t [Statement],
    ) -> Lowered {
        self.nested(id, parameters, |builder| {
            let known = &builder.unit.resolution.functions[id as usize];
            let object = builder.register(known.self_variable.expect("an instance is being made"));
            // The arguments come after `self`; parameters are the first fields.
            for (index, parameter) in parameters.iter().enumerate() {
                let s = object + 1 + index as Register;
                if let Some(default) = &parameter.default
                    && !matches!(builder.meaning(parameter.name.id), crate::resolve::Meaning::Variable(_))
                {
                    builder.default(s, default)?;
                }
                builder.emit(Instruction::SetOwn { object, index: index as u16, s });
            }
            for member in members {
                builder.member_item(member)?;
            }
            for member in members {
                let before = builder.at(member.span);
                builder.member(member)?;
                builder.at(before);
            }
            builder.emit(Instruction::Return { s: object });
            Ok(())
        })
    }

    fn member(&mut self, member: &'t Statement) -> Lowered {
        let Some(declared) = member.kind.declared() else { unreachable!("the parser refuses other members") };
        match declared {
            Declared::Let(pattern, value) | Declared::Var(pattern, value) => {
                let mark = self.mark();
                let s = self.temporary();
                self.into(value, s)?;
                if let Pattern::Name(name) = pattern {
                    self.name_thing(value, s, name);
                }
                self.set_members(pattern, s);
                self.release_to(mark);
                Ok(())
            }
            Declared::Things(declaration) => self.declare_things(declaration),
            Declared::Timer(timer) => self.declare_timer(timer),
            Declared::Function(_, function) => {
                let id = self.function_of(function.id);
                self.lower_function(id, function)
            }
            // Set before the others.
            Declared::Class(_) | Declared::Thread(_) => Ok(()),
            Declared::ThreadLocal(..) => unreachable!("the resolver refuses it"),
        }
    }

    /// Classes and templates that are members, so that the others can use them.
    fn member_item(&mut self, member: &'t Statement) -> Lowered {
        let (name, id) = match member.kind.declared() {
            Some(Declared::Class(class)) => {
                self.lower_class(class)?;
                (&class.name, class.id)
            }
            Some(Declared::Thread(template)) => {
                self.lower_template(template)?;
                (&template.name, template.id)
            }
            Some(
                Declared::Let(..)
                | Declared::Var(..)
                | Declared::ThreadLocal(..)
                | Declared::Things(_)
                | Declared::Timer(_)
                | Declared::Function(..),
            )
            | None => return Ok(()),
        };
        let mark = self.mark();
        let d = self.temporary();
        let function = self.function_of(id);
        self.closure(function, d);
        self.initialise_name(name, d);
        self.release_to(mark);
        Ok(())
    }

    fn set_members(&mut self, pattern: &Pattern, s: Register) {
        match pattern {
            Pattern::Name(name) => self.initialise_name(name, s),
            Pattern::List(patterns, span) => {
                let before = self.at(*span);
                let at = self.temporaries(patterns.len());
                self.emit(Instruction::Unpack { s, at, count: patterns.len() as u16 });
                for (pattern, t) in patterns.iter().zip(at..) {
                    self.set_members(pattern, t);
                }
                self.at(before);
            }
        }
    }
}
