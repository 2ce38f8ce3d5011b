//! One place that gives values: the file, the environment or the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::inputs::{EnvVars, Flags};
use super::keys::{self, KEYS, NOT_YET};
use super::nearest::nearest;
use super::problem::Problem;
use super::source::Source;

const PREFIX: &str = "ASHLAR_";
/// The suffix that makes a secret key name a file instead.
pub(super) const FILE_SUFFIX: &str = "_file";

/// The kind of place, which decides how names are spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The configuration file at this path.
    File(PathBuf),
    /// The environment.
    Environment,
    /// The command line.
    Flags,
}

/// The values of one place by key name; an `Err` is a value that is no text, with the reason.
pub(super) struct Layer {
    pub(super) place: Place,
    pub(super) values: BTreeMap<String, Result<String, String>>,
}

impl Place {
    /// How a key is spelled here.
    pub(super) fn spell(&self, name: &str) -> String {
        match self {
            Self::File(_) => name.to_owned(),
            Self::Environment => format!("{PREFIX}{}", name.to_ascii_uppercase()),
            Self::Flags => format!("--{}", name.replace('_', "-")),
        }
    }

    /// This place as the source of a key's value.
    pub(super) fn source(&self, name: &str) -> Source {
        match self {
            Self::File(path) => Source::File(path.clone()),
            Self::Environment => Source::Environment(self.spell(name)),
            Self::Flags => Source::Flag(self.spell(name)),
        }
    }

    /// A secret file named here as the source of a key's value.
    pub(super) fn secret_file_source(&self, name: &str) -> Source {
        let spelled = self.spell(name);
        let named_by = match self {
            Self::File(path) => format!("{spelled} in {}", path.display()),
            Self::Environment | Self::Flags => spelled,
        };
        Source::SecretFile { named_by }
    }

    fn problem(&self, name: &str, what: impl Into<String>) -> Problem {
        Problem {
            key: name.to_ascii_lowercase(),
            source: self.source(name),
            value: None,
            what: what.into(),
            accepted: String::new(),
        }
    }
}

impl Layer {
    /// The values of the command line; clap has already refused unknown flags.
    pub(super) fn of_flags(flags: &Flags) -> Self {
        let own = |(name, value): (&&str, &String)| ((*name).to_owned(), Ok(value.clone()));
        Self { place: Place::Flags, values: flags.0.iter().map(own).collect() }
    }

    /// The values of the environment, refusing variables that are ours by name but no key.
    pub(super) fn of_environment(vars: &EnvVars, problems: &mut Vec<Problem>) -> Self {
        let place = Place::Environment;
        for variable in &vars.unreadable {
            let name = variable.strip_prefix(PREFIX).unwrap_or(variable);
            problems.push(place.problem(name, "not valid UTF-8"));
        }
        let mut values = BTreeMap::new();
        for (variable, value) in &vars.values {
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            if is_for_tests(name) || is_injected_link(name, value) {
                continue;
            }
            let lower = name.to_ascii_lowercase();
            let spelled = place.spell(&lower);
            if spelled != *variable {
                let what = format!("unknown key {variable}; did you mean {spelled}?");
                problems.push(place.problem(name, what));
            } else if let Some(problem) = refusal(&place, &lower) {
                problems.push(problem);
            } else {
                values.insert(lower, Ok(value.clone()));
            }
        }
        Self { place, values }
    }

    /// The values of a configuration file, refusing what is no key.
    pub(super) fn of_file(path: PathBuf, table: toml::Table, problems: &mut Vec<Problem>) -> Self {
        let place = Place::File(path);
        let mut values = BTreeMap::new();
        for (name, value) in table {
            if let Some(problem) = refusal(&place, &name) {
                problems.push(problem);
            } else {
                values.insert(name, file_text(value));
            }
        }
        Self { place, values }
    }

    /// A problem with the value that this layer gives a key.
    pub(super) fn problem(&self, name: &str, what: impl Into<String>) -> Problem {
        self.place.problem(name, what)
    }
}

/// Why a name cannot be set in a place; `None` when it can.
fn refusal(place: &Place, name: &str) -> Option<Problem> {
    let base = name.strip_suffix(FILE_SUFFIX).unwrap_or(name);
    if NOT_YET.contains(&base) {
        return Some(place.problem(name, "not in this version yet"));
    }
    if name == "config" && matches!(place, Place::File(_)) {
        return Some(place.problem(name, "a file cannot name itself"));
    }
    let known = keys::find(name).is_some() || keys::find(base).is_some_and(|key| key.secret);
    if known {
        return None;
    }
    let all = KEYS.iter().map(|key| key.name).chain(NOT_YET.iter().copied());
    let what = match nearest(name, all) {
        Some(meant) => format!("unknown key; did you mean {}?", place.spell(meant)),
        None => "unknown key".to_owned(),
    };
    Some(place.problem(name, what))
}

/// Whether a variable steers the tests and never the server.
fn is_for_tests(name: &str) -> bool {
    name == "BIN" || name.starts_with("TEST_")
}

/// Whether a variable was put there by Kubernetes or Docker because a service is called `ashlar`
/// (`ASHLAR_SERVICE_HOST`, `ASHLAR_PORT_8080_TCP_ADDR`, …). Nobody wrote it, so nobody misspelt it.
fn is_injected_link(name: &str, value: &str) -> bool {
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let words: Vec<&str> = name.split('_').collect();
    let has = |pair: [&str; 2]| words.windows(2).any(|window| window == pair);
    let of_a_port = words.windows(3).any(|window| {
        window.first() == Some(&"PORT")
            && window.get(1).is_some_and(|port| port.parse::<u16>().is_ok())
            && matches!(window.get(2), Some(&("TCP" | "UDP" | "SCTP")))
    });
    has(["SERVICE", "HOST"]) || has(["SERVICE", "PORT"]) || of_a_port || (words.last() == Some(&"PORT") && is_address)
}

/// A value of the file as the text that the environment would give.
fn file_text(value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(switch) => Ok(switch.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(",")).ok_or_else(|| "an array of something else than texts".to_owned())
        }
        other => Err(format!("a {}, not a single value", other.type_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_links_are_recognised_and_our_own_names_are_not() {
        for (name, value) in [
            ("SERVICE_HOST", "10.0.0.1"),
            ("SERVICE_PORT", "8080"),
            ("SERVICE_PORT_HTTP", "8080"),
            ("PORT", "tcp://10.0.0.1:8080"),
            ("PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("WEB_PORT_8080_TCP_PROTO", "tcp"),
        ] {
            assert!(is_injected_link(name, value), "{name}");
        }
        assert!(!is_injected_link("PORT", "8080"));
        for key in KEYS {
            assert!(!is_injected_link(&key.name.to_ascii_uppercase(), ""));
        }
    }

    #[test]
    fn every_key_is_spelled_alike_everywhere() {
        for key in KEYS {
            assert_eq!(Place::Environment.spell(key.name), key.variable);
            assert_eq!(Place::Flags.spell(key.name), format!("--{}", key.flag));
            assert!(!key.section.is_empty() && key.help.ends_with('.'), "{}", key.name);
        }
    }
}
