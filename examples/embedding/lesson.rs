//! Runs the script of a lesson, with limits, and says what a teacher wants to know of it.

use conc::embed::{Ended, Report, Run, Script};
use std::time::Duration;

const LESSON: &str = "
let name = args[0]
lock left, right
latch both(2)
print(\"hello,\", name)
thread first { with left { both.count_down(); both.wait(); with right { } } }
thread second { with right { both.count_down(); both.wait(); with left { } } }
start first
start second
";

/// What came of it; or what is wrong with the text.
pub fn run(text: &str, name: &str) -> Result<Ended, Vec<Report>> {
    let script = Script::new("lesson.conc", text)?;
    let limits = Run::new().argument(name).time(Duration::from_secs(10)).threads(100).output(100_000);
    Ok(script.run(&limits))
}

pub fn main() {
    match run(LESSON, "Ada") {
        Ok(ended) => {
            print!("{}", ended.output);
            for stuck in &ended.deadlock {
                println!("{} {} in line {}", stuck.thread, stuck.waits, stuck.line);
            }
            println!("status {}", ended.status);
        }
        Err(reports) => reports.iter().for_each(|report| println!("{}: {}", report.code, report.message)),
    }
}
