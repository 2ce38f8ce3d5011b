//! What is logged: a filter of levels and targets.

use tracing::{Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::Filter;

use crate::config::nearest;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A filter; the error says what is wrong with the text.
pub fn parse(text: &str) -> Result<EnvFilter, String> {
    if text.trim().is_empty() {
        return Err("is empty; `off` logs nothing".to_owned());
    }
    for part in text.split(',') {
        refuse_misspelt_level(part.trim())?;
    }
    EnvFilter::builder().parse(text).map_err(|error| format!("is no filter ({error})"))
}

/// A lone word that is no level means "everything of this target": whoever misspells `info` would
/// see no log at all.
fn refuse_misspelt_level(part: &str) -> Result<(), String> {
    let lower = part.to_ascii_lowercase();
    if LEVELS.contains(&lower.as_str()) || lower.chars().all(|digit| digit.is_ascii_digit()) {
        return Ok(());
    }
    match nearest(&lower, LEVELS) {
        Some(level) => Err(format!("has no level {part:?}; did you mean {level}?")),
        None => Ok(()),
    }
}

/// The events of a filter, with the spans around them whatever the filter says: a span is no line,
/// and with a filter of `warn` every warning would lose the request id that its span holds.
pub(super) fn with_spans<S: Subscriber>(events: EnvFilter) -> impl Filter<S> {
    let spans = filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO)
        .with_max_level_hint(LevelFilter::INFO);
    events.or(spans)
}

/// Whether a filter lets debug or trace lines of any target through.
pub fn is_verbose(text: &str) -> bool {
    let most = parse(text).ok().and_then(|filter| filter.max_level_hint());
    most.is_none_or(|level| level > LevelFilter::INFO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_targets_are_accepted() {
        for text in ["info", "WARN", "off", "info,sqlx=warn", "warn,ashlar_server", "ashlar_server::http=debug"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn misspelt_levels_and_broken_filters_are_refused() {
        for text in ["", " ", "inof", "info,debgu", "sqlx=loud", "a=b=c"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let error = parse("inof").unwrap_err();
        assert!(error.ends_with("did you mean info?"), "{error}");
    }

    #[test]
    fn one_debug_target_makes_a_filter_verbose() {
        for text in ["debug", "trace", "info,sqlx=debug", "ashlar_server"] {
            assert!(is_verbose(text), "{text}");
        }
        for text in ["off", "warn", "info", "info,sqlx=warn"] {
            assert!(!is_verbose(text), "{text}");
        }
    }
}
