//! Errors and panics, reported to Sentry if there is one.
//!
//! An event of level ERROR becomes a report of what is known to be harmless about its request, and of its own fields.
//! All of it passes the [scrub](scrub::scrub). There is no global client and no global scope: a report holds what its own
//! event and spans hold, and never what another request of the thread left behind.

mod courier;
mod report;
mod scrub;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use ashlar_kernel::{ExposeSecret as _, Secret};
use sentry::{Client, ClientOptions, types::Dsn};
use tracing::{
    Event, Level, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use self::courier::Courier;
use super::fields::Fields;
use crate::config::Profile;

/// The last reports may take so long at the end of the process.
const FAREWELL: Duration = Duration::from_secs(2);
/// Who carries the reports must not report on the carrying.
const CARRIERS: [&str; 5] = ["h2", "hyper", "hyper_util", "reqwest", "rustls"];

/// Why errors cannot be reported.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The address is none; a loaded configuration never holds such a one.
    #[error("the DSN is none")]
    Dsn(#[source] sentry::types::ParseDsnError),
    /// There is no HTTP client to send with.
    #[error("there is no HTTP client")]
    Client(#[source] reqwest::Error),
    /// There is no thread to send from.
    #[error("there is no thread to send from")]
    Thread(#[source] std::io::Error),
}

/// Reports errors. Clones report through one queue.
#[derive(Clone)]
pub(super) struct ErrorReports {
    client: Arc<Client>,
    courier: Arc<Courier>,
}

impl ErrorReports {
    /// Reports to the project of this DSN, from now on.
    pub(super) fn open(dsn: &Secret, profile: Profile) -> Result<Self, ReportError> {
        let address: Dsn = dsn.expose_secret().parse().map_err(ReportError::Dsn)?;
        let courier = Arc::new(Courier::start(&address)?);
        // Without defaults: those read the environment, where SSL_VERIFY would switch off the check of certificates.
        let mut options = ClientOptions::new()
            .default_integrations(false)
            .send_default_pii(false)
            .release(concat!("ashlar@", env!("CARGO_PKG_VERSION")))
            .environment(profile.as_str())
            .before_send(scrub::scrub)
            .transport(Arc::clone(&courier));
        options.dsn = Some(address);
        Ok(Self { client: Arc::new(Client::with_options(options)), courier })
    }

    /// Sends what was not sent yet, within [`FAREWELL`]; whether all of it is gone.
    pub(super) fn close(&self) -> bool {
        self.client.close(Some(FAREWELL))
    }

    /// The layer that reports what is logged.
    pub(super) fn layer(&self) -> ReportErrors {
        ReportErrors(self.clone())
    }
}

/// Reports each event of level ERROR.
pub(super) struct ReportErrors(ErrorReports);

/// The fields of a span. A type of its own, since the log keeps those fields too, under theirs.
struct SpanFields(Fields);

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for ReportErrors {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(SpanFields(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(SpanFields(fields)) = span.extensions_mut().get_mut() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let target = event.metadata().target();
        let crate_name = target.split("::").next().unwrap_or(target);
        let is_ours = *event.metadata().level() == Level::ERROR && !CARRIERS.contains(&crate_name);
        // A flood of errors costs no more than a look once the queue is full.
        if !is_ours || !self.0.courier.has_room() {
            return;
        }
        let mut own = Fields::default();
        event.record(&mut own);
        let mut report = report::of_event(event.metadata(), &own);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                report::add_circumstances(&mut report, fields);
            }
        }
        self.0.client.capture_event(report, None);
    }
}
