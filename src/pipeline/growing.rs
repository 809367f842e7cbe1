//! A program that grows while it runs: each entry of a session is added to it.
//!
//! The texts of all entries stand one after the other, so that a line has one number in the whole session. Entries
//! share one tree and one set of answers, which are found anew for all of them each time: an entry sees what earlier
//! ones declared exactly as the rest of a script would. Only what is new is lowered, and added to the program's tables.

use super::passable;
use crate::code::lower::{self, Place};
use crate::code::verify::Verified;
use crate::report::{Code, Diagnostic};
use crate::resolve::{self, Entry, Resolution, VariableKind};
use crate::source::{Source, Span};
use crate::syntax::{
    self,
    tree::{Expression, ExpressionKind, Script, Statement, StatementKind},
};
use std::collections::HashMap;
use std::sync::Arc;

pub struct Growing {
    source: Arc<Source>,
    script: Script,
    entries: Vec<Entry>,
    lowered: lower::Growing,
    /// What each name means that an entry to come may use.
    names: HashMap<Arc<str>, Named>,
}

/// A name of the session.
#[derive(Debug, Clone)]
pub struct Named {
    variable: u32,
    pub kind: VariableKind,
    /// The line of its declaration.
    pub line: u32,
}

/// An entry that has been added.
#[derive(Debug)]
pub struct Added {
    pub program: Arc<Verified>,
    /// The program's function that the entry became.
    pub function: u32,
    /// The names that it declares.
    pub names: Vec<Arc<str>>,
    pub warnings: Vec<Diagnostic>,
}

impl Growing {
    /// A session without entries, and its program, which does nothing.
    pub fn new(name: &str) -> (Growing, Arc<Verified>) {
        let source = Arc::new(Source::new(name, ""));
        let mut growing = Growing {
            lowered: lower::Growing::new(source.clone()),
            source,
            script: Script::default(),
            entries: Vec::new(),
            names: HashMap::new(),
        };
        match growing.add("") {
            Ok(added) => (growing, added.program),
            Err((found, _)) => unreachable!("nothing can be wrong with no text: {found:?}"),
        }
    }

    /// All entries as one program, to be explored.
    ///
    /// # Errors
    /// When together they are larger than the machine's tables allow.
    pub fn whole(&self) -> Result<Arc<Verified>, Box<Diagnostic>> {
        let (resolution, _) = resolve::resolve_session(&self.script, &self.entries, &self.source);
        let mut lowered = lower::Growing::new(self.source.clone());
        let (program, _) = lowered.add(&self.source, &self.script, &resolution, 0)?;
        Ok(Arc::new(Verified::new(program).unwrap_or_else(|flaw| unreachable!("{flaw:?}"))))
    }

    /// All that has been added, with a line break after each entry.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The line that the next entry begins with.
    pub fn next_line(&self) -> u32 {
        self.source.line(self.source.text.len() as u32)
    }

    pub fn names(&self) -> &HashMap<Arc<str>, Named> {
        &self.names
    }

    /// Where the program keeps what a name stands for.
    pub fn place(&self, named: &Named) -> Place {
        self.lowered.place(named.variable)
    }

    /// Adds an entry. An entry that is not understood changes nothing; what is said of it refers to the source that
    /// comes with it.
    pub fn add(&mut self, text: &str) -> Result<Added, (Vec<Diagnostic>, Arc<Source>)> {
        let from = self.source.text.len();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let whole = format!("{}{text}{end}", self.source.text);
        let source = Arc::new(Source::new(self.source.name.clone(), whole));
        let (first, nodes) = (self.script.body.statements.len(), self.script.nodes);
        let added = self.add_from(&source, from, first);
        if added.is_err() {
            self.script.body.statements.truncate(first);
            self.script.nodes = nodes;
            self.entries.truncate(self.entries.partition_point(|entry| entry.first < first));
        }
        added.map_err(|found| (found, source))
    }

