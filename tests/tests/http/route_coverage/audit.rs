//! The rows of the audit log.

use ashlar_tests::{Call, SignedIn, TestApp};

use super::{Row, administered, get};

/// An event that is there from the beginning.
const EVENT: &str = "00000000-0000-0000-0000-0000000000f0";

/// Only administrators may: the test about their operations tries the others.
pub(super) fn of_audit() -> Vec<Row> {
    vec![
        administered(
            "listAuditEvents",
            (200, |app, _| get(app, "/api/v1/audit/events?limit=5&action=identity.*&sort=occurred_at&outcome=ok")),
        ),
        administered("getAuditEvent", (200, |app, _| get(app, &format!("/api/v1/audit/events/{EVENT}")))),
        administered("getAuditTimeline", (200, |app, _| get(app, "/api/v1/audit/timeline/thing/7"))),
        administered("eraseAuditPersonalData", (202, erase)),
        administered("exportAuditEvents", (200, |app, _| get(app, "/api/v1/audit/export?format=csv"))),
    ]
}

fn erase(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/audit/erasures").json(&serde_json::json!({ "subject_id": EVENT }))
}

/// An event whose id is known beforehand.
pub(super) async fn settle(app: &TestApp) {
    let id = format!("x'{}'", EVENT.replace('-', ""));
    app.execute(&format!(
        "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, targets, outcome, diff, data, \
         source, request_id) SELECT {id}, id, created_at, 'demo.thing.made', 1, 'anonymous', \
         '[{{\"type\":\"thing\",\"id\":\"7\"}}]', 'ok', '[]', '{{}}', '{{}}', 'r' FROM tenant WHERE slug = 'main'"
    ))
    .await;
}
