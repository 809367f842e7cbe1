//! Statements in places where they mean nothing: `break` outside a loop, `return` outside a function.

use super::Findings;
use super::visit::{Body, Visitor, call_of, walk_block, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{Block, Branch, Script, Statement, StatementKind};

pub struct Places<'a, 'f, 't> {
    found: &'a mut Findings<'f, 't>,
    /// The bodies around, innermost last, each with the number of loops in it that are around.
    bodies: Vec<(Body, usize)>,
    /// Loops of the script itself that are around.
    loops: usize,
    blocks: usize,
    /// Where the first statement of the script stands.
    first: Option<Span>,
}

impl<'a, 'f, 't> Places<'a, 'f, 't> {
    pub fn new(script: &Script, found: &'a mut Findings<'f, 't>) -> Self {
        let first = script.body.statements.first().map(|statement| statement.span);
        Places { found, bodies: Vec::new(), loops: 0, blocks: 0, first }
    }

    fn misplaced(&mut self, span: Span, message: &str, hint: &str) {
        let report = Diagnostic::error(Code::Misplaced, span, message);
        self.found.always(if hint.is_empty() { report } else { report.hint(hint) });
    }

    fn leave_loop(&mut self, word: &str, span: Span) {
        if self.loops > 0 {
            return;
        }
        let around = self.bodies.iter().any(|(_, loops)| *loops > 0);
        let message = format!("`{word}` outside a loop");
        let hint = match self.bodies.last() {
            Some((Body::Thread | Body::Branch, _)) if around => {
                "the loop is not in this thread; `return` ends the thread"
            }
            Some((Body::Deferred, _)) if around => "what is deferred runs after the loop",
            Some((Body::Branch, _)) => {
                "each part of a `parallel` runs in a thread of its own; `return` ends it"
            }
            Some(_) if around => "the loop is not in this function; `return` leaves the function",
            Some((Body::Deferred, _)) => "what is deferred ends with its block",
            Some((Body::Thread, _)) => "`return` ends the thread",
            Some(_) => "`return` leaves the function",
            None => "`exit(0)` ends the program, with that exit status",
        };
        self.misplaced(span, &message, hint);
    }

    fn in_place(&mut self, statement: &Statement) {
        let span = statement.span;
        if let StatementKind::Break = statement.kind {
            self.leave_loop("break", span);
        } else if let StatementKind::Continue = statement.kind {
            self.leave_loop("continue", span);
        } else if let StatementKind::Return(_) = statement.kind
            && self.bodies.is_empty()
        {
            let hint = "`exit(0)` ends the program, with that exit status";
            self.misplaced(span, "`return` outside a function", hint);
        } else if let StatementKind::ThreadLocal { name, .. } = &statement.kind
            && (self.blocks > 1 || !self.bodies.is_empty())
        {
            let message = format!("threadlocal {} is not at the top level", name.text);
            let hint = "a variable in a function or a thread belongs to its thread already: `var` is enough";
            self.misplaced(name.span, &message, hint);
        }
    }

    /// A handler belongs to the whole program.
    fn handler(&mut self, statement: &Statement) {
        if let StatementKind::OnSignal { .. } = statement.kind
            && (self.blocks > 1 || !self.bodies.is_empty())
        {
            let start = statement.span.start;
            let span = Span { start, end: start + "on".len() as u32 };
            let hint = "a new handler takes the place of the one before, also there";
            self.misplaced(span, "`on signal` is not at the top level", hint);
        }
    }

    /// It is about the whole run, so nothing comes before it.
    fn at_the_top(&mut self, statement: &Statement) {
        if let StatementKind::UseGil { .. } = statement.kind
            && self.first != Some(statement.span)
        {
            let hint = "make it the first statement, or leave it out and run `conc --gil FILE`";
            self.misplaced(statement.span, "`use gil` is not at the top: it holds for the whole run", hint);
        }
    }

    /// A declaration that is a statement of `parallel`: its name would be seen by nobody. (`let` and `var` there
    /// are the parser's.)
    fn lonely_declaration(&mut self, statement: &Statement) {
        let lonely = matches!(
            statement.kind,
            StatementKind::ThreadLocal { .. }
                | StatementKind::Function(_)
                | StatementKind::Class(_)
                | StatementKind::Thread(_)
                | StatementKind::Declare(_)
                | StatementKind::Timer(_)
        );
        if lonely {
            let report =
                Diagnostic::error(Code::Misplaced, statement.span, "a declaration directly in `parallel`")
                    .note("each statement of a `parallel` runs in a thread of its own")
                    .hint("declare it before the `parallel`");
            self.found.always(report);
        }
    }
}

impl<'t> Visitor<'t> for Places<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        self.in_place(statement);
        self.handler(statement);
        self.at_the_top(statement);
        if let StatementKind::Parallel(branches) = &statement.kind {
            branches.iter().for_each(|branch| self.branch(branch));
        } else if let StatementKind::Loop { body } = &statement.kind {
            self.in_loop(body);
        } else if let StatementKind::While { condition: head, body }
        | StatementKind::Repeat { count: head, body }
        | StatementKind::For { items: head, body, .. } = &statement.kind
        {
            self.expression(head);
            self.in_loop(body);
        } else {
            walk_statement(self, statement);
        }
    }

    fn block(&mut self, block: &'t Block) {
        self.blocks += 1;
        walk_block(self, block);
        self.blocks -= 1;
    }

    fn enter(&mut self, body: Body) {
        let loops = std::mem::take(&mut self.loops);
        self.bodies.push((body, loops));
    }

    fn leave(&mut self) {
        if let Some((_, loops)) = self.bodies.pop() {
            self.loops = loops;
        }
    }
}

impl<'t> Places<'_, '_, 't> {
    fn branch(&mut self, branch: &'t Branch) {
        if let Some(call) = call_of(branch) {
            return self.expression(call);
        }
        // The parser has reported these.
        let reported = matches!(
            branch.statement.kind,
            StatementKind::Break | StatementKind::Continue | StatementKind::Return(_)
        );
        if reported {
            return;
        }
        self.lonely_declaration(&branch.statement);
        self.enter(Body::Branch);
        self.statement(&branch.statement);
        self.leave();
    }

    fn in_loop(&mut self, body: &'t Block) {
        self.loops += 1;
        self.block(body);
        self.loops -= 1;
    }
}
