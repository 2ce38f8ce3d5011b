//! The program itself: two processes on one database, and what it writes.

use std::fs;

use ashlar_tests::{
    Answer, Client, Key, PASSWORD, SignedIn,
    binary::{PostgresDatabase, Program},
    keys::READ,
};
use serde_json::json;
use tempfile::TempDir;

/// Without demonstration data, and with limits that nobody meets here.
fn described(folder: &TempDir) -> Program {
    let program = Program::in_folder(folder.path()).env("ASHLAR_DEMO", "false").env("ASHLAR_JWT_ALG", "EdDSA");
    let policies = ["IP_BURST", "USER", "AUTH"];
    policies.iter().fold(program, |program, policy| program.env(&format!("ASHLAR_RATE_LIMIT_{policy}"), "3600000/1h"))
}

async fn sign_up(client: &Client) -> SignedIn {
    let form = json!({ "email": "ada@example.org", "password": PASSWORD });
    client.post("/api/v1/auth/register").json(&form).send().await.expect(201);
    let form = json!({ "identifier": "ada@example.org", "password": PASSWORD });
    SignedIn::from(&client.post("/api/v1/auth/login").json(&form).send().await)
}

async fn make(client: &Client, ada: &SignedIn) -> Key {
    let form = json!({ "name": "K", "scopes": [READ] });
    Key::from(&client.post("/api/v1/api-keys").bearer(&ada.access).json(&form).send().await)
}

async fn read(client: &Client, key: &str) -> Answer {
    client.get("/api/v1/me").header("x-api-key", key).send().await
}

/// Uses a key until it is refused.
async fn use_to_its_end(client: Client, key: String) {
    let mut uses = 0;
    while read(&client, &key).await.status == 200 {
        uses += 1;
        assert!(uses < 10_000, "the key does not die");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_key_is_refused_by_another_process_at_once() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let keys = tempfile::tempdir().unwrap();
    let program = |folder: &TempDir| {
        let program = described(folder).env("ASHLAR_KEYS_DIR", keys.path().join("keys"));
        program.env("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080").env("ASHLAR_DATABASE_URL", database.url())
    };
    let one = program(&folders[0]).serve().await;
    let other = program(&folders[1]).serve().await;
    let (here, there) = (Client::new(one.address()), Client::new(other.address()));
    let ada = sign_up(&here).await;
    for _ in 0..10 {
        let key = make(&here, &ada).await;
        read(&there, &key.text).await.expect(200);
        let uses = tokio::spawn(use_to_its_end(there.clone(), key.text.clone()));
        here.delete(&format!("/api/v1/api-keys/{}", key.id)).bearer(&ada.access).send().await.expect(204);
        read(&there, &key.text).await.refused(401, "api_key_invalid");
        uses.await.unwrap();
    }
    for server in [one, other] {
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_written_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let program = described(&folder).env("ASHLAR_LOG", "trace");
    let server = program.serve().await;
    let client = Client::new(server.address());
    let ada = sign_up(&client).await;
    let first = make(&client, &ada).await;
    let path = format!("/api/v1/api-keys/{}", first.id);
    let second = Key::from(&client.post(&format!("{path}/rotate")).bearer(&ada.access).send().await);
    for key in [&first, &second] {
        read(&client, &key.text).await.expect(200);
        client.get("/api/v1/me").header("authorization", format!("Basic {}", key.text)).send().await.expect(200);
        client.get("/api/v1/me").header("authorization", format!("Bearer {}x", key.text)).send().await.expect(401);
        client.patch("/api/v1/me").header("x-api-key", &key.text).json(&json!({})).send().await.expect(403);
    }
    client.delete(&path).bearer(&ada.access).send().await.expect(204);
    read(&client, &second.text).await.expect(401);

    let written = server.stop();

    assert!(written.contains(&first.id), "the log names keys by their id");
    let files = fs::read_dir(program.data()).unwrap().filter_map(|entry| fs::read(entry.unwrap().path()).ok());
    let stored: Vec<u8> = files.flatten().collect();
    for key in [&first, &second] {
        let secret = key.text.splitn(4, '_').last().unwrap();
        assert!(secret.len() == 50 && !written.contains(secret.split_at(43).0), "a secret is in the log");
        let secret = secret.split_at(43).0.as_bytes();
        assert!(!stored.windows(secret.len()).any(|window| window == secret), "a secret is in the database");
    }
}
