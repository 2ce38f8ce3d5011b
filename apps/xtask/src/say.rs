//! The only place that writes to the terminal.

use std::io::Write;

/// Prints one line to standard output.
///
/// A closed pipe (`cargo xtask test | head`) is no reason to leave a database running, so it is ignored.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints why the command as a whole failed to standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}
