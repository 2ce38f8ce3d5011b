//! Paths, methods and names of requests.

use ashlar_tests::{Answer, Database, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_path_is_not_found() {
    let app = TestApp::start(Database::Sqlite).await;
    for path in [
        "/nowhere",
        "/api/v1",
        "/api/v2/me",
        "/api/v1/me/x",
        "/api/v1/ME",
        "/.env",
        "/health",
        "/problems",
        "/%00",
        "/%FF",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS", "PROPFIND"] {
            app.client.named(method, path).send().await.refused(404, "not_found");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_method_is_told_the_right_ones() {
    let app = TestApp::start(Database::Sqlite).await;
    for (method, path, allowed) in [
        ("GET", "/api/v1/auth/login", "POST"),
        ("DELETE", "/api/v1/auth/register", "POST"),
        ("POST", "/api/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("PUT", "/api/v1/me/", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/api/v1/me/sessions", "GET, HEAD"),
        ("GET", "/api/v1/me/sessions/0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b", "DELETE"),
        ("POST", "/.well-known/jwks.json", "GET, HEAD"),
        ("POST", "/health/live", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/docs/index.html", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
        ("PATCH", "/problems/not_found", "GET, HEAD"),
        ("TRACE", "/api/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("BREW", "/api/v1/me", "GET, HEAD, PATCH, DELETE"),
    ] {
        let answer = app.client.named(method, path).undescribed().send().await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_lists_the_methods() {
    let app = TestApp::start(Database::Sqlite).await;
    for (path, allowed) in
        [("/api/v1/me", "GET, HEAD, PATCH, DELETE"), ("/api/v1/auth/login", "POST"), ("/docs", "GET, HEAD")]
    {
        let answer = app.client.named("OPTIONS", path).send().await.expect(204);
        assert_eq!(answer.header("allow"), Some(allowed), "{path}");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_get_without_the_body() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let get = app.me(&ada.access).await.expect(200);

    let head = app.client.named("HEAD", "/api/v1/me").bearer(&ada.access).send().await.expect(200);

    assert!(head.body.is_empty());
    for name in ["etag", "content-type", "content-length", "cache-control"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    for (path, status) in
        [("/nowhere", 404), ("/api/v1/auth/login", 405), ("/api/v1/me", 401), ("/docs/index.html", 200)]
    {
        assert!(app.client.named("HEAD", path).undescribed().send().await.expect(status).body.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trailing_slashes_are_accepted_everywhere() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    for path in ["/api/v1/me/", "/api/v1/me/sessions/", "/api/v1/me/sessions/?limit=1", "/api/v1/me//"] {
        app.client.get(path).bearer(&ada.access).send().await.expect(200);
    }
    for path in ["/health/live/", "/openapi.json/", "/.well-known/jwks.json/", "/problems/not_found/"] {
        app.client.get(path).send().await.expect(200);
    }
    app.client.post("/api/v1/auth/logout/").bearer(&ada.access).send().await.expect(204);
    app.client.post("/api/v1/auth/login/").text("{}").send().await.refused(422, "validation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_id_is_taken_or_made() {
    let app = TestApp::start(Database::Sqlite).await;
    let longest = "x".repeat(128);
    let ask = async |id: &[u8], path: &str| app.client.get(path).header("x-request-id", id).send().await;

    for id in ["a", "my-request/1", "~!@#", longest.as_str()] {
        for path in ["/health/live", "/nowhere", "/api/v1/me"] {
            assert_eq!(ask(id.as_bytes(), path).await.request_id(), id);
        }
    }
    let too_long = "x".repeat(129);
    for id in [b"".as_slice(), b"a b", too_long.as_bytes(), b"\xc3\xa4", b"a\tb"] {
        let (first, second) = (ask(id, "/nowhere").await, ask(id, "/nowhere").await);
        assert_eq!(first.request_id().len(), 36, "{first:?}");
        assert_ne!(first.request_id(), second.request_id());
    }
    let form = format!(r#"{{"identifier":"ada","password":"{longest}"}}"#);
    app.client.post("/api/v1/auth/login").header("x-request-id", "trace-me").text(form).send().await.expect(401);
    assert_eq!(app.names("trace-me").await, ["identity.login.failed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_on_the_wire_is_refused_and_the_process_lives() {
    let app = TestApp::start(Database::Sqlite).await;
    for nonsense in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nA b: c\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
    ] {
        let answer = app.client.raw(nonsense.as_bytes()).await;
        assert!((400..500).contains(&answer.status), "{nonsense:?}: {answer:?}");
    }
    app.client.get("/health/live").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn path_cannot_leave_its_folder() {
    let app = TestApp::start(Database::Sqlite).await;
    for path in [
        "/docs/../../Cargo.toml",
        "/docs/..%2f..%2fCargo.toml",
        "/docs/%2e%2e/secret",
        "/problems/..%2findex",
        "//docs//..//x",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer: Answer = app.client.raw(request.as_bytes()).await;
        answer.refused(404, "not_found");
    }
}
