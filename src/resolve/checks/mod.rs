//! Everything that can be said against a script before it runs, beyond what its names mean: one file a subject.
//!
//! A check speaks only of what is certain. What the script itself may catch when it runs is left to the run.

mod alone;
mod assign;
mod calls;
mod counts;
mod declarations;
mod facts;
mod habits;
mod handed;
mod kinds;
mod meant;
mod members;
mod order;
mod place;
mod select;
mod shared;
mod signals;
mod signature;
mod start;
mod unstarted;
mod visit;
mod waits;
mod watch;

use super::{Builtins, Resolution};
use crate::report::{Diagnostic, Level};
use crate::source::{Source, Span};
use crate::syntax::tree::Script;
use facts::Facts;
use visit::Visitor;

/// `shown`: the value that a session shows at the end. `whole`: nothing can follow that starts what is declared, and
/// nothing is wrong so far.
pub fn check(
    script: &Script,
    answers: &Resolution,
    builtins: &Builtins,
    source: &Source,
    shown: Option<Span>,
    whole: bool,
) -> Vec<Diagnostic> {
    let facts = Facts::gather(script, answers, builtins, source);
    let mut found = Findings { facts: &facts, reports: Vec::new() };
    assign::Assignments { found: &mut found }.block(&script.body);
    calls::Calls { found: &mut found }.block(&script.body);
    counts::Counts { found: &mut found }.block(&script.body);
    declarations::Declarations { found: &mut found, in_monitor: Vec::new() }.block(&script.body);
    habits::Habits { found: &mut found, shown }.block(&script.body);
    handed::HandedOver { found: &mut found }.block(&script.body);
    let mut meant = meant::Meant::new(&mut found);
    meant.block(&script.body);
    meant.finish();
    members::UnknownMembers { found: &mut found }.block(&script.body);
    order::Orders { found: &mut found }.block(&script.body);
    place::Places::new(script, &mut found).block(&script.body);
    select::Arms { found: &mut found }.block(&script.body);
    shared::Shareds::new(script, &mut found).block(&script.body);
    signals::Signals { found: &mut found }.block(&script.body);
    start::Starts { found: &mut found }.block(&script.body);
    if whole && found.reports.iter().all(|report| report.level != Level::Error) {
        let mut unstarted = unstarted::Unstarted::new(&mut found);
        unstarted.block(&script.body);
        unstarted.finish();
    }
    let mut alone = alone::Alone::new(&mut found);
    alone.block(&script.body);
    alone.finish();
    waits::Waits::new(&mut found).block(&script.body);
    watch::Watches { found: &mut found }.block(&script.body);
    kinds::check(script, &mut found);
    found.reports
}

struct Findings<'f, 't> {
    facts: &'f Facts<'t>,
    reports: Vec<Diagnostic>,
}

impl Findings<'_, '_> {
    fn always(&mut self, report: Diagnostic) {
        self.reports.push(report);
    }

    /// For what is an error at run time too: where the script may catch that, it may be meant.
    fn unless_caught(&mut self, report: Diagnostic) {
        if !self.facts.may_be_caught(report.span) {
            self.reports.push(report);
        }
    }

    /// What is written there, if it is short enough to be shown within a sentence.
    fn written(&self, span: Span) -> Option<&str> {
        let text = self.facts.source.text.get(span.start as usize..span.end as usize)?;
        (text.len() <= 60 && !text.contains('\n')).then_some(text)
    }
}
