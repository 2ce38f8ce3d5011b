//! The log of a session: complete, one object a line, and without a secret.

use ashlar_tests::binary::{Api, PASSWORD, Program};
use serde_json::{Value, json};

const WRONG: &str = "entirely-wrong-pass-phrase-7";

/// A session with everything in it that must not be logged; the secrets.
async fn session(api: &Api) -> Vec<String> {
    let email = "private@example.org";
    assert_eq!(api.register(email).await.status, 201);
    let login = api.log_in(email).await;
    let (access, refresh) = (login.text("/access_token"), login.text("/refresh_token"));
    assert_eq!(api.get_as(&access, "/api/v1/me").await.status, 200);
    assert_eq!(api.get_as(&format!("{access}x"), "/api/v1/me").await.status, 401);
    let wrong = json!({ "identifier": email, "password": WRONG });
    assert_eq!(api.post("/api/v1/auth/login", &wrong).await.status, 401);
    // A password where an address belongs, and one under a name that is misspelt.
    assert_eq!(api.post("/api/v1/auth/register", &json!({ "email": WRONG, "password": WRONG })).await.status, 422);
    assert_eq!(api.post("/api/v1/auth/login", &json!({ "identifier": email, "pasword": WRONG })).await.status, 422);
    assert_eq!(api.post("/api/v1/auth/login", &json!([email, PASSWORD])).await.status, 400);
    let next = api.post("/api/v1/auth/refresh", &json!({ "refresh_token": refresh })).await;
    let (second_access, second_refresh) = (next.text("/access_token"), next.text("/refresh_token"));
    let last = if second_refresh.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{last}", second_refresh.strip_suffix(|_: char| true).unwrap());
    assert_eq!(api.post("/api/v1/auth/refresh", &json!({ "refresh_token": forged })).await.status, 401);
    assert_eq!(api.get(&format!("/api/v1/me?access_token={second_access}")).await.status, 401);
    assert_eq!(api.post("/api/v1/auth/logout", &json!({ "refresh_token": second_refresh })).await.status, 204);
    vec![PASSWORD.into(), WRONG.into(), access, refresh, second_access, second_refresh, email.into()]
}

#[tokio::test(flavor = "multi_thread")]
async fn log_on_a_pipe_is_json_with_request_ids_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::in_folder(folder.path()).plain().serve().await;

    let secrets = session(&server.api()).await;
    let missing = server.api().get("/nowhere").await;
    let output = server.stop();

    insist_that_nothing_leaked(&output, &secrets);
    let lines: Vec<Value> =
        output.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        for member in ["timestamp", "level", "target", "message"] {
            assert!(line[member].is_string(), "{member} is missing: {line}");
        }
    }
    let requests: Vec<&Value> = lines.iter().filter(|line| line.get("method").is_some()).collect();
    assert!(requests.len() >= 12, "{}", requests.len());
    let has_id = |line: &&&Value| line["request_id"].as_str().is_some_and(|id| !id.is_empty());
    assert_eq!(requests.iter().filter(has_id).count(), requests.len());
    let id = missing.headers["x-request-id"].to_str().unwrap();
    let of_missing = requests.iter().find(|line| line["request_id"] == id).unwrap();
    assert_eq!(of_missing["status"], 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_stdout_is_a_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Program::in_folder(folder.path()).plain().serve().await;
    session(&server.api()).await;
    server.kill_nine();

    for line in server.stdout().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn even_the_most_talkative_log_has_no_secret_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::in_folder(folder.path()).plain().env("ASHLAR_LOG", "trace").serve().await;

    let mut secrets = session(&server.api()).await;
    secrets.retain(|secret| !secret.contains('@')); // an address is no secret to who asked for everything

    let output = server.stop();
    assert!(output.contains(r#""level":"TRACE""#) || output.contains(r#""level":"DEBUG""#), "not talkative at all");
    insist_that_nothing_leaked(&output, &secrets);
}

fn insist_that_nothing_leaked(output: &str, secrets: &[String]) {
    for secret in secrets {
        if let Some(line) = output.lines().find(|line| line.contains(secret)) {
            unreachable!("{secret} is in the log: {line}");
        }
    }
}
