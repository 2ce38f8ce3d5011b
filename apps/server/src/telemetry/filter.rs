//! What is logged: a filter of levels and targets.

use tracing::{
    Level, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{EnvFilter, Layer, Registry, filter::LevelFilter, layer::Context};

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
///
/// A layer that decides for the whole subscriber, not a filter of one layer: those keep their answer to "would this be
/// logged?" for the next event of the thread, and sqlx, which asks and then logs nothing, took the next line with it.
pub(super) struct WithSpans(pub(super) EnvFilter);

impl WithSpans {
    fn is_wanted_span(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && *metadata.level() <= Level::INFO
    }
}

impl<S: Subscriber> Layer<S> for WithSpans {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if Self::is_wanted_span(metadata) {
            return Interest::always();
        }
        Layer::<S>::register_callsite(&self.0, metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        Self::is_wanted_span(metadata) || self.0.enabled(metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<S>::max_level_hint(&self.0).map(|level| level.max(LevelFilter::INFO))
    }

    // What follows is for the directives of a filter that name spans and their fields.
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        Layer::on_record(&self.0, id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        Layer::on_enter(&self.0, id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        Layer::on_exit(&self.0, id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        Layer::on_close(&self.0, id, context);
    }
}

/// Whether a filter lets debug or trace lines of any target through.
pub fn is_verbose(text: &str) -> bool {
    let most = parse(text).ok().and_then(|filter| Layer::<Registry>::max_level_hint(&filter));
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
