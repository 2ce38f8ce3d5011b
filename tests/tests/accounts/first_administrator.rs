//! How the first administrator of a production installation comes in.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_kernel::{Clock as _, Context, ExposeSecret as _, RequestId, TenantId};
use ashlar_tests::{
    Answer, Database, PASSWORD, Setup, TENANT, TestApp,
    binary::{PostgresDatabase, Program},
    journeys,
};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

journeys!(
    token_makes_the_first_administrator_where_nobody_may_register,
    token_is_good_once_however_many_use_it_at_once,
    token_runs_out_and_is_replaced,
    refused_registration_leaves_the_token,
    bad_token_says_nothing_about_addresses,
);

async fn closed(database: Database) -> TestApp {
    Setup::on(database).set("ASHLAR_REGISTRATION", "closed").set("ASHLAR_REQUIRE_VERIFIED_EMAIL", "true").start().await
}

fn context(app: &TestApp) -> Context {
    Context::system("test", TenantId::MAIN, RequestId::new(&*app.ids), app.clock.now())
}

async fn token(app: &TestApp) -> String {
    let context = context(app);
    let (token, until) = app.identity.issue_bootstrap_token(&context).await.unwrap();
    assert_eq!(until - app.clock.now(), TimeDelta::hours(24));
    token.expose_secret().to_owned()
}

async fn register(app: &TestApp, name: &str, token: &str) -> Answer {
    let form = json!({ "email": format!("{name}@example.org"), "username": name, "password": PASSWORD,
        "bootstrap_token": token });
    app.client.post("/api/v1/auth/register").json(&form).send().await
}

async fn token_makes_the_first_administrator_where_nobody_may_register(database: Database) {
    let app = closed(database).await;
    app.register("ada").await.refused(403, "registration_closed");
    register(&app, "ada", "asb1_x").await.refused(400, "bootstrap_token_invalid");
    let never = token(&app).await.replace("asb1_", "asb1_A");
    register(&app, "ada", &never).await.refused(400, "bootstrap_token_invalid");

    let token = token(&app).await;
    let opened = register(&app, "ada", &token).await.expect(201).json();
    assert_eq!((&opened["user"]["role"], &opened["user"]["email_verified"]), (&json!("admin"), &json!(true)));
    let ada = app.log_in("ada").await;
    app.users(&ada.access, "").await.expect(200);

    register(&app, "bob", &token).await.refused(400, "bootstrap_token_invalid");
    let context = context(&app);
    assert!(app.identity.issue_bootstrap_token(&context).await.is_err());
}

async fn token_is_good_once_however_many_use_it_at_once(database: Database) {
    let app = closed(database).await;
    let token = token(&app).await;
    let names: Vec<String> = (0..10).map(|number| format!("user{number}")).collect();
    let answers = join_all(names.iter().map(|name| register(&app, name, &token))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    for answer in &lost {
        answer.refused(400, "bootstrap_token_invalid");
    }
}

async fn token_runs_out_and_is_replaced(database: Database) {
    let app = closed(database).await;
    let old = token(&app).await;
    app.advance(TimeDelta::hours(24));
    register(&app, "ada", &old).await.refused(400, "bootstrap_token_invalid");
    let replaced = token(&app).await;
    let newest = token(&app).await;
    register(&app, "ada", &replaced).await.refused(400, "bootstrap_token_invalid");
    register(&app, "ada", &newest).await.expect(201);
}

async fn refused_registration_leaves_the_token(database: Database) {
    let app = closed(database).await;
    app.add_tenant(7, "acme").await;
    let token = token(&app).await;
    let form = json!({ "email": "ada@example.org", "password": "ada@example.org", "bootstrap_token": token });
    app.client.post("/api/v1/auth/register").json(&form).send().await.refused(422, "password_rejected");
    // Whatever tenant is asked for, the first administrator is of the first one.
    let form = json!({ "email": "ada@example.org", "username": "ada", "password": PASSWORD, "bootstrap_token": token });
    app.client.post("/api/v1/auth/register").header(TENANT, "acme").json(&form).send().await.expect(201);
    let ada = app.log_in("ada").await;
    app.users(&ada.access, "").await.expect(200);
}

async fn bad_token_says_nothing_about_addresses(database: Database) {
    let app = closed(database).await;
    let token = token(&app).await;
    register(&app, "ada", &token).await.expect(201);
    for bad in ["x".to_owned(), format!("asb1_{}", "A".repeat(43)), token] {
        let [known, unknown] = [register(&app, "ada", &bad).await, register(&app, "bob", &bad).await];
        known.refused(400, "bootstrap_token_invalid");
        assert_eq!(known.without_request(), unknown.without_request());
    }
}

/// Production as somebody sets it up who has keys and a database.
async fn first_start(database_url: String) {
    let folder = tempfile::tempdir().unwrap();
    let laptop = Program::in_folder(folder.path())
        .plain()
        .env("ASHLAR_DATABASE_URL", database_url)
        .env("ASHLAR_KEYS_DIR", folder.path().join("keys"));
    // Makes the keys and the tables, as another program would.
    laptop.serve().await.stop();
    let production = laptop
        .clone()
        .without("ASHLAR_RATE_LIMITS")
        .env("ASHLAR_ENV", "production")
        .env("ASHLAR_PUBLIC_URL", "https://api.example.org");

    let server = production.serve().await;
    let printed = server.stderr();
    let token = printed.split("bootstrap_token ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(!server.stdout().contains(&token), "the log has it");
    server.stop();
    // Shown once.
    let server = production.serve().await;
    assert!(server.stderr().contains("ashlar users bootstrap-token"), "{}", server.stderr());
    assert!(!server.stderr().contains("asb1_"));
    let form = json!({ "email": "ada@example.org", "password": PASSWORD, "bootstrap_token": token });
    let opened = server.api().post("/api/v1/auth/register", &form).await;
    assert_eq!((opened.status, opened.text("/user/role")), (201, "admin".to_owned()));
    server.stop();
    let server = production.serve().await;
    assert!(!server.stderr().contains("First admin"), "{}", server.stderr());
    server.stop();
    let refused = production.run(&["users", "bootstrap-token"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("the first administrator has come"), "{refused:?}");
}

#[tokio::test]
async fn first_start_prints_the_token_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    first_start(format!("sqlite:{}", folder.path().join("own.db").display())).await;
}

#[tokio::test]
async fn first_start_prints_the_token_on_postgres() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    first_start(database.url()).await;
}

#[test]
fn command_line_makes_another_token() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    assert_eq!(program.run(&["migrate", "up"]).code, Some(0));
    let [one, other] = [(); 2].map(|()| program.run(&["users", "bootstrap-token"]));
    for made in [&one, &other] {
        assert_eq!(made.code, Some(0), "{made:?}");
        assert!(made.stdout.trim().starts_with("asb1_") && made.stderr.contains("Good once, until"), "{made:?}");
    }
    assert_ne!(one.stdout, other.stdout);
}
