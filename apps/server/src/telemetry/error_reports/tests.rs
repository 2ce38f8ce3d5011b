//! Against a server that stands in for Sentry.

use std::time::Instant;

use sentry::protocol::{Breadcrumb, Context as EventContext, LogEntry, User};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt as _;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header_exists, method, path},
};

use super::*;

const EMAIL: &str = "ada@example.org";
const REFRESH: &str = "asr1_AAECAwQFBgcICQoLDA0ODw";
const API_KEY: &str = "ash_live0123456789abcdef";
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJl";
const BEARER: &str = "b3BhcXVlLXRva2Vu";
const PASSWORD: &str = "tuba-mint-orbit";
const IPV4: &str = "203.0.113.77";
const IPV6: &str = "2001:db8:4711::9";
const QUERY: &str = "reset_code=815-4711";
const COOKIE: &str = "sid=crumbly";
const BODY: &str = "my-private-diary";
const USERNAME: &str = "lovelace";

/// Nothing of this may ever leave the house.
const PLANTED: [&str; 12] = [EMAIL, REFRESH, API_KEY, JWT, BEARER, PASSWORD, IPV4, IPV6, QUERY, COOKIE, BODY, USERNAME];

/// All that a text can give away; what is told by the name of a field is not in it.
fn everything() -> String {
    format!(
        "{EMAIL} {REFRESH} {API_KEY} {JWT} Bearer {BEARER} password={PASSWORD} {IPV4}:443 [{IPV6}]:443 \
         GET https://{USERNAME}:{PASSWORD}@h/p?{QUERY} {{\"password\":\"{PASSWORD}\"}}\nCookie: {COOKIE}"
    )
}

async fn sentry_that_answers(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let envelopes = Mock::given(method("POST")).and(path("/api/42/envelope/")).and(header_exists("x-sentry-auth"));
    envelopes.respond_with(response).mount(&server).await;
    server
}

async fn sentry() -> MockServer {
    sentry_that_answers(ResponseTemplate::new(200)).await
}

fn reports_to(server: &MockServer) -> ErrorReports {
    let dsn = format!("{}/42", server.uri().replace("http://", "http://publickey@"));
    ErrorReports::open(&Secret::from(dsn), Profile::Production).unwrap()
}

/// All envelopes that arrived, as texts.
async fn arrived(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    requests.into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect()
}

/// The event in an envelope: the third line, after the heads of envelope and item.
fn event_in(envelope: &str) -> Value {
    serde_json::from_str(envelope.lines().nth(2).unwrap()).unwrap()
}

fn insist_that_nothing_is_given_away(envelope: &str) {
    for planted in PLANTED {
        assert!(!envelope.contains(planted), "{planted} is in {envelope}");
    }
}

fn logged(reports: &ErrorReports, log: impl FnOnce()) {
    let subscriber = tracing_subscriber::registry().with(reports.layer());
    tracing::subscriber::with_default(subscriber, log);
}

#[tokio::test]
async fn report_holds_nothing_private_wherever_it_was_planted() {
    let server = sentry().await;
    let reports = reports_to(&server);
    let text = everything();
    let fields = || [("note".to_owned(), Value::from(text.clone())), ("body".to_owned(), json!({ "diary": BODY }))];
    let extra = fields().into_iter().chain([("deep".to_owned(), json!([{ "a": [text.clone()] }]))]);
    let breadcrumb =
        Breadcrumb { message: Some(text.clone()), data: fields().into_iter().collect(), ..Breadcrumb::default() };
    let exception = sentry::protocol::Exception { ty: text.clone(), value: Some(text.clone()), ..Default::default() };
    let request = json!({
        "method": "POST", "url": format!("https://h/p?{QUERY}"), "data": BODY, "query_string": QUERY, "cookies": COOKIE,
        "headers": { "User-Agent": "x", "Authorization": format!("Bearer {BEARER}"), "X-Forwarded-For": IPV4 },
        "env": { "REMOTE_ADDR": IPV6 },
    });
    let user = User {
        id: Some(USERNAME.to_owned()),
        email: Some(EMAIL.to_owned()),
        ip_address: IPV4.parse().ok(),
        username: Some(USERNAME.to_owned()),
        ..User::default()
    };

    reports.client.capture_event(
        sentry::protocol::Event {
            message: Some(text.clone()),
            logentry: Some(LogEntry { message: text.clone(), params: vec![text.clone().into()] }),
            culprit: Some(text.clone()),
            transaction: Some(text.clone()),
            exception: vec![exception].into(),
            breadcrumbs: vec![breadcrumb].into(),
            extra: extra.collect(),
            tags: [("note".to_owned(), text.clone()), ("username".to_owned(), USERNAME.to_owned())].into(),
            contexts: [("job".to_owned(), EventContext::Other(fields().into_iter().collect()))].into(),
            fingerprint: vec![text.clone().into()].into(),
            server_name: Some(text.clone().into()),
            user: Some(user),
            request: serde_json::from_value(request).ok(),
            ..Default::default()
        },
        None,
    );

    assert!(reports.close());
    let envelopes = arrived(&server).await;
    assert_eq!(envelopes.len(), 1);
    insist_that_nothing_is_given_away(&envelopes[0]);
    let event = event_in(&envelopes[0]);
    assert_eq!(event["request"], json!({ "method": "POST" }));
    assert_eq!(event["environment"], "production");
    assert!(event["exception"]["values"][0]["value"].as_str().unwrap().starts_with("[email] [token] [token] [token]"));
    assert_eq!(event["breadcrumbs"]["values"][0]["data"]["body"], "[removed]");
}

