//! The code of one function while it is made: instructions, registers, and what has to be cleaned up on the way out.

use super::{Lowering, Unit, storage::Storage, too_large};
use crate::code::operands::Target;
use crate::code::{Handler, Instruction, Register, Site};
use crate::report::Diagnostic;
use crate::resolve::{FunctionId, Meaning, VariableId};
use crate::source::Span;
use crate::syntax::tree::{Block, NodeId};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) type Lowered<T = ()> = Result<T, Diagnostic>;

/// Fused compare-and-jump instructions reach 65,535 instructions; a body of more text than this may have more.
const FUSED_LIMIT: u32 = 30_000;

pub(super) struct Builder<'l, 'u, 't> {
    pub lowering: &'l mut Lowering,
    pub unit: &'u Unit<'t>,
    pub function: FunctionId,
    pub span: Span,
    /// Whether compare-and-jump instructions may be used.
    pub fused: bool,
    code: Vec<Instruction>,
    spans: Vec<Span>,
    handlers: Vec<Handler>,
    registers: HashMap<VariableId, Register>,
    /// The next free register, and the most that were ever in use.
    next: usize,
    most: usize,
    contexts: Vec<Context<'t>>,
}

pub(super) struct Finished {
    pub registers: usize,
    pub code: Vec<Instruction>,
    pub spans: Vec<Span>,
    pub lines: Vec<u32>,
    pub handlers: Vec<Handler>,
}

/// Something that `break`, `continue`, `return` or an error leaves.
struct Context<'t> {
    kind: ContextKind<'t>,
    /// The code before this is not covered by its handler.
    start: usize,
    /// Stretches that its handler does not cover: they are already on the way out of it.
    gaps: Vec<(usize, usize)>,
}

enum ContextKind<'t> {
    Loop {
        breaks: Vec<usize>,
        continues: Vec<usize>,
    },
    /// A `catch` covers this stretch: nothing to clean up.
    Catch,
    Cleanup(Cleanup<'t>),
}

/// What is done on every way out of a stretch of code.
#[derive(Clone, Copy)]
pub(super) enum Cleanup<'t> {
    Leave(Register),
    LeaveFixed(u32),
    Finally(&'t Block),
    ResumeOthers,
    AwaitEnd,
}

impl<'l, 'u, 't> Builder<'l, 'u, 't> {
    pub fn new(lowering: &'l mut Lowering, unit: &'u Unit<'t>, function: FunctionId) -> Self {
        let known = &unit.resolution.functions[function as usize];
        let mut builder = Builder {
            lowering,
            unit,
            function,
            span: known.span,
            fused: known.span.end - known.span.start < FUSED_LIMIT,
            code: Vec::new(),
            spans: Vec::new(),
            handlers: Vec::new(),
            registers: HashMap::new(),
            next: 0,
            most: 0,
            contexts: Vec::new(),
        };
        for &variable in known.self_variable.iter().chain(&known.parameters) {
            builder.declare(variable);
        }
        for variable in unit.captures_of(known) {
            builder.declare(variable);
        }
        builder
    }

    pub fn finish(mut self) -> Lowered<Finished> {
        self.emit(Instruction::ReturnNil);
        if self.most > usize::from(Register::MAX) - 8 || self.code.len() > u32::MAX as usize / 2 {
            return Err(too_large(self.span.at_start(), "this function"));
        }
        if self.fused && self.code.len() > usize::from(u16::MAX) {
            return Err(too_large(self.span.at_start(), "this function"));
        }
        let lines = self.spans.iter().map(|span| self.unit.source.line(span.start)).collect();
        Ok(Finished {
            registers: self.most + 1,
            code: self.code,
            spans: self.spans,
            lines,
            handlers: self.handlers,
        })
    }

    // Instructions.

    pub fn emit(&mut self, instruction: Instruction) -> usize {
        self.code.push(instruction);
        self.spans.push(self.span);
        self.code.len() - 1
    }

    pub fn here(&self) -> usize {
        self.code.len()
    }

    /// Sets the place that the following instructions are reported with; returns the one before.
    pub fn at(&mut self, span: Span) -> Span {
        std::mem::replace(&mut self.span, span)
    }

    /// Lets the jump at `index` go to the next instruction to come.
    pub fn land(&mut self, index: usize) {
        let target = self.here();
        self.land_at(index, target);
    }

    pub fn land_all(&mut self, jumps: Vec<usize>) {
        for jump in jumps {
            self.land(jump);
        }
    }

