//! Distributed traces: a request, and the jobs that follow from it, as one trace (W3C Trace Context, OTLP).
//!
//! With `OTEL_EXPORTER_OTLP_ENDPOINT` the spans of this process are sent to a collector. Without it nothing is sent, but
//! the `traceparent` of a client still goes into its events and jobs: other processes may send theirs.

use std::{collections::HashMap, time::Duration};

use opentelemetry::{
    Context,
    propagation::TextMapPropagator as _,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;
use url::Url;

const HEADER: &str = "traceparent";
/// A collector may take so long. Nobody waits for it but the end of the process.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends spans, in batches and from a thread of its own.
pub(super) fn exporter(endpoint: &Url) -> Result<SdkTracerProvider, ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).with_timeout(PATIENCE).build()?;
    let resource = Resource::builder().with_service_name("ashlar").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

pub(super) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(
    provider: &SdkTracerProvider,
) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer> {
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("ashlar"))
        // Lines of code and threads are for the log.
        .with_location(false)
        .with_threads(false)
        .with_target(false)
}

/// Makes `span` part of the trace that `traceparent` names, and says where it stands in it: by itself where spans are
/// sent, where its parent stands otherwise. None without a trace.
pub fn join(span: &Span, traceparent: Option<&str>) -> Option<String> {
    let propagator = TraceContextPropagator::new();
    let parent = traceparent.map(|text| {
        let carrier = HashMap::from([(HEADER.to_owned(), text.to_owned())]);
        propagator.extract_with_context(&Context::new(), &carrier)
    });
    let parent = parent.filter(|parent| parent.span().span_context().is_valid());
    if let Some(parent) = &parent {
        // It fails where no spans are sent, and then there is nothing to join.
        let _joined = span.set_parent(parent.clone());
    }
    let own = span.context();
    let place = if own.span().span_context().is_valid() { own } else { parent? };
    let mut carrier = HashMap::new();
    propagator.inject_context(&place, &mut carrier);
    span.record("trace_id", tracing::field::display(place.span().span_context().trace_id()));
    carrier.remove(HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn place_in_a_trace_is_passed_on_although_nobody_collects() {
        assert_eq!(join(&Span::none(), Some(PARENT)).as_deref(), Some(PARENT));
        assert_eq!(join(&Span::none(), None), None);
        for nonsense in ["", "00-0-0-0", "00-00000000000000000000000000000000-0000000000000000-01", "x"] {
            assert_eq!(join(&Span::none(), Some(nonsense)), None, "{nonsense}");
        }
    }

    #[test]
    fn span_that_is_sent_has_a_place_of_its_own() {
        use tracing_subscriber::layer::SubscriberExt as _;

        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry().with(layer(&provider));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", trace_id = tracing::field::Empty);

            let place = join(&span, Some(PARENT)).unwrap();

            assert!(place.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{place}");
            assert_ne!(place, PARENT);
            assert!(join(&tracing::info_span!("request"), None).is_some(), "a trace begins here");
        });
    }
}
