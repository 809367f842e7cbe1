use super::*;
use crate::code::samples;

/// Whether some register holds a crew before the last instruction of this kind in a function.
fn holds(text: &str, function: &str, kind: fn(&I) -> bool) -> bool {
    let program = samples::program(text);
    let index = samples::function(&program, function);
    let it = &program.functions[index as usize];
    let at = it.code.iter().rposition(kind).expect("it is there") as u32;
    let crews = Crews::of(&program);
    (0..it.registers as Register).any(|register| crews.holds(index, at, register))
}

/// Where the list is joined (the call that comes last), in the script itself and in a function.
fn is_crew(body: &str) -> bool {
    let joins: fn(&I) -> bool = |instruction| matches!(instruction, I::Call { .. });
    let text = format!("thread w {{ }}\nfn go(given) {{\n{body}\n}}");
    let found = holds(&text, "go", joins);
    if !body.contains("given") && !body.contains("return") {
        let script = format!("thread w {{ }}\n{body}");
        assert_eq!(holds(&script, "<script>", joins), found, "{body}");
    }
    found
}

#[test]
fn a_list_that_is_only_added_to_and_joined_is_a_crew() {
    for text in [
        "join [start w() for i in 0..3]",
        "join start w(), start w()",
        "let hs = [start w() for i in 0..3]\njoin hs",
        "let hs = []\nfor i in 0..3 { hs.push(start w()) }\njoin hs",
        "let hs = [start w(), start w()]\nlet same = hs\njoin same",
        "let hs = [start w(), start w()]\nfor h in hs { join h }",
        "let hs = []\nfor i in 0..3 { hs.push(start w()) }\nfor h in hs { h.join() }",
        "let hs = [w(), w()]\nfor h in hs { start h }\nfor h in hs { join h }",
        "let hs = [w(), w()]\nfor h in hs { h.start() }\njoin hs",
        "join [start w() for i in 0..3] + [start w()]",
        "let hs = [start w(), start w()]\nlet more = hs + [start w()]\njoin more",
        "var hs = []\nfor i in 0..3 { hs += [start w()] }\nfor h in hs { join h }",
        "let hs = []\ntry { hs.push(start w()) } catch e { print(e) }\njoin hs",
    ] {
        assert!(is_crew(text), "{text}");
    }
}

#[test]
fn whatever_tells_the_order_makes_it_none() {
    for use_of_it in [
        "print(hs)",
        "hs[0].join()",
        "for h in hs { h.join(1s) }",
        "for h in hs { print(h.join()) }",
        "for h in hs { join h, h }",
        "for h in hs { join hs[0] }",
        "for h in hs { start h\nprint(1) }",
        "var last = nil\nfor h in hs { last = start h }\nprint(last)",
        "var last = nil\nfor h in hs { last = h }\nprint(last)",
        "for h in hs { h.cancel() }",
        "let other = [hs]",
        "let first = hs.pop()",
        "let later = fn() => hs",
        "let same = hs\nprint(same[0])",
        "hs.push(hs)",
        "let more = hs + [start w()]\nprint(more)",
        "print([start w()] + hs)",
        "let more = hs + choose([[], [start w()]])",
        "let [a, b] = hs",
        "return hs",
    ] {
        let text = format!("let hs = [start w(), start w()]\nrepeat 2 {{\n{use_of_it}\n}}\njoin hs");
        assert!(!is_crew(&text), "{text}");
        let text = format!("let hs = [start w(), start w()]\nif w != nil {{\n{use_of_it}\n}}\njoin hs");
        assert!(!is_crew(&text), "{text}");
    }
}

#[test]
fn what_may_come_from_elsewhere_is_none() {
    assert!(!is_crew("join given"));
    assert!(!is_crew("join given + [start w()]"));
    assert!(!is_crew("join [start w()] + given"));
    assert!(!is_crew("var hs = []\nif w != nil { hs = given }\njoin hs"));
    assert!(!is_crew("var hs = []\nif w != nil { hs = choose([[], [start w()]]) }\njoin hs"));
}
