//! What a configuration key is: its names, its defaults, and the values it takes.

use std::borrow::Cow;

use super::Profile;

/// One configuration key, described once for the loader, `--help`, `ashlar doctor` and the documentation.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The name in the configuration file.
    pub name: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// The command-line flag, without its dashes.
    pub flag: &'static str,
    /// The heading it stands under in `--help` and in the documentation.
    pub section: &'static str,
    /// The values it takes.
    pub kind: Kind,
    /// One or two sentences for the operator.
    pub help: &'static str,
    /// Whether the value may hold a secret: it is masked wherever it is printed, and the key is
    /// also accepted with the suffix `_file`, naming a file that holds the value.
    pub secret: bool,
    embedded: &'static str,
    production: &'static str,
}

/// The values a key takes; ranges are inclusive.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Count {
        /// The smallest.
        min: usize,
        /// The largest.
        max: usize,
    },
    /// A length of time, both bounds as text of the same form.
    Duration {
        /// The shortest.
        min: &'static str,
        /// The longest.
        max: &'static str,
    },
    /// A number of bytes, both bounds as text of the same form.
    Size {
        /// The smallest.
        min: &'static str,
        /// The largest.
        max: &'static str,
    },
    /// Anything with its own grammar: the word shown in `--help`, and what is accepted.
    Other {
        /// The placeholder in `--help`.
        placeholder: &'static str,
        /// The grammar in words.
        accepts: &'static str,
    },
}

impl Key {
    /// A key that is set to nothing by default and is no secret.
    pub(super) const fn new(
        name: &'static str,
        variable: &'static str,
        flag: &'static str,
        kind: Kind,
        help: &'static str,
    ) -> Self {
        Self { name, variable, flag, section: "", kind, help, secret: false, embedded: "", production: "" }
    }

    /// With this default in both profiles.
    pub(super) const fn default(self, text: &'static str) -> Self {
        Self { embedded: text, production: text, ..self }
    }

    /// With another default in production.
    pub(super) const fn in_production(self, text: &'static str) -> Self {
        Self { production: text, ..self }
    }

    /// Under this heading.
    pub(super) const fn under(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    /// With a value that may hold a secret.
    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// The default of a profile as the documentation writes it; empty means nothing is set.
    /// Words in angle brackets stand for other values: `<data_dir>`, `<listen>`, `<cores>`.
    pub fn default_text(&self, profile: Profile) -> &'static str {
        match profile {
            Profile::Embedded => self.embedded,
            Profile::Production => self.production,
        }
    }

    /// Both defaults in one phrase, for help and documentation.
    pub fn default_phrase(&self) -> String {
        let shown = |text: &'static str| if text.is_empty() { "none" } else { text };
        if self.embedded == self.production {
            shown(self.embedded).to_owned()
        } else {
            format!("{}, in production {}", shown(self.embedded), shown(self.production))
        }
    }
}

impl Kind {
    /// The placeholder of a value in `--help`.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Switch => "true|false",
            Self::Choice(_) => "WORD",
            Self::Count { .. } => "N",
            Self::Duration { .. } => "TIME",
            Self::Size { .. } => "BYTES",
            Self::Other { placeholder, .. } => placeholder,
        }
    }

    /// What is accepted, in words.
    pub fn accepts(self) -> Cow<'static, str> {
        match self {
            Self::Switch => "true or false".into(),
            Self::Choice(words) => words.join(" or ").into(),
            Self::Count { min, max } => format!("a whole number from {min} to {max}").into(),
            Self::Duration { min, max } => format!("a time such as 500ms, 30s, 15m or 7d, from {min} to {max}").into(),
            Self::Size { min, max } => format!("bytes such as 65536, 64KiB or 1MiB, from {min} to {max}").into(),
            Self::Other { accepts, .. } => accepts.into(),
        }
    }
}