    fn land_at(&mut self, index: usize, target: usize) {
        match self.code[index].target_mut() {
            Some(Target::Long(to)) => *to = target as u32,
            Some(Target::Short(to)) => *to = target as u16, // `finish` refuses fused code in functions too long for it
            None => unreachable!("{:?} does not jump", self.code[index]),
        }
    }

    // Registers.

    /// A register for a moment; give it back with `release_to`.
    pub fn temporary(&mut self) -> Register {
        self.temporaries(1)
    }

    /// Several registers in a row; the first.
    pub fn temporaries(&mut self, count: usize) -> Register {
        let first = self.next;
        self.next += count;
        self.most = self.most.max(self.next);
        // Wraps only in a function that `finish` then refuses.
        first as Register
    }

    pub fn mark(&self) -> usize {
        self.next
    }

    /// Gives back all registers taken since the mark.
    pub fn release_to(&mut self, mark: usize) {
        self.next = mark;
    }

    // Variables.

    pub fn storage(&self, variable: VariableId) -> Storage {
        self.unit.storage[variable as usize]
    }

    pub fn meaning(&self, id: NodeId) -> Meaning {
        self.unit.resolution.meanings[id as usize]
    }

    /// Gives a variable its register, if it is kept in the frame.
    pub fn declare(&mut self, variable: VariableId) -> Option<Register> {
        if !self.storage(variable).in_frame() {
            // Parameters and such always have a place, even when nobody keeps them there.
            let kind = self.unit.resolution.variables[variable as usize].kind;
            if kind != crate::resolve::VariableKind::Parameter {
                return None;
            }
        }
        let register = self.temporary();
        self.registers.insert(variable, register);
        Some(register)
    }

    /// Lets a variable be kept in a register that is already taken.
    pub fn keep_in(&mut self, variable: VariableId, register: Register) {
        self.registers.insert(variable, register);
    }

    pub fn register(&self, variable: VariableId) -> Register {
        *self.registers.get(&variable).unwrap_or_else(|| {
            let variable = &self.unit.resolution.variables[variable as usize];
            unreachable!("{} has no register in function {}", variable.name, self.function)
        })
    }

    pub fn has_register(&self, variable: VariableId) -> bool {
        self.registers.contains_key(&variable)
    }

    /// The function that a node of the tree became.
    pub fn function_of(&self, node: NodeId) -> FunctionId {
        self.unit.resolution.function_of[node as usize].expect("the resolver numbers every body")
    }

    pub fn program_function(&self, function: FunctionId) -> u32 {
        self.unit.functions[function as usize]
    }

    /// Emits the making of a function as a value.
    pub fn closure(&mut self, function: FunctionId, d: Register) {
        let known = &self.unit.resolution.functions[function as usize];
        let captured = self.unit.captures_of(known);
        let program_function = self.program_function(function);
        if captured.is_empty() {
            let index = self.lowering.constant(crate::value::Value::Function(program_function));
            self.emit(Instruction::Constant { d, index });
            return;
        }
        let captures = captured.iter().map(|&variable| self.register(variable)).collect();
        let site = self.lowering.site(Site { function: program_function, captures });
        self.emit(Instruction::Closure { d, site });
    }

    pub fn symbol(&mut self, name: &Arc<str>) -> u16 {
        self.lowering.symbol(name)
    }

    // Ways out.

    pub fn begin_loop(&mut self) {
        self.begin(ContextKind::Loop { breaks: Vec::new(), continues: Vec::new() });
    }

    /// Where `continue` goes on: the next instruction to come.
    pub fn continues_here(&mut self) {
        let target = self.here();
        let Some(Context { kind: ContextKind::Loop { continues, .. }, .. }) = self.contexts.last_mut() else {
            unreachable!("the innermost context is the loop")
        };
        for jump in std::mem::take(continues) {
            self.land_at(jump, target);
        }
    }

    /// Ends the loop; `break` goes on with the next instruction to come.
    pub fn end_loop(&mut self) {
        let Some(Context { kind: ContextKind::Loop { breaks, .. }, .. }) = self.contexts.pop() else {
            unreachable!("the innermost context is the loop")
        };
        self.land_all(breaks);
    }

    pub fn begin_catch(&mut self) {
        self.begin(ContextKind::Catch);
    }

    pub fn begin_cleanup(&mut self, cleanup: Cleanup<'t>) {
        self.begin(ContextKind::Cleanup(cleanup));
    }

    fn begin(&mut self, kind: ContextKind<'t>) {
        let start = self.here();
        self.contexts.push(Context { kind, start, gaps: Vec::new() });
    }

