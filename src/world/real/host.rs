//! Functions of the program around a script.
//!
//! They may take as long as they like, so their thread stands still meanwhile, and is part of no deadlock.

use super::RealWorld;
use super::standing::Here;
use crate::sync::thread::{State, Waiting};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Calls the function of a name.
pub type HostFunctions = Arc<dyn Fn(&str, &[Value]) -> Result<Value, Error> + Send + Sync>;

impl RealWorld {
    pub(super) fn call_host(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        let Some(host) = self.shared.options.host.clone() else {
            let message =
                format!("{name} is a function of the program around the script, which is not there");
            return Err(Error::new(Kind::Refused, message));
        };
        let thread = self.seat.thread.clone();
        let text = format!("is in {name}, of the program around it").into();
        *thread.waiting.lock() = Some(Waiting { on: Value::Nil, text, line: 0, timed: false });
        thread.state.store(State::Blocked as u8, Ordering::SeqCst);
        self.keep_still();
        self.seat.reads_input.store(true, Ordering::SeqCst);
        let answer = catch_unwind(AssertUnwindSafe(|| host(name, arguments)));
        self.seat.reads_input.store(false, Ordering::SeqCst);
        self.move_again(Here::inside(None));
        thread.state.store(State::Running as u8, Ordering::SeqCst);
        *thread.waiting.lock() = None;
        answer.unwrap_or_else(|_| {
            Err(Error::new(Kind::State, format!("{name} has panicked, in the program around the script")))
        })
    }
}
