//! Makes a program smaller while something is still wrong with it.

use crate::model::{Program, Statement};

/// The smallest program found for which `wrong` still holds (it must refuse programs that are not valid).
pub fn shrink(program: &Program, wrong: &mut dyn FnMut(&Program) -> bool) -> Program {
    let mut best = program.clone();
    'again: loop {
        for candidate in smaller(&best) {
            if wrong(&candidate) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}

fn smaller(program: &Program) -> Vec<Program> {
    let mut found = Vec::new();
    let mut add = |change: &mut dyn FnMut(&mut Program) -> bool| {
        let mut smaller = program.clone();
        let changed = change(&mut smaller);
        if changed {
            found.push(smaller);
        }
        changed
    };
    for handle in 0..program.handles.len() {
        add(&mut |program| {
            let about = |statement: &Statement| matches!(statement, Statement::Start(h) | Statement::Join(h) | Statement::JoinTimed(h, ..) | Statement::Cancel(h) if *h == handle);
            let before = program.main.len();
            program.main.retain(|statement| !about(statement));
            for statement in &mut program.main {
                if let Statement::JoinAll(handles) = statement {
                    handles.retain(|other| *other != handle);
                }
            }
            program.main.retain(|it| !matches!(it, Statement::JoinAll(handles) if handles.is_empty()));
            program.main.len() < before
        });
    }
    for i in 0..program.invariants.len() {
        add(&mut |program| {
            program.invariants.remove(i);
            true
        });
    }
    for i in 0..program.ensures.len() {
        add(&mut |program| {
            program.ensures.remove(i);
            true
        });
    }
    for list in 0..=program.bodies.len() {
        let lists = |program: &mut Program, change: &mut dyn FnMut(&mut Vec<Statement>) -> bool| match list {
            0 => change(&mut program.main),
            body => change(&mut program.bodies[body - 1].statements),
        };
        for unwrap in [false, true] {
            let mut number = 0;
            while add(&mut |program| {
                lists(program, &mut |statements| replace(statements, &mut number.clone(), unwrap))
            }) {
                number += 1;
            }
        }
    }
    found
}

/// Removes a statement, counted from the first one inwards, or puts what is inside it in its place. False when there
/// are not so many.
fn replace(statements: &mut Vec<Statement>, number: &mut usize, unwrap: bool) -> bool {
    for i in 0..statements.len() {
        if *number == 0 {
            let mut old = statements.remove(i);
            if unwrap {
                let inside: Vec<Statement> = old.blocks_mut().into_iter().flat_map(std::mem::take).collect();
                statements.splice(i..i, inside);
            }
            return true;
        }
        *number -= 1;
        if statements[i].blocks_mut().into_iter().any(|block| replace(block, number, unwrap)) {
            return true;
        }
    }
    false
}