    /// Ends a stretch that a `catch` covers; the handler's code must come next.
    pub fn end_catch(&mut self, end: usize, error: Register) {
        let context = self.contexts.pop().expect("begun");
        self.cover(&context, end, error, false);
    }

    /// Ends a stretch with a cleanup: emits it for the normal way on, and for errors. An error in a `finally` says which
    /// one it supersedes.
    pub fn end_cleanup(&mut self) -> Lowered {
        let context = self.contexts.pop().expect("begun");
        let ContextKind::Cleanup(cleanup) = context.kind else { unreachable!("begun as a cleanup") };
        let end = self.here();
        let over = match cleanup {
            Cleanup::Leave(a) => self.emit(Instruction::LeaveTo { a, to: 0 }),
            Cleanup::LeaveFixed(index) if self.fused => self.emit(Instruction::LeaveFixedTo { index, to: 0 }),
            other => {
                self.clean(other)?;
                self.emit(Instruction::Jump { to: 0 })
            }
        };
        let mark = self.mark();
        let error = self.temporary();
        self.cover(&context, end, error, true);
        let may_fail = matches!(cleanup, Cleanup::Finally(_));
        if may_fail {
            self.begin_catch();
        }
        self.clean(cleanup)?;
        let end = self.here();
        self.emit(Instruction::Rethrow { s: error });
        if may_fail {
            let later = self.temporary();
            let context = self.contexts.pop().expect("begun");
            self.cover(&context, end, later, true);
            self.emit(Instruction::Supersede { s: later, earlier: error });
        }
        self.release_to(mark);
        self.land(over);
        Ok(())
    }

    /// Enters a handler, whose code comes next, for the context's stretch less its gaps.
    fn cover(&mut self, context: &Context<'t>, end: usize, error: Register, cleanup: bool) {
        let target = self.here() as u32;
        let mut start = context.start;
        let mut stretch = |from: usize, until: usize| {
            if from < until {
                let (start, end) = (from as u32, until as u32);
                self.handlers.push(Handler { start, end, target, error, cleanup });
            }
        };
        for &(from, until) in &context.gaps {
            stretch(start, from);
            start = until;
        }
        stretch(start, end);
    }

    fn clean(&mut self, cleanup: Cleanup<'t>) -> Lowered {
        match cleanup {
            Cleanup::Leave(a) => {
                self.emit(Instruction::Leave { a });
            }
            Cleanup::LeaveFixed(index) => {
                self.emit(Instruction::LeaveFixed { index });
            }
            Cleanup::Finally(block) => self.block(block)?,
            Cleanup::ResumeOthers => {
                self.emit(Instruction::ResumeOthers);
            }
            Cleanup::AwaitEnd => {
                self.emit(Instruction::AwaitEnd);
            }
        }
        Ok(())
    }

    /// Emits what leaving all contexts down to `depth` asks for, then `last`; returns the index of `last`.
    fn leave(&mut self, depth: usize, last: Instruction) -> Lowered<usize> {
        // Each context is put aside before its own cleanup: what is cleaned up is left already, while the contexts
        // further out are still entered and cover it.
        let mut left = Vec::new();
        while self.contexts.len() > depth {
            let context = self.contexts.pop().expect("there are more than `depth`");
            let begin = self.here();
            if let ContextKind::Cleanup(cleanup) = context.kind {
                self.clean(cleanup)?;
            }
            left.push((context, begin));
        }
        let index = self.emit(last);
        let end = self.here();
        while let Some((mut context, begin)) = left.pop() {
            context.gaps.push((begin, end));
            self.contexts.push(context);
        }
        Ok(index)
    }

    /// Whether anything has to be cleaned up on the way out of the function.
    pub fn cleans_up(&self) -> bool {
        self.contexts.iter().any(|context| matches!(context.kind, ContextKind::Cleanup(_)))
    }

    /// `return`: the value is in a register that no cleanup touches.
    pub fn leave_function(&mut self, s: Register) -> Lowered {
        self.leave(0, Instruction::Return { s })?;
        Ok(())
    }

    pub fn leave_loop(&mut self, go_on: bool) -> Lowered {
        let is_loop = |context: &Context<'_>| matches!(context.kind, ContextKind::Loop { .. });
        let depth = self.contexts.iter().rposition(is_loop).expect("the resolver refuses others");
        let index = self.leave(depth + 1, Instruction::Jump { to: 0 })?;
        let ContextKind::Loop { breaks, continues } = &mut self.contexts[depth].kind else {
            unreachable!("it was found as a loop")
        };
        if go_on {
            continues.push(index)
        } else {
            breaks.push(index)
        }
        Ok(())
    }
}
