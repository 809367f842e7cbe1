//! From the grammar's pairs to the tree: one function a rule, one file a subject.
//!
//! This file has what all of them need: the loop that asks the grammar for one statement after the other,
//! node numbers, spans, and the count of how deep the tree gets.

mod blocks;
mod declarations;
mod expressions;
pub mod marks;
mod mistakes;
mod numbers;
mod operators;
mod select;
mod statements;
mod texts;

pub use mistakes::{DECLARING, RESERVED, is_reserved};

use super::tree::{Block, Name, NodeId, Script, Statement};
use crate::report::{Code, Diagnostic};
use crate::source::prepare::{Prepared, prepare};
use crate::source::{Source, Span};
use pest::Parser as _;

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/conc.pest"]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

type Pair<'i> = pest::iterators::Pair<'i, Rule>;

/// How high a tree may get: everything that walks it does so on the Rust stack.
const HEIGHT_LIMIT: usize = 500;
/// Up to this nesting of brackets any thread's stack is large enough for the grammar.
const SHALLOW: usize = 16;
/// Enough for the deepest nesting that the preparation lets through, several times over.
const DEEP_STACK: usize = 64 << 20;
/// A text with so many mistakes is no script; more of them help nobody.
const PROBLEM_LIMIT: usize = 100;

pub fn script(source: &Source) -> (Script, Vec<Diagnostic>) {
    parse(source, &source.text, 0)
}

/// The tree of what stands from `from` on, with node numbers from `nodes` on.
pub fn entry(source: &Source, from: usize, nodes: NodeId) -> (Script, Vec<Diagnostic>) {
    let (before, own) = source.text.split_at(from);
    // Blank, so that all offsets are those of the whole text.
    let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    let text: String = before.bytes().map(blank).collect::<String>() + own;
    parse(source, &text, nodes)
}

fn parse(source: &Source, text: &str, nodes: NodeId) -> (Script, Vec<Diagnostic>) {
    let Prepared { text, problems, depth, .. } = prepare(text);
    let mut parser = Parser {
        text: &text,
        length: source.text.len(),
        base: 0,
        nodes,
        height: 0,
        problems,
        after_invalid: false,
        counting: 0,
    };
    let statements = with_stack_for(depth, || parser.statements()).unwrap_or_else(|| {
        let message = "there is not enough memory to read a text with such deep nesting";
        parser.problem(Diagnostic::error(Code::TooDeep, parser.place(0, 0), message));
        Vec::new()
    });
    let script =
        Script { body: Block { statements, span: Span::new(0, source.text.len()) }, nodes: parser.nodes };
    (script, parser.finish(source))
}

