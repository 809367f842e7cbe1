//! A tree as one short line of text, for the tests: `(+ a (* b 2))`.

use super::tree::*;

pub fn script(script: &Script) -> String {
    script.body.statements.iter().map(statement).collect::<Vec<_>>().join("; ")
}

fn block(block: &Block) -> String {
    format!("{{{}}}", block.statements.iter().map(statement).collect::<Vec<_>>().join("; "))
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(" ")
}

fn option<T>(prefix: &str, item: &Option<T>, show: impl Fn(&T) -> String) -> String {
    item.as_ref().map_or(String::new(), |item| format!("{prefix}{}", show(item)))
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Name(name) => name.text.to_string(),
        Pattern::List(inner, _) => format!("[{}]", list(inner, self::pattern)),
    }
}

fn parameters(parameters: &[Parameter]) -> String {
    format!("({})", list(parameters, |p| format!("{}{}", p.name.text, option("=", &p.default, expression))))
}

fn arguments(arguments: &[Argument]) -> String {
    list(arguments, |a| {
        format!(
            "{}{}",
            a.name.as_ref().map_or(String::new(), |n| format!("{}:", n.text)),
            expression(&a.value)
        )
    })
}

fn function(f: &Function) -> String {
    let name = f.name.as_ref().map_or("", |name| &name.text);
    let body = match &f.body {
        FunctionBody::Block(body) => block(body),
        FunctionBody::Value(value) => format!("=> {}", expression(value)),
    };
    format!("fn {name}{} {body}", parameters(&f.parameters))
}

fn members(members: &[Statement]) -> String {
    members.iter().map(statement).collect::<Vec<_>>().join("; ")
}

fn statement(statement: &Statement) -> String {
    match &statement.kind {
        StatementKind::Invalid => "INVALID".into(),
        StatementKind::Expression(value) => expression(value),
        StatementKind::Let { pattern: p, value } => format!("let {} = {}", pattern(p), expression(value)),
        StatementKind::Var { pattern: p, value, shared } => {
            format!("{}var {} = {}", if *shared { "shared " } else { "" }, pattern(p), expression(value))
        }
        StatementKind::ThreadLocal { name, value, .. } => {
            format!("threadlocal {} = {}", name.text, expression(value))
        }
        StatementKind::Assign { target, operator, value } => {
            let operator = operator.map_or("", BinaryOperator::sign);
            format!("{} {operator}= {}", expression(target), expression(value))
        }
        StatementKind::Function(f) => function(f),
        StatementKind::Class(c) => {
            let word = if c.monitor { "monitor" } else { "class" };
            format!("{word} {}{} {{{}}}", c.name.text, parameters(&c.parameters), members(&c.members))
        }
        StatementKind::Thread(t) => {
            let daemon = if t.daemon { "daemon " } else { "" };
            let body = match &t.body {
                TemplateBody::Plain(body) => block(body),
                TemplateBody::Members { members: m, run, .. } => {
                    format!("{{{}; run {}}}", members(m), block(run))
                }
            };
            let word = if t.process { "process" } else { "thread" };
            format!("{daemon}{word} {}{} {body}", t.name.text, parameters(&t.parameters))
        }
        StatementKind::Declare(d) => {
            let shared = if d.shared { "shared " } else { "" };
            format!("{shared}{} {}", d.kind.word(), list(&d.items, item))
        }
        StatementKind::OnSignal { signal, action, .. } => {
            let action = match action {
                OnSignal::Handler(body) => block(body),
                OnSignal::Ignore => "ignore".into(),
                OnSignal::Default => "default".into(),
            };
            format!("on signal {} {action}", expression(signal))
        }
        StatementKind::UseGil { interval } => {
            format!("use gil{}", option("", interval, |interval| format!("({interval:?})")))
        }
        StatementKind::Timer(t) => {
            let daemon = if t.daemon { "daemon " } else { "" };
            let when = if t.repeats { "every" } else { "after" };
            format!("{daemon}timer {} {when} {} {}", t.name.text, expression(&t.delay), block(&t.body))
        }
        StatementKind::If { branches, otherwise } => {
            let branches = list(branches, |(c, b)| format!("if {} {}", expression(c), block(b)));
            branches + &option(" else ", otherwise, block)
        }
        StatementKind::While { condition, body } => {
            format!("while {} {}", expression(condition), block(body))
        }
        StatementKind::Loop { body } => format!("loop {}", block(body)),
        StatementKind::Repeat { count, body } => format!("repeat {} {}", expression(count), block(body)),
        StatementKind::For { pattern: p, items, body } => {
            format!("for {} in {} {}", pattern(p), expression(items), block(body))
        }
        StatementKind::Break => "break".into(),
        StatementKind::Continue => "continue".into(),
        StatementKind::Return(value) => format!("return{}", option(" ", value, expression)),
        StatementKind::Throw(value) => format!("throw {}", expression(value)),
        StatementKind::Try { body, catches, finally } => {
            let catches = list(catches, |c| {
                let kinds: String = c.kinds.iter().map(|(kind, _)| format!(" {kind:?}")).collect();
                format!(" catch{kinds}{} {}", option(" ", &c.name, |n| n.text.to_string()), block(&c.body))
            });
            format!("try {}{catches}{}", block(body), option(" finally ", finally, block))
        }
        StatementKind::Defer(d) => format!("defer {}", block(&d.body)),
        StatementKind::Assert { condition, message } => {
            format!("assert {}{}", expression(condition), option(", ", message, expression))
        }
        StatementKind::Watch { condition, message, ensure, .. } => {
            let word = if *ensure { "ensure" } else { "invariant" };
            format!("{word} {}{}", expression(condition), option(", ", message, expression))
        }
        StatementKind::With { items, timeout, body, otherwise } => format!(
            "with {}{} {}{}",
            list(items, expression),
            option(" timeout ", timeout, expression),
            block(body),
            option(" else ", otherwise, block)
        ),
        StatementKind::Join(items) => format!("join {}", list(items, expression)),
        StatementKind::Sleep(value) => format!("sleep {}", expression(value)),
        StatementKind::Yield => "yield".into(),
        StatementKind::Await(value) => format!("await {}", expression(value)),
        StatementKind::Atomically(body) => format!("atomically {}", block(body)),
        StatementKind::Parallel(branches) => {
            format!("parallel {{{}}}", list(branches, |b| self::statement(&b.statement)))
        }
        StatementKind::ParallelFor { pattern: p, items, body, .. } => {
            format!("parallel for {} in {} {}", pattern(p), expression(items), block(body))
        }
        StatementKind::Select(s) => {
            let arms = list(&s.arms, |arm| {
                let wait = match &arm.wait {
                    ArmWait::Call(call) => expression(call),
                    ArmWait::Join(thread) => format!("join {}", expression(thread)),
                };
                format!(
                    "{}{wait} => {}",
                    option("", &arm.pattern, |p| format!("{} = ", pattern(p))),
                    block(&arm.body)
                )
            });
            let after = option(" after ", &s.after, |(d, b)| format!("{} => {}", expression(d), block(b)));
            format!("select {{{arms}{after}{}}}", option(" else => ", &s.otherwise, block))
        }
        StatementKind::Block(body) => block(body),
    }
}

