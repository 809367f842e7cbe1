//! Expressions, and operators.

use super::{Block, Function, Name, NodeId, Pattern};
use crate::source::Span;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Expression {
    pub kind: ExpressionKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum ExpressionKind {
    /// Text that could not be understood; the parser has reported it.
    Invalid,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// In nanoseconds.
    Duration(i64),
    Text(Vec<TextPart>),
    Name(Name),
    SelfReference(NodeId),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Comprehension {
        element: Box<Expression>,
        clauses: Vec<Clause>,
    },
    /// An end may be left out only directly inside an index: `xs[1..]`.
    Range {
        start: Option<Box<Expression>>,
        end: Option<Box<Expression>>,
        inclusive: bool,
    },
    Unary {
        operator: UnaryOperator,
        operand: Box<Expression>,
    },
    Binary {
        operator: BinaryOperator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    /// `a < b < c`: `first`, then at least one operator with its right side.
    Compare {
        first: Box<Expression>,
        rest: Vec<(CompareOperator, Expression)>,
    },
    /// `value if condition else otherwise`.
    Conditional {
        condition: Box<Expression>,
        value: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Call {
        callee: Box<Expression>,
        arguments: Vec<Argument>,
    },
    Index {
        object: Box<Expression>,
        index: Box<Expression>,
    },
    Field {
        object: Box<Expression>,
        name: Name,
    },
    Function(Box<Function>),
    /// `start EXPRESSION`.
    Start(Box<Expression>),
    /// `start { … }`.
    StartBlock {
        body: Block,
        id: NodeId,
    },
    /// `atomically EXPRESSION`.
    Atomically(Box<Expression>),
}

/// `for PATTERN in ITEMS` of a comprehension, with the `if`s that follow it.
#[derive(Debug, Clone)]
pub struct Clause {
    pub pattern: Pattern,
    pub items: Expression,
    pub conditions: Vec<Expression>,
}

#[derive(Debug, Clone)]
pub enum TextPart {
    Literal(Arc<str>),
    /// `{value}`, or `{value:FORMAT}` with the format's text as written.
    Value {
        value: Box<Expression>,
        format: Option<(Arc<str>, Span)>,
    },
}

#[derive(Debug, Clone)]
pub struct Argument {
    /// `w: 2`.
    pub name: Option<Name>,
    pub value: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    Not,
    Negate,
    Plus,
    /// `~`.
    Invert,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

impl BinaryOperator {
    /// The one that is written like this.
    pub fn of(sign: &str) -> Option<BinaryOperator> {
        Some(match sign {
            "+" => BinaryOperator::Add,
            "-" => BinaryOperator::Subtract,
            "*" => BinaryOperator::Multiply,
            "/" => BinaryOperator::Divide,
            "//" => BinaryOperator::FloorDivide,
            "%" => BinaryOperator::Modulo,
            "**" => BinaryOperator::Power,
            "&" => BinaryOperator::And,
            "|" => BinaryOperator::Or,
            "^" => BinaryOperator::Xor,
            "<<" => BinaryOperator::ShiftLeft,
            ">>" => BinaryOperator::ShiftRight,
            _ => return None,
        })
    }

    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            BinaryOperator::Add => "+",
            BinaryOperator::Subtract => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::FloorDivide => "//",
            BinaryOperator::Modulo => "%",
            BinaryOperator::Power => "**",
            BinaryOperator::And => "&",
            BinaryOperator::Or => "|",
            BinaryOperator::Xor => "^",
            BinaryOperator::ShiftLeft => "<<",
            BinaryOperator::ShiftRight => ">>",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOperator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

impl CompareOperator {
    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            CompareOperator::Equal => "==",
            CompareOperator::NotEqual => "!=",
            CompareOperator::Less => "<",
            CompareOperator::LessEqual => "<=",
            CompareOperator::Greater => ">",
            CompareOperator::GreaterEqual => ">=",
            CompareOperator::In => "in",
            CompareOperator::NotIn => "not in",
        }
    }
}
