//! Scripts with processes within another program. A run of them begins with a `fork`, which wants a program without other
//! threads: so this is a program of its own.

use conc::embed::{Run, Script};

#[test]
fn what_processes_write_is_caught() {
    let text = "
shared lock guard
process worker(n) {
    with guard { print(\"out {n}\"); print(\"err {n}\", err: true) }
    if n == 2 { [][0] }
}
join [start worker(n) for n in 0..3]
print(\"all\")
";
    let script = Script::new("test.conc", text).expect("it is understood");
    let ended = script.run(&Run::new());
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&ended.output), ["all", "out 0", "out 1", "out 2"]);
    assert_eq!(sorted(&ended.errors), ["err 0", "err 1", "err 2"]);
    assert!(ended.text.contains("worker-3") && ended.text.contains("E0311"), "{}", ended.text);
    assert!(ended.uncaught.is_empty());
    let little = script.run(&Run::new().output(8));
    assert!(little.output.len() + little.errors.len() <= 8, "{little:?}");
}
