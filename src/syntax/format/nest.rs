//! Tokens put together by their brackets.

use super::token::Token;
use crate::syntax::parse::marks::Sign;

/// Tokens are known by their numbers.
pub enum Node {
    Token(usize),
    Bracket(Bracket),
}

pub struct Bracket {
    pub sign: Option<Sign>,
    pub open: usize,
    pub close: usize,
    pub inner: Vec<Node>,
}

impl Node {
    /// The first token of it.
    pub fn first(&self) -> usize {
        match self {
            Node::Token(token) => *token,
            Node::Bracket(bracket) => bracket.open,
        }
    }

    pub fn last(&self) -> usize {
        match self {
            Node::Token(token) => *token,
            Node::Bracket(bracket) => bracket.close,
        }
    }

    /// The bracket, when it is the block of a statement.
    pub fn block(&self) -> Option<&Bracket> {
        match self {
            Node::Bracket(bracket) if bracket.sign == Some(Sign::Block) => Some(bracket),
            Node::Bracket(_) | Node::Token(_) => None,
        }
    }

    pub fn is_call(&self) -> bool {
        matches!(self, Node::Bracket(bracket) if bracket.sign == Some(Sign::Call))
    }
}

/// The nodes of one statement of the top level: from the token `start` up to where the next one begins.
pub fn statement(tokens: &[Token], start: usize) -> Vec<Node> {
    let mut open: Vec<(usize, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    for (number, token) in tokens.iter().enumerate().skip(start) {
        if open.is_empty() && (token.text.is_empty() || token.begins && number > start) {
            break;
        }
        match token.text {
            "(" | "[" | "{" => open.push((number, std::mem::take(&mut nodes))),
            ")" | "]" | "}" => {
                let Some((first, around)) = open.pop() else { break };
                let inner = std::mem::replace(&mut nodes, around);
                let sign = tokens[first].sign;
                nodes.push(Node::Bracket(Bracket { sign, open: first, close: number, inner }));
            }
            _ => nodes.push(Node::Token(number)),
        }
    }
    nodes
}
