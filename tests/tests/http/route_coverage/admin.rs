//! The rows of what administrators and operators look after.

use ashlar_tests::{Call, SignedIn, TestApp};

use super::{Row, administered, get, operated};

/// Jobs that are there from the beginning: one that was given up, one that waits for its time, and one more.
const DEAD: &str = "00000000-0000-0000-0000-0000000000a1";
const WAITING: &str = "00000000-0000-0000-0000-0000000000a2";
const UNWANTED: &str = "00000000-0000-0000-0000-0000000000a3";

/// A notification that is there from the beginning.
const MATTER: &str = "00000000-0000-0000-0000-0000000000a4";

/// Only administrators may, or operators: the test about their operations tries the others.
pub(super) fn of_admin() -> Vec<Row> {
    vec![
        administered("listJobs", (200, |app, _| get(app, "/api/v1/admin/jobs?state=dead&kind=demo.work&limit=5"))),
        administered("getJob", (200, |app, _| get(app, &format!("/api/v1/admin/jobs/{DEAD}")))),
        administered("retryJob", (200, |app, _| job(app, DEAD, "retry"))),
        administered("runJobNow", (200, |app, _| job(app, WAITING, "run-now"))),
        administered("cancelJob", (200, |app, _| job(app, UNWANTED, "cancel"))),
        administered("listNotifications", (200, |app, _| get(app, "/api/v1/admin/notifications?severity=warning"))),
        administered(
            "acknowledgeNotification",
            (200, |app, _| app.client.post(&format!("/api/v1/admin/notifications/{MATTER}/acknowledge"))),
        ),
        administered("getDashboard", (200, |app, _| get(app, "/api/v1/admin/dashboard"))),
        operated("listLogLines", (200, |app, _| get(app, "/api/v1/admin/logs?level=warn&q=disk&target=ashlar_server"))),
        operated("listSchedules", (200, |app, _| get(app, "/api/v1/admin/schedules"))),
        operated("runScheduleNow", (202, run_schedule)),
    ]
}

fn run_schedule(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/admin/schedules/session.purge/run-now")
}

fn job(app: &TestApp, id: &str, what: &str) -> Call {
    app.client.post(&format!("/api/v1/admin/jobs/{id}/{what}"))
}

/// Things whose ids are known beforehand.
pub(super) async fn settle(app: &TestApp) {
    for (id, state, finished) in [(DEAD, "dead", "created_at"), (WAITING, "ready", "NULL"), (UNWANTED, "ready", "NULL")]
    {
        let id = format!("x'{}'", id.replace('-', ""));
        app.execute(&format!(
            "INSERT INTO job (id, tenant_id, queue, kind, payload_version, payload, priority, run_at, attempts, \
             max_attempts, state, token, created_at, updated_at, finished_at) \
             SELECT {id}, id, 'default', 'demo.work', 1, '{{}}', 0, created_at, 0, 3, '{state}', 0, created_at, \
             created_at, {finished} FROM tenant WHERE slug = 'main'"
        ))
        .await;
    }
    let id = format!("x'{}'", MATTER.replace('-', ""));
    app.execute(&format!(
        "INSERT INTO notification (id, tenant_id, severity, source, dedupe_key, title, count, first_at, last_at, version) \
         SELECT {id}, id, 'warning', 'jobs', 'jobs.dead:demo.work', 'Jobs', 1, created_at, created_at, 1 \
         FROM tenant WHERE slug = 'main'"
    ))
    .await;
}