    fn add_from(
        &mut self,
        source: &Arc<Source>,
        from: usize,
        first: usize,
    ) -> Result<Added, Vec<Diagnostic>> {
        let (script, found) = syntax::parse_entry(source, from, self.script.nodes);
        let mut found = passable(found)?;
        let gil = |statement: &&Statement| matches!(statement.kind, StatementKind::UseGil { .. });
        if let Some(statement) = script.body.statements.iter().find(gil) {
            let report = Diagnostic::error(Code::Misplaced, statement.span, "a session runs without the GIL");
            return Err(vec![report.hint("write the script into a file, and run it: `conc FILE`")]);
        }
        self.script.nodes = script.nodes;
        self.script.body.span = script.body.span;
        self.script.body.statements.extend(script.body.statements);
        if self.script.body.statements.len() > first {
            self.entries.push(Entry { first, forgotten: Vec::new() });
        }
        let (resolution, named) = resolve::resolve_session(&self.script, &self.entries, source);
        // What there was to say of earlier entries has been said.
        found.extend(named.into_iter().filter(|report| report.span.start as usize >= from));
        let found = passable(found)?;
        let mut lowered = self.lowered.clone();
        let (program, function) =
            lowered.add(source, &self.script, &resolution, first).map_err(|refused| vec![refused])?;
        let program = Verified::new(program).unwrap_or_else(|flaw| unreachable!("{flaw:?}"));
        self.lowered = lowered;
        self.source = source.clone();
        let names = self.remember(&resolution, from);
        Ok(Added { program: Arc::new(program), function, names, warnings: found })
    }

