//! What operators can scrape and read: metrics, their documentation, and the log file.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test reports by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::mpsc,
    time::Duration,
};

use ashlar_server::telemetry::metrics::Metrics;
use ashlar_tests::{
    Database, Setup,
    binary::{Api, PostgresDatabase, Program, Server},
};
use futures::StreamExt as _;
use prometheus_parse::{Sample, Scrape, Value};
use reqwest::Method;
use serde_json::json;

/// Where a server said that operators are answered.
fn operators(server: &Server) -> Option<SocketAddr> {
    let log = server.stdout();
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let ready = lines.find(|line| line["message"] == "ready").expect("it is ready");
    ready["admin"].as_str().map(|address| address.parse().unwrap())
}

async fn scraped(address: SocketAddr) -> Scrape {
    let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
    parsed(&answer.text().await.unwrap())
}

/// What a parser that is not ours makes of it. It takes the first brace for the end of the labels, also one inside
/// quotes, so the templates of routes are written for it as `<id>`.
fn parsed(text: &str) -> Scrape {
    let line = |line: &str| {
        let parts = line.split('"').enumerate();
        let quoted = |(at, part): (usize, &str)| {
            if at % 2 == 1 { part.replace('{', "<").replace('}', ">") } else { part.to_owned() }
        };
        Ok(parts.map(quoted).collect::<Vec<_>>().join("\""))
    };
    Scrape::parse(text.lines().map(line)).unwrap()
}

/// The value of the one sample with these labels.
fn value(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |sample: &&Sample| {
        sample.metric == name && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(*value))
    };
    let found: Vec<&Sample> = scrape.samples.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
    match &found[0].value {
        Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => *value,
        other => panic!("{name} is {other:?}"),
    }
}

/// Name, type and labels of every metric, as `docs/metrics.md` has them.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md")).unwrap();
    let (_, table) = page.split_once("| name | type | labels |").expect("the table");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[3].split(", ").map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        (cells[1].trim_matches('`').to_owned(), (cells[2].to_owned(), labels))
    };
    rows.map(row).collect()
}

