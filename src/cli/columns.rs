//! How wide what conc says may be.

use conc::report::render;
use std::io;

/// The columns of the terminal that standard output goes to, unless `COLUMNS` says otherwise. None elsewhere.
pub fn of_terminal() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(|| {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    })
}

/// For tables and verdicts.
pub fn of_reports() -> usize {
    of_terminal().unwrap_or(render::DEFAULT_WIDTH)
}

/// A page of the help, as it fits.
pub fn fitted(page: &str) -> String {
    of_terminal().map_or_else(|| page.to_string(), |columns| render::reflow(page, columns))
}
