//! Reads typed values out of the undigested ones and gathers every problem on the way.

use std::time::Duration;

use bytesize::ByteSize;

use super::database_url::masked;
use super::key::{Key, Kind};
use super::keys;
use super::parse;
use super::problem::Problem;
use super::settings::Settings;

/// Takes values by key. A `None` means that the problem is written down already.
pub(super) struct Reader<'p> {
    settings: Settings,
    problems: &'p mut Vec<Problem>,
}

impl<'p> Reader<'p> {
    /// Reads these settings and writes problems there.
    pub(super) fn new(settings: Settings, problems: &'p mut Vec<Problem>) -> Self {
        Self { settings, problems }
    }

    /// The value of a key with its own grammar.
    pub(super) fn get<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let setting = self.settings.get(name)?;
        match parse(&setting.text) {
            Ok(value) => Some(value),
            Err(what) => {
                self.refuse(name, what);
                None
            }
        }
    }

    /// The value of a key that is one of a few words.
    pub(super) fn choice<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.get(name, |text| parse(text).ok_or_else(|| "is not one of the words".to_owned()))
    }

    /// The value of a switch.
    pub(super) fn switch(&mut self, name: &str) -> Option<bool> {
        self.get(name, parse::switch)
    }

    /// The value of a [`Kind::Count`], in its range.
    pub(super) fn count(&mut self, name: &str) -> Option<usize> {
        self.get(name, |text| match kind(name)? {
            Kind::Count { min, max } => {
                let shown = [&*min.to_string(), &*max.to_string()];
                in_range(parse::count(text)?, &min, &max, shown)
            }
            _ => Err(MISTYPED.to_owned()),
        })
    }

    /// The value of a [`Kind::Duration`], in its range.
    pub(super) fn duration(&mut self, name: &str) -> Option<Duration> {
        self.get(name, |text| match kind(name)? {
            Kind::Duration { min, max } => {
                let (least, most) = (parse::duration(min)?, parse::duration(max)?);
                in_range(parse::duration(text)?, &least, &most, [min, max])
            }
            _ => Err(MISTYPED.to_owned()),
        })
    }

    /// The value of a [`Kind::Size`], in its range.
    pub(super) fn size(&mut self, name: &str) -> Option<usize> {
        let size: ByteSize = self.get(name, |text| match kind(name)? {
            Kind::Size { min, max } => {
                let (least, most) = (parse::size(min)?, parse::size(max)?);
                in_range(parse::size(text)?, &least, &most, [min, max])
            }
            _ => Err(MISTYPED.to_owned()),
        })?;
        usize::try_from(size.as_u64()).ok()
    }

    /// Writes down that a key's value cannot stay.
    pub(super) fn refuse(&mut self, name: &str, what: impl Into<String>) {
        let Some(setting) = self.settings.get(name) else {
            return;
        };
        let key = keys::find(name);
        self.problems.push(Problem {
            key: name.to_owned(),
            source: setting.source.clone(),
            value: Some(shown(key, &setting.text)),
            what: what.into(),
            accepted: key.map_or_else(String::new, |key| key.kind.accepts().into_owned()),
        });
    }

    /// Gives the settings back, for the table of effective values.
    pub(super) fn into_settings(self) -> Settings {
        self.settings
    }
}

/// A value fit to be printed.
pub(super) fn shown(key: Option<&Key>, text: &str) -> String {
    if key.is_some_and(|key| key.secret) { masked(text) } else { text.to_owned() }
}

/// Only a mistake in this module's callers can lead here; the tests of the defaults find it.
const MISTYPED: &str = "is read as another kind of value than its key has";

fn kind(name: &str) -> Result<Kind, String> {
    keys::find(name).map(|key| key.kind).ok_or_else(|| MISTYPED.to_owned())
}

fn in_range<T: PartialOrd>(value: T, least: &T, most: &T, shown: [&str; 2]) -> Result<T, String> {
    let [min, max] = shown;
    if value < *least {
        return Err(format!("is less than {min}"));
    }
    if value > *most {
        return Err(format!("is more than {max}"));
    }
    Ok(value)
}
