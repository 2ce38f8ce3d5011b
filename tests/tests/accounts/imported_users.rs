//! People of a Django site and of a Node program, who sign in here with the passwords they had there.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    io::Cursor,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ashlar_identity::{ActionPurpose, HashClass, Identifier, Identity, ImportSource, UserId, port::IdentityStore as _};
use ashlar_kernel::{TenantId, TimeOrderedIds};
use ashlar_memory::SeededEntropy;
use ashlar_server::{
    compose::Tools,
    import::{self, Format, Job, Progress, Report},
};
use ashlar_tests::{Answer, Database, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    people_of_django_sign_in_and_their_hashes_are_replaced,
    ten_parallel_logins_hash_a_password_again_once,
    those_without_a_usable_password_or_account_fail_like_everybody,
    those_who_lost_their_password_are_told,
    those_with_a_common_password_are_asked_for_another,
    people_of_a_custom_model_and_of_node_sign_in,
    roles_follow_from_the_flags_of_django,
    dry_run_reports_the_same_and_writes_nothing,
    unknown_names_cost_what_imported_people_do,
);

const USERS: &str = include_str!("../../fixtures/django/users.json");
const CUSTOM: &str = include_str!("../../fixtures/django/custom.json");
const NODE: &str = include_str!("../../fixtures/node/users.json");
const NODE_LINES: &str = include_str!("../../fixtures/node/users.jsonl");
/// Everybody's, see `fixtures/django/make.py`.
const PASSWORD: &str = "Gr\u{fc}\u{df}e-aus-Z\u{fc}rich-7";
/// The classes of hashes in the file, each with the person who has it.
const CLASSES: [(&str, &str); 6] = [
    ("pbkdf2_sha256", "pbkdf2_sha256$20"),
    ("pbkdf2_sha1", "pbkdf2_sha1$20"),
    ("argon2", "argon2$argon2id$v=19$m=64,t=2,p=2"),
    ("scrypt", "scrypt$16$$8$2"),
    ("bcrypt_sha256", "bcrypt_sha256$$2b$04"),
    ("bcrypt", "bcrypt$$2b$04"),
];

/// The product, and the way to its accounts past HTTP.
struct Scene {
    app: TestApp,
    tools: Tools,
}

impl Scene {
    async fn start(database: Database) -> Self {
        let found: Arc<Mutex<Option<Identity>>> = Arc::default();
        let kept = Arc::clone(&found);
        let setup = Setup::on(database).change(move |state| *kept.lock().unwrap() = Some(state.identity.clone()));
        let app = setup.start().await;
        let identity = found.lock().unwrap().take().unwrap();
        let clock: Arc<dyn ashlar_kernel::Clock> = Arc::clone(&app.clock) as _;
        let ids = Arc::new(TimeOrderedIds::new(Arc::clone(&clock), Arc::new(SeededEntropy::new(7))));
        let transfers = app.transfers.clone();
        let tools = Tools { identity, transfers, clock, ids, store: app.store.clone() };
        Self { app, tools }
    }

    async fn import(&self, format: Format, file: &str, is_rehearsal: bool) -> Value {
        let name = if format == Format::Node { "node" } else { "django" };
        let source = ImportSource::parse(name).unwrap();
        let mut report = Report::new("file".to_owned(), name.to_owned(), is_rehearsal);
        let job = Job { format, source, tenant: TenantId::MAIN, is_rehearsal, writes_letters: true };
        let content = Box::new(Cursor::new(file.to_owned().into_bytes()));
        import::run(&self.tools, job, content, Progress::hidden(), &mut report).await.unwrap();
        serde_json::from_str(&report.json().unwrap()).unwrap()
    }

    async fn of_django(&self) -> Value {
        self.import(django("auth.user", false), USERS, false).await
    }

    async fn stored_class(&self, email: &str) -> String {
        let identifier = Identifier::parse(email).unwrap();
        let found = self.app.store.credential(TenantId::MAIN, &identifier).await.unwrap().unwrap();
        HashClass::of(&found.password).to_string()
    }

