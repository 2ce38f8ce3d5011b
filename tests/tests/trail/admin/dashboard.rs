//! The numbers, after whatever has happened.

use std::collections::BTreeMap;

use ashlar_kernel::TenantId;
use ashlar_tests::{Authenticator, Database, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(numbers_are_those_of_the_lists_whatever_happens, numbers_tell_of_people_jobs_and_their_days,);

async fn numbers(app: &TestApp, boss: &SignedIn) -> Value {
    app.client.get("/api/v1/admin/dashboard").bearer(&boss.access).send().await.expect(200).json()
}

async fn total(app: &TestApp, boss: &SignedIn, path: &str) -> u64 {
    let page = app.client.get(&format!("/api/v1/{path}")).bearer(&boss.access).send().await.expect(200).json();
    page["page"]["total"].as_u64().unwrap()
}

/// What the lists say.
async fn counted(app: &TestApp, boss: &SignedIn) -> (u64, BTreeMap<String, u64>) {
    let mut leads = BTreeMap::new();
    for status in ["new", "contacted", "qualified", "won", "lost"] {
        let found = total(app, boss, &format!("leads?status={status}&include=total&limit=1")).await;
        if found > 0 {
            leads.insert(status.to_owned(), found);
        }
    }
    (total(app, boss, "admin/users?include=total&limit=1").await, leads)
}

async fn numbers_are_those_of_the_lists_whatever_happens(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let (mut people, mut leads, mut seed) = (Vec::new(), Vec::new(), 7_u64);
    for step in 0..40_u32 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (seed >> 33) % 6 {
            0 | 1 => people.push(app.sign_up(&format!("person{step}")).await),
            2 if !people.is_empty() => {
                let gone = people.remove(0);
                let path = format!("/api/v1/admin/users/{}", gone.user);
                app.client.delete(&path).bearer(&boss.access).send().await.expect(204);
            }
            3 | 4 => leads.push(app.lead(&boss.access, &json!({ "email": format!("l{step}@leads.example") })).await),
            _ if !leads.is_empty() => {
                let status = if seed % 2 == 0 { "qualified" } else { "lost" };
                app.move_lead(&boss, &leads.remove(0), status).await;
            }
            _ => {}
        }
    }

    let (shown, (users, by_status)) = (numbers(&app, &boss).await, counted(&app, &boss).await);
    assert_eq!(shown["users"]["total"], users);
    assert_eq!(shown["leads"]["by_status"], json!(by_status));
    assert!(users > 3 && by_status.len() > 1, "{users} people, leads {by_status:?}; seed 7");
}

async fn numbers_tell_of_people_jobs_and_their_days(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.waiting_job(&TenantId::MAIN.to_string()).await;
    let now = numbers(&app, &boss).await;
    assert_eq!((&now["users"]["total"], &now["users"]["new_7_days"]), (&json!(1), &json!(1)));
    assert_eq!((&now["users"]["second_factor_share"], &now["leads"]["conversion"]), (&json!(0.0), &json!(null)));
    assert_eq!((&now["jobs"]["ready"], &now["jobs"]["oldest_seconds"]), (&json!(1), &json!(0)));
    assert!(now["process"]["requests"].as_u64().unwrap() > 0);

    app.advance(TimeDelta::days(8));
    let boss = app.log_in("boss").await;
    let ada = app.sign_up("ada").await;
    let factor = |path: &str| app.client.post(&format!("/api/v1/me/2fa/{path}")).bearer(&ada.access);
    let authenticator = Authenticator::set_up(&factor("totp").send().await.expect(201).json());
    factor("totp/confirm").json(&json!({ "code": authenticator.code(&app) })).send().await.expect(200);
    let later = numbers(&app, &boss).await;
    let users = &later["users"];
    assert_eq!((&users["total"], &users["new_7_days"], &users["new_30_days"]), (&json!(2), &json!(1), &json!(2)));
    assert_eq!((&users["with_second_factor"], &users["second_factor_share"]), (&json!(1), &json!(0.5)));
    assert_eq!(later["jobs"]["oldest_seconds"], 8 * 86_400 - 3_600);

    app.client.delete(&format!("/api/v1/admin/users/{}", ada.user)).bearer(&boss.access).send().await.expect(204);
    let after = numbers(&app, &boss).await;
    assert_eq!((&after["users"]["total"], &after["users"]["with_second_factor"]), (&json!(1), &json!(0)));
}
