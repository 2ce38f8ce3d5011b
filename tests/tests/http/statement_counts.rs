//! How many SQL statements each endpoint costs. A figure that rises needs a reason; one that rises with the number of
//! rows is a fault.

use std::sync::{Arc, Mutex, PoisonError};

use ashlar_tests::{
    Answer, Database, PASSWORD, Setup, TestApp, journeys,
    leads::{FILE_FORM, file_form},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    each_endpoint_costs_so_many_statements,
    each_endpoint_of_administrators_costs_so_many,
    leaving_costs_so_many,
    keys_cost_so_many_statements,
    leads_cost_so_many_statements,
    mergers_cost_so_many_statements,
    the_newsletter_costs_so_many_statements,
    clients_cost_so_many_statements,
    looking_events_up_costs_so_many,
    looking_after_jobs_costs_so_many,
    looking_after_a_tenant_costs_so_many,
    pages_cost_the_same_however_long_the_list,
);

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
    check(
        "the first login in ten minutes: how passwords are hashed besides, and a new device with its event, once nobody \
         else signs in and it is known nowhere",
        cost,
        13,
    );
    let (answer, cost) = log.of(client.post("/api/v1/auth/login").json(&login).send(), 200).await;
    check(
        "login: a try begins, the credential, the try ends, the devices, session, its event, the account's last login, \
         its event",
        cost,
        8,
    );
    let access = answer.json()["access_token"].as_str().unwrap_or_default().to_owned();
    let refresh = answer.json()["refresh_token"].clone();
    let wrong = json!({ "identifier": "nobody@example.org", "password": PASSWORD });
    let (_, cost) = log.of(client.post("/api/v1/auth/login").json(&wrong).send(), 401).await;
    check("a login that fails: a try begins, the credential that is not there, the try is counted, the event", cost, 4);

    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).send(), 200).await;
    check("GET /me: the account; the session is believed", cost, 1);
    app.advance(TimeDelta::seconds(6));
    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).send(), 200).await;
    check("GET /me after five seconds: the session, and the account", cost, 2);
    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).header("x-tenant", "main").send(), 200).await;
    check("GET /me with X-Tenant: the tenant besides", cost, 2);
    let (_, cost) = log.of(client.get("/api/v1/me").bearer(&access).header("x-tenant", "main").send(), 200).await;
    check("and once more: the tenant is remembered", cost, 1);
    let name = json!({ "display_name": "Ada" });
    let (_, cost) = log.of(client.patch("/api/v1/me").bearer(&access).json(&name).send(), 200).await;
    check("PATCH /me: the account as it is, its change, the event, the account as it became", cost, 4);
    let (_, cost) = log.of(client.get("/api/v1/me/sessions").bearer(&access).send(), 200).await;
    check("a list: one", cost, 1);
    let (_, cost) = log.of(client.get("/api/v1/me/login-attempts").bearer(&access).send(), 200).await;
    check("attempts to sign in: one; they cost the sign-in nothing", cost, 1);

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