#[tokio::test]
async fn logged_error_is_reported_with_its_request_and_nothing_private() {
    let server = sentry().await;
    let reports = reports_to(&server);
    let text = everything();

    logged(&reports, || {
        let request = tracing::info_span!(
            "request",
            request_id = "r-4711",
            method = "GET",
            route = tracing::field::Empty,
            user = USERNAME,
            whatever = BODY,
        );
        let _entered = request.enter();
        request.record("route", "/api/v1/me");
        tracing::info!("this is no error");
        tracing::warn!("and neither is this");
        tracing::error!(code = "internal", causes = %text, email = EMAIL, body = BODY, "it broke: {text}");
    });

    assert!(reports.close());
    let envelopes = arrived(&server).await;
    assert_eq!(envelopes.len(), 1, "{envelopes:?}");
    insist_that_nothing_is_given_away(&envelopes[0]);
    let event = event_in(&envelopes[0]);
    let tags = json!({ "code": "internal", "request_id": "r-4711", "method": "GET", "route": "/api/v1/me" });
    assert_eq!(event["tags"], tags);
    assert_eq!(event["transaction"], "/api/v1/me");
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "internal");
    assert!(exception["value"].as_str().unwrap().starts_with("it broke: [email] [token]"), "{exception}");
    let file = exception["stacktrace"]["frames"][0]["filename"].as_str().unwrap();
    assert!(file.ends_with("error_reports/tests.rs"), "{file}");
}

#[tokio::test]
async fn panic_is_reported_with_its_place_and_nothing_private() {
    let server = sentry().await;
    let reports = reports_to(&server);

    // As the hook logs it; the hook itself belongs to the whole process.
    logged(&reports, || tracing::error!(panic.location = "a/b.rs:12:5", "panic: {}", everything()));

    assert!(reports.close());
    let envelopes = arrived(&server).await;
    insist_that_nothing_is_given_away(&envelopes[0]);
    let event = event_in(&envelopes[0]);
    assert_eq!(event["level"], "fatal");
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "panic");
    assert_eq!(exception["mechanism"]["handled"], false);
    assert_eq!(exception["stacktrace"]["frames"][0]["filename"], "a/b.rs");
    assert_eq!(exception["stacktrace"]["frames"][0]["lineno"], 12);
}

#[tokio::test]
async fn errors_of_different_codes_are_different_issues() {
    let server = sentry().await;
    let reports = reports_to(&server);

    logged(&reports, || {
        for code in ["internal", "internal", "corrupt"] {
            tracing::error!(code, "it broke");
        }
    });

    assert!(reports.close());
    let envelopes = arrived(&server).await;
    let issues: Vec<_> = envelopes.iter().map(|envelope| event_in(envelope)["fingerprint"].clone()).collect();
    assert_eq!(issues[0], issues[1]);
    assert_ne!(issues[1], issues[2]);
}

#[tokio::test]
async fn sentry_that_never_answers_holds_nobody_up() {
    let server = sentry_that_answers(ResponseTemplate::new(200).set_delay(Duration::from_mins(1))).await;
    let reports = reports_to(&server);

    let began = Instant::now();
    logged(&reports, || (0..10_000).for_each(|number| tracing::error!(number, "again")));
    assert!(began.elapsed() < Duration::from_secs(1), "logging took {:?}", began.elapsed());

    let began = Instant::now();
    assert!(!reports.close(), "not all of it can be gone");
    let took = began.elapsed();
    assert!(took < FAREWELL + Duration::from_millis(500), "the end took {took:?}");
}

#[tokio::test]
async fn sentry_that_wants_less_is_left_alone() {
    let server = sentry_that_answers(ResponseTemplate::new(429).insert_header("retry-after", "600")).await;
    let reports = reports_to(&server);

    logged(&reports, || (0..5).for_each(|_| tracing::error!("again")));

    assert!(reports.close());
    assert_eq!(arrived(&server).await.len(), 1);
}

#[tokio::test]
async fn what_carries_the_reports_is_not_reported() {
    let server = sentry().await;
    let reports = reports_to(&server);

    logged(&reports, || tracing::error!(target: "hyper::client", "broken pipe"));

    assert!(reports.close());
    assert!(arrived(&server).await.is_empty());
}
