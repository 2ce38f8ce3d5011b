//! What a failed login costs, counted: the hashes it computes and the statements it runs are the same whoever it is for.
//!
//! A stopwatch on a shared machine says something else each time; what it would measure is this work. The stopwatch
//! itself is `cargo xtask timing`.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    collections::BTreeMap,
    io::Cursor,
    sync::{Arc, Mutex, MutexGuard},
};

use ashlar_crypto::HashObserver;
use ashlar_identity::ImportSource;
use ashlar_kernel::{Clock, TenantId};
use ashlar_server::{
    compose::Tools,
    import::{self, Format, Job, Progress, Report},
};
use ashlar_sql::Observer;
use ashlar_tests::{Answer, Database, PASSWORD, Setup, TestApp, journeys};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

journeys!(
    every_failed_login_does_the_same_work,
    locked_logins_hash_nothing_and_do_the_same_work,
    unverified_addresses_cost_what_unknown_ones_do,
    unknown_names_fall_on_the_classes_of_hashes_by_their_shares,
);

/// The class of a new hash in these tests.
const CURRENT: &str = "$argon2id$v=19$m=64,t=1,p=1";
const WRONG: &str = "lemon-gravel-ostrich-4";

/// What one request did and said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Work {
    hashes: Vec<String>,
    statements: Vec<String>,
    /// Without what is its own of each answer.
    answer: (u16, Value, Vec<(String, String)>),
}

/// The product, and a note of what it does.
struct Scene {
    app: TestApp,
    hashes: Arc<Mutex<Vec<String>>>,
    statements: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    async fn start(setup: Setup) -> Self {
        let (hashes, statements) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (classes, texts) = (Arc::clone(&hashes), Arc::clone(&statements));
        let computed: HashObserver = Arc::new(move |class| lock(&classes).push(class.to_string()));
        let ran: Observer = Arc::new(move |statement| lock(&texts).push(statement.sql.to_owned()));
        Self { app: setup.counting(computed).watched_by(ran).start().await, hashes, statements }
    }

    async fn log_in(&self, identifier: &str, password: &str) -> Work {
        let taken = |list: &Mutex<Vec<String>>| std::mem::take(&mut *lock(list));
        drop((taken(&self.hashes), taken(&self.statements)));
        let answer = self.app.try_log_in(identifier, password).await;
        Work { hashes: taken(&self.hashes), statements: taken(&self.statements), answer: comparable(&answer) }
    }

    /// Takes people over, each with the hash they had.
    async fn import(&self, people: Vec<Value>) {
        let app = &self.app;
        let clock: Arc<dyn Clock> = Arc::clone(&app.clock) as _;
        let (identity, ids, store) = (app.identity.clone(), Arc::clone(&app.ids), app.store.clone());
        let transfers = app.transfers.clone();
        let tools = Tools { identity, transfers, clock, ids, store };
        let format = Format::Django { model: "auth.user".to_owned(), grant_admin: false };
        let source = ImportSource::parse("django").unwrap();
        let mut report = Report::new("file".to_owned(), "django".to_owned(), false);
        let job = Job { format, source, tenant: TenantId::MAIN, is_rehearsal: false, writes_letters: true };
        let count = people.len();
        let file = Box::new(Cursor::new(json!(people).to_string().into_bytes()));
        import::run(&tools, job, file, Progress::hidden(), &mut report).await.unwrap();
        let report: Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(report["imported"], json!(count), "{report}");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// What must not differ: neither the body nor which headers there are, nor what they say unless each has its own.
fn comparable(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.json();
    for own in ["instance", "request_id"] {
        body.as_object_mut().unwrap().remove(own);
    }
    // Ids and times, what is left of a limit, and a list that each thread of the server writes in its own order.
    let own = ["x-request-id", "date", "ratelimit", "x-ratelimit-remaining", "access-control-expose-headers"];
    let said = |name: &str, value: &str| if own.contains(&name) { String::new() } else { value.to_owned() };
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), said(name.as_str(), value.to_str().unwrap())));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (answer.status, body, headers)
}