    async fn rehashes(&self) -> Vec<Value> {
        let events = self.app.events().await.into_iter();
        events.filter(|event| event.name == "identity.password.rehashed").map(|event| event.data).collect()
    }
}

fn django(model: &str, grant_admin: bool) -> Format {
    Format::Django { model: model.to_owned(), grant_admin }
}

/// What hashes are made as in these tests.
const CURRENT: &str = "$argon2id$v=19$m=64,t=1,p=1";

async fn people_of_django_sign_in_and_their_hashes_are_replaced(database: Database) {
    let scene = Scene::start(database).await;
    let report = scene.of_django().await;
    assert_eq!((&report["read"], &report["imported"], &report["refused"]), (&json!(19), &json!(13), &json!(6)));

    for (number, (name, class)) in CLASSES.iter().enumerate() {
        let email = format!("{name}@example.org");
        assert_eq!(scene.stored_class(&email).await, *class);
        scene.app.try_log_in(&email, "Gr\u{fc}sse-aus-Z\u{fc}rich-7").await.expect(401);
        assert_eq!(scene.stored_class(&email).await, *class, "a wrong password changes nothing");

        let answer = scene.app.try_log_in(&email, PASSWORD).await.expect(200).json();
        assert_eq!(answer["user"]["username"], *name);
        assert_eq!(answer["user"]["created_at"], format!("2019-03-0{}T07:30:15.123Z", number + 1));

        assert_eq!(scene.stored_class(&email).await, CURRENT);
        let rehashes = scene.rehashes().await;
        assert_eq!(rehashes.len(), number + 1);
        assert_eq!((&rehashes[number]["from"], &rehashes[number]["to"]), (&json!(class), &json!(CURRENT)));
        assert_eq!(rehashes[number]["user"], answer["user"]["id"]);
        scene.app.try_log_in(name, PASSWORD).await.expect(200);
        scene.app.try_log_in(&email, "another-password-1").await.expect(401);
        assert_eq!(scene.rehashes().await.len(), number + 1, "once is enough");
    }
}

async fn ten_parallel_logins_hash_a_password_again_once(database: Database) {
    let scene = Scene::start(database).await;
    scene.of_django().await;

    let logins = (0..10).map(|_| scene.app.try_log_in("scrypt@example.org", PASSWORD));
    for answer in futures::future::join_all(logins).await {
        answer.expect(200);
    }

    assert_eq!(scene.rehashes().await.len(), 1);
    assert_eq!(scene.stored_class("scrypt@example.org").await, CURRENT);
    scene.app.try_log_in("scrypt@example.org", PASSWORD).await.expect(200);
}

async fn those_without_a_usable_password_or_account_fail_like_everybody(database: Database) {
    let scene = Scene::start(database).await;
    scene.of_django().await;
    let body = |answer: Answer| {
        let mut body = answer.expect(401).json();
        body.as_object_mut().unwrap().retain(|name, _| name != "instance" && name != "request_id");
        body
    };
    let unknown = body(scene.app.try_log_in("stranger@example.org", PASSWORD).await);

    for (email, password) in [
        ("social@example.org", PASSWORD),
        ("social@example.org", "!"),
        ("ancient@example.org", PASSWORD),
        ("left@example.org", PASSWORD),
        ("bomb@example.org", PASSWORD),
        ("cut@example.org", PASSWORD),
    ] {
        assert_eq!(body(scene.app.try_log_in(email, password).await), unknown, "{email}");
    }
    assert_eq!(scene.rehashes().await, [json!(null); 0]);
    assert_eq!(scene.stored_class("left@example.org").await, "pbkdf2_sha256$20");
}