/// The same, as a scrape has them.
fn found(scrape: &Scrape) -> BTreeMap<String, (String, BTreeSet<String>)> {
    // Sum and count of a histogram come as samples without a type of their own.
    let ends = ["_seconds_sum", "_seconds_count"];
    let metrics = scrape.samples.iter().filter(|sample| ends.iter().all(|end| !sample.metric.ends_with(end)));
    let described = metrics.map(|sample| {
        let kind = match &sample.value {
            Value::Counter(_) => "counter",
            Value::Gauge(_) => "gauge",
            Value::Histogram(_) => "histogram",
            other => panic!("{} has no type: {other:?}", sample.metric),
        };
        let labels = sample.labels.keys().cloned().collect();
        (sample.metric.clone(), (kind.to_owned(), labels))
    });
    described.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn scrape_has_what_the_page_promises_and_counts_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_ADMIN_LISTEN", "127.0.0.1:0");
    let server = program.serve().await;
    let address = operators(&server).expect("operators are answered");
    server.until_it_says(&format!("http://{address}/metrics")).await;
    let api = server.api();
    let token = api.newcomer("ada@example.org").await;
    assert_eq!(api.get_as(&token, "/api/v1/me").await.status, 200);
    assert_eq!(api.get_as(&token, "/api/v1/me").await.status, 200);
    let wrong = json!({ "identifier": "ada@example.org", "password": "not-hers-at-all-3" });
    assert_eq!(api.post("/api/v1/auth/login", &wrong).await.status, 401);
    assert_eq!(api.get("/nowhere").await.status, 404);

    let mut scrape = scraped(address).await;
    // The letter to a new account is a job.
    for _ in 0..1_000 {
        if found(&scrape).contains_key("jobs_total") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        scrape = scraped(address).await;
    }

    let mut promised = documented();
    for first in ["rate_limited_total", "cache_requests_total", "lead_forms_trapped_total"] {
        assert!(promised.remove(first).is_some(), "{first} appears with its first event");
    }
    for shared in ["redis_up", "revocations_hearing"] {
        assert!(promised.remove(shared).is_some(), "{shared} appears where there is a Redis");
    }
    assert_eq!(found(&scrape), promised);
    let requests = |method, route, status| {
        value(&scrape, "http_requests_total", &[("method", method), ("route", route), ("status", status)])
    };
    assert_eq!(requests("GET", "/api/v1/me", "200").to_string(), "2");
    assert_eq!(requests("POST", "/api/v1/auth/register", "201").to_string(), "1");
    assert_eq!(requests("POST", "/api/v1/auth/login", "200").to_string(), "1");
    assert_eq!(requests("GET", "unmatched", "404").to_string(), "1");
    assert_eq!(value(&scrape, "login_failed_total", &[]).to_string(), "1");
    assert_eq!(value(&scrape, "http_requests_in_flight", &[]).to_string(), "0");
    assert!(value(&scrape, "http_connections", &[]) >= 1.0, "clients keep theirs open");
    assert!(value(&scrape, "db_pool_idle", &[("pool", "writer")]) <= 1.0);
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_has_one_pool_for_reading_and_writing() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_ADMIN_LISTEN", "127.0.0.1:0");
    let server = program.env("ASHLAR_DATABASE_URL", database.url()).serve().await;
    let token = server.api().newcomer("ada@example.org").await;
    assert_eq!(server.api().get_as(&token, "/api/v1/me").await.status, 200);

    let scrape = scraped(operators(&server).unwrap()).await;

    let pools: BTreeSet<_> = scrape.samples.iter().filter_map(|sample| sample.labels.get("pool")).collect();
    assert_eq!(pools, BTreeSet::from(["shared"]));
    let open = value(&scrape, "db_pool_idle", &[]) + value(&scrape, "db_pool_in_use", &[]);
    assert!((1.0..=10.0).contains(&open), "{open}");
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_told_more_than_the_public_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_ADMIN_LISTEN", "127.0.0.1:0");
    let server = program.serve().await;
    let operators = Api::at(&format!("http://{}", operators(&server).unwrap()));

    let ready = operators.get("/health/ready").await;
    let public = server.api().get("/health/ready").await;

    assert_eq!((ready.status, public.status), (200, 200));
    assert!(ready.body["version"].is_string() && ready.body["pools"].is_array(), "{}", ready.body);
    assert!(public.body.get("version").is_none() && public.body.get("pools").is_none(), "{}", public.body);
    assert_eq!(operators.get("/health/live").await.status, 200);
    assert_eq!(operators.get("/api/v1/me").await.body["code"], "not_found");
    assert_eq!(server.api().get("/metrics").await.status, 404, "the public has no business there");
}

#[tokio::test(flavor = "multi_thread")]
async fn address_of_operators_can_be_off_and_a_taken_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    assert_eq!(operators(&server), None);
    server.stop();

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let refused = program.run(&["serve", "--admin-listen", &taken]);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.starts_with(&format!("ashlar: cannot listen on {taken} for metrics")), "{refused:?}");
}

/// Takes the default address; none when another program keeps it, which is as good.
async fn taken_default() -> Option<TcpListener> {
    for _ in 0..100 {
        if let Ok(listener) = TcpListener::bind("127.0.0.1:9090") {
            return Some(listener);
        }
        // A test that holds it for a moment would give it back too early.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn second_instance_on_a_laptop_starts_without_metrics() {
    let _first = taken_default().await;
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().without("ASHLAR_ADMIN_LISTEN");

    let server = program.serve().await;

    assert_eq!(operators(&server), None);
    server.until_it_logs("no metrics: another program has their address").await;
}

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"];
/// Paths with a place for anything a client may think of.
const PATHS: [&str; 7] =
    ["/{}", "/{}/{}/{}", "/api/v1/{}", "/api/v1/me/sessions/{}", "/api/v1/me/sessions/{}/", "/docs/{}", "/problems/{}"];

/// A small generator of numbers (splitmix64); what it gives follows from the seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[usize::try_from(self.next() % choices.len() as u64).unwrap()]
    }

    /// An id, or a word, or something odd.
    fn filling(&mut self) -> String {
        match self.next() % 3 {
            0 => uuid::Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next())).to_string(),
            1 => format!("x{:x}", self.next()),
            _ => format!("%7B{:x}%22%0A", self.next()),
        }
    }

    fn method(&mut self) -> String {
        let known = self.of(&METHODS);
        if known == "BREW" { format!("M{:X}", self.next()) } else { known.to_owned() }
    }
}

