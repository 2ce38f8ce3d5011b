//! Broken object level authorisation, looked for in every operation whose path names a thing by its id (OWASP API1:2023).
//!
//! The cases are made from the description of the API, so a new operation is tried as soon as it is described: its path
//! says which things it is about, its permission says which roles may, its example is the body. A path of things that
//! nobody here knows fails the test until [`Things::of`] knows them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

use ashlar_identity::Role;
use ashlar_tests::{
    Answer, Call, Database, Setup, SignedIn, TestApp, journeys,
    leads::{FILE_FORM, file_form},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(nobody_reaches_what_is_not_theirs, ids_of_two_owners_do_not_mix,);

/// An id of nothing.
const NOTHING: &str = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b";

/// One of everything that has an id.
struct Things {
    user: String,
    session: String,
    tenant: String,
    key: String,
    device: String,
    lead: String,
    import: String,
    export: String,
    message: String,
    subscriber: String,
    client: String,
    contract: String,
    file: String,
    event: String,
    job: String,
    notification: String,
}

impl Things {
    /// The person's own, and what `boss` of their tenant has made.
    async fn belonging_to(app: &TestApp, person: &SignedIn, tenant: &str, boss: &SignedIn) -> Self {
        let key = app.make_key(&person.access).await.id;
        let devices = app.client.get("/api/v1/me/devices").bearer(&person.access).send().await.expect(200).json();
        let device = devices["data"][0]["id"].as_str().unwrap().to_owned();
        let lead = app.lead(&boss.access, &json!({ "email": format!("{}@leads.example", person.user) })).await;
        let import = app.import(&boss.access, &json!({}), b"name,email\n").await;
        let export = app.export(&boss.access).await;
        let message = app.message(boss, &format!("{}@leads.example", person.user)).await;
        let subscriber = app.subscriber(&boss.access, &format!("{}@leads.example", person.user)).await;
        let [client, contract, file] = app.contract_with_file(&boss.access).await;
        let events =
            app.client.get("/api/v1/audit/events?limit=1").bearer(&boss.access).send().await.expect(200).json();
        Self {
            user: person.user.clone(),
            session: person.session.clone(),
            tenant: tenant.to_owned(),
            key,
            device,
            lead,
            import,
            export,
            message,
            subscriber,
            client,
            contract,
            file,
            event: events["data"][0]["id"].as_str().unwrap().to_owned(),
            job: app.waiting_job(tenant).await,
            notification: app.matter(tenant).await,
        }
    }

    fn all_called(id: &str) -> Self {
        let id = || id.to_owned();
        Self {
            user: id(),
            session: id(),
            tenant: id(),
            key: id(),
            device: id(),
            lead: id(),
            import: id(),
            export: id(),
            message: id(),
            subscriber: id(),
            client: id(),
            contract: id(),
            file: id(),
            event: id(),
            job: id(),
            notification: id(),
        }
    }

    /// The id of the thing that belongs to a collection.
    fn of(&self, collection: &str) -> &str {
        match collection {
            // A timeline is that of a person here.
            "users" | "memberships" | "timeline" => &self.user,
            "sessions" => &self.session,
            "tenants" => &self.tenant,
            "api-keys" => &self.key,
            "devices" => &self.device,
            "leads" => &self.lead,
            "imports" => &self.import,
            "exports" => &self.export,
            "contacts" => &self.message,
            "subscribers" => &self.subscriber,
            "clients" => &self.client,
            "contracts" => &self.contract,
            "files" => &self.file,
            "events" => &self.event,
            "jobs" => &self.job,
            "notifications" => &self.notification,
            // Of the installation, by their names.
            "schedules" => "session.purge",
            unknown => panic!("nobody knows an id of {unknown}: teach the test"),
        }
    }
}

/// An operation on a thing.
struct Operation {
    id: String,
    method: String,
    path: String,
    permission: String,
    example: Option<Value>,
    takes_a_file: bool,
}

/// Every operation whose path names a thing.
fn operations() -> Vec<Operation> {
    let description = serde_json::to_value(ashlar_server::http::openapi::describe()).unwrap();
    let paths = description["paths"].as_object().unwrap().iter().filter(|(path, _)| path.contains('{'));
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            // The last part of its path is no id but a proof, as good as a password: see the tests of the newsletter.
            if operation["operationId"] == "unsubscribeByOneClick" {
                continue;
            }
            let content = &operation["requestBody"]["content"];
            let example = &content["application/json"]["example"];
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                permission: operation["x-permission"].as_str().unwrap_or_default().to_owned(),
                example: Some(example.clone()).filter(|example| !example.is_null()),
                takes_a_file: content["multipart/form-data"].is_object(),
            });
        }
    }
    assert!(found.len() >= 11, "{}", found.len());
    found
}

