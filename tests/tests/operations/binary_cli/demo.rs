//! The first start of a newcomer, and who becomes the administrator.

use std::{collections::BTreeSet, fs, process::Command};

use ashlar_tests::binary::{Answer, Program};
use serde_json::{Value, json};

use crate::binary_cli::mode;

#[tokio::test(flavor = "multi_thread")]
async fn first_start_prints_the_password_once_and_a_line_to_paste_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path());

    let server = program.serve().await;
    server.until_it_says("Stop it with Ctrl-C").await;
    let banner = server.stderr();

    let file = program.data().join("demo-password.txt");
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert_eq!(mode(&file), 0o600);
    assert!(banner.contains(&format!("admin@demo.example  password {password}")), "{banner}");
    for url in ["/docs", "/openapi.json", "/api/v1"] {
        assert!(banner.contains(&format!("{}{url}", server.base())), "{banner}");
    }
    let answer = pasted(&banner);
    assert_eq!(answer["status"], "authenticated", "{answer}");
    assert_eq!(answer["user"]["role"], "admin", "{answer}");
    let log = server.stdout();
    assert!(!log.contains(&password), "the password is in the log");
    server.stop();

    let second = program.serve().await;
    second.until_it_says("Stop it with Ctrl-C").await;
    let said = second.stdout() + &second.stderr();
    assert!(!said.contains(&password) && !said.contains("password"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), password);
}

/// What the line under "Try it" prints in a shell.
fn pasted(banner: &str) -> Value {
    let line = banner.lines().map(str::trim).find(|line| line.starts_with("curl ")).unwrap();
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn first_start_has_a_pipeline_to_look_at() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path());
    let server = program.serve().await;
    let password = fs::read_to_string(program.data().join("demo-password.txt")).unwrap().trim().to_owned();
    let api = server.api();
    let sign_in =
        async |email: &str| api.post("/api/v1/auth/login", &json!({ "identifier": email, "password": password })).await;
    let (admin, seller) = (sign_in("admin@demo.example").await, sign_in("linus@demo.example").await);
    let (as_admin, as_seller) = (admin.text("/access_token"), seller.text("/access_token"));

    let all = api.get_as(&as_admin, "/api/v1/leads?limit=200&include=total").await;
    let leads = rows(&all);
    let statuses: BTreeSet<_> = leads.iter().map(|lead| lead["status"].as_str().unwrap().to_owned()).collect();
    let days: BTreeSet<_> =
        leads.iter().map(|lead| lead["created_at"].as_str().unwrap().split('T').next().unwrap().to_owned()).collect();
    let stats = api.get_as(&as_admin, "/api/v1/leads/stats").await;
    let contracts = api.get_as(&as_admin, "/api/v1/contracts").await;
    let messages = api.get_as(&as_admin, "/api/v1/contacts").await;
    let own = api.get_as(&as_seller, "/api/v1/leads?limit=200").await;

    assert_eq!((leads.len(), days.len()), (50, 10), "{all:?}");
    assert_eq!(statuses.len(), 7, "every status: {statuses:?}");
    let counted: i64 =
        stats.body["by_status"].as_array().unwrap().iter().map(|row| row["leads"].as_i64().unwrap()).sum();
    assert_eq!(counted, 50, "{stats:?}");
    assert_eq!(rows(&contracts).len(), 1);
    assert_eq!(rows(&messages).len(), 3);
    let is_for_seller = |lead: &Value| lead["owner_id"].is_null() || lead["owner_id"] == seller.body["user"]["id"];
    assert_eq!(rows(&own).len(), 50, "half theirs, half nobody's");
    assert!(rows(&own).iter().all(is_for_seller));
}

fn rows(page: &Answer) -> Vec<Value> {
    page.body["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_a_first_start_makes_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).env("ASHLAR_JWT_ALG", "EdDSA");

    let _server = program.serve().await;

    let mut waiting = vec![program.data()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let is_folder = path.is_dir();
        assert_eq!(mode(&path), if is_folder { 0o700 } else { 0o600 }, "{}", path.display());
        if is_folder {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        seen += 1;
    }
    assert!(seen >= 7, "database, lock, password, two keys and their folders: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_demonstration_data_the_first_account_becomes_the_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;

    let first = server.api().register("first@example.org").await;
    let second = server.api().register("second@example.org").await;

    assert_eq!(first.text("/user/role"), "admin");
    assert_eq!(second.text("/user/role"), "member");
    assert!(!program.data().join("demo-password.txt").exists());
    server.stop();
    let again = program.serve().await.api().register("third@example.org").await;
    assert_eq!(again.text("/user/role"), "member", "the claim outlives the process");
}