fn item(item: &DeclarationItem) -> String {
    let arguments =
        if item.arguments.is_empty() { String::new() } else { format!("({})", arguments(&item.arguments)) };
    format!(
        "{}{}{arguments}{}{}",
        item.name.text,
        option("", &item.count, |c| format!("[{}]", expression(c))),
        option(" = ", &item.value, expression),
        option(" for ", &item.lock, expression)
    )
}

fn expression(value: &Expression) -> String {
    match &value.kind {
        ExpressionKind::Invalid => "INVALID".into(),
        ExpressionKind::Nil => "nil".into(),
        ExpressionKind::Bool(value) => value.to_string(),
        ExpressionKind::Int(value) => value.to_string(),
        ExpressionKind::Float(value) => format!("{value:?}"),
        ExpressionKind::Duration(value) => format!("{value}ns"),
        ExpressionKind::Text(parts) => format!("\"{}\"", parts.iter().map(part).collect::<String>()),
        ExpressionKind::Name(name) => name.text.to_string(),
        ExpressionKind::SelfReference(_) => "self".into(),
        ExpressionKind::List(items) => format!("[{}]", list(items, expression)),
        ExpressionKind::Map(entries) => {
            format!("{{{}}}", list(entries, |(k, v)| format!("{}: {}", expression(k), expression(v))))
        }
        ExpressionKind::Comprehension { element, clauses } => {
            let clauses = list(clauses, |c| {
                let conditions: String =
                    c.conditions.iter().map(|c| format!(" if {}", expression(c))).collect();
                format!("for {} in {}{conditions}", pattern(&c.pattern), expression(&c.items))
            });
            format!("[{} {clauses}]", expression(element))
        }
        ExpressionKind::Range { start, end, inclusive } => {
            let dots = if *inclusive { "..=" } else { ".." };
            format!(
                "({dots}{}{})",
                option(" from ", start, |v| expression(v)),
                option(" to ", end, |v| expression(v))
            )
        }
        ExpressionKind::Unary { operator, operand } => {
            let sign = match operator {
                UnaryOperator::Not => "not",
                UnaryOperator::Negate => "-",
                UnaryOperator::Plus => "+",
                UnaryOperator::Invert => "~",
            };
            format!("({sign} {})", expression(operand))
        }
        ExpressionKind::Binary { operator, left, right } => {
            format!("({} {} {})", operator.sign(), expression(left), expression(right))
        }
        ExpressionKind::And(left, right) => format!("(and {} {})", expression(left), expression(right)),
        ExpressionKind::Or(left, right) => format!("(or {} {})", expression(left), expression(right)),
        ExpressionKind::Compare { first, rest } => {
            let rest: String = rest
                .iter()
                .map(|(o, v)| format!(" {} {}", o.sign().replace(' ', "-"), expression(v)))
                .collect();
            format!("({}{rest})", expression(first))
        }
        ExpressionKind::Conditional { condition, value, otherwise } => {
            format!("({} ? {} : {})", expression(condition), expression(value), expression(otherwise))
        }
        ExpressionKind::Call { callee, arguments: a } => format!("{}({})", expression(callee), arguments(a)),
        ExpressionKind::Index { object, index } => format!("{}[{}]", expression(object), expression(index)),
        ExpressionKind::Field { object, name } => format!("{}.{}", expression(object), name.text),
        ExpressionKind::Function(f) => format!("({})", function(f)),
        ExpressionKind::Start(value) => format!("(start {})", expression(value)),
        ExpressionKind::StartBlock { body, .. } => format!("(start {})", block(body)),
        ExpressionKind::Atomically(value) => format!("(atomically {})", expression(value)),
    }
}

fn part(part: &TextPart) -> String {
    match part {
        TextPart::Literal(text) => text.to_string(),
        TextPart::Value { value, format } => {
            format!("{{{}{}}}", expression(value), option(":", format, |(text, _)| text.to_string()))
        }
    }
}
