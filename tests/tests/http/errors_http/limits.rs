//! What is too much, takes too long or breaks.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use ashlar_server::http::middleware::Load;
use ashlar_tests::{Database, Setup, TestApp};

#[expect(clippy::panic, reason = "what it is there for")]
fn routes(config: &mut web::ServiceConfig) {
    async fn panics() -> HttpResponse {
        panic!("a secret that must not get out")
    }
    async fn hangs() -> HttpResponse {
        std::future::pending().await
    }
    async fn fails() -> Result<HttpResponse, actix_web::Error> {
        Err(actix_web::error::ErrorInternalServerError("a secret that must not get out"))
    }
    config.route("/test/panic", web::get().to(panics)).route("/test/hang", web::get().to(hangs));
    config.route("/test/fail", web::get().to(fails));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handler_that_panics_or_fails_is_our_fault_and_the_process_lives() {
    let app = Setup::on(Database::Sqlite).routes(routes).start().await;
    for path in ["/test/panic", "/test/fail", "/test/panic"] {
        let answer = app.client.get(path).header("x-request-id", "find-me").send().await;
        answer.refused(500, "internal_error");
        assert!(!answer.text().contains("secret"), "{answer:?}");
        assert_eq!(answer.request_id(), "find-me");
    }
    app.client.get("/health/live").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_that_takes_too_long_is_given_up() {
    let app = Setup::on(Database::Sqlite)
        .routes(routes)
        .change(|state| state.load = Load::new(100, 256, Duration::from_millis(100)))
        .start()
        .await;

    let answer = app.client.get("/test/hang").send().await;

    answer.refused(503, "request_timeout");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_that_is_full_says_so_at_once() {
    let app = Setup::on(Database::Sqlite)
        .routes(routes)
        .change(|state| state.load = Load::new(1, 256, Duration::from_mins(1)))
        .start()
        .await;
    let client = app.client.clone();
    let busy = tokio::spawn(async move { client.get("/test/hang").send().await });

    // The first request has its place once others are turned away; until then they are answered.
    let refused = loop {
        let answer = app.client.get("/.well-known/jwks.json").send().await;
        if answer.status != 200 {
            break answer;
        }
    };
    app.client.get("/health/live").send().await.expect(200);

    refused.refused(503, "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    busy.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_keeps_so_many_connections_and_no_more() {
    let app = Setup::on(Database::Sqlite).set("ASHLAR_MAX_CONNECTIONS_PER_IP", "1").start().await;
    let ask = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    app.client.get("/health/live").send().await.expect(200);

    // The client above keeps its connection open.
    let second = app.client.raw(ask).await;

    second.refused(429, "too_many_connections");
    assert_eq!(second.header("retry-after"), Some("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_have_16_kib_together() {
    let app = TestApp::start(Database::Sqlite).await;
    let with = async |bytes: usize| app.client.get("/health/live").header("x-filler", "x".repeat(bytes)).send().await;

    with(15 << 10).await.expect(200);
    with(17 << 10).await.refused(431, "headers_too_large");
    let many = (0..40).map(|n| format!("x-{n}: {}", "y".repeat(500))).collect::<Vec<_>>().join("\r\n");
    let request = format!("GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{many}\r\n\r\n");
    app.client.raw(request.as_bytes()).await.refused(431, "headers_too_large");
}
