//! What a frame may read that is seen from outside, wherever it stands.

use super::*;

/// For the search for knots: at each instruction of the function `f` that `wanted` picks: the names of the parameters that are live there.
fn live(text: &str, wanted: fn(&I) -> bool, place: fn(u32) -> Place) -> Vec<String> {
    let program = samples::program(text);
    let function = &program.functions[samples::function(&program, "f") as usize];
    let rows = Rows::of(&program, function);
    let at = (0..function.code.len()).filter(|at| wanted(&function.code[*at]));
    let names = at.map(|at| {
        let place = place(at as u32);
        let named = function.parameters.iter().enumerate();
        named
            .filter(|(register, _)| rows.may_read(function, place, *register as Register))
            .map(|(_, n)| &**n)
            .collect()
    });
    names.collect()
}

fn sleeps(instruction: &I) -> bool {
    matches!(instruction, I::Sleep { .. })
}

#[test]
fn a_register_is_live_until_it_is_read_for_the_last_time() {
    let text = "fn f(a, b) { print(a, b)\nsleep 1s\nprint(a)\nsleep 1s }";
    assert_eq!(live(text, sleeps, Place::In), ["a", ""]);
}

#[test]
fn what_is_written_before_it_is_read_is_not_live() {
    assert_eq!(live("fn f(a, b) { sleep 1s\nreturn b }", sleeps, Place::In), ["b"]);
    let text = "fn f(a, n) { sleep 1s\nvar c = n\nif n > 1 { c = a }\nreturn c }";
    assert_eq!(live(text, sleeps, Place::In), ["an"]);
}

#[test]
fn loops_and_handlers_lead_on() {
    let text = "fn f(a, b) { loop { sleep 1s\nif a > 1 { break } }\nreturn b }";
    assert_eq!(live(text, sleeps, Place::In), ["ab"]);
    let text = "fn f(a, b) { try { sleep 1s } catch e { print(a) } finally { print(b) } }";
    assert_eq!(live(text, sleeps, Place::In), ["ab"]);
    let text = "fn f(a, b) { print(a)\nloop { sleep 1s } }";
    assert_eq!(live(text, sleeps, Place::In), [""]);
}

#[test]
fn arguments_matter_to_the_call_alone() {
    fn calls(instruction: &I) -> bool {
        matches!(instruction, I::CallFunction { .. })
    }
    let text = "fn g(x, y) { return x }\nfn f(a, b) { let r = g(a, b)\nreturn [r, b] }";
    assert_eq!(live(text, calls, Place::Calls), ["b"]);
}

/// Seen from outside, a register is live whenever it is for the frame itself, however far the instruction is.
#[test]
fn what_the_frame_may_read_is_seen_from_outside() {
    for (path, program) in samples::programs() {
        for function in &program.functions {
            let rows = Rows::of(&program, function);
            for at in 0..function.code.len() {
                let own = rows.before(at).iter().chain(rows.during(at).iter());
                let after = flow::ways(function, at).flat_map(|next| rows.before(next).iter());
                for register in own.chain(after) {
                    let seen = rows.may_read(function, Place::In(at as u32), register);
                    assert!(seen, "{path}: {} {at} {register}", function.name);
                }
            }
        }
    }
}