/// Every method with every path and every kind of filling, once.
fn every_kind() -> Vec<(String, String)> {
    let fillings = ["0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b", "word", "%7B1%22%0A"];
    let paths: Vec<String> =
        PATHS.iter().flat_map(|path| fillings.map(|filling| path.replace("{}", filling))).collect();
    METHODS.iter().flat_map(|method| paths.iter().map(|path| ((*method).to_owned(), path.clone()))).collect()
}

fn series(metrics: &Metrics) -> usize {
    metrics.render().unwrap().lines().filter(|line| !line.starts_with('#')).count()
}

/// Asks and forgets the answer.
async fn ask(client: &reqwest::Client, address: SocketAddr, (method, path): (String, String)) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    client.request(method, format!("http://{address}{path}")).send().await.unwrap().bytes().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_inventive_requests_add_no_series() {
    let (sender, receiver) = mpsc::channel();
    let setup = Setup::on(Database::Sqlite).set("ASHLAR_RATE_LIMITS", "off");
    let app = setup.change(move |state| sender.send(state.metrics.clone()).unwrap()).start().await;
    let metrics = receiver.recv().unwrap();
    let (client, address) = (reqwest::Client::builder().no_proxy().build().unwrap(), app.client.address());
    let kinds = every_kind();
    let asked = 10_000 + kinds.len();
    for request in kinds {
        ask(&client, address, request).await;
    }
    let before = series(&metrics);

    let mut numbers = Numbers(20_300_101);
    let requests: Vec<_> = (0..10_000)
        .map(|_| {
            let filling = numbers.filling();
            (numbers.method(), numbers.of(&PATHS).replace("{}", &filling))
        })
        .collect();
    let asking = requests.into_iter().map(|request| ask(&client, address, request));
    futures::stream::iter(asking).buffer_unordered(8).collect::<()>().await;

    assert_eq!(series(&metrics), before, "{}", metrics.render().unwrap());
    let scrape = parsed(&metrics.render().unwrap());
    let routes: BTreeSet<_> =
        scrape.samples.iter().filter_map(|sample| sample.labels.get("route").map(str::to_owned)).collect();
    assert!(["unmatched", "/api/v1/me/sessions/<id>"].iter().all(|route| routes.contains(*route)), "{routes:?}");
    assert!(before < 150 * (routes.len() + 2), "{before} series for {} routes", routes.len());
    let counted = scrape.samples.iter().filter(|sample| sample.metric == "http_requests_total");
    let counted: f64 = counted.map(|sample| if let Value::Counter(count) = sample.value { count } else { 0.0 }).sum();
    assert_eq!(counted.to_string(), asked.to_string(), "some were not counted");
}

/// The lines of a log file, each an object.
fn lines(file: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn log_file_takes_every_line_and_keeps_the_latest_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logs/ashlar.log");
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_LOG_FILE", &file);
    let program = program.env("ASHLAR_LOG_FILE_SIZE", "2KiB").env("ASHLAR_LOG_FILE_COUNT", "3");
    let server = program.serve().await;
    for _ in 0..60 {
        assert_eq!(server.api().get("/health/live").await.status, 200);
    }
    server.stop();

    let of_file = lines(&file);
    assert_eq!(of_file.last().unwrap()["message"], "stopped", "what waited at the end was written");
    for number in 1..=3 {
        let old = file.with_extension(format!("log.{number}"));
        assert!(fs::metadata(&old).unwrap().len() <= 2048);
        assert!(lines(&old).iter().all(|line| line["message"] == "request"), "{}", old.display());
    }
    assert!(!file.with_extension("log.4").exists());

    let elsewhere = program.run(&["doctor"]);
    assert_eq!(elsewhere.code, Some(0), "{elsewhere:?}");
    assert_eq!(lines(&file).len(), of_file.len(), "doctor wrote to the log of the server");
}

#[test]
fn log_file_that_cannot_be_written_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_LOG_FILE", folder.path());

    let refused = program.run(&["serve"]);

    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("log file") && refused.stderr.contains("--log-file"), "{refused:?}");
    assert!(!program.data().exists(), "a refusal made a data folder");
}
