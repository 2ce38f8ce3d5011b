//! `ashlar doctor`: what is in force, where it comes from, and what is wrong with it.

#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};

use super::exit::Exit;
use crate::config::{Config, Profile, UnsafeSetting};

/// One thing that was looked at besides the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub name: String,
    /// What was found.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What a check found, with a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok(String),
    /// Worth knowing.
    Warn(String),
    /// It would not work.
    Fail(String),
}

/// Everything the doctor has to say.
pub struct Doctor<'d> {
    config: &'d Config,
    unsafe_settings: Vec<UnsafeSetting>,
    checks: &'d [Check],
}

impl<'d> Doctor<'d> {
    /// Looks at a configuration, and adds the checks that were made elsewhere.
    pub fn new(config: &'d Config, checks: &'d [Check]) -> Self {
        Self { config, unsafe_settings: config.unsafe_settings(), checks }
    }

    /// How the command ends: unsafe settings count in production only.
    pub fn exit(&self) -> Exit {
        let is_failed = |check: &Check| matches!(check.outcome, Outcome::Fail(_));
        let refused = self.config.profile == Profile::Production && !self.unsafe_settings.is_empty();
        if refused || self.checks.iter().any(is_failed) { Exit::Failed } else { Exit::Done }
    }

    /// The findings as one JSON object.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl Serialize for Doctor<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Report<'r> {
            ok: bool,
            profile: &'r str,
            configuration: Vec<Row<'r>>,
            unsafe_for_production: Vec<Finding<'r>>,
            notes: Vec<Remark<'r>>,
            checks: &'r [Check],
        }
        #[derive(Serialize)]
        struct Row<'r> {
            key: &'r str,
            value: &'r str,
            source: String,
        }
        #[derive(Serialize)]
        struct Finding<'r> {
            key: &'r str,
            why: &'r str,
            fix: &'r str,
        }
        #[derive(Serialize)]
        struct Remark<'r> {
            key: &'r str,
            text: &'r str,
        }

        let rows = self.config.effective().iter().map(|row| Row {
            key: row.key,
            value: &row.value,
            source: row.source.to_string(),
        });
        let findings = self.unsafe_settings.iter().map(|finding| Finding {
            key: finding.key,
            why: &finding.why,
            fix: &finding.fix,
        });
        let remarks = self.config.notes().iter().map(|note| Remark { key: note.key, text: &note.text });
        Report {
            ok: self.exit() == Exit::Done,
            profile: self.config.profile.as_str(),
            configuration: rows.collect(),
            unsafe_for_production: findings.collect(),
            notes: remarks.collect(),
            checks: self.checks,
        }
        .serialize(serializer)
    }
}

impl fmt::Display for Doctor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_configuration(f)?;
        self.write_unsafe(f)?;
        self.write_notes(f)?;
        self.write_checks(f)
    }
}

impl Doctor<'_> {
    fn write_configuration(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.config.effective();
        let shown = |value: &str| {
            if value.is_empty() { "-".to_owned() } else { printable(value) }
        };
        let key_width = rows.iter().map(|row| row.key.len()).max().unwrap_or(0);
        let value_width = rows.iter().map(|row| shown(&row.value).chars().count()).max().unwrap_or(0);
        writeln!(f, "Configuration")?;
        for row in rows {
            let (key, value, source) = (row.key, shown(&row.value), row.source.to_string());
            writeln!(f, "  {key:key_width$}  {value:value_width$}  {}", printable(&source))?;
        }
        Ok(())
    }

    fn write_unsafe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let consequence = match (self.unsafe_settings.is_empty(), self.config.profile) {
            (true, _) => ": nothing",
            (false, Profile::Embedded) => " (fine in the embedded profile)",
            (false, Profile::Production) => " (the server refuses to start)",
        };
        writeln!(f, "\nUnsafe for production{consequence}")?;
        for finding in &self.unsafe_settings {
            writeln!(f, "  {}: {}\n      {}", finding.key, printable(&finding.why), finding.fix)?;
        }
        Ok(())
    }

    fn write_notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.config.notes().is_empty() {
            return Ok(());
        }
        writeln!(f, "\nNotes")?;
        for note in self.config.notes() {
            writeln!(f, "  {}: {}", note.key, note.text)?;
        }
        Ok(())
    }

    fn write_checks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.checks.is_empty() {
            return Ok(());
        }
        let width = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        writeln!(f, "\nChecks")?;
        for Check { name, outcome } in self.checks {
            let (word, detail) = match outcome {
                Outcome::Ok(detail) => ("ok  ", detail),
                Outcome::Warn(detail) => ("warn", detail),
                Outcome::Fail(detail) => ("FAIL", detail),
            };
            writeln!(f, "  {word}  {name:width$}  {}", printable(detail))?;
        }
        Ok(())
    }
}

/// Text that cannot steer the terminal it is shown on.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            let _infallible = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
