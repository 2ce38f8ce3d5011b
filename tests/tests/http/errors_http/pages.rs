//! The few pages for people.

use std::collections::BTreeSet;

use ashlar_server::http::catalogue::problems;
use ashlar_tests::{Database, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_problem_has_its_page() {
    let app = TestApp::start(Database::Sqlite).await;
    for entry in problems() {
        let page = app.client.get(&entry.kind).send().await.expect(200);
        assert_eq!(page.media_type(), Some("text/html"));
        let html = page.text();
        assert!(html.contains(entry.code) && html.contains(&entry.status.to_string()), "{}", entry.code);
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    for unknown in ["nonsense", "%3Cscript%3E", "NOT_FOUND"] {
        app.client.get(&format!("/problems/{unknown}")).send().await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_door_leads_to_the_documentation() {
    let app = TestApp::start(Database::Sqlite).await;
    for path in ["/", "/docs", "/docs/"] {
        let answer = app.client.get(path).send().await.expect(302);
        assert_eq!(answer.header("location"), Some("/docs/index.html"));
    }
}

/// What an HTML page refers to.
fn references(html: &str) -> Vec<String> {
    let attribute = |name: &str| {
        let parts: Vec<_> = html.split(&format!("{name}=\"")).skip(1).collect();
        parts.into_iter().filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    [attribute("src"), attribute("href")].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documentation_needs_no_other_server() {
    let app = TestApp::start(Database::Sqlite).await;
    let page = app.client.get("/docs/index.html").send().await.expect(200);
    let html = page.text();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && !policy.contains("http"));

    let mut kinds = BTreeSet::new();
    for file in references(&html) {
        let answer = app.client.get(&format!("/docs/{}", file.trim_start_matches("./"))).send().await.expect(200);
        kinds.insert(answer.media_type().expect("a media type").to_owned());
    }
    assert_eq!(kinds, ["image/png", "text/css", "text/javascript"].map(str::to_owned).into());
    let start = app.client.get("/docs/swagger-initializer.js").send().await.expect(200).text();
    assert!(start.contains("/openapi.json") && !start.contains("petstore"), "{start}");
    app.client.get("/docs/nothing.js").send().await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn description_that_is_served_is_the_one_that_is_printed() {
    let app = TestApp::start(Database::Sqlite).await;
    let served = app.client.get("/openapi.json").send().await.expect(200).json();
    let made: serde_json::Value = serde_json::from_str(&ashlar_server::http::openapi::openapi_json().unwrap()).unwrap();
    assert_eq!(served, made);
}
