//! `migrate`, `seed` and `doctor`.

use std::fs;

use ashlar_tests::binary::{Finished, PostgresDatabase, Program};
use serde_json::Value;

#[test]
fn schema_goes_up_down_and_up_again_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();

    let nothing = program.run(&["migrate", "status"]);
    assert_eq!(nothing.code, Some(0));
    assert!(nothing.stdout.starts_with("there is no database at "), "{nothing:?}");
    assert!(!program.database().exists(), "looking made a database");

    migrate_there_and_back(&program);
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_goes_up_down_and_up_again_on_postgres() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_DATABASE_URL", database.url());

    assert!(lines(&program.run(&["migrate", "status"])).iter().all(|line| line.starts_with("missing")));
    migrate_there_and_back(&program);
}

fn migrate_there_and_back(program: &Program) {
    let migrate = |words: &[&str]| lines(&program.run(&[&["migrate"], words].concat()));
    let up = migrate(&["up"]);
    assert!(up.len() >= 5 && up.iter().all(|line| line.starts_with("applied ")), "{up:?}");
    assert_eq!(migrate(&["up"]), ["the schema is up to date"]);

    let down = migrate(&["down"]);
    assert_eq!(down, [up.last().unwrap().replace("applied", "taken back")]);
    let status = migrate(&["status"]);
    assert_eq!(status.iter().filter(|line| line.starts_with("missing")).count(), 1, "{status:?}");
    assert_eq!(status.len(), up.len());

    assert_eq!(migrate(&["down", "--steps", "2"]).len(), 2);
    assert_eq!(migrate(&["down", "--all"]).len(), up.len() - 3);
    assert_eq!(migrate(&["down"]), ["there is nothing to take back"]);
    assert_eq!(migrate(&["up"]), up);
    assert!(migrate(&["status"]).iter().all(|line| line.starts_with("applied")));
}

fn lines(finished: &Finished) -> Vec<String> {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn seed_fills_an_empty_database_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();

    let first = program.run(&["seed"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let password = fs::read_to_string(program.data().join("demo-password.txt")).unwrap();
    assert!(first.stdout.contains(password.trim()), "{first:?}");

    let second = program.run(&["seed"]);
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    assert!(second.stderr.contains("holds accounts already"), "{second:?}");
    assert_eq!(fs::read_to_string(program.data().join("demo-password.txt")).unwrap(), password);
}

/// Doctor looks at a database that is not there, with a password that must not be told.
fn consult(program: &Program) {
    let table = program.run(&["doctor"]);
    let json = program.run(&["doctor", "--json"]);

    for report in [&table, &json] {
        assert_eq!(report.code, Some(1), "the database is not there: {report:?}");
        let text = report.stdout.clone() + &report.stderr;
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("postgres://ashlar:***@127.0.0.1:1/ashlar"), "{text}");
    }
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["ok"], false);
    let checks = report["checks"].as_array().unwrap();
    let database = checks.iter().find(|check| check["name"] == "database").unwrap();
    assert_eq!(database["outcome"], "fail");
    assert!(table.stdout.contains("Configuration") && table.stdout.contains("database_url"), "{table:?}");
    assert!(!program.data().exists(), "a doctor changes nothing");
}

#[test]
fn doctor_stars_a_postgres_password_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://ashlar:hunter2@127.0.0.1:1/ashlar";

    consult(&Program::in_folder(folder.path()).env("ASHLAR_DATABASE_URL", url));
}

#[test]
fn doctor_stars_a_postgres_password_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "postgres://ashlar:hunter2@127.0.0.1:1/ashlar\n").unwrap();
    let program = Program::in_folder(folder.path()).env("ASHLAR_DATABASE_URL_FILE", &secret);

    consult(&program);

    assert!(program.run(&["doctor"]).stdout.contains("ASHLAR_DATABASE_URL_FILE"), "the source is not named");
}

#[test]
fn doctor_tells_where_each_value_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ashlar.toml"), "access_ttl = \"5m\"\n").unwrap();
    let program = Program::in_folder(folder.path()).env("ASHLAR_REFRESH_IDLE", "3d");

    let report = program.run(&["doctor", "--json", "--keep-alive", "7s"]);

    assert_eq!(report.code, Some(0), "{report:?}");
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let source = |key: &str| {
        let rows = report["configuration"].as_array().unwrap();
        let row = rows.iter().find(|row| row["key"] == key).unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(source("refresh_idle").0, "3d");
    assert!(source("refresh_idle").1.contains("ASHLAR_REFRESH_IDLE"));
    assert_eq!(source("access_ttl").0, "5m");
    assert!(source("access_ttl").1.contains("ashlar.toml"));
    assert_eq!(source("keep_alive").0, "7s");
    assert!(source("keep_alive").1.contains("--keep-alive"));
    assert_eq!(source("lock_timeout"), ("2s".to_owned(), "default".to_owned()));
}

#[test]
fn questions_about_an_installation_make_none() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let people = folder.path().join("people.jsonl");
    fs::write(&people, r#"{"id": 1, "email": "ada@example.org"}"#).unwrap();
    let people = people.display().to_string();
    let rehearsal = ["import", "users", "--format", "node-json", "--dry-run", &people];

    for words in [
        &["keys", "list"][..],
        &["keys", "rotate", "--emergency"],
        &["users", "bootstrap-token"],
        &["users", "make-operator", "ada@example.org"],
        &rehearsal,
    ] {
        let refused = program.run(words);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
        assert!(refused.stderr.contains("there is no installation here: there is no database at"), "{refused:?}");
        assert!(!program.data().exists(), "{words:?} made a data folder");
    }

    // What takes something over may be the first thing there.
    assert_eq!(program.run(&["import", "users", "--format", "node-json", &people]).code, Some(0));
    assert_eq!(program.run(&rehearsal).code, Some(0));
    assert_eq!(program.run(&["keys", "list"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_about_an_installation_leave_an_empty_postgres_empty() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_DATABASE_URL", database.url());

    let refused = program.run(&["keys", "list"]);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("there is no installation here: the database is empty"), "{refused:?}");
    assert!(lines(&program.run(&["migrate", "status"])).iter().all(|line| line.starts_with("missing")));
    let production = program.env("ASHLAR_ENV", "production").run(&["users", "bootstrap-token"]);
    assert_eq!((production.code, production.stdout.as_str()), (Some(1), ""), "{production:?}");
}

#[test]
fn operators_are_made_and_unmade() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    assert_eq!(program.run(&["seed"]).code, Some(0));

    for (decision, email, code, said) in [
        ("make-operator", "Grace@demo.example", 0, "operate the installation now"),
        ("make-operator", "grace@demo.example", 0, "already"),
        ("make-operator", "admin@demo.example", 1, "admin of the tenant"),
        ("make-operator", "nobody@demo.example", 1, "nobody has an account"),
        ("make-operator", "nobody", 1, "not an e-mail address"),
        ("revoke-operator", "grace@demo.example", 0, "no more"),
        ("revoke-operator", "grace@demo.example", 0, "do not operate"),
    ] {
        let done = program.run(&["users", decision, email]);
        assert_eq!(done.code, Some(code), "{done:?}");
        assert!(done.stdout.contains(said) || done.stderr.contains(said), "{done:?}");
    }
}
