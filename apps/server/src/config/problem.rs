//! What is wrong with a configuration: everything at once, one line each.

use std::fmt;

use super::source::Source;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, as the source spells it.
    pub key: String,
    /// Where the value came from.
    pub source: Source,
    /// The refused value, masked when it may be secret; absent where there is none to show.
    pub value: Option<String>,
    /// What is wrong, lower case and without a full stop.
    pub what: String,
    /// What would be accepted; empty where nothing would.
    pub accepted: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.key, self.source)?;
        match &self.value {
            Some(value) => write!(f, ": {value:?} {}", self.what)?,
            None => write!(f, ": {}", self.what)?,
        }
        if !self.accepted.is_empty() {
            write!(f, "; accepted: {}", self.accepted)?;
        }
        Ok(())
    }
}

/// A configuration that cannot be used, with every reason why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// All problems, never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "the configuration has {count} problem{plural}:")?;
        for problem in &self.problems {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}