/// A user of Django with a hash.
fn of_django(id: usize, name: &str, hash: &str) -> Value {
    let fields = json!({
        "password": hash, "username": name, "email": format!("{name}@example.org"), "is_active": true,
        "is_staff": false, "is_superuser": false, "first_name": "", "last_name": "", "last_login": null,
        "date_joined": "2020-01-01T00:00:00Z",
    });
    json!({ "model": "auth.user", "pk": id, "fields": fields })
}

/// Gives an account a second factor.
async fn guard(app: &TestApp, access: &str) {
    let enrolled = app.client.post("/api/v1/me/2fa/totp").bearer(access).send().await.expect(201).json();
    let secret = Secret::try_from_base32(enrolled["secret_base32"].as_str().unwrap()).unwrap();
    let authenticator = Builder::new().with_secret(secret).build().unwrap();
    let code = authenticator.generate(u64::try_from(app.clock.now().timestamp()).unwrap()).to_string();
    let confirm = app.client.post("/api/v1/me/2fa/totp/confirm").bearer(access).json(&json!({ "code": code }));
    confirm.send().await.expect(200);
}

async fn every_failed_login_does_the_same_work(database: Database) {
    let scene = Scene::start(Setup::on(database)).await;
    for name in ["ada", "shut", "guarded"] {
        scene.app.register(name).await.expect(201);
    }
    let shut = scene.app.log_in("shut").await;
    scene.app.disable(&shut.user).await;
    guard(&scene.app, &scene.app.log_in("guarded").await.access).await;
    scene.import(vec![of_django(1, "social", "!without"), of_django(2, "ancient", "md5$salt$digest")]).await;
    // The first login in ten minutes asks besides how passwords are hashed.
    scene.app.advance(chrono::TimeDelta::minutes(11));
    scene.log_in("first@example.org", WRONG).await;

    let unknown = scene.log_in("nobody@example.org", WRONG).await;
    // Looked for by another column, which depends on what was typed and not on who is there.
    let unknown_handle = scene.log_in("nobody", WRONG).await;

    assert_eq!((&unknown.hashes, &unknown.answer), (&unknown_handle.hashes, &unknown_handle.answer));
    assert_eq!(unknown.statements.len(), unknown_handle.statements.len());
    assert_eq!((unknown.answer.0, &unknown.answer.1["code"]), (401, &json!("invalid_credentials")));
    assert_eq!(unknown.hashes, [CURRENT]);
    for (what, identifier, password) in [
        ("a wrong password", "ada@example.org", WRONG),
        ("a wrong password for a handle", "ada", WRONG),
        ("a wrong password before a second factor", "guarded", WRONG),
        ("a shut account", "shut", PASSWORD),
        ("a shut account and a wrong password", "shut@example.org", WRONG),
        ("an account without a password", "social", WRONG),
        ("what is stored where there is no password", "social@example.org", "!without-anything"),
        ("an account with a hash nobody reads", "ancient", WRONG),
    ] {
        let expected = if identifier.contains('@') { &unknown } else { &unknown_handle };
        assert_eq!(scene.log_in(identifier, password).await, *expected, "{what}");
    }
}

