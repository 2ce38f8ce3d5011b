//! The rows of leads.

use ashlar_tests::{Call, SignedIn, TestApp, leads::form};
use serde_json::json;

use super::{Answers, BY_ADMINISTRATORS, Because, FOR_ALL, PUBLIC, Row, administered, of};

/// A lead that is there from the beginning.
const LEAD: &str = "00000000-0000-0000-0000-0000000000e0";
const LEAVES: &str = "00000000-0000-0000-0000-0000000000e1";

fn lead(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/leads/{LEAD}{rest}"))
}

/// A message that is there from the beginning.
const MESSAGE: &str = "00000000-0000-0000-0000-0000000000e2";

fn message(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/contacts/{MESSAGE}{rest}"))
}

/// Members may do nothing with leads: the test about administrators' operations tries them.
pub(super) fn of_leads() -> Vec<Row> {
    vec![
        administered("createLead", (201, create)),
        administered("listLeads", (200, |app, _| app.client.get("/api/v1/leads?include=total&q=ada"))),
        administered(
            "createLeads",
            (200, |app, _| {
                let items = json!([{ "full_name": "Ada", "email": "batch@leads.example" }]);
                app.client.post("/api/v1/leads/batch").json(&json!({ "items": items }))
            }),
        ),
        administered("getLeadStats", (200, |app, _| app.client.get("/api/v1/leads/stats"))),
        administered("getLead", (200, |app, _| lead(app, "GET", ""))),
        administered("updateLead", (200, |app, _| lead(app, "PATCH", "").json(&json!({ "notes": "x" })))),
        administered("moveLead", (200, |app, _| lead(app, "POST", "/transition").json(&json!({ "to": "contacted" })))),
        administered("listLeadHistory", (200, |app, _| lead(app, "GET", "/history"))),
        administered("listLeadActivities", (200, |app, _| lead(app, "GET", "/activities"))),
        administered(
            "addLeadActivity",
            (201, |app, _| lead(app, "POST", "/activities").json(&json!({ "kind": "call", "body": "x" }))),
        ),
        Row {
            happy: (202, write),
            unauthenticated: Because(PUBLIC),
            forbidden: Because(FOR_ALL),
            ..of("sendContactMessage")
        },
        administered("listContactMessages", (200, |app, _| app.client.get("/api/v1/contacts?status=new&status=read"))),
        administered("getContactMessage", (200, |app, _| message(app, "GET", ""))),
        administered(
            "updateContactMessage",
            (200, |app, _| message(app, "PATCH", "").json(&json!({ "status": "read" }))),
        ),
        administered("makeLeadOfContact", (201, |app, _| message(app, "POST", "/to-lead"))),
        // Happy cases with real keys are those of `leads/forms.rs`.
        Row {
            happy: (401, submit),
            unauthenticated: Answers(401, "authentication_required", submit),
            forbidden: Answers(403, "permission_denied", |app, ada| submit(app, ada).bearer(&ada.access)),
            ..of("submitLeadForm")
        },
        Row {
            happy: (200, |app, _| app.client.get("/api/v1/leads/public/challenge")),
            unauthenticated: Because(PUBLIC),
            forbidden: Because(FOR_ALL),
            ..of("beginLeadForm")
        },
        Row {
            happy: (204, leave),
            unauthenticated: Answers(401, "authentication_required", leave),
            forbidden: Because(BY_ADMINISTRATORS),
            ..of("deleteLead")
        },
    ]
}

fn write(app: &TestApp, _: &SignedIn) -> Call {
    let form = json!({ "name": "Ada", "email": "w@leads.example", "subject": "Hello", "message": "Hello again" });
    app.client.post("/api/v1/contacts").json(&form)
}

fn submit(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/leads/public").json(&json!({ "full_name": "Ada", "email": "f@leads.example", "t": "x" }))
}

fn create(app: &TestApp, _: &SignedIn) -> Call {
    app.client.post("/api/v1/leads").json(&form(&json!({ "email": "new@leads.example" })))
}

fn leave(app: &TestApp, _: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/leads/{LEAVES}"))
}

/// Two leads whose ids are known beforehand.
pub(super) async fn settle(app: &TestApp) {
    for (number, id) in [LEAD, LEAVES].into_iter().enumerate() {
        let id = format!("x'{}'", id.replace('-', ""));
        app.execute(&format!(
            "INSERT INTO lead (id, tenant_id, full_name, name_key, email, email_key, source, status, tags, custom, \
             score, search_key, created_at, updated_at, version) \
             SELECT {id}, id, 'Ada', 'ada', 'a{number}@leads.example', 'a{number}@leads.example', 'other', 'new', '', \
             '{{}}', 0, '', created_at, updated_at, 1 FROM tenant WHERE slug = 'main'"
        ))
        .await;
    }
    let id = format!("x'{}'", MESSAGE.replace('-', ""));
    app.execute(&format!(
        "INSERT INTO contact_message (id, tenant_id, name, email, subject, message, status, created_at, updated_at, \
         version) SELECT {id}, id, 'Ada', 'm@leads.example', 'Hello', 'Hello again', 'new', created_at, updated_at, 1 \
         FROM tenant WHERE slug = 'main'"
    ))
    .await;
}
