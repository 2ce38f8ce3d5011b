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
    for cause in causes(error) {
        text.push_str("\n  because ");
        text.push_str(&cause);
    }
    tell(text);
}

/// The causes of an error, from the outside in, without those that the line before has quoted already.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !said.contains(&text) {
            causes.push(text.clone());
            said = text;
        }
        cause = inner.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        #[source]
        source: Option<Box<Layer>>,
    }

    #[test]
    fn a_cause_that_was_quoted_already_is_not_repeated() {
        let inner = Layer { text: "refused", source: None };
        let middle = Layer { text: "cannot connect: refused", source: Some(Box::new(inner)) };
        let outer = Layer { text: "no database", source: Some(Box::new(middle)) };
        assert_eq!(causes(&outer), ["cannot connect: refused"]);
    }
}