async fn each_endpoint_of_administrators_costs_so_many(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let ada = app.sign_up("ada").await;
    let operator = app.operator("ops").await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let path = format!("/api/v1/admin/users/{}", ada.user);
    let with = |method: &str, path: &str| app.client.named(method, path).bearer(&boss.access);

    let (_, cost) = log.of(app.users(&boss.access, "?include=total&q=ada&role=member&sort=email"), 200).await;
    check("people, searched, sorted and counted: one", cost, 1);
    let (_, cost) = log.of(with("GET", &path).send(), 200).await;
    check("a person: one", cost, 1);
    let (_, cost) = log.of(with("GET", &format!("{path}/sessions")).send(), 200).await;
    check("their sessions: the person, the list", cost, 2);
    let (_, cost) = log.of(with("GET", &format!("{path}/devices")).send(), 200).await;
    check("their devices: the person, the list", cost, 2);
    let attempts = with("GET", "/api/v1/admin/login-attempts?identifier=ada&ip=127.0.0.1&outcome=failed");
    let (_, cost) = log.of(attempts.send(), 200).await;
    check("attempts to sign in: one", cost, 1);
    let (_, cost) = log.of(with("POST", "/api/v1/admin/users").json(&form("eve")).send(), 201).await;
    check("an account: the account, its event, the membership, its event", cost, 4);
    let (_, cost) = log.of(with("PATCH", &path).json(&json!({ "display_name": "A" })).send(), 200).await;
    check("an edit: the person, the account, its change, the event, the person again", cost, 5);
    for _ in 0..9 {
        app.log_in("ada").await;
    }
    let (_, cost) = log.of(app.set_role(&boss.access, &ada.user, "staff"), 200).await;
    check("a role: membership, account, whom it takes away, change, event, sessions to forget, the person", cost, 7);
    let (ended, cost) = log.of(with("DELETE", &format!("{path}/sessions")).send(), 200).await;
    assert_eq!(ended.json()["revoked"], 10);
    check("ten sessions ended: the person, the end of all, one event", cost, 3);
    let (_, cost) = log.of(app.administer(&boss.access, &ada.user, "unlock"), 200).await;
    check("a lock lifted: the person, the account, the event, a counter of each of two identifiers", cost, 5);
    let (_, cost) = log.of(app.administer(&boss.access, &ada.user, "2fa/reset"), 200).await;
    check("a second factor that is not there: the person, the look, the counter of its codes", cost, 3);
    app.log_in("ada").await;
    let (_, cost) = log.of(app.administer(&boss.access, &ada.user, "suspend"), 200).await;
    check("a suspension: person, account, whom it takes away, change, event, sessions, event, person", cost, 8);

    let tenant = json!({ "slug": "acme", "name": "Acme", "admin_email": "boss@example.org" });
    let open = app.client.post("/api/v1/admin/tenants").bearer(&operator.access).json(&tenant);
    let (opened, cost) = log.of(open.send(), 201).await;
    check("a tenant: its administrator twice, the tenant, its event, the membership, its event", cost, 6);
    let id = opened.json()["id"].as_str().unwrap_or_default().to_owned();
    let (_, cost) = log.of(app.client.get("/api/v1/admin/tenants").bearer(&operator.access).send(), 200).await;
    check("tenants: one", cost, 1);
    let (_, cost) = log.of(with("GET", "/api/v1/me/memberships").send(), 200).await;
    check("memberships: one", cost, 1);
    let (_, cost) = log.of(app.switch(&boss.access, &id), 200).await;
    check(
        "a switch on a device that is new there: the account there, the session, its device, those there, nobody else \
         signs in, those everywhere, the device, its event, the session's change, its event",
        cost,
        10,
    );
}

async fn leaving_costs_so_many(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
    for _ in 0..5 {
        app.log_in("ada").await;
    }
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let export = app.client.get("/api/v1/me/export").bearer(&ada.access);
    let (_, cost) = log.of(export.send(), 200).await;
    check("an export: the account, six of what hangs on it, memberships, factor, attempts, the note of it", cost, 11);
    let leave = app.client.delete("/api/v1/me").bearer(&ada.access).json(&json!({ "password": PASSWORD }));
    let (_, cost) = log.of(leave.send(), 204).await;
    check(
        "leaving: the account, a try, the account, whom it takes away, tombstone, nine deletions, the event",
        cost,
        16,
    );
    let delete = app.client.delete(&format!("/api/v1/admin/users/{}", bob.user)).bearer(&boss.access);
    let (_, cost) = log.of(delete.send(), 204).await;
    check("a deletion by an administrator: the person, then the same without the try", cost, 14);
}

async fn keys_cost_so_many_statements(database: Database) {
    let (app, log) = Log::start(database).await;
    let client = &app.client;
    let access = app.sign_up("ada").await.access;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let name = json!({ "display_name": "Ada" });
    let key = json!({ "name": "K", "scopes": ["identity.profile.read.own"] });
    let (answer, cost) = log.of(client.post("/api/v1/api-keys").bearer(&access).json(&key).send(), 201).await;
    check("POST /api-keys: the key, its event", cost, 2);
    let key = ashlar_tests::Key::from(&answer);
    let read = || client.get("/api/v1/me").header("x-api-key", &key.text).send();
    let (_, cost) = log.of(read(), 200).await;
    check("GET /me with a key: the key with its owner, its first use, the new place, its event, the account", cost, 5);
    let (_, cost) = log.of(read(), 200).await;
    check("GET /me with a key, from then on: the key with its owner, and the account", cost, 2);
    let (_, cost) = log.of(client.get("/api/v1/me").header("x-api-key", "ash_dev_x").send(), 401).await;
    check("what is no key: its checksum is looked at and nobody is asked", cost, 0);
    let edit = client.patch("/api/v1/me").header("x-api-key", &key.text).json(&name);
    let (_, cost) = log.of(edit.send(), 403).await;
    check("a denied scope: the key, the note of it, the event", cost, 3);
    let path = format!("/api/v1/api-keys/{}", key.id);
    let (_, cost) = log.of(client.get(&path).bearer(&access).send(), 200).await;
    check("GET /api-keys/{id}", cost, 1);
    let (_, cost) = log.of(client.get("/api/v1/api-keys").bearer(&access).send(), 200).await;
    check("GET /api-keys", cost, 1);
    let (_, cost) = log.of(client.post(&format!("{path}/rotate")).bearer(&access).send(), 200).await;
    check("rotate: the key, its change, the event", cost, 3);
    let (_, cost) = log.of(client.delete(&path).bearer(&access).send(), 204).await;
    check("revoke: the key, its end, the event", cost, 3);
}

