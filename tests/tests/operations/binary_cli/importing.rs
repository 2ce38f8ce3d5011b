//! `import users`, as an operator calls it.

use std::{fmt::Write as _, fs, path::PathBuf};

use ashlar_tests::binary::{Finished, PostgresDatabase, Program};
use serde_json::{Value, json};
use tempfile::TempDir;

const USERS: &str = include_str!("../../../fixtures/django/users.json");
const NODE_LINES: &str = include_str!("../../../fixtures/node/users.jsonl");
const PASSWORD: &str = "Gr\u{fc}\u{df}e-aus-Z\u{fc}rich-7";

struct Scene {
    folder: TempDir,
    program: Program,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::in_folder(folder.path()).plain();
        Self { folder, program }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn import(&self, words: &[&str]) -> Finished {
        self.program.run(&[&["import", "users"], words].concat())
    }

    /// With a report that a program reads.
    fn reported(&self, words: &[&str]) -> (Option<i32>, Value) {
        let finished = self.import(&[words, &["--output", "json"]].concat());
        let report = serde_json::from_str(&finished.stdout);
        assert!(report.is_ok(), "{finished:?}");
        (finished.code, report.unwrap())
    }
}

fn figures(report: &Value) -> [u64; 4] {
    ["read", "imported", "imported_before", "refused"].map(|name| report[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_django_site_are_taken_over_once_and_sign_in() {
    let scene = Scene::new();
    scene.file("users.json", USERS);
    let django = ["--format", "django-json", "users.json"];
    assert_eq!(scene.program.run(&["migrate", "up"]).code, Some(0));

    let rehearsal = scene.import(&[&django[..], &["--dry-run"]].concat());
    assert_eq!(rehearsal.code, Some(3), "{rehearsal:?}");
    for said in [
        "dry run: nothing was written",
        "row 18, line 1, id 18: the password's hash asks for more work than anybody is given",
        "row 7, line 1, id 7: a superuser, imported as staff; --grant-admin makes administrators of them",
        "pbkdf2_sha256$20",
    ] {
        assert!(rehearsal.stdout.contains(said), "{said} is missing: {}", rehearsal.stdout);
    }
    let bar = ["\u{1b}[", "%"];
    assert!(bar.iter().all(|mark| !rehearsal.stderr.contains(mark)), "a bar where nobody watches: {rehearsal:?}");
    for secret in ["Zm", "$salt$"] {
        assert!(!rehearsal.stdout.contains(secret), "a part of a hash is shown");
    }

    let (code, report) = scene.reported(&django);
    assert_eq!((code, figures(&report)), (Some(3), [19, 13, 0, 6]));
    assert_eq!(
        report["refusals"][0],
        json!({ "row": 14, "line": 1, "id": "14", "code": "email_taken", "reason": "the e-mail address is taken" })
    );
    let (code, report) = scene.reported(&django);
    assert_eq!((code, figures(&report)), (Some(3), [19, 0, 13, 6]), "a second run does nothing");

    let server = scene.program.serve().await;
    let login = json!({ "identifier": "scrypt@example.org", "password": PASSWORD });
    let answer = server.api().post("/api/v1/auth/login", &login).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("authenticated")), "{answer:?}");
    let busy = scene.import(&django);
    assert_eq!(busy.code, Some(1), "{busy:?}");
    assert!(busy.stderr.contains("another ashlar process is using"), "{busy:?}");
}

#[test]
fn whole_files_end_well_and_mistakes_are_one_sentence() {
    let scene = Scene::new();
    scene.file("users.json", USERS);
    let good: Vec<&str> = NODE_LINES.lines().take(3).collect();
    scene.file("good.jsonl", &good.join("\n"));
    scene.file("cut.json", USERS.split_at(USERS.len() / 2).0);
    scene.file("page.html", "<html>");

    let (code, report) = scene.reported(&["--format", "node-json", "good.jsonl"]);
    assert_eq!((code, figures(&report)), (Some(0), [3, 3, 0, 0]));
    assert_eq!(report["source"], "node");
    for (words, said) in [
        (vec!["--format", "django-json", "nowhere.json"], "nowhere.json cannot be read"),
        (vec!["--format", "django-json", "page.html"], "line 1: here should be an object"),
        (vec!["--format", "django-json", "cut.json"], "the file ends in the middle of line 1"),
        (vec!["--format", "django-json", "--model", "accounts.user", "users.json"], "--model and one of: auth.user"),
        (vec!["--format", "node-json", "--tenant", "elsewhere", "good.jsonl"], "there is no tenant elsewhere"),
        (vec!["--format", "node-json", "--source", "a b", "good.jsonl"], "a source is named by"),
    ] {
        let refused = scene.import(&words);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(said), "{said} is missing: {refused:?}");
    }
    assert_eq!(scene.import(&["--format", "django-xml", "users.json"]).code, Some(2));
    assert_eq!(scene.import(&["users.json"]).code, Some(2));
    // What was whole before the cut was taken over.
    let (_, report) = scene.reported(&["--format", "django-json", "users.json"]);
    assert!(report["imported_before"].as_u64().unwrap() > 3, "{report}");
}

