//! What is counted, and that nobody outside can make the list longer.

use std::sync::Arc;

use actix_web::http::{Method, StatusCode};

use super::*;

/// What `docs/metrics.md` promises, for every route and for what belongs to none.
const SERIES_PER_ROUTE: usize = 150;
const ROUTES: [&str; 3] = ["/api/v1/me", "/api/v1/auth/login", "/api/v1/me/sessions/{id}"];

fn series(metrics: &Metrics) -> usize {
    metrics.render().unwrap().lines().filter(|line| !line.starts_with('#')).count()
}

fn answer(metrics: &Metrics, method: &str, route: Option<&str>, status: u16) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = metrics.begin(&method, route.map(str::to_owned));
    request.answered(StatusCode::from_u16(status).unwrap(), None);
}

/// The value of a series, as it is written.
fn text(metrics: &Metrics, series: &str) -> String {
    let text = metrics.render().unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).to_owned()
}

/// The value of a series that is no whole number.
fn value(metrics: &Metrics, series: &str) -> f64 {
    text(metrics, series).parse().unwrap()
}

#[test]
fn request_is_counted_under_the_template_of_its_route() {
    let metrics = Metrics::default();

    answer(&metrics, "DELETE", Some(ROUTES[2]), 204);
    answer(&metrics, "DELETE", Some(ROUTES[2]), 204);

    let labels = r#"method="DELETE",route="/api/v1/me/sessions/{id}""#;
    assert_eq!(text(&metrics, &format!("http_requests_total{{{labels},status=\"204\"}}")), "2");
    assert_eq!(text(&metrics, &format!("http_request_duration_seconds_count{{{labels}}}")), "2");
}

#[test]
fn strangers_share_one_route_and_one_method() {
    let metrics = Metrics::default();

    answer(&metrics, "BREW", None, 404);
    answer(&metrics, "FROB", None, 404);
    answer(&metrics, "PUT", Some(ROUTES[0]), 405);

    assert_eq!(text(&metrics, r#"http_requests_total{method="other",route="unmatched",status="404"}"#), "2");
    assert_eq!(text(&metrics, r#"http_requests_total{method="PUT",route="unmatched",status="405"}"#), "1");
}

#[test]
fn no_method_status_or_route_goes_beyond_the_promised_number_of_series() {
    let metrics = Metrics::default();
    // Every route with three methods of its own, preflights, and every status of ours.
    for route in ROUTES {
        for method in ["GET", "HEAD", "PATCH", "OPTIONS"] {
            let statuses = [200, 201, 204, 304, 400, 401, 403, 404, 409, 412, 413, 422, 429, 500, 503];
            for status in statuses {
                answer(&metrics, method, Some(route), status);
            }
        }
    }
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "FROB"] {
        for status in [204, 400, 404, 405, 429, 503] {
            answer(&metrics, method, None, status);
        }
    }

    assert!(series(&metrics) <= SERIES_PER_ROUTE * (ROUTES.len() + 2), "{}", series(&metrics));
}

#[test]
fn refused_sign_ins_overloads_and_limits_have_counters_of_their_own() {
    let metrics = Metrics::default();
    let overloaded = || metrics.begin(&Method::GET, None).answered(StatusCode::SERVICE_UNAVAILABLE, Some("overloaded"));

    answer(&metrics, "POST", Some("/api/v1/auth/login"), 401);
    answer(&metrics, "POST", Some("/api/v1/auth/login"), 200);
    answer(&metrics, "GET", Some("/api/v1/me"), 401);
    overloaded();
    metrics.rate_limited("auth");

    assert_eq!(text(&metrics, "login_failed_total"), "1");
    assert_eq!(text(&metrics, "http_overloaded_total"), "1");
    assert_eq!(text(&metrics, r#"rate_limited_total{policy="auth"}"#), "1");
}

#[test]
fn what_is_open_is_counted_until_it_ends_however_it_ends() {
    let metrics = Metrics::default();
    let figures =
        |metrics: &Metrics| text(metrics, "http_requests_in_flight") + " " + &text(metrics, "http_connections");

    let connection = metrics.connection();
    let given_up = metrics.begin(&Method::GET, None);
    let answered = metrics.begin(&Method::GET, None);
    assert_eq!(figures(&metrics), "2 1");

    drop((connection, given_up));
    answered.answered(StatusCode::OK, None);
    assert_eq!(figures(&metrics), "0 0");
    assert_eq!(text(&metrics, r#"http_requests_total{method="GET",route="unmatched",status="200"}"#), "1");
}

#[test]
fn two_products_in_one_process_count_apart() {
    let (one, other) = (Metrics::default(), Metrics::default());

    answer(&one, "GET", Some(ROUTES[0]), 200);

    assert!(series(&one) > series(&other));
}

#[test]
fn pools_are_looked_at_when_somebody_asks() {
    let metrics = Metrics::default();
    assert_eq!(metrics.pools(), []);

    metrics.watch_pools(Arc::new(|| vec![PoolUse { name: "shared", in_use: 3, idle: 4 }]));

    assert_eq!(text(&metrics, r#"db_pool_in_use{pool="shared"}"#), "3");
    assert_eq!(text(&metrics, r#"db_pool_idle{pool="shared"}"#), "4");
}

#[test]
fn waiting_for_a_connection_is_counted_by_how_long_it_took() {
    let metrics = Metrics::default();

    for waited in [0, 3, 700] {
        metrics.waited_for_connection("shared", Duration::from_millis(waited));
    }

    let at_most =
        |bound: &str| text(&metrics, &format!(r#"db_pool_wait_seconds_bucket{{pool="shared",le="{bound}"}}"#));
    assert_eq!([at_most("0.0001"), at_most("0.005"), at_most("1")], ["1", "2", "3"]);
    assert_eq!(text(&metrics, r#"db_pool_wait_seconds_count{pool="shared"}"#), "3");
}

#[cfg(target_os = "linux")]
#[test]
fn process_figures_are_those_of_this_process() {
    let metrics = Metrics::default();

    let first = value(&metrics, "process_cpu_seconds_total");
    let start = value(&metrics, "process_start_time_seconds");
    let files: Vec<_> = (0..50).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();

    assert!(value(&metrics, "process_cpu_seconds_total") >= first);
    assert!((1.0e9..1.0e11).contains(&start), "{start}");
    assert!(value(&metrics, "process_open_fds") >= 50.0, "{}", files.len());
    assert!(value(&metrics, "process_resident_memory_bytes") > 1_000_000.0);
}