impl Operation {
    /// The operation on `things`; of several ids in the path, the later ones are those of `others`.
    fn call(&self, app: &TestApp, things: &Things, others: &Things) -> Call {
        let (mut path, mut collection, mut owner) = (String::new(), "", things);
        for part in self.path.split('/').skip(1) {
            if part == "{type}" {
                path = format!("{path}/user"); // The sort of a thing is no thing.
                continue;
            }
            let shown = if part.starts_with('{') { std::mem::replace(&mut owner, others).of(collection) } else { part };
            path = format!("{path}/{shown}");
            collection = part;
        }
        let call = app.client.named(&self.method, &path);
        match &self.example {
            Some(body) => call.json(body),
            None if self.takes_a_file => call.body(FILE_FORM, file_form("a.pdf", b"%PDF-1.7")),
            None => call,
        }
    }

    async fn by(&self, app: &TestApp, access: &str, things: &Things) -> Answer {
        self.call(app, things, things).bearer(access).send().await
    }

    fn names_two_things(&self) -> bool {
        self.path.replace("{type}", "").matches('{').count() > 1
    }

    /// Whether the operation is on the caller's own things.
    fn is_on_own_things(&self) -> bool {
        // Who may export sees the exports they asked for themselves.
        self.permission.rsplit('.').next() == Some("own") || self.path.contains("/leads/exports/")
    }

    fn is_open_to(&self, role: Role) -> bool {
        assert!(!self.permission.is_empty(), "{} is open to everybody and names things by id", self.id);
        role.permissions().iter().any(|permission| permission.as_str() == self.permission)
    }
}

struct World {
    app: TestApp,
    boss: SignedIn,
    staff: SignedIn,
    member: SignedIn,
    /// Whose things the others reach for.
    victim: SignedIn,
    things: Things,
    /// Administers the other tenant, and has no place in this one.
    stranger: SignedIn,
    strange_things: Things,
}

impl World {
    async fn furnish(database: Database) -> Self {
        let app = Setup::on(database).with_small_exports(0).start().await;
        let boss = app.boss().await;
        let staff = app.colleague(&boss, "staff", "staff").await;
        let (member, victim) = (app.sign_up("member").await, app.sign_up("victim").await);
        let operator = app.operator("ops").await;
        app.register("founder").await.expect(201);
        let acme = app.open_tenant(&operator, "acme", "founder").await;
        let founder = app.log_in_to("acme", "founder").await;
        let stranger = app.sign_up_to("acme", "stranger").await;
        app.set_role(&founder.access, &stranger.user, "admin").await.expect(200);
        let local = app.sign_up_to("acme", "local").await;
        let things = Things::belonging_to(&app, &victim, &ashlar_kernel::TenantId::MAIN.to_string(), &boss).await;
        let strange_things = Things::belonging_to(&app, &local, &acme, &founder).await;
        Self { app, boss, staff, member, victim, things, stranger, strange_things }
    }