async fn leads_cost_so_many_statements(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let email = json!({ "email": "ada@example.org" });
    let (answer, cost) = log.of(app.try_lead(&boss.access, &email), 201).await;
    check("a lead: the lead, the note that it came, the numbers, the event", cost, 4);
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    let (_, cost) = log.of(app.try_lead(&boss.access, &email), 409).await;
    check("the same address again: the lead that is refused, the one that is there", cost, 2);
    let mine = json!({ "email": "bob@example.org", "owner_id": boss.user });
    let (_, cost) = log.of(app.try_lead(&boss.access, &mine), 201).await;
    check("a lead with an owner: whether they may be besides", cost, 5);
    let on = |method: &str, rest: &str| app.on_lead(&boss, method, &id, rest);
    let (_, cost) = log.of(on("GET", "").send(), 200).await;
    check("GET: one", cost, 1);
    let (_, cost) = log.of(app.leads(&boss, "?include=total&q=ada&status=new&sort=-score"), 200).await;
    check("leads, searched, filtered, sorted and counted: one", cost, 1);
    let (_, cost) = log.of(on("PATCH", "").json(&json!({ "notes": "x" })).send(), 200).await;
    check("PATCH: the lead, the numbers, its change, the event", cost, 4);
    let (_, cost) = log.of(app.move_lead(&boss, &id, "qualified"), 200).await;
    check("a move: the lead, the numbers, its change, the note of it, the event", cost, 5);
    for list in ["/history", "/activities"] {
        let (_, cost) = log.of(on("GET", list).send(), 200).await;
        check("a list of notes: whether the lead is seen, the list", cost, 2);
    }
    let note = json!({ "kind": "note", "body": "x" });
    let (_, cost) = log.of(on("POST", "/activities").json(&note).send(), 201).await;
    check("a note: the lead, so that it stays until then, the note, the event", cost, 3);
    let (_, cost) = log.of(on("DELETE", "").send(), 204).await;
    check("put away: the lead, the numbers, its change, the event", cost, 4);
    let (_, cost) = log.of(on("DELETE", "?purge=true").send(), 204).await;
    let what = "erased: the lead, its parts, their subscriptions, rows that were refused, the numbers, its end, the event, \
         answers that told of it";
    check(what, cost, 8);
    let options = json!({});
    let import = app.try_import(&boss.access, &options, b"name,email\nAda,a@example.org\n");
    let (_, cost) = log.of(import, 202).await;
    check("an import: the import, the event", cost, 2);
}

async fn mergers_cost_so_many_statements(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    for (number, parts) in [1, 5].into_iter().enumerate() {
        let mut leads = Vec::new();
        for part in 0..=parts {
            let members = json!({ "email": format!("{number}+{part}@example.org"), "notes": "x" });
            leads.push(app.lead(&boss.access, &members).await);
        }
        let (_, cost) = log.of(app.client.get("/api/v1/leads/duplicates").bearer(&boss.access).send(), 200).await;
        check("pairs: the pairs, the leads", cost, 2);
        let wish = json!({ "primary_id": leads[0], "duplicate_ids": leads[1..] });
        let merge = app.client.post("/api/v1/leads/merge").bearer(&boss.access).json(&wish);
        let (_, cost) = log.of(merge.send(), 200).await;
        let what = "a merger of however many: the leads; the merger, what was whose; activities, moves, messages and the \
                    client; the parts, the numbers, the lead, its notes of two kinds, the event";
        check(what, cost, 13);
    }
    let message = app.message(&boss, "eve@example.org").await;
    let erase = app.client.delete(&format!("/api/v1/contacts/{message}")).bearer(&boss.access);
    let (_, cost) = log.of(erase.send(), 204).await;
    check("a message is erased: the message, its end, the event", cost, 3);
}

