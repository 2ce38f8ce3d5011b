//! Jobs and schedules over HTTP.

use ashlar_jobs::{
    Backoff, Failure, JobState, NewJob,
    port::{Ack, Claim, JobStore as _},
};
use ashlar_kernel::{Clock as _, TenantId};
use ashlar_memory::SeededEntropy;
use ashlar_tests::{Answer, Database, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;

journeys!(
    a_dead_job_is_found_read_and_retried,
    a_job_is_hurried_and_cancelled_in_the_right_state_only,
    jobs_stay_in_their_tenant,
    schedules_are_run_by_operators,
);

/// A job of `main` whose one attempt has failed; its id.
async fn dead_job(app: &TestApp) -> String {
    let payload = json!({ "event": TenantId::MAIN, "to": "ada@example.org" });
    let job = NewJob::new(TenantId::MAIN, "mail.demo", 1, &payload).unwrap().attempts(1).unwrap();
    let now = app.clock.now();
    app.store.enqueue(vec![job], now).await.unwrap();
    let queues = ["default".to_owned()];
    let claim = Claim { worker: "w", queues: &queues, limit: 1, lease_until: now + TimeDelta::minutes(1), now };
    let job = app.store.claim(claim).await.unwrap().remove(0);
    let id = job.id().to_string();
    let failure = Failure::Transient("550 no mailbox ada@example.org".to_owned());
    let step = job.failed(&failure, Backoff::STANDARD, &SeededEntropy::new(1), now).unwrap();
    assert_eq!(app.store.settle(step).await.unwrap(), Ack::Saved);
    id
}

async fn on(app: &TestApp, who: &SignedIn, method: &str, path: &str) -> Answer {
    app.client.named(method, &format!("/api/v1/admin/jobs{path}")).bearer(&who.access).send().await
}

async fn a_dead_job_is_found_read_and_retried(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = dead_job(&app).await;
    app.waiting_job(&TenantId::MAIN.to_string()).await;

    let dead = on(&app, &boss, "GET", "?state=dead&kind=mail.demo&queue=default").await.expect(200).json();
    assert_eq!(dead["data"].as_array().unwrap().len(), 1);
    assert_eq!(dead["data"][0]["id"], id.as_str());
    let job = on(&app, &boss, "GET", &format!("/{id}")).await.expect(200).json();
    assert_eq!((&job["state"], &job["attempts"], &job["next_run"]), (&json!("dead"), &json!(1), &json!(null)));
    assert_eq!(job["failures"][0]["note"], "550 no mailbox [address]");
    assert_eq!(job["payload"], json!({ "event": TenantId::MAIN, "to": { "withheld": true } }));

    let again = on(&app, &boss, "POST", &format!("/{id}/retry")).await.expect(200);
    let names = app.names(again.request_id()).await;
    let again = again.json();
    assert_eq!((&again["state"], &again["attempts"]), (&json!("ready"), &json!(0)));
    assert_eq!(again["failures"], job["failures"]);
    assert_eq!(names, ["jobs.job.retried"]);
    on(&app, &boss, "POST", &format!("/{id}/retry")).await.refused(409, "job_wrong_state");
    on(&app, &boss, "GET", "?state=lost").await.refused(400, "invalid_parameter");
    on(&app, &boss, "GET", "?from=2040-01-01T00:00:00Z").await.expect(200);
}

async fn a_job_is_hurried_and_cancelled_in_the_right_state_only(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.waiting_job(&TenantId::MAIN.to_string()).await;

    let hurried = on(&app, &boss, "POST", &format!("/{id}/run-now")).await.expect(200).json();
    assert_eq!(hurried["next_run"], "2030-01-01T12:00:00.000Z");
    on(&app, &boss, "POST", &format!("/{id}/cancel")).await.expect(200);
    assert_eq!(app.job_state(&id).await, Some(JobState::Cancelled));
    for step in ["cancel", "run-now"] {
        let refused = on(&app, &boss, "POST", &format!("/{id}/{step}")).await;
        assert!(app.names(refused.request_id()).await.is_empty());
        refused.refused(409, "job_wrong_state");
    }
}

async fn jobs_stay_in_their_tenant(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    let acme = app.open_tenant(&operator, "acme", "boss").await;
    let theirs = app.waiting_job(&acme).await;

    let mine = on(&app, &boss, "GET", "?kind=demo.work").await.expect(200).json();
    assert_eq!(mine["data"], json!([]));
    on(&app, &boss, "GET", &format!("/{theirs}")).await.refused(404, "not_found");
    on(&app, &boss, "POST", &format!("/{theirs}/cancel")).await.refused(404, "not_found");
    on(&app, &operator, "GET", "").await.refused(403, "permission_denied");
}

async fn schedules_are_run_by_operators(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    let call = |who: &SignedIn, method: &str, path: &str| {
        app.client.named(method, &format!("/api/v1/admin/schedules{path}")).bearer(&who.access).send()
    };
    let all = call(&operator, "GET", "").await.expect(200).json();
    let line = |all: &serde_json::Value| {
        let found = all["data"].as_array().unwrap().iter().find(|line| line["name"] == "session.purge");
        found.unwrap().clone()
    };
    assert_eq!(line(&all)["cron"], "7 * * * *");
    assert_eq!((&line(&all)["last_run"], &line(&all)["next_run"]), (&json!(null), &json!("2030-01-01T12:07:00.000Z")));

    let run = call(&operator, "POST", "/session.purge/run-now").await.expect(202).json();
    assert_eq!(app.job_state(run["job_id"].as_str().unwrap()).await, Some(JobState::Ready));
    app.advance(TimeDelta::seconds(1));
    call(&operator, "POST", "/session.purge/run-now").await.refused(409, "job_duplicate");
    call(&operator, "POST", "/nothing/run-now").await.refused(404, "not_found");
    call(&boss, "POST", "/session.purge/run-now").await.refused(403, "permission_denied");
    let all = call(&operator, "GET", "").await.expect(200).json();
    assert_eq!(line(&all)["last_run"], "2030-01-01T12:00:00.000Z");
}
