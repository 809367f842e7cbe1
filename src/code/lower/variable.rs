//! Variables: how they are declared, get their first value, are read and written, wherever they are kept.

use super::function::{Builder, Lowered};
use super::storage::{Storage, variable_of};
use crate::builtin::{self, Body};
use crate::code::{Instruction, Register};
use crate::resolve::{Meaning, Member, VariableId};
use crate::syntax::tree::{Expression, ExpressionKind, Name, Pattern};
use crate::value::Value;

impl<'t> Builder<'_, '_, 't> {
    pub fn declaration(&mut self, pattern: &'t Pattern, value: &'t Expression) -> Lowered {
        match pattern {
            Pattern::Name(name) => {
                let variable = self.variable(name);
                // The value is computed before the name exists.
                if let Storage::Constant(_) = self.storage(variable) {
                    return Ok(());
                }
                if let Some(register) = self.new_variable(variable) {
                    self.into(value, register)?;
                    self.name_thing(value, register, name);
                    self.tell_called(variable, register);
                    self.make_cell(variable, register);
                    return Ok(());
                }
                let mark = self.mark();
                let s = self.temporary();
                self.into(value, s)?;
                self.name_thing(value, s, name);
                self.initialise(variable, s);
                self.release_to(mark);
                Ok(())
            }
            Pattern::List(..) => {
                // The variables come first: they stay when the temporaries go.
                self.declare_pattern(pattern);
                let mark = self.mark();
                let s = self.value(value)?;
                self.take_apart(pattern, s)?;
                self.release_to(mark);
                Ok(())
            }
        }
    }

    pub fn variable(&self, name: &Name) -> VariableId {
        variable_of(self.meaning(name.id)).expect("a declared name is a variable")
    }

    /// A register for a variable that does not have one yet (an early one has had its cell since the block began).
    fn new_variable(&mut self, variable: VariableId) -> Option<Register> {
        if self.has_register(variable) && self.is_early_cell(variable) {
            return None;
        }
        self.declare(variable)
    }

    pub fn is_early_cell(&self, variable: VariableId) -> bool {
        self.storage(variable) == Storage::Cell && self.unit.resolution.variables[variable as usize].early
    }

    /// Puts what the register holds into a cell, when the variable is kept in one.
    pub fn make_cell(&mut self, variable: VariableId, register: Register) {
        if self.storage(variable) == Storage::Cell {
            self.emit(Instruction::NewCell { d: register });
        }
    }

    /// Gives a declared variable its first value.
    pub fn initialise(&mut self, variable: VariableId, s: Register) {
        if self.storage(variable) == Storage::Cell && !self.is_early_cell(variable) {
            let d = self.register(variable);
            self.emit(Instruction::Move { d, s });
            self.emit(Instruction::NewCell { d });
        } else {
            self.store_variable(variable, s);
        }
    }

    pub fn declare_pattern(&mut self, pattern: &Pattern) {
        pattern.names(&mut |name| {
            let variable = self.variable(name);
            self.new_variable(variable);
        });
    }

    /// Gives the variables of a pattern, already declared, their values.
    pub fn take_apart(&mut self, pattern: &Pattern, s: Register) -> Lowered {
        match pattern {
            Pattern::Name(name) => {
                let variable = self.variable(name);
                self.initialise(variable, s);
            }
            Pattern::List(patterns, span) => {
                let mark = self.mark();
                let before = self.at(*span);
                let at = self.temporaries(patterns.len());
                self.emit(Instruction::Unpack { s, at, count: patterns.len() as u16 });
                for (pattern, t) in patterns.iter().zip(at..) {
                    self.take_apart(pattern, t)?;
                }
                self.at(before);
                self.release_to(mark);
            }
        }
        Ok(())
    }

    /// `let guard = lock()` names the lock like `lock guard`, and `let forks = [lock() for _ in 0..5]` like `lock forks[5]`.
    /// (Names in functions of conc's own are nobody's.)
    pub fn name_thing(&mut self, value: &Expression, a: Register, name: &Name) {
        let is_call = |value: &Expression| matches!(value.kind, ExpressionKind::Call { .. });
        let makes = match &value.kind {
            ExpressionKind::List(elements) => elements.iter().any(is_call),
            ExpressionKind::Comprehension { element, .. } => is_call(element),
            _ => is_call(value),
        };
        if makes && !self.unit.internal {
            let name = self.lowering.text_constant(&name.text);
            self.emit(Instruction::Name { a, name });
        }
    }

