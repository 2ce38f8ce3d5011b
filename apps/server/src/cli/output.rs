//! The one place that writes to stdout and stderr.

use std::io::{self, Write as _};

/// Prints a command's result. Fails when the reader is gone or the disk full; whoever asked for
/// output must not be told that all went well.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Tells the operator something besides the result. Where stderr is closed there is nobody to tell.
pub fn tell(text: impl std::fmt::Display) {
    let _nobody_listens = writeln!(io::stderr().lock(), "{text}");
}

/// Tells the operator why it failed: `ashlar: <error>`, then each cause.
pub fn complain(error: &(dyn std::error::Error + 'static)) {
    let mut text = format!("ashlar: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  because ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    tell(text);
}
