//! The rows of leads.

use ashlar_tests::{
    Call, SignedIn, TestApp,
    leads::{FILE_FORM, file_form, form, upload},
};
use serde_json::json;

use super::{Answers, BY_ADMINISTRATORS, Because, FOR_ALL, PUBLIC, Row, administered, by_link, of, open};

/// A lead that is there from the beginning.
const LEAD: &str = "00000000-0000-0000-0000-0000000000e0";
const LEAVES: &str = "00000000-0000-0000-0000-0000000000e1";
const PART: &str = "00000000-0000-0000-0000-0000000000e6";

/// A client, its contract and a file of that.
const CLIENT: &str = "00000000-0000-0000-0000-0000000000e2";
const CONTRACT: &str = "00000000-0000-0000-0000-0000000000e3";
const FILE: &str = "00000000-0000-0000-0000-0000000000e4";

fn on(app: &TestApp, method: &str, path: &str) -> Call {
    app.client.named(method, &format!("/api/v1{path}"))
}

/// The rows of clients and contracts.
fn of_clients() -> Vec<Row> {
    let upload: fn(&TestApp, &SignedIn) -> Call = |app, _| {
        on(app, "POST", &format!("/contracts/{CONTRACT}/files")).body(FILE_FORM, file_form("a.pdf", b"%PDF-1.7"))
    };
    vec![
        administered(
            "convertLead",
            (201, |app, _| on(app, "POST", &format!("/leads/{LEAVES}/convert")).json(&json!({ "client": {} }))),
        ),
        administered(
            "createClient",
            (201, |app, _| on(app, "POST", "/clients").json(&json!({ "company_name": "Engines" }))),
        ),
        administered("listClients", (200, |app, _| on(app, "GET", "/clients?limit=5"))),
        administered("getClient", (200, |app, _| on(app, "GET", &format!("/clients/{CLIENT}")))),
        administered(
            "updateClient",
            (200, |app, _| on(app, "PATCH", &format!("/clients/{CLIENT}")).json(&json!({ "tax_id": "1" }))),
        ),
        administered(
            "createContract",
            (201, |app, _| {
                let value = json!({ "amount": 1, "currency": "EUR" });
                on(app, "POST", "/contracts").json(&json!({ "client_id": CLIENT, "title": "Web", "value": value }))
            }),
        ),
        administered("listContracts", (200, |app, _| on(app, "GET", "/contracts?status=draft"))),
        administered("getContract", (200, |app, _| on(app, "GET", &format!("/contracts/{CONTRACT}")))),
        administered(
            "updateContract",
            (200, |app, _| on(app, "PATCH", &format!("/contracts/{CONTRACT}")).json(&json!({ "status": "sent" }))),
        ),
        administered("addContractFile", (201, upload)),
        administered("getContractFileUrl", (200, |app, _| on(app, "GET", &format!("/contracts/files/{FILE}/url")))),
        administered("deleteContractFile", (204, |app, _| on(app, "DELETE", &format!("/contracts/files/{FILE}")))),
        by_link(
            "downloadContractFile",
            (400, |app, _| on(app, "GET", "/contracts/files/content?token=x")),
            "download_link_invalid",
        ),
    ]
}

fn lead(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/leads/{LEAD}{rest}"))
}

/// A message that is there from the beginning.
const MESSAGE: &str = "00000000-0000-0000-0000-0000000000e2";
/// Another, to be erased.
const ERASED: &str = "00000000-0000-0000-0000-0000000000e7";

fn message(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/contacts/{MESSAGE}{rest}"))
}

/// A subscriber that is there from the beginning.
const SUBSCRIBER: &str = "00000000-0000-0000-0000-0000000000e5";
/// What a link to confirm carries, that was mailed to them: 32 bytes of zeroes.
const CONFIRM: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The SHA-256 of it.
const CONFIRM_HASH: &str = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";