/// Does the work where the stack is certain to suffice for brackets nested so deeply; None when there is no memory
/// for it. WebAssembly has no other stack to offer.
pub fn with_stack_for<T: Send>(depth: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if depth <= SHALLOW || cfg!(target_family = "wasm") {
        return Some(work());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("parser".into()).stack_size(DEEP_STACK);
        let thread = thread.spawn_scoped(scope, work).ok()?;
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

struct Parser<'s> {
    /// The prepared text.
    text: &'s str,
    /// How long the text is as written; the prepared one may have more closing braces.
    length: usize,
    /// Where the text begins that the grammar sees now.
    base: usize,
    nodes: NodeId,
    /// How high the tree is at the place that is being built.
    height: usize,
    problems: Vec<Diagnostic>,
    /// Whether the statement just before, in the same block, could not be understood.
    after_invalid: bool,
    /// The end of the line of a `for` that counts as elsewhere: what stands before it are the for's other parts.
    counting: usize,
}

impl Parser<'_> {
    fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        let text = self.text;
        let mut at = 0;
        while let Some(length) = text[at..].find(|c| !matches!(c, ' ' | '\t' | '\n' | ';')) {
            at += length;
            self.base = at;
            match Grammar::parse(Rule::item, &text[at..]) {
                Ok(mut pairs) => {
                    let Some(pair) = pairs.next() else { break };
                    at += pair.as_span().end().max(1);
                    statements.push(self.item(pair));
                }
                // Only when the stack runs out, which the preparation should have prevented.
                Err(_) => {
                    let message = "this is nested too deeply to be understood";
                    self.problem(Diagnostic::error(Code::TooDeep, self.place(0, 1), message));
                    break;
                }
            }
        }
        statements
    }

    fn node(&mut self) -> NodeId {
        self.nodes += 1;
        self.nodes - 1
    }

    fn problem(&mut self, diagnostic: Diagnostic) {
        // Several on one line become one in the end, so more are kept than will be shown.
        if self.problems.len() < 10 * PROBLEM_LIMIT {
            self.problems.push(diagnostic);
        }
    }

    fn syntax_error(&mut self, span: Span, message: impl Into<String>) {
        self.problem(Diagnostic::error(Code::Syntax, span, message));
    }

    /// A span of what the grammar saw.
    fn place(&self, start: usize, end: usize) -> Span {
        Span::new((self.base + start).min(self.length), (self.base + end).min(self.length))
    }

    /// The place of a pair, without the blanks that the grammar took after it.
    fn span(&self, pair: &Pair) -> Span {
        let start = pair.as_span().start();
        self.place(start, start + pair.as_str().trim_end_matches([' ', '\t', '\n']).len())
    }

    fn name(&mut self, pair: &Pair) -> Name {
        Name { text: pair.as_str().into(), span: self.span(pair), id: self.node() }
    }

    /// Goes down by some levels of the tree, or says that this would be too many.
    fn deeper(&mut self, levels: usize, span: Span) -> bool {
        if self.height + levels > HEIGHT_LIMIT {
            let message = format!("this is nested more than {HEIGHT_LIMIT} levels deep");
            self.problem(
                Diagnostic::error(Code::TooDeep, span, message)
                    .note("every operator of a chain counts as one level")
                    .hint("give the parts names of their own, with `let`"),
            );
            return false;
        }
        self.height += levels;
        true
    }

    fn up(&mut self, levels: usize) {
        self.height -= levels;
    }

    /// In the order of the text, one mistake a line: what follows the first is mostly its consequence.
    fn finish(self, source: &Source) -> Vec<Diagnostic> {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| problem.span.start);
        problems.dedup_by_key(|problem| source.line(problem.span.start));
        mistakes::without_consequences(&mut problems);
        problems.truncate(PROBLEM_LIMIT);
        problems
    }
}

/// The parts of a pair that carry meaning: without keywords and punctuation.
fn parts(pair: Pair<'_>) -> impl Iterator<Item = Pair<'_>> {
    pair.into_inner().filter(|part| !is_mark(part.as_rule()))
}

fn is_mark(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::kw_after
            | Rule::kw_assert
            | Rule::kw_atomically
            | Rule::kw_await
            | Rule::kw_break
            | Rule::kw_catch
            | Rule::kw_class
            | Rule::kw_continue
            | Rule::kw_daemon
            | Rule::kw_defer
            | Rule::kw_else
            | Rule::kw_every
            | Rule::kw_finally
            | Rule::kw_fn
            | Rule::kw_for
            | Rule::kw_if
            | Rule::kw_in
            | Rule::kw_join
            | Rule::kw_let
            | Rule::kw_loop
            | Rule::kw_monitor
            | Rule::kw_on_signal
            | Rule::kw_use_gil
            | Rule::kw_ignore
            | Rule::kw_default
            | Rule::kw_parallel
            | Rule::kw_repeat
            | Rule::kw_shared
            | Rule::kw_return
            | Rule::kw_run
            | Rule::kw_select
            | Rule::kw_self
            | Rule::kw_sleep
            | Rule::kw_start
            | Rule::kw_process
            | Rule::kw_thread
            | Rule::kw_threadlocal
            | Rule::kw_throw
            | Rule::kw_timer
            | Rule::kw_try
            | Rule::kw_var
            | Rule::kw_watch
            | Rule::kw_while
            | Rule::kw_with
            | Rule::kw_yield
            | Rule::open_parenthesis
            | Rule::close_parenthesis
            | Rule::open_brace
            | Rule::close_bracket
            | Rule::equals
            | Rule::arrow
            | Rule::comma
            | Rule::colon
    )
}

/// The first word of a pair, when that tells two forms of one rule apart.
fn begins_with(pair: &Pair, word: &str) -> bool {
    pair.as_str().starts_with(word)
}
