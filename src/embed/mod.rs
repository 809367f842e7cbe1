//! conc inside of another program: run a script, give it functions of your own, learn what its threads did.
//!
//! ```
//! use conc::embed::{Run, Script};
//!
//! let script = Script::new("hello.conc", "print(\"hello,\", args[0])").expect("it is understood");
//! let ended = script.run(&Run::new().argument("world"));
//! assert_eq!((ended.output.as_str(), ended.status), ("hello, world\n", 0));
//! ```
//!
//! - [`Script`] is a text that is understood; what is wrong with one that is not comes as [`Report`]s.
//! - [`Run`] says how to run it: arguments, limits, who is told of [`Event`]s, how to cancel it ([`Cancel`]).
//! - [`Host`] has the functions that your program lends to scripts; their arguments and results are [`Value`]s.
//! - [`Ended`] is what came of it: the output, the status, errors, a deadlock, each as data and as the text that the
//!   command `conc` would show.
//!
//! A run uses real threads of the system, which are gone when [`Script::run`] returns (but for one that is in a function
//! of the host at that moment: it goes when that returns). Files, other programs and other hosts are refused to
//! scripts. The limit of memory is one for the whole process, and works where the program's allocator counts:
//!
//! ```
//! #[global_allocator]
//! static MEMORY: conc::memory::Counting = conc::memory::Counting;
//! # fn main() {}
//! ```

mod ended;
mod host;
mod run;
mod value;

pub use ended::{Ended, Place, Report, Severity, Stuck};
pub use host::{Host, HostError};
pub use run::{Cancel, Event, Happened, Run, Script};
pub use value::Value;
