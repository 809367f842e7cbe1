//! What a statement declares: the one answer for whoever walks through declarations (the parser's check of members,
//! the resolver, the lowering), each of which cares for these few of all statements.

use super::tree::{
    Class, Declaration, Expression, Function, Name, NodeId, Pattern, StatementKind, Template, Timer,
};

pub enum Declared<'t> {
    Let(&'t Pattern, &'t Expression),
    Var(&'t Pattern, &'t Expression),
    ThreadLocal(&'t Name, &'t Expression, NodeId),
    Things(&'t Declaration),
    Timer(&'t Timer),
    /// With its name, which a function that is declared has.
    Function(&'t Name, &'t Function),
    Class(&'t Class),
    Thread(&'t Template),
}

impl StatementKind {
    /// None for a statement that does something.
    pub fn declared(&self) -> Option<Declared<'_>> {
        Some(match self {
            StatementKind::Let { pattern, value } => Declared::Let(pattern, value),
            StatementKind::Var { pattern, value, .. } => Declared::Var(pattern, value),
            StatementKind::ThreadLocal { name, value, id } => Declared::ThreadLocal(name, value, *id),
            StatementKind::Declare(declaration) => Declared::Things(declaration),
            StatementKind::Timer(timer) => Declared::Timer(timer),
            // Without a name it has been reported.
            StatementKind::Function(function) => Declared::Function(function.name.as_ref()?, function),
            StatementKind::Class(class) => Declared::Class(class),
            StatementKind::Thread(template) => Declared::Thread(template),
            StatementKind::Invalid
            | StatementKind::Expression(_)
            | StatementKind::OnSignal { .. }
            | StatementKind::UseGil { .. }
            | StatementKind::Assign { .. }
            | StatementKind::If { .. }
            | StatementKind::While { .. }
            | StatementKind::Loop { .. }
            | StatementKind::Repeat { .. }
            | StatementKind::For { .. }
            | StatementKind::Break
            | StatementKind::Continue
            | StatementKind::Return(_)
            | StatementKind::Throw(_)
            | StatementKind::Try { .. }
            | StatementKind::Defer(_)
            | StatementKind::Assert { .. }
            | StatementKind::Watch { .. }
            | StatementKind::With { .. }
            | StatementKind::Join(_)
            | StatementKind::Sleep(_)
            | StatementKind::Yield
            | StatementKind::Await(_)
            | StatementKind::Atomically(_)
            | StatementKind::Parallel(_)
            | StatementKind::ParallelFor { .. }
            | StatementKind::Select(_)
            | StatementKind::Block(_) => return None,
        })
    }
}

impl Pattern {
    /// Calls `each` with its names, from left to right.
    pub fn names<'t>(&'t self, each: &mut impl FnMut(&'t Name)) {
        match self {
            Pattern::Name(name) => each(name),
            Pattern::List(parts, _) => parts.iter().for_each(|part| part.names(each)),
        }
    }
}
