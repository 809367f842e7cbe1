//! Declarations of things to wait for, and what is known from the start of a block.

use super::function::{Builder, Lowered};
use crate::builtin::{self, Row};
use crate::code::{Instruction, Register};
use crate::resolve::{Meaning, Member};
use crate::syntax::declared::Declared;
use crate::syntax::tree::{
    Declaration, DeclarationItem, DeclarationKind, Expression, Name, NodeId, OnSignal, Statement, Timer,
};
use crate::value::Value;

impl<'t> Builder<'_, '_, 't> {
    /// What exists from the start of a block: cells of variables that may be read early, and functions.
    pub fn hoist(&mut self, statements: &'t [Statement]) -> Lowered {
        for statement in statements {
            let Some(declared) = statement.kind.declared() else { continue };
            match declared {
                Declared::Let(pattern, _) | Declared::Var(pattern, _) => {
                    pattern.names(&mut |name| self.hoist_cell(name));
                }
                Declared::Things(declaration) => {
                    declaration.items.iter().for_each(|item| self.hoist_cell(&item.name));
                }
                Declared::Timer(timer) => self.hoist_cell(&timer.name),
                Declared::Function(name, _) => self.hoist_function(name),
                Declared::Class(class) => self.hoist_function(&class.name),
                Declared::Thread(template) => self.hoist_function(&template.name),
                // It is kept by the thread.
                Declared::ThreadLocal(..) => {}
            }
        }
        for statement in statements {
            let Some(declared) = statement.kind.declared() else { continue };
            let before = self.at(statement.span);
            match declared {
                Declared::Function(name, function) => {
                    let id = self.function_of(function.id);
                    self.lower_function(id, function)?;
                    self.make_item(name, id);
                }
                Declared::Class(class) => {
                    let id = self.function_of(class.id);
                    self.lower_class(class)?;
                    self.make_item(&class.name, id);
                }
                Declared::Thread(template) => {
                    let id = self.function_of(template.id);
                    self.lower_template(template)?;
                    self.make_item(&template.name, id);
                }
                Declared::ThreadLocal(_, value, id) => self.lower_initial(value, id)?,
                // Made where they stand.
                Declared::Let(..) | Declared::Var(..) | Declared::Things(_) | Declared::Timer(_) => {}
            }
            self.at(before);
        }
        Ok(())
    }

    fn hoist_cell(&mut self, name: &Name) {
        let variable = self.variable(name);
        if self.is_early_cell(variable) {
            let d = self.declare(variable).expect("a cell is in the frame");
            self.emit(Instruction::Unset { d });
            self.emit(Instruction::NewCell { d });
        }
    }

    /// A register for a function that captures something.
    fn hoist_function(&mut self, name: &Name) {
        let variable = self.variable(name);
        if let Some(d) = self.declare(variable) {
            self.emit(Instruction::Unset { d });
            self.make_cell(variable, d);
        }
    }

    fn make_item(&mut self, name: &Name, function: u32) {
        let variable = self.variable(name);
        if !self.storage(variable).in_frame() {
            return;
        }
        let mark = self.mark();
        let d = self.temporary();
        self.closure(function, d);
        self.store_variable(variable, d);
        self.release_to(mark);
    }

    /// `lock a, b`, `semaphore wake[3](0)`, `atomic n = 0`.
    pub fn declare_things(&mut self, declaration: &'t Declaration) -> Lowered {
        for item in &declaration.items {
            let before = self.at(item.name.span);
            self.declare_name(&item.name);
            let mark = self.mark();
            let d = match &item.count {
                Some(count) if declaration.kind != DeclarationKind::Array => {
                    self.make_many(declaration, item, count)?
                }
                // An array has a length in place of a count.
                None | Some(_) => {
                    let d = self.make_thing(declaration.kind, item)?;
                    let name = self.lowering.text_constant(&item.name.text);
                    self.emit(Instruction::Name { a: d, name });
                    self.share(declaration, d);
                    d
                }
            };
            self.initialise_name(&item.name, d);
            self.release_to(mark);
            self.at(before);
        }
        Ok(())
    }

    fn make_many(
        &mut self,
        declaration: &'t Declaration,
        item: &'t DeclarationItem,
        count: &'t Expression,
    ) -> Lowered<Register> {
        let (list, a) = (self.temporary(), self.temporary());
        self.emit(Instruction::List { d: list, at: list, count: 0 });
        self.into(count, a)?;
        self.emit(Instruction::CountCheck { a });
        let enter = self.emit(Instruction::Jump { to: 0 });
        let top = self.here();
        let mark = self.mark();
        let thing = self.make_thing(declaration.kind, item)?;
        let name = self.symbol(&item.name.text);
        self.emit(Instruction::NameElement { a: thing, list, name });
        self.share(declaration, thing);
        self.emit(Instruction::Push { list, s: thing });
        self.release_to(mark);
        self.land(enter);
        self.emit(Instruction::LoopCount { a, to: top as u32 });
        Ok(list)
    }

    /// What the register holds becomes one for all processes of the run, if it is declared so.
    fn share(&mut self, declaration: &Declaration, at: Register) {
        if declaration.shared {
            let row = self.lowering.row(row("__share"));
            self.emit(Instruction::CallBuiltin { at, count: 1, row });
        }
    }

    /// A variable is shared by its place; where nothing can be, this is an error. `__share(nil)`
    pub fn ask_for_memory(&mut self) {
        let mark = self.mark();
        let at = self.temporary();
        self.emit(Instruction::Nil { d: at });
        let row = self.lowering.row(row("__share"));
        self.emit(Instruction::CallBuiltin { at, count: 1, row });
        self.release_to(mark);
    }

