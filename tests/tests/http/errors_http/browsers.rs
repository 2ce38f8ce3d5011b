//! What browsers are told: who may call, what may be loaded, what may be kept; and compression.

use std::io::Read as _;

use ashlar_tests::{Answer, Call, Database, Setup, TestApp};

const APP: &str = "https://app.example.org";
/// Like it, but not it.
const FOREIGN: [&str; 5] = [
    "https://evil.example",
    "null",
    "http://app.example.org",
    "https://app.example.org.evil.example",
    "https://app.example.org:444",
];

async fn app(origins: &str) -> TestApp {
    Setup::on(Database::Sqlite).set("ASHLAR_CORS_ORIGINS", origins).start().await
}

fn preflight(app: &TestApp, origin: &str, method: &str, headers: &str) -> Call {
    let call = app.client.named("OPTIONS", "/api/v1/me").header("origin", origin);
    call.header("access-control-request-method", method).header("access-control-request-headers", headers)
}

fn varies_by_origin(answer: &Answer) -> bool {
    let vary = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase());
    vary.collect::<Vec<_>>().join(",").split(',').any(|name| name.trim() == "origin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listed_origin_may_call() {
    let app = app(&format!("{APP}, https://admin.example.org")).await;
    let ada = app.sign_up("ada").await;

    let read = app.client.get("/api/v1/me").bearer(&ada.access).header("origin", APP).send().await.expect(200);
    let refused = app.client.get("/api/v1/me").header("origin", APP).send().await.expect(401);
    for answer in [&read, &refused] {
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("etag") && exposed.contains("x-request-id"), "{exposed}");
        assert!(varies_by_origin(answer));
    }
    let asked =
        preflight(&app, APP, "PATCH", "authorization, content-type, if-match, x-tenant, x-request-id").send().await;
    assert!(asked.status < 300, "{asked:?}");
    assert_eq!(asked.header("access-control-allow-origin"), Some(APP));
    assert!(asked.header("access-control-allow-methods").unwrap().contains("PATCH"));
    for answer in [&read, &refused, &asked] {
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_origin_may_not() {
    for origins in [APP, ""] {
        let app = app(origins).await;
        let ada = app.sign_up("ada").await;
        for origin in FOREIGN {
            let call = app.client.get("/api/v1/me").bearer(&ada.access);
            let read = call.header("origin", origin).send().await.expect(200);
            let asked = preflight(&app, origin, "GET", "authorization").send().await;
            asked.refused(400, "malformed_request");
            assert_eq!(read.header("access-control-allow-origin"), None, "{origin}");
            assert_eq!(asked.header("access-control-allow-origin"), None, "{origin}");
            assert!(varies_by_origin(&read));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_of_pages_are_sent_from_anywhere_and_nothing_else_of_their_paths() {
    let app = app(APP).await;
    let page = "https://page.example";
    let ask = async |path: &str, method: &str| {
        let call = app.client.named("OPTIONS", path).header("origin", page);
        let call = call.header("access-control-request-method", method);
        call.header("access-control-request-headers", "content-type,x-api-key,idempotency-key").send().await
    };
    for (method, path) in [
        ("POST", "/api/v1/leads/public"),
        ("GET", "/api/v1/leads/public/challenge"),
        ("POST", "/api/v1/contacts"),
        ("POST", "/api/v1/newsletter/subscribe"),
        ("POST", "/api/v1/newsletter/resend"),
        ("POST", "/api/v1/newsletter/unsubscribe"),
        ("POST", "/api/v1/newsletter/confirm"),
    ] {
        let asked = ask(path, method).await.expect(200);
        assert_eq!(asked.header("access-control-allow-origin"), Some(page), "{method} {path}");
        assert_eq!(asked.header("access-control-allow-credentials"), None);
    }
    for (method, path) in [
        ("GET", "/api/v1/contacts"),
        ("PATCH", "/api/v1/contacts/0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b"),
        ("GET", "/api/v1/newsletter/subscribers"),
        ("POST", "/api/v1/leads"),
    ] {
        let asked = ask(path, method).await;
        asked.refused(400, "malformed_request");
        assert_eq!(asked.header("access-control-allow-origin"), None, "{method} {path}");
    }
    let form = serde_json::json!({ "email": "ada@example.org", "consent_text_version": "1" });
    let sent = app.client.post("/api/v1/newsletter/subscribe").header("origin", page).json(&form).send().await;
    assert_eq!(sent.expect(202).header("access-control-allow-origin"), Some(page));
    let list = app.client.get("/api/v1/contacts").header("origin", page).send().await.expect(401);
    assert_eq!(list.header("access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preflight_for_what_is_not_offered_is_refused() {
    let app = app(APP).await;
    preflight(&app, APP, "TRACE", "authorization").send().await.refused(400, "malformed_request");
    preflight(&app, APP, "GET", "x-evil").send().await.refused(400, "malformed_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_vary_by_origin_also_without_one() {
    let app = app(APP).await;
    let answer = app.client.get("/health/live").send().await;
    assert!(varies_by_origin(&answer));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wildcard_never_comes_with_credentials() {
    let app = app("*").await;
    let answer = app.client.get("/health/live").header("origin", "https://anyone.example").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_armoured_and_nothing_personal_is_kept() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let answers = [
        app.me(&ada.access).await,
        app.refresh(&ada.refresh).await,
        app.me("nonsense").await,
        app.client.get("/nowhere").send().await,
        app.client.post("/health/live").undescribed().send().await,
        app.client.post("/api/v1/auth/login").text("{").send().await,
    ];
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("strict-transport-security"), None, "not over http");
        assert_eq!(answer.header("server"), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_is_insisted_on_where_it_is_spoken() {
    let app = Setup::on(Database::Sqlite).set("ASHLAR_PUBLIC_URL", "https://api.example.org").start().await;
    for path in ["/health/live", "/nowhere"] {
        let answer = app.client.get(path).send().await;
        assert!(answer.header("strict-transport-security").is_some_and(|value| value.contains("max-age=31536000")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_compressed_when_asked() {
    let app = TestApp::start(Database::Sqlite).await;
    let ask = async |encoding: &str| {
        app.client.get("/openapi.json").undescribed().header("accept-encoding", encoding).send().await.expect(200)
    };
    let plain = ask("identity").await;
    assert_eq!(plain.header("content-encoding"), None);

    for encoding in ["gzip", "br"] {
        let packed = ask(encoding).await;
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        assert!(packed.body.len() * 3 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
        let mut unpacked = Vec::new();
        match encoding {
            "gzip" => flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap(),
            _ => brotli::Decompressor::new(&packed.body[..], 4_096).read_to_end(&mut unpacked).unwrap(),
        };
        assert!(unpacked == plain.body, "{encoding} unpacks to something else");
        let vary = packed
            .headers
            .get_all("vary")
            .iter()
            .any(|value| value.to_str().unwrap().to_lowercase().contains("accept-encoding"));
        assert!(vary, "{packed:?}");
    }
    // Whoever takes nothing we have gets it plain rather than nothing.
    for odd in ["zstd", "identity;q=0", "*;q=0", "", "gzip;q=x"] {
        assert!(ask(odd).await.body == plain.body, "{odd}");
    }
}
