//! Everything a configuration is made of, handed in by the caller: the loader itself looks at no
//! process state, so its tests neither set variables nor change folders.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Environment variables, as far as they can concern the configuration.
#[derive(Clone, Default)]
pub struct EnvVars {
    pub(super) values: BTreeMap<String, String>,
    /// Names of our variables whose value is not Unicode.
    pub(super) unreadable: Vec<String>,
}

impl EnvVars {
    /// The variables of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    fn from_os(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut collected = Self::default();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else {
                continue; // none of ours: their names are ASCII
            };
            if !(name.starts_with("ASHLAR_") || name == OTLP_ENDPOINT) {
                continue;
            }
            match value.into_string() {
                Ok(value) => {
                    collected.values.insert(name, value);
                }
                Err(_) => collected.unreadable.push(name),
            }
        }
        collected
    }
}

/// The standard variable that asks for traces; not ours, so it is noted rather than refused.
pub(super) const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for EnvVars {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let own = |(name, value): (N, V)| (name.into().into(), value.into().into());
        Self::from_os(variables.into_iter().map(own))
    }
}

/// Values given on the command line, by key name.
#[derive(Clone, Default)]
pub struct Flags(pub(crate) BTreeMap<&'static str, String>);

impl FromIterator<(&'static str, String)> for Flags {
    fn from_iter<I: IntoIterator<Item = (&'static str, String)>>(flags: I) -> Self {
        Self(flags.into_iter().collect())
    }
}

/// What [`Config::load`](super::Config::load) reads.
#[derive(Clone, Default)]
pub struct Inputs {
    /// The environment.
    pub environment: EnvVars,
    /// The command line.
    pub flags: Flags,
    /// The folder in which `ashlar.toml` is looked for; empty means the working folder.
    pub folder: PathBuf,
}

impl Inputs {
    /// The inputs of this process.
    pub fn of_process(flags: Flags) -> Self {
        Self { environment: EnvVars::of_process(), flags, folder: PathBuf::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_variables_are_left_alone() {
        let vars: EnvVars = [("PATH", "/bin"), ("ASHLAR_LOG", "info")].into_iter().collect();

        assert_eq!(vars.values.keys().collect::<Vec<_>>(), ["ASHLAR_LOG"]);
    }

    #[cfg(unix)]
    #[test]
    fn value_that_is_not_unicode_is_remembered_by_name() {
        use std::os::unix::ffi::OsStringExt;

        let value = OsString::from_vec(vec![0xff]);
        let vars = EnvVars::from_os([(OsString::from("ASHLAR_DATA_DIR"), value)]);

        assert!(vars.values.is_empty());
        assert_eq!(vars.unreadable, ["ASHLAR_DATA_DIR"]);
    }
}
