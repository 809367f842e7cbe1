//! Lowering: from the tree and the resolver's answers to the machine's code.
//!
//! This file holds what belongs to the whole program (tables, where each variable is kept); the code of one
//! function is built in `function`, its statements and expressions in the files named after them.

mod assign;
mod call;
mod class;
mod condition;
mod declare;
mod expression;
mod function;
mod loops;
mod make;
mod statement;
mod storage;
#[cfg(test)]
mod tests;
mod variable;
mod waiting;

use super::{Class, Field, Function, FunctionKind, Instruction, Program, Shape, Site};
use crate::builtin::{self, Body, Row};
use crate::report::{Code, Diagnostic};
use crate::resolve::{self, ClassKind, Resolution};
use crate::source::{Source, Span};
use crate::syntax::declared::Declared;
use crate::syntax::tree::Script;
use crate::value::Value;
use function::Builder;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use storage::Storage;

/// Makes the program of a script that has no errors.
///
/// # Errors
/// When some function is larger than the machine's tables allow.
pub fn lower(source: &Arc<Source>, script: &Script, resolution: &Resolution) -> Result<Program, Diagnostic> {
    let mut lowering = Lowering::new(source.clone());
    lowering.unit(source.clone(), script, resolution, false, Earlier::default())?;
    lowering.finish()?;
    Ok(lowering.program)
}

/// The same for a script whose first variables have these values from the beginning.
///
/// # Errors
/// When some function is larger than the machine's tables allow.
pub fn lower_within(
    source: &Arc<Source>,
    script: &Script,
    resolution: &Resolution,
    values: Vec<Value>,
) -> Result<Program, Diagnostic> {
    let mut lowering = Lowering::new(source.clone());
    let storage = values.into_iter().map(|value| Storage::Constant(lowering.constant(value))).collect();
    lowering.unit(source.clone(), script, resolution, false, Earlier { storage, ..Earlier::default() })?;
    lowering.finish()?;
    Ok(lowering.program)
}

/// The program of a session, to which each entry adds: nothing in its tables ever gets another number.
#[derive(Clone)]
pub struct Growing {
    lowering: Lowering,
    earlier: Earlier,
}

impl Growing {
    pub fn new(source: Arc<Source>) -> Growing {
        let earlier = Earlier { shows: true, ..Earlier::default() };
        Growing { lowering: Lowering::new(source), earlier }
    }

    /// Adds what stands in the script from the statement `first` on. `source` begins with the text of the one before, and
    /// so do `script` and `resolution`. The program, and its function that the entry became: it returns the value of the
    /// last statement, if that is an expression.
    ///
    /// # Errors
    /// When something is larger than the machine's tables allow; this is of no more use then.
    pub fn add(
        &mut self,
        source: &Arc<Source>,
        script: &Script,
        resolution: &Resolution,
        first: usize,
    ) -> Result<(Program, u32), Diagnostic> {
        self.lowering.program.source = source.clone();
        let earlier = Earlier { statements: first, ..std::mem::take(&mut self.earlier) };
        self.earlier = self.lowering.unit(source.clone(), script, resolution, false, earlier)?;
        self.lowering.finish()?;
        Ok((self.lowering.program.clone(), self.earlier.functions[0]))
    }

    /// The value of a variable, or where the program keeps it.
    pub fn place(&self, variable: u32) -> Place {
        match self.earlier.storage[variable as usize] {
            Storage::Global(index) | Storage::Shared(index) => Place::Global(index),
            Storage::Fixed(index) => Place::Fixed(index),
            Storage::Constant(index) => Place::Value(self.lowering.program.constants[index as usize].clone()),
            Storage::Function(function) => Place::Value(Value::Function(function)),
            Storage::Local(_) | Storage::Register | Storage::Cell => Place::Hidden,
        }
    }
}

/// Where a variable of a session can be looked at.
#[derive(Debug)]
pub enum Place {
    Global(u32),
    Fixed(u32),
    Value(Value),
    /// Nowhere: each thread has its own.
    Hidden,
}