/// Everybody may ask for letters and stop them; staff do the rest.
pub(super) fn of_newsletter() -> Vec<Row> {
    vec![
        received(
            "subscribeToNewsletter",
            (202, |app, _| {
                let form = json!({ "email": "new@leads.example", "consent_text_version": "1" });
                app.client.post("/api/v1/newsletter/subscribe").json(&form)
            }),
        ),
        received("resendNewsletterConfirmation", (202, |app, _| mailed(app, "resend"))),
        received("unsubscribeFromNewsletter", (202, |app, _| mailed(app, "unsubscribe"))),
        open("confirmNewsletterSubscription", |app, _| {
            app.client.post(&format!("/api/v1/newsletter/confirm?token={CONFIRM}"))
        }),
        // A link of this installation follows from its key: the test of the newsletter has one.
        received("unsubscribeByOneClick", (404, |app, _| app.client.post("/api/v1/newsletter/u/u1.a.b.c"))),
        administered(
            "listSubscribers",
            (200, |app, _| app.client.get("/api/v1/newsletter/subscribers?status=pending")),
        ),
        administered(
            "addSubscriber",
            (201, |app, _| {
                let form = json!({ "email": "entered@leads.example", "consent_text_version": "1" });
                app.client.post("/api/v1/newsletter/subscribers").json(&form)
            }),
        ),
        administered(
            "allowSuppressionLift",
            // What is suppressed is known by a keyed hash: the test of the newsletter has one.
            (404, |app, _| {
                let form = json!({ "email": "nobody@leads.example" });
                app.client.post("/api/v1/newsletter/suppressions/lift").json(&form)
            }),
        ),
        administered(
            "removeSubscriber",
            (204, |app, _| app.client.delete(&format!("/api/v1/newsletter/subscribers/{SUBSCRIBER}"))),
        ),
        administered("listMailingLists", (200, |app, _| app.client.get("/api/v1/newsletter/lists"))),
        administered(
            "createMailingList",
            (201, |app, _| {
                app.client.post("/api/v1/newsletter/lists").json(&json!({ "slug": "more", "name": "More" }))
            }),
        ),
    ]
}

/// Open to everybody, and answered so.
fn received(operation: &'static str, happy: (u16, fn(&TestApp, &SignedIn) -> Call)) -> Row {
    Row { happy, ..open(operation, happy.1) }
}

fn mailed(app: &TestApp, what: &str) -> Call {
    app.client.post(&format!("/api/v1/newsletter/{what}")).json(&json!({ "email": "new@leads.example" }))
}

/// A subscriber whose id and link are known beforehand.
async fn settle_subscriber(app: &TestApp) {
    let id = format!("x'{}'", SUBSCRIBER.replace('-', ""));
    for statement in [
        format!(
            "INSERT INTO mailing_list (id, tenant_id, slug, name, opt_in, visibility, created_at) \
             SELECT {id}, id, 'newsletter', 'Newsletter', 'double', 'public', created_at FROM tenant WHERE slug = 'main'"
        ),
        "INSERT INTO subscription (id, tenant_id, list_id, email, email_key, status, evidence, asked_at, bounce_soft, \
             bounce_hard, created_at, updated_at, version) \
             SELECT id, tenant_id, id, 'ada@leads.example', 'ada@leads.example', 'pending', \
             '{\"text_version\":\"1\",\"at\":\"2030-01-01T12:00:00Z\"}', '2030-01-01T12:00:00.000+00:00', 0, 0, created_at, \
             created_at, 1 FROM mailing_list".to_owned(),
        format!(
            "INSERT INTO subscription_link (hash, tenant_id, subscription_id, list_id, created_at, expires_at) \
             SELECT x'{CONFIRM_HASH}', tenant_id, id, list_id, created_at, '2030-01-04T12:00:00.000+00:00' \
             FROM subscription WHERE id = {id}"
        ),
    ] {
        app.execute(&statement).await;
    }
}

/// Members may do nothing with leads: the test about administrators' operations tries them.
pub(super) fn of_leads() -> Vec<Row> {
    let mut rows = vec![
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
        administered("listDuplicateLeads", (200, |app, _| app.client.get("/api/v1/leads/duplicates?limit=5"))),
        administered(
            "mergeLeads",
            (200, |app, _| {
                let wish = json!({ "primary_id": LEAD, "duplicate_ids": [PART] });
                app.client.post("/api/v1/leads/merge").json(&wish)
            }),
        ),
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
    ];
    rows.extend(of_messages());
    rows.extend(of_transfers());
    rows.extend(of_clients());
    rows.push(Row {
        happy: (204, leave),
        unauthenticated: Answers(401, "authentication_required", leave),
        forbidden: Because(BY_ADMINISTRATORS),
        ..of("deleteLead")
    });
    rows
}

/// What strangers write, and what becomes of it.
fn of_messages() -> Vec<Row> {
    vec![
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
        administered("eraseContactMessage", (204, |app, _| on(app, "DELETE", &format!("/contacts/{ERASED}")))),
        administered("makeLeadOfContact", (201, |app, _| message(app, "POST", "/to-lead"))),
    ]
}