async fn those_who_lost_their_password_are_told(database: Database) {
    let scene = Scene::start(database).await;
    scene.of_django().await;
    let events = scene.app.events().await;
    let told = events.iter().filter(|event| event.name == "identity.password.setup_requested");
    let told: Vec<_> = told.map(|event| event.data["user"].as_str().unwrap().parse::<UserId>().unwrap()).collect();
    let mut addresses = Vec::new();
    for user in told.iter().copied() {
        let account = scene.app.identity.account_of(TenantId::MAIN, user).await.unwrap().unwrap();
        addresses.push(account.email.address().to_owned());
    }
    // Not whoever never had one, nor whoever may not sign in.
    assert_eq!(addresses, ["ancient@example.org"]);

    // Nobody waits for this letter, so its link is good for two weeks.
    let choose = async |token: &str| {
        let form = json!({ "token": token, "new_password": "lemon-gravel-ostrich-4" });
        scene.app.client.post("/api/v1/auth/password/reset").json(&form).send().await
    };
    let link = scene.app.link(&told[0].to_string(), ActionPurpose::SetPassword).await;
    scene.app.advance(TimeDelta::days(14));
    choose(&link).await.refused(400, "reset_token_invalid");
    let link = scene.app.link(&told[0].to_string(), ActionPurpose::SetPassword).await;
    scene.app.advance(TimeDelta::days(14) - TimeDelta::seconds(1));
    choose(&link).await.expect(200);
    scene.app.try_log_in("ancient@example.org", "lemon-gravel-ostrich-4").await.expect(200);
    choose(&link).await.refused(400, "reset_token_invalid");
}

async fn those_with_a_common_password_are_asked_for_another(database: Database) {
    const WEAK: &str = "Passw0rd1234";
    let scene = Scene::start(database).await;
    let hash = "pbkdf2_sha256$20$salt$0f+R3LCzefBfpmnk7qc8F0pPNY6G7FqZGejYwZIIbwo=";
    let person = json!({ "id": 1, "email": "ada@example.org", "username": "ada", "password_hash": hash });
    scene.import(Format::Node, &person.to_string(), false).await;
    let log_in = async |password: &str| scene.app.try_log_in("ada", password).await;
    log_in("Passw0rd1235").await.expect(401);

    for _ in 0..2 {
        let answer = log_in(WEAK).await.expect(200);
        assert_eq!(answer.json()["warnings"], json!(["password_weak"]));
        let ada = SignedIn::from(&answer);
        assert_eq!(scene.app.me(&ada.access).await.expect(200).json()["password_weak"], true);
    }
    assert_eq!(scene.app.count_events("password.found_weak").await, 1, "told once");

    let ada = SignedIn::from(&log_in(WEAK).await);
    let form = json!({ "current_password": WEAK, "new_password": "lemon-gravel-ostrich-4" });
    scene.app.client.post("/api/v1/me/password").bearer(&ada.access).json(&form).send().await.expect(200);
    let answer = log_in("lemon-gravel-ostrich-4").await.expect(200);
    assert!(answer.json().get("warnings").is_none(), "{answer:?}");
    assert_eq!(answer.json()["user"]["password_weak"], false);
}

async fn people_of_a_custom_model_and_of_node_sign_in(database: Database) {
    let scene = Scene::start(database).await;
    let custom = scene.import(django("Accounts.User", false), CUSTOM, false).await;
    assert_eq!((&custom["imported"], &custom["other_models"]), (&json!(13), &json!(0)));
    let other = scene.import(django("auth.user", false), CUSTOM, false).await;
    assert_eq!((&other["read"], &other["other_models"]), (&json!(0), &json!(19)));
    scene.app.try_log_in("argon2@example.org", PASSWORD).await.expect(200);
    let person = scene.app.try_log_in("gruesse@b\u{fc}cher.example", PASSWORD).await.expect(200).json();
    assert_eq!((&person["user"]["display_name"], &person["user"]["username"]), (&json!("Ada Lovelace"), &Value::Null));
    // Their address was their username.
    scene.app.try_log_in("ada@example.net", PASSWORD).await.expect(200);

    // Its ids overlap with those of the other system, and nobody minds.
    let node = scene.import(Format::Node, NODE, false).await;
    assert_eq!((&node["imported"], &node["refused"]), (&json!(3), &json!(2)), "{node}");
    let lines = scene.import(Format::Node, NODE_LINES, false).await;
    assert_eq!((&lines["imported_before"], &lines["refused"]), (&json!(3), &json!(2)), "{lines}");
    scene.app.try_log_in("node", PASSWORD).await.expect(200);
    assert_eq!(scene.stored_class("node@example.org").await, CURRENT);
}