/// What earlier entries of a session have become. By their numbers in the resolver's answers.
#[derive(Debug, Clone, Default)]
struct Earlier {
    /// How many of the script's statements.
    statements: usize,
    functions: Vec<u32>,
    classes: Vec<u32>,
    storage: Vec<Storage>,
    /// Whether the value of a last expression is asked for.
    shows: bool,
}

/// The tables of the program that is being made.
#[derive(Clone)]
pub(super) struct Lowering {
    program: Program,
    symbols: HashMap<Arc<str>, u16>,
    shapes: HashMap<Shape, u32>,
    texts: HashMap<Arc<str>, u32>,
    /// Builtins written in conc that have a number but no code yet.
    pending: Vec<&'static Row>,
    /// Functions that have their code.
    lowered: HashSet<u32>,
}

/// One text that is lowered: the script, or a builtin written in conc.
pub(super) struct Unit<'t> {
    source: Arc<Source>,
    script: &'t Script,
    resolution: &'t Resolution,
    /// Which of the script's statements are lowered: those from here on.
    first: usize,
    /// The numbers of its functions and classes in the program's tables.
    functions: Vec<u32>,
    classes: Vec<u32>,
    storage: Vec<Storage>,
    internal: bool,
    shows: bool,
}

impl Lowering {
    fn new(source: Arc<Source>) -> Lowering {
        Lowering {
            program: Program {
                source,
                functions: Vec::new(),
                classes: Vec::new(),
                constants: Vec::new(),
                symbols: Vec::new(),
                shapes: Vec::new(),
                sites: Vec::new(),
                rows: Vec::new(),
                scripted: Vec::new(),
                globals: Vec::new(),
                shared: Vec::new(),
                fixed: Vec::new(),
                locals: 0,
                gil: None,
            },
            symbols: HashMap::new(),
            shapes: HashMap::new(),
            texts: HashMap::new(),
            pending: Vec::new(),
            lowered: HashSet::new(),
        }
    }

    /// Lowers everything in one text that has not been lowered earlier. Returns what all of it has become.
    fn unit(
        &mut self,
        source: Arc<Source>,
        script: &Script,
        resolution: &Resolution,
        internal: bool,
        earlier: Earlier,
    ) -> Result<Earlier, Diagnostic> {
        let Earlier { statements: first, mut functions, mut classes, storage, shows } = earlier;
        let (known, known_classes) = (functions.len().max(1), classes.len());
        // Function 0 is what is lowered now.
        let body = self.program.functions.len() as u32;
        functions.resize(known, body);
        functions[0] = body;
        functions.extend((1..).map(|n| body + n).take(resolution.functions.len() - known));
        let class_base = self.program.classes.len() as u32;
        classes.extend((class_base..).take(resolution.classes.len() - known_classes));
        let storage = storage::assign(self, script, first, resolution, &functions, storage);
        let unit = Unit { source, script, resolution, first, functions, classes, storage, internal, shows };
        for class in &resolution.classes[known_classes..] {
            self.program.classes.push(unit.class(class));
        }
        self.program.functions.push(unit.empty_function(&resolution.functions[0]));
        for function in &resolution.functions[known..] {
            self.program.functions.push(unit.empty_function(function));
        }
        for id in known..resolution.functions.len() {
            self.note_class_kind(&unit, id as u32);
        }
        let mut builder = Builder::new(self, &unit, 0);
        builder.script()?;
        let finished = builder.finish()?;
        self.place(body, finished);
        let Unit { functions, classes, storage, .. } = unit;
        Ok(Earlier { statements: script.body.statements.len(), functions, classes, storage, shows })
    }

    /// What belongs to no unit.
    fn finish(&mut self) -> Result<(), Diagnostic> {
        // A method that is called by name may be any type's; a builtin may name others.
        while let Some(row) = self.pending.pop() {
            self.scripted_row(row)?;
        }
        self.entry();
        if self.program.symbols.len() > usize::from(u16::MAX) {
            return Err(too_large(Span::default(), "the script (it has too many different names)"));
        }
        Ok(())
    }