    /// What only the script's own code names is in no variable of the program where reports look for it.
    fn tell_called(&mut self, variable: VariableId, a: Register) {
        let known = &self.unit.resolution.variables[variable as usize];
        if known.top_level && matches!(self.storage(variable), Storage::Register) {
            let name = self.lowering.text_constant(&known.name.clone());
            self.emit(Instruction::Called { a, name });
        }
    }

    pub fn load_name(&mut self, name: &Name, d: Register) {
        match self.meaning(name.id) {
            Meaning::None => unreachable!("the resolver refuses unknown names: {}", name.text),
            Meaning::Variable(variable) => self.load_variable(variable, d),
            Meaning::Member { self_variable, member, .. } => {
                let object = self.register(self_variable);
                match member {
                    Member::Field(index) => self.emit(Instruction::GetOwn { d, object, index: index as u16 }),
                    Member::Method(index) => {
                        self.emit(Instruction::OwnMethod { d, object, index: index as u16 })
                    }
                };
            }
            Meaning::Builtin(index) => {
                let row = &builtin::functions()[index as usize];
                match row.body {
                    Body::Native(_) => {
                        let index = self.lowering.constant(Value::Builtin(row));
                        self.emit(Instruction::Constant { d, index });
                    }
                    Body::Constant(_) => {
                        let row = self.lowering.row(row);
                        self.emit(Instruction::CallBuiltin { at: d, count: 0, row });
                    }
                    Body::Script(_) => {
                        self.lowering.scripted(row);
                        let index = self.lowering.constant(Value::Builtin(row));
                        self.emit(Instruction::Constant { d, index });
                    }
                }
            }
        }
    }

    pub fn load_variable(&mut self, variable: VariableId, d: Register) {
        let known = &self.unit.resolution.variables[variable as usize];
        let (early, name) = (known.early, known.name.clone());
        match self.storage(variable) {
            Storage::Register => {
                let s = self.register(variable);
                if s != d {
                    self.emit(Instruction::Move { d, s });
                }
            }
            Storage::Cell => {
                let (cell, symbol) = (self.register(variable), self.symbol(&name));
                self.emit(Instruction::LoadCell { d, cell, name: symbol });
                if early {
                    let name = self.lowering.text_constant(&name);
                    self.emit(Instruction::CheckSet { a: d, name });
                }
            }
            Storage::Global(index) => {
                self.emit(Instruction::LoadGlobal { d, index });
            }
            Storage::Shared(index) => {
                self.emit(Instruction::LoadShared { d, index });
            }
            Storage::Fixed(index) => {
                self.emit(Instruction::LoadFixed { d, index });
            }
            Storage::Local(index) => self.load_local(variable, index, d),
            Storage::Constant(index) => {
                let value = self.lowering.program.constants[index as usize].clone();
                self.load_constant(value, d);
            }
            Storage::Function(function) => {
                let index = self.lowering.constant(Value::Function(function));
                self.emit(Instruction::Constant { d, index });
            }
        }
    }

    /// The thread's own value; the first time, the value it begins with.
    fn load_local(&mut self, variable: VariableId, index: u32, d: Register) {
        self.emit(Instruction::LoadLocal { d, index });
        let set = self.emit(Instruction::JumpSet { a: d, to: 0 });
        let initial = self.lowering.local_value(self.unit, variable);
        let at = self.temporary();
        self.emit(Instruction::CallFunction { at, function: initial });
        self.emit(Instruction::Move { d, s: at });
        self.emit(Instruction::StoreLocal { s: d, index });
        self.land(set);
    }

    /// Writes a variable that has been declared.
    pub fn store_variable(&mut self, variable: VariableId, s: Register) {
        match self.storage(variable) {
            Storage::Register => {
                let d = self.register(variable);
                if s != d {
                    self.emit(Instruction::Move { d, s });
                }
            }
            Storage::Cell => {
                let cell = self.register(variable);
                let name = self.unit.resolution.variables[variable as usize].name.clone();
                let name = self.symbol(&name);
                self.emit(Instruction::StoreCell { cell, s, name });
            }
            Storage::Global(index) => {
                self.emit(Instruction::StoreGlobal { s, index });
            }
            Storage::Shared(index) => {
                self.emit(Instruction::StoreShared { s, index });
            }
            Storage::Fixed(index) => {
                self.emit(Instruction::StoreFixed { s, index });
            }
            Storage::Local(index) => {
                self.emit(Instruction::StoreLocal { s, index });
            }
            Storage::Constant(_) | Storage::Function(_) => unreachable!("the resolver refuses assigning it"),
        }
    }
}