async fn the_newsletter_costs_so_many_statements(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    app.subscribe("first@example.org").await.expect(202);
    for what in ["unknown", "pending"] {
        let (_, cost) = log.of(app.subscribe("ada@example.org"), 202).await;
        check(&format!("subscribe, {what}: the list, the subscription, the mailbox, its row, the event"), cost, 5);
    }
    let letter = app.letter().await;
    let (_, cost) = log.of(app.confirm(&letter.token), 200).await;
    check(
        "confirm: the link, the subscription with its list, the mailbox, the use of the link, the change, the event",
        cost,
        6,
    );
    let (_, cost) = log.of(app.subscribe("ada@example.org"), 202).await;
    check("subscribe, on the list: as many", cost, 5);
    let (_, cost) = log.of(app.one_click(&letter.unsubscribe), 200).await;
    check("unsubscribe: the subscription with its list, its change, the event", cost, 3);
    for (what, email) in
        [("resend", "ada"), ("resend", "pending"), ("unsubscribe", "pending"), ("unsubscribe", "nobody")]
    {
        let email = format!("{email}@example.org");
        if email.starts_with("pending") {
            app.subscribe(&email).await.expect(202);
        }
        let call = app.client.post(&format!("/api/v1/newsletter/{what}")).json(&json!({ "email": email }));
        let (_, cost) = log.of(call.send(), 202).await;
        let what = format!("{what} {email}: the list, the subscription, the mailbox, what is noted, the event");
        check(&what, cost, 5);
    }
    let trapped = json!({ "email": "bot@example.org", "consent_text_version": "1", "website_url": "x" });
    let (_, cost) = log.of(app.client.post("/api/v1/newsletter/subscribe").json(&trapped).send(), 202).await;
    check("subscribe, a program: as many, and nothing is kept", cost, 5);
    let form = json!({ "email": "ada@example.org" });
    let lift = app.client.post("/api/v1/newsletter/suppressions/lift").bearer(&boss.access).json(&form);
    let (_, cost) = log.of(lift.send(), 404).await;
    check("a suppression that there is not: the mailbox", cost, 1);
    let get = |path: &str| app.client.get(&format!("/api/v1/newsletter/{path}")).bearer(&boss.access).send();
    let (_, cost) = log.of(get("subscribers?list=newsletter"), 200).await;
    check("subscribers: the list, the page", cost, 2);
    let (_, cost) = log.of(get("lists"), 200).await;
    check("lists: one", cost, 1);
}

