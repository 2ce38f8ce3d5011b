//! What is kept of people beside the log goes when they do, and the trail stays whole.

use std::sync::Arc;

use ashlar_audit::{Sealer, port::TrailStore as _, verify::verify_trail};
use ashlar_jobs::{Handlers, Subscribers};
use ashlar_kernel::{Clock as _, MacKey, TenantId};
use ashlar_server::work::{ErasePersonal, Erasures};
use ashlar_tests::{Answer, Database, PASSWORD, Setup, TestApp, journeys};
use serde_json::json;

journeys!(
    whoever_leaves_leaves_no_address_behind,
    administrators_have_the_addresses_of_somebody_erased,
    erasure_takes_a_fresh_sign_in_and_the_permission,
);

const HOME: &str = "198.51.100.77";
const PROGRAM: &str = "Adas-own-browser/7";
const ELSEWHERE: &str = "198.51.100.78";

async fn start(database: Database) -> TestApp {
    Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", "127.0.0.0/8").start().await
}

/// Somebody signs in from there.
async fn sign_in(app: &TestApp, name: &str, address: &str) -> Answer {
    let form = json!({ "identifier": format!("{name}@example.org"), "password": PASSWORD });
    let call = app.client.post("/api/v1/auth/login").header("x-forwarded-for", address).header("user-agent", PROGRAM);
    call.json(&form).send().await.expect(200)
}

/// What a worker does: events become jobs, and jobs are done.
async fn work(app: &TestApp) {
    let log = ashlar_audit::log::AuditLog::new(Arc::new(app.store.clone()), &MacKey::from_bytes([1; 32]));
    let handlers = Handlers::new().with(ErasePersonal { log, clock: Arc::clone(&app.clock) as Arc<_> });
    app.work_off(Subscribers::new().with(Erasures), handlers).await;
}

/// Everything the database holds, table by table.
async fn everything(app: &TestApp) -> String {
    app.dump().await
}

/// The main tenant's trail is as it was sealed.
async fn insist_on_a_whole_trail(app: &TestApp) {
    let sealer = Sealer::new(Arc::new(app.store.clone()));
    for _look in 0..1_000 {
        sealer.step(app.clock.now()).await.unwrap();
        if sealer.unsealed().await.unwrap().events == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let mut snapshot = app.store.snapshot().await.unwrap();
    let report = verify_trail(&mut *snapshot, TenantId::MAIN, Vec::new(), &|_rows| ()).await.unwrap();
    assert!(report.verified > 0 && report.breach.is_none(), "{report:?}");
}

async fn whoever_leaves_leaves_no_address_behind(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    app.register("ada").await.expect(201);
    app.register("bob").await.expect(201);
    let ada = sign_in(&app, "ada", HOME).await.json();
    sign_in(&app, "bob", ELSEWHERE).await;
    let access = ada["access_token"].as_str().unwrap().to_owned();
    let edit = app.client.patch("/api/v1/me").bearer(&access).header("x-forwarded-for", HOME);
    edit.json(&json!({ "display_name": "Ada" })).send().await.expect(200);
    let export = async || {
        // An export ends before the moment of its request, and this clock stands still.
        app.advance(chrono::TimeDelta::seconds(1));
        let call = app.client.get("/api/v1/audit/export").bearer(&boss.access);
        call.send().await.expect(200).text()
    };
    assert!(everything(&app).await.contains(HOME) && export().await.contains(HOME));
    insist_on_a_whole_trail(&app).await;

    let leave = app.client.delete("/api/v1/me").bearer(&access).header("x-forwarded-for", HOME);
    leave.header("user-agent", PROGRAM).json(&json!({ "password": PASSWORD })).send().await.expect(204);
    work(&app).await;

    let left = everything(&app).await;
    assert!(!left.contains(HOME), "{}", around(&left, HOME));
    assert!(!export().await.contains(HOME));
    assert!(left.contains(ELSEWHERE), "the addresses of others stay");
    let events = app.events().await;
    let erased = events.iter().find(|event| event.name == "audit.pii.erased").unwrap();
    assert!(erased.data["values"].as_u64() >= Some(4), "{}", erased.data);
    assert!(!erased.data["subject"].as_str().unwrap().contains(ada["user"]["id"].as_str().unwrap()));
    insist_on_a_whole_trail(&app).await;
}

async fn administrators_have_the_addresses_of_somebody_erased(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    app.register("ada").await.expect(201);
    let ada = sign_in(&app, "ada", HOME).await.json();
    let found = async || {
        let call = app.client.get(&format!("/api/v1/audit/events?ip={HOME}")).bearer(&boss.access);
        call.send().await.expect(200).json()["data"].as_array().unwrap().len()
    };
    assert!(found().await >= 2);

    let request = app.client.post("/api/v1/audit/erasures").bearer(&boss.access);
    let taken = request.json(&json!({ "subject_id": ada["user"]["id"] })).send().await.expect(202);
    assert_eq!(app.names(taken.request_id()).await, ["audit.pii.erasure_requested"]);
    work(&app).await;

    assert_eq!(found().await, 0);
    let signed_in = app.client.get("/api/v1/audit/events?action=identity.login.succeeded").bearer(&boss.access);
    let page = signed_in.send().await.expect(200).json();
    let theirs = page["data"].as_array().unwrap().iter().find(|event| event["targets"][0]["id"] == ada["user"]["id"]);
    assert_eq!(theirs.unwrap()["source"], json!(null));
    insist_on_a_whole_trail(&app).await;
}

async fn erasure_takes_a_fresh_sign_in_and_the_permission(database: Database) {
    let app = start(database).await;
    let (boss, ada) = (app.boss().await, app.sign_up("ada").await);
    let ask = async |access: &str| {
        let call = app.client.post("/api/v1/audit/erasures").bearer(access);
        call.json(&json!({ "subject_id": ada.user })).send().await
    };
    ask(&ada.access).await.refused(403, "permission_denied");
    app.advance(chrono::TimeDelta::minutes(11));
    ask(&boss.access).await.refused(403, "reauthentication_required");
}

/// Where a text stands, for who has to find out why.
fn around(text: &str, needle: &str) -> String {
    let at = text.find(needle).unwrap_or_default();
    text.chars().skip(at.saturating_sub(400)).take(800).collect()
}