    /// The last function of a program: what every new thread begins with.
    fn entry(&mut self) {
        self.program.functions.push(Function {
            name: "<thread>".into(),
            span: Span::default(),
            kind: FunctionKind::Plain,
            parameters: Vec::new(),
            required: 0,
            member: false,
            captures: 0,
            registers: 2,
            code: vec![Instruction::CallSpread { at: 0 }, Instruction::Return { s: 0 }],
            spans: vec![Span::default(); 2],
            lines: vec![0; 2],
            handlers: Vec::new(),
            internal: true,
        });
    }

    fn place(&mut self, id: u32, body: function::Finished) {
        let function = &mut self.program.functions[id as usize];
        function.registers = body.registers;
        function.code = body.code;
        function.spans = body.spans;
        function.lines = body.lines;
        function.handlers = body.handlers;
    }

    fn note_class_kind(&mut self, unit: &Unit<'_>, id: u32) {
        let known = &unit.resolution.functions[id as usize];
        if known.kind != resolve::FunctionKind::Initialiser {
            return;
        }
        let Some(class_id) = known.class else { return };
        let class = unit.classes[class_id as usize];
        let kind = match unit.resolution.classes[class_id as usize].kind {
            ClassKind::Class | ClassKind::Monitor => FunctionKind::Class(class),
            ClassKind::Thread { daemon, process } => {
                FunctionKind::ThreadWithMembers { class, daemon, process }
            }
        };
        self.program.functions[unit.functions[id as usize] as usize].kind = kind;
    }

    /// Compiles a builtin that is written in conc.
    fn scripted_row(&mut self, row: &'static Row) -> Result<(), Diagnostic> {
        let Body::Script(text) = row.body else { return Ok(()) };
        let source = Arc::new(Source::new(format!("<{}>", row.name), text));
        let (script, mut diagnostics) = crate::syntax::parse(&source);
        let (resolution, more) = resolve::resolve_internal(&script, &source);
        diagnostics.extend(more);
        diagnostics.retain(|diagnostic| diagnostic.level == crate::report::Level::Error);
        // Unit tests compile every row, so this is never met by a script.
        assert!(diagnostics.is_empty(), "builtin {}: {diagnostics:?}", row.name);
        let unit = self.unit(source, &script, &resolution, true, Earlier::default())?;
        // The text is one `fn`: function 0 is the text itself, function 1 the `fn`.
        let slot = self.program.scripted.iter_mut().find(|(known, _)| std::ptr::eq(*known, row));
        slot.expect("a pending row is in the table").1 = unit.functions[1];
        Ok(())
    }

    /// Has a builtin that is written in conc compiled before the program is done.
    fn scripted(&mut self, row: &'static Row) {
        let Body::Script(_) = row.body else { return };
        if !self.program.scripted.iter().any(|(known, _)| std::ptr::eq(*known, row)) {
            self.program.scripted.push((row, u32::MAX));
            self.pending.push(row);
        }
    }

    /// The function that gives a `threadlocal` its first value.
    fn local_value(&self, unit: &Unit<'_>, variable: u32) -> u32 {
        let declared = unit.script.body.statements.iter().find_map(|statement| {
            let Declared::ThreadLocal(name, _, id) = statement.kind.declared()? else { return None };
            let meaning = unit.resolution.meanings[name.id as usize];
            (storage::variable_of(meaning) == Some(variable))
                .then(|| unit.resolution.function_of[id as usize])?
        });
        unit.functions[declared.expect("a threadlocal is declared at the top level") as usize]
    }

    /// Has what a builtin may need for an argument of this name compiled.
    fn helpers(&mut self, argument: &str) {
        for name in builtin::helpers(argument) {
            if let Some(row) = builtin::function(name) {
                self.scripted(row);
            }
        }
    }

