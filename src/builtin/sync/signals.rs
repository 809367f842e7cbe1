//! Signals: what `on signal` becomes, and `send_signal`.

use super::{argument, int, native, wrong};
use crate::builtin::{Context, Outcome, Row};
use crate::race::channels::{self, Channel};
use crate::sync::outside::Way;
use crate::sync::outside::signal::{Action, Signal};
use crate::value::{Value, error::Error};

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native(
            "send_signal",
            &["pid", "name"],
            send_signal,
            "Sends a signal, by its name, to a process of this run.",
        ),
        native("__on_signal", &["name", "action"], on_signal, "What the statement `on signal` becomes."),
    ]
}

fn name(value: &Value) -> Result<&str, Error> {
    value.as_text().ok_or_else(|| {
        wrong("a str", "a signal's name", value).hint("signals have names: \"USR1\", \"TERM\", \"INT\"")
    })
}

fn send_signal(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let pid = int(argument(arguments, 0), "pid")?;
    let signal = Signal::named(name(argument(arguments, 1))?)?;
    let way = context.world.outside(Way::Signals)?;
    channels::give_to(Channel::Signals(pid as i32));
    way.send_signal(pid, signal)?;
    Ok(Value::Nil.into())
}

fn on_signal(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let name = name(argument(arguments, 0))?;
    let (signal, action) = match argument(arguments, 1) {
        word if word.as_text() == Some("default") => (Signal::named(name)?, Action::Default),
        word if word.as_text() == Some("ignore") => (Signal::handled(name)?, Action::Nothing),
        body => (Signal::handled(name)?, Action::Handler(body.clone())),
    };
    context.world.outside(Way::Signals)?.on_signal(signal, action)?;
    Ok(Value::Nil.into())
}
