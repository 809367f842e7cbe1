//! What the grammar knows about places in a text and the tree does not keep. For the formatter, which works on the
//! text's own tokens.

use super::{Grammar, Pair, Rule};
use pest::Parser as _;
use std::collections::{HashMap, HashSet};

/// What a token is, where its text alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// An operator before its operand.
    Prefix,
    /// An operator between two.
    Operator,
    /// `=`, `+=` and the like, and `=>`.
    Assign,
    /// `if` and `else` between values.
    Condition,
    Otherwise,
    /// `for` and `if` of a comprehension.
    Clause,
    /// `(` after what is called, or of parameters.
    Call,
    /// `[` after what is indexed, or of a count.
    Index,
    /// `[` of a list or a pattern.
    List,
    /// `(` around a value.
    Parenthesis,
    Map,
    /// `{` of a statement's block.
    Block,
    /// `{` of a block that is part of a value: `fn(x) { }`, `start { }`.
    ValueBlock,
}

#[derive(Debug, Default)]
pub struct Marks {
    /// Where statements begin, and arms of `select`.
    pub statements: HashSet<usize>,
    pub signs: HashMap<usize, Sign>,
    /// Where texts, numbers and operators end, by where they begin.
    pub ends: HashMap<usize, usize>,
}

/// The marks of a prepared text that can be parsed.
pub fn marks(text: &str) -> Marks {
    let mut marks = Marks::default();
    let mut at = 0;
    while let Some(length) = text[at..].find(|c| !matches!(c, ' ' | '\t' | '\n' | ';')) {
        at += length;
        let Ok(pairs) = Grammar::parse(Rule::item, &text[at..]) else { break };
        marks.statements.insert(at);
        let end = pairs.clone().next().map_or(1, |pair| pair.as_span().end().max(1));
        for pair in pairs.flatten() {
            marks.pair(&pair, at);
        }
        at += end;
    }
    marks
}

impl Marks {
    fn pair(&mut self, pair: &Pair, base: usize) {
        let (start, end) = (base + pair.as_span().start(), base + pair.as_span().end());
        let sign = match pair.as_rule() {
            Rule::text | Rule::number | Rule::range_operator => {
                self.ends.insert(start, end);
                return;
            }
            Rule::operator => Sign::Operator,
            Rule::prefix => Sign::Prefix,
            Rule::assign_operator | Rule::equals | Rule::arrow => Sign::Assign,
            Rule::expression | Rule::header => return self.words_between(pair, base),
            Rule::clause => return self.words_of_clause(pair, base),
            Rule::call | Rule::parameters | Rule::interval => Sign::Call,
            Rule::index | Rule::count => Sign::Index,
            Rule::list => Sign::List,
            Rule::pattern if pair.as_str().starts_with('[') => Sign::List,
            Rule::parenthesized => Sign::Parenthesis,
            Rule::map => Sign::Map,
            Rule::block | Rule::select => return self.block(pair, base),
            Rule::function_value | Rule::start_block => return self.value_block(pair, base),
            // Everything else is told by its words.
            _ => return,
        };
        if matches!(sign, Sign::Operator | Sign::Prefix | Sign::Assign) {
            self.ends.insert(start, end);
        }
        self.signs.insert(start, sign);
    }

    /// A block's `{`, unless it is known as a value's already, and the beginnings of what it holds.
    fn block(&mut self, pair: &Pair, base: usize) {
        for part in pair.clone().into_inner() {
            let start = base + part.as_span().start();
            match part.as_rule() {
                Rule::open_brace => {
                    self.signs.entry(start).or_insert(Sign::Block);
                }
                Rule::kw_select => {}
                _ => {
                    self.statements.insert(start);
                }
            }
        }
    }

    fn value_block(&mut self, pair: &Pair, base: usize) {
        let block = pair.clone().into_inner().find(|part| part.as_rule() == Rule::block);
        if let Some(block) = block {
            self.signs.insert(base + block.as_span().start(), Sign::ValueBlock);
        }
    }

    fn words_between(&mut self, pair: &Pair, base: usize) {
        for part in pair.clone().into_inner() {
            let sign = match part.as_rule() {
                Rule::kw_if => Sign::Condition,
                Rule::kw_else => Sign::Otherwise,
                _ => continue,
            };
            self.signs.insert(base + part.as_span().start(), sign);
        }
    }

    fn words_of_clause(&mut self, pair: &Pair, base: usize) {
        for part in pair.clone().into_inner() {
            if matches!(part.as_rule(), Rule::kw_for | Rule::kw_if) {
                self.signs.insert(base + part.as_span().start(), Sign::Clause);
            }
        }
    }
}
