//! The walk through the tree that gives every name its meaning: opens and closes scopes and functions in the
//! order in which a person reads.
//!
//! Reports only what concerns names; everything else that can be wrong is found afterwards, by the checks.

use super::captures::Mention;
use super::scopes::Scope;
use super::{
    Around, BLOCK, Builtins, Entry, Function, FunctionId, FunctionKind, Meaning, Resolution, VariableId,
    VariableKind,
};
use crate::report::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::declared::Declared;
use crate::syntax::tree::{
    self, ArmWait, Block, Branch, ExpressionKind, NodeId, Pattern, Script, Statement, StatementKind,
};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub(super) struct Names<'a> {
    pub answers: Resolution,
    pub found: Vec<Diagnostic>,
    pub source: &'a Source,
    pub builtins: &'a Builtins,
    pub scopes: Vec<Scope>,
    /// How many scopes of the top level are open: in a session one for each entry.
    pub top_scopes: usize,
    /// The function that is being walked through.
    pub current: FunctionId,
    /// Counts what is declared and made, to tell which comes first.
    pub now: u32,
    /// By variable: when its declaration was passed.
    pub declared_at: Vec<Option<u32>>,
    /// By variable: how many mentions stand before the end of its declaration.
    pub mentions_before: Vec<usize>,
    /// By function: when its value is made. A function with a name is made at the start of its block.
    pub made_at: Vec<u32>,
    pub mentions: Vec<Mention>,
    /// What is in the `captures` of which function.
    pub carried: HashSet<(FunctionId, VariableId)>,
    /// By name: which of `found` reports it, and the further lines where it stands.
    pub undefined: HashMap<Arc<str>, (usize, BTreeSet<u32>)>,
    /// Where variables of blocks that have ended were declared, the first of each name.
    pub closed: HashMap<Arc<str>, Span>,
}

impl<'a> Names<'a> {
    pub fn resolve(
        script: &Script,
        around: Around<'_>,
        source: &'a Source,
        builtins: &'a Builtins,
    ) -> (Resolution, Vec<Diagnostic>) {
        let nodes = script.nodes as usize;
        let mut names = Names {
            answers: Resolution {
                meanings: vec![Default::default(); nodes],
                function_of: vec![None; nodes],
                class_of: vec![None; nodes],
                ..Resolution::default()
            },
            found: Vec::new(),
            source,
            builtins,
            scopes: Vec::new(),
            top_scopes: 1,
            current: 0,
            now: 0,
            declared_at: Vec::new(),
            mentions_before: Vec::new(),
            made_at: Vec::new(),
            mentions: Vec::new(),
            carried: HashSet::new(),
            undefined: HashMap::new(),
            closed: HashMap::new(),
        };
        names.new_function("<script>".into(), FunctionKind::Script, script.body.span, None);
        match around {
            Around::Nothing => names.block(&script.body),
            Around::Names(given) => {
                names.give(given);
                names.block(&script.body);
            }
            Around::Entries(entries) => names.entries(&script.body.statements, entries),
        }
        names.finish_undefined();
        names.find_early_globals();
        names.find_shared();
        (names.answers, names.found)
    }

