//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// The place that decided a value. Its `Display` is what `ashlar doctor` and every error show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The profile's default.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable, by its name.
    Environment(String),
    /// A command-line flag, with its dashes.
    Flag(String),
    /// A file holding one secret, with the setting that named it.
    SecretFile {
        /// The variable or file key that named the file.
        named_by: String,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::SecretFile { named_by } => write!(f, "file named by {named_by}"),
        }
    }
}