async fn roles_follow_from_the_flags_of_django(database: Database) {
    let scene = Scene::start(database).await;

    let report = scene.import(django("auth.user", true), USERS, false).await;

    assert_eq!(report["roles"], json!({ "admin": 1, "staff": 1, "member": 11 }));
    for (email, role) in [("root@example.org", "admin"), ("editor@example.org", "staff"), ("bcrypt", "member")] {
        let answer = scene.app.try_log_in(email, PASSWORD).await.expect(200).json();
        assert_eq!(answer["user"]["role"], role, "{email}");
    }
    let stranger = scene.app.register("stranger").await.expect(201).json();
    assert_eq!(stranger["user"]["role"], "member", "there is an administrator already");
    let imported = scene.app.events().await.into_iter().filter(|event| event.name == "identity.user.imported");
    assert!(imported.clone().count() == 13);
    assert!(imported.into_iter().all(|event| event.actor.id.as_deref() == Some("import")));
}

async fn dry_run_reports_the_same_and_writes_nothing(database: Database) {
    let scene = Scene::start(database).await;
    let pruned = |mut report: Value| {
        report["dry_run"] = Value::Null;
        report
    };

    let before = scene.app.events().await.len();
    let rehearsal = scene.import(django("auth.user", false), USERS, true).await;
    assert_eq!(scene.app.events().await.len(), before);
    assert!(!scene.tools.identity.has_accounts().await.unwrap());
    let real = scene.import(django("auth.user", false), USERS, false).await;

    let refusals = real["refusals"].as_array().unwrap().iter();
    let reasons: Vec<_> = refusals.map(|refusal| (&refusal["id"], &refusal["code"])).collect();
    let expected = json!([
        ["14", "email_taken"],
        ["15", "username_taken"],
        ["16", "no_email"],
        ["17", "invalid_email"],
        ["18", "expensive_hash"],
        ["19", "malformed_hash"],
    ]);
    assert_eq!(json!(reasons), expected);
    let notes: Vec<_> = real["notes"].as_array().unwrap().iter().map(|note| note["code"].clone()).collect();
    assert_eq!(
        json!(notes),
        json!(["superuser_as_staff", "password_left_out", "username_left_out", "username_as_email"])
    );
    assert_eq!(pruned(rehearsal), pruned(real));

    let again = scene.import(django("auth.user", false), USERS, false).await;
    assert_eq!((&again["imported"], &again["imported_before"], &again["refused"]), (&json!(0), &json!(13), &json!(6)));
}

/// Not a measurement of equality but of order: compared with a hash of our own, an unknown name would be a hundred times
/// faster.
async fn unknown_names_cost_what_imported_people_do(database: Database) {
    let scene = Scene::start(database).await;
    let dear = USERS.replace("pbkdf2_sha256$20$", "pbkdf2_sha256$500000$");
    let only = dear
        .replace("pbkdf2_sha1$20$", "md5$")
        .replace("argon2$", "md5$")
        .replace("scrypt$16", "md5$")
        .replace("$2b$04$", "md5$");
    scene.import(django("auth.user", false), &only, false).await;
    let time = async |name: &str| {
        let begun = Instant::now();
        scene.app.try_log_in(name, "not-the-password-1").await.expect(401);
        begun.elapsed()
    };
    let (mut known, mut unknown, mut without) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        known = known.min(time("editor@example.org").await);
        unknown = unknown.min(time("stranger@example.org").await);
        without = without.min(time("social@example.org").await);
    }

    assert!(unknown > known / 4 && unknown < known * 4, "unknown {unknown:?}, known {known:?}");
    assert!(without > known / 4 && without < known * 4, "without a password {without:?}, known {known:?}");
    assert!(known > Duration::from_millis(20), "{known:?}");
}