    /// `__array(length, value)`: the length may be missing where the value is a list.
    fn make_array(&mut self, item: &'t DeclarationItem) -> Lowered<Register> {
        let at = self.temporaries(2);
        for (part, d) in [&item.count, &item.value].into_iter().zip(at..) {
            match part {
                Some(value) => self.into(value, d)?,
                None => {
                    self.emit(Instruction::Unset { d });
                }
            }
        }
        let row = self.lowering.row(row(DeclarationKind::Array.maker()));
        self.emit(Instruction::CallBuiltin { at, count: 2, row });
        Ok(at)
    }

    fn make_thing(&mut self, kind: DeclarationKind, item: &'t DeclarationItem) -> Lowered<Register> {
        if kind == DeclarationKind::Array {
            return self.make_array(item);
        }
        let row = row(kind.maker());
        if kind == DeclarationKind::Condition && item.arguments.is_empty() {
            return self.make_condition(item, row);
        }
        if let Some(value) = &item.value {
            return self.call_row_with(row, |builder, at| builder.into(value, at));
        }
        self.call_row(row, &item.arguments)
    }

    /// A condition belongs to the lock that is named, or to the monitor it stands in.
    fn make_condition(&mut self, item: &'t DeclarationItem, row: &'static Row) -> Lowered<Register> {
        self.call_row_with(row, |builder, at| match &item.lock {
            Some(lock) => builder.into(lock, at),
            None => {
                let function = &builder.unit.resolution.functions[builder.function as usize];
                let self_variable =
                    function.self_variable.expect("the resolver wants a lock outside a monitor");
                let object = builder.register(self_variable);
                builder.emit(Instruction::Monitor { d: at, object });
                Ok(())
            }
        })
    }

    /// Calls a builtin with its first parameter as `first` evaluates it, and no other.
    fn call_row_with(
        &mut self,
        row: &'static Row,
        first: impl FnOnce(&mut Self, Register) -> Lowered,
    ) -> Lowered<Register> {
        let count = builtin::Signature::of(row).parameters.len().max(1);
        let at = self.temporaries(count);
        first(self, at)?;
        for d in at + 1..at + count as Register {
            self.emit(Instruction::Unset { d });
        }
        let row = self.lowering.row(row);
        self.emit(Instruction::CallBuiltin { at, count: count as u16, row });
        Ok(at)
    }

    /// `timer t after 2s { … }`.
    pub fn declare_timer(&mut self, timer: &'t Timer) -> Lowered {
        self.declare_name(&timer.name);
        let mark = self.mark();
        let function = self.function_of(timer.id);
        self.lower_block_function(function, &timer.body)?;
        // __timer(body, delay, repeats, daemon)
        let row = row("__timer");
        let at = self.temporaries(4);
        self.closure(function, at);
        self.into(&timer.delay, at + 1)?;
        self.emit(Instruction::Bool { d: at + 2, value: timer.repeats });
        self.emit(Instruction::Bool { d: at + 3, value: timer.daemon });
        let row = self.lowering.row(row);
        let before = self.at(timer.delay.span);
        self.emit(Instruction::CallBuiltin { at, count: 4, row });
        self.at(before);
        let name = self.lowering.text_constant(&timer.name.text);
        self.emit(Instruction::Name { a: at, name });
        self.initialise_name(&timer.name, at);
        self.release_to(mark);
        Ok(())
    }

    /// `on signal "USR1" { … }`.
    pub fn on_signal(&mut self, signal: &'t Expression, action: &'t OnSignal, id: NodeId) -> Lowered {
        // __on_signal(name, action)
        let row = row("__on_signal");
        let at = self.temporaries(2);
        self.into(signal, at)?;
        let word = match action {
            OnSignal::Handler(body) => {
                let function = self.function_of(id);
                self.lower_block_function(function, body)?;
                self.closure(function, at + 1);
                None
            }
            OnSignal::Ignore => Some("ignore"),
            OnSignal::Default => Some("default"),
        };
        if let Some(word) = word {
            let index = self.lowering.text_constant(&word.into());
            self.emit(Instruction::Constant { d: at + 1, index });
        }
        let row = self.lowering.row(row);
        let before = self.at(signal.span);
        self.emit(Instruction::CallBuiltin { at, count: 2, row });
        self.at(before);
        Ok(())
    }

    /// A register for a name that is being declared, if it is a variable that is kept in one.
    fn declare_name(&mut self, name: &Name) {
        if let Meaning::Variable(variable) = self.meaning(name.id)
            && !self.is_early_cell(variable)
        {
            self.declare(variable);
        }
    }

    /// The first value of a declared name: a variable, or a member of the instance that is being made.
    pub fn initialise_name(&mut self, name: &Name, s: Register) {
        match self.meaning(name.id) {
            Meaning::Variable(variable) => self.initialise(variable, s),
            Meaning::Member { self_variable, member: Member::Field(index), .. } => {
                let object = self.register(self_variable);
                self.emit(Instruction::SetOwn { object, index: index as u16, s });
            }
            Meaning::None | Meaning::Member { .. } | Meaning::Builtin(_) => {
                unreachable!("{} is not declared here", name.text)
            }
        }
    }

    /// A call of an internal builtin with arguments that are in registers already.
    pub fn call_internal(&mut self, name: &'static str, at: Register) {
        // `at` is the callee's place; its arguments follow.
        let row = row(name);
        self.lowering.scripted(row);
        let index = self.lowering.constant(Value::Builtin(row));
        self.emit(Instruction::Constant { d: at, index });
    }
}

/// A builtin that the compiler itself calls.
pub(super) fn row(name: &str) -> &'static Row {
    let found = builtin::functions().iter().find(|row| row.name == name);
    found.unwrap_or_else(|| unreachable!("there is no builtin {name}"))
}