async fn locked_logins_hash_nothing_and_do_the_same_work(database: Database) {
    let scene = Scene::start(Setup::on(database)).await;
    for name in ["ada", "shut"] {
        scene.app.register(name).await.expect(201);
    }
    let shut = scene.app.log_in("shut").await;
    scene.app.disable(&shut.user).await;
    let mut locked = Vec::new();
    for (identifier, password) in [("nobody", PASSWORD), ("ada", PASSWORD), ("shut", PASSWORD), ("noone", WRONG)] {
        let mut failures = Vec::new();
        for _ in 0..5 {
            failures.push(scene.log_in(identifier, WRONG).await);
        }
        assert_eq!(failures[4].hashes, [CURRENT], "the fifth is still looked at");
        locked.push((identifier, failures, scene.log_in(identifier, password).await));
    }

    let (_, unknown_failures, unknown) = &locked[0];
    assert_eq!((unknown.answer.0, &unknown.hashes), (429, &Vec::new()), "no password is looked at");
    for (identifier, failures, refused) in &locked[1..] {
        assert_eq!(refused, unknown, "{identifier}");
        // The very first of all asked how passwords are hashed.
        assert_eq!(failures[1..], unknown_failures[1..], "{identifier}");
    }
}

async fn unverified_addresses_cost_what_unknown_ones_do(database: Database) {
    let scene = Scene::start(Setup::on(database).set("ASHLAR_REQUIRE_VERIFIED_EMAIL", "true")).await;
    scene.app.register("ada").await.expect(201);
    scene.log_in("first", WRONG).await;

    let unknown = scene.log_in("nobody", WRONG).await;

    assert_eq!(scene.log_in("ada", WRONG).await, unknown);
    assert_eq!(scene.log_in("ada", PASSWORD).await.answer.0, 403, "only who knows the password is told");
}

async fn unknown_names_fall_on_the_classes_of_hashes_by_their_shares(database: Database) {
    const NAMES: usize = 400;
    let scene = Scene::start(Setup::on(database)).await;
    let fixture: Value = serde_json::from_str(include_str!("../../fixtures/django/users.json")).unwrap();
    let hash = |row: usize| fixture[row]["fields"]["password"].as_str().unwrap().to_owned();
    let shares = [
        ("pbkdf2_sha256$20", hash(0), 50),
        ("argon2$argon2id$v=19$m=64,t=2,p=2", hash(2), 20),
        ("bcrypt$$2b$04", hash(5), 20),
    ];
    let mut people = Vec::new();
    for (_, hash, count) in &shares {
        people.extend(std::iter::repeat_n(hash.as_str(), *count));
    }
    people.extend(["!without"; 10]);
    scene
        .import(people.iter().enumerate().map(|(id, hash)| of_django(id, &format!("person{id}"), hash)).collect())
        .await;
    for id in 0..10 {
        scene.app.register(&format!("own{id}")).await.expect(201);
    }

    let mut drawn = BTreeMap::<String, usize>::new();
    let mut works = Vec::new();
    for id in 0..NAMES {
        let work = scene.log_in(&format!("stranger{id}@example.org"), WRONG).await;
        assert_eq!(work.hashes.len(), 1, "one hash, of whatever class: {work:?}");
        *drawn.entry(work.hashes[0].clone()).or_default() += 1;
        works.push(work);
    }

    // Of those with a password: 50, 20, 20 and 10 of a hundred. The keys come from a seed, so this is the same each time.
    let own = (CURRENT, String::new(), 10);
    for (class, _, percent) in shares.iter().chain([&own]) {
        let (found, expected) = (drawn.get(*class).copied().unwrap_or_default(), NAMES * percent / 100);
        assert!(found.abs_diff(expected) < 40, "{class}: {found} of {NAMES}, not about {expected}");
    }
    assert_eq!(drawn.values().sum::<usize>(), NAMES, "{drawn:?}");
    for (id, class) in [(0, shares[0].0), (50, shares[1].0), (70, shares[2].0)] {
        let known = scene.log_in(&format!("person{id}@example.org"), WRONG).await;
        let alike = works[1..].iter().find(|work| work.hashes == [class]).unwrap();
        assert_eq!(&known, alike, "somebody of {class}");
    }
    // Whoever has no password costs what a stranger of that name would: always the same.
    let again = [scene.log_in("person95", WRONG).await, scene.log_in("person95", "another-wrong-one-1").await];
    assert_eq!((again[0].hashes.len(), &again[0].hashes), (1, &again[1].hashes));
}
