//! The answers for operators, over a real socket where that matters.

use std::net::TcpListener as Socket;

use actix_web::{
    App,
    body::to_bytes,
    http::{Method, StatusCode, header},
    middleware::from_fn,
    test::{TestRequest, call_service, init_service},
    web,
};
use async_trait::async_trait;
use serde_json::Value;

use super::*;
use crate::{
    config::{Config, Inputs},
    http::Probe,
    telemetry::metrics::PoolUse,
};

struct Database(bool);

#[async_trait]
impl Probe for Database {
    async fn works(&self) -> bool {
        self.0
    }
}

fn state(database: bool) -> AdminState {
    let clock = Arc::new(ashlar_kernel::SystemClock);
    let ids = ashlar_kernel::TimeOrderedIds::new(clock, Arc::new(Zeros));
    let metrics = Metrics::default();
    metrics.watch_pools(Arc::new(|| vec![PoolUse { name: "reader", in_use: 1, idle: 2 }]));
    AdminState { metrics, health: Health::new(Arc::new(Database(database)), None), ids: Arc::new(ids) }
}

struct Zeros;

impl ashlar_kernel::Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Status, content type and body of the answer to one request.
async fn asked(state: AdminState, method: Method, path: &str) -> (StatusCode, String, String) {
    let app = App::new()
        .app_data(web::Data::new(state))
        .configure(answers::routes)
        .default_service(web::to(answers::nothing))
        .wrap(from_fn(answers::protected));
    let service = init_service(app).await;
    let answer = call_service(&service, TestRequest::with_uri(path).method(method).to_request()).await;
    let text = |name| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(text(header::CACHE_CONTROL), "no-store");
    let kind = text(header::CONTENT_TYPE);
    let status = answer.status();
    let body = to_bytes(answer.into_body()).await.ok().unwrap();
    (status, kind, String::from_utf8(body.to_vec()).unwrap())
}

#[actix_web::test]
async fn metrics_are_plain_text_of_the_version_that_scrapers_know() {
    let (status, kind, body) = asked(state(true), Method::GET, "/metrics").await;

    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; version=0.0.4"));
    assert!(body.contains("\ndb_pool_in_use{pool=\"reader\"} 1\n"), "{body}");
    assert!(body.contains("\ndb_pool_idle{pool=\"reader\"} 2\n"), "{body}");
}

#[actix_web::test]
async fn readiness_tells_operators_more() {
    let (status, _, body) = asked(state(false), Method::GET, "/health/ready").await;

    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["status"], "not_ready");
    assert_eq!(body["database"], "failed");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(body["pools"][0]["idle"], 2);
    assert_eq!(asked(state(true), Method::GET, "/health/ready").await.0, StatusCode::OK);
    assert_eq!(asked(state(false), Method::GET, "/health/live").await.0, StatusCode::OK);
}

#[actix_web::test]
async fn there_is_nothing_else() {
    for (method, path) in [(Method::GET, "/"), (Method::GET, "/api/v1/me"), (Method::POST, "/metrics")] {
        let (status, kind, body) = asked(state(true), method, path).await;

        assert_eq!((status, kind.as_str()), (StatusCode::NOT_FOUND, "application/problem+json"), "{path}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["code"], "not_found");
        assert_eq!(body["status"], 404);
    }
}

fn config(variables: &[(&str, &str)]) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let environment = variables.iter().copied().collect();
    Config::load(&Inputs { environment, folder: folder.path().to_owned(), ..Inputs::default() }).unwrap()
}

#[test]
fn taken_address_is_an_error_for_who_has_named_it() {
    let other = Socket::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();

    let error = listen(&config(&[("ASHLAR_ADMIN_LISTEN", &address)])).err().unwrap();

    assert!(error.to_string().starts_with(&format!("cannot listen on {address} for metrics")), "{error}");
    assert!(error.to_string().contains("--admin-listen"), "{error}");
}

#[test]
fn default_address_may_be_taken_on_a_laptop_and_not_in_production() {
    // Whoever has it, this test or another program.
    let _taken = Socket::bind("127.0.0.1:9090");

    assert!(listen(&config(&[])).unwrap().is_none());
    assert!(listen(&config(&[("ASHLAR_ENV", "production")])).is_err());
}

#[test]
fn address_can_be_off_or_any_free_one() {
    assert!(listen(&config(&[("ASHLAR_ADMIN_LISTEN", "off")])).unwrap().is_none());
    let entrance = listen(&config(&[("ASHLAR_ADMIN_LISTEN", "127.0.0.1:0")])).unwrap().unwrap();
    assert_ne!(entrance.address().port(), 0);
}
