//! A program with its variables: what all threads of one run share.

use super::arguments::Linked;
use super::at_once::{self, AtOnce};
use super::called::Called;
use crate::builtin::{self, Body, Property, Row};
use crate::code::verify::Verified;
use crate::code::{Class, Program, reach};
use crate::mapped::Memory;
use crate::state::{Reader, Shared, Writer};
use crate::value::{Type, Value, cell::Cell};
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Image {
    pub program: Arc<Verified>,
    /// Top-level variables that can change.
    pub(super) globals: Vec<Cell>,
    /// Top-level variables that are written once.
    pub(super) fixed: Vec<OnceLock<Value>>,
    /// The number of the name `push`, when the program has it.
    pub(super) push: Option<u16>,
    /// What only variables of the script's own code hold.
    pub(super) called: Called,
    names: Arc<Names>,
    /// Where `shared var`s are, if processes share them.
    pub memory: Option<Arc<Memory>>,
    /// Where they are when the processes are those of a simulated run, and this is not the first: there.
    first: Option<Arc<Image>>,
}

/// What the names in a program mean for each type and class. Never changes.
#[derive(Debug)]
struct Names {
    /// For each type of value, the builtin method that each symbol of the program names.
    methods: Vec<Vec<Option<Linked>>>,
    properties: Vec<Vec<Option<&'static Property>>>,
    /// For each class, the member that each symbol names.
    members: Vec<Vec<Option<Member>>>,
    /// For each function, the builtin that it is.
    scripted: Vec<Option<Linked>>,
    /// For each shape of a call, whether it may be done at once.
    at_once: Vec<AtOnce>,
    ends: bool,
}

/// A member of a class, by number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    Field { index: u16, mutable: bool, private: bool },
    Method(u32),
}

impl Image {
    pub fn new(program: Arc<Verified>) -> Image {
        let methods_of = |kind: Type| {
            let rows = builtin::methods(kind);
            let find = |name: &Arc<str>| rows.iter().find(|row| *row.name == **name).map(Linked::new);
            program.symbols.iter().map(find).collect()
        };
        let properties_of = |kind: Type| {
            let rows = builtin::properties(kind);
            let find = |name: &Arc<str>| rows.iter().find(|row| *row.name == **name);
            program.symbols.iter().map(find).collect()
        };
        let names = Names {
            methods: Type::ALL.into_iter().map(methods_of).collect(),
            properties: Type::ALL.into_iter().map(properties_of).collect(),
            members: program.classes.iter().map(|class| members_of(class, &program)).collect(),
            scripted: scripted_of(&program),
            at_once: at_once::of(&program.symbols, &program.shapes),
            ends: reach::makes_ends(&program),
        };
        Image::with(program, Arc::new(names))
    }

    /// Whether the program may have pipes or connections, which close themselves when nobody holds them any more.
    pub(super) fn has_ends(&self) -> bool {
        self.names.ends
    }

    #[inline(always)]
    pub(super) fn at_once(&self, shape: u16) -> AtOnce {
        self.names.at_once[usize::from(shape)]
    }

    /// The same program with variables of its own, none of them set.
    pub fn anew(&self) -> Image {
        Image::with(self.program.clone(), self.names.clone())
    }

    /// The same for another process of a simulated run: what is declared `shared` is the first one's.
    pub fn beside(first: &Arc<Image>) -> Image {
        Image { first: Some(first.clone()), ..first.anew() }
    }

    /// A variable that is declared `shared`.
    pub(super) fn shared(&self, index: u32) -> &Cell {
        &self.first.as_deref().unwrap_or(self).globals[index as usize]
    }

    /// This program has grown to another one, which gets the values of its variables: whoever runs in this image goes on in
    /// the new one.
    pub fn grown(&self, program: Arc<Verified>) -> Image {
        let grown = Image { memory: self.memory.clone(), called: self.called.again(), ..Image::new(program) };
        for (new, old) in grown.globals.iter().zip(&self.globals) {
            new.set(old.get());
            // Nobody uses it here any more, and what it holds may have to be let go of.
            old.set(Value::Unset);
        }
        for (new, old) in grown.fixed.iter().zip(&self.fixed) {
            if let Some(value) = old.get() {
                let _ = new.set(value.clone()); // it is new
            }
        }
        grown
    }

