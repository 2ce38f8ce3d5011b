//! How many SQL statements each endpoint costs. A figure that rises needs a reason; one that rises with the number of
//! rows is a fault.

use std::sync::{Arc, Mutex, PoisonError};

use ashlar_tests::{Answer, Database, PASSWORD, Setup, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(each_endpoint_costs_so_many_statements, pages_cost_the_same_however_long_the_list,);

/// The statements that were run; the database's own `BEGIN` and `COMMIT` are not among them.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    async fn start(database: Database) -> (TestApp, Self) {
        let log = Self::default();
        let seen = log.clone();
        let note: ashlar_sql::Observer = Arc::new(move |statement| seen.lock().push(statement.sql.to_owned()));
        (Setup::on(database).watched_by(note).start().await, log)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a call costs.
    async fn of(&self, call: impl Future<Output = Answer>, status: u16) -> (Answer, usize) {
        self.lock().clear();
        let answer = call.await.expect(status);
        (answer, self.lock().len())
    }

    fn shown(&self) -> String {
        self.lock().join("\n")
    }
}

fn form(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "password": PASSWORD })
}

async fn each_endpoint_costs_so_many_statements(database: Database) {
    let (app, log) = Log::start(database).await;
    let client = &app.client;
    // The first account asks who was first.
    app.register("first").await.expect(201);
    let login = json!({ "identifier": "ada@example.org", "password": PASSWORD });
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());

    let (_, cost) = log.of(client.post("/api/v1/auth/register").json(&form("ada")).send(), 201).await;
    check("register: account, its event, the claim to be first, membership, its event", cost, 5);
    let keyed = client.post("/api/v1/auth/register").header("idempotency-key", "k").json(&form("bob"));
    let (_, cost) = log.of(keyed.send(), 201).await;
    check("register with a key: the claim of the key and the receipt besides", cost, 7);
    let keyed = client.post("/api/v1/auth/register").header("idempotency-key", "k").json(&form("bob"));
    let (_, cost) = log.of(keyed.send(), 201).await;
    check("the same again: the claim that fails and the look", cost, 2);

    let (_, cost) = log.of(client.post("/api/v1/auth/login").json(&login).send(), 200).await;
    check("the first login in ten minutes: how passwords are hashed besides", cost, 6);
    let (answer, cost) = log.of(client.post("/api/v1/auth/login").json(&login).send(), 200).await;
    check("login: the credential, session, its event, the account's last login, its event", cost, 5);
    let access = answer.json()["access_token"].as_str().unwrap_or_default().to_owned();
    let refresh = answer.json()["refresh_token"].clone();
    let wrong = json!({ "identifier": "nobody@example.org", "password": PASSWORD });
    let (_, cost) = log.of(client.post("/api/v1/auth/login").json(&wrong).send(), 401).await;
    check("a login that fails: the credential that is not there, and the event", cost, 2);

    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).send(), 200).await;
    check("GET /me: the account; the session is believed", cost, 1);
    app.advance(TimeDelta::seconds(6));
    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).send(), 200).await;
    check("GET /me after five seconds: the session, and the account", cost, 2);
    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).header("x-tenant", "main").send(), 200).await;
    check("GET /me with X-Tenant: the tenant besides", cost, 2);
    let name = json!({ "display_name": "Ada" });
    let (_, cost) = log.of(client.patch("/api/v1/me").bearer(&access).json(&name).send(), 200).await;
    check("PATCH /me: the account as it is, its change, the event, the account as it became", cost, 4);
    let (_, cost) = log.of(client.get("/api/v1/me/sessions").bearer(&access).send(), 200).await;
    check("a list: one", cost, 1);

    let token = json!({ "refresh_token": refresh });
    let (_, cost) = log.of(client.post("/api/v1/auth/refresh").json(&token).send(), 200).await;
    check("refresh: the session with its holder, its change, the event", cost, 3);
    let (_, cost) = log.of(client.post("/api/v1/auth/logout").bearer(&access).send(), 204).await;
    check("logout: the session, its end, the event", cost, 3);
    for path in ["/.well-known/jwks.json", "/health/live", "/openapi.json"] {
        let (_, cost) = log.of(client.get(path).send(), 200).await;
        check(path, cost, 0);
    }
}

async fn pages_cost_the_same_however_long_the_list(database: Database) {
    let (app, log) = Log::start(database).await;
    app.register("ada").await.expect(201);
    let mut access = String::new();
    for _ in 0..12 {
        access = app.log_in("ada@example.org").await.access;
    }
    let mut path = "/api/v1/me/sessions?limit=5".to_owned();
    let mut pages = 0;

    loop {
        let (page, cost) = log.of(app.client.get(&path).bearer(&access).send(), 200).await;
        assert_eq!(cost, 1, "page {pages}: {}", log.shown());
        pages += 1;
        let Some(cursor) = page.json()["page"]["next_cursor"].as_str().map(str::to_owned) else { break };
        path = format!("/api/v1/me/sessions?limit=5&cursor={cursor}");
    }

    assert_eq!(pages, 3);
}