/// Leads that come and go in files.
fn of_transfers() -> Vec<Row> {
    vec![
        administered("importLeads", (202, import)),
        administered("listLeadImports", (200, |app, _| app.client.get("/api/v1/leads/imports?limit=5"))),
        administered("getLeadImport", (200, |app, _| imported(app, "GET", ""))),
        administered("getLeadImportErrors", (200, |app, _| imported(app, "GET", "/errors.csv"))),
        administered("cancelLeadImport", (200, |app, _| imported(app, "POST", "/cancel"))),
        administered("watchLeadImport", (200, |app, _| imported(app, "GET", "/events"))),
        administered("listLeadExports", (200, |app, _| app.client.get("/api/v1/leads/exports?limit=5"))),
        administered("getLeadExport", (200, |app, _| exported(app, "GET", ""))),
        administered("cancelLeadExport", (200, |app, _| exported(app, "POST", "/cancel"))),
        by_link(
            "downloadLeadExport",
            (400, |app, _| on(app, "GET", "/leads/exports/content?token=x")),
            "download_link_invalid",
        ),
        administered("exportLeads", (200, |app, _| app.client.get("/api/v1/leads/export?columns=email&status=new"))),
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

const IMPORT: &str = "00000000-0000-0000-0000-0000000000e2";

fn imported(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/leads/imports/{IMPORT}{rest}"))
}

const EXPORT: &str = "00000000-0000-0000-0000-0000000000e8";

fn exported(app: &TestApp, method: &str, rest: &str) -> Call {
    app.client.named(method, &format!("/api/v1/leads/exports/{EXPORT}{rest}"))
}

fn import(app: &TestApp, _: &SignedIn) -> Call {
    let (media_type, body) = upload(&json!({ "mode": "upsert" }), b"name,email\nAda,new@leads.example\n");
    app.client.post("/api/v1/leads/imports").body(media_type, body)
}

fn leave(app: &TestApp, _: &SignedIn) -> Call {
    app.client.delete(&format!("/api/v1/leads/{LEAVES}"))
}

/// Three leads and an import whose ids are known beforehand, and a subscriber.
pub(super) async fn settle(app: &TestApp) {
    settle_subscriber(app).await;
    for (number, id) in [LEAD, LEAVES, PART].into_iter().enumerate() {
        let id = format!("x'{}'", id.replace('-', ""));
        app.execute(&format!(
            "INSERT INTO lead (id, tenant_id, full_name, name_key, email, email_key, source, status, tags, custom, \
             score, search_key, created_at, updated_at, version) \
             SELECT {id}, id, 'Ada', 'ada', 'a{number}@leads.example', 'a{number}@leads.example', 'other', 'new', '', \
             '{{}}', 0, '', created_at, updated_at, 1 FROM tenant WHERE slug = 'main'"
        ))
        .await;
    }
    let id = format!("x'{}'", IMPORT.replace('-', ""));
    let options = r#"{"mode":"create","key":"email","on_conflict":"skip","mapping":{},"defaults":{},"dry_run":false,"delimiter":null,"has_header":true}"#;
    app.execute(&format!(
        "INSERT INTO lead_import (id, tenant_id, state, options, file_name, bytes_total, bytes_read, text_offset, \
         rows_read, created, updated, skipped, duplicates, failed, faults, created_at, version) \
         SELECT {id}, id, 'queued', '{options}', 'a.csv', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, created_at, 1 \
         FROM tenant WHERE slug = 'main'"
    ))
    .await;
    let (id, wish) = (literal(EXPORT), r#"{"format":"csv","columns":["email"]}"#);
    app.execute(&format!(
        "INSERT INTO lead_export (id, tenant_id, requested_by, state, format, wish, leads, bytes, created_at, version) \
         SELECT {id}, tenant_id, id, 'queued', 'csv', '{wish}', 0, 0, created_at, 1 \
         FROM \"user\" WHERE email_key = 'ada@example.org'"
    ))
    .await;
    for id in [MESSAGE, ERASED].map(literal) {
        app.execute(&format!(
            "INSERT INTO contact_message (id, tenant_id, name, email, subject, message, status, created_at, updated_at, \
             version) SELECT {id}, id, 'Ada', 'm@leads.example', 'Hello', 'Hello again', 'new', created_at, updated_at, 1 \
             FROM tenant WHERE slug = 'main'"
        ))
        .await;
    }
    app.execute(&format!("UPDATE lead SET status = 'qualified' WHERE id = {}", literal(LEAVES))).await;
    let (client, contract, file) = (literal(CLIENT), literal(CONTRACT), literal(FILE));
    app.execute(&format!(
        "INSERT INTO client (id, tenant_id, company_name, created_at, updated_at, version) \
         SELECT {client}, id, 'Engines', created_at, updated_at, 1 FROM tenant WHERE slug = 'main'"
    ))
    .await;
    app.execute(&format!(
        "INSERT INTO contract (id, tenant_id, client_id, title, status, value_minor, currency, created_at, updated_at, \
         version) SELECT {contract}, tenant_id, id, 'Web', 'draft', 1, 'EUR', created_at, updated_at, 1 FROM client"
    ))
    .await;
    app.execute(&format!(
        "INSERT INTO contract_file (id, tenant_id, contract_id, position, name, file_type, file_key, size, sha256, \
         created_at) SELECT {file}, tenant_id, id, 1, 'a.pdf', 'pdf', '{key}', 1, {sha}, created_at FROM contract",
        key = "0".repeat(32),
        sha = format_args!("x'{}'", "0".repeat(64)),
    ))
    .await;
}

fn literal(id: &str) -> String {
    format!("x'{}'", id.replace('-', ""))
}