#[test]
fn unreadable_rows_are_named_without_their_values_and_stop_nobody() {
    let scene = Scene::new();
    let rows = [
        r#"{"id": 1, "email": 5}"#,
        r#"{"id": 2, "email": "two@example.org", "created_at": "yesterday-secret"}"#,
        r#"{"id": 3, "email": "three@example.org", "password_hash": {"secret": 1}}"#,
        r#"{"id": [4], "email": "four@example.org"}"#,
        r#"{"id": 5, "email": "five@example.org",}"#,
        r#"{"id": 6, "email": "six@example.org", "created_at": "2020-02-03 04:05:06"}"#,
    ];
    scene.file("rows.jsonl", &rows.join("\n"));

    let (code, report) = scene.reported(&["--format", "node-json", "rows.jsonl"]);

    assert_eq!((code, figures(&report)), (Some(3), [6, 1, 0, 5]));
    let refusals = report["refusals"].as_array().unwrap();
    let named: Vec<_> = refusals.iter().map(|refusal| (&refusal["line"], &refusal["code"])).collect();
    let (unreadable, id) = ("unreadable", "invalid_id");
    assert_eq!(json!(named), json!([[1, unreadable], [2, unreadable], [3, unreadable], [4, id], [5, unreadable]]));
    assert!(!report.to_string().contains("secret"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn run_that_was_killed_is_repeated_as_a_whole() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let scene = Scene::new();
    let program = scene.program.clone().env("ASHLAR_DATABASE_URL", database.url());
    let mut people = String::new();
    for number in 0..2_000 {
        let hash = "pbkdf2_sha256$20$salt$WnLyMZ0W0zuPBuTGpFqbjuSZl1+1ktO5sntzhIW1nGc=";
        writeln!(people, r#"{{"id":{number},"email":"p{number}@example.org","password_hash":"{hash}"}}"#).unwrap();
    }
    scene.file("people.jsonl", &people);
    let words = ["import", "users", "--format", "node-json", "--output", "json"];
    program.run(&["migrate", "up"]);

    // It is given 1,200 rows, takes two batches over, waits for more, and is killed.
    let script = "{ head -n 1200 people.jsonl; sleep 60; } | \"$0\" \"$@\"";
    let killed = program.clone().through(&["timeout", "--signal=KILL", "3", "bash", "-c", script]);
    let killed = killed.run(&[&words[..], &["-"]].concat());
    assert_ne!(killed.code, Some(0), "{killed:?}");

    let finished = program.run(&[&words[..], &["people.jsonl"]].concat());
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let [read, imported, before, refused] = figures(&serde_json::from_str(&finished.stdout).unwrap());
    assert_eq!((read, imported + before, refused), (2_000, 2_000, 0), "{killed:?}");
    assert!([500, 1_000].contains(&before), "whole batches, as many as it had time for: {before}");
}