    /// The names that stand at the top level from this place of the text on.
    fn remember(&mut self, resolution: &Resolution, from: usize) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        for (id, variable) in resolution.variables.iter().enumerate() {
            if variable.top_level && variable.span.start as usize >= from {
                let line = self.source.line(variable.span.start);
                let named = Named { variable: id as u32, kind: variable.kind, line };
                self.names.insert(variable.name.clone(), named);
                names.push(variable.name.clone());
            }
        }
        names
    }

    /// What the last entry, which was this text and was left at this place, has done: without the statement that was left, and
    /// without those behind it, but for what is declared wherever it stands. Spaces and line breaks are in place of what is left
    /// out, so that lines keep their numbers. One that has `failed` after it may have done something (a loop, a call of a
    /// function of the session) is kept, in a `try`.
    pub fn done_before(&self, text: &str, at: Option<Span>, failed: bool) -> String {
        let length = self.source.text.len() - usize::from(!text.ends_with('\n'));
        let from = length.saturating_sub(text.len());
        let at = at.map_or(from, |span| span.start as usize);
        let known = |statement: &&Statement| {
            matches!(
                statement.kind,
                StatementKind::Function(_) | StatementKind::Class(_) | StatementKind::Thread(_)
            )
        };
        let of_entry = self.script.body.statements.iter().filter(|one| one.span.start as usize >= from);
        let left_out = of_entry.filter(|one| one.span.end as usize > at && !known(one));
        let mut done = text.as_bytes().to_vec();
        let mut kept = None;
        for statement in left_out {
            let within = statement.span.start as usize - from..statement.span.end as usize - from;
            if failed && statement.span.start as usize <= at && self.may_have_done_something(statement) {
                kept = Some(within);
                continue;
            }
            done[within]
                .iter_mut()
                .filter(|byte| !matches!(byte, b'\n' | b'\r'))
                .for_each(|byte| *byte = b' ');
        }
        let mut done = String::from_utf8(done).unwrap_or_default();
        if let Some(within) = kept {
            done.insert_str(within.end, " } catch { }");
            done.insert_str(within.start, "try { ");
        }
        done
    }

    /// Whether it may have done something before it failed, and declares nothing.
    fn may_have_done_something(&self, statement: &Statement) -> bool {
        match &statement.kind {
            StatementKind::If { .. }
            | StatementKind::While { .. }
            | StatementKind::Loop { .. }
            | StatementKind::Repeat { .. }
            | StatementKind::For { .. }
            | StatementKind::Try { .. }
            | StatementKind::With { .. }
            | StatementKind::Parallel(_)
            | StatementKind::ParallelFor { .. }
            | StatementKind::Select(_)
            | StatementKind::Block(_) => true,
            StatementKind::Expression(Expression { kind: ExpressionKind::Call { callee, .. }, .. }) => {
                matches!(&callee.kind, ExpressionKind::Name(name) if self.names.contains_key(&name.text))
            }
            StatementKind::Invalid
            | StatementKind::Expression(_)
            | StatementKind::Let { .. }
            | StatementKind::Var { .. }
            | StatementKind::ThreadLocal { .. }
            | StatementKind::Assign { .. }
            | StatementKind::Function(_)
            | StatementKind::Class(_)
            | StatementKind::Thread(_)
            | StatementKind::Declare(_)
            | StatementKind::Timer(_)
            | StatementKind::OnSignal { .. }
            | StatementKind::UseGil { .. }
            | StatementKind::Break
            | StatementKind::Continue
            | StatementKind::Return(_)
            | StatementKind::Throw(_)
            | StatementKind::Defer(_)
            | StatementKind::Assert { .. }
            | StatementKind::Watch { .. }
            | StatementKind::Join(_)
            | StatementKind::Sleep(_)
            | StatementKind::Yield
            | StatementKind::Await(_)
            | StatementKind::Atomically(_) => false,
        }
    }

    /// Lets these names of the last entry mean what they meant before it: it has ended before they got a value.
    pub fn forget(&mut self, names: &[Arc<str>], before: HashMap<Arc<str>, Named>) {
        if let Some(entry) = self.entries.last_mut() {
            entry.forgotten.extend(names.iter().cloned());
        }
        for name in names {
            match before.get(name) {
                Some(named) => drop(self.names.insert(name.clone(), named.clone())),
                None => drop(self.names.remove(name)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn grown(entries: &[&str]) -> Growing {
        let (mut growing, _) = Growing::new("session");
        for entry in entries {
            growing.add(entry).unwrap_or_else(|(found, _)| panic!("{entry}: {found:?}"));
        }
        growing
    }

    fn refused(growing: &mut Growing, text: &str) -> String {
        growing.add(text).expect_err(text).0[0].message.clone()
    }

    #[test]
    fn an_entry_sees_what_was_declared_before() {
        let mut growing = grown(&["fn area(w, h) { return w * h }", "let x = area(2, 3)"]);
        let added = growing.add("area(x, x)").expect("both are known");
        assert_eq!(&*added.program.functions[added.function as usize].name, "<script>");
        assert!(refused(&mut growing, "area(1)").contains("area"), "its parameters are known too");
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut growing = grown(&["let x = 1"]);
        for wrong in ["let y = ", "let y = z", "let y = 1\ny = 2"] {
            refused(&mut growing, wrong);
            assert_eq!((growing.source().text.as_ref(), growing.next_line()), ("let x = 1\n", 2), "{wrong}");
        }
        growing.add("let y = x").expect("y is free");
        assert!(refused(&mut growing, "use gil").contains("without the GIL"));
    }

    #[test]
    fn a_name_can_be_declared_again() {
        let mut growing = grown(&["let x = 1", "fn old() { return x }", "let x = \"new\""]);
        assert_eq!(growing.names()["x"].line, 3);
        let place = growing.place(&growing.names()["x"]);
        assert!(matches!(place, Place::Value(value) if value == Value::text("new")));
        assert!(refused(&mut growing, "let z = 1; let z = 2").contains("twice"), "not within one entry");
    }

    #[test]
    fn a_name_without_a_value_means_what_it_did() {
        let mut growing = grown(&["let x = 1"]);
        let before = growing.names().clone();
        let added = growing.add("let x = [2][7]").expect("it fails when it runs");
        growing.forget(&added.names, before);
        assert_eq!(growing.names()["x"].line, 1);
        let before = growing.names().clone();
        let added = growing.add("let new = [2][7]").expect("it fails when it runs");
        growing.forget(&added.names, before);
        assert!(refused(&mut growing, "new").contains("undefined name"));
    }

    #[test]
    fn what_an_error_left_undone_is_left_out() {
        let text = "let a = 1; let b = [2][7]\nfn f() => a; print(\"余\",\n  a)\nclass C { }";
        let growing = grown(&["let x = 1", text]);
        let done = |what: &str| {
            let at = growing.source().text.find(what).unwrap();
            growing.done_before(text, Some(Span::new(at, at + 1)), true)
        };
        let blanks = |n| " ".repeat(n);
        let rest = format!("\nfn f() => a; {}\n{}\nclass C {{ }}", blanks(12), blanks(4));
        assert_eq!(done("[2]"), format!("let a = 1; {}{rest}", blanks(14)));
        assert_eq!(done("1; let b"), format!("{}; {}{rest}", blanks(9), blanks(14)));
        assert_eq!(growing.done_before(text, None, true), format!("{}; {}{rest}", blanks(9), blanks(14)));
    }

    #[test]
    fn what_failed_in_the_middle_is_kept_in_a_try() {
        let text = "let a = 1\nfor i in 0..3 {\n  go(i)\n}; print(a)";
        let growing = grown(&["fn go(x) { print([1][x]) }", text]);
        let at = growing.source().text.find("for").unwrap();
        let kept = |failed| growing.done_before(text, Some(Span::new(at, at + 1)), failed);
        assert_eq!(kept(true), "let a = 1\ntry { for i in 0..3 {\n  go(i)\n} } catch { };         ");
        assert_eq!(kept(false).replace([' ', '\n', ';'], ""), "leta=1");
    }

    /// The server of a session's processes makes the program anew of the same entries, and functions are numbers to both.
    #[test]
    fn the_same_entries_make_the_same_program() {
        let entries = [
            "let x = 1\nlet y = [1][9]",
            "class A(n) { fn m() => n }\nmonitor M { condition c\n fn w() { c.wait() } }",
            "fn f(a, b = 1) { return fn() => [a, b, x] }",
            "process p(i) { print(f(i)) }\nshared var total = 0\nshared queue q",
            "let z = sorted([3, 1], key: fn(k) => -k); z.push(A(2).m())",
            "select { let v = q.get() => { total += v }\n else => { } }",
        ];
        let programs = [(); 2].map(|()| {
            let (mut growing, mut program) = Growing::new("session");
            for entry in entries {
                let before = growing.names().clone();
                let added = growing.add(entry).unwrap_or_else(|(found, _)| panic!("{entry}: {found:?}"));
                program = added.program;
                growing.forget(&[Arc::from("y")], before);
            }
            format!("{program:?}")
        });
        assert_eq!(programs[0], programs[1]);
    }

    #[test]
    fn numbers_never_change() {
        let mut growing = grown(&["fn f() { return 1 }\nclass A(n) { fn m() => n }"]);
        let old = growing.add("f()").expect("f is known").program;
        let new = growing.add("sorted([2, 1], key: fn(x) => -x)").expect("a builtin in conc").program;
        assert!(new.functions.len() > old.functions.len() + 1);
        for (old, new) in old.functions.iter().zip(&new.functions) {
            assert_eq!((&old.name, old.code.len()), (&new.name, new.code.len()));
        }
        assert_eq!(old.symbols[..], new.symbols[..old.symbols.len()]);
        assert_eq!(old.fixed[..], new.fixed[..old.fixed.len()]);
    }

    #[test]
    fn reports_name_the_lines_of_the_session() {
        let mut growing = grown(&["let x = 1\nlet y = 2", "# only a comment"]);
        let (found, source) = growing.add("x +\n  nonsense").expect_err("an unknown name");
        assert_eq!(source.line(found[0].span.start), 5);
        assert_eq!(growing.next_line(), 4);
    }
}