async fn looking_events_up_costs_so_many(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let get = |path: &str| app.client.get(&format!("/api/v1/audit/{path}")).bearer(&boss.access).send();
    let (page, cost) = log.of(get("events"), 200).await;
    check("events, for the first time in a minute: the list, the note that somebody looked", cost, 2);
    let event = page.json()["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    let filters =
        "events?actor_type=user&action=identity.*&target_type=user&outcome=ok&ip=127.0.0.1&q=identity&limit=1";
    for what in [filters, &format!("events/{event}"), &format!("timeline/user/{}", boss.user)] {
        let (_, cost) = log.of(get(what), 200).await;
        check(what, cost, 1);
    }
    let whose = json!({ "subject_id": boss.user });
    let erasure = app.client.post("/api/v1/audit/erasures").bearer(&boss.access).json(&whose);
    let (_, cost) = log.of(erasure.send(), 202).await;
    check("asking for an erasure: the event, from which a worker's job follows", cost, 1);
    let (_, cost) = log.of(get("export"), 200).await;
    check("an export: the newest checkpoint, the note of it, and one for each 500 events", cost, 3);
}

async fn looking_after_jobs_costs_so_many(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let id = app.waiting_job(&ashlar_kernel::TenantId::MAIN.to_string()).await;
    let on = |method: &str, rest: &str| {
        app.client.named(method, &format!("/api/v1/admin/jobs/{id}{rest}")).bearer(&boss.access).send()
    };
    let list = app.client.get("/api/v1/admin/jobs?state=ready&kind=demo.work&queue=default").bearer(&boss.access);
    let (_, cost) = log.of(list.send(), 200).await;
    check("jobs: one", cost, 1);
    let (_, cost) = log.of(on("GET", ""), 200).await;
    check("a job: one", cost, 1);
    for step in ["/run-now", "/cancel", "/retry"] {
        let (_, cost) = log.of(on("POST", step), 200).await;
        check("a step: the job, its change, the event", cost, 3);
    }
    let (_, cost) = log.of(on("POST", "/retry"), 409).await;
    check("a step that cannot be: the job", cost, 1);
    let schedules = app.client.get("/api/v1/admin/schedules").bearer(&operator.access);
    let (_, cost) = log.of(schedules.send(), 200).await;
    check("schedules: one", cost, 1);
    let run = app.client.post("/api/v1/admin/schedules/session.purge/run-now").bearer(&operator.access);
    let (_, cost) = log.of(run.send(), 202).await;
    check("a schedule run: the firing, its job, the event", cost, 3);
}

async fn looking_after_a_tenant_costs_so_many(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let id = app.matter(&ashlar_kernel::TenantId::MAIN.to_string()).await;
    let with = |method: &str, path: &str| app.client.named(method, path).bearer(&boss.access).send();
    let (_, cost) = log.of(with("GET", "/api/v1/admin/dashboard"), 200).await;
    check("the numbers: one", cost, 1);
    let list = "/api/v1/admin/notifications?severity=warning&resolved=false&acknowledged=false";
    let (_, cost) = log.of(with("GET", list), 200).await;
    check("notifications: one", cost, 1);
    let acknowledge = format!("/api/v1/admin/notifications/{id}/acknowledge");
    let (_, cost) = log.of(with("POST", &acknowledge), 200).await;
    check("an acknowledgement: the notification, its change, the event", cost, 3);
    let (_, cost) = log.of(with("POST", &acknowledge), 200).await;
    check("and once more: the notification", cost, 1);
    let lines = app.client.get("/api/v1/admin/logs?level=error&q=x&request_id=r").bearer(&operator.access);
    let (_, cost) = log.of(lines.send(), 200).await;
    check("lines: one", cost, 1);
}

async fn clients_cost_so_many_statements(database: Database) {
    let (app, log) = Log::start(database).await;
    let boss = app.boss().await;
    let check = |what: &str, found: usize, wanted: usize| assert_eq!(found, wanted, "{what}:\n{}", log.shown());
    let lead = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    app.move_lead(&boss, &lead, "qualified").await.expect(200);
    let ask = |method: &str, path: &str| app.client.named(method, &format!("/api/v1{path}")).bearer(&boss.access);
    let wish = json!({ "client": {}, "contract": { "title": "Web", "value": { "amount": 1, "currency": "EUR" } } });
    let convert = || ask("POST", &format!("/leads/{lead}/convert")).json(&wish).send();
    let (made, cost) = log.of(convert(), 201).await;
    check(
        "a conversion: the lead, the numbers, its change, its note, the client, the contract, an event after each",
        cost,
        9,
    );
    let (_, cost) = log.of(convert(), 200).await;
    check("and once more: the lead, the client", cost, 2);
    let made = made.json();
    let id = |thing: &str| made[thing]["id"].as_str().unwrap_or_default();
    let (client, contract) = (format!("/clients/{}", id("client")), format!("/contracts/{}", id("contract")));
    for (what, path, wanted) in [
        ("clients", "/clients", 1),
        ("a client", &client, 1),
        ("contracts", "/contracts?status=draft", 1),
        ("a contract: itself, its files", &contract, 2),
    ] {
        let (_, cost) = log.of(ask("GET", path).send(), 200).await;
        check(what, cost, wanted);
    }
    let (_, cost) = log.of(ask("PATCH", &client).json(&json!({ "tax_id": "1" })).send(), 200).await;
    check("an edit of a client: the client, its change, the event", cost, 3);
    let (_, cost) = log.of(ask("PATCH", &contract).json(&json!({ "status": "sent" })).send(), 200).await;
    check("an edit of a contract: the contract, its change, the event", cost, 3);
    let upload = ask("POST", &format!("{contract}/files")).body(FILE_FORM, file_form("a.pdf", b"%PDF-1.7"));
    let (file, cost) = log.of(upload.send(), 201).await;
    check("a file: the contract, its files, the file, the event", cost, 4);
    let file = format!("/contracts/files/{}", file.json()["id"].as_str().unwrap_or_default());
    let link = format!("{file}/url");
    let (link, cost) = log.of(ask("GET", &link).send(), 200).await;
    check("a link: the file", cost, 1);
    let url = link.json()["url"].as_str().unwrap_or_default().to_owned();
    let (_, cost) = log.of(app.client.get(&url).undescribed().send(), 200).await;
    check("a download: the file, the event", cost, 2);
    let (_, cost) = log.of(ask("DELETE", &file).send(), 204).await;
    check("a file that goes: itself, its contract, its end, the event", cost, 4);
    let (_, cost) = log.of(app.client.get("/api/v1/leads/stats").bearer(&boss.access).send(), 200).await;
    check("numbers: one", cost, 1);
    for (count, beginning) in [(1, "a"), (50, "b")] {
        let item = |number| json!({ "full_name": "Ada", "email": format!("{beginning}{number}@example.org") });
        let items: Vec<_> = (0..count).map(item).collect();
        let call = app.client.post("/api/v1/leads/batch").bearer(&boss.access).json(&json!({ "items": items }));
        let (_, cost) = log.of(call.send(), 200).await;
        check("many leads: the leads, the notes that they came, the numbers, the events", cost, 4);
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
