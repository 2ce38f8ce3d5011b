//! Errors of the running program, reported to a server that stands in for Sentry.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use ashlar_tests::binary::{PASSWORD, PATIENCE, Program, Server, eventually};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

const EMAIL: &str = "ada@example.org";
const TOKEN: &str = "b3BhcXVlLWFuZC1zZWNyZXQ";
/// What a request holds that nobody else is to know.
const PLANTED: [&str; 8] =
    [EMAIL, PASSWORD, TOKEN, "crumbly", "reset-4711", "Lovelace/1.0", "203.0.113.77", "198.51.100.7"];

async fn sentry() -> MockServer {
    let sentry = MockServer::start().await;
    let envelopes = Mock::given(method("POST")).and(path("/api/42/envelope/"));
    let envelopes = envelopes.and(header("content-type", "application/x-sentry-envelope"));
    envelopes.respond_with(ResponseTemplate::new(200)).mount(&sentry).await;
    sentry
}

async fn envelopes(sentry: &MockServer) -> Vec<String> {
    let requests = sentry.received_requests().await.unwrap();
    requests.into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect()
}

/// The program with an account, and then without the table of accounts: every sign-in is a bug of ours.
async fn broken(program: &Program) -> Server {
    let server = program.serve().await;
    assert_eq!(server.api().register(EMAIL).await.status, 201);
    let options = SqliteConnectOptions::new().filename(program.database()).busy_timeout(PATIENCE);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    database.execute("ALTER TABLE \"user\" RENAME TO lost_user").await.unwrap();
    database.close().await.unwrap();
    server
}

async fn log_in(server: &Server) -> (u16, String) {
    let headers = [
        ("authorization", format!("Bearer {TOKEN}")),
        ("cookie", "sid=crumbly".to_owned()),
        ("user-agent", "Lovelace/1.0".to_owned()),
        ("x-forwarded-for", "203.0.113.77".to_owned()),
        ("forwarded", "for=198.51.100.7".to_owned()),
    ];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let form = json!({ "identifier": EMAIL, "password": PASSWORD });
    let answer = server.api().post_with("/api/v1/auth/login?code=reset-4711", &headers, &form).await;
    (answer.status, answer.headers["x-request-id"].to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn error_arrives_with_its_request_and_without_the_person() {
    let sentry = sentry().await;
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!("{}/42", sentry.uri().replace("http://", "http://publickey@"));
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_TRUSTED_PROXIES", "127.0.0.1/32");
    let server = broken(&program.env("ASHLAR_SENTRY_DSN", dsn)).await;

    let (status, request_id) = log_in(&server).await;

    assert_eq!(status, 500);
    let arrives = eventually(PATIENCE, async || !envelopes(&sentry).await.is_empty()).await;
    assert!(arrives, "{}", server.stdout());
    let log = server.stop();
    assert!(log.contains(&request_id), "{log}");
    let envelopes = envelopes(&sentry).await;
    for planted in PLANTED {
        assert!(!envelopes.concat().contains(planted), "{planted} is in {envelopes:?}");
    }
    let event: Value = serde_json::from_str(envelopes[0].lines().nth(2).unwrap()).unwrap();
    assert_eq!(event["tags"]["request_id"], request_id);
    assert_eq!(event["tags"]["route"], "/api/v1/auth/login");
    assert_eq!(event["tags"]["method"], "POST");
    assert!(event["extra"]["causes"].as_str().unwrap().contains("no such table"), "{event}");
    assert_eq!((&event["user"], &event["request"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn last_error_arrives_although_the_process_stops() {
    let sentry = sentry().await;
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!("{}/42", sentry.uri().replace("http://", "http://publickey@"));
    let server = broken(&Program::in_folder(folder.path()).plain().env("ASHLAR_SENTRY_DSN", dsn)).await;

    for _ in 0..5 {
        assert_eq!(log_in(&server).await.0, 500);
    }
    server.stop();

    assert_eq!(envelopes(&sentry).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn sentry_that_says_nothing_holds_nobody_up() {
    // It takes connections, by its queue, and never looks at them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dsn = format!("http://publickey@{}/42", silent.local_addr().unwrap());
    let server = broken(&Program::in_folder(folder.path()).plain().env("ASHLAR_SENTRY_DSN", dsn)).await;

    for _ in 0..200 {
        let began = Instant::now();
        assert_eq!(log_in(&server).await.0, 500);
        assert!(began.elapsed() < Duration::from_secs(1), "a request took {:?}", began.elapsed());
    }
    let began = Instant::now();
    let log = server.stop();

    assert!(began.elapsed() < Duration::from_secs(4), "stopping took {:?}", began.elapsed());
    assert!(log.contains("the last error reports were not sent"), "{log}");
    assert_eq!(log.matches("Sentry takes no error reports").count(), 1, "{log}");
}

#[test]
fn dsn_that_is_none_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_SENTRY_DSN", "https://hunter2@sentry");

    let refused = program.run(&["serve"]);

    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("sentry_dsn (environment ASHLAR_SENTRY_DSN)"), "{refused:?}");
    assert!(!refused.stderr.contains("hunter2"), "{refused:?}");
}
