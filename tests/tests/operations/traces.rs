//! One trace from a client's request to the mail that follows from it.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::time::Duration;

use ashlar_tests::binary::{Program, eventually};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value as Attribute, trace::v1::Span,
};
use prost::Message as _;
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

async fn collector() -> MockServer {
    let collector = MockServer::start().await;
    let taken = Mock::given(method("POST")).and(path("/v1/traces")).respond_with(ResponseTemplate::new(200));
    taken.mount(&collector).await;
    collector
}

/// Every span that was sent.
async fn spans(collector: &MockServer) -> Vec<Span> {
    let requests = collector.received_requests().await.unwrap();
    let batches = requests.iter().map(|request| ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap());
    let resources = batches.flat_map(|batch| batch.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Attribute::StringValue(text) => Some(text.clone()),
        other => Some(format!("{other:?}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_and_mail_are_one_trace() {
    let collector = collector().await;
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_REFRESH_GRACE", "0s");
    let program = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.uri());
    let server = program.serve().await;
    let api = server.api();
    assert_eq!(api.register("ada@example.org").await.status, 201);
    let old = json!({ "refresh_token": api.log_in("ada@example.org").await.text("/refresh_token") });
    assert_eq!(api.post("/api/v1/auth/refresh", &old).await.status, 200);

    let traced = [("traceparent", format!("00-{TRACE}-{PARENT}-01"))];
    let traced = traced.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(api.post_with("/api/v1/auth/refresh", &traced, &old).await.status, 401);

    // One letter about the new account, and one about the old token.
    let letters = || std::fs::read_dir(program.data().join("mail")).into_iter().flatten().count();
    assert!(eventually(Duration::from_secs(30), || async { letters() >= 2 }).await, "{} letters", letters());
    let log = server.stop();
    assert!(log.contains(&format!(r#""trace_id":"{TRACE}""#)), "{log}");
    let spans = spans(&collector).await;
    let traced: Vec<_> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let request = traced.iter().find(|span| span.name == "request").unwrap();
    let job = traced.iter().find(|span| span.name == "job").unwrap();
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert_eq!(job.parent_span_id, request.span_id, "the job follows from the request");
    assert_eq!(attribute(job, "kind").as_deref(), Some("mail.send"));
    assert_eq!(attribute(request, "route").as_deref(), Some("/api/v1/auth/refresh"));
    let everything = format!("{spans:?}");
    assert!(!everything.contains("ada@") && !everything.contains("tuba-mint"), "{everything}");
    assert!(spans.len() > traced.len(), "other requests have traces of their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn collector_that_is_away_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").serve().await;

    let began = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(server.api().get("/health/live").await.status, 200);
    }

    assert!(began.elapsed() < Duration::from_secs(10));
    server.stop();
}

#[test]
fn collector_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318");

    let refused = program.run(&["serve"]);

    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{refused:?}");
}
