//! `:check`: explores what was typed, or a file.

use super::core::Core;
use crate::cli::{self, columns};
use conc::code::verify::Verified;
use conc::explore::verdict::Limit;
use conc::explore::{self, Options};
use conc::pipeline::{self, growing::Growing};
use conc::report::render;
use conc::source::Source;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Explores all that was typed and has been done.
pub fn typed(core: &mut Core) {
    let (mut typed, _) = Growing::new(&core.growing.source().name);
    for entry in core.entries() {
        if let Err((found, source)) = typed.add(&entry) {
            core.say(&render::diagnostics(&found, &source, core.style()));
            return;
        }
    }
    match typed.whole() {
        Ok(program) => explore(core, program),
        Err(refused) => core.say(&render::diagnostics(&[*refused], typed.source(), core.style())),
    }
}

pub fn file(core: &mut Core, name: &str) {
    let text = match std::fs::read_to_string(name) {
        Ok(text) => text,
        Err(error) => return core.complain(&cli::unreadable(Path::new(name), &error)),
    };
    let source = Arc::new(Source::new(name, text));
    match pipeline::compile(source.clone()) {
        Ok((program, warnings)) => {
            core.say(&render::diagnostics(&warnings, &source, core.style()));
            explore(core, Arc::new(program));
        }
        Err(found) => core.say(&render::diagnostics(&found, &source, core.style())),
    }
}

fn explore(core: &mut Core, program: Arc<Verified>) {
    let interrupts = core.interrupts.clone();
    let findings = interrupts.during(|| {
        explore::check(program.clone(), &Options::default(), &mut |_| match interrupts.asked() {
            true => ControlFlow::Break(Limit::Stopped),
            false => ControlFlow::Continue(()),
        })
    });
    let width = columns::of_reports();
    core.print(&render::check(&findings, &program.source, core.style(), width));
}