    /// What there is to know of the victim.
    async fn state(&self) -> (Value, Value, bool) {
        let path = format!("/api/v1/admin/users/{}", self.victim.user);
        let person = self.app.client.get(&path).bearer(&self.boss.access).send().await.expect(200).json();
        let me = self.app.me(&self.victim.access).await.expect(200).json();
        (person, me, self.app.is_alive(&self.victim.session).await)
    }
}

/// Fails unless both were refused in the same words.
fn alike(what: &str, one: &Answer, other: &Answer) {
    assert_eq!((one.status, one.without_request()), (other.status, other.without_request()), "{what}");
}

async fn nobody_reaches_what_is_not_theirs(database: Database) {
    let world = World::furnish(database).await;
    let (app, things) = (&world.app, &world.things);
    let before = world.state().await;
    let (nothing, garbage) = (Things::all_called(NOTHING), Things::all_called("no-id"));
    let gone = app.log_in("member").await;
    app.log_out(&gone.access).await.expect(204);

    for operation in operations() {
        let id = &operation.id;
        operation.call(app, things, things).send().await.refused(401, "authentication_required");
        operation.by(app, &gone.access, things).await.refused(401, "session_revoked");
        // Those of this tenant: by their role, and in any case not on the things of another.
        for (person, role) in [(&world.member, Role::Member), (&world.staff, Role::Staff)] {
            if operation.method == "DELETE" && operation.is_open_to(role) {
                continue; // The thing is still needed.
            }
            let answer = operation.by(app, &person.access, things).await;
            match (operation.is_on_own_things(), operation.is_open_to(role)) {
                (true, true) => answer.refused(404, "not_found"),
                (_, false) => answer.refused(403, "permission_denied"),
                // Reached, also where the thing does not stand where the example would move it from.
                (false, true) => assert!(
                    (200..300).contains(&answer.status)
                        || answer.status == 409 && answer.code() == "illegal_transition",
                    "{id}: {answer:?}"
                ),
            }
        }
        // The administrator of another tenant: as if it did not exist, or whatever it is.
        let answer = operation.by(app, &world.stranger.access, things).await;
        let is_open = operation.is_open_to(Role::Admin);
        let expected = if is_open { (404, "not_found") } else { (403, "permission_denied") };
        answer.refused(expected.0, expected.1);
        for unknown in [&nothing, &garbage] {
            alike(id, &answer, &operation.by(app, &world.stranger.access, unknown).await);
        }
        // And the one of this tenant reaches as little into the other.
        let answer = operation.by(app, &world.boss.access, &world.strange_things).await;
        answer.refused(expected.0, expected.1);
        alike(id, &answer, &operation.by(app, &world.boss.access, &nothing).await);
        assert!(app.is_alive(&world.strange_things.session).await, "{id}");
        assert!(world.state().await == before, "{id} had an effect");
    }
    app.advance(TimeDelta::minutes(16));
    for operation in operations() {
        operation.by(app, &world.member.access, things).await.refused(401, "token_expired");
    }
}

async fn ids_of_two_owners_do_not_mix(database: Database) {
    let world = World::furnish(database).await;
    let (app, boss) = (&world.app, &world.boss.access);
    let nothing = Things::all_called(NOTHING);
    let colleagues = Things::belonging_to(&world.app, &world.member, &world.things.tenant, &world.boss).await;
    let before = world.state().await;

    for operation in operations().iter().filter(|operation| operation.names_two_things()) {
        let unknown = operation.call(app, &world.things, &nothing).bearer(boss).send().await;
        unknown.refused(404, "not_found");
        for (one, other) in [
            (&world.things, &world.strange_things),
            (&world.strange_things, &world.things),
            (&world.things, &colleagues),
            (&colleagues, &world.things),
        ] {
            alike(&operation.id, &unknown, &operation.call(app, one, other).bearer(boss).send().await);
        }
        assert!(world.state().await == before, "{} had an effect", operation.id);
    }
}