    fn symbol(&mut self, name: &Arc<str>) -> u16 {
        if let Some(&symbol) = self.symbols.get(name) {
            return symbol;
        }
        let symbol = self.program.symbols.len() as u16;
        self.program.symbols.push(name.clone());
        self.symbols.insert(name.clone(), symbol);
        self.helpers(name);
        // Any type may have a method of this name that is written in conc.
        for kind in crate::value::Type::ALL {
            if let Some(row) = builtin::methods(kind).iter().find(|row| *row.name == **name)
                && let Body::Script(_) = row.body
            {
                self.scripted(row);
            }
        }
        symbol
    }

    fn shape(&mut self, shape: Shape) -> u32 {
        if let Some(&index) = self.shapes.get(&shape) {
            return index;
        }
        let index = self.program.shapes.len() as u32;
        self.program.shapes.push(shape.clone());
        self.shapes.insert(shape, index);
        index
    }

    fn site(&mut self, site: Site) -> u32 {
        self.program.sites.push(site);
        self.program.sites.len() as u32 - 1
    }

    fn row(&mut self, row: &'static Row) -> u16 {
        let known = self.program.rows.iter().position(|other| std::ptr::eq(*other, row));
        known.unwrap_or_else(|| {
            self.program.rows.push(row);
            self.program.rows.len() - 1
        }) as u16
    }

    fn constant(&mut self, value: Value) -> u32 {
        self.program.constants.push(value);
        self.program.constants.len() as u32 - 1
    }

    fn text_constant(&mut self, text: &Arc<str>) -> u32 {
        if let Some(&index) = self.texts.get(text) {
            return index;
        }
        let index = self.constant(Value::text(text));
        self.texts.insert(text.clone(), index);
        index
    }
}

impl Unit<'_> {
    fn class(&self, class: &resolve::Class) -> Class {
        let field = |field: &resolve::Field| Field {
            name: field.name.clone(),
            mutable: field.mutable,
            private: field.private,
        };
        let method =
            |method: &resolve::Method| (method.name.clone(), self.functions[method.function as usize]);
        Class {
            name: class.name.clone(),
            monitor: class.kind == ClassKind::Monitor,
            fields: class.fields.iter().map(field).collect(),
            methods: class.methods.iter().map(method).collect(),
            run: class.run.map(|run| self.functions[run as usize]),
        }
    }

    fn empty_function(&self, function: &resolve::Function) -> Function {
        let name = |&variable: &u32| self.resolution.variables[variable as usize].name.clone();
        let captures = self.captures_of(function).len();
        Function {
            name: function.name.clone(),
            span: function.span,
            kind: FunctionKind::Plain,
            parameters: function.parameters.iter().map(name).collect(),
            required: function.required,
            member: function.self_variable.is_some(),
            captures,
            // What is deferred is lowered where its block ends: nothing calls its function, which stays
            // empty. So does a function in code that nothing can reach.
            registers: usize::from(function.self_variable.is_some()) + function.parameters.len() + captures,
            code: vec![Instruction::ReturnNil],
            spans: vec![function.span],
            lines: vec![self.source.line(function.span.start)],
            handlers: Vec::new(),
            internal: self.internal,
        }
    }

    /// The variables that a function captures in registers. Members share their initialiser's.
    fn captures_of(&self, function: &resolve::Function) -> Vec<u32> {
        let owner = match (function.class, function.kind) {
            (Some(class), resolve::FunctionKind::Method | resolve::FunctionKind::Run) => {
                let initialiser = self.resolution.classes[class as usize].initialiser;
                &self.resolution.functions[initialiser as usize]
            }
            _ => function,
        };
        let kept = |&variable: &u32| self.storage[variable as usize].in_frame();
        owner.captures.iter().copied().filter(kept).collect()
    }
}

/// A function, or the script, has more of something than the machine's tables have room for.
fn too_large(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::TooLarge, span, format!("{what} is too large for the machine"))
        .hint("divide it into several functions")
}
