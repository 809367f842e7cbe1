//! Lends a function of the program to a script, whose threads call it at once.

use conc::embed::{Ended, Host, HostError, Run, Script, Value};

const SCRIPT: &str = "
let cities = [\"Oslo\", \"Rome\", \"Atlantis\"]
let found = [nil] * 3
parallel for i in 0..3 {
    try {
        found[i] = temperature(cities[i])
    } catch \"unknown\" e {
        found[i] = e.message
    }
}
for [city, answer] in zip(cities, found) { print(city, answer) }
";

fn temperature(arguments: &[Value]) -> Result<Value, HostError> {
    match arguments {
        [Value::Text(city)] if city == "Oslo" => Ok(Value::Float(3.5)),
        [Value::Text(city)] if city == "Rome" => Ok(Value::Float(21.0)),
        [Value::Text(city)] => Err(HostError::new("unknown", format!("nobody measures in {city}"))),
        _ => Err("temperature takes the name of a city".into()),
    }
}

pub fn run() -> Ended {
    let host = Host::new().function("temperature", 1, temperature);
    let script = Script::with_host("weather.conc", SCRIPT, host).expect("the script is understood");
    script.run(&Run::new())
}

pub fn main() {
    let ended = run();
    print!("{}{}", ended.output, ended.text);
}
