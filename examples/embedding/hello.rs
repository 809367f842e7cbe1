//! The first program that runs a script, as the README shows it.

use conc::embed::{Run, Script};

fn main() {
    let script = Script::new("hello.conc", "print(\"hello,\", args[0])").expect("it is understood");
    let ended = script.run(&Run::new().argument("world"));
    print!("{}{}", ended.output, ended.text); // hello, world
}