    /// Names that have their values already.
    fn give(&mut self, given: &[Arc<str>]) {
        self.open();
        for text in given {
            let id = self.add_variable(text, Span::default(), VariableKind::Let);
            self.declared_at[id as usize] = Some(0);
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(text, id);
            }
        }
        self.top_scopes += 1;
    }

    /// Those of a session, each in a scope inside of the one before.
    fn entries(&mut self, statements: &[Statement], entries: &[Entry]) {
        for (place, entry) in entries.iter().enumerate() {
            let end = entries.get(place + 1).map_or(statements.len(), |next| next.first);
            self.top_scopes = place + 1;
            self.open();
            self.declare_ahead(&statements[entry.first..end]);
            for statement in &statements[entry.first..end] {
                self.statement(statement);
            }
            self.forget(&entry.forgotten);
        }
    }

    /// A function made here and now by the current one.
    pub(super) fn new_function(
        &mut self,
        name: Arc<str>,
        kind: FunctionKind,
        span: Span,
        id: Option<NodeId>,
    ) -> FunctionId {
        let function = self.answers.functions.len() as FunctionId;
        self.answers.functions.push(Function {
            name,
            span,
            kind,
            parent: (kind != FunctionKind::Script).then_some(self.current),
            parameters: Vec::new(),
            required: 0,
            self_variable: None,
            captures: Vec::new(),
            class: None,
            process: false,
        });
        self.made_at.push(self.now);
        if let Some(place) = id.and_then(|id| self.answers.function_of.get_mut(id as usize)) {
            *place = Some(function);
        }
        function
    }

    pub(super) fn function_of(&self, id: NodeId) -> Option<FunctionId> {
        self.answers.function_of.get(id as usize).copied().flatten()
    }

    /// Walks through something as the body of a function.
    pub(super) fn inside(&mut self, function: FunctionId, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.current, function);
        walk(self);
        self.current = outer;
    }

    /// A block that becomes a function without parameters.
    pub(super) fn body(&mut self, name: &str, kind: FunctionKind, block: &Block, id: NodeId) {
        let function = self.new_function(name.into(), kind, block.span, Some(id));
        self.inside(function, |names| names.block(block));
    }

    pub(super) fn block(&mut self, block: &Block) {
        self.open();
        self.declare_ahead(&block.statements);
        for statement in &block.statements {
            self.statement(statement);
        }
        self.close();
    }

    /// Makes the names known that a block declares: functions, classes and threads at once, variables from
    /// their declaration on (for the block's own code).
    fn declare_ahead(&mut self, statements: &[Statement]) {
        let mut made = Vec::new();
        for statement in statements {
            let Some(declared) = statement.kind.declared() else { continue };
            match declared {
                Declared::Let(pattern, _) => self.declare_pattern(pattern, VariableKind::Let),
                Declared::Var(pattern, _) => self.declare_pattern(pattern, VariableKind::Var),
                Declared::ThreadLocal(name, ..) => {
                    self.declare(name, VariableKind::ThreadLocal);
                }
                Declared::Things(declaration) => {
                    for item in &declaration.items {
                        self.declare(&item.name, VariableKind::Declared);
                    }
                }
                Declared::Timer(timer) => {
                    self.declare(&timer.name, VariableKind::Declared);
                }
                Declared::Function(name, function) => {
                    let kind = FunctionKind::Function;
                    let id = self.new_function(name.text.clone(), kind, function.span, Some(function.id));
                    made.push(self.declare(name, VariableKind::Function(id)));
                }
                Declared::Class(class) => {
                    let kind = VariableKind::Class(self.new_class(class));
                    made.push(self.declare(&class.name, kind));
                }
                Declared::Thread(template) => {
                    let kind = VariableKind::Template(self.new_template(template));
                    made.push(self.declare(&template.name, kind));
                }
            }
        }
        // Functions that stand side by side are made one after the other, so none can copy its neighbour.
        // At the top level they are all there before anything runs.
        for id in made {
            if self.answers.variables[id as usize].top_level {
                self.declared_at[id as usize] = Some(0);
            } else {
                self.set(id);
            }
        }
    }

    fn declare_pattern(&mut self, pattern: &Pattern, kind: VariableKind) {
        pattern.names(&mut |name| {
            self.declare(name, kind);
        });
    }

    pub(super) fn set_pattern(&mut self, pattern: &Pattern) {
        pattern.names(&mut |name| self.set_name(name));
    }

    /// The variables of a loop, a clause or an arm.
    pub(super) fn loop_pattern(&mut self, pattern: &Pattern) {
        self.declare_pattern(pattern, VariableKind::Loop);
        self.set_pattern(pattern);
    }

    pub(super) fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Invalid
            | StatementKind::UseGil { .. }
            | StatementKind::Break
            | StatementKind::Continue
            | StatementKind::Yield => {}
            StatementKind::Expression(value) | StatementKind::Throw(value) | StatementKind::Sleep(value) => {
                self.expression(value);
            }
            StatementKind::Await(condition) => self.expression(condition),
            StatementKind::Let { pattern, value } | StatementKind::Var { pattern, value, shared: false } => {
                self.expression(value);
                self.set_pattern(pattern);
            }
            StatementKind::Var { pattern, value, shared: true } => {
                self.expression(value);
                self.set_pattern(pattern);
                pattern.names(&mut |name| {
                    if let Meaning::Variable(id) = self.meaning(name.id) {
                        self.answers.variables[id as usize].interprocess = true;
                    }
                });
            }
            StatementKind::ThreadLocal { name, value, id } => {
                let kind = FunctionKind::ThreadLocalValue;
                let function = self.new_function(name.text.clone(), kind, value.span, Some(*id));
                self.inside(function, |names| names.expression(value));
                self.set_name(name);
            }
            StatementKind::Assign { target, value, .. } => {
                self.expression(value);
                self.target(target);
            }
            StatementKind::Function(function) => self.function(function),
            StatementKind::Class(class) => self.class(class),
            StatementKind::Thread(template) => self.template(template),
            StatementKind::Declare(declaration) => self.declaration(declaration),
            StatementKind::Timer(timer) => self.timer(timer),
            StatementKind::OnSignal { signal, action, id } => {
                self.expression(signal);
                if let tree::OnSignal::Handler(block) = action {
                    self.body("on signal", FunctionKind::TimerBody, block, *id);
                }
            }
            StatementKind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    self.expression(condition);
                    self.block(body);
                }
                self.maybe_block(otherwise);
            }
            StatementKind::While { condition, body } => {
                self.expression(condition);
                self.block(body);
            }
            StatementKind::Loop { body } | StatementKind::Atomically(body) | StatementKind::Block(body) => {
                self.block(body);
            }
            StatementKind::Repeat { count, body } => {
                self.expression(count);
                self.block(body);
            }
            StatementKind::For { pattern, items, body } => {
                self.expression(items);
                self.open();
                self.loop_pattern(pattern);
                self.block(body);
                self.close();
            }
            StatementKind::Return(value) => value.iter().for_each(|value| self.expression(value)),
            StatementKind::Try { body, catches, finally } => {
                self.block(body);
                for catch in catches {
                    self.open();
                    if let Some(name) = &catch.name {
                        self.declare_set(name, VariableKind::Error);
                    }
                    self.block(&catch.body);
                    self.close();
                }
                self.maybe_block(finally);
            }
            StatementKind::Defer(deferred) => {
                self.body("defer", FunctionKind::Deferred, &deferred.body, deferred.id);
            }
            StatementKind::Assert { condition, message } => {
                self.expression(condition);
                message.iter().for_each(|message| self.expression(message));
            }
            StatementKind::Watch { condition, message, ensure, id } => {
                let name = if *ensure { "ensure" } else { "invariant" };
                let function = self.new_function(name.into(), FunctionKind::Watch, statement.span, Some(*id));
                self.inside(function, |names| {
                    names.expression(condition);
                    message.iter().for_each(|message| names.expression(message));
                });
            }
            StatementKind::With { items, timeout, body, otherwise } => {
                items.iter().chain(timeout).for_each(|item| self.expression(item));
                self.block(body);
                self.maybe_block(otherwise);
            }
            StatementKind::Join(threads) => threads.iter().for_each(|thread| self.expression(thread)),
            StatementKind::Parallel(branches) => branches.iter().for_each(|branch| self.branch(branch)),
            StatementKind::ParallelFor { pattern, items, body, id } => {
                self.expression(items);
                self.open();
                self.loop_pattern(pattern);
                self.body(BLOCK, FunctionKind::StartBlock, body, *id);
                self.close();
            }
            StatementKind::Select(select) => self.select(select),
        }
    }

    fn maybe_block(&mut self, block: &Option<Block>) {
        block.iter().for_each(|block| self.block(block));
    }

    fn declaration(&mut self, declaration: &tree::Declaration) {
        for item in &declaration.items {
            item.count.iter().for_each(|count| self.expression(count));
            item.arguments.iter().for_each(|argument| self.expression(&argument.value));
            item.value.iter().for_each(|value| self.expression(value));
            item.lock.iter().for_each(|lock| self.expression(lock));
            self.set_name(&item.name);
        }
    }

    fn timer(&mut self, timer: &tree::Timer) {
        self.expression(&timer.delay);
        self.body(&timer.name.text, FunctionKind::TimerBody, &timer.body, timer.id);
        self.set_name(&timer.name);
    }

    /// A call is started like `start f(x)`: callee and arguments belong to the starter.
    fn branch(&mut self, branch: &Branch) {
        if let StatementKind::Expression(call) = &branch.statement.kind
            && let ExpressionKind::Call { .. } = &call.kind
        {
            return self.started(call);
        }
        let kind = FunctionKind::StartBlock;
        let function = self.new_function(BLOCK.into(), kind, branch.statement.span, Some(branch.id));
        self.inside(function, |names| {
            names.open();
            names.declare_ahead(std::slice::from_ref(&branch.statement));
            names.statement(&branch.statement);
            names.close();
        });
    }

    fn select(&mut self, select: &tree::Select) {
        for arm in &select.arms {
            match &arm.wait {
                ArmWait::Call(call) => self.expression(call),
                ArmWait::Join(thread) => self.expression(thread),
            }
            self.open();
            arm.pattern.iter().for_each(|pattern| self.loop_pattern(pattern));
            self.block(&arm.body);
            self.close();
        }
        if let Some((delay, body)) = &select.after {
            self.expression(delay);
            self.block(body);
        }
        self.maybe_block(&select.otherwise);
    }
}