    fn with(program: Arc<Verified>, names: Arc<Names>) -> Image {
        Image {
            globals: program.globals.iter().map(|_| Cell::new(Value::Unset)).collect(),
            fixed: program.fixed.iter().map(|_| OnceLock::new()).collect(),
            push: program.symbols.iter().position(|name| **name == *"push").map(|index| index as u16),
            called: Called::default(),
            names,
            program,
            memory: None,
            first: None,
        }
    }

    /// For whoever brings a stored state back.
    pub fn set_global(&self, index: u32, value: Value) {
        self.globals[index as usize].set(value);
    }

    /// For whoever brings a stored state back; once for each.
    pub fn set_fixed(&self, index: u32, value: Value) {
        let _ = self.fixed[index as usize].set(value);
    }

    /// What a write-once variable of the top level holds, once it does.
    pub fn fixed(&self, index: u32) -> Option<&Value> {
        self.fixed.get(index as usize)?.get()
    }

    /// What variables of the top level hold that nobody but the script's own code names, by their names.
    pub fn called(&self) -> Vec<(Arc<str>, Value)> {
        self.called.living()
    }

    /// In a copy of the state `counterpart` of an object's address is the same object: reports call it the same there.
    pub fn call_alike(&self, copy: &Image, counterpart: &dyn Fn(usize) -> Option<Shared>) {
        self.called.carry_to(&copy.called, counterpart);
    }

    /// What a variable of the top level that can change holds now.
    pub fn global(&self, index: u32) -> Option<Value> {
        if let Some(first) = self.first.as_deref().filter(|_| self.program.is_shared(index)) {
            return first.global(index);
        }
        self.globals.get(index as usize).map(Cell::get)
    }

    /// Writes what all its own variables hold.
    pub fn save(&self, w: &mut Writer<'_>) {
        self.fixed.iter().for_each(|fixed| w.value(fixed.get().unwrap_or(&Value::Unset)));
        // What is `shared` is not set here, but with the first process.
        self.globals.iter().for_each(|global| w.value(&global.get()));
    }

    /// Reads what `save` wrote: into one that is new.
    pub fn fill(&self, r: &mut Reader<'_>) {
        for index in 0..self.fixed.len() as u32 {
            match r.value() {
                Value::Unset => {}
                value => self.set_fixed(index, value),
            }
        }
        (0..self.globals.len() as u32).for_each(|index| self.set_global(index, r.value()));
    }

    /// The builtin method of a type, by the number of its name.
    pub(super) fn method(&self, kind: Type, symbol: u16) -> Option<&Linked> {
        self.names.methods[kind as usize][symbol as usize].as_ref()
    }

    pub(super) fn property(&self, kind: Type, symbol: u16) -> Option<&'static Property> {
        self.names.properties[kind as usize][symbol as usize]
    }

    pub(super) fn member(&self, class: u32, symbol: u16) -> Option<Member> {
        self.names.members[class as usize][symbol as usize]
    }

    /// The function that a builtin written in conc became.
    pub(super) fn scripted(&self, row: &'static Row) -> Option<u32> {
        let Body::Script(_) = row.body else { return None };
        self.program
            .scripted
            .iter()
            .find(|(known, _)| std::ptr::eq(*known, row))
            .map(|(_, function)| *function)
    }

    /// The builtin that a function of conc's own is.
    pub(super) fn row_of(&self, function: u32) -> Option<&Linked> {
        self.names.scripted[function as usize].as_ref()
    }
}

fn scripted_of(program: &Program) -> Vec<Option<Linked>> {
    let mut scripted: Vec<Option<Linked>> = program.functions.iter().map(|_| None).collect();
    for (row, function) in &program.scripted {
        scripted[*function as usize] = Some(Linked::new(row));
    }
    scripted
}

fn members_of(class: &Class, program: &Program) -> Vec<Option<Member>> {
    let find = |name: &Arc<str>| {
        if let Some((_, function)) = class.methods.iter().find(|(known, _)| known == name) {
            return Some(Member::Method(*function));
        }
        let index = class.fields.iter().position(|field| field.name == *name)?;
        let field = &class.fields[index];
        Some(Member::Field { index: index as u16, mutable: field.mutable, private: field.private })
    };
    program.symbols.iter().map(find).collect()
}
